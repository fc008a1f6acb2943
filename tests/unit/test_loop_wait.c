/* SPDX-License-Identifier: MIT */
/* How a loop waits: spinning, sleeping, signals, deadlines, and that nothing starves. */
#include "support.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <sys/time.h>
#include <unistd.h>

#include <lariat/handler.h>

#define NS_PER_US INT64_C(1000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S INT64_C(1000000000)

/* A wait that ends by a timer `ns` from now. */
static void wait_by_timer(struct lariat_loop *loop, int64_t ns)
{
    struct lariat_timer timer;
    int fired = 0;
    lariat_timer_init(&timer, loop, count_up, &fired);
    const int64_t due_ns = lariat_now_ns() + ns;
    lariat_timer_set_ns(&timer, due_ns);
    poll_until(loop, &fired, 1);
    ck_assert_int_ge(lariat_now_ns(), due_ns);
}

static void set_params_or_fail(struct lariat_loop *loop, const struct lariat_poll_params *params)
{
    ck_assert_int_eq(lariat_loop_set_poll_params(loop, params), 0);
}

/* Spinning switched off */

START_TEST(with_a_maximum_of_0_nothing_is_spun_and_no_ns_counted)
{
    struct lariat_loop *loop = loop_with_window_or_fail(0);
    struct counted_op nop;
    counted_op_init(&nop);

    for (int i = 1; i <= 20; i++) {
        lariat_nop(loop, &nop.op);
        poll_until(loop, &nop.done, i);
        wait_by_timer(loop, 50 * NS_PER_US);
    }
    const struct lariat_loop_stats stats = stats_of(loop);
    ck_assert(stats.spins == 0 && stats.spins_hit == 0 && stats.spin_ns == 0 && stats.spin_vain_ns == 0);
    ck_assert(stats.sleep_ns == 0 && stats.window_ns == 0 && stats.window_grown == 0);
    ck_assert_uint_ge(stats.sleeps, 20);

    loop_done(loop);
}
END_TEST

START_TEST(a_non_blocking_poll_never_spins_or_sleeps)
{
    struct lariat_loop *loop = loop_with_window_or_fail(NS_PER_S);
    wait_by_timer(loop, NS_PER_MS);
    ck_assert_uint_gt(stats_of(loop).window_ns, 0);
    const struct lariat_loop_stats before = stats_of(loop);

    for (int i = 0; i < 100; i++) {
        lariat_loop_poll(loop, false);
    }
    const struct lariat_loop_stats after = stats_of(loop);
    ck_assert(after.spins == before.spins && after.sleeps == before.sleeps && after.window_ns == before.window_ns);

    loop_done(loop);
}
END_TEST

/* The window as the loop moves it */

START_TEST(a_wait_shorter_than_the_maximum_opens_the_window)
{
    struct lariat_loop *loop = loop_with_window_or_fail(3600 * NS_PER_S);

    wait_by_timer(loop, NS_PER_MS);
    ck_assert_uint_eq(stats_of(loop).window_ns, 4000);
    wait_by_timer(loop, NS_PER_MS);
    ck_assert_uint_eq(stats_of(loop).window_ns, 8000);
    wait_by_timer(loop, NS_PER_MS);
    const struct lariat_loop_stats stats = stats_of(loop);
    ck_assert_uint_eq(stats.window_ns, 16000);
    ck_assert_uint_eq(stats.window_grown, 3);
    ck_assert_uint_ge(stats.spins, 2);
    ck_assert_uint_ge(stats.spin_ns, 4000 + 8000);

    loop_done(loop);
}
END_TEST

/* Other work on this machine may make a short wait long, so this takes as many as it needs. */
static void open_window(struct lariat_loop *loop)
{
    for (int i = 0; i < 1000 && stats_of(loop).window_ns == 0; i++) {
        wait_by_timer(loop, 100 * NS_PER_US);
    }
    ck_assert_uint_gt(stats_of(loop).window_ns, 0);
}

