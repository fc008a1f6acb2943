/* SPDX-License-Identifier: MIT */
/*
 * The iothread's struct, shared by the files that make it up.
 *
 * The creator fills it in, starts the thread and waits until it is up; until then the thread alone writes it. Afterwards each
 * member belongs to whom its comment names.
 */
#ifndef LARIAT_IOTHREAD_PRIVATE_H
#define LARIAT_IOTHREAD_PRIVATE_H

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include <lariat/iothread.h>

#include "bh.h"
#include "config.h"

#define IOTHREAD_ID_MAX 63

enum iothread_state { IOTHREAD_RUNNING, IOTHREAD_STOPPING, IOTHREAD_STOPPED };

/* How the scheduler treats a thread that was told nothing: as it treated the creating one. */
struct placement {
    cpu_set_t cpus;
    int sched_policy;
    struct sched_param sched_param;
};

struct lariat_iothread {
    /* Any thread, constant once it is up. */
    char id[IOTHREAD_ID_MAX + 1];
    bool internal;
    pid_t tid;
    pthread_t thread;          /* under the mutex, while it is RUNNING */
    clockid_t cpu_clock;       /* of the thread; no clock any more when it has ended */
    struct placement inherited;
    struct lariat_loop *loop;
    uint64_t generation;       /* of the process that made it (fork.h) */
    uint64_t number;           /* thread_self() of the thread */

    /* Any thread, atomic. */
    _Atomic unsigned refs;
    _Atomic int64_t cpu_ns_told; /* most CPU time that was told */
    _Atomic bool ended;          /* set by the thread as its last act */

    /* The iothread. */
    struct lariat_bh stop_bh;
    bool running;              /* until the stop BH clears it */

    /* Under the mutex. */
    pthread_mutex_t mutex;
    pthread_cond_t stopped;
    enum iothread_state state;
    struct config config;      /* but for the poll parameters, which may be set in the loop too: iothread_get_config() */

    /* Under the registry's mutex. */
    struct lariat_iothread *next;
    bool listed;               /* in the registry: the id is taken */
    bool visible;              /* found and listed */
};

/* First line of every function of iothreads: not NULL, and not a child of fork(). */
void assert_iothread(const struct lariat_iothread *iothread, const char *function);

/*
 * Make one with all that `config` says, which it takes over, also on failure. loop_opts: what else of the loop's options was
 * given. *failed: the property that was refused; NULL: the ring, or none in particular.
 */
int iothread_create(const char *id, bool internal, const struct lariat_loop_options *loop_opts, struct config *config,
                    struct lariat_iothread **out, const char **failed);

bool iothread_id_is_valid(const char *id);

/* iothread_config.c: where the thread may run, and how it is scheduled, as configured. 0, or -errno and *failed. */
int iothread_place(pthread_t thread, const struct placement *inherited, const struct config *config, const char **failed);

/* iothread_config.c: a copy of what it is configured to be now, to be given back by config_exit(). 0 or -ENOMEM. */
int iothread_get_config(struct lariat_iothread *iothread, struct config *config, bool *running);

/* The part of lariat_iothread_destroy() that waits for nothing: out of the registry, and told to stop. destroy is to follow. */
void iothread_begin_end(struct lariat_iothread *iothread);

/* CPU time of its thread; never less than it was before. */
int64_t iothread_cpu_ns(struct lariat_iothread *iothread);

/* Tell the watches. */
void iothread_tell(struct lariat_iothread *iothread, enum lariat_iothread_event_kind kind);

#endif
