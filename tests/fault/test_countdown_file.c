/* SPDX-License-Identifier: MIT */
/*
 * Files under count-down injection (rows 3 and 59 of the list of faults): opening and probing, which take descriptors and
 * memory of their own, I/O by each way, buffers; and explanations, which are wanted when there is little left.
 */
#include <linux/fs.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "countdown.h"
#include "file_support.h"

/* ---- a block device for everybody: by the linker's --wrap a regular file is taken for one ---- */

static bool as_device;

int __real_fstat(int fd, struct stat *st);
int __wrap_fstat(int fd, struct stat *st);
int __wrap_fstat(int fd, struct stat *st)
{
    const int ret = __real_fstat(fd, st);
    if (ret == 0 && as_device)
        st->st_mode = (st->st_mode & ~(mode_t)S_IFMT) | S_IFBLK;
    return ret;
}

int __real_ioctl(int fd, unsigned long request, void *arg);
int __wrap_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...)
{
    va_list args;
    va_start(args, request);
    void *arg = va_arg(args, void *);
    va_end(args);
    if (as_device && request == BLKGETSIZE64)
        *(uint64_t *)arg = DATA_BYTES;
    else if (as_device && request == BLKSSZGET)
        *(int *)arg = 512;
    else
        return __real_ioctl(fd, request, arg);
    return 0;
}

/* ---- opening ---- */

static bool same(const struct lariat_file_info *a, const struct lariat_file_info *b)
{
    return a->kind == b->kind && a->size_bytes == b->size_bytes && a->dio_mem_align == b->dio_mem_align &&
           a->dio_offset_align == b->dio_offset_align && a->logical_block_size == b->logical_block_size &&
           a->direct == b->direct && a->rotational == b->rotational && a->supports_nowait == b->supports_nowait &&
           a->supports_nowait_write == b->supports_nowait_write && a->supports_discard == b->supports_discard &&
           a->supports_write_zeroes == b->supports_write_zeroes && a->mounted == b->mounted &&
           a->memory_backed == b->memory_backed;
}

/* What is said of a file is always the same. */
static int open_again(int fd, int oflags)
{
    struct lariat_file *file = reopen_or_fail(fd, oflags);
    const struct lariat_file_info usual = info_of(file);
    char path[64], *errmsg = NULL;
    lariat_file_close(file);
    file = NULL;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    inject_on();
    const int rc = lariat_file_open(path, oflags, 0, &file, &errmsg);
    inject_off();
    require_that((rc == 0) == (file != NULL));
    require_that(rc != 0 || errmsg == NULL);
    require_that(!errmsg || strstr(errmsg, path) != NULL);
    if (file) {
        const struct lariat_file_info info = info_of(file);
        require_that(same(&info, &usual));
        require_that(info.kind == (as_device ? LARIAT_FILE_BLOCK : LARIAT_FILE_REGULAR));
    }
    lariat_file_close(file);
    free(errmsg);
    return rc;
}

static int open_to_read(struct stage *stage)
{
    return open_again(stage->data, O_RDONLY);
}

static int open_to_write(struct stage *stage)
{
    return open_again(stage->data, O_RDWR);
}

static int open_direct(struct stage *stage)
{
    return open_again(stage->data, O_RDWR | O_DIRECT);
}

static int open_device(struct stage *stage)
{
    as_device = true;
    const int rc = open_again(stage->data, O_RDWR);
    as_device = false;
    return rc;
}

static int open_without_errmsg(struct stage *stage)
{
    struct lariat_file *file = NULL;
    (void)stage;
    inject_on();
    const int rc = lariat_file_open("/dev/null", O_RDONLY, 0, &file, NULL);
    inject_off();
    require_that((rc == 0) == (file != NULL));
    lariat_file_close(file);
    return rc;
}

