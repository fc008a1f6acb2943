/* SPDX-License-Identifier: MIT */
#include "bytes.h"

#include <stdlib.h>
#include <string.h>

#define SIZE_FIRST 256u

uint8_t *bytes_extend(struct bytes *bytes, size_t n)
{
    if (bytes->failed)
        return NULL;
    if (bytes->size - bytes->n < n) {
        size_t size = bytes->size ? bytes->size : SIZE_FIRST;

        while (size - bytes->n < n)
            size *= 2;
        uint8_t *data = realloc(bytes->data, size);
        if (!data) {
            bytes->failed = true;
            return NULL;
        }
        bytes->data = data;
        bytes->size = size;
    }
    bytes->n += n;
    return bytes->data + bytes->n - n;
}

void bytes_add(struct bytes *bytes, const void *data, size_t n)
{
    uint8_t *place = bytes_extend(bytes, n);

    if (place && n)
        memcpy(place, data, n);
}

void bytes_remove(struct bytes *bytes, size_t n)
{
    bytes->n -= n;
    if (bytes->n)
        memmove(bytes->data, bytes->data + n, bytes->n);
}

void bytes_free(struct bytes *bytes)
{
    free(bytes->data);
    *bytes = (struct bytes){ .data = NULL };
}
