/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>

#include "message.h"
#include "tls.h"

int tls_context_new(const struct tls_settings *settings, struct tls_context **out, char **errmsg)
{
    (void)settings;
    (void)out;
    return refuse(errmsg, -EOPNOTSUPP, "this lariat-nbd was built without GnuTLS: there is no TLS");
}

void tls_context_free(struct tls_context *context)
{
    (void)context;
}

struct tls *tls_new(const struct tls_context *context)
{
    (void)context;
    return NULL;
}

void tls_free(struct tls *tls)
{
    (void)tls;
}

/* Without a context there is nothing to call the others with. */

uint8_t *tls_room(struct tls *tls, size_t *n)
{
    (void)tls;
    (void)n;
    abort();
}

void tls_received(struct tls *tls, size_t n)
{
    (void)tls;
    (void)n;
    abort();
}

int tls_shake_hands(struct tls *tls)
{
    (void)tls;
    abort();
}

ssize_t tls_read(struct tls *tls, uint8_t *place, size_t n)
{
    (void)tls;
    (void)place;
    (void)n;
    abort();
}

int tls_write(struct tls *tls, const void *data, size_t n)
{
    (void)tls;
    (void)data;
    (void)n;
    abort();
}

struct bytes *tls_out(struct tls *tls)
{
    (void)tls;
    abort();
}
