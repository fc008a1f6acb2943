/* SPDX-License-Identifier: MIT */
/* What could hold a stop, or be lost in it: pipes full for ever, many late closes, long clean-ups, chains not yet begun. */
#include <poll.h>
#include <sys/resource.h>
#include <sys/timerfd.h>

#include <liburing.h>

#include "op_support.h"

/* Nobody will read from it, so a write waits for ever. */
static void full_pipe_or_fail(int fds[2])
{
    static char data[1 << 16];
    pipe_or_fail(fds);
    set_nonblocking(fds[1]);
    while (write(fds[1], data, sizeof(data)) > 0)
        ;
    ck_assert_int_eq(fcntl(fds[1], F_SETFL, 0), 0);
}

START_TEST(a_full_pipe_that_is_registered_does_not_hold_a_stop)
{
    struct lariat_loop *own = loop_or_fail();
    struct counted_op op;
    int fds[2];
    counted_op_init(&op);
    full_pipe_or_fail(fds);
    ck_assert_int_eq(lariat_register_files(own, &fds[1], 1), 0);
    op.op.flags = LARIAT_OP_FIXED_FILE;
    lariat_write(own, &op.op, 0, "x", 1, -1);
    ck_assert_int_ge(lariat_loop_poll(own, false), 0);
    loop_done(own);
    ck_assert_int_eq(op.done, 1);
    ck_assert_int_eq(op.res, -ECANCELED);
    close_both(fds);
}
END_TEST

START_TEST(a_slot_that_became_a_full_pipe_does_not_hold_a_stop)
{
    struct lariat_loop *own = loop_or_fail();
    struct counted_op op;
    int fds[2], file = temp_file_or_fail(0, 0);
    counted_op_init(&op);
    full_pipe_or_fail(fds);
    ck_assert_int_eq(lariat_register_files(own, &file, 1), 0);
    ck_assert_int_eq(lariat_register_files_update(own, 0, &fds[1], 1), 1);
    op.op.flags = LARIAT_OP_FIXED_FILE;
    lariat_write(own, &op.op, 0, "x", 1, -1);
    ck_assert_int_ge(lariat_loop_poll(own, false), 0);
    loop_done(own);
    ck_assert_int_eq(op.done, 1);
    ck_assert_int_eq(op.res, -ECANCELED);
    close_both(fds);
    close(file);
}
END_TEST

/* Against the rules, but easily done. */
START_TEST(a_full_pipe_that_was_closed_meanwhile_does_not_hold_a_stop)
{
    struct lariat_loop *own = loop_or_fail();
    struct counted_op op;
    int fds[2];
    counted_op_init(&op);
    full_pipe_or_fail(fds);
    lariat_write(own, &op.op, fds[1], "x", 1, -1);
    ck_assert_int_ge(poll_once(own), 0);
    close(fds[1]);
    loop_done(own);
    ck_assert_int_eq(op.done, 1);
    ck_assert_int_eq(op.res, -ECANCELED);
    close(fds[0]);
}
END_TEST

/* A poll whose callback closes what it watched. */
struct late_close {
    struct lariat_op poll;
    struct counted_op close;
    struct lariat_loop *own;
    int fd;
};

static void close_late(struct lariat_op *op, int res)
{
    struct late_close *late = op->opaque;
    if (res == -ECANCELED)
        lariat_close(late->own, &late->close.op, late->fd);
}

static void watch_to_close(struct late_close *late, struct lariat_loop *own, int fd)
{
    *late = (struct late_close){ .poll = { .fn = close_late, .opaque = late }, .own = own, .fd = dup(fd) };
    ck_assert_int_ge(late->fd, 0);
    counted_op_init(&late->close);
    struct io_uring_sqe *sqe = lariat_sqe(own, &late->poll);
    sqe->opcode = IORING_OP_POLL_ADD;
    sqe->fd = fd;
    sqe->poll32_events = POLLIN;
}

