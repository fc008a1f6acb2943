/* SPDX-License-Identifier: MIT */
/*
 * NOPs through the ring: what the loop adds to each request.
 *
 * Why this is fair: both sides make a ring with the same flags, sizes and registered descriptor; both queue a batch, enter
 * the kernel to submit it and wait for one completion, reap all that is there and call one function per completion through
 * a pointer, until the batch is done. The bare loop does nothing else: no statistics, no timers, no BHs, no wake-ups. NOPs
 * complete inside the submission, so each batch takes one system call on either side. Polling is off: there is nothing to
 * wait for.
 */
#include <errno.h>
#include <liburing.h>
#include <string.h>

#include <lariat/lariat.h>

#include "microbench_stats.h"

enum {
    BATCH_MAX = 128,
    SQ_ENTRIES = 128, /* the library's defaults */
    CQ_ENTRIES = 512
};

static const double ROUND_MS = 40;

/* Reading the clock once in that many NOPs costs 0.2 ns each at most. */
static unsigned ticks_per_look(int batch)
{
    return 256u / (unsigned)batch + 1;
}

static double millions_per_second(const struct mb_lap *lap)
{
    return 1e3 / mb_lap_ns_per_unit(lap);
}

struct batch {
    unsigned done;
    int failed;
};

static void lariat_done(struct lariat_op *op, int res)
{
    struct batch *batch = op->opaque;

    batch->done++;
    batch->failed |= res;
}

static int lariat_batch(struct lariat_loop *loop, struct lariat_op *ops, struct batch *batch, unsigned n)
{
    batch->done = 0;
    for (unsigned i = 0; i < n; i++)
        lariat_nop(loop, &ops[i]);
    while (batch->done < n) {
        int ret = lariat_loop_poll(loop, true);

        if (ret < 0)
            return ret;
    }
    return batch->failed;
}

static int run_lariat(const struct mb_run *run, double *values)
{
    struct lariat_loop_options options = LARIAT_LOOP_OPTIONS_INIT;
    struct lariat_poll_params poll;
    struct lariat_op ops[BATCH_MAX];
    struct batch batch = { 0, 0 };
    struct lariat_loop *loop;
    struct mb_lap lap;
    int ret;

    lariat_poll_params_init(&poll, LARIAT_POLL_CLASSIC);
    poll.max_ns = 0;
    options.poll = &poll;
    options.sq_entries = SQ_ENTRIES;
    options.cq_entries = CQ_ENTRIES;
    ret = lariat_loop_new(&options, &loop);
    if (ret)
        return ret;
    memset(ops, 0, sizeof ops);
    for (int i = 0; i < run->arg; i++) {
        ops[i].fn = lariat_done;
        ops[i].opaque = &batch;
    }
    mb_lap_begin_cpu(&lap, run->env, ROUND_MS, ticks_per_look(run->arg));
    do
        ret = lariat_batch(loop, ops, &batch, (unsigned)run->arg);
    while (!ret && mb_lap_tick(&lap, (unsigned)run->arg));
    values[0] = millions_per_second(&lap);
    lariat_loop_unref(loop);
    return ret;
}

struct bare_op {
    void (*fn)(struct bare_op *op, int res);
    void *opaque;
};

static void bare_done(struct bare_op *op, int res)
{
    struct batch *batch = op->opaque;

    batch->done++;
    batch->failed |= res;
}

static int bare_poll(struct io_uring *ring)
{
    struct io_uring_cqe *cqe;
    unsigned head;
    unsigned n = 0;
    int ret = io_uring_submit_and_wait(ring, 1);

    if (ret < 0)
        return ret;
    io_uring_for_each_cqe(ring, head, cqe)
    {
        struct bare_op *op = io_uring_cqe_get_data(cqe);

        op->fn(op, cqe->res);
        n++;
    }
    io_uring_cq_advance(ring, n);
    return 0;
}

static int bare_batch(struct io_uring *ring, struct bare_op *ops, struct batch *batch, unsigned n)
{
    batch->done = 0;
    for (unsigned i = 0; i < n; i++) {
        struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

        io_uring_prep_nop(sqe);
        io_uring_sqe_set_data(sqe, &ops[i]);
    }
    while (batch->done < n) {
        int ret = bare_poll(ring);

        if (ret < 0)
            return ret;
    }
    return batch->failed;
}

static int run_bare(const struct mb_run *run, double *values)
{
    struct io_uring_params params = {
        .flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG |
                 IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CQSIZE,
        .cq_entries = CQ_ENTRIES,
    };
    struct bare_op ops[BATCH_MAX];
    struct batch batch = { 0, 0 };
    struct io_uring ring;
    struct mb_lap lap;
    int ret = io_uring_queue_init_params(SQ_ENTRIES, &ring, &params);

    if (ret)
        return ret;
    ret = io_uring_register_ring_fd(&ring);
    if (ret < 0)
        goto out;
    for (int i = 0; i < run->arg; i++)
        ops[i] = (struct bare_op){ .fn = bare_done, .opaque = &batch };
    mb_lap_begin_cpu(&lap, run->env, ROUND_MS, ticks_per_look(run->arg));
    do
        ret = bare_batch(&ring, ops, &batch, (unsigned)run->arg);
    while (!ret && mb_lap_tick(&lap, (unsigned)run->arg));
    values[0] = millions_per_second(&lap);
out:
    io_uring_queue_exit(&ring);
    return ret;
}

/* clang-format off */
static const struct mb_metric metrics[] = { { NULL, "Mop/s" } };

static const struct mb_case cases[] = {
    { "lariat", MB_LARIAT, run_lariat, 0 },
    { "bare ring", MB_FLOOR, run_bare, 0 },
};

static const struct mb_target target_b1[] = { { 0, "bare ring", true, 0.90 } };
static const struct mb_target target_b32[] = { { 0, "bare ring", true, 0.95 } };

#define COMMON \
    .metrics = metrics, .n_metrics = MB_COUNT(metrics), .cases = cases, .n_cases = MB_COUNT(cases)

static const struct mb_measure measures[] = {
    { .name = "nop-b1", .what = "NOPs through the ring, 1 at a time", .arg = 1, COMMON,
      .targets = target_b1, .n_targets = 1 },
    { .name = "nop-b8", .what = "NOPs through the ring, 8 at a time", .arg = 8, COMMON },
    { .name = "nop-b32", .what = "NOPs through the ring, 32 at a time", .arg = 32, COMMON,
      .targets = target_b32, .n_targets = 1 },
    { .name = "nop-b128", .what = "NOPs through the ring, 128 at a time", .arg = 128, COMMON },
};
/* clang-format on */

const struct mb_group mb_nop_group = { "nop", measures, MB_COUNT(measures) };
