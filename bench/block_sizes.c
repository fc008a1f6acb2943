/* SPDX-License-Identifier: MIT */
#include "block_sizes.h"

#include <string.h>

uint64_t greatest_divisor(uint64_t a, uint64_t b)
{
    while (b) {
        uint64_t rest = a % b;

        a = b;
        b = rest;
    }
    return a;
}

static void split_init(struct block_sizes *sizes, const struct size_split *split)
{
    double sum = 0;

    for (unsigned i = 0; i < split->n; i++) {
        if (split->entries[i].percent <= 0)
            continue;
        sum += split->entries[i].percent;
        sizes->thresholds[sizes->n] = sum >= 99.999999 ? UINT64_MAX : (uint64_t)(sum / 100 * 0x1p64);
        sizes->sizes[sizes->n++] = split->entries[i].bytes;
    }
}

void block_sizes_init(struct block_sizes *sizes, const struct value_range *range, const struct size_split *split,
                      bool unaligned)
{
    memset(sizes, 0, sizeof(*sizes));
    sizes->min = range->min;
    sizes->max = range->max;
    sizes->step = unaligned ? 1 : range->min;
    if (split && split->n)
        split_init(sizes, split);
}

uint64_t block_sizes_draw(const struct block_sizes *sizes, struct rng *rng)
{
    if (sizes->n) {
        uint64_t draw = rng_next(rng);
        unsigned i = 0;

        while (i + 1 < sizes->n && draw >= sizes->thresholds[i])
            i++;
        return sizes->sizes[i];
    }
    if (sizes->min == sizes->max)
        return sizes->min;
    return sizes->min + sizes->step * rng_below(rng, (sizes->max - sizes->min) / sizes->step + 1);
}

uint64_t block_sizes_divisor(const struct block_sizes *sizes)
{
    uint64_t divisor = 0;

    for (unsigned i = 0; i < sizes->n; i++)
        divisor = greatest_divisor(divisor, sizes->sizes[i]);
    if (sizes->n)
        return divisor;
    return sizes->min == sizes->max ? sizes->min : greatest_divisor(sizes->min, sizes->step);
}
