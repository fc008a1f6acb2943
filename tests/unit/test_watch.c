/* SPDX-License-Identifier: MIT */
/* Watches: each event once, in order, with what it is about; and their own life. */
#include "iothread_support.h"

/* What a watch was told. Written under the library's own mutex; read when those who made it happen have been joined. */
struct seen {
    int n;
    struct {
        enum lariat_iothread_event_kind kind;
        char id[64];
        pid_t thread_id;
        struct lariat_poll_params poll;
    } events[64];
};

static void note(const struct lariat_iothread_event *event, void *opaque)
{
    struct seen *seen = opaque;
    if (seen->n == 64)
        return;
    seen->events[seen->n].kind = event->kind;
    seen->events[seen->n].thread_id = event->thread_id;
    seen->events[seen->n].poll = event->poll;
    snprintf(seen->events[seen->n++].id, 64, "%s", event->id);
}

static struct lariat_iothread_watch *watch_or_fail(void (*fn)(const struct lariat_iothread_event *, void *), void *opaque)
{
    struct lariat_iothread_watch *watch = NULL;
    ck_assert_int_eq(lariat_iothread_watch_new(fn, opaque, &watch), 0);
    ck_assert_ptr_nonnull(watch);
    return watch;
}

/* "+io0 ~io0 -io0 ": created, changed, stopped. */
static const char *story(const struct seen *seen)
{
    static char text[64 * 10];
    size_t n = 0;
    text[0] = '\0';
    for (int i = 0; i < seen->n; i++)
        n += (size_t)snprintf(text + n, sizeof(text) - n, "%c%s ", "+-~"[seen->events[i].kind], seen->events[i].id);
    return text;
}

/* Events */

START_TEST(a_life_is_told_in_order)
{
    struct seen seen = { .n = 0 };
    struct lariat_iothread_watch *watch = watch_or_fail(note, &seen);
    struct lariat_iothread *iothread = from_text_or_fail("id=io0,poll-max-ns=7");
    const pid_t tid = lariat_iothread_tid(iothread);
    set_or_fail(iothread, "poll-max-ns", "8");
    ck_assert_int_eq(lariat_iothread_stop(iothread), 0);
    lariat_iothread_destroy(iothread);
    ck_assert_str_eq(story(&seen), "+io0 ~io0 -io0 ");
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(seen.events[i].thread_id, tid);
        ck_assert_int_eq(seen.events[i].poll.max_ns, i == 0 ? 7 : 8);
    }
    lariat_iothread_watch_free(watch);
}
END_TEST

START_TEST(a_stop_is_told_once_whoever_stops)
{
    struct seen seen = { .n = 0 };
    struct lariat_iothread_watch *watch = watch_or_fail(note, &seen);
    struct lariat_iothread *a = iothread_or_fail("a"), *b = iothread_or_fail("b"), *c = iothread_or_fail("c");
    lariat_iothread_destroy(b);
    ck_assert_int_eq(lariat_iothread_destroy_unused(c), 0);
    ck_assert_int_eq(lariat_iothread_stop(a), 0);
    ck_assert_int_eq(lariat_iothread_stop(a), 0);
    lariat_iothread_unref(a);
    ck_assert_str_eq(story(&seen), "+a +b +c -b -c -a ");
    lariat_iothread_watch_free(watch);
}
END_TEST

START_TEST(only_changed_poll_parameters_are_told)
{
    struct seen seen = { .n = 0 };
    struct lariat_iothread *iothread = from_text_or_fail("id=io0,poll-max-ns=7,poll-grow=3");
    struct lariat_poll_params params = classic_params(9);
    struct lariat_iothread_watch *watch = watch_or_fail(note, &seen);
    set_or_fail(iothread, "poll-max-ns", "7");
    set_or_fail(iothread, "poll-max-ns", "7ns");
    set_or_fail(iothread, "aio-max-batch", "3");
    set_or_fail(iothread, "sched-policy", "batch");
    ck_assert_int_eq(lariat_iothread_set(iothread, "poll-weight", "64", NULL), -ERANGE);
    ck_assert_int_eq(lariat_iothread_set_from_string(iothread, "poll-grow=1,poll-weight=64", NULL), -ERANGE);
    ck_assert_int_eq(lariat_iothread_set_from_string(iothread, "poll-grow=1,poll-grow=3", NULL), 0);
    ck_assert_int_eq(lariat_loop_set_poll_params(lariat_iothread_loop(iothread), &params), 0);
    set_or_fail(iothread, "aio-max-batch", "4");
    ck_assert_str_eq(story(&seen), "");
    set_or_fail(iothread, "poll-grow", "4");
    ck_assert_str_eq(story(&seen), "~io0 ");
    ck_assert(seen.events[0].poll.max_ns == 9 && seen.events[0].poll.grow == 4);
    lariat_iothread_watch_free(watch);
    lariat_iothread_destroy(iothread);
}
END_TEST

