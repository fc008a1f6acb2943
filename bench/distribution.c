/* SPDX-License-Identifier: MIT */
#include "distribution.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#define PI 3.14159265358979323846

void permutation_init(struct permutation *p, uint64_t n, uint64_t seed)
{
    unsigned bits = n > 2 ? 64 - (unsigned)__builtin_clzll(n - 1) : 2;

    *p = (struct permutation){ .n = n, .seed = splitmix64(&seed), .half_bits = (bits + 1) / 2 };
}

uint64_t permutation_at(const struct permutation *p, uint64_t i)
{
    uint64_t mask = (UINT64_C(1) << p->half_bits) - 1;

    do { /* the network permutes a power of four that is less than four times n, so this ends soon */
        uint64_t left = i >> p->half_bits, right = i & mask;

        for (uint64_t round = 1; round <= 4; round++) {
            uint64_t key = p->seed + round * UINT64_C(0xd1342543de82ef95) + right;
            uint64_t next = left ^ (splitmix64(&key) >> 24 & mask);

            left = right;
            right = next;
        }
        i = left << p->half_bits | right;
    } while (i >= p->n);
    return i;
}

/*
 * Zipf by rejection and inversion (Hoermann and Derflinger, "Rejection-inversion to generate variates from monotone discrete
 * distributions", 1996): exact for any exponent above 0, with no sum over all blocks. H is the integral of x^-exponent, in a
 * form that holds near exponent 1, too.
 */
static double near_one(double x, double (*of)(double)) /* of(x) / x */
{
    return fabs(x) > 1e-8 ? of(x) / x : 1;
}

static double zipf_weight(const struct zipf *z, double x)
{
    return exp(-z->exponent * log(x));
}

static double zipf_integral(const struct zipf *z, double x)
{
    double log_x = log(x);

    return near_one((1 - z->exponent) * log_x, expm1) * log_x;
}

static double zipf_inverse(const struct zipf *z, double y)
{
    double t = y * (1 - z->exponent);

    if (t < -1) /* by rounding only */
        t = -1;
    return exp(near_one(t, log1p) * y);
}

static void zipf_init(struct zipf *z, double exponent, uint64_t n)
{
    z->exponent = exponent;
    z->h_first = zipf_integral(z, 1.5) - 1;
    z->h_last = zipf_integral(z, (double)n + 0.5);
    z->squeeze = 2 - zipf_inverse(z, zipf_integral(z, 2.5) - zipf_weight(z, 2));
}

/* From 0 on, the most wanted one first. */
static uint64_t zipf_rank(const struct zipf *z, uint64_t n, struct rng *rng)
{
    for (;;) {
        double u = z->h_last + rng_unit(rng) * (z->h_first - z->h_last);
        double x = zipf_inverse(z, u), k = floor(x + 0.5);

        k = k < 1 ? 1 : k > (double)n ? (double)n : k;
        if (k - x <= z->squeeze || u >= zipf_integral(z, k + 0.5) - zipf_weight(z, k))
            return (uint64_t)k > n ? n - 1 : (uint64_t)k - 1;
    }
}

/* The share h of the blocks gets the share 1 - h of the I/Os, and so on within that share. */
static uint64_t pareto_rank(double power, uint64_t n, struct rng *rng)
{
    uint64_t rank = (uint64_t)((double)n * pow(rng_unit(rng), power));

    return rank < n ? rank : n - 1;
}

/* Box and Muller; what falls outside is drawn again. */
static uint64_t normal_block(const struct block_draw *d, struct rng *rng)
{
    for (;;) {
        double radius = sqrt(-2 * log(rng_unit(rng))), angle = 2 * PI * rng_unit(rng);
        double at = d->normal.mean + d->normal.deviation * radius * cos(angle);

        if (at >= 0 && at < (double)d->n_blocks)
            return (uint64_t)at;
    }
}

static uint64_t zoned_block(const struct block_draw *d, struct rng *rng)
{
    uint64_t draw = rng_next(rng);
    unsigned i = 0;

    while (i + 1 < d->zones.n && draw >= d->zones.bounds[i].threshold)
        i++;
    return d->zones.bounds[i].first + rng_below(rng, d->zones.bounds[i].n);
}

uint64_t block_draw_next(const struct block_draw *d, struct rng *rng)
{
    uint64_t rank = 0;

    switch (d->kind) {
    case DIST_RANDOM: return rng_below(rng, d->n_blocks);
    case DIST_NORMAL: return normal_block(d, rng);
    case DIST_ZONED:
    case DIST_ZONED_ABS: return zoned_block(d, rng);
    case DIST_ZIPF: rank = zipf_rank(&d->zipf, d->n_blocks, rng); break;
    case DIST_PARETO: rank = pareto_rank(d->power, d->n_blocks, rng); break;
    }
    if (d->strewn)
        return permutation_at(&d->order, rank);
    return (uint64_t)(((uint128)rank + d->shift) % d->n_blocks);
}

static int zones_init(struct block_draw *d, const struct zone_list *list, uint64_t block_bytes)
{
    uint64_t first = 0, percent = 0;

    d->zones.n = list->n;
    for (unsigned i = 0; i < list->n; i++) {
        uint64_t span = list->zones[i].span, rest = d->n_blocks - first;
        uint64_t n = d->kind == DIST_ZONED_ABS ? span / block_bytes : (uint64_t)((uint128)d->n_blocks * span / 100);

        n = i + 1 == list->n && d->kind == DIST_ZONED ? rest : n ? n : 1; /* the last one has what rounding left */
        n = n < rest ? n : rest;
        percent += list->zones[i].percent;
        if (!n && list->zones[i].percent)
            return -ERANGE;
        d->zones.bounds[i] = (struct zone_bounds){ percent >= 100 ? UINT64_MAX : (uint64_t)((double)percent / 100 * 0x1p64),
                                                   n ? first : 0, n ? n : 1 };
        first += n;
    }
    return 0;
}

int block_draw_init(struct block_draw *d, const struct distribution *option, enum direction direction, uint64_t n_blocks,
                    uint64_t block_bytes, uint64_t seed)
{
    double n = (double)n_blocks;

    memset(d, 0, sizeof(*d));
    d->kind = (enum distribution_kind)option->kind;
    d->n_blocks = n_blocks;
    d->strewn = option->center < 0;
    if (!d->strewn)
        d->shift = (uint64_t)(option->center * n) < n_blocks ? (uint64_t)(option->center * n) : n_blocks - 1;
    permutation_init(&d->order, n_blocks, seed);
    switch (d->kind) {
    case DIST_RANDOM: break;
    case DIST_ZIPF: zipf_init(&d->zipf, option->parameter, n_blocks); break;
    case DIST_PARETO: d->power = log(option->parameter) / log1p(-option->parameter); break;
    case DIST_NORMAL:
        d->normal.mean = (d->strewn ? 0.5 : option->center) * n;
        d->normal.deviation = option->parameter / 100 * n;
        break;
    case DIST_ZONED:
    case DIST_ZONED_ABS: return zones_init(d, &option->zones[direction], block_bytes);
    }
    return 0;
}
