/* SPDX-License-Identifier: MIT */
/* Files: what is found out about a target, and the ways that I/O on it takes. Block devices: test_file_block.c. */
#include <sys/stat.h>
#include <sys/statfs.h>

#include "file_support.h"

START_TEST(a_regular_file_is_described)
{
    int fd = temp_file_or_fail(10000, 0);
    struct lariat_file *file = reopen_or_fail(fd, O_RDWR);
    struct lariat_file_info info = info_of(file);
    ck_assert_int_eq(info.kind, LARIAT_FILE_REGULAR);
    ck_assert_int_eq(info.size_bytes, 10000);
    ck_assert_uint_eq(info.dio_mem_align, 1);
    ck_assert_uint_eq(info.dio_offset_align, 1);
    ck_assert_uint_ge(info.logical_block_size, 512);
    ck_assert(!info.direct && !info.mounted);
    ck_assert_int_eq(fcntl(lariat_file_fd(file), F_GETFD), FD_CLOEXEC);
    lariat_file_close(file);
    close(fd);
}
END_TEST

START_TEST(a_direct_file_tells_its_alignment)
{
    int fd = temp_file_or_fail(8192, 0);
    struct lariat_file *file = reopen_or_fail(fd, O_RDWR | O_DIRECT);
    struct lariat_file_info info = info_of(file);
    struct counted_op op;
    counted_op_init(&op);
    ck_assert(info.direct);
    ck_assert_uint_gt(info.dio_mem_align, 1);
    ck_assert_uint_eq(info.dio_mem_align & (info.dio_mem_align - 1), 0);
    ck_assert_uint_gt(info.dio_offset_align, 1);
    ck_assert_uint_eq(info.dio_offset_align & (info.dio_offset_align - 1), 0);
    unsigned char *buf = lariat_buffer_alloc(info.dio_mem_align, info.dio_offset_align);
    lariat_file_read(loop, &op.op, file, buf, info.dio_offset_align, info.dio_offset_align);
    ck_assert_int_eq(result(&op), (int)info.dio_offset_align);
    require_pattern(buf, info.dio_offset_align, info.dio_offset_align);
    lariat_file_read(loop, &op.op, file, buf, info.dio_offset_align, 1);
    ck_assert_int_eq(result(&op), -EINVAL);
    lariat_buffer_free(buf);
    lariat_file_close(file);
    close(fd);
}
END_TEST

START_TEST(tmpfs_is_memory_backed)
{
    struct lariat_file *file = tmpfs_file_or_null(5000, O_RDWR);
    if (file == NULL)
        test_skip("no tmpfs at /dev/shm");
    struct lariat_file_info info = info_of(file);
    ck_assert_int_eq(info.kind, LARIAT_FILE_REGULAR);
    ck_assert(info.memory_backed);
    ck_assert_int_eq(info.size_bytes, 5000);
    ck_assert(info.supports_discard && info.supports_write_zeroes);
    lariat_file_close(file);
}
END_TEST

START_TEST(a_character_device_and_a_pipe_are_told_apart)
{
    struct lariat_file *file = open_or_fail("/dev/null", O_RDWR);
    int fds[2];
    ck_assert_int_eq(info_of(file).kind, LARIAT_FILE_CHAR);
    ck_assert_int_eq(info_of(file).size_bytes, 0);
    ck_assert(!info_of(file).supports_discard);
    lariat_file_close(file);
    pipe_or_fail(fds);
    file = reopen_or_fail(fds[0], O_RDONLY);
    ck_assert_int_eq(info_of(file).kind, LARIAT_FILE_OTHER);
    lariat_file_close(file);
    close_both(fds);
}
END_TEST

