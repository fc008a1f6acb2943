/* SPDX-License-Identifier: MIT */
/* Ops on files: each kind with a real result, and what is wrong with a request arriving as its result. */
#include <linux/falloc.h>
#include <linux/ioprio.h>
#include <sys/stat.h>

#include "op_support.h"

START_TEST(a_read_brings_what_the_file_holds)
{
    int fd = temp_file_or_fail(8192, 0);
    unsigned char buf[512];
    struct counted_op op;
    counted_op_init(&op);
    lariat_read(loop, &op.op, fd, buf, sizeof(buf), 1000);
    ck_assert_int_eq(result(&op), sizeof(buf));
    require_pattern(buf, sizeof(buf), 1000);
    close(fd);
}
END_TEST

START_TEST(a_read_across_the_end_is_short_and_one_behind_it_is_0)
{
    int fd = temp_file_or_fail(100, 0);
    unsigned char buf[64];
    struct counted_op op;
    counted_op_init(&op);
    lariat_read(loop, &op.op, fd, buf, sizeof(buf), 90);
    ck_assert_int_eq(result(&op), 10);
    lariat_read(loop, &op.op, fd, buf, sizeof(buf), 100);
    ck_assert_int_eq(result(&op), 0);
    lariat_read(loop, &op.op, fd, buf, 0, 0);
    ck_assert_int_eq(result(&op), 0);
    close(fd);
}
END_TEST

START_TEST(a_write_reaches_the_file)
{
    int fd = temp_file_or_fail(0, 0);
    unsigned char data[300], buf[300];
    struct counted_op op;
    counted_op_init(&op);
    fill_pattern(data, sizeof(data), 5);
    lariat_write(loop, &op.op, fd, data, sizeof(data), 700);
    ck_assert_int_eq(result(&op), sizeof(data));
    ck_assert_int_eq(file_size(fd), 1000);
    ck_assert_int_eq(pread(fd, buf, sizeof(buf), 700), sizeof(buf));
    ck_assert_mem_eq(buf, data, sizeof(data));
    close(fd);
}
END_TEST

START_TEST(readv_scatters_and_writev_gathers)
{
    int fd = temp_file_or_fail(4096, 0);
    unsigned char a[3], b[1], c[60];
    struct iovec iov[] = { { a, sizeof(a) }, { NULL, 0 }, { b, sizeof(b) }, { c, sizeof(c) } };
    struct counted_op op;
    counted_op_init(&op);
    lariat_readv(loop, &op.op, fd, iov, 4, 100);
    ck_assert_int_eq(result(&op), 64);
    require_pattern(a, 3, 100);
    require_pattern(b, 1, 103);
    require_pattern(c, 60, 104);
    lariat_writev(loop, &op.op, fd, iov, 4, 4096);
    ck_assert_int_eq(result(&op), 64);
    unsigned char back[64];
    ck_assert_int_eq(pread(fd, back, 64, 4096), 64);
    require_pattern(back, 64, 100);
    close(fd);
}
END_TEST

START_TEST(offset_minus_1_is_the_position_of_the_file)
{
    int fd = temp_file_or_fail(100, 0);
    unsigned char buf[10];
    struct counted_op op;
    counted_op_init(&op);
    ck_assert_int_eq(lseek(fd, 40, SEEK_SET), 40);
    for (size_t i = 0; i < 3; i++) {
        lariat_read(loop, &op.op, fd, buf, sizeof(buf), -1);
        ck_assert_int_eq(result(&op), sizeof(buf));
        require_pattern(buf, sizeof(buf), 40 + 10 * i);
    }
    ck_assert_int_eq(lseek(fd, 0, SEEK_CUR), 70);
    close(fd);
}
END_TEST

