/* SPDX-License-Identifier: MIT */
#include "program_ops.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "loop.h"

#include "choice.h"
#include "object.h"
#include "sim.h"

#define RESUBMITS_MOST 3000

static uint8_t buffers[4][64]; /* registered */
static unsigned n_resubmits;

void program_ops_begin(void)
{
    n_resubmits = 0;
}

static int number(const struct sim_op *op)
{
    return (int)(op - oracle.ops);
}

static void op_done(struct lariat_op *public, int res)
{
    struct sim_op *op = (struct sim_op *)public;

    sim_trace("op %d completes: %d", number(op), res);
    oracle_op_completes(op, res);
    if (op->op.opaque && !op->in_flight && n_resubmits < RESUBMITS_MOST) {
        n_resubmits++;
        oracle_op_submitted(op);
        lariat_nop(oracle.loop, &op->op);
        op->submitting = false;
    }
    program_react();
}

/* One that is free, or NULL. */
static struct sim_op *take_op(uint8_t flags)
{
    for (unsigned i = 0; i < N_OPS; i++) {
        struct sim_op *op = &oracle.ops[i];

        if (op->in_flight)
            continue;
        memset(&op->op, 0, offsetof(struct lariat_op, priv));
        op->op.fn = op_done;
        op->op.flags = flags & 1 ? LARIAT_OP_FULL : 0;
        op->object = NULL;
        op->storage = op->writes = op->stream = false;
        memset(op->iov, 0, sizeof(op->iov));
        memset(op->memory, 0xee, sizeof(op->memory));
        oracle_op_submitted(op);
        return op;
    }
    return NULL;
}

/* Its memory in pieces of odd sizes. */
static void cut(struct sim_op *op, uint32_t len, bool pieces)
{
    uint32_t at = 0;

    op->len = len;
    for (unsigned i = 0; i < OP_PIECES; i++) {
        uint32_t part = pieces && i < OP_PIECES - 1 ? (len - at) / 3 : len - at;

        op->iov[i].iov_base = op->memory + at;
        op->iov[i].iov_len = part;
        at += part;
    }
}

static void start_file_io(struct sim_op *op, uint8_t what)
{
    const struct object *file = object_file(what & 2 ? 1 : 0);
    int offset;

    op->object = object_file(what & 2 ? 1 : 0);
    op->storage = true;
    cut(op, 1 + choice_random(OP_BYTES), what & 4);
    op->writes = file == object_file(1);
    op->offset = op->writes ? (uint32_t)number(op) * OP_BYTES : choice_random(FILE_BYTES + 100);
    for (uint32_t i = 0; i < op->len && op->writes; i++)
        op->memory[i] = (uint8_t)choice_random(256);
    offset = (int)op->offset;
    sim_trace("op %d: %s %u bytes at %d%s", number(op), op->writes ? "write" : "read", op->len, offset,
              op->op.flags & LARIAT_OP_FULL ? ", full" : "");
    if (op->writes && what & 4)
        lariat_writev(oracle.loop, &op->op, file->fd, op->iov, OP_PIECES, offset);
    else if (op->writes && what & 8)
        lariat_write_fixed(oracle.loop, &op->op, file->fd, op->memory, op->len, offset, what >> 6);
    else if (op->writes)
        lariat_write(oracle.loop, &op->op, file->fd, op->memory, op->len, offset);
    else if (what & 4)
        lariat_readv(oracle.loop, &op->op, file->fd, op->iov, OP_PIECES, offset);
    else if (what & 8)
        lariat_read_fixed(oracle.loop, &op->op, file->fd, op->memory, op->len, offset, what >> 6);
    else
        lariat_read(oracle.loop, &op->op, file->fd, op->memory, op->len, offset);
}

static void start_stream_io(struct sim_op *op, uint8_t what)
{
    op->object = object_stream(what >> 3);
    op->stream = true;
    cut(op, 1 + choice_random(OP_BYTES), false);
    for (uint32_t i = 0; i < op->len && what & 2; i++)
        op->memory[i] = (uint8_t)choice_random(256);
    sim_trace("op %d: %s on descriptor %d", number(op), what & 2 ? "send" : "receive", op->object->fd);
    if (what & 2 && what & 4)
        lariat_send(oracle.loop, &op->op, op->object->fd, op->memory, op->len, 0);
    else if (what & 2)
        lariat_write(oracle.loop, &op->op, op->object->fd, op->memory, op->len, -1);
    else if (what & 4)
        lariat_recv(oracle.loop, &op->op, op->object->fd, op->memory, op->len, 0);
    else
        lariat_read(oracle.loop, &op->op, op->object->fd, op->memory, op->len, -1);
}

