/* SPDX-License-Identifier: MIT */
/*
 * An iothread: a thread that makes a loop and runs it until it is stopped. Its properties are in iothread_config.c, the list
 * of all in registry.c.
 */
#include "iothread.h"

#include <errno.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "fatal.h"
#include "loop.h"
#include "options.h"
#include "poll.h"
#include "registry.h"
#include "seam.h"
#include "watch.h"

#define THREAD_NAME_MAX 15 /* of Linux */
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" /* whatever the locale calls letters */

/* What the new thread needs of its creator, while that waits. */
struct start {
    struct lariat_iothread *iothread;
    const struct lariat_loop_options *loop_opts;
    int err;
    const char *failed; /* the property that was refused */
    sem_t up;
};

static _Thread_local struct lariat_iothread *current_iothread;

void assert_iothread(const struct lariat_iothread *iothread, const char *function)
{
    if (unlikely(!iothread))
        fatal(function, "iothread", "NULL", "must not be NULL");
    if (unlikely(fork_is_child(iothread->generation)))
        fatal(function, "iothread", iothread->id, "used in a child of fork()");
}

bool iothread_id_is_valid(const char *id)
{
    size_t n = strspn(id, LETTERS "0123456789-._");

    return n <= IOTHREAD_ID_MAX && !id[n] && strspn(id, LETTERS);
}

void iothread_tell(struct lariat_iothread *iothread, enum lariat_iothread_event_kind kind)
{
    struct lariat_iothread_event event = { .kind = kind, .id = iothread->id, .thread_id = iothread->tid };

    if (iothread->internal)
        return;
    lariat_loop_get_poll_params(iothread->loop, &event.poll);
    watch_tell(&event);
}

/* The most that was told: what it had used up when it ended may have been read just before by others, who saw more. */
static int64_t tell_cpu_ns(struct lariat_iothread *iothread, int64_t now_ns)
{
    int64_t told_ns = atomic_load_explicit(&iothread->cpu_ns_told, memory_order_relaxed);

    while (now_ns > told_ns)
        if (atomic_compare_exchange_weak_explicit(&iothread->cpu_ns_told, &told_ns, now_ns, memory_order_relaxed,
                                                  memory_order_relaxed))
            return now_ns;
    return told_ns;
}

