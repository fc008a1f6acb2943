/* SPDX-License-Identifier: MIT */
/* What any thread may set on a loop and read from it: poll parameters, statistics, histograms. */
#include "support.h"

#include <errno.h>
#include <unistd.h>

/* Poll parameters */

static void must_be_equal(const struct lariat_poll_params *a, const struct lariat_poll_params *b)
{
    ck_assert_int_eq(a->policy, b->policy);
    ck_assert_int_eq(a->max_ns, b->max_ns);
    ck_assert_int_eq(a->grow, b->grow);
    ck_assert_int_eq(a->shrink, b->shrink);
    ck_assert_int_eq(a->weight, b->weight);
    ck_assert_int_eq(a->price, b->price);
    ck_assert_int_eq(a->cpu_budget, b->cpu_budget);
}

static struct lariat_poll_params unusual_params(void)
{
    struct lariat_poll_params params = classic_params(77777);
    params.grow = 3;
    params.shrink = 5;
    params.weight = 7;
    params.price = 9999;
    params.cpu_budget = 42;
    return params;
}

START_TEST(parameters_are_read_as_they_were_set)
{
    struct lariat_loop *loop = loop_or_fail();
    const struct lariat_poll_params params = unusual_params();
    struct lariat_poll_params read;

    ck_assert_int_eq(lariat_loop_set_poll_params(loop, &params), 0);
    lariat_loop_get_poll_params(loop, &read);
    must_be_equal(&read, &params);
    poll_until_quiet(loop);
    lariat_loop_get_poll_params(loop, &read);
    must_be_equal(&read, &params);

    loop_done(loop);
}
END_TEST

START_TEST(parameters_given_at_creation_are_copied)
{
    struct lariat_poll_params params = unusual_params();
    struct lariat_loop_options opts = LARIAT_LOOP_OPTIONS_INIT;
    opts.poll = &params;
    struct lariat_loop *loop = loop_with_options_or_fail(&opts);
    struct lariat_poll_params read;

    memset(&params, 0xff, sizeof(params));
    lariat_loop_get_poll_params(loop, &read);
    params = unusual_params();
    must_be_equal(&read, &params);

    loop_done(loop);
}
END_TEST

enum { N_BAD_PARAMS = 8 };

/* The n-th way to be wrong, and the error it must get. */
static int spoil(struct lariat_poll_params *params, int n)
{
    const int no_policy = 99;
    switch (n) {
    case 0: params->max_ns = -1; return -ERANGE;
    case 1: params->grow = -1; return -ERANGE;
    case 2: params->shrink = INT64_MIN; return -ERANGE;
    case 3: params->weight = 64; return -ERANGE;
    case 4: params->price = 10001; return -ERANGE;
    case 5: params->cpu_budget = 101; return -ERANGE;
    case 6: params->reserved[0] = 1; return -EINVAL;
    default: memcpy(&params->policy, &no_policy, sizeof(no_policy)); return -EINVAL;
    }
}

START_TEST(refused_parameters_change_nothing)
{
    struct lariat_loop *loop = loop_or_fail();
    const struct lariat_poll_params before = unusual_params();
    struct lariat_poll_params bad = classic_params(1);
    struct lariat_poll_params read;
    const int err = spoil(&bad, _i);
    ck_assert_int_eq(lariat_loop_set_poll_params(loop, &before), 0);

    ck_assert_int_eq(lariat_loop_set_poll_params(loop, &bad), err);
    lariat_loop_get_poll_params(loop, &read);
    must_be_equal(&read, &before);

    loop_done(loop);
}
END_TEST

static void must_wait_for(struct lariat_loop *loop, unsigned n, int64_t min_ns)
{
    unsigned n_read;
    int64_t min_ns_read;
    lariat_loop_get_wait_batch(loop, &n_read, &min_ns_read);
    ck_assert_uint_eq(n_read, n);
    ck_assert_int_eq(min_ns_read, min_ns);
}

