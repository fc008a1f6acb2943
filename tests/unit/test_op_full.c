/* SPDX-License-Identifier: MIT */
/* LARIAT_OP_FULL: short transfers, EINTR and EAGAIN are repeated until everything is there, the end, or a real error. */
#include <sys/resource.h>

#include "op.h"
#include "op_support.h"

static void full_op_init(struct counted_op *op)
{
    counted_op_init(op);
    op->op.flags = LARIAT_OP_FULL;
}

/* Write len bytes of the pattern in pieces of 1, 2, 3, ... bytes, with iterations of the loop in between. */
static void feed_in_pieces(int fd, size_t len)
{
    unsigned char piece[256];
    for (size_t done = 0, n = 1; done < len; done += n, n++) {
        if (n > len - done)
            n = len - done;
        fill_pattern(piece, n, done);
        write_or_fail(fd, piece, n);
        poll_until_quiet(loop);
    }
}

START_TEST(a_full_read_gathers_the_pieces_of_a_pipe)
{
    int fds[2];
    unsigned char buf[1000];
    struct counted_op op;
    full_op_init(&op);
    pipe_or_fail(fds);
    lariat_read(loop, &op.op, fds[0], buf, sizeof(buf), -1);
    feed_in_pieces(fds[1], sizeof(buf) - 1);
    ck_assert_int_eq(op.done, 0);
    unsigned char last = pattern_byte(sizeof(buf) - 1);
    write_or_fail(fds[1], &last, 1);
    ck_assert_int_eq(result(&op), sizeof(buf));
    require_pattern(buf, sizeof(buf), 0);
    close_both(fds);
}
END_TEST

START_TEST(a_full_read_ends_with_the_total_at_the_end_of_a_pipe)
{
    int fds[2];
    unsigned char buf[1000];
    struct counted_op op;
    full_op_init(&op);
    pipe_or_fail(fds);
    lariat_read(loop, &op.op, fds[0], buf, sizeof(buf), -1);
    feed_in_pieces(fds[1], 300);
    ck_assert_int_eq(op.done, 0);
    close(fds[1]);
    ck_assert_int_eq(result(&op), 300);
    require_pattern(buf, 300, 0);
    lariat_read(loop, &op.op, fds[0], buf, sizeof(buf), -1);
    ck_assert_int_eq(result(&op), 0);
    close(fds[0]);
}
END_TEST

START_TEST(a_full_readv_continues_within_odd_pieces)
{
    int fds[2];
    unsigned char mem[128];
    struct iovec iov[] = { { mem, 1 }, { NULL, 0 }, { mem + 1, 7 }, { mem + 8, 63 }, { mem + 71, 0 }, { mem + 71, 57 } };
    const struct iovec before[] = { iov[0], iov[1], iov[2], iov[3], iov[4], iov[5] };
    struct counted_op op;
    full_op_init(&op);
    pipe_or_fail(fds);
    lariat_readv(loop, &op.op, fds[0], iov, 6, -1);
    feed_in_pieces(fds[1], sizeof(mem));
    ck_assert_int_eq(result(&op), sizeof(mem));
    require_pattern(mem, sizeof(mem), 0);
    ck_assert_mem_eq(iov, before, sizeof(iov));
    close_both(fds);
}
END_TEST

/* Read what a pipe holds, in pieces, until len bytes have come; the loop runs in between. */
static void drain_in_pieces(int fd, size_t len)
{
    unsigned char piece[5000];
    set_nonblocking(fd);
    for (size_t done = 0; done < len;) {
        ssize_t n = read(fd, piece, sizeof(piece));
        if (n < 0) {
            ck_assert_int_eq(errno, EAGAIN);
            ck_assert_int_ge(lariat_loop_poll(loop, true), 0);
            continue;
        }
        ck_assert_int_gt(n, 0);
        require_pattern(piece, (size_t)n, done);
        done += (size_t)n;
        poll_until_quiet(loop);
    }
}

