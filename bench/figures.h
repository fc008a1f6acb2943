/* SPDX-License-Identifier: MIT */
/*
 * The figures of a run, as all reports give them: one entry for each job or, with --group_reporting, for each group of jobs,
 * in which they are taken together. All reports read entries and never jobs, so they cannot differ.
 *
 * For the main thread. Jobs that still run are looked at while they go on; see iostat_snapshot().
 */
#ifndef BENCH_FIGURES_H
#define BENCH_FIGURES_H

#include "job.h"

struct bench_run;

struct direction_figures {
    uint64_t runtime_ms; /* the longest of the jobs'; 0 without I/O */
    double iops, bytes_per_second;
    double share; /* of the group's rate, in percent, by its samples */
    struct rate_samples iops_samples, bw_samples;
};

struct entry {
    const struct bench_job *job; /* the first */
    unsigned first, n_jobs;      /* index into run->jobs, and how many of them are in it */
    unsigned groupid;
    int error;             /* a positive errno value, the first; EILSEQ: verification found wrong data; 0: none */
    bool running;          /* not all of it is over */
    uint64_t ios;          /* of the run, that moved data */
    uint64_t total_errors; /* those that were passed over, with --continue_on_error */
    int first_error;       /* of those */
    uint32_t found_depth;  /* by latency_target; 0: none */
    double runtime_ns;     /* of all jobs, added up: what CPU time is a share of */
    double wall_ns;        /* the longest */
    struct iostat
        stats[IO_KINDS]; /* as fio has it: reads are those of the run, and those made to verify, which are apart too */
    struct iostat checks, run_reads;
    struct direction_figures direction[IO_DIRECTIONS];
    struct iostat mixed; /* all that moves data, taken together */
    struct direction_figures mixed_figures;
    uint64_t depth_levels[DEPTH_BUCKETS], submit_sizes[DEPTH_BUCKETS], complete_sizes[DEPTH_BUCKETS];
    double depth_mean;
    double usr_ns, sys_ns;
    double usr_percent, sys_percent; /* of runtime_ns */
    double cpu_ns_per_io, usr_ns_per_io, sys_ns_per_io;
    uint64_t context_switches, major_faults, minor_faults;
    struct engine_counts counts; /* during the run */
    double syscalls_per_io, ios_per_enter, spin_hit_ratio;
    double asleep; /* share of the runtime, 0 to 1 */
    uint64_t verify_blocks, verify_errors;
    int64_t verify_ns; /* the longest of the jobs' */
    /* With rates, of jobs that are over: from intended to completed, and how well the schedule was kept; by direction. */
    struct lariat_histogram response[IO_DIRECTIONS];
    struct schedule_stats schedule[IO_DIRECTIONS];
};

struct entries {
    struct entry *list;
    unsigned n;
};

/* How many entries there will be, and the first job from number i on that opens one; run->n_jobs: none does. */
unsigned figures_count_entries(const struct bench_run *run);
unsigned figures_next_entry(const struct bench_run *run, unsigned i);

/* 0 or -ENOMEM. now_ns: for those that still run. */
int figures_make(const struct bench_run *run, int64_t now_ns, struct entries *entries);
void figures_free(struct entries *entries);

/* The percentiles to show of a job. */
const double *figures_percentiles(const struct job_options *options, unsigned *n);

/* How many I/Os are in each of fio's 32 classes of latency, by clat if it was measured: ten of ns, ten of us, twelve of ms. */
#define LATENCY_CLASSES 32
void figures_latency_classes(const struct entry *entry, uint64_t counts[LATENCY_CLASSES], uint64_t *total);

/* counts[i] in percent of total. As fio has it, what is not 0 is never shown as less than `least`. */
double figures_share(uint64_t count, uint64_t total, double least);

#endif
