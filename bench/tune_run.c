/* SPDX-License-Identifier: MIT */
#include "tune_run.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "figures.h"
#include "interrupt.h"
#include "option_table.h"
#include "run.h"
#include "units.h"

#define REHEARSAL_NS (20 * NS_PER_MS)
#define RAMP_PART 6 /* 1 of so many parts of a run is not measured: the window finds its length meanwhile */
#define RATE_KEPT 0.97

/* One run of the workload. */
struct cell {
    const struct tune_config *config;
    uint64_t depth;
    double iops; /* of all jobs together; 0: as many as go */
    bool idle;
    uint64_t seed;
    int64_t length_ns;
    bool rehearsal;
};

struct tune_config tune_workload_config(const struct bench_options *workload)
{
    const struct job_options *job = &workload->jobs[0];

    return (struct tune_config){ .policy = (enum lariat_poll_policy)job->poll_policy,
                                 .max_ns = job->poll_max_ns,
                                 .grow = (int64_t)job->poll_grow,
                                 .shrink = (int64_t)job->poll_shrink,
                                 .weight = (int64_t)job->poll_weight };
}

/* ---- the options of a run ---- */

static bool is_given(const struct job_options *job, const char *name)
{
    return job->given[option_index(option_find(name, strlen(name)))] != NULL;
}

static uint64_t at_least_one(double rate)
{
    return rate < 1 ? 1 : (uint64_t)(rate + 0.5);
}

/* Each clone of each job gets an equal part. */
static void set_rate(struct job_options *job, double iops)
{
    enum rw_mode rw = (enum rw_mode)job->rw;
    bool mixed = rw_reads(rw) && rw_writes(rw);
    double reads = mixed ? (double)job->rwmixread / 100 : 1, writes = mixed ? 1 - reads : 1;

    job->rate_iops[DIR_READ] = rw_reads(rw) ? at_least_one(iops * reads) : 0;
    job->rate_iops[DIR_WRITE] = rw_writes(rw) ? at_least_one(iops * writes) : 0;
    job->rate_iops[DIR_TRIM] = rw_trims(rw) ? at_least_one(iops) : 0;
}

static void set_job(struct job_options *job, const struct cell *cell, unsigned n_clones)
{
    job->poll_policy = cell->config->policy;
    job->poll_max_ns = cell->config->max_ns;
    job->poll_grow = (uint64_t)cell->config->grow;
    job->poll_shrink = (uint64_t)cell->config->shrink;
    job->poll_weight = (uint64_t)cell->config->weight;
    job->iodepth = cell->depth;
    job->runtime_ns = cell->length_ns;
    job->time_based = true;
    job->ramp_time_ns = cell->idle ? 0 : cell->length_ns / RAMP_PART;
    job->randseed = cell->seed;
    job->randrepeat = true;
    job->group = 0; /* all jobs are one entry of the figures */
    job->group_reporting = job->stats = true;
    job->disable_lat = job->gtod_reduce = job->disk_util = false;
    if (!cell->rehearsal && !is_given(job, "invalidate"))
        job->invalidate = false; /* a run of a moment with cold caches is no stretch of a longer one */
    if (!(cell->iops > 0))
        return;
    set_rate(job, cell->iops / n_clones);
    if (!is_given(job, "rate_process"))
        job->rate_process = cell->idle ? RATE_LINEAR : RATE_POISSON;
    job->pace_spin_ns = 0; /* an arrival finds the loop as it is, asleep or spinning, and CPU time is that of the polling */
}

/* A copy with jobs of its own. 0 or -ENOMEM. */
static int make_options(struct bench_options *options, const struct bench_options *workload, const struct cell *cell)
{
    unsigned n_clones = 0;

    *options = *workload;
    options->jobs = malloc(workload->n_jobs * sizeof(*options->jobs));
    if (!options->jobs)
        return -ENOMEM;
    memcpy(options->jobs, workload->jobs, workload->n_jobs * sizeof(*options->jobs));
    for (size_t i = 0; i < workload->n_jobs; i++)
        n_clones += (unsigned)workload->jobs[i].numjobs;
    for (size_t i = 0; i < workload->n_jobs; i++)
        set_job(&options->jobs[i], cell, n_clones);
    options->eta = ETA_NEVER;
    options->preflight = cell->rehearsal && workload->preflight;
    return 0;
}

/* ---- what came out ---- */

