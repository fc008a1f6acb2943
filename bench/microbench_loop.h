/* SPDX-License-Identifier: MIT */
/*
 * A thread that runs an event loop of one of the libraries, onto which any thread may post callbacks: the same shape for
 * all, so that the cross-thread measures are written once.
 */
#ifndef LARIAT_MICROBENCH_LOOP_H
#define LARIAT_MICROBENCH_LOOP_H

#include <pthread.h>
#include <stdint.h>

struct lariat_bh;
struct mb_loop;

/* A callback made beforehand; runs on the loop's thread each time it is posted. */
struct mb_node {
    void (*fn)(struct mb_node *node);
    void *opaque;
    struct mb_node *next; /* peers: in the queue */
    struct lariat_bh *bh; /* ours */
};

struct mb_loop_ops {
    int (*start)(int cpu, int64_t poll_max_ns, struct mb_loop **out); /* cpu: where the thread runs, always */
    int (*add)(struct mb_loop *loop, struct mb_node *node);           /* before the first post */
    int (*post)(struct mb_loop *loop, struct mb_node *node);          /* any thread; not again before it ran */
    void (*remove)(struct mb_loop *loop, struct mb_node *node);
    void (*stop)(struct mb_loop *loop); /* joins; nothing may be posted any more */
};

extern const struct mb_loop_ops mb_loop_lariat;         /* lariat_bh_schedule() */
extern const struct mb_loop_ops mb_loop_lariat_oneshot; /* lariat_bh_schedule_oneshot(), which allocates */
extern const struct mb_loop_ops mb_loop_uv;             /* uv_async_send() and a mutexed queue */
extern const struct mb_loop_ops mb_loop_ev;             /* ev_async_send() and a mutexed queue */
extern const struct mb_loop_ops mb_loop_glib;           /* g_main_context_invoke(), which allocates */

/* Keep the calling thread on one CPU. */
void mb_pin(int cpu);

#endif
