/* SPDX-License-Identifier: MIT */
#include "steady.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

int steady_init(struct steady *steady, const struct steady_value *wanted, unsigned size)
{
    *steady = (struct steady){ .wanted = wanted, .size = size };
    steady->samples = calloc(size, sizeof(*steady->samples));
    return steady->samples ? 0 : -ENOMEM;
}

void steady_free(struct steady *steady)
{
    free(steady->samples);
    *steady = (struct steady){ .samples = NULL };
}

const char *steady_figure_name(const struct steady_value *wanted)
{
    switch ((enum steady_criterion)wanted->criterion) {
    case STEADY_BW:
    case STEADY_BW_SLOPE: return "bw";
    case STEADY_LAT:
    case STEADY_LAT_SLOPE: return "lat";
    case STEADY_OFF:
    case STEADY_IOPS:
    case STEADY_IOPS_SLOPE: break;
    }
    return "iops";
}

bool steady_by_slope(const struct steady_value *wanted)
{
    return wanted->criterion == STEADY_IOPS_SLOPE || wanted->criterion == STEADY_BW_SLOPE ||
           wanted->criterion == STEADY_LAT_SLOPE;
}

static double figure_of(const struct steady *steady, const struct steady_sample *sample)
{
    switch ((enum steady_criterion)steady->wanted->criterion) {
    case STEADY_BW:
    case STEADY_BW_SLOPE: return sample->bytes_per_second;
    case STEADY_LAT:
    case STEADY_LAT_SLOPE: return sample->lat_ns;
    case STEADY_OFF:
    case STEADY_IOPS:
    case STEADY_IOPS_SLOPE: break;
    }
    return sample->iops;
}

const struct steady_sample *steady_sample_at(const struct steady *steady, unsigned i)
{
    return &steady->samples[(steady->first + i) % steady->size];
}

struct steady_sample steady_mean(const struct steady *steady)
{
    struct steady_sample mean = { 0, 0, 0 };

    for (unsigned i = 0; i < steady->n; i++) {
        const struct steady_sample *sample = steady_sample_at(steady, i);

        mean.iops += sample->iops / steady->n;
        mean.bytes_per_second += sample->bytes_per_second / steady->n;
        mean.lat_ns += sample->lat_ns / steady->n;
    }
    return mean;
}

/* Of the straight line nearest to the figures by least squares, over the samples' numbers. */
static double slope_of(const struct steady *steady, double mean)
{
    double middle = (steady->n - 1) / 2.0, products = 0, squares = 0;

    for (unsigned i = 0; i < steady->n; i++) {
        products += (i - middle) * (figure_of(steady, steady_sample_at(steady, i)) - mean);
        squares += (i - middle) * (i - middle);
    }
    return squares > 0 ? products / squares : 0;
}

static double deviation_of(const struct steady *steady, double mean)
{
    double most = 0;

    for (unsigned i = 0; i < steady->n; i++)
        most = fmax(most, fabs(figure_of(steady, steady_sample_at(steady, i)) - mean));
    return most;
}

static void judge(struct steady *steady)
{
    const struct steady_sample means = steady_mean(steady);
    double mean = figure_of(steady, &means);

    if (steady_by_slope(steady->wanted))
        steady->criterion = steady->slope = slope_of(steady, mean);
    else
        steady->criterion = steady->max_deviation = deviation_of(steady, mean);
    if (steady->wanted->in_percent)
        steady->criterion = mean > 0 ? 100 * steady->criterion / mean : 0;
    /* Nothing at all is no steady load, however little it changes. */
    steady->attained = steady->n == steady->size && mean > 0 && fabs(steady->criterion) < steady->wanted->limit;
}

bool steady_add(struct steady *steady, const struct steady_sample *sample)
{
    steady->samples[(steady->first + steady->n) % steady->size] = *sample;
    if (steady->n < steady->size)
        steady->n++;
    else
        steady->first = (steady->first + 1) % steady->size;
    judge(steady);
    return steady->attained;
}
