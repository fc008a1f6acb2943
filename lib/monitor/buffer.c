/* SPDX-License-Identifier: MIT */
#include "buffer.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BYTES 256
#define KEPT_BYTES 16384 /* an empty buffer gives back a larger block: there may be many clients */

static int make_room(struct monitor_buffer *buffer, size_t n)
{
    size_t len = monitor_buffer_len(buffer), size = buffer->size ? buffer->size : FIRST_BYTES;
    char *data;

    while (size - len < n)
        size *= 2;
    if (buffer->begin && size == buffer->size) {
        memmove(buffer->data, buffer->data + buffer->begin, len);
    } else {
        data = malloc(size);
        if (!data)
            return -ENOMEM;
        if (len)
            memcpy(data, buffer->data + buffer->begin, len);
        free(buffer->data);
        buffer->data = data;
        buffer->size = size;
    }
    buffer->begin = 0;
    buffer->end = len;
    return 0;
}

int monitor_buffer_append(struct monitor_buffer *buffer, const char *bytes, size_t n)
{
    if (buffer->size - buffer->end < n && make_room(buffer, n))
        return -ENOMEM;
    if (n)
        memcpy(buffer->data + buffer->end, bytes, n);
    buffer->end += n;
    return 0;
}

static void reset_if_empty(struct monitor_buffer *buffer)
{
    if (monitor_buffer_len(buffer))
        return;
    if (buffer->size > KEPT_BYTES)
        monitor_buffer_free(buffer);
    buffer->begin = buffer->end = 0;
}

void monitor_buffer_consume(struct monitor_buffer *buffer, size_t n)
{
    buffer->begin += n;
    reset_if_empty(buffer);
}

void monitor_buffer_truncate(struct monitor_buffer *buffer, size_t len)
{
    buffer->end = buffer->begin + len;
    reset_if_empty(buffer);
}

void monitor_buffer_free(struct monitor_buffer *buffer)
{
    free(buffer->data);
    memset(buffer, 0, sizeof(*buffer));
}
