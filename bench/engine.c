/* SPDX-License-Identifier: MIT */
#include "engine.h"

#include <errno.h>
#include <inttypes.h>
#include <lariat/loop.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SQ_ENTRIES_MIN 128 /* the library's default */

const struct bench_engine *engine_of(const struct job_options *options)
{
    switch ((enum engine_kind)options->ioengine) {
    case ENGINE_LARIAT: return &engine_lariat;
    case ENGINE_LIBURING: return &engine_liburing;
    case ENGINE_PSYNC: return &engine_psync;
    case ENGINE_NULL: return &engine_null;
    }
    abort();
}

unsigned engine_sq_entries(const struct job_options *options)
{
    unsigned entries = SQ_ENTRIES_MIN;

    while (entries < options->iodepth)
        entries *= 2;
    return entries;
}

uint32_t engine_batch_max(const struct job_options *options)
{
    uint64_t most = options->iodepth;

    if (options->iodepth_batch && options->iodepth_batch < most)
        most = options->iodepth_batch;
    if (options->iodepth_batch_complete_max && options->iodepth_batch_complete_max < most)
        most = options->iodepth_batch_complete_max;
    return (uint32_t)most;
}

/* Who may run where was checked before, so it is the CPU of the kernel's thread. */
static bool sq_cpu_refused(const struct job_options *options, int rc)
{
    return options->sqthread_poll && options->sqthread_poll_cpu >= 0 && (rc == -EINVAL || rc == -ENODEV);
}

int engine_tell_setup(const struct bench_job *job, int rc)
{
    if (sq_cpu_refused(job->options, rc)) {
        fprintf(stderr,
                "lariat-bench: job %s: --sqthread_poll_cpu=%" PRId64 ": there is no such CPU here, or it may not be used\n",
                job->options->name, job->options->sqthread_poll_cpu);
        return rc;
    }
    char *reason = lariat_explain_setup(rc);

    fprintf(stderr, "lariat-bench: job %s: no ring: %s\n", job->options->name, reason ? reason : strerror(-rc));
    free(reason);
    return rc;
}
