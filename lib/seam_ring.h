/* SPDX-License-Identifier: MIT */
/* The part of the seam (seam.h) that needs liburing; for ring.c only. All return 0, a count, or -errno. */
#ifndef LARIAT_SEAM_RING_H
#define LARIAT_SEAM_RING_H

#include <errno.h>
#include <liburing.h>
#include <poll.h>

#include "seam.h"

/* Make a ring and map it. */
static inline int seam_ring_setup(unsigned entries, struct io_uring *uring, struct io_uring_params *params)
{
#ifdef LARIAT_SEAM
    return seam->ring_setup(entries, uring, params);
#else
    return io_uring_queue_init_params(entries, uring, params);
#endif
}

/* Unmap it and close its descriptor. */
static inline void seam_ring_exit(struct io_uring *uring)
{
#ifdef LARIAT_SEAM
    seam->ring_exit(uring);
#else
    io_uring_queue_exit(uring);
#endif
}

static inline int seam_ring_enter(unsigned fd, unsigned to_submit, unsigned min_complete, unsigned flags, void *arg,
                                  size_t arg_bytes)
{
#ifdef LARIAT_SEAM
    return seam->ring_enter(fd, to_submit, min_complete, flags, arg, arg_bytes);
#else
    return io_uring_enter2(fd, to_submit, min_complete, flags, arg, arg_bytes);
#endif
}

/* One of IORING_REGISTER_... (liburing's call for files raises the soft RLIMIT_NOFILE where that is what is missing.) */
static inline int seam_ring_register(struct io_uring *uring, unsigned opcode, const void *arg, unsigned n)
{
#ifdef LARIAT_SEAM
    return seam->ring_register(uring, opcode, arg, n);
#else
    if (opcode == IORING_REGISTER_FILES)
        return io_uring_register_files(uring, (const int *)arg, n);
    return io_uring_register((unsigned)uring->ring_fd, opcode, arg, n);
#endif
}

/* Register the ring's own descriptor with the thread: 1, and uring->enter_ring_fd is its number. */
static inline int seam_ring_register_fd(struct io_uring *uring)
{
#ifdef LARIAT_SEAM
    return seam->ring_register_fd(uring);
#else
    return io_uring_register_ring_fd(uring);
#endif
}

/* Keep the mappings out of children. */
static inline int seam_ring_dontfork(struct io_uring *uring)
{
#ifdef LARIAT_SEAM
    return seam->ring_dontfork(uring);
#else
    return io_uring_ring_dontfork(uring);
#endif
}

/* ppoll(2) on the ring's descriptor for POLLIN; NULL: without end. */
static inline int seam_ring_poll(int fd, const struct timespec *timeout)
{
#ifdef LARIAT_SEAM
    return seam->ring_poll(fd, timeout);
#else
    struct pollfd pfd = { .fd = fd, .events = POLLIN };
    int n = ppoll(&pfd, 1, timeout, NULL);

    return n < 0 ? -errno : n;
#endif
}

#endif
