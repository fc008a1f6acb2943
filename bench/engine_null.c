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

static void null_run(struct bench_job *job)
{
    struct engine_counts counts = { .syscalls = 0 };
    struct bench_io *ios = plain_state(job);
    struct work *work = &job->work;
    uint32_t depth = (uint32_t)job->options->iodepth, n = 0;

    job_begin(job, &counts);
    do {
        int64_t now_ns = bench_now_ns();

        /* Slots are filled in order, and complete in that order, round after round. */
        for (n = 0; n < depth && work_next(work, &ios[n], now_ns); n++)
            ;
        while (n) {
            uint32_t kept = 0;

            for (uint32_t i = 0; i < n; i++)
                kept += work_complete(work, &ios[i], (int)ios[i].length);
            n = kept < n ? kept : n;
        }
    } while (job_next_phase(job, null_counts));
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

const struct bench_engine engine_null = { "null", false, false, null_prepare, plain_go, plain_finish, NULL };
