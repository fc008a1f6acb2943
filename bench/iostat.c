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
    long double variance = ((long double)latency->sum_squares - sum * sum / n) / (n - 1);
    return variance > 0 ? (double)sqrtl(variance) : 0;
}

void latency_merge(struct latency *to, const struct latency *from)
{
    lariat_histogram_merge(&to->h, &from->h);
    to->sum_squares += from->sum_squares;
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

void latency_snapshot(struct latency *to, const struct latency *from)
{
    uint64_t n = 0;

    to->sum_squares = 0;
    to->h.sum_ns = counter_get(&from->h.sum_ns);
    to->h.min_ns = counter_get(&from->h.min_ns);
    to->h.max_ns = counter_get(&from->h.max_ns);
    for (unsigned i = 0; i < LARIAT_HISTOGRAM_BUCKETS; i++) {
        uint64_t count = counter_get(&from->h.buckets[i]), ns = lariat_histogram_bucket_ns(i);

        to->h.buckets[i] = count;
        to->sum_squares += (uint128)ns * ns * count;
        n += count;
    }
    to->h.n = n ? n : counter_get(&from->h.n); /* one without buckets has a count all the same */
}

void iostat_snapshot(struct iostat *to, const struct iostat *from)
{
    to->ios = counter_get(&from->ios);
    to->bytes = counter_get(&from->bytes);
    to->short_ios = counter_get(&from->short_ios);
    latency_snapshot(&to->slat, &from->slat);
    latency_snapshot(&to->clat, &from->clat);
    latency_snapshot(&to->lat, &from->lat);
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
