/* SPDX-License-Identifier: MIT */
/*
 * Why this is fair: every post hands over a node that exists already. libuv and libev have only a bare wake-up, so a queue
 * is the application's business: a list under a mutex, cut off at once by the consumer and run outside the lock, which is
 * what their users write. Their send functions coalesce, so they are called for each node, as their manuals say one may.
 * GLib brings its own queue, and allocates a source per callback; there is no other way to run something in a context of
 * another thread. The threads and their CPUs are the same for all.
 */
#include "config.h"

#include <errno.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include <lariat/lariat.h>

#ifdef HAVE_LIBUV
#include <uv.h>
#endif
#ifdef HAVE_LIBEV
#include <ev.h>
#endif
#ifdef HAVE_GLIB
#include <glib.h>
#endif

#include "microbench_loop.h"

struct mb_loop {
    struct lariat_iothread *iothread;
    struct lariat_loop *lariat;

    /* of the peers */
    pthread_t thread;
    sem_t up;
    int cpu;
    int error; /* written before `up` is posted */
    atomic_bool stopping;
    pthread_mutex_t lock;
    struct mb_node *head;
    struct mb_node **tail;
#ifdef HAVE_LIBUV
    uv_async_t uv_async;
#endif
#ifdef HAVE_LIBEV
    struct ev_loop *ev;
    ev_async ev_async;
#endif
#ifdef HAVE_GLIB
    GMainContext *glib;
#endif
};

void mb_pin(int cpu)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET((unsigned)cpu, &set);
    pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

/* ---- ours ---- */

static int lariat_start(int cpu, int64_t poll_max_ns, struct mb_loop **out)
{
    struct lariat_iothread_options options = LARIAT_IOTHREAD_OPTIONS_INIT;
    struct lariat_loop_options loop_options = LARIAT_LOOP_OPTIONS_INIT;
    struct lariat_poll_params poll;
    struct mb_loop *loop = calloc(1, sizeof *loop);
    char affinity[16];
    int ret;

    if (!loop)
        return -ENOMEM;
    lariat_poll_params_init(&poll, LARIAT_POLL_CLASSIC);
    poll.max_ns = poll_max_ns;
    loop_options.poll = &poll;
    snprintf(affinity, sizeof affinity, "%d", cpu);
    options.loop = &loop_options;
    options.internal = true; /* there are several of that id */
    options.cpu_affinity = affinity;
    ret = lariat_iothread_new("microbench", &options, &loop->iothread);
    if (ret) {
        free(loop);
        return ret;
    }
    loop->lariat = lariat_iothread_loop(loop->iothread);
    *out = loop;
    return 0;
}

static void lariat_stop(struct mb_loop *loop)
{
    lariat_iothread_destroy(loop->iothread);
    free(loop);
}

static void lariat_run_node(void *opaque)
{
    struct mb_node *node = opaque;

    node->fn(node);
}

static int lariat_add(struct mb_loop *loop, struct mb_node *node)
{
    return lariat_bh_new(loop->lariat, "microbench", lariat_run_node, node, &node->bh);
}

static int lariat_post(struct mb_loop *loop, struct mb_node *node)
{
    (void)loop;
    return lariat_bh_schedule(node->bh);
}

static void lariat_remove(struct mb_loop *loop, struct mb_node *node)
{
    (void)loop;
    lariat_bh_delete(node->bh);
    node->bh = NULL;
}

static int nothing_to_add(struct mb_loop *loop, struct mb_node *node)
{
    (void)loop;
    (void)node;
    return 0;
}

static void nothing_to_remove(struct mb_loop *loop, struct mb_node *node)
{
    (void)loop;
    (void)node;
}

static int lariat_post_oneshot(struct mb_loop *loop, struct mb_node *node)
{
    return lariat_bh_schedule_oneshot(loop->lariat, lariat_run_node, node);
}

const struct mb_loop_ops mb_loop_lariat = { lariat_start, lariat_add, lariat_post, lariat_remove, lariat_stop };
const struct mb_loop_ops mb_loop_lariat_oneshot = { lariat_start, nothing_to_add, lariat_post_oneshot, nothing_to_remove,
                                                    lariat_stop };

/* ---- what the peers share ---- */

#if defined(HAVE_LIBUV) || defined(HAVE_LIBEV)
static void queue_push(struct mb_loop *loop, struct mb_node *node)
{
    node->next = NULL;
    pthread_mutex_lock(&loop->lock);
    *loop->tail = node;
    loop->tail = &node->next;
    pthread_mutex_unlock(&loop->lock);
}

static void queue_run(struct mb_loop *loop)
{
    struct mb_node *node;

    pthread_mutex_lock(&loop->lock);
    node = loop->head;
    loop->head = NULL;
    loop->tail = &loop->head;
    pthread_mutex_unlock(&loop->lock);
    while (node) {
        struct mb_node *next = node->next; /* fn may have it posted again */

        node->fn(node);
        node = next;
    }
}
#endif

#if defined(HAVE_LIBUV) || defined(HAVE_LIBEV) || defined(HAVE_GLIB)
static void peer_free(struct mb_loop *loop)
{
    sem_destroy(&loop->up);
    pthread_mutex_destroy(&loop->lock);
    free(loop);
}

static void peer_up(struct mb_loop *loop, int error)
{
    loop->error = error;
    sem_post(&loop->up);
}

