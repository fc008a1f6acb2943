/* SPDX-License-Identifier: MIT */
/* Registered files and buffers. */
#include "op_support.h"

START_TEST(a_registered_buffer_serves_reads_and_writes)
{
    int fd = temp_file_or_fail(8192, 0);
    static unsigned char mem[2][4096];
    struct iovec iov[] = { { mem[0], 4096 }, { mem[1], 4096 } };
    struct counted_op op;
    counted_op_init(&op);
    ck_assert_int_eq(lariat_register_buffers(loop, iov, 2), 0);
    lariat_read_fixed(loop, &op.op, fd, mem[1] + 96, 4000, 50, 1);
    ck_assert_int_eq(result(&op), 4000);
    require_pattern(mem[1] + 96, 4000, 50);
    lariat_write_fixed(loop, &op.op, fd, mem[1] + 96, 4000, 8192, 1);
    ck_assert_int_eq(result(&op), 4000);
    ck_assert_int_eq(pread(fd, mem[0], 4000, 8192), 4000);
    ck_assert_mem_eq(mem[0], mem[1] + 96, 4000);
    ck_assert_int_eq(lariat_register_buffers(loop, NULL, 0), 0);
    close(fd);
}
END_TEST

START_TEST(memory_outside_a_registered_buffer_is_efault)
{
    int fd = temp_file_or_fail(8192, 0);
    static unsigned char mem[8192];
    struct iovec iov = { mem, 4096 };
    struct counted_op op;
    counted_op_init(&op);
    lariat_read_fixed(loop, &op.op, fd, mem, 100, 0, 0);
    ck_assert_int_eq(result(&op), -EFAULT);
    ck_assert_int_eq(lariat_register_buffers(loop, &iov, 1), 0);
    static const struct { size_t offset, len; unsigned index; int expected; } table[] = {
        { 0, 4096, 0, 4096 }, { 4000, 96, 0, 96 }, { 4000, 97, 0, -EFAULT }, { 4096, 1, 0, -EFAULT },
        { 0, 1, 1, -EFAULT }, { 0, 1, 65535, -EFAULT }, { 0, 1, 65536, -EFAULT }, { 0, 1, UINT32_MAX, -EFAULT },
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        lariat_read_fixed(loop, &op.op, fd, mem + table[i].offset, table[i].len, 0, table[i].index);
        ck_assert_msg(result(&op) == table[i].expected, "row %zu: %d", i, op.res);
    }
    ck_assert_int_eq(lariat_register_buffers(loop, NULL, 0), 0);
    close(fd);
}
END_TEST

START_TEST(a_full_fixed_read_stops_at_the_end_of_the_file)
{
    int fd = temp_file_or_fail(5000, 0);
    static unsigned char mem[8192];
    struct iovec iov = { mem, sizeof(mem) };
    struct counted_op op;
    counted_op_init(&op);
    op.op.flags = LARIAT_OP_FULL;
    ck_assert_int_eq(lariat_register_buffers(loop, &iov, 1), 0);
    lariat_read_fixed(loop, &op.op, fd, mem, sizeof(mem), 0, 0);
    ck_assert_int_eq(result(&op), 5000);
    require_pattern(mem, 5000, 0);
    close(fd);
}
END_TEST

START_TEST(buffers_register_once)
{
    static char mem[4096];
    struct iovec iov = { mem, sizeof(mem) }, none = { NULL, 4096 };
    ck_assert_int_eq(lariat_register_buffers(loop, NULL, 0), -ENXIO);
    ck_assert_int_eq(lariat_register_buffers(loop, &iov, 1), 0);
    ck_assert_int_eq(lariat_register_buffers(loop, &iov, 1), -EBUSY);
    ck_assert_int_eq(lariat_register_buffers(loop, NULL, 0), 0);
    ck_assert_int_eq(lariat_register_buffers(loop, &none, 1), -EFAULT);
    if (!tests_run_under_valgrind()) /* it looks for that many iovecs */
        ck_assert_int_eq(lariat_register_buffers(loop, &iov, UINT32_MAX), -EINVAL);
    ck_assert_int_eq(lariat_register_buffers(loop, &iov, 1), 0);
}
END_TEST