static int refresh(struct stage *stage)
{
    struct lariat_file *file = reopen_or_fail(stage->data, O_RDONLY);
    struct lariat_file_info info = LARIAT_FILE_INFO_INIT;
    inject_on();
    const int rc = lariat_file_refresh(file);
    lariat_file_get_info(file, &info);
    inject_off();
    require_that(lariat_file_fd(file) >= 0 && info.size_bytes == DATA_BYTES);
    lariat_file_close(file);
    return rc;
}

static int refresh_device(struct stage *stage)
{
    as_device = true;
    const int rc = refresh(stage);
    as_device = false;
    return rc;
}

static int allocate_buffer(struct stage *stage)
{
    (void)stage;
    inject_on();
    void *buf = lariat_buffer_alloc(4096, 10000);
    inject_off();
    require_that((uintptr_t)buf % 4096 == 0);
    lariat_buffer_free(buf);
    return buf ? 0 : -ENOMEM;
}

static const struct scenario openings[] = {
    { "file_open to read", open_to_read, STAGE_EMPTY, INJECT_MEMORY | INJECT_OPEN, 0, 0 },
    { "file_open to write", open_to_write, STAGE_EMPTY, INJECT_MEMORY | INJECT_OPEN, 0, 0 },
    { "file_open, O_DIRECT", open_direct, STAGE_EMPTY, INJECT_MEMORY | INJECT_OPEN, 0, 0 },
    { "file_open of a device", open_device, STAGE_EMPTY, INJECT_MEMORY | INJECT_OPEN, 0, 0 },
    { "file_open without errmsg", open_without_errmsg, STAGE_EMPTY, INJECT_MEMORY | INJECT_OPEN, 0, 0 },
    { "file_refresh", refresh, STAGE_EMPTY, 0, 0, 0 },
    { "file_refresh of a device", refresh_device, STAGE_EMPTY, INJECT_OPEN, 0, 0 },
    { "buffer_alloc", allocate_buffer, STAGE_EMPTY, INJECT_MEMORY, 0, 0 },
};
enum { N_OPENINGS = sizeof(openings) / sizeof(openings[0]) };

START_TEST(a_file_is_probed_in_full_or_not_opened)
{
    countdown(&openings[_i]);
}
END_TEST

/* ---- explaining ---- */

static int err_to_explain;

/* No text only where there is no memory for it; the files that are asked for the cause are a help, not a need. */
static int explain(struct stage *stage)
{
    (void)stage;
    inject_on();
    char *text = lariat_explain_setup(err_to_explain);
    inject_off();
    require_that(!text || strlen(text) > 20);
    free(text);
    return text ? 0 : -ENOMEM;
}

START_TEST(an_explanation_needs_memory_for_its_text_and_nothing_else)
{
    static const int errs[] = { -EPERM, -ENOSYS, -ENOMEM, -EMFILE, -ENFILE, -EAGAIN, -EINVAL };
    const bool asks = errs[_i] == -EPERM || errs[_i] == -ENOSYS;
    const struct scenario scenario = { "explain_setup", explain, STAGE_EMPTY, INJECT_MEMORY,
                                       asks ? INJECT_MEMORY | INJECT_OPEN : 0, 0 };
    err_to_explain = errs[_i];
    countdown(&scenario);
}
END_TEST

/* ---- I/O ---- */

enum { LEN = 128, OFFSET = 512 };

static unsigned char buf[LEN];
static const struct iovec iov[2] = { { buf, 100 }, { buf + 100, LEN - 100 } };

static void submit_read(struct lariat_loop *own, struct lariat_op *op, struct lariat_file *file)
{
    lariat_file_read(own, op, file, buf, LEN, OFFSET);
}

static void submit_readv(struct lariat_loop *own, struct lariat_op *op, struct lariat_file *file)
{
    lariat_file_readv(own, op, file, iov, 2, OFFSET);
}

static void submit_write(struct lariat_loop *own, struct lariat_op *op, struct lariat_file *file)
{
    lariat_file_write(own, op, file, buf, LEN, OFFSET);
}

