/* SPDX-License-Identifier: MIT */
/* The heads of replies, to be followed by their data. Pure. */
#ifndef NBD_REPLY_H
#define NBD_REPLY_H

#include <stddef.h>
#include <stdint.h>

#include "request.h"

#define REPLY_HEAD_MAX 28u

/*
 * The head of the reply to `request`, in one chunk if it is structured: with `error`, or with n_data bytes to follow.
 * Returns its length, at most REPLY_HEAD_MAX.
 */
size_t reply_head(uint8_t head[REPLY_HEAD_MAX], const struct nbd_request *request, const struct agreement *agreement,
                  enum nbd_error error, uint32_t n_data);

/* One extent of base:allocation, NBD_EXTENT_BYTES bytes of the data of a reply to BLOCK_STATUS. */
#define NBD_EXTENT_BYTES 8u
void reply_extent(uint8_t *place, uint32_t length, uint32_t state);

#endif
