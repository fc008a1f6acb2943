/* SPDX-License-Identifier: MIT */
#include "buffer_pool.h"

#include <lariat/file.h>
#include <string.h>

#define SIZE_MIN ((size_t)4096)

static unsigned class_of(size_t n)
{
    unsigned class = 0;

    while (class < BUFFER_CLASSES && SIZE_MIN << class < n)
        class++;
    return class;
}

uint8_t *buffer_pool_get(struct buffer_pool *pool, size_t n, size_t *size)
{
    unsigned class = class_of(n);

    *size = class < BUFFER_CLASSES ? SIZE_MIN << class : (n + SIZE_MIN - 1) & ~(SIZE_MIN - 1);
    if (class == BUFFER_CLASSES || !pool->free[class])
        return lariat_buffer_alloc(0, *size);
    void *buffer = pool->free[class];

    memcpy(&pool->free[class], buffer, sizeof(void *));
    pool->n_kept -= *size;
    return buffer;
}

void buffer_pool_put(struct buffer_pool *pool, uint8_t *buffer, size_t size)
{
    unsigned class = class_of(size);

    if (!buffer || class == BUFFER_CLASSES || pool->n_kept + size > BUFFER_POOL_KEPT_MAX) {
        lariat_buffer_free(buffer);
        return;
    }
    memcpy(buffer, &pool->free[class], sizeof(void *));
    pool->free[class] = buffer;
    pool->n_kept += size;
}

void buffer_pool_empty(struct buffer_pool *pool)
{
    for (unsigned class = 0; class < BUFFER_CLASSES; class++)
        while (pool->free[class]) {
            void *buffer = pool->free[class];

            memcpy(&pool->free[class], buffer, sizeof(void *));
            lariat_buffer_free(buffer);
        }
    pool->n_kept = 0;
}
