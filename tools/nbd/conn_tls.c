/* SPDX-License-Identifier: MIT */
#include "conn_tls.h"

#include <errno.h>

#include "conn.h"
#include "tls.h"

#define SEALED_KEPT_MAX ((size_t)2 << 20)

void conn_tls_begin(struct conn *conn)
{
    if (conn->rx_begin != conn->rx_end) {
        conn_close(conn, "it sent more before TLS had begun"); /* by whomever: it would count as encrypted */
        return;
    }
    conn->tls = tls_new(conn->tls_context);
    if (!conn->tls)
        conn_fail(conn, "no memory for TLS", ENOMEM);
    conn->verdict = HANDSHAKE_GO_ON;
    /* What was agreed on before may have been said by somebody else. */
    conn->handshake.structured = false;
    conn->handshake.meta = NULL;
}

bool conn_tls_is_shaking(const struct conn *conn)
{
    return conn->tls && !conn->handshake.tls && conn->state == CONN_HANDSHAKE;
}

void conn_tls_shake_hands(struct conn *conn)
{
    int rc = tls_shake_hands(conn->tls);

    if (rc == 0)
        conn->handshake.tls = true;
    else if (rc != -EAGAIN)
        conn_close(conn, "its TLS handshake failed");
}

size_t conn_tls_read(struct conn *conn, uint8_t *place, size_t n)
{
    ssize_t res = tls_read(conn->tls, place, n);

    if (res > 0)
        return (size_t)res;
    if (res == 0)
        conn_close(conn, NULL);
    else if (res != -EAGAIN)
        conn_fail(conn, "its TLS is broken", EPROTO);
    return 0;
}

bool conn_tls_write(struct conn *conn, const void *data, size_t n)
{
    if (tls_write(conn->tls, data, n) == 0)
        return true;
    conn_fail(conn, "encrypting failed", EPROTO);
    return false;
}

bool conn_tls_take_out(struct conn *conn)
{
    struct bytes *out = tls_out(conn->tls), empty = conn->sealed;

    if (!out->n)
        return false;
    empty.n = 0;
    if (empty.size > SEALED_KEPT_MAX)
        bytes_free(&empty);
    conn->sealed = *out;
    *out = empty;
    return true;
}
