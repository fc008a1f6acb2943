/* SPDX-License-Identifier: MIT */
/*
 * Waiting for several completions at once: how many, for how long, and what ends it; on this kernel, on one that knows no minimum
 * time, and with an SQ thread. Receiving ops stand for those of storage, because they complete when the test wants them to.
 */
#include <unistd.h>

#include "loop.h"
#include "op_support.h"
#include "seam_real.h"

#define NS_PER_US INT64_C(1000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S INT64_C(1000000000)
#define N_OPS 4

enum kernel { WITH_MIN_WAIT, WITHOUT_MIN_WAIT, WITH_SQ_THREAD, N_KERNELS };

static struct seam *answers;
static struct counted_op ops[N_OPS];
static int sockets[N_OPS][2];
static char bytes[N_OPS];

/* Of the enters that waited for more than one completion. */
static struct {
    int n;
    unsigned n_wait;
    uint32_t min_wait_usec;
    bool has_deadline;
} seen;

static int watched_enter(unsigned fd, unsigned n, unsigned n_wait, unsigned flags, void *arg, size_t size)
{
    const struct uring_wait_arg *wait_arg = arg;
    if (n_wait > 1) {
        seen.n++;
        seen.n_wait = n_wait;
        seen.has_deadline = flags & IORING_ENTER_EXT_ARG;
        seen.min_wait_usec = seen.has_deadline ? wait_arg->min_wait_usec : 0;
    }
    return seam_real.ring_enter(fd, n, n_wait, flags, arg, size);
}

static int ring_without_min_wait(unsigned entries, struct io_uring *uring, struct io_uring_params *params)
{
    int err = seam_real.ring_setup(entries, uring, params);
    params->features &= ~(unsigned)IORING_FEAT_MIN_TIMEOUT;
    return err;
}

static void tune(unsigned n, int64_t min_ns)
{
    ck_assert_int_eq(lariat_loop_set_wait_batch(loop, n, min_ns), 0);
    poll_until_quiet(loop);
}

/* A loop that waits for n completions, with N_OPS ops in the kernel that it takes for storage. */
static void begin(int kernel, unsigned n, int64_t min_ns)
{
    struct lariat_loop_options opts = LARIAT_LOOP_OPTIONS_INIT;
    struct lariat_poll_params params = classic_params(0);
    answers = seam_answers_anew();
    answers->ring_enter = watched_enter;
    answers->ring_setup = kernel == WITHOUT_MIN_WAIT ? ring_without_min_wait : seam_real.ring_setup;
    opts.poll = &params;
    opts.flags = kernel == WITH_SQ_THREAD ? LARIAT_LOOP_SQPOLL : 0;
    loop = loop_with_options_or_fail(&opts);
    tune(n, min_ns);
    for (int i = 0; i < N_OPS; i++) {
        counted_op_init(&ops[i]);
        socketpair_or_fail(sockets[i]);
        lariat_recv(loop, &ops[i].op, sockets[i][0], &bytes[i], 1, 0);
    }
    poll_until_quiet(loop);
    loop->n_storage += N_OPS;
    memset(&seen, 0, sizeof(seen));
}

static void end(void)
{
    loop->n_storage -= N_OPS;
    loop_done(loop);
    for (int i = 0; i < N_OPS; i++)
        close_both(sockets[i]);
    answers = seam_answers_anew();
}

static int n_done(void)
{
    int n = 0;
    for (int i = 0; i < N_OPS; i++)
        n += ops[i].done;
    return n;
}

static bool batches(void)
{
    return !tests_run_under_valgrind(); /* it waits in ppoll() */
}

struct sender {
    pthread_t thread;
    int n; /* bytes to send, each to another op; 0: schedule a BH */
    int64_t after_ns;
    int ran;
};

static void *send_to_sleeper(void *opaque)
{
    struct sender *sender = opaque;
    const struct timespec pause = { .tv_nsec = sender->after_ns };
    while (!(atomic_load(&loop->notify.me) & NOTIFY_ASLEEP))
        sched_yield();
    nanosleep(&pause, NULL);
    for (int i = 0; i < sender->n; i++)
        if (write(sockets[i][1], "x", 1) != 1)
            abort();
    if (sender->n == 0)
        lariat_bh_schedule_oneshot(loop, count_up, &sender->ran);
    return NULL;
}

static struct sender sent_to_sleeper(int n, int64_t after_ns)
{
    static struct sender sender;
    sender = (struct sender){ .n = n, .after_ns = after_ns };
    sender.thread = thread_or_fail(send_to_sleeper, &sender);
    ck_assert_int_ge(lariat_loop_poll(loop, true), 0);
    join_or_fail(sender.thread);
    return sender;
}

/* What ends it */

START_TEST(a_wait_for_four_ends_with_the_fourth)
{
    if (!batches())
        test_skip("under valgrind one completion ends a wait");
    begin(_i, 4, NS_PER_S);
    sent_to_sleeper(4, 0);
    ck_assert_int_eq(n_done(), 4);
    ck_assert_int_eq(seen.n, 1);
    ck_assert_uint_eq(seen.n_wait, 4);
    ck_assert_uint_eq(stats_of(loop).waits_batched, 1);
    ck_assert_uint_eq(stats_of(loop).cqes_batched, 4);
    end();
}
END_TEST

