/* SPDX-License-Identifier: MIT */
/* Ops inside the library: what is kept in struct lariat_op, and the way from submission to callback. Owner only. */
#ifndef LARIAT_OP_PRIVATE_H
#define LARIAT_OP_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

#include <lariat/op.h>
#include <lariat/stats.h>

#include "loop.h"

/* How an op that is in flight will end. */
enum op_state {
    OP_IN_RING = 0,  /* by a completion of its request */
    OP_POLLING = 1,  /* by the request that follows this poll (LARIAT_OP_FULL after EAGAIN) */
    OP_POISONED = 2, /* by the completion of a request that fails, standing for it in a chain */
    OP_DEFERRED = 3  /* by the next iteration: its result is known */
};

/* A request in the kernel's terms: the members of its SQE. */
struct op_request {
    uint64_t addr;      /* buffer, iovec array, address ... */
    uint64_t offset;    /* also addr2, cmd_op */
    uint32_t len;       /* also the number of iovecs, a mode ... */
    int32_t fd;
    uint32_t op_flags;  /* rw_flags, fsync_flags ... */
    uint32_t slot;      /* file_index */
    uint16_t buf_index;
    uint16_t ioprio;
    uint8_t opcode;
    uint8_t sqe_flags;  /* IOSQE_... */
} __attribute__((may_alias));

#define OP_STORAGE 1u    /* counted in loop->n_storage; must be 1 */
#define OP_FULL 2u       /* LARIAT_OP_FULL in force (op_full.c) */
#define OP_LISTED 4u     /* in loop->cancellable */
#define OP_SLOW 8u       /* more to do at its completion than op_complete() does by itself */
#define OP_CANCELLED 16u /* lariat_op_cancel() or a stop asked */
#define OP_CHAINED 32u   /* linked, or behind a linked one: until started the kernel does not find it to cancel */
#define OP_STREAM 64u    /* a read or write that may wait for ever: no storage, and cancelled by a stop */
#define OP_PARKED 128u   /* to be queued once more as soon as the kernel takes it; in loop->parked */

/* What is inside struct lariat_op; only valid while in flight. */
struct op_priv {
    uint64_t mark;              /* op_mark() while in flight; anything else: not */
    uint8_t bits;               /* OP_... */
    uint8_t kind;               /* enum lariat_op_kind */
    uint8_t state;              /* enum op_state; the rest is only valid with OP_SLOW, OP_FULL or OP_LISTED */
    uint8_t retries;            /* OP_FULL: EINTR and EAGAIN in a row */
    union {
        uint32_t done;          /* OP_FULL: bytes transferred */
        int32_t result;         /* OP_DEFERRED, OP_POISONED */
    };
    uint32_t total;             /* OP_FULL: bytes in all */
    uint32_t tail;              /* OP_FULL: bytes behind `done` that are being transferred again */
    struct lariat_op *next;     /* in loop->cancellable, or in loop->deferred */
    union {
        struct lariat_op *prev; /* in loop->cancellable */
        uint64_t range_bytes;   /* IORING_OP_URING_CMD (which is not cancellable): length of the discard */
    };
    int64_t submit_ns;          /* 0: not measured */
    union {
        struct lariat_file *file;   /* there is another way if the kernel says it cannot (file_io.c); else NULL */
        struct lariat_op *parked;   /* OP_PARKED: the next one in loop->parked */
    };
    struct op_request request;
} __attribute__((may_alias));

_Static_assert(sizeof(struct op_priv) <= sizeof(((struct lariat_op *)0)->priv), "struct lariat_op has too few words");

#define OP_RW_BYTES_MAX 0x7ffff000u /* what one read or write moves at most (MAX_RW_COUNT of Linux) */

static inline struct op_priv *op_priv(struct lariat_op *op)
{
    return (struct op_priv *)op->priv;
}

/* Differs for each op, so that neither stale nor copied memory looks like one in flight. */
static inline uint64_t op_mark(const struct lariat_op *op)
{
    return UINT64_C(0x4c61726961746f70) ^ (uint64_t)(uintptr_t)op;
}

static inline bool op_in_flight(struct lariat_op *op)
{
    return op_priv(op)->mark == op_mark(op);
}

/* First line of each submitting call: checks the caller. */
static inline void op_begin(struct lariat_loop *loop, struct lariat_op *op, const char *function)
{
    assert_owner(loop, function);
    require(op, function, "op");
    if (unlikely(op_in_flight(op)))
        fatal(function, "loop", loop->name, "this op is in flight already");
}

/* The IOSQE_... flags that the flags of the op ask for. */
static inline uint8_t op_sqe_flags(const struct lariat_op *op)
{
    return (uint8_t)((op->flags & LARIAT_OP_LINK ? IOSQE_IO_LINK : 0) |
                     (op->flags & LARIAT_OP_FIXED_FILE ? IOSQE_FIXED_FILE : 0));
}

static inline bool op_kind_is_storage(enum lariat_op_kind kind)
{
    return kind <= LARIAT_OP_KIND_DISCARD;
}

/* What takes the long way by its nature: all that a stop may have to cancel. */
static inline bool op_may_wait(const struct op_request *request, enum lariat_op_kind kind)
{
    if (kind == LARIAT_OP_KIND_READ || kind == LARIAT_OP_KIND_WRITE)
        return request->offset == UINT64_MAX;
    return !op_kind_is_storage(kind) && kind != LARIAT_OP_KIND_CLOSE && kind != LARIAT_OP_KIND_NOP;
}

