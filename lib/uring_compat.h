/* SPDX-License-Identifier: MIT */
/*
 * io_uring constants that the headers of liburing 2.3 and Linux 6.1 lack. Whether the running kernel knows them is found out
 * by trying (ring.c), never from a version.
 */
#ifndef LARIAT_URING_COMPAT_H
#define LARIAT_URING_COMPAT_H

#include <linux/io_uring.h>
#include <stdint.h>

#ifndef IORING_ENTER_ABS_TIMER
#define IORING_ENTER_ABS_TIMER (1U << 5)
#endif
#ifndef IORING_ENTER_NO_IOWAIT
#define IORING_ENTER_NO_IOWAIT (1U << 7)
#endif
#ifndef IORING_FEAT_MIN_TIMEOUT
#define IORING_FEAT_MIN_TIMEOUT (1U << 15)
#endif
#ifndef IORING_FEAT_NO_IOWAIT
#define IORING_FEAT_NO_IOWAIT (1U << 17)
#endif
#ifndef IORING_SETUP_SINGLE_ISSUER
#define IORING_SETUP_SINGLE_ISSUER (1U << 12)
#endif
#ifndef IORING_SETUP_DEFER_TASKRUN
#define IORING_SETUP_DEFER_TASKRUN (1U << 13)
#endif

/* struct io_uring_getevents_arg since Linux 6.12; before, the member that is named here was padding and had to be 0. */
struct uring_wait_arg {
    uint64_t sigmask;
    uint32_t sigmask_bytes;
    uint32_t min_wait_usec;
    uint64_t ts;
};
_Static_assert(sizeof(struct uring_wait_arg) == sizeof(struct io_uring_getevents_arg), "the kernel looks at the size");

/* BLOCK_URING_CMD_DISCARD of linux/blkdev.h (6.12): the cmd_op of an IORING_OP_URING_CMD on a block device. */
#define LARIAT_BLOCK_URING_CMD_DISCARD _IO(0x12, 0)

#endif
