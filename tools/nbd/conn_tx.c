/* SPDX-License-Identifier: MIT */
#include "conn_tx.h"

#include <errno.h>
#include <stdlib.h>

#include "conn.h"
#include "conn_tls.h"

#define BATCH_IOVS 256
#define BATCH_BYTES ((size_t)1 << 20) /* with one reply more: so much is kept until it has been sent */

/* Replies that go out in one send. */
struct batch {
    struct batch *next; /* when it is not used */
    struct request *first;
    struct msghdr msg;
    struct iovec iov[BATCH_IOVS];
};

static void send_batch(struct conn *conn);

static void release_batch(struct conn *conn)
{
    struct batch *batch = conn->batch;

    while (batch->first) {
        struct request *request = batch->first;

        batch->first = request->next;
        conn_release(request);
    }
    conn->batch = NULL;
    batch->next = conn->worker->free_batches;
    conn->worker->free_batches = batch;
}

/* The first n bytes of the batch are gone. False: all are. */
static bool advance(struct msghdr *msg, size_t n)
{
    while (msg->msg_iovlen && n >= msg->msg_iov->iov_len) {
        n -= msg->msg_iov->iov_len;
        msg->msg_iov++;
        msg->msg_iovlen--;
    }
    if (!msg->msg_iovlen)
        return false;
    msg->msg_iov->iov_base = (char *)msg->msg_iov->iov_base + n;
    msg->msg_iov->iov_len -= n;
    return true;
}

static void batch_sent(struct lariat_op *op, int res)
{
    struct conn *conn = op->opaque;

    conn->tx_busy = false;
    worker_add_busy(conn->worker, conn);
    if (res < 0)
        conn_fail(conn, "sending failed", -res);
    else if (conn->state != CONN_CLOSING && !conn->tls && advance(&conn->batch->msg, (size_t)res)) {
        send_batch(conn);
        return;
    }
    if (conn->worker->limits->idle_ns)
        conn->active_ns = lariat_now_ns();
    release_batch(conn);
}

/* Send a piece of memory, all of it. */
static void send_bytes(struct conn *conn, const struct bytes *bytes, void (*sent)(struct lariat_op *op, int res))
{
    conn->tx_busy = true;
    conn->n_sending = bytes->n;
    conn->tx_op = (struct lariat_op){ .fn = sent, .opaque = conn, .flags = LARIAT_OP_FULL };
    lariat_send(conn->worker->loop, &conn->tx_op, conn->fd, bytes->data, bytes->n, 0);
}

static void send_encrypted(struct conn *conn)
{
    const struct msghdr *msg = &conn->batch->msg;

    for (size_t i = 0; i < msg->msg_iovlen; i++)
        if (!conn_tls_write(conn, msg->msg_iov[i].iov_base, msg->msg_iov[i].iov_len)) {
            release_batch(conn);
            return;
        }
    conn_tls_take_out(conn);
    send_bytes(conn, &conn->sealed, batch_sent);
}

static void send_batch(struct conn *conn)
{
    if (conn->tls) {
        send_encrypted(conn);
        return;
    }
    conn->tx_busy = true;
    conn->tx_op = (struct lariat_op){ .fn = batch_sent, .opaque = conn, .flags = LARIAT_OP_FULL };
    lariat_sendmsg(conn->worker->loop, &conn->tx_op, conn->fd, &conn->batch->msg, 0);
}

static struct batch *get_batch(struct worker *worker)
{
    struct batch *batch = worker->free_batches;

    if (batch)
        worker->free_batches = batch->next;
    else
        batch = malloc(sizeof(*batch));
    return batch;
}

/* All replies that there are, or as many as go into one send. */
static void send_replies(struct conn *conn)
{
    struct batch *batch = get_batch(conn->worker);
    struct request **end;
    size_t n = 0, n_bytes = 0;

    if (!batch) {
        conn_fail(conn, "no memory for a reply", ENOMEM);
        return;
    }
    batch->first = conn->done;
    for (end = &batch->first; *end && n + 2 <= BATCH_IOVS && n_bytes < BATCH_BYTES; end = &(*end)->next) {
        struct request *request = *end;

        batch->iov[n++] = (struct iovec){ request->head, request->n_head };
        n_bytes += request->n_data;
        if (request->n_data)
            batch->iov[n++] = (struct iovec){ request->data, request->n_data };
    }
    conn->done = *end;
    *end = NULL;
    if (!conn->done)
        conn->done_end = &conn->done;
    batch->msg = (struct msghdr){ .msg_iov = batch->iov, .msg_iovlen = n };
    conn->batch = batch;
    conn_publish_counts(conn);
    send_batch(conn);
}

static void answer_sent(struct lariat_op *op, int res)
{
    struct conn *conn = op->opaque;

    conn->tx_busy = false;
    worker_add_busy(conn->worker, conn);
    if (res < 0 || (size_t)res < conn->n_sending) {
        conn_fail(conn, "sending failed", res < 0 ? -res : EPIPE);
        return;
    }
    bytes_remove(&conn->answer, conn->answer.n);
    if (conn->state == CONN_CLOSING)
        return;
    if (conn->verdict == HANDSHAKE_DONE)
        conn_serve(conn);
    else if (conn->verdict == HANDSHAKE_STARTTLS)
        conn_tls_begin(conn);
    else if (conn->verdict == HANDSHAKE_CLOSE)
        conn_close(conn, conn->handshake.reason);
}

/* What TLS has to say of its own: of its handshake, and of keys. */
static void tls_sent(struct lariat_op *op, int res)
{
    struct conn *conn = op->opaque;

    conn->tx_busy = false;
    worker_add_busy(conn->worker, conn);
    if (res < 0 || (size_t)res < conn->n_sending)
        conn_fail(conn, "sending failed", res < 0 ? -res : EPIPE);
}

static void send_answer(struct conn *conn)
{
    if (!conn->tls)
        send_bytes(conn, &conn->answer, answer_sent);
    else if (conn_tls_write(conn, conn->answer.data, conn->answer.n) && conn_tls_take_out(conn))
        send_bytes(conn, &conn->sealed, answer_sent);
}

void conn_tx_work(struct conn *conn)
{
    if (conn->tx_busy || conn->state == CONN_CLOSING)
        return;
    if (conn->state == CONN_HANDSHAKE && conn->answer.n)
        send_answer(conn);
    else if (conn->done)
        send_replies(conn);
    else if (conn->tls && conn_tls_take_out(conn))
        send_bytes(conn, &conn->sealed, tls_sent);
}

void conn_tx_free_batches(struct worker *worker)
{
    while (worker->free_batches) {
        struct batch *batch = worker->free_batches;

        worker->free_batches = batch->next;
        free(batch);
    }
}
