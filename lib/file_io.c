/* SPDX-License-Identifier: MIT */
/*
 * I/O on files by the way that suits them (measured: facts in lariat/file.h): inline for small transfers on memory-backed
 * files, which io_uring would hand to a worker thread; straight to the worker where a first attempt without blocking must
 * fail; else the ring. All ends in op_submit() or op_done_inline().
 */
#include <errno.h>
#include <limits.h>
#include <linux/falloc.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "file.h"
#include "op.h"

#define INLINE_BYTES_MAX 65536
#define IOV_COUNT_MAX 1024 /* IOV_MAX of Linux */
#define PUNCH (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)

/* Carry out a read or write at once. */
static int transfer_inline(const struct lariat_op *op, int fd, bool writing, const struct iovec *iov, int n_iov, int64_t offset)
{
    ssize_t n;

    do {
        n = writing ? pwritev2(fd, iov, n_iov, offset, op->rw_flags) : preadv2(fd, iov, n_iov, offset, op->rw_flags);
    } while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : (int)n;
}

static bool suits_inline(struct lariat_loop *loop, const struct lariat_op *op, const struct lariat_file *file,
                         const struct iovec *iov, int n_iov, int64_t offset, size_t *len)
{
    *len = 0;
    if (!file->info.memory_backed || offset < 0 || loop->stopping || op->flags & ~LARIAT_OP_FULL || op_in_chain(loop, op))
        return false;
    for (int i = 0; i < n_iov && *len <= INLINE_BYTES_MAX; i++)
        *len += iov[i].iov_len;
    return *len <= INLINE_BYTES_MAX;
}

static void rw(struct lariat_loop *loop, struct lariat_op *op, struct lariat_file *file, const struct iovec *iov, int n_iov,
               bool vector, bool writing, int64_t offset)
{
    enum lariat_op_kind kind = writing ? LARIAT_OP_KIND_WRITE : LARIAT_OP_KIND_READ;
    bool nowait = writing ? file->info.supports_nowait_write : file->info.supports_nowait;
    struct op_request request = {
        .sqe_flags = op_sqe_flags(op),
        .fd = file->fd,
        .offset = (uint64_t)offset,
        .op_flags = (uint32_t)op->rw_flags,
        .ioprio = (uint16_t)op->ioprio,
    };
    size_t len;

    if (suits_inline(loop, op, file, iov, n_iov, offset, &len)) {
        int res = transfer_inline(op, file->fd, writing, iov, n_iov, offset);
        bool unfinished = writing ? res >= 0 && (size_t)res < len : res == -EAGAIN;

        /* A short read is the end of the file. The rest LARIAT_OP_FULL leaves to the ring, from the start. */
        if (!(op->flags & LARIAT_OP_FULL) || !unfinished) {
            op_done_inline(loop, op, kind, res);
            return;
        }
    }
    if (!nowait && file->info.kind == LARIAT_FILE_REGULAR)
        request.sqe_flags |= IOSQE_ASYNC;
    if (vector) {
        request.opcode = writing ? IORING_OP_WRITEV : IORING_OP_READV;
        request.addr = (uint64_t)(uintptr_t)iov;
        request.len = (uint32_t)n_iov;
    } else {
        size_t most = op->flags & LARIAT_OP_FULL ? UINT32_MAX : OP_RW_BYTES_MAX;

        request.opcode = writing ? IORING_OP_WRITE : IORING_OP_READ;
        request.addr = (uint64_t)(uintptr_t)iov->iov_base;
        request.len = (uint32_t)(iov->iov_len < most ? iov->iov_len : most);
    }
    op_submit(loop, op, &request, kind);
}

/* What can be told wrong before the kernel looks. */
static bool refused(struct lariat_loop *loop, struct lariat_op *op, enum lariat_op_kind kind, int64_t offset, int n_iov)
{
    bool bad = op->flags & LARIAT_OP_FIXED_FILE || op->ioprio > UINT16_MAX || offset < -1 || n_iov < 0 ||
               n_iov > IOV_COUNT_MAX;

    if (bad)
        op_refuse(loop, op, kind, -EINVAL);
    return bad;
}

void lariat_file_read(struct lariat_loop *loop, struct lariat_op *op, struct lariat_file *file, void *buf, size_t len,
                      int64_t offset)
{
    struct iovec iov = { buf, len };

    require(file, __func__, "file");
    op_begin(loop, op, __func__);
    if (!refused(loop, op, LARIAT_OP_KIND_READ, offset, 1))
        rw(loop, op, file, &iov, 1, false, false, offset);
}

void lariat_file_write(struct lariat_loop *loop, struct lariat_op *op, struct lariat_file *file, const void *buf, size_t len,
                       int64_t offset)
{
    struct iovec iov = { (void *)(uintptr_t)buf, len };

    require(file, __func__, "file");
    op_begin(loop, op, __func__);
    if (!refused(loop, op, LARIAT_OP_KIND_WRITE, offset, 1))
        rw(loop, op, file, &iov, 1, false, true, offset);
}

