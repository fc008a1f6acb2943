/* SPDX-License-Identifier: MIT */
#ifndef NBD_CONN_TLS_H
#define NBD_CONN_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conn;

/* The client has asked for TLS and been told to go ahead. */
void conn_tls_begin(struct conn *conn);

/* Its handshake is not over yet: go on with what has come. */
bool conn_tls_is_shaking(const struct conn *conn);
void conn_tls_shake_hands(struct conn *conn);

/* Decrypt up to n bytes of what has come. How many; 0: more has to be received, or the connection has ended. */
size_t conn_tls_read(struct conn *conn, uint8_t *place, size_t n);

/* Encrypt bytes, to be sent by conn_tls_take_out(). False: the connection has ended. */
bool conn_tls_write(struct conn *conn, const void *data, size_t n);

/* All that is to be sent goes to conn->sealed, where it stays until it has been. False: there is nothing. */
bool conn_tls_take_out(struct conn *conn);

#endif
