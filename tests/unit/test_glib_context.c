/* SPDX-License-Identifier: MIT */
/* The GMainContext of an iothread: the hand-over, what wakes it, and its end. What is polled is in test_glib_polls.c. */
#include "glib_support.h"

#include "loop.h"

#include <errno.h>
#include <unistd.h>

#define NS_PER_MS INT64_C(1000000)

/* ---- the hand-over ---- */

struct facts {
    GMainContext *context, *thread_default, *asked_inside;
    struct lariat_iothread *iothread;
    gboolean is_owner;
};

static void look(void *opaque)
{
    struct facts *facts = opaque;
    facts->is_owner = g_main_context_is_owner(facts->context);
    facts->thread_default = g_main_context_get_thread_default();
    facts->asked_inside = lariat_iothread_get_g_main_context(facts->iothread);
}

START_TEST(the_iothread_owns_its_context_and_has_it_as_thread_default)
{
    struct facts facts = { .iothread = iothread_or_fail("io0") };
    facts.context = context_or_fail(facts.iothread);

    run_on(facts.iothread, look, &facts);
    ck_assert(facts.is_owner);
    ck_assert_ptr_eq(facts.thread_default, facts.context);
    ck_assert_ptr_eq(facts.asked_inside, facts.context);
    ck_assert_ptr_eq(context_or_fail(facts.iothread), facts.context);
    ck_assert(!g_main_context_acquire(facts.context));

    lariat_iothread_destroy(facts.iothread);
}
END_TEST

static void ask(void *opaque)
{
    GMainContext **context = opaque;
    *context = lariat_iothread_get_g_main_context(lariat_iothread_current());
}

START_TEST(a_callback_of_the_iothread_may_be_the_first_to_ask)
{
    struct lariat_iothread *iothread = iothread_or_fail("io0");
    GMainContext *context = NULL;
    atomic_int runs = 0;
    run_on(iothread, ask, &context);
    ck_assert_ptr_nonnull(context);
    ck_assert_ptr_eq(context_or_fail(iothread), context);

    attach(context, g_idle_source_new(), count_and_go, &runs);
    wait_for(&runs, 1);

    lariat_iothread_destroy(iothread);
}
END_TEST

START_TEST(each_iothread_has_a_context_of_its_own)
{
    struct lariat_iothread *one = iothread_or_fail("io0"), *other = iothread_or_fail("io1");
    ck_assert_ptr_ne(context_or_fail(one), context_or_fail(other));
    lariat_iothread_destroy(one);
    lariat_iothread_destroy(other);
}
END_TEST

START_TEST(a_stopped_iothread_gives_none)
{
    struct lariat_iothread *iothread = iothread_or_fail("io0");
    if (_i) {
        context_or_fail(iothread);
    }
    ck_assert_int_eq(lariat_iothread_stop(iothread), 0);
    ck_assert_ptr_null(lariat_iothread_get_g_main_context(iothread));
    lariat_iothread_destroy(iothread);
}
END_TEST

/* ---- what wakes it ---- */

static struct lariat_iothread *iothread_asleep_or_spinning(bool spinning)
{
    struct lariat_iothread *iothread = iothread_with_window_or_fail("io0", spinning ? 50 * NS_PER_MS : 0);
    context_or_fail(iothread);
    ck_assert(falls_asleep(iothread));
    if (spinning) {
        run_iterations(iothread, 20); /* short waits open the window */
    }
    return iothread;
}

static gboolean note_thread(gpointer data)
{
    atomic_store((atomic_int *)data, (int)gettid());
    return G_SOURCE_REMOVE;
}

START_TEST(a_source_attached_by_another_thread_runs_on_the_iothread)
{
    struct lariat_iothread *iothread = iothread_asleep_or_spinning(_i);
    GMainContext *context = context_or_fail(iothread);

    for (int i = 0; i < 100; i++) {
        atomic_int tid = 0;
        attach(context, i % 2 ? g_idle_source_new() : g_timeout_source_new(0), note_thread, &tid);
        wait_for(&tid, 1);
        ck_assert_int_eq(tid, (int)lariat_iothread_tid(iothread));
    }

    lariat_iothread_destroy(iothread);
}
END_TEST

START_TEST(a_woken_context_goes_back_to_sleep)
{
    struct lariat_iothread *iothread = iothread_asleep_or_spinning(_i);
    for (int i = 0; i < 3; i++) {
        g_main_context_wakeup(context_or_fail(iothread));
        ck_assert(falls_asleep(iothread));
    }
    lariat_iothread_destroy(iothread);
}
END_TEST

