/* SPDX-License-Identifier: MIT */
#include "iostat.h"

#include <math.h>

double iostat_mean_ns(const struct iostat *stat)
{
    return stat->latency.n ? (double)stat->latency.sum_ns / (double)stat->latency.n : 0;
}

double iostat_stddev_ns(const struct iostat *stat)
{
    long double n = (long double)stat->latency.n, sum = (long double)stat->latency.sum_ns;

    if (stat->latency.n < 2)
        return 0;
    long double variance = ((long double)stat->sum_squares - sum * sum / n) / (n - 1);
    return variance > 0 ? (double)sqrtl(variance) : 0;
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
