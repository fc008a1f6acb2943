/* SPDX-License-Identifier: MIT */
/*
 * Print a file that another thread reads: it passes the blocks through a queue in shared memory, and makes a system call only
 * when the loop sleeps.
 *
 *     cc poller-queue.c $(pkg-config --cflags --libs lariat) -pthread && ./a.out FILE
 */
#include <lariat/lariat.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>

enum { N_SLOTS = 16, SLOT_BYTES = 512 };

struct queue {
    struct {
        size_t bytes; /* 0: the end of the file */
        char data[SLOT_BYTES];
    } slots[N_SLOTS];
    atomic_uint head;   /* of the producer */
    atomic_uint tail;   /* of the loop */
    atomic_bool notify; /* written by the loop: it sleeps, or is going to */
    struct lariat_loop *loop;
    FILE *file;
    int done;
};

/* ---- the producer ---- */

static void *produce(void *opaque)
{
    struct queue *q = opaque;
    size_t bytes = 1;

    for (unsigned head = 0; bytes; head++) {
        while (head - atomic_load_explicit(&q->tail, memory_order_acquire) == N_SLOTS)
            sched_yield(); /* full */
        bytes = fread(q->slots[head % N_SLOTS].data, 1, SLOT_BYTES, q->file);
        q->slots[head % N_SLOTS].bytes = bytes;
        /* Publish first, and then look whether to notify, with a full barrier in between. */
        atomic_store_explicit(&q->head, head + 1, memory_order_release);
        atomic_thread_fence(memory_order_seq_cst);
        if (atomic_load_explicit(&q->notify, memory_order_relaxed))
            lariat_loop_notify(q->loop);
    }
    return NULL;
}

/* ---- the loop's side ---- */

static bool queue_poll(void *opaque)
{
    struct queue *q = opaque;

    return atomic_load_explicit(&q->head, memory_order_acquire) != atomic_load_explicit(&q->tail, memory_order_relaxed);
}

/* A full queue at most, so that the loop's other sources have their turn. */
static void queue_ready(void *opaque)
{
    struct queue *q = opaque;

    for (int i = 0; i < N_SLOTS && queue_poll(q); i++) {
        unsigned tail = atomic_load_explicit(&q->tail, memory_order_relaxed);
        size_t bytes = q->slots[tail % N_SLOTS].bytes;

        fwrite(q->slots[tail % N_SLOTS].data, 1, bytes, stdout);
        q->done = bytes == 0;
        atomic_store_explicit(&q->tail, tail + 1, memory_order_release);
    }
}

static void queue_before_sleep(void *opaque)
{
    atomic_store_explicit(&((struct queue *)opaque)->notify, true, memory_order_relaxed);
}

static void queue_after_sleep(void *opaque)
{
    atomic_store_explicit(&((struct queue *)opaque)->notify, false, memory_order_relaxed);
}

int main(int argc, char **argv)
{
    static struct queue q;
    struct lariat_poller *poller;
    pthread_t producer;

    q.file = fopen(argv[argc - 1], "r");
    int err = lariat_loop_new(NULL, &q.loop);
    if (!q.file || err < 0) {
        fprintf(stderr, "%s\n", err < 0 ? lariat_explain_setup(err) : "no such file");
        return err < 0 ? 77 : 1;
    }
    if (lariat_poller_new(q.loop, queue_poll, queue_ready, &q, &poller) < 0)
        return 1;
    lariat_poller_set_sleep_callbacks(poller, queue_before_sleep, queue_after_sleep);
    if (pthread_create(&producer, NULL, produce, &q) != 0)
        return 1;
    while (!q.done && lariat_loop_poll(q.loop, true) >= 0)
        continue;
    if (!q.done)
        return 1; /* the ring failed */
    pthread_join(producer, NULL); /* it may be about to notify: before the loop goes */
    lariat_poller_delete(poller);
    lariat_loop_unref(q.loop); /* closes it */
    fclose(q.file);
    return 0;
}
