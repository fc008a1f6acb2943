/* SPDX-License-Identifier: MIT */
/*
 * Ops: the way from the submitting call to the callback. The ordinary case is inline (op_submit() and op_complete() in op.h):
 * the request goes from the caller's stack straight into an SQE. Here is the long way, for all that is out of the ordinary:
 * the request is kept in the op's private part, so that it can be put into an SQE again. The calls are in op_calls.c.
 */
#include "op.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

#include "annotate.h"
#include "clock.h"

#define OP_FLAGS_KNOWN (LARIAT_OP_FULL | LARIAT_OP_LINK | LARIAT_OP_FIXED_FILE | LARIAT_OP_MULTISHOT)
#define ASK_DELAY_LEAST_NS 1000000
#define ASK_DELAY_MOST_NS 50000000
#define OPCODE_INVALID 255 /* of no kernel: a request that fails where it stands in a chain */

/* ---- accounting ---- */

static void list_add(struct lariat_loop *loop, struct lariat_op *op)
{
    struct op_priv *p = op_priv(op);

    p->prev = NULL;
    p->next = loop->cancellable;
    if (p->next)
        op_priv(p->next)->prev = op;
    loop->cancellable = op;
    p->bits |= OP_LISTED;
}

/* It has its range where the link of the list would be. */
static bool has_range(const struct op_priv *p)
{
    return p->bits & OP_SLOW && p->request.opcode == IORING_OP_URING_CMD;
}

static void list_remove(struct lariat_loop *loop, struct lariat_op *op)
{
    struct op_priv *p = op_priv(op);

    if (p->prev)
        op_priv(p->prev)->next = p->next;
    else
        loop->cancellable = p->next;
    if (p->next)
        op_priv(p->next)->prev = p->prev;
}

/* The op is the caller's again. */
static void release(struct lariat_loop *loop, struct lariat_op *op, int res)
{
    struct op_priv *p = op_priv(op);

    if (p->bits & OP_LISTED)
        list_remove(loop, op);
    loop->n_storage -= p->bits & OP_STORAGE;
    op_count(loop, -1);
    p->mark = 0;
    stat_add(&loop->stats.ops[p->kind], 1);
    if (unlikely(res < 0))
        stat_add(&loop->stats.op_errors, 1);
    if (p->bits & OP_SLOW && p->submit_ns) {
        struct loop_histograms *histograms = loop_histograms(loop);

        if (histograms)
            lariat_histogram_add(&histograms->latency, clock_now_ns() - p->submit_ns);
    }
}

/* ---- what the tools cannot see ---- */

static void annotate_submit(const struct op_priv *p)
{
    const struct op_request *request = &p->request;
    const void *addr = (const void *)(uintptr_t)request->addr;

    switch (request->opcode) {
    case IORING_OP_READ:
    case IORING_OP_READ_FIXED:
    case IORING_OP_RECV:
        annotate_kernel_will_write(addr, p->bits & OP_FULL ? p->total : request->len);
        break;
    case IORING_OP_WRITE:
    case IORING_OP_WRITE_FIXED:
    case IORING_OP_SEND:
        annotate_kernel_will_read(addr, p->bits & OP_FULL ? p->total : request->len);
        break;
    case IORING_OP_READV:
    case IORING_OP_WRITEV:
        for (unsigned i = 0; i < request->len; i++) {
            const struct iovec *iov = (const struct iovec *)addr + i;

            if (request->opcode == IORING_OP_READV)
                annotate_kernel_will_write(iov->iov_base, iov->iov_len);
            else
                annotate_kernel_will_read(iov->iov_base, iov->iov_len);
        }
        break;
    default:
        break;
    }
}

static void annotate_result(const struct op_priv *p, int res)
{
    const struct op_request *request = &p->request;
    size_t left = res > 0 ? (size_t)res : 0;

    if (p->bits & OP_FULL && left)
        left += p->done;
    if (request->opcode == IORING_OP_READ || request->opcode == IORING_OP_READ_FIXED || request->opcode == IORING_OP_RECV) {
        annotate_kernel_wrote((void *)(uintptr_t)request->addr, left);
    } else if (request->opcode == IORING_OP_READV) {
        const struct iovec *iov = (const struct iovec *)(uintptr_t)request->addr;

        for (unsigned i = 0; i < request->len && left; i++) {
            size_t part = iov[i].iov_len < left ? iov[i].iov_len : left;

            annotate_kernel_wrote(iov[i].iov_base, part);
            left -= part;
        }
    }
}

