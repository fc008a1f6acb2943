/* SPDX-License-Identifier: MIT */
/* The loop as an object: options, iterations, calls from elsewhere, references. */
#include "support.h"

#include <errno.h>

#include <lariat/handler.h>

/* Options */

START_TEST(a_loop_without_options_has_the_defaults)
{
    struct lariat_loop *loop = loop_or_fail();
    struct lariat_poll_params params;

    ck_assert_str_eq(lariat_loop_name(loop), "loop");
    const struct lariat_loop_stats stats = stats_of(loop);
    ck_assert_uint_eq(stats.sq_entries, tests_run_with("cq8") ? 8 : 128);
    ck_assert_uint_eq(stats.cq_entries, tests_run_with("cq8") ? 8 : 512);
    lariat_loop_get_poll_params(loop, &params);
    ck_assert_int_eq(params.policy, tests_run_with("poll") ? LARIAT_POLL_CLASSIC : LARIAT_POLL_AUTO);
    ck_assert_int_eq(params.max_ns, tests_run_with("nopoll") ? 0 : tests_run_with("poll") ? 1000000 : 200000);

    loop_done(loop);
}
END_TEST

START_TEST(the_name_is_copied)
{
    char name[] = "disk-0";
    struct lariat_loop_options opts = LARIAT_LOOP_OPTIONS_INIT;
    opts.name = name;
    struct lariat_loop *loop = loop_with_options_or_fail(&opts);

    memset(name, 'x', sizeof(name) - 1);
    ck_assert_str_eq(lariat_loop_name(loop), "disk-0");

    loop_done(loop);
}
END_TEST

static const struct {
    unsigned sq, cq, sq_got, cq_got;
} sizes[] = { { 1, 0, 1, 4 },         { 5, 0, 8, 32 },          { 64, 100, 64, 128 },  { 16, 16, 16, 16 },
              { 0, 1000, 128, 1024 }, { 4096, 0, 4096, 16384 }, { 1, 65536, 1, 65536 } };

START_TEST(queue_sizes_are_rounded_up_to_powers_of_two)
{
    struct lariat_loop_options opts = LARIAT_LOOP_OPTIONS_INIT;
    opts.sq_entries = sizes[_i].sq;
    opts.cq_entries = sizes[_i].cq;
    struct lariat_loop *loop = loop_with_options_or_fail(&opts);

    const struct lariat_loop_stats stats = stats_of(loop);
    ck_assert_uint_eq(stats.sq_entries, sizes[_i].sq_got);
    ck_assert_uint_eq(stats.cq_entries, sizes[_i].cq_got);

    loop_done(loop);
}
END_TEST

static struct lariat_poll_params negative_params, reserved_params;

static const struct {
    const char *why;
    size_t size;
    unsigned sq, cq, flags;
    const struct lariat_poll_params *poll;
    int err;
} bad_options[] = {
    { "size 0", 0, 0, 0, 0, NULL, -EINVAL },
    { "sq too large", sizeof(struct lariat_loop_options), 32769, 0, 0, NULL, -EINVAL },
    { "sq enormous", sizeof(struct lariat_loop_options), 0xffffffff, 0, 0, NULL, -EINVAL },
    { "cq too large", sizeof(struct lariat_loop_options), 0, 65537, 0, NULL, -EINVAL },
    { "cq enormous", sizeof(struct lariat_loop_options), 0, 0xffffffff, 0, NULL, -EINVAL },
    { "cq less than sq", sizeof(struct lariat_loop_options), 64, 63, 0, NULL, -EINVAL },
    { "unknown flag", sizeof(struct lariat_loop_options), 0, 0, 1u << 31, NULL, -EINVAL },
    { "iopoll", sizeof(struct lariat_loop_options), 0, 0, LARIAT_LOOP_IOPOLL, NULL, -EOPNOTSUPP },
    { "a CPU for no SQ thread", sizeof(struct lariat_loop_options), 0, 0, LARIAT_LOOP_SQPOLL_CPU, NULL, -EINVAL },
    { "no such CPU", sizeof(struct lariat_loop_options), 0, 0, LARIAT_LOOP_SQPOLL | LARIAT_LOOP_SQPOLL_CPU, NULL, -ENODEV },
    { "negative maximum", sizeof(struct lariat_loop_options), 0, 0, 0, &negative_params, -ERANGE },
    { "reserved word", sizeof(struct lariat_loop_options), 0, 0, 0, &reserved_params, -EINVAL },
};
enum { N_BAD_OPTIONS = sizeof(bad_options) / sizeof(bad_options[0]) };