START_TEST(several_set_at_once_are_one_event)
{
    struct seen seen = { .n = 0 };
    struct lariat_iothread *iothread = from_text_or_fail("id=io0,poll-max-ns=7");
    struct lariat_iothread_watch *watch = watch_or_fail(note, &seen);
    ck_assert_int_eq(lariat_iothread_set_from_string(iothread, "poll-max-ns=1,poll-grow=2,poll-shrink=3,aio-max-batch=4", NULL), 0);
    ck_assert_str_eq(story(&seen), "~io0 ");
    ck_assert(seen.events[0].poll.max_ns == 1 && seen.events[0].poll.grow == 2 && seen.events[0].poll.shrink == 3);
    ck_assert_int_eq(lariat_iothread_stop(iothread), 0);
    ck_assert_int_eq(lariat_iothread_set(iothread, "poll-grow", "9", NULL), -ESHUTDOWN);
    ck_assert_str_eq(story(&seen), "~io0 -io0 ");
    lariat_iothread_watch_free(watch);
    lariat_iothread_destroy(iothread);
}
END_TEST

START_TEST(of_internal_ones_and_of_failures_nothing_is_told)
{
    struct seen seen = { .n = 0 };
    struct lariat_iothread_options opts = LARIAT_IOTHREAD_OPTIONS_INIT;
    struct lariat_iothread *failed = NULL;
    struct lariat_iothread_watch *watch = watch_or_fail(note, &seen);
    opts.internal = true;
    struct lariat_iothread *internal = iothread_with_options_or_fail("io0", &opts);
    set_or_fail(internal, "poll-max-ns", "1");
    lariat_iothread_destroy(internal);
    ck_assert_int_lt(lariat_iothread_new_from_string("id=io0,cq-entries=1", &failed, NULL), 0);
    opts.internal = false;
    opts.cpu_affinity = "1000";
    ck_assert_int_lt(lariat_iothread_new("io0", &opts, &failed), 0);
    ck_assert_int_eq(seen.n, 0);
    lariat_iothread_watch_free(watch);
}
END_TEST

static void look_itself_up(const struct lariat_iothread_event *event, void *opaque)
{
    *(bool *)opaque = lariat_iothread_current() && lariat_iothread_tid(lariat_iothread_current()) == event->thread_id;
}

static void set_itself(void *opaque)
{
    (void)opaque;
    (void)lariat_iothread_set(lariat_iothread_current(), "poll-max-ns", "1", NULL);
}

START_TEST(an_event_comes_on_the_thread_that_made_it_happen)
{
    bool on_it = false;
    struct lariat_iothread *iothread = from_text_or_fail("id=io0,poll-max-ns=7");
    struct lariat_iothread_watch *watch = watch_or_fail(look_itself_up, &on_it);
    call_or_fail(lariat_iothread_loop(iothread), set_itself, NULL);
    ck_assert(on_it);
    set_or_fail(iothread, "poll-max-ns", "2");
    ck_assert(!on_it);
    lariat_iothread_watch_free(watch);
    lariat_iothread_destroy(iothread);
}
END_TEST

static void schedule(const struct lariat_iothread_event *event, void *opaque)
{
    if (event->kind == LARIAT_IOTHREAD_POLL_PARAMS_CHANGED)
        lariat_bh_schedule(opaque);
}

START_TEST(a_watch_may_schedule_a_bh)
{
    struct lariat_iothread *iothread = from_text_or_fail("id=io0,poll-max-ns=7");
    atomic_int runs = 0;
    struct lariat_bh *bh = bh_or_fail(lariat_iothread_loop(iothread), count_up_atomic, &runs);
    struct lariat_iothread_watch *watch = watch_or_fail(schedule, bh);
    set_or_fail(iothread, "poll-max-ns", "1");
    wait_for(&runs, 1);
    lariat_iothread_watch_free(watch);
    lariat_bh_delete(bh);
    lariat_iothread_destroy(iothread);
}
END_TEST

/* Watches */