START_TEST(a_full_write_pushes_all_into_a_narrow_pipe)
{
    int fds[2];
    static unsigned char data[300000];
    struct counted_op op;
    full_op_init(&op);
    pipe_or_fail(fds);
    fill_pattern(data, sizeof(data), 0);
    lariat_write(loop, &op.op, fds[1], data, sizeof(data), -1);
    poll_until_quiet(loop);
    ck_assert_int_eq(op.done, 0);
    drain_in_pieces(fds[0], sizeof(data));
    ck_assert_int_eq(result(&op), sizeof(data));
    close_both(fds);
}
END_TEST

START_TEST(a_full_writev_pushes_odd_pieces_into_a_nonblocking_socket)
{
    int fds[2];
    static unsigned char data[700000];
    struct counted_op op;
    full_op_init(&op);
    socketpair_or_fail(fds);
    fill_pattern(data, sizeof(data), 0);
    struct iovec iov[] = { { data, 3 }, { data + 3, 99997 }, { data + 100000, 1 }, { data + 100001, 599999 } };
    lariat_writev(loop, &op.op, fds[1], iov, 4, -1);
    drain_in_pieces(fds[0], sizeof(data));
    ck_assert_int_eq(result(&op), sizeof(data));
    close_both(fds);
}
END_TEST

/* Of pipes and sockets io_uring itself knows how to wait, whatever O_NONBLOCK says; MSG_DONTWAIT makes it answer EAGAIN. */
START_TEST(a_full_read_waits_on_a_nonblocking_pipe)
{
    int fds[2];
    unsigned char buf[100];
    struct counted_op op;
    full_op_init(&op);
    pipe_or_fail(fds);
    set_nonblocking(fds[0]);
    lariat_read(loop, &op.op, fds[0], buf, sizeof(buf), -1);
    for (int i = 0; i < 20; i++)
        ck_assert_int_ge(lariat_loop_poll(loop, false), 0);
    ck_assert_int_eq(op.done, 0);
    feed_in_pieces(fds[1], sizeof(buf));
    ck_assert_int_eq(result(&op), sizeof(buf));
    require_pattern(buf, sizeof(buf), 0);
    close_both(fds);
}
END_TEST

START_TEST(a_full_receive_waits_where_the_kernel_says_eagain)
{
    int fds[2];
    unsigned char buf[500];
    struct counted_op op;
    full_op_init(&op);
    socketpair_or_fail(fds);
    lariat_recv(loop, &op.op, fds[0], buf, sizeof(buf), MSG_DONTWAIT);
    feed_in_pieces(fds[1], sizeof(buf));
    ck_assert_int_eq(result(&op), sizeof(buf));
    require_pattern(buf, sizeof(buf), 0);
    close_both(fds);
}
END_TEST

START_TEST(a_full_receive_does_not_spin_on_eagain)
{
    int fds[2];
    char byte;
    struct counted_op op;
    full_op_init(&op);
    socketpair_or_fail(fds);
    lariat_recv(loop, &op.op, fds[0], &byte, 1, MSG_DONTWAIT);
    for (int i = 0; i < 20; i++)
        ck_assert_int_ge(lariat_loop_poll(loop, false), 0);
    ck_assert_int_eq(op.done, 0);
    uint64_t submitted = stats_of(loop).sqes_submitted;
    for (int i = 0; i < 1000; i++)
        ck_assert_int_ge(lariat_loop_poll(loop, false), 0);
    ck_assert_uint_le(stats_of(loop).sqes_submitted - submitted, 2);
    write_or_fail(fds[1], "x", 1);
    ck_assert_int_eq(result(&op), 1);
    close_both(fds);
}
END_TEST

START_TEST(a_full_send_waits_where_the_kernel_says_eagain)
{
    int fds[2];
    static unsigned char data[900000];
    struct counted_op op;
    full_op_init(&op);
    socketpair_or_fail(fds);
    fill_pattern(data, sizeof(data), 0);
    lariat_send(loop, &op.op, fds[1], data, sizeof(data), MSG_DONTWAIT);
    poll_until_quiet(loop);
    ck_assert_int_eq(op.done, 0);
    drain_in_pieces(fds[0], sizeof(data));
    ck_assert_int_eq(result(&op), sizeof(data));
    close_both(fds);
}
END_TEST

START_TEST(without_full_eagain_is_the_result)
{
    int fds[2];
    char byte;
    struct counted_op op;
    counted_op_init(&op);
    socketpair_or_fail(fds);
    lariat_recv(loop, &op.op, fds[0], &byte, 1, MSG_DONTWAIT);
    ck_assert_int_eq(result(&op), -EAGAIN);
    close_both(fds);
}
END_TEST

