/* SPDX-License-Identifier: MIT */
/*
 * A bare ring for the suites that pin what Lariat expects of the kernel: liburing and system calls, nothing of Lariat.
 * Every helper ends the test when it cannot do its work. The ring belongs to the thread that made it.
 */
#ifndef KERNEL_RING_H
#define KERNEL_RING_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <check.h>
#include <liburing.h>

/* What the header of liburing 2.3 lacks; the values are the kernel's. */
#define K_ENTER_ABS_TIMER (1u << 5)
#define K_ENTER_NO_IOWAIT (1u << 7)
#define K_FEAT_MIN_TIMEOUT (1u << 15)
#define K_FEAT_NO_IOWAIT (1u << 17)
#define K_SETUP_HYBRID_IOPOLL (1u << 17)
#define K_POLL_ADD_LEVEL (1u << 3)
#define K_OP_URING_CMD 46
#define K_BLOCK_URING_CMD_DISCARD 0x1200u /* _IO(0x12, 0) */

/* The sets of flags that Lariat asks for: the default, and the one for embedding and for valgrind. */
#define K_DEFER (IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_SUBMIT_ALL)
#define K_COOP (IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_SUBMIT_ALL)

struct k_completion {
    uint64_t user_data;
    int res;
    unsigned flags;
};

/* Valgrind 3.19 keeps its lock while a thread waits in io_uring_enter, and would find nothing of ours in these suites. */
static inline int k_skip_under_valgrind(void)
{
    printf("SKIP: nothing of Lariat runs here, and valgrind cannot wait in io_uring_enter\n");
    return 77;
}

static inline void k_ring_init(struct io_uring *ring, unsigned entries, unsigned cq_entries, unsigned flags)
{
    struct io_uring_params params;
    memset(&params, 0, sizeof(params));
    params.flags = flags | IORING_SETUP_CQSIZE;
    params.cq_entries = cq_entries;
    int rc = io_uring_queue_init_params(entries, ring, &params);
    ck_assert_msg(rc == 0, "no ring of %u entries with flags %#x: %s", entries, flags, strerror(-rc));
}

static inline unsigned k_ring_flags(const struct io_uring *ring)
{
    return __atomic_load_n(ring->sq.kflags, __ATOMIC_ACQUIRE);
}

/* A zeroed SQE; 2.3's io_uring_get_sqe() leaves the old bytes in it, so the prep functions come after this one. */
static inline struct io_uring_sqe *k_sqe(struct io_uring *ring, uint64_t user_data, int opcode, int fd)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(ring);
    ck_assert_ptr_nonnull(sqe);
    memset(sqe, 0, sizeof(*sqe));
    sqe->opcode = (__u8)opcode;
    sqe->fd = fd;
    sqe->user_data = user_data;
    return sqe;
}

static inline void k_poll_add(struct io_uring *ring, uint64_t user_data, int fd, unsigned mask, unsigned flags)
{
    struct io_uring_sqe *sqe = k_sqe(ring, user_data, IORING_OP_POLL_ADD, fd);
    sqe->poll32_events = mask;
    sqe->len = flags;
}

static inline void k_read(struct io_uring *ring, uint64_t user_data, int fd, void *buf, unsigned len, int64_t offset)
{
    struct io_uring_sqe *sqe = k_sqe(ring, user_data, IORING_OP_READ, fd);
    sqe->addr = (uintptr_t)buf;
    sqe->len = len;
    sqe->off = (__u64)offset;
}

static inline void k_submit(struct io_uring *ring, int n)
{
    ck_assert_int_eq(io_uring_submit(ring), n);
}

/* Run what the kernel has deferred and flush what overflowed; never waits. Returns the number of visible completions. */
static inline unsigned k_look(struct io_uring *ring)
{
    ck_assert_int_ge(io_uring_get_events(ring), 0);
    return io_uring_cq_ready(ring);
}

/* Take one visible completion. */
static inline struct k_completion k_take(struct io_uring *ring)
{
    unsigned head = *ring->cq.khead;
    ck_assert_uint_gt(io_uring_cq_ready(ring), 0);
    const struct io_uring_cqe *cqe = &ring->cq.cqes[head & *ring->cq.kring_mask];
    struct k_completion done = { cqe->user_data, cqe->res, cqe->flags };
    io_uring_cq_advance(ring, 1);
    return done;
}

/* Wait for n completions, up to 5 s, without submitting. Returns what the enter returned. */
static inline int k_wait(struct io_uring *ring, unsigned n)
{
    struct __kernel_timespec limit = { .tv_sec = 5 };
    struct io_uring_getevents_arg arg = { .ts = (uintptr_t)&limit };
    return io_uring_enter2((unsigned)ring->ring_fd, 0, n, IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG, (void *)&arg,
                           sizeof(arg));
}

/* Wait for a completion, which must be the one of user_data, and return its result. */
static inline int k_result(struct io_uring *ring, uint64_t user_data)
{
    if (io_uring_cq_ready(ring) == 0)
        ck_assert_int_ge(k_wait(ring, 1), 0);
    struct k_completion done = k_take(ring);
    ck_assert_uint_eq(done.user_data, user_data);
    return done.res;
}

static inline int64_t k_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static inline struct __kernel_timespec k_timespec(int64_t ns)
{
    return (struct __kernel_timespec){ .tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000 };
}

static inline int k_eventfd(void)
{
    int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    return fd;
}

static inline void k_eventfd_add(int fd, uint64_t n)
{
    ck_assert_int_eq(write(fd, &n, sizeof(n)), sizeof(n));
}

/* Arm n one-shot polls on one eventfd, then make all of them ready at once. Returns the eventfd. */
static inline int k_make_polls_ready(struct io_uring *ring, unsigned n)
{
    int fd = k_eventfd();
    for (unsigned i = 0; i < n; i++)
        k_poll_add(ring, i, fd, POLLIN, 0);
    k_submit(ring, (int)n);
    k_eventfd_add(fd, 1);
    return fd;
}

static inline void k_pipe(int fds[2])
{
    ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
}

static inline void k_socketpair(int fds[2])
{
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
}

static inline void k_close_both(const int fds[2])
{
    close(fds[0]);
    close(fds[1]);
}

#endif