/* ---- submission ---- */

bool op_in_chain(struct lariat_loop *loop, const struct lariat_op *op)
{
    return op->flags & LARIAT_OP_LINK || loop->chain_broken || ring_chain_is_open(&loop->ring);
}

static bool ring_gone(struct lariat_loop *loop)
{
    return atomic_load_explicit(&loop->closed, memory_order_relaxed);
}

/* Take the op over from the caller. What op_submit() leaves out is set here too. */
static struct op_priv *accept_op(struct lariat_loop *loop, struct lariat_op *op, enum lariat_op_kind kind)
{
    struct op_priv *p = op_priv(op);

    memset(p, 0, offsetof(struct op_priv, request));
    p->mark = op_mark(op);
    p->kind = (uint8_t)kind;
    p->bits = OP_SLOW;
    op_count(loop, 1);
    loop_queued(loop);
    return p;
}

static void defer(struct lariat_loop *loop, struct lariat_op *op, int result)
{
    struct op_priv *p = op_priv(op);
    struct deferred_ops *deferred = &loop->deferred;

    p->state = OP_DEFERRED;
    p->result = result;
    p->next = NULL;
    if (deferred->first)
        op_priv(deferred->last)->next = op;
    else
        deferred->first = op;
    deferred->last = op;
    deferred->n++;
}

void op_done_inline(struct lariat_loop *loop, struct lariat_op *op, enum lariat_op_kind kind, int result)
{
    accept_op(loop, op, kind);
    defer(loop, op, result);
    stat_add(&loop->stats.ops_inline, 1);
}

static void set_chain_broken(struct lariat_loop *loop, bool broken)
{
    loop->chain_broken = broken;
    if (broken)
        atomic_fetch_or_explicit(&loop->attention, ATTENTION_CHAIN, memory_order_relaxed);
    else
        atomic_fetch_and_explicit(&loop->attention, ~ATTENTION_CHAIN, memory_order_relaxed);
}

/*
 * Refuse an op that was accepted. In a chain, the links before and after it must not close up: so a request that fails takes
 * its place; or, when the kernel takes none, the chain ends before it, and what is linked behind it fails here too.
 */
static void refuse(struct lariat_loop *loop, struct lariat_op *op, int result)
{
    struct op_priv *p = op_priv(op);
    struct io_uring_sqe *sqe = NULL;
    int err;

    if (!ring_gone(loop) && !loop->chain_broken && op_in_chain(loop, op))
        sqe = ring_sqe(&loop->ring, &err);
    if (!sqe) {
        defer(loop, op, result);
        if (!ring_gone(loop))
            ring_end_chain(&loop->ring);
        if (loop->chain_broken != (bool)(op->flags & LARIAT_OP_LINK))
            set_chain_broken(loop, op->flags & LARIAT_OP_LINK);
        return;
    }
    sqe->opcode = OPCODE_INVALID;
    sqe->flags = op->flags & LARIAT_OP_LINK ? IOSQE_IO_LINK : 0;
    sqe->user_data = (uint64_t)(uintptr_t)op;
    ring_note_flags(&loop->ring, sqe);
    p->state = OP_POISONED;
    p->result = result;
}

void op_refuse(struct lariat_loop *loop, struct lariat_op *op, enum lariat_op_kind kind, int result)
{
    accept_op(loop, op, kind);
    refuse(loop, op, result);
}

/* Put the request of the private part into an SQE. */
static void fill(struct io_uring_sqe *sqe, struct lariat_op *op)
{
    const struct op_priv *p = op_priv(op);

    if (p->state == OP_POLLING) {
        sqe->opcode = IORING_OP_POLL_ADD;
        sqe->flags = p->request.sqe_flags & IOSQE_FIXED_FILE;
        sqe->fd = p->request.fd;
        ring_set_poll_mask(sqe, p->kind == LARIAT_OP_KIND_READ || p->kind == LARIAT_OP_KIND_RECV ? POLLIN : POLLOUT);
        sqe->user_data = (uint64_t)(uintptr_t)op;
        return;
    }
    op_fill_sqe(sqe, &p->request, op);
    if (p->bits & OP_FULL)
        op_full_remainder(p, sqe);
    if (p->request.opcode == IORING_OP_URING_CMD)
        sqe->addr3 = p->range_bytes;
}

