/* SPDX-License-Identifier: MIT */
/* Pollers: when the loop looks at them, and what it tells their other sides. */
#include "poller_support.h"

#define NS_PER_S INT64_C(1000000000)

/* The window is that of a loop that never sleeps. */
static struct lariat_loop *spinning_loop_or_fail(void)
{
    struct lariat_loop *loop = loop_with_window_or_fail(0);
    struct lariat_poll_params params = classic_params(3600 * NS_PER_S);
    params.grow = INT64_MAX;
    ck_assert_int_eq(lariat_loop_set_poll_params(loop, &params), 0);
    for (int i = 0; i < 1000 && stats_of(loop).window_ns < 3600u * NS_PER_S; i++) {
        wait_by_timer(loop);
    }
    ck_assert_uint_eq(stats_of(loop).window_ns, 3600 * NS_PER_S);
    return loop;
}

/* Running */

START_TEST(a_ready_poller_runs_once_per_iteration_and_is_progress)
{
    struct lariat_loop *loop = loop_or_fail();
    struct source source;
    source_init(&source, loop);

    ck_assert_int_eq(lariat_loop_poll(loop, false), 0);
    ck_assert_int_eq(source.runs, 0);
    source.items = 3;
    for (int i = 1; i <= 3; i++) {
        ck_assert_int_eq(lariat_loop_poll(loop, i % 2), 1);
        ck_assert_int_eq(source.runs, i);
    }
    ck_assert_int_eq(lariat_loop_poll(loop, false), 0);
    ck_assert_uint_eq(stats_of(loop).pollers_run, 3);
    ck_assert_uint_eq(stats_of(loop).sleeps, 0);

    done(&source);
}
END_TEST

START_TEST(a_poller_that_is_always_ready_starves_nobody)
{
    struct lariat_loop *loop = loop_with_window_or_fail(_i ? 32768 : 0);
    struct source source;
    struct lariat_timer timer;
    struct counted_op nop;
    int fired = 0, bhs = 0;
    source_init(&source, loop);
    source.items = INT32_MAX;
    counted_op_init(&nop);
    lariat_timer_init(&timer, loop, count_up, &fired);
    lariat_timer_set_ns(&timer, lariat_now_ns() + 1000);

    lariat_nop(loop, &nop.op);
    ck_assert_int_eq(lariat_bh_schedule_oneshot(loop, count_up, &bhs), 0);
    poll_until(loop, &bhs, 1);
    poll_until(loop, &nop.done, 1);
    poll_until(loop, &fired, 1);
    ck_assert_int_gt(source.runs, 0);

    done(&source);
}
END_TEST

static void notify_by_bh(void *opaque)
{
    ((struct source *)opaque)->items = 1;
}

START_TEST(what_a_bh_brings_is_found_in_the_same_iteration)
{
    struct lariat_loop *loop = loop_or_fail();
    struct source source;
    source_init(&source, loop);

    ck_assert_int_eq(lariat_bh_schedule_oneshot(loop, notify_by_bh, &source), 0);
    ck_assert_int_eq(lariat_loop_poll(loop, false), 1);
    ck_assert_int_eq(source.runs, 1);

    done(&source);
}
END_TEST

/* Spinning */

START_TEST(a_spin_looks_again_and_again_and_ends_when_it_is_ready)
{
    struct lariat_loop *loop = spinning_loop_or_fail();
    struct source source;
    source_init(&source, loop);
    source.comes_at_poll = 20;
    const struct lariat_loop_stats before = stats_of(loop);

    ck_assert_int_eq(lariat_loop_poll(loop, true), 1);
    const struct lariat_loop_stats after = stats_of(loop);
    ck_assert_int_eq(source.runs, 1);
    ck_assert_int_ge(source.polls, 20);
    ck_assert_int_eq(source.before, 0);
    ck_assert_uint_eq(after.sleeps, before.sleeps);
    ck_assert_uint_eq(after.spins_hit, before.spins_hit + 1);

    done(&source);
}
END_TEST

