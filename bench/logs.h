/* SPDX-License-Identifier: MIT */
/*
 * fio's logs: bandwidth, IOPS, latencies and histograms over time, in fio's format, with fio's names; and those of wait_log.h,
 * when they are due. All is written by the main thread. With log_avg_msec the values come from the jobs' counters and nothing is added to the I/O path; without, there
 * is a record for each I/O; see log_ring.h.
 */
#ifndef BENCH_LOGS_H
#define BENCH_LOGS_H

#include <stdbool.h>
#include <stdint.h>

struct bench_run;

/* Open the files of all jobs, before the run. What fails is told. 0 or -errno. */
int logs_open(struct bench_run *run);

/* When logs_write() wants to be called next; INT64_MAX: never. */
int64_t logs_due_ns(const struct bench_run *run);
void logs_write(struct bench_run *run, int64_t now_ns);

/* The jobs are over. What was lost, or could not be written, is told. 0 or -errno. */
int logs_finish(struct bench_run *run, int64_t now_ns);
void logs_close(struct bench_run *run);

#endif
