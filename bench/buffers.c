/* SPDX-License-Identifier: MIT */
#include "buffers.h"

#include <string.h>

#include "pattern.h"

void fill_random(void *buf, size_t n, uint64_t seed)
{
    struct rng rng;
    size_t at = 0;

    rng_init(&rng, seed);
    for (; at + sizeof(uint64_t) <= n; at += sizeof(uint64_t)) {
        uint64_t word = rng_next(&rng);

        memcpy((char *)buf + at, &word, sizeof(word));
    }
    for (; at < n; at++)
        ((char *)buf)[at] = (char)rng_next(&rng);
}

void buffer_maker_init(struct buffer_maker *maker, const struct buffer_recipe *recipe, uint64_t seed)
{
    *maker = (struct buffer_maker){ .recipe = *recipe };
    rng_init(&maker->rng, seed);
    maker->last_seed = rng_next(&maker->rng);
    maker->stamp = rng_next(&maker->rng);
    if (recipe->compress || recipe->dedupe)
        maker->recipe.refill = true;
}

/* In each chunk, random data first and then what can be compressed. */
static void fill_compressible(const struct buffer_recipe *recipe, char *buf, size_t n, uint64_t seed, uint64_t offset)
{
    size_t chunk = recipe->chunk && recipe->chunk < n ? recipe->chunk : n;

    for (size_t at = 0; at < n; at += chunk) {
        size_t length = n - at < chunk ? n - at : chunk, same = (size_t)((uint128)length * recipe->compress / 100);

        fill_random(buf + at, length - same, splitmix64(&seed));
        if (recipe->pattern)
            pattern_fill(recipe->pattern, buf + at + length - same, same, offset);
        else
            memset(buf + at + length - same, 0, same);
    }
}

static void fill(struct buffer_maker *maker, void *buf, size_t n, uint64_t offset)
{
    const struct buffer_recipe *recipe = &maker->recipe;

    if (recipe->zero) {
        memset(buf, 0, n);
        return;
    }
    if (recipe->pattern && !recipe->compress) {
        pattern_fill(recipe->pattern, buf, n, offset);
        return;
    }
    if (!recipe->dedupe || rng_below(&maker->rng, 100) >= recipe->dedupe)
        maker->last_seed = rng_next(&maker->rng);
    if (recipe->compress)
        fill_compressible(recipe, buf, n, maker->last_seed, offset);
    else
        fill_random(buf, n, maker->last_seed);
}

void buffer_first(struct buffer_maker *maker, void *buf, size_t n)
{
    fill(maker, buf, n, 0);
}

void buffer_renew(struct buffer_maker *maker, void *buf, size_t n, uint64_t offset)
{
    const struct buffer_recipe *recipe = &maker->recipe;

    bool fixed = recipe->zero || recipe->pattern;

    if (recipe->refill || (fixed && recipe->clobbered) || (recipe->pattern && recipe->pattern->n_offsets))
        fill(maker, buf, n, offset);
    else if (recipe->scramble && !fixed)
        buffer_scramble(&maker->stamp, buf, n);
}
