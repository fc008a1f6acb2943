/* SPDX-License-Identifier: MIT */
/*
 * An iothread: a named thread that runs one loop until it is stopped.
 */
#ifndef LARIAT_IOTHREAD_H
#define LARIAT_IOTHREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <lariat/api.h>
#include <lariat/loop.h>

#ifdef __cplusplus
extern "C" {
#endif

struct lariat_iothread;

/* Options of an iothread. Begin with LARIAT_IOTHREAD_OPTIONS_INIT; zero means default in every member. */
struct lariat_iothread_options {
    size_t size;                            /* set by the initialiser */
    const struct lariat_loop_options *loop; /* NULL: defaults; the loop's name defaults to the id */
    bool internal;                          /* not listed and not found by id (neither exists yet) */
    const char *cpu_affinity;               /* "1", "0-3,6"; NULL: inherited from the creating thread */
};
#define LARIAT_IOTHREAD_OPTIONS_INIT { sizeof(struct lariat_iothread_options), NULL, false, NULL }

/*
 * Start a thread named "IO <id>" (cut to the 15 characters that Linux keeps) that makes a loop and runs it, and wait until
 * it is up. All signals are blocked in it, except those of synchronous faults.
 * id: letters, digits, '-', '.', '_', beginning with a letter, at most 63 characters; copied.
 * Any thread; blocks for the time of a thread creation; on success *out holds the creator's reference.
 * Errors: -EINVAL (id, affinity list, an option), -E2BIG (an option newer than this library), -ENOMEM, -EAGAIN (no more threads), -ENODEV (no such CPU), and all errors
 * of lariat_loop_new(). Nothing is left behind then.
 */
LARIAT_API LARIAT_NODISCARD int lariat_iothread_new(const char *id, const struct lariat_iothread_options *opts,
                                                    struct lariat_iothread **out);

/*
 * Stop the loop as lariat_loop_close() describes, and join the thread. Any thread; blocks; may be called again; several
 * callers all wait until the thread is gone. 0; -EDEADLK from the iothread itself (nothing happens then).
 */
LARIAT_API int lariat_iothread_stop(struct lariat_iothread *iothread);

/*
 * Stop, then give back the creator's reference; NULL is ignored. Any thread but the iothread itself (aborts). Blocks.
 */
LARIAT_API void lariat_iothread_destroy(struct lariat_iothread *iothread);

/* Take a reference: keeps the memory, not the thread. Any thread, never blocks. Returns iothread. */
LARIAT_API struct lariat_iothread *lariat_iothread_ref(struct lariat_iothread *iothread);

/* Give back a reference; NULL is ignored. Any thread. The last one aborts if the iothread was never stopped. */
LARIAT_API void lariat_iothread_unref(struct lariat_iothread *iothread);

/* The iothread that the calling thread is, or NULL. Any thread; borrowed. */
LARIAT_API struct lariat_iothread *lariat_iothread_current(void);

/* The id. Any thread; borrowed from the iothread. */
LARIAT_API const char *lariat_iothread_id(const struct lariat_iothread *iothread);

/* The kernel's thread id, also after the thread has ended. Any thread. */
LARIAT_API pid_t lariat_iothread_tid(const struct lariat_iothread *iothread);

/* The loop; borrowed: take a reference to keep it beyond the iothread. Any thread. */
LARIAT_API struct lariat_loop *lariat_iothread_loop(struct lariat_iothread *iothread);

#ifdef __cplusplus
}
#endif

#endif
