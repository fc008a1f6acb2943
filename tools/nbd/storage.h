/* SPDX-License-Identifier: MIT */
/* What is done for a request on the export's file: begun by storage_start(), ended by conn_answer(). */
#ifndef NBD_STORAGE_H
#define NBD_STORAGE_H

#include <lariat/op.h>
#include <stdbool.h>

#include "range_lock.h"
#include "reply.h"
#include "request.h"

struct conn;
struct export;

/* A request in flight. The worker keeps it for the next when it is done. */
struct request {
    struct lariat_op op;
    struct conn *conn;
    struct request *next;
    struct nbd_request nbd;
    uint8_t *buffer; /* of the worker's pool, or NULL */
    size_t buffer_size;
    uint8_t *data;   /* in it: what was read, or is to be written */
    uint32_t n_data; /* that goes with the reply */
    enum nbd_error error;
    uint8_t head[REPLY_HEAD_MAX];
    size_t n_head;

    /* The piece of a write at hand: all of it, or of zeroes as much as the buffer holds. */
    uint64_t piece_begin, piece_end;
    uint8_t *edge; /* a block of the file that is written in part */
    size_t edge_size;
    bool head_read, tail_read;
    unsigned zero_step;
    struct range range;
    bool has_range;
};

/* How much memory a request will take that request_check() has found good. */
size_t storage_memory(const struct export *export, const struct nbd_request *nbd);
/* Get that memory: `data` then says where the payload of a write goes. False: there is none. */
bool storage_prepare(struct request *request);

void storage_start(struct request *request);

/* Give its memory back to the worker; of a request that is not carried out. */
void storage_release(struct request *request);

/* Free the request itself. */
void request_free(struct request *request);

#endif
