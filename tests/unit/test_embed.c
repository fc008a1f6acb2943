/* SPDX-License-Identifier: MIT */
/* A loop inside other event loops: driven by epoll, level- and edge-triggered, and by poll(2). */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/time.h>
#include <unistd.h>

#include "embed_work.h"

#define NS_PER_MS INT64_C(1000000)
enum { STUCK_MS = 10000 };

/* The outer event loop. */
struct outer {
    struct lariat_loop *loop;
    int epoll_fd; /* -1: poll(2) */
};

enum outer_kind { EPOLL_LEVEL, EPOLL_EDGE, POLL, N_OUTER_KINDS };

static void outer_init(struct outer *outer, enum outer_kind kind)
{
    outer->loop = loop_to_embed_or_fail();
    outer->epoll_fd = -1;
    if (kind == POLL) {
        return;
    }
    struct epoll_event event = { .events = EPOLLIN | (kind == EPOLL_EDGE ? EPOLLET : 0u) };
    outer->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    ck_assert_int_ge(outer->epoll_fd, 0);
    ck_assert_int_eq(epoll_ctl(outer->epoll_fd, EPOLL_CTL_ADD, lariat_loop_fd(outer->loop), &event), 0);
}

static void outer_done(struct outer *outer)
{
    if (outer->epoll_fd >= 0) {
        close(outer->epoll_fd);
    }
    loop_done(outer->loop);
}

/* Events, 0 or -errno. */
static int outer_wait_ms(struct outer *outer, int timeout_ms)
{
    struct epoll_event event;
    struct pollfd pollfd = { .fd = lariat_loop_fd(outer->loop), .events = POLLIN };
    const int n = outer->epoll_fd >= 0 ? epoll_wait(outer->epoll_fd, &event, 1, timeout_ms) : poll(&pollfd, 1, timeout_ms);
    return n < 0 ? -errno : n;
}

/* One turn of the outer loop: what prepare allows at most, and never longer than it takes to call it stuck. */
static void outer_turn(struct outer *outer)
{
    int64_t timeout_ns = -2;
    ck_assert_int_eq(lariat_loop_prepare(outer->loop, &timeout_ns), 0);
    ck_assert_int_ge(timeout_ns, -1);
    const bool forever = timeout_ns < 0 || timeout_ns > STUCK_MS * NS_PER_MS;
    const int n = outer_wait_ms(outer, forever ? STUCK_MS : (int)((timeout_ns + NS_PER_MS - 1) / NS_PER_MS));
    ck_assert(n >= 0 || n == -EINTR);
    ck_assert_msg(!forever || n != 0, "stuck: nothing woke the outer loop");
    if (lariat_loop_check(outer->loop)) {
        ck_assert_int_ge(lariat_loop_dispatch(outer->loop), 0);
    }
}

/* Driving */

START_TEST(every_kind_of_work_is_driven_to_its_end)
{
    struct outer outer;
    static struct work work;
    outer_init(&outer, (enum outer_kind)(_i % N_OUTER_KINDS));

    work_begin(&work, outer.loop, (enum work_kind)(_i / N_OUTER_KINDS), tests_run_slowly() ? 50 : 200);
    while (!work_is_done(&work)) {
        outer_turn(&outer);
    }

    work_end(&work);
    outer_done(&outer);
}
END_TEST

static void on_alarm(int number)
{
    (void)number;
}

START_TEST(signals_that_interrupt_the_outer_wait_lose_nothing)
{
    struct outer outer;
    static struct work work;
    struct sigaction action;
    const struct itimerval storm = { { 0, 1000 }, { 0, 1000 } };
    const struct itimerval calm = { { 0, 0 }, { 0, 0 } };
    memset(&action, 0, sizeof(action));
    action.sa_handler = on_alarm;
    ck_assert_int_eq(sigaction(SIGALRM, &action, NULL), 0);
    outer_init(&outer, (enum outer_kind)_i);
    work_begin(&work, outer.loop, WORK_ALL, 100);

    ck_assert_int_eq(setitimer(ITIMER_REAL, &storm, NULL), 0);
    while (!work_is_done(&work)) {
        outer_turn(&outer);
    }
    ck_assert_int_eq(setitimer(ITIMER_REAL, &calm, NULL), 0);

    work_end(&work);
    outer_done(&outer);
}
END_TEST

/* The calls one by one */

START_TEST(a_loop_made_without_the_flag_cannot_be_embedded)
{
    struct lariat_loop *loop = loop_or_fail();
    int64_t timeout_ns = 0;

    ck_assert_int_eq(lariat_loop_fd(loop), -EOPNOTSUPP);
    ck_assert_int_eq(lariat_loop_prepare(loop, &timeout_ns), -EOPNOTSUPP);
    ck_assert_int_eq(lariat_loop_dispatch(loop), -EOPNOTSUPP);

    loop_done(loop);
}
END_TEST

