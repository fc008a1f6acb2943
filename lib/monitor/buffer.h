/* SPDX-License-Identifier: MIT */
/* Bytes that are appended at the end and taken from the front: what a client sent, what it is to get. For one thread at a time. */
#ifndef LARIAT_MONITOR_BUFFER_H
#define LARIAT_MONITOR_BUFFER_H

#include <stddef.h>

/* Begins as all zeros. */
struct monitor_buffer {
    char *data;
    size_t begin, end, size; /* data[begin .. end) holds bytes, of `size` allocated */
};

static inline size_t monitor_buffer_len(const struct monitor_buffer *buffer)
{
    return buffer->end - buffer->begin;
}

/* The bytes; NULL if there never were any. Valid until the next append. */
static inline const char *monitor_buffer_bytes(const struct monitor_buffer *buffer)
{
    return buffer->data ? buffer->data + buffer->begin : NULL;
}

/* 0; -ENOMEM, and then nothing changed. */
int monitor_buffer_append(struct monitor_buffer *buffer, const char *bytes, size_t n);

/* Take n bytes from the front, which must be there. An empty buffer keeps no large block. */
void monitor_buffer_consume(struct monitor_buffer *buffer, size_t n);

/* Forget what is behind the first `len` bytes. */
void monitor_buffer_truncate(struct monitor_buffer *buffer, size_t len);

void monitor_buffer_free(struct monitor_buffer *buffer);

#endif
