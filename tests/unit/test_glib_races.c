/* SPDX-License-Identifier: MIT */
/* Many threads ask for a context, attach to it, and stop the iothread under it. */
#include "glib_support.h"

enum { THREADS = 4 };

struct attacker {
    struct lariat_iothread *iothread;
    GMainContext *_Atomic context;
    atomic_int begun, attached, refused, mixed_up, runs;
    int n;
};

static void note_end(gpointer data)
{
    count_up_atomic(data);
}

static gboolean run(gpointer data)
{
    struct attacker *attacker = data;
    atomic_fetch_add(&attacker->runs, 1);
    return G_SOURCE_REMOVE;
}

/* Asks each time, and attaches an idle source or a time-out. */
static void *ask_and_attach(void *opaque)
{
    struct attacker *attacker = opaque;
    atomic_fetch_add(&attacker->begun, 1);
    for (int i = 0; i < attacker->n; i++) {
        GMainContext *context = lariat_iothread_get_g_main_context(attacker->iothread);
        if (context == NULL) {
            atomic_fetch_add(&attacker->refused, 1);
            continue;
        }
        GMainContext *expected = NULL;
        if (!atomic_compare_exchange_strong(&attacker->context, &expected, context) && expected != context) {
            atomic_fetch_add(&attacker->mixed_up, 1);
        }
        atomic_fetch_add(&attacker->attached, 1);
        attach_full(context, i % 3 ? g_idle_source_new() : g_timeout_source_new(1), run, attacker, NULL);
    }
    return NULL;
}

static void begin(struct attacker *attacker, pthread_t threads[THREADS])
{
    for (int i = 0; i < THREADS; i++) {
        threads[i] = thread_or_fail(ask_and_attach, attacker);
    }
    wait_for(&attacker->begun, THREADS);
}

static void join_all(pthread_t threads[THREADS])
{
    for (int i = 0; i < THREADS; i++) {
        join_or_fail(threads[i]);
    }
}

/* _i: the window in ms; 0: it sleeps at once. */
START_TEST(many_threads_get_one_context_and_all_their_sources_run)
{
    struct attacker attacker = { .n = tests_run_slowly() ? 100 : 1000 };
    pthread_t threads[THREADS];
    attacker.iothread = iothread_with_window_or_fail("io0", _i * 1000000);

    begin(&attacker, threads);
    join_all(threads);
    ck_assert_int_eq(attacker.mixed_up, 0);
    ck_assert_int_eq(attacker.attached, THREADS * attacker.n);
    wait_for(&attacker.runs, THREADS * attacker.n);
    ck_assert(falls_asleep(attacker.iothread));

    lariat_iothread_destroy(attacker.iothread);
}
END_TEST

START_TEST(a_stop_may_come_while_threads_ask_and_attach)
{
    for (int i = 0; i < (tests_run_slowly() ? 10 : 50); i++) {
        struct attacker attacker = { .n = 50 };
        pthread_t threads[THREADS];
        attacker.iothread = iothread_with_window_or_fail("io0", i % 2 * 1000000);

        begin(&attacker, threads);
        ck_assert_int_eq(lariat_iothread_stop(attacker.iothread), 0);
        const int runs = attacker.runs;
        join_all(threads);
        ck_assert_int_eq(attacker.mixed_up, 0);
        ck_assert_int_eq(attacker.attached + attacker.refused, THREADS * attacker.n);
        ck_assert_int_eq(attacker.runs, runs);
        ck_assert_ptr_null(lariat_iothread_get_g_main_context(attacker.iothread));
        lariat_iothread_destroy(attacker.iothread);
    }
}
END_TEST

/* One source at a time, attached as soon as the one before has run: just when the iothread goes to sleep. */
START_TEST(no_wake_up_is_lost_whenever_it_comes)
{
    const int rounds = tests_run_slowly() ? 500 : 5000;
    struct lariat_iothread *iothread = iothread_with_window_or_fail("io0", _i * 20000);
    GMainContext *context = context_or_fail(iothread);
    uint64_t random = test_seed();
    atomic_int runs = 0;

    for (int i = 1; i <= rounds; i++) {
        attach(context, g_idle_source_new(), count_and_go, &runs);
        wait_for(&runs, i);
        for (volatile uint64_t n = test_random(&random) % 3000; n > 0; n--) {
        }
    }

    lariat_iothread_destroy(iothread);
}
END_TEST

static void live_once(atomic_int *ends)
{
    static atomic_int runs;
    struct lariat_iothread *iothread = iothread_or_fail("io0");
    attach_full(context_or_fail(iothread), g_timeout_source_new(3600000), count_and_stay, ends, note_end);
    attach(context_or_fail(iothread), fd_source_new(0, 0), count_and_stay, &runs);
    lariat_iothread_destroy(iothread);
}

START_TEST(iothreads_with_contexts_come_and_go_and_leave_nothing)
{
    const int lives = tests_run_slowly() ? 20 : 200;
    atomic_int ends = 0;
    live_once(&ends); /* GLib keeps a descriptor from its first context on */
    const int n_fds = count_fds();
    for (int i = 0; i < lives; i++) {
        live_once(&ends);
    }
    ck_assert_int_eq(ends, lives + 1);
    ck_assert_int_eq(count_fds(), n_fds);
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *tc = case_of(suite, "races");
    tcase_add_loop_test(tc, many_threads_get_one_context_and_all_their_sources_run, 0, 2);
    tcase_add_test(tc, a_stop_may_come_while_threads_ask_and_attach);
    tcase_add_loop_test(tc, no_wake_up_is_lost_whenever_it_comes, 0, 2);
    tcase_add_test(tc, iothreads_with_contexts_come_and_go_and_leave_nothing);
}

int main(void)
{
    return suite_main("races for a GMainContext", add_tests);
}
