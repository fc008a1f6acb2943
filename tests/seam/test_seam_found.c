/* SPDX-License-Identifier: MIT */
/* What the simulator found, each as small as it can be, on the real kernel with one answer of the seam replaced. */
#include "support.h"

#include <errno.h>
#include <unistd.h>

#include <lariat/handler.h>

#include "loop.h"
#include "seam_real.h"

#define WINDOW_NS 32768

static struct seam *answers;
static int64_t clock_ns, step_ns;
static int n_reads_of_clock;
static int n_refusals; /* submissions yet to be refused */
static int n_missed;   /* requests to cancel yet to find nothing */
static struct lariat_loop *watched;

static int64_t odd_clock(void)
{
    n_reads_of_clock++;
    return clock_ns += step_ns;
}

static int refusing_enter(unsigned fd, unsigned to_submit, unsigned min_complete, unsigned flags, void *arg, size_t bytes)
{
    if (to_submit && n_refusals > 0) {
        n_refusals--;
        return -EAGAIN;
    }
    return seam_real.ring_enter(fd, to_submit, min_complete, flags, arg, bytes);
}

/* A wait with the window open, that a timer of the real clock ends. */
static struct lariat_loop_stats wait_with_clock(int64_t step)
{
    struct lariat_loop *loop = loop_with_window_or_fail(WINDOW_NS);
    struct lariat_timer timer;
    int fired = 0;
    poll_until_quiet(loop);
    loop->window_ns = WINDOW_NS;
    lariat_timer_init(&timer, loop, count_up, &fired);
    clock_ns = seam_real.now_ns();
    step_ns = step;
    lariat_timer_set_ns(&timer, clock_ns + 1000000);
    n_reads_of_clock = 0;
    answers->now_ns = odd_clock;
    ck_assert_int_eq(lariat_loop_poll(loop, true), 0);
    answers->now_ns = seam_real.now_ns;
    const struct lariat_loop_stats stats = stats_of(loop);
    poll_until(loop, &fired, 1);
    loop_done(loop);
    return stats;
}

/* Row 45 of the list of faults. */
START_TEST(a_spin_ends_though_the_clock_stands)
{
    answers = seam_answers_anew();
    const struct lariat_loop_stats stats = wait_with_clock(0);
    ck_assert_int_ge(n_reads_of_clock, 2);
    ck_assert_int_le(n_reads_of_clock, WINDOW_NS + 8);
    ck_assert_uint_eq(stats.spin_vain_ns, 0);
}
END_TEST

/* Row 45. */
START_TEST(a_clock_that_goes_back_takes_no_time_away)
{
    answers = seam_answers_anew();
    const struct lariat_loop_stats stats = wait_with_clock(-1000);
    ck_assert_int_le(n_reads_of_clock, WINDOW_NS + 8);
    ck_assert_uint_lt(stats.spin_ns, UINT64_C(1) << 62);
    ck_assert_uint_lt(stats.spin_vain_ns, UINT64_C(1) << 62);
    ck_assert_uint_lt(stats.sleep_ns, UINT64_C(1) << 62);
}
END_TEST

/* Row 8: the poll of the handler became the next link of a chain that was to end with the submission. */
START_TEST(a_chain_left_open_ends_with_its_submission_though_that_is_refused)
{
    answers = seam_answers_anew();
    answers->ring_enter = refusing_enter;
    struct lariat_loop *loop = loop_with_window_or_fail(0);
    struct counted_op op;
    int sockets[2], fds[2], called = 0;
    char byte;
    counted_op_init(&op);
    socketpair_or_fail(sockets);
    pipe_or_fail(fds);
    op.op.flags = LARIAT_OP_LINK;
    lariat_recv(loop, &op.op, sockets[0], &byte, 1, 0);
    n_refusals = 1;
    ck_assert_int_eq(lariat_loop_poll(loop, false), 0);
    ck_assert_int_eq(lariat_handler_set(loop, fds[0], count_up, NULL, &called), 0);
    write_or_fail(fds[1], "x", 1);
    for (int i = 0; i < 100 && called == 0; i++)
        ck_assert_int_ge(lariat_loop_poll(loop, false), 0);
    ck_assert_int_gt(called, 0);
    loop_done(loop);
    ck_assert_int_eq(op.res, -ECANCELED);
    close(fds[0]), close(fds[1]), close(sockets[0]), close(sockets[1]);
}
END_TEST

/* The kernel does not find what the first n_missed requests to cancel name. */
static int missing_enter(unsigned fd, unsigned to_submit, unsigned min_complete, unsigned flags, void *arg, size_t bytes)
{
    struct ring *ring = &watched->ring;
    for (unsigned i = *ring->sq_khead; i != *ring->sq_ktail; i++) {
        struct io_uring_sqe *sqe = &ring->sqes[i & ring->sq_mask];
        if (sqe->opcode == IORING_OP_ASYNC_CANCEL && n_missed > 0) {
            n_missed--;
            sqe->addr = 12345;
        }
    }
    return seam_real.ring_enter(fd, to_submit, min_complete, flags, arg, bytes);
}

/* Row 13: the op waited for ever, and the user was told -EALREADY. */
START_TEST(a_cancel_that_the_kernel_misses_is_repeated_until_the_op_ends)
{
    answers = seam_answers_anew();
    struct lariat_loop *loop = watched = loop_with_window_or_fail(_i ? 32768 : 0);
    struct counted_op op;
    struct lariat_timer timer;
    int sockets[2], given_up = 0;
    char byte;
    counted_op_init(&op);
    socketpair_or_fail(sockets);
    lariat_recv(loop, &op.op, sockets[0], &byte, 1, 0);
    poll_until_quiet(loop);
    answers->ring_enter = missing_enter;
    n_missed = 3;
    lariat_timer_init(&timer, loop, count_up, &given_up);
    lariat_timer_set_ns(&timer, lariat_now_ns() + INT64_C(10000000000));
    ck_assert_int_eq(lariat_op_cancel(loop, &op.op), 0);
    ck_assert_int_eq(lariat_op_cancel(loop, &op.op), -EALREADY);
    while (op.done == 0 && given_up == 0)
        ck_assert_int_ge(lariat_loop_poll(loop, true), 0);
    ck_assert_int_eq(op.done, 1);
    ck_assert_int_eq(op.res, -ECANCELED);
    ck_assert_int_eq(n_missed, 0);
    loop_done(loop);
    close(sockets[0]), close(sockets[1]);
}
END_TEST

static void add(Suite *suite)
{
    TCase *tc = case_of(suite, "found");
    tcase_add_test(tc, a_spin_ends_though_the_clock_stands);
    tcase_add_test(tc, a_clock_that_goes_back_takes_no_time_away);
    tcase_add_loop_test(tc, a_cancel_that_the_kernel_misses_is_repeated_until_the_op_ends, 0, 2);
    tcase_add_test(tc, a_chain_left_open_ends_with_its_submission_though_that_is_refused);
}

int main(void)
{
    return suite_main("seam_found", add);
}
