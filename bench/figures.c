/* SPDX-License-Identifier: MIT */
#include "figures.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "run.h"
#include "thread_usage.h"

static const double default_percentiles[] = { 1, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 99, 99.5, 99.9, 99.95, 99.99 };

const double *figures_percentiles(const struct job_options *options, unsigned *n)
{
    *n = options->percentile_list.n ? options->percentile_list.n
                                    : sizeof(default_percentiles) / sizeof(default_percentiles[0]);
    return options->percentile_list.n ? options->percentile_list.values : default_percentiles;
}

static double ratio(double a, double b)
{
    return b > 0 ? a / b : 0;
}

/* Jobs without --stats are in no entry. */
static bool opens_entry(const struct bench_run *run, unsigned i)
{
    const struct job_options *options = run->jobs[i].options;
    unsigned before = i;

    while (before && !run->jobs[before - 1].options->stats)
        before--;
    return options->stats &&
           (!before || !options->group_reporting || run->jobs[before - 1].options->group != options->group);
}

unsigned figures_next_entry(const struct bench_run *run, unsigned i)
{
    while (i < run->n_jobs && !opens_entry(run, i))
        i++;
    return i;
}

unsigned figures_count_entries(const struct bench_run *run)
{
    unsigned n = 0;

    for (unsigned i = figures_next_entry(run, 0); i < run->n_jobs; i = figures_next_entry(run, i + 1))
        n++;
    return n;
}

/* ---- one job into its entry ---- */

static void add_buckets(uint64_t to[DEPTH_BUCKETS], const uint64_t from[DEPTH_BUCKETS])
{
    for (unsigned i = 0; i < DEPTH_BUCKETS; i++)
        to[i] += counter_get(&from[i]);
}

static void add_counts(struct engine_counts *sum, const struct engine_counts *from, const struct engine_counts *to)
{
    sum->syscalls += to->syscalls - from->syscalls;
    sum->enters += to->enters - from->enters;
    sum->eventfd_writes += to->eventfd_writes - from->eventfd_writes;
    sum->spins += to->spins - from->spins;
    sum->spins_hit += to->spins_hit - from->spins_hit;
    sum->spin_ns += to->spin_ns - from->spin_ns;
    sum->spin_vain_ns += to->spin_vain_ns - from->spin_vain_ns;
    sum->sleeps += to->sleeps - from->sleeps;
    sum->sleep_ns += to->sleep_ns - from->sleep_ns;
    sum->sleep_counted |= to->sleep_counted;
    sum->waits_batched += to->waits_batched - from->waits_batched;
    sum->cqes_batched += to->cqes_batched - from->cqes_batched;
    if (to->window_ns > sum->window_ns)
        sum->window_ns = to->window_ns;
}

static double timeval_ns(const struct timeval *from, const struct timeval *to)
{
    return (double)(to->tv_sec - from->tv_sec) * 1e9 + (double)(to->tv_usec - from->tv_usec) * 1e3;
}

static void add_usage(struct entry *entry, const struct rusage *from, const struct rusage *to)
{
    entry->usr_ns += timeval_ns(&from->ru_utime, &to->ru_utime);
    entry->sys_ns += timeval_ns(&from->ru_stime, &to->ru_stime);
    entry->context_switches += (uint64_t)(to->ru_nvcsw - from->ru_nvcsw + to->ru_nivcsw - from->ru_nivcsw);
    entry->major_faults += (uint64_t)(to->ru_majflt - from->ru_majflt);
    entry->minor_faults += (uint64_t)(to->ru_minflt - from->ru_minflt);
}

static void add_direction(struct direction_figures *to, const struct bench_job *job, const struct iostat *stat,
                          unsigned kind, double runtime_ns)
{
    uint64_t ms = (uint64_t)(runtime_ns / 1e6);

    if (stat->ios && (ms ? ms : 1) > to->runtime_ms)
        to->runtime_ms = ms ? ms : 1;
    rate_merge(&to->iops_samples, &job->iops[kind]);
    rate_merge(&to->bw_samples, &job->bandwidth[kind]);
}

