/* SPDX-License-Identifier: MIT */
/* The figures of a finished job, as all reports give them. */
#ifndef BENCH_FIGURES_H
#define BENCH_FIGURES_H

#include "job.h"

struct direction_figures {
    uint64_t ios, bytes;
    double iops, bytes_per_second;
};

struct job_figures {
    int error;                             /* a positive errno value; EILSEQ: verification found wrong data; 0: none */
    int64_t runtime_ns;                    /* of the run, verification excluded */
    struct direction_figures direction[2]; /* by enum io_kind */
    uint64_t ios;                          /* reads and writes */
    double depth_mean;
    double usr_percent, sys_percent; /* of the runtime */
    double cpu_ns_per_io, usr_ns_per_io, sys_ns_per_io;
    long context_switches, major_faults, minor_faults;
    struct engine_counts counts; /* during the run */
    double syscalls_per_io, ios_per_enter, spin_hit_ratio;
    double asleep; /* share of the runtime, 0 to 1 */
};

void figures_of(const struct bench_job *job, struct job_figures *figures);

extern const double report_percentiles[]; /* fio's */
#define REPORT_PERCENTILES 17

#endif