START_TEST(completions_to_wait_for_are_in_range_and_leave_the_poll_parameters_alone)
{
    struct lariat_loop *loop = loop_or_fail();
    const struct lariat_poll_params params = unusual_params();
    struct lariat_poll_params read;
    ck_assert_int_eq(lariat_loop_set_poll_params(loop, &params), 0);
    must_wait_for(loop, 0, 100000);

    ck_assert_int_eq(lariat_loop_set_wait_batch(loop, 32768, 1000000000), 0);
    ck_assert_int_eq(lariat_loop_set_wait_batch(loop, 32769, 1), -ERANGE);
    ck_assert_int_eq(lariat_loop_set_wait_batch(loop, 1, -1), -ERANGE);
    ck_assert_int_eq(lariat_loop_set_wait_batch(loop, 1, 1000000001), -ERANGE);
    must_wait_for(loop, 32768, 1000000000);
    ck_assert_int_eq(lariat_loop_set_poll_params(loop, &params), 0);
    must_wait_for(loop, 32768, 1000000000);
    lariat_loop_get_poll_params(loop, &read);
    must_be_equal(&read, &params);

    loop_done(loop);
}
END_TEST

START_TEST(parameters_stay_readable_after_close)
{
    struct lariat_loop *loop = loop_or_fail();
    const struct lariat_poll_params params = unusual_params();
    struct lariat_poll_params read;
    ck_assert_int_eq(lariat_loop_set_poll_params(loop, &params), 0);
    ck_assert_int_eq(lariat_loop_close(loop), 0);

    ck_assert_int_eq(lariat_loop_set_poll_params(loop, &params), -ESHUTDOWN);
    lariat_loop_get_poll_params(loop, &read);
    must_be_equal(&read, &params);

    lariat_loop_unref(loop);
}
END_TEST

struct setters {
    struct lariat_loop *loop;
    atomic_int torn;
    atomic_int failed;
    atomic_int enough;
    int rounds;
};

static void *set_and_get(void *opaque)
{
    struct setters *setters = opaque;
    uint64_t state = (uint64_t)(uintptr_t)&state;
    for (int i = 0; i < setters->rounds; i++) {
        struct lariat_poll_params params = classic_params((int64_t)(test_random(&state) >> 2));
        struct lariat_poll_params read;
        params.grow = params.shrink = params.max_ns;
        atomic_fetch_add(&setters->failed, lariat_loop_set_poll_params(setters->loop, &params) != 0);
        lariat_loop_get_poll_params(setters->loop, &read);
        atomic_fetch_add(&setters->torn, read.max_ns != read.grow || read.max_ns != read.shrink);
    }
    return NULL;
}

START_TEST(parameters_set_from_many_threads_never_tear)
{
    struct lariat_iothread *iothread = iothread_or_fail("set");
    struct setters setters = { .loop = lariat_iothread_loop(iothread), .rounds = 2000 };
    pthread_t threads[4];
    struct lariat_poll_params equal = classic_params(1);
    equal.grow = equal.shrink = 1;
    ck_assert_int_eq(lariat_loop_set_poll_params(setters.loop, &equal), 0);

    for (int i = 0; i < 4; i++) {
        threads[i] = thread_or_fail(set_and_get, &setters);
    }
    for (int i = 0; i < 4; i++) {
        join_or_fail(threads[i]);
    }
    ck_assert_int_eq(atomic_load(&setters.torn), 0);
    ck_assert_int_eq(atomic_load(&setters.failed), 0);

    lariat_iothread_destroy(iothread);
}
END_TEST

static void *set_without_pause(void *opaque)
{
    struct setters *setters = opaque;
    struct lariat_poll_params params = classic_params(0);
    while (!atomic_load(&setters->enough)) {
        params.max_ns++;
        params.grow = params.shrink = params.max_ns;
        atomic_fetch_add(&setters->failed, lariat_loop_set_poll_params(setters->loop, &params) != 0);
    }
    return NULL;
}

START_TEST(parameters_read_while_they_are_set_never_tear)
{
    struct lariat_iothread *iothread = iothread_or_fail("set");
    struct setters setters = { .loop = lariat_iothread_loop(iothread) };
    struct lariat_poll_params params = classic_params(0);
    const int64_t end_ns = lariat_now_ns() + INT64_C(2000000000);
    int n_seen = 0, n_torn = 0;
    ck_assert_int_eq(lariat_loop_set_poll_params(setters.loop, &params), 0);

    pthread_t thread = thread_or_fail(set_without_pause, &setters);
    for (int64_t last = 0; n_seen < 20000 && lariat_now_ns() < end_ns; last = params.max_ns) {
        lariat_loop_get_poll_params(setters.loop, &params);
        n_seen += params.max_ns != last;
        n_torn += params.max_ns != params.grow || params.max_ns != params.shrink;
    }
    atomic_store(&setters.enough, 1);
    join_or_fail(thread);
    ck_assert_int_eq(n_torn, 0);
    ck_assert_int_eq(atomic_load(&setters.failed), 0);

    lariat_iothread_destroy(iothread);
}
END_TEST

