/* SPDX-License-Identifier: MIT */
/*
 * What verify= writes and how it is checked. Each stretch of verify_interval bytes (or each block) carries a header and the
 * checksum of all the rest of it: enough to tell a stretch that was never written, one that belongs elsewhere, one of an earlier
 * write, and one whose bytes were changed. verify=pattern has no header: its bytes are known.
 */
#ifndef BENCH_VERIFY_H
#define BENCH_VERIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "checksum.h"
#include "values.h"

struct verify_header {
    uint64_t magic;
    uint64_t offset;   /* of the stretch, in the file */
    uint32_t sequence; /* of the write within its run, from 1 */
    uint32_t length;   /* of the stretch */
    uint32_t kind;     /* of the checksum: the CRC32C of its name */
    uint32_t crc32c;   /* of the header, this word taken as 0; the checksum follows */
};

#define VERIFY_HEADER_SIZE 32
_Static_assert(sizeof(struct verify_header) == VERIFY_HEADER_SIZE, "the header has holes");

struct verify_format {
    const struct checksum *checksum; /* NULL: the header alone, or no header */
    const struct pattern *pattern;   /* NULL: whatever is in the buffer */
    bool header;
    uint32_t interval; /* 0: the whole block */
    uint32_t at;       /* where in the stretch the header is */
};

/* Bytes that a stretch must have at least. */
uint32_t verify_size_min(const struct verify_format *format);

/* Make the block at buf, which is meant for `offset`, one that can be checked. */
void verify_seal(const struct verify_format *format, void *buf, uint32_t length, uint64_t offset, uint32_t sequence);

/*
 * Check the block at buf. sequence 0: any will do. NULL: good; else what is wrong, in words, and *where is the byte of the block
 * at which the stretch (or the difference) begins.
 */
const char *verify_check(const struct verify_format *format, const void *buf, uint32_t length, uint64_t offset,
                         uint32_t sequence, uint32_t *where);

#endif
