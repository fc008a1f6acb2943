/* SPDX-License-Identifier: MIT */
/* How large the next I/O of one direction is: bs, bsrange or bssplit. */
#ifndef BENCH_BLOCK_SIZES_H
#define BENCH_BLOCK_SIZES_H

#include <stdbool.h>
#include <stdint.h>

#include "offsets.h"
#include "values.h"

struct block_sizes {
    uint64_t min, max, step;        /* a range, in steps; min == max: always that */
    unsigned n;                     /* of a split */
    uint64_t thresholds[SPLIT_MAX]; /* draws below it, of 2^64, are for this size or an earlier one */
    uint64_t sizes[SPLIT_MAX];
};

/* unaligned: any size of the range, not only multiples of the smallest. */
void block_sizes_init(struct block_sizes *sizes, const struct value_range *range, const struct size_split *split,
                      bool unaligned);

uint64_t block_sizes_draw(const struct block_sizes *sizes, struct rng *rng);

/* The largest number that all sizes are multiples of. */
uint64_t block_sizes_divisor(const struct block_sizes *sizes);

uint64_t greatest_divisor(uint64_t a, uint64_t b);

#endif