START_TEST(bad_options_are_refused_and_leave_nothing_behind)
{
    if (bad_options[_i].flags == LARIAT_LOOP_SQPOLL_CPU && tests_run_with("sqpoll"))
        test_skip("each loop has an SQ thread");
    negative_params = classic_params(-1);
    reserved_params = classic_params(0);
    reserved_params.reserved[7] = 1;
    struct lariat_loop_options opts = { .size = bad_options[_i].size, .sq_entries = bad_options[_i].sq };
    opts.cq_entries = bad_options[_i].cq;
    opts.flags = bad_options[_i].flags;
    opts.poll = bad_options[_i].poll;
    opts.sqpoll_cpu = 0x7fffffff;
    struct lariat_loop *loop = NULL;
    const int fds = count_fds();

    const int rc = lariat_loop_new(&opts, &loop);
    ck_assert_msg(rc == bad_options[_i].err, "%s: %d instead of %d", bad_options[_i].why, rc, bad_options[_i].err);
    ck_assert_ptr_null(loop);
    ck_assert_int_eq(count_fds(), fds);
}
END_TEST

START_TEST(no_more_of_the_options_is_read_than_their_size_says)
{
    struct lariat_loop_options opts = LARIAT_LOOP_OPTIONS_INIT;
    opts.size = offsetof(struct lariat_loop_options, sq_entries);
    opts.name = "older";
    opts.sq_entries = 0xffffffff;
    opts.flags = 0xffffffff;
    struct lariat_loop *loop = loop_with_options_or_fail(&opts);

    ck_assert_str_eq(lariat_loop_name(loop), "older");
    ck_assert_uint_eq(stats_of(loop).sq_entries, 128);

    loop_done(loop);
}
END_TEST

START_TEST(options_of_a_newer_header_are_taken_as_long_as_they_ask_for_nothing_new)
{
    struct {
        struct lariat_loop_options known;
        uint64_t new_member;
    } newer = { LARIAT_LOOP_OPTIONS_INIT, 0 };
    struct lariat_loop *loop = NULL;
    newer.known.size = sizeof(newer);

    newer.new_member = UINT64_C(1) << 56;
    ck_assert_int_eq(lariat_loop_new(&newer.known, &loop), -E2BIG);
    ck_assert_ptr_null(loop);
    newer.new_member = 0;
    loop_done(loop_with_options_or_fail(&newer.known));
}
END_TEST

START_TEST(a_loop_with_a_kernel_thread_that_submits_works)
{
    struct lariat_loop_options opts = LARIAT_LOOP_OPTIONS_INIT;
    opts.flags = LARIAT_LOOP_SQPOLL;
    struct lariat_loop *loop = NULL;
    if (lariat_loop_new(&opts, &loop) == -EPERM) {
        test_skip("SQPOLL is refused to this user");
    }
    struct counted_op nop;
    counted_op_init(&nop);

    for (int i = 1; i <= 300; i++) {
        lariat_nop(loop, &nop.op);
        poll_until(loop, &nop.done, i);
        ck_assert_int_eq(nop.res, 0);
    }

    loop_done(loop);
}
END_TEST

/* Iterations */

START_TEST(a_loop_with_nothing_to_do_reports_no_progress)
{
    struct lariat_loop *loop = loop_or_fail();

    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(lariat_loop_poll(loop, false), 0);
    }

    loop_done(loop);
}
END_TEST

struct letters {
    char text[16];
    size_t n;
};

struct letter {
    struct letters *to;
    char letter;
};

static void write_letter(void *opaque)
{
    struct letter *letter = opaque;
    letter->to->text[letter->to->n++] = letter->letter;
}

static void write_letter_op(struct lariat_op *op, int res)
{
    if (res == 0) {
        write_letter(op->opaque);
    }
}

START_TEST(an_iteration_runs_ops_then_bhs_then_timers)
{
    if (tests_run_with("sqpoll"))
        test_skip("with an SQ thread nobody knows in which iteration an op completes");
    struct lariat_loop *loop = loop_or_fail();
    struct letters letters = { .n = 0 };
    struct letter o = { &letters, 'O' };
    struct letter b = { &letters, 'B' };
    struct letter t = { &letters, 'T' };
    struct lariat_op op = { .fn = write_letter_op, .opaque = &o };
    struct lariat_timer timer;
    lariat_timer_init(&timer, loop, write_letter, &t);

    lariat_timer_set_ns(&timer, 0);
    ck_assert_int_eq(lariat_bh_schedule_oneshot(loop, write_letter, &b), 0);
    lariat_nop(loop, &op);
    ck_assert_int_eq(lariat_loop_poll(loop, true), 1);
    ck_assert_str_eq(letters.text, "OBT");

    loop_done(loop);
}
END_TEST

struct nested {
    struct lariat_loop *loop;
    int runs;
    int poll_rc, blocking_rc, close_rc, call_rc;
    int called;
    struct lariat_loop *current;
};

