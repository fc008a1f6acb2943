/* SPDX-License-Identifier: MIT */
/*
 * Engines: ways to carry I/Os out. Each runs one job on one thread of its own.
 */
#ifndef BENCH_ENGINE_H
#define BENCH_ENGINE_H

#include "job.h"

struct bench_engine {
    const char *name;
    bool has_loop; /* the --poll-... options mean something */
    bool batches;  /* it submits many I/Os at once, and calls work_submitted() */
    /*
     * Start the job's thread and get everything ready, but no I/O yet. Failures are told on stderr, and leave nothing behind.
     * 0 or -errno.
     */
    int (*prepare)(struct bench_job *job);
    void (*go)(struct bench_job *job);     /* begin; returns at once; the thread calls job_done() when all is over */
    void (*finish)(struct bench_job *job); /* end the thread, whether go() was called or not, and free all */
    /* Look at the counts of a job, between prepare and finish, from any thread. NULL: only the job's thread can. */
    void (*peek)(const struct bench_job *job, struct engine_counts *counts);
    /* The job's targets are other files now. On its thread, with nothing in flight. NULL: that is all one. 0 or -errno. */
    int (*files_changed)(struct bench_job *job);
};

extern const struct bench_engine engine_lariat;
extern const struct bench_engine engine_liburing;
extern const struct bench_engine engine_psync;
extern const struct bench_engine engine_null;

const struct bench_engine *engine_of(const struct job_options *options);

/* The size of the queues for a job, the same for all engines that have a ring. */
unsigned engine_sq_entries(const struct job_options *options);

/* How many I/Os are submitted at once at most, for an engine that takes completions one by one. */
uint32_t engine_batch_max(const struct job_options *options);

/* Tell on stderr why a ring was refused, and what to do about it. Returns rc. */
int engine_tell_setup(const struct bench_job *job, int rc);

#endif
