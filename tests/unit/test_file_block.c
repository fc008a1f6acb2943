/* SPDX-License-Identifier: MIT */
/* Files that are block devices: a loop device over an unlinked file. Needs root and /dev/loop-control, else skipped. */
#include <linux/loop.h>
#include <sys/ioctl.h>

#include "file_support.h"

#define DEVICE_BYTES (2u << 20)

struct device {
    char path[32];
    int backing;
};

/* False: no loop device to be had. It goes away when its last user closes it. */
static bool device_made(struct device *device, int *device_fd)
{
    struct loop_config config = { .info.lo_flags = LO_FLAGS_AUTOCLEAR };
    int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
    if (control < 0)
        return false;
    device->backing = temp_file_or_fail(DEVICE_BYTES, 0);
    config.fd = (__u32)device->backing;
    for (int tries = 0; tries < 20; tries++) { /* another process may take the number first */
        int number = ioctl(control, LOOP_CTL_GET_FREE);
        snprintf(device->path, sizeof(device->path), "/dev/loop%d", number);
        *device_fd = number < 0 ? -1 : open(device->path, O_RDWR | O_CLOEXEC);
        if (*device_fd >= 0 && ioctl(*device_fd, LOOP_CONFIGURE, &config) == 0) {
            close(control);
            return true;
        }
        if (*device_fd >= 0)
            close(*device_fd);
    }
    close(control);
    close(device->backing);
    return false;
}

static struct device device;
static struct lariat_file *file;

/* Opens the test's device as `file`. False: skipped. */
static bool device_opened(int oflags)
{
    int fd;
    if (!device_made(&device, &fd))
        return false;
    file = open_or_fail(device.path, oflags);
    close(fd);
    return true;
}

static void device_done(void)
{
    lariat_file_close(file);
    close(device.backing);
}

START_TEST(a_block_device_is_described)
{
    if (!device_opened(O_RDWR | O_DIRECT))
        test_skip("no loop device to be had");
    struct lariat_file_info info = info_of(file);
    ck_assert_int_eq(info.kind, LARIAT_FILE_BLOCK);
    ck_assert_int_eq(info.size_bytes, DEVICE_BYTES);
    ck_assert_uint_ge(info.logical_block_size, 512);
    ck_assert_uint_ge(info.dio_offset_align, info.logical_block_size);
    ck_assert(info.direct && !info.memory_backed && !info.mounted);
    ck_assert(info.supports_write_zeroes);
    device_done();
}
END_TEST

START_TEST(a_device_held_by_somebody_is_mounted)
{
    if (!device_opened(O_RDWR))
        test_skip("no loop device to be had");
    ck_assert(!info_of(file).mounted);
    int holder = open(device.path, O_RDONLY | O_EXCL | O_CLOEXEC);
    ck_assert_int_ge(holder, 0);
    ck_assert_int_eq(lariat_file_refresh(file), 0);
    ck_assert(info_of(file).mounted);
    close(holder);
    ck_assert_int_eq(lariat_file_refresh(file), 0);
    ck_assert(!info_of(file).mounted);
    device_done();
}
END_TEST

START_TEST(a_refresh_tells_the_new_size_of_a_device)
{
    if (!device_opened(O_RDWR))
        test_skip("no loop device to be had");
    ck_assert_int_eq(ftruncate(device.backing, 2 * DEVICE_BYTES), 0);
    ck_assert_int_eq(ioctl(lariat_file_fd(file), LOOP_SET_CAPACITY), 0);
    ck_assert_int_eq(lariat_file_refresh(file), 0);
    ck_assert_int_eq(info_of(file).size_bytes, 2 * DEVICE_BYTES);
    device_done();
}
END_TEST

START_TEST(direct_io_on_a_device_must_be_aligned)
{
    if (!device_opened(O_RDWR | O_DIRECT))
        test_skip("no loop device to be had");
    unsigned char *buf = lariat_buffer_alloc(4096, 8192);
    struct counted_op op;
    counted_op_init(&op);
    lariat_file_read(loop, &op.op, file, buf, 8192, 4096);
    ck_assert_int_eq(result(&op), 8192);
    require_pattern(buf, 8192, 4096);
    lariat_file_read(loop, &op.op, file, buf, 8192, 100);
    ck_assert_int_eq(result(&op), -EINVAL);
    lariat_file_read(loop, &op.op, file, buf, 100, 0);
    ck_assert_int_eq(result(&op), -EINVAL);
    lariat_file_write(loop, &op.op, file, buf, 4096, 0);
    ck_assert_int_eq(result(&op), 4096);
    lariat_file_read(loop, &op.op, file, buf, 4096, 0);
    ck_assert_int_eq(result(&op), 4096);
    require_pattern(buf, 4096, 4096);
    lariat_buffer_free(buf);
    device_done();
}
END_TEST

