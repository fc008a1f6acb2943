/* SPDX-License-Identifier: MIT */
/* Bytes that are put together to be sent. Once memory ran out nothing more is added, and `failed` tells. */
#ifndef NBD_BYTES_H
#define NBD_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bytes {
    uint8_t *data;
    size_t n, size;
    bool failed;
};

/* Room for n more bytes at the end, which count as added; NULL: there is no memory. */
uint8_t *bytes_extend(struct bytes *bytes, size_t n);
void bytes_add(struct bytes *bytes, const void *data, size_t n);
/* Take away the first n. */
void bytes_remove(struct bytes *bytes, size_t n);
/* Give the memory back; it is empty then. */
void bytes_free(struct bytes *bytes);

#endif
