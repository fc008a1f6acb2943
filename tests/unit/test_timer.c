/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <errno.h>

#define NS_PER_US INT64_C(1000)
#define NS_PER_MS INT64_C(1000000)
#define FAR_AWAY (lariat_now_ns() + 3600000 * NS_PER_MS)

/* A timer that remembers when it was due, and notes when it ran. */
struct alarm {
    struct lariat_timer timer;
    int64_t due_ns;
    int fired;
    int too_early;
};

static void ring_alarm(void *opaque)
{
    struct alarm *alarm = opaque;
    alarm->fired++;
    alarm->too_early += lariat_now_ns() < alarm->due_ns;
}

static void alarm_init(struct alarm *alarm, struct lariat_loop *loop)
{
    memset(alarm, 0, sizeof(*alarm));
    lariat_timer_init(&alarm->timer, loop, ring_alarm, alarm);
}

static void alarm_set(struct alarm *alarm, int64_t due_ns)
{
    alarm->due_ns = due_ns;
    lariat_timer_set_ns(&alarm->timer, due_ns);
}

/* One timer */

START_TEST(now_does_not_go_back)
{
    int64_t last_ns = lariat_now_ns();
    ck_assert_int_gt(last_ns, 0);
    for (int i = 0; i < 1000; i++) {
        const int64_t now_ns = lariat_now_ns();
        ck_assert_int_ge(now_ns, last_ns);
        last_ns = now_ns;
    }
}
END_TEST

START_TEST(a_timer_that_was_not_set_does_not_run)
{
    struct lariat_loop *loop = loop_or_fail();
    struct alarm alarm;
    alarm_init(&alarm, loop);

    ck_assert_int_eq(lariat_loop_poll(loop, false), 0);
    ck_assert_int_eq(alarm.fired, 0);

    loop_done(loop);
}
END_TEST

START_TEST(a_timer_does_not_run_before_its_time_however_often_one_looks)
{
    struct lariat_loop *loop = loop_or_fail();
    struct alarm alarm;
    alarm_init(&alarm, loop);

    for (int i = 1; i <= 20; i++) {
        alarm_set(&alarm, lariat_now_ns() + NS_PER_MS);
        while (alarm.fired < i) {
            ck_assert_int_ge(lariat_loop_poll(loop, false), 0);
        }
        ck_assert_int_eq(alarm.too_early, 0);
    }

    loop_done(loop);
}
END_TEST

START_TEST(a_timer_runs_once)
{
    struct lariat_loop *loop = loop_or_fail();
    struct alarm alarm;
    alarm_init(&alarm, loop);

    alarm_set(&alarm, lariat_now_ns() + NS_PER_MS);
    poll_until(loop, &alarm.fired, 1);
    ck_assert_int_eq(lariat_loop_poll(loop, false), 0);
    ck_assert_int_eq(alarm.fired, 1);
    ck_assert_int_eq(alarm.too_early, 0);

    loop_done(loop);
}
END_TEST

START_TEST(a_non_blocking_poll_runs_a_timer_that_is_due)
{
    struct lariat_loop *loop = loop_or_fail();
    struct alarm alarm;
    alarm_init(&alarm, loop);

    alarm_set(&alarm, lariat_now_ns() + 100 * NS_PER_US);
    while (lariat_now_ns() < alarm.due_ns) {
    }
    ck_assert_int_eq(lariat_loop_poll(loop, false), 1);
    ck_assert_int_eq(alarm.fired, 1);

    loop_done(loop);
}
END_TEST

static const int64_t past[] = { 0, 1, -1, INT64_MIN, INT64_MIN + 1 };

START_TEST(a_time_in_the_past_means_the_next_iteration)
{
    struct lariat_loop *loop = loop_or_fail();
    struct alarm alarm;
    alarm_init(&alarm, loop);

    alarm_set(&alarm, past[_i]);
    ck_assert_int_eq(alarm.fired, 0);
    ck_assert_int_eq(lariat_loop_poll(loop, true), 1);
    ck_assert_int_eq(alarm.fired, 1);
    ck_assert_int_eq(lariat_loop_poll(loop, false), 0);

    loop_done(loop);
}
END_TEST

