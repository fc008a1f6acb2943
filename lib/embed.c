/* SPDX-License-Identifier: MIT */
/*
 * A loop inside somebody else's event loop. prepare takes the place of the half of an iteration before the sleep, check of
 * the wake-up, dispatch of the rest. While `prepared` is set, whatever is queued on the loop notifies it: it would otherwise
 * not be submitted before the outer wait ends.
 */
#include <errno.h>

#include "clock.h"
#include "handler.h"
#include "loop.h"

int lariat_loop_fd(struct lariat_loop *loop)
{
    assert_owner(loop, __func__);
    if (!loop->embed)
        return -EOPNOTSUPP; /* nobody would wake the pollers of a DEFER_TASKRUN ring's descriptor */
    if (atomic_load_explicit(&loop->closed, memory_order_relaxed))
        return -ESHUTDOWN;
    return loop->ring.fd;
}

static int64_t timeout_ns(struct lariat_loop *loop)
{
    int64_t deadline_ns = loop_deadline_ns(loop);
    int64_t now_ns;

    if (loop_has_work(loop) || pollers_look_all(loop))
        return 0;
    if (deadline_ns == CLOCK_NEVER)
        return -1;
    now_ns = clock_now_ns();
    return deadline_ns > now_ns ? deadline_ns - now_ns : 0;
}

int lariat_loop_prepare(struct lariat_loop *loop, int64_t *timeout)
{
    bool queued_all, ready;
    int err;

    assert_owner(loop, __func__);
    require(timeout, __func__, "timeout_ns");
    if (!loop->embed)
        return -EOPNOTSUPP;
    if (loop->polling)
        return -EDEADLK;
    if (atomic_load_explicit(&loop->closed, memory_order_relaxed))
        return -ESHUTDOWN;
    queued_all = loop_queue_internal(loop);
    err = ring_submit(&loop->ring); /* runs what the kernel hints at, once; afterwards only the completion queue counts */
    if (err && !ring_error_passes(err))
        return err;
    notify_raise(&loop->notify);
    loop->prepared = true;
    ready = pollers_before_sleep(loop);
    *timeout = queued_all && !err && !ready && !ring_left_over(&loop->ring) ? timeout_ns(loop) : 0;
    return 0;
}

bool lariat_loop_check(struct lariat_loop *loop)
{
    assert_owner(loop, __func__);
    if (atomic_load_explicit(&loop->closed, memory_order_relaxed))
        return false;
    loop->prepared = false;
    notify_lower(&loop->notify);
    pollers_awake(loop);
    if (ring_hinted(&loop->ring))
        (void)ring_get_events(&loop->ring); /* an error shows again in dispatch */
    return timeout_ns(loop) == 0 || ring_left_over(&loop->ring) || loop->handlers.dirty;
}

int lariat_loop_dispatch(struct lariat_loop *loop)
{
    assert_owner(loop, __func__);
    if (!loop->embed)
        return -EOPNOTSUPP;
    return lariat_loop_poll(loop, false);
}
