/* SPDX-License-Identifier: MIT */
/*
 * One iteration of a loop: submit, wait (spin, then sleep), reap, run deferred ops, BHs and timers. Everything here runs on
 * the owner; what other threads may do goes through notify.h, bh.c and the parameters' mutex (loop_life.c).
 *
 * What decides about sleeping: the completion queue, the BH list, deferred ops and the earliest timer. The kernel's hint
 * flags (ring_hinted()) never do, because they can stay set with nothing behind them.
 */
#include "loop.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>

#include "clock.h"
#include "cpu.h"
#include "handler.h"
#include "op.h"
#include "seam.h"

#define WAKE_ERRORS_MAX 16
#define TRY_SUBMIT_EVERY 64
#define BACKOFF_NS 1000000 /* while the kernel has no memory for us */

/* ---- the wake-up poll ---- */

static bool wake_event(struct completion *completion, int res, unsigned cqe_flags)
{
    struct lariat_loop *loop = (struct lariat_loop *)((char *)completion - offsetof(struct lariat_loop, wake));

    if (res > 0) {
        stat_add(&loop->stats.notify_wakeups, 1);
        loop->wake_errors = 0;
    }
    if (cqe_flags & IORING_CQE_F_MORE)
        return false;
    /* It ended: a full completion queue ends it, and so does every event of a one-shot poll. Read, or it fires at once. */
    loop->wake_armed = false;
    if (res >= 0)
        notify_drain(&loop->notify);
    else if (res == -EINVAL && !loop->wake_oneshot)
        loop->wake_oneshot = true; /* multishot polls came with Linux 5.13 */
    else if (res != -ECANCELED) /* that was a raw request of the user's to cancel just anything */
        loop->wake_errors++;
    return false;
}

static bool arm_wake(struct lariat_loop *loop)
{
    struct io_uring_sqe *sqe = ring_internal_sqe(&loop->ring);

    if (!sqe)
        return false;
    sqe->opcode = IORING_OP_POLL_ADD;
    sqe->fd = loop->notify.fd;
    sqe->len = loop->wake_oneshot ? 0 : IORING_POLL_ADD_MULTI;
    ring_set_poll_mask(sqe, POLLIN);
    loop->wake.fn = wake_event;
    sqe->user_data = completion_user_data(&loop->wake);
    loop->wake_armed = true;
    return true;
}

bool loop_queue_changes(struct lariat_loop *loop)
{
    bool ok = true;

    if (loop->hooks.first)
        hooks_prepare(loop);
    if (!loop->wake_armed)
        ok = arm_wake(loop);
    if (loop->handlers.dirty)
        ok = handlers_queue(loop) && ok;
    if (loop->parked)
        ok = op_unpark(loop) && ok;
    if (loop->ask_again_ns != CLOCK_NEVER && clock_now_ns() >= loop->ask_again_ns)
        ok = op_cancel_again(loop) && ok;
    return ok;
}

/* ---- waiting ---- */

int loop_tolerate(struct lariat_loop *loop, int err)
{
    if (err == -ETIME || err == -EINTR)
        return 0;
    if (!ring_error_passes(err))
        return err;
    /* No memory, or the completion queue overflown: what is queued stays queued, so reap and try again. */
    if (!loop_has_work(loop))
        seam_sleep_ns(BACKOFF_NS);
    return 0;
}

/* Without a system call if there is nothing to submit and the kernel hints at nothing. */
static inline int submit_now(struct lariat_loop *loop)
{
    int err = 0;

    if (ring_unsubmitted(&loop->ring) || ring_hinted(&loop->ring))
        err = ring_submit(&loop->ring);
    return unlikely(err) ? loop_tolerate(loop, err) : 0;
}

int loop_submit(struct lariat_loop *loop)
{
    return submit_now(loop);
}

enum spin_end { SPIN_WORK, SPIN_DEADLINE, SPIN_VAIN };

/*
 * Look for work until `limit_ns` of the clock or the deadline; *now_ns: when it began, and when it ended. A look takes more
 * than a ns, so there are never more of them than ns in the window, whatever the clock does.
 */
static enum spin_end spin_until(struct lariat_loop *loop, int64_t limit_ns, int64_t deadline_ns, int64_t *now_ns)
{
    struct ring *ring = &loop->ring;
    int64_t n_looks = loop->window_ns;
    bool obey_hint = true;

    for (;;) {
        if (loop_has_work(loop))
            return SPIN_WORK;
        if (obey_hint && unlikely(ring_hinted(ring))) {
            if (ring_get_events(ring) < 0 || ring_cq_ready(ring))
                return SPIN_WORK;
            obey_hint = !ring_hinted(ring); /* nothing came and it is still set: stale */
        }
        cpu_relax();
        *now_ns = clock_now_ns();
        if (*now_ns >= deadline_ns)
            return SPIN_DEADLINE;
        if (*now_ns >= limit_ns || unlikely(--n_looks <= 0))
            return SPIN_VAIN;
    }
}