int64_t iothread_cpu_ns(struct lariat_iothread *iothread)
{
    struct timespec ts;

    /* Acquire: pairs with the release in iothread_main(). The number of a thread that has ended may be another's by now. */
    if (atomic_load_explicit(&iothread->ended, memory_order_acquire) || clock_gettime(iothread->cpu_clock, &ts))
        return tell_cpu_ns(iothread, 0);
    return tell_cpu_ns(iothread, ts.tv_sec * NS_PER_S + ts.tv_nsec);
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

/* Before anything of it is used: who it is, and where it runs. */
static int settle(struct lariat_iothread *iothread, const char **failed)
{
    char name[THREAD_NAME_MAX + 1];

    snprintf(name, sizeof(name), "IO %.*s", THREAD_NAME_MAX - 3, iothread->id);
    pthread_setname_np(pthread_self(), name);
    iothread->tid = gettid();
    iothread->number = thread_self();
    iothread->running = true;
    pthread_getcpuclockid(pthread_self(), &iothread->cpu_clock);
    pthread_getaffinity_np(pthread_self(), sizeof(iothread->inherited.cpus), &iothread->inherited.cpus);
    pthread_getschedparam(pthread_self(), &iothread->inherited.sched_policy, &iothread->inherited.sched_param);
    return iothread_place(pthread_self(), &iothread->inherited, &iothread->config, failed);
}

/* The limits of the kernel's workers are the thread's own, so it sets them itself. */
static int tune(struct lariat_iothread *iothread, const char **failed)
{
    struct loop_tuning tuning;
    int err;

    config_get_tuning(&iothread->config, &tuning);
    if (!tuning.batch_max && !tuning.workers_max[0] && !tuning.workers_max[1] && !tuning.wait_batch &&
        tuning.wait_min_ns == WAIT_MIN_NS_DEFAULT)
        return 0;
    *failed = tuning.workers_max[0] ? "iowq-max-bounded" : "iowq-max-unbounded";
    err = loop_set_tuning(iothread->loop, &tuning);
    return err ? err : loop_take_tuning(iothread->loop);
}

static int come_up(struct start *start)
{
    struct lariat_iothread *iothread = start->iothread;
    int err = settle(iothread, &start->failed);

    if (err)
        return err;
    err = lariat_loop_new(start->loop_opts, &iothread->loop);
    if (err)
        return err;
    err = tune(iothread, &start->failed);
    if (err) {
        lariat_loop_close(iothread->loop);
        return err;
    }
    bh_init(&iothread->stop_bh, iothread->loop, "stop", stop_running, iothread);
    current_iothread = iothread;
    loop_set_current(iothread->loop);
    return 0;
}

static void *iothread_main(void *opaque)
{
    struct start *start = opaque;
    struct lariat_iothread *iothread = start->iothread;
    int err = come_up(start);

    start->err = err;
    sem_post(&start->up); /* `start` is gone after this; the iothread too if err */
    if (err)
        return NULL;
    run(iothread);
    err = lariat_loop_close(iothread->loop);
    if (err)
        fatal(__func__, "iothread", iothread->id, strerror(-err));
    (void)iothread_cpu_ns(iothread);
    atomic_store_explicit(&iothread->ended, true, memory_order_release);
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

/* Start the thread and wait until it is up, or has failed and is gone. */
static int start_thread(struct lariat_iothread *iothread, const struct lariat_loop_options *loop_opts, const char **failed)
{
    struct start start = { .iothread = iothread, .loop_opts = loop_opts };
    sigset_t signals;
    int err;

    sem_init(&start.up, 0, 0);
    block_signals(&signals); /* inherited by the thread */
    err = -seam_thread_create(&iothread->thread, NULL, iothread_main, &start);
    pthread_sigmask(SIG_SETMASK, &signals, NULL);
    if (!err) {
        while (sem_wait(&start.up)) /* EINTR */
            ;
        err = start.err;
        *failed = start.failed;
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
    if (!in_child)
        hooks_free(iothread->loop); /* before its last reference: what hooks free may hold more of them, BHs for one */
    lariat_loop_unref(iothread->loop);
    config_exit(&iothread->config);
    if (!in_child) {
        pthread_cond_destroy(&iothread->stopped);
        pthread_mutex_destroy(&iothread->mutex);
    }
    free(iothread);
}

static struct lariat_iothread *iothread_alloc(const char *id, bool internal, struct config *config)
{
    struct lariat_iothread *iothread = calloc(1, sizeof(*iothread));

    if (!iothread) {
        config_exit(config);
        return NULL;
    }
    strcpy(iothread->id, id); /* fits: iothread_id_is_valid() */
    iothread->internal = internal;
    iothread->config = *config;
    atomic_init(&iothread->refs, 1);
    pthread_mutex_init(&iothread->mutex, NULL);
    pthread_cond_init(&iothread->stopped, NULL);
    return iothread;
}

/* Without sqpoll there is no thread whose CPU could matter. */
static void set_sqpoll(struct lariat_loop_options *opts, const struct config *config)
{
    if (!config->numbers[PROPERTY_SQPOLL])
        return;
    opts->flags |= LARIAT_LOOP_SQPOLL;
    if (config->numbers[PROPERTY_SQPOLL_CPU] < 0)
        return;
    opts->flags |= LARIAT_LOOP_SQPOLL_CPU;
    opts->sqpoll_cpu = (unsigned)config->numbers[PROPERTY_SQPOLL_CPU];
}

int iothread_create(const char *id, bool internal, const struct lariat_loop_options *loop_opts, struct config *config,
                    struct lariat_iothread **out, const char **failed)
{
    struct lariat_iothread *iothread = iothread_alloc(id, internal, config);
    struct lariat_loop_options opts = *loop_opts;
    struct lariat_poll_params poll;
    int err;

    *failed = NULL;
    if (!iothread)
        return -ENOMEM;
    config_get_poll(&iothread->config, &poll);
    opts.size = sizeof(opts);
    opts.name = opts.name ? opts.name : iothread->id;
    opts.sq_entries = (unsigned)iothread->config.numbers[PROPERTY_SQ_ENTRIES];
    opts.cq_entries = (unsigned)iothread->config.numbers[PROPERTY_CQ_ENTRIES];
    set_sqpoll(&opts, &iothread->config);
    opts.poll = &poll;
    iothread->generation = fork_generation();
    err = iothread->generation ? 0 : -ENOMEM;
    if (!err && !internal)
        err = registry_reserve(iothread);
    if (!err)
        err = start_thread(iothread, &opts, failed);
    if (err) {
        registry_remove(iothread);
        iothread_free(iothread, false);
        return err;
    }
    *out = iothread;
    if (!internal)
        registry_publish(iothread);
    return 0;
}

/* What the option structs say, as properties. */
static int config_from_options(struct config *config, const struct lariat_loop_options *loop_opts, const char *cpus)
{
    config_init(config);
    if (loop_opts->sq_entries)
        config->numbers[PROPERTY_SQ_ENTRIES] = loop_opts->sq_entries;
    config->numbers[PROPERTY_CQ_ENTRIES] = loop_opts->cq_entries;
    config->numbers[PROPERTY_SQPOLL] = loop_opts->flags & LARIAT_LOOP_SQPOLL ? 1 : 0;
    if (loop_opts->flags & LARIAT_LOOP_SQPOLL_CPU)
        config->numbers[PROPERTY_SQPOLL_CPU] = loop_opts->sqpoll_cpu;
    if (loop_opts->poll) {
        int err = poll_params_check(loop_opts->poll);

        if (err)
            return err;
        config_put_poll(config, loop_opts->poll);
    }
    return cpus ? config_set(config, PROPERTY_CPU_AFFINITY, cpus, NULL) : 0;
}

int lariat_iothread_new(const char *id, const struct lariat_iothread_options *opts, struct lariat_iothread **out)
{
    struct lariat_iothread_options read = LARIAT_IOTHREAD_OPTIONS_INIT;
    struct lariat_loop_options loop_opts = LARIAT_LOOP_OPTIONS_INIT;
    struct config config;
    const char *failed;
    int err = 0;

    require(id, __func__, "id");
    require(out, __func__, "out");
    if (opts)
        err = options_read(&read, sizeof(read), opts);
    if (!err && read.loop)
        err = options_read(&loop_opts, sizeof(loop_opts), read.loop);
    if (!err && (!iothread_id_is_valid(id) || (read.cpu_affinity && !*read.cpu_affinity)))
        err = -EINVAL;
    if (err)
        return err;
    err = config_from_options(&config, &loop_opts, read.cpu_affinity);
    if (err)
        return err;
    return iothread_create(id, read.internal, &loop_opts, &config, out, &failed);
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
        iothread_tell(iothread, LARIAT_IOTHREAD_STOPPED);
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

void iothread_begin_end(struct lariat_iothread *iothread)
{
    if (fork_is_child(iothread->generation))
        return;
    registry_remove(iothread);
    (void)lariat_bh_schedule(&iothread->stop_bh); /* refused: it is ending already */
}

void lariat_iothread_destroy(struct lariat_iothread *iothread)
{
    if (!iothread)
        return;
    if (!fork_is_child(iothread->generation)) {
        if (thread_self() == iothread->number)
            fatal(__func__, "iothread", iothread->id, "called from the iothread itself");
        registry_remove(iothread);
        stop_and_join(iothread);
    }
    lariat_iothread_unref(iothread);
}

int lariat_iothread_destroy_unused(struct lariat_iothread *iothread)
{
    assert_iothread(iothread, __func__);
    if (thread_self() == iothread->number)
        fatal(__func__, "iothread", iothread->id, "called from the iothread itself");
    if (!registry_remove_unused(iothread))
        return -EBUSY;
    stop_and_join(iothread);
    lariat_iothread_unref(iothread);
    return 0;
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
        registry_remove(iothread);
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