START_TEST(what_cannot_be_opened_is_told_in_words)
{
    static const struct { const char *path; int oflags, expected; } table[] = {
        { "/nonexistent/lariat", O_RDONLY, -ENOENT },
        { "/tmp", O_RDONLY, -EISDIR },
        { "/tmp", O_RDWR, -EISDIR },
        { "/etc/passwd/x", O_RDONLY, -ENOTDIR },
        { "", O_RDONLY, -ENOENT },
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct lariat_file *file = NULL;
        char *errmsg = NULL;
        int n_fds = count_fds();
        ck_assert_int_eq(lariat_file_open(table[i].path, table[i].oflags, 0, &file, &errmsg), table[i].expected);
        ck_assert_ptr_nonnull(errmsg);
        ck_assert_ptr_nonnull(strstr(errmsg, table[i].path));
        ck_assert_ptr_null(strchr(errmsg, '\n'));
        free(errmsg);
        ck_assert_int_eq(lariat_file_open(table[i].path, table[i].oflags, 0, &file, NULL), table[i].expected);
        ck_assert_int_eq(count_fds(), n_fds);
    }
}
END_TEST

START_TEST(a_success_leaves_the_message_alone_or_null)
{
    char *errmsg = NULL;
    struct lariat_file *file = NULL;
    ck_assert_int_eq(lariat_file_open("/dev/zero", O_RDONLY, 0, &file, &errmsg), 0);
    ck_assert_ptr_null(errmsg);
    lariat_file_close(file);
    lariat_file_close(NULL);
}
END_TEST

/* With O_DIRECT even a write that fails may touch the time stamps and the set-uid bit. */
START_TEST(probing_changes_nothing)
{
    static const int oflags[] = { O_RDWR, O_RDWR | O_DIRECT, O_WRONLY, O_RDONLY };
    for (size_t i = 0; i < sizeof(oflags) / sizeof(oflags[0]); i++) {
        int fd = temp_file_or_fail(8192, 0);
        const struct timespec long_ago[] = { { 1000000, 0 }, { 1000000, 0 } };
        struct stat before, after;
        ck_assert_int_eq(fchmod(fd, 06755), 0);
        ck_assert_int_eq(futimens(fd, long_ago), 0);
        ck_assert_int_eq(fstat(fd, &before), 0);
        struct lariat_file *file = reopen_or_fail(fd, oflags[i]);
        ck_assert_int_eq(fstat(fd, &after), 0);
        ck_assert_msg(after.st_mtim.tv_sec == 1000000, "oflags %#x: the file looks modified", (unsigned)oflags[i]);
        ck_assert_mem_eq(&after.st_ctim, &before.st_ctim, sizeof(before.st_ctim));
        ck_assert_int_eq(after.st_blocks, before.st_blocks);
        ck_assert_int_eq(after.st_size, 8192);
        ck_assert_uint_eq(after.st_mode, before.st_mode);
        lariat_file_close(file);
        close(fd);
    }
}
END_TEST

START_TEST(a_refresh_tells_the_new_size)
{
    int fd = temp_file_or_fail(100, 0);
    struct lariat_file *file = reopen_or_fail(fd, O_RDWR);
    ck_assert_int_eq(ftruncate(fd, 123456), 0);
    ck_assert_int_eq(info_of(file).size_bytes, 100);
    ck_assert_int_eq(lariat_file_refresh(file), 0);
    ck_assert_int_eq(info_of(file).size_bytes, 123456);
    lariat_file_close(file);
    close(fd);
}
END_TEST

static void *refresh_again_and_again(void *opaque)
{
    for (int i = 0; i < 500; i++)
        lariat_file_refresh(opaque);
    return NULL;
}

/* TSan looks on. */
START_TEST(one_thread_may_refresh_while_another_asks)
{
    int fd = temp_file_or_fail(1000, 0), n_wrong = 0;
    struct lariat_file *file = reopen_or_fail(fd, O_RDWR);
    pthread_t thread = thread_or_fail(refresh_again_and_again, file);
    for (int i = 0; i < 500; i++)
        n_wrong += info_of(file).size_bytes != 1000;
    join_or_fail(thread);
    ck_assert_int_eq(n_wrong, 0);
    lariat_file_close(file);
    close(fd);
}
END_TEST