START_TEST(nowait_passes_eagain_on)
{
    int fds[2];
    char byte;
    struct counted_op op;
    full_op_init(&op);
    op.op.rw_flags = RWF_NOWAIT;
    pipe_or_fail(fds);
    lariat_read(loop, &op.op, fds[0], &byte, 1, -1);
    ck_assert_int_eq(result(&op), -EAGAIN);
    close_both(fds);
}
END_TEST

START_TEST(a_full_recv_and_send_move_everything)
{
    int fds[2];
    static unsigned char data[500000], buf[500000];
    struct counted_op in, out;
    full_op_init(&in);
    full_op_init(&out);
    socketpair_or_fail(fds);
    fill_pattern(data, sizeof(data), 0);
    lariat_recv(loop, &in.op, fds[0], buf, sizeof(buf), 0);
    poll_until_quiet(loop);
    lariat_send(loop, &out.op, fds[1], data, sizeof(data), 0);
    ck_assert_int_eq(result(&out), sizeof(data));
    ck_assert_int_eq(result(&in), sizeof(buf));
    ck_assert_mem_eq(buf, data, sizeof(data));
    close_both(fds);
}
END_TEST

START_TEST(a_full_recvmsg_and_sendmsg_move_everything)
{
    int fds[2];
    static unsigned char data[300000], buf[300000];
    struct iovec from[] = { { data, 100001 }, { data + 100001, 199999 } };
    struct iovec to[] = { { buf, 7 }, { buf + 7, 299993 } };
    struct msghdr out_msg = { .msg_iov = from, .msg_iovlen = 2 };
    struct msghdr in_msg = { .msg_iov = to, .msg_iovlen = 2 };
    struct counted_op in, out;
    full_op_init(&in);
    full_op_init(&out);
    socketpair_or_fail(fds);
    fill_pattern(data, sizeof(data), 0);
    lariat_recvmsg(loop, &in.op, fds[0], &in_msg, 0);
    poll_until_quiet(loop);
    lariat_sendmsg(loop, &out.op, fds[1], &out_msg, 0);
    ck_assert_int_eq(result(&out), sizeof(data));
    ck_assert_int_eq(result(&in), sizeof(buf));
    ck_assert_mem_eq(buf, data, sizeof(data));
    close_both(fds);
}
END_TEST

START_TEST(a_full_recv_ends_with_the_total_when_the_peer_closes)
{
    int fds[2];
    char buf[100];
    struct counted_op op;
    full_op_init(&op);
    socketpair_or_fail(fds);
    lariat_recv(loop, &op.op, fds[0], buf, sizeof(buf), 0);
    write_or_fail(fds[1], "abc", 3);
    poll_until_quiet(loop);
    write_or_fail(fds[1], "def", 3);
    poll_until_quiet(loop);
    ck_assert_int_eq(op.done, 0);
    close(fds[1]);
    ck_assert_int_eq(result(&op), 6);
    ck_assert_mem_eq(buf, "abcdef", 6);
    close(fds[0]);
}
END_TEST

START_TEST(a_full_read_of_a_file_is_short_at_its_end_only)
{
    int fd = temp_file_or_fail(1000, 0);
    unsigned char buf[2000];
    struct counted_op op;
    full_op_init(&op);
    lariat_read(loop, &op.op, fd, buf, sizeof(buf), 100);
    ck_assert_int_eq(result(&op), 900);
    require_pattern(buf, 900, 100);
    lariat_read(loop, &op.op, fd, buf, sizeof(buf), 5000);
    ck_assert_int_eq(result(&op), 0);
    lariat_read(loop, &op.op, fd, buf, 0, 0);
    ck_assert_int_eq(result(&op), 0);
    close(fd);
}
END_TEST

START_TEST(a_full_read_from_the_position_moves_it_by_what_was_read)
{
    int fd = temp_file_or_fail(1000, 0);
    unsigned char buf[2000];
    struct counted_op op;
    full_op_init(&op);
    ck_assert_int_eq(lseek(fd, 300, SEEK_SET), 300);
    lariat_read(loop, &op.op, fd, buf, sizeof(buf), -1);
    ck_assert_int_eq(result(&op), 700);
    require_pattern(buf, 700, 300);
    ck_assert_int_eq(lseek(fd, 0, SEEK_CUR), 1000);
    close(fd);
}
END_TEST

