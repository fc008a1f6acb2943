/* SPDX-License-Identifier: MIT */
/*
 * The end of a loop's life, as lariat_loop_close() describes it, in bounded steps:
 *   1. BHs are refused; what was on the list runs once more.
 *   2. Timers and handlers are dropped; cancellable ops are cancelled; storage ops are waited for.
 *   3. Ops that arrive meanwhile end with -ESHUTDOWN, but fsync, sync_file_range and close go through (as many as
 *      LATE_OPS_MAX), so a callback that submits again for ever cannot hold the stop.
 */
#include "clock.h"
#include "handler.h"
#include "loop.h"
#include "op.h"

#define LATE_OPS_MAX 1024
#define REFUSED_ROUNDS_MAX 16

/* Sleep until a completion arrives. The wake-up poll needs no arming any more: nobody is let in to notify. */
static int wait_completion(struct lariat_loop *loop)
{
    handlers_queue(loop);
    return loop_tolerate(loop, ring_wait(&loop->ring, CLOCK_NEVER, loop->n_storage));
}

/* One round: true as long as something is in flight. *rounds counts those in which the kernel completed nothing. */
static bool drain_round(struct lariat_loop *loop, unsigned *rounds, int *err)
{
    bool in_kernel = loop->n_ops > loop->deferred.n || loop->handlers.n_armed;

    if (!loop->n_ops && !in_kernel)
        return false;
    op_cancel_all(loop);
    if (*rounds >= REFUSED_ROUNDS_MAX && !in_kernel)
        return false; /* only ops that were told -ESHUTDOWN and came again */
    if (in_kernel && (!loop->deferred.first || *rounds >= REFUSED_ROUNDS_MAX) && !ring_cq_ready(&loop->ring))
        *err = wait_completion(loop);
    if (*err)
        return false;
    *rounds = ring_cq_ready(&loop->ring) ? 0 : *rounds + 1;
    loop_reap(loop);
    op_run_deferred(loop);
    return true;
}

int loop_drain(struct lariat_loop *loop)
{
    unsigned rounds = 0;
    int err = 0;

    loop->stopping = true;
    atomic_fetch_or_explicit(&loop->attention, ATTENTION_STOPPING, memory_order_relaxed);
    loop->late_ops = LATE_OPS_MAX;
    bh_list_close(loop);
    bh_run_slice(loop);
    timers_exit(&loop->timers);
    handlers_drop(loop);
    while (drain_round(loop, &rounds, &err))
        ;
    op_drop_deferred(loop);
    return err;
}
