/* SPDX-License-Identifier: MIT */
#include "handshake.h"

#include <string.h>

#include "handshake_reply.h"
#include "protocol.h"
#include "wire.h"

#define CLIENT_FLAGS_BYTES 4u
#define OPTION_SKIPPED_MAX (1u << 20) /* what is still longer is no option of anybody */

static enum handshake_verdict close_because(struct handshake *handshake, const char *reason)
{
    handshake->reason = reason;
    return HANDSHAKE_CLOSE;
}

void handshake_begin(struct handshake *handshake, struct export_set *exports, enum tls_mode tls_mode, struct bytes *answer)
{
    uint8_t greeting[NBD_GREETING_BYTES];

    *handshake = (struct handshake){ .exports = export_set_ref(exports), .tls_mode = tls_mode };
    store_be64(greeting, NBD_MAGIC);
    store_be64(greeting + 8, NBD_OPTION_MAGIC);
    store_be16(greeting + 16, NBD_FLAG_FIXED_NEWSTYLE | NBD_FLAG_NO_ZEROES);
    bytes_add(answer, greeting, sizeof(greeting));
}

void handshake_end(struct handshake *handshake)
{
    export_set_unref(handshake->exports);
    handshake->exports = NULL;
}

static size_t feed_flags(struct handshake *handshake, const uint8_t *data, size_t n, enum handshake_verdict *verdict)
{
    if (n < CLIENT_FLAGS_BYTES)
        return 0;
    uint32_t flags = load_be32(data);

    if (flags & ~(NBD_FLAG_FIXED_NEWSTYLE | NBD_FLAG_NO_ZEROES))
        *verdict = close_because(handshake, "it set flags that the server did not offer");
    handshake->no_zeroes = flags & NBD_FLAG_NO_ZEROES;
    handshake->flags_read = true;
    return CLIENT_FLAGS_BYTES;
}

/* The export is settled: what holds for it on this connection. False: its file cannot be looked at any more. */
static bool agree(struct handshake *handshake, struct export *export)
{
    if (export_agree(export, &handshake->agreement))
        return false;
    handshake->agreement.structured = handshake->structured;
    handshake->agreement.allocation = handshake->structured && handshake->meta == export;
    if (handshake->structured)
        handshake->agreement.flags |= NBD_FLAG_SEND_DF;
    handshake->export = export;
    return true;
}

static enum handshake_verdict export_name(struct handshake *handshake, const uint8_t *name, uint32_t n, struct bytes *answer)
{
    struct export *export = export_set_find(handshake->exports, name, n);
    uint8_t reply[10];

    if (!export || !agree(handshake, export))
        return close_because(handshake, "it asked for an export that there is not");
    store_be64(reply, handshake->agreement.size_bytes);
    store_be16(reply + 8, handshake->agreement.flags);
    bytes_add(answer, reply, sizeof(reply));
    if (!handshake->no_zeroes) {
        uint8_t *zeroes = bytes_extend(answer, 124);
        if (zeroes)
            memset(zeroes, 0, 124);
    }
    return HANDSHAKE_DONE;
}

static enum handshake_verdict list(struct handshake *handshake, uint32_t n, struct bytes *answer)
{
    if (n) {
        handshake_reply(answer, NBD_OPT_LIST, NBD_REP_ERR_INVALID, NULL, 0);
        return HANDSHAKE_GO_ON;
    }
    for (size_t i = 0; i < handshake->exports->n; i++)
        handshake_reply_server(answer, handshake->exports->exports[i]);
    handshake_reply(answer, NBD_OPT_LIST, NBD_REP_ACK, NULL, 0);
    return HANDSHAKE_GO_ON;
}

/* INFO and GO: a name, and the kinds of information that are wanted. */
static enum handshake_verdict info(struct handshake *handshake, const uint8_t *data, uint32_t n, struct bytes *answer)
{
    uint32_t n_name = n >= 6 ? load_be32(data) : UINT32_MAX;

    if (n_name > NBD_STRING_MAX || n - 6 < n_name || n - 6 - n_name != 2u * load_be16(data + 4 + n_name)) {
        handshake_reply(answer, handshake->option, NBD_REP_ERR_INVALID, NULL, 0);
        return HANDSHAKE_GO_ON;
    }
    struct export *export = export_set_find(handshake->exports, data + 4, n_name);
    if (!export || !agree(handshake, export)) {
        handshake_reply(answer, handshake->option, NBD_REP_ERR_UNKNOWN, NULL, 0);
        return HANDSHAKE_GO_ON;
    }
    handshake_reply_infos(answer, handshake->option, export, &handshake->agreement, data + 6 + n_name,
                          load_be16(data + 4 + n_name));
    handshake_reply(answer, handshake->option, NBD_REP_ACK, NULL, 0);
    return handshake->option == NBD_OPT_GO ? HANDSHAKE_DONE : HANDSHAKE_GO_ON;
}

static enum handshake_verdict meta_context(struct handshake *handshake, const uint8_t *data, uint32_t n,
                                           struct bytes *answer)
{
    bool set = handshake->option == NBD_OPT_SET_META_CONTEXT, wanted;
    uint32_t n_name = n >= 8 ? load_be32(data) : UINT32_MAX;
    uint32_t error = 0;
    struct export *export = NULL;