/* Statistics */

START_TEST(counters_of_a_new_loop_are_zero)
{
    struct lariat_loop *loop = loop_or_fail();
    const struct lariat_loop_stats stats = stats_of(loop);

    ck_assert(stats.iterations == 0 && stats.cqes_reaped == 0 && stats.bhs_run == 0 && stats.timers_fired == 0);
    ck_assert(stats.spins == 0 && stats.sleeps == 0 && stats.eventfd_writes == 0);
    ck_assert(stats.ops_inflight == 0 && stats.op_errors == 0);
    ck_assert_uint_ne(stats.setup_flags, 0);

    loop_done(loop);
}
END_TEST

START_TEST(each_poll_counts_one_iteration)
{
    struct lariat_loop *loop = loop_or_fail();

    for (uint64_t i = 1; i <= 5; i++) {
        lariat_loop_poll(loop, false);
        ck_assert_uint_eq(stats_of(loop).iterations, i);
    }

    loop_done(loop);
}
END_TEST

/* Three NOPs, a read and an fsync that fail, two BHs and a timer. */
static void do_known_work(struct lariat_loop *loop)
{
    static struct counted_op ops[5];
    struct lariat_timer timer;
    int runs = 0;
    char buf[4];
    lariat_timer_init(&timer, loop, count_up, &runs);
    for (int i = 0; i < 5; i++) {
        counted_op_init(&ops[i]);
    }
    lariat_nop(loop, &ops[0].op);
    lariat_nop(loop, &ops[1].op);
    lariat_nop(loop, &ops[2].op);
    lariat_read(loop, &ops[3].op, -1, buf, sizeof(buf), 0);
    lariat_fsync(loop, &ops[4].op, -1, false);
    ck_assert_uint_eq(stats_of(loop).ops_inflight, 5);
    lariat_bh_schedule_oneshot(loop, count_up, &runs);
    lariat_bh_schedule_oneshot(loop, count_up, &runs);
    lariat_timer_set_ns(&timer, 0);
    while (ops[0].done + ops[1].done + ops[2].done + ops[3].done + ops[4].done + runs < 5 + 3) {
        ck_assert_int_ge(lariat_loop_poll(loop, true), 0);
    }
}

START_TEST(known_work_is_counted_exactly)
{
    struct lariat_loop *loop = loop_or_fail();

    do_known_work(loop);
    const struct lariat_loop_stats stats = stats_of(loop);
    ck_assert(stats.ops[LARIAT_OP_KIND_NOP] == 3 && stats.ops[LARIAT_OP_KIND_READ] == 1);
    ck_assert(stats.ops[LARIAT_OP_KIND_SYNC] == 1 && stats.ops[LARIAT_OP_KIND_WRITE] == 0);
    ck_assert_uint_eq(stats.op_errors, 2);
    ck_assert(stats.bhs_run == 2 && stats.timers_fired == 1);
    ck_assert_uint_eq(stats.ops_inflight, 0);
    ck_assert_uint_ge(stats.cqes_reaped, 5);
    ck_assert_uint_ge(stats.sqes_submitted, 5);
    ck_assert_uint_ge(stats.batch_max, 1);

    loop_done(loop);
}
END_TEST

static void ask_without_a_size(void *opaque)
{
    struct lariat_loop_stats stats = LARIAT_LOOP_STATS_INIT;
    struct lariat_loop *loop = NULL;
    (void)opaque;
    stats.size = 0;
    child_require(lariat_loop_new(NULL, &loop) == 0);
    lariat_loop_get_stats(loop, &stats);
}

START_TEST(statistics_without_a_size_abort)
{
    must_abort(ask_without_a_size, NULL, "lariat_loop_get_stats", "size");
}
END_TEST

START_TEST(no_more_of_the_statistics_is_filled_than_their_size_says)
{
    struct lariat_loop *loop = loop_or_fail();
    struct lariat_loop_stats stats;
    memset(&stats, 0x3c, sizeof(stats));
    stats.size = offsetof(struct lariat_loop_stats, sqes_submitted);
    lariat_loop_poll(loop, false);

    lariat_loop_get_stats(loop, &stats);
    ck_assert_uint_eq(stats.iterations, 1);
    for (size_t i = offsetof(struct lariat_loop_stats, sqes_submitted); i < sizeof(stats); i++) {
        ck_assert_int_eq(((const char *)&stats)[i], 0x3c);
    }

    loop_done(loop);
}
END_TEST