static const int64_t never[] = { INT64_MAX, INT64_MAX - 1, INT64_MAX / 2 };

START_TEST(a_time_at_the_end_of_days_is_as_good_as_never)
{
    struct lariat_loop *loop = loop_or_fail();
    struct alarm far;
    struct alarm near;
    alarm_init(&far, loop);
    alarm_init(&near, loop);

    alarm_set(&far, never[_i]);
    alarm_set(&near, lariat_now_ns() + NS_PER_MS);
    poll_until(loop, &near.fired, 1);
    lariat_loop_notify(loop);
    ck_assert_int_eq(lariat_loop_poll(loop, true), 0); /* the kernel takes such a deadline */
    ck_assert_int_eq(far.fired, 0);

    lariat_timer_cancel(&far.timer);
    loop_done(loop);
}
END_TEST

START_TEST(a_cancelled_timer_does_not_run)
{
    struct lariat_loop *loop = loop_or_fail();
    struct alarm alarm;
    alarm_init(&alarm, loop);

    alarm_set(&alarm, 0);
    lariat_timer_cancel(&alarm.timer);
    ck_assert_int_eq(lariat_loop_poll(loop, false), 0);
    lariat_timer_cancel(&alarm.timer);
    ck_assert_int_eq(alarm.fired, 0);

    loop_done(loop);
}
END_TEST

START_TEST(setting_again_moves_a_timer_both_ways)
{
    struct lariat_loop *loop = loop_or_fail();
    struct alarm alarm;
    alarm_init(&alarm, loop);

    alarm_set(&alarm, 0);
    alarm_set(&alarm, FAR_AWAY);
    ck_assert_int_eq(lariat_loop_poll(loop, false), 0);
    alarm_set(&alarm, 0);
    ck_assert_int_eq(lariat_loop_poll(loop, false), 1);
    ck_assert_int_eq(alarm.fired, 1);
    ck_assert_int_eq(lariat_loop_poll(loop, false), 0);

    loop_done(loop);
}
END_TEST

static const int64_t windows[] = { 0, 32768, 10 * NS_PER_MS };

START_TEST(blocking_polls_wake_for_timers_and_never_early)
{
    struct lariat_loop *loop = loop_with_window_or_fail(windows[_i]);
    struct alarm alarm;
    alarm_init(&alarm, loop);
    uint64_t state = test_seed();

    for (int i = 1; i <= 60; i++) {
        alarm_set(&alarm, lariat_now_ns() + (int64_t)(test_random(&state) % (1500 * NS_PER_US)));
        poll_until(loop, &alarm.fired, i);
    }
    ck_assert_int_eq(alarm.fired, 60);
    ck_assert_int_eq(alarm.too_early, 0);

    loop_done(loop);
}
END_TEST

/* In callbacks */

struct rearming {
    struct lariat_timer timer;
    int fired;
};

static void rearm_in_the_past(void *opaque)
{
    struct rearming *rearming = opaque;
    rearming->fired++;
    lariat_timer_set_ns(&rearming->timer, 0);
}

START_TEST(a_timer_set_again_by_its_callback_runs_once_per_iteration)
{
    struct lariat_loop *loop = loop_or_fail();
    struct rearming rearming = { .fired = 0 };
    lariat_timer_init(&rearming.timer, loop, rearm_in_the_past, &rearming);

    lariat_timer_set_ns(&rearming.timer, 0);
    for (int i = 1; i <= 50; i++) {
        ck_assert_int_eq(lariat_loop_poll(loop, true), 1);
        ck_assert_int_eq(rearming.fired, i);
    }

    lariat_timer_cancel(&rearming.timer);
    loop_done(loop);
}
END_TEST

/* A periodic timer that missed many periods asks for the next due time and must not be called in a burst. */
struct periodic {
    struct lariat_timer timer;
    int64_t due_ns;
    int fired;
};

static void next_period(void *opaque)
{
    struct periodic *periodic = opaque;
    periodic->fired++;
    periodic->due_ns += NS_PER_US;
    lariat_timer_set_ns(&periodic->timer, periodic->due_ns);
}

