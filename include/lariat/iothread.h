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
#include <lariat/property.h>
#include <lariat/stats.h>

#ifdef __cplusplus
extern "C" {
#endif

struct lariat_iothread;

/* Options of an iothread. Begin with LARIAT_IOTHREAD_OPTIONS_INIT; zero means default in every member. */
struct lariat_iothread_options {
    size_t size;                            /* set by the initialiser */
    const struct lariat_loop_options *loop; /* NULL: defaults; the loop's name defaults to the id */
    bool internal;                          /* not listed, not found by id, and its id need not be unique */
    const char *cpu_affinity;               /* "1", "0-3,6"; NULL: inherited from the creating thread */
};
#define LARIAT_IOTHREAD_OPTIONS_INIT { sizeof(struct lariat_iothread_options), NULL, false, NULL }

/*
 * Start a thread named "IO <id>" (cut to the 15 characters that Linux keeps) that makes a loop and runs it, and wait until
 * it is up. All signals are blocked in it, except those of synchronous faults.
 * id: letters, digits, '-', '.', '_', beginning with a letter, at most 63 characters; copied.
 * Any thread; blocks for the time of a thread creation; on success *out holds the creator's reference.
 * Errors: -EINVAL (id, affinity list, an option), -EEXIST (the id is taken), -E2BIG (an option newer than this library), -ENOMEM, -EAGAIN (no more threads), -ENODEV (no such CPU), and all errors
 * of lariat_loop_new(). Nothing is left behind then.
 */
LARIAT_API LARIAT_NODISCARD int lariat_iothread_new(const char *id, const struct lariat_iothread_options *opts,
                                                    struct lariat_iothread **out);

/*
 * The same from text, as a person types it: "id=io0,poll-max-ns=65536,cpu-affinity=1". key=value pairs separated by commas;
 * a comma inside a value is written twice ("cpu-affinity=0,,2"); of a key given twice the last value counts. The first may be
 * "iothread", the type, as in QEMU's -object. `id` is needed; the other keys are the properties (property.h).
 * Any thread; blocks likewise. Errors: those above; -EINVAL (a key unknown or without its value, a value that is none),
 * -ERANGE, -EOPNOTSUPP (something this kernel lacks), -EPERM (scheduling policy). *errmsg then says which
 * property, which value and what would do; malloc'ed; errmsg may be NULL; NULL in it only when there is no memory.
 */
LARIAT_API LARIAT_NODISCARD int lariat_iothread_new_from_string(const char *spec, struct lariat_iothread **out,
                                                                char **errmsg);

/*
 * Stop the loop as lariat_loop_close() describes, and join the thread. Any thread; blocks; may be called again; several
 * callers all wait until the thread is gone. 0; -EDEADLK from the iothread itself (nothing happens then).
 */
LARIAT_API int lariat_iothread_stop(struct lariat_iothread *iothread);

/*
 * Take it out of the registry at once (its id is free again), stop it, then give back the creator's reference; NULL is
 * ignored. Any thread but the iothread itself (aborts). Blocks.
 */
LARIAT_API void lariat_iothread_destroy(struct lariat_iothread *iothread);

/*
 * The same, but only if the creator's reference is the only one: else -EBUSY, and nothing happened. For whoever holds that
 * reference and lets others look the iothread up.
 */
LARIAT_API int lariat_iothread_destroy_unused(struct lariat_iothread *iothread);

/* The user-created iothread of that id, or NULL; takes a reference. Any thread; never waits for an iothread. */
LARIAT_API LARIAT_NODISCARD struct lariat_iothread *lariat_iothread_by_id(const char *id);

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

/*
 * Set a property by name; the same text as in lariat_iothread_new_from_string(). A refused value changes nothing.
 * Any thread, also the iothread itself; never waits for the iothread: a live change is in force from its next iteration on.
 * 0; -ENOENT (no such property), -EINVAL (no such value), -ERANGE, -EOPNOTSUPP, -EPERM, -ENODEV (no such CPU), -EBUSY (only when it
 * is created), -ESHUTDOWN (stopped), -ENOMEM. *errmsg names property, value and range; malloc'ed; errmsg may be NULL.
 */
LARIAT_API int lariat_iothread_set(struct lariat_iothread *iothread, const char *name, const char *value, char **errmsg);

/* Set several at once, "poll-max-ns=100us,poll-grow=4": all or none, and the poll parameters in one step. The same otherwise. */
LARIAT_API int lariat_iothread_set_from_string(struct lariat_iothread *iothread, const char *pairs, char **errmsg);

/*
 * What was configured, as text that lariat_iothread_set() would take: durations in ns. *value is malloc'ed.
 * Any thread. 0, -ENOENT, -ENOMEM.
 */
LARIAT_API int lariat_iothread_get(struct lariat_iothread *iothread, const char *name, char **value);

/* What is known of an iothread at one moment. Made by the library, which may append members. */
struct lariat_iothread_info {
    struct lariat_iothread_info *next;
    const char *id;
    pid_t thread_id;
    bool running;                                      /* not stopped */
    int64_t cpu_ns;                                    /* CPU time of its thread */
    struct lariat_poll_params poll;                    /* configured */
    struct lariat_poll_params poll_effective;          /* with what 0 stands for filled in; shrink 0: to zero (classic) */
    const struct lariat_property_value *properties;    /* all, in the order of lariat_property_at() */
    unsigned n_properties;
    const struct lariat_loop_stats *stats;             /* window, counters, and what was obtained of the ring */
};

/*
 * All user-created iothreads, in the order of their creation, as a list by ->next; *head is NULL if there are none.
 * Any thread; never waits for an iothread. 0, -ENOMEM.
 */
LARIAT_API int lariat_iothread_query(struct lariat_iothread_info **head);

/* Free a list; NULL is ignored. */
LARIAT_API void lariat_iothread_info_free(struct lariat_iothread_info *head);

/* What happens to user-created iothreads. */
enum lariat_iothread_event_kind {
    LARIAT_IOTHREAD_CREATED = 0,             /* it is up, found and listed */
    LARIAT_IOTHREAD_STOPPED = 1,             /* its thread is gone */
    LARIAT_IOTHREAD_POLL_PARAMS_CHANGED = 2  /* by a set through the iothread, not by lariat_loop_set_poll_params() */
};

struct lariat_iothread_event {
    enum lariat_iothread_event_kind kind;
    const char *id;
    pid_t thread_id;
    struct lariat_poll_params poll; /* configured */
};

struct lariat_iothread_watch;

/*
 * Have fn called for each such event until the watch is freed: on the thread that made it happen, in order for each
 * iothread. fn must be quick and may call nothing of Lariat but lariat_bh_schedule(); *event is valid during the call.
 * Any thread. 0, -ENOMEM.
 */
LARIAT_API LARIAT_NODISCARD int lariat_iothread_watch_new(void (*fn)(const struct lariat_iothread_event *event, void *opaque),
                                                          void *opaque, struct lariat_iothread_watch **out);

/* End it; NULL is ignored. Any thread, not inside fn; waits for a call of fn in progress. */
LARIAT_API void lariat_iothread_watch_free(struct lariat_iothread_watch *watch);

/* The loop; borrowed: take a reference to keep it beyond the iothread. Any thread. */
LARIAT_API struct lariat_loop *lariat_iothread_loop(struct lariat_iothread *iothread);

#ifdef __cplusplus
}
#endif

#endif
