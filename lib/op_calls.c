/* SPDX-License-Identifier: MIT */
/* The submitting calls of lariat/op.h: each puts its request into the kernel's terms. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "op.h"

#define IOV_COUNT_MAX 1024 /* IOV_MAX of Linux */

static inline uint64_t address(const void *p)
{
    return (uint64_t)(uintptr_t)p;
}

/* read(2) and write(2) move at most OP_RW_BYTES_MAX; with LARIAT_OP_FULL more than INT_MAX is refused. */
static inline uint32_t rw_length(const struct lariat_op *op, size_t len)
{
    if (unlikely(op->flags & LARIAT_OP_FULL))
        return len <= INT_MAX ? (uint32_t)len : UINT32_MAX;
    return len < OP_RW_BYTES_MAX ? (uint32_t)len : OP_RW_BYTES_MAX;
}

/* What the reads and writes have in common. */
static inline void rw(struct lariat_loop *loop, struct lariat_op *op, unsigned opcode, enum lariat_op_kind kind, int fd,
                      const void *addr, uint32_t len, int64_t offset, unsigned buf_index)
{
    const struct op_request request = {
        .opcode = (uint8_t)opcode,
        .sqe_flags = op_sqe_flags(op),
        .fd = fd,
        .addr = address(addr),
        .len = len,
        .offset = (uint64_t)offset,
        .op_flags = (uint32_t)op->rw_flags,
        .ioprio = (uint16_t)op->ioprio,
        .buf_index = (uint16_t)buf_index,
    };

    if (unlikely(offset < -1 || op->ioprio > UINT16_MAX))
        op_refuse(loop, op, kind, -EINVAL);
    else if (unlikely(buf_index > UINT16_MAX))
        op_refuse(loop, op, kind, -EFAULT); /* as the kernel answers for a buffer that is not registered */
    else
        op_submit(loop, op, &request, kind);
}

static void rwv(struct lariat_loop *loop, struct lariat_op *op, unsigned opcode, enum lariat_op_kind kind, int fd,
                const struct iovec *iov, int n_iov, int64_t offset)
{
    if (n_iov < 0 || n_iov > IOV_COUNT_MAX)
        op_refuse(loop, op, kind, -EINVAL);
    else
        rw(loop, op, opcode, kind, fd, iov, (uint32_t)n_iov, offset, 0);
}

void lariat_read(struct lariat_loop *loop, struct lariat_op *op, int fd, void *buf, size_t len, int64_t offset)
{
    op_begin(loop, op, __func__);
    rw(loop, op, IORING_OP_READ, LARIAT_OP_KIND_READ, fd, buf, rw_length(op, len), offset, 0);
}

void lariat_write(struct lariat_loop *loop, struct lariat_op *op, int fd, const void *buf, size_t len, int64_t offset)
{
    op_begin(loop, op, __func__);
    rw(loop, op, IORING_OP_WRITE, LARIAT_OP_KIND_WRITE, fd, buf, rw_length(op, len), offset, 0);
}

void lariat_readv(struct lariat_loop *loop, struct lariat_op *op, int fd, const struct iovec *iov, int n_iov, int64_t offset)
{
    op_begin(loop, op, __func__);
    rwv(loop, op, IORING_OP_READV, LARIAT_OP_KIND_READ, fd, iov, n_iov, offset);
}

void lariat_writev(struct lariat_loop *loop, struct lariat_op *op, int fd, const struct iovec *iov, int n_iov, int64_t offset)
{
    op_begin(loop, op, __func__);
    rwv(loop, op, IORING_OP_WRITEV, LARIAT_OP_KIND_WRITE, fd, iov, n_iov, offset);
}

void lariat_read_fixed(struct lariat_loop *loop, struct lariat_op *op, int fd, void *buf, size_t len, int64_t offset,
                       unsigned buf_index)
{
    op_begin(loop, op, __func__);
    rw(loop, op, IORING_OP_READ_FIXED, LARIAT_OP_KIND_READ, fd, buf, rw_length(op, len), offset, buf_index);
}

