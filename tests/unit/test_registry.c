/* SPDX-License-Identifier: MIT */
/* Iothreads found by id and listed, what a query tells of them, who keeps them, and what becomes of them in a child. */
#include <time.h>

#include "iothread_support.h"
#include "property.h"

/* The ids that a query lists, with a blank behind each. */
static const char *listed_ids(void)
{
    static char ids[400];
    struct lariat_iothread_info *head = NULL;
    size_t n = 0;
    ids[0] = '\0';
    ck_assert_int_eq(lariat_iothread_query(&head), 0);
    for (struct lariat_iothread_info *info = head; info; info = info->next)
        n += (size_t)snprintf(ids + n, sizeof(ids) - n, "%s ", info->id);
    lariat_iothread_info_free(head);
    return ids;
}

/* The only one that is listed. */
static struct lariat_iothread_info *query_or_fail(void)
{
    struct lariat_iothread_info *head = NULL;
    ck_assert_int_eq(lariat_iothread_query(&head), 0);
    ck_assert_ptr_nonnull(head);
    ck_assert_ptr_null(head->next);
    return head;
}

static bool is_found(const char *id, const struct lariat_iothread *expected)
{
    struct lariat_iothread *found = lariat_iothread_by_id(id);
    lariat_iothread_unref(found);
    return found == expected;
}

static struct lariat_iothread *internal_or_fail(const char *id)
{
    struct lariat_iothread_options opts = LARIAT_IOTHREAD_OPTIONS_INIT;
    opts.internal = true;
    return iothread_with_options_or_fail(id, &opts);
}

/* Found and listed */

START_TEST(where_there_is_none_nothing_is_found_and_the_list_is_empty)
{
    struct lariat_iothread_info *head = (struct lariat_iothread_info *)&head;
    ck_assert_ptr_null(lariat_iothread_by_id("io0"));
    ck_assert_ptr_null(lariat_iothread_by_id(""));
    ck_assert_int_eq(lariat_iothread_query(&head), 0);
    ck_assert_ptr_null(head);
    lariat_iothread_info_free(NULL);
}
END_TEST

START_TEST(an_iothread_is_found_by_its_id_however_it_was_made)
{
    struct lariat_iothread *a = iothread_or_fail("io0"), *b = from_text_or_fail("id=io1");
    struct lariat_iothread *found = lariat_iothread_by_id("io1");
    ck_assert_ptr_eq(found, b);
    ck_assert_ptr_null(lariat_iothread_by_id("io"));
    ck_assert_ptr_null(lariat_iothread_by_id("io10"));
    ck_assert_ptr_null(lariat_iothread_by_id("IO0"));
    ck_assert(is_found("io0", a));
    lariat_iothread_unref(found);
    lariat_iothread_destroy(a);
    lariat_iothread_destroy(b);
}
END_TEST

START_TEST(they_are_listed_in_the_order_of_their_creation)
{
    struct lariat_iothread *of[5];
    const char *const ids[] = { "e", "b", "d", "a", "c" };
    for (int i = 0; i < 5; i++)
        of[i] = iothread_or_fail(ids[i]);
    ck_assert_str_eq(listed_ids(), "e b d a c ");
    lariat_iothread_destroy(of[4]); /* the last, the first, and one in the middle */
    lariat_iothread_destroy(of[0]);
    lariat_iothread_destroy(of[2]);
    ck_assert_str_eq(listed_ids(), "b a ");
    of[0] = iothread_or_fail("e");
    ck_assert_str_eq(listed_ids(), "b a e ");
    lariat_iothread_destroy(of[0]);
    lariat_iothread_destroy(of[1]);
    lariat_iothread_destroy(of[3]);
    ck_assert_str_eq(listed_ids(), "");
}
END_TEST

START_TEST(internal_ones_are_neither_found_nor_listed_and_may_share_an_id)
{
    struct lariat_iothread *first = internal_or_fail("io0"), *second = internal_or_fail("io0");
    ck_assert_ptr_null(lariat_iothread_by_id("io0"));
    ck_assert_str_eq(listed_ids(), "");
    struct lariat_iothread *user = iothread_or_fail("io0");
    struct lariat_iothread *third = internal_or_fail("io0");
    ck_assert(is_found("io0", user));
    ck_assert_str_eq(listed_ids(), "io0 ");
    lariat_iothread_destroy(third);
    lariat_iothread_destroy(first);
    ck_assert(is_found("io0", user));
    lariat_iothread_destroy(user);
    ck_assert_int_eq(lariat_iothread_destroy_unused(second), 0);
}
END_TEST

