/* SPDX-License-Identifier: MIT */
/*
 * Ops: asynchronous requests on a loop's ring, embedded in the caller's own struct.
 *
 * Life of an op: zero it, set fn, opaque and flags, and hand it to one of the calls below. The call never fails and never
 * runs fn. fn(op, res) runs once on the owner, later, with the result of the kernel: a count or 0, or a negative errno value.
 * Everything that is wrong with a request (descriptor, offset, length, alignment, flags) arrives there too. From then on the
 * op is the caller's again, and fn may submit it anew or free it. Between the two, the op and all memory it names (buffers,
 * iovecs, addresses, msghdrs) must stay where they are, and the descriptor open. Submitting an op that is in flight aborts.
 *
 * All calls are owner only, may be made inside callbacks, and never block; a full submission queue is flushed by a system
 * call. Once the loop is stopping, fsync, sync_file_range and close are still carried out, all else ends with -ESHUTDOWN.
 *
 * Reads, writes, fsync, sync_file_range, fallocate (and the file forms of file.h) are storage ops: a stopping loop waits for
 * them. All other ops are cancelled by it, and so are reads and writes of streams (reads at offset -1; writes at offset -1
 * unless to a regular file or block device). A transfer that names an offset is waited for, whatever the descriptor is.
 */
#ifndef LARIAT_OP_H
#define LARIAT_OP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <lariat/api.h>
#include <lariat/loop.h>