/* What may still go through once stopping has begun. */
static bool allowed_late(struct lariat_loop *loop, const struct op_request *request)
{
    bool allowed = request->opcode == IORING_OP_FSYNC || request->opcode == IORING_OP_SYNC_FILE_RANGE ||
                   request->opcode == IORING_OP_CLOSE;

    if (!allowed || !loop->late_ops || ring_gone(loop))
        return false;
    loop->late_ops--;
    return true;
}

/* Is the request acceptable at all? 0 or the result that refuses it. Sets OP_FULL. */
static int check_request(struct lariat_loop *loop, struct lariat_op *op)
{
    const struct op_priv *p = op_priv(op);

    if (loop->chain_broken)
        return -ECANCELED;
    if (loop->stopping && !allowed_late(loop, &p->request))
        return -ESHUTDOWN;
    if (op->flags & ~OP_FLAGS_KNOWN)
        return -EINVAL;
    if (op->flags & LARIAT_OP_MULTISHOT && p->kind != LARIAT_OP_KIND_ACCEPT)
        return -EINVAL;
    if (!ring_supports(&loop->ring, p->request.opcode))
        return -EOPNOTSUPP;
    return op->flags & LARIAT_OP_FULL ? op_full_begin(op) : 0;
}

/* Is the target of this write, at the file's own position, a log, say, or a pipe that may be full for ever? */
static bool writes_to_stream(const struct lariat_loop *loop, const struct op_request *request)
{
    struct stat st;

    if (request->sqe_flags & IOSQE_FIXED_FILE)
        return (unsigned)request->fd < loop->n_slots && !loop->slots[request->fd];
    return fstat(request->fd, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode);
}

static bool is_stream(const struct lariat_loop *loop, const struct op_priv *p)
{
    if (p->request.offset != UINT64_MAX)
        return false;
    return p->kind == LARIAT_OP_KIND_READ || (p->kind == LARIAT_OP_KIND_WRITE && writes_to_stream(loop, &p->request));
}

void op_note_slots(struct lariat_loop *loop, unsigned first, const int *fds, unsigned n)
{
    struct stat st;

    for (unsigned i = 0; i < n && first + i < loop->n_slots; i++)
        loop->slots[first + i] = fstat(fds[i], &st) || S_ISREG(st.st_mode) || S_ISBLK(st.st_mode);
}

void op_submit_file(struct lariat_loop *loop, struct lariat_op *op, const struct op_request *request,
                    enum lariat_op_kind kind, struct lariat_file *file, uint64_t range_bytes)
{
    struct op_priv *p = accept_op(loop, op, kind);
    struct io_uring_sqe *sqe;
    int err;

    p->request = *request;
    p->file = file;
    p->range_bytes = range_bytes;
    err = check_request(loop, op);
    if (err) {
        refuse(loop, op, err);
        return;
    }
    if (loop->annotate)
        annotate_submit(p);
    if (atomic_load_explicit(&loop->attention, memory_order_relaxed) & ATTENTION_MEASURE)
        p->submit_ns = clock_now_ns();
    if (op_in_chain(loop, op))
        p->bits |= OP_CHAINED;
    sqe = ring_sqe(&loop->ring, &err);
    if (!sqe) {
        refuse(loop, op, err);
        return;
    }
    fill(sqe, op);
    ring_note_flags(&loop->ring, sqe);
    if (is_stream(loop, p)) {
        p->bits |= OP_STREAM;
    } else if (op_kind_is_storage(kind)) {
        p->bits |= OP_STORAGE;
        loop->n_storage++;
    }
    if (op_may_wait(&p->request, kind))
        list_add(loop, op);
}

