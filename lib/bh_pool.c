/* SPDX-License-Identifier: MIT */
#include "bh_pool.h"

#include <pthread.h>
#include <stdlib.h>

#include "bh.h"

/* This thread's own chain. Freed at the thread's end by the destructor of a key, set when the first chain is taken. */
static _Thread_local struct lariat_bh *cache __attribute__((tls_model("initial-exec")));
static pthread_key_t cache_key;
static pthread_once_t cache_once = PTHREAD_ONCE_INIT;
static int cache_key_err;

static void free_chain(struct lariat_bh *bh)
{
    while (bh) {
        struct lariat_bh *next = bh->next;

        free(bh);
        bh = next;
    }
}

static void free_cache(void *opaque)
{
    (void)opaque;
    free_chain(cache);
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

struct lariat_bh *bh_pool_get(struct bh_pool *pool)
{
    struct lariat_bh *bh = cache;

    if (!bh && atomic_load_explicit(&pool->published, memory_order_relaxed) && !arrange_destructor())
        /* Acquire: pairs with the release in bh_pool_publish(); the chain was linked before. */
        bh = atomic_exchange_explicit(&pool->published, NULL, memory_order_acquire);
    if (!bh)
        return malloc(sizeof(*bh));
    cache = bh->next;
    return bh;
}

void bh_pool_put(struct bh_pool *pool, struct lariat_bh *bh)
{
    if (pool->n_used == BH_POOL_CHAIN_MAX) {
        bh_pool_publish(pool);
        if (pool->n_used) {
            free(bh);
            return;
        }
    }
    bh->next = pool->used;
    pool->used = bh;
    pool->n_used++;
}

void bh_pool_publish(struct bh_pool *pool)
{
    /* Only the owner makes it something else than NULL, so this look is enough. */
    if (!pool->used || atomic_load_explicit(&pool->published, memory_order_relaxed))
        return;
    atomic_store_explicit(&pool->published, pool->used, memory_order_release);
    pool->used = NULL;
    pool->n_used = 0;
}

void bh_pool_exit(struct bh_pool *pool)
{
    free_chain(pool->used);
    free_chain(atomic_load_explicit(&pool->published, memory_order_acquire));
}
