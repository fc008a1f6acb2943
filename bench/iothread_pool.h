/* SPDX-License-Identifier: MIT */
/*
 * The iothreads of lariat-bench: one for each job, or shared: by name (--iothread), or N of them dealt out in turn (--iothreads).
 * For the main thread alone.
 */
#ifndef BENCH_IOTHREAD_POOL_H
#define BENCH_IOTHREAD_POOL_H

#include <lariat/loop.h>

#include "job.h"

#define IOTHREAD_ID_MAX 64

struct pooled_iothread;

/* What the iothread of a job is called. */
void iothread_pool_id(const struct bench_job *job, char id[IOTHREAD_ID_MAX]);

/* Jobs that share an iothread must be placed alike, since a thread is in one place. 0; -EINVAL: told. */
int iothread_pool_check(const struct bench_job *jobs, unsigned n);

/* The iothread of a job, made if need be. A shared one has the options of the first job on it. 0, or -errno: told. */
int iothread_pool_get(struct bench_job *job, struct pooled_iothread **out, struct lariat_loop **loop);

/* The job needs it no more; the last one ends it. NULL is ignored. */
void iothread_pool_put(struct pooled_iothread *iothread);

#endif