static bool spin(struct lariat_loop *loop, int64_t deadline_ns, int64_t *now_ns)
{
    int64_t begin_ns = *now_ns;
    int64_t limit_ns = begin_ns <= CLOCK_NEVER - loop->window_ns ? begin_ns + loop->window_ns : CLOCK_NEVER;
    enum spin_end end = spin_until(loop, limit_ns, deadline_ns, now_ns);
    uint64_t spun_ns = (uint64_t)time_between(begin_ns, *now_ns);

    stat_add(&loop->stats.spins, 1);
    stat_add(&loop->stats.spin_ns, spun_ns);
    if (end == SPIN_VAIN)
        stat_add(&loop->stats.spin_vain_ns, spun_ns);
    else
        stat_add(&loop->stats.spins_hit, 1);
    return end != SPIN_VAIN;
}

int loop_sleep_for(struct lariat_loop *loop, int64_t deadline_ns, const struct ring_batch *batch)
{
    bool ready = unlikely(loop->pollers.first != NULL) && pollers_before_sleep(loop);
    struct ring *ring = &loop->ring;
    int err = 0;

    stat_add(&loop->stats.sleeps, 1);
    notify_raise(&loop->notify);
    /* The look after the raise: pairs with push before notify_leave() in bh.c. */
    while (!ready && !atomic_load_explicit(&loop->bh_head, memory_order_acquire)) {
        unsigned before = ring_unsubmitted(ring), after;

        err = ring_wait_batch(ring, batch, deadline_ns, loop->n_storage);
        after = ring_unsubmitted(ring);
        /* A submission cut short does not wait; go on for as long as it advances. */
        if (err || ring_cq_ready(ring) || !after || after >= before)
            break;
    }
    loop->woken_by_notify = notify_lower(&loop->notify);
    if (unlikely(loop->pollers.first != NULL))
        pollers_awake(loop);
    if (loop->woken_by_notify)
        loop->batch.notified_sleep = loop->stats.sleeps;
    return loop_tolerate(loop, err);
}

int loop_sleep(struct lariat_loop *loop, int64_t deadline_ns)
{
    static const struct ring_batch any = { .n = 1 };

    return loop_sleep_for(loop, deadline_ns, &any);
}

static void learn(struct lariat_loop *loop, const struct poll_wait *wait)
{
    int64_t before = loop->window_ns;

    if (!loop->params.max_ns)
        return;
    loop->window_ns = poll_observe(&loop->poll, &loop->params, wait);
    if (loop->window_ns == before)
        return;
    stat_add(loop->window_ns > before ? &loop->stats.window_grown : &loop->stats.window_shrunk, 1);
    stat_set(&loop->stats.window_ns, (uint64_t)loop->window_ns);
}

/* The wait of a loop that neither polls nor measures reads no clock. */
static int wait_for_work(struct lariat_loop *loop)
{
    struct loop_histograms *histograms = loop_histograms(loop);
    int64_t deadline_ns = loop_deadline_ns(loop);
    struct poll_wait wait = { .window_ns = loop->window_ns };
    int64_t begin_ns, now_ns, slept_ns;
    int err = 0;

    if (!loop->params.max_ns && likely(!histograms && !loop->wait_watcher))
        return loop_sleep(loop, deadline_ns);
    if (loop->params.policy == LARIAT_POLL_AUTO && loop->params.max_ns)
        return wait_auto(loop, histograms);
    begin_ns = now_ns = clock_now_ns();
    if (deadline_ns <= begin_ns)
        return submit_now(loop);
    wait.slept = !loop->window_ns || !spin(loop, deadline_ns, &now_ns);
    wait.spun_ns = time_between(begin_ns, now_ns);
    if (wait.slept) {
        slept_ns = now_ns;
        err = loop_sleep(loop, deadline_ns);
        now_ns = clock_now_ns();
        stat_add(&loop->stats.sleep_ns, (uint64_t)time_between(slept_ns, now_ns));
    }
    wait.waited_ns = time_between(begin_ns, now_ns);
    learn(loop, &wait);
    loop_waited(loop, histograms, &wait);
    return err;
}

/*
 * Should what is queued be submitted without waiting first? While the window is open, always: spinning comes next. While it
 * is closed, waiting in the same system call saves one, unless the requests complete inside the submit, as reads from the
 * page cache do: then the wait, and announcing it to producers, only cost. Which it is, is tried now and then.
 */