static void ask_without_a_size(void *opaque)
{
    struct lariat_file_info info = LARIAT_FILE_INFO_INIT;
    info.size = 0;
    lariat_file_get_info(opaque, &info);
}

START_TEST(file_info_without_a_size_aborts)
{
    int fd = temp_file_or_fail(1, 0);
    struct lariat_file *file = reopen_or_fail(fd, O_RDWR);
    must_abort(ask_without_a_size, file, "lariat_file_get_info", "size");
    lariat_file_close(file);
    close(fd);
}
END_TEST

START_TEST(an_older_caller_gets_no_more_than_it_asked_for)
{
    int fd = temp_file_or_fail(100, 0);
    struct lariat_file *file = reopen_or_fail(fd, O_RDWR);
    struct lariat_file_info info;
    memset(&info, 0x5a, sizeof(info));
    info.size = offsetof(struct lariat_file_info, dio_mem_align);
    lariat_file_get_info(file, &info);
    ck_assert_uint_eq(info.size, offsetof(struct lariat_file_info, dio_mem_align));
    ck_assert_int_eq(info.size_bytes, 100);
    ck_assert_uint_eq(info.dio_mem_align, 0x5a5a5a5a);
    ck_assert_uint_eq(info.logical_block_size, 0x5a5a5a5a);
    lariat_file_close(file);
    close(fd);
}
END_TEST

/* The forms of file I/O, on any file; 64 KiB and less. */
static void require_io(struct lariat_file *file)
{
    unsigned char data[100], back[100];
    struct iovec out[] = { { data, 33 }, { NULL, 0 }, { data + 33, 67 } };
    struct iovec in[] = { { back, 1 }, { back + 1, 99 } };
    struct counted_op op;
    counted_op_init(&op);
    for (size_t offset = 0; offset < 4; offset++) {
        fill_pattern(data, sizeof(data), offset * 17);
        memset(back, 0, sizeof(back));
        if (offset & 1)
            lariat_file_write(loop, &op.op, file, data, sizeof(data), (int64_t)offset * 1000);
        else
            lariat_file_writev(loop, &op.op, file, out, 3, (int64_t)offset * 1000);
        ck_assert_int_eq(op.done, 0);
        ck_assert_int_eq(result(&op), sizeof(data));
        if (offset & 2)
            lariat_file_read(loop, &op.op, file, back, sizeof(back), (int64_t)offset * 1000);
        else
            lariat_file_readv(loop, &op.op, file, in, 2, (int64_t)offset * 1000);
        ck_assert_int_eq(op.done, 0);
        ck_assert_int_eq(result(&op), sizeof(back));
        ck_assert_mem_eq(back, data, sizeof(data));
    }
    lariat_file_fsync(loop, &op.op, file, true);
    ck_assert_int_eq(result(&op), 0);
}

START_TEST(io_on_a_disk_goes_through_the_ring)
{
    int fd = temp_file_or_fail(8192, 0);
    struct lariat_file *file = reopen_or_fail(fd, O_RDWR);
    require_io(file);
    struct lariat_loop_stats stats = stats_of(loop);
    ck_assert_uint_eq(stats.ops_inline, 0);
    ck_assert_uint_eq(stats.ops[LARIAT_OP_KIND_READ], 4);
    ck_assert_uint_eq(stats.ops[LARIAT_OP_KIND_WRITE], 4);
    lariat_file_close(file);
    close(fd);
}
END_TEST

START_TEST(small_io_in_memory_is_done_inline)
{
    struct lariat_file *file = tmpfs_file_or_null(8192, O_RDWR);
    if (file == NULL)
        test_skip("no tmpfs at /dev/shm");
    uint64_t submitted = stats_of(loop).sqes_submitted;
    require_io(file);
    struct lariat_loop_stats stats = stats_of(loop);
    ck_assert_uint_eq(stats.ops_inline, 8);
    ck_assert_uint_eq(stats.ops[LARIAT_OP_KIND_READ], 4);
    ck_assert_uint_eq(stats.ops[LARIAT_OP_KIND_WRITE], 4);
    ck_assert_uint_le(stats.sqes_submitted - submitted, 2); /* the fsync, and the loop's own wake-up poll */
    lariat_file_close(file);
}
END_TEST

