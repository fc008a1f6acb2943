/* SPDX-License-Identifier: MIT */
#include "plain_thread.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct plain_thread {
    const struct plain_body *body;
    pthread_t thread;
    sem_t ready, gate;
    int setup_rc;
    bool cancelled; /* finish() came without go() */
    void *state;
};

static void wait_for(sem_t *sem)
{
    while (sem_wait(sem) && errno == EINTR)
        ;
}

static void *thread_main(void *opaque)
{
    struct bench_job *job = opaque;
    struct plain_thread *plain = job->engine_state;
    char name[16];

    snprintf(name, sizeof(name), "job%u", job->index);
    pthread_setname_np(pthread_self(), name);
    plain->setup_rc = placement_apply(&job->placement, job->options);
    if (!plain->setup_rc)
        plain->setup_rc = plain->body->setup(job);
    bool good = !plain->setup_rc;
    sem_post(&plain->ready);
    if (!good)
        return NULL;
    wait_for(&plain->gate);
    if (!plain->cancelled) {
        plain->body->run(job);
        job_done(job);
    }
    plain->body->teardown(job);
    return NULL;
}

static void destroy(struct bench_job *job)
{
    struct plain_thread *plain = job->engine_state;

    sem_destroy(&plain->ready);
    sem_destroy(&plain->gate);
    free(plain);
    job->engine_state = NULL;
}

int plain_prepare(struct bench_job *job, const struct plain_body *body)
{
    struct plain_thread *plain = calloc(1, sizeof(*plain));

    if (!plain)
        return -ENOMEM;
    plain->body = body;
    sem_init(&plain->ready, 0, 0);
    sem_init(&plain->gate, 0, 0);
    job->engine_state = plain;
    int rc = -pthread_create(&plain->thread, NULL, thread_main, job);

    if (rc) {
        fprintf(stderr, "lariat-bench: job %s: no thread: %s\n", job->options->name, strerror(-rc));
        destroy(job);
        return rc;
    }
    wait_for(&plain->ready);
    rc = plain->setup_rc;
    if (rc) {
        pthread_join(plain->thread, NULL);
        destroy(job);
    }
    return rc;
}

void plain_go(struct bench_job *job)
{
    struct plain_thread *plain = job->engine_state;

    sem_post(&plain->gate);
}

void plain_finish(struct bench_job *job)
{
    struct plain_thread *plain = job->engine_state;

    if (!job->done) { /* go() was not called: else we are called when all is done */
        plain->cancelled = true;
        sem_post(&plain->gate);
    }
    pthread_join(plain->thread, NULL);
    destroy(job);
}

void plain_set_state(struct bench_job *job, void *state)
{
    struct plain_thread *plain = job->engine_state;

    plain->state = state;
}

void *plain_state(const struct bench_job *job)
{
    const struct plain_thread *plain = job->engine_state;

    return plain->state;
}
