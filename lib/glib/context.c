/* SPDX-License-Identifier: MIT */
/*
 * A GMainContext run by an iothread. The hand-over is made by the iothread itself, in a call of its loop; from then on all of
 * this belongs to that thread, until the last reference on the iothread is given back.
 *
 * GLib's iteration is spread over the loop's: a hook asks what is ready and what to watch (prepare, query) before each wait, and
 * a BH runs what came of it (check, dispatch). The BH is scheduled by the hook if something is ready at once, and by the polls
 * of watch.c. A time-out needs nothing but to end the wait: the hook then finds its source ready.
 *
 * The hook asks in every iteration, because callbacks of the loop may change what sources look at, for which GLib, on the
 * thread that owns a context, asks no wake-up.
 */
#include <lariat/glib.h>

#include <lariat/timer.h>

#include "watch.h"

#define NS_PER_MS INT64_C(1000000)

struct hand_over {
    struct lariat_loop_hook hook; /* must be first */
    GMainContext *context;
    struct watches watches;
    struct lariat_bh *check; /* holds a reference on the loop */
    struct lariat_timer timer;
    int64_t due_ns; /* of the timer; only valid if set */
    bool set;
    gint max_priority; /* of the last g_main_context_prepare() */
};

/* Of the iothread that this thread is. */
static _Thread_local struct hand_over *current;

/* ---- an iteration ---- */

static void timer_fired(void *opaque)
{
    struct hand_over *self = opaque;

    self->set = false;
}

/*
 * GLib counts in ms from now, rounded up, so each question gives another time, up to 1 ms apart and none too early: the
 * earliest stays.
 */
static void set_timer(struct hand_over *self, gint timeout_ms)
{
    int64_t due_ns;

    if (timeout_ms < 0 && self->set)
        lariat_timer_cancel(&self->timer);
    if (timeout_ms < 0)
        self->set = false;
    if (timeout_ms <= 0)
        return;
    due_ns = lariat_now_ns() + timeout_ms * NS_PER_MS;
    if (self->set && due_ns >= self->due_ns && due_ns <= self->due_ns + NS_PER_MS)
        return;
    self->set = true;
    self->due_ns = due_ns;
    lariat_timer_set_ns(&self->timer, due_ns);
}

static void prepare(struct lariat_loop_hook *hook)
{
    struct hand_over *self = (struct hand_over *)hook;
    gboolean ready = g_main_context_prepare(self->context, &self->max_priority);
    gint timeout_ms = watches_update(&self->watches, self->context);

    set_timer(self, timeout_ms);
    if (ready || !timeout_ms)
        (void)lariat_bh_schedule(self->check);
}

/* In each iteration the hook comes before the BHs, so what was prepared is of this one. */
static void check_and_dispatch(void *opaque)
{
    struct hand_over *self = opaque;

    watches_collect(&self->watches);
    if (g_main_context_check(self->context, self->max_priority, self->watches.now.fds, self->watches.now.n))
        g_main_context_dispatch(self->context);
}

/*
 * Somebody iterates the context inside a callback. That reads what GLib wrote to the context's own descriptor, so that the
 * loop may never hear of it.
 */
static gint poll_inside(GPollFD *fds, guint n, gint timeout_ms)
{
    if (current)
        current->watches.look_again = TRUE;
    return g_poll(fds, n, timeout_ms);
}

/* ---- the end ---- */

static void closed(struct lariat_loop_hook *hook)
{
    struct hand_over *self = (struct hand_over *)hook;

    current = NULL;
    lariat_bh_delete(self->check);
    g_main_context_pop_thread_default(self->context);
    g_main_context_release(self->context);
}

static void freed(struct lariat_loop_hook *hook)
{
    struct hand_over *self = (struct hand_over *)hook;

    g_main_context_unref(self->context);
    watches_free(&self->watches);
    g_free(self);
}

/* ---- the hand-over ---- */

/* On the iothread. NULL: the loop is stopping, or there is no memory for a BH. */
static struct hand_over *hand_over_new(struct lariat_loop *loop)
{
    struct hand_over *self = g_new0(struct hand_over, 1);

    self->hook = (struct lariat_loop_hook){ .prepare = prepare, .closed = closed, .freed = freed };
    if (lariat_bh_new(loop, "GMainContext", check_and_dispatch, self, &self->check) < 0) {
        g_free(self);
        return NULL;
    }
    if (lariat_loop_hook_add(loop, &self->hook) < 0) {
        lariat_bh_delete(self->check);
        g_free(self);
        return NULL;
    }
    self->context = g_main_context_new();
    watches_init(&self->watches, loop, self->check, self->context);
    lariat_timer_init(&self->timer, loop, timer_fired, self);
    g_main_context_set_poll_func(self->context, poll_inside);
    g_main_context_acquire(self->context); /* cannot fail: nobody else knows it */
    g_main_context_push_thread_default(self->context);
    return self;
}

struct request {
    struct lariat_loop *loop;
    GMainContext *context; /* the answer */
};

static void take_over(void *opaque)
{
    struct request *request = opaque;

    if (!current)
        current = hand_over_new(request->loop);
    request->context = current ? current->context : NULL;
}

GMainContext *lariat_iothread_get_g_main_context(struct lariat_iothread *iothread)
{
    struct request request = { lariat_iothread_loop(iothread), NULL };

    return lariat_loop_call(request.loop, take_over, &request) == 0 ? request.context : NULL;
}
