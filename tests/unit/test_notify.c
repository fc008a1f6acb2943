/* SPDX-License-Identifier: MIT */
/* Waking a loop: no wake-up lost, none paid for that is not needed. */
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "notify.h"

/* notify */

START_TEST(a_notify_ends_a_blocking_poll_without_progress)
{
    struct lariat_loop *loop = loop_or_fail();

    lariat_loop_notify(loop);
    ck_assert_int_eq(lariat_loop_poll(loop, true), 0);
    lariat_loop_notify(loop);
    lariat_loop_notify(loop);
    ck_assert_int_eq(lariat_loop_poll(loop, true), 0);
    ck_assert_int_eq(lariat_loop_poll(loop, false), 0);

    loop_done(loop);
}
END_TEST

START_TEST(a_notify_is_consumed_by_one_poll)
{
    struct lariat_loop *loop = loop_with_window_or_fail(0);
    struct lariat_timer timer;
    int fired = 0;
    lariat_timer_init(&timer, loop, count_up, &fired);

    lariat_loop_notify(loop);
    ck_assert_int_eq(lariat_loop_poll(loop, true), 0);
    const int64_t due_ns = lariat_now_ns() + 2000000;
    lariat_timer_set_ns(&timer, due_ns);
    poll_until(loop, &fired, 1); /* sleeps until then, once or twice, and does not go round and round */
    ck_assert_int_ge(lariat_now_ns(), due_ns);
    ck_assert_uint_le(stats_of(loop).iterations, 1 + 4);

    loop_done(loop);
}
END_TEST

START_TEST(a_notify_of_a_closed_loop_does_nothing)
{
    struct lariat_loop *loop = loop_or_fail();
    ck_assert_int_eq(lariat_loop_close(loop), 0);

    lariat_loop_notify(loop);
    ck_assert_uint_eq(stats_of(loop).eventfd_writes, 0);
    ck_assert_int_eq(lariat_loop_poll(loop, true), -ESHUTDOWN);

    lariat_loop_unref(loop);
}
END_TEST

struct notifier {
    struct lariat_loop *loop;
    int n;
    atomic_int stop;
};

static void *notify_n_times(void *opaque)
{
    struct notifier *notifier = opaque;
    for (int i = 0; i < notifier->n; i++) {
        lariat_loop_notify(notifier->loop);
    }
    return NULL;
}

START_TEST(a_notify_from_another_thread_wakes_a_sleeping_loop)
{
    struct lariat_loop *loop = loop_with_window_or_fail(0);
    struct notifier notifier = { .loop = loop, .n = 1 };

    for (int i = 0; i < 50; i++) {
        pthread_t thread = thread_or_fail(notify_n_times, &notifier);
        ck_assert_int_eq(lariat_loop_poll(loop, true), 0);
        join_or_fail(thread);
    }

    loop_done(loop);
}
END_TEST

/* What a wake-up costs */

START_TEST(waking_a_loop_that_is_awake_writes_nothing)
{
    struct lariat_loop *loop = loop_or_fail();
    struct notifier notifier = { .loop = loop, .n = 10000 };
    lariat_loop_poll(loop, false);

    join_or_fail(thread_or_fail(notify_n_times, &notifier));
    ck_assert_uint_eq(stats_of(loop).eventfd_writes, 0);
    ck_assert_int_eq(lariat_loop_poll(loop, true), 0);
    ck_assert_uint_eq(stats_of(loop).notify_wakeups, 0);

    loop_done(loop);
}
END_TEST

struct burst {
    atomic_int begun;
    atomic_int ended;
    atomic_int ran;
};

static void hold_the_loop(void *opaque)
{
    struct burst *burst = opaque;
    atomic_store(&burst->begun, 1);
    waited_for(&burst->ended, 1);
}

START_TEST(a_burst_to_a_sleeping_loop_writes_once)
{
    struct lariat_iothread *iothread = iothread_with_window_or_fail("burst", 0);
    struct lariat_loop *loop = lariat_iothread_loop(iothread);

    for (int round = 1; round <= 20; round++) {
        struct burst burst = { .begun = 0 };
        const uint64_t before = stats_of(loop).eventfd_writes;
        ck_assert_int_eq(lariat_bh_schedule_oneshot(loop, hold_the_loop, &burst), 0);
        wait_for(&burst.begun, 1); /* it is awake now, and stays so */
        const uint64_t to_wake = stats_of(loop).eventfd_writes;
        ck_assert_uint_le(to_wake, before + 1);
        for (int i = 0; i < 1000; i++) {
            ck_assert_int_eq(lariat_bh_schedule_oneshot(loop, count_up_atomic, &burst.ran), 0);
        }
        ck_assert_uint_eq(stats_of(loop).eventfd_writes, to_wake);
        atomic_store(&burst.ended, 1);
        wait_for(&burst.ran, 1000);
    }

    lariat_iothread_destroy(iothread);
}
END_TEST

