/* SPDX-License-Identifier: MIT */
/*
 * Pollers: sources in shared memory, which the loop has to look at itself. The list and all that is in it belong to the owner;
 * what the other side sees are the user's own variables, written by the callbacks.
 *
 * The list begins with those that are watched: the spin looks at them, and before each sleep they are told to notify. One that
 * was not ready in POLLER_IDLE_AFTER iterations in a row is put aside: it goes to the end of the list, notifies from then on,
 * and is looked at once per iteration and before each sleep. As it notifies, a spin of any length needs no look at it.
 *
 * Nothing is lost, because each side writes first and then reads what the other one wrote:
 *
 *   owner                                                 the other side
 *   before(): "notify me"                                 publish an item
 *   full barrier                                          full barrier
 *   poll(): is there an item?                             told to notify? Then notify the loop
 *   raise ASLEEP, look at the BHs (notify.h), sleep
 *
 * Whichever barrier comes later, what follows it sees what was written before the other. So either poll() sees the item, or the
 * other side notifies, and that a notification ends the sleep is the business of the notify protocol (or of the kernel, where
 * the poll of a handler waits). The same order when one is put aside. after() needs none: what is published then, told to
 * notify or not, is there for the next look, which comes before the next sleep.
 */
#include "poller.h"

#include <errno.h>
#include <stdlib.h>

#include <lariat/poller.h>

#include "cpu.h"
#include "loop.h"

struct lariat_poller {
    struct lariat_loop *loop; /* NULL: closed; the rest is only valid if not */
    struct lariat_poller *prev, *next;
    bool (*poll)(void *);
    void (*ready)(void *);
    void (*before)(void *), (*after)(void *);
    void *opaque;
    unsigned n_idle; /* iterations since it was ready; only counted while watched */
    bool aside;
    bool notifies; /* told by before(), and not yet otherwise by after() */
};

/* ---- the list ---- */

static void link_first(struct loop_pollers *ps, struct lariat_poller *p)
{
    p->prev = NULL;
    p->next = ps->first;
    if (p->next)
        p->next->prev = p;
    else
        ps->last = p;
    ps->first = p;
}

static void link_last(struct loop_pollers *ps, struct lariat_poller *p)
{
    p->next = NULL;
    p->prev = ps->first ? ps->last : NULL;
    if (p->prev)
        p->prev->next = p;
    else
        ps->first = p;
    ps->last = p;
}

static void unlink_poller(struct loop_pollers *ps, struct lariat_poller *p)
{
    if (p->prev)
        p->prev->next = p->next;
    else
        ps->first = p->next;
    if (p->next)
        p->next->prev = p->prev;
    else
        ps->last = p->prev;
    if (ps->next == p)
        ps->next = p->next;
}

/* ---- asking ---- */

static bool poll_first(struct loop_pollers *ps, bool all)
{
    bool ready = false;

    ps->asking = true;
    for (struct lariat_poller *p = ps->first; p && !ready && (all || !p->aside); p = p->next)
        ready = p->poll(p->opaque);
    ps->asking = false;
    return ready;
}

bool pollers_look(struct lariat_loop *loop)
{
    return poll_first(&loop->pollers, false);
}

bool pollers_look_all(struct lariat_loop *loop)
{
    return poll_first(&loop->pollers, true);
}

/* A full barrier has to follow. */
static void tell_before(struct lariat_poller *p)
{
    if (!p->notifies && p->before)
        p->before(p->opaque);
    p->notifies = true;
}

static void tell_after(struct lariat_poller *p)
{
    if (p->notifies && p->after)
        p->after(p->opaque);
    p->notifies = false;
}

bool pollers_before_sleep(struct lariat_loop *loop)
{
    struct loop_pollers *ps = &loop->pollers;

    ps->asking = true;
    for (struct lariat_poller *p = ps->first; p && !p->aside; p = p->next)
        tell_before(p);
    cpu_full_barrier(); /* pairs with the other side's, see the head */
    return poll_first(ps, true);
}

void pollers_awake(struct lariat_loop *loop)
{
    struct loop_pollers *ps = &loop->pollers;

    ps->asking = true;
    for (struct lariat_poller *p = ps->first; p && !p->aside; p = p->next)
        tell_after(p);
    ps->asking = false;
}

