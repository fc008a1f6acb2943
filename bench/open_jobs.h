/* SPDX-License-Identifier: MIT */
/* create_serialize=0: jobs whose files are laid out at a time. */
#ifndef BENCH_OPEN_JOBS_H
#define BENCH_OPEN_JOBS_H

#include "run.h"

/*
 * Open those of the wanted jobs that have create_serialize=0 (job_open()), each on a thread of its own, and wait for all. What came
 * of it, job_init() will say.
 */
void open_jobs(struct bench_run *run, bool (*wanted)(const struct bench_run *run, const struct bench_job *job));

#endif
