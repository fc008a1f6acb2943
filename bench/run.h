/* SPDX-License-Identifier: MIT */
/* All jobs of one invocation: started together, watched, and ended. */
#ifndef BENCH_RUN_H
#define BENCH_RUN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include "disk_util.h"
#include "job.h"
#include "observer.h"
#include "options.h"
#include "preflight.h"

struct bench_run {
    const struct bench_options *options;
    struct bench_job *jobs;
    unsigned n_jobs;
    struct timespec begun; /* wall clock */
    int64_t begun_ns, ended_ns;
    struct disks disks; /* under the targets */
    FILE *preamble;     /* NULL: none */
    struct preflight preflight;
    struct observer observer;
    int64_t logs_drained_ns;
    bool logs_failed;
    bool was_interrupted;
    int start_failed; /* -errno of the first job that could not be started; told, but for -EINTR */
    int done_fd;
};

/* Open and lay out everything. Failures are told. 0, -EINTR or -errno. */
int run_init(struct bench_run *run, const struct bench_options *options);

/*
 * Run all jobs to their end. 0, or -errno if they could not be started (-EINTR: an interrupt came before); what went wrong in a job
 * stands in job->error.
 */
int run_all(struct bench_run *run);

void run_free(struct bench_run *run);

/* The devices under the targets of a job, which are open, will be in the report. */
void run_add_disks(struct bench_run *run, const struct bench_job *job);

#endif
