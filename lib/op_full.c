/* SPDX-License-Identifier: MIT */
/*
 * LARIAT_OP_FULL: repeat short transfers, EINTR and EAGAIN until everything is transferred, the end of file, or a real error.
 * Bookkeeping on the op's private part; op.c talks to the ring.
 *
 * After a short transfer the request goes on where it ended, so that the kernel says what stands in the way there: nothing
 * (the end of file), a full disk, a bad sector. With O_DIRECT that place may not be aligned, and the answer is EINVAL. Then
 * the repeated request begins at the last multiple of the alignment that the original one had, and a few bytes (`tail`) are
 * transferred again; if no more than those come back, the end is reached. What was appended is never transferred again.
 */
#include "op.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define RETRIES_MAX 64
#define ALIGN_MAX 4096u

static bool is_vector(const struct op_request *request)
{
    return request->opcode == IORING_OP_READV || request->opcode == IORING_OP_WRITEV;
}

static bool is_stream(const struct op_request *request)
{
    return request->offset == UINT64_MAX || request->opcode == IORING_OP_RECV || request->opcode == IORING_OP_SEND;
}

static const struct iovec *vector(const struct op_request *request)
{
    return (const struct iovec *)(uintptr_t)request->addr;
}

int op_full_begin(struct lariat_op *op)
{
    struct op_priv *p = op_priv(op);
    struct op_request *request = &p->request;
    size_t total = request->len;

    if (p->kind == LARIAT_OP_KIND_RECV || p->kind == LARIAT_OP_KIND_SEND)
        request->op_flags |= MSG_WAITALL;
    if (p->kind != LARIAT_OP_KIND_READ && p->kind != LARIAT_OP_KIND_WRITE && request->opcode != IORING_OP_RECV &&
        request->opcode != IORING_OP_SEND)
        return 0;
    if (op->flags & (LARIAT_OP_LINK | LARIAT_OP_MULTISHOT))
        return -EINVAL;
    if (is_vector(request)) {
        total = 0;
        for (unsigned i = 0; i < request->len; i++)
            if (__builtin_add_overflow(total, vector(request)[i].iov_len, &total))
                return -EINVAL;
    }
    if (total > INT_MAX)
        return -EINVAL; /* the total would not fit into the result */
    p->total = (uint32_t)total;
    p->bits |= OP_FULL;
    return 0;
}

/* The alignment of the request as a whole: 1 for streams, else up to ALIGN_MAX. */
static uint32_t alignment(const struct op_priv *p)
{
    const struct op_request *request = &p->request;
    uint64_t bits = ALIGN_MAX | request->offset | p->total;

    if (is_stream(request))
        return 1;
    if (!is_vector(request))
        bits |= request->addr;
    for (unsigned i = 0; is_vector(request) && i < request->len; i++)
        bits |= (uint64_t)(uintptr_t)vector(request)[i].iov_base | vector(request)[i].iov_len;
    return (uint32_t)(bits & -bits);
}

/* A registered file does not tell how it was opened. */
static bool appends(const struct op_priv *p)
{
    const struct op_request *request = &p->request;
    int flags = request->sqe_flags & IOSQE_FIXED_FILE ? 0 : fcntl(request->fd, F_GETFL);

    return p->kind == LARIAT_OP_KIND_WRITE && (request->op_flags & RWF_APPEND || (flags >= 0 && flags & O_APPEND));
}

/* Begin at an aligned place. False: it was one, or there is no going back. */
static bool step_back(struct op_priv *p)
{
    uint32_t tail = p->tail || appends(p) ? 0 : p->done & (alignment(p) - 1);

    p->tail += tail;
    p->done -= tail;
    return tail;
}

/* EINTR: again. EAGAIN: again once the descriptor is ready. Anything else, or too often: the end. */
static bool failed(struct lariat_op *op, int *res)
{
    struct op_priv *p = op_priv(op);
    bool again = *res == -EINTR || (*res == -EAGAIN && !(op->rw_flags & RWF_NOWAIT));

    if (p->bits & OP_CANCELLED)
        return true;
    if (*res == -EINVAL && step_back(p))
        return false;
    if (!again || ++p->retries > RETRIES_MAX)
        return true;
    if (*res == -EAGAIN)
        p->state = OP_POLLING;
    return false;
}

bool op_full_step(struct lariat_op *op, int *res)
{
    struct op_priv *p = op_priv(op);
    uint32_t moved;

    if (p->state == OP_POISONED)
        return true;
    if (p->state == OP_POLLING) {
        p->state = OP_IN_RING;
        if ((p->bits & OP_CANCELLED) && *res >= 0) /* the descriptor is ready, but nobody wants to know */
            *res = p->done + p->tail ? (int)(p->done + p->tail) : -ECANCELED;
        return *res < 0 || (p->bits & OP_CANCELLED);
    }
    if (*res < 0)
        return failed(op, res);
    moved = (uint32_t)*res;
    if (moved <= p->tail) { /* nothing new: the end of file */
        *res = (int)(p->done + p->tail);
        return true;
    }
    p->retries = 0;
    p->done += moved;
    p->tail = 0;
    if (p->done < p->total && !(p->bits & OP_CANCELLED))
        return false;
    *res = (int)p->done;
    return true;
}

void op_full_remainder(const struct op_priv *p, struct io_uring_sqe *sqe)
{
    const struct op_request *request = &p->request;
    uint32_t skip = p->done;

    if (!is_stream(request))
        sqe->off = request->offset + p->done;
    if (!is_vector(request)) {
        sqe->addr = request->addr + p->done;
        sqe->len = p->total - p->done < OP_RW_BYTES_MAX ? p->total - p->done : OP_RW_BYTES_MAX;
        return;
    }
    if (!skip)
        return;
    /* The array is the caller's, so it cannot be cut: go on one piece at a time. */
    for (const struct iovec *iov = vector(request);; iov++) {
        if (skip < iov->iov_len) {
            sqe->opcode = request->opcode == IORING_OP_READV ? IORING_OP_READ : IORING_OP_WRITE;
            sqe->addr = (uint64_t)(uintptr_t)iov->iov_base + skip;
            sqe->len = (uint32_t)(iov->iov_len - skip);
            return;
        }
        skip -= (uint32_t)iov->iov_len;
    }
}