#ifdef __cplusplus
extern "C" {
#endif

struct io_uring_sqe;

/*
 * Flags of an op.
 *
 * LARIAT_OP_FULL        Repeat short transfers, EINTR and EAGAIN until everything is transferred, the end of file, or a real
 *                       error; res is the total then, or the error (bytes moved before an error are not told). For read,
 *                       write, recv and send in all forms; other ops ignore it. At most INT_MAX bytes (-EINVAL). EAGAIN is passed on
 *                       if rw_flags holds RWF_NOWAIT, and after 64 of them in a row without progress. Not with
 *                       LARIAT_OP_LINK or LARIAT_OP_MULTISHOT (-EINVAL).
 * LARIAT_OP_LINK        The next op submitted starts when this one has succeeded in full, and ends with -ECANCELED when it has
 *                       not. A chain must be submitted without lariat_loop_poll() or registering calls in between
 *                       (lariat_sqe_reserve()). Of one longer than the submission queue the first links are carried out,
 *                       the next one ends with -E2BIG, and those behind it with -ECANCELED.
 * LARIAT_OP_FIXED_FILE  fd is a slot of lariat_register_files().
 * LARIAT_OP_MULTISHOT   Many completions of one submission, for accept and raw ops (others: -EINVAL); as long as cqe_flags
 *                       has LARIAT_CQE_MORE there will be another and the op stays in flight.
 */
#define LARIAT_OP_FULL (1u << 0)
#define LARIAT_OP_LINK (1u << 1)
#define LARIAT_OP_FIXED_FILE (1u << 2)
#define LARIAT_OP_MULTISHOT (1u << 3)

#define LARIAT_CQE_MORE (1u << 1) /* in cqe_flags: the kernel's IORING_CQE_F_MORE */

struct lariat_op {
    void (*fn)(struct lariat_op *op, int res);
    void *opaque;       /* the caller's */
    unsigned flags;     /* LARIAT_OP_... */
    int rw_flags;       /* RWF_... of reads and writes, else 0 */
    unsigned ioprio;    /* I/O priority of reads and writes, 0: the thread's */
    unsigned cqe_flags; /* out: the flags of the completion; in fn */
    uint64_t priv[12];
};

/*
 * Read from or write to a file. offset -1: a stream (pipe, socket) or the file's own position; other negative offsets:
 * -EINVAL. Without LARIAT_OP_FULL a transfer may be short, and at most 0x7ffff000 bytes are moved.
 */
LARIAT_API void lariat_read(struct lariat_loop *loop, struct lariat_op *op, int fd, void *buf, size_t len, int64_t offset);
LARIAT_API void lariat_write(struct lariat_loop *loop, struct lariat_op *op, int fd, const void *buf, size_t len,
                             int64_t offset);

/* The same, scattered or gathered; n_iov 0 to 1024 (IOV_MAX), else -EINVAL. The array too must stay until completion. */
LARIAT_API void lariat_readv(struct lariat_loop *loop, struct lariat_op *op, int fd, const struct iovec *iov, int n_iov,
                             int64_t offset);
LARIAT_API void lariat_writev(struct lariat_loop *loop, struct lariat_op *op, int fd, const struct iovec *iov, int n_iov,
                              int64_t offset);

/* The same with memory inside buffer number buf_index of lariat_register_buffers(); else -EFAULT. */
LARIAT_API void lariat_read_fixed(struct lariat_loop *loop, struct lariat_op *op, int fd, void *buf, size_t len,
                                  int64_t offset, unsigned buf_index);
LARIAT_API void lariat_write_fixed(struct lariat_loop *loop, struct lariat_op *op, int fd, const void *buf, size_t len,
                                   int64_t offset, unsigned buf_index);

/* fsync(2), or fdatasync(2). Covers the writes that had completed when it was submitted. */
LARIAT_API void lariat_fsync(struct lariat_loop *loop, struct lariat_op *op, int fd, bool datasync);

/* sync_file_range(2); flags SYNC_FILE_RANGE_...; len 0: to the end; above UINT32_MAX: -EINVAL. */
LARIAT_API void lariat_sync_file_range(struct lariat_loop *loop, struct lariat_op *op, int fd, int64_t offset, int64_t len,
                                       int flags);

/* fallocate(2); mode FALLOC_FL_... */
LARIAT_API void lariat_fallocate(struct lariat_loop *loop, struct lariat_op *op, int fd, int mode, int64_t offset,
                                 int64_t len);

/* accept4(2): res is the new descriptor; addr and addrlen may be NULL; flags SOCK_... */
LARIAT_API void lariat_accept(struct lariat_loop *loop, struct lariat_op *op, int fd, struct sockaddr *addr,
                              socklen_t *addrlen, int flags);

/* connect(2). */
LARIAT_API void lariat_connect(struct lariat_loop *loop, struct lariat_op *op, int fd, const struct sockaddr *addr,
                               socklen_t addrlen);

/* recv(2) and send(2); flags MSG_...; a send never raises SIGPIPE. */
LARIAT_API void lariat_recv(struct lariat_loop *loop, struct lariat_op *op, int fd, void *buf, size_t len, int flags);
LARIAT_API void lariat_send(struct lariat_loop *loop, struct lariat_op *op, int fd, const void *buf, size_t len, int flags);

/* recvmsg(2) and sendmsg(2); with LARIAT_OP_FULL the kernel repeats short transfers (MSG_WAITALL), on stream sockets. */
LARIAT_API void lariat_recvmsg(struct lariat_loop *loop, struct lariat_op *op, int fd, struct msghdr *msg, int flags);
LARIAT_API void lariat_sendmsg(struct lariat_loop *loop, struct lariat_op *op, int fd, struct msghdr *msg, int flags);

/* close(2); with LARIAT_OP_FIXED_FILE: empty that slot. */
LARIAT_API void lariat_close(struct lariat_loop *loop, struct lariat_op *op, int fd);

/* Nothing, through the ring: for measuring, and as an anchor in chains. */
LARIAT_API void lariat_nop(struct lariat_loop *loop, struct lariat_op *op);

/*
 * Ask the kernel to cancel an op. It still completes, once, with its real result or -ECANCELED; what the device already
 * works on is not interrupted. 0: asked; -ENOENT: not in flight; -EALREADY: asked before, or its completion is on its way;
 * -EAGAIN: the kernel takes no request just now. Where the kernel misses a request that it is just about to try again, the
 * loop repeats the question, after 1 to 50 ms, until the op has completed. The kernel does not find a link of a chain that has not started yet: for ops
 * submitted in a chain the question may be put again.
 */
LARIAT_API int lariat_op_cancel(struct lariat_loop *loop, struct lariat_op *op);

/*
 * A request of any other kind: returns a zeroed SQE for op, to be filled in before the next Lariat call (by hand, or by
 * liburing's io_uring_prep_...()). user_data belongs to the library. Of the op's flags only LARIAT_OP_MULTISHOT matters.
 * Never NULL: if the request cannot be made (stopping, say), the SQE goes nowhere and op completes with the error.
 */
LARIAT_API struct io_uring_sqe *lariat_sqe(struct lariat_loop *loop, struct lariat_op *op);

/*
 * Make room for n more SQEs, so that a chain of n is not split. 0; -EINVAL (n above the number of SQ entries); -EAGAIN (the
 * kernel takes no more just now: poll the loop, then try again); -ESHUTDOWN.
 */
LARIAT_API int lariat_sqe_reserve(struct lariat_loop *loop, unsigned n);

/*
 * Register memory for the ..._fixed calls: pinned once instead of per request. The iovec array may go away, the memory must
 * stay until it is unregistered (n 0) or the loop closed. 0; -EBUSY: some are registered already; -ENXIO: none to unregister;
 * -EAGAIN: requests submitted before are in the way, and the kernel takes none just now: poll the loop, then try again;
 * -ENOMEM, -EFAULT, -EINVAL, -ESHUTDOWN. May block. Charged to RLIMIT_MEMLOCK for ordinary users.
 */
LARIAT_API int lariat_register_buffers(struct lariat_loop *loop, const struct iovec *iov, unsigned n);

/*
 * Register descriptors for LARIAT_OP_FIXED_FILE: cheaper than looking fd up each time. -1 makes an empty slot; n 0
 * unregisters. The descriptors may be closed afterwards. 0; -EBUSY, -ENXIO and -EAGAIN as above, -EBADF, -EMFILE, -ENOMEM,
 * -EINVAL, -ESHUTDOWN.
 */
LARIAT_API int lariat_register_files(struct lariat_loop *loop, const int *fds, unsigned n);

/* Replace n slots beginning with `first`; -1 empties a slot. The number of slots updated, or -errno. */
LARIAT_API int lariat_register_files_update(struct lariat_loop *loop, unsigned first, const int *fds, unsigned n);

#ifdef __cplusplus
}
#endif

#endif
