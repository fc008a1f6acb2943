/* SPDX-License-Identifier: MIT */
#include "verify.h"

#include <stddef.h>

#include "crc32c.h"

#define MAGIC UINT64_C(0x3143565461697261) /* "ariaTVC1" in memory */

static uint32_t block_crc(struct verify_header *header, uint32_t length)
{
    uint32_t saved = header->crc32c;

    header->crc32c = 0;
    uint32_t crc = crc32c(header, length);
    header->crc32c = saved;
    return crc;
}

void verify_seal(void *buf, uint32_t length, uint64_t offset, uint32_t sequence)
{
    struct verify_header *header = buf;

    *header = (struct verify_header){ .magic = MAGIC, .offset = offset, .sequence = sequence, .length = length };
    header->crc32c = block_crc(header, length);
}

const char *verify_check(void *buf, uint32_t length, uint64_t offset, uint32_t sequence)
{
    struct verify_header *header = buf;

    if (header->magic != MAGIC)
        return "no block of a verify job is there (or its header was changed)";
    if (header->length != length)
        return "the block was written with another --bs";
    if (header->crc32c != block_crc(header, length))
        return "the checksum is wrong: data was changed";
    if (header->offset != offset)
        return "the block belongs to another offset";
    if (sequence && header->sequence != sequence)
        return "the block is an older one: a write was lost";
    return NULL;
}
