/* SPDX-License-Identifier: MIT */
#include "buffer_pool.h"

#include <lariat/file.h>
#include <lariat/op.h>
#include <string.h>

#define SIZE_MIN ((size_t)4096)

static unsigned class_of(size_t n)
{
    unsigned power = 0;

    while (power < BUFFER_CLASSES && SIZE_MIN << power < n)
        power++;
    return power;
}

/* Into its list and out of it. */
static void keep(struct buffer_pool *pool, unsigned power, void *buffer)
{
    memcpy(buffer, &pool->free[power], sizeof(void *));
    pool->free[power] = buffer;
}

static void *take(struct buffer_pool *pool, unsigned power)
{
    void *buffer = pool->free[power];

    memcpy(&pool->free[power], buffer, sizeof(void *));
    return buffer;
}

void buffer_pool_begin(struct buffer_pool *pool, struct lariat_loop *loop)
{
    struct iovec iov = { lariat_buffer_alloc(0, BUFFER_POOL_FIXED * SIZE_MIN), BUFFER_POOL_FIXED * SIZE_MIN };

    if (!iov.iov_base || lariat_register_buffers(loop, &iov, 1)) {
        lariat_buffer_free(iov.iov_base);
        return;
    }
    pool->fixed = iov.iov_base;
    for (unsigned i = 0; i < BUFFER_POOL_FIXED; i++)
        keep(pool, 0, pool->fixed + i * SIZE_MIN);
}

bool buffer_pool_is_fixed(const struct buffer_pool *pool, const uint8_t *buffer)
{
    uintptr_t begin = (uintptr_t)pool->fixed, place = (uintptr_t)buffer;

    return begin && place >= begin && place < begin + BUFFER_POOL_FIXED * SIZE_MIN;
}

uint8_t *buffer_pool_get(struct buffer_pool *pool, size_t n, size_t *size)
{
    unsigned power = class_of(n);

    *size = power < BUFFER_CLASSES ? SIZE_MIN << power : (n + SIZE_MIN - 1) & ~(SIZE_MIN - 1);
    if (power == BUFFER_CLASSES || !pool->free[power])
        return lariat_buffer_alloc(0, *size);
    uint8_t *buffer = take(pool, power);

    if (!buffer_pool_is_fixed(pool, buffer))
        pool->n_kept -= *size;
    return buffer;
}

void buffer_pool_put(struct buffer_pool *pool, uint8_t *buffer, size_t size)
{
    unsigned power = class_of(size);

    if (buffer_pool_is_fixed(pool, buffer)) {
        keep(pool, power, buffer);
    } else if (!buffer || power == BUFFER_CLASSES || pool->n_kept + size > BUFFER_POOL_KEPT_MAX) {
        lariat_buffer_free(buffer);
    } else {
        keep(pool, power, buffer);
        pool->n_kept += size;
    }
}

void buffer_pool_end(struct buffer_pool *pool, struct lariat_loop *loop)
{
    for (unsigned power = 0; power < BUFFER_CLASSES; power++)
        while (pool->free[power]) {
            uint8_t *buffer = take(pool, power);

            if (!buffer_pool_is_fixed(pool, buffer))
                lariat_buffer_free(buffer);
        }
    pool->n_kept = 0;
    if (pool->fixed)
        lariat_register_buffers(loop, NULL, 0);
    lariat_buffer_free(pool->fixed);
    pool->fixed = NULL;
}
