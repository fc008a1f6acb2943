/* SPDX-License-Identifier: MIT */
#include "offsets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

uint64_t splitmix64(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

void rng_init(struct rng *rng, uint64_t seed)
{
    for (unsigned i = 0; i < 4; i++)
        rng->s[i] = splitmix64(&seed);
}

/* The bits behind the last one of a level are set for ever, so that no search ends there. */
static void set_tail(uint64_t *words, uint64_t n_words, uint64_t n_bits)
{
    if (n_bits % 64)
        words[n_words - 1] = ~UINT64_C(0) << (n_bits % 64);
}

void block_map_reset(struct block_map *map)
{
    uint64_t n_bits = map->n_blocks;

    for (unsigned i = 0; i < map->n_levels; i++) {
        memset(map->level[i], 0, map->n_words[i] * sizeof(uint64_t));
        set_tail(map->level[i], map->n_words[i], n_bits);
        n_bits = map->n_words[i];
    }
    map->n_used = 0;
}

int block_map_init(struct block_map *map, uint64_t n_blocks)
{
    uint64_t n_bits = n_blocks;

    memset(map, 0, sizeof(*map));
    map->n_blocks = n_blocks;
    if (n_blocks > UINT64_C(1) << (6 * BLOCK_MAP_LEVELS))
        return -E2BIG;
    do {
        uint64_t n_words = n_bits / 64 + (n_bits % 64 != 0);
        uint64_t *words = calloc(n_words, sizeof(uint64_t));

        if (!words) {
            block_map_free(map);
            return -ENOMEM;
        }
        map->level[map->n_levels] = words;
        map->n_words[map->n_levels] = n_words;
        map->n_levels++;
        n_bits = n_words;
    } while (n_bits > 1);
    block_map_reset(map);
    return 0;
}

void block_map_free(struct block_map *map)
{
    for (unsigned i = 0; i < map->n_levels; i++)
        free(map->level[i]);
    memset(map, 0, sizeof(*map));
}

/* The first clear bit of `level` at or behind `from`; false if there is none up to the end. */
static bool find_from(const struct block_map *map, uint64_t from, uint64_t *found)
{
    unsigned level = 0;
    uint64_t bit = from;

    for (;;) { /* up, until a word with a clear bit at or behind ours is met */
        uint64_t word = bit / 64;

        if (word >= map->n_words[level])
            return false;
        uint64_t clear = ~map->level[level][word] & (~UINT64_C(0) << (bit % 64));
        if (clear) {
            bit = word * 64 + (uint64_t)__builtin_ctzll(clear);
            break;
        }
        if (++level == map->n_levels)
            return false;
        bit = word + 1;
    }
    while (level) { /* and down again: a clear bit stands for a word that has one */
        level--;
        bit = bit * 64 + (uint64_t)__builtin_ctzll(~map->level[level][bit]);
    }
    *found = bit;
    return true;
}

uint64_t block_map_find(const struct block_map *map, uint64_t from)
{
    uint64_t found = 0;

    if (!find_from(map, from, &found))
        find_from(map, 0, &found);
    return found;
}

void block_map_set(struct block_map *map, uint64_t block)
{
    uint64_t bit = block;

    map->n_used++;
    for (unsigned i = 0; i < map->n_levels; i++) {
        uint64_t *word = &map->level[i][bit / 64];

        *word |= UINT64_C(1) << (bit % 64);
        if (~*word)
            return;
        bit /= 64;
    }
}

void block_map_clear(struct block_map *map, uint64_t block)
{
    uint64_t bit = block;

    map->n_used--;
    for (unsigned i = 0; i < map->n_levels; i++) {
        uint64_t *word = &map->level[i][bit / 64];
        bool was_full = !~*word;

        *word &= ~(UINT64_C(1) << (bit % 64));
        if (!was_full)
            return;
        bit /= 64;
    }
}
