/* SPDX-License-Identifier: MIT */
/*
 * Log-linear histograms in fio's scheme (29 groups of 64 buckets). All accesses are relaxed atomics without locked
 * instructions: one thread adds, others may copy meanwhile.
 */
#include <stdint.h>

#include <lariat/stats.h>

#include "stats.h"

#define GROUP_BITS 6
#define GROUP_SIZE (1u << GROUP_BITS)

static inline unsigned bucket_of(uint64_t ns)
{
    unsigned msb = ns ? 63 - (unsigned)__builtin_clzll(ns) : 0;
    unsigned shift, bucket;

    if (msb <= GROUP_BITS)
        return (unsigned)ns;
    shift = msb - GROUP_BITS;
    bucket = ((shift + 1) << GROUP_BITS) + ((unsigned)(ns >> shift) & (GROUP_SIZE - 1));
    return bucket < LARIAT_HISTOGRAM_BUCKETS ? bucket : LARIAT_HISTOGRAM_BUCKETS - 1;
}

uint64_t lariat_histogram_bucket_ns(unsigned bucket)
{
    unsigned shift;
    uint64_t base;

    if (bucket < 2 * GROUP_SIZE)
        return bucket;
    shift = (bucket >> GROUP_BITS) - 1;
    base = (uint64_t)(GROUP_SIZE + (bucket & (GROUP_SIZE - 1))) << shift;
    return base + (UINT64_C(1) << (shift - 1));
}

void lariat_histogram_init(struct lariat_histogram *h)
{
    uint64_t *words = &h->n;

    for (size_t i = 0; i < sizeof(*h) / sizeof(*words); i++)
        stat_set(&words[i], 0);
}

void lariat_histogram_add(struct lariat_histogram *h, int64_t ns)
{
    uint64_t value = ns > 0 ? (uint64_t)ns : 0;
    uint64_t n = __atomic_load_n(&h->n, __ATOMIC_RELAXED);

    if (!n || value < __atomic_load_n(&h->min_ns, __ATOMIC_RELAXED))
        stat_set(&h->min_ns, value);
    if (value > __atomic_load_n(&h->max_ns, __ATOMIC_RELAXED))
        stat_set(&h->max_ns, value);
    stat_add(&h->sum_ns, value);
    stat_add(&h->buckets[bucket_of(value)], 1);
    stat_set(&h->n, n + 1);
}

void lariat_histogram_merge(struct lariat_histogram *to, const struct lariat_histogram *from)
{
    uint64_t n = __atomic_load_n(&from->n, __ATOMIC_RELAXED);
    uint64_t min_ns = __atomic_load_n(&from->min_ns, __ATOMIC_RELAXED);
    uint64_t max_ns = __atomic_load_n(&from->max_ns, __ATOMIC_RELAXED);

    if (!n)
        return;
    if (!to->n || min_ns < to->min_ns)
        stat_set(&to->min_ns, min_ns);
    if (max_ns > to->max_ns)
        stat_set(&to->max_ns, max_ns);
    stat_add(&to->n, n);
    stat_add(&to->sum_ns, __atomic_load_n(&from->sum_ns, __ATOMIC_RELAXED));
    for (unsigned i = 0; i < LARIAT_HISTOGRAM_BUCKETS; i++)
        stat_add(&to->buckets[i], __atomic_load_n(&from->buckets[i], __ATOMIC_RELAXED));
}

uint64_t lariat_histogram_percentile(const struct lariat_histogram *h, double percent)
{
    /* Less a hair: 99.9 percent of 1000 are 999 samples, but not in binary fractions. */
    double wanted = percent * (double)h->n / 100 * (1 - 1e-12);
    uint64_t seen = 0;

    for (unsigned i = 0; i < LARIAT_HISTOGRAM_BUCKETS; i++) {
        seen += h->buckets[i];
        if (seen && (double)seen >= wanted)
            return lariat_histogram_bucket_ns(i);
    }
    return 0;
}