START_TEST(statistics_stay_readable_after_close)
{
    struct lariat_loop *loop = loop_or_fail();
    int runs = 0;
    lariat_bh_schedule_oneshot(loop, count_up, &runs);
    ck_assert_int_eq(lariat_loop_close(loop), 0);

    ck_assert_uint_eq(stats_of(loop).bhs_run, 1);
    ck_assert_uint_eq(stats_of(loop).sq_entries, tests_run_with("cq8") ? 8 : 128);

    lariat_loop_unref(loop);
}
END_TEST

struct reader {
    struct lariat_loop *loop;
    atomic_int stop;
    atomic_int reads;
    int went_back;
};

static void *read_stats_until_told(void *opaque)
{
    struct reader *reader = opaque;
    uint64_t last = 0;
    while (atomic_load(&reader->stop) == 0) {
        const uint64_t now = stats_of(reader->loop).bhs_run;
        reader->went_back += now < last;
        last = now;
        atomic_fetch_add(&reader->reads, 1);
    }
    return NULL;
}

START_TEST(counters_read_by_another_thread_never_go_back)
{
    struct lariat_loop *loop = loop_or_fail();
    struct reader reader = { .loop = loop };
    int runs = 0;
    pthread_t thread = thread_or_fail(read_stats_until_told, &reader);

    while (atomic_load(&reader.reads) < 100 || runs < 1000) {
        ck_assert_int_eq(lariat_bh_schedule_oneshot(loop, count_up, &runs), 0);
        ck_assert_int_ge(lariat_loop_poll(loop, false), 0);
    }
    atomic_store(&reader.stop, 1);
    join_or_fail(thread);
    ck_assert_int_eq(reader.went_back, 0);

    loop_done(loop);
}
END_TEST

/* Histograms */

static struct lariat_histogram *histogram_of(struct lariat_loop *loop, enum lariat_loop_histogram which)
{
    struct lariat_histogram *h = malloc(sizeof(*h));
    ck_assert_ptr_nonnull(h);
    ck_assert_int_eq(lariat_loop_get_histogram(loop, which, h), 0);
    return h;
}

static void run_nops(struct lariat_loop *loop, int n)
{
    struct counted_op nop;
    counted_op_init(&nop);
    for (int i = 1; i <= n; i++) {
        lariat_nop(loop, &nop.op);
        poll_until(loop, &nop.done, i);
    }
}

START_TEST(histograms_that_were_never_on_are_not_there)
{
    struct lariat_loop *loop = loop_or_fail();
    struct lariat_histogram *h = malloc(sizeof(*h));
    ck_assert_ptr_nonnull(h);

    ck_assert_int_eq(lariat_loop_get_histogram(loop, LARIAT_LOOP_HISTOGRAM_WAIT, h), -ENOENT);
    ck_assert_int_eq(lariat_loop_get_histogram(loop, LARIAT_LOOP_HISTOGRAM_LATENCY, h), -ENOENT);

    free(h);
    loop_done(loop);
}
END_TEST

START_TEST(the_latency_histogram_holds_each_op)
{
    struct lariat_loop *loop = loop_or_fail();
    ck_assert_int_eq(lariat_loop_enable_histograms(loop, true), 0);

    run_nops(loop, 50);
    struct lariat_histogram *h = histogram_of(loop, LARIAT_LOOP_HISTOGRAM_LATENCY);
    ck_assert_uint_eq(h->n, 50);
    ck_assert_uint_gt(h->sum_ns, 0);
    free(h);

    loop_done(loop);
}
END_TEST

START_TEST(the_wait_histogram_holds_waits_as_long_as_they_were)
{
    struct lariat_loop *loop = loop_with_window_or_fail(0);
    struct lariat_timer timer;
    int fired = 0;
    lariat_timer_init(&timer, loop, count_up, &fired);
    ck_assert_int_eq(lariat_loop_enable_histograms(loop, true), 0);

    lariat_timer_set_ns(&timer, lariat_now_ns() + 5000000);
    const int64_t begin_ns = lariat_now_ns();
    poll_until(loop, &fired, 1);
    const int64_t waited_ns = lariat_now_ns() - begin_ns;
    struct lariat_histogram *h = histogram_of(loop, LARIAT_LOOP_HISTOGRAM_WAIT);
    ck_assert_uint_ge(h->n, 1);
    ck_assert_uint_le(h->sum_ns, (uint64_t)waited_ns);
    ck_assert_uint_gt(stats_of(loop).sleep_ns, 0);
    free(h);

    loop_done(loop);
}
END_TEST

