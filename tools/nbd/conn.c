/* SPDX-License-Identifier: MIT */
#include "conn.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <lariat/bh.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "conn_rx.h"
#include "conn_tx.h"
#include "log.h"
#include "tls.h"

/* Who is at the other end. */
static void describe_peer(struct conn *conn)
{
    union {
        struct sockaddr any;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
        struct sockaddr_storage storage;
    } address;
    socklen_t n = sizeof(address);
    char host[INET6_ADDRSTRLEN];
    struct ucred cred;

    snprintf(conn->peer, sizeof(conn->peer), "somebody");
    if (getpeername(conn->fd, &address.any, &n))
        return;
    if (address.any.sa_family == AF_INET && inet_ntop(AF_INET, &address.in.sin_addr, host, sizeof(host)))
        snprintf(conn->peer, sizeof(conn->peer), "%s:%u", host, ntohs(address.in.sin_port));
    else if (address.any.sa_family == AF_INET6 && inet_ntop(AF_INET6, &address.in6.sin6_addr, host, sizeof(host)))
        snprintf(conn->peer, sizeof(conn->peer), "[%s]:%u", host, ntohs(address.in6.sin6_port));
    else if (address.any.sa_family == AF_UNIX && (n = sizeof(cred), 1) &&
             getsockopt(conn->fd, SOL_SOCKET, SO_PEERCRED, &cred, &n) == 0)
        snprintf(conn->peer, sizeof(conn->peer), "process %d of user %u", (int)cred.pid, (unsigned)cred.uid);
}

/* Replies are gathered here, not by the kernel; and a host that has vanished is to be noticed within two minutes or so. */
static void tune_tcp(int fd)
{
    const int on = 1, idle_s = 60, interval_s = 10, n_probes = 6, unacknowledged_ms = 120000;

    if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)))
        return; /* it is no TCP */
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof(idle_s));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof(interval_s));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &n_probes, sizeof(n_probes));
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unacknowledged_ms, sizeof(unacknowledged_ms));
}

static void free_conn(struct conn *conn)
{
    handshake_end(&conn->handshake);
    export_unref(conn->export);
    bytes_free(&conn->answer);
    tls_free(conn->tls);
    bytes_free(&conn->sealed);
    close(conn->fd);
    free(conn);
}

/* One line for each connection. */
static void log_end(const struct conn *conn)
{
    const uint64_t *counts = conn->counts;
    double seconds = (double)(lariat_now_ns() - conn->begun_ns) / 1e9;
    const char *error = conn->reason_error ? strerrordesc_np(conn->reason_error) : NULL;

    if (!conn->export) {
        log_line(conn->handshake.aborted ? LOG_INFO : LOG_NOTICE, "connection %u from %s: no export was chosen: %s%s%s",
                 conn->number, conn->peer, conn->reason ? conn->reason : "it went away", error ? ": " : "",
                 error ? error : "");
        return;
    }
    log_line(conn->reason_error ? LOG_NOTICE : LOG_INFO,
             "connection %u from %s: export '%s', %.1f s, %" PRIu64 " reads (%" PRIu64 " bytes), %" PRIu64
             " writes (%" PRIu64 " bytes), %" PRIu64 " others, %" PRIu64 " errors: %s%s%s",
             conn->number, conn->peer, conn->export->spec.name, seconds, counts[EXPORT_READS], counts[EXPORT_BYTES_READ],
             counts[EXPORT_WRITES], counts[EXPORT_BYTES_WRITTEN], counts[EXPORT_OTHERS], counts[EXPORT_ERRORS],
             conn->reason ? conn->reason : "it went away", error ? ": " : "", error ? error : "");
}

void conn_publish_counts(struct conn *conn)
{
    for (unsigned i = 0; conn->export && i < EXPORT_N_COUNTERS; i++)
        if (conn->counts[i] != conn->counted[i]) {
            atomic_fetch_add_explicit(&conn->export->counters[i], conn->counts[i] - conn->counted[i], memory_order_relaxed);
            conn->counted[i] = conn->counts[i];
        }
}

static void finish(struct conn *conn)
{
    struct worker *worker = conn->worker;

    lariat_timer_cancel(&conn->timer);
    conn_publish_counts(conn);
    log_end(conn);
    *conn->link = conn->next;
    if (conn->next)
        conn->next->link = conn->link;
    buffer_pool_put(&worker->buffers, conn->rx, conn->rx_size);
    free_conn(conn);
    atomic_fetch_sub(&worker->n_conns, 1);
    atomic_fetch_sub(worker->n_all, 1);
    lariat_bh_schedule(worker->gone);
}

static void timed_out(void *opaque)
{
    struct conn *conn = opaque;
    int64_t idle_ns = conn->worker->limits->idle_ns;

    if (conn->state == CONN_HANDSHAKE)
        conn_close(conn, "its handshake took too long");
    else if (conn->n_storage) /* that is not the client's fault */
        lariat_timer_set_ns(&conn->timer, lariat_now_ns() + idle_ns);
    else if (lariat_now_ns() - conn->active_ns >= idle_ns)
        conn_close(conn, "it was idle for too long");
    else
        lariat_timer_set_ns(&conn->timer, conn->active_ns + idle_ns);
}

