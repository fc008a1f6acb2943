/* SPDX-License-Identifier: MIT */
/*
 * What the counters of an iothread say about the time between two looks at them. lariat-ctl(1) defines each figure.
 */
#ifndef CTL_RATES_H
#define CTL_RATES_H

#include <stdbool.h>
#include <stdint.h>

/* Of one iothread at one moment. */
struct counters {
    int64_t time_ns;
    int64_t cpu_ns; /* of its thread; 0: not known */
    uint64_t iterations;
    uint64_t cqes_reaped;
    uint64_t spins;
    uint64_t spins_hit;
    uint64_t spin_ns;
    uint64_t sleep_ns;
    uint64_t notify_wakeups;
    uint64_t ops; /* completed, of all kinds but the polls of handlers */
};

/* NAN where there was nothing to count. */
struct rates {
    double seconds;
    double iops;
    double wakeups;  /* per second */
    double batch;    /* completions per iteration */
    double hit;      /* share of the spins that found work */
    double spinning; /* these three are shares of the time and add up to 1 */
    double asleep;
    double callbacks;
};

/* `before` NULL: nothing is known yet. Counters that went back (another iothread of the same id) count as no time passed. */
struct rates rates_between(const struct counters *before, const struct counters *now);

#endif
