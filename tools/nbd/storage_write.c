/* SPDX-License-Identifier: MIT */
#include "storage_write.h"

#include <errno.h>
#include <lariat/file.h>
#include <string.h>
#include <sys/uio.h>

#include "conn.h"

static void next_step(struct request *request);

/* The blocks of the piece at hand. */
static uint64_t align_of(const struct request *request)
{
    return request->conn->export->align;
}

static uint64_t first_block(const struct request *request)
{
    return request->piece_begin & ~(align_of(request) - 1);
}

static uint64_t behind_blocks(const struct request *request)
{
    return (request->piece_end + align_of(request) - 1) & ~(align_of(request) - 1);
}

static void release_edge(struct request *request)
{
    buffer_pool_put(&request->conn->worker->buffers, request->edge, request->edge_size);
    request->edge = NULL;
}

static void end(struct request *request, int res)
{
    release_edge(request);
    storage_end(request, res);
}

/* What is around the piece in the block that was read goes around it in the buffer. */
static void edge_read(struct lariat_op *op, int res)
{
    struct request *request = op->opaque;
    uint64_t first = first_block(request), behind = behind_blocks(request), align = align_of(request);
    bool head = !request->head_read;

    if (res >= 0 && (uint64_t)res < align)
        res = -EIO;
    if (res < 0) {
        end(request, res);
        return;
    }
    if (head)
        memcpy(request->buffer, request->edge, (size_t)(request->piece_begin - first));
    if (!head || behind - first == align) {
        size_t n = (size_t)(behind - request->piece_end);

        memcpy(request->buffer + (behind - first) - n, request->edge + align - n, n);
        request->tail_read = true;
    }
    request->head_read = true;
    next_step(request);
}

static void read_edge(struct request *request, uint64_t offset)
{
    struct conn *conn = request->conn;

    if (!request->edge)
        request->edge = buffer_pool_get(&conn->worker->buffers, conn->export->align, &request->edge_size);
    if (!request->edge) {
        end(request, -ENOMEM);
        return;
    }
    request->op = (struct lariat_op){ .fn = edge_read, .opaque = request, .flags = LARIAT_OP_FULL };
    lariat_file_read(conn->worker->loop, &request->op, conn->export->file, request->edge, conn->export->align,
                     (int64_t)offset);
}

static void begin_piece(struct request *request);

static void written(struct lariat_op *op, int res)
{
    struct request *request = op->opaque;

    if (res >= 0 && (uint64_t)res < behind_blocks(request) - first_block(request))
        res = -ENOSPC;
    if (res < 0 || request->piece_end == request->nbd.offset + request->nbd.length) {
        end(request, res);
        return;
    }
    request->piece_begin = request->piece_end;
    begin_piece(request);
}

/* Read what is needed of the first and of the last block, then write. */
static void next_step(struct request *request)
{
    struct conn *conn = request->conn;
    uint64_t first = first_block(request), behind = behind_blocks(request);

    if (!request->head_read) {
        read_edge(request, first);
        return;
    }
    if (!request->tail_read) {
        read_edge(request, behind - align_of(request));
        return;
    }
    request->op = (struct lariat_op){ .fn = written, .opaque = request, .flags = LARIAT_OP_FULL };
    if (request->nbd.flags & NBD_CMD_FLAG_FUA)
        request->op.rw_flags = RWF_DSYNC;
    lariat_file_write(conn->worker->loop, &request->op, conn->export->file, request->buffer, (size_t)(behind - first),
                      (int64_t)first);
}

/* From piece_begin on, as much as the buffer holds. A payload is there in full. */
static void begin_piece(struct request *request)
{
    uint64_t end_all = request->nbd.offset + request->nbd.length;
    uint64_t room = request->buffer_size - (request->piece_begin - first_block(request));

    request->piece_end = end_all;
    if (end_all - request->piece_begin > room)
        request->piece_end = first_block(request) + request->buffer_size;
    if (request->nbd.type == NBD_CMD_WRITE_ZEROES)
        memset(request->buffer, 0, (size_t)(behind_blocks(request) - first_block(request)));
    request->head_read = first_block(request) == request->piece_begin;
    request->tail_read = behind_blocks(request) == request->piece_end;
    next_step(request);
}

void storage_write(struct request *request)
{
    request->piece_begin = request->nbd.offset;
    request->edge = NULL;
    begin_piece(request);
}
