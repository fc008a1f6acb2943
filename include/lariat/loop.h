/* SPDX-License-Identifier: MIT */
/*
 * A loop: one event loop on one io_uring instance, run by one thread, its owner.
 *
 * The owner is the thread that made the loop, or the iothread (iothread.h). The owner calls lariat_loop_poll() again and
 * again; callbacks of ops, BHs, handlers and timers run inside that call, one after the other, never nested. A callback must
 * return: it must not leave by longjmp(), an exception, pthread_exit() or a cancellation of its thread.
 */
#ifndef LARIAT_LOOP_H
#define LARIAT_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lariat/api.h>
#include <lariat/poll.h>

#ifdef __cplusplus
extern "C" {
#endif

struct lariat_loop;
struct lariat_loop_stats;

#define LARIAT_LOOP_SQPOLL (1u << 0) /* a kernel thread submits; wants a CPU of its own, and keeps the rights of the creator */
#define LARIAT_LOOP_EMBED (1u << 1)  /* lariat_loop_fd() and its companions will be used; costs up to 5 % at depth 1 */
#define LARIAT_LOOP_IOPOLL (1u << 2) /* not built yet: refused with -EOPNOTSUPP */
#define LARIAT_LOOP_SQPOLL_CPU (1u << 3) /* with LARIAT_LOOP_SQPOLL: its thread runs on CPU number sqpoll_cpu */

/*
 * Options of a loop. Begin with LARIAT_LOOP_OPTIONS_INIT; zero means default in every member.
 */
struct lariat_loop_options {
    size_t size;         /* set by the initialiser: the library reads no more than this */
    const char *name;    /* used in messages, copied; default "loop" */
    unsigned sq_entries; /* submission queue, 1 to 32768, rounded up to a power of two; default 128 */
    unsigned cq_entries; /* completion queue, sq_entries to 65536, rounded up likewise; default 4 * sq_entries */
    unsigned flags;      /* LARIAT_LOOP_... */
    unsigned sqpoll_cpu; /* read with LARIAT_LOOP_SQPOLL_CPU only */
    const struct lariat_poll_params *poll; /* copied; NULL: the defaults of LARIAT_POLL_DEFAULT */
};
#define LARIAT_LOOP_OPTIONS_INIT { sizeof(struct lariat_loop_options), NULL, 0, 0, 0, 0, NULL }

/*
 * Make a loop owned by the calling thread. On success *out holds the first reference.
 * When the kernel lacks memory for the queues they are halved, down to 32 and 128 entries (lariat_loop_get_stats() tells).
 * Any thread; may block for some 200 ms when memory is short; opts may be NULL.
 * Errors: -EINVAL (a size, flag or reserved word), -E2BIG (an option newer than this library), -ERANGE, -EOPNOTSUPP (a flag not built),
 * -ENODEV (no such CPU), -ENOMEM, and whatever
 * the kernel refuses a ring or an eventfd with: -EPERM, -ENOSYS, -EMFILE, -ENFILE ... (lariat_explain_setup()).
 */
LARIAT_API LARIAT_NODISCARD int lariat_loop_new(const struct lariat_loop_options *opts, struct lariat_loop **out);

/*
 * Stop the loop for good. BHs already scheduled run once more; storage ops in flight (read, write, fsync, sync_file_range,
 * fallocate and their file forms) are waited for; all other ops, and those on streams, are cancelled and complete with -ECANCELED or their real
 * result; armed timers and handlers are dropped uncalled. While that goes on, fsync, sync_file_range and close ops are still
 * carried out; any other new op completes with -ESHUTDOWN. Ops that are submitted from such callbacks without end are dropped,
 * uncalled, after 1024 rounds in which nothing else completed. Afterwards the ring is gone, and every call that would need it answers
 * -ESHUTDOWN.
 * Owner only; may block; 0, also when the loop was closed before; -EDEADLK inside a callback; -errno of a failed ring.
 */
LARIAT_API int lariat_loop_close(struct lariat_loop *loop);

/* Take a reference. Any thread, never blocks. Returns loop. */
LARIAT_API struct lariat_loop *lariat_loop_ref(struct lariat_loop *loop);

/*
 * Give back a reference; NULL is ignored. Any thread. The last one, given back by the owner outside callbacks, closes the
 * loop first (see lariat_loop_close()); given back elsewhere, the loop must have been closed: the process aborts otherwise.
 */
LARIAT_API void lariat_loop_unref(struct lariat_loop *loop);

/*
 * Run one iteration: submit what is queued, wait (spin, then sleep) if `blocking`, then run the callbacks of a bounded batch
 * of completions, of the BHs scheduled until then, and of the expired timers.
 * Owner only. A blocking call sleeps until there is something to do and returns after that first batch.
 * Returns 1: at least one callback ran; 0: none did (nothing there, or only a notify or a signal ended the wait);
 * -EDEADLK inside a callback; -ESHUTDOWN after close; another -errno if the ring failed for good (-EBADF, -EBADR ...).
 */
LARIAT_API int lariat_loop_poll(struct lariat_loop *loop, bool blocking);

/*
 * The loop of the calling thread: on an iothread its loop; elsewhere the loop being run right now; else NULL.
 * Any thread, never blocks; borrowed: valid as long as the loop is.
 */
LARIAT_API struct lariat_loop *lariat_loop_current(void);

/*
 * Make the loop look again: a loop asleep wakes, and lariat_loop_poll() returns. Costs a system call only when it sleeps.
 * Any thread, async-signal-safe, never blocks; does nothing on a closed loop.
 */
LARIAT_API void lariat_loop_notify(struct lariat_loop *loop);

/*
 * Run fn(opaque) on the owner and wait until it returned; called by the owner it runs at once.
 * Any thread; blocks; waits for ever on a loop that nobody runs, and two loops that call each other wait for ever too.
 * 0, or -ESHUTDOWN once the loop is stopping (fn did not run then).
 */
LARIAT_API int lariat_loop_call(struct lariat_loop *loop, void (*fn)(void *), void *opaque);

/*
 * Replace all poll parameters at once, live; the window starts again from zero. In force from the next wait on.
 * Any thread; takes a mutex for some ns, no I/O path does. -ERANGE or -EINVAL (value),
 * and then nothing changed; -ESHUTDOWN after close.
 */
LARIAT_API int lariat_loop_set_poll_params(struct lariat_loop *loop, const struct lariat_poll_params *params);

/* Read the poll parameters as last set. Any thread. */
LARIAT_API void lariat_loop_get_poll_params(struct lariat_loop *loop, struct lariat_poll_params *params);

/*
 * Completion batching, live: where storage ops are in flight, a sleep waits until `n` of them have completed, but not for more
 * than there are; after min_ns a single completion of any kind ends it, and so may be that much late, like whatever else would
 * have ended the sleep; timers are not. n: 0 to 32768; 1: off; 0 (the default): off, but under LARIAT_POLL_AUTO decided by
 * what is in flight. min_ns: 0 to 1000000000, default 100000; 0: off. Not inside another event loop (lariat_loop_fd()).
 * Any thread; takes a mutex for some ns. 0; -ERANGE, -ESHUTDOWN after close: nothing changed.
 */
LARIAT_API int lariat_loop_set_wait_batch(struct lariat_loop *loop, unsigned n, int64_t min_ns);

/* Read it as last set. Any thread. */
LARIAT_API void lariat_loop_get_wait_batch(struct lariat_loop *loop, unsigned *n, int64_t *min_ns);

/* Read the counters (stats.h), also after close. Set stats->size first (LARIAT_LOOP_STATS_INIT). Any thread, never blocks. */
LARIAT_API void lariat_loop_get_stats(struct lariat_loop *loop, struct lariat_loop_stats *stats);

/* The name given at creation. Any thread; borrowed from the loop. */
LARIAT_API const char *lariat_loop_name(const struct lariat_loop *loop);

/*
 * Say in words why a ring could not be made and what to do about it: err is the negative (or positive) errno value that
 * lariat_loop_new() or lariat_iothread_new() returned. One or two sentences without a newline.
 * Any thread; reads files under /proc; the caller frees the string; NULL only when there is no memory.
 */
LARIAT_API char *lariat_explain_setup(int err);

/*
 * Life inside another event loop (epoll, libuv, GLib). The loop must have been made with LARIAT_LOOP_EMBED. The outer loop
 *   1. calls lariat_loop_prepare() and waits on lariat_loop_fd() for POLLIN (POLLOUT is always set), level- or
 *      edge-triggered, no longer than *timeout_ns;
 *   2. calls lariat_loop_check(), whatever ended the wait: EINTR too means that completions may have arrived;
 *   3. if that said true, calls lariat_loop_dispatch().
 * What is queued on the loop between prepare and check notifies it, so that the outer wait returns and the next prepare
 * submits it. All of these are owner only.
 */

/* The descriptor to wait on, owned by the loop. -EOPNOTSUPP without LARIAT_LOOP_EMBED, -ESHUTDOWN after close. */
LARIAT_API int lariat_loop_fd(struct lariat_loop *loop);

/*
 * Submit what is queued, and announce that the owner is about to wait elsewhere. *timeout_ns: how long at most; -1: no limit,
 * 0: do not wait, there is work. Every prepare is followed by a check. 0, -EOPNOTSUPP, -EDEADLK, -ESHUTDOWN, or -errno.
 */
LARIAT_API int lariat_loop_prepare(struct lariat_loop *loop, int64_t *timeout_ns);

/* The wait is over. True: there is work for lariat_loop_dispatch(). */
LARIAT_API bool lariat_loop_check(struct lariat_loop *loop);

/* Run callbacks as lariat_loop_poll(loop, false) does, expired timers included; never sleeps. Returns the same. */
LARIAT_API int lariat_loop_dispatch(struct lariat_loop *loop);

/*
 * The reverse: another event loop inside this one (liblariat-glib puts a GMainContext into an iothread so). Such a library
 * needs to be asked before each wait, and told of the end; all else it does with ops, BHs and timers.
 *
 * Embedded in the caller's struct, zeroed but for the callbacks; each may be NULL. Costs nothing where there is none.
 */
struct lariat_loop_hook {
    /*
     * In each iteration and in each lariat_loop_prepare(), before the loop submits and decides whether to wait. May do all
     * that other callbacks may: what it submits goes out with this iteration, a timer it sets bounds this wait, and a BH it
     * schedules keeps the loop from waiting and runs in this iteration.
     */
    void (*prepare)(struct lariat_loop_hook *hook);
    /* Once, on the owner, at the end of lariat_loop_close(): all ops have completed. */
    void (*closed)(struct lariat_loop_hook *hook);
    /*
     * Once, on whatever thread gives back the last reference on the loop or, of an iothread, on that: the hook's memory is
     * the caller's again. Not in a child of fork().
     */
    void (*freed)(struct lariat_loop_hook *hook);
    uint64_t priv[4];
};

/* Add a hook; it must not be added already. Owner only, also inside callbacks. 0; -ESHUTDOWN once stopping. */
LARIAT_API int lariat_loop_hook_add(struct lariat_loop *loop, struct lariat_loop_hook *hook);

/* Remove it: it will not be called again; one that was not added, or was removed, is fine. Owner only, also inside callbacks. */
LARIAT_API void lariat_loop_hook_remove(struct lariat_loop *loop, struct lariat_loop_hook *hook);

#ifdef __cplusplus
}
#endif

#endif
