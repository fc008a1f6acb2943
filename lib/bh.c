/* SPDX-License-Identifier: MIT */
/*
 * Bottom halves: an intrusive lock-free list per loop, newest first, that the owner takes whole and turns round.
 *
 * Who may touch a BH: whoever sets BH_PENDING from 0 owns `next` and must push it; from the push on only the owner of the
 * loop touches `next`, and the pusher touches nothing of the BH. The owner clears BH_SCHEDULED and BH_PENDING before it calls
 * fn, so a schedule during fn pushes anew, and touches nothing of the BH after that, so fn or another thread may delete it.
 * Pushing happens between notify_enter() and notify_leave(), so once notify_close() has returned, everything that was
 * accepted is on the list. The protocol, with its mutants, is modelled in tests/model/.
 */
#include "bh.h"

#include <errno.h>
#include <semaphore.h>
#include <stdlib.h>

#include "cpu.h"
#include "loop.h"

static void push(struct lariat_loop *loop, struct lariat_bh *bh)
{
    struct lariat_bh *head = atomic_load_explicit(&loop->bh_head, memory_order_relaxed);

    /* Release: pairs with the acquire exchange in take_slice(); fn sees what was written before the schedule. */
    do {
        bh->next = head;
    } while (!atomic_compare_exchange_weak_explicit(&loop->bh_head, &head, bh, memory_order_release, memory_order_relaxed));
}

/*
 * The owner, awake and not closing, need not be counted: it is neither asleep nor waiting for producers, and a signal handler
 * that interrupts it between raising ASLEEP and sleeping sees the bit and goes the long way.
 */
static inline bool owner_awake(struct lariat_loop *loop)
{
    return thread_self() == loop->owner &&
           !(atomic_load_explicit(&loop->notify.me, memory_order_relaxed) & (NOTIFY_ASLEEP | NOTIFY_CLOSING));
}

/* Push a BH that nobody else knows. */
static int push_new(struct lariat_loop *loop, struct lariat_bh *bh)
{
    if (owner_awake(loop)) {
        push(loop, bh);
        return 0;
    }
    if (!notify_enter(&loop->notify))
        return -ESHUTDOWN;
    push(loop, bh);
    notify_leave(&loop->notify);
    return 0;
}

static void schedule(struct lariat_loop *loop, struct lariat_bh *bh)
{
    /* Acquire-release: pairs with the fetch_and in bh_run_slice(); if PENDING was set, that run has yet to begin. */
    uint32_t old = atomic_fetch_or_explicit(&bh->state, BH_SCHEDULED | BH_PENDING, memory_order_acq_rel);

    if (!(old & BH_PENDING))
        push(loop, bh);
}

int lariat_bh_schedule(struct lariat_bh *bh)
{
    struct lariat_loop *loop;

    require(bh, __func__, "bh");
    cpu_prefetch_write(bh); /* its owner wrote to it last */
    loop = bh->loop;
    assert_usable(loop, __func__);
    if (owner_awake(loop)) {
        schedule(loop, bh);
        return 0;
    }
    if (!notify_enter(&loop->notify))
        return -ESHUTDOWN;
    schedule(loop, bh);
    notify_leave(&loop->notify);
    return 0;
}

void lariat_bh_cancel(struct lariat_bh *bh)
{
    require(bh, __func__, "bh");
    assert_usable(bh->loop, __func__);
    atomic_fetch_and_explicit(&bh->state, ~BH_SCHEDULED, memory_order_acq_rel);
}

/*
 * Pending: the slice that comes to it frees it. Not pending: nobody will come to it any more (bh_run_slice() touches nothing
 * of a BH once it has cleared BH_PENDING), so it is freed here.
 *
 * The reference is given back at once: a BH that is still on the list needs none, since the list is emptied before the loop
 * can be freed, and so an owner that deletes its BHs and then gives back the loop closes it.
 */
void lariat_bh_delete(struct lariat_bh *bh)
{
    struct lariat_loop *loop;

    if (!bh)
        return;
    loop = bh->loop;
    /* Acquire-release: pairs with the fetch_and in bh_run_slice(); exactly one of the two sees the other's bit. */
    if (!(atomic_fetch_or_explicit(&bh->state, BH_DELETED, memory_order_acq_rel) & BH_PENDING))
        free(bh);
    lariat_loop_unref(loop);
}