START_TEST(large_io_in_memory_goes_through_the_ring)
{
    struct lariat_file *file = tmpfs_file_or_null(200000, O_RDWR);
    if (file == NULL)
        test_skip("no tmpfs at /dev/shm");
    static unsigned char buf[65537];
    struct counted_op op;
    counted_op_init(&op);
    lariat_file_read(loop, &op.op, file, buf, 65536, 0);
    ck_assert_int_eq(result(&op), 65536);
    ck_assert_uint_eq(stats_of(loop).ops_inline, 1);
    lariat_file_read(loop, &op.op, file, buf, 65537, 0);
    ck_assert_int_eq(result(&op), 65537);
    ck_assert_uint_eq(stats_of(loop).ops_inline, 1);
    require_pattern(buf, 65537, 0);
    lariat_file_close(file);
}
END_TEST

START_TEST(inline_errors_are_those_of_the_ring)
{
    struct lariat_file *file = tmpfs_file_or_null(100, O_RDONLY);
    if (file == NULL)
        test_skip("no tmpfs at /dev/shm");
    char buf[10] = "";
    struct iovec iov = { buf, sizeof(buf) };
    struct counted_op op;
    counted_op_init(&op);
    lariat_file_write(loop, &op.op, file, buf, sizeof(buf), 0);
    ck_assert_int_eq(result(&op), -EBADF);
    lariat_file_read(loop, &op.op, file, buf, sizeof(buf), -2);
    ck_assert_int_eq(result(&op), -EINVAL);
    lariat_file_read(loop, &op.op, file, buf, sizeof(buf), INT64_MAX);
    ck_assert_int_eq(result(&op), -EINVAL);
    lariat_file_readv(loop, &op.op, file, &iov, -1, 0);
    ck_assert_int_eq(result(&op), -EINVAL);
    lariat_file_readv(loop, &op.op, file, &iov, 0, 0);
    ck_assert_int_eq(result(&op), 0);
    lariat_file_read(loop, &op.op, file, buf, sizeof(buf), 95);
    ck_assert_int_eq(result(&op), 5);
    ck_assert_uint_eq(stats_of(loop).op_errors, 4);
    lariat_file_close(file);
}
END_TEST

START_TEST(flags_go_with_file_io_too)
{
    int fd = temp_file_or_fail(100, 0);
    struct lariat_file *file = reopen_or_fail(fd, O_RDWR);
    char buf[200];
    struct counted_op op;
    counted_op_init(&op);
    op.op.flags = LARIAT_OP_FIXED_FILE;
    lariat_file_read(loop, &op.op, file, buf, 10, 0);
    ck_assert_int_eq(result(&op), -EINVAL);
    lariat_file_fsync(loop, &op.op, file, false);
    ck_assert_int_eq(result(&op), -EINVAL);
    lariat_file_discard(loop, &op.op, file, 0, 10);
    ck_assert_int_eq(result(&op), -EINVAL);
    op.op.flags = LARIAT_OP_FULL;
    lariat_file_read(loop, &op.op, file, buf, sizeof(buf), 0);
    ck_assert_int_eq(result(&op), 100);
    lariat_file_close(file);
    close(fd);
}
END_TEST

