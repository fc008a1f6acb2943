/* SPDX-License-Identifier: MIT */
#include "engine.h"

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

int engine_tell_setup(const struct bench_job *job, int rc)
{
    char *reason = lariat_explain_setup(rc);

    fprintf(stderr, "lariat-bench: job %s: no ring: %s\n", job->options->name, reason ? reason : strerror(-rc));
    free(reason);
    return rc;
}