/* ---- running ---- */

/* Once more, told to notify: is it ready after all? */
static bool put_aside(struct loop_pollers *ps, struct lariat_poller *p)
{
    tell_before(p);
    cpu_full_barrier(); /* pairs with the other side's, see the head */
    if (p->poll(p->opaque))
        return true;
    unlink_poller(ps, p);
    link_last(ps, p);
    p->aside = true;
    return false;
}

static bool is_ready(struct loop_pollers *ps, struct lariat_poller *p)
{
    bool ready;

    ps->asking = true;
    ready = p->poll(p->opaque);
    if (!ready && !p->aside && ++p->n_idle >= POLLER_IDLE_AFTER)
        ready = put_aside(ps, p);
    if (ready)
        tell_after(p);
    ps->asking = false;
    return ready;
}

static void watch(struct loop_pollers *ps, struct lariat_poller *p)
{
    p->n_idle = 0;
    if (!p->aside)
        return;
    unlink_poller(ps, p);
    link_first(ps, p);
    p->aside = false;
}

static void run(struct lariat_loop *loop, struct lariat_poller *p)
{
    watch(&loop->pollers, p);
    stat_add(&loop->stats.pollers_run, 1);
    p->ready(p->opaque); /* p may be gone after this */
}

bool pollers_run(struct lariat_loop *loop)
{
    struct loop_pollers *ps = &loop->pollers;
    struct lariat_poller *p;
    bool ran = false;

    ps->next = ps->first;
    while ((p = ps->next)) {
        ps->next = p->next;
        if (!is_ready(ps, p))
            continue;
        run(loop, p);
        ran = true;
    }
    return ran;
}

/* ---- life ---- */

/* Of a call that changes the list. */
static void assert_may_change(const struct lariat_loop *loop, const char *function)
{
    assert_owner(loop, function);
    if (unlikely(loop->pollers.asking))
        fatal(function, "loop", loop->name, "called by a poller's poll, before or after");
}

int lariat_poller_new(struct lariat_loop *loop, bool (*poll)(void *opaque), void (*ready)(void *opaque), void *opaque,
                      struct lariat_poller **out)
{
    struct lariat_poller *p;

    assert_may_change(loop, __func__);
    if (!poll || !ready)
        fatal(__func__, "loop", loop->name, "poll and ready must not be NULL");
    require(out, __func__, "out");
    if (loop->stopping)
        return -ESHUTDOWN;
    p = calloc(1, sizeof(*p));
    if (!p)
        return -ENOMEM;
    p->loop = loop;
    p->poll = poll;
    p->ready = ready;
    p->opaque = opaque;
    link_first(&loop->pollers, p); /* in front of where pollers_run() is: its turn comes with the next iteration */
    loop_queued(loop);
    *out = p;
    return 0;
}

void lariat_poller_set_sleep_callbacks(struct lariat_poller *poller, void (*before)(void *opaque),
                                       void (*after)(void *opaque))
{
    require(poller, __func__, "poller");
    if (!poller->loop)
        return;
    assert_may_change(poller->loop, __func__);
    tell_after(poller);
    watch(&poller->loop->pollers, poller); /* put aside, it would have to be told at once */
    poller->before = before;
    poller->after = after;
    loop_queued(poller->loop);
}

void lariat_poller_delete(struct lariat_poller *poller)
{
    struct lariat_loop *loop = poller ? poller->loop : NULL;

    if (loop && fork_is_child(loop->generation)) {
        unlink_poller(&loop->pollers, poller);
    } else if (loop) {
        assert_may_change(loop, __func__);
        unlink_poller(&loop->pollers, poller);
        tell_after(poller);
    }
    free(poller);
}

void pollers_forget(struct lariat_loop *loop)
{
    for (struct lariat_poller *p = loop->pollers.first; p; p = p->next)
        p->loop = NULL;
    loop->pollers.first = NULL;
}

void pollers_drop(struct lariat_loop *loop)
{
    loop->pollers.asking = true;
    for (struct lariat_poller *p = loop->pollers.first; p; p = p->next)
        tell_after(p);
    loop->pollers.asking = false;
    pollers_forget(loop);
}
