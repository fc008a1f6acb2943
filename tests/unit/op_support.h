/* SPDX-License-Identifier: MIT */
/* What the suites of ops share: one loop per test, and waiting for the result of an op. Main thread of the test only. */
#ifndef OP_SUPPORT_H
#define OP_SUPPORT_H

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <lariat/file.h>
#include <lariat/handler.h>

#include "support.h"

/* The loop of the running test: open_loop() and close_loop() are the fixture of most cases. */
static struct lariat_loop *loop;

static inline void open_loop(void)
{
    loop = loop_or_fail();
}

static inline void close_loop(void)
{
    loop_done(loop);
    loop = NULL;
}

/* Wait until the op has completed, once, and return its result. It may then be used anew. */
static inline int result(struct counted_op *op)
{
    poll_until(loop, &op->done, 1);
    ck_assert_int_eq(op->done, 1);
    op->done = 0;
    return op->res;
}

static inline void counted_ops_init(struct counted_op *ops, int n)
{
    for (int i = 0; i < n; i++)
        counted_op_init(&ops[i]);
}

/* One assertion, not one per byte: each of them writes to a file. */
static inline void require_pattern(const unsigned char *buf, size_t len, size_t offset)
{
    size_t i = 0;
    while (i < len && buf[i] == pattern_byte(offset + i))
        i++;
    ck_assert_msg(i == len, "byte %zu is %#x instead of %#x", i, i < len ? buf[i] : 0u, pattern_byte(offset + i));
}

static inline void require_zeroes(const unsigned char *buf, size_t len)
{
    size_t i = 0;
    while (i < len && buf[i] == 0)
        i++;
    ck_assert_msg(i == len, "byte %zu is %#x instead of 0", i, i < len ? buf[i] : 0u);
}

static inline void fill_pattern(unsigned char *buf, size_t len, size_t offset)
{
    for (size_t i = 0; i < len; i++)
        buf[i] = pattern_byte(offset + i);
}

/* Private memory that costs nothing until it is touched. */
static inline void *sparse_memory_or_fail(size_t len)
{
    void *mem = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    ck_assert_ptr_ne(mem, MAP_FAILED);
    return mem;
}

static inline void close_both(const int fds[2])
{
    close(fds[0]);
    close(fds[1]);
}

static inline void set_nonblocking(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    ck_assert_int_ge(flags, 0);
    ck_assert_int_eq(fcntl(fd, F_SETFL, flags | O_NONBLOCK), 0);
}

static inline int64_t file_size(int fd)
{
    return lseek(fd, 0, SEEK_END);
}

#endif