START_TEST(a_taken_id_is_eexist_and_takes_nothing)
{
    struct lariat_iothread *iothread = iothread_or_fail("io0"), *again = NULL;
    const int fds = count_fds();
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(lariat_iothread_new("io0", NULL, &again), -EEXIST);
    ck_assert_ptr_null(again);
    ck_assert_int_eq(count_fds(), fds);
    ck_assert_str_eq(listed_ids(), "io0 ");
    ck_assert(threads_become(2));
    lariat_iothread_destroy(iothread);
}
END_TEST

START_TEST(an_id_whose_creation_failed_is_free)
{
    struct lariat_loop_options loop_opts = LARIAT_LOOP_OPTIONS_INIT;
    struct lariat_iothread_options opts = LARIAT_IOTHREAD_OPTIONS_INIT;
    struct lariat_iothread *iothread = NULL;
    loop_opts.sq_entries = 40000;
    opts.loop = &loop_opts;
    ck_assert_int_eq(lariat_iothread_new("io0", &opts, &iothread), -EINVAL);
    ck_assert_str_eq(listed_ids(), "");
    iothread = iothread_or_fail("io0");
    ck_assert_str_eq(listed_ids(), "io0 ");
    lariat_iothread_destroy(iothread);
}
END_TEST

static void find_itself(void *opaque)
{
    struct lariat_iothread *found = lariat_iothread_by_id("io0");
    *(bool *)opaque = found && found == lariat_iothread_current();
    lariat_iothread_unref(found);
}

START_TEST(an_iothread_finds_itself)
{
    struct lariat_iothread *iothread = iothread_or_fail("io0");
    bool found = false;
    call_or_fail(lariat_iothread_loop(iothread), find_itself, &found);
    ck_assert(found);
    lariat_iothread_destroy(iothread);
}
END_TEST

/* Their end */

START_TEST(a_stopped_one_stays_listed_until_it_is_destroyed)
{
    struct lariat_iothread *iothread = iothread_or_fail("io0"), *again = NULL;
    ck_assert_int_eq(lariat_iothread_stop(iothread), 0);
    struct lariat_iothread_info *info = query_or_fail();
    ck_assert(!info->running);
    ck_assert_int_eq(info->thread_id, lariat_iothread_tid(iothread));
    lariat_iothread_info_free(info);
    ck_assert(is_found("io0", iothread));
    ck_assert_int_eq(lariat_iothread_new("io0", NULL, &again), -EEXIST);
    lariat_iothread_destroy(iothread);
    ck_assert_str_eq(listed_ids(), "");
}
END_TEST

START_TEST(the_last_reference_of_a_stopped_one_takes_it_out)
{
    struct lariat_iothread *iothread = iothread_or_fail("io0");
    struct lariat_iothread *found = lariat_iothread_by_id("io0");
    ck_assert_int_eq(lariat_iothread_stop(iothread), 0);
    lariat_iothread_unref(iothread);
    ck_assert_str_eq(listed_ids(), "io0 ");
    lariat_iothread_unref(found);
    ck_assert_str_eq(listed_ids(), "");
    ck_assert_ptr_null(lariat_iothread_by_id("io0"));
    lariat_iothread_destroy(iothread_or_fail("io0"));
}
END_TEST

START_TEST(a_reference_found_keeps_the_memory_and_not_the_id)
{
    struct lariat_iothread *iothread = from_text_or_fail("id=io0,poll-grow=5");
    struct lariat_iothread *found = lariat_iothread_by_id("io0");
    lariat_iothread_destroy(iothread);
    ck_assert_ptr_null(lariat_iothread_by_id("io0"));
    ck_assert_str_eq(lariat_iothread_id(found), "io0");
    must_read(found, "poll-grow", "5");
    ck_assert_int_eq(lariat_iothread_set(found, "poll-grow", "6", NULL), -ESHUTDOWN);
    struct lariat_iothread *again = iothread_or_fail("io0");
    lariat_iothread_unref(found);
    ck_assert(is_found("io0", again));
    ck_assert_str_eq(listed_ids(), "io0 ");
    lariat_iothread_destroy(again);
}
END_TEST

