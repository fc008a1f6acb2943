/* SPDX-License-Identifier: MIT */
/*
 * Memory for oneshot BHs, which one thread takes and another gives back: malloc() would make both fight for one arena, ten
 * times slower than the rest of the schedule. So used ones go back in chains: the owner of the loop collects them, publishes
 * a chain when the last one was taken, and a producer takes the whole chain into a cache of its thread. Everything is bounded
 * by BH_POOL_CHAIN_MAX, and what does not fit is freed.
 */
#ifndef LARIAT_BH_POOL_H
#define LARIAT_BH_POOL_H

#include <stdatomic.h>

struct lariat_bh;

#define BH_POOL_CHAIN_MAX 1024

struct bh_pool {
    struct lariat_bh *_Atomic published; /* a chain for whoever comes first; any thread */
    struct lariat_bh *used;              /* being collected; owner only, as is the count */
    unsigned n_used;
};

/* Memory for a BH, or NULL. Any thread. */
struct lariat_bh *bh_pool_get(struct bh_pool *pool);

/* Give back one that has run. Owner. */
void bh_pool_put(struct bh_pool *pool, struct lariat_bh *bh);

/* After a slice: let producers have what was collected. Owner. */
void bh_pool_publish(struct bh_pool *pool);

/* Free all. Nobody else may use the pool any more. */
void bh_pool_exit(struct bh_pool *pool);

#endif