START_TEST(a_read_of_a_pipe_waits_for_data)
{
    int fds[2];
    char buf[10];
    struct counted_op op;
    counted_op_init(&op);
    pipe_or_fail(fds);
    lariat_read(loop, &op.op, fds[0], buf, sizeof(buf), -1);
    poll_until_quiet(loop);
    ck_assert_int_eq(op.done, 0);
    write_or_fail(fds[1], "hello", 5);
    ck_assert_int_eq(result(&op), 5);
    ck_assert_mem_eq(buf, "hello", 5);
    close_both(fds);
}
END_TEST

/* Submits one bad request of each kind; the kernel's own calls say what the result should be. */
static void require_result_of_pread(int fd, void *buf, size_t len, int64_t offset)
{
    struct counted_op op;
    counted_op_init(&op);
    ssize_t expected = pread(fd, buf, len, offset) < 0 ? -errno : 0;
    lariat_read(loop, &op.op, fd, buf, len, offset);
    ck_assert_msg(result(&op) == expected, "read at %lld gave %d, pread %zd", (long long)offset, op.res, expected);
}

static void require_result_of_pwrite(int fd, const void *buf, size_t len, int64_t offset)
{
    struct counted_op op;
    counted_op_init(&op);
    ssize_t expected = pwrite(fd, buf, len, offset) < 0 ? -errno : 0;
    lariat_write(loop, &op.op, fd, buf, len, offset);
    ck_assert_msg(result(&op) == expected, "write at %lld gave %d, pwrite %zd", (long long)offset, op.res, expected);
}

START_TEST(a_bad_offset_or_descriptor_arrives_as_the_result)
{
    int fd = temp_file_or_fail(100, 0);
    char buf[16] = "";
    static const int64_t offsets[] = { -2, INT64_MIN, INT64_MAX, INT64_MAX - 8, INT64_MAX - 16 };
    for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
        require_result_of_pread(fd, buf, sizeof(buf), offsets[i]);
        require_result_of_pwrite(fd, buf, sizeof(buf), offsets[i]);
    }
    static const int bad[] = { -1, INT32_MIN, INT32_MAX, 65535 };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        require_result_of_pread(bad[i], buf, sizeof(buf), 0);
        require_result_of_pwrite(bad[i], buf, sizeof(buf), 0);
    }
    close(fd);
}
END_TEST

START_TEST(a_descriptor_opened_the_other_way_is_ebadf)
{
    int fds[2];
    char buf[1] = "";
    struct counted_op op;
    counted_op_init(&op);
    pipe_or_fail(fds);
    lariat_read(loop, &op.op, fds[1], buf, 1, -1);
    ck_assert_int_eq(result(&op), -EBADF);
    lariat_write(loop, &op.op, fds[0], buf, 1, -1);
    ck_assert_int_eq(result(&op), -EBADF);
    close_both(fds);
}
END_TEST

START_TEST(memory_that_is_not_there_is_efault)
{
    if (tests_run_with_tools())
        test_skip("valgrind and ASan are told of it before the kernel is");
    int fd = temp_file_or_fail(100, 0);
    struct counted_op op;
    counted_op_init(&op);
    lariat_read(loop, &op.op, fd, NULL, 16, 0);
    ck_assert_int_eq(result(&op), -EFAULT);
    lariat_readv(loop, &op.op, fd, NULL, 1, 0);
    ck_assert_int_eq(result(&op), -EFAULT);
    close(fd);
}
END_TEST

START_TEST(from_0_to_1024_iovecs_are_taken_and_others_are_einval)
{
    static struct iovec iov[1025];
    static unsigned char mem[1025];
    int fd = temp_file_or_fail(4096, 0);
    for (size_t i = 0; i < 1025; i++)
        iov[i] = (struct iovec){ &mem[i], 1 };
    static const struct { int n, expected; } table[] = {
        { 0, 0 }, { 1, 1 }, { 1024, 1024 }, { 1025, -EINVAL }, { -1, -EINVAL }, { INT32_MIN, -EINVAL }, { INT32_MAX, -EINVAL },
    };
    struct counted_op op;
    counted_op_init(&op);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        lariat_readv(loop, &op.op, fd, iov, table[i].n, 0);
        ck_assert_msg(result(&op) == table[i].expected, "readv of %d: %d", table[i].n, op.res);
        lariat_writev(loop, &op.op, fd, iov, table[i].n, 0);
        ck_assert_msg(result(&op) == table[i].expected, "writev of %d: %d", table[i].n, op.res);
    }
    close(fd);
}
END_TEST