static void take_a_ms(struct source *source)
{
    const int64_t end_ns = lariat_now_ns() + NS_PER_S / 1000;
    (void)source;
    while (lariat_now_ns() < end_ns)
        ;
}

START_TEST(the_time_of_its_callback_is_no_waiting)
{
    struct lariat_loop *loop = spinning_loop_or_fail();
    struct source source;
    source_init(&source, loop);
    source.in_ready = take_a_ms;
    source.items = 5;
    const struct lariat_loop_stats before = stats_of(loop);

    poll_until(loop, &source.runs, 5);
    const struct lariat_loop_stats after = stats_of(loop);
    ck_assert_uint_eq(after.spin_ns, before.spin_ns);
    ck_assert_uint_eq(after.sleep_ns, before.sleep_ns);

    done(&source);
}
END_TEST

/* Sleeping */

START_TEST(the_other_side_is_told_around_each_sleep)
{
    struct lariat_loop *loop = loop_with_window_or_fail(0);
    struct source source;
    source_init(&source, loop);

    for (int i = 1; i <= 3; i++) {
        const uint64_t sleeps = stats_of(loop).sleeps;
        wait_by_timer(loop);
        ck_assert_int_eq(source.before, (int)stats_of(loop).sleeps);
        ck_assert_int_eq(source.after, source.before);
        ck_assert_uint_gt(stats_of(loop).sleeps, sleeps);
    }

    done(&source);
    ck_assert_int_eq(source.runs, 0);
}
END_TEST

/* Nobody would wake it. */
START_TEST(an_item_that_comes_before_the_other_side_is_told_keeps_the_loop_awake)
{
    struct lariat_loop *loop = loop_with_window_or_fail(0);
    struct source source;
    source_init(&source, loop);
    if (_i) {
        leave_idle(loop);
    }
    source.items = _i;
    source.comes_at_before = !_i;

    ck_assert_int_eq(lariat_loop_poll(loop, true), 1);
    ck_assert_int_eq(source.runs, 1);
    ck_assert_int_eq(source.after, source.before);

    done(&source);
}
END_TEST

START_TEST(callbacks_of_the_sleep_may_be_left_out)
{
    struct lariat_loop *loop = loop_with_window_or_fail(0);
    struct source source;
    source_init(&source, loop);

    lariat_poller_set_sleep_callbacks(source.poller, NULL, source_after);
    wait_by_timer(loop);
    ck_assert_int_gt(source.after, 0);
    lariat_poller_set_sleep_callbacks(source.poller, source_before, NULL);
    wait_by_timer(loop);
    ck_assert_int_gt(source.before, 0);
    lariat_poller_set_sleep_callbacks(source.poller, NULL, NULL);
    const int told = source.before + source.after;
    wait_by_timer(loop);
    ck_assert_int_eq(source.before + source.after, told);

    done(&source);
}
END_TEST

/* Long idleness */

START_TEST(a_poller_idle_for_long_is_told_to_notify_and_left_out_of_the_spin)
{
    struct lariat_loop *loop = spinning_loop_or_fail();
    struct source source;
    source_init(&source, loop);

    for (int i = 1; i < POLLER_IDLE_AFTER; i++) {
        ck_assert_int_eq(lariat_loop_poll(loop, false), 0);
    }
    ck_assert_int_eq(source.before, 0);
    ck_assert_int_eq(lariat_loop_poll(loop, false), 0);
    ck_assert_int_eq(source.before, 1);
    ck_assert_int_eq(source.after, 0);
    const int polls = source.polls;
    const uint64_t iterations = stats_of(loop).iterations;
    wait_by_timer(loop);
    ck_assert_int_eq(source.polls - polls, (int)(stats_of(loop).iterations - iterations));

    done(&source);
    ck_assert_int_eq(source.after, 1);
}
END_TEST

