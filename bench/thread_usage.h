/* SPDX-License-Identifier: MIT */
/* What a running thread of this process has used, as seen from another one. */
#ifndef BENCH_THREAD_USAGE_H
#define BENCH_THREAD_USAGE_H

#include <stdint.h>
#include <sys/types.h>

struct thread_usage {
    double usr_ns, sys_ns; /* in ticks of 10 ms or so */
    uint64_t major_faults, minor_faults, context_switches;
};

/* 0; or -errno, and *usage is all 0. */
int thread_usage_get(pid_t tid, struct thread_usage *usage);

/* Nanoseconds on a CPU so far; 0 if that cannot be told. */
int64_t thread_cpu_ns(pid_t tid);

#endif