struct timeout {
    int64_t due_ns;
    atomic_int fired, early;
};

static gboolean timed_out(gpointer data)
{
    struct timeout *timeout = data;
    atomic_fetch_add(&timeout->early, lariat_now_ns() / 1000 < timeout->due_ns / 1000); /* GLib counts in us */
    atomic_fetch_add(&timeout->fired, 1);
    return G_SOURCE_REMOVE;
}

START_TEST(time_outs_fire_and_never_early)
{
    struct lariat_iothread *iothread = iothread_asleep_or_spinning(_i);
    static struct timeout timeouts[30];

    for (int i = 0; i < 30; i++) {
        const guint ms = (guint)(i * 7 % 30);
        timeouts[i].due_ns = lariat_now_ns() + ms * NS_PER_MS;
        attach(context_or_fail(iothread), g_timeout_source_new(ms), timed_out, &timeouts[i]);
    }
    for (int i = 0; i < 30; i++) {
        wait_for(&timeouts[i].fired, 1);
        ck_assert_int_eq(timeouts[i].early, 0);
    }
    ck_assert(falls_asleep(iothread));

    lariat_iothread_destroy(iothread);
}
END_TEST

START_TEST(a_time_out_brought_forward_by_another_thread_fires)
{
    struct lariat_iothread *iothread = iothread_asleep_or_spinning(_i);
    atomic_int runs = 0;
    GSource *source = attach(context_or_fail(iothread), g_timeout_source_new(3600000), count_and_stay, &runs);
    ck_assert(falls_asleep(iothread));

    g_source_set_ready_time(source, 0);
    wait_for(&runs, 1);

    lariat_iothread_destroy(iothread);
}
END_TEST

static void count_timers(void *opaque)
{
    *(size_t *)opaque = lariat_loop_current()->timers.n;
}

static size_t timers_of(struct lariat_iothread *iothread)
{
    size_t n = 0;
    run_iterations(iothread, 2);
    run_on(iothread, count_timers, &n);
    return n;
}

START_TEST(a_time_out_that_was_taken_back_wakes_nobody)
{
    struct lariat_iothread *iothread = iothread_asleep_or_spinning(_i);
    atomic_int runs = 0;
    GSource *source = attach(context_or_fail(iothread), g_timeout_source_new(3600000), count_and_stay, &runs);
    ck_assert_uint_eq(timers_of(iothread), 1);
    g_source_destroy(source);
    ck_assert_uint_eq(timers_of(iothread), 0);
    lariat_iothread_destroy(iothread);
}
END_TEST

/* ---- changes on the iothread itself, of which GLib says nothing ---- */

struct inner {
    struct lariat_iothread *iothread;
    struct lariat_loop *loop;
    GMainContext *context;
    struct lariat_bh *bh;
    struct lariat_op op;
    struct lariat_timer timer;
    int fd;
    atomic_int runs;
};

static void attach_idle(void *opaque)
{
    struct inner *inner = opaque;
    attach(inner->context, g_idle_source_new(), count_and_go, &inner->runs);
}

static void attach_time_out(void *opaque)
{
    struct inner *inner = opaque;
    attach(inner->context, g_timeout_source_new(3), count_and_go, &inner->runs);
}

static void op_attaches(struct lariat_op *op, int res)
{
    (void)res;
    attach_idle(op->opaque);
}

static void handler_attaches(void *opaque)
{
    struct inner *inner = opaque;
    lariat_handler_set(inner->loop, inner->fd, NULL, NULL, NULL);
    attach_time_out(inner);
}

static void begin_changes(void *opaque)
{
    struct inner *inner = opaque;
    const uint64_t one = 1;
    lariat_bh_schedule(inner->bh);
    inner->op = (struct lariat_op){ .fn = op_attaches, .opaque = inner };
    lariat_nop(inner->loop, &inner->op);
    lariat_timer_init(&inner->timer, inner->loop, attach_time_out, inner);
    lariat_timer_set_ns(&inner->timer, lariat_now_ns() + 2 * NS_PER_MS);
    lariat_handler_set(inner->loop, inner->fd, handler_attaches, NULL, inner);
    if (write(inner->fd, &one, sizeof(one)) < 0) {
        abort();
    }
}

