/* SPDX-License-Identifier: MIT */
#include "conn_rx.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conn.h"
#include "conn_tls.h"
#include "tls.h"

/*
 * Reads through the page cache are copies, done one after the other as they are submitted: more of them at once only leave the
 * CPU's caches before they are sent.
 */
#define CACHED_MEMORY_MAX ((size_t)2 << 20)

static bool has_room(const struct conn *conn, const struct nbd_request *nbd)
{
    size_t max = conn->worker->limits->max_memory;

    if (!conn->export->spec.direct && max > CACHED_MEMORY_MAX)
        max = CACHED_MEMORY_MAX;
    return !conn->n_requests || conn->n_memory + storage_memory(conn->export, nbd) <= max;
}

static size_t n_there(const struct conn *conn)
{
    return conn->rx_end - conn->rx_begin;
}

/* Take up to n bytes of what has come; copied, if somebody wants them. */
static uint32_t take(struct conn *conn, uint8_t *to, size_t n)
{
    if (n > n_there(conn))
        n = n_there(conn);
    if (to && n)
        memcpy(to, conn->rx + conn->rx_begin, n);
    conn->rx_begin += n;
    return (uint32_t)n;
}

static void filled(struct conn *conn, size_t n)
{
    struct request *request = conn->filling;

    conn->filled += (uint32_t)n;
    if (conn->filled < request->nbd.length)
        return;
    conn->filling = NULL;
    conn->n_storage++;
    storage_start(request);
}

/* n bytes of what the client says have come where receive() or decrypt() wanted them. */
static void have(struct conn *conn, size_t n)
{
    if (conn->filling) { /* its payload comes first */
        size_t missing = conn->filling->nbd.length - conn->filled;
        size_t part = n < missing ? n : missing;

        n -= part;
        filled(conn, part);
    }
    conn->rx_end += n;
}

static void received(struct lariat_op *op, int res)
{
    struct conn *conn = op->opaque;

    conn->rx_busy = false;
    worker_add_busy(conn->worker, conn);
    if (conn->state >= CONN_DRAINING)
        return;
    if (res <= 0) {
        conn_fail(conn, res ? "receiving failed" : NULL, -res);
        return;
    }
    if (conn->tls)
        tls_received(conn->tls, (size_t)res);
    else
        have(conn, (size_t)res);
    if (conn->worker->limits->idle_ns)
        conn->active_ns = lariat_now_ns();
}

/* What was taken makes room at the end. */
static void make_room(struct conn *conn)
{
    size_t n = n_there(conn);

    if (conn->rx_begin) {
        memmove(conn->rx, conn->rx + conn->rx_begin, n);
        conn->rx_begin = 0;
        conn->rx_end = n;
    }
}

/* More of what has come encrypted. False: more has to be received first. */
static bool decrypt(struct conn *conn)
{
    if (!conn->handshake.tls)
        return false;
    make_room(conn);
    size_t n = conn->filling
                   ? conn_tls_read(conn, conn->filling->data + conn->filled, conn->filling->nbd.length - conn->filled)
                   : conn_tls_read(conn, conn->rx + conn->rx_end, RX_BYTES - conn->rx_end);
    have(conn, n);
    return n > 0;
}

/* Receive what is missing of a payload where it belongs, and what comes behind it. */
static void receive(struct conn *conn)
{
    make_room(conn);
    size_t n = n_there(conn);

    conn->rx_busy = true;
    conn->rx_op = (struct lariat_op){ .fn = received, .opaque = conn };
    if (conn->tls) {
        uint8_t *room = tls_room(conn->tls, &n);

        lariat_recv(conn->worker->loop, &conn->rx_op, conn->fd, room, n, 0);
        return;
    }
    if (!conn->filling) {
        lariat_recv(conn->worker->loop, &conn->rx_op, conn->fd, conn->rx + n, RX_BYTES - n, 0);
        return;
    }
    conn->rx_iov[0] = (struct iovec){ conn->filling->data + conn->filled, conn->filling->nbd.length - conn->filled };
    conn->rx_iov[1] = (struct iovec){ conn->rx + n, RX_BYTES - n };
    conn->rx_msg = (struct msghdr){ .msg_iov = conn->rx_iov, .msg_iovlen = 2 };
    lariat_recvmsg(conn->worker->loop, &conn->rx_op, conn->fd, &conn->rx_msg, 0);
}

