/* SPDX-License-Identifier: MIT */
/* No I/O: what the workload, the clock and the statistics cost by themselves. */
#include <errno.h>
#include <stdlib.h>

#include "engine.h"
#include "plain_thread.h"

static int null_setup(struct bench_job *job)
{
    struct bench_io *ios = aligned_alloc(_Alignof(struct bench_io), job->options->iodepth * sizeof(*ios));

    if (!ios)
        return -ENOMEM;
    for (uint32_t i = 0; i < job->options->iodepth; i++) {
        ios[i] = (struct bench_io){ .file = 0 };
        job_init_io(job, &ios[i], i);
    }
    plain_set_state(job, ios);
    return 0;
}

static void null_counts(struct bench_job *job, struct engine_counts *counts)
{
    (void)job;
    *counts = (struct engine_counts){ .syscalls = 0 };
}

/* Slots are filled in order, and complete in that order, round after round. */
static void run_plain(struct work *work, struct bench_io *ios, uint32_t depth)
{
    int64_t now_ns = bench_now_ns();
    uint32_t n = 0;

    while (n < depth && work_next(work, &ios[n], now_ns))
        n++;
    while (n) {
        uint32_t kept = 0;

        for (uint32_t i = 0; i < n; i++)
            kept += work_complete(work, &ios[i], (int)ios[i].length);
        n = kept < n ? kept : n;
    }
}

/* The same for those of which some are parked now and then. */
static void run_careful(struct work *work, struct bench_io *ios, uint32_t depth, struct bench_io **flying)
{
    int64_t now_ns = bench_now_ns();
    struct bench_io *io;
    uint32_t n = 0;

    for (uint32_t i = 0; i < depth; i++)
        if (work_next(work, &ios[i], now_ns))
            flying[n++] = &ios[i];
    while (n || work->n_parked) {
        uint32_t kept = 0;

        for (uint32_t i = 0; i < n; i++)
            if (work_complete(work, flying[i], (int)flying[i]->length))
                flying[kept++] = flying[i];
        n = kept;
        if (!work->n_parked)
            continue;
        now_ns = bench_now_ns();
        while ((io = work_due(work, now_ns)))
            flying[n++] = io;
        if (!n && work->n_parked)
            work_pause(work);
    }
}

static void null_run(struct bench_job *job)
{
    struct bench_io *ios = plain_state(job);
    uint32_t depth = (uint32_t)job->options->iodepth;
    struct bench_io **flying = job->work.careful ? calloc(depth, sizeof(struct bench_io *)) : NULL;

    job_begin(job, null_counts);
    do {
        if (flying)
            run_careful(&job->work, ios, depth, flying);
        else if (job->work.careful)
            work_fail(&job->work, NULL, ENOMEM);
        else
            run_plain(&job->work, ios, depth);
    } while (job_next_phase(job));
    free(flying);
}

static void null_teardown(struct bench_job *job)
{
    free(plain_state(job));
}

static int null_prepare(struct bench_job *job)
{
    static const struct plain_body body = { null_setup, null_run, null_teardown };

    return plain_prepare(job, &body);
}

const struct bench_engine engine_null = { "null", false, false, null_prepare, plain_go, plain_finish, NULL, NULL };
