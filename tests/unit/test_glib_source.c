/* SPDX-License-Identifier: MIT */
/* A loop as a GSource: the whole loop driven by a GMainContext, and what GLib's rules mean for it. */
#include "embed_work.h"
#include "glib_support.h"
#include "poller_support.h"

#include <errno.h>
#include <unistd.h>

#define NS_PER_MS INT64_C(1000000)

struct outer {
    GMainContext *context;
    struct lariat_loop *loop;
    GSource *source;
};

static void outer_init(struct outer *outer)
{
    outer->context = g_main_context_new();
    outer->loop = loop_to_embed_or_fail();
    outer->source = lariat_glib_source_new(outer->loop);
    ck_assert_ptr_nonnull(outer->source);
    ck_assert_uint_ne(g_source_attach(outer->source, outer->context), 0);
}

static void outer_done(struct outer *outer)
{
    g_source_destroy(outer->source);
    g_source_unref(outer->source);
    g_main_context_unref(outer->context);
    loop_done(outer->loop); /* the source gave back its reference */
}

/* One step; true if a source was dispatched. */
static bool turn(struct outer *outer)
{
    return g_main_context_iteration(outer->context, FALSE);
}

static void turn_until_quiet(struct outer *outer)
{
    int n = 0;
    while (turn(outer)) {
        ck_assert_int_lt(++n, 1000);
    }
}

/* Blocking turns; a time-out of its own keeps a lost wake-up from lasting for ever. */
static void turn_until(struct outer *outer, const int *value, int target)
{
    const int64_t limit_ns = lariat_now_ns() + 20000 * NS_PER_MS;
    atomic_int ticks = 0;
    GSource *ticker = attach(outer->context, g_timeout_source_new(1000), count_and_stay, &ticks);
    while (*value < target) {
        g_main_context_iteration(outer->context, TRUE);
        ck_assert_int_lt(lariat_now_ns(), limit_ns);
    }
    g_source_destroy(ticker);
}

START_TEST(every_kind_of_work_is_driven_to_its_end)
{
    static struct work work;
    struct outer outer;
    atomic_int ticks = 0;
    outer_init(&outer);
    attach(outer.context, g_timeout_source_new(5000), count_and_stay, &ticks);

    work_begin(&work, outer.loop, (enum work_kind)_i, tests_run_slowly() ? 50 : 200);
    while (!work_is_done(&work) && ticks < (tests_run_slowly() ? 30 : 4)) {
        g_main_context_iteration(outer.context, TRUE);
    }
    ck_assert(work_is_done(&work));

    work_end(&work);
    outer_done(&outer);
}
END_TEST

/* ---- pollers ---- */

static gboolean put_items(gpointer data)
{
    struct source *source = data;
    source->items += 2;
    return source->runs < 10;
}

START_TEST(what_another_source_puts_into_a_poller_is_found_before_the_next_wait)
{
    struct outer outer;
    struct source source;
    outer_init(&outer);
    source_init(&source, outer.loop);
    attach(outer.context, g_timeout_source_new(1), put_items, &source);

    turn_until(&outer, &source.runs, 10);
    ck_assert_int_gt(source.before, 0);
    turn_until_quiet(&outer);
    ck_assert_int_eq(source.items, 0);

    lariat_poller_delete(source.poller);
    ck_assert_int_eq(source.after, source.before);
    outer_done(&outer);
}
END_TEST

/* ---- BHs ---- */

struct bhs {
    struct outer outer;
    struct lariat_bh *bh;
    int runs, n;
};

static void run_bh(void *opaque)
{
    struct bhs *bhs = opaque;
    if (++bhs->runs < bhs->n) {
        lariat_bh_schedule(bhs->bh);
    } else if (bhs->n < 0) {
        lariat_bh_delete(bhs->bh);
    }
}

static void bhs_init(struct bhs *bhs, int n)
{
    memset(bhs, 0, sizeof(*bhs));
    outer_init(&bhs->outer);
    bhs->bh = bh_or_fail(bhs->outer.loop, run_bh, bhs);
    bhs->n = n;
    turn_until_quiet(&bhs->outer);
}