void lariat_file_readv(struct lariat_loop *loop, struct lariat_op *op, struct lariat_file *file, const struct iovec *iov,
                       int n_iov, int64_t offset)
{
    require(file, __func__, "file");
    op_begin(loop, op, __func__);
    if (!refused(loop, op, LARIAT_OP_KIND_READ, offset, n_iov))
        rw(loop, op, file, iov, n_iov, true, false, offset);
}

void lariat_file_writev(struct lariat_loop *loop, struct lariat_op *op, struct lariat_file *file, const struct iovec *iov,
                        int n_iov, int64_t offset)
{
    require(file, __func__, "file");
    op_begin(loop, op, __func__);
    if (!refused(loop, op, LARIAT_OP_KIND_WRITE, offset, n_iov))
        rw(loop, op, file, iov, n_iov, true, true, offset);
}

void lariat_file_fsync(struct lariat_loop *loop, struct lariat_op *op, struct lariat_file *file, bool datasync)
{
    struct op_request request = { .opcode = IORING_OP_FSYNC, .op_flags = datasync ? IORING_FSYNC_DATASYNC : 0 };

    require(file, __func__, "file");
    op_begin(loop, op, __func__);
    request.fd = file->fd;
    request.sqe_flags = op_sqe_flags(op);
    if (!refused(loop, op, LARIAT_OP_KIND_SYNC, 0, 0))
        op_submit(loop, op, &request, LARIAT_OP_KIND_SYNC);
}

/* A range as fallocate(2) takes it. */
static struct op_request range_request(const struct lariat_op *op, const struct lariat_file *file, int mode, int64_t offset,
                                       int64_t len)
{
    return (struct op_request){ .opcode = IORING_OP_FALLOCATE,
                                .sqe_flags = op_sqe_flags(op),
                                .fd = file->fd,
                                .offset = (uint64_t)offset,
                                .addr = (uint64_t)len,
                                .len = (uint32_t)mode };
}

bool file_step(struct lariat_op *op, int *res)
{
    struct op_priv *p = op_priv(op);
    struct lariat_file *file = p->file;
    int64_t offset = (int64_t)p->request.offset, len = (int64_t)p->request.addr;
    struct stat st;

    p->file = NULL; /* there are two ways, not three */
    if (p->state != OP_IN_RING || op->flags & LARIAT_OP_LINK) /* the chain has fallen apart by now */
        return true;
    if (p->request.opcode == IORING_OP_URING_CMD && (*res == -EOPNOTSUPP || *res == -ENOTTY || *res == -EINVAL)) {
        if (*res != -EINVAL) /* that may be the range's fault */
            __atomic_store_n(&file->block_discard_cmd, false, __ATOMIC_RELAXED);
        p->request = range_request(op, file, PUNCH, (int64_t)p->request.addr, (int64_t)p->range_bytes);
        return false;
    }
    /* Inside the file a hole reads as zeroes too; tmpfs knows no other way. */
    if (p->kind == LARIAT_OP_KIND_ALLOCATE && *res == -EOPNOTSUPP && fstat(file->fd, &st) == 0 && len <= st.st_size &&
        offset <= st.st_size - len) {
        p->request.len = PUNCH;
        return false;
    }
    return true;
}

void lariat_file_discard(struct lariat_loop *loop, struct lariat_op *op, struct lariat_file *file, int64_t offset, int64_t len)
{
    struct op_request request;

    require(file, __func__, "file");
    op_begin(loop, op, __func__);
    request = range_request(op, file, PUNCH, offset, len);
    if (op->flags & LARIAT_OP_FIXED_FILE || offset < 0 || len <= 0) {
        op_refuse(loop, op, LARIAT_OP_KIND_DISCARD, -EINVAL);
    } else if (!file->info.supports_discard && file->info.kind != LARIAT_FILE_REGULAR) {
        op_refuse(loop, op, LARIAT_OP_KIND_DISCARD, -EOPNOTSUPP);
    } else if (__atomic_load_n(&file->block_discard_cmd, __ATOMIC_RELAXED) &&
               ring_supports(&loop->ring, IORING_OP_URING_CMD)) {
        const uint32_t cmd = LARIAT_BLOCK_URING_CMD_DISCARD;

        request = (struct op_request){ .opcode = IORING_OP_URING_CMD,
                                       .sqe_flags = op_sqe_flags(op),
                                       .fd = file->fd,
                                       .addr = (uint64_t)offset };
        memcpy(&request.offset, &cmd, sizeof(cmd)); /* cmd_op shares its place with off */
        op_submit_file(loop, op, &request, LARIAT_OP_KIND_DISCARD, file, (uint64_t)len);
    } else {
        op_submit(loop, op, &request, LARIAT_OP_KIND_DISCARD);
    }
}

void lariat_file_write_zeroes(struct lariat_loop *loop, struct lariat_op *op, struct lariat_file *file, int64_t offset,
                              int64_t len)
{
    struct op_request request;

    require(file, __func__, "file");
    op_begin(loop, op, __func__);
    request = range_request(op, file, FALLOC_FL_ZERO_RANGE, offset, len);
    if (!refused(loop, op, LARIAT_OP_KIND_ALLOCATE, offset, 0))
        op_submit_file(loop, op, &request, LARIAT_OP_KIND_ALLOCATE, file, 0);
}
