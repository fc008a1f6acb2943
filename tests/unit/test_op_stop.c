/* SPDX-License-Identifier: MIT */
/* What a stop does to ops: storage is waited for, the rest is cancelled, and nothing new is begun but syncs and closes. */
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <liburing.h>

#include "op_support.h"

START_TEST(a_stop_cancels_what_may_wait_for_ever)
{
    struct lariat_loop *own = loop_or_fail();
    int fds[2], listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_un name = { .sun_family = AF_UNIX }; /* bound to a name of the kernel's choice */
    char byte;
    struct counted_op ops[4];
    counted_ops_init(ops, 4);
    socketpair_or_fail(fds);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&name, sizeof(sa_family_t)), 0);
    ck_assert_int_eq(listen(listener, 1), 0);
    ck_assert_int_eq(fcntl(fds[0], F_SETFL, 0), 0);
    lariat_recv(own, &ops[0].op, fds[0], &byte, 1, 0);
    lariat_accept(own, &ops[1].op, listener, NULL, NULL, 0);
    lariat_read(own, &ops[2].op, fds[0], &byte, 1, -1);
    struct io_uring_sqe *sqe = lariat_sqe(own, &ops[3].op);
    sqe->opcode = IORING_OP_POLL_ADD;
    sqe->fd = fds[0];
    sqe->poll32_events = POLLIN;
    ck_assert_int_ge(lariat_loop_poll(own, false), 0);
    loop_done(own);
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(ops[i].done, 1);
        ck_assert_int_eq(ops[i].res, -ECANCELED);
    }
    close(listener);
    close_both(fds);
}
END_TEST

START_TEST(a_stop_takes_ops_that_were_never_submitted)
{
    struct lariat_loop *own = loop_or_fail();
    int fd = temp_file_or_fail(0, 0), fds[2];
    char byte;
    struct counted_op write_op, recv_op;
    counted_op_init(&write_op);
    counted_op_init(&recv_op);
    pipe_or_fail(fds);
    lariat_write(own, &write_op.op, fd, "abc", 3, 0);
    lariat_read(own, &recv_op.op, fds[0], &byte, 1, -1);
    loop_done(own);
    ck_assert_int_eq(write_op.done, 1);
    ck_assert_int_eq(write_op.res, 3);
    ck_assert_int_eq(recv_op.done, 1);
    ck_assert_int_eq(recv_op.res, -ECANCELED);
    ck_assert_int_eq(file_size(fd), 3);
    close_both(fds);
    close(fd);
}
END_TEST

struct late_ops {
    struct lariat_op first;
    struct lariat_loop *own;
    struct counted_op fsync, close, range, write, nop;
    int fd, to_close;
};