START_TEST(an_embedded_loop_that_was_closed_has_nothing_to_do)
{
    struct lariat_loop *loop = loop_to_embed_or_fail();
    int64_t timeout_ns = 7;

    ck_assert_int_eq(lariat_loop_close(loop), 0);
    ck_assert_int_eq(lariat_loop_fd(loop), -ESHUTDOWN);
    ck_assert_int_eq(lariat_loop_prepare(loop, &timeout_ns), -ESHUTDOWN);
    ck_assert(!lariat_loop_check(loop));
    ck_assert_int_eq(lariat_loop_dispatch(loop), -ESHUTDOWN);

    lariat_loop_unref(loop);
}
END_TEST

START_TEST(an_idle_loop_may_be_waited_for_without_limit)
{
    struct lariat_loop *loop = loop_to_embed_or_fail();
    int64_t timeout_ns = 7;

    ck_assert_int_ge(lariat_loop_fd(loop), 0);
    ck_assert_int_eq(lariat_loop_prepare(loop, &timeout_ns), 0);
    ck_assert_int_eq(timeout_ns, -1);
    ck_assert(!lariat_loop_check(loop));
    ck_assert_int_eq(lariat_loop_dispatch(loop), 0);

    loop_done(loop);
}
END_TEST

START_TEST(a_scheduled_bh_means_do_not_wait)
{
    struct lariat_loop *loop = loop_to_embed_or_fail();
    int64_t timeout_ns = 7;
    int runs = 0;

    ck_assert_int_eq(lariat_bh_schedule_oneshot(loop, count_up, &runs), 0);
    ck_assert_int_eq(lariat_loop_prepare(loop, &timeout_ns), 0);
    ck_assert_int_eq(timeout_ns, 0);
    ck_assert(lariat_loop_check(loop));
    ck_assert_int_eq(lariat_loop_dispatch(loop), 1);
    ck_assert_int_eq(runs, 1);

    loop_done(loop);
}
END_TEST

START_TEST(a_timer_limits_the_wait)
{
    struct lariat_loop *loop = loop_to_embed_or_fail();
    struct lariat_timer timer;
    int64_t timeout_ns = 7;
    int runs = 0;
    lariat_timer_init(&timer, loop, count_up, &runs);

    lariat_timer_set_ns(&timer, lariat_now_ns() + 3600 * 1000 * NS_PER_MS);
    ck_assert_int_eq(lariat_loop_prepare(loop, &timeout_ns), 0);
    ck_assert(timeout_ns > 0 && timeout_ns <= 3600 * 1000 * NS_PER_MS);
    ck_assert(!lariat_loop_check(loop));
    lariat_timer_set_ns(&timer, 0);
    ck_assert_int_eq(lariat_loop_prepare(loop, &timeout_ns), 0);
    ck_assert_int_eq(timeout_ns, 0);
    ck_assert(lariat_loop_check(loop));
    ck_assert_int_eq(lariat_loop_dispatch(loop), 1);
    ck_assert_int_eq(runs, 1);

    loop_done(loop);
}
END_TEST

static void queue_a_bh(struct lariat_loop *loop, struct counted_op *op, struct lariat_timer *timer)
{
    (void)timer;
    ck_assert_int_eq(lariat_bh_schedule_oneshot(loop, count_up, &op->done), 0);
}

static void queue_a_nop(struct lariat_loop *loop, struct counted_op *op, struct lariat_timer *timer)
{
    (void)timer;
    lariat_nop(loop, &op->op);
}

static void queue_a_timer(struct lariat_loop *loop, struct counted_op *op, struct lariat_timer *timer)
{
    lariat_timer_init(timer, loop, count_up, &op->done);
    lariat_timer_set_ns(timer, lariat_now_ns() + 100000);
}

static void (*const queueings[])(struct lariat_loop *, struct counted_op *,
                                 struct lariat_timer *) = { queue_a_bh, queue_a_nop, queue_a_timer };

/* As another callback of the outer loop would do. */
START_TEST(what_is_queued_between_prepare_and_check_ends_the_outer_wait)
{
    struct outer outer;
    struct counted_op op;
    struct lariat_timer timer;
    int64_t timeout_ns = 0;
    counted_op_init(&op);
    outer_init(&outer, (enum outer_kind)(_i % N_OUTER_KINDS));
    ck_assert_int_eq(lariat_loop_prepare(outer.loop, &timeout_ns), 0);
    ck_assert_int_eq(timeout_ns, -1);

    queueings[_i / N_OUTER_KINDS](outer.loop, &op, &timer);
    const int n = outer_wait_ms(&outer, STUCK_MS);
    ck_assert(n == 1 || n == -EINTR);
    ck_assert(lariat_loop_check(outer.loop) || n == -EINTR);
    lariat_loop_dispatch(outer.loop);
    while (op.done == 0) {
        outer_turn(&outer);
    }

    outer_done(&outer);
}
END_TEST

