/* SPDX-License-Identifier: MIT */
/* What is counted per direction of a job: the same few instructions per I/O for every engine. */
#ifndef BENCH_IOSTAT_H
#define BENCH_IOSTAT_H

#include <lariat/stats.h>
#include <stdint.h>

#include "offsets.h"

enum io_kind { IO_READ, IO_WRITE, IO_SYNC };
#define IO_KINDS 3

struct iostat {
    uint64_t ios;       /* written by the job's thread, read by the main thread meanwhile: atomically, relaxed */
    uint64_t short_ios; /* transfers that the kernel cut short; they were continued */
    uint128 sum_squares;
    struct lariat_histogram latency;
};

static inline void iostat_add(struct iostat *stat, int64_t ns)
{
    uint64_t positive = ns < 0 ? 0 : (uint64_t)ns;

    lariat_histogram_add(&stat->latency, ns);
    stat->sum_squares += (uint128)positive * positive;
    __atomic_store_n(&stat->ios, stat->ios + 1, __ATOMIC_RELAXED);
}

static inline uint64_t iostat_ios(const struct iostat *stat)
{
    return __atomic_load_n(&stat->ios, __ATOMIC_RELAXED);
}

double iostat_mean_ns(const struct iostat *stat);
double iostat_stddev_ns(const struct iostat *stat);

/* Samples of a rate, taken now and then: their extremes, mean and spread (Welford's method). */
struct rate_samples {
    uint64_t n;
    double min, max, mean, m2;
};

void rate_add(struct rate_samples *samples, double value);
double rate_stddev(const struct rate_samples *samples);

#endif