START_TEST(after_the_minimum_time_one_is_enough)
{
    begin(_i, 4, 20 * NS_PER_MS);
    sent_to_sleeper(1, 0);
    ck_assert_int_eq(n_done(), 1);
    ck_assert_uint_eq(stats_of(loop).waits_batched, batches());
    ck_assert_uint_eq(stats_of(loop).cqes_batched, batches());
    end();
}
END_TEST

START_TEST(one_that_comes_after_the_minimum_time_ends_it)
{
    begin(_i, 4, NS_PER_MS);
    sent_to_sleeper(1, 30 * NS_PER_MS);
    ck_assert_int_eq(n_done(), 1);
    ck_assert_uint_eq(stats_of(loop).waits_batched, batches());
    end();
}
END_TEST

START_TEST(a_notify_in_it_is_heard)
{
    begin(_i / 2, 4, NS_PER_MS);
    const struct sender sender = sent_to_sleeper(0, _i % 2 ? 30 * NS_PER_MS : 0);
    ck_assert_int_eq(sender.ran, 1);
    ck_assert_int_eq(n_done(), 0);
    ck_assert_uint_eq(loop->batch.notified_sleep, stats_of(loop).sleeps);
    end();
}
END_TEST

START_TEST(a_timer_in_it_is_not_slept_past)
{
    struct lariat_timer timer;
    int fired = 0;
    begin(_i, 4, NS_PER_S);
    lariat_timer_init(&timer, loop, count_up, &fired);
    lariat_timer_set_ns(&timer, lariat_now_ns() + 2 * NS_PER_MS);
    poll_until(loop, &fired, 1);
    ck_assert_uint_le(seen.min_wait_usec, 2000);
    ck_assert(seen.n == 0 || seen.has_deadline);
    end();
}
END_TEST

/* How long, how many */

/* The kernel takes whole us, and 0 would be no bound at all. */
START_TEST(the_minimum_time_is_rounded_up)
{
    if (!batches())
        test_skip("under valgrind one completion ends a wait");
    begin(WITH_MIN_WAIT, 4, _i ? NS_PER_US + 1 : 1);
    if (!loop->ring.min_wait)
        test_skip("this kernel knows no minimum time");
    sent_to_sleeper(1, 0);
    ck_assert_uint_eq(seen.min_wait_usec, _i ? 2 : 1);
    end();
}
END_TEST

START_TEST(a_kernel_without_minimum_time_is_given_none)
{
    begin(_i, 4, NS_PER_MS);
    sent_to_sleeper(1, 0);
    ck_assert(seen.n == 0 || (seen.has_deadline && seen.min_wait_usec == 0));
    end();
}
END_TEST

/* Each: what was set, in flight as storage, and what a wait is for. */
static const struct {
    unsigned n;
    int64_t min_ns;
    unsigned n_storage, expected;
} asked[] = {
    { 4, NS_PER_MS, 4, 4 }, { 3, NS_PER_MS, 4, 3 },   { 100, NS_PER_MS, 4, 4 }, { 4, NS_PER_MS, 1, 1 },
    { 4, NS_PER_MS, 0, 1 }, { 0, NS_PER_MS, 100, 1 }, { 1, NS_PER_MS, 4, 1 },   { 4, 0, 4, 1 },
};
enum { N_ASKED = sizeof(asked) / sizeof(asked[0]) };

START_TEST(a_loop_waits_for_as_many_as_it_is_told_but_not_for_more_than_storage_ops)
{
    if (!batches())
        test_skip("under valgrind one completion ends a wait");
    open_loop();
    tune(asked[_i].n, asked[_i].min_ns);
    loop->n_storage = asked[_i].n_storage;
    ck_assert_uint_eq(wait_batch_size(loop), asked[_i].expected);
    loop->n_storage = 0;
    close_loop();
}
END_TEST

/* Each: in flight as storage, in all, polls of handlers, sleeps since a notify, and what a wait is for under auto. */
static const struct {
    unsigned n_storage, n_ops, n_armed;
    uint64_t quiet_sleeps;
    unsigned expected;
} decided[] = {
    { 32, 32, 0, 1000, 8 }, { 16, 16, 0, 1000, 4 }, { 128, 128, 0, 1000, 32 }, { 15, 15, 0, 1000, 1 }, { 8, 8, 0, 1000, 1 },
    { 0, 0, 0, 1000, 1 },   { 32, 33, 0, 1000, 1 }, { 32, 32, 1, 1000, 1 },    { 32, 32, 0, 63, 1 },   { 32, 32, 0, 64, 8 },
};
enum { N_DECIDED = sizeof(decided) / sizeof(decided[0]) };

