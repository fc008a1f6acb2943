/* SPDX-License-Identifier: MIT */
/* random_generator=lfsr: each number of [0, n) once in an order that looks random, without a map. For the job's thread. */
#ifndef BENCH_LFSR_H
#define BENCH_LFSR_H

#include <stdbool.h>
#include <stdint.h>

struct lfsr {
    uint64_t n, mask, state, first;
    bool begun;
};

/* 1 <= n <= 2^LFSR_BITS_MAX; false: there are too many. */
bool lfsr_init(struct lfsr *lfsr, uint64_t n, uint64_t seed);

/* false: all were there. */
bool lfsr_next(struct lfsr *lfsr, uint64_t *number);

/* Begin anew. */
void lfsr_reset(struct lfsr *lfsr);

#define LFSR_BITS_MAX 42

/* The feedback polynomial of so many bits, as a Galois register's mask. For the tests. */
uint64_t lfsr_mask(unsigned bits);

#endif
