/* SPDX-License-Identifier: MIT */
/* Whether a load is steady, by samples taken at equal distances: the arithmetic of steadystate=, without clock and jobs. */
#ifndef BENCH_STEADY_H
#define BENCH_STEADY_H

#include <stdbool.h>

#include "values.h"

struct steady_sample {
    double iops, bytes_per_second, lat_ns;
};

struct steady {
    const struct steady_value *wanted;
    struct steady_sample *samples; /* a ring of the last ones: they are judged together */
    unsigned size, n, first;
    bool attained;
    /* Of the samples that are there; the slope is from one to the next. */
    double slope;         /* of ..._slope */
    double max_deviation; /* of the others: from the mean */
    double criterion;     /* what was compared with the limit: one of the two, perhaps in percent of the mean */
};

/* size > 0: how many samples are judged together. 0 or -ENOMEM. `wanted` is borrowed. */
int steady_init(struct steady *steady, const struct steady_value *wanted, unsigned size);
void steady_free(struct steady *steady);

/* True: there are `size` samples, and the load is steady by them. */
bool steady_add(struct steady *steady, const struct steady_sample *sample);

/* Number i of the samples that are there, the oldest first, and their mean. */
const struct steady_sample *steady_sample_at(const struct steady *steady, unsigned i);
struct steady_sample steady_mean(const struct steady *steady);

/* "iops", "bw" or "lat", and whether the slope is what counts. */
const char *steady_figure_name(const struct steady_value *wanted);
bool steady_by_slope(const struct steady_value *wanted);

#endif