static void fixed_op_init(struct counted_op *op)
{
    counted_op_init(op);
    op->op.flags = LARIAT_OP_FIXED_FILE;
}

START_TEST(a_slot_takes_the_place_of_a_descriptor)
{
    int fds[] = { -1, temp_file_or_fail(100, 0) };
    unsigned char buf[20];
    struct counted_op op;
    fixed_op_init(&op);
    ck_assert_int_eq(lariat_register_files(loop, fds, 2), 0);
    close(fds[1]); /* the slot keeps the file */
    lariat_read(loop, &op.op, 1, buf, sizeof(buf), 30);
    ck_assert_int_eq(result(&op), sizeof(buf));
    require_pattern(buf, sizeof(buf), 30);
    lariat_fsync(loop, &op.op, 1, true);
    ck_assert_int_eq(result(&op), 0);
    static const int bad[] = { 0, 2, -1, INT32_MAX };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        lariat_read(loop, &op.op, bad[i], buf, sizeof(buf), 0);
        ck_assert_msg(result(&op) == -EBADF, "slot %d: %d", bad[i], op.res);
    }
}
END_TEST

START_TEST(files_register_once)
{
    int fds[2];
    pipe_or_fail(fds);
    ck_assert_int_eq(lariat_register_files(loop, NULL, 0), -ENXIO);
    ck_assert_int_eq(lariat_register_files(loop, fds, 2), 0);
    ck_assert_int_eq(lariat_register_files(loop, fds, 2), -EBUSY);
    ck_assert_int_eq(lariat_register_files(loop, NULL, 0), 0);
    close_both(fds);
    ck_assert_int_eq(lariat_register_files(loop, fds, 2), -EBADF);
}
END_TEST

START_TEST(slots_can_be_emptied_and_replaced)
{
    int fd = temp_file_or_fail(10, 0), nothing = -1, bad = 65535, slots[] = { fd, fd, -1 };
    int replaced[] = { -1, fd };
    char byte;
    struct counted_op op;
    fixed_op_init(&op);
    ck_assert_int_eq(lariat_register_files(loop, slots, 3), 0);
    ck_assert_int_eq(lariat_register_files_update(loop, 0, &nothing, 1), 1);
    lariat_read(loop, &op.op, 0, &byte, 1, 0);
    ck_assert_int_eq(result(&op), -EBADF);
    ck_assert_int_eq(lariat_register_files_update(loop, 1, replaced, 2), 2);
    lariat_read(loop, &op.op, 2, &byte, 1, 0);
    ck_assert_int_eq(result(&op), 1);
    ck_assert_int_eq(lariat_register_files_update(loop, 3, &nothing, 1), -EINVAL);
    ck_assert_int_eq(lariat_register_files_update(loop, UINT32_MAX, replaced, 2), -EOVERFLOW);
    ck_assert_int_eq(lariat_register_files_update(loop, 0, &bad, 1), -EBADF);
    close(fd);
}
END_TEST

START_TEST(a_slot_replaced_keeps_its_file_for_ops_queued_before)
{
    int fds[] = { temp_file_or_fail(0, 0), temp_file_or_fail(0, 0) };
    struct counted_op op;
    fixed_op_init(&op);
    ck_assert_int_eq(lariat_register_files(loop, &fds[0], 1), 0);
    lariat_write(loop, &op.op, 0, "hello", 5, 0);
    ck_assert_int_eq(lariat_register_files_update(loop, 0, &fds[1], 1), 1);
    ck_assert_int_eq(result(&op), 5);
    ck_assert_int_eq(file_size(fds[0]), 5);
    ck_assert_int_eq(file_size(fds[1]), 0);
    lariat_write(loop, &op.op, 0, "you", 3, 0);
    ck_assert_int_eq(result(&op), 3);
    ck_assert_int_eq(file_size(fds[1]), 3);
    close_both(fds);
}
END_TEST

START_TEST(buffers_unregistered_are_still_those_of_ops_queued_before)
{
    static unsigned char mem[4096];
    struct iovec iov = { mem, sizeof(mem) };
    int fd = temp_file_or_fail(4096, 0);
    struct counted_op op;
    counted_op_init(&op);
    ck_assert_int_eq(lariat_register_buffers(loop, &iov, 1), 0);
    lariat_read_fixed(loop, &op.op, fd, mem, sizeof(mem), 0, 0);
    ck_assert_int_eq(lariat_register_buffers(loop, NULL, 0), 0);
    ck_assert_int_eq(result(&op), sizeof(mem));
    require_pattern(mem, sizeof(mem), 0);
    close(fd);
}
END_TEST

