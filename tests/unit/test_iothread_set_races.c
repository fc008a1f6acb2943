/* SPDX-License-Identifier: MIT */
/* Properties set from several threads, from the iothread itself, in its loop at the same time, and around its end. */
#include "iothread_support.h"
#include "loop.h"

static struct lariat_iothread *iothread;

static void open_iothread(void)
{
    iothread = from_text_or_fail("id=io0,poll-max-ns=50us,poll-grow=3");
}

static void close_iothread(void)
{
    lariat_iothread_destroy(iothread);
    iothread = NULL;
}

struct busy_setter {
    atomic_int stop, failed, rounds;
};

static void *set_batches(void *opaque)
{
    struct busy_setter *setter = opaque;
    while (!atomic_load(&setter->stop)) {
        const char *value = atomic_fetch_add(&setter->rounds, 1) % 2 ? "3" : "4";
        atomic_fetch_add(&setter->failed, lariat_iothread_set(iothread, "aio-max-batch", value, NULL) != 0);
    }
    return NULL;
}

START_TEST(a_set_by_name_does_not_undo_what_was_set_in_the_loop_meanwhile)
{
    const int rounds = tests_run_slowly() ? 200 : 2000;
    struct lariat_loop *loop = lariat_iothread_loop(iothread);
    struct busy_setter setter = { .rounds = 0 };
    pthread_t thread = thread_or_fail(set_batches, &setter);
    int lost = 0;
    wait_for(&setter.rounds, 1);
    for (int i = 1; i <= rounds; i++) {
        struct lariat_poll_params params = classic_params(i), read;
        lost += lariat_loop_set_poll_params(loop, &params) != 0;
        const int now = atomic_load(&setter.rounds); /* the set in progress is over when there are two more */
        while (atomic_load(&setter.rounds) < now + 2)
            sched_yield();
        lariat_loop_get_poll_params(loop, &read);
        lost += read.max_ns != i;
    }
    atomic_store(&setter.stop, 1);
    join_or_fail(thread);
    ck_assert_int_eq(lost, 0);
    ck_assert_int_eq(atomic_load(&setter.failed), 0);
}
END_TEST

/* Many threads */

struct setters {
    atomic_int failed, torn, enough;
    int rounds;
};

static bool is_whole(const struct lariat_poll_params *params)
{
    return params->max_ns == params->grow && params->grow == params->shrink;
}

static void *set_equal(void *opaque)
{
    struct setters *setters = opaque;
    uint64_t state = (uint64_t)(uintptr_t)&state;
    for (int i = 0; i < setters->rounds; i++) {
        const unsigned n = (unsigned)(test_random(&state) >> 40);
        char pairs[100];
        snprintf(pairs, sizeof(pairs), "poll-shrink=%u,poll-max-ns=%u,poll-grow=%u", n, n, n);
        atomic_fetch_add(&setters->failed, lariat_iothread_set_from_string(iothread, pairs, NULL) != 0);
    }
    atomic_fetch_add(&setters->enough, 1);
    return NULL;
}

/* On the iothread: what is in force. */
static void look_for_tears(void *opaque)
{
    struct setters *setters = opaque;
    atomic_fetch_add(&setters->torn, !is_whole(&lariat_loop_current()->params));
}

START_TEST(poll_parameters_set_by_name_never_tear)
{
    struct setters setters = { .rounds = tests_run_slowly() ? 300 : 2000 };
    pthread_t threads[3];
    ck_assert_int_eq(lariat_iothread_set_from_string(iothread, "poll-max-ns=1,poll-grow=1,poll-shrink=1", NULL), 0);
    settled_call_or_fail(iothread, do_nothing, NULL);
    for (int i = 0; i < 3; i++)
        threads[i] = thread_or_fail(set_equal, &setters);
    while (atomic_load(&setters.enough) < 3) {
        struct lariat_iothread_info *head = NULL;
        struct lariat_poll_params read;
        lariat_loop_get_poll_params(lariat_iothread_loop(iothread), &read);
        ck_assert_int_eq(lariat_iothread_query(&head), 0);
        atomic_fetch_add(&setters.torn, !is_whole(&read) || !is_whole(&head->poll));
        lariat_iothread_info_free(head);
        call_or_fail(lariat_iothread_loop(iothread), look_for_tears, &setters);
    }
    for (int i = 0; i < 3; i++)
        join_or_fail(threads[i]);
    ck_assert_int_eq(atomic_load(&setters.torn), 0);
    ck_assert_int_eq(atomic_load(&setters.failed), 0);
}
END_TEST

