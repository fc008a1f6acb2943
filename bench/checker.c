/* SPDX-License-Identifier: MIT */
#include "checker.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpulist.h"
#include "placement.h"

struct block {
    struct bench_io io;
    uint32_t sequence;
};

struct checker {
    void (*fn)(void *opaque, const struct bench_io *io, uint32_t sequence);
    void *opaque;
    const struct job_options *options;
    pthread_t *threads;
    unsigned n_threads, n_buffers;

    pthread_mutex_t lock; /* of all below */
    pthread_cond_t filled, emptied;
    struct block *queue; /* a ring of n_buffers */
    unsigned first, n;
    void **spares; /* all of n_buffers are here: nothing is left to check */
    unsigned n_spares;
    bool stopping;
};

unsigned checker_buffers(const struct job_options *options)
{
    bool checks = options->verify != VERIFY_NONE && options->verify != VERIFY_NULL;

    return checks && options->verify_async ? (unsigned)(options->iodepth + options->verify_async) : 0;
}

static void *thread_main(void *opaque)
{
    struct checker *checker = opaque;

    pthread_setname_np(pthread_self(), "verify");
    pthread_mutex_lock(&checker->lock);
    for (;;) {
        while (!checker->n && !checker->stopping)
            pthread_cond_wait(&checker->filled, &checker->lock);
        if (!checker->n)
            break;
        struct block block = checker->queue[checker->first];

        checker->first = (checker->first + 1) % checker->n_buffers;
        checker->n--;
        pthread_mutex_unlock(&checker->lock);
        checker->fn(checker->opaque, &block.io, block.sequence);
        pthread_mutex_lock(&checker->lock);
        checker->spares[checker->n_spares++] = block.io.buf;
        pthread_cond_signal(&checker->emptied);
    }
    pthread_mutex_unlock(&checker->lock);
    return NULL;
}

static int start(void *opaque)
{
    struct checker *checker = opaque;
    int rc = 0;

    for (; checker->n_threads < checker->options->verify_async; checker->n_threads++) {
        rc = -pthread_create(&checker->threads[checker->n_threads], NULL, thread_main, checker);
        if (rc) {
            fprintf(stderr, "lariat-bench: job %s: --verify_async: no thread: %s\n", checker->options->name, strerror(-rc));
            break;
        }
    }
    return rc;
}

static int start_on_cpus(struct checker *checker)
{
    const char *cpus = checker->options->verify_async_cpus;
    struct placement placement = { .pinned_by = cpus ? "verify_async_cpus" : NULL };

    if (cpus)
        (void)cpulist_parse(cpus, &placement.cpus); /* was checked */
    return placement_call(&placement, checker->options, start, checker);
}

int checker_new(struct checker **out, const struct job_options *options,
                void (*fn)(void *opaque, const struct bench_io *io, uint32_t sequence), void *opaque)
{
    struct checker *checker = calloc(1, sizeof(*checker));

    *out = checker;
    if (!checker)
        return -ENOMEM;
    checker->fn = fn;
    checker->opaque = opaque;
    checker->options = options;
    checker->n_buffers = checker_buffers(options);
    pthread_mutex_init(&checker->lock, NULL);
    pthread_cond_init(&checker->filled, NULL);
    pthread_cond_init(&checker->emptied, NULL);
    checker->threads = calloc(options->verify_async, sizeof(*checker->threads));
    checker->queue = aligned_alloc(_Alignof(struct block), checker->n_buffers * sizeof(*checker->queue));
    checker->spares = calloc(checker->n_buffers, sizeof(*checker->spares));
    int rc = checker->threads && checker->queue && checker->spares ? start_on_cpus(checker) : -ENOMEM;

    if (rc) {
        checker_free(checker);
        *out = NULL;
    }
    return rc;
}

void checker_free(struct checker *checker)
{
    if (!checker)
        return;
    pthread_mutex_lock(&checker->lock);
    checker->stopping = true;
    pthread_cond_broadcast(&checker->filled);
    pthread_mutex_unlock(&checker->lock);
    for (unsigned i = 0; i < checker->n_threads; i++)
        pthread_join(checker->threads[i], NULL);
    pthread_mutex_destroy(&checker->lock);
    pthread_cond_destroy(&checker->filled);
    pthread_cond_destroy(&checker->emptied);
    free(checker->threads);
    free(checker->queue);
    free(checker->spares);
    free(checker);
}

void checker_add_buffer(struct checker *checker, void *buf)
{
    pthread_mutex_lock(&checker->lock);
    checker->spares[checker->n_spares++] = buf;
    pthread_mutex_unlock(&checker->lock);
}

void *checker_hand_over(struct checker *checker, const struct bench_io *io, uint32_t sequence)
{
    pthread_mutex_lock(&checker->lock);
    while (!checker->n_spares)
        pthread_cond_wait(&checker->emptied, &checker->lock);
    void *spare = checker->spares[--checker->n_spares];

    checker->queue[(checker->first + checker->n++) % checker->n_buffers] = (struct block){ *io, sequence };
    pthread_cond_signal(&checker->filled);
    pthread_mutex_unlock(&checker->lock);
    return spare;
}

void checker_drain(struct checker *checker)
{
    pthread_mutex_lock(&checker->lock);
    while (checker->n_spares < checker->n_buffers)
        pthread_cond_wait(&checker->emptied, &checker->lock);
    pthread_mutex_unlock(&checker->lock);
}
