/* SPDX-License-Identifier: MIT */
#include "iothread_pool.h"

#include <errno.h>
#include <inttypes.h>
#include <lariat/lariat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpulist.h"
#include "engine.h"

#define PAIRS_BYTES 128

struct pooled_iothread {
    char id[IOTHREAD_ID_MAX];
    const struct bench_job *first; /* whose options it has */
    struct lariat_iothread *iothread;
    unsigned n_users;
    struct pooled_iothread *next;
};

static struct pooled_iothread *pool;

void iothread_pool_id(const struct bench_job *job, char id[IOTHREAD_ID_MAX])
{
    const struct job_options *options = job->options;

    if (options->iothread)
        snprintf(id, IOTHREAD_ID_MAX, "%s", options->iothread);
    else if (options->iothreads)
        snprintf(id, IOTHREAD_ID_MAX, "iothread%" PRIu64, job->index % options->iothreads);
    else
        snprintf(id, IOTHREAD_ID_MAX, "job%u", job->index);
}

static void set_sqpoll(struct lariat_loop_options *loop, const struct job_options *options)
{
    if (!options->sqthread_poll)
        return;
    loop->flags |= LARIAT_LOOP_SQPOLL;
    if (options->sqthread_poll_cpu < 0)
        return;
    loop->flags |= LARIAT_LOOP_SQPOLL_CPU;
    loop->sqpoll_cpu = (unsigned)options->sqthread_poll_cpu;
}

/* When the loop submits, and for how many completions it waits. */
static int set_batches(struct lariat_iothread *iothread, const struct bench_job *job)
{
    const struct job_options *options = job->options;
    uint32_t most = engine_batch_max(options);
    char pairs[PAIRS_BYTES], *errmsg = NULL;

    snprintf(pairs, sizeof(pairs), "aio-max-batch=%" PRIu32 ",wait-batch=%" PRIu64 ",wait-min-ns=%" PRId64,
             most < options->iodepth ? most : 0, options->wait_batch, options->wait_min_ns);
    int rc = lariat_iothread_set_from_string(iothread, pairs, &errmsg);

    if (rc) {
        fprintf(stderr, "lariat-bench: job %s: %s\n", options->name, errmsg ? errmsg : strerror(-rc));
        lariat_iothread_destroy(iothread);
    }
    free(errmsg);
    return rc;
}

/* On a thread that is placed as the job says, which the iothread and its ring take over. */
static int make(void *opaque)
{
    struct pooled_iothread *pooled = opaque;
    const struct bench_job *job = pooled->first;
    const struct job_options *options = job->options;
    struct lariat_loop_options loop = LARIAT_LOOP_OPTIONS_INIT;
    struct lariat_iothread_options iothread = LARIAT_IOTHREAD_OPTIONS_INIT;
    struct lariat_poll_params params;
    char cpus[CPULIST_TEXT_MAX];

    lariat_poll_params_init(&params, (enum lariat_poll_policy)options->poll_policy);
    params.max_ns = options->poll_max_ns;
    params.grow = (int64_t)options->poll_grow;
    params.shrink = (int64_t)options->poll_shrink;
    params.weight = (int64_t)options->poll_weight;
    loop.sq_entries = engine_sq_entries(options);
    loop.poll = &params;
    set_sqpoll(&loop, options);
    iothread.loop = &loop;
    if (job->placement.pinned_by) /* it is already; for those who look at its properties */
        iothread.cpu_affinity = cpulist_format(&job->placement.cpus, cpus);
    int rc = lariat_iothread_new(pooled->id, &iothread, &pooled->iothread);

    return rc ? engine_tell_setup(job, rc) : set_batches(pooled->iothread, job);
}

static bool shares(const struct bench_job *job)
{
    return job->options->ioengine == ENGINE_LARIAT && (job->options->iothread || job->options->iothreads);
}

int iothread_pool_check(const struct bench_job *jobs, unsigned n)
{
    char id[IOTHREAD_ID_MAX], other[IOTHREAD_ID_MAX];

    for (unsigned i = 1; i < n; i++) {
        if (!shares(&jobs[i]))
            continue;
        iothread_pool_id(&jobs[i], id);
        for (unsigned j = i; j--;) {
            iothread_pool_id(&jobs[j], other);
            if (!shares(&jobs[j]) || strcmp(id, other) != 0)
                continue;
            const char *option = placement_difference(&jobs[i].placement, &jobs[j].placement);

            if (!option)
                break; /* and so with those before it */
            fprintf(stderr, "lariat-bench: job %s: it shares iothread %s with job %s, which has another --%s\n",
                    jobs[i].options->name, id, jobs[j].options->name, option);
            return -EINVAL;
        }
    }
    return 0;
}

int iothread_pool_get(struct bench_job *job, struct pooled_iothread **out, struct lariat_loop **loop)
{
    char id[IOTHREAD_ID_MAX];
    int rc = 0;

    iothread_pool_id(job, id);
    for (*out = pool; *out && strcmp((*out)->id, id) != 0;)
        *out = (*out)->next;
    if (!*out) {
        struct pooled_iothread *pooled = calloc(1, sizeof(*pooled));

        if (!pooled)
            return -ENOMEM;
        memcpy(pooled->id, id, sizeof(pooled->id));
        pooled->first = job;
        rc = placement_call(&job->placement, job->options, make, pooled);
        if (rc) {
            free(pooled);
            return rc;
        }
        pooled->next = pool;
        *out = pool = pooled;
    }
    (*out)->n_users++;
    *loop = lariat_iothread_loop((*out)->iothread);
    return 0;
}

void iothread_pool_put(struct pooled_iothread *iothread)
{
    if (!iothread || --iothread->n_users)
        return;
    for (struct pooled_iothread **p = &pool; *p; p = &(*p)->next)
        if (*p == iothread) {
            *p = iothread->next;
            break;
        }
    lariat_iothread_destroy(iothread->iothread);
    free(iothread);
}