START_TEST(a_wait_longer_than_the_maximum_closes_the_window)
{
    struct lariat_loop *loop = loop_with_window_or_fail(5 * NS_PER_MS);
    open_window(loop);
    const uint64_t shrunk = stats_of(loop).window_shrunk;

    wait_by_timer(loop, 6 * NS_PER_MS);
    ck_assert_uint_eq(stats_of(loop).window_ns, 0);
    ck_assert_uint_eq(stats_of(loop).window_shrunk, shrunk + 1);

    loop_done(loop);
}
END_TEST

START_TEST(a_wait_longer_than_the_maximum_divides_the_window_by_shrink)
{
    struct lariat_poll_params params = classic_params(5 * NS_PER_MS);
    struct lariat_loop *loop = loop_with_window_or_fail(0);
    params.shrink = 4;
    set_params_or_fail(loop, &params);
    open_window(loop);
    const uint64_t window_ns = stats_of(loop).window_ns;

    wait_by_timer(loop, 6 * NS_PER_MS);
    ck_assert_uint_eq(stats_of(loop).window_ns, window_ns / 4);

    loop_done(loop);
}
END_TEST

START_TEST(setting_parameters_closes_the_window)
{
    struct lariat_loop *loop = loop_with_window_or_fail(3600 * NS_PER_S);
    const struct lariat_poll_params params = classic_params(3600 * NS_PER_S);
    open_window(loop);
    ck_assert_uint_eq(stats_of(loop).window_ns, 4000);

    set_params_or_fail(loop, &params);
    ck_assert_int_eq(lariat_loop_poll(loop, false), 0);
    ck_assert_uint_eq(stats_of(loop).window_ns, 0);
    open_window(loop);
    ck_assert_uint_eq(stats_of(loop).window_ns, 4000);

    loop_done(loop);
}
END_TEST

/* A window opened to an hour, within two waits if each is a wait at all and not over before it began. */
static struct lariat_loop *loop_that_spins_or_fail(void)
{
    struct lariat_poll_params params = classic_params(3600 * NS_PER_S);
    struct lariat_loop *loop = loop_with_window_or_fail(0);
    params.grow = INT64_MAX;
    set_params_or_fail(loop, &params);
    for (int i = 0; i < 1000 && stats_of(loop).window_ns < 3600u * NS_PER_S; i++) {
        wait_by_timer(loop, NS_PER_MS);
    }
    ck_assert_uint_eq(stats_of(loop).window_ns, 3600 * NS_PER_S);
    return loop;
}

START_TEST(a_deadline_within_the_window_is_met_by_the_spin)
{
    struct lariat_loop *loop = loop_that_spins_or_fail();
    const struct lariat_loop_stats before = stats_of(loop);

    for (int i = 0; i < 20; i++) {
        wait_by_timer(loop, 200 * NS_PER_US);
    }
    const struct lariat_loop_stats after = stats_of(loop);
    ck_assert_uint_eq(after.sleeps, before.sleeps);
    ck_assert_uint_eq(after.eventfd_writes, before.eventfd_writes);
    ck_assert_uint_ge(after.spins_hit, before.spins_hit + 20);
    ck_assert_uint_eq(after.spin_vain_ns, before.spin_vain_ns);

    loop_done(loop);
}
END_TEST

struct sender {
    struct lariat_loop *loop;
    atomic_int received;
    int n;
    bool lost;
};

static void *send_one_by_one(void *opaque)
{
    struct sender *sender = opaque;
    for (int i = 1; i <= sender->n && !sender->lost; i++) {
        lariat_bh_schedule_oneshot(sender->loop, count_up_atomic, &sender->received);
        sender->lost = !waited_for(&sender->received, i);
    }
    return NULL;
}

START_TEST(a_spinning_loop_is_reached_without_a_system_call)
{
    struct lariat_loop *loop = loop_that_spins_or_fail();
    struct sender sender = { .loop = loop, .n = 200 };
    const struct lariat_loop_stats before = stats_of(loop);

    pthread_t thread = thread_or_fail(send_one_by_one, &sender);
    while (atomic_load(&sender.received) < sender.n) {
        ck_assert_int_ge(lariat_loop_poll(loop, true), 0);
    }
    join_or_fail(thread);
    ck_assert(!sender.lost);
    ck_assert_uint_eq(stats_of(loop).eventfd_writes, before.eventfd_writes);
    ck_assert_uint_eq(stats_of(loop).sleeps, before.sleeps);

    loop_done(loop);
}
END_TEST

