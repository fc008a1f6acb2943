/* SPDX-License-Identifier: MIT */
/* A source for a poller, for the suites on it. */
#ifndef LARIAT_TESTS_POLLER_SUPPORT_H
#define LARIAT_TESTS_POLLER_SUPPORT_H

#include <lariat/poller.h>

#include "poller.h"
#include "support.h"

/* A source that counts what it is asked and told. */
struct source {
    struct lariat_loop *loop;
    struct lariat_poller *poller;
    int items;
    int polls, runs, before, after;
    int comes_at_poll; /* an item comes just before this poll; 0: none does */
    bool comes_at_before;
    int rc;
    void (*in_ready)(struct source *source);
    struct source *other;
};

static inline bool source_poll(void *opaque)
{
    struct source *source = opaque;
    source->polls++;
    source->items += source->polls == source->comes_at_poll;
    return source->items > 0;
}

static inline void source_ready(void *opaque)
{
    struct source *source = opaque;
    source->runs++;
    source->items--;
    if (source->in_ready) {
        source->in_ready(source);
    }
}

static inline void source_before(void *opaque)
{
    struct source *source = opaque;
    source->before++;
    source->items += source->comes_at_before;
    source->comes_at_before = false;
}

static inline void source_after(void *opaque)
{
    ((struct source *)opaque)->after++;
}

static inline void source_init(struct source *source, struct lariat_loop *loop)
{
    memset(source, 0, sizeof(*source));
    source->loop = loop;
    ck_assert_int_eq(lariat_poller_new(loop, source_poll, source_ready, source, &source->poller), 0);
    lariat_poller_set_sleep_callbacks(source->poller, source_before, source_after);
}

static inline void done(struct source *source)
{
    lariat_poller_delete(source->poller);
    loop_done(source->loop);
}

/* A wait that ends by a timer, after 100 us. */
static inline void wait_by_timer(struct lariat_loop *loop)
{
    struct lariat_timer timer;
    int fired = 0;
    lariat_timer_init(&timer, loop, count_up, &fired);
    lariat_timer_set_ns(&timer, lariat_now_ns() + 100000);
    poll_until(loop, &fired, 1);
}

/* Until it is put aside. */
static inline void leave_idle(struct lariat_loop *loop)
{
    for (int i = 0; i < POLLER_IDLE_AFTER; i++) {
        ck_assert_int_eq(lariat_loop_poll(loop, false), 0);
    }
}

#endif