static void try_everything_nested(void *opaque)
{
    struct nested *nested = opaque;
    nested->runs++;
    nested->poll_rc = lariat_loop_poll(nested->loop, false);
    nested->blocking_rc = lariat_loop_poll(nested->loop, true);
    nested->close_rc = lariat_loop_close(nested->loop);
    nested->call_rc = lariat_loop_call(nested->loop, count_up, &nested->called);
    nested->current = lariat_loop_current();
}

static void try_everything_nested_in_op(struct lariat_op *op, int res)
{
    (void)res;
    try_everything_nested(op->opaque);
}

static void must_have_been_refused(const struct nested *nested)
{
    ck_assert_int_eq(nested->runs, 1);
    ck_assert_int_eq(nested->poll_rc, -EDEADLK);
    ck_assert_int_eq(nested->blocking_rc, -EDEADLK);
    ck_assert_int_eq(nested->close_rc, -EDEADLK);
    ck_assert_int_eq(nested->call_rc, 0); /* on the owner it runs at once, here too */
    ck_assert_int_eq(nested->called, 1);
    ck_assert_ptr_eq(nested->current, nested->loop);
}

START_TEST(polling_and_closing_inside_a_callback_are_refused)
{
    struct lariat_loop *loop = loop_or_fail();
    struct nested in_op = { .loop = loop };
    struct nested in_bh = { .loop = loop };
    struct nested in_timer = { .loop = loop };
    struct lariat_op op = { .fn = try_everything_nested_in_op, .opaque = &in_op };
    struct lariat_timer timer;
    lariat_timer_init(&timer, loop, try_everything_nested, &in_timer);

    lariat_nop(loop, &op);
    ck_assert_int_eq(lariat_bh_schedule_oneshot(loop, try_everything_nested, &in_bh), 0);
    lariat_timer_set_ns(&timer, 0);
    poll_until(loop, &in_timer.runs, 1);
    poll_until(loop, &in_op.runs, 1);
    must_have_been_refused(&in_op);
    must_have_been_refused(&in_bh);
    must_have_been_refused(&in_timer);

    loop_done(loop);
}
END_TEST

static void note_current(void *opaque)
{
    *(struct lariat_loop **)opaque = lariat_loop_current();
}

START_TEST(the_current_loop_is_the_one_that_runs_here)
{
    struct lariat_loop *one = loop_or_fail();
    struct lariat_loop *other = loop_or_fail();
    struct lariat_loop *seen_by_one = NULL;
    struct lariat_loop *seen_by_other = NULL;

    ck_assert_ptr_null(lariat_loop_current());
    lariat_bh_schedule_oneshot(one, note_current, &seen_by_one);
    lariat_bh_schedule_oneshot(other, note_current, &seen_by_other);
    ck_assert_int_eq(lariat_loop_poll(one, false), 1);
    ck_assert_int_eq(lariat_loop_poll(other, false), 1);
    ck_assert_ptr_eq(seen_by_one, one);
    ck_assert_ptr_eq(seen_by_other, other);
    ck_assert_ptr_null(lariat_loop_current());

    loop_done(one);
    loop_done(other);
}
END_TEST

/* Calls */

START_TEST(a_call_by_the_owner_runs_at_once)
{
    struct lariat_loop *loop = loop_or_fail();
    int runs = 0;

    call_or_fail(loop, count_up, &runs);
    ck_assert_int_eq(runs, 1);

    loop_done(loop);
}
END_TEST

struct seen_thread {
    pthread_t thread;
    struct lariat_loop *loop;
};

static void note_thread(void *opaque)
{
    struct seen_thread *seen = opaque;
    seen->thread = pthread_self();
    seen->loop = lariat_loop_current();
}

START_TEST(a_call_by_another_thread_runs_on_the_owner_and_waits)
{
    struct lariat_iothread *iothread = iothread_or_fail("callee");
    struct lariat_loop *loop = lariat_iothread_loop(iothread);
    struct seen_thread seen = { .loop = NULL };

    for (int i = 0; i < 100; i++) {
        seen.loop = NULL;
        call_or_fail(loop, note_thread, &seen);
        ck_assert_ptr_eq(seen.loop, loop);
    }
    ck_assert(!pthread_equal(seen.thread, pthread_self()));

    lariat_iothread_destroy(iothread);
}
END_TEST

START_TEST(a_call_comes_after_bhs_scheduled_before_it)
{
    struct lariat_iothread *iothread = iothread_or_fail("callee");
    struct lariat_loop *loop = lariat_iothread_loop(iothread);
    int runs = 0;

    for (int i = 1; i <= 100; i++) {
        ck_assert_int_eq(lariat_bh_schedule_oneshot(loop, count_up, &runs), 0);
        call_or_fail(loop, do_nothing, NULL);
        ck_assert_int_eq(runs, i);
    }

    lariat_iothread_destroy(iothread);
}
END_TEST

