/* SPDX-License-Identifier: MIT */
/*
 * When jobs start and what the end of one means for others: stonewall, wait_for, startdelay, exitall. For the main thread.
 *
 * A stonewall begins a wave: its jobs wait until all of the waves before are done. What a job works on is opened when its turn
 * comes, since an earlier job may make it.
 */
#ifndef BENCH_SCHEDULE_H
#define BENCH_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#include "run.h"

/* Number the waves, and draw the delays. */
void schedule_init(struct bench_run *run);

/* Is it one of those that are opened and made ready before the run begins? */
bool schedule_is_first(const struct bench_job *job);

/* Make the first ones ready. 0, or -errno of one that could not be: told. */
int schedule_prepare(struct bench_run *run);

/*
 * Start what may start now, and take note of jobs that have ended. Returns when to call it again if nothing happens before.
 * A job that cannot be started has job->error, and is done.
 */
int64_t schedule_step(struct bench_run *run, int64_t now_ns);

/* Stop all: those that run come to an end, the others never start. */
void schedule_stop(struct bench_run *run);

bool schedule_is_over(const struct bench_run *run);

/* End their threads. */
void schedule_finish(struct bench_run *run);

#endif
