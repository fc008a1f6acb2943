/* SPDX-License-Identifier: MIT */
#include "storage.h"

#include <errno.h>
#include <fcntl.h>
#include <lariat/bh.h>
#include <lariat/file.h>
#include <linux/falloc.h>
#include <linux/io_uring.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "conn.h"
#include "extents.h"
#include "storage_write.h"

#define READ_AT_ONCE_MAX 65536u
#define ZEROES_BYTES ((uint64_t)1 << 20) /* written at once where zeroes have to be written */

/* The blocks that a range touches. */
static uint64_t block_begin(const struct export *export, uint64_t offset)
{
    return offset & ~(uint64_t)(export->align - 1);
}

static uint64_t block_end(const struct export *export, uint64_t offset)
{
    return block_begin(export, offset + export->align - 1);
}

size_t storage_memory(const struct export *export, const struct nbd_request *nbd)
{
    switch (nbd->type) {
    case NBD_CMD_READ:
    case NBD_CMD_WRITE: return (size_t)(block_end(export, nbd->offset + nbd->length) - block_begin(export, nbd->offset));
    case NBD_CMD_BLOCK_STATUS: return EXTENTS_MAX * NBD_EXTENT_BYTES;
    default: return 0;
    }
}

bool storage_prepare(struct request *request)
{
    struct conn *conn = request->conn;
    size_t n = storage_memory(conn->export, &request->nbd);

    request->buffer = NULL;
    request->buffer_size = 0;
    request->zero_step = 0;
    if (!n)
        return true;
    request->buffer = buffer_pool_get(&conn->worker->buffers, n, &request->buffer_size);
    if (!request->buffer) {
        request->buffer_size = 0;
        return false;
    }
    request->data = request->buffer + (request->nbd.offset - block_begin(conn->export, request->nbd.offset));
    return true;
}

void storage_release(struct request *request)
{
    buffer_pool_put(&request->conn->worker->buffers, request->buffer, request->buffer_size);
    request->buffer = NULL;
    request->buffer_size = 0;
}

void request_free(struct request *request)
{
    lariat_bh_delete(request->range.granted);
    free(request);
}

/* Done, well or not. */
void storage_end(struct request *request, int res)
{
    struct conn *conn = request->conn;

    if (request->has_range)
        range_give(conn->export->ranges, &request->range);
    request->has_range = false;
    conn->n_storage--;
    conn_answer(request, nbd_error_of(res < 0 ? res : 0));
}

static void synced(struct lariat_op *op, int res)
{
    storage_end(op->opaque, res);
}

static void sync_file(struct request *request)
{
    struct conn *conn = request->conn;

    request->op = (struct lariat_op){ .fn = synced, .opaque = request };
    lariat_file_fsync(conn->worker->loop, &request->op, conn->export->file, true);
}

/* A change that cannot itself be told to be durable is done. */
static void changed(struct request *request, int res)
{
    if (res >= 0 && request->nbd.flags & NBD_CMD_FLAG_FUA)
        sync_file(request);
    else
        storage_end(request, res);
}

static void was_read(struct lariat_op *op, int res)
{
    struct request *request = op->opaque;
    const struct export *export = request->conn->export;
    uint64_t begin = block_begin(export, request->nbd.offset), end = request->nbd.offset + request->nbd.length;

    if (res >= 0 && begin + (uint64_t)res < end)
        res = -EIO; /* the file has become shorter */
    request->n_data = request->nbd.length;
    storage_end(request, res);
}

/*
 * A request that comes alone gains nothing from the ring: if all of it is in the page cache it is read here, and its reply goes out
 * with the next submission already.
 */
static bool read_at_once(struct request *request)
{
    const struct conn *conn = request->conn;
    const struct iovec iov = { request->buffer, request->nbd.length };

    if (conn->n_requests > 1 || !conn->export->nowait || conn->export->spec.direct ||
        request->nbd.length > READ_AT_ONCE_MAX ||
        preadv2(lariat_file_fd(conn->export->file), &iov, 1, (off_t)request->nbd.offset, RWF_NOWAIT) !=
            (ssize_t)request->nbd.length)
        return false;
    request->n_data = request->nbd.length;
    storage_end(request, 0);
    return true;
}

static void start_read(struct request *request)
{
    const struct conn *conn = request->conn;
    const struct export *export = conn->export;
    uint64_t begin = block_begin(export, request->nbd.offset);
    uint64_t end = block_end(export, request->nbd.offset + request->nbd.length);

    if (read_at_once(request))
        return;
    request->op = (struct lariat_op){ .fn = was_read, .opaque = request, .flags = LARIAT_OP_FULL };
    if (export->nowait && buffer_pool_is_fixed(&conn->worker->buffers, request->buffer)) {
        lariat_read_fixed(conn->worker->loop, &request->op, lariat_file_fd(export->file), request->buffer,
                          (size_t)(end - begin), (int64_t)begin, BUFFER_POOL_INDEX);
        return;
    }
    lariat_file_read(conn->worker->loop, &request->op, export->file, request->buffer, (size_t)(end - begin), (int64_t)begin);
}

static void trimmed(struct lariat_op *op, int res)
{
    changed(op->opaque, res == -EOPNOTSUPP ? 0 : res); /* it is only advice */
}