START_TEST(auto_decides_by_what_is_in_flight)
{
    struct lariat_loop it;
    memset(&it, 0, sizeof(it));
    it.params.policy = LARIAT_POLL_AUTO;
    wait_batch_set(&it, 0, NS_PER_MS);
    it.n_storage = decided[_i].n_storage;
    it.n_ops = decided[_i].n_ops;
    it.handlers.n_armed = decided[_i].n_armed;
    it.batch.notified_sleep = 5;
    it.stats.sleeps = 5 + decided[_i].quiet_sleeps;
    ck_assert_uint_eq(wait_batch_size(&it), decided[_i].expected);
    wait_batch_set(&it, 1, NS_PER_MS); /* what was set wins */
    ck_assert_uint_eq(wait_batch_size(&it), 1);
}
END_TEST

/* With 16 in flight, of which the test's are 4, and after a while without a notify. */
START_TEST(auto_sleeps_until_a_fourth_has_completed)
{
    enum { N_OTHERS = 16 - N_OPS };
    struct lariat_poll_params params;
    if (!batches())
        test_skip("under valgrind one completion ends a wait");
    begin(WITH_MIN_WAIT, 0, NS_PER_S);
    lariat_poll_params_init(&params, LARIAT_POLL_AUTO);
    ck_assert_int_eq(lariat_loop_set_poll_params(loop, &params), 0);
    poll_until_quiet(loop);
    loop->n_storage += N_OTHERS;
    loop->n_ops += N_OTHERS;
    loop->batch.notified_sleep = loop->stats.sleeps - 64;
    const uint64_t spins = stats_of(loop).spins;
    sent_to_sleeper(4, 0);
    ck_assert_int_eq(n_done(), 4);
    ck_assert_uint_eq(seen.n_wait, 4);
    ck_assert_uint_eq(stats_of(loop).spins, spins);
    loop->n_storage -= N_OTHERS;
    loop->n_ops -= N_OTHERS;
    end();
}
END_TEST

/* A spin would end with the first. And then there is no reason to submit in a call of its own. */
START_TEST(before_a_wait_for_several_nothing_is_spun)
{
    struct lariat_poll_params params = classic_params(NS_PER_S);
    struct lariat_histogram waits;
    struct counted_op queued;
    if (!batches())
        test_skip("under valgrind one completion ends a wait");
    begin(WITH_MIN_WAIT, 4, NS_PER_S);
    ck_assert_int_eq(lariat_loop_set_poll_params(loop, &params), 0);
    loop->n_storage -= N_OPS;
    poll_until_quiet(loop);
    loop->n_storage += N_OPS;
    loop->window_ns = NS_PER_S;
    ck_assert_int_eq(lariat_loop_enable_histograms(loop, true), 0);
    counted_op_init(&queued);
    lariat_send(loop, &queued.op, sockets[0][0], "x", 1, 0);
    const struct lariat_loop_stats before = stats_of(loop);
    sent_to_sleeper(3, NS_PER_MS);
    const struct lariat_loop_stats after = stats_of(loop);
    ck_assert_int_eq(n_done() + queued.done, 4);
    ck_assert_uint_eq(after.spins, before.spins);
    ck_assert_uint_eq(after.enters, before.enters + 1);
    ck_assert_int_eq(loop->window_ns, NS_PER_S);
    ck_assert_uint_ge(after.sleep_ns - before.sleep_ns, NS_PER_MS);
    ck_assert_int_eq(lariat_loop_get_histogram(loop, LARIAT_LOOP_HISTOGRAM_WAIT, &waits), 0);
    ck_assert_uint_eq(waits.n, 1);
    end();
}
END_TEST

static void add(Suite *suite)
{
    TCase *tc = case_of(suite, "wait_batch");
    tcase_set_timeout(tc, 8); /* a loop that is deaf is not waited for so many times */
    tcase_add_loop_test(tc, a_wait_for_four_ends_with_the_fourth, 0, N_KERNELS);
    tcase_add_loop_test(tc, after_the_minimum_time_one_is_enough, 0, N_KERNELS);
    tcase_add_loop_test(tc, one_that_comes_after_the_minimum_time_ends_it, 0, N_KERNELS);
    tcase_add_loop_test(tc, a_notify_in_it_is_heard, 0, 2 * N_KERNELS);
    tcase_add_loop_test(tc, a_timer_in_it_is_not_slept_past, 0, N_KERNELS);
    tcase_add_loop_test(tc, the_minimum_time_is_rounded_up, 0, 2);
    tcase_add_loop_test(tc, a_kernel_without_minimum_time_is_given_none, WITHOUT_MIN_WAIT, N_KERNELS);
    tcase_add_loop_test(tc, a_loop_waits_for_as_many_as_it_is_told_but_not_for_more_than_storage_ops, 0, N_ASKED);
    tcase_add_loop_test(tc, auto_decides_by_what_is_in_flight, 0, N_DECIDED);
    tcase_add_test(tc, auto_sleeps_until_a_fourth_has_completed);
    tcase_add_test(tc, before_a_wait_for_several_nothing_is_spun);
}

int main(void)
{
    return suite_main("wait_batch", add);
}