START_TEST(a_periodic_timer_that_is_late_does_not_burst)
{
    struct lariat_loop *loop = loop_or_fail();
    struct periodic periodic = { .due_ns = lariat_now_ns() - 10 * NS_PER_MS };
    lariat_timer_init(&periodic.timer, loop, next_period, &periodic);

    lariat_timer_set_ns(&periodic.timer, periodic.due_ns);
    for (int i = 1; i <= 5; i++) {
        ck_assert_int_eq(lariat_loop_poll(loop, false), 1);
        ck_assert_int_eq(periodic.fired, i);
    }

    lariat_timer_cancel(&periodic.timer);
    loop_done(loop);
}
END_TEST

struct canceller {
    struct lariat_timer timer;
    struct lariat_timer *victim;
    int fired;
};

static void cancel_victim(void *opaque)
{
    struct canceller *canceller = opaque;
    canceller->fired++;
    lariat_timer_cancel(canceller->victim);
}

START_TEST(a_callback_may_cancel_another_timer_that_is_due_too)
{
    struct lariat_loop *loop = loop_or_fail();
    struct alarm victim;
    struct canceller canceller = { .victim = &victim.timer };
    alarm_init(&victim, loop);
    lariat_timer_init(&canceller.timer, loop, cancel_victim, &canceller);

    lariat_timer_set_ns(&canceller.timer, 1);
    alarm_set(&victim, 2);
    poll_until_quiet(loop);
    ck_assert_int_eq(canceller.fired, 1);
    ck_assert_int_eq(victim.fired, 0);

    loop_done(loop);
}
END_TEST

START_TEST(a_callback_may_cancel_its_own_timer)
{
    struct lariat_loop *loop = loop_or_fail();
    struct canceller canceller = { .fired = 0 };
    canceller.victim = &canceller.timer;
    lariat_timer_init(&canceller.timer, loop, cancel_victim, &canceller);

    lariat_timer_set_ns(&canceller.timer, 0);
    poll_until_quiet(loop);
    ck_assert_int_eq(canceller.fired, 1);

    loop_done(loop);
}
END_TEST

struct owned_timer {
    struct lariat_timer timer;
    int *fired;
};

static void free_owner(void *opaque)
{
    struct owned_timer *owned = opaque;
    ++*owned->fired;
    memset(owned, 0xee, sizeof(*owned));
    free(owned);
}

START_TEST(a_timer_may_be_freed_by_its_callback)
{
    struct lariat_loop *loop = loop_or_fail();
    int fired = 0;
    for (int i = 0; i < 100; i++) {
        struct owned_timer *owned = calloc(1, sizeof(*owned));
        ck_assert_ptr_nonnull(owned);
        owned->fired = &fired;
        lariat_timer_init(&owned->timer, loop, free_owner, owned);
        lariat_timer_set_ns(&owned->timer, i % 7);
    }

    poll_until_quiet(loop);
    ck_assert_int_eq(fired, 100);

    loop_done(loop);
}
END_TEST

/* Other threads, close, misuse */

static void set_a_ms_from_now(void *opaque)
{
    alarm_set(opaque, lariat_now_ns() + NS_PER_MS);
}

static void set_far_away(void *opaque)
{
    alarm_set(opaque, FAR_AWAY);
}

struct alarm_on_loop {
    struct alarm alarm;
    struct lariat_loop *loop;
    atomic_int fired;
    int too_early;
};

static void ring_alarm_on_loop(void *opaque)
{
    struct alarm_on_loop *on_loop = opaque;
    on_loop->too_early += lariat_now_ns() < on_loop->alarm.due_ns;
    atomic_fetch_add(&on_loop->fired, 1);
}

static void init_alarm_on_loop(void *opaque)
{
    struct alarm_on_loop *on_loop = opaque;
    lariat_timer_init(&on_loop->alarm.timer, on_loop->loop, ring_alarm_on_loop, on_loop);
}

