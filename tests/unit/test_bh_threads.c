/* SPDX-License-Identifier: MIT */
/* BHs and other threads, BHs after close, misuse. */
#include "bh_support.h"

#include <sys/resource.h>

static void *delete_in_thread(void *opaque)
{
    lariat_bh_delete(opaque);
    return NULL;
}

START_TEST(a_pending_bh_deleted_by_another_thread_does_not_run)
{
    struct lariat_loop *loop = loop_or_fail();
    int runs = 0;
    struct lariat_bh *bh = bh_or_fail(loop, count_up, &runs);

    lariat_bh_schedule(bh);
    join_or_fail(thread_or_fail(delete_in_thread, bh));
    ck_assert_int_eq(lariat_loop_poll(loop, false), 0);
    ck_assert_int_eq(runs, 0);

    loop_done(loop);
}
END_TEST

struct held_bh {
    atomic_int runs;
    atomic_int released;
};

static void run_until_released(void *opaque)
{
    struct held_bh *held = opaque;
    atomic_fetch_add(&held->runs, 1);
    waited_for(&held->released, 1);
}

START_TEST(a_running_bh_may_be_deleted_by_another_thread)
{
    struct lariat_iothread *iothread = iothread_or_fail("held");
    static struct held_bh held;
    struct lariat_bh *bh = bh_or_fail(lariat_iothread_loop(iothread), run_until_released, &held);

    ck_assert_int_eq(lariat_bh_schedule(bh), 0);
    wait_for(&held.runs, 1);
    lariat_bh_delete(bh);
    atomic_store(&held.released, 1);
    call_or_fail(lariat_iothread_loop(iothread), do_nothing, NULL);
    ck_assert_int_eq(atomic_load(&held.runs), 1);

    lariat_iothread_destroy(iothread);
}
END_TEST

/* After close */

START_TEST(after_close_schedules_are_refused)
{
    struct lariat_loop *loop = loop_or_fail();
    int runs = 0;
    struct lariat_bh *bh = bh_or_fail(loop, count_up, &runs);

    ck_assert_int_eq(lariat_loop_close(loop), 0);
    ck_assert_int_eq(lariat_bh_schedule(bh), -ESHUTDOWN);
    ck_assert_int_eq(lariat_bh_schedule(bh), -ESHUTDOWN);
    ck_assert_int_eq(lariat_bh_schedule_oneshot(loop, count_up, &runs), -ESHUTDOWN);
    lariat_bh_cancel(bh);
    ck_assert_int_eq(runs, 0);

    lariat_bh_delete(bh);
    lariat_loop_unref(loop);
}
END_TEST

START_TEST(a_bh_made_after_close_is_refused_too)
{
    struct lariat_loop *loop = loop_or_fail();
    ck_assert_int_eq(lariat_loop_close(loop), 0);

    struct lariat_bh *bh = bh_or_fail(loop, do_nothing, NULL);
    ck_assert_int_eq(lariat_bh_schedule(bh), -ESHUTDOWN);

    lariat_bh_delete(bh);
    lariat_loop_unref(loop);
}
END_TEST

START_TEST(a_bh_keeps_its_loop_alive)
{
    struct lariat_loop *loop = loop_or_fail();
    struct lariat_bh *bh = bh_or_fail(loop, do_nothing, NULL);

    ck_assert_int_eq(lariat_loop_close(loop), 0);
    lariat_loop_unref(loop);
    ck_assert_int_eq(lariat_bh_schedule(bh), -ESHUTDOWN); /* asks the loop: ASan and valgrind would tell */
    ck_assert_str_eq(lariat_loop_name(loop), "loop");

    lariat_bh_delete(bh);
}
END_TEST

START_TEST(a_bh_deleted_by_another_thread_after_stop_is_freed)
{
    struct lariat_iothread *iothread = iothread_or_fail("late");
    struct lariat_bh *bh = bh_or_fail(lariat_iothread_loop(iothread), do_nothing, NULL);

    lariat_iothread_destroy(iothread);
    ck_assert_int_eq(lariat_bh_schedule(bh), -ESHUTDOWN);
    join_or_fail(thread_or_fail(delete_in_thread, bh)); /* leak checkers tell if it was not */
}
END_TEST

/* Between threads */

struct ordered_producer {
    struct lariat_loop *loop;
    struct traced_bh *traced;
    int n;
    int refused;
};

static void *schedule_all(void *opaque)
{
    struct ordered_producer *producer = opaque;
    for (int i = 0; i < producer->n; i++) {
        producer->refused += lariat_bh_schedule(producer->traced[i].bh) != 0;
    }
    return NULL;
}

START_TEST(bhs_of_one_foreign_thread_run_in_its_order)
{
    enum { N = 1000 };
    struct lariat_iothread *iothread = iothread_or_fail("order");
    struct lariat_loop *loop = lariat_iothread_loop(iothread);
    static struct trace trace;
    static struct traced_bh traced[N];
    struct ordered_producer producer = { loop, traced, N, 0 };
    for (int i = 0; i < N; i++) {
        traced[i] = (struct traced_bh){ NULL, &trace, i };
        traced[i].bh = bh_or_fail(loop, record, &traced[i]);
    }

    join_or_fail(thread_or_fail(schedule_all, &producer));
    call_or_fail(loop, do_nothing, NULL);
    ck_assert_int_eq(producer.refused, 0);
    must_be_counting_up(&trace, N);

    for (int i = 0; i < N; i++) {
        lariat_bh_delete(traced[i].bh);
    }
    lariat_iothread_destroy(iothread);
}
END_TEST