START_TEST(a_bh_runs_in_the_next_turn_and_no_more)
{
    struct bhs bhs;
    bhs_init(&bhs, 1);
    ck_assert_int_eq(lariat_bh_schedule(bhs.bh), 0);
    ck_assert_int_eq(bhs.runs, 0);
    ck_assert(turn(&bhs.outer));
    ck_assert_int_eq(bhs.runs, 1);
    turn_until_quiet(&bhs.outer);
    ck_assert_int_eq(bhs.runs, 1);
    lariat_bh_delete(bhs.bh);
    outer_done(&bhs.outer);
}
END_TEST

START_TEST(a_bh_that_schedules_itself_runs_once_in_each_turn)
{
    struct bhs bhs;
    bhs_init(&bhs, 10);
    ck_assert_int_eq(lariat_bh_schedule(bhs.bh), 0);
    for (int i = 1; i <= 10; i++) {
        ck_assert(turn(&bhs.outer));
        ck_assert_int_eq(bhs.runs, i);
    }
    turn_until_quiet(&bhs.outer);
    ck_assert_int_eq(bhs.runs, 10);
    lariat_bh_delete(bhs.bh);
    outer_done(&bhs.outer);
}
END_TEST

START_TEST(a_bh_cancelled_or_deleted_does_not_run)
{
    struct bhs bhs;
    bhs_init(&bhs, 1);
    ck_assert_int_eq(lariat_bh_schedule(bhs.bh), 0);
    if (_i) {
        lariat_bh_delete(bhs.bh);
    } else {
        lariat_bh_cancel(bhs.bh);
    }
    turn_until_quiet(&bhs.outer);
    ck_assert_int_eq(bhs.runs, 0);
    lariat_bh_delete(_i ? NULL : bhs.bh);
    outer_done(&bhs.outer);
}
END_TEST

START_TEST(a_bh_may_delete_itself)
{
    struct bhs bhs;
    bhs_init(&bhs, -1);
    ck_assert_int_eq(lariat_bh_schedule(bhs.bh), 0);
    turn_until(&bhs.outer, &bhs.runs, 1);
    turn_until_quiet(&bhs.outer);
    ck_assert_int_eq(bhs.runs, 1);
    outer_done(&bhs.outer);
}
END_TEST

START_TEST(a_notify_is_consumed)
{
    struct outer outer;
    outer_init(&outer);
    for (int i = 0; i < 3; i++) {
        lariat_loop_notify(outer.loop);
        turn_until_quiet(&outer);
        ck_assert(!turn(&outer));
    }
    outer_done(&outer);
}
END_TEST

/* ---- events, timers ---- */

struct event {
    int fd, calls, n;
};

static void event_came(void *opaque)
{
    struct event *event = opaque;
    uint64_t n = 1;
    ck_assert_int_eq(read(event->fd, &n, sizeof(n)), 8);
    if (++event->calls < event->n) {
        write_or_fail(event->fd, &(uint64_t){ 1 }, 8);
    }
}

START_TEST(a_handler_is_called_once_for_each_event)
{
    struct outer outer;
    struct event event = { .fd = eventfd_or_fail(), .n = _i ? 10 : 1 };
    outer_init(&outer);
    ck_assert_int_eq(lariat_handler_set(outer.loop, event.fd, event_came, NULL, &event), 0);
    turn_until_quiet(&outer);
    ck_assert_int_eq(event.calls, 0);

    write_or_fail(event.fd, &(uint64_t){ 1 }, 8);
    turn_until(&outer, &event.calls, event.n);
    turn_until_quiet(&outer);
    ck_assert_int_eq(event.calls, event.n);

    ck_assert_int_eq(lariat_handler_set(outer.loop, event.fd, NULL, NULL, NULL), 0);
    write_or_fail(event.fd, &(uint64_t){ 1 }, 8);
    turn_until_quiet(&outer);
    ck_assert_int_eq(event.calls, event.n);
    outer_done(&outer);
    close(event.fd);
}
END_TEST

struct alarm {
    struct lariat_timer timer;
    int64_t due_ns;
    int fired, early;
};

static void ring(void *opaque)
{
    struct alarm *alarm = opaque;
    alarm->early += lariat_now_ns() < alarm->due_ns;
    alarm->fired++;
}