START_TEST(io_across_the_end_of_a_device_is_short)
{
    if (!device_opened(O_RDWR))
        test_skip("no loop device to be had");
    unsigned char *buf = lariat_buffer_alloc(4096, 8192);
    struct counted_op op;
    counted_op_init(&op);
    op.op.flags = LARIAT_OP_FULL;
    lariat_file_read(loop, &op.op, file, buf, 8192, DEVICE_BYTES - 4096);
    ck_assert_int_eq(result(&op), 4096);
    lariat_file_read(loop, &op.op, file, buf, 8192, DEVICE_BYTES);
    ck_assert_int_eq(result(&op), 0);
    memset(buf, 0, 8192);
    lariat_file_write(loop, &op.op, file, buf, 8192, DEVICE_BYTES);
    ck_assert_int_eq(result(&op), -ENOSPC);
    lariat_buffer_free(buf);
    device_done();
}
END_TEST

static void require_range_zeroed(size_t from, size_t to)
{
    static unsigned char buf[DEVICE_BYTES];
    int fd = open(device.path, O_RDONLY | O_CLOEXEC);
    ck_assert_int_eq(pread(fd, buf, sizeof(buf), 0), sizeof(buf));
    close(fd);
    require_pattern(buf, from, 0);
    require_zeroes(buf + from, to - from);
    require_pattern(buf + to, sizeof(buf) - to, to);
}

START_TEST(a_discard_on_a_device_punches_its_backing_file)
{
    if (!device_opened(O_RDWR))
        test_skip("no loop device to be had");
    struct counted_op op;
    counted_op_init(&op);
    if (info_of(file).supports_discard) {
        lariat_file_discard(loop, &op.op, file, 1 << 20, 1 << 19);
        ck_assert_int_eq(result(&op), 0);
        ck_assert_int_eq(lseek(device.backing, 0, SEEK_HOLE), 1 << 20);
        require_range_zeroed(1 << 20, (1 << 20) + (1 << 19));
        ck_assert_uint_eq(stats_of(loop).ops[LARIAT_OP_KIND_DISCARD], 1);
    } else {
        lariat_file_discard(loop, &op.op, file, 1 << 20, 1 << 19);
        ck_assert_int_eq(result(&op), -EOPNOTSUPP);
    }
    device_done();
}
END_TEST

START_TEST(a_write_zeroes_on_a_device_makes_zeroes)
{
    if (!device_opened(O_RDWR))
        test_skip("no loop device to be had");
    struct counted_op op;
    counted_op_init(&op);
    lariat_file_write_zeroes(loop, &op.op, file, 1 << 20, 65536);
    ck_assert_int_eq(result(&op), 0);
    require_range_zeroed(1 << 20, (1 << 20) + 65536);
    device_done();
}
END_TEST

START_TEST(bad_ranges_on_a_device_are_refused)
{
    if (!device_opened(O_RDWR))
        test_skip("no loop device to be had");
    static const struct { int64_t offset, len; } table[] = {
        { 1, 4096 }, { 0, 100 }, { DEVICE_BYTES, 4096 }, { -4096, 4096 }, { 0, 0 }, { INT64_MAX - 4095, 8192 },
    };
    struct counted_op op;
    counted_op_init(&op);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        lariat_file_discard(loop, &op.op, file, table[i].offset, table[i].len);
        ck_assert_msg(result(&op) < 0, "discard %zu: %d", i, op.res);
        lariat_file_write_zeroes(loop, &op.op, file, table[i].offset, table[i].len);
        ck_assert_msg(result(&op) < 0, "write_zeroes %zu: %d", i, op.res);
    }
    require_range_zeroed(0, 0);
    device_done();
}
END_TEST

static void add(Suite *suite)
{
    TCase *tc = case_of(suite, "block");
    tcase_add_checked_fixture(tc, open_loop, close_loop);
    tcase_add_test(tc, a_block_device_is_described);
    tcase_add_test(tc, a_device_held_by_somebody_is_mounted);
    tcase_add_test(tc, a_refresh_tells_the_new_size_of_a_device);
    tcase_add_test(tc, direct_io_on_a_device_must_be_aligned);
    tcase_add_test(tc, io_across_the_end_of_a_device_is_short);
    tcase_add_test(tc, a_discard_on_a_device_punches_its_backing_file);
    tcase_add_test(tc, a_write_zeroes_on_a_device_makes_zeroes);
    tcase_add_test(tc, bad_ranges_on_a_device_are_refused);
}

int main(void)
{
    return suite_main("file_block", add);
}
