/* SPDX-License-Identifier: MIT */
/*
 * When the next I/O is meant to happen: a schedule in ns that does not know how long I/Os take. Times of a linear schedule are
 * computed from its beginning, so that no rounding adds up.
 *
 * For the job's thread alone.
 */
#ifndef BENCH_RATE_H
#define BENCH_RATE_H

#include <stdbool.h>
#include <stdint.h>

#include "offsets.h"

struct rate {
    uint64_t per_second; /* I/Os or bytes; 0: no rate, always due */
    bool poisson;
    int64_t begin_ns, due_ns; /* due_ns: the next I/O */
    uint64_t units;           /* linear: I/Os or bytes since begin_ns */
    double ahead_ns;          /* poisson: due_ns - begin_ns, not rounded */
    struct rng rng;
};

/* From now_ns on: the first I/O is due at once, or (poisson) after a first random interval. */
void rate_init(struct rate *rate, uint64_t per_second, bool poisson, uint64_t seed, int64_t now_ns);

/* An I/O was taken from the schedule: due_ns is that of the next. units: 1, or its bytes. */
void rate_advance(struct rate *rate, uint64_t units);

/* All that is to come happens this much later. */
void rate_delay(struct rate *rate, int64_t ns);

/* Exactly when `units` after begin_ns are due, by a linear schedule. */
int64_t rate_time_ns(const struct rate *rate, uint64_t units);

/* How well the schedule was kept: counted when an I/O is issued. */
struct schedule_stats {
    uint64_t n;         /* I/Os with a time of their own */
    uint64_t n_late;    /* of those, came due while all slots were in flight */
    int64_t lag_sum_ns; /* intended to issued */
    int64_t lag_max_ns;
};

static inline void schedule_add(struct schedule_stats *stats, int64_t lag_ns, bool late)
{
    stats->n++;
    stats->n_late += late;
    if (lag_ns > 0)
        stats->lag_sum_ns += lag_ns;
    if (lag_ns > stats->lag_max_ns)
        stats->lag_max_ns = lag_ns;
}

#endif