START_TEST(sources_attached_by_callbacks_of_the_loop_are_seen_before_it_waits)
{
    struct inner inner = { .iothread = iothread_asleep_or_spinning(_i), .fd = eventfd_or_fail() };
    inner.loop = lariat_iothread_loop(inner.iothread);
    inner.context = context_or_fail(inner.iothread);
    inner.bh = bh_or_fail(inner.loop, attach_time_out, &inner);

    for (int i = 1; i <= 20; i++) {
        run_on(inner.iothread, begin_changes, &inner);
        wait_for(&inner.runs, 4 * i);
    }

    lariat_bh_delete(inner.bh);
    lariat_iothread_destroy(inner.iothread);
    close(inner.fd);
}
END_TEST

/* A source that looks at a flag, as sources with a queue do. */
static bool flag; /* of the iothread */

static gboolean prepare_by_flag(GSource *source, gint *timeout)
{
    (void)source;
    *timeout = -1;
    return flag;
}

static gboolean check_by_flag(GSource *source)
{
    (void)source;
    return flag;
}

static gboolean dispatch_by_flag(GSource *source, GSourceFunc callback, gpointer data)
{
    (void)source;
    flag = false;
    return callback(data);
}

static void set_flag(void *opaque)
{
    (void)opaque;
    flag = true;
}

START_TEST(a_source_that_a_bh_makes_ready_without_telling_is_asked_before_the_loop_waits)
{
    static GSourceFuncs functions = { .prepare = prepare_by_flag, .check = check_by_flag, .dispatch = dispatch_by_flag };
    struct lariat_iothread *iothread = iothread_asleep_or_spinning(_i);
    atomic_int runs = 0;
    attach(context_or_fail(iothread), g_source_new(&functions, sizeof(GSource)), count_and_stay, &runs);

    for (int i = 1; i <= 20; i++) {
        run_on(iothread, set_flag, NULL);
        wait_for(&runs, i);
    }

    lariat_iothread_destroy(iothread);
}
END_TEST

/* ---- side by side ---- */

struct spinner {
    struct lariat_loop *loop;
    struct lariat_bh *bh;
    struct lariat_op op;
    atomic_int bhs, ops, idles;
    atomic_bool over;
};

static void bh_again(void *opaque)
{
    struct spinner *spinner = opaque;
    atomic_fetch_add(&spinner->bhs, 1);
    if (!atomic_load(&spinner->over)) {
        lariat_bh_schedule(spinner->bh);
    }
}

static void op_again(struct lariat_op *op, int res)
{
    struct spinner *spinner = op->opaque;
    (void)res;
    atomic_fetch_add(&spinner->ops, 1);
    if (!atomic_load(&spinner->over)) {
        lariat_nop(spinner->loop, op);
    }
}

static gboolean idle_again(gpointer data)
{
    struct spinner *spinner = data;
    atomic_fetch_add(&spinner->idles, 1);
    return !atomic_load(&spinner->over);
}

static void begin_to_spin(void *opaque)
{
    struct spinner *spinner = opaque;
    spinner->op = (struct lariat_op){ .fn = op_again, .opaque = spinner };
    lariat_nop(spinner->loop, &spinner->op);
    lariat_bh_schedule(spinner->bh);
}

START_TEST(neither_bhs_nor_ops_nor_sources_without_end_starve_the_others)
{
    struct lariat_iothread *iothread = iothread_or_fail("io0");
    static struct spinner spinner;
    struct timeout timeout = { .due_ns = lariat_now_ns() + 5 * NS_PER_MS };
    spinner.loop = lariat_iothread_loop(iothread);
    spinner.bh = bh_or_fail(spinner.loop, bh_again, &spinner);

    GSource *idle = g_idle_source_new();
    g_source_set_priority(idle, G_PRIORITY_DEFAULT);
    attach(context_or_fail(iothread), idle, idle_again, &spinner);
    attach(context_or_fail(iothread), g_timeout_source_new(5), timed_out, &timeout);
    run_on(iothread, begin_to_spin, &spinner);
    wait_for(&spinner.bhs, 1000);
    wait_for(&spinner.ops, 1000);
    wait_for(&spinner.idles, 1000);
    wait_for(&timeout.fired, 1);
    atomic_store(&spinner.over, true);

    ck_assert(falls_asleep(iothread));
    lariat_bh_delete(spinner.bh);
    lariat_iothread_destroy(iothread);
}
END_TEST

struct mixed {
    struct lariat_loop *loop;
    struct lariat_op op;
    int file;
    unsigned char buf[512];
    atomic_int steps, wrong;
};