START_TEST(more_than_2_gib_is_cut_and_not_wrapped)
{
    if (tests_run_under_valgrind())
        test_skip("valgrind looks at each byte");
    const size_t len = (size_t)3 << 30;
    void *mem = sparse_memory_or_fail(len);
    int fd = temp_file_or_fail(4096, 0);
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    struct counted_op op;
    counted_op_init(&op);
    lariat_read(loop, &op.op, fd, mem, len, 0);
    ck_assert_int_eq(result(&op), 4096);
    lariat_write(loop, &op.op, null, mem, len, 0);
    ck_assert_int_eq(result(&op), 0x7ffff000);
    struct iovec iov[2] = { { mem, len }, { mem, len } };
    lariat_writev(loop, &op.op, null, iov, 2, 0);
    ck_assert_int_eq(result(&op), 0x7ffff000);
    close(null);
    close(fd);
    munmap(mem, len);
}
END_TEST

START_TEST(a_length_that_reaches_around_is_no_success)
{
    if (tests_run_with_tools())
        test_skip("valgrind and ASan look at each byte");
    int fd = temp_file_or_fail(4096, 0);
    char *mem = sparse_memory_or_fail(8192);
    struct counted_op op;
    counted_op_init(&op);
    lariat_read(loop, &op.op, fd, mem, SIZE_MAX, 0);
    ck_assert_int_eq(result(&op), 4096);
    struct iovec iov = { mem, SIZE_MAX };
    lariat_readv(loop, &op.op, fd, &iov, 1, 0);
    ck_assert_int_eq(result(&op), -EINVAL);
    munmap(mem, 8192);
    close(fd);
}
END_TEST

START_TEST(errors_of_a_device_are_the_result)
{
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC), mem = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    char buf[16] = "";
    struct counted_op op;
    counted_op_init(&op);
    for (int i = 0; i < 2; i++) {
        op.op.flags = i == 0 ? 0 : LARIAT_OP_FULL;
        lariat_write(loop, &op.op, full, buf, sizeof(buf), 0);
        ck_assert_int_eq(result(&op), -ENOSPC);
        lariat_read(loop, &op.op, mem, buf, sizeof(buf), 0); /* where no memory is */
        ck_assert_int_eq(result(&op), -EIO);
    }
    ck_assert_uint_eq(stats_of(loop).op_errors, 4);
    close(full);
    close(mem);
}
END_TEST

START_TEST(a_misaligned_direct_read_is_einval)
{
    int fd = temp_file_or_fail(8192, O_DIRECT);
    unsigned char *buf = lariat_buffer_alloc(4096, 4096);
    struct counted_op op;
    counted_op_init(&op);
    ck_assert_ptr_nonnull(buf);
    lariat_read(loop, &op.op, fd, buf, 4096, 4096);
    ck_assert_int_eq(result(&op), 4096);
    require_pattern(buf, 4096, 4096);
    lariat_read(loop, &op.op, fd, buf, 4096, 7);
    ck_assert_int_eq(result(&op), -EINVAL);
    lariat_read(loop, &op.op, fd, buf, 100, 0);
    ck_assert_int_eq(result(&op), -EINVAL);
    lariat_buffer_free(buf);
    close(fd);
}
END_TEST

