/* SPDX-License-Identifier: MIT */
/*
 * Where the next I/O goes: block numbers, sequential or random, within [0, n_blocks).
 *
 * With the random map each block comes once per pass. The map is a hierarchy of bitmaps: bit b of level 0 says that block b was
 * used, bit w of level i + 1 that all 64 bits of word w of level i are set. So the first free block behind any place is found in
 * a few steps, however full the map is.
 */
#ifndef BENCH_OFFSETS_H
#define BENCH_OFFSETS_H

#include <stdbool.h>
#include <stdint.h>

/* xoshiro256++ of Blackman and Vigna (public domain), seeded through splitmix64. */
struct rng {
    uint64_t s[4];
};

void rng_init(struct rng *rng, uint64_t seed);
uint64_t splitmix64(uint64_t *state);

static inline uint64_t rotate_left(uint64_t x, unsigned k)
{
    return (x << k) | (x >> (64 - k));
}

static inline uint64_t rng_next(struct rng *rng)
{
    uint64_t *s = rng->s;
    uint64_t result = rotate_left(s[0] + s[3], 23) + s[0];
    uint64_t t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate_left(s[3], 45);
    return result;
}

__extension__ typedef unsigned __int128 uint128;

/* A number in [0, n) without a division; the bias is below n / 2^64. */
static inline uint64_t rng_below(struct rng *rng, uint64_t n)
{
    return (uint64_t)(((uint128)rng_next(rng) * n) >> 64);
}

#define BLOCK_MAP_LEVELS 7 /* 64^7 = 2^42 blocks */

struct block_map {
    uint64_t *level[BLOCK_MAP_LEVELS];
    uint64_t n_words[BLOCK_MAP_LEVELS];
    unsigned n_levels;
    uint64_t n_blocks;
    uint64_t n_used;
};

/* 0, -ENOMEM, or -E2BIG above 2^42 blocks. */
int block_map_init(struct block_map *map, uint64_t n_blocks);
void block_map_free(struct block_map *map);

/* Mark all blocks unused. */
void block_map_reset(struct block_map *map);

/* The first unused block at or behind `from`, wrapping around. There must be one. */
uint64_t block_map_find(const struct block_map *map, uint64_t from);

void block_map_set(struct block_map *map, uint64_t block);
void block_map_clear(struct block_map *map, uint64_t block);

static inline bool block_map_test(const struct block_map *map, uint64_t block)
{
    return map->level[0][block / 64] >> (block % 64) & 1;
}

static inline bool block_map_full(const struct block_map *map)
{
    return map->n_used == map->n_blocks;
}

#endif