START_TEST(histograms_switched_off_hold_still_and_on_again_begin_empty)
{
    struct lariat_loop *loop = loop_or_fail();
    ck_assert_int_eq(lariat_loop_enable_histograms(loop, true), 0);
    run_nops(loop, 10);

    ck_assert_int_eq(lariat_loop_enable_histograms(loop, false), 0);
    run_nops(loop, 10);
    struct lariat_histogram *off = histogram_of(loop, LARIAT_LOOP_HISTOGRAM_LATENCY);
    ck_assert_uint_eq(off->n, 10);
    ck_assert_int_eq(lariat_loop_enable_histograms(loop, true), 0);
    struct lariat_histogram *on = histogram_of(loop, LARIAT_LOOP_HISTOGRAM_LATENCY);
    ck_assert_uint_eq(on->n, 0);
    free(off);
    free(on);

    loop_done(loop);
}
END_TEST

struct switcher {
    struct lariat_loop *loop;
    int rounds;
    int failed;
};

static void *switch_and_read(void *opaque)
{
    struct switcher *switcher = opaque;
    struct lariat_histogram *h = malloc(sizeof(*h));
    for (int i = 0; h != NULL && i < switcher->rounds; i++) {
        switcher->failed += lariat_loop_enable_histograms(switcher->loop, i % 3 != 0) != 0;
        switcher->failed += lariat_loop_get_histogram(switcher->loop, LARIAT_LOOP_HISTOGRAM_WAIT, h) != 0 && i > 1;
    }
    free(h);
    return NULL;
}

START_TEST(histograms_may_be_switched_and_read_while_the_loop_runs)
{
    struct lariat_iothread *iothread = iothread_or_fail("histo");
    struct switcher switcher = { .loop = lariat_iothread_loop(iothread), .rounds = 200 };
    pthread_t thread = thread_or_fail(switch_and_read, &switcher);

    for (int i = 0; i < 500; i++) {
        call_or_fail(switcher.loop, do_nothing, NULL);
    }
    join_or_fail(thread);
    ck_assert_int_eq(switcher.failed, 0);

    lariat_iothread_destroy(iothread);
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *tc = case_of(suite, "parameters");
    tcase_add_test(tc, parameters_are_read_as_they_were_set);
    tcase_add_test(tc, parameters_given_at_creation_are_copied);
    tcase_add_loop_test(tc, refused_parameters_change_nothing, 0, N_BAD_PARAMS);
    tcase_add_test(tc, completions_to_wait_for_are_in_range_and_leave_the_poll_parameters_alone);
    tcase_add_test(tc, parameters_stay_readable_after_close);
    tcase_add_test(tc, parameters_set_from_many_threads_never_tear);
    tcase_add_test(tc, parameters_read_while_they_are_set_never_tear);

    tc = case_of(suite, "statistics");
    tcase_add_test(tc, counters_of_a_new_loop_are_zero);
    tcase_add_test(tc, each_poll_counts_one_iteration);
    tcase_add_test(tc, known_work_is_counted_exactly);
    tcase_add_test(tc, no_more_of_the_statistics_is_filled_than_their_size_says);
    tcase_add_test(tc, statistics_without_a_size_abort);
    tcase_add_test(tc, statistics_stay_readable_after_close);
    tcase_add_test(tc, counters_read_by_another_thread_never_go_back);

    tc = case_of(suite, "histograms");
    tcase_add_test(tc, histograms_that_were_never_on_are_not_there);
    tcase_add_test(tc, the_latency_histogram_holds_each_op);
    tcase_add_test(tc, the_wait_histogram_holds_waits_as_long_as_they_were);
    tcase_add_test(tc, histograms_switched_off_hold_still_and_on_again_begin_empty);
    tcase_add_test(tc, histograms_may_be_switched_and_read_while_the_loop_runs);
}

int main(void)
{
    return suite_main("loop parameters", add_tests);
}
