/* SPDX-License-Identifier: MIT */
/* A request as it comes over the wire: parsed, and judged before anything is done for it. Pure. */
#ifndef NBD_REQUEST_H
#define NBD_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol.h"

#define NBD_LENGTH_MAX (32u << 20) /* of reads and writes: what all clients keep to */

/* What the handshake settled about the export and the connection. */
struct agreement {
    uint64_t size_bytes;
    uint16_t flags; /* NBD_FLAG_... of the export */
    uint32_t block_min, block_preferred;
    bool structured; /* structured replies */
    bool allocation; /* base:allocation may be asked for */
};
#define ALLOCATION_CONTEXT_ID 1u /* by which replies call base:allocation */

struct nbd_request {
    uint16_t flags;
    uint16_t type; /* enum nbd_command, or anything else */
    uint64_t cookie;
    uint64_t offset;
    uint32_t length;
};

/* From NBD_REQUEST_BYTES bytes. False: it has not the magic number; what follows cannot be understood. */
bool request_parse(const uint8_t *bytes, struct nbd_request *request);

/* May it be carried out? NBD_SUCCESS, or the error to reply with. Nothing of the payload of a write is looked at. */
enum nbd_error request_check(const struct nbd_request *request, const struct agreement *agreement);

/* Is it answered by chunks? */
bool request_is_structured(const struct nbd_request *request, const struct agreement *agreement);

/* The error that tells the client of a negative errno value. */
enum nbd_error nbd_error_of(int res);

#endif
