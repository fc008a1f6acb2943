/* SPDX-License-Identifier: MIT */
/*
 * What the suites of liblariat-glib share. TSan does not see GLib's locks, so sources are attached by the calls below, which
 * make what was written before visible to the callbacks in a way that TSan understands; on the way back there are atomics.
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

/* A source of GLib's on a descriptor; fn begins with taken_from_glib(). */
GSource *attach_fd(GMainContext *context, int fd, GIOCondition events, GUnixFDSourceFunc fn, gpointer data);
void taken_from_glib(void);

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
