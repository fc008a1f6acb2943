/* SPDX-License-Identifier: MIT */
/*
 * The end of a loop's life, as lariat_loop_close() describes it, in bounded steps:
 *   1. BHs are refused; what was on the list runs once more.
 *   2. Timers and handlers are dropped; cancellable ops are cancelled; storage ops are waited for.
 *   3. Ops that arrive meanwhile end with -ESHUTDOWN, but fsync, sync_file_range and close go through (a bounded
 *      number), so a callback that submits again for ever cannot hold the stop.
 */
#include <errno.h>

#include "clock.h"
#include "handler.h"
#include "loop.h"
#include "op.h"

#define LATE_OPS_LEAST 1024
#define LATE_OPS_PER_OP 4
#define REFUSED_ROUNDS_MAX 1024
#define ASK_AGAIN_NS 50000000 /* a request to cancel that went astray must not hold the stop for ever */

struct drain {
    unsigned n_rounds;    /* in a row in which the kernel completed nothing */
    unsigned n_ops_asked; /* ops in flight when the cancels were sent; another number now: some ended or came */
    bool again;           /* waiting brought nothing for ASK_AGAIN_NS */
};

/* Sleep until a completion arrives. The wake-up poll needs no arming any more: nobody is let in to notify. */
static int wait_completion(struct lariat_loop *loop, struct drain *drain)
{
    bool storage_only = !loop->cancellable && !loop->handlers.n_armed;
    int err;

    handlers_queue(loop);
    op_unpark(loop);
    err = ring_wait(&loop->ring, storage_only ? CLOCK_NEVER : clock_now_ns() + ASK_AGAIN_NS, loop->n_storage);
    drain->again = err == -ETIME;
    return loop_tolerate(loop, err);
}

static void cancel_ops(struct lariat_loop *loop, struct drain *drain)
{
    op_cancel_all(loop, loop->n_ops != drain->n_ops_asked, drain->again);
    drain->n_ops_asked = loop->n_ops;
    drain->again = false;
}

/* One round: true as long as something is in flight. */
static bool drain_round(struct lariat_loop *loop, struct drain *drain, int *err)
{
    bool in_kernel = loop->n_ops > loop->deferred.n || loop->handlers.n_armed;
    bool patient = drain->n_rounds < REFUSED_ROUNDS_MAX;

    if (!in_kernel && (!loop->n_ops || !patient))
        return false; /* if any are left, they were told -ESHUTDOWN and came again */
    cancel_ops(loop, drain);
    if (in_kernel && (!loop->deferred.first || !patient) && !ring_cq_ready(&loop->ring))
        *err = wait_completion(loop, drain);
    if (*err)
        return false;
    drain->n_rounds = ring_cq_ready(&loop->ring) ? 0 : drain->n_rounds + 1;
    loop_reap(loop);
    op_run_deferred(loop);
    return true;
}

int loop_drain(struct lariat_loop *loop)
{
    struct drain drain = { 0, 0, false };
    int err = 0;

    loop->stopping = true;
    loop->late_ops = LATE_OPS_LEAST + LATE_OPS_PER_OP * loop->n_ops;
    atomic_fetch_or_explicit(&loop->attention, ATTENTION_STOPPING, memory_order_relaxed);
    bh_list_close(loop);
    bh_run_slice(loop);
    timers_exit(&loop->timers);
    pollers_drop(loop);
    handlers_drop(loop);
    while (drain_round(loop, &drain, &err))
        ;
    op_drop_deferred(loop);
    return err;
}