static bool may_open(rlim_t n)
{
    struct rlimit limit;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    if (limit.rlim_cur < n) {
        limit.rlim_cur = n;
        return limit.rlim_max >= n && setrlimit(RLIMIT_NOFILE, &limit) == 0;
    }
    return true;
}

START_TEST(as_many_closes_as_there_were_ops_go_through_in_a_stop)
{
    enum { N = 1500 };
    static struct late_close late[N];
    int fds[2], n_fds, n_closed = 0;
    if (!may_open(N + 200))
        test_skip("the limit of descriptors is too low");
    struct lariat_loop *own = loop_or_fail();
    pipe_or_fail(fds);
    n_fds = count_fds();
    for (int i = 0; i < N; i++)
        watch_to_close(&late[i], own, fds[0]);
    ck_assert_int_ge(lariat_loop_poll(own, false), 0);
    ck_assert_int_eq(lariat_loop_close(own), 0);
    for (int i = 0; i < N; i++)
        n_closed += late[i].close.done == 1 && late[i].close.res == 0;
    ck_assert_int_eq(n_closed, N);
    ck_assert_int_lt(count_fds(), n_fds); /* the ring is gone too */
    lariat_loop_unref(own);
    close_both(fds);
}
END_TEST

/* Op after op, each begun by the callback of the one before. */
struct clean_up {
    struct lariat_loop *own;
    struct lariat_op ops[20];
    int n_done, results[20];
};

static void next_step(struct lariat_op *op, int res)
{
    struct clean_up *steps = op->opaque;
    steps->results[steps->n_done++] = res;
    if (steps->n_done < 20)
        lariat_nop(steps->own, &steps->ops[steps->n_done]);
}

START_TEST(a_clean_up_of_20_steps_is_told_all_of_them)
{
    struct clean_up steps = { .own = loop_or_fail() };
    int fds[2];
    char byte;
    pipe_or_fail(fds);
    for (int i = 0; i < 20; i++)
        steps.ops[i] = (struct lariat_op){ .fn = next_step, .opaque = &steps };
    lariat_read(steps.own, &steps.ops[0], fds[0], &byte, 1, -1);
    ck_assert_int_ge(lariat_loop_poll(steps.own, false), 0);
    loop_done(steps.own);
    ck_assert_int_eq(steps.n_done, 20);
    for (int i = 0; i < 20; i++)
        ck_assert_int_eq(steps.results[i], i == 0 ? -ECANCELED : -ESHUTDOWN);
    close_both(fds);
}
END_TEST

/* A poll of fd, as a raw request linked to the next. */
static void link_raw_poll(struct lariat_loop *own, struct counted_op *op, int fd)
{
    struct io_uring_sqe *sqe = lariat_sqe(own, &op->op);
    sqe->opcode = IORING_OP_POLL_ADD;
    sqe->flags = IOSQE_IO_LINK;
    sqe->fd = fd;
    sqe->poll32_events = POLLIN;
}

/* The request to cancel goes before the chain, so it finds nothing. */
START_TEST(a_raw_chain_cancelled_before_it_was_submitted_can_be_cancelled_again)
{
    struct counted_op ops[2];
    int fds[2];
    open_loop();
    counted_ops_init(ops, 2);
    pipe_or_fail(fds);
    link_raw_poll(loop, &ops[0], fds[0]);
    ck_assert_int_eq(lariat_op_cancel(loop, &ops[0].op), 0);
    lariat_nop(loop, &ops[1].op);
    poll_until_quiet(loop);
    if (ops[0].done == 0)
        ck_assert_int_eq(lariat_op_cancel(loop, &ops[0].op), 0);
    ck_assert_int_eq(result(&ops[0]), -ECANCELED);
    ck_assert_int_eq(result(&ops[1]), -ECANCELED);
    close_loop();
    close_both(fds);
}
END_TEST