START_TEST(full_and_rw_flags_work_in_memory_too)
{
    struct lariat_file *file = tmpfs_file_or_null(100, O_RDWR);
    if (file == NULL)
        test_skip("no tmpfs at /dev/shm");
    char buf[200];
    struct counted_op op;
    counted_op_init(&op);
    op.op.flags = LARIAT_OP_FULL;
    lariat_file_read(loop, &op.op, file, buf, sizeof(buf), 0);
    ck_assert_int_eq(result(&op), 100);
    op.op.flags = 0;
    op.op.rw_flags = 1 << 30;
    lariat_file_read(loop, &op.op, file, buf, sizeof(buf), 0);
    ck_assert_int_eq(result(&op), -EOPNOTSUPP);
    op.op.rw_flags = 0;
    op.op.ioprio = UINT32_MAX;
    lariat_file_read(loop, &op.op, file, buf, sizeof(buf), 0);
    ck_assert_int_eq(result(&op), -EINVAL);
    lariat_file_close(file);
}
END_TEST

/* Done inline, the second would come before the first. */
START_TEST(a_chain_in_memory_keeps_its_order)
{
    struct lariat_file *file = tmpfs_file_or_null(10, O_RDWR);
    if (file == NULL)
        test_skip("no tmpfs at /dev/shm");
    int fds[2];
    char byte;
    struct counted_op ops[2];
    counted_ops_init(ops, 2);
    pipe_or_fail(fds);
    ops[0].op.flags = LARIAT_OP_LINK;
    lariat_read(loop, &ops[0].op, fds[0], &byte, 1, -1);
    lariat_file_write(loop, &ops[1].op, file, "x", 1, 10);
    poll_until_quiet(loop);
    ck_assert_int_eq(ops[1].done, 0);
    ck_assert_int_eq(file_size(lariat_file_fd(file)), 10);
    write_or_fail(fds[1], "y", 1);
    ck_assert_int_eq(result(&ops[1]), 1);
    ck_assert_int_eq(file_size(lariat_file_fd(file)), 11);
    lariat_file_close(file);
    close_both(fds);
}
END_TEST

/* Data around the range must stay, the range itself must read as zeroes. */
static void require_zeroes_only(int fd, size_t from, size_t to, size_t end)
{
    static unsigned char buf[1 << 20];
    ck_assert_uint_le(end, sizeof(buf));
    ck_assert_int_eq(pread(fd, buf, end, 0), (ssize_t)end);
    require_pattern(buf, from, 0);
    require_zeroes(buf + from, to - from);
    require_pattern(buf + to, end - to, to);
}

static void discard_and_zero(struct lariat_file *file)
{
    int fd = lariat_file_fd(file);
    struct stat before, after;
    struct counted_op op;
    counted_op_init(&op);
    ck_assert_int_eq(fstat(fd, &before), 0);
    lariat_file_discard(loop, &op.op, file, 65536, 131072);
    ck_assert_int_eq(result(&op), 0);
    require_zeroes_only(fd, 65536, 196608, 1 << 20);
    ck_assert_int_eq(fstat(fd, &after), 0);
    ck_assert_int_le(after.st_blocks, before.st_blocks - 131072 / 512);
    ck_assert_int_eq(lseek(fd, 0, SEEK_HOLE), 65536);
    lariat_file_write_zeroes(loop, &op.op, file, 196608 - 5, 1000 + 5);
    ck_assert_int_eq(result(&op), 0);
    require_zeroes_only(fd, 65536, 197608, 1 << 20);
    ck_assert_int_eq(file_size(fd), 1 << 20);
}

START_TEST(discard_and_write_zeroes_make_zeroes_on_disk)
{
    int fd = temp_file_or_fail(1 << 20, 0);
    struct lariat_file *file = reopen_or_fail(fd, O_RDWR);
    if (!info_of(file).supports_discard)
        test_skip("this file system cannot punch holes");
    discard_and_zero(file);
    struct lariat_loop_stats stats = stats_of(loop);
    ck_assert_uint_eq(stats.ops[LARIAT_OP_KIND_DISCARD], 1);
    ck_assert_uint_eq(stats.ops[LARIAT_OP_KIND_ALLOCATE], 1);
    struct counted_op op;
    counted_op_init(&op);
    lariat_file_write_zeroes(loop, &op.op, file, 1 << 20, 4096);
    ck_assert_int_eq(result(&op), 0);
    ck_assert_int_eq(file_size(fd), (1 << 20) + 4096);
    lariat_file_close(file);
    close(fd);
}
END_TEST