static void start_other(struct sim_op *op, uint8_t what)
{
    int file = object_file(0)->fd, listener = object_listener(what >> 6)->fd;

    sim_trace("op %d: other kind %d", number(op), what >> 1 & 7);
    op->storage = (what >> 1 & 7) < 3 || (what >> 1 & 7) == 7;
    switch (what >> 1 & 7) {
    case 0:
        lariat_fsync(oracle.loop, &op->op, file, what & 64);
        break;
    case 1:
        lariat_fallocate(oracle.loop, &op->op, file, 0, 0, 4096);
        break;
    case 2:
        lariat_sync_file_range(oracle.loop, &op->op, file, 0, 4096, 0);
        break;
    case 3:
        op->op.flags |= what & 128 ? LARIAT_OP_MULTISHOT : 0;
        lariat_accept(oracle.loop, &op->op, listener, NULL, NULL, 0);
        break;
    case 4:
        lariat_connect(oracle.loop, &op->op, object_stream(what)->fd, NULL, 0);
        break;
    case 5:
        lariat_close(oracle.loop, &op->op, 12345);
        break;
    case 6:
        op->op.opaque = what & 128 ? op : NULL; /* again and again */
        lariat_nop(oracle.loop, &op->op);
        break;
    default:
        op->op.flags = LARIAT_OP_FIXED_FILE;
        lariat_fsync(oracle.loop, &op->op, what >> 6, false);
        break;
    }
}

static void start_raw(struct sim_op *op, uint8_t what)
{
    struct io_uring_sqe *sqe;

    op->op.flags = what & 2 ? LARIAT_OP_MULTISHOT : 0;
    sim_trace("op %d: raw", number(op));
    sqe = lariat_sqe(oracle.loop, &op->op);
    sqe->opcode = what & 4 ? (uint8_t)IORING_OP_NOP : what & 8 ? (uint8_t)IORING_OP_POLL_ADD : 200;
    sqe->fd = object_stream(what >> 5)->fd;
    if (sqe->opcode == IORING_OP_POLL_ADD) {
        sqe->poll32_events = POLLIN;
        sqe->len = what & 2 ? IORING_POLL_ADD_MULTI : 0;
    }
}

static void start_op(uint8_t kind, uint8_t what, bool chained, bool link)
{
    struct sim_op *op = take_op(link ? 0 : what);

    if (!op)
        return;
    op->chained = chained;
    if (link)
        op->op.flags = LARIAT_OP_LINK;
    if (kind < 3)
        start_file_io(op, what);
    else if (kind < 5 && !link)
        start_stream_io(op, what);
    else if (kind < 7)
        start_other(op, link ? what & 0xc5 : what); /* in chains: those that end by themselves */
    else
        start_raw(op, what);
    op->submitting = false;
}

/* The loop must not give the kernel a part of a chain that is being built. */
static void start_chain(uint8_t what)
{
    unsigned n = 2 + (what & 3);
    int err = what & 4 ? lariat_sqe_reserve(oracle.loop, n) : 0;

    sim_require(err == 0 || err == -EAGAIN || err == -EINVAL || err == -ESHUTDOWN, "reserving gives %d", err);
    sim_trace("a chain of %u", n);
    for (unsigned i = 0; i < n; i++)
        start_op(what >> 3 & 1 ? 0 : 6, (uint8_t)((what & 0xf0) + 2 * i), true, i + 1 < n);
}

void program_cancel(struct sim_op *op)
{
    int err = lariat_op_cancel(oracle.loop, &op->op);

    sim_trace("op %d cancelled: %d", number(op), err);
    sim_require(err == 0 || err == -EALREADY || err == -EAGAIN || (err == -ENOENT && !op->in_flight),
                "cancelling an op gives %d", err);
    op->cancelled |= err == 0;
}

static void register_something(uint8_t what)
{
    int fds[4];
    struct iovec iov[4];
    unsigned n = what >> 3 & 3;

    for (unsigned i = 0; i < 4; i++) {
        fds[i] = i & 1 ? object_stream(what)->fd : object_file(0)->fd;
        iov[i].iov_base = buffers[i];
        iov[i].iov_len = sizeof(buffers[i]);
    }
    if (what & 1)
        (void)lariat_register_buffers(oracle.loop, iov, n);
    else if (what & 2)
        (void)lariat_register_files(oracle.loop, fds, n);
    else
        (void)lariat_register_files_update(oracle.loop, what >> 5 & 3, fds, n);
}

void program_act_op(uint8_t what, uint8_t more)
{
    uint8_t kind = what % 32 - 17;

    if (kind < 9)
        start_op(kind % 8, more, false, false);
    else if (kind < 11)
        start_chain(more);
    else if (kind == 11)
        register_something(more);
    else
        program_cancel(&oracle.ops[more % N_OPS]);
}
