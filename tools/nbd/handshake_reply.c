/* SPDX-License-Identifier: MIT */
#include "handshake_reply.h"

#include <string.h>

#include "protocol.h"
#include "wire.h"

static const char allocation[] = "base:allocation";
#define N_ALLOCATION (sizeof(allocation) - 1)
#define N_BASE 5u /* "base:" */

static void reply_begin(struct bytes *answer, uint32_t option, uint32_t type, size_t n)
{
    uint8_t head[20];

    store_be64(head, NBD_OPTION_REPLY_MAGIC);
    store_be32(head + 8, option);
    store_be32(head + 12, type);
    store_be32(head + 16, (uint32_t)n);
    bytes_add(answer, head, sizeof(head));
}

void handshake_reply(struct bytes *answer, uint32_t option, uint32_t type, const void *data, size_t n)
{
    reply_begin(answer, option, type, n);
    bytes_add(answer, data, n);
}

void handshake_reply_server(struct bytes *answer, const struct export *export)
{
    const char *name = export->spec.name, *description = export->spec.description ? export->spec.description : "";
    uint8_t n_name[4];

    reply_begin(answer, NBD_OPT_LIST, NBD_REP_SERVER, sizeof(n_name) + strlen(name) + strlen(description));
    store_be32(n_name, (uint32_t)strlen(name));
    bytes_add(answer, n_name, sizeof(n_name));
    bytes_add(answer, name, strlen(name));
    bytes_add(answer, description, strlen(description));
}

static void reply_text(struct bytes *answer, uint32_t option, enum nbd_info kind, const char *text)
{
    uint8_t head[2];

    store_be16(head, (uint16_t)kind);
    reply_begin(answer, option, NBD_REP_INFO, sizeof(head) + strlen(text));
    bytes_add(answer, head, sizeof(head));
    bytes_add(answer, text, strlen(text));
}

void handshake_reply_infos(struct bytes *answer, uint32_t option, const struct export *export,
                           const struct agreement *agreement, const uint8_t *wanted, unsigned n_wanted)
{
    uint8_t data[14];

    store_be16(data, NBD_INFO_EXPORT);
    store_be64(data + 2, agreement->size_bytes);
    store_be16(data + 10, agreement->flags);
    handshake_reply(answer, option, NBD_REP_INFO, data, 12);
    store_be16(data, NBD_INFO_BLOCK_SIZE);
    store_be32(data + 2, agreement->block_min);
    store_be32(data + 6, agreement->block_preferred);
    store_be32(data + 10, NBD_LENGTH_MAX);
    handshake_reply(answer, option, NBD_REP_INFO, data, 14);
    bool name = false, description = false; /* once, however often it is asked for */

    for (unsigned i = 0; i < n_wanted; i++) {
        name |= load_be16(wanted + 2 * i) == NBD_INFO_NAME;
        description |= load_be16(wanted + 2 * i) == NBD_INFO_DESCRIPTION;
    }
    if (name)
        reply_text(answer, option, NBD_INFO_NAME, export->spec.name);
    if (description && export->spec.description)
        reply_text(answer, option, NBD_INFO_DESCRIPTION, export->spec.description);
}

void handshake_reply_allocation(struct bytes *answer, uint32_t option, uint32_t id)
{
    uint8_t data[4 + N_ALLOCATION];

    store_be32(data, id);
    memcpy(data + 4, allocation, N_ALLOCATION);
    handshake_reply(answer, option, NBD_REP_META_CONTEXT, data, sizeof(data));
}

bool handshake_read_queries(const uint8_t *data, size_t n, bool listing, bool *wanted)
{
    uint32_t n_queries = load_be32(data);

    data += 4;
    n -= 4;
    *wanted = listing && n_queries == 0;
    for (uint32_t i = 0; i < n_queries; i++) {
        if (n < 4 || load_be32(data) > n - 4)
            return false;
        size_t length = load_be32(data);
        const uint8_t *query = data + 4;

        if ((length == N_ALLOCATION && memcmp(query, allocation, length) == 0) ||
            (listing && length == N_BASE && memcmp(query, allocation, length) == 0))
            *wanted = true;
        data += 4 + length;
        n -= 4 + length;
    }
    return n == 0;
}