struct held {
    struct lariat_iothread *iothread;
    atomic_int inside, go, over;
};

/* A callback that holds up its loop, and with that a stop. */
static void hold(void *opaque)
{
    struct held *held = opaque;
    atomic_store(&held->inside, 1);
    waited_for(&held->go, 1);
    atomic_store(&held->over, 1);
}

static void *destroy_held(void *opaque)
{
    lariat_iothread_destroy(((struct held *)opaque)->iothread);
    return NULL;
}

static void hold_or_fail(struct held *held)
{
    held->iothread = iothread_or_fail("io0");
    ck_assert_int_eq(lariat_bh_schedule_oneshot(lariat_iothread_loop(held->iothread), hold, held), 0);
    wait_for(&held->inside, 1);
}

START_TEST(an_id_is_free_while_the_old_thread_is_still_stopping)
{
    struct held held = { .iothread = NULL };
    hold_or_fail(&held);
    pthread_t thread = thread_or_fail(destroy_held, &held);
    struct lariat_iothread *again = NULL;
    int rc;
    while ((rc = lariat_iothread_new("io0", NULL, &again)) == -EEXIST) /* until the other thread has got to it */
        sched_yield();
    ck_assert_int_eq(rc, 0);
    ck_assert(is_found("io0", again));
    ck_assert_str_eq(listed_ids(), "io0 ");
    ck_assert_int_eq(atomic_load(&held.over), 0);
    atomic_store(&held.go, 1);
    join_or_fail(thread);
    ck_assert(is_found("io0", again));
    lariat_iothread_destroy(again);
}
END_TEST

static void *stop_held(void *opaque)
{
    lariat_iothread_stop(((struct held *)opaque)->iothread);
    return NULL;
}

START_TEST(while_it_is_stopping_everything_may_be_asked_and_nothing_waits)
{
    struct held held = { .iothread = NULL };
    hold_or_fail(&held);
    set_or_fail(held.iothread, "poll-grow", "1");
    pthread_t thread = thread_or_fail(stop_held, &held);
    while (lariat_iothread_set(held.iothread, "poll-grow", "1", NULL) == 0)
        sched_yield();
    struct lariat_iothread_info *info = query_or_fail();
    ck_assert(!info->running);
    lariat_iothread_info_free(info);
    ck_assert(is_found("io0", held.iothread));
    must_read(held.iothread, "poll-grow", "1");
    ck_assert_int_eq(atomic_load(&held.over), 0);
    atomic_store(&held.go, 1);
    join_or_fail(thread);
    lariat_iothread_destroy(held.iothread);
}
END_TEST

START_TEST(one_in_use_is_not_destroyed_and_goes_on)
{
    struct lariat_iothread *iothread = iothread_or_fail("io0");
    struct lariat_iothread *found = lariat_iothread_by_id("io0");
    int runs = 0;
    ck_assert_int_eq(lariat_iothread_destroy_unused(iothread), -EBUSY);
    call_or_fail(lariat_iothread_loop(iothread), count_up, &runs);
    ck_assert_int_eq(runs, 1);
    ck_assert(is_found("io0", iothread));
    lariat_iothread_unref(found);
    ck_assert_int_eq(lariat_iothread_destroy_unused(iothread), 0);
    ck_assert_str_eq(listed_ids(), "");
    ck_assert(threads_become(1));
}
END_TEST

START_TEST(a_stopped_one_may_be_destroyed_unused)
{
    struct lariat_iothread *iothread = iothread_or_fail("io0");
    ck_assert_int_eq(lariat_iothread_stop(iothread), 0);
    ck_assert_int_eq(lariat_iothread_destroy_unused(iothread), 0);
    ck_assert_str_eq(listed_ids(), "");
}
END_TEST

/* What a query tells */