START_TEST(a_poller_put_aside_comes_back_when_it_is_ready)
{
    struct lariat_loop *loop = spinning_loop_or_fail();
    struct source source;
    source_init(&source, loop);
    leave_idle(loop);

    source.items = 1;
    lariat_loop_notify(loop);
    ck_assert_int_eq(lariat_loop_poll(loop, true), 1);
    ck_assert_int_eq(source.after, 1);
    source.comes_at_poll = source.polls + 20;
    ck_assert_int_eq(lariat_loop_poll(loop, true), 1);
    ck_assert_int_eq(source.runs, 2);
    ck_assert_int_eq(source.before, 1);

    done(&source);
}
END_TEST

START_TEST(an_item_that_comes_while_it_is_put_aside_is_found)
{
    struct lariat_loop *loop = spinning_loop_or_fail();
    struct source source;
    source_init(&source, loop);
    source.comes_at_before = true;

    for (int i = 1; i < POLLER_IDLE_AFTER; i++) {
        ck_assert_int_eq(lariat_loop_poll(loop, false), 0);
    }
    ck_assert_int_eq(lariat_loop_poll(loop, false), 1);
    ck_assert_int_eq(source.runs, 1);
    ck_assert_int_eq(source.after, 1);

    done(&source);
}
END_TEST

START_TEST(of_two_pollers_the_idle_one_alone_is_put_aside)
{
    struct lariat_loop *loop = spinning_loop_or_fail();
    struct source idle, busy;
    source_init(&busy, loop);
    source_init(&idle, loop);
    busy.items = POLLER_IDLE_AFTER;

    poll_until(loop, &busy.runs, POLLER_IDLE_AFTER);
    ck_assert_int_eq(idle.before, 1);
    const int polls = idle.polls;
    busy.comes_at_poll = busy.polls + 20;
    ck_assert_int_eq(lariat_loop_poll(loop, true), 1);
    ck_assert_int_eq(idle.polls, polls + 1);
    ck_assert_int_eq(busy.before, 0);

    lariat_poller_delete(busy.poller);
    done(&idle);
}
END_TEST

START_TEST(new_callbacks_of_a_poller_put_aside_are_told_before_the_next_sleep)
{
    struct lariat_loop *loop = loop_with_window_or_fail(0);
    struct source source;
    source_init(&source, loop);
    leave_idle(loop);

    lariat_poller_set_sleep_callbacks(source.poller, source_before, source_after);
    ck_assert_int_eq(source.after, 1);
    wait_by_timer(loop);
    ck_assert_int_ge(source.before, 2);

    done(&source);
    ck_assert_int_eq(source.after, source.before);
}
END_TEST

static void add(Suite *suite)
{
    TCase *tc = case_of(suite, "running");
    tcase_add_test(tc, a_ready_poller_runs_once_per_iteration_and_is_progress);
    tcase_add_loop_test(tc, a_poller_that_is_always_ready_starves_nobody, 0, 2);
    tcase_add_test(tc, what_a_bh_brings_is_found_in_the_same_iteration);
    tc = case_of(suite, "spinning");
    tcase_add_test(tc, a_spin_looks_again_and_again_and_ends_when_it_is_ready);
    tcase_add_test(tc, the_time_of_its_callback_is_no_waiting);
    tc = case_of(suite, "sleeping");
    tcase_add_test(tc, the_other_side_is_told_around_each_sleep);
    tcase_add_loop_test(tc, an_item_that_comes_before_the_other_side_is_told_keeps_the_loop_awake, 0, 2);
    tcase_add_test(tc, callbacks_of_the_sleep_may_be_left_out);
    tc = case_of(suite, "idle");
    tcase_add_test(tc, a_poller_idle_for_long_is_told_to_notify_and_left_out_of_the_spin);
    tcase_add_test(tc, a_poller_put_aside_comes_back_when_it_is_ready);
    tcase_add_test(tc, an_item_that_comes_while_it_is_put_aside_is_found);
    tcase_add_test(tc, of_two_pollers_the_idle_one_alone_is_put_aside);
    tcase_add_test(tc, new_callbacks_of_a_poller_put_aside_are_told_before_the_next_sleep);
}

int main(void)
{
    return suite_main("poller", add);
}
