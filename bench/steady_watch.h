/* SPDX-License-Identifier: MIT */
/*
 * steadystate=: the jobs of an entry are sampled together, from when all of them run and their ramps are over, and stopped when
 * their load is steady. For the main thread.
 */
#ifndef BENCH_STEADY_WATCH_H
#define BENCH_STEADY_WATCH_H

#include "job.h"
#include "steady.h"

struct steady_counts {
    uint64_t ios, bytes, n_latencies, latency_sum_ns;
};

struct steady_watch {
    struct bench_job *jobs; /* the first one */
    unsigned n_jobs;
    struct steady steady; /* size 0: the job did not ask for it */
    bool begun;
    int64_t due_ns, sampled_ns; /* if begun */
    struct steady_counts sampled;
};

/* 0 or -ENOMEM. */
int steady_watch_init(struct steady_watch *watch, struct bench_job *jobs, unsigned n_jobs);
void steady_watch_free(struct steady_watch *watch);

/* When steady_watch_tick() wants to be called next. */
int64_t steady_watch_due_ns(const struct steady_watch *watch);
void steady_watch_tick(struct steady_watch *watch, int64_t now_ns);

#endif