void op_submit_slow(struct lariat_loop *loop, struct lariat_op *op, struct op_request request, enum lariat_op_kind kind)
{
    op_submit_file(loop, op, &request, kind, NULL, 0);
}

/* The SQE of a raw request is the caller's to fill in; what stands in the private part only serves the way back. */
struct io_uring_sqe *lariat_sqe(struct lariat_loop *loop, struct lariat_op *op)
{
    struct io_uring_sqe *sqe = NULL;
    struct op_priv *p;
    int err;

    op_begin(loop, op, __func__);
    p = accept_op(loop, op, LARIAT_OP_KIND_RAW);
    memset(&p->request, 0, sizeof(p->request));
    err = loop->chain_broken ? -ECANCELED : loop->stopping ? -ESHUTDOWN : op->flags & ~OP_FLAGS_KNOWN ? -EINVAL : 0;
    if (!err)
        sqe = ring_sqe(&loop->ring, &err);
    if (!sqe) {
        refuse(loop, op, err);
        memset(&loop->scratch_sqe, 0, sizeof(loop->scratch_sqe));
        return &loop->scratch_sqe;
    }
    if (loop->ring.chain_open)
        p->bits |= OP_CHAINED;
    if (atomic_load_explicit(&loop->attention, memory_order_relaxed) & ATTENTION_MEASURE)
        p->submit_ns = clock_now_ns();
    sqe->user_data = (uint64_t)(uintptr_t)op;
    list_add(loop, op);
    return sqe;
}

/* ---- going on, and asking to stop ---- */

/*
 * A request that the kernel is about to try again, because what it waited for has happened, is not found: it goes on, and may
 * find nothing and wait once more. So what was to be cancelled and is still in flight is asked for again; a little later, and
 * ever later, because the kernel may say the same for long.
 */
static bool cancel_answered(struct completion *completion, int res, unsigned cqe_flags)
{
    struct lariat_loop *loop = (struct lariat_loop *)((char *)completion - offsetof(struct lariat_loop, cancel_answer));

    (void)cqe_flags;
    if (res != -ENOENT) {
        loop->ask_delay_ns = ASK_DELAY_LEAST_NS;
    } else if (loop->ask_again_ns == CLOCK_NEVER) {
        loop->ask_again_ns = clock_now_ns() + loop->ask_delay_ns;
        loop->ask_delay_ns = loop->ask_delay_ns < ASK_DELAY_MOST_NS / 2 ? loop->ask_delay_ns * 2 : ASK_DELAY_MOST_NS;
    }
    return false;
}

void ops_init(struct lariat_loop *loop)
{
    loop->cancel_answer.fn = cancel_answered;
    loop->ask_again_ns = CLOCK_NEVER;
    loop->ask_delay_ns = ASK_DELAY_LEAST_NS;
}

static int ask_cancel(struct lariat_loop *loop, struct lariat_op *op)
{
    struct io_uring_sqe *sqe = ring_internal_sqe(&loop->ring);

    if (!sqe)
        return -EAGAIN;
    sqe->opcode = IORING_OP_ASYNC_CANCEL;
    sqe->fd = -1;
    sqe->addr = (uint64_t)(uintptr_t)op;
    sqe->user_data = completion_user_data(&loop->cancel_answer);
    op_priv(op)->bits |= OP_CANCELLED | (loop->ring.chain_open ? OP_CHAINED : 0);
    return 0;
}

/* The request has to go on. Its place is never inside a chain that the user is building. False: not now. */
static bool queue_again(struct lariat_loop *loop, struct lariat_op *op)
{
    struct io_uring_sqe *sqe = ring_internal_sqe(&loop->ring);

    if (sqe)
        fill(sqe, op);
    return sqe;
}

static void go_on(struct lariat_loop *loop, struct lariat_op *op)
{
    struct op_priv *p = op_priv(op);

    if (queue_again(loop, op))
        return;
    p->bits |= OP_PARKED;
    p->parked = loop->parked;
    loop->parked = op;
}

