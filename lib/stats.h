/* SPDX-License-Identifier: MIT */
/* Counters: written by the owner alone with relaxed stores, so that any thread may read them. */
#ifndef LARIAT_STATS_PRIVATE_H
#define LARIAT_STATS_PRIVATE_H

#include <stdint.h>

#include <stdatomic.h>
#include <stdbool.h>

#include <lariat/stats.h>

/* The owner adds; a plain load and store, no locked instruction. */
static inline void stat_add(uint64_t *counter, uint64_t n)
{
    __atomic_store_n(counter, __atomic_load_n(counter, __ATOMIC_RELAXED) + n, __ATOMIC_RELAXED);
}

static inline void stat_set(uint64_t *counter, uint64_t value)
{
    __atomic_store_n(counter, value, __ATOMIC_RELAXED);
}

/* The two histograms of a loop; exist while anybody ever switched them on. */
struct loop_histograms {
    struct lariat_histogram wait, latency;
    _Atomic bool stale; /* to be emptied by the owner, who alone writes to them */
};

#endif