START_TEST(after_close_nothing_that_needs_the_ring_works)
{
    struct lariat_loop *loop = loop_to_embed_or_fail();
    const struct lariat_poll_params params = classic_params(0);
    int64_t timeout_ns = 7;
    int runs = 0;
    ck_assert_int_eq(lariat_loop_close(loop), 0);

    ck_assert_int_eq(lariat_loop_poll(loop, false), -ESHUTDOWN);
    ck_assert_int_eq(lariat_loop_poll(loop, true), -ESHUTDOWN);
    ck_assert_int_eq(lariat_loop_call(loop, count_up, &runs), -ESHUTDOWN);
    ck_assert_int_eq(lariat_loop_set_poll_params(loop, &params), -ESHUTDOWN);
    ck_assert_int_eq(lariat_loop_set_wait_batch(loop, 2, 1), -ESHUTDOWN);
    ck_assert_int_eq(lariat_loop_enable_histograms(loop, true), -ESHUTDOWN);
    ck_assert_int_eq(lariat_loop_fd(loop), -ESHUTDOWN);
    ck_assert_int_eq(lariat_loop_prepare(loop, &timeout_ns), -ESHUTDOWN);
    ck_assert_int_eq(lariat_loop_dispatch(loop), -ESHUTDOWN);
    ck_assert_int_eq(lariat_handler_set(loop, 0, do_nothing, NULL, NULL), -ESHUTDOWN);
    ck_assert_int_eq(lariat_sqe_reserve(loop, 1), -ESHUTDOWN);
    lariat_loop_notify(loop);
    ck_assert_int_eq(runs, 0);

    lariat_loop_unref(loop);
}
END_TEST

/* References */

START_TEST(giving_back_null_is_ignored)
{
    lariat_loop_unref(NULL);
}
END_TEST

START_TEST(the_last_reference_given_back_by_the_owner_closes)
{
    const int fds = count_fds();
    struct lariat_loop *loop = loop_or_fail();
    int runs = 0;
    ck_assert_int_eq(lariat_bh_schedule_oneshot(loop, count_up, &runs), 0);

    ck_assert_ptr_eq(lariat_loop_ref(loop), loop);
    lariat_loop_unref(loop);
    ck_assert_int_eq(runs, 0);
    lariat_loop_unref(loop);
    ck_assert_int_eq(runs, 1);
    ck_assert_int_eq(count_fds(), fds);
}
END_TEST

static void *unref_in_thread(void *opaque)
{
    lariat_loop_unref(opaque);
    return NULL;
}

START_TEST(the_last_reference_of_a_closed_loop_may_be_given_back_anywhere)
{
    const int fds = count_fds();
    struct lariat_loop *loop = loop_or_fail();

    ck_assert_int_eq(lariat_loop_close(loop), 0);
    join_or_fail(thread_or_fail(unref_in_thread, loop));
    ck_assert_int_eq(count_fds(), fds);
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *tc = case_of(suite, "options");
    tcase_add_test(tc, a_loop_without_options_has_the_defaults);
    tcase_add_test(tc, the_name_is_copied);
    tcase_add_loop_test(tc, queue_sizes_are_rounded_up_to_powers_of_two, 0, 7);
    tcase_add_loop_test(tc, bad_options_are_refused_and_leave_nothing_behind, 0, N_BAD_OPTIONS);
    tcase_add_test(tc, no_more_of_the_options_is_read_than_their_size_says);
    tcase_add_test(tc, options_of_a_newer_header_are_taken_as_long_as_they_ask_for_nothing_new);
    tcase_add_test(tc, a_loop_with_a_kernel_thread_that_submits_works);

    tc = case_of(suite, "iterations");
    tcase_add_test(tc, a_loop_with_nothing_to_do_reports_no_progress);
    tcase_add_test(tc, an_iteration_runs_ops_then_bhs_then_timers);
    tcase_add_test(tc, polling_and_closing_inside_a_callback_are_refused);
    tcase_add_test(tc, the_current_loop_is_the_one_that_runs_here);

    tc = case_of(suite, "calls");
    tcase_add_test(tc, a_call_by_the_owner_runs_at_once);
    tcase_add_test(tc, a_call_by_another_thread_runs_on_the_owner_and_waits);
    tcase_add_test(tc, a_call_comes_after_bhs_scheduled_before_it);
    tcase_add_test(tc, after_close_nothing_that_needs_the_ring_works);

    tc = case_of(suite, "references");
    tcase_add_test(tc, giving_back_null_is_ignored);
    tcase_add_test(tc, the_last_reference_given_back_by_the_owner_closes);
    tcase_add_test(tc, the_last_reference_of_a_closed_loop_may_be_given_back_anywhere);
}

int main(void)
{
    return suite_main("loop", add_tests);
}
