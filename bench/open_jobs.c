/* SPDX-License-Identifier: MIT */
#include "open_jobs.h"

#include <pthread.h>
#include <stdlib.h>

struct opening {
    struct bench_job *job;
    const struct bench_options *options;
    pthread_t thread;
    bool started;
};

static void *thread_main(void *opaque)
{
    const struct opening *opening = opaque;

    job_open(opening->job, opening->options);
    return NULL;
}

void open_jobs(struct bench_run *run, bool (*wanted)(const struct bench_run *run, const struct bench_job *job))
{
    struct opening *openings = calloc(run->n_jobs, sizeof(*openings));
    unsigned n = 0;

    for (unsigned i = 0; i < run->n_jobs && openings; i++)
        if (!run->jobs[i].options->create_serialize && wanted(run, &run->jobs[i]))
            openings[n++] = (struct opening){ .job = &run->jobs[i], .options = run->options };
    for (unsigned i = 0; i < n && n > 1; i++) /* where there is no thread to be had, job_init() opens it */
        openings[i].started = pthread_create(&openings[i].thread, NULL, thread_main, &openings[i]) == 0;
    for (unsigned i = 0; i < n; i++)
        if (openings[i].started)
            pthread_join(openings[i].thread, NULL);
    free(openings);
}
