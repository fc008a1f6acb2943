/* SPDX-License-Identifier: MIT */
/*
 * TLS by GnuTLS, without a socket: encrypted bytes that have come are put in, those that are to be sent are fetched. Where
 * lariat-nbd is built without GnuTLS (tls_none.c) no context can be made, and so nothing else.
 */
#ifndef NBD_TLS_H
#define NBD_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "bytes.h"

struct tls_context; /* keys and certificates: made before there are threads, shared by all connections */
struct tls;         /* one connection; owner of its loop only */

struct tls_settings {
    const char *certificates; /* a directory with server-cert.pem, server-key.pem and, for verify, ca-cert.pem; or NULL */
    const char *psk;          /* a file with lines "user:key"; or NULL */
    bool verify;              /* clients have to show a certificate of that authority */
};

/* 0, or -errno, and *errmsg says why. */
int tls_context_new(const struct tls_settings *settings, struct tls_context **out, char **errmsg);
void tls_context_free(struct tls_context *context); /* NULL is ignored */

struct tls *tls_new(const struct tls_context *context); /* NULL: no memory */
void tls_free(struct tls *tls);                         /* NULL is ignored */

/* Where up to *n encrypted bytes may be received; tls_received() says how many have been. */
uint8_t *tls_room(struct tls *tls, size_t *n);
void tls_received(struct tls *tls, size_t n);

/* Go on with the handshake. 0: it is done; -EAGAIN: send what there is, and receive more; -EPROTO: it failed. */
int tls_shake_hands(struct tls *tls);

/* Decrypt up to n bytes. How many; 0: the other side has ended it; -EAGAIN: receive more; -EPROTO: it failed. */
ssize_t tls_read(struct tls *tls, uint8_t *place, size_t n);

/* Encrypt them for sending. 0, or -EPROTO. */
int tls_write(struct tls *tls, const void *data, size_t n);

/* What is to be sent; the caller may take it away. */
struct bytes *tls_out(struct tls *tls);

#endif
