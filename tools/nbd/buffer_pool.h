/* SPDX-License-Identifier: MIT */
/*
 * Page-aligned buffers of one worker, kept for the next request when one is done: by powers of two, and no more of them than
 * BUFFER_POOL_KEPT_MAX bytes. Owner of the worker's loop only.
 */
#ifndef NBD_BUFFER_POOL_H
#define NBD_BUFFER_POOL_H

#include <stddef.h>
#include <stdint.h>

#define BUFFER_POOL_KEPT_MAX ((size_t)16 << 20)
#define BUFFER_CLASSES 14u /* 4 KiB to 32 MiB; what is larger is not kept */

struct buffer_pool {
    void *free[BUFFER_CLASSES]; /* each begins with the address of the next */
    size_t n_kept;              /* bytes in them */
};

/* A buffer of at least n bytes; *size is what it really has, to be handed back with it. NULL: no memory. */
uint8_t *buffer_pool_get(struct buffer_pool *pool, size_t n, size_t *size);
void buffer_pool_put(struct buffer_pool *pool, uint8_t *buffer, size_t size); /* NULL is ignored */
void buffer_pool_empty(struct buffer_pool *pool);

#endif