START_TEST(a_query_tells_what_was_configured_and_what_it_comes_to)
{
    struct lariat_iothread *iothread = from_text_or_fail("id=io0,poll-max-ns=1us,poll-shrink=4,aio-max-batch=0,sq-entries=20");
    struct lariat_iothread_info *info = query_or_fail();
    ck_assert_str_eq(info->id, "io0");
    ck_assert_ptr_ne(info->id, lariat_iothread_id(iothread)); /* a copy */
    ck_assert_int_eq(info->thread_id, lariat_iothread_tid(iothread));
    ck_assert(info->running);
    ck_assert(info->poll.max_ns == 1000 && info->poll.grow == 0 && info->poll.shrink == 4 && info->poll.weight == 0);
    ck_assert(info->poll_effective.max_ns == 1000 && info->poll_effective.grow == 2 && info->poll_effective.shrink == 4);
    ck_assert_int_eq(info->poll_effective.weight, 3);
    ck_assert_int_eq(info->properties[PROPERTY_SQ_ENTRIES].number, 20);
    ck_assert_int_eq(info->properties[PROPERTY_SQ_ENTRIES].effective, 32);
    ck_assert_int_eq(info->properties[PROPERTY_AIO_MAX_BATCH].effective, 32);
    ck_assert_int_eq(info->properties[PROPERTY_POLL_GROW].effective, 2);
    lariat_iothread_destroy(iothread);
    ck_assert_str_eq(info->id, "io0"); /* still there */
    lariat_iothread_info_free(info);
}
END_TEST

START_TEST(a_query_tells_each_property_as_get_does)
{
    struct lariat_iothread *iothread = from_text_or_fail("id=io0,poll-max-ns=1us,sched-policy=batch,cpu-affinity=");
    struct lariat_iothread_info *info = query_or_fail();
    ck_assert_uint_eq(info->n_properties, N_PROPERTIES);
    for (unsigned i = 0; i < info->n_properties; i++) {
        const struct lariat_property_value *value = &info->properties[i];
        int64_t number;
        ck_assert_ptr_eq(value->info, lariat_property_at(i));
        must_read(iothread, value->info->name, value->text);
        ck_assert_int_eq(property_parse((enum property)i, value->text, &number, NULL), 0);
        ck_assert_int_eq(value->number, number);
    }
    lariat_iothread_info_free(info);
    lariat_iothread_destroy(iothread);
}
END_TEST

START_TEST(a_query_tells_the_statistics_of_the_loop)
{
    struct lariat_iothread *iothread = iothread_or_fail("io0");
    struct lariat_loop *loop = lariat_iothread_loop(iothread);
    for (int i = 0; i < 10; i++)
        call_or_fail(loop, do_nothing, NULL);
    struct lariat_iothread_info *info = query_or_fail();
    ck_assert_uint_ge(info->stats->bhs_run, 9); /* the last call may return before its BH is counted */
    ck_assert_uint_ge(info->stats->iterations, 10);
    ck_assert_uint_eq(info->stats->sq_entries, stats_of(loop).sq_entries);
    ck_assert_uint_eq(info->stats->setup_flags, stats_of(loop).setup_flags);
    lariat_iothread_info_free(info);
    lariat_iothread_destroy(iothread);
}
END_TEST

static int64_t cpu_ns_told(void)
{
    struct lariat_iothread_info *info = query_or_fail();
    const int64_t cpu_ns = info->cpu_ns;
    lariat_iothread_info_free(info);
    return cpu_ns;
}

static void work_2_ms(void *opaque)
{
    struct timespec ts;
    (void)opaque;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
    const int64_t end_ns = ts.tv_sec * 1000000000LL + ts.tv_nsec + 2000000;
    while (ts.tv_sec * 1000000000LL + ts.tv_nsec < end_ns)
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
}

START_TEST(the_cpu_time_of_its_thread_grows_and_outlives_it)
{
    struct lariat_iothread *iothread = iothread_or_fail("io0");
    const int64_t before_ns = cpu_ns_told();
    ck_assert_int_gt(before_ns, 0);
    call_or_fail(lariat_iothread_loop(iothread), work_2_ms, NULL);
    const int64_t worked_ns = cpu_ns_told();
    ck_assert_int_ge(worked_ns, before_ns + 2000000);
    ck_assert_int_eq(lariat_iothread_stop(iothread), 0);
    ck_assert_int_ge(cpu_ns_told(), worked_ns);
    ck_assert_int_eq(cpu_ns_told(), cpu_ns_told());
    lariat_iothread_destroy(iothread);
}
END_TEST

