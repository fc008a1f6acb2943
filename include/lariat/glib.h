/* SPDX-License-Identifier: MIT */
/*
 * Lariat and GLib together (liblariat-glib, pkg-config: lariat-glib), either way round: a loop as a source of a GMainContext,
 * or a GMainContext run by an iothread.
 *
 * Where there is no memory GLib aborts, and so do these calls where they allocate by GLib's means.
 */
#ifndef LARIAT_GLIB_H
#define LARIAT_GLIB_H

#include <glib.h>

#include <lariat/api.h>
#include <lariat/iothread.h>
#include <lariat/loop.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A source that runs a loop made with LARIAT_LOOP_EMBED: attach it to a GMainContext that only the loop's owner iterates
 * (another thread aborts). Each dispatch is one lariat_loop_dispatch(). It has the name "lariat: " and the loop's, the default
 * priority, needs no callback, and is not dispatched again inside its own callbacks, as GLib has it: a nested main loop that one of
 * them runs does not run the loop. Timers of the loop are in time to GLib's ms: never early, less than 1 ms later than by
 * lariat_loop_poll().
 *
 * The source holds a reference on the loop until its own last reference is given back, which may close the loop (see
 * lariat_loop_unref()). After lariat_loop_close() it removes itself from its context.
 * Owner only. NULL: the loop cannot be embedded, or was closed. The caller owns the source (g_source_unref()).
 */
LARIAT_API GSource *lariat_glib_source_new(struct lariat_loop *loop);

/*
 * The GMainContext of an iothread. From the first call on its thread owns the context, has it as thread-default, and runs it
 * until it is stopped: sources are dispatched between ops, BHs, handlers and timers, none of which starves the other. The loop
 * watches the context's descriptors and time-outs itself, so polling (poll.h) covers them too. All later calls return the
 * same context; whoever attaches a source may do so from any thread.
 *
 * Sources may call all that callbacks on the loop may. A context iterated again inside a callback (g_main_context_iteration(),
 * a nested g_main_loop_run()) runs GLib's sources only. Time-outs are in time to GLib's ms, never early. A socket that was closed
 * without removing its source first is held open until the context has been looked at again, at the end of the iteration.
 *
 * Any thread; waits until the iothread has come to it, as lariat_loop_call() does, and no longer than its callbacks take: two iothreads
 * must not ask each other. NULL: the iothread is stopping or was stopped, or there is no memory.
 *
 * Once the iothread is stopping no source is dispatched any more. The context is borrowed: it stays valid until the last
 * reference on the iothread is given back, and dies then, with the sources still attached (on the thread that gives it back),
 * unless somebody took a reference on it. After the stop nobody owns it.
 */
LARIAT_API GMainContext *lariat_iothread_get_g_main_context(struct lariat_iothread *iothread);

#ifdef __cplusplus
}
#endif

#endif
