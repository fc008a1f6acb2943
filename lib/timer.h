/* SPDX-License-Identifier: MIT */
/* The timers of a loop: a 4-ary heap with the key in the array. Owner only. */
#ifndef LARIAT_TIMER_PRIVATE_H
#define LARIAT_TIMER_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lariat/timer.h>

#include "clock.h"

/* What is inside struct lariat_timer. */
struct timer {
    struct lariat_loop *loop;
    void (*fn)(void *);
    void *opaque;
    int64_t expire_ns;
    uint64_t order;            /* of setting: equal expiries fire in this order */
    size_t place;              /* index in timers.heap (see places_stale), or one of TIMER_... */
    struct timer *next, *prev; /* in the spill list; only valid if TIMER_SPILLED */
} __attribute__((may_alias));

#define TIMER_IDLE SIZE_MAX
#define TIMER_SPILLED (SIZE_MAX - 1)

struct timer_slot {
    int64_t expire_ns;
    struct timer *timer;
};

struct timers {
    struct timer_slot *heap; /* so placed that the four children of a slot share a cache line */
    size_t n, room;
    size_t n_ready;          /* while running: expired ones not run yet, at heap[ready_first ...], latest first */
    size_t ready_first;
    uint64_t order_next;
    struct timer *spill;     /* armed timers not in the heap: set while running, or there was no memory; any order */
    bool running;            /* inside timers_run() */
    bool places_stale;       /* while running: those in the heap array may have moved; fix_places() */
};

void timers_init(struct timers *t);

/* Drop all, uncalled. */
void timers_exit(struct timers *t);

/* The same without touching the timers, which may be gone. */
void timers_forget(struct timers *t);

/* Run those that had expired when it was called. How many ran. Reads the clock if any is armed. */
unsigned timers_run(struct timers *t);

/* The earliest expiry among the spilled ones. */
int64_t timers_spill_next_ns(const struct timers *t);

/* The earliest expiry, or CLOCK_NEVER. */
static inline int64_t timers_next_ns(const struct timers *t)
{
    int64_t next = t->n ? t->heap[0].expire_ns : CLOCK_NEVER;

    if (__builtin_expect(t->spill != NULL, 0)) {
        int64_t spill = timers_spill_next_ns(t);

        next = spill < next ? spill : next;
    }
    return next;
}

#endif
