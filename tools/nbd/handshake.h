/* SPDX-License-Identifier: MIT */
/*
 * The server's side of the handshake, without a socket: takes what the client says and puts together what to answer. All that
 * the client says is taken for hostile.
 */
#ifndef NBD_HANDSHAKE_H
#define NBD_HANDSHAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bytes.h"
#include "export_set.h"
#include "request.h"

/* The longest option that is looked at; what is longer is refused. */
#define HANDSHAKE_OPTION_MAX (NBD_OPTION_HEADER_BYTES + 2 * NBD_STRING_MAX)

enum tls_mode { TLS_OFF, TLS_ALLOWED, TLS_REQUIRED };

enum handshake_verdict {
    HANDSHAKE_GO_ON,    /* send the answer, if any, and feed more */
    HANDSHAKE_STARTTLS, /* send the answer, and then negotiate TLS; what has come behind it unencrypted counts as hostile */
    HANDSHAKE_DONE,     /* send the answer; requests follow. `export` and `agreement` are set */
    HANDSHAKE_CLOSE     /* send the answer, if any, and close; `reason` says why */
};

struct handshake {
    struct export_set *exports; /* a reference */
    enum tls_mode tls_mode;
    bool tls; /* everything is encrypted from now on: set by the caller after HANDSHAKE_STARTTLS */
    bool flags_read;
    bool no_zeroes;
    bool structured;
    struct export *meta;   /* for which base:allocation was asked for; borrowed from exports, or NULL */
    struct export *export; /* the one that was chosen; borrowed from exports */
    struct agreement agreement;
    uint32_t option;    /* the one at hand */
    uint32_t skip;      /* bytes of it still to be thrown away, as it is too long */
    bool aborted;       /* the client has ended it, as it may */
    const char *reason; /* a constant */
};

/* Begin, with the greeting. */
void handshake_begin(struct handshake *handshake, struct export_set *exports, enum tls_mode tls_mode, struct bytes *answer);
void handshake_end(struct handshake *handshake);

/*
 * Take one step with the n bytes that have come and were not taken before. Returns how many it took; 0 with HANDSHAKE_GO_ON:
 * it needs more, but never more than HANDSHAKE_OPTION_MAX.
 */
size_t handshake_feed(struct handshake *handshake, const uint8_t *data, size_t n, struct bytes *answer,
                      enum handshake_verdict *verdict);

#endif
