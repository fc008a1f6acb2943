/* SPDX-License-Identifier: MIT */
/*
 * What is counted per direction of a job: the same few instructions per I/O for every engine. Written by the job's thread; what
 * others may read meanwhile is written and read atomically, relaxed.
 *
 * Three durations, named as fio names them:
 *
 *     handed out          submitted                    completed
 *         |------ slat ------|----------- clat ------------|
 *         |--------------------- lat ----------------------|
 *
 * "Handed out" is when the workload made the I/O up, which is when the one before it in its slot completed: one clock read
 * serves both. "Submitted" is one moment for all I/Os that go to the kernel in one system call: when the last of them was made
 * up. So slat is what an I/O waits for its batch, and the system call is in clat, which fio counts into slat: I/Os that the
 * kernel carries out while they are submitted (page cache) have their time in clat here. An engine that carries out I/Os one by
 * one has no slat, as with fio's.
 */
#ifndef BENCH_IOSTAT_H
#define BENCH_IOSTAT_H

#include <lariat/stats.h>
#include <stdbool.h>
#include <stdint.h>

#include "offsets.h"

enum io_kind { IO_READ, IO_WRITE, IO_TRIM, IO_SYNC };
#define IO_KINDS 4
#define IO_DIRECTIONS 3 /* those that move data: the kinds below IO_SYNC */

/* What is measured beyond counts: a set of these. */
#define MEASURE_SLAT (1u << 0)
#define MEASURE_CLAT (1u << 1)
#define MEASURE_LAT (1u << 2)
#define MEASURE_SLAT_BUCKETS (1u << 3) /* of slat; clat and lat always have them */

/* `all` is for the job's thread only; in halves it may be read meanwhile, if it is written so. */
union squares {
    uint128 all;
    uint64_t halves[2];
};

struct latency {
    union squares squares; /* their sum */
    struct lariat_histogram h;
};

struct iostat {
    uint64_t ios;
    uint64_t bytes;
    uint64_t short_ios; /* transfers that the kernel cut short; they were continued */
    struct latency slat, clat, lat;
};

/* The bucket of lariat_histogram_add(), here inline. */
static inline unsigned latency_bucket(uint64_t ns)
{
    unsigned msb = 63 - (unsigned)__builtin_clzll(ns | 1), shift = msb - 6;

    if (ns < 128)
        return (unsigned)ns;
    unsigned bucket = ((shift + 1) << 6) + (unsigned)((ns >> shift) & 63);
    return bucket < LARIAT_HISTOGRAM_BUCKETS ? bucket : LARIAT_HISTOGRAM_BUCKETS - 1;
}

static inline void counter_set(uint64_t *counter, uint64_t value)
{
    __atomic_store_n(counter, value, __ATOMIC_RELAXED);
}

static inline void counter_add(uint64_t *counter, uint64_t n)
{
    counter_set(counter, *counter + n);
}

static inline uint64_t counter_get(const uint64_t *counter)
{
    return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

/* All but the squares and the buckets. */
static inline void latency_add_sum(struct latency *latency, uint64_t ns)
{
    struct lariat_histogram *h = &latency->h;

    if (ns < h->min_ns || !h->n)
        counter_set(&h->min_ns, ns);
    if (ns > h->max_ns)
        counter_set(&h->max_ns, ns);
    counter_add(&h->n, 1);
    counter_add(&h->sum_ns, ns);
}

static inline void latency_add(struct latency *latency, int64_t ns)
{
    uint64_t positive = ns < 0 ? 0 : (uint64_t)ns;

    latency_add_sum(latency, positive);
    latency->squares.all += (uint128)positive * positive;
    counter_add(&latency->h.buckets[latency_bucket(positive)], 1);
}

/* Without buckets, which others would make the squares up from. */
static inline void latency_add_bare(struct latency *latency, uint64_t ns)
{
    const union squares squares = { latency->squares.all + (uint128)ns * ns };

    latency_add_sum(latency, ns);
    counter_set(&latency->squares.halves[0], squares.halves[0]);
    counter_set(&latency->squares.halves[1], squares.halves[1]);
}

/* An I/O is done: it took lat_ns, of which it waited queued_ns for its submission. measure: MEASURE_... */
static inline void iostat_add(struct iostat *stat, unsigned measure, uint32_t bytes, int64_t lat_ns, int64_t queued_ns)
{
    if (measure & MEASURE_LAT)
        latency_add(&stat->lat, lat_ns);
    if (measure & MEASURE_CLAT)
        latency_add(&stat->clat, lat_ns - queued_ns);
    counter_add(&stat->bytes, bytes);
    counter_add(&stat->ios, 1);
}

/* An I/O is submitted, queued_ns after it was handed out. */
static inline void iostat_add_slat(struct iostat *stat, unsigned measure, uint32_t queued_ns)
{
    if (measure & MEASURE_SLAT_BUCKETS)
        latency_add(&stat->slat, queued_ns);
    else
        latency_add_bare(&stat->slat, queued_ns);
}

static inline uint64_t iostat_ios(const struct iostat *stat)
{
    return counter_get(&stat->ios);
}

static inline uint64_t iostat_bytes(const struct iostat *stat)
{
    return counter_get(&stat->bytes);
}

double latency_mean_ns(const struct latency *latency);
double latency_stddev_ns(const struct latency *latency);
void latency_merge(struct latency *to, const struct latency *from);
void iostat_merge(struct iostat *to, const struct iostat *from);

/*
 * What is there of one that its thread goes on writing, with this set of MEASURE_...; where there are buckets, the squares are made
 * up from them.
 */
void iostat_snapshot(struct iostat *to, const struct iostat *from, unsigned measure);

/*
 * Shares of batch sizes: of 0, 1 to 4, 5 to 8, ... 33 to 64, and more. And of depths, which have other bounds: 1, 2 to 3, ...
 * 32 to 63, and more. Both as fio has them.
 */
#define DEPTH_BUCKETS 7

static inline unsigned batch_bucket(uint32_t n)
{
    if (n <= 4)
        return n > 0;
    unsigned bucket = 31 - (unsigned)__builtin_clz(n - 1);
    return bucket < DEPTH_BUCKETS ? bucket : DEPTH_BUCKETS - 1;
}

static inline unsigned depth_bucket(uint32_t depth)
{
    unsigned bucket = 31 - (unsigned)__builtin_clz(depth | 1);

    return bucket < DEPTH_BUCKETS ? bucket : DEPTH_BUCKETS - 1;
}

/* Samples of a rate, taken now and then: their extremes, mean and spread (Welford's method). */
struct rate_samples {
    uint64_t n;
    double min, max, mean, m2;
};

void rate_add(struct rate_samples *samples, double value);
double rate_stddev(const struct rate_samples *samples);
/* Samples of jobs that ran side by side, as one: the rates add up. */
void rate_merge(struct rate_samples *to, const struct rate_samples *from);

#endif
