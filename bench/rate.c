/* SPDX-License-Identifier: MIT */
#include "rate.h"

#include <math.h>

#include "distribution.h"

#define SECOND_NS 1000000000u

int64_t rate_time_ns(const struct rate *rate, uint64_t units)
{
    uint128 ns = (uint128)units * SECOND_NS / rate->per_second;

    return ns > (uint64_t)(INT64_MAX - rate->begin_ns) ? INT64_MAX : rate->begin_ns + (int64_t)ns;
}

/* -log of a uniform number is an exponential one. One unit takes 1 / per_second on average. */
static void wait_randomly(struct rate *rate, uint64_t units)
{
    rate->ahead_ns -= log(rng_unit(&rate->rng)) * (double)units * SECOND_NS / (double)rate->per_second;
    rate->due_ns = rate->ahead_ns > 0x1p62 ? INT64_MAX : rate->begin_ns + (int64_t)rate->ahead_ns;
}

void rate_init(struct rate *rate, uint64_t per_second, bool poisson, uint64_t seed, int64_t now_ns)
{
    *rate = (struct rate){ .per_second = per_second, .poisson = poisson, .begin_ns = now_ns, .due_ns = now_ns };
    rng_init(&rate->rng, seed);
    if (per_second && poisson)
        wait_randomly(rate, 1);
}

void rate_advance(struct rate *rate, uint64_t units)
{
    if (!rate->per_second)
        return;
    if (rate->poisson) {
        wait_randomly(rate, units);
        return;
    }
    rate->units += units;
    rate->due_ns = rate_time_ns(rate, rate->units);
}

void rate_delay(struct rate *rate, int64_t ns)
{
    rate->begin_ns += ns;
    rate->due_ns = rate->due_ns > INT64_MAX - ns ? INT64_MAX : rate->due_ns + ns;
}
