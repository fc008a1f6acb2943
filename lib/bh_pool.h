/* SPDX-License-Identifier: MIT */
/*
 * Memory for oneshot BHs, which one thread takes and another gives back: with malloc() both fight for one arena, which costs
 * ten times the rest of the schedule. So the owner of the loop collects used ones in a chunk and publishes that, and a
 * producer takes the whole chunk for its thread. A chunk is an array, not a chain: the addresses of the next ones are known
 * before their cache lines have come from the other CPU. What does not fit is freed, so all is bounded.
 */
#ifndef LARIAT_BH_POOL_H
#define LARIAT_BH_POOL_H

#include <stdatomic.h>

struct lariat_bh;
struct bh_chunk;

struct bh_pool {
    struct bh_chunk *_Atomic published; /* for whoever comes first; any thread */
    struct bh_chunk *used;              /* being filled; owner */
};

/* Memory for a BH, of a cache line of its own: two CPUs write to it in turn. NULL: there is none. Any thread; free(). */
struct lariat_bh *bh_alloc(void);

/* Memory for a oneshot BH, or NULL. Any thread. */
struct lariat_bh *bh_pool_get(struct bh_pool *pool);

/* Give back one that has run. Owner. */
void bh_pool_put(struct bh_pool *pool, struct lariat_bh *bh);

/* After a slice: let producers have what was collected, if it is worth it. Owner. */
void bh_pool_publish(struct bh_pool *pool);

/* Free all. Nobody else may use the pool any more. */
void bh_pool_exit(struct bh_pool *pool);

#endif
