/* SPDX-License-Identifier: MIT */
#include "buffer_pool.h"

#include <lariat/file.h>
#include <string.h>

#define SIZE_MIN ((size_t)4096)

static unsigned class_of(size_t n)
{
    unsigned power = 0;

    while (power < BUFFER_CLASSES && SIZE_MIN << power < n)
        power++;
    return power;
}

uint8_t *buffer_pool_get(struct buffer_pool *pool, size_t n, size_t *size)
{
    unsigned power = class_of(n);

    *size = power < BUFFER_CLASSES ? SIZE_MIN << power : (n + SIZE_MIN - 1) & ~(SIZE_MIN - 1);
    if (power == BUFFER_CLASSES || !pool->free[power])
        return lariat_buffer_alloc(0, *size);
    void *buffer = pool->free[power];

    memcpy(&pool->free[power], buffer, sizeof(void *));
    pool->n_kept -= *size;
    return buffer;
}

void buffer_pool_put(struct buffer_pool *pool, uint8_t *buffer, size_t size)
{
    unsigned power = class_of(size);

    if (!buffer || power == BUFFER_CLASSES || pool->n_kept + size > BUFFER_POOL_KEPT_MAX) {
        lariat_buffer_free(buffer);
        return;
    }
    memcpy(buffer, &pool->free[power], sizeof(void *));
    pool->free[power] = buffer;
    pool->n_kept += size;
}

void buffer_pool_empty(struct buffer_pool *pool)
{
    for (unsigned power = 0; power < BUFFER_CLASSES; power++)
        while (pool->free[power]) {
            void *buffer = pool->free[power];

            memcpy(&pool->free[power], buffer, sizeof(void *));
            lariat_buffer_free(buffer);
        }
    pool->n_kept = 0;
}