static void submit_writev(struct lariat_loop *own, struct lariat_op *op, struct lariat_file *file)
{
    lariat_file_writev(own, op, file, iov, 2, OFFSET);
}

static void submit_fsync(struct lariat_loop *own, struct lariat_op *op, struct lariat_file *file)
{
    lariat_file_fsync(own, op, file, true);
}

/* Behind what is read. */
static void submit_discard(struct lariat_loop *own, struct lariat_op *op, struct lariat_file *file)
{
    lariat_file_discard(own, op, file, DATA_BYTES, 4096);
}

static void submit_write_zeroes(struct lariat_loop *own, struct lariat_op *op, struct lariat_file *file)
{
    lariat_file_write_zeroes(own, op, file, DATA_BYTES - 4096, 4096);
}

static const struct {
    const char *name;
    void (*submit)(struct lariat_loop *own, struct lariat_op *op, struct lariat_file *file);
    int expected;
    bool through_ring; /* also in memory */
} ops[] = {
    { "file_read", submit_read, LEN, false },     { "file_readv", submit_readv, LEN, false },
    { "file_write", submit_write, LEN, false },   { "file_writev", submit_writev, LEN, false },
    { "file_fsync", submit_fsync, 0, true },      { "file_discard", submit_discard, 0, true },
    { "file_write_zeroes", submit_write_zeroes, 0, true },
};
enum { N_OPS = sizeof(ops) / sizeof(ops[0]) };

static int op_number;
static bool in_memory;

static int run_op(struct stage *stage)
{
    struct lariat_file *file = in_memory ? tmpfs_file_or_null(DATA_BYTES, O_RDWR) : reopen_or_fail(stage->data, O_RDWR);
    struct counted_op op;
    counted_op_init(&op);
    fill_pattern(buf, LEN, OFFSET); /* what is written is what stands there */
    inject_on();
    ops[op_number].submit(stage->own, &op.op, file);
    poll_for(stage->own, &op.done, 1);
    inject_off();
    for (size_t i = 0; i < LEN; i++)
        require_that(buf[i] == pattern_byte(OFFSET + i));
    require_that(op.done == 1 && (op.res == ops[op_number].expected || op.res == -EOPNOTSUPP));
    require_that(op.res != -EOPNOTSUPP || !info_of(file).supports_discard); /* of some file systems */
    lariat_file_close(file);
    return 0;
}

START_TEST(an_op_on_a_file_completes_once_with_its_own_result)
{
    const struct scenario scenario = { ops[_i].name, run_op, STAGE_LOOP, 0, INJECT_ENTER, 0 };
    op_number = _i;
    countdown(&scenario);
}
END_TEST

/* Done inside the call, they need nobody. */
START_TEST(an_op_on_a_file_in_memory_asks_for_nothing)
{
    struct lariat_file *file = tmpfs_file_or_null(1, O_RDONLY);
    if (!file)
        test_skip("there is no tmpfs at /dev/shm");
    lariat_file_close(file);
    const struct scenario scenario = { ops[_i].name, run_op, STAGE_LOOP, 0, ops[_i].through_ring ? INJECT_ENTER : 0, 0 };
    op_number = _i;
    in_memory = true;
    countdown(&scenario);
}
END_TEST

static void add(Suite *suite)
{
    TCase *tc = case_of(suite, "files");
    tcase_add_loop_test(tc, a_file_is_probed_in_full_or_not_opened, 0, N_OPENINGS);
    tcase_add_loop_test(tc, an_explanation_needs_memory_for_its_text_and_nothing_else, 0, 7);
    tcase_add_loop_test(tc, an_op_on_a_file_completes_once_with_its_own_result, 0, N_OPS);
    tcase_add_loop_test(tc, an_op_on_a_file_in_memory_asks_for_nothing, 0, N_OPS);
}

int main(void)
{
    return suite_main("countdown: files", add);
}