void bh_init(struct lariat_bh *bh, struct lariat_loop *loop, const char *name, void (*fn)(void *), void *opaque)
{
    atomic_init(&bh->state, 0);
    bh->next = NULL;
    bh->quiet = false;
    bh->loop = loop;
    bh->fn = fn;
    bh->opaque = opaque;
    bh->name = name;
}

int lariat_bh_new(struct lariat_loop *loop, const char *name, void (*fn)(void *), void *opaque, struct lariat_bh **out)
{
    struct lariat_bh *bh;

    assert_usable(loop, __func__);
    require(out, __func__, "out");
    bh = bh_alloc();
    if (!bh)
        return -ENOMEM;
    bh_init(bh, lariat_loop_ref(loop), name, fn, opaque);
    *out = bh;
    return 0;
}

const char *lariat_bh_name(const struct lariat_bh *bh)
{
    require(bh, __func__, "bh");
    return bh->name;
}

int lariat_bh_schedule_oneshot(struct lariat_loop *loop, void (*fn)(void *), void *opaque)
{
    struct lariat_bh *bh;
    int err;

    assert_usable(loop, __func__);
    bh = bh_pool_get(&loop->bh_pool);
    if (!bh)
        return -ENOMEM;
    /* No reference: see lariat_bh_delete(). */
    bh_init(bh, loop, NULL, fn, opaque);
    atomic_init(&bh->state, BH_ONESHOT | BH_PENDING | BH_SCHEDULED);
    err = push_new(loop, bh);
    if (err)
        free(bh);
    return err;
}

struct loop_call {
    struct lariat_bh bh;
    void (*fn)(void *);
    void *opaque;
    sem_t done;
};

static void run_call(void *opaque)
{
    struct loop_call *call = opaque;

    call->fn(call->opaque);
    sem_post(&call->done); /* the caller's stack, with the BH, may be gone after this */
}

int lariat_loop_call(struct lariat_loop *loop, void (*fn)(void *), void *opaque)
{
    struct loop_call call = { .fn = fn, .opaque = opaque };
    int err;

    assert_usable(loop, __func__);
    if (thread_self() == loop->owner) {
        if (loop->stopping || atomic_load_explicit(&loop->closed, memory_order_acquire))
            return -ESHUTDOWN;
        fn(opaque);
        return 0;
    }
    bh_init(&call.bh, loop, "lariat_loop_call", run_call, &call);
    atomic_init(&call.bh.state, BH_SCHEDULED | BH_PENDING);
    sem_init(&call.done, 0, 0);
    err = push_new(loop, &call.bh);
    while (!err && sem_wait(&call.done)) /* EINTR */
        ;
    sem_destroy(&call.done);
    return err;
}

/* The BHs on the list, oldest first. */
static struct lariat_bh *take_slice(struct lariat_loop *loop)
{
    struct lariat_bh *bh, *slice = NULL;

    if (!atomic_load_explicit(&loop->bh_head, memory_order_relaxed))
        return NULL;
    bh = atomic_exchange_explicit(&loop->bh_head, NULL, memory_order_acquire);
    while (bh) {
        struct lariat_bh *next;

        cpu_prefetch_write(bh);
        next = bh->next;
        bh->next = slice;
        slice = bh;
        bh = next;
    }
    return slice;
}

bool bh_run_slice(struct lariat_loop *loop)
{
    struct lariat_bh *bh = take_slice(loop);
    uint64_t n_run = 0;

    while (bh) {
        /* All is read before PENDING is cleared: from then on the BH may be pushed again, or freed, by another thread. */
        struct lariat_bh *next = bh->next;
        void (*fn)(void *) = bh->fn;
        void *opaque = bh->opaque;
        bool quiet = bh->quiet;
        uint32_t old = atomic_load_explicit(&bh->state, memory_order_relaxed);

        if (!(old & BH_ONESHOT))
            old = atomic_fetch_and_explicit(&bh->state, ~(BH_SCHEDULED | BH_PENDING), memory_order_acq_rel);
        if (old & BH_ONESHOT)
            bh_pool_put(&loop->bh_pool, bh);
        else if (old & BH_DELETED)
            free(bh);
        if ((old & (BH_SCHEDULED | BH_DELETED)) == BH_SCHEDULED) {
            n_run += !quiet;
            fn(opaque);
        }
        bh = next;
    }
    if (n_run)
        stat_add(&loop->stats.bhs_run, n_run);
    bh_pool_publish(&loop->bh_pool);
    return n_run;
}

void bh_list_close(struct lariat_loop *loop)
{
    notify_close(&loop->notify);
}