static inline void op_fill_sqe(struct io_uring_sqe *sqe, const struct op_request *request, const struct lariat_op *op)
{
    sqe->opcode = request->opcode;
    sqe->flags = request->sqe_flags;
    sqe->ioprio = request->ioprio;
    sqe->fd = request->fd;
    sqe->off = request->offset;
    sqe->addr = request->addr;
    sqe->len = request->len;
    sqe->fsync_flags = request->op_flags; /* one union with rw_flags and all others */
    sqe->user_data = (uint64_t)(uintptr_t)op;
    sqe->buf_index = request->buf_index;
    sqe->personality = 0;
    sqe->file_index = request->slot;
    sqe->addr3 = 0;
    sqe->__pad2[0] = 0;
}

/* Count an op in or out of those in flight; lariat_loop_get_stats() reads it from other threads. */
static inline void op_count(struct lariat_loop *loop, int change)
{
    __atomic_store_n(&loop->n_ops, loop->n_ops + (unsigned)change, __ATOMIC_RELAXED);
}

/* op_submit() where anything is out of the ordinary. By value: a request whose address is taken is not kept in registers. */
void op_submit_slow(struct lariat_loop *loop, struct lariat_op *op, struct op_request request, enum lariat_op_kind kind);

/* Last line of each submitting call: hand the request to the kernel, or refuse it by its result. */
static inline void op_submit(struct lariat_loop *loop, struct lariat_op *op, const struct op_request *request,
                             enum lariat_op_kind kind)
{
    struct op_priv *p = op_priv(op);
    struct io_uring_sqe *sqe;

    if (unlikely(atomic_load_explicit(&loop->attention, memory_order_relaxed) || op->flags & ~LARIAT_OP_FIXED_FILE ||
                 op_may_wait(request, kind))) {
        op_submit_slow(loop, op, *request, kind);
        return;
    }
    sqe = ring_sqe_fast(&loop->ring);
    if (unlikely(!sqe)) {
        op_submit_slow(loop, op, *request, kind);
        return;
    }
    op_fill_sqe(sqe, request, op);
    p->mark = op_mark(op);
    p->bits = op_kind_is_storage(kind) ? OP_STORAGE : 0;
    p->kind = (uint8_t)kind;
    p->state = OP_IN_RING;
    loop->n_storage += p->bits;
    op_count(loop, 1);
}

/* In place of op_submit(): the result is known. In the middle of a chain it still breaks the chain. */
void op_refuse(struct lariat_loop *loop, struct lariat_op *op, enum lariat_op_kind kind, int result);

/* In place of op_submit(): it was carried out in the call. */
void op_done_inline(struct lariat_loop *loop, struct lariat_op *op, enum lariat_op_kind kind, int result);

/* Would this op be part of a chain, one that is being built or has been broken? */
bool op_in_chain(struct lariat_loop *loop, const struct lariat_op *op);

/*
 * In place of op_submit(), with the private part filled in but for the accounting: by the slow way, with a file that knows
 * another way (file_io.c), or with a range.
 */
void op_submit_file(struct lariat_loop *loop, struct lariat_op *op, const struct op_request *request,
                    enum lariat_op_kind kind, struct lariat_file *file, uint64_t range_bytes);

/* op_complete() where there is more to do. Returns whether a callback ran. */
bool op_complete_slow(struct lariat_loop *loop, struct lariat_op *op, int res, unsigned cqe_flags);

/* A completion has arrived. Returns whether a callback ran. */
static inline bool op_complete(struct lariat_loop *loop, struct lariat_op *op, int res, unsigned cqe_flags)
{
    struct op_priv *p = op_priv(op);

    if (unlikely(cqe_flags & IORING_CQE_F_MORE || p->bits & ~OP_STORAGE))
        return op_complete_slow(loop, op, res, cqe_flags);
    loop->n_storage -= p->bits;
    op_count(loop, -1);
    stat_add(&loop->stats.ops[p->kind], 1);
    if (unlikely(res < 0))
        stat_add(&loop->stats.op_errors, 1);
    p->mark = 0;
    op->cqe_flags = cqe_flags;
    op->fn(op, res);
    return true;
}

/* Deliver the ops whose results were known when it was called. Returns whether there were any. */
bool op_run_deferred(struct lariat_loop *loop);

/* Forget all deferred ops, uncalled. */
void op_drop_deferred(struct lariat_loop *loop);

/*
 * Ask the kernel to cancel the ops that a stop does not wait for: those not asked yet; those that it may not have found,
 * being in chains, if `chained`; or all, if `again`.
 */
void op_cancel_all(struct lariat_loop *loop, bool chained, bool again);

/* Before the first op. */
void ops_init(struct lariat_loop *loop);

/* Repeat the requests to cancel whose ops are still in flight. False: the kernel takes no more now. */
bool op_cancel_again(struct lariat_loop *loop);

/* Queue the parked ops once more. False: the kernel still takes none. */
bool op_unpark(struct lariat_loop *loop);

/* Keep in mind which of the registered files are storage; they have been registered or updated. n 0: none are any more. */
void op_note_slots(struct lariat_loop *loop, unsigned first, const int *fds, unsigned n);

/* file_io.c: as op_full_step(), for an op with p->file: if the kernel cannot do it this way, there may be another. */
bool file_step(struct lariat_op *op, int *res);

/* op_full.c: is the op, whose private part holds the request, one for LARIAT_OP_FULL? 0 or -EINVAL; sets OP_FULL. */
int op_full_begin(struct lariat_op *op);

/*
 * op_full.c: after a completion of an op with LARIAT_OP_FULL. True: *res is the final result; false: the request is to be
 * queued again.
 */
bool op_full_step(struct lariat_op *op, int *res);

/* op_full.c: what is left of the request: opcode, address, length and offset to be put into an SQE. */
void op_full_remainder(const struct op_priv *p, struct io_uring_sqe *sqe);

#endif