START_TEST(timers_are_never_early_and_end_the_wait)
{
    struct outer outer;
    struct alarm alarm = { .fired = 0 };
    outer_init(&outer);
    lariat_timer_init(&alarm.timer, outer.loop, ring, &alarm);
    for (int i = 1; i <= 20; i++) {
        alarm.due_ns = lariat_now_ns() + i * 400000;
        lariat_timer_set_ns(&alarm.timer, alarm.due_ns);
        ck_assert(!turn(&outer) || alarm.fired == i);
        turn_until(&outer, &alarm.fired, i);
    }
    ck_assert_int_eq(alarm.early, 0);
    outer_done(&outer);
}
END_TEST

static gint asked_timeout(GMainContext *context)
{
    GPollFD fds[8];
    gint priority, timeout = -2;
    ck_assert(g_main_context_acquire(context));
    ck_assert(!g_main_context_prepare(context, &priority));
    const gint n = g_main_context_query(context, priority, &timeout, fds, 8);
    ck_assert(!g_main_context_check(context, priority, fds, n));
    g_main_context_release(context);
    return timeout;
}

START_TEST(time_outs_are_rounded_up_to_ms)
{
    struct outer outer;
    struct alarm alarm = { .fired = 0 };
    outer_init(&outer);
    turn_until_quiet(&outer);
    ck_assert_int_eq(asked_timeout(outer.context), -1);

    lariat_timer_init(&alarm.timer, outer.loop, ring, &alarm);
    lariat_timer_set_ns(&alarm.timer, lariat_now_ns() + 3600000 * NS_PER_MS - NS_PER_MS / 2);
    turn_until_quiet(&outer);
    const gint timeout = asked_timeout(outer.context);
    ck_assert_int_le(timeout, 3600000);
    ck_assert_int_gt(timeout, 3580000);
    lariat_timer_set_ns(&alarm.timer, INT64_MAX - 1);
    turn_until_quiet(&outer);
    ck_assert_int_eq(asked_timeout(outer.context), G_MAXINT);
    lariat_timer_cancel(&alarm.timer);
    outer_done(&outer);
}
END_TEST

/* ---- beside other sources ---- */

START_TEST(a_source_always_ready_leaves_the_loop_its_turns)
{
    struct bhs bhs;
    atomic_int others = 0;
    bhs_init(&bhs, 50);
    GSource *source = g_idle_source_new();
    g_source_set_priority(source, G_PRIORITY_DEFAULT);
    attach(bhs.outer.context, source, count_and_stay, &others);

    lariat_bh_schedule(bhs.bh);
    turn_until(&bhs.outer, &bhs.runs, 50);
    ck_assert_int_ge(others, 50);
    lariat_bh_delete(bhs.bh);
    outer_done(&bhs.outer);
}
END_TEST

/* A source above it is ready in each turn, so that its check is never called; then no more. */
START_TEST(a_loop_of_low_priority_loses_nothing_while_it_waits_for_its_turn)
{
    struct bhs bhs;
    atomic_int others = 0;
    bhs_init(&bhs, 1);
    GSource *above = g_idle_source_new();
    g_source_set_priority(above, G_PRIORITY_HIGH);
    attach(bhs.outer.context, above, count_and_stay, &others);
    for (int i = 0; i < 10; i++) {
        lariat_bh_schedule(bhs.bh);
        ck_assert(turn(&bhs.outer));
    }
    ck_assert_int_eq(bhs.runs, 0);

    g_source_destroy(above);
    turn_until(&bhs.outer, &bhs.runs, 1);
    lariat_bh_delete(bhs.bh);
    outer_done(&bhs.outer);
}
END_TEST

static void turn_inside(void *opaque)
{
    struct bhs *bhs = opaque;
    bhs->runs++;
    lariat_bh_schedule(bhs->bh);
    for (int i = 0; i < 5; i++) {
        turn(&bhs->outer);
    }
    bhs->n = bhs->runs;
}

START_TEST(a_nested_turn_does_not_run_the_loop_again)
{
    struct bhs bhs;
    bhs_init(&bhs, 1);
    lariat_bh_schedule_oneshot(bhs.outer.loop, turn_inside, &bhs);
    turn_until(&bhs.outer, &bhs.runs, 2);
    ck_assert_int_eq(bhs.n, 1);
    lariat_bh_delete(bhs.bh);
    outer_done(&bhs.outer);
}
END_TEST