void lariat_write_fixed(struct lariat_loop *loop, struct lariat_op *op, int fd, const void *buf, size_t len, int64_t offset,
                        unsigned buf_index)
{
    op_begin(loop, op, __func__);
    rw(loop, op, IORING_OP_WRITE_FIXED, LARIAT_OP_KIND_WRITE, fd, buf, rw_length(op, len), offset, buf_index);
}

/* The requests without a transfer, of which the caller has filled in what matters. */
static void submit(struct lariat_loop *loop, struct lariat_op *op, enum lariat_op_kind kind, unsigned opcode, int fd,
                   struct op_request request)
{
    request.opcode = (uint8_t)opcode;
    request.sqe_flags = op_sqe_flags(op);
    request.fd = fd;
    op_submit(loop, op, &request, kind);
}

void lariat_fsync(struct lariat_loop *loop, struct lariat_op *op, int fd, bool datasync)
{
    op_begin(loop, op, __func__);
    submit(loop, op, LARIAT_OP_KIND_SYNC, IORING_OP_FSYNC, fd,
           (struct op_request){ .op_flags = datasync ? IORING_FSYNC_DATASYNC : 0 });
}

void lariat_sync_file_range(struct lariat_loop *loop, struct lariat_op *op, int fd, int64_t offset, int64_t len, int flags)
{
    op_begin(loop, op, __func__);
    if (offset < 0 || len < 0 || len > UINT32_MAX)
        op_refuse(loop, op, LARIAT_OP_KIND_SYNC, -EINVAL);
    else
        submit(loop, op, LARIAT_OP_KIND_SYNC, IORING_OP_SYNC_FILE_RANGE, fd,
               (struct op_request){ .offset = (uint64_t)offset, .len = (uint32_t)len, .op_flags = (uint32_t)flags });
}

void lariat_fallocate(struct lariat_loop *loop, struct lariat_op *op, int fd, int mode, int64_t offset, int64_t len)
{
    op_begin(loop, op, __func__);
    submit(loop, op, LARIAT_OP_KIND_ALLOCATE, IORING_OP_FALLOCATE, fd,
           (struct op_request){ .offset = (uint64_t)offset, .addr = (uint64_t)len, .len = (uint32_t)mode });
}

void lariat_accept(struct lariat_loop *loop, struct lariat_op *op, int fd, struct sockaddr *addr, socklen_t *addrlen,
                   int flags)
{
    op_begin(loop, op, __func__);
    submit(loop, op, LARIAT_OP_KIND_ACCEPT, IORING_OP_ACCEPT, fd,
           (struct op_request){ .addr = address(addr),
                                .offset = address(addrlen),
                                .op_flags = (uint32_t)flags,
                                .ioprio = op->flags & LARIAT_OP_MULTISHOT ? IORING_ACCEPT_MULTISHOT : 0 });
}

void lariat_connect(struct lariat_loop *loop, struct lariat_op *op, int fd, const struct sockaddr *addr, socklen_t addrlen)
{
    op_begin(loop, op, __func__);
    submit(loop, op, LARIAT_OP_KIND_CONNECT, IORING_OP_CONNECT, fd,
           (struct op_request){ .addr = address(addr), .offset = addrlen });
}

static void transfer(struct lariat_loop *loop, struct lariat_op *op, enum lariat_op_kind kind, unsigned opcode, int fd,
                     const void *addr, uint32_t len, int flags)
{
    submit(loop, op, kind, opcode, fd,
           (struct op_request){ .addr = address(addr), .len = len, .op_flags = (uint32_t)flags });
}

