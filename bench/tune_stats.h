/* SPDX-License-Identifier: MIT */
/*
 * The statistics of lariat-bench tune, pure arithmetic.
 *
 * Two settings are compared by their runs in the same blocks, since a machine drifts more than settings differ: the logarithm of
 * the ratio is taken in each block, and Student's t gives the interval of its mean. (Paired observations: R. Jain, "The Art of
 * Computer Systems Performance Analysis", 1991, section 13.4.1; that ratios are averaged by their logarithms: P. J. Fleming and
 * J. J. Wallace, "How not to lie with statistics", CACM 29(3), 1986.) Where the best of several is compared, each interval is so
 * much wider that all hold together (Bonferroni).
 *
 * Rounds are steady by the rule of the SNIA's Solid State Storage Performance Test Specification: over the last five, the values
 * stay within 20 % of their mean, and the line of least squares through them rises or falls by no more than 10 % of it.
 */
#ifndef BENCH_TUNE_STATS_H
#define BENCH_TUNE_STATS_H

#include <stdbool.h>

/* A ratio: its mean, and the interval that holds the true one with the confidence asked for. n < 2: 0 to infinity. */
struct interval_of_ratio {
    double ratio, low, high;
    unsigned n;
};

/* logs: of the ratio in each block. confidence: 0.95, say. */
struct interval_of_ratio tune_ratio_interval(const double logs[], unsigned n, double confidence);

/* Does it exclude 1? */
bool tune_differs(const struct interval_of_ratio *interval);

/* The quantile of Student's t: what it stays below with probability p (0.5 to 1). */
double tune_student(double p, double degrees_of_freedom);

/* The confidence of each of n intervals, for all of them to hold together with this one. */
double tune_joint_confidence(double confidence, unsigned n);

double tune_mean(const double values[], unsigned n);
double tune_median(const double values[], unsigned n); /* n 0: NAN; at most TUNE_VALUES_MAX count */
#define TUNE_VALUES_MAX 256

/* By the rule above; fewer than five are not steady. */
#define TUNE_STEADY_ROUNDS 5
bool tune_is_steady(const double values[], unsigned n);

#endif
