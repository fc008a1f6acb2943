/* SPDX-License-Identifier: MIT */
/* The checksums that verify= can use. Any thread. */
#ifndef BENCH_CHECKSUM_H
#define BENCH_CHECKSUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHECKSUM_MAX 64 /* bytes */

struct checksum {
    const char *name;    /* as verify= has it */
    unsigned size;       /* bytes */
    const char *library; /* without which it was left out of this build; NULL: it is there */
    void (*compute)(const void *data, size_t n, uint8_t *out);
};

/* NULL: there is none of that name. */
const struct checksum *checksum_find(const char *name);

/* Number i of all, from 0; NULL: there are fewer. */
const struct checksum *checksum_at(size_t i);

#endif
