/* SPDX-License-Identifier: MIT */
/*
 * Iothreads as managed objects: what it costs to make one from text and to destroy it, and what it costs one at work that
 * somebody reads its statistics.
 *
 * Why this is fair: the bare thread makes a ring of the same flags and sizes and registers its descriptor, tells its maker
 * that it is up, waits for the word to end, and is joined. It has no name, no eventfd, probes nothing and keeps no list. The
 * one that is read and the one that is left alone are the same program; the reader sleeps 10 ms between two queries of all
 * that a query tells. What counts is the iothread's own CPU time, so that the reader's is left out where it shares a CPU.
 */
#include <errno.h>
#include <liburing.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <string.h>

#include <lariat/lariat.h>

#include "microbench_stats.h"

enum { SQ_ENTRIES = 128, CQ_ENTRIES = 512, BATCH = 32 };

static const double LIFE_ROUND_MS = 40;
static const double READ_ROUND_MS = 400;
static const long READ_EVERY_NS = 10000000;

static double us_per_life(const struct mb_lap *lap)
{
    return mb_lap_ns_per_unit(lap) / 1e3;
}

static int run_lariat(const struct mb_run *run, double *values)
{
    struct mb_lap lap;
    int ret;

    mb_lap_begin(&lap, run->env, LIFE_ROUND_MS, 1);
    do {
        struct lariat_iothread *iothread = NULL;

        ret = lariat_iothread_new_from_string("id=microbench,poll-max-ns=0", &iothread, NULL);
        lariat_iothread_destroy(iothread);
    } while (!ret && mb_lap_tick(&lap, 1));
    values[0] = us_per_life(&lap);
    return ret;
}

struct bare {
    sem_t up, end;
    int ret;
};

static void *bare_main(void *opaque)
{
    struct bare *bare = opaque;
    struct io_uring_params params = {
        .flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG |
                 IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CQSIZE,
        .cq_entries = CQ_ENTRIES,
    };
    struct io_uring ring;

    bare->ret = io_uring_queue_init_params(SQ_ENTRIES, &ring, &params);
    if (!bare->ret && io_uring_register_ring_fd(&ring) < 0)
        bare->ret = -EINVAL;
    sem_post(&bare->up);
    sem_wait(&bare->end);
    if (!bare->ret)
        io_uring_queue_exit(&ring);
    return NULL;
}

static int bare_life(void)
{
    struct bare bare = { .ret = 0 };
    pthread_t thread;
    int ret;

    sem_init(&bare.up, 0, 0);
    sem_init(&bare.end, 0, 0);
    ret = -pthread_create(&thread, NULL, bare_main, &bare);
    if (!ret) {
        sem_wait(&bare.up);
        sem_post(&bare.end);
        pthread_join(thread, NULL);
        ret = bare.ret;
    }
    sem_destroy(&bare.up);
    sem_destroy(&bare.end);
    return ret;
}

static int run_bare(const struct mb_run *run, double *values)
{
    struct mb_lap lap;
    int ret;

    mb_lap_begin(&lap, run->env, LIFE_ROUND_MS, 1);
    do
        ret = bare_life();
    while (!ret && mb_lap_tick(&lap, 1));
    values[0] = us_per_life(&lap);
    return ret;
}

/* ---- reading ---- */

struct busy {
    const struct mb_env *env;
    struct lariat_loop *loop;
    struct lariat_op ops[BATCH];
    struct mb_lap lap;
    unsigned done;
    atomic_bool over;
};

static void submit_batch(struct busy *busy)
{
    busy->done = 0;
    for (int i = 0; i < BATCH; i++)
        lariat_nop(busy->loop, &busy->ops[i]);
}

static void nop_done(struct lariat_op *op, int res)
{
    struct busy *busy = op->opaque;

    (void)res;
    if (++busy->done < BATCH)
        return;
    if (mb_lap_tick(&busy->lap, BATCH))
        submit_batch(busy);
    else
        atomic_store(&busy->over, true);
}

static void begin_work(void *opaque)
{
    struct busy *busy = opaque;

    busy->loop = lariat_loop_current();
    for (int i = 0; i < BATCH; i++)
        busy->ops[i] = (struct lariat_op){ .fn = nop_done, .opaque = busy };
    mb_lap_begin_cpu(&busy->lap, busy->env, READ_ROUND_MS, 64);
    submit_batch(busy);
}

static int read_all(void)
{
    struct lariat_iothread_info *head;
    int ret = lariat_iothread_query(&head);

    if (!ret)
        lariat_iothread_info_free(head);
    return ret;
}

/* variant: is it read? */
static int run_busy(const struct mb_run *run, double *values)
{
    const struct timespec pause = { 0, READ_EVERY_NS };
    struct lariat_iothread *iothread;
    struct busy busy = { .env = run->env };
    int ret = lariat_iothread_new_from_string("id=microbench,poll-max-ns=0", &iothread, NULL);

    if (ret)
        return ret;
    ret = lariat_loop_call(lariat_iothread_loop(iothread), begin_work, &busy);
    while (!ret && !atomic_load(&busy.over)) {
        nanosleep(&pause, NULL);
        if (run->variant)
            ret = read_all();
    }
    while (!atomic_load(&busy.over))
        nanosleep(&pause, NULL);
    lariat_iothread_destroy(iothread);
    values[0] = 1e3 / mb_lap_ns_per_unit(&busy.lap);
    return ret;
}

/* clang-format off */
static const struct mb_metric us[] = { { NULL, "us" } };
static const struct mb_metric mops[] = { { NULL, "Mop/s" } };

static const struct mb_case life_cases[] = {
    { "lariat", MB_LARIAT, run_lariat, 0 },
    { "bare thread and ring", MB_FLOOR, run_bare, 0 },
};

static const struct mb_case read_cases[] = {
    { "lariat, read 100 times a second", MB_LARIAT, run_busy, 1 },
    { "lariat, left alone", MB_FLOOR, run_busy, 0 },
};

static const struct mb_target life_target[] = { { 0, "bare thread and ring", false, 3.0 } };
static const struct mb_target read_target[] = { { 0, "lariat, left alone", true, 0.995 } };

static const struct mb_measure measures[] = {
    { .name = "life", .what = "an iothread made from text and destroyed", .metrics = us, .n_metrics = MB_COUNT(us),
      .cases = life_cases, .n_cases = MB_COUNT(life_cases), .targets = life_target, .n_targets = 1 },
    { .name = "stats-read", .what = "NOPs of an iothread whose statistics are read", .metrics = mops, .n_metrics = MB_COUNT(mops),
      .cases = read_cases, .n_cases = MB_COUNT(read_cases), .targets = read_target, .n_targets = 1 },
};
/* clang-format on */

const struct mb_group mb_life_group = { "life", measures, MB_COUNT(measures) };
