/* SPDX-License-Identifier: MIT */
/*
 * Cross-thread bursts: 1,000 callbacks made beforehand and shared out among the producers. Each producer posts its own once,
 * waits until all of that round have run, and begins the next round. The figure is time per callback, all producers
 * together.
 *
 * Why this is fair: the callback is one plain increment; only the last one of a producer's round touches memory that the
 * producer is looking at, so the traffic of the counter does not blur what the queues cost. The consumer has one CPU, all
 * producers the others. Between rounds a consumer that does not poll falls asleep: waking it once per round is part of the
 * figure, for all alike. See microbench_loop.c for what a post is in each library.
 */
#include "config.h"

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <lariat/poll.h>

#include "microbench_loop.h"
#include "microbench_stats.h"

enum {
    CALLBACKS = 1000,
    PRODUCERS_MAX = 4,
    CACHE_LINE = 64,
    PAUSES_BEFORE_YIELD = 100 /* some 3 us: several producers may have to share a CPU */
};

static const double ROUND_MS = 40;

struct producer {
    /* written by the consumer only */
    _Alignas(CACHE_LINE) unsigned ran;
    _Alignas(CACHE_LINE) atomic_uint rounds_run;

    _Alignas(CACHE_LINE) struct mb_node *nodes;
    unsigned n_nodes;
    const struct mb_loop_ops *ops;
    struct mb_loop *loop;
    const struct mb_env *env;
    pthread_barrier_t *begin;
    pthread_t thread;
    struct mb_lap lap;
    int error;
};

static void node_ran(struct mb_node *node)
{
    struct producer *producer = node->opaque;

    if (++producer->ran < producer->n_nodes)
        return;
    producer->ran = 0;
    atomic_fetch_add_explicit(&producer->rounds_run, 1, memory_order_release);
}

static inline void cpu_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static void wait_for_round(struct producer *producer, unsigned round)
{
    unsigned pauses = 0;

    while (atomic_load_explicit(&producer->rounds_run, memory_order_acquire) != round) {
        if (++pauses < PAUSES_BEFORE_YIELD) {
            cpu_relax();
        } else {
            sched_yield();
            pauses = 0;
        }
    }
}

