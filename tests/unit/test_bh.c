/* SPDX-License-Identifier: MIT */
#include "bh_support.h"

/* Scheduling */

START_TEST(a_new_bh_does_not_run)
{
    struct lariat_loop *loop = loop_or_fail();
    int runs = 0;
    struct lariat_bh *bh = bh_or_fail(loop, count_up, &runs);

    ck_assert_int_eq(lariat_loop_poll(loop, false), 0);
    ck_assert_int_eq(runs, 0);

    lariat_bh_delete(bh);
    loop_done(loop);
}
END_TEST

START_TEST(a_scheduled_bh_runs_in_the_next_iteration_and_not_inline)
{
    struct lariat_loop *loop = loop_or_fail();
    int runs = 0;
    struct lariat_bh *bh = bh_or_fail(loop, count_up, &runs);

    ck_assert_int_eq(lariat_bh_schedule(bh), 0);
    ck_assert_int_eq(runs, 0);
    ck_assert_int_eq(lariat_loop_poll(loop, true), 1);
    ck_assert_int_eq(runs, 1);
    ck_assert_int_eq(lariat_loop_poll(loop, false), 0);
    ck_assert_int_eq(runs, 1);

    lariat_bh_delete(bh);
    loop_done(loop);
}
END_TEST

START_TEST(a_pending_bh_keeps_a_blocking_poll_from_sleeping)
{
    struct lariat_loop *loop = loop_with_window_or_fail(0);
    int runs = 0;
    struct lariat_bh *bh = bh_or_fail(loop, count_up, &runs);
    const uint64_t sleeps = stats_of(loop).sleeps;

    lariat_bh_schedule(bh);
    ck_assert_int_eq(lariat_loop_poll(loop, true), 1);
    ck_assert_uint_eq(stats_of(loop).sleeps, sleeps);

    lariat_bh_delete(bh);
    loop_done(loop);
}
END_TEST

START_TEST(a_bh_scheduled_twice_runs_once)
{
    struct lariat_loop *loop = loop_or_fail();
    int runs = 0;
    struct lariat_bh *bh = bh_or_fail(loop, count_up, &runs);

    ck_assert_int_eq(lariat_bh_schedule(bh), 0);
    ck_assert_int_eq(lariat_bh_schedule(bh), 0);
    poll_until_quiet(loop);
    ck_assert_int_eq(runs, 1);

    lariat_bh_delete(bh);
    loop_done(loop);
}
END_TEST

START_TEST(a_bh_scheduled_during_its_run_runs_once_more)
{
    struct lariat_loop *loop = loop_or_fail();
    struct repeater repeater = { .left = 2 };
    repeater.bh = bh_or_fail(loop, repeat, &repeater);

    lariat_bh_schedule(repeater.bh);
    ck_assert_int_eq(lariat_loop_poll(loop, false), 1);
    ck_assert_int_eq(repeater.runs, 1);
    ck_assert_int_eq(lariat_loop_poll(loop, false), 1);
    ck_assert_int_eq(repeater.runs, 2);
    ck_assert_int_eq(lariat_loop_poll(loop, false), 0);

    lariat_bh_delete(repeater.bh);
    loop_done(loop);
}
END_TEST

START_TEST(a_bh_that_reschedules_itself_runs_once_per_iteration)
{
    struct lariat_loop *loop = loop_or_fail();
    struct repeater repeater = { .left = 10 };
    repeater.bh = bh_or_fail(loop, repeat, &repeater);

    lariat_bh_schedule(repeater.bh);
    for (int i = 1; i <= 10; i++) {
        ck_assert_int_eq(lariat_loop_poll(loop, true), 1);
        ck_assert_int_eq(repeater.runs, i);
    }
    ck_assert_int_eq(lariat_loop_poll(loop, false), 0);
    ck_assert_int_eq(repeater.runs, 10);

    lariat_bh_delete(repeater.bh);
    loop_done(loop);
}
END_TEST

START_TEST(bhs_run_in_the_order_they_were_scheduled)
{
    enum { N = 500 };
    struct lariat_loop *loop = loop_or_fail();
    struct trace trace = { 0 };
    static struct traced_bh traced[N];
    for (int i = 0; i < N; i++) {
        traced[i] = (struct traced_bh){ NULL, &trace, i };
        traced[i].bh = bh_or_fail(loop, record, &traced[i]);
    }

    for (int i = 0; i < N; i++) {
        ck_assert_int_eq(lariat_bh_schedule(traced[i].bh), 0);
    }
    poll_until_quiet(loop);
    must_be_counting_up(&trace, N);

    for (int i = 0; i < N; i++) {
        lariat_bh_delete(traced[i].bh);
    }
    loop_done(loop);
}
END_TEST