static int peer_start(void *(*main_fn)(void *), int cpu, struct mb_loop **out)
{
    struct mb_loop *loop = calloc(1, sizeof *loop);
    int ret;

    if (!loop)
        return -ENOMEM;
    loop->cpu = cpu;
    loop->tail = &loop->head;
    atomic_init(&loop->stopping, false);
    sem_init(&loop->up, 0, 0);
    pthread_mutex_init(&loop->lock, NULL);
    ret = -pthread_create(&loop->thread, NULL, main_fn, loop);
    if (ret) {
        peer_free(loop);
        return ret;
    }
    while (sem_wait(&loop->up))
        ;
    ret = loop->error;
    if (ret) {
        pthread_join(loop->thread, NULL);
        peer_free(loop);
        return ret;
    }
    *out = loop;
    return 0;
}

/* After `stopping` was set and the loop woken. */
static void peer_join(struct mb_loop *loop)
{
    pthread_join(loop->thread, NULL);
    peer_free(loop);
}
#endif

/* ---- libuv ---- */

#ifdef HAVE_LIBUV
static void uv_woken(uv_async_t *async)
{
    struct mb_loop *loop = async->data;

    queue_run(loop);
    if (atomic_load(&loop->stopping))
        uv_close((uv_handle_t *)async, NULL); /* the last handle: uv_run() returns */
}

static void *uv_main(void *opaque)
{
    struct mb_loop *loop = opaque;
    uv_loop_t uv;
    int ret;

    mb_pin(loop->cpu);
    ret = uv_loop_init(&uv);
    if (ret) {
        peer_up(loop, ret);
        return NULL;
    }
    loop->uv_async.data = loop;
    ret = uv_async_init(&uv, &loop->uv_async, uv_woken);
    peer_up(loop, ret);
    if (!ret)
        uv_run(&uv, UV_RUN_DEFAULT);
    uv_loop_close(&uv);
    return NULL;
}

static int uv_start(int cpu, int64_t poll_max_ns, struct mb_loop **out)
{
    (void)poll_max_ns;
    return peer_start(uv_main, cpu, out);
}

static int uv_post(struct mb_loop *loop, struct mb_node *node)
{
    queue_push(loop, node);
    return uv_async_send(&loop->uv_async);
}

static void uv_stop_loop(struct mb_loop *loop)
{
    atomic_store(&loop->stopping, true);
    uv_async_send(&loop->uv_async);
    peer_join(loop);
}

const struct mb_loop_ops mb_loop_uv = { uv_start, nothing_to_add, uv_post, nothing_to_remove, uv_stop_loop };
#endif

/* ---- libev ---- */

#ifdef HAVE_LIBEV
static void ev_woken(struct ev_loop *ev, ev_async *async, int events)
{
    struct mb_loop *loop = async->data;

    (void)events;
    queue_run(loop);
    if (atomic_load(&loop->stopping))
        ev_break(ev, EVBREAK_ALL);
}

static void *ev_main(void *opaque)
{
    struct mb_loop *loop = opaque;

    mb_pin(loop->cpu);
    loop->ev = ev_loop_new(EVFLAG_AUTO);
    if (!loop->ev) {
        peer_up(loop, -ENOMEM);
        return NULL;
    }
    ev_async_init(&loop->ev_async, ev_woken);
    loop->ev_async.data = loop;
    ev_async_start(loop->ev, &loop->ev_async);
    peer_up(loop, 0);
    ev_run(loop->ev, 0);
    ev_loop_destroy(loop->ev);
    return NULL;
}

static int ev_start(int cpu, int64_t poll_max_ns, struct mb_loop **out)
{
    (void)poll_max_ns;
    return peer_start(ev_main, cpu, out);
}

static int ev_post(struct mb_loop *loop, struct mb_node *node)
{
    queue_push(loop, node);
    ev_async_send(loop->ev, &loop->ev_async);
    return 0;
}

static void ev_stop_loop(struct mb_loop *loop)
{
    atomic_store(&loop->stopping, true);
    ev_async_send(loop->ev, &loop->ev_async);
    peer_join(loop);
}

const struct mb_loop_ops mb_loop_ev = { ev_start, nothing_to_add, ev_post, nothing_to_remove, ev_stop_loop };
#endif

/* ---- GLib ---- */

#ifdef HAVE_GLIB
static void *glib_main(void *opaque)
{
    struct mb_loop *loop = opaque;

    mb_pin(loop->cpu);
    loop->glib = g_main_context_new();
    g_main_context_acquire(loop->glib);
    peer_up(loop, 0);
    while (!atomic_load_explicit(&loop->stopping, memory_order_relaxed))
        g_main_context_iteration(loop->glib, TRUE);
    g_main_context_release(loop->glib);
    g_main_context_unref(loop->glib);
    return NULL;
}

static int glib_start(int cpu, int64_t poll_max_ns, struct mb_loop **out)
{
    (void)poll_max_ns;
    return peer_start(glib_main, cpu, out);
}

static gboolean glib_run_node(gpointer opaque)
{
    struct mb_node *node = opaque;

    node->fn(node);
    return G_SOURCE_REMOVE;
}

static int glib_post(struct mb_loop *loop, struct mb_node *node)
{
    g_main_context_invoke(loop->glib, glib_run_node, node);
    return 0;
}

static gboolean glib_set_stopping(gpointer opaque)
{
    struct mb_loop *loop = opaque;

    atomic_store(&loop->stopping, true);
    return G_SOURCE_REMOVE;
}

static void glib_stop(struct mb_loop *loop)
{
    g_main_context_invoke(loop->glib, glib_set_stopping, loop);
    peer_join(loop);
}

const struct mb_loop_ops mb_loop_glib = { glib_start, nothing_to_add, glib_post, nothing_to_remove, glib_stop };
#endif