static void *switch_polling_off(void *opaque)
{
    struct sender *sender = opaque;
    const struct lariat_poll_params off = classic_params(0);
    lariat_loop_set_poll_params(sender->loop, &off);
    lariat_bh_schedule_oneshot(sender->loop, count_up_atomic, &sender->received);
    return NULL;
}

START_TEST(polling_can_be_switched_off_while_the_loop_spins)
{
    struct lariat_loop *loop = loop_that_spins_or_fail();
    struct sender sender = { .loop = loop };
    pthread_t thread = thread_or_fail(switch_polling_off, &sender);

    while (atomic_load(&sender.received) == 0) {
        ck_assert_int_ge(lariat_loop_poll(loop, true), 0);
    }
    join_or_fail(thread);
    const struct lariat_loop_stats before = stats_of(loop);
    wait_by_timer(loop, NS_PER_MS);
    ck_assert_uint_eq(stats_of(loop).spins, before.spins);
    ck_assert_uint_gt(stats_of(loop).sleeps, before.sleeps);

    loop_done(loop);
}
END_TEST

/* Sleeping */

START_TEST(an_idle_loop_does_not_wake_up)
{
    struct lariat_iothread *iothread = iothread_or_fail("idle");
    struct lariat_loop *loop = lariat_iothread_loop(iothread);
    call_or_fail(loop, do_nothing, NULL);

    /* A length of time is what this is about. It may begin with the end of the iteration that ran the call. */
    usleep(50000);
    const struct lariat_loop_stats before = stats_of(loop);
    usleep(400000);
    const struct lariat_loop_stats after = stats_of(loop);
    ck_assert_uint_eq(after.iterations, before.iterations);
    ck_assert_uint_eq(after.enters, before.enters);
    ck_assert_uint_eq(after.sleeps, before.sleeps);

    lariat_iothread_destroy(iothread);
}
END_TEST

/* Watching */

struct watched {
    uint64_t n, slept, sum_ns;
};

static void note_wait(void *opaque, int64_t wait_ns, bool slept)
{
    struct watched *watched = opaque;
    watched->n++;
    watched->slept += slept;
    watched->sum_ns += (uint64_t)wait_ns;
}

START_TEST(each_wait_is_told_as_it_is_in_the_histogram)
{
    static struct lariat_histogram histogram;
    struct lariat_loop *loop = loop_with_window_or_fail(0);
    struct lariat_poll_params params;
    struct watched watched = { 0, 0, 0 };
    lariat_poll_params_init(&params, (enum lariat_poll_policy)_i);
    set_params_or_fail(loop, &params);
    ck_assert_int_eq(lariat_loop_enable_histograms(loop, true), 0);
    lariat_loop_watch_waits(loop, note_wait, &watched);
    for (int i = 0; i < 50; i++) {
        wait_by_timer(loop, 20 * NS_PER_US);
    }
    ck_assert_int_eq(lariat_loop_get_histogram(loop, LARIAT_LOOP_HISTOGRAM_WAIT, &histogram), 0);
    ck_assert_uint_gt(watched.n, 0);
    ck_assert_uint_eq(watched.n, histogram.n);
    ck_assert_uint_eq(watched.sum_ns, histogram.sum_ns);
    ck_assert_uint_eq(watched.slept, stats_of(loop).sleeps);

    loop_done(loop);
}
END_TEST

