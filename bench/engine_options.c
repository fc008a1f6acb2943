/* SPDX-License-Identifier: MIT */
#include "engine_options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "option_parser.h"
#include "option_table.h"

static const struct engine_option table[] = {
    { "fixedbufs", FOR_RINGS, true },
    { "registerfiles", FOR_RINGS, true },
    { "sqthread_poll", FOR_RINGS, true },
    { "sqthread_poll_cpu", FOR_RINGS, true },
    { "nonvectored", FOR_RINGS, true },
    { "force_async", FOR_RINGS, true },
    { "nowait", FOR_RINGS | FOR_PSYNC, true },
    { "uncached", FOR_RINGS | FOR_PSYNC, true },
    { "hipri", FOR_RINGS, true },
    { "iodepth_batch", FOR_RINGS, false },
    { "iodepth_batch_complete_min", FOR_RINGS | FOR_NULL, false },
    { "iodepth_batch_complete_max", FOR_RINGS, false },
    { "iodepth_low", FOR_RINGS | FOR_NULL, false },
    { "poll_max_ns", FOR_LARIAT, false },
    { "poll_grow", FOR_LARIAT, false },
    { "poll_shrink", FOR_LARIAT, false },
    { "poll_weight", FOR_LARIAT, false },
    { "poll_policy", FOR_LARIAT, false },
    { "wait_batch", FOR_LARIAT, false },
    { "wait_min_ns", FOR_LARIAT, false },
    { "iothread", FOR_LARIAT, false },
    { "iothreads", FOR_LARIAT, false },
    { "write_wait_log", FOR_LARIAT, true },
};

#define N_OPTIONS (sizeof(table) / sizeof(table[0]))

const struct engine_option *engine_option_at(unsigned i)
{
    return i < N_OPTIONS ? &table[i] : NULL;
}

static bool asked_for(const struct job_options *job, const struct job_options *defaults, const struct option_row *row)
{
    return job->given[option_index(row)] &&
           !option_same(row, (const char *)job + row->offset, (const char *)defaults + row->offset);
}

static int refuse(const struct job_options *job, const struct engine_option *option, FILE *err)
{
    const char *comma = "";

    fprintf(err, "lariat-bench: job %s: --%s: --ioengine=%s does not have that; these do: ", job->name, option->name,
            options_engine_name((enum engine_kind)job->ioengine));
    for (unsigned engine = 0; option->engines >> engine; engine++) {
        if (!(option->engines >> engine & 1))
            continue;
        fprintf(err, "%s%s", comma, options_engine_name((enum engine_kind)engine));
        comma = ", ";
    }
    fputc('\n', err);
    return -EINVAL;
}

static int check(const struct job_options *job, const struct job_options *defaults, FILE *err)
{
    for (size_t i = 0; i < N_OPTIONS; i++) {
        const struct engine_option *option = &table[i];
        const struct option_row *row = option_find(option->name, strlen(option->name));
        bool here = !job->given_globally[option_index(row)];

        if (option->engines >> job->ioengine & 1 || !asked_for(job, defaults, row))
            continue;
        if (option->vital && here)
            return refuse(job, option, err);
        if (option->vital || here)
            fprintf(err, "lariat-bench: warning: job %s: --%s has no meaning for --ioengine=%s\n", job->name, option->name,
                    options_engine_name((enum engine_kind)job->ioengine));
    }
    return 0;
}

int engine_options_check(const struct job_options *job, FILE *err)
{
    struct bench_options *defaults = malloc(sizeof(*defaults));

    if (!defaults)
        return -ENOMEM;
    options_set_defaults(defaults);
    int rc = check(job, &defaults->global, err);

    free(defaults);
    return rc;
}
