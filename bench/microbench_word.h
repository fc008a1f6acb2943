/* SPDX-License-Identifier: MIT */
/*
 * Two threads that hand a word of memory to each other: what the machine itself needs for a round trip.
 *
 * Spinning, it tells how far apart two CPUs are: two threads of one core, two cores, two chips. In a virtual machine that
 * changes while one looks, and cross-thread figures change with it, each kind in its own way: a queue that moves many cache
 * lines loses most. So it is measured beside them in every round.
 */
#ifndef LARIAT_MICROBENCH_WORD_H
#define LARIAT_MICROBENCH_WORD_H

#include <stdbool.h>

#include "microbench.h"

/* ns per round trip. If not spinning, the two sleep on futexes. Leaves the calling thread on cpu_a. 0 or -errno. */
int mb_word_round_trip(const struct mb_env *env, int cpu_a, int cpu_b, bool spin, double ms, double *ns);

#endif