START_TEST(a_full_direct_read_stops_at_an_odd_end_of_file)
{
    int fd = temp_file_or_fail(4096 + 100, O_DIRECT);
    unsigned char *buf = lariat_buffer_alloc(4096, 16384);
    struct counted_op op;
    full_op_init(&op);
    ck_assert_ptr_nonnull(buf);
    lariat_read(loop, &op.op, fd, buf, 16384, 0);
    ck_assert_int_eq(result(&op), 4096 + 100);
    require_pattern(buf, 4096 + 100, 0);
    lariat_buffer_free(buf);
    close(fd);
}
END_TEST

START_TEST(more_than_int_max_is_einval)
{
    if (tests_run_under_valgrind())
        test_skip("valgrind looks at each byte");
    const size_t len = (size_t)3 << 30;
    int fd = temp_file_or_fail(100, 0);
    char *mem = sparse_memory_or_fail(len);
    struct iovec iov[] = { { mem, (size_t)INT32_MAX }, { mem, 1 } };
    struct counted_op op;
    full_op_init(&op);
    lariat_read(loop, &op.op, fd, mem, (size_t)INT32_MAX + 1, 0);
    ck_assert_int_eq(result(&op), -EINVAL);
    lariat_read(loop, &op.op, fd, mem, (size_t)INT32_MAX, 0);
    ck_assert_int_eq(result(&op), 100);
    lariat_readv(loop, &op.op, fd, iov, 2, 0);
    ck_assert_int_eq(result(&op), -EINVAL);
    iov[1].iov_len = SIZE_MAX;
    lariat_readv(loop, &op.op, fd, iov, 2, 0);
    ck_assert_int_eq(result(&op), -EINVAL);
    munmap(mem, len);
    close(fd);
}
END_TEST

START_TEST(full_moves_int_max_bytes_although_the_kernel_moves_less_at_once)
{
    if (tests_run_under_valgrind())
        test_skip("valgrind looks at each byte");
    char *mem = sparse_memory_or_fail((size_t)INT32_MAX);
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    struct counted_op op;
    full_op_init(&op);
    lariat_write(loop, &op.op, null, mem, (size_t)INT32_MAX, 0);
    ck_assert_int_eq(result(&op), INT32_MAX);
    munmap(mem, (size_t)INT32_MAX);
    close(null);
}
END_TEST

START_TEST(an_error_behind_a_part_is_the_result)
{
    int fds[2];
    static char buf[4000000];
    struct counted_op op;
    full_op_init(&op);
    socketpair_or_fail(fds);
    lariat_send(loop, &op.op, fds[0], buf, sizeof(buf), 0);
    poll_until_quiet(loop);
    ck_assert_int_eq(op.done, 0);
    close(fds[1]);
    ck_assert_int_eq(result(&op), -EPIPE);
    close(fds[0]);
}
END_TEST

/* The bookkeeping alone, with results that no kernel gives on demand: a read of 100 bytes from a stream. */
static struct lariat_op full_read_of_100_bytes(void)
{
    struct lariat_op op = { .flags = LARIAT_OP_FULL };
    op_priv(&op)->kind = LARIAT_OP_KIND_READ;
    op_priv(&op)->state = OP_IN_RING;
    op_priv(&op)->request = (struct op_request){ .opcode = IORING_OP_READ, .len = 100, .offset = UINT64_MAX };
    ck_assert_int_eq(op_full_begin(&op), 0);
    return op;
}

/* How many times an op that gets nothing but res is begun anew. */
static int retries_of(int res, unsigned state_between)
{
    struct lariat_op op = full_read_of_100_bytes();
    int n = 0, got = res;
    while (n < 1000 && !op_full_step(&op, &got)) {
        ck_assert_uint_eq(op_priv(&op)->state, state_between);
        op_priv(&op)->state = OP_IN_RING;
        got = res;
        n++;
    }
    ck_assert_int_eq(got, res);
    return n;
}