START_TEST(each_of_several_watches_is_told_until_it_is_freed)
{
    struct seen seen[3] = { { .n = 0 } };
    struct lariat_iothread_watch *watches[3];
    for (int i = 0; i < 3; i++)
        watches[i] = watch_or_fail(note, &seen[i]);
    struct lariat_iothread *iothread = from_text_or_fail("id=io0,poll-max-ns=7");
    lariat_iothread_watch_free(watches[1]);
    set_or_fail(iothread, "poll-max-ns", "1");
    lariat_iothread_watch_free(watches[2]);
    lariat_iothread_destroy(iothread);
    ck_assert_str_eq(story(&seen[0]), "+io0 ~io0 -io0 ");
    ck_assert_str_eq(story(&seen[1]), "+io0 ");
    ck_assert_str_eq(story(&seen[2]), "+io0 ~io0 ");
    lariat_iothread_watch_free(watches[0]);
    lariat_iothread_watch_free(NULL);
}
END_TEST

struct slow_watch {
    atomic_int inside, go;
    atomic_int freed;
    struct lariat_iothread_watch *watch;
};

static void linger(const struct lariat_iothread_event *event, void *opaque)
{
    struct slow_watch *slow = opaque;
    (void)event;
    atomic_store(&slow->inside, 1);
    waited_for(&slow->go, 1);
}

static void *set_one(void *opaque)
{
    (void)lariat_iothread_set(opaque, "poll-max-ns", "1", NULL);
    return NULL;
}

static void *free_slow(void *opaque)
{
    struct slow_watch *slow = opaque;
    lariat_iothread_watch_free(slow->watch);
    atomic_store(&slow->freed, atomic_load(&slow->go) ? 1 : 2);
    return NULL;
}

START_TEST(freeing_waits_for_the_call_in_progress)
{
    struct slow_watch slow = { .watch = NULL };
    struct lariat_iothread *iothread = from_text_or_fail("id=io0,poll-max-ns=7");
    slow.watch = watch_or_fail(linger, &slow);
    pthread_t setter = thread_or_fail(set_one, iothread);
    wait_for(&slow.inside, 1);
    pthread_t freer = thread_or_fail(free_slow, &slow);
    for (int i = 0; i < 100; i++)
        sched_yield();
    ck_assert_int_eq(atomic_load(&slow.freed), 0);
    atomic_store(&slow.go, 1);
    join_or_fail(setter);
    join_or_fail(freer);
    ck_assert_int_eq(atomic_load(&slow.freed), 1);
    lariat_iothread_destroy(iothread);
}
END_TEST

struct mover {
    struct lariat_iothread *iothread;
    atomic_int stop, failed;
};

static void *keep_setting(void *opaque)
{
    struct mover *mover = opaque;
    for (int i = 0; !atomic_load(&mover->stop); i++)
        atomic_fetch_add(&mover->failed, lariat_iothread_set(mover->iothread, "poll-max-ns", i % 2 ? "1" : "2", NULL) != 0);
    return NULL;
}

static void must_be_alive(const struct lariat_iothread_event *event, void *opaque)
{
    atomic_int *state = opaque; /* 1: the watch exists; of memory that is freed right after the watch */
    (void)event;
    if (atomic_load(state) != 1)
        abort();
}

START_TEST(watches_come_and_go_while_events_come)
{
    struct mover movers[2];
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) {
        movers[i] = (struct mover){ .iothread = iothread_or_fail(numbered_id("io", i)) };
        threads[i] = thread_or_fail(keep_setting, &movers[i]);
    }
    for (int round = 0; round < (tests_run_slowly() ? 200 : 3000); round++) {
        atomic_int *state = malloc(sizeof(*state));
        atomic_init(state, 1);
        struct lariat_iothread_watch *watch = watch_or_fail(must_be_alive, state);
        lariat_iothread_watch_free(watch);
        atomic_store(state, 0);
        free(state);
    }
    for (int i = 0; i < 2; i++) {
        atomic_store(&movers[i].stop, 1);
        join_or_fail(threads[i]);
        ck_assert_int_eq(atomic_load(&movers[i].failed), 0);
        lariat_iothread_destroy(movers[i].iothread);
    }
}
END_TEST

struct order {
    int created, stopped, wrong;
};