/* On the worker's loop. */
static void begin(void *opaque)
{
    struct conn *conn = opaque;
    struct worker *worker = conn->worker;

    conn->next = worker->conns;
    conn->link = &worker->conns;
    if (conn->next)
        conn->next->link = &conn->next;
    worker->conns = conn;
    lariat_timer_init(&conn->timer, worker->loop, timed_out, conn);
    conn->begun_ns = conn->active_ns = lariat_now_ns();
    lariat_timer_set_ns(&conn->timer, conn->begun_ns + worker->limits->handshake_ns);
    conn->rx = buffer_pool_get(&worker->buffers, RX_BYTES, &conn->rx_size);
    if (!conn->rx)
        conn_fail(conn, "no memory", ENOMEM);
    worker_add_busy(worker, conn);
}

int conn_start(struct worker *worker, int fd, unsigned number, struct export_set *exports, enum tls_mode tls_mode,
               const struct tls_context *tls_context)
{
    struct conn *conn = calloc(1, sizeof(*conn));

    if (!conn) {
        close(fd);
        return -ENOMEM;
    }
    conn->worker = worker;
    conn->fd = fd;
    conn->number = number;
    conn->tls_context = tls_context;
    conn->done_end = &conn->done;
    describe_peer(conn);
    tune_tcp(fd);
    handshake_begin(&conn->handshake, exports, tls_mode, &conn->answer);
    atomic_fetch_add(&worker->n_conns, 1);
    atomic_fetch_add(worker->n_all, 1);
    int rc = lariat_bh_schedule_oneshot(worker->loop, begin, conn);
    if (rc) {
        atomic_fetch_sub(&worker->n_conns, 1);
        atomic_fetch_sub(worker->n_all, 1);
        free_conn(conn);
    }
    return rc;
}

void conn_fail(struct conn *conn, const char *reason, int error)
{
    if (conn->state != CONN_CLOSING) {
        conn->reason = reason;
        conn->reason_error = error;
    }
    conn_close(conn, reason);
}

void conn_close(struct conn *conn, const char *reason)
{
    if (conn->state == CONN_CLOSING)
        return;
    if (reason)
        conn->reason = reason;
    conn->state = CONN_CLOSING;
    shutdown(conn->fd, SHUT_RDWR); /* what is being received and sent ends by that */
    worker_add_busy(conn->worker, conn);
}

void conn_drain(struct conn *conn, const char *reason)
{
    if (conn->state == CONN_HANDSHAKE)
        conn_close(conn, reason);
    if (conn->state != CONN_SERVING)
        return;
    conn->reason = reason;
    conn->state = CONN_DRAINING;
    if (conn->rx_busy)
        shutdown(conn->fd, SHUT_RD);
    worker_add_busy(conn->worker, conn);
}

void conn_serve(struct conn *conn)
{
    conn->state = CONN_SERVING;
    conn->export = export_ref(conn->handshake.export);
    conn->agreement = conn->handshake.agreement;
    conn->counts[EXPORT_CONNECTIONS] = 1;
    handshake_end(&conn->handshake);
    bytes_free(&conn->answer);
    lariat_timer_cancel(&conn->timer);
    if (conn->worker->limits->idle_ns)
        lariat_timer_set_ns(&conn->timer, lariat_now_ns() + conn->worker->limits->idle_ns);
}

/* What was answered and will not be sent. */
static void drop_answers(struct conn *conn)
{
    while (conn->done) {
        struct request *request = conn->done;

        conn->done = request->next;
        conn_release(request);
    }
    conn->done_end = &conn->done;
}

void conn_work(struct conn *conn)
{
    if (conn->state == CONN_CLOSING)
        drop_answers(conn);
    else
        conn_tx_work(conn);
    if (conn->state == CONN_HANDSHAKE || conn->state == CONN_SERVING) {
        conn_rx_work(conn);
        conn_tx_work(conn); /* what could be answered at once; before the next is asked for, which is not there yet */
        conn_rx_receive(conn);
    }
    if (conn->state >= CONN_DRAINING && conn->filling && !conn->rx_busy) {
        conn_release(conn->filling);
        conn->filling = NULL;
    }
    if (conn->state == CONN_DRAINING && !conn->n_requests)
        conn_close(conn, NULL);
    if (conn->state == CONN_CLOSING && !conn->n_requests && !conn->rx_busy && !conn->tx_busy && !conn->is_busy)
        finish(conn);
}

static void count(struct conn *conn, const struct request *request)
{
    const struct nbd_request *nbd = &request->nbd;

    if (request->error)
        conn->counts[EXPORT_ERRORS]++;
    switch (nbd->type) {
    case NBD_CMD_READ:
        conn->counts[EXPORT_READS]++;
        conn->counts[EXPORT_BYTES_READ] += request->n_data;
        break;
    case NBD_CMD_WRITE:
        conn->counts[EXPORT_WRITES]++;
        conn->counts[EXPORT_BYTES_WRITTEN] += request->error ? 0 : nbd->length;
        break;
    default: conn->counts[EXPORT_OTHERS]++;
    }
}

void conn_answer(struct request *request, enum nbd_error error)
{
    struct conn *conn = request->conn;

    request->error = error;
    if (error)
        request->n_data = 0;
    request->n_head = reply_head(request->head, &request->nbd, &conn->agreement, error, request->n_data);
    count(conn, request);
    request->next = NULL;
    *conn->done_end = request;
    conn->done_end = &request->next;
    worker_add_busy(conn->worker, conn);
}

void conn_release(struct request *request)
{
    struct conn *conn = request->conn;

    conn->n_memory -= request->buffer_size;
    storage_release(request);
    conn->n_requests--;
    request->next = conn->worker->free_requests;
    conn->worker->free_requests = request;
}
