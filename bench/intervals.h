/* SPDX-License-Identifier: MIT */
/*
 * How an entry of the report went over time: a row of intervals of equal length, each with its counts, its latencies and what
 * the threads and the polling did. The main thread takes them from the jobs' counters; nothing is added to the I/O path. When
 * there are too many, each two become one, so that a long run takes no more memory than a short one.
 */
#ifndef BENCH_INTERVALS_H
#define BENCH_INTERVALS_H

#include "figures.h"

#define INTERVALS_MAX 512

struct sparse_bin {
    uint32_t bucket;
    uint64_t n;
};

struct interval {
    int64_t begin_ns, end_ns; /* since the run began */
    uint64_t ios[IO_DIRECTIONS], bytes[IO_DIRECTIONS];
    int64_t cpu_ns;     /* of all threads of the entry */
    uint64_t window_ns; /* of the polling, at the end; the longest of the jobs' */
    uint64_t spin_ns, sleep_ns;
    struct sparse_bin *bins; /* latencies: the buckets that are not empty, in order */
    unsigned n_bins;
};

/* What the counters were at one moment, of the jobs of an entry taken together. */
struct moment {
    int64_t ns;
    uint64_t ios[IO_DIRECTIONS], bytes[IO_DIRECTIONS];
    int64_t cpu_ns;
    uint64_t window_ns, spin_ns, sleep_ns;
    uint64_t buckets[LARIAT_HISTOGRAM_BUCKETS];
};

struct intervals {
    struct interval *list;
    unsigned n;
    struct moment last;
};

void moment_take(struct moment *moment, const struct bench_run *run, unsigned first, unsigned n_jobs, int64_t now_ns);
/* What lies between two moments. 0 or -ENOMEM. */
int interval_between(struct interval *interval, const struct moment *from, const struct moment *to, int64_t begun_ns);
void interval_free(struct interval *interval);
/* A percentile of its latencies; 0 without any. */
uint64_t interval_percentile(const struct interval *interval, double percent);
/* Make *to reach to the end of *from as well. 0 or -ENOMEM. */
int interval_join(struct interval *to, const struct interval *from);

void intervals_begin(struct intervals *intervals, const struct moment *now);
/* Add what was since the last time. True: there were too many, and each is twice as long from now on. -ENOMEM is ignored. */
bool intervals_add(struct intervals *intervals, const struct moment *now, int64_t begun_ns);
/* The run is over: a last interval that is much shorter than the others, and so says little, becomes part of the one before. */
void intervals_end(struct intervals *intervals, int64_t length_ns);
void intervals_free(struct intervals *intervals);

#endif
