/* SPDX-License-Identifier: MIT */
/* Numbers as fio's normal report has them: so many places at most, and then the next unit. */
#ifndef BENCH_NUMBER_TEXT_H
#define BENCH_NUMBER_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#define NUMBER_TEXT_MAX 40

/*
 * Into buf, which is returned: no more than `places` digits and points, with k, M, G ... or Ki, Mi, Gi ... (binary), and
 * `unit` behind it: "63.7k", "1556MiB/s".
 */
const char *number_text(char buf[NUMBER_TEXT_MAX], double value, unsigned places, bool binary, const char *unit);

/* How --kb_base and --unit_base want amounts. */
struct byte_style {
    unsigned places;
    bool binary; /* the first of the two numbers; the one in parentheses is the other */
    bool bits;   /* rates */
};

const char *bytes_text(char buf[NUMBER_TEXT_MAX], double bytes, const struct byte_style *style, bool other);
const char *rate_text(char buf[NUMBER_TEXT_MAX], double bytes_per_second, const struct byte_style *style, bool other);

/* Divides the four in place so that they are read easily; the unit: "nsec", "usec" or "msec". */
const char *latency_scale(double *min, double *max, double *mean, double *stddev);

#endif