START_TEST(waits_are_told_with_polling_off_too_and_to_nobody_any_more)
{
    struct lariat_loop *loop = loop_with_window_or_fail(0);
    struct watched watched = { 0, 0, 0 };
    lariat_loop_watch_waits(loop, note_wait, &watched);
    const int64_t begin_ns = lariat_now_ns();
    for (int i = 0; i < 5; i++) {
        wait_by_timer(loop, NS_PER_MS);
    }
    ck_assert_uint_le(watched.sum_ns, (uint64_t)(lariat_now_ns() - begin_ns));
    ck_assert_uint_gt(watched.sum_ns, 0);
    ck_assert_uint_eq(watched.n, watched.slept);
    ck_assert_uint_eq(watched.n, stats_of(loop).sleeps);

    lariat_loop_watch_waits(loop, NULL, NULL);
    const uint64_t n = watched.n;
    wait_by_timer(loop, NS_PER_MS);
    ck_assert_uint_eq(watched.n, n);

    loop_done(loop);
}
END_TEST

START_TEST(a_wait_that_was_all_spun_is_told_as_such)
{
    struct lariat_loop *loop = loop_that_spins_or_fail();
    struct watched watched = { 0, 0, 0 };
    lariat_loop_watch_waits(loop, note_wait, &watched);

    for (int i = 0; i < 5; i++) {
        wait_by_timer(loop, 200 * NS_PER_US);
    }
    ck_assert_uint_gt(watched.n, 0);
    ck_assert_uint_eq(watched.slept, 0);

    loop_done(loop);
}
END_TEST

/* Signals */

static void on_signal(int number)
{
    (void)number;
}

static void catch_or_fail(int number, void (*fn)(int))
{
    struct sigaction action;
    memset(&action, 0, sizeof(action));
    action.sa_handler = fn;
    ck_assert_int_eq(sigaction(number, &action, NULL), 0);
}

struct disturber {
    pthread_t victim;
    atomic_int stop;
    atomic_int sent;
};

static void *disturb_until_told(void *opaque)
{
    struct disturber *disturber = opaque;
    while (atomic_load(&disturber->stop) == 0) {
        pthread_kill(disturber->victim, SIGUSR1);
        atomic_fetch_add(&disturber->sent, 1);
        usleep(200);
    }
    return NULL;
}

START_TEST(a_signal_ends_a_blocking_poll_without_progress)
{
    struct lariat_loop *loop = loop_with_window_or_fail(0);
    struct disturber disturber = { .victim = pthread_self() };
    catch_or_fail(SIGUSR1, on_signal);
    pthread_t thread = thread_or_fail(disturb_until_told, &disturber);

    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(lariat_loop_poll(loop, true), 0);
    }
    atomic_store(&disturber.stop, 1);
    join_or_fail(thread);
    ck_assert_int_ge(atomic_load(&disturber.sent), 1);

    loop_done(loop);
}
END_TEST

START_TEST(a_storm_of_signals_loses_nothing_and_fires_no_timer_early)
{
    struct lariat_loop *loop = loop_or_fail();
    const struct itimerval storm = { { 0, tests_run_slowly() ? 2000 : 100 }, { 0, 100 } };
    const struct itimerval calm = { { 0, 0 }, { 0, 0 } };
    const int fd = temp_file_or_fail(4096, 0);
    struct counted_op op;
    char buf[512];
    counted_op_init(&op);
    catch_or_fail(SIGALRM, on_signal);
    ck_assert_int_eq(setitimer(ITIMER_REAL, &storm, NULL), 0);

    for (int i = 1; i <= 200; i++) {
        lariat_read(loop, &op.op, fd, buf, sizeof(buf), 0);
        poll_until(loop, &op.done, i);
        ck_assert_int_eq(op.res, (int)sizeof(buf));
        wait_by_timer(loop, 150 * NS_PER_US);
    }
    ck_assert_int_eq(setitimer(ITIMER_REAL, &calm, NULL), 0);
    ck_assert_int_eq(op.done, 200);

    close(fd);
    loop_done(loop);
}
END_TEST

/* Nothing starves */

struct busy {
    struct lariat_loop *loop;
    struct lariat_bh *bh;
    struct lariat_timer timer;
    struct lariat_op op;
    int fd;
    char buf[512];
    int bhs, timers, reads, events;
};

static void busy_bh(void *opaque)
{
    struct busy *busy = opaque;
    busy->bhs++;
    lariat_bh_schedule(busy->bh);
}