static gboolean poll_the_loop(gpointer data)
{
    struct bhs *bhs = data;
    lariat_loop_poll(bhs->outer.loop, false);
    return G_SOURCE_REMOVE;
}

START_TEST(other_sources_may_poll_the_loop_by_hand)
{
    struct bhs bhs;
    bhs_init(&bhs, 1);
    attach(bhs.outer.context, g_idle_source_new(), poll_the_loop, &bhs);
    lariat_bh_schedule(bhs.bh);
    turn_until(&bhs.outer, &bhs.runs, 1);
    turn_until_quiet(&bhs.outer);
    ck_assert_int_eq(bhs.runs, 1);
    lariat_bh_delete(bhs.bh);
    outer_done(&bhs.outer);
}
END_TEST

/* GLib then calls no check at all. */
START_TEST(a_set_of_descriptors_that_changes_during_the_wait_loses_nothing)
{
    struct bhs bhs;
    GPollFD fds[8];
    gint priority, timeout;
    atomic_int others = 0;
    bhs_init(&bhs, 1);
    ck_assert(g_main_context_acquire(bhs.outer.context));
    ck_assert(!g_main_context_prepare(bhs.outer.context, &priority));
    const gint n = g_main_context_query(bhs.outer.context, priority, &timeout, fds, 8);
    GSource *other = attach(bhs.outer.context, fd_source_new(0, 0), count_and_stay, &others);
    lariat_bh_schedule(bhs.bh);
    ck_assert(!g_main_context_check(bhs.outer.context, priority, fds, n));
    g_main_context_release(bhs.outer.context);
    g_source_destroy(other);

    turn_until(&bhs.outer, &bhs.runs, 1);
    lariat_bh_delete(bhs.bh);
    outer_done(&bhs.outer);
}
END_TEST

START_TEST(a_ready_time_that_the_user_sets_makes_a_turn)
{
    struct bhs bhs;
    bhs_init(&bhs, 1);
    g_source_set_ready_time(bhs.outer.source, 0);
    ck_assert(turn(&bhs.outer));
    ck_assert_int_eq(bhs.runs, 0);
    g_source_set_ready_time(bhs.outer.source, -1);
    turn_until_quiet(&bhs.outer);
    lariat_bh_schedule(bhs.bh);
    turn_until(&bhs.outer, &bhs.runs, 1);
    lariat_bh_delete(bhs.bh);
    outer_done(&bhs.outer);
}
END_TEST

/* ---- life ---- */

START_TEST(a_source_may_be_destroyed_during_the_wait)
{
    struct bhs bhs;
    gint priority;
    bhs_init(&bhs, 1);
    ck_assert(g_main_context_acquire(bhs.outer.context));
    ck_assert(!g_main_context_prepare(bhs.outer.context, &priority));
    g_source_destroy(bhs.outer.source);
    g_source_unref(bhs.outer.source);
    g_main_context_release(bhs.outer.context);
    lariat_bh_schedule(bhs.bh);
    ck_assert_int_eq(lariat_loop_poll(bhs.outer.loop, true), 1);
    ck_assert_int_eq(bhs.runs, 1);
    lariat_bh_delete(bhs.bh);
    g_main_context_unref(bhs.outer.context);
    loop_done(bhs.outer.loop);
}
END_TEST

START_TEST(only_a_loop_that_is_open_and_made_for_it_becomes_a_source)
{
    struct lariat_loop *plain = loop_or_fail(), *closed = loop_to_embed_or_fail();
    ck_assert_ptr_null(lariat_glib_source_new(plain));
    ck_assert_int_eq(lariat_loop_close(closed), 0);
    ck_assert_ptr_null(lariat_glib_source_new(closed));
    lariat_loop_unref(closed);
    loop_done(plain);
}
END_TEST

START_TEST(the_source_bears_the_name_of_the_loop)
{
    struct outer outer;
    outer_init(&outer);
    ck_assert_str_eq(g_source_get_name(outer.source), "lariat: loop");
    outer_done(&outer);
}
END_TEST

