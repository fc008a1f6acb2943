/* SPDX-License-Identifier: MIT */
/*
 * The notify protocol: how other threads wake a loop without a system call unless it sleeps.
 *
 * One word, notify->me, is read-modify-written by both sides, so its modification order alone proves the protocol; no fence
 * is needed (tests/model/notify.pml):
 *   bit 0      ASLEEP: the owner may be about to sleep, or sleeps. Set only by the owner (notify_raise).
 *   bit 1      CLOSING: set once, by the owner; who enters later is refused.
 *   bits 2..   the number of producers inside, 4 each.
 * A producer enters (+4), publishes its work, and leaves with one CAS: it subtracts 4, or, if ASLEEP is set, takes that bit
 * (so that a burst costs one write), writes the eventfd and only then subtracts 4. The owner raises ASLEEP, looks at the
 * list once more, and sleeps. Either the producer's CAS comes later in the order and sees the bit, or it came before and the
 * owner's look, which follows its own RMW, sees the work.
 * Closing: the owner sets CLOSING and waits until nobody is inside. Then all accepted work is on the list, nobody will add to
 * it, and nobody will write the eventfd. (Waiting yields the CPU: an owner of real-time priority that shares its CPU with a
 * preempted producer waits until the scheduler's real-time throttling lets that one go on.)
 */
#ifndef LARIAT_NOTIFY_H
#define LARIAT_NOTIFY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define NOTIFY_ASLEEP 1u
#define NOTIFY_CLOSING 2u
#define NOTIFY_ONE 4u

struct notify {
    _Atomic uint32_t me;
    int fd;
    uint64_t *n_writes; /* where to count eventfd writes */
    _Atomic int64_t wrote_ns;  /* when, if stamps are wanted; written by whoever took ASLEEP */
    _Atomic int wrote_cpu;     /* and on which CPU */
    _Atomic bool stamps;       /* set by the owner: it wants to know */
};

/* Make the eventfd. 0 or -errno. n_writes is a counter that all producers add to. Owner, before anybody else knows it. */
int notify_init(struct notify *n, uint64_t *n_writes);

/* Close the eventfd. Owner, after notify_close(). */
void notify_exit(struct notify *n);

/* The slow half of notify_leave(): take the bit, write, leave. */
void notify_leave_slow(struct notify *n, uint32_t seen);

/* Read the eventfd once, so that a new poll on it does not fire at once. */
void notify_drain(struct notify *n);

/* Refuse producers from now on and wait until those inside are gone. Owner. */
void notify_close(struct notify *n);

/* Wait until nobody is inside. Whoever frees the memory. */
void notify_wait_idle(struct notify *n);

/* Producer: may I publish? If not, do not touch anything and do not leave. Any thread, async-signal-safe. */
static inline bool notify_enter(struct notify *n)
{
    /* Acquire: pairs with the release of the owner's RMW in notify_close(). */
    uint32_t old = atomic_fetch_add_explicit(&n->me, NOTIFY_ONE, memory_order_acq_rel);

    if (__builtin_expect(!(old & NOTIFY_CLOSING), 1))
        return true;
    atomic_fetch_sub_explicit(&n->me, NOTIFY_ONE, memory_order_release);
    return false;
}

/* Producer: done publishing; wake the owner if it may be asleep. */
static inline void notify_leave(struct notify *n)
{
    uint32_t seen = atomic_load_explicit(&n->me, memory_order_relaxed);

    /* Release: the work published before is visible to an owner whose notify_raise() comes later in the order of me. */
    while (!(seen & NOTIFY_ASLEEP))
        if (atomic_compare_exchange_weak_explicit(&n->me, &seen, seen - NOTIFY_ONE, memory_order_acq_rel,
                                                  memory_order_relaxed))
            return;
    notify_leave_slow(n, seen);
}

/* Owner: from now on producers write the eventfd. Look at all work lists after this, and only then sleep. */
static inline void notify_raise(struct notify *n)
{
    /* A read-modify-write, not a store: it must come before or after each producer's CAS in one order (notify_leave). */
    atomic_fetch_or_explicit(&n->me, NOTIFY_ASLEEP, memory_order_acq_rel);
}

/* Owner: awake again. Returns whether a producer has taken the bit already. */
static inline bool notify_lower(struct notify *n)
{
    if (!(atomic_load_explicit(&n->me, memory_order_relaxed) & NOTIFY_ASLEEP))
        return true;
    return !(atomic_fetch_and_explicit(&n->me, ~NOTIFY_ASLEEP, memory_order_acq_rel) & NOTIFY_ASLEEP);
}

/*
 * Owner: when and where the eventfd was written last. Who took the bit may not have come to that yet, so look whether it is
 * later than the sleep began; and two may have written meanwhile, so CPU and time need not belong together. Hints, both.
 */
static inline int64_t notify_written(const struct notify *n, int *cpu)
{
    int64_t ns = atomic_load_explicit(&n->wrote_ns, memory_order_acquire); /* pairs with stamp() in notify.c */

    *cpu = atomic_load_explicit(&n->wrote_cpu, memory_order_relaxed);
    return ns;
}

#endif
