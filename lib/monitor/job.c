/* SPDX-License-Identifier: MIT */
#include "job.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <lariat/bh.h>

#include "client.h"
#include "monitor.h"

struct monitor_job {
    struct monitor_job *next;
    struct monitor_client *client; /* NULL: it is gone */
    struct lariat_bh *bh;
    struct monitor_request request;
    pthread_t thread;
    atomic_bool done;
};

static void job_free(struct monitor_job *job)
{
    pthread_join(job->thread, NULL);
    monitor_request_free(&job->request);
    free(job);
}

static void *helper(void *opaque)
{
    struct monitor_job *job = opaque;
    struct lariat_bh *bh = job->bh;

    monitor_request_run(&job->request);
    atomic_store_explicit(&job->done, true,
                          memory_order_release); /* pairs with finish_jobs(); the job may be gone after it */
    lariat_bh_schedule(bh); /* refused only while the monitor stops, which joins its helpers before it frees the BH */
    return NULL;
}

/* On the monitor's iothread. */
static void finish_jobs(void *opaque)
{
    struct lariat_monitor *monitor = opaque;
    struct monitor_job **link = &monitor->jobs.head, *job;

    while ((job = *link)) {
        if (!atomic_load_explicit(&job->done, memory_order_acquire)) { /* pairs with helper() */
            link = &job->next;
            continue;
        }
        *link = job->next;
        if (job->client)
            monitor_client_answer(job->client, &job->request); /* may start another, at the head of the list */
        job_free(job);
        link = &monitor->jobs.head;
    }
}

int monitor_jobs_init(struct lariat_monitor *monitor)
{
    return lariat_bh_new(monitor->loop, "monitor-jobs", finish_jobs, monitor, &monitor->jobs.bh);
}

struct monitor_job *monitor_job_start(struct lariat_monitor *monitor, struct monitor_client *client,
                                      struct monitor_request *request)
{
    struct monitor_job *job = calloc(1, sizeof(*job));
    int err;

    if (!job) {
        monitor_request_fail(request, MONITOR_ERROR_GENERIC, "out of memory");
        return NULL;
    }
    job->client = client;
    job->bh = monitor->jobs.bh;
    job->request = *request;
    job->request.session = NULL;
    atomic_init(&job->done, false);
    err = pthread_create(&job->thread, NULL, helper, job);
    if (err) {
        free(job);
        monitor_request_fail_errno(request, -err, NULL);
        return NULL;
    }
    job->next = monitor->jobs.head;
    monitor->jobs.head = job;
    return job;
}

void monitor_job_forget(struct monitor_job *job)
{
    job->client = NULL;
}

void monitor_jobs_abandon(struct monitor_jobs *jobs)
{
    jobs->orphans = jobs->head;
    jobs->head = NULL;
}

void monitor_jobs_free(struct monitor_jobs *jobs)
{
    struct monitor_job *job;

    while ((job = jobs->orphans)) {
        jobs->orphans = job->next;
        job_free(job);
    }
    lariat_bh_delete(jobs->bh);
}
