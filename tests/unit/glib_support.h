/* SPDX-License-Identifier: MIT */
/*
 * What the suites of liblariat-glib share. TSan does not see GLib's locks, which are futexes: what a test hands from one thread
 * to another through GLib is an atomic, or was written before a call of a loop. glib_support.c has what TSan is told.
 */
#ifndef LARIAT_TESTS_GLIB_SUPPORT_H
#define LARIAT_TESTS_GLIB_SUPPORT_H

#include <gio/gio.h>
#include <glib-unix.h>

#include <lariat/glib.h>
#include <lariat/handler.h>

#include "support.h"

/* Attach a source with that callback to the context; the context alone keeps it. Any thread. */
GSource *attach(GMainContext *context, GSource *source, GSourceFunc fn, gpointer data);
/* The same with a destroy notify. */
GSource *attach_full(GMainContext *context, GSource *source, GSourceFunc fn, gpointer data, GDestroyNotify destroy);

/* A source that calls fn (a GSourceFunc) while the descriptor is ready. */
GSource *fd_source_new(int fd, GIOCondition events);

/* Callbacks: add one to the atomic_int, and go on or remove the source. */
gboolean count_and_stay(gpointer data);
gboolean count_and_go(gpointer data);

/* The context of the iothread, which there must be. */
GMainContext *context_or_fail(struct lariat_iothread *iothread);
/* Run fn on the iothread and wait for it. */
void run_on(struct lariat_iothread *iothread, void (*fn)(void *), void *opaque);
/* Wait until the iothread has gone through n iterations more; each is asked for by a call. */
void run_iterations(struct lariat_iothread *iothread, int n);
/* Wait until it sleeps, and goes on sleeping for some ms: false if it does not within 10 s. */
bool falls_asleep(struct lariat_iothread *iothread);

#endif