START_TEST(there_are_no_more_writes_than_sleeps)
{
    struct lariat_iothread *iothread = iothread_with_window_or_fail("storm", 0);
    struct lariat_loop *loop = lariat_iothread_loop(iothread);
    struct notifier notifier = { .loop = loop, .n = tests_run_slowly() ? 2000 : 50000 };
    pthread_t threads[3];

    for (int i = 0; i < 3; i++) {
        threads[i] = thread_or_fail(notify_n_times, &notifier);
    }
    for (int i = 0; i < 3; i++) {
        join_or_fail(threads[i]);
    }
    call_or_fail(loop, do_nothing, NULL);
    ck_assert_int_eq(lariat_iothread_stop(iothread), 0);
    const struct lariat_loop_stats stats = stats_of(loop);
    ck_assert_uint_le(stats.eventfd_writes, stats.sleeps);
    ck_assert_uint_le(stats.notify_wakeups, stats.eventfd_writes + 1);

    lariat_iothread_destroy(iothread);
}
END_TEST

/* From signal handlers */

static struct lariat_loop *signalled_loop;
static struct lariat_bh *signalled_bh;
static atomic_int handled;

static void notify_on_signal(int number)
{
    (void)number;
    const int saved = errno;
    errno = 4711;
    lariat_loop_notify(signalled_loop);
    lariat_bh_schedule(signalled_bh);
    atomic_fetch_add(&handled, errno == 4711 ? 1 : 1000000);
    errno = saved;
}

static void catch_or_fail(int number, void (*fn)(int))
{
    struct sigaction action;
    memset(&action, 0, sizeof(action));
    action.sa_handler = fn;
    ck_assert_int_eq(sigaction(number, &action, NULL), 0);
}

START_TEST(a_signal_handler_may_notify_and_schedule)
{
    int runs = 0;
    signalled_loop = loop_or_fail();
    signalled_bh = bh_or_fail(signalled_loop, count_up, &runs);
    catch_or_fail(SIGUSR1, notify_on_signal);

    ck_assert_int_eq(raise(SIGUSR1), 0);
    ck_assert_int_eq(lariat_loop_poll(signalled_loop, true), 1);
    ck_assert_int_eq(runs, 1);
    ck_assert_int_eq(atomic_load(&handled), 1); /* and errno was kept */

    lariat_bh_delete(signalled_bh);
    loop_done(signalled_loop);
}
END_TEST

struct signaller {
    pthread_t victim;
    int n;
    bool lost;
};

static void *signal_one_by_one(void *opaque)
{
    struct signaller *signaller = opaque;
    for (int i = 1; i <= signaller->n && !signaller->lost; i++) {
        pthread_kill(signaller->victim, SIGUSR1);
        signaller->lost = !waited_for(&handled, i);
    }
    return NULL;
}

/* The signal may come anywhere: between the last look and the sleep, too. */
START_TEST(a_signal_to_the_owner_at_any_moment_wakes_its_loop)
{
    int runs = 0;
    signalled_loop = loop_with_window_or_fail(_i);
    signalled_bh = bh_or_fail(signalled_loop, count_up, &runs);
    atomic_store(&handled, 0);
    catch_or_fail(SIGUSR1, notify_on_signal);
    struct signaller signaller = { .victim = pthread_self(), .n = tests_run_slowly() ? 200 : 2000 };
    pthread_t thread = thread_or_fail(signal_one_by_one, &signaller);

    for (int i = 0; atomic_load(&handled) < signaller.n; i = runs) {
        poll_until(signalled_loop, &runs, i + 1);
    }
    poll_until_quiet(signalled_loop);
    join_or_fail(thread);
    ck_assert(!signaller.lost);

    lariat_bh_delete(signalled_bh);
    loop_done(signalled_loop);
}
END_TEST

/* Two loops that wake each other in turn: a lost wake-up stops the game. */

struct player {
    struct lariat_bh *bh;
    struct player *other;
    int left;
    atomic_int *finished;
};

static void play(void *opaque)
{
    struct player *player = opaque;
    if (--player->left <= 0) {
        atomic_fetch_add(player->finished, 1);
    }
    if (player->left >= 0) {
        lariat_bh_schedule(player->other->bh);
    }
}