START_TEST(discard_and_write_zeroes_make_zeroes_in_memory)
{
    struct lariat_file *file = tmpfs_file_or_null(1 << 20, O_RDWR);
    if (file == NULL)
        test_skip("no tmpfs at /dev/shm");
    discard_and_zero(file);
    lariat_file_close(file);
}
END_TEST

/* tmpfs writes zeroes by a hole, which must lie inside the file: as long as it is now, not when it was opened. */
START_TEST(write_zeroes_knows_how_long_the_file_has_become)
{
    static unsigned char data[65536];
    struct counted_op op;
    struct lariat_file *file = tmpfs_file_or_null(100, O_RDWR);
    if (file == NULL)
        test_skip("no tmpfs at /dev/shm");
    counted_op_init(&op);
    fill_pattern(data, sizeof(data), 0);
    lariat_file_write(loop, &op.op, file, data, sizeof(data), 0);
    ck_assert_int_eq(result(&op), sizeof(data));
    lariat_file_write_zeroes(loop, &op.op, file, 4096, 4096);
    ck_assert_int_eq(result(&op), 0);
    ck_assert_int_eq(pread(lariat_file_fd(file), data, sizeof(data), 0), sizeof(data));
    require_pattern(data, 4096, 0);
    require_zeroes(data + 4096, 4096);
    require_pattern(data + 8192, sizeof(data) - 8192, 8192);
    ck_assert_int_eq(ftruncate(lariat_file_fd(file), 6000), 0);
    lariat_file_write_zeroes(loop, &op.op, file, 4096, 4096);
    ck_assert_int_eq(result(&op), -EOPNOTSUPP);
    lariat_file_close(file);
}
END_TEST

START_TEST(bad_ranges_are_refused)
{
    int fd = temp_file_or_fail(8192, 0);
    struct lariat_file *file = reopen_or_fail(fd, O_RDWR);
    static const struct { int64_t offset, len; } table[] = {
        { -1, 10 }, { 0, 0 }, { 0, -1 }, { 0, INT64_MIN }, { INT64_MIN, 1 }, { INT64_MAX, INT64_MAX }, { -2, 10 },
    };
    struct counted_op op;
    counted_op_init(&op);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        lariat_file_discard(loop, &op.op, file, table[i].offset, table[i].len);
        ck_assert_msg(result(&op) == -EINVAL || op.res == -EFBIG, "discard %zu: %d", i, op.res);
        lariat_file_write_zeroes(loop, &op.op, file, table[i].offset, table[i].len);
        ck_assert_msg(result(&op) == -EINVAL || op.res == -EFBIG, "write_zeroes %zu: %d", i, op.res);
    }
    ck_assert_int_eq(file_size(fd), 8192);
    lariat_file_close(file);
    close(fd);
}
END_TEST

START_TEST(a_discard_where_it_is_not_supported_fails_by_its_result)
{
    int fd = temp_file_or_fail(8192, 0);
    struct lariat_file *read_only = reopen_or_fail(fd, O_RDONLY), *null = open_or_fail("/dev/null", O_RDWR);
    struct counted_op op;
    counted_op_init(&op);
    ck_assert(!info_of(read_only).supports_discard && !info_of(null).supports_discard);
    lariat_file_discard(loop, &op.op, null, 0, 4096);
    ck_assert_int_eq(result(&op), -EOPNOTSUPP);
    lariat_file_write_zeroes(loop, &op.op, null, 0, 4096);
    ck_assert_int_lt(result(&op), 0);
    lariat_file_discard(loop, &op.op, read_only, 0, 4096);
    ck_assert_msg(result(&op) == -EBADF || op.res == -EOPNOTSUPP, "the result is %d", op.res);
    lariat_file_write_zeroes(loop, &op.op, read_only, 0, 4096);
    ck_assert_int_eq(result(&op), -EBADF);
    unsigned char buf[8192];
    ck_assert_int_eq(pread(fd, buf, sizeof(buf), 0), sizeof(buf));
    require_pattern(buf, sizeof(buf), 0);
    lariat_file_close(read_only);
    lariat_file_close(null);
    close(fd);
}
END_TEST

