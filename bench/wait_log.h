/* SPDX-License-Identifier: MIT */
/*
 * The waits of a job's loop (--write_wait_log), one per line in ns, as lariat-bench simulate --trace=FILE reads them. The job's
 * thread passes them on by a ring; the main thread does all the rest. What was lost or could not be written is told.
 */
#ifndef BENCH_WAIT_LOG_H
#define BENCH_WAIT_LOG_H

#include <stdbool.h>
#include <stdint.h>

struct bench_job;
struct bench_run;
struct wait_log;

/* Open that of a job, if it wants one. The log of each loop and each file belong to one job. Failures are told. 0 or -errno. */
int wait_log_open(const struct bench_run *run, struct bench_job *job);

/* A wait is over. For the job's thread. */
void wait_log_add(struct wait_log *log, int64_t wait_ns, bool slept);

/* Write what has been added. Every now and then, before the ring is full. */
void wait_log_write(struct wait_log *log);

/* The job is over. 0 or -errno. */
int wait_log_finish(const struct bench_job *job);

void wait_log_close(struct bench_job *job);

#endif