START_TEST(oneshots_and_bhs_share_one_order)
{
    enum { N = 100 };
    struct lariat_loop *loop = loop_or_fail();
    struct trace trace = { 0 };
    static struct traced_bh traced[N];
    for (int i = 0; i < N; i++) {
        traced[i] = (struct traced_bh){ NULL, &trace, i };
        if (i % 2 == 0) {
            traced[i].bh = bh_or_fail(loop, record, &traced[i]);
            ck_assert_int_eq(lariat_bh_schedule(traced[i].bh), 0);
        } else {
            ck_assert_int_eq(lariat_bh_schedule_oneshot(loop, record, &traced[i]), 0);
        }
    }

    poll_until_quiet(loop);
    must_be_counting_up(&trace, N);

    for (int i = 0; i < N; i++) {
        lariat_bh_delete(traced[i].bh);
    }
    loop_done(loop);
}
END_TEST

START_TEST(an_iteration_runs_all_bhs_scheduled_before_it)
{
    enum { N = 64 };
    struct lariat_loop *loop = loop_or_fail();
    int runs = 0;

    for (int i = 0; i < N; i++) {
        ck_assert_int_eq(lariat_bh_schedule_oneshot(loop, count_up, &runs), 0);
    }
    ck_assert_int_eq(lariat_loop_poll(loop, false), 1);
    ck_assert_int_eq(runs, N);

    loop_done(loop);
}
END_TEST

START_TEST(a_oneshot_scheduled_by_a_oneshot_runs_in_the_next_iteration)
{
    struct lariat_loop *loop = loop_or_fail();
    struct repeater repeater = { .left = 2 };
    repeater.bh = bh_or_fail(loop, count_up, &repeater.runs);

    ck_assert_int_eq(lariat_bh_schedule_oneshot(loop, repeat, &repeater), 0);
    ck_assert_int_eq(lariat_loop_poll(loop, false), 1);
    ck_assert_int_eq(repeater.runs, 1);
    ck_assert_int_eq(lariat_loop_poll(loop, false), 1);
    ck_assert_int_eq(repeater.runs, 2);

    lariat_bh_delete(repeater.bh);
    loop_done(loop);
}
END_TEST

START_TEST(the_name_is_the_one_given)
{
    struct lariat_loop *loop = loop_or_fail();
    struct lariat_bh *named = NULL;
    struct lariat_bh *nameless = NULL;
    ck_assert_int_eq(lariat_bh_new(loop, "refill", do_nothing, NULL, &named), 0);
    ck_assert_int_eq(lariat_bh_new(loop, NULL, do_nothing, NULL, &nameless), 0);

    ck_assert_str_eq(lariat_bh_name(named), "refill");
    ck_assert_ptr_null(lariat_bh_name(nameless));

    lariat_bh_delete(named);
    lariat_bh_delete(nameless);
    loop_done(loop);
}
END_TEST

/* Cancelling */

START_TEST(a_cancelled_bh_does_not_run)
{
    struct lariat_loop *loop = loop_or_fail();
    int runs = 0;
    struct lariat_bh *bh = bh_or_fail(loop, count_up, &runs);

    lariat_bh_schedule(bh);
    lariat_bh_cancel(bh);
    ck_assert_int_eq(lariat_loop_poll(loop, false), 0);
    ck_assert_int_eq(runs, 0);

    lariat_bh_delete(bh);
    loop_done(loop);
}
END_TEST

START_TEST(a_bh_scheduled_after_a_cancel_runs_once)
{
    struct lariat_loop *loop = loop_or_fail();
    int runs = 0;
    struct lariat_bh *bh = bh_or_fail(loop, count_up, &runs);

    lariat_bh_schedule(bh);
    lariat_bh_cancel(bh);
    ck_assert_int_eq(lariat_bh_schedule(bh), 0);
    poll_until_quiet(loop);
    ck_assert_int_eq(runs, 1);

    lariat_bh_delete(bh);
    loop_done(loop);
}
END_TEST

START_TEST(cancelling_an_idle_bh_changes_nothing)
{
    struct lariat_loop *loop = loop_or_fail();
    int runs = 0;
    struct lariat_bh *bh = bh_or_fail(loop, count_up, &runs);

    lariat_bh_cancel(bh);
    ck_assert_int_eq(lariat_bh_schedule(bh), 0);
    poll_until_quiet(loop);
    ck_assert_int_eq(runs, 1);

    lariat_bh_delete(bh);
    loop_done(loop);
}
END_TEST