START_TEST(an_earlier_timer_set_by_a_call_shortens_the_sleep)
{
    struct lariat_iothread *iothread = iothread_or_fail("timers");
    struct alarm_on_loop on_loop = { .loop = lariat_iothread_loop(iothread) };
    call_or_fail(on_loop.loop, init_alarm_on_loop, &on_loop);

    for (int i = 1; i <= 20; i++) {
        call_or_fail(on_loop.loop, set_far_away, &on_loop.alarm);
        call_or_fail(on_loop.loop, set_a_ms_from_now, &on_loop.alarm);
        wait_for(&on_loop.fired, i);
    }
    ck_assert_int_eq(lariat_iothread_stop(iothread), 0);
    ck_assert_int_eq(on_loop.too_early, 0);

    lariat_iothread_destroy(iothread);
}
END_TEST

START_TEST(closing_drops_armed_timers_uncalled)
{
    struct lariat_loop *loop = loop_or_fail();
    struct alarm due;
    struct alarm far;
    alarm_init(&due, loop);
    alarm_init(&far, loop);

    alarm_set(&due, 0);
    alarm_set(&far, FAR_AWAY);
    ck_assert_int_eq(lariat_loop_close(loop), 0);
    ck_assert_int_eq(due.fired + far.fired, 0);

    lariat_loop_unref(loop);
}
END_TEST

START_TEST(after_close_setting_and_cancelling_do_nothing)
{
    struct lariat_loop *loop = loop_or_fail();
    struct alarm alarm;
    alarm_init(&alarm, loop);
    alarm_set(&alarm, FAR_AWAY);
    ck_assert_int_eq(lariat_loop_close(loop), 0);

    lariat_timer_cancel(&alarm.timer);
    alarm_set(&alarm, 0);
    ck_assert_int_eq(lariat_loop_poll(loop, false), -ESHUTDOWN);
    lariat_timer_cancel(&alarm.timer);
    ck_assert_int_eq(alarm.fired, 0);

    lariat_loop_unref(loop);
}
END_TEST

static void init_with_null_loop(void *opaque)
{
    lariat_timer_init(opaque, NULL, do_nothing, NULL);
}

static void set_null(void *opaque)
{
    (void)opaque;
    lariat_timer_set_ns(NULL, 0);
}

START_TEST(null_loops_and_timers_abort_and_name_the_function)
{
    struct lariat_timer timer;
    must_abort(init_with_null_loop, &timer, "lariat_timer_init", "NULL");
    must_abort(set_null, NULL, "lariat_timer_set_ns", "NULL");
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *tc = case_of(suite, "one");
    tcase_add_test(tc, now_does_not_go_back);
    tcase_add_test(tc, a_timer_that_was_not_set_does_not_run);
    tcase_add_test(tc, a_timer_does_not_run_before_its_time_however_often_one_looks);
    tcase_add_test(tc, a_timer_runs_once);
    tcase_add_test(tc, a_non_blocking_poll_runs_a_timer_that_is_due);
    tcase_add_loop_test(tc, a_time_in_the_past_means_the_next_iteration, 0, 5);
    tcase_add_loop_test(tc, a_time_at_the_end_of_days_is_as_good_as_never, 0, 3);
    tcase_add_test(tc, a_cancelled_timer_does_not_run);
    tcase_add_test(tc, setting_again_moves_a_timer_both_ways);
    tcase_add_loop_test(tc, blocking_polls_wake_for_timers_and_never_early, 0, 3);

    tc = case_of(suite, "callbacks");
    tcase_add_test(tc, a_timer_set_again_by_its_callback_runs_once_per_iteration);
    tcase_add_test(tc, a_periodic_timer_that_is_late_does_not_burst);
    tcase_add_test(tc, a_callback_may_cancel_another_timer_that_is_due_too);
    tcase_add_test(tc, a_callback_may_cancel_its_own_timer);
    tcase_add_test(tc, a_timer_may_be_freed_by_its_callback);

    tc = case_of(suite, "threads, close, misuse");
    tcase_add_test(tc, an_earlier_timer_set_by_a_call_shortens_the_sleep);
    tcase_add_test(tc, closing_drops_armed_timers_uncalled);
    tcase_add_test(tc, after_close_setting_and_cancelling_do_nothing);
    tcase_add_test(tc, null_loops_and_timers_abort_and_name_the_function);
}

int main(void)
{
    return suite_main("timer", add_tests);
}