struct watched_end {
    struct lariat_iothread *iothread;
    atomic_int stopped;
};

static void *stop_and_say(void *opaque)
{
    struct watched_end *end = opaque;
    lariat_iothread_stop(end->iothread);
    atomic_store(&end->stopped, 1);
    return NULL;
}

START_TEST(cpu_time_never_goes_back_while_a_thread_ends)
{
    for (int round = 0; round < (tests_run_slowly() ? 10 : 100); round++) {
        struct watched_end end = { .iothread = iothread_or_fail("io0") };
        pthread_t thread = thread_or_fail(stop_and_say, &end);
        int64_t last_ns = 0;
        for (int over = 0; !over;) {
            over = atomic_load(&end.stopped);
            const int64_t ns = cpu_ns_told();
            ck_assert_int_ge(ns, last_ns);
            last_ns = ns;
        }
        join_or_fail(thread);
        lariat_iothread_destroy(end.iothread);
    }
}
END_TEST

/* fork */

static int make_its_own(void *opaque)
{
    struct lariat_iothread *of_parent = opaque, *own = NULL;
    struct lariat_iothread_info *head = NULL;
    child_require(lariat_iothread_by_id("io0") == NULL);
    child_require(lariat_iothread_query(&head) == 0 && head == NULL);
    child_require(lariat_iothread_new_from_string("id=io0,poll-grow=4", &own, NULL) == 0);
    child_require(is_found("io0", own));
    lariat_iothread_destroy(of_parent); /* memory only */
    child_require(is_found("io0", own));
    child_require(lariat_iothread_set(own, "poll-grow", "5", NULL) == 0 && reads(own, "poll-grow", "5"));
    child_require(lariat_iothread_query(&head) == 0 && head && !head->next);
    lariat_iothread_info_free(head);
    child_require(lariat_iothread_destroy_unused(own) == 0);
    child_require(lariat_iothread_query(&head) == 0 && head == NULL);
    return 0;
}

START_TEST(a_child_begins_with_none_and_may_make_its_own)
{
    if (tests_run_under_tsan())
        test_skip("TSan knows no threads in a child of a process that had some");
    struct lariat_iothread *iothread = iothread_or_fail("io0"), *other = iothread_or_fail("io1");
    must_succeed_in_child(make_its_own, iothread);
    ck_assert_str_eq(listed_ids(), "io0 io1 ");
    set_or_fail(iothread, "poll-grow", "3");
    lariat_iothread_destroy(iothread);
    lariat_iothread_destroy(other);
}
END_TEST

static int give_back_found(void *opaque)
{
    lariat_iothread_unref(opaque);
    lariat_iothread_unref(opaque);
    return 0;
}

START_TEST(a_child_may_give_back_all_references)
{
    struct lariat_iothread *iothread = iothread_or_fail("io0");
    struct lariat_iothread *found = lariat_iothread_by_id("io0");
    must_succeed_in_child(give_back_found, iothread);
    lariat_iothread_unref(found);
    lariat_iothread_destroy(iothread);
}
END_TEST

static void set_in_child(void *opaque)
{
    lariat_iothread_set(opaque, "poll-grow", "1", NULL);
}

static void destroy_unused_in_child(void *opaque)
{
    lariat_iothread_destroy_unused(opaque);
}

static void read_in_child(void *opaque)
{
    char *value;
    lariat_iothread_get(opaque, "poll-grow", &value);
}

START_TEST(all_else_aborts_in_a_child)
{
    struct lariat_iothread *iothread = iothread_or_fail("io0");
    must_abort(set_in_child, iothread, "lariat_iothread_set", "fork");
    must_abort(read_in_child, iothread, "lariat_iothread_get", "fork");
    must_abort(destroy_unused_in_child, iothread, "lariat_iothread_destroy_unused", "fork");
    lariat_iothread_destroy(iothread);
}
END_TEST

/* Many threads */

struct crowd {
    atomic_int stop, odd, rounds;
};