/* Anywhere but where the consumer is. */
static void leave_consumer_cpu(const struct mb_env *env)
{
    cpu_set_t set = env->cpus;

    CPU_CLR((unsigned)env->cpu[1], &set);
    pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

static void *producer_main(void *opaque)
{
    struct producer *producer = opaque;
    unsigned round = 0;

    leave_consumer_cpu(producer->env);
    pthread_barrier_wait(producer->begin);
    mb_lap_begin(&producer->lap, producer->env, ROUND_MS, 1);
    do {
        for (unsigned i = 0; i < producer->n_nodes; i++)
            producer->error |= producer->ops->post(producer->loop, &producer->nodes[i]);
        if (producer->error)
            break; /* something was refused: that round would never end */
        wait_for_round(producer, ++round);
    } while (mb_lap_tick(&producer->lap, producer->n_nodes));
    return NULL;
}

/* The producers end at slightly different times, so their rates are added, not their counts. */
static int run_producers(struct producer *producers, int n, double *values)
{
    double per_ns = 0;
    int error = 0;

    for (int i = 0; i < n; i++)
        if (pthread_create(&producers[i].thread, NULL, producer_main, &producers[i]))
            abort(); /* those that wait at the barrier could not be got back */
    for (int i = 0; i < n; i++) {
        pthread_join(producers[i].thread, NULL);
        per_ns += 1 / mb_lap_ns_per_unit(&producers[i].lap);
        error |= producers[i].error;
    }
    values[0] = 1 / per_ns;
    return error ? -EIO : 0;
}

static int run_burst(const struct mb_run *run, const struct mb_loop_ops *ops, int64_t poll_max_ns, double *values)
{
    struct producer producers[PRODUCERS_MAX] = { 0 };
    static struct mb_node nodes[CALLBACKS];
    pthread_barrier_t begin;
    struct mb_loop *loop;
    unsigned share = CALLBACKS / (unsigned)run->arg;
    int ret = ops->start(run->env->cpu[1], poll_max_ns, &loop);

    if (ret)
        return ret;
    pthread_barrier_init(&begin, NULL, (unsigned)run->arg);
    for (int i = 0; i < run->arg; i++) {
        struct producer *producer = &producers[i];

        producer->nodes = &nodes[(unsigned)i * share];
        producer->n_nodes = share;
        producer->ops = ops;
        producer->loop = loop;
        producer->env = run->env;
        producer->begin = &begin;
        for (unsigned k = 0; k < share; k++) {
            producer->nodes[k] = (struct mb_node){ .fn = node_ran, .opaque = producer };
            ret = ret ? ret : ops->add(loop, &producer->nodes[k]);
        }
    }
    if (!ret)
        ret = run_producers(producers, run->arg, values);
    for (unsigned k = 0; k < share * (unsigned)run->arg; k++)
        ops->remove(loop, &nodes[k]);
    ops->stop(loop);
    pthread_barrier_destroy(&begin);
    return ret;
}

static int64_t default_window_ns(void)
{
    struct lariat_poll_params poll;

    lariat_poll_params_init(&poll, LARIAT_POLL_CLASSIC);
    return poll.max_ns;
}

static int run_lariat(const struct mb_run *run, double *values)
{
    return run_burst(run, &mb_loop_lariat, run->variant ? default_window_ns() : 0, values);
}

static int run_oneshot(const struct mb_run *run, double *values)
{
    return run_burst(run, &mb_loop_lariat_oneshot, run->variant ? default_window_ns() : 0, values);
}

#ifdef HAVE_LIBUV
static int run_uv(const struct mb_run *run, double *values)
{
    return run_burst(run, &mb_loop_uv, 0, values);
}
#endif

#ifdef HAVE_LIBEV
static int run_ev(const struct mb_run *run, double *values)
{
    return run_burst(run, &mb_loop_ev, 0, values);
}
#endif

#ifdef HAVE_GLIB
static int run_glib(const struct mb_run *run, double *values)
{
    return run_burst(run, &mb_loop_glib, 0, values);
}
#endif

/* clang-format off */
static const struct mb_metric metrics[] = { { NULL, "ns/cb" } };

static const struct mb_case bh_cases[] = {
    { "lariat", MB_LARIAT, run_lariat, 0 },
    { "lariat, polling", MB_LARIAT, run_lariat, 1 },
#ifdef HAVE_LIBUV
    { "libuv async", MB_LIBRARY, run_uv, 0 },
#endif
#ifdef HAVE_LIBEV
    { "libev async", MB_LIBRARY, run_ev, 0 },
#endif
#ifdef HAVE_GLIB
    { "GLib invoke", MB_LIBRARY, run_glib, 0 },
#endif
};

static const struct mb_case oneshot_cases[] = {
    { "lariat oneshot", MB_LARIAT, run_oneshot, 0 },
    { "lariat oneshot, polling", MB_LARIAT, run_oneshot, 1 },
#ifdef HAVE_LIBUV
    { "libuv async", MB_LIBRARY, run_uv, 0 },
#endif
};

static const struct mb_target bh_targets[] = { { 0, "libuv async", false, 0.6 } };
static const struct mb_target oneshot_targets[] = { { 0, "libuv async", false, 1.0 } };

#define COMMON .two_cpus = true, .metrics = metrics, .n_metrics = MB_COUNT(metrics)
#define BH \
    COMMON, .cases = bh_cases, .n_cases = MB_COUNT(bh_cases), \
    .targets = bh_targets, .n_targets = MB_COUNT(bh_targets)
#define ONESHOT \
    COMMON, .cases = oneshot_cases, .n_cases = MB_COUNT(oneshot_cases), \
    .targets = oneshot_targets, .n_targets = MB_COUNT(oneshot_targets)

static const struct mb_measure measures[] = {
    { .name = "burst-1", .what = "1,000 BHs from another thread, 1 producer", .arg = 1, BH },
    { .name = "burst-2", .what = "1,000 BHs from other threads, 2 producers", .arg = 2, BH },
    { .name = "burst-4", .what = "1,000 BHs from other threads, 4 producers", .arg = 4, BH },
    { .name = "burst-1-oneshot", .what = "the same, allocating per callback, 1 producer", .arg = 1, ONESHOT },
    { .name = "burst-4-oneshot", .what = "the same, allocating per callback, 4 producers", .arg = 4, ONESHOT },
};
/* clang-format on */

const struct mb_group mb_burst_group = { "burst", measures, MB_COUNT(measures) };