static bool submit_first(struct lariat_loop *loop, bool may_spin)
{
    if (may_spin || loop->submits_complete)
        return true;
    return ++loop->submits_waited >= TRY_SUBMIT_EVERY;
}

/* Submit what is queued, and wait if that is allowed and needed. */
static int submit_and_wait(struct lariat_loop *loop, bool blocking)
{
    bool may_sleep = loop_queue_internal(loop) && blocking;
    unsigned n_wait;

    if (!may_sleep || loop_has_work(loop))
        return submit_now(loop);
    n_wait = wait_batch_size(loop);
    if (ring_unsubmitted(&loop->ring) && submit_first(loop, loop->window_ns && n_wait == 1)) {
        int err = submit_now(loop);

        loop->submits_complete = ring_cq_ready(&loop->ring);
        loop->submits_waited = 0;
        if (err || loop_has_work(loop))
            return err;
    }
    return likely(n_wait == 1) ? wait_for_work(loop) : wait_batch(loop, n_wait);
}

/* ---- running callbacks ---- */

/* Each slot is given back before its callback runs, which may fill the ring anew. */
static bool reap_until(struct lariat_loop *loop, unsigned tail)
{
    struct ring *ring = &loop->ring;
    bool progress = false;

    for (unsigned head = *ring->cq_khead; head != tail;) {
        const struct io_uring_cqe *cqe = &ring->cqes[head & ring->cq_mask];
        uint64_t user_data = cqe->user_data;
        unsigned cqe_flags = cqe->flags;
        int res = cqe->res;

        /* Release: the CQE has been read before the kernel may write the slot again. */
        __atomic_store_n(ring->cq_khead, ++head, __ATOMIC_RELEASE);
        if (likely(user_data && !(user_data & COMPLETION_TAG))) {
            progress |= op_complete(loop, (struct lariat_op *)(uintptr_t)user_data, res, cqe_flags);
        } else if (user_data) {
            struct completion *completion = (struct completion *)(uintptr_t)(user_data & ~COMPLETION_TAG);

            progress |= completion->fn(completion, res, cqe_flags);
        }
    }
    return progress;
}

/* Bounded by a snapshot of the tail. */
bool loop_reap(struct lariat_loop *loop)
{
    struct ring *ring = &loop->ring;
    unsigned tail = __atomic_load_n(ring->cq_ktail, __ATOMIC_ACQUIRE);
    unsigned n = tail - *ring->cq_khead;

    if (!n)
        return false;
    stat_add(&loop->stats.cqes_reaped, n);
    if (n > loop->stats.batch_max)
        stat_set(&loop->stats.batch_max, n);
    return reap_until(loop, tail);
}

static bool run_timers(struct lariat_loop *loop)
{
    unsigned n = timers_run(&loop->timers);

    stat_add(&loop->stats.timers_fired, n);
    return n > 0;
}

int loop_iterate(struct lariat_loop *loop, bool blocking)
{
    bool progress = false;
    int err;

    stat_add(&loop->stats.iterations, 1);
    if (unlikely(atomic_load_explicit(&loop->tuning_version, memory_order_relaxed) != loop->tuning_seen))
        (void)loop_take_tuning(loop); /* a limit of workers that the kernel refuses now was no promise */
    err = submit_and_wait(loop, blocking);
    if (unlikely(loop->wake_errors > WAKE_ERRORS_MAX))
        err = -EBADF; /* nobody could wake this loop: its eventfd was closed behind its back */
    if (unlikely(err))
        return err;
    if (ring_cq_ready(&loop->ring))
        progress = loop_reap(loop);
    if (unlikely(loop->deferred.first != NULL))
        progress |= op_run_deferred(loop);
    if (atomic_load_explicit(&loop->bh_head, memory_order_relaxed))
        progress |= bh_run_slice(loop);
    if (unlikely(loop->pollers.first != NULL))
        progress |= pollers_run(loop); /* after the BHs: one of them may have been the notification */
    if (loop->timers.n || unlikely(loop->timers.spill != NULL))
        progress |= run_timers(loop);
    return progress;
}

int lariat_loop_poll(struct lariat_loop *loop, bool blocking)
{
    struct lariat_loop *outer;
    int ret;

    assert_owner(loop, __func__);
    if (unlikely(loop->polling))
        return -EDEADLK;
    loop->prepared = false;
    loop->polling = true;
    outer = loop_set_current(loop);
    if (likely(!atomic_load_explicit(&loop->closed, memory_order_relaxed)))
        ret = loop_iterate(loop, blocking);
    else
        ret = op_run_deferred(loop) ? 1 : -ESHUTDOWN; /* what was submitted after the close still gets its answer */
    loop_set_current(outer);
    loop->polling = false;
    return ret;
}
