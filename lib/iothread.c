/* SPDX-License-Identifier: MIT */
/*
 * An iothread: a thread that makes a loop and runs it until it is stopped.
 *
 * The creator fills in the struct, starts the thread and waits for `up`; until then the thread alone writes it. Afterwards
 * `running` belongs to the iothread (its stop BH clears it), `state` to the mutex, and the rest is constant.
 */
#include <ctype.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <lariat/iothread.h>

#include "cpu_list.h"
#include "fatal.h"
#include "loop.h"
#include "options.h"
#include "seam.h"

#define ID_MAX 63
#define THREAD_NAME_MAX 15 /* of Linux */

enum iothread_state { IOTHREAD_RUNNING, IOTHREAD_STOPPING, IOTHREAD_STOPPED };

struct lariat_iothread {
    char id[ID_MAX + 1];
    _Atomic unsigned refs;
    pid_t tid;
    pthread_t thread;
    struct lariat_loop *loop;
    uint64_t generation; /* of the process that made it (fork.h) */
    uint64_t number;     /* thread_self() of the thread */
    struct lariat_bh stop_bh;
    bool running;

    pthread_mutex_t mutex;
    pthread_cond_t stopped;
    enum iothread_state state;
};

/* What the new thread needs of its creator, while that waits. */
struct start {
    struct lariat_iothread *iothread;
    const struct lariat_loop_options *loop_opts;
    int err;
    sem_t up;
};

static _Thread_local struct lariat_iothread *current_iothread;

static void iothread_fail(const struct lariat_iothread *iothread, const char *function)
{
    if (!iothread)
        fatal(function, "iothread", "NULL", "must not be NULL");
    fatal(function, "iothread", iothread->id, "used in a child of fork()");
}

static void assert_iothread(const struct lariat_iothread *iothread, const char *function)
{
    if (unlikely(!iothread || fork_is_child(iothread->generation)))
        iothread_fail(iothread, function);
}

static bool id_is_valid(const char *id)
{
    size_t n = strlen(id);

    if (!n || n > ID_MAX || !isalpha((unsigned char)id[0]))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!isalnum((unsigned char)id[i]) && !strchr("-._", id[i]))
            return false;
    return true;
}

/* ---- the thread ---- */

static void stop_running(void *opaque)
{
    struct lariat_iothread *iothread = opaque;

    iothread->running = false;
}

static void run(struct lariat_iothread *iothread)
{
    while (iothread->running) {
        int ret = lariat_loop_poll(iothread->loop, true);

        if (ret < 0) /* the ring is broken for good: its ops would never complete, and nobody would learn of it */
            fatal(__func__, "iothread", iothread->id, strerror(-ret));
    }
}

static void *iothread_main(void *opaque)
{
    struct start *start = opaque;
    struct lariat_iothread *iothread = start->iothread;
    char name[THREAD_NAME_MAX + 1];
    int err;

    snprintf(name, sizeof(name), "IO %.*s", THREAD_NAME_MAX - 3, iothread->id);
    pthread_setname_np(pthread_self(), name);
    iothread->tid = gettid();
    iothread->number = thread_self();
    iothread->running = true;
    err = lariat_loop_new(start->loop_opts, &iothread->loop);
    if (!err) {
        bh_init(&iothread->stop_bh, iothread->loop, "stop", stop_running, iothread);
        current_iothread = iothread;
        loop_set_current(iothread->loop);
    }
    start->err = err;
    sem_post(&start->up); /* `start` is gone after this; the iothread too if err */
    if (err)
        return NULL;
    run(iothread);
    err = lariat_loop_close(iothread->loop);
    if (err)
        fatal(__func__, "iothread", iothread->id, strerror(-err));
    return NULL;
}

/* Signals meant for the process are not for a thread that would lose its time to them; faults must still be delivered. */
static void block_signals(sigset_t *old)
{
    static const int faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS };
    sigset_t set;

    sigfillset(&set);
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
        sigdelset(&set, faults[i]);
    pthread_sigmask(SIG_SETMASK, &set, old);
}

static int set_affinity(pthread_attr_t *attr, const char *list)
{
    cpu_set_t cpus;
    int err;

    if (!list)
        return 0;
    err = cpu_list_parse(list, &cpus);
    if (err)
        return err;
    err = cpu_list_check(&cpus);
    return err ? err : -pthread_attr_setaffinity_np(attr, sizeof(cpus), &cpus);
}

/* Start the thread and wait until it is up, or has failed and is gone. */
static int start_thread(struct lariat_iothread *iothread, const struct lariat_loop_options *loop_opts, const char *cpus)
{
    struct start start = { .iothread = iothread, .loop_opts = loop_opts };
    pthread_attr_t attr;
    sigset_t signals;
    int err;

    pthread_attr_init(&attr);
    err = set_affinity(&attr, cpus);
    if (err) {
        pthread_attr_destroy(&attr);
        return err;
    }
    sem_init(&start.up, 0, 0);
    block_signals(&signals); /* inherited by the thread */
    err = -seam_thread_create(&iothread->thread, &attr, iothread_main, &start);
    pthread_sigmask(SIG_SETMASK, &signals, NULL);
    pthread_attr_destroy(&attr);
    if (!err) {
        while (sem_wait(&start.up)) /* EINTR */
            ;
        err = start.err;
        if (err)
            pthread_join(iothread->thread, NULL);
    }
    sem_destroy(&start.up);
    return err;
}