START_TEST(eintr_and_eagain_are_borne_64_times_and_other_errors_not_once)
{
    static const int final[] = { -EIO, -ENOMEM, -ENOSPC, -EDQUOT, -ENXIO, -ENODEV, -EROFS, -ECANCELED, -EBUSY, 0 };
    ck_assert_int_eq(retries_of(-EINTR, OP_IN_RING), 64);
    ck_assert_int_eq(retries_of(-EAGAIN, OP_POLLING), 64);
    for (size_t i = 0; i < sizeof(final) / sizeof(final[0]); i++)
        ck_assert_int_eq(retries_of(final[i], OP_IN_RING), 0);
}
END_TEST

START_TEST(progress_forgets_earlier_failures_and_too_much_is_the_end)
{
    struct lariat_op op = full_read_of_100_bytes();
    for (int i = 1; i < 100; i++) {
        int res = -EINTR, one = 1;
        ck_assert(!op_full_step(&op, &res));
        ck_assert(!op_full_step(&op, &one));
    }
    int more = 7; /* than the 1 byte that is left */
    ck_assert(op_full_step(&op, &more));
    ck_assert_int_eq(more, 106);
}
END_TEST

/* A transfer of 8192 bytes of which the kernel has moved 5000. */
static struct lariat_op part_of_a_transfer(int fd, enum lariat_op_kind kind, int rw_flags)
{
    struct lariat_op op = { .flags = LARIAT_OP_FULL };
    int moved = 5000;
    op_priv(&op)->kind = (uint8_t)kind;
    op_priv(&op)->request = (struct op_request){ .opcode = kind == LARIAT_OP_KIND_READ ? IORING_OP_READ : IORING_OP_WRITE,
                                                 .fd = fd, .addr = 4096, .len = 8192, .op_flags = (uint32_t)rw_flags };
    ck_assert_int_eq(op_full_begin(&op), 0);
    ck_assert(!op_full_step(&op, &moved));
    return op;
}

START_TEST(what_was_appended_is_never_transferred_again)
{
    static const struct { int oflags; enum lariat_op_kind kind; int rw_flags; unsigned tail; } table[] = {
        { O_DIRECT, LARIAT_OP_KIND_READ, 0, 904 },            { O_DIRECT, LARIAT_OP_KIND_WRITE, 0, 904 },
        { O_DIRECT | O_APPEND, LARIAT_OP_KIND_READ, 0, 904 }, { O_DIRECT | O_APPEND, LARIAT_OP_KIND_WRITE, 0, 0 },
        { O_DIRECT, LARIAT_OP_KIND_WRITE, RWF_APPEND, 0 },
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        int fd = temp_file_or_fail(0, table[i].oflags), refused = -EINVAL;
        struct lariat_op op = part_of_a_transfer(fd, table[i].kind, table[i].rw_flags);
        ck_assert_uint_eq(op_priv(&op)->done, 5000);
        ck_assert_int_eq(op_full_step(&op, &refused), table[i].tail == 0);
        ck_assert_msg(op_priv(&op)->tail == table[i].tail, "case %zu: %u", i, op_priv(&op)->tail);
        close(fd);
    }
}
END_TEST

