/* SPDX-License-Identifier: MIT */
/*
 * The end of a loop under count-down injection (rows 7, 16 and 59 of the list of faults): with everything in flight, with the
 * kernel short of memory, and on a ring that is broken for good.
 */
#include "loop.h"

#include "countdown.h"

/* One of each, under way. */
struct work {
    struct counted_op recv, read, fsync, full;
    struct lariat_timer timer;
    struct lariat_bh *bh;
    int n_timer, n_bh, n_oneshot, n_handler;
    unsigned char received, data[2][64];
};

static void work_begin(struct stage *stage, struct work *work, int socket)
{
    memset(work, 0, sizeof(*work));
    counted_op_init(&work->recv);
    counted_op_init(&work->read);
    counted_op_init(&work->fsync);
    counted_op_init(&work->full);
    work->full.op.flags = LARIAT_OP_FULL;
    lariat_recv(stage->own, &work->recv.op, socket, &work->received, 1, 0);
    require_that(lariat_handler_set(stage->own, socket, count_up, NULL, &work->n_handler) == 0);
    lariat_timer_init(&work->timer, stage->own, count_up, &work->n_timer);
    lariat_timer_set_ns(&work->timer, INT64_MAX - 1);
    while (lariat_loop_poll(stage->own, false) == 1)
        ;
    /* These have not been submitted when the close begins. */
    lariat_read(stage->own, &work->read.op, stage->data, work->data[0], 64, 0);
    lariat_read(stage->own, &work->full.op, stage->data, work->data[1], 64, 64);
    lariat_fsync(stage->own, &work->fsync.op, stage->data, true);
    work->bh = bh_or_fail(stage->own, count_up, &work->n_bh);
    require_that(lariat_bh_schedule(work->bh) == 0);
    require_that(lariat_bh_schedule_oneshot(stage->own, count_up, &work->n_oneshot) == 0);
}

static void require_closed_down(const struct work *work)
{
    require_that(work->n_timer == 0 && work->n_handler == 0);
    require_that(work->n_bh == 1 && work->n_oneshot == 1);
    require_that(work->recv.done == 1 && work->recv.res == -ECANCELED);
    require_that(work->read.done == 1 && work->read.res == 64);
    require_that(work->full.done == 1 && work->full.res == 64);
    require_that(work->fsync.done == 1 && work->fsync.res == 0);
    for (size_t i = 0; i < 64; i++)
        require_that(work->data[0][i] == pattern_byte(i) && work->data[1][i] == pattern_byte(64 + i));
}

/* Nothing needs the ring any more, and everything that does says so. */
static void require_refusals(struct lariat_loop *closed)
{
    struct lariat_poll_params params = classic_params(0);
    int runs = 0;
    require_that(lariat_loop_poll(closed, true) == -ESHUTDOWN);
    require_that(lariat_bh_schedule_oneshot(closed, count_up, &runs) == -ESHUTDOWN);
    require_that(lariat_loop_call(closed, count_up, &runs) == -ESHUTDOWN);
    require_that(lariat_handler_set(closed, 0, count_up, NULL, &runs) == -ESHUTDOWN);
    require_that(lariat_loop_set_poll_params(closed, &params) == -ESHUTDOWN);
    require_that(lariat_loop_set_wait_batch(closed, 2, 1) == -ESHUTDOWN);
    require_that(lariat_loop_enable_histograms(closed, true) == -ESHUTDOWN);
    require_that(lariat_sqe_reserve(closed, 1) == -ESHUTDOWN);
    lariat_loop_notify(closed);
    require_that(runs == 0);
}

static int close_loop_at_work(struct stage *stage)
{
    struct work work;
    work_begin(stage, &work, stage->pair[0]);
    inject_on();
    const int rc = lariat_loop_close(stage->own);
    inject_off();
    require_refusals(stage->own);
    require_that(stats_of(stage->own).ops_inflight == 0);
    require_that(lariat_loop_close(stage->own) == 0);
    lariat_bh_delete(work.bh);
    lariat_loop_unref(stage->own);
    stage->own = NULL;
    require_closed_down(&work);
    return rc;
}

static int drop_loop_at_work(struct stage *stage)
{
    struct work work;
    work_begin(stage, &work, stage->pair[0]);
    inject_on();
    lariat_bh_delete(work.bh); /* it holds a reference */
    lariat_loop_unref(stage->own);
    inject_off();
    stage->own = NULL;
    work.n_bh++; /* deleted before it ran */
    require_closed_down(&work);
    return 0;
}

static int close_idle_loop(struct stage *stage)
{
    inject_on();
    const int rc = lariat_loop_close(stage->own);
    lariat_loop_unref(stage->own);
    inject_off();
    stage->own = NULL;
    return rc;
}

/* Memory: that of the pool of oneshots. */
static const struct scenario ends[] = {
    { "close at work", close_loop_at_work, STAGE_LOOP, 0, INJECT_ENTER | INJECT_MEMORY, 0 },
    { "close at work, EMBED", close_loop_at_work, STAGE_EMBED, 0, INJECT_ENTER | INJECT_MEMORY, 0 },
    { "close at work, tiny", close_loop_at_work, STAGE_TINY, 0, INJECT_ENTER | INJECT_MEMORY, 0 },
    { "unref at work", drop_loop_at_work, STAGE_LOOP, 0, INJECT_ENTER | INJECT_MEMORY, 0 },
    { "close of an idle loop", close_idle_loop, STAGE_LOOP, 0, 0, 0 },
};
enum { N_ENDS = sizeof(ends) / sizeof(ends[0]) };

START_TEST(a_loop_comes_to_its_end_whatever_enter_says)
{
    countdown(&ends[_i]);
}
END_TEST

/* ---- a ring that is broken for good ---- */