/* ---- creation ---- */

/* in_child: somebody of the parent may hold the mutex or wait for the condition for ever, so only memory is given back. */
static void iothread_free(struct lariat_iothread *iothread, bool in_child)
{
    lariat_loop_unref(iothread->loop);
    if (!in_child) {
        pthread_cond_destroy(&iothread->stopped);
        pthread_mutex_destroy(&iothread->mutex);
    }
    free(iothread);
}

int lariat_iothread_new(const char *id, const struct lariat_iothread_options *opts, struct lariat_iothread **out)
{
    struct lariat_iothread_options read = LARIAT_IOTHREAD_OPTIONS_INIT;
    struct lariat_loop_options loop_opts = LARIAT_LOOP_OPTIONS_INIT;
    struct lariat_iothread *iothread;
    int err = 0;

    require(id, __func__, "id");
    require(out, __func__, "out");
    if (opts)
        err = options_read(&read, sizeof(read), opts);
    if (!err && read.loop)
        err = options_read(&loop_opts, sizeof(loop_opts), read.loop);
    if (!err && !id_is_valid(id))
        err = -EINVAL;
    if (err)
        return err;
    iothread = calloc(1, sizeof(*iothread));
    if (!iothread)
        return -ENOMEM;
    strcpy(iothread->id, id); /* fits: id_is_valid() */
    atomic_init(&iothread->refs, 1);
    pthread_mutex_init(&iothread->mutex, NULL);
    pthread_cond_init(&iothread->stopped, NULL);
    if (!loop_opts.name)
        loop_opts.name = iothread->id;
    loop_opts.size = sizeof(loop_opts);
    iothread->generation = fork_generation();
    err = iothread->generation ? start_thread(iothread, &loop_opts, read.cpu_affinity) : -ENOMEM;
    if (err) {
        iothread_free(iothread, false);
        return err;
    }
    *out = iothread;
    return 0;
}

/* ---- the end ---- */

/* One caller stops and joins; the others wait for it. */
static void stop_and_join(struct lariat_iothread *iothread)
{
    pthread_mutex_lock(&iothread->mutex);
    if (iothread->state == IOTHREAD_RUNNING) {
        iothread->state = IOTHREAD_STOPPING;
        pthread_mutex_unlock(&iothread->mutex);
        lariat_bh_schedule(&iothread->stop_bh); /* cannot be refused: only this BH leads to the loop's close */
        pthread_join(iothread->thread, NULL);
        pthread_mutex_lock(&iothread->mutex);
        iothread->state = IOTHREAD_STOPPED;
        pthread_cond_broadcast(&iothread->stopped);
    }
    while (iothread->state != IOTHREAD_STOPPED)
        pthread_cond_wait(&iothread->stopped, &iothread->mutex);
    pthread_mutex_unlock(&iothread->mutex);
}

int lariat_iothread_stop(struct lariat_iothread *iothread)
{
    assert_iothread(iothread, __func__);
    if (thread_self() == iothread->number)
        return -EDEADLK;
    stop_and_join(iothread);
    return 0;
}

void lariat_iothread_destroy(struct lariat_iothread *iothread)
{
    if (!iothread)
        return;
    if (!fork_is_child(iothread->generation)) {
        if (thread_self() == iothread->number)
            fatal(__func__, "iothread", iothread->id, "called from the iothread itself");
        stop_and_join(iothread);
    }
    lariat_iothread_unref(iothread);
}

struct lariat_iothread *lariat_iothread_ref(struct lariat_iothread *iothread)
{
    assert_iothread(iothread, __func__);
    atomic_fetch_add_explicit(&iothread->refs, 1, memory_order_relaxed);
    return iothread;
}

void lariat_iothread_unref(struct lariat_iothread *iothread)
{
    bool child;

    if (!iothread || atomic_fetch_sub_explicit(&iothread->refs, 1, memory_order_acq_rel) > 1)
        return;
    child = fork_is_child(iothread->generation);
    if (!child) {
        pthread_mutex_lock(&iothread->mutex);
        if (iothread->state != IOTHREAD_STOPPED)
            fatal(__func__, "iothread", iothread->id, "last reference given back, but it was never stopped");
        pthread_mutex_unlock(&iothread->mutex);
    }
    iothread_free(iothread, child);
}

/* ---- asking ---- */

struct lariat_iothread *lariat_iothread_current(void)
{
    return current_iothread;
}

const char *lariat_iothread_id(const struct lariat_iothread *iothread)
{
    assert_iothread(iothread, __func__);
    return iothread->id;
}

pid_t lariat_iothread_tid(const struct lariat_iothread *iothread)
{
    assert_iothread(iothread, __func__);
    return iothread->tid;
}

struct lariat_loop *lariat_iothread_loop(struct lariat_iothread *iothread)
{
    assert_iothread(iothread, __func__);
    return iothread->loop;
}