static void add_schedule(struct entry *entry, const struct work *work)
{
    for (unsigned kind = 0; kind < IO_DIRECTIONS && work->response; kind++) {
        struct schedule_stats *to = &entry->schedule[kind];
        const struct schedule_stats *from = &work->schedule[kind];

        lariat_histogram_merge(&entry->response[kind], &work->response[kind]);
        to->n += from->n;
        to->n_late += from->n_late;
        to->lag_sum_ns += from->lag_sum_ns;
        if (from->lag_max_ns > to->lag_max_ns)
            to->lag_max_ns = from->lag_max_ns;
    }
}

/* A job that is over; what it wrote last was written before job->done. */
static void add_finished(struct entry *entry, const struct bench_job *job)
{
    const struct work *work = &job->work;

    for (unsigned kind = 0; kind < IO_KINDS; kind++)
        iostat_merge(&entry->stats[kind], &work->stats[kind]);
    iostat_merge(&entry->checks, &work->checks);
    add_usage(entry, &job->usage_begin, &job->usage_end);
    add_counts(&entry->counts, &job->counts_begin, &job->counts_end);
    entry->verify_blocks += work->verify_blocks;
    entry->verify_errors += work->verify_errors;
    if (work->verify_ns > entry->verify_ns)
        entry->verify_ns = work->verify_ns;
    if (!entry->error)
        entry->error = job->error ? job->error : work->verify_errors ? EILSEQ : 0;
    entry->total_errors += work->total_errors;
    if (!entry->first_error)
        entry->first_error = work->first_error;
    if (work->found_depth)
        entry->found_depth = work->found_depth;
    add_schedule(entry, work);
}

/* One that goes on meanwhile. Nothing of the kernel's is asked for but what /proc says of the thread. */
static void add_running(struct entry *entry, const struct bench_job *job, struct iostat *snapshot)
{
    struct thread_usage usage;

    entry->running = true;
    for (unsigned kind = 0; kind < IO_KINDS; kind++) {
        iostat_snapshot(snapshot, &job->work.stats[kind], job->work.measure);
        iostat_merge(&entry->stats[kind], snapshot);
    }
    iostat_snapshot(snapshot, &job->work.checks, job->work.measure);
    iostat_merge(&entry->checks, snapshot);
    if (thread_usage_get(__atomic_load_n(&job->tid, __ATOMIC_ACQUIRE), &usage))
        return;
    entry->usr_ns += usage.usr_ns;
    entry->sys_ns += usage.sys_ns;
    entry->major_faults += usage.major_faults;
    entry->minor_faults += usage.minor_faults;
    entry->context_switches += usage.context_switches;
}

static void add_job(struct entry *entry, const struct bench_run *run, const struct bench_job *job, int64_t now_ns,
                    struct iostat *snapshot)
{
    bool done = __atomic_load_n(&job->done, __ATOMIC_ACQUIRE);
    int64_t from_ns = job->start_ns > run->begun_ns ? job->start_ns : run->begun_ns;
    int64_t runtime_ns = done ? job->work.run_end_ns - job->work.run_start_ns : now_ns - from_ns;
    uint64_t depth_sum = counter_get(&job->work.depth_sum);

    entry->n_jobs++;
    if (!done && job->state != JOB_RUNNING) { /* its turn has not come */
        entry->running = true;
        return;
    }
    if (done)
        add_finished(entry, job);
    else
        add_running(entry, job, snapshot);
    for (unsigned kind = 0; kind < IO_DIRECTIONS; kind++)
        add_direction(&entry->direction[kind], job, &entry->stats[kind], kind, (double)runtime_ns);
    add_buckets(entry->depth_levels, job->work.depth_levels);
    add_buckets(entry->submit_sizes, job->work.submit_sizes);
    add_buckets(entry->complete_sizes, job->work.complete_sizes);
    entry->depth_mean += (double)depth_sum; /* a sum until finish_entry() */
    entry->runtime_ns += (double)runtime_ns;
    if ((double)runtime_ns > entry->wall_ns)
        entry->wall_ns = (double)runtime_ns;
}

