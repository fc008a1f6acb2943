/* SPDX-License-Identifier: MIT */
/*
 * The descriptors that a GMainContext wants polled, each by a one-shot poll on the ring. All of it belongs to the loop's owner.
 */
#ifndef LARIAT_GLIB_WATCH_H
#define LARIAT_GLIB_WATCH_H

#include <glib.h>

#include <lariat/bh.h>
#include <lariat/op.h>

struct watch;

/* Two arrays of the same length. */
struct watch_set {
    GPollFD *fds;          /* as g_main_context_query() filled it in */
    struct watch **at;
    gint n, room;
};

struct watches {
    struct lariat_loop *loop;
    struct lariat_bh *check; /* to be scheduled when something happened on a descriptor */
    int wake_fd;             /* the context's own, by which GLib says that something changed */
    gboolean look_again;     /* a number may stand for another file by now */
    struct watch_set now;    /* what is watched */
    struct watch_set next;   /* room for the next query */
    struct watch *all;       /* those that are not wanted any more, too */
    unsigned n_to_cancel;    /* of those, not asked for yet */
};

void watches_init(struct watches *watches, struct lariat_loop *loop, struct lariat_bh *check, GMainContext *context);

/* Ask the context, which has been prepared, what to watch, and see to it. Returns the time-out in ms, -1: none. */
gint watches_update(struct watches *watches, GMainContext *context);

/* The result of the polls goes into the revents of watches->now.fds. */
void watches_collect(struct watches *watches);

/* Nothing is in flight any more. */
void watches_free(struct watches *watches);

#endif