static void mixed_read(struct lariat_op *op, int res)
{
    struct mixed *mixed = op->opaque;
    atomic_fetch_add(&mixed->wrong, res != (int)sizeof(mixed->buf) || mixed->buf[7] != pattern_byte(7));
    atomic_fetch_add(&mixed->steps, 1);
}

static gboolean read_by_the_loop(gpointer data)
{
    struct mixed *mixed = data;
    mixed->op = (struct lariat_op){ .fn = mixed_read, .opaque = mixed };
    lariat_read(mixed->loop, &mixed->op, mixed->file, mixed->buf, sizeof(mixed->buf), 0);
    atomic_fetch_add(&mixed->wrong, lariat_bh_schedule_oneshot(mixed->loop, count_up_atomic, &mixed->steps) != 0);
    atomic_fetch_add(&mixed->wrong, lariat_loop_poll(mixed->loop, false) != -EDEADLK);
    return G_SOURCE_REMOVE;
}

START_TEST(sources_may_submit_ops_and_schedule_bhs)
{
    struct lariat_iothread *iothread = iothread_asleep_or_spinning(_i);
    struct mixed mixed = { .loop = lariat_iothread_loop(iothread), .file = temp_file_or_fail(4096, 0) };

    for (int i = 1; i <= 20; i++) {
        attach(context_or_fail(iothread), g_idle_source_new(), read_by_the_loop, &mixed);
        wait_for(&mixed.steps, 2 * i);
    }
    ck_assert_int_eq(mixed.wrong, 0);

    lariat_iothread_destroy(iothread);
    close(mixed.file);
}
END_TEST

/* ---- iterated inside a callback ---- */

struct nested {
    GMainContext *context;
    GMainLoop *main_loop;
    atomic_int runs, inner_runs;
};

static gboolean quit(gpointer data)
{
    struct nested *nested = data;
    atomic_fetch_add(&nested->inner_runs, 1);
    g_main_loop_quit(nested->main_loop);
    return G_SOURCE_REMOVE;
}

static void run_inside(struct nested *nested)
{
    attach(nested->context, g_idle_source_new(), count_and_go, &nested->inner_runs);
    while (g_main_context_iteration(nested->context, FALSE)) {
    }
    nested->main_loop = g_main_loop_new(nested->context, FALSE);
    attach(nested->context, g_timeout_source_new(1), quit, nested);
    g_main_loop_run(nested->main_loop);
    g_main_loop_unref(nested->main_loop);
    atomic_fetch_add(&nested->runs, 1);
}

static gboolean source_runs_inside(gpointer data)
{
    run_inside(data);
    return G_SOURCE_REMOVE;
}

static void bh_runs_inside(void *opaque)
{
    run_inside(opaque);
}

START_TEST(the_context_may_be_iterated_inside_callbacks)
{
    struct lariat_iothread *iothread = iothread_asleep_or_spinning(_i);
    struct nested nested = { .context = context_or_fail(iothread) };

    for (int i = 1; i <= 10; i++) {
        attach(nested.context, g_idle_source_new(), source_runs_inside, &nested);
        run_on(iothread, bh_runs_inside, &nested);
        wait_for(&nested.runs, 2 * i);
        ck_assert_int_eq(nested.inner_runs, 4 * i);
    }
    ck_assert(falls_asleep(iothread));

    lariat_iothread_destroy(iothread);
}
END_TEST

/* ---- polling ---- */

START_TEST(the_loop_spins_for_sources_too)
{
    if (tests_run_with("sqpoll")) {
        test_skip("an SQ thread takes the CPU that the loop would spin on");
    }
    struct lariat_iothread *iothread = iothread_with_window_or_fail("io0", 20 * NS_PER_MS);
    struct lariat_loop *loop = lariat_iothread_loop(iothread);
    GMainContext *context = context_or_fail(iothread);
    const uint64_t before = stats_of(loop).spins_hit;
    atomic_int runs = 0;

    for (int i = 1; i <= 1000 && stats_of(loop).spins_hit < before + 20; i++) {
        attach(context, g_idle_source_new(), count_and_go, &runs);
        wait_for(&runs, i);
    }
    ck_assert_uint_ge(stats_of(loop).spins_hit, before + 20);

    lariat_iothread_destroy(iothread);
}
END_TEST

/* ---- the end ---- */

static void note_end(gpointer data)
{
    count_up_atomic(data);
}