/* The mean of all but the slowest 1 %: of a short run, one I/O that the machine held up would say more than all others. */
static double trimmed_mean(const struct lariat_histogram *h)
{
    uint64_t left = h->n - h->n / 100, n = left;
    double sum = 0;

    for (unsigned i = 0; i < LARIAT_HISTOGRAM_BUCKETS && left; i++) {
        uint64_t here = h->buckets[i] < left ? h->buckets[i] : left;

        sum += (double)here * (double)lariat_histogram_bucket_ns(i);
        left -= here;
    }
    return n ? sum / (double)n : 0;
}

static double ratio(double a, double b)
{
    return b > 0 ? a / b : 0;
}

/*
 * Random arrivals in a short run are more or fewer by chance: two standard deviations are let pass. Without any I/O (the machine
 * was elsewhere) there is nothing to count either.
 */
static bool missed(const struct cell *cell, const struct entry *entry)
{
    double expected = cell->iops * entry->wall_ns / 1e9;

    if (!entry->ios && !cell->idle)
        return true;
    return cell->iops > 0 && !cell->idle && (double)entry->ios < RATE_KEPT * expected - 2 * sqrt(expected);
}

static void take_figures(const struct cell *cell, const struct entry *entry, struct tune_entry *to)
{
    const struct engine_counts *counts = &entry->counts;
    double ios = (double)entry->ios;

    lariat_histogram_init(&to->latencies);
    if (cell->iops > 0)
        for (unsigned i = 0; i < IO_DIRECTIONS; i++)
            lariat_histogram_merge(&to->latencies, &entry->response[i]);
    else
        lariat_histogram_merge(&to->latencies, &entry->mixed.lat.h);
    to->sample = (struct tune_sample){
        .iops = entry->mixed_figures.iops,
        .latency_ns = trimmed_mean(&to->latencies),
        .p50_ns = (double)lariat_histogram_percentile(&to->latencies, 50),
        .p99_ns = (double)lariat_histogram_percentile(&to->latencies, 99),
        .cpu_ns_per_io = entry->cpu_ns_per_io,
        .cpu_percent = 100 * ratio(entry->usr_ns + entry->sys_ns, entry->runtime_ns),
        .spin_hit_ratio = entry->spin_hit_ratio,
        .vain_ns_per_io = ratio((double)counts->spin_vain_ns, ios),
        .sleeps_per_io = ratio((double)counts->sleeps, ios),
        .syscalls_per_io = entry->syscalls_per_io,
        .missed = missed(cell, entry),
    };
}

static int take_results(struct bench_run *run, const struct cell *cell, struct tune_entry *to)
{
    struct entries entries;
    int rc = 0;

    for (unsigned i = 0; i < run->n_jobs; i++)
        if (run->jobs[i].error) {
            job_tell_error(&run->jobs[i]);
            rc = -run->jobs[i].error;
        }
    if (rc || run->was_interrupted)
        return rc ? rc : -EINTR;
    rc = figures_make(run, run->ended_ns, &entries);
    if (rc)
        return rc;
    if (to)
        take_figures(cell, &entries.list[0], to);
    figures_free(&entries);
    return 0;
}

static int run_cell(const struct tune_runs *runs, const struct cell *cell, struct tune_entry *to)
{
    struct bench_options options;
    struct bench_run run;
    int rc = interrupted() ? -EINTR : make_options(&options, runs->workload, cell);

    if (rc)
        return rc;
    rc = run_init(&run, &options);
    if (!rc) {
        if (cell->rehearsal)
            *runs->preflight = run.preflight;
        rc = run_all(&run);
        if (!rc)
            rc = take_results(&run, cell, to);
        run_free(&run);
    }
    free(options.jobs);
    return rc;
}

int tune_rehearse(const struct tune_runs *runs)
{
    const struct tune_config off = tune_config_off();
    const struct cell cell = {
        .config = &off, .depth = runs->workload->jobs[0].iodepth, .length_ns = REHEARSAL_NS, .seed = 1, .rehearsal = true
    };

    return run_cell(runs, &cell, NULL);
}

int tune_run_entry(const struct tune_runs *runs, const struct tune *tune, const struct tune_block *block,
                   struct tune_entry *entry)
{
    const struct tune_scenario *scenario = &tune->scenarios[block->scenario];
    bool full = block->stage == STAGE_CALIBRATE || scenario->percent == 100;
    const struct cell cell = {
        .config = &tune->configs[entry->config],
        .depth = scenario->depth,
        .iops = full ? 0 : scenario->iops,
        .idle = !full && !scenario->percent,
        .seed = block->seed,
        .length_ns = block->length_ns,
    };

    return run_cell(runs, &cell, entry);
}