/* ---- what follows from the sums ---- */

static void finish_direction(struct direction_figures *d, const struct iostat *stat, double wall_ns)
{
    d->iops = ratio((double)stat->ios * 1e9, wall_ns);
    d->bytes_per_second = ratio((double)stat->bytes * 1e9, wall_ns);
}

static void finish_costs(struct entry *entry)
{
    double ios = (double)entry->ios, cpu_ns = entry->usr_ns + entry->sys_ns;

    entry->usr_percent = 100 * ratio(entry->usr_ns, entry->runtime_ns);
    entry->sys_percent = 100 * ratio(entry->sys_ns, entry->runtime_ns);
    entry->usr_ns_per_io = ratio(entry->usr_ns, ios);
    entry->sys_ns_per_io = ratio(entry->sys_ns, ios);
    entry->cpu_ns_per_io = entry->usr_ns_per_io + entry->sys_ns_per_io;
    entry->syscalls_per_io = ratio((double)entry->counts.syscalls, ios);
    entry->ios_per_enter = ratio(ios, (double)entry->counts.enters);
    entry->spin_hit_ratio = ratio((double)entry->counts.spins_hit, (double)entry->counts.spins);
    /* Where the loop did not time its sleep, what was not on a CPU was asleep (or, rarely, waiting for one). */
    entry->asleep = entry->counts.sleep_counted ? ratio((double)entry->counts.sleep_ns, entry->runtime_ns)
                                                : 1 - ratio(cpu_ns, entry->runtime_ns);
    if (entry->asleep < 0 || entry->runtime_ns <= 0)
        entry->asleep = 0;
    if (entry->asleep > 1)
        entry->asleep = 1;
}

/*
 * What verify read becomes part of what was read, as fio has it, and its time part of the time: it comes after the run, but for
 * that of verify_backlog.
 */
static void add_checks(struct entry *entry)
{
    struct direction_figures *d = &entry->direction[IO_READ];
    bool in_run = entry->stats[IO_READ].ios || entry->job->options->verify_backlog || entry->running;
    double ns = (double)entry->verify_ns + (in_run ? entry->wall_ns : 0);

    entry->run_reads = entry->stats[IO_READ];
    if (!entry->checks.ios)
        return;
    iostat_merge(&entry->stats[IO_READ], &entry->checks);
    finish_direction(d, &entry->stats[IO_READ], ns);
    d->runtime_ms = ns < 1e6 ? 1 : (uint64_t)(ns / 1e6);
}

/* Engines that carry I/Os out one by one have batches of one. */
static void fill_batches(struct entry *entry)
{
    uint64_t n = 0;

    for (unsigned i = 0; i < DEPTH_BUCKETS; i++)
        n += entry->submit_sizes[i];
    if (!n)
        entry->submit_sizes[1] = entry->complete_sizes[1] = entry->ios;
}

static void finish_entry(struct entry *entry)
{
    struct direction_figures *mixed = &entry->mixed_figures;

    for (unsigned kind = 0; kind < IO_DIRECTIONS; kind++) {
        struct direction_figures *d = &entry->direction[kind];

        entry->ios += entry->stats[kind].ios;
        finish_direction(d, &entry->stats[kind], entry->wall_ns);
        if (kind == IO_READ)
            add_checks(entry);
        iostat_merge(&entry->mixed, &entry->stats[kind]);
        rate_merge(&mixed->iops_samples, &d->iops_samples);
        rate_merge(&mixed->bw_samples, &d->bw_samples);
        if (d->runtime_ms > mixed->runtime_ms)
            mixed->runtime_ms = d->runtime_ms;
    }
    finish_direction(mixed, &entry->mixed, entry->wall_ns + (double)entry->verify_ns);
    entry->depth_mean = ratio(entry->depth_mean, (double)entry->ios);
    fill_batches(entry);
    finish_costs(entry);
}