    if (set)
        handshake->meta = NULL; /* what was set before is forgotten, whatever comes of this */
    if (!handshake->structured || n_name > NBD_STRING_MAX || n - 8 < n_name ||
        !handshake_read_queries(data + 4 + n_name, n - 4 - n_name, !set, &wanted))
        error = NBD_REP_ERR_INVALID;
    else if (!(export = export_set_find(handshake->exports, data + 4, n_name)))
        error = NBD_REP_ERR_UNKNOWN;
    if (error) {
        handshake_reply(answer, handshake->option, error, NULL, 0);
        return HANDSHAKE_GO_ON;
    }
    if (wanted)
        handshake_reply_allocation(answer, handshake->option, set ? ALLOCATION_CONTEXT_ID : 0);
    if (set && wanted)
        handshake->meta = export;
    handshake_reply(answer, handshake->option, NBD_REP_ACK, NULL, 0);
    return HANDSHAKE_GO_ON;
}

/* Options that have no data and are answered by yes, or the reason for no. */
static enum handshake_verdict plain(struct handshake *handshake, uint32_t n, uint32_t error, struct bytes *answer)
{
    uint32_t reply = n ? NBD_REP_ERR_INVALID : error ? error : NBD_REP_ACK;

    handshake_reply(answer, handshake->option, reply, NULL, 0);
    if (reply != NBD_REP_ACK)
        return HANDSHAKE_GO_ON;
    if (handshake->option == NBD_OPT_STARTTLS)
        return HANDSHAKE_STARTTLS;
    handshake->structured = true;
    return HANDSHAKE_GO_ON;
}

static enum handshake_verdict answer_option(struct handshake *handshake, const uint8_t *data, uint32_t n,
                                            struct bytes *answer)
{
    bool open = handshake->tls || handshake->tls_mode != TLS_REQUIRED;

    if (handshake->option == NBD_OPT_ABORT) {
        handshake_reply(answer, handshake->option, NBD_REP_ACK, NULL, 0);
        handshake->aborted = true;
        return close_because(handshake, "it ended the handshake");
    }
    if (handshake->option == NBD_OPT_STARTTLS)
        return plain(handshake, n,
                     handshake->tls                   ? NBD_REP_ERR_INVALID
                     : handshake->tls_mode == TLS_OFF ? NBD_REP_ERR_POLICY
                                                      : 0,
                     answer);
    if (!open && handshake->option == NBD_OPT_EXPORT_NAME)
        return close_because(handshake, "it did not ask for TLS, which is required");
    if (!open) {
        handshake_reply(answer, handshake->option, NBD_REP_ERR_TLS_REQD, NULL, 0);
        return HANDSHAKE_GO_ON;
    }
    switch (handshake->option) {
    case NBD_OPT_EXPORT_NAME: return export_name(handshake, data, n, answer);
    case NBD_OPT_LIST: return list(handshake, n, answer);
    case NBD_OPT_INFO:
    case NBD_OPT_GO: return info(handshake, data, n, answer);
    case NBD_OPT_STRUCTURED_REPLY: return plain(handshake, n, 0, answer);
    case NBD_OPT_LIST_META_CONTEXT:
    case NBD_OPT_SET_META_CONTEXT: return meta_context(handshake, data, n, answer);
    default: handshake_reply(answer, handshake->option, NBD_REP_ERR_UNSUP, NULL, 0); return HANDSHAKE_GO_ON;
    }
}

/* Throw away more of an option that is too long, and say so at its end. */
static size_t skip(struct handshake *handshake, size_t n, struct bytes *answer)
{
    size_t step = n < handshake->skip ? n : handshake->skip;

    handshake->skip -= (uint32_t)step;
    if (!handshake->skip)
        handshake_reply(answer, handshake->option, NBD_REP_ERR_TOO_BIG, NULL, 0);
    return step;
}

size_t handshake_feed(struct handshake *handshake, const uint8_t *data, size_t n, struct bytes *answer,
                      enum handshake_verdict *verdict)
{
    *verdict = HANDSHAKE_GO_ON;
    if (!handshake->flags_read)
        return feed_flags(handshake, data, n, verdict);
    if (handshake->skip)
        return skip(handshake, n, answer);
    if (n < NBD_OPTION_HEADER_BYTES)
        return 0;
    uint32_t length = load_be32(data + 12);

    handshake->option = load_be32(data + 8);
    if (load_be64(data) != NBD_OPTION_MAGIC) {
        *verdict = close_because(handshake, "an option has not the magic number");
        return n;
    }
    if (length > OPTION_SKIPPED_MAX || (length > NBD_STRING_MAX && handshake->option == NBD_OPT_EXPORT_NAME)) {
        *verdict = close_because(handshake, "an option is too long");
        return n;
    }
    if (length > HANDSHAKE_OPTION_MAX - NBD_OPTION_HEADER_BYTES) {
        handshake->skip = length;
        return NBD_OPTION_HEADER_BYTES;
    }
    if (n - NBD_OPTION_HEADER_BYTES < length)
        return 0;
    *verdict = answer_option(handshake, data + NBD_OPTION_HEADER_BYTES, length, answer);
    return NBD_OPTION_HEADER_BYTES + length;
}