static void cancel_bh(void *opaque)
{
    lariat_bh_cancel(opaque);
}

START_TEST(a_bh_cancelled_by_one_before_it_does_not_run)
{
    struct lariat_loop *loop = loop_or_fail();
    int runs = 0;
    struct lariat_bh *victim = bh_or_fail(loop, count_up, &runs);
    struct lariat_bh *killer = bh_or_fail(loop, cancel_bh, victim);

    lariat_bh_schedule(killer);
    lariat_bh_schedule(victim);
    poll_until_quiet(loop);
    ck_assert_int_eq(runs, 0);
    lariat_bh_schedule(victim);
    poll_until_quiet(loop);
    ck_assert_int_eq(runs, 1);

    lariat_bh_delete(victim);
    lariat_bh_delete(killer);
    loop_done(loop);
}
END_TEST

static void *cancel_in_thread(void *opaque)
{
    lariat_bh_cancel(opaque);
    return NULL;
}

START_TEST(a_bh_cancelled_by_another_thread_does_not_run)
{
    struct lariat_loop *loop = loop_or_fail();
    int runs = 0;
    struct lariat_bh *bh = bh_or_fail(loop, count_up, &runs);

    lariat_bh_schedule(bh);
    join_or_fail(thread_or_fail(cancel_in_thread, bh));
    ck_assert_int_eq(lariat_loop_poll(loop, false), 0);
    ck_assert_int_eq(runs, 0);

    lariat_bh_delete(bh);
    loop_done(loop);
}
END_TEST

/* Deleting */

START_TEST(a_deleted_bh_does_not_run)
{
    struct lariat_loop *loop = loop_or_fail();
    int runs = 0;
    struct lariat_bh *bh = bh_or_fail(loop, count_up, &runs);

    lariat_bh_schedule(bh);
    lariat_bh_delete(bh);
    ck_assert_int_eq(lariat_loop_poll(loop, false), 0);
    ck_assert_int_eq(runs, 0);

    loop_done(loop);
}
END_TEST

START_TEST(deleting_null_is_ignored)
{
    lariat_bh_delete(NULL);
}
END_TEST

START_TEST(a_bh_may_delete_itself_in_its_callback)
{
    struct lariat_loop *loop = loop_or_fail();
    struct repeater repeater = { .left = 1, .deletes_itself = true };
    repeater.bh = bh_or_fail(loop, repeat, &repeater);

    lariat_bh_schedule(repeater.bh);
    poll_until_quiet(loop);
    ck_assert_int_eq(repeater.runs, 1);

    loop_done(loop);
}
END_TEST

START_TEST(bhs_that_delete_themselves_at_different_times_all_end_exactly)
{
    struct lariat_loop *loop = loop_or_fail();
    struct repeater repeaters[4];
    const int counts[4] = { 3, 1, 7, 5 };
    for (int i = 0; i < 4; i++) {
        repeaters[i] = (struct repeater){ .left = counts[i], .deletes_itself = true };
        repeaters[i].bh = bh_or_fail(loop, repeat, &repeaters[i]);
        lariat_bh_schedule(repeaters[i].bh);
    }

    poll_until_quiet(loop);
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(repeaters[i].runs, counts[i]);
    }

    loop_done(loop);
}
END_TEST

/* Schedules and deletes itself in the same callback: the deletion wins. */
static void schedule_and_delete(void *opaque)
{
    struct repeater *repeater = opaque;
    repeater->runs++;
    lariat_bh_schedule(repeater->bh);
    lariat_bh_delete(repeater->bh);
}

START_TEST(a_bh_rescheduled_and_deleted_in_its_callback_is_gone)
{
    struct lariat_loop *loop = loop_or_fail();
    struct repeater repeater = { 0 };
    repeater.bh = bh_or_fail(loop, schedule_and_delete, &repeater);

    lariat_bh_schedule(repeater.bh);
    poll_until_quiet(loop);
    ck_assert_int_eq(repeater.runs, 1);

    loop_done(loop);
}
END_TEST

struct bh_list {
    int n;
    int runs;
    struct lariat_bh *bhs[1000];
};

static void delete_all(void *opaque)
{
    struct bh_list *list = opaque;
    list->runs++;
    for (int i = 0; i < list->n; i++) {
        lariat_bh_delete(list->bhs[i]);
    }
}

