/* SPDX-License-Identifier: MIT */
#include "bh_pool.h"

#include <pthread.h>
#include <stdlib.h>

#include "bh.h"
#include "cpu.h"

#define CHUNK_MAX 1023 /* with n: 8 KiB */
#define PUBLISH_LEAST 64
#define AHEAD 32 /* some 20 ns each: what a line takes to come from a CPU of another core */
#define CACHE_LINE 64

struct bh_chunk {
    size_t n;
    struct lariat_bh *bh[CHUNK_MAX];
};

/* This thread's own chunk. Freed at the thread's end by the destructor of a key, set when the first chunk is taken. */
static _Thread_local struct bh_chunk *cache __attribute__((tls_model("initial-exec")));
static pthread_key_t cache_key;
static pthread_once_t cache_once = PTHREAD_ONCE_INIT;
static int cache_key_err;

struct lariat_bh *bh_alloc(void)
{
    _Static_assert(sizeof(struct lariat_bh) <= CACHE_LINE, "a BH has grown beyond a cache line");
    return aligned_alloc(CACHE_LINE, CACHE_LINE);
}

static void free_chunk(struct bh_chunk *chunk)
{
    while (chunk && chunk->n)
        free(chunk->bh[--chunk->n]);
    free(chunk);
}

static void free_cache(void *opaque)
{
    (void)opaque;
    free_chunk(cache);
    cache = NULL;
}

static void make_key(void)
{
    cache_key_err = pthread_key_create(&cache_key, free_cache);
}

/* Without the key nobody would free the cache of a thread that ends. */
static int arrange_destructor(void)
{
    pthread_once(&cache_once, make_key);
    if (cache_key_err || pthread_getspecific(cache_key))
        return cache_key_err;
    return pthread_setspecific(cache_key, &cache_key);
}

/* Replace this thread's empty chunk by the published one. */
static void refill(struct bh_pool *pool)
{
    if (!atomic_load_explicit(&pool->published, memory_order_relaxed) || arrange_destructor())
        return;
    free(cache);
    /* Acquire: pairs with the release in bh_pool_publish(); the chunk was filled before. */
    cache = atomic_exchange_explicit(&pool->published, NULL, memory_order_acquire);
}

struct lariat_bh *bh_pool_get(struct bh_pool *pool)
{
    if (!cache || !cache->n)
        refill(pool);
    if (!cache || !cache->n)
        return bh_alloc();
    cache->n--;
    if (cache->n >= AHEAD)
        cpu_prefetch_write(cache->bh[cache->n - AHEAD]);
    return cache->bh[cache->n];
}

void bh_pool_put(struct bh_pool *pool, struct lariat_bh *bh)
{
    struct bh_chunk *used = pool->used;

    if (used && used->n == CHUNK_MAX && !atomic_load_explicit(&pool->published, memory_order_relaxed)) {
        bh_pool_publish(pool);
        used = pool->used;
    }
    if (!used) {
        used = pool->used = malloc(sizeof(*used));
        if (used)
            used->n = 0;
    }
    if (used && used->n < CHUNK_MAX)
        used->bh[used->n++] = bh;
    else
        free(bh);
}

/* What nobody has taken yet is taken back and added: a producer should find as much as there is. */
void bh_pool_publish(struct bh_pool *pool)
{
    struct bh_chunk *used = pool->used;
    struct bh_chunk *before;

    if (!used || used->n < PUBLISH_LEAST)
        return;
    before = atomic_exchange_explicit(&pool->published, NULL, memory_order_acquire);
    while (before && before->n && used->n < CHUNK_MAX)
        used->bh[used->n++] = before->bh[--before->n];
    /* Release: pairs with the acquire in refill(). Only the owner stores anything but NULL, so nothing is overwritten. */
    atomic_store_explicit(&pool->published, used, memory_order_release);
    pool->used = before;
}

void bh_pool_exit(struct bh_pool *pool)
{
    free_chunk(pool->used);
    free_chunk(atomic_load_explicit(&pool->published, memory_order_acquire));
}
