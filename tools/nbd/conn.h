/* SPDX-License-Identifier: MIT */
/*
 * A connection: its socket, the handshake, and the requests in flight. Lives on the loop of its worker.
 *
 *   conn_rx.c    what comes: handshake and requests
 *   conn_tx.c    what goes: answers of the handshake, and replies, gathered
 *   conn_tls.c   both, encrypted
 *   storage.c    what is done for a request in between
 *   conn.c       beginning and end
 */
#ifndef NBD_CONN_H
#define NBD_CONN_H

#include <lariat/op.h>
#include <lariat/timer.h>
#include <stdbool.h>
#include <stdint.h>

#include "handshake.h"
#include "storage.h"
#include "worker.h"

#define RX_BYTES ((size_t)16384) /* what is received at once: more than HANDSHAKE_OPTION_MAX, and some 500 requests */
#define PEER_TEXT_MAX 80u

enum conn_state {
    CONN_HANDSHAKE,
    CONN_SERVING,
    CONN_DRAINING, /* takes no more requests; closes when all are answered */
    CONN_CLOSING   /* the socket is shut down; goes when nothing is in flight any more */
};

struct conn {
    struct worker *worker;
    struct conn *next, **link; /* the worker's connections */
    struct conn *next_busy;
    bool is_busy;
    int fd;
    unsigned number;
    char peer[PEER_TEXT_MAX]; /* who it is, for the log */
    enum conn_state state;
    const char *reason; /* why it ends, a constant; or NULL */
    int reason_error;   /* errno value that goes with it, or 0 */

    struct handshake handshake;
    enum handshake_verdict verdict; /* what follows when the answer has been sent */
    struct bytes answer;
    struct export *export; /* a reference, once it was chosen */
    struct agreement agreement;

    const struct tls_context *tls_context; /* NULL: no TLS */
    struct tls *tls;                       /* since STARTTLS; NULL before */
    struct bytes sealed;                   /* encrypted, being sent */

    struct lariat_op rx_op;
    bool rx_busy;
    uint8_t *rx;
    size_t rx_size;
    size_t rx_begin, rx_end;
    uint32_t rx_skip;        /* bytes of a payload that nobody wants */
    struct request *filling; /* the write whose payload is coming */
    uint32_t filled;         /* bytes of it that have come */
    struct iovec rx_iov[2];
    struct msghdr rx_msg;

    struct lariat_op tx_op;
    bool tx_busy;
    size_t n_sending;                 /* bytes, of what is no batch or is encrypted */
    struct batch *batch;              /* what is being sent */
    struct request *done, **done_end; /* answered, not sent yet */

    unsigned n_requests; /* in flight: from their parsing until their replies have been sent */
    unsigned n_storage;  /* of them, those that are being carried out */
    size_t n_memory;     /* bytes of their buffers */

    struct lariat_timer timer; /* of the handshake, then of idleness */
    int64_t begun_ns, active_ns;
    uint64_t counts[EXPORT_N_COUNTERS];  /* in all */
    uint64_t counted[EXPORT_N_COUNTERS]; /* of that, what the export's counters have */
};

/*
 * Make a connection of a socket, which it takes over in any case, with a snapshot of the exports, and hand it to its worker.
 * Called by the thread that accepts. 0, -errno.
 */
int conn_start(struct worker *worker, int fd, unsigned number, struct export_set *exports, enum tls_mode tls_mode,
               const struct tls_context *tls_context);

/* By the owner of the loop, at any time: */
void conn_drain(struct conn *conn, const char *reason); /* take no more requests, answer those that there are, and end */
void conn_close(struct conn *conn, const char *reason); /* end now */
void conn_fail(struct conn *conn, const char *reason, int error);

/* Something has come or gone: what can be done next? Called by the worker. */
void conn_work(struct conn *conn);

/* The handshake is over and its answer sent. */
void conn_serve(struct conn *conn);

/* The request is done: reply. */
void conn_answer(struct request *request, enum nbd_error error);

/* Add what has been counted since the last time to the counters of the export. */
void conn_publish_counts(struct conn *conn);

/* It was sent, or nobody wants it any more. */
void conn_release(struct request *request);

#endif