/* Out of memory: what was accepted runs, and with memory there again all goes on. */
static int schedule_until_there_is_no_memory(void *opaque)
{
    (void)opaque;
    struct lariat_loop *loop = NULL;
    struct rlimit before;
    int runs = 0, accepted = 0, rc = 0;
    child_require(lariat_loop_new(NULL, &loop) == 0);
    child_require(getrlimit(RLIMIT_AS, &before) == 0);
    const struct rlimit none = { 0, before.rlim_max };
    child_require(setrlimit(RLIMIT_AS, &none) == 0);
    while ((rc = lariat_bh_schedule_oneshot(loop, count_up, &runs)) == 0) {
        accepted++;
    }
    struct lariat_bh *bh = NULL;
    child_require(rc == -ENOMEM && lariat_bh_new(loop, "none", count_up, &runs, &bh) == -ENOMEM && bh == NULL);
    while (lariat_loop_poll(loop, false) == 1) {
    }
    child_require(accepted > 0 && runs == accepted);
    child_require(lariat_bh_schedule_oneshot(loop, count_up, &runs) == 0); /* the memory of those that ran */
    child_require(setrlimit(RLIMIT_AS, &before) == 0);
    child_require(lariat_loop_close(loop) == 0 && runs == accepted + 1);
    lariat_loop_unref(loop);
    return 0;
}

START_TEST(without_memory_a_oneshot_is_enomem_and_the_others_run)
{
    if (tests_run_with_tools()) {
        test_skip("the tools have an allocator of their own, which ends the process");
    }
    must_succeed_in_child(schedule_until_there_is_no_memory, NULL);
}
END_TEST

/* A long chain must not grow the stack: each link runs in an iteration of its own. */
static void *run_chain_on_small_stack(void *opaque)
{
    struct repeater *repeater = opaque;
    struct lariat_loop *loop = NULL;
    if (lariat_loop_new(NULL, &loop) != 0 || lariat_bh_new(loop, "chain", repeat, repeater, &repeater->bh) != 0) {
        return NULL;
    }
    lariat_bh_schedule(repeater->bh);
    while (lariat_loop_poll(loop, false) == 1) {
    }
    lariat_bh_delete(repeater->bh);
    repeater->last_rc = lariat_loop_close(loop);
    lariat_loop_unref(loop);
    return NULL;
}

START_TEST(a_chain_of_25000_bhs_needs_no_more_stack_than_one)
{
    struct repeater repeater = { .left = 25000, .last_rc = -1 };
    pthread_attr_t attr;
    ck_assert_int_eq(pthread_attr_init(&attr), 0);
    ck_assert_int_eq(pthread_attr_setstacksize(&attr, tests_run_with_tools() ? 512 << 10 : 64 << 10), 0);

    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, &attr, run_chain_on_small_stack, &repeater), 0);
    join_or_fail(thread);
    ck_assert_int_eq(repeater.runs, 25000);
    ck_assert_int_eq(repeater.last_rc, 0);

    pthread_attr_destroy(&attr);
}
END_TEST

/* Misuse */

static void schedule_null(void *opaque)
{
    (void)opaque;
    lariat_bh_schedule(NULL);
}

static void cancel_null(void *opaque)
{
    (void)opaque;
    lariat_bh_cancel(NULL);
}

static void schedule_oneshot_on_null(void *opaque)
{
    (void)opaque;
    lariat_bh_schedule_oneshot(NULL, do_nothing, NULL);
}

START_TEST(a_null_bh_or_loop_aborts_and_names_the_function)
{
    must_abort(schedule_null, NULL, "lariat_bh_schedule", "NULL");
    must_abort(cancel_null, NULL, "lariat_bh_cancel", "NULL");
    must_abort(schedule_oneshot_on_null, NULL, "lariat_bh_schedule_oneshot", "NULL");
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *tc = case_of(suite, "after close");
    tcase_add_test(tc, after_close_schedules_are_refused);
    tcase_add_test(tc, a_bh_made_after_close_is_refused_too);
    tcase_add_test(tc, a_bh_keeps_its_loop_alive);
    tcase_add_test(tc, a_bh_deleted_by_another_thread_after_stop_is_freed);

    tc = case_of(suite, "threads");
    tcase_add_test(tc, a_pending_bh_deleted_by_another_thread_does_not_run);
    tcase_add_test(tc, a_running_bh_may_be_deleted_by_another_thread);
    tcase_add_test(tc, bhs_of_one_foreign_thread_run_in_its_order);
    tcase_add_test(tc, a_chain_of_25000_bhs_needs_no_more_stack_than_one);
    tcase_add_test(tc, without_memory_a_oneshot_is_enomem_and_the_others_run);

    tc = case_of(suite, "misuse");
    tcase_add_test(tc, a_null_bh_or_loop_aborts_and_names_the_function);
}

int main(void)
{
    return suite_main("bh and threads", add_tests);
}
