/* SPDX-License-Identifier: MIT */
/* The parts of the notify protocol (notify.h) that make system calls. */
#include "notify.h"

#include <errno.h>

#include "seam.h"

int notify_init(struct notify *n, uint64_t *n_writes)
{
    atomic_init(&n->me, 0);
    atomic_init(&n->wrote_ns, 0);
    atomic_init(&n->wrote_cpu, -1);
    atomic_init(&n->stamps, false);
    n->n_writes = n_writes;
    n->fd = seam_eventfd_open();
    return n->fd < 0 ? n->fd : 0;
}

void notify_exit(struct notify *n)
{
    if (n->fd >= 0)
        seam_eventfd_close(n->fd);
    n->fd = -1;
}

void notify_drain(struct notify *n)
{
    uint64_t value;

    while (seam_eventfd_read(n->fd, &value) < 0 && errno == EINTR)
        ;
}

/* Before the write: what follows it is the wake-up, which is to be measured. */
static void stamp(struct notify *n)
{
    atomic_store_explicit(&n->wrote_cpu, seam_current_cpu(), memory_order_relaxed);
    atomic_store_explicit(&n->wrote_ns, seam_now_ns(), memory_order_release);
}

/*
 * A saturated counter (only somebody else who got hold of the descriptor can do that) makes write fail without an event, so
 * it is emptied and written again. Keeps errno: this may run in a signal handler.
 */
static void write_eventfd(struct notify *n)
{
    int saved = errno;

    if (atomic_load_explicit(&n->stamps, memory_order_relaxed))
        stamp(n);
    while (seam_eventfd_write(n->fd, 1) < 0) {
        if (errno == EAGAIN)
            notify_drain(n);
        else if (errno != EINTR)
            break;
    }
    __atomic_fetch_add(n->n_writes, 1, __ATOMIC_RELAXED);
    errno = saved;
}

void notify_leave_slow(struct notify *n, uint32_t seen)
{
    for (;;) {
        bool asleep = seen & NOTIFY_ASLEEP;
        uint32_t want = asleep ? seen & ~NOTIFY_ASLEEP : seen - NOTIFY_ONE;

        if (!atomic_compare_exchange_weak_explicit(&n->me, &seen, want, memory_order_acq_rel, memory_order_relaxed))
            continue;
        if (asleep) {
            write_eventfd(n); /* still counted inside: the descriptor cannot be closed before the subtraction */
            atomic_fetch_sub_explicit(&n->me, NOTIFY_ONE, memory_order_release);
        }
        return;
    }
}

void notify_wait_idle(struct notify *n)
{
    /* Acquire: pairs with the release in notify_leave(); a producer is inside for some ns, unless it was preempted there. */
    while (atomic_load_explicit(&n->me, memory_order_acquire) >= NOTIFY_ONE)
        seam_yield();
}

void notify_close(struct notify *n)
{
    atomic_fetch_or_explicit(&n->me, NOTIFY_CLOSING, memory_order_acq_rel);
    notify_wait_idle(n);
}
