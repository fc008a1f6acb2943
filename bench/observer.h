/* SPDX-License-Identifier: MIT */
/*
 * What the main thread does while jobs run: it samples their counters, keeps the intervals, writes logs and status lines, shows
 * the progress, and stops jobs whose load is steady. Everything has its time; observer_due_ns() says when the next of it is.
 */
#ifndef BENCH_OBSERVER_H
#define BENCH_OBSERVER_H

#include "intervals.h"
#include "progress.h"
#include "status.h"
#include "steady_watch.h"

struct bench_run;

struct observer {
    struct bench_run *run;
    struct intervals *intervals; /* by entry */
    struct steady_watch *steady; /* by entry */
    unsigned n_entries;
    struct moment *moment;
    int64_t interval_ns, interval_due_ns;
    struct progress progress;
    struct status status;
};

/* run->begun_ns is set, and no job has begun. 0 or -errno; what fails is told. */
int observer_begin(struct observer *observer, struct bench_run *run);
int64_t observer_due_ns(const struct observer *observer);
void observer_tick(struct observer *observer, int64_t now_ns);
/* All jobs are over. */
void observer_end(struct observer *observer, int64_t now_ns);
void observer_free(struct observer *observer);

#endif