START_TEST(a_callback_may_delete_all_bhs_whether_pending_or_not)
{
    struct lariat_loop *loop = loop_or_fail();
    static struct bh_list list;
    list.n = 1000;
    int runs = 0;
    list.bhs[0] = bh_or_fail(loop, delete_all, &list);
    for (int i = 1; i < list.n; i++) {
        list.bhs[i] = bh_or_fail(loop, count_up, &runs);
    }

    for (int i = 0; i < list.n; i += 2) {
        lariat_bh_schedule(list.bhs[i]);
    }
    poll_until_quiet(loop);
    ck_assert_int_eq(list.runs, 1);
    ck_assert_int_eq(runs, 0);

    loop_done(loop);
}
END_TEST

START_TEST(a_bh_deleted_just_before_the_loop_is_given_back_keeps_nothing)
{
    const int fds = count_fds();
    struct lariat_loop *loop = loop_or_fail();
    int runs = 0;
    struct lariat_bh *idle = bh_or_fail(loop, count_up, &runs);
    struct lariat_bh *pending = bh_or_fail(loop, count_up, &runs);

    ck_assert_int_eq(lariat_bh_schedule(pending), 0);
    lariat_bh_delete(idle);
    lariat_bh_delete(pending);
    lariat_loop_unref(loop);
    ck_assert_int_eq(count_fds(), fds);
    ck_assert_int_eq(runs, 0);
}
END_TEST

START_TEST(a_callback_may_delete_a_bh_that_ran_just_before_it)
{
    struct lariat_loop *loop = loop_or_fail();
    static struct bh_list list;
    int runs = 0;
    list.n = 1;
    list.bhs[0] = bh_or_fail(loop, count_up, &runs);
    struct lariat_bh *killer = bh_or_fail(loop, delete_all, &list);

    lariat_bh_schedule(list.bhs[0]);
    lariat_bh_schedule(killer);
    poll_until_quiet(loop);
    ck_assert_int_eq(runs, 1);
    ck_assert_int_eq(list.runs, 1);

    lariat_bh_delete(killer);
    loop_done(loop);
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *tc = case_of(suite, "schedule");
    tcase_add_test(tc, a_new_bh_does_not_run);
    tcase_add_test(tc, a_scheduled_bh_runs_in_the_next_iteration_and_not_inline);
    tcase_add_test(tc, a_pending_bh_keeps_a_blocking_poll_from_sleeping);
    tcase_add_test(tc, a_bh_scheduled_twice_runs_once);
    tcase_add_test(tc, a_bh_scheduled_during_its_run_runs_once_more);
    tcase_add_test(tc, a_bh_that_reschedules_itself_runs_once_per_iteration);
    tcase_add_test(tc, bhs_run_in_the_order_they_were_scheduled);
    tcase_add_test(tc, oneshots_and_bhs_share_one_order);
    tcase_add_test(tc, an_iteration_runs_all_bhs_scheduled_before_it);
    tcase_add_test(tc, a_oneshot_scheduled_by_a_oneshot_runs_in_the_next_iteration);
    tcase_add_test(tc, the_name_is_the_one_given);

    tc = case_of(suite, "cancel");
    tcase_add_test(tc, a_cancelled_bh_does_not_run);
    tcase_add_test(tc, a_bh_scheduled_after_a_cancel_runs_once);
    tcase_add_test(tc, cancelling_an_idle_bh_changes_nothing);
    tcase_add_test(tc, a_bh_cancelled_by_one_before_it_does_not_run);
    tcase_add_test(tc, a_bh_cancelled_by_another_thread_does_not_run);

    tc = case_of(suite, "delete");
    tcase_add_test(tc, a_deleted_bh_does_not_run);
    tcase_add_test(tc, deleting_null_is_ignored);
    tcase_add_test(tc, a_bh_may_delete_itself_in_its_callback);
    tcase_add_test(tc, bhs_that_delete_themselves_at_different_times_all_end_exactly);
    tcase_add_test(tc, a_bh_rescheduled_and_deleted_in_its_callback_is_gone);
    tcase_add_test(tc, a_callback_may_delete_all_bhs_whether_pending_or_not);
    tcase_add_test(tc, a_callback_may_delete_a_bh_that_ran_just_before_it);
    tcase_add_test(tc, a_bh_deleted_just_before_the_loop_is_given_back_keeps_nothing);
}

int main(void)
{
    return suite_main("bh", add_tests);
}
