/* SPDX-License-Identifier: MIT */
/*
 * Where the thread of a job runs, how urgently, and where its memory comes from: its CPUs, nice value, I/O priority and NUMA policy.
 *
 * Linux hands all of these on to new threads. So what is to have them is made on a thread that has them already: the job's memory,
 * which is touched for the first time there, and the iothread with its ring. The I/O priority thereby holds for all that a ring
 * does: for requests whose own priority is 0 the kernel takes that of the submitting thread, and the ring's kernel threads share
 * the I/O context of the thread that made it.
 */
#ifndef BENCH_PLACEMENT_H
#define BENCH_PLACEMENT_H

#include <sched.h>
#include <stdbool.h>

#include "numa_policy.h"
#include "options.h"

struct placement {
    const char *pinned_by; /* the option that says to which CPUs; NULL: none does, and cpus is empty */
    cpu_set_t cpus;
    int nice;   /* 0: as it is */
    int ioprio; /* as ioprio_set(2) takes it; 0: as it is */
    struct numa_policy memory;
};

/* What the options say. index: of the clone among all; with cpus_allowed_policy=split, it has one CPU. 0; -errno: told. */
int placement_init(struct placement *placement, const struct job_options *options, unsigned index);

/* For the calling thread. 0; -errno: told. */
int placement_apply(const struct placement *placement, const struct job_options *options);

/* Call fn(opaque), on a thread that is placed so unless the caller's will do, and wait. What fn returns; -errno: told. */
int placement_call(const struct placement *placement, const struct job_options *options, int (*fn)(void *opaque),
                   void *opaque);

/* The option in which two placements differ; NULL: they are the same. */
const char *placement_difference(const struct placement *a, const struct placement *b);

#endif