START_TEST(buffers_are_aligned_as_asked)
{
    static const size_t aligns[] = { 1, 2, 8, 512, 4096, 65536, 1 << 21 };
    for (size_t i = 0; i < sizeof(aligns) / sizeof(aligns[0]); i++) {
        char *buf = lariat_buffer_alloc(aligns[i], 100);
        ck_assert_ptr_nonnull(buf);
        ck_assert_uint_eq((uintptr_t)buf % aligns[i], 0);
        memset(buf, 1, 100);
        lariat_buffer_free(buf);
    }
    char *buf = lariat_buffer_alloc(0, 1);
    ck_assert_uint_eq((uintptr_t)buf % (uintptr_t)sysconf(_SC_PAGESIZE), 0);
    lariat_buffer_free(buf);
    lariat_buffer_free(lariat_buffer_alloc(512, 0));
    lariat_buffer_free(NULL);
    ck_assert_ptr_null(lariat_buffer_alloc(3, 100));
    ck_assert_ptr_null(lariat_buffer_alloc(4095, 100));
    if (!tests_run_with_tools())
        ck_assert_ptr_null(lariat_buffer_alloc(4096, SIZE_MAX - 100));
}
END_TEST

static void add_probing(Suite *suite)
{
    TCase *tc = case_of(suite, "probing");
    tcase_add_checked_fixture(tc, open_loop, close_loop);
    tcase_add_test(tc, a_regular_file_is_described);
    tcase_add_test(tc, a_direct_file_tells_its_alignment);
    tcase_add_test(tc, tmpfs_is_memory_backed);
    tcase_add_test(tc, a_character_device_and_a_pipe_are_told_apart);
    tcase_add_test(tc, what_cannot_be_opened_is_told_in_words);
    tcase_add_test(tc, a_success_leaves_the_message_alone_or_null);
    tcase_add_test(tc, probing_changes_nothing);
    tcase_add_test(tc, a_refresh_tells_the_new_size);
    tcase_add_test(tc, one_thread_may_refresh_while_another_asks);
    tcase_add_test(tc, an_older_caller_gets_no_more_than_it_asked_for);
    tcase_add_test(tc, file_info_without_a_size_aborts);
    tcase_add_test(tc, buffers_are_aligned_as_asked);
}

static void add_io(Suite *suite)
{
    TCase *tc = case_of(suite, "io");
    tcase_add_checked_fixture(tc, open_loop, close_loop);
    tcase_add_test(tc, io_on_a_disk_goes_through_the_ring);
    tcase_add_test(tc, small_io_in_memory_is_done_inline);
    tcase_add_test(tc, large_io_in_memory_goes_through_the_ring);
    tcase_add_test(tc, inline_errors_are_those_of_the_ring);
    tcase_add_test(tc, flags_go_with_file_io_too);
    tcase_add_test(tc, full_and_rw_flags_work_in_memory_too);
    tcase_add_test(tc, a_chain_in_memory_keeps_its_order);
    tcase_add_test(tc, discard_and_write_zeroes_make_zeroes_on_disk);
    tcase_add_test(tc, discard_and_write_zeroes_make_zeroes_in_memory);
    tcase_add_test(tc, write_zeroes_knows_how_long_the_file_has_become);
    tcase_add_test(tc, bad_ranges_are_refused);
    tcase_add_test(tc, a_discard_where_it_is_not_supported_fails_by_its_result);
}

static void add(Suite *suite)
{
    add_probing(suite);
    add_io(suite);
}

int main(void)
{
    return suite_main("file", add);
}