/* A request to be carried out, or refused. NULL: no memory. */
static struct request *get_request(struct conn *conn)
{
    struct worker *worker = conn->worker;
    struct request *request = worker->free_requests;

    if (request)
        worker->free_requests = request->next;
    else if (!(request = calloc(1, sizeof(*request))))
        return NULL;
    request->conn = conn;
    request->next = NULL;
    request->n_data = 0;
    conn->n_requests++;
    return request;
}

static void begin_request(struct conn *conn, const struct nbd_request *nbd, enum nbd_error error)
{
    struct request *request = get_request(conn);

    if (!request) {
        conn_fail(conn, "no memory for a request", ENOMEM);
        return;
    }
    request->nbd = *nbd;
    if (!error && !storage_prepare(request))
        error = NBD_ENOMEM;
    conn->n_memory += request->buffer_size;
    if (nbd->type == NBD_CMD_WRITE && !error) {
        conn->filling = request;
        conn->filled = 0;
        return;
    }
    if (nbd->type == NBD_CMD_WRITE)
        conn->rx_skip = nbd->length;
    if (error) {
        conn_answer(request, error);
        return;
    }
    conn->n_storage++;
    storage_start(request);
}

/* One more request, if its head has come and there is room for it. */
static bool next_request(struct conn *conn)
{
    struct nbd_request nbd;

    if (n_there(conn) < NBD_REQUEST_BYTES || conn->n_requests >= conn->worker->limits->max_requests)
        return false;
    if (!request_parse(conn->rx + conn->rx_begin, &nbd)) {
        conn_fail(conn, "a request has not the magic number", EPROTO);
        return false;
    }
    enum nbd_error error = request_check(&nbd, &conn->agreement);
    if (!error && !has_room(conn, &nbd))
        return false;
    conn->rx_begin += NBD_REQUEST_BYTES;
    if (nbd.type == NBD_CMD_DISC) {
        conn_drain(conn, "it disconnected");
        return false;
    }
    if (nbd.type == NBD_CMD_WRITE && nbd.length > NBD_LENGTH_MAX) {
        conn_fail(conn, "a write is longer than the largest block", EPROTO);
        return false;
    }
    begin_request(conn, &nbd, error);
    return conn->state == CONN_SERVING;
}

static void read_requests(struct conn *conn)
{
    do {
        if (conn->filling && n_there(conn))
            filled(conn, take(conn, conn->filling->data + conn->filled, conn->filling->nbd.length - conn->filled));
        conn->rx_skip -= take(conn, NULL, conn->rx_skip);
    } while (!conn->filling && !conn->rx_skip && next_request(conn));
}

static void read_handshake(struct conn *conn)
{
    while (conn->verdict == HANDSHAKE_GO_ON && !conn->answer.n) {
        size_t n = handshake_feed(&conn->handshake, conn->rx + conn->rx_begin, n_there(conn), &conn->answer, &conn->verdict);

        conn->rx_begin += n;
        if (!n)
            break;
    }
    if (conn->answer.failed)
        conn_fail(conn, "no memory for an answer", ENOMEM);
    else if (conn->verdict == HANDSHAKE_CLOSE && !conn->answer.n)
        conn_close(conn, conn->handshake.reason);
}

static bool wants_more(const struct conn *conn)
{
    if (conn->state == CONN_HANDSHAKE)
        return !conn->answer.n;
    return conn->state == CONN_SERVING && (conn->filling || n_there(conn) < NBD_REQUEST_BYTES);
}

void conn_rx_work(struct conn *conn)
{
    if (conn->rx_busy || conn->state >= CONN_DRAINING || (conn->state == CONN_HANDSHAKE && conn->answer.n))
        return;
    do {
        if (conn_tls_is_shaking(conn))
            conn_tls_shake_hands(conn);
        else if (conn->state == CONN_HANDSHAKE)
            read_handshake(conn);
        else
            read_requests(conn);
    } while (wants_more(conn) && decrypt(conn));
}

void conn_rx_receive(struct conn *conn)
{
    if (!conn->rx_busy && wants_more(conn))
        receive(conn);
}
