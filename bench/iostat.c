/* SPDX-License-Identifier: MIT */
#include "iostat.h"

#include <math.h>

double latency_mean_ns(const struct latency *latency)
{
    return latency->h.n ? (double)latency->h.sum_ns / (double)latency->h.n : 0;
}

double latency_stddev_ns(const struct latency *latency)
{
    long double n = (long double)latency->h.n, sum = (long double)latency->h.sum_ns;

    if (latency->h.n < 2)
        return 0;
    long double variance = ((long double)latency->squares.all - sum * sum / n) / (n - 1);
    return variance > 0 ? (double)sqrtl(variance) : 0;
}

void latency_merge(struct latency *to, const struct latency *from)
{
    lariat_histogram_merge(&to->h, &from->h);
    to->squares.all += from->squares.all;
}

void iostat_merge(struct iostat *to, const struct iostat *from)
{
    to->ios += from->ios;
    to->bytes += from->bytes;
    to->short_ios += from->short_ios;
    latency_merge(&to->slat, &from->slat);
    latency_merge(&to->clat, &from->clat);
    latency_merge(&to->lat, &from->lat);
}

static uint128 read_halves(const union squares *from)
{
    const union squares squares = { .halves = { counter_get(&from->halves[0]), counter_get(&from->halves[1]) } };

    return squares.all;
}

/* The same twice, or it was written meanwhile, and the halves need not belong together. */
static uint128 read_squares(const union squares *from)
{
    uint128 first, second = read_halves(from);

    do {
        first = second;
        second = read_halves(from);
    } while (first != second);
    return first;
}

static void snapshot(struct latency *to, const struct latency *from, bool buckets)
{
    uint128 squares = 0;
    uint64_t n = 0;

    to->h.sum_ns = counter_get(&from->h.sum_ns);
    to->h.min_ns = counter_get(&from->h.min_ns);
    to->h.max_ns = counter_get(&from->h.max_ns);
    for (unsigned i = 0; i < LARIAT_HISTOGRAM_BUCKETS; i++) {
        uint64_t count = counter_get(&from->h.buckets[i]), ns = lariat_histogram_bucket_ns(i);

        to->h.buckets[i] = count;
        squares += (uint128)ns * ns * count;
        n += count;
    }
    to->h.n = buckets ? n : counter_get(&from->h.n);
    to->squares.all = buckets ? squares : read_squares(&from->squares);
}

void iostat_snapshot(struct iostat *to, const struct iostat *from, unsigned measure)
{
    to->ios = counter_get(&from->ios);
    to->bytes = counter_get(&from->bytes);
    to->short_ios = counter_get(&from->short_ios);
    snapshot(&to->slat, &from->slat, (measure & MEASURE_SLAT_BUCKETS) != 0);
    snapshot(&to->clat, &from->clat, true);
    snapshot(&to->lat, &from->lat, true);
}

void rate_add(struct rate_samples *samples, double value)
{
    double delta = value - samples->mean;

    if (!samples->n || value < samples->min)
        samples->min = value;
    if (!samples->n || value > samples->max)
        samples->max = value;
    samples->n++;
    samples->mean += delta / (double)samples->n;
    samples->m2 += delta * (value - samples->mean);
}

double rate_stddev(const struct rate_samples *samples)
{
    return samples->n < 2 ? 0 : sqrt(samples->m2 / (double)(samples->n - 1));
}

void rate_merge(struct rate_samples *to, const struct rate_samples *from)
{
    if (!from->n)
        return;
    double spread = rate_stddev(to) * rate_stddev(to) + rate_stddev(from) * rate_stddev(from);

    /* Independent rates side by side: means and variances add up; the extremes need not have come at once, but might. */
    to->min += from->min;
    to->max += from->max;
    to->mean += from->mean;
    to->n += from->n;
    to->m2 = to->n > 1 ? spread * (double)(to->n - 1) : 0;
}
