/* SPDX-License-Identifier: MIT */
/*
 * What writes contain: incompressible unless an option says otherwise, and new in each 512 bytes of each write, so that nothing
 * below can save a write by comparing. For the job's thread.
 */
#ifndef BENCH_BUFFERS_H
#define BENCH_BUFFERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "offsets.h"
#include "values.h"

struct buffer_recipe {
    const struct pattern *pattern; /* NULL: random data */
    bool zero;
    bool refill;       /* all of it is new for each write */
    bool scramble;     /* else some bytes of each 512 are */
    bool clobbered;    /* something else may have been put into the buffer since the last write */
    unsigned compress; /* percent that is zeros (or the pattern) */
    uint32_t chunk;    /* in which that share holds; 0: the whole buffer */
    unsigned dedupe;   /* percent of the writes that repeat an earlier one */
};

struct buffer_maker {
    struct buffer_recipe recipe;
    struct rng rng;
    uint64_t last_seed; /* of the last buffer that was new */
    uint64_t stamp;
};

void buffer_maker_init(struct buffer_maker *maker, const struct buffer_recipe *recipe, uint64_t seed);

/* Before the first write: fill the buffer. */
void buffer_first(struct buffer_maker *maker, void *buf, size_t n);

/* Before a write to `offset`. */
void buffer_renew(struct buffer_maker *maker, void *buf, size_t n, uint64_t offset);

/* Fill memory with incompressible data, another for each seed. */
void fill_random(void *buf, size_t n, uint64_t seed);

#define STAMP_SECTOR 512

/* Change some bytes of each 512. */
static inline void buffer_scramble(uint64_t *stamp, void *buf, size_t n)
{
    for (size_t at = 0; at + sizeof(uint64_t) <= n; at += STAMP_SECTOR) {
        uint64_t value = *stamp += UINT64_C(0x9e3779b97f4a7c15);

        __builtin_memcpy((char *)buf + at, &value, sizeof(value));
    }
}

#endif