static void busy_timer(void *opaque)
{
    struct busy *busy = opaque;
    busy->timers++;
    lariat_timer_set_ns(&busy->timer, 0);
}

static void busy_read(struct lariat_op *op, int res)
{
    struct busy *busy = op->opaque;
    busy->reads += res == (int)sizeof(busy->buf);
    lariat_read(busy->loop, op, busy->fd, busy->buf, sizeof(busy->buf), 0);
}

static void busy_event(void *opaque)
{
    struct busy *busy = opaque;
    busy->events++; /* and leaves the descriptor readable */
}

static void busy_begin(struct busy *busy)
{
    busy->bh = bh_or_fail(busy->loop, busy_bh, busy);
    busy->op = (struct lariat_op){ .fn = busy_read, .opaque = busy };
    lariat_bh_schedule(busy->bh);
    lariat_timer_init(&busy->timer, busy->loop, busy_timer, busy);
    lariat_timer_set_ns(&busy->timer, 0);
    lariat_read(busy->loop, &busy->op, busy->fd, busy->buf, sizeof(busy->buf), 0);
}

START_TEST(bhs_timers_ops_and_handlers_all_advance)
{
    struct busy busy = { .loop = loop_or_fail(), .fd = temp_file_or_fail(4096, 0) };
    const int event_fd = eventfd_or_fail();
    ck_assert_int_eq(eventfd_write(event_fd, 1), 0);
    ck_assert_int_eq(lariat_handler_set(busy.loop, event_fd, busy_event, NULL, &busy), 0);
    busy_begin(&busy);

    /* An SQ thread advances at a pace of its own. */
    for (int i = 1; i <= 1000 || (tests_run_with("sqpoll") && (busy.reads < 500 || busy.events < 500)); i++) {
        ck_assert_int_eq(lariat_loop_poll(busy.loop, true), 1);
        ck_assert_int_eq(busy.bhs, i);
        ck_assert_int_eq(busy.timers, i);
    }
    ck_assert_int_ge(busy.reads, 500); /* page-cached: inline, but the kernel may take one iteration to submit */
    ck_assert_int_ge(busy.events, 500);

    ck_assert_int_eq(lariat_loop_close(busy.loop), 0);
    lariat_bh_delete(busy.bh);
    lariat_loop_unref(busy.loop);
    close(busy.fd);
    close(event_fd);
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *tc = case_of(suite, "polling off");
    tcase_add_test(tc, with_a_maximum_of_0_nothing_is_spun_and_no_ns_counted);
    tcase_add_test(tc, a_non_blocking_poll_never_spins_or_sleeps);

    tc = case_of(suite, "window");
    tcase_add_test(tc, a_wait_shorter_than_the_maximum_opens_the_window);
    tcase_add_test(tc, a_wait_longer_than_the_maximum_closes_the_window);
    tcase_add_test(tc, a_wait_longer_than_the_maximum_divides_the_window_by_shrink);
    tcase_add_test(tc, setting_parameters_closes_the_window);
    tcase_add_test(tc, a_deadline_within_the_window_is_met_by_the_spin);
    tcase_add_test(tc, a_spinning_loop_is_reached_without_a_system_call);
    tcase_add_test(tc, polling_can_be_switched_off_while_the_loop_spins);

    tc = case_of(suite, "sleep");
    tcase_add_test(tc, an_idle_loop_does_not_wake_up);

    tc = case_of(suite, "watching");
    tcase_add_loop_test(tc, each_wait_is_told_as_it_is_in_the_histogram, 0, 3);
    tcase_add_test(tc, waits_are_told_with_polling_off_too_and_to_nobody_any_more);
    tcase_add_test(tc, a_wait_that_was_all_spun_is_told_as_such);

    tc = case_of(suite, "signals");
    tcase_add_test(tc, a_signal_ends_a_blocking_poll_without_progress);
    tcase_add_test(tc, a_storm_of_signals_loses_nothing_and_fires_no_timer_early);

    tc = case_of(suite, "fairness");
    tcase_add_test(tc, bhs_timers_ops_and_handlers_all_advance);
}

int main(void)
{
    return suite_main("loop wait", add_tests);
}
