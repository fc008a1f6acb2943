/* SPDX-License-Identifier: MIT */
/* The pieces that answers to options are made of, and the queries for meta contexts. Pure. */
#ifndef NBD_HANDSHAKE_REPLY_H
#define NBD_HANDSHAKE_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bytes.h"
#include "export.h"

/* One reply to an option, with n bytes of data. */
void handshake_reply(struct bytes *answer, uint32_t option, uint32_t type, const void *data, size_t n);

/* An export in a list. */
void handshake_reply_server(struct bytes *answer, const struct export *export);

/* Size, flags and block sizes of an export, and those of the n_wanted kinds at `wanted` that there are. */
void handshake_reply_infos(struct bytes *answer, uint32_t option, const struct export *export,
                           const struct agreement *agreement, const uint8_t *wanted, unsigned n_wanted);

/* The one meta context that there is. */
void handshake_reply_allocation(struct bytes *answer, uint32_t option, uint32_t id);

/*
 * Queries for meta contexts: their number, and then each with its length. *wanted: base:allocation is among them; of a list,
 * also by no query at all, or by all of base:. False: they are not well-formed.
 */
bool handshake_read_queries(const uint8_t *data, size_t n, bool listing, bool *wanted);

#endif
