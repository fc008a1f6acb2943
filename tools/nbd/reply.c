/* SPDX-License-Identifier: MIT */
#include "reply.h"

#include "wire.h"

static size_t chunk_head(uint8_t *head, const struct nbd_request *request, enum nbd_chunk type, uint32_t length)
{
    store_be32(head, NBD_STRUCTURED_REPLY_MAGIC);
    store_be16(head + 4, NBD_REPLY_FLAG_DONE);
    store_be16(head + 6, (uint16_t)type);
    store_be64(head + 8, request->cookie);
    store_be32(head + 16, length);
    return NBD_CHUNK_HEADER_BYTES;
}

static size_t structured_head(uint8_t *head, const struct nbd_request *request, enum nbd_error error, uint32_t n_data)
{
    if (error) {
        size_t n = chunk_head(head, request, NBD_REPLY_TYPE_ERROR, 6);

        store_be32(head + n, error);
        store_be16(head + n + 4, 0); /* no message: the error says it all */
        return n + 6;
    }
    if (request->type == NBD_CMD_READ) {
        size_t n = chunk_head(head, request, NBD_REPLY_TYPE_OFFSET_DATA, 8 + n_data);

        store_be64(head + n, request->offset);
        return n + 8;
    }
    size_t n = chunk_head(head, request, NBD_REPLY_TYPE_BLOCK_STATUS, 4 + n_data);

    store_be32(head + n, ALLOCATION_CONTEXT_ID);
    return n + 4;
}

size_t reply_head(uint8_t head[REPLY_HEAD_MAX], const struct nbd_request *request, const struct agreement *agreement,
                  enum nbd_error error, uint32_t n_data)
{
    if (request_is_structured(request, agreement))
        return structured_head(head, request, error, n_data);
    store_be32(head, NBD_SIMPLE_REPLY_MAGIC);
    store_be32(head + 4, error);
    store_be64(head + 8, request->cookie);
    return NBD_SIMPLE_REPLY_BYTES;
}

void reply_extent(uint8_t *place, uint32_t length, uint32_t state)
{
    store_be32(place, length);
    store_be32(place + 4, state);
}