/* The kernel does not find what waits behind an open chain, so the first question may have been in vain. */
START_TEST(a_raw_request_behind_a_link_can_be_cancelled_again)
{
    struct counted_op ops[2];
    int fds[2];
    open_loop();
    counted_ops_init(ops, 2);
    pipe_or_fail(fds);
    link_raw_poll(loop, &ops[0], fds[0]);
    lariat_sqe(loop, &ops[1].op)->opcode = IORING_OP_NOP;
    poll_until_quiet(loop);
    ck_assert_int_eq(lariat_op_cancel(loop, &ops[1].op), 0);
    poll_until_quiet(loop);
    ck_assert_int_eq(lariat_op_cancel(loop, &ops[1].op), ops[1].done ? -ENOENT : 0);
    ck_assert_int_eq(lariat_op_cancel(loop, &ops[0].op), 0);
    ck_assert_int_eq(result(&ops[0]), -ECANCELED);
    ck_assert_int_eq(result(&ops[1]), -ECANCELED);
    close_loop();
    close_both(fds);
}
END_TEST

START_TEST(a_raw_chain_cancelled_before_it_was_submitted_does_not_hold_a_stop)
{
    struct lariat_loop *own = loop_or_fail();
    struct counted_op ops[2];
    int fds[2];
    counted_ops_init(ops, 2);
    pipe_or_fail(fds);
    link_raw_poll(own, &ops[0], fds[0]);
    ck_assert_int_eq(lariat_op_cancel(own, &ops[0].op), 0);
    lariat_nop(own, &ops[1].op);
    ck_assert_int_ge(lariat_loop_poll(own, false), 0);
    loop_done(own);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(ops[i].done, 1);
        ck_assert_int_eq(ops[i].res, -ECANCELED);
    }
    close_both(fds);
}
END_TEST

/* As long as the read takes (200 ms: the timer's), the kernel cannot find the receive to cancel it. */
START_TEST(a_stop_sleeps_while_a_slow_op_keeps_a_link_from_starting)
{
    struct lariat_loop *own = loop_or_fail();
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC), fds[2];
    const struct itimerspec soon = { .it_value.tv_nsec = 200000000 };
    uint64_t n_expired;
    char byte;
    struct counted_op ops[2];
    counted_ops_init(ops, 2);
    socketpair_or_fail(fds);
    ops[0].op.flags = LARIAT_OP_LINK;
    lariat_read(own, &ops[0].op, timer, &n_expired, sizeof(n_expired), 0);
    lariat_recv(own, &ops[1].op, fds[0], &byte, 1, 0);
    ck_assert_int_ge(lariat_loop_poll(own, false), 0);
    ck_assert_int_eq(timerfd_settime(timer, 0, &soon, NULL), 0);
    ck_assert_int_eq(lariat_loop_close(own), 0);
    ck_assert_int_eq(ops[0].res, sizeof(n_expired)); /* storage, by its offset */
    ck_assert_int_eq(ops[1].done, 1);
    ck_assert_int_eq(ops[1].res, -ECANCELED);
    ck_assert_uint_lt(stats_of(own).enters, 200);
    lariat_loop_unref(own);
    close_both(fds);
    close(timer);
}
END_TEST

static void add(Suite *suite)
{
    TCase *tc = case_of(suite, "drain");
    tcase_add_test(tc, a_full_pipe_that_is_registered_does_not_hold_a_stop);
    tcase_add_test(tc, a_slot_that_became_a_full_pipe_does_not_hold_a_stop);
    tcase_add_test(tc, a_full_pipe_that_was_closed_meanwhile_does_not_hold_a_stop);
    tcase_add_test(tc, as_many_closes_as_there_were_ops_go_through_in_a_stop);
    tcase_add_test(tc, a_clean_up_of_20_steps_is_told_all_of_them);
    tcase_add_test(tc, a_raw_chain_cancelled_before_it_was_submitted_can_be_cancelled_again);
    tcase_add_test(tc, a_raw_request_behind_a_link_can_be_cancelled_again);
    tcase_add_test(tc, a_raw_chain_cancelled_before_it_was_submitted_does_not_hold_a_stop);
    tcase_add_test(tc, a_stop_sleeps_while_a_slow_op_keeps_a_link_from_starting);
}

int main(void)
{
    return suite_main("op_drain", add);
}