static void *make_and_destroy(void *opaque)
{
    struct crowd *crowd = opaque;
    while (!atomic_load(&crowd->stop)) {
        struct lariat_iothread *iothread = NULL;
        const int rc = lariat_iothread_new("io0", NULL, &iothread);
        atomic_fetch_add(&crowd->odd, rc != 0 && rc != -EEXIST);
        lariat_iothread_destroy(iothread);
        atomic_fetch_add(&crowd->rounds, 1);
    }
    return NULL;
}

/* Two that fight for one id, while the main thread looks it up. */
START_TEST(an_id_is_one_iothreads_at_a_time)
{
    struct crowd crowd = { .rounds = 0 };
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        threads[i] = thread_or_fail(make_and_destroy, &crowd);
    while (atomic_load(&crowd.rounds) < (tests_run_slowly() ? 30 : 300)) {
        struct lariat_iothread *found = lariat_iothread_by_id("io0");
        const char *ids = listed_ids();
        ck_assert_msg(!*ids || strcmp(ids, "io0 ") == 0, "%s", ids);
        if (found)
            (void)lariat_iothread_set(found, "poll-grow", "3", NULL);
        lariat_iothread_unref(found);
    }
    atomic_store(&crowd.stop, 1);
    for (int i = 0; i < 2; i++)
        join_or_fail(threads[i]);
    ck_assert_int_eq(atomic_load(&crowd.odd), 0);
    ck_assert_str_eq(listed_ids(), "");
}
END_TEST

static void find_null(void *opaque)
{
    lariat_iothread_unref(lariat_iothread_by_id(opaque));
}

static void query_null(void *opaque)
{
    lariat_iothread_query(opaque);
}

START_TEST(null_aborts)
{
    must_abort(find_null, NULL, "lariat_iothread_by_id", "NULL");
    must_abort(query_null, NULL, "lariat_iothread_query", "NULL");
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *tc = case_of(suite, "found and listed");
    tcase_add_test(tc, where_there_is_none_nothing_is_found_and_the_list_is_empty);
    tcase_add_test(tc, an_iothread_is_found_by_its_id_however_it_was_made);
    tcase_add_test(tc, they_are_listed_in_the_order_of_their_creation);
    tcase_add_test(tc, internal_ones_are_neither_found_nor_listed_and_may_share_an_id);
    tcase_add_test(tc, a_taken_id_is_eexist_and_takes_nothing);
    tcase_add_test(tc, an_id_whose_creation_failed_is_free);
    tcase_add_test(tc, an_iothread_finds_itself);

    tc = case_of(suite, "the end");
    tcase_add_test(tc, a_stopped_one_stays_listed_until_it_is_destroyed);
    tcase_add_test(tc, the_last_reference_of_a_stopped_one_takes_it_out);
    tcase_add_test(tc, a_reference_found_keeps_the_memory_and_not_the_id);
    tcase_add_test(tc, an_id_is_free_while_the_old_thread_is_still_stopping);
    tcase_add_test(tc, while_it_is_stopping_everything_may_be_asked_and_nothing_waits);
    tcase_add_test(tc, one_in_use_is_not_destroyed_and_goes_on);
    tcase_add_test(tc, a_stopped_one_may_be_destroyed_unused);

    tc = case_of(suite, "query");
    tcase_add_test(tc, a_query_tells_what_was_configured_and_what_it_comes_to);
    tcase_add_test(tc, a_query_tells_each_property_as_get_does);
    tcase_add_test(tc, a_query_tells_the_statistics_of_the_loop);
    tcase_add_test(tc, the_cpu_time_of_its_thread_grows_and_outlives_it);
    tcase_add_test(tc, cpu_time_never_goes_back_while_a_thread_ends);

    tc = case_of(suite, "fork");
    tcase_add_test(tc, a_child_begins_with_none_and_may_make_its_own);
    tcase_add_test(tc, a_child_may_give_back_all_references);
    tcase_add_test(tc, all_else_aborts_in_a_child);

    tc = case_of(suite, "many threads");
    tcase_add_test(tc, an_id_is_one_iothreads_at_a_time);
    tcase_add_test(tc, null_aborts);
}

int main(void)
{
    return suite_main("registry", add_tests);
}
