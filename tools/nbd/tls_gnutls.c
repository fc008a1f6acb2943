/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "tls.h"

#define RECEIVED_BYTES 32768u /* two records */
#define PRIORITY "NORMAL:-VERS-TLS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"
#define PRIORITY_PSK PRIORITY ":+ECDHE-PSK:+DHE-PSK:+PSK"

struct tls_context {
    gnutls_certificate_credentials_t certificates;
    gnutls_psk_server_credentials_t psk;
    bool verify;
};

struct tls {
    gnutls_session_t session;
    struct bytes out;
    size_t begin, end; /* of what has been received and not been taken */
    uint8_t received[RECEIVED_BYTES];
};

/* A file of the directory, as GnuTLS wants to have it: what it returns is to be freed; NULL: no memory. */
static char *in_directory(const char *directory, const char *name)
{
    char *path;

    return asprintf(&path, "%s/%s", directory, name) < 0 ? NULL : path;
}

static int load_certificates(struct tls_context *context, const struct tls_settings *settings, char **errmsg)
{
    char *certificate = in_directory(settings->certificates, "server-cert.pem");
    char *key = in_directory(settings->certificates, "server-key.pem");
    char *authority = in_directory(settings->certificates, "ca-cert.pem");
    int rc = 0, error = certificate && key && authority ? gnutls_certificate_allocate_credentials(&context->certificates)
                                                        : GNUTLS_E_MEMORY_ERROR;

    if (!error)
        error = gnutls_certificate_set_x509_key_file(context->certificates, certificate, key, GNUTLS_X509_FMT_PEM);
    if (error < 0)
        rc = refuse(errmsg, -EINVAL, "the certificate and key in %s cannot be used: %s", settings->certificates,
                    gnutls_strerror(error));
    if (!rc && settings->verify) {
        error = gnutls_certificate_set_x509_trust_file(context->certificates, authority, GNUTLS_X509_FMT_PEM);
        if (error <= 0)
            rc = refuse(errmsg, -EINVAL, "%s cannot be used: %s", authority,
                        error ? gnutls_strerror(error) : "it holds none");
    }
    free(certificate);
    free(key);
    free(authority);
    return rc;
}

static int load_psk(struct tls_context *context, const char *path, char **errmsg)
{
    FILE *file = fopen(path, "re"); /* GnuTLS would only see at the first client that there is none */
    int error = file ? gnutls_psk_allocate_server_credentials(&context->psk) : GNUTLS_E_FILE_ERROR;

    if (file)
        fclose(file);
    if (!error)
        error = gnutls_psk_set_server_credentials_file(context->psk, path);
    return error ? refuse(errmsg, -EINVAL, "the keys in %s cannot be used: %s", path, gnutls_strerror(error)) : 0;
}

int tls_context_new(const struct tls_settings *settings, struct tls_context **out, char **errmsg)
{
    struct tls_context *context = calloc(1, sizeof(*context));

    if (!context)
        return -ENOMEM;
    context->verify = settings->verify;
    int rc = settings->certificates ? load_certificates(context, settings, errmsg) : 0;
    if (!rc && settings->psk)
        rc = load_psk(context, settings->psk, errmsg);
    if (rc)
        tls_context_free(context);
    else
        *out = context;
    return rc;
}

void tls_context_free(struct tls_context *context)
{
    if (context && context->certificates)
        gnutls_certificate_free_credentials(context->certificates);
    if (context && context->psk)
        gnutls_psk_free_server_credentials(context->psk);
    free(context);
}

static ssize_t pull(gnutls_transport_ptr_t opaque, void *place, size_t n)
{
    struct tls *tls = opaque;

    if (tls->begin == tls->end) {
        gnutls_transport_set_errno(tls->session, EAGAIN);
        return -1;
    }
    if (n > tls->end - tls->begin)
        n = tls->end - tls->begin;
    memcpy(place, tls->received + tls->begin, n);
    tls->begin += n;
    return (ssize_t)n;
}

static ssize_t push(gnutls_transport_ptr_t opaque, const void *data, size_t n)
{
    struct tls *tls = opaque;

    bytes_add(&tls->out, data, n);
    if (!tls->out.failed)
        return (ssize_t)n;
    gnutls_transport_set_errno(tls->session, ENOMEM);
    return -1;
}

/* It never waits: what is not there yet is asked for again. */
static int pull_at_once(gnutls_transport_ptr_t opaque, unsigned ms)
{
    const struct tls *tls = opaque;

    (void)ms;
    return tls->begin != tls->end;
}

struct tls *tls_new(const struct tls_context *context)
{
    struct tls *tls = calloc(1, sizeof(*tls));

    if (!tls || gnutls_init(&tls->session, GNUTLS_SERVER | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL)) {
        free(tls);
        return NULL;
    }
    int error = gnutls_priority_set_direct(tls->session, context->psk ? PRIORITY_PSK : PRIORITY, NULL);
    if (!error && context->certificates)
        error = gnutls_credentials_set(tls->session, GNUTLS_CRD_CERTIFICATE, context->certificates);
    if (!error && context->psk)
        error = gnutls_credentials_set(tls->session, GNUTLS_CRD_PSK, context->psk);
    if (error) {
        tls_free(tls);
        return NULL;
    }
    if (context->verify) {
        gnutls_certificate_server_set_request(tls->session, GNUTLS_CERT_REQUIRE);
        gnutls_session_set_verify_cert(tls->session, NULL, 0);
    }
    gnutls_transport_set_ptr(tls->session, tls);
    gnutls_transport_set_pull_function(tls->session, pull);
    gnutls_transport_set_push_function(tls->session, push);
    gnutls_transport_set_pull_timeout_function(tls->session, pull_at_once);
    gnutls_handshake_set_timeout(tls->session, 0); /* the connection has its own */
    return tls;
}

void tls_free(struct tls *tls)
{
    if (!tls)
        return;
    gnutls_deinit(tls->session);
    bytes_free(&tls->out);
    free(tls);
}

uint8_t *tls_room(struct tls *tls, size_t *n)
{
    memmove(tls->received, tls->received + tls->begin, tls->end - tls->begin);
    tls->end -= tls->begin;
    tls->begin = 0;
    *n = RECEIVED_BYTES - tls->end;
    return tls->received + tls->end;
}

void tls_received(struct tls *tls, size_t n)
{
    tls->end += n;
}

/* What is no error but a warning, or a new key, has been dealt with. */
static bool goes_on(ssize_t res)
{
    return res < 0 && res != GNUTLS_E_AGAIN && !gnutls_error_is_fatal((int)res);
}

int tls_shake_hands(struct tls *tls)
{
    int res;

    do
        res = gnutls_handshake(tls->session);
    while (goes_on(res));
    return res == 0 ? 0 : res == GNUTLS_E_AGAIN ? -EAGAIN : -EPROTO;
}

ssize_t tls_read(struct tls *tls, uint8_t *place, size_t n)
{
    ssize_t res;

    do
        res = gnutls_record_recv(tls->session, place, n);
    while (goes_on(res));
    return res >= 0 ? res : res == GNUTLS_E_AGAIN ? -EAGAIN : -EPROTO;
}

int tls_write(struct tls *tls, const void *data, size_t n)
{
    while (n) {
        ssize_t res = gnutls_record_send(tls->session, data, n);

        if (res < 0)
            return -EPROTO;
        data = (const char *)data + res;
        n -= (size_t)res;
    }
    return 0;
}

struct bytes *tls_out(struct tls *tls)
{
    return &tls->out;
}
