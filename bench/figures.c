/* SPDX-License-Identifier: MIT */
#include "figures.h"

#include <errno.h>
#include <string.h>

const double report_percentiles[REPORT_PERCENTILES] = { 1,  5,  10, 20, 30,   40,   50,    60,   70,
                                                        80, 90, 95, 99, 99.5, 99.9, 99.95, 99.99 };

static double timeval_ns(const struct timeval *from, const struct timeval *to)
{
    return (double)(to->tv_sec - from->tv_sec) * 1e9 + (double)(to->tv_usec - from->tv_usec) * 1e3;
}

static double ratio(double a, double b)
{
    return b > 0 ? a / b : 0;
}

static void count_figures(const struct bench_job *job, struct job_figures *f)
{
    const struct engine_counts *from = &job->counts_begin, *to = &job->counts_end;

    f->counts = (struct engine_counts){
        .syscalls = to->syscalls - from->syscalls,
        .enters = to->enters - from->enters,
        .eventfd_writes = to->eventfd_writes - from->eventfd_writes,
        .spins = to->spins - from->spins,
        .spins_hit = to->spins_hit - from->spins_hit,
        .spin_ns = to->spin_ns - from->spin_ns,
        .spin_vain_ns = to->spin_vain_ns - from->spin_vain_ns,
        .sleeps = to->sleeps - from->sleeps,
        .sleep_ns = to->sleep_ns - from->sleep_ns,
        .sleep_counted = to->sleep_counted,
        .window_ns = to->window_ns,
    };
    f->syscalls_per_io = ratio((double)f->counts.syscalls, (double)f->ios);
    f->ios_per_enter = ratio((double)f->ios, (double)f->counts.enters);
    f->spin_hit_ratio = ratio((double)f->counts.spins_hit, (double)f->counts.spins);
}

static void cpu_figures(const struct bench_job *job, struct job_figures *f)
{
    const struct rusage *from = &job->usage_begin, *to = &job->usage_end;
    double usr_ns = timeval_ns(&from->ru_utime, &to->ru_utime);
    double sys_ns = timeval_ns(&from->ru_stime, &to->ru_stime);
    double wall_ns = (double)f->runtime_ns;

    f->usr_percent = 100 * ratio(usr_ns, wall_ns);
    f->sys_percent = 100 * ratio(sys_ns, wall_ns);
    f->usr_ns_per_io = ratio(usr_ns, (double)f->ios);
    f->sys_ns_per_io = ratio(sys_ns, (double)f->ios);
    f->cpu_ns_per_io = f->usr_ns_per_io + f->sys_ns_per_io;
    f->context_switches = to->ru_nvcsw - from->ru_nvcsw + to->ru_nivcsw - from->ru_nivcsw;
    f->major_faults = to->ru_majflt - from->ru_majflt;
    f->minor_faults = to->ru_minflt - from->ru_minflt;
    /* Where the loop did not time its sleep, what was not on a CPU was asleep (or, rarely, waiting for one). */
    f->asleep = f->counts.sleep_counted ? ratio((double)f->counts.sleep_ns, wall_ns) : 1 - ratio(usr_ns + sys_ns, wall_ns);
    if (f->asleep < 0 || wall_ns <= 0)
        f->asleep = 0;
    if (f->asleep > 1)
        f->asleep = 1;
}

void figures_of(const struct bench_job *job, struct job_figures *f)
{
    const struct work *work = &job->work;

    memset(f, 0, sizeof(*f));
    f->error = job->error ? job->error : work->verify_errors ? EILSEQ : 0;
    f->runtime_ns = work->run_end_ns - work->run_start_ns;
    double seconds = (double)f->runtime_ns / 1e9;

    for (unsigned kind = IO_READ; kind <= IO_WRITE; kind++) {
        struct direction_figures *d = &f->direction[kind];

        d->ios = work->stats[kind].ios;
        d->bytes = d->ios * work->bs;
        d->iops = ratio((double)d->ios, seconds);
        d->bytes_per_second = ratio((double)d->bytes, seconds);
        f->ios += d->ios;
    }
    f->depth_mean = ratio((double)work->depth_sum, (double)f->ios);
    count_figures(job, f);
    cpu_figures(job, f);
}