/* Of one id at a time: created, changed any number of times, stopped. */
static void check_order(const struct lariat_iothread_event *event, void *opaque)
{
    struct order *order = opaque;
    const int alive = order->created - order->stopped;
    order->created += event->kind == LARIAT_IOTHREAD_CREATED;
    order->stopped += event->kind == LARIAT_IOTHREAD_STOPPED;
    order->wrong += event->kind == LARIAT_IOTHREAD_CREATED ? alive != 0 : alive != 1;
}

static void *set_what_is_found(void *opaque)
{
    atomic_int *stop = opaque;
    for (int i = 0; !atomic_load(stop); i++) {
        struct lariat_iothread *found = lariat_iothread_by_id("io0");
        if (found)
            (void)lariat_iothread_set(found, "poll-max-ns", i % 2 ? "1" : "2", NULL);
        lariat_iothread_unref(found);
    }
    return NULL;
}

START_TEST(no_change_is_told_before_the_creation_or_after_the_stop)
{
    const int rounds = tests_run_slowly() ? 30 : 200;
    struct order order = { 0, 0, 0 };
    atomic_int stop = 0;
    struct lariat_iothread_watch *watch = watch_or_fail(check_order, &order);
    pthread_t thread = thread_or_fail(set_what_is_found, &stop);
    for (int i = 0; i < rounds; i++) {
        struct lariat_iothread *iothread = iothread_or_fail("io0");
        lariat_iothread_destroy(iothread);
    }
    atomic_store(&stop, 1);
    join_or_fail(thread);
    lariat_iothread_watch_free(watch);
    ck_assert_int_eq(order.created, rounds);
    ck_assert_int_eq(order.stopped, rounds);
    ck_assert_int_eq(order.wrong, 0);
}
END_TEST

/* fork */

struct inherited {
    struct lariat_iothread_watch *watch;
    struct seen seen;
};

static int live_in_child(void *opaque)
{
    struct inherited *inherited = opaque;
    struct seen seen = { .n = 0 };
    struct lariat_iothread_watch *own = NULL;
    struct lariat_iothread *iothread = NULL;
    child_require(lariat_iothread_watch_new(note, &seen, &own) == 0);
    child_require(lariat_iothread_new("io0", NULL, &iothread) == 0);
    lariat_iothread_watch_free(inherited->watch);
    lariat_iothread_destroy(iothread);
    lariat_iothread_watch_free(own);
    child_require(seen.n == 2 && inherited->seen.n == 0);
    return 0;
}

START_TEST(a_child_has_no_watch_of_its_parent_and_may_give_it_back)
{
    struct inherited inherited = { .seen = { .n = 0 } };
    inherited.watch = watch_or_fail(note, &inherited.seen);
    must_succeed_in_child(live_in_child, &inherited);
    lariat_iothread_destroy(iothread_or_fail("io0"));
    ck_assert_str_eq(story(&inherited.seen), "+io0 -io0 ");
    lariat_iothread_watch_free(inherited.watch);
}
END_TEST

static void watch_without_function(void *opaque)
{
    struct lariat_iothread_watch *watch;
    child_require(lariat_iothread_watch_new(NULL, opaque, &watch) == 0);
}

static void watch_to_null(void *opaque)
{
    child_require(lariat_iothread_watch_new(note, opaque, NULL) == 0);
}

START_TEST(null_aborts)
{
    must_abort(watch_without_function, NULL, "lariat_iothread_watch_new", "function");
    must_abort(watch_to_null, NULL, "lariat_iothread_watch_new", "out");
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *tc = case_of(suite, "events");
    tcase_add_test(tc, a_life_is_told_in_order);
    tcase_add_test(tc, a_stop_is_told_once_whoever_stops);
    tcase_add_test(tc, only_changed_poll_parameters_are_told);
    tcase_add_test(tc, several_set_at_once_are_one_event);
    tcase_add_test(tc, of_internal_ones_and_of_failures_nothing_is_told);
    tcase_add_test(tc, an_event_comes_on_the_thread_that_made_it_happen);
    tcase_add_test(tc, a_watch_may_schedule_a_bh);

    tc = case_of(suite, "watches");
    tcase_add_test(tc, each_of_several_watches_is_told_until_it_is_freed);
    tcase_add_test(tc, freeing_waits_for_the_call_in_progress);
    tcase_add_test(tc, watches_come_and_go_while_events_come);
    tcase_add_test(tc, no_change_is_told_before_the_creation_or_after_the_stop);
    tcase_add_test(tc, a_child_has_no_watch_of_its_parent_and_may_give_it_back);
    tcase_add_test(tc, null_aborts);
}

int main(void)
{
    return suite_main("watch", add_tests);
}