/* What share of its group's rate the samples of each entry stand for. */
static void set_shares(struct entries *entries, struct direction_figures *(*of)(struct entry *, unsigned), unsigned kind)
{
    for (unsigned i = 0; i < entries->n; i++) {
        struct direction_figures *mine = of(&entries->list[i], kind);
        double total = 0;

        for (unsigned j = 0; j < entries->n; j++)
            if (entries->list[j].groupid == entries->list[i].groupid)
                total += of(&entries->list[j], kind)->bytes_per_second;
        mine->share = ratio(mine->bw_samples.mean * 1024 * 100, total);
        if (mine->share > 100)
            mine->share = 100;
    }
}

static struct direction_figures *direction_of(struct entry *entry, unsigned kind)
{
    return &entry->direction[kind];
}

static struct direction_figures *mixed_of(struct entry *entry, unsigned kind)
{
    (void)kind;
    return &entry->mixed_figures;
}

int figures_make(const struct bench_run *run, int64_t now_ns, struct entries *entries)
{
    struct iostat *snapshot = aligned_alloc(_Alignof(struct iostat), sizeof(*snapshot));
    struct entry *entry;
    unsigned n = figures_count_entries(run);

    entry = aligned_alloc(_Alignof(struct entry), (n ? n : 1) * sizeof(*entry));
    *entries = (struct entries){ entry, 0 };
    if (!entry || !snapshot) {
        free(snapshot);
        figures_free(entries);
        return -ENOMEM;
    }
    memset(entry, 0, n * sizeof(*entry));
    for (unsigned i = 0; i < run->n_jobs; i++) {
        if (!run->jobs[i].options->stats)
            continue;
        if (opens_entry(run, i)) {
            entry = &entries->list[entries->n++];
            entry->job = &run->jobs[i];
            entry->first = i;
            entry->groupid = run->jobs[i].options->group;
        }
        add_job(entry, run, &run->jobs[i], now_ns, snapshot);
    }
    for (unsigned i = 0; i < entries->n; i++)
        finish_entry(&entries->list[i]);
    for (unsigned kind = 0; kind < IO_DIRECTIONS; kind++)
        set_shares(entries, direction_of, kind);
    set_shares(entries, mixed_of, 0);
    free(snapshot);
    return 0;
}

void figures_free(struct entries *entries)
{
    free(entries->list);
    *entries = (struct entries){ NULL, 0 };
}

/* ---- shares ---- */

static unsigned latency_class(uint64_t ns)
{
    static const uint64_t limits[10] = { 2, 4, 10, 20, 50, 100, 250, 500, 750, 1000 };
    uint64_t unit = 1;

    for (unsigned decade = 0; decade < 3; decade++, unit *= 1000)
        for (unsigned i = 0; i < 10; i++)
            if (ns < limits[i] * unit)
                return decade * 10 + i;
    return 30 + (ns >= UINT64_C(2000000000));
}

void figures_latency_classes(const struct entry *entry, uint64_t counts[LATENCY_CLASSES], uint64_t *total)
{
    const struct latency *lat = entry->mixed.clat.h.n ? &entry->mixed.clat : &entry->mixed.lat;

    memset(counts, 0, LATENCY_CLASSES * sizeof(counts[0]));
    for (unsigned i = 0; i < LARIAT_HISTOGRAM_BUCKETS; i++)
        counts[latency_class(lariat_histogram_bucket_ns(i))] += lat->h.buckets[i];
    *total = lat->h.n;
}

double figures_share(uint64_t count, uint64_t total, double least)
{
    double share = 100 * ratio((double)count, (double)total);

    return count && share < least ? least : share;
}