static void set_itself(void *opaque)
{
    int *rc = opaque;
    *rc = lariat_iothread_set_from_string(lariat_iothread_current(), "poll-max-ns=9,aio-max-batch=9,sched-policy=batch", NULL);
}

START_TEST(an_iothread_may_set_itself)
{
    int rc = -1;
    call_or_fail(lariat_iothread_loop(iothread), set_itself, &rc);
    ck_assert_int_eq(rc, 0);
    must_read(iothread, "poll-max-ns", "9");
    must_read(iothread, "aio-max-batch", "9");
    ck_assert_int_eq(sched_getscheduler(lariat_iothread_tid(iothread)), SCHED_BATCH);
}
END_TEST

/* After the end */

START_TEST(after_stop_nothing_is_set_and_all_is_read)
{
    char *errmsg = NULL;
    ck_assert_int_eq(lariat_iothread_stop(iothread), 0);
    ck_assert_int_eq(lariat_iothread_set(iothread, "poll-max-ns", "1", &errmsg), -ESHUTDOWN);
    ck_assert_msg(errmsg && strstr(errmsg, "io0") && strstr(errmsg, "stopped"), "%s", errmsg);
    ck_assert_int_eq(lariat_iothread_set(iothread, "cpu-affinity", "", NULL), -ESHUTDOWN);
    ck_assert_int_eq(lariat_iothread_set(iothread, "sched-policy", "batch", NULL), -ESHUTDOWN);
    ck_assert_int_eq(lariat_iothread_set_from_string(iothread, "poll-grow=1,aio-max-batch=1", NULL), -ESHUTDOWN);
    must_read(iothread, "poll-max-ns", "50000");
    must_read(iothread, "poll-grow", "3");
    must_read(iothread, "aio-max-batch", "0");
    must_read(iothread, "cpu-affinity", "");
    free(errmsg);
}
END_TEST

static void *stop_it(void *opaque)
{
    atomic_fetch_add((atomic_int *)opaque, 1);
    lariat_iothread_stop(iothread);
    return NULL;
}

/* A set is done in full or refused as a whole, whatever moment the stop takes. */
START_TEST(a_stop_in_between_sets_refuses_the_rest)
{
    for (int round = 0; round < 20; round++) {
        atomic_int stopping = 0;
        int rc = 0, n = 0;
        struct lariat_iothread *fixture = iothread;
        iothread = from_text_or_fail("id=brief");
        pthread_t thread = thread_or_fail(stop_it, &stopping);
        while ((rc = lariat_iothread_set(iothread, "poll-max-ns", n % 2 ? "1" : "2", NULL)) == 0)
            n++;
        ck_assert_int_eq(rc, -ESHUTDOWN);
        if (n > 0)
            must_read(iothread, "poll-max-ns", n % 2 ? "2" : "1");
        join_or_fail(thread);
        lariat_iothread_destroy(iothread);
        iothread = fixture;
    }
}
END_TEST

static TCase *case_with_iothread(Suite *suite, const char *name)
{
    TCase *tc = case_of(suite, name);
    tcase_add_checked_fixture(tc, open_iothread, close_iothread);
    return tc;
}

static void add_tests(Suite *suite)
{
    TCase *tc = case_with_iothread(suite, "many threads");
    tcase_add_test(tc, a_set_by_name_does_not_undo_what_was_set_in_the_loop_meanwhile);
    tcase_add_test(tc, poll_parameters_set_by_name_never_tear);
    tcase_add_test(tc, an_iothread_may_set_itself);

    tc = case_with_iothread(suite, "the end");
    tcase_add_test(tc, after_stop_nothing_is_set_and_all_is_read);
    tcase_add_test(tc, a_stop_in_between_sets_refuses_the_rest);
}

int main(void)
{
    return suite_main("iothread_set_races", add_tests);
}