START_TEST(fsync_and_fdatasync_succeed_on_files_only)
{
    int fd = temp_file_or_fail(100, 0), fds[2];
    struct counted_op op;
    counted_op_init(&op);
    pipe_or_fail(fds);
    for (int datasync = 0; datasync < 2; datasync++) {
        lariat_fsync(loop, &op.op, fd, datasync);
        ck_assert_int_eq(result(&op), 0);
        lariat_fsync(loop, &op.op, fds[1], datasync);
        ck_assert_int_eq(result(&op), -EINVAL);
        lariat_fsync(loop, &op.op, -1, datasync);
        ck_assert_int_eq(result(&op), -EBADF);
    }
    close_both(fds);
    close(fd);
}
END_TEST

START_TEST(sync_file_range_takes_ranges_of_32_bits)
{
    int fd = temp_file_or_fail(100, 0);
    struct counted_op op;
    counted_op_init(&op);
    static const struct { int64_t offset, len; int flags, expected; } table[] = {
        { 0, 100, SYNC_FILE_RANGE_WRITE, 0 },
        { 50, 0, SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER, 0 },
        { 0, UINT32_MAX, SYNC_FILE_RANGE_WRITE, 0 },
        { 0, (int64_t)UINT32_MAX + 1, SYNC_FILE_RANGE_WRITE, -EINVAL },
        { 0, -1, SYNC_FILE_RANGE_WRITE, -EINVAL },
        { -1, 1, SYNC_FILE_RANGE_WRITE, -EINVAL },
        { 0, 1, 1 << 20, -EINVAL },
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        lariat_sync_file_range(loop, &op.op, fd, table[i].offset, table[i].len, table[i].flags);
        ck_assert_msg(result(&op) == table[i].expected, "row %zu: %d", i, op.res);
    }
    close(fd);
}
END_TEST

START_TEST(fallocate_extends_and_punches)
{
    int fd = temp_file_or_fail(16384, 0);
    unsigned char buf[4096], zeroes[4096] = { 0 };
    struct counted_op op;
    counted_op_init(&op);
    lariat_fallocate(loop, &op.op, fd, 0, 0, 65536);
    ck_assert_int_eq(result(&op), 0);
    ck_assert_int_eq(file_size(fd), 65536);
    lariat_fallocate(loop, &op.op, fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 4096, 4096);
    ck_assert_int_eq(result(&op), 0);
    ck_assert_int_eq(pread(fd, buf, 4096, 4096), 4096);
    ck_assert_mem_eq(buf, zeroes, 4096);
    lariat_fallocate(loop, &op.op, fd, 0, -1, 10);
    ck_assert_int_eq(result(&op), -EINVAL);
    lariat_fallocate(loop, &op.op, fd, 0, 0, 0);
    ck_assert_int_eq(result(&op), -EINVAL);
    lariat_fallocate(loop, &op.op, fd, 1 << 20, 0, 10);
    ck_assert_int_eq(result(&op), -EOPNOTSUPP);
    close(fd);
}
END_TEST

START_TEST(a_close_op_closes)
{
    int fds[2];
    struct counted_op op;
    counted_op_init(&op);
    pipe_or_fail(fds);
    lariat_close(loop, &op.op, fds[1]);
    ck_assert_int_eq(result(&op), 0);
    ck_assert_int_eq(fcntl(fds[1], F_GETFD), -1);
    char byte;
    ck_assert_int_eq(read(fds[0], &byte, 1), 0);
    lariat_close(loop, &op.op, fds[1]);
    ck_assert_int_eq(result(&op), -EBADF);
    lariat_close(loop, &op.op, -1);
    ck_assert_int_eq(result(&op), -EBADF);
    close(fds[0]);
}
END_TEST

START_TEST(rw_flags_reach_the_kernel)
{
    int fd = temp_file_or_fail(10, 0);
    char buf[4] = "abc";
    struct counted_op op;
    counted_op_init(&op);
    op.op.rw_flags = RWF_APPEND;
    lariat_write(loop, &op.op, fd, buf, 4, 0);
    ck_assert_int_eq(result(&op), 4);
    ck_assert_int_eq(file_size(fd), 14);
    op.op.rw_flags = 1 << 30;
    lariat_read(loop, &op.op, fd, buf, 4, 0);
    ck_assert_int_eq(result(&op), -EOPNOTSUPP);
    close(fd);
}
END_TEST