START_TEST(sources_still_attached_at_the_stop_are_not_called_and_die_with_the_iothread)
{
    struct lariat_iothread *iothread = iothread_asleep_or_spinning(_i);
    GMainContext *context = context_or_fail(iothread);
    atomic_int runs = 0, ends = 0;
    attach_full(context, g_timeout_source_new(3600000), count_and_stay, &runs, NULL);
    attach_full(context, g_idle_source_new(), count_and_stay, &runs, NULL);
    wait_for(&runs, 1);

    ck_assert_int_eq(lariat_iothread_stop(iothread), 0);
    const int runs_at_stop = runs;
    attach_full(context, g_idle_source_new(), count_and_stay, &ends, note_end); /* too late, but not forbidden */
    ck_assert(g_main_context_acquire(context));                                 /* nobody's any more */
    g_main_context_release(context);
    ck_assert_int_eq(ends, 0);
    lariat_iothread_destroy(iothread);
    ck_assert_int_eq(ends, 1);
    ck_assert_int_eq(runs, runs_at_stop);
}
END_TEST

START_TEST(a_reference_keeps_the_context_beyond_the_iothread)
{
    struct lariat_iothread *iothread = iothread_or_fail("io0");
    GMainContext *context = g_main_context_ref(context_or_fail(iothread));
    atomic_int calls = 0;
    lariat_iothread_destroy(iothread);

    attach_full(context, g_idle_source_new(), count_and_stay, &calls, note_end);
    ck_assert(g_main_context_iteration(context, FALSE));
    ck_assert_int_eq(calls, 1);
    g_main_context_unref(context);
    ck_assert_int_eq(calls, 2);
}
END_TEST

static void delete_bh(gpointer data)
{
    lariat_bh_delete(data);
}

START_TEST(a_source_that_holds_the_loop_by_a_bh_does_not_hold_it_for_ever)
{
    struct lariat_iothread *iothread = iothread_or_fail("io0");
    struct lariat_bh *bh = bh_or_fail(lariat_iothread_loop(iothread), do_nothing, NULL);
    const int n_fds = count_fds();
    attach_full(context_or_fail(iothread), g_timeout_source_new(3600000), count_and_stay, bh, delete_bh);
    lariat_iothread_destroy(iothread);
    ck_assert_int_lt(count_fds(), n_fds); /* leaks are for ASan and valgrind to see */
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *tc = case_of(suite, "hand-over");
    tcase_add_test(tc, the_iothread_owns_its_context_and_has_it_as_thread_default);
    tcase_add_test(tc, a_callback_of_the_iothread_may_be_the_first_to_ask);
    tcase_add_test(tc, each_iothread_has_a_context_of_its_own);
    tcase_add_loop_test(tc, a_stopped_iothread_gives_none, 0, 2);

    tc = case_of(suite, "wake-ups"); /* asleep, and spinning */
    tcase_add_loop_test(tc, a_source_attached_by_another_thread_runs_on_the_iothread, 0, 2);
    tcase_add_loop_test(tc, a_woken_context_goes_back_to_sleep, 0, 2);
    tcase_add_loop_test(tc, time_outs_fire_and_never_early, 0, 2);
    tcase_add_loop_test(tc, a_time_out_brought_forward_by_another_thread_fires, 0, 2);
    tcase_add_loop_test(tc, a_time_out_that_was_taken_back_wakes_nobody, 0, 2);
    tcase_add_loop_test(tc, sources_attached_by_callbacks_of_the_loop_are_seen_before_it_waits, 0, 2);
    tcase_add_loop_test(tc, a_source_that_a_bh_makes_ready_without_telling_is_asked_before_the_loop_waits, 0, 2);

    tc = case_of(suite, "side by side");
    tcase_add_test(tc, neither_bhs_nor_ops_nor_sources_without_end_starve_the_others);
    tcase_add_loop_test(tc, sources_may_submit_ops_and_schedule_bhs, 0, 2);
    tcase_add_loop_test(tc, the_context_may_be_iterated_inside_callbacks, 0, 2);
    tcase_add_test(tc, the_loop_spins_for_sources_too);

    tc = case_of(suite, "end");
    tcase_add_loop_test(tc, sources_still_attached_at_the_stop_are_not_called_and_die_with_the_iothread, 0, 2);
    tcase_add_test(tc, a_reference_keeps_the_context_beyond_the_iothread);
    tcase_add_test(tc, a_source_that_holds_the_loop_by_a_bh_does_not_hold_it_for_ever);
}

int main(void)
{
    return suite_main("GMainContext of an iothread", add_tests);
}