static const int64_t ping_pong_windows[] = { 0, 32768, 1000000 };

START_TEST(two_loops_that_wake_each_other_never_stop)
{
    struct lariat_iothread *ping = iothread_with_window_or_fail("ping", ping_pong_windows[_i]);
    struct lariat_iothread *pong = iothread_with_window_or_fail("pong", ping_pong_windows[_i]);
    atomic_int finished = 0;
    const int rounds = tests_run_slowly() ? 500 : 5000;
    struct player one = { .left = rounds, .finished = &finished };
    struct player other = { .left = rounds, .finished = &finished };
    one.other = &other;
    other.other = &one;
    one.bh = bh_or_fail(lariat_iothread_loop(ping), play, &one);
    other.bh = bh_or_fail(lariat_iothread_loop(pong), play, &other);

    ck_assert_int_eq(lariat_bh_schedule(one.bh), 0);
    wait_for(&finished, 2);
    lariat_iothread_destroy(ping);
    lariat_iothread_destroy(pong);

    lariat_bh_delete(one.bh);
    lariat_bh_delete(other.bh);
}
END_TEST

/* The wake-up poll itself */

/* The descriptor above `fds` that is an eventfd: that of the only loop made since. */
static int eventfd_of_the_loop(void)
{
    for (int fd = 3; fd < 1024; fd++) {
        char path[64];
        char name[64] = "";
        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        if (readlink(path, name, sizeof(name) - 1) > 0 && strstr(name, "[eventfd]") != NULL) {
            return fd;
        }
    }
    return -1;
}

static void saturate(int fd)
{
    eventfd_t value;
    (void)eventfd_read(fd, &value); /* what there is already, if any */
    ck_assert_int_eq(eventfd_write(fd, UINT64_MAX - 1), 0);
    ck_assert_int_eq(eventfd_write(fd, 1), -1);
    ck_assert_int_eq(errno, EAGAIN);
}

START_TEST(a_saturated_eventfd_loses_no_wake_up)
{
    struct lariat_loop *loop = loop_with_window_or_fail(0);
    struct notifier notifier = { .loop = loop, .n = 1 };
    const int fd = eventfd_of_the_loop();
    ck_assert_int_ge(fd, 0);

    for (int i = 0; i < 20; i++) {
        saturate(fd);
        poll_until_quiet(loop); /* takes the event of the saturation itself */
        pthread_t thread = thread_or_fail(notify_n_times, &notifier);
        ck_assert_int_eq(lariat_loop_poll(loop, true), 0);
        join_or_fail(thread);
        poll_until_quiet(loop);
    }

    loop_done(loop);
}
END_TEST

/* The number of the eventfd is free after the close, and may be anybody's. */
START_TEST(a_notify_of_a_closed_loop_writes_to_no_new_descriptor)
{
    struct lariat_loop *loop = loop_or_fail();
    struct lariat_bh *bh = bh_or_fail(loop, do_nothing, NULL);
    const int own_fd = eventfd_of_the_loop();
    eventfd_t value;
    ck_assert_int_eq(lariat_loop_close(loop), 0);
    const int first = eventfd_or_fail();
    const int fd = first == own_fd ? first : dup3(first, own_fd, O_CLOEXEC);
    ck_assert_int_eq(fd, own_fd);

    join_or_fail(thread_or_fail(notify_n_times, &(struct notifier){ .loop = loop, .n = 10 }));
    ck_assert_int_eq(lariat_bh_schedule(bh), -ESHUTDOWN);
    lariat_bh_delete(bh);
    lariat_loop_unref(loop);
    ck_assert_int_eq(eventfd_read(fd, &value), -1); /* still there, and nothing was written */
    ck_assert_int_eq(errno, EAGAIN);

    close(fd);
    if (first != fd) {
        close(first);
    }
}
END_TEST

/* More completions at once than the queue holds, one of the wake-up poll among them. */
static void overflow(struct lariat_loop *loop, int event_fd)
{
    enum { N = 64 };
    static struct counted_op nops[N];
    ck_assert_int_eq(eventfd_write(event_fd, 1), 0);
    for (int i = 0; i < N; i++) {
        counted_op_init(&nops[i]);
        lariat_nop(loop, &nops[i].op);
    }
    for (int i = 0; i < N; i++) {
        poll_until(loop, &nops[i].done, 1);
    }
    poll_until_quiet(loop);
}

