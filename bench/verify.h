/* SPDX-License-Identifier: MIT */
/*
 * The header that --verify puts in front of each block: enough to tell a block that was never written, one that belongs
 * elsewhere, one of an earlier write, and one whose bytes were changed.
 */
#ifndef BENCH_VERIFY_H
#define BENCH_VERIFY_H

#include <stdint.h>

struct verify_header {
    uint64_t magic;
    uint64_t offset;   /* in the file */
    uint32_t sequence; /* of the write within its run, from 1 */
    uint32_t length;   /* of the block */
    uint32_t reserved; /* 0 */
    uint32_t crc32c;   /* of the whole block, this word taken as 0 */
};

#define VERIFY_HEADER_SIZE 32
_Static_assert(sizeof(struct verify_header) == VERIFY_HEADER_SIZE, "the header has holes");

/* Write the header into the block at buf. */
void verify_seal(void *buf, uint32_t length, uint64_t offset, uint32_t sequence);

/*
 * Check the block at buf. sequence 0: any will do. NULL: good; else what is wrong, in words.
 * The block's crc32c word is 0 for the time of the call.
 */
const char *verify_check(void *buf, uint32_t length, uint64_t offset, uint32_t sequence);

#endif