/* The work's memory and socket are of this run only: the kernel takes its time to let go of them. */
static int close_broken_loop(struct stage *stage)
{
    static struct work works[64];
    static int n;
    struct work *work = &works[n++ % 64];
    int pair[2];
    socketpair_or_fail(pair);
    work_begin(stage, work, pair[0]);
    inject_on();
    const int rc = lariat_loop_close(stage->own);
    inject_off();
    require_refusals(stage->own);
    require_that(work->n_timer == 0 && work->n_handler == 0 && work->n_bh == 1 && work->n_oneshot == 1);
    require_that(work->recv.done <= 1 && work->read.done <= 1 && work->full.done <= 1 && work->fsync.done <= 1);
    require_that(rc == 0 || work->recv.done == 1 || lariat_op_cancel(stage->own, &work->recv.op) == -EALREADY);
    lariat_bh_delete(work->bh);
    lariat_loop_unref(stage->own);
    stage->own = NULL;
    close_both(pair);
    return rc;
}

/* The owner learns of it, each time; what is lost is not made up. */
static int poll_broken_loop(struct stage *stage)
{
    struct counted_op op;
    int rc = 0;
    counted_op_init(&op);
    lariat_nop(stage->own, &op.op);
    inject_on();
    for (int i = 0; rc == 0 && op.done == 0; i++) {
        const int ret = lariat_loop_poll(stage->own, i % 2);
        rc = ret < 0 ? ret : 0;
    }
    inject_off();
    poll_for(stage->own, &op.done, 1);
    require_that(op.res == 0);
    return rc;
}

/* With nothing to submit, so that only the wait itself can tell. */
static int wait_on_broken_loop(struct stage *stage)
{
    struct counted_op op;
    struct lariat_timer timer;
    int rc = 0, fired = 0;
    char byte;
    counted_op_init(&op);
    lariat_recv(stage->own, &op.op, stage->pair[0], &byte, 1, 0);
    lariat_timer_init(&timer, stage->own, count_up, &fired);
    lariat_timer_set_ns(&timer, lariat_now_ns() + nap_ns());
    while (lariat_loop_poll(stage->own, false) == 1)
        ;
    inject_on();
    for (int i = 0; rc == 0 && fired == 0; i++) {
        require_that(i < 1000);
        rc = lariat_loop_poll(stage->own, true) < 0 ? -EBADF : 0;
    }
    inject_off();
    require_that(send(stage->pair[1], "x", 1, 0) == 1);
    poll_for(stage->own, &op.done, 1);
    poll_for(stage->own, &fired, 1);
    return rc;
}

static int wait_in_poll_on_broken_loop(struct stage *stage)
{
    stage->own->ring.wait_by_poll = true; /* as where enter takes no deadline */
    return wait_on_broken_loop(stage);
}

static int register_on_broken_loop(struct stage *stage)
{
    struct counted_op op;
    counted_op_init(&op);
    lariat_nop(stage->own, &op.op);
    inject_on();
    const int rc = lariat_register_files(stage->own, &stage->data, 1);
    inject_off();
    poll_for(stage->own, &op.done, 1);
    require_that(lariat_register_files(stage->own, NULL, 0) == (rc == 0 ? 0 : -ENXIO));
    return rc;
}

static int prepare_broken_loop(struct stage *stage)
{
    struct counted_op op;
    int64_t timeout_ns;
    counted_op_init(&op);
    lariat_nop(stage->own, &op.op);
    inject_on();
    int rc = lariat_loop_prepare(stage->own, &timeout_ns);
    (void)lariat_loop_check(stage->own);
    const int ret = lariat_loop_dispatch(stage->own);
    inject_off();
    rc = rc == 0 && ret < 0 ? ret : rc;
    poll_for(stage->own, &op.done, 1);
    return rc;
}

static const struct scenario broken[] = {
    { "close, broken", close_broken_loop, STAGE_LOOP, INJECT_ENTER, 0, 0 },
    { "close, broken, EMBED", close_broken_loop, STAGE_EMBED, INJECT_ENTER, 0, 0 },
    { "close, broken, tiny", close_broken_loop, STAGE_TINY, INJECT_ENTER, INJECT_ENTER, 0 },
    { "poll, broken", poll_broken_loop, STAGE_LOOP, INJECT_ENTER, 0, 0 },
    { "wait, broken", wait_on_broken_loop, STAGE_LOOP, INJECT_ENTER, 0, 0 },
    { "wait in ppoll, broken", wait_in_poll_on_broken_loop, STAGE_EMBED, INJECT_ENTER, 0, 0 },
    { "register, broken", register_on_broken_loop, STAGE_LOOP, INJECT_ENTER, 0, 0 },
    { "prepare, broken", prepare_broken_loop, STAGE_EMBED, INJECT_ENTER, INJECT_ENTER, 0 },
};
enum { N_BROKEN = sizeof(broken) / sizeof(broken[0]) };

START_TEST(a_ring_that_breaks_is_told_and_leaves_nothing)
{
    const struct inject_plan plan = { "enter: EBADF", INJECT_ENTER, EBADF, false };
    struct scenario scenario = broken[_i];
    /* Where completions arrive without io_uring_enter, one that failed may have been of no account. */
    scenario.borne |= tests_run_under_valgrind() ? INJECT_ENTER : 0;
    countdown_plan(&scenario, &plan);
}
END_TEST

static void add(Suite *suite)
{
    TCase *tc = case_of(suite, "ends");
    tcase_add_loop_test(tc, a_loop_comes_to_its_end_whatever_enter_says, 0, N_ENDS);
    tcase_add_loop_test(tc, a_ring_that_breaks_is_told_and_leaves_nothing, 0, N_BROKEN);
}

int main(void)
{
    return suite_main("countdown: ends", add);
}