START_TEST(histograms_on_and_off_again_change_nothing_of_it)
{
    struct outer outer;
    struct counted_op op;
    int64_t timeout_ns = 0;
    counted_op_init(&op);
    outer_init(&outer, POLL);
    ck_assert_int_eq(lariat_loop_enable_histograms(outer.loop, true), 0);
    ck_assert_int_eq(lariat_loop_enable_histograms(outer.loop, false), 0);
    ck_assert_int_eq(lariat_loop_prepare(outer.loop, &timeout_ns), 0);
    ck_assert_int_eq(timeout_ns, -1);

    lariat_nop(outer.loop, &op.op);
    const int n = outer_wait_ms(&outer, STUCK_MS);
    ck_assert(n == 1 || n == -EINTR);
    lariat_loop_check(outer.loop);
    while (op.done == 0) {
        outer_turn(&outer);
    }

    outer_done(&outer);
}
END_TEST

struct nested_prepare {
    struct lariat_loop *loop;
    int rc;
};

static void prepare_inside(void *opaque)
{
    struct nested_prepare *nested = opaque;
    int64_t timeout_ns;
    nested->rc = lariat_loop_prepare(nested->loop, &timeout_ns);
}

START_TEST(prepare_inside_a_callback_is_refused)
{
    struct nested_prepare nested = { loop_to_embed_or_fail(), 0 };

    ck_assert_int_eq(lariat_bh_schedule_oneshot(nested.loop, prepare_inside, &nested), 0);
    ck_assert_int_eq(lariat_loop_dispatch(nested.loop), 1);
    ck_assert_int_eq(nested.rc, -EDEADLK);

    loop_done(nested.loop);
}
END_TEST

START_TEST(a_loop_to_be_embedded_may_be_polled_too)
{
    struct lariat_loop *loop = loop_to_embed_or_fail();
    struct counted_op nop;
    counted_op_init(&nop);

    for (int i = 1; i <= 20; i++) {
        lariat_nop(loop, &nop.op);
        poll_until(loop, &nop.done, i);
    }

    loop_done(loop);
}
END_TEST

START_TEST(an_embedded_loop_that_is_idle_wakes_nobody)
{
    struct outer outer;
    int64_t timeout_ns = 0;
    outer_init(&outer, (enum outer_kind)_i);

    int n_quiet = 0;
    for (int i = 0; i < 200 && n_quiet < 3; i++) { /* each ring that an earlier test gave up may interrupt a wait */
        ck_assert_int_eq(lariat_loop_prepare(outer.loop, &timeout_ns), 0);
        ck_assert_int_eq(timeout_ns, -1);
        const int n = outer_wait_ms(&outer, 100);
        ck_assert(n == 0 || n == -EINTR);
        n_quiet += n == 0;
        ck_assert(!lariat_loop_check(outer.loop));
    }
    ck_assert_int_eq(n_quiet, 3);

    outer_done(&outer);
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *tc = case_of(suite, "driven");
    tcase_add_loop_test(tc, every_kind_of_work_is_driven_to_its_end, 0, N_WORK_KINDS * N_OUTER_KINDS);
    tcase_add_loop_test(tc, signals_that_interrupt_the_outer_wait_lose_nothing, 0, N_OUTER_KINDS);

    tc = case_of(suite, "calls");
    tcase_add_test(tc, a_loop_made_without_the_flag_cannot_be_embedded);
    tcase_add_test(tc, an_embedded_loop_that_was_closed_has_nothing_to_do);
    tcase_add_test(tc, an_idle_loop_may_be_waited_for_without_limit);
    tcase_add_test(tc, a_scheduled_bh_means_do_not_wait);
    tcase_add_test(tc, a_timer_limits_the_wait);
    tcase_add_loop_test(tc, what_is_queued_between_prepare_and_check_ends_the_outer_wait, 0, 3 * N_OUTER_KINDS);
    tcase_add_test(tc, histograms_on_and_off_again_change_nothing_of_it);
    tcase_add_test(tc, prepare_inside_a_callback_is_refused);
    tcase_add_test(tc, a_loop_to_be_embedded_may_be_polled_too);
    tcase_add_loop_test(tc, an_embedded_loop_that_is_idle_wakes_nobody, 0, N_OUTER_KINDS);
}

int main(void)
{
    return suite_main("embed", add_tests);
}