void lariat_recv(struct lariat_loop *loop, struct lariat_op *op, int fd, void *buf, size_t len, int flags)
{
    op_begin(loop, op, __func__);
    transfer(loop, op, LARIAT_OP_KIND_RECV, IORING_OP_RECV, fd, buf, rw_length(op, len), flags);
}

void lariat_send(struct lariat_loop *loop, struct lariat_op *op, int fd, const void *buf, size_t len, int flags)
{
    op_begin(loop, op, __func__);
    transfer(loop, op, LARIAT_OP_KIND_SEND, IORING_OP_SEND, fd, buf, rw_length(op, len), flags | MSG_NOSIGNAL);
}

void lariat_recvmsg(struct lariat_loop *loop, struct lariat_op *op, int fd, struct msghdr *msg, int flags)
{
    op_begin(loop, op, __func__);
    transfer(loop, op, LARIAT_OP_KIND_RECV, IORING_OP_RECVMSG, fd, msg, 1, flags);
}

void lariat_sendmsg(struct lariat_loop *loop, struct lariat_op *op, int fd, struct msghdr *msg, int flags)
{
    op_begin(loop, op, __func__);
    transfer(loop, op, LARIAT_OP_KIND_SEND, IORING_OP_SENDMSG, fd, msg, 1, flags | MSG_NOSIGNAL);
}

void lariat_close(struct lariat_loop *loop, struct lariat_op *op, int fd)
{
    struct op_request request = { .opcode = IORING_OP_CLOSE, .fd = fd };

    op_begin(loop, op, __func__);
    request.sqe_flags = op_sqe_flags(op);
    if (op->flags & LARIAT_OP_FIXED_FILE) { /* told by slot number plus 1, and without the flag */
        request.sqe_flags &= (uint8_t)~IOSQE_FIXED_FILE;
        request.fd = 0;
        request.slot = (uint32_t)fd + 1;
    }
    if (fd < 0) /* slot -1 would name descriptor 0 */
        op_refuse(loop, op, LARIAT_OP_KIND_CLOSE, -EBADF);
    else
        op_submit(loop, op, &request, LARIAT_OP_KIND_CLOSE);
}

void lariat_nop(struct lariat_loop *loop, struct lariat_op *op)
{
    struct op_request request = { .opcode = IORING_OP_NOP };

    op_begin(loop, op, __func__);
    request.sqe_flags = op_sqe_flags(op) & IOSQE_IO_LINK;
    op_submit(loop, op, &request, LARIAT_OP_KIND_NOP);
}

int lariat_sqe_reserve(struct lariat_loop *loop, unsigned n)
{
    assert_owner(loop, __func__);
    return loop->stopping ? -ESHUTDOWN : ring_reserve(&loop->ring, n);
}

int lariat_register_buffers(struct lariat_loop *loop, const struct iovec *iov, unsigned n)
{
    assert_owner(loop, __func__);
    return loop->stopping ? -ESHUTDOWN : ring_register_buffers(&loop->ring, iov, n);
}

int lariat_register_files(struct lariat_loop *loop, const int *fds, unsigned n)
{
    unsigned char *slots;
    int err;

    assert_owner(loop, __func__);
    if (loop->stopping)
        return -ESHUTDOWN;
    slots = n ? malloc(n) : NULL;
    if (n && !slots)
        return -ENOMEM;
    err = ring_register_files(&loop->ring, fds, n);
    if (err) {
        free(slots);
        return err;
    }
    free(loop->slots);
    loop->slots = slots;
    loop->n_slots = n;
    op_note_slots(loop, 0, fds, n);
    return 0;
}

int lariat_register_files_update(struct lariat_loop *loop, unsigned first, const int *fds, unsigned n)
{
    int n_updated;

    assert_owner(loop, __func__);
    if (loop->stopping)
        return -ESHUTDOWN;
    n_updated = ring_update_files(&loop->ring, first, fds, n);
    if (n_updated > 0)
        op_note_slots(loop, first, fds, (unsigned)n_updated);
    return n_updated;
}