bool op_unpark(struct lariat_loop *loop)
{
    while (loop->parked) {
        struct lariat_op *op = loop->parked;
        struct op_priv *p = op_priv(op);

        if (!queue_again(loop, op))
            return false;
        loop->parked = p->parked;
        p->parked = NULL;
        p->bits &= (uint8_t)~OP_PARKED;
        if (p->bits & OP_CANCELLED && p->bits & OP_LISTED) {
            p->bits &= (uint8_t)~OP_CANCELLED; /* asked while the kernel did not have it */
            (void)ask_cancel(loop, op);
        }
    }
    return true;
}

/* ---- completion ---- */

bool op_complete_slow(struct lariat_loop *loop, struct lariat_op *op, int res, unsigned cqe_flags)
{
    struct op_priv *p = op_priv(op);

    op->cqe_flags = cqe_flags;
    if (cqe_flags & IORING_CQE_F_MORE) {
        stat_add(&loop->stats.ops[p->kind], 1);
        op->fn(op, res);
        return true;
    }
    if (loop->annotate && p->state == OP_IN_RING)
        annotate_result(p, res);
    if (p->bits & OP_FULL || (p->bits & OP_SLOW && p->file)) {
        bool final = p->bits & OP_FULL ? op_full_step(op, &res) : file_step(op, &res);

        if (!final) {
            go_on(loop, op);
            return false;
        }
    }
    if (p->state == OP_POISONED && res == -EINVAL)
        res = p->result;
    else if (p->bits & OP_CANCELLED && res == -EINTR)
        res = -ECANCELED; /* how a worker thread, interrupted by the cancel, puts it */
    release(loop, op, res);
    op->fn(op, res);
    return true;
}

bool op_run_deferred(struct lariat_loop *loop)
{
    struct lariat_op *op = loop->deferred.first;

    if (!op)
        return false;
    loop->deferred.first = NULL;
    loop->deferred.n = 0;
    while (op) {
        struct lariat_op *next = op_priv(op)->next;
        int res = op_priv(op)->result;

        op->cqe_flags = 0;
        release(loop, op, res);
        op->fn(op, res);
        op = next;
    }
    return true;
}

void op_drop_deferred(struct lariat_loop *loop)
{
    for (struct lariat_op *op = loop->deferred.first, *next; op; op = next) {
        next = op_priv(op)->next;
        op_priv(op)->mark = 0;
        op_count(loop, -1);
    }
    loop->deferred.first = NULL;
    loop->deferred.n = 0;
}

/* ---- cancelling ---- */

int lariat_op_cancel(struct lariat_loop *loop, struct lariat_op *op)
{
    const struct op_priv *p;
    int err;

    assert_owner(loop, __func__);
    require(op, __func__, "op");
    p = op_priv(op);
    if (!op_in_flight(op))
        return -ENOENT;
    if (ring_gone(loop))
        return -EALREADY; /* the ring broke, and took it along */
    /* A request to cancel a link that has not started finds nothing, so it may be made again. */
    if ((p->bits & (OP_CANCELLED | OP_CHAINED)) == OP_CANCELLED || p->state >= OP_POISONED)
        return -EALREADY;
    err = ask_cancel(loop, op);
    if (err)
        return err;
    if (!(p->bits & OP_LISTED) && !has_range(p))
        list_add(loop, op); /* where op_cancel_again() finds it */
    loop_queued(loop);
    return 0;
}

bool op_cancel_again(struct lariat_loop *loop)
{
    for (struct lariat_op *op = loop->cancellable; op; op = op_priv(op)->next) {
        const struct op_priv *p = op_priv(op);
        bool in_kernel = p->state < OP_POISONED && !(p->bits & (OP_PARKED | OP_CHAINED));

        if (p->bits & OP_CANCELLED && in_kernel && ask_cancel(loop, op))
            return false;
    }
    loop->ask_again_ns = CLOCK_NEVER;
    return true;
}

void op_cancel_all(struct lariat_loop *loop, bool chained, bool again)
{
    for (struct lariat_op *op = loop->cancellable; op; op = op_priv(op)->next) {
        const struct op_priv *p = op_priv(op);
        bool storage = p->bits & OP_STORAGE; /* a write to a log */
        bool asked = p->bits & OP_CANCELLED && !(chained && p->bits & OP_CHAINED);

        if (!storage && (again || !asked) && ask_cancel(loop, op))
            break;
    }
}
