/* SPDX-License-Identifier: MIT */
#include "progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "run.h"
#include "units.h"

#define INTERVAL_NS INT64_C(1000000000)

void progress_init(struct progress *progress, const struct bench_run *run)
{
    *progress = (struct progress){ .run = run, .on = isatty(STDERR_FILENO) == 1, .last_ns = run->begun_ns };
}

/* Seconds until the last job's --runtime is over; 0: at least one has none. */
static int64_t seconds_left(const struct bench_run *run, int64_t now_ns)
{
    int64_t left_ns = 0;

    for (unsigned i = 0; i < run->n_jobs; i++) {
        int64_t runtime_ns = run->jobs[i].options->runtime_ns;

        if (!runtime_ns)
            return 0;
        if (runtime_ns - (now_ns - run->begun_ns) > left_ns)
            left_ns = runtime_ns - (now_ns - run->begun_ns);
    }
    return (left_ns + 500000000) / 1000000000;
}

void progress_show(struct progress *progress, int64_t now_ns)
{
    const struct bench_run *run = progress->run;
    char reads[UNIT_TEXT_MAX], writes[UNIT_TEXT_MAX], rate[UNIT_TEXT_MAX];
    uint64_t ios[2] = { 0, 0 }, bytes = 0;
    unsigned n_running = 0;

    if (!progress->on || now_ns - progress->last_ns < INTERVAL_NS)
        return;
    for (unsigned i = 0; i < run->n_jobs; i++) {
        const struct bench_job *job = &run->jobs[i];

        n_running += !__atomic_load_n(&job->done, __ATOMIC_ACQUIRE);
        for (unsigned kind = 0; kind < 2; kind++) {
            uint64_t n = iostat_ios(&job->work.stats[kind]);

            ios[kind] += n;
            bytes += n * job->options->bs;
        }
    }
    double seconds = (double)(now_ns - progress->last_ns) / 1e9;
    int64_t left = seconds_left(run, now_ns);

    fprintf(stderr, "\r%u of %u jobs running, reads %s/s, writes %s/s, %s/s", n_running, run->n_jobs,
            format_count(reads, (double)(ios[0] - progress->last_ios[0]) / seconds),
            format_count(writes, (double)(ios[1] - progress->last_ios[1]) / seconds),
            format_bytes(rate, (double)(bytes - progress->last_bytes) / seconds));
    if (left)
        fprintf(stderr, ", %" PRId64 " s left", left);
    fputs("\033[K", stderr);
    fflush(stderr);
    progress->shown = true;
    progress->last_ns = now_ns;
    progress->last_ios[0] = ios[0];
    progress->last_ios[1] = ios[1];
    progress->last_bytes = bytes;
}

void progress_end(struct progress *progress)
{
    if (progress->shown)
        fputs("\r\033[K", stderr);
}