START_TEST(a_source_that_was_destroyed_leaves_the_loop_as_it_was)
{
    struct bhs bhs;
    bhs_init(&bhs, 1);
    lariat_bh_schedule(bhs.bh);
    g_source_destroy(bhs.outer.source);
    ck_assert(!turn(&bhs.outer));
    ck_assert_int_eq(bhs.runs, 0);
    ck_assert_int_eq(lariat_loop_poll(bhs.outer.loop, true), 1);
    ck_assert_int_eq(bhs.runs, 1);
    lariat_bh_delete(bhs.bh);
    outer_done(&bhs.outer);
}
END_TEST

START_TEST(a_source_removes_itself_when_its_loop_was_closed)
{
    struct outer outer;
    outer_init(&outer);
    turn_until_quiet(&outer);
    ck_assert_int_eq(lariat_loop_close(outer.loop), 0);
    ck_assert(turn(&outer));
    ck_assert(g_source_is_destroyed(outer.source));
    ck_assert(!turn(&outer));
    outer_done(&outer);
}
END_TEST

START_TEST(the_last_reference_of_the_source_closes_the_loop)
{
    const int n_fds = count_fds();
    struct outer outer;
    outer_init(&outer);
    lariat_loop_unref(outer.loop);
    g_source_destroy(outer.source);
    g_source_unref(outer.source);
    g_main_context_unref(outer.context);
    ck_assert_int_eq(count_fds(), n_fds);
}
END_TEST

static void *turn_elsewhere(void *opaque)
{
    turn(opaque);
    return NULL;
}

static void run_on_another_thread(void *opaque)
{
    struct outer outer;
    (void)opaque;
    outer_init(&outer);
    pthread_t thread;
    pthread_create(&thread, NULL, turn_elsewhere, &outer);
    pthread_join(thread, NULL);
}

START_TEST(a_context_iterated_by_another_thread_aborts)
{
    must_abort(run_on_another_thread, NULL, "loop", "does not own");
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *tc = case_of(suite, "driven");
    tcase_add_loop_test(tc, every_kind_of_work_is_driven_to_its_end, 0, N_WORK_KINDS);
    tcase_add_test(tc, a_bh_runs_in_the_next_turn_and_no_more);
    tcase_add_test(tc, a_bh_that_schedules_itself_runs_once_in_each_turn);
    tcase_add_loop_test(tc, a_bh_cancelled_or_deleted_does_not_run, 0, 2);
    tcase_add_test(tc, a_bh_may_delete_itself);
    tcase_add_test(tc, a_notify_is_consumed);
    tcase_add_loop_test(tc, a_handler_is_called_once_for_each_event, 0, 2);
    tcase_add_test(tc, timers_are_never_early_and_end_the_wait);
    tcase_add_test(tc, time_outs_are_rounded_up_to_ms);

    tc = case_of(suite, "beside others");
    tcase_add_test(tc, what_another_source_puts_into_a_poller_is_found_before_the_next_wait);
    tcase_add_test(tc, a_source_always_ready_leaves_the_loop_its_turns);
    tcase_add_test(tc, a_loop_of_low_priority_loses_nothing_while_it_waits_for_its_turn);
    tcase_add_test(tc, a_nested_turn_does_not_run_the_loop_again);
    tcase_add_test(tc, other_sources_may_poll_the_loop_by_hand);

    tcase_add_test(tc, a_set_of_descriptors_that_changes_during_the_wait_loses_nothing);
    tcase_add_test(tc, a_ready_time_that_the_user_sets_makes_a_turn);

    tc = case_of(suite, "life");
    tcase_add_test(tc, a_source_may_be_destroyed_during_the_wait);
    tcase_add_test(tc, only_a_loop_that_is_open_and_made_for_it_becomes_a_source);
    tcase_add_test(tc, the_source_bears_the_name_of_the_loop);
    tcase_add_test(tc, a_source_that_was_destroyed_leaves_the_loop_as_it_was);
    tcase_add_test(tc, a_source_removes_itself_when_its_loop_was_closed);
    tcase_add_test(tc, the_last_reference_of_the_source_closes_the_loop);
    tcase_add_test(tc, a_context_iterated_by_another_thread_aborts);
}

int main(void)
{
    return suite_main("a loop as a GSource", add_tests);
}