/* In a child: the limit belongs to the process. */
static int write_beyond_the_limit(void *opaque)
{
    static char data[4096] __attribute__((aligned(4096)));
    struct lariat_loop *own = NULL;
    struct rlimit limit = { 1024, 1024 };
    struct counted_op op;
    int *fd = opaque;
    signal(SIGXFSZ, SIG_IGN);
    child_require(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    child_require(lariat_loop_new(NULL, &own) == 0);
    counted_op_init(&op);
    lariat_write(own, &op.op, *fd, data, sizeof(data), 0);
    while (op.done == 0)
        child_require(lariat_loop_poll(own, true) >= 0);
    child_require(op.res == 1024);
    op.op.flags = LARIAT_OP_FULL;
    lariat_write(own, &op.op, *fd, data, sizeof(data), 0);
    while (op.done == 1)
        child_require(lariat_loop_poll(own, true) >= 0);
    child_require(op.res == -EFBIG);
    child_require(lariat_loop_close(own) == 0);
    lariat_loop_unref(own);
    return 0;
}

START_TEST(a_write_across_a_limit_is_short_and_a_full_one_efbig)
{
    int fd = temp_file_or_fail(0, 0);
    must_succeed_in_child(write_beyond_the_limit, &fd);
    ck_assert_int_eq(file_size(fd), 1024);
    close(fd);
}
END_TEST

START_TEST(a_cancelled_full_read_is_ecanceled)
{
    int fds[2];
    char buf[100];
    struct counted_op op;
    full_op_init(&op);
    socketpair_or_fail(fds);
    lariat_recv(loop, &op.op, fds[0], buf, sizeof(buf), 0);
    write_or_fail(fds[1], "abc", 3);
    poll_until_quiet(loop);
    ck_assert_int_eq(lariat_op_cancel(loop, &op.op), 0);
    int res = result(&op);
    ck_assert_msg(res == -ECANCELED || res == 3, "the result is %d", res);
    close_both(fds);
}
END_TEST

START_TEST(full_is_ignored_by_other_ops)
{
    int fds[2];
    struct counted_op op;
    full_op_init(&op);
    pipe_or_fail(fds);
    lariat_nop(loop, &op.op);
    ck_assert_int_eq(result(&op), 0);
    lariat_fsync(loop, &op.op, -1, false);
    ck_assert_int_eq(result(&op), -EBADF);
    lariat_close(loop, &op.op, fds[0]);
    ck_assert_int_eq(result(&op), 0);
    close(fds[1]);
}
END_TEST

static void add_streams(Suite *suite)
{
    TCase *tc = case_of(suite, "streams");
    tcase_add_checked_fixture(tc, open_loop, close_loop);
    tcase_add_test(tc, a_full_read_gathers_the_pieces_of_a_pipe);
    tcase_add_test(tc, a_full_read_ends_with_the_total_at_the_end_of_a_pipe);
    tcase_add_test(tc, a_full_readv_continues_within_odd_pieces);
    tcase_add_test(tc, a_full_write_pushes_all_into_a_narrow_pipe);
    tcase_add_test(tc, a_full_writev_pushes_odd_pieces_into_a_nonblocking_socket);
    tcase_add_test(tc, a_full_read_waits_on_a_nonblocking_pipe);
    tcase_add_test(tc, a_full_receive_waits_where_the_kernel_says_eagain);
    tcase_add_test(tc, a_full_receive_does_not_spin_on_eagain);
    tcase_add_test(tc, a_full_send_waits_where_the_kernel_says_eagain);
    tcase_add_test(tc, without_full_eagain_is_the_result);
    tcase_add_test(tc, nowait_passes_eagain_on);
    tcase_add_test(tc, a_full_recv_and_send_move_everything);
    tcase_add_test(tc, a_full_recvmsg_and_sendmsg_move_everything);
    tcase_add_test(tc, a_full_recv_ends_with_the_total_when_the_peer_closes);
    tcase_add_test(tc, an_error_behind_a_part_is_the_result);
    tcase_add_test(tc, a_cancelled_full_read_is_ecanceled);
    tcase_add_test(tc, eintr_and_eagain_are_borne_64_times_and_other_errors_not_once);
    tcase_add_test(tc, progress_forgets_earlier_failures_and_too_much_is_the_end);
    tcase_add_test(tc, what_was_appended_is_never_transferred_again);
}

static void add_files(Suite *suite)
{
    TCase *tc = case_of(suite, "files");
    tcase_add_checked_fixture(tc, open_loop, close_loop);
    tcase_add_test(tc, a_full_read_of_a_file_is_short_at_its_end_only);
    tcase_add_test(tc, a_full_read_from_the_position_moves_it_by_what_was_read);
    tcase_add_test(tc, a_full_direct_read_stops_at_an_odd_end_of_file);
    tcase_add_test(tc, more_than_int_max_is_einval);
    tcase_add_test(tc, full_moves_int_max_bytes_although_the_kernel_moves_less_at_once);
    if (tests_are_forked())
        tcase_add_test(tc, a_write_across_a_limit_is_short_and_a_full_one_efbig);
    tcase_add_test(tc, full_is_ignored_by_other_ops);
}

static void add(Suite *suite)
{
    add_streams(suite);
    add_files(suite);
}

int main(void)
{
    return suite_main("op_full", add);
}
