/* SPDX-License-Identifier: MIT */
/*
 * Random blocks that are not all alike: zipf, pareto, normal and zones. Made once, drawn from by one thread. None needs memory
 * or time that grows with the number of blocks.
 */
#ifndef BENCH_DISTRIBUTION_H
#define BENCH_DISTRIBUTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "offsets.h"
#include "values.h"

/* An order of [0, n) that looks random: a Feistel network, walked until it ends below n. */
struct permutation {
    uint64_t n, seed;
    unsigned half_bits;
};

void permutation_init(struct permutation *p, uint64_t n, uint64_t seed);
uint64_t permutation_at(const struct permutation *p, uint64_t i);

struct zipf {
    double exponent, h_first, h_last, squeeze;
};

struct zone_bounds {
    uint64_t threshold; /* draws below it, of 2^64, are for this zone or an earlier one */
    uint64_t first, n;  /* blocks */
};

struct block_draw {
    enum distribution_kind kind;
    uint64_t n_blocks;
    bool strewn;
    uint64_t shift; /* not strewn: the most wanted block */
    struct permutation order;
    union {
        struct zipf zipf;
        double power; /* of pareto */
        struct {
            double mean, deviation;
        } normal;
        struct {
            unsigned n;
            struct zone_bounds bounds[SPLIT_MAX];
        } zones;
    };
};

/*
 * For one direction of a job: n_blocks of block_bytes each. The most wanted block is where the option's center says; without a
 * center (and not normal, whose center is the middle) wanted blocks are strewn. The seed says how: jobs with the same seed agree.
 * 0, or -ERANGE: a zone lies beyond the end.
 */
int block_draw_init(struct block_draw *d, const struct distribution *option, enum direction direction, uint64_t n_blocks,
                    uint64_t block_bytes, uint64_t seed);

uint64_t block_draw_next(const struct block_draw *d, struct rng *rng);

/* A number in (0, 1]. */
static inline double rng_unit(struct rng *rng)
{
    return (double)((rng_next(rng) >> 11) + 1) * 0x1p-53;
}

#endif