/* A full completion queue ends the multishot poll on the eventfd: it must be armed again. */
START_TEST(wake_ups_survive_an_overflowing_completion_queue)
{
    struct lariat_loop_options opts = LARIAT_LOOP_OPTIONS_INIT;
    opts.sq_entries = 2;
    opts.cq_entries = 2;
    struct lariat_loop *loop = loop_with_options_or_fail(&opts);
    struct notifier notifier = { .loop = loop, .n = 1 };
    const int fd = eventfd_of_the_loop();

    for (int round = 0; round < 20; round++) {
        overflow(loop, fd);
        pthread_t thread = thread_or_fail(notify_n_times, &notifier);
        ck_assert_int_eq(lariat_loop_poll(loop, true), 0);
        join_or_fail(thread);
    }

    loop_done(loop);
}
END_TEST

/* The protocol's word, without a loop */

START_TEST(only_the_first_of_a_burst_takes_the_asleep_bit)
{
    struct notify notify;
    uint64_t writes = 0;
    ck_assert_int_eq(notify_init(&notify, &writes), 0);

    ck_assert(notify_enter(&notify));
    notify_leave(&notify);
    ck_assert_uint_eq(writes, 0);
    notify_raise(&notify);
    for (int i = 0; i < 3; i++) {
        ck_assert(notify_enter(&notify));
        notify_leave(&notify);
        ck_assert_uint_eq(writes, 1);
    }
    notify_lower(&notify);
    ck_assert_uint_eq(atomic_load(&notify.me), 0);

    notify_exit(&notify);
}
END_TEST

START_TEST(after_closing_nobody_is_let_in)
{
    struct notify notify;
    uint64_t writes = 0;
    ck_assert_int_eq(notify_init(&notify, &writes), 0);

    notify_raise(&notify);
    notify_close(&notify);
    ck_assert(!notify_enter(&notify));
    ck_assert(!notify_enter(&notify));
    ck_assert_uint_lt(atomic_load(&notify.me), NOTIFY_ONE);
    ck_assert_uint_eq(writes, 0);

    notify_exit(&notify);
}
END_TEST

static void *close_the_protocol(void *opaque)
{
    struct notify *notify = opaque;
    notify_close(notify);
    return NULL;
}

START_TEST(closing_waits_for_a_producer_that_is_inside)
{
    struct notify notify;
    uint64_t writes = 0;
    ck_assert_int_eq(notify_init(&notify, &writes), 0);

    ck_assert(notify_enter(&notify));
    pthread_t thread = thread_or_fail(close_the_protocol, &notify);
    while (notify_enter(&notify)) { /* until the thread has set its bit */
        notify_leave(&notify);
    }
    ck_assert_int_ne(pthread_tryjoin_np(thread, NULL), 0);
    notify_leave(&notify);
    join_or_fail(thread);

    notify_exit(&notify);
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *tc = case_of(suite, "notify");
    tcase_add_test(tc, a_notify_ends_a_blocking_poll_without_progress);
    tcase_add_test(tc, a_notify_is_consumed_by_one_poll);
    tcase_add_test(tc, a_notify_of_a_closed_loop_does_nothing);
    tcase_add_test(tc, a_notify_from_another_thread_wakes_a_sleeping_loop);

    tc = case_of(suite, "cost");
    tcase_add_test(tc, waking_a_loop_that_is_awake_writes_nothing);
    tcase_add_test(tc, a_burst_to_a_sleeping_loop_writes_once);
    tcase_add_test(tc, there_are_no_more_writes_than_sleeps);

    tc = case_of(suite, "signals");
    tcase_add_test(tc, a_signal_handler_may_notify_and_schedule);
    tcase_add_loop_test(tc, a_signal_to_the_owner_at_any_moment_wakes_its_loop, 0, 2);

    tc = case_of(suite, "ping-pong");
    tcase_add_loop_test(tc, two_loops_that_wake_each_other_never_stop, 0, 3);

    tc = case_of(suite, "eventfd");
    tcase_add_test(tc, a_saturated_eventfd_loses_no_wake_up);
    tcase_add_test(tc, wake_ups_survive_an_overflowing_completion_queue);
    tcase_add_test(tc, a_notify_of_a_closed_loop_writes_to_no_new_descriptor);

    tc = case_of(suite, "protocol");
    tcase_add_test(tc, only_the_first_of_a_burst_takes_the_asleep_bit);
    tcase_add_test(tc, after_closing_nobody_is_let_in);
    tcase_add_test(tc, closing_waits_for_a_producer_that_is_inside);
}

int main(void)
{
    return suite_main("notify", add_tests);
}