static void submit_late_ops(struct lariat_op *op, int res)
{
    struct late_ops *late = op->opaque;
    if (res != -ECANCELED)
        return;
    lariat_fsync(late->own, &late->fsync.op, late->fd, false);
    lariat_close(late->own, &late->close.op, late->to_close);
    lariat_sync_file_range(late->own, &late->range.op, late->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
    lariat_write(late->own, &late->write.op, late->fd, "x", 1, 0);
    lariat_nop(late->own, &late->nop.op);
}

START_TEST(a_stopping_loop_still_syncs_and_closes_but_does_nothing_else)
{
    int fds[2];
    char byte;
    struct late_ops late = { .first = { .fn = submit_late_ops }, .own = loop_or_fail(), .fd = temp_file_or_fail(0, 0) };
    struct counted_op *const ops[] = { &late.fsync, &late.close, &late.range, &late.write, &late.nop };
    static const int expected[] = { 0, 0, 0, -ESHUTDOWN, -ESHUTDOWN };
    pipe_or_fail(fds);
    late.first.opaque = &late;
    late.to_close = dup(fds[1]);
    for (int i = 0; i < 5; i++)
        counted_op_init(ops[i]);
    lariat_read(late.own, &late.first, fds[0], &byte, 1, -1);
    ck_assert_int_ge(lariat_loop_poll(late.own, false), 0);
    loop_done(late.own);
    for (int i = 0; i < 5; i++)
        ck_assert_msg(ops[i]->done == 1 && ops[i]->res == expected[i], "op %d: done %d, %d", i, ops[i]->done, ops[i]->res);
    ck_assert_int_eq(file_size(late.fd), 0);
    ck_assert_int_eq(fcntl(late.to_close, F_GETFD), -1);
    close(late.fd);
    close_both(fds);
}
END_TEST

static void submit_for_ever(struct lariat_op *op, int res)
{
    struct late_ops *late = op->opaque;
    (void)res;
    late->nop.done++;
    lariat_nop(late->own, op);
}

static void fsync_for_ever(struct lariat_op *op, int res)
{
    struct late_ops *late = op->opaque;
    (void)res;
    late->fsync.done++;
    lariat_fsync(late->own, op, late->fd, true);
}

START_TEST(callbacks_that_submit_for_ever_do_not_hold_a_stop)
{
    struct late_ops late = { .own = loop_or_fail(), .fd = temp_file_or_fail(0, 0) };
    struct lariat_op nop = { .fn = submit_for_ever, .opaque = &late };
    struct lariat_op fsync = { .fn = fsync_for_ever, .opaque = &late };
    lariat_nop(late.own, &nop);
    lariat_fsync(late.own, &fsync, late.fd, true);
    loop_done(late.own);
    ck_assert_int_gt(late.nop.done, 0);
    ck_assert_int_gt(late.fsync.done, 0);
    close(late.fd);
}
END_TEST

START_TEST(a_stop_waits_for_writes_in_flight)
{
    struct lariat_loop *own = loop_or_fail();
    int fd = temp_file_or_fail(0, 0);
    static char data[1 << 20];
    struct counted_op ops[8];
    counted_ops_init(ops, 8);
    for (int i = 0; i < 8; i++)
        lariat_write(own, &ops[i].op, fd, data, sizeof(data), (int64_t)i << 20);
    loop_done(own);
    for (int i = 0; i < 8; i++) {
        ck_assert_int_eq(ops[i].done, 1);
        ck_assert_int_eq(ops[i].res, sizeof(data));
    }
    ck_assert_int_eq(file_size(fd), 8 << 20);
    close(fd);
}
END_TEST

/* At the file's own position, as logs are written: no less storage than a write that names its offset. */
START_TEST(a_stop_waits_for_writes_to_a_log)
{
    struct lariat_loop *own = loop_or_fail();
    int fd = temp_file_or_fail(0, O_APPEND);
    static char data[1 << 16];
    struct counted_op ops[64];
    counted_ops_init(ops, 64);
    for (int i = 0; i < 64; i++)
        lariat_write(own, &ops[i].op, fd, data, sizeof(data), -1);
    loop_done(own);
    for (int i = 0; i < 64; i++)
        ck_assert_msg(ops[i].done == 1 && ops[i].res == sizeof(data), "write %d: done %d, %d", i, ops[i].done, ops[i].res);
    ck_assert_int_eq(file_size(fd), 64 << 16);
    close(fd);
}
END_TEST

START_TEST(a_pipe_that_nobody_reads_does_not_hold_a_stop)
{
    struct lariat_loop *own = loop_or_fail();
    static char data[1 << 16];
    struct counted_op op;
    int fds[2];
    counted_op_init(&op);
    pipe_or_fail(fds);
    set_nonblocking(fds[1]);
    while (write(fds[1], data, sizeof(data)) > 0)
        ;
    ck_assert_int_eq(fcntl(fds[1], F_SETFL, 0), 0);
    lariat_write(own, &op.op, fds[1], data, 1, -1);
    ck_assert_int_ge(lariat_loop_poll(own, false), 0);
    loop_done(own);
    ck_assert_int_eq(op.done, 1);
    ck_assert_int_eq(op.res, -ECANCELED);
    close_both(fds);
}
END_TEST

static void add(Suite *suite)
{
    TCase *tc = case_of(suite, "stop");
    tcase_add_test(tc, a_stop_cancels_what_may_wait_for_ever);
    tcase_add_test(tc, a_stop_takes_ops_that_were_never_submitted);
    tcase_add_test(tc, a_stopping_loop_still_syncs_and_closes_but_does_nothing_else);
    tcase_add_test(tc, callbacks_that_submit_for_ever_do_not_hold_a_stop);
    tcase_add_test(tc, a_stop_waits_for_writes_in_flight);
    tcase_add_test(tc, a_stop_waits_for_writes_to_a_log);
    tcase_add_test(tc, a_pipe_that_nobody_reads_does_not_hold_a_stop);
}

int main(void)
{
    return suite_main("op_stop", add);
}