static void start_trim(struct request *request)
{
    const struct conn *conn = request->conn;
    struct lariat_file_info info = LARIAT_FILE_INFO_INIT;

    lariat_file_get_info(conn->export->file, &info);
    /* Whole blocks, of which nothing else is lost. */
    uint64_t block = info.kind == LARIAT_FILE_BLOCK ? info.logical_block_size : conn->export->align;
    uint64_t begin = (request->nbd.offset + block - 1) / block * block;
    uint64_t end = (request->nbd.offset + request->nbd.length) / block * block;

    if (begin >= end || !info.supports_discard) {
        changed(request, 0);
        return;
    }
    request->op = (struct lariat_op){ .fn = trimmed, .opaque = request };
    lariat_file_discard(conn->worker->loop, &request->op, conn->export->file, (int64_t)begin, (int64_t)(end - begin));
}

static void start_zeroes(struct request *request);

static void zeroed(struct lariat_op *op, int res)
{
    struct request *request = op->opaque;

    if (res == -EOPNOTSUPP)
        start_zeroes(request);
    else
        changed(request, res);
}

/* Zeroes that are sent to the file, in pieces: the last resort. */
static void write_zeroes(struct request *request)
{
    struct conn *conn = request->conn;
    uint64_t n = request->nbd.length < ZEROES_BYTES ? request->nbd.length : ZEROES_BYTES;

    if (request->nbd.flags & NBD_CMD_FLAG_FAST_ZERO) {
        storage_end(request, -EOPNOTSUPP);
        return;
    }
    request->buffer = buffer_pool_get(&conn->worker->buffers, (size_t)n + 2 * conn->export->align, &request->buffer_size);
    if (!request->buffer) {
        request->buffer_size = 0;
        storage_end(request, -ENOMEM);
        return;
    }
    conn->n_memory += request->buffer_size;
    storage_write(request);
}

/*
 * The ways to zeroes, the best first: a hole, if the client has nothing against it; blocks that are marked as zeroes; zeroes
 * written. A device may do the second by writing, too, which is not fast.
 */
static void start_zeroes(struct request *request)
{
    static const int modes[] = { FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE };
    const struct conn *conn = request->conn;
    const struct nbd_request *nbd = &request->nbd;
    struct lariat_file_info info = LARIAT_FILE_INFO_INIT;

    lariat_file_get_info(conn->export->file, &info);
    bool device = info.kind == LARIAT_FILE_BLOCK;
    bool whole = !device || !((nbd->offset | nbd->length) % info.logical_block_size);

    if (request->zero_step == 0 && (!whole || nbd->flags & NBD_CMD_FLAG_NO_HOLE))
        request->zero_step++;
    if (request->zero_step == 1 && (!whole || (device && nbd->flags & NBD_CMD_FLAG_FAST_ZERO)))
        request->zero_step++;
    if (request->zero_step == 2) {
        write_zeroes(request);
        return;
    }
    request->op = (struct lariat_op){ .fn = zeroed, .opaque = request };
    lariat_fallocate(conn->worker->loop, &request->op, lariat_file_fd(conn->export->file), modes[request->zero_step++],
                     (int64_t)nbd->offset, (int64_t)nbd->length);
}

static void cached(struct lariat_op *op, int res)
{
    storage_end(op->opaque, res);
}

/* Lariat has no call of its own for fadvise. */
static void start_cache(struct request *request)
{
    const struct conn *conn = request->conn;

    request->op = (struct lariat_op){ .fn = cached, .opaque = request };
    struct io_uring_sqe *sqe = lariat_sqe(conn->worker->loop, &request->op);
    sqe->opcode = IORING_OP_FADVISE;
    sqe->fd = lariat_file_fd(conn->export->file);
    sqe->off = request->nbd.offset;
    sqe->len = request->nbd.length;
    sqe->fadvise_advice = POSIX_FADV_WILLNEED;
}

static void start_status(struct request *request)
{
    unsigned max = request->nbd.flags & NBD_CMD_FLAG_REQ_ONE ? 1 : EXTENTS_MAX;
    unsigned n = extents_read(lariat_file_fd(request->conn->export->file), request->nbd.offset, request->nbd.length, max,
                              request->buffer);

    request->data = request->buffer;
    request->n_data = n * NBD_EXTENT_BYTES;
    storage_end(request, 0);
}

/* It has its range, if it needs one. */
static void start_change(struct request *request)
{
    switch (request->nbd.type) {
    case NBD_CMD_WRITE: storage_write(request); break;
    case NBD_CMD_TRIM: start_trim(request); break;
    default: start_zeroes(request);
    }
}

static void granted(void *opaque)
{
    start_change(opaque);
}

/* On exports whose blocks may be written in part: first the right to do so. */
static void take_range(struct request *request)
{
    const struct conn *conn = request->conn;
    const struct export *export = conn->export;
    const struct nbd_request *nbd = &request->nbd;
    struct range *range = &request->range;

    if (!export->ranges) {
        start_change(request);
        return;
    }
    if (!range->granted && lariat_bh_new(conn->worker->loop, "nbd-range", granted, request, &range->granted)) {
        storage_end(request, -ENOMEM);
        return;
    }
    range->begin = block_begin(export, nbd->offset);
    range->end = block_end(export, nbd->offset + nbd->length);
    range->alone = (range->begin != nbd->offset || range->end != nbd->offset + nbd->length) && nbd->type != NBD_CMD_TRIM;
    request->has_range = true;
    if (range_take(export->ranges, range))
        start_change(request);
}

void storage_start(struct request *request)
{
    switch (request->nbd.type) {
    case NBD_CMD_READ: start_read(request); break;
    case NBD_CMD_FLUSH: sync_file(request); break;
    case NBD_CMD_CACHE: start_cache(request); break;
    case NBD_CMD_BLOCK_STATUS: start_status(request); break;
    default: take_range(request);
    }
}