START_TEST(an_io_priority_is_checked_by_the_kernel)
{
    int fd = temp_file_or_fail(10, 0);
    char buf[4];
    struct counted_op op;
    counted_op_init(&op);
    op.op.ioprio = IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, 3);
    lariat_read(loop, &op.op, fd, buf, 4, 0);
    ck_assert_int_eq(result(&op), 4);
    static const unsigned bad[] = { IOPRIO_PRIO_VALUE(6, 0), 0x10000, UINT32_MAX };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        op.op.ioprio = bad[i];
        lariat_read(loop, &op.op, fd, buf, 4, 0);
        ck_assert_msg(result(&op) == -EINVAL, "ioprio %#x: %d", bad[i], op.res);
    }
    close(fd);
}
END_TEST

START_TEST(flags_that_make_no_sense_are_einval)
{
    static const unsigned bad[] = {
        LARIAT_OP_FULL | LARIAT_OP_LINK, LARIAT_OP_FULL | LARIAT_OP_MULTISHOT, LARIAT_OP_MULTISHOT, 1u << 20, 1u << 31,
    };
    int fd = temp_file_or_fail(10, 0);
    char buf[4];
    struct counted_op op;
    counted_op_init(&op);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        op.op.flags = bad[i];
        lariat_read(loop, &op.op, fd, buf, 4, 0);
        ck_assert_msg(result(&op) == -EINVAL, "flags %#x: %d", bad[i], op.res);
    }
    close(fd);
}
END_TEST

static void add_files(Suite *suite)
{
    TCase *tc = case_of(suite, "files");
    tcase_add_checked_fixture(tc, open_loop, close_loop);
    tcase_add_test(tc, a_read_brings_what_the_file_holds);
    tcase_add_test(tc, a_read_across_the_end_is_short_and_one_behind_it_is_0);
    tcase_add_test(tc, a_write_reaches_the_file);
    tcase_add_test(tc, readv_scatters_and_writev_gathers);
    tcase_add_test(tc, offset_minus_1_is_the_position_of_the_file);
    tcase_add_test(tc, a_read_of_a_pipe_waits_for_data);
    tcase_add_test(tc, fsync_and_fdatasync_succeed_on_files_only);
    tcase_add_test(tc, sync_file_range_takes_ranges_of_32_bits);
    tcase_add_test(tc, fallocate_extends_and_punches);
    tcase_add_test(tc, a_close_op_closes);
    tcase_add_test(tc, rw_flags_reach_the_kernel);
    tcase_add_test(tc, an_io_priority_is_checked_by_the_kernel);
}

static void add_bad_input(Suite *suite)
{
    TCase *tc = case_of(suite, "bad input");
    tcase_add_checked_fixture(tc, open_loop, close_loop);
    tcase_add_test(tc, a_bad_offset_or_descriptor_arrives_as_the_result);
    tcase_add_test(tc, a_descriptor_opened_the_other_way_is_ebadf);
    tcase_add_test(tc, memory_that_is_not_there_is_efault);
    tcase_add_test(tc, from_0_to_1024_iovecs_are_taken_and_others_are_einval);
    tcase_add_test(tc, more_than_2_gib_is_cut_and_not_wrapped);
    tcase_add_test(tc, a_length_that_reaches_around_is_no_success);
    tcase_add_test(tc, errors_of_a_device_are_the_result);
    tcase_add_test(tc, a_misaligned_direct_read_is_einval);
    tcase_add_test(tc, flags_that_make_no_sense_are_einval);
}

static void add(Suite *suite)
{
    add_files(suite);
    add_bad_input(suite);
}

int main(void)
{
    return suite_main("op", add);
}
