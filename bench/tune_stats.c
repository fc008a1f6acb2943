/* SPDX-License-Identifier: MIT */
#include "tune_stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define STEADY_RANGE 0.20
#define STEADY_EXCURSION 0.10

double tune_mean(const double values[], unsigned n)
{
    double sum = 0;

    for (unsigned i = 0; i < n; i++)
        sum += values[i];
    return n ? sum / n : (double)NAN;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

double tune_median(const double values[], unsigned n)
{
    double sorted[TUNE_VALUES_MAX];

    if (!n)
        return (double)NAN;
    n = n < TUNE_VALUES_MAX ? n : TUNE_VALUES_MAX;
    memcpy(sorted, values, n * sizeof(sorted[0]));
    qsort(sorted, n, sizeof(sorted[0]), compare);
    return (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
}

/* ---- Student's t ---- */

/* The continued fraction of the incomplete beta function, evaluated from its front (Lentz's method). */
static double beta_fraction(double a, double b, double x)
{
    const double tiny = 1e-300;
    double c = 1, d = 1 - (a + b) * x / (a + 1), value;

    d = 1 / (fabs(d) < tiny ? tiny : d);
    value = d;
    for (int m = 1; m < 300; m++) {
        const double terms[2] = { m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
                                  -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)) };
        double before = value;

        for (int i = 0; i < 2; i++) {
            d = 1 + terms[i] * d;
            c = 1 + terms[i] / c;
            d = 1 / (fabs(d) < tiny ? tiny : d);
            c = fabs(c) < tiny ? tiny : c;
            value *= c * d;
        }
        if (fabs(value - before) <= 1e-14 * fabs(value))
            break;
    }
    return value;
}

/* The regularised incomplete beta function. */
static double beta(double a, double b, double x)
{
    if (x <= 0 || x >= 1)
        return x <= 0 ? 0 : 1;
    double front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));

    return x < (a + 1) / (a + b + 2) ? front * beta_fraction(a, b, x) / a : 1 - front * beta_fraction(b, a, 1 - x) / b;
}

static double student_below(double t, double degrees_of_freedom)
{
    return 1 - beta(degrees_of_freedom / 2, 0.5, degrees_of_freedom / (degrees_of_freedom + t * t)) / 2;
}

double tune_student(double p, double degrees_of_freedom)
{
    double low = 0, high = 1;

    while (student_below(high, degrees_of_freedom) < p && high < 1e12)
        high *= 2;
    while (high - low > 1e-10 * high) {
        double t = (low + high) / 2;

        if (student_below(t, degrees_of_freedom) < p)
            low = t;
        else
            high = t;
    }
    return high;
}

double tune_joint_confidence(double confidence, unsigned n)
{
    return 1 - (1 - confidence) / (n ? n : 1);
}

/* ---- ratios ---- */

struct interval_of_ratio tune_ratio_interval(const double logs[], unsigned n, double confidence)
{
    double mean = tune_mean(logs, n), squares = 0, half;

    if (n < 2)
        return (struct interval_of_ratio){ n ? exp(mean) : 1, 0, (double)INFINITY, n };
    for (unsigned i = 0; i < n; i++)
        squares += (logs[i] - mean) * (logs[i] - mean);
    half = tune_student(1 - (1 - confidence) / 2, n - 1) * sqrt(squares / (n - 1) / n);
    return (struct interval_of_ratio){ exp(mean), exp(mean - half), exp(mean + half), n };
}

bool tune_differs(const struct interval_of_ratio *interval)
{
    return interval->low > 1 || interval->high < 1;
}

/* ---- steady ---- */

bool tune_is_steady(const double values[], unsigned n)
{
    const double *last = values + n - TUNE_STEADY_ROUNDS;
    double mean, least = INFINITY, most = -INFINITY, slope = 0, spread = 0, middle = (TUNE_STEADY_ROUNDS - 1) / 2.0;

    if (n < TUNE_STEADY_ROUNDS)
        return false;
    mean = tune_mean(last, TUNE_STEADY_ROUNDS);
    for (unsigned i = 0; i < TUNE_STEADY_ROUNDS; i++) {
        least = fmin(least, last[i]);
        most = fmax(most, last[i]);
        slope += (i - middle) * (last[i] - mean);
        spread += (i - middle) * (i - middle);
    }
    return most - least <= STEADY_RANGE * fabs(mean) &&
           fabs(slope / spread) * (TUNE_STEADY_ROUNDS - 1) <= STEADY_EXCURSION * fabs(mean);
}
