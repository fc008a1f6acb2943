/* SPDX-License-Identifier: MIT */
/*
 * Page-aligned buffers of one worker, kept for the next request when one is done: by powers of two, and no more of them than
 * BUFFER_POOL_KEPT_MAX bytes. The first BUFFER_POOL_FIXED small ones are registered with the loop, which spares the kernel
 * mapping them for each read. Owner of the worker's loop only.
 */
#ifndef NBD_BUFFER_POOL_H
#define NBD_BUFFER_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lariat_loop;

#define BUFFER_POOL_KEPT_MAX ((size_t)16 << 20)
#define BUFFER_CLASSES 14u /* 4 KiB to 32 MiB; what is larger is not kept */

#define BUFFER_POOL_FIXED 256u /* of 4 KiB */
#define BUFFER_POOL_INDEX 0u   /* by which the loop knows the memory that they are in */

struct buffer_pool {
    uint8_t *fixed;             /* that memory, or NULL */
    void *free[BUFFER_CLASSES]; /* each begins with the address of the next */
    size_t n_kept;              /* bytes in them, without those */
};

/* Register buffers. Where that is not allowed (RLIMIT_MEMLOCK) there are none, and all works without. */
void buffer_pool_begin(struct buffer_pool *pool, struct lariat_loop *loop);
bool buffer_pool_is_fixed(const struct buffer_pool *pool, const uint8_t *buffer);

/* A buffer of at least n bytes; *size is what it really has, to be handed back with it. NULL: no memory. */
uint8_t *buffer_pool_get(struct buffer_pool *pool, size_t n, size_t *size);
void buffer_pool_put(struct buffer_pool *pool, uint8_t *buffer, size_t size); /* NULL is ignored */

/* Free them all; the loop, if any, keeps none. All have been put back. */
void buffer_pool_end(struct buffer_pool *pool, struct lariat_loop *loop);

#endif