START_TEST(a_close_op_empties_a_slot)
{
    int fds[2];
    char byte;
    struct counted_op op;
    fixed_op_init(&op);
    pipe_or_fail(fds);
    ck_assert_int_eq(lariat_register_files(loop, fds, 2), 0);
    close(fds[1]);
    lariat_close(loop, &op.op, 1);
    ck_assert_int_eq(result(&op), 0);
    op.op.flags = 0;
    lariat_read(loop, &op.op, fds[0], &byte, 1, -1); /* the last writer is gone */
    ck_assert_int_eq(result(&op), 0);
    op.op.flags = LARIAT_OP_FIXED_FILE;
    lariat_close(loop, &op.op, 1);
    ck_assert_int_eq(result(&op), -EBADF);
    lariat_close(loop, &op.op, 7);
    ck_assert_int_eq(result(&op), -EINVAL);
    lariat_close(loop, &op.op, -1);
    ck_assert_int_lt(result(&op), 0);
    ck_assert_int_eq(fcntl(fds[0], F_GETFD), FD_CLOEXEC);
    close(fds[0]);
}
END_TEST

START_TEST(a_full_read_of_a_nonblocking_slot_waits)
{
    int fds[2];
    char buf[2];
    struct counted_op op;
    fixed_op_init(&op);
    op.op.flags |= LARIAT_OP_FULL;
    pipe_or_fail(fds);
    set_nonblocking(fds[0]);
    ck_assert_int_eq(lariat_register_files(loop, fds, 1), 0);
    lariat_read(loop, &op.op, 0, buf, 2, -1);
    poll_until_quiet(loop);
    write_or_fail(fds[1], "a", 1);
    poll_until_quiet(loop);
    ck_assert_int_eq(op.done, 0);
    write_or_fail(fds[1], "b", 1);
    ck_assert_int_eq(result(&op), 2);
    ck_assert_mem_eq(buf, "ab", 2);
    close_both(fds);
}
END_TEST

START_TEST(a_closed_loop_registers_nothing)
{
    struct lariat_loop *closed = loop_or_fail();
    int fd = 0;
    char byte;
    struct iovec iov = { &byte, 1 };
    ck_assert_int_eq(lariat_loop_close(closed), 0);
    ck_assert_int_eq(lariat_register_buffers(closed, &iov, 1), -ESHUTDOWN);
    ck_assert_int_eq(lariat_register_files(closed, &fd, 1), -ESHUTDOWN);
    ck_assert_int_eq(lariat_register_files_update(closed, 0, &fd, 1), -ESHUTDOWN);
    ck_assert_int_eq(lariat_sqe_reserve(closed, 1), -ESHUTDOWN);
    lariat_loop_unref(closed);
}
END_TEST

static void add(Suite *suite)
{
    TCase *tc = case_of(suite, "fixed");
    tcase_add_checked_fixture(tc, open_loop, close_loop);
    tcase_add_test(tc, a_registered_buffer_serves_reads_and_writes);
    tcase_add_test(tc, memory_outside_a_registered_buffer_is_efault);
    tcase_add_test(tc, a_full_fixed_read_stops_at_the_end_of_the_file);
    tcase_add_test(tc, buffers_register_once);
    tcase_add_test(tc, a_slot_takes_the_place_of_a_descriptor);
    tcase_add_test(tc, files_register_once);
    tcase_add_test(tc, slots_can_be_emptied_and_replaced);
    tcase_add_test(tc, a_slot_replaced_keeps_its_file_for_ops_queued_before);
    tcase_add_test(tc, buffers_unregistered_are_still_those_of_ops_queued_before);
    tcase_add_test(tc, a_close_op_empties_a_slot);
    tcase_add_test(tc, a_full_read_of_a_nonblocking_slot_waits);
    tcase_add_test(tc, a_closed_loop_registers_nothing);
}

int main(void)
{
    return suite_main("op_fixed", add);
}
