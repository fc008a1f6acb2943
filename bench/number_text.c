/* SPDX-License-Identifier: MIT */
#include "number_text.h"

#include <math.h>
#include <stdio.h>

static unsigned n_digits(double value)
{
    unsigned n = 1;

    for (; value >= 10; value /= 10)
        n++;
    return n;
}

const char *number_text(char buf[NUMBER_TEXT_MAX], double value, unsigned places, bool binary, const char *unit)
{
    static const char *const prefixes[2][7] = { { "", "k", "M", "G", "T", "P", "E" },
                                                { "", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei" } };
    unsigned i = 0;

    value = floor(value);
    while (i < 6 && n_digits(floor(value)) > places) {
        value /= binary ? 1024 : 1000;
        i++;
    }
    unsigned digits = n_digits(floor(value));
    int decimals = i && places > digits + 1 ? (int)(places - digits - 1) : 0;
    snprintf(buf, NUMBER_TEXT_MAX, "%.*f%s%s", decimals, value, prefixes[binary][i], unit);
    return buf;
}

const char *bytes_text(char buf[NUMBER_TEXT_MAX], double bytes, const struct byte_style *style, bool other)
{
    return number_text(buf, bytes, style->places, style->binary != other, "B");
}

const char *rate_text(char buf[NUMBER_TEXT_MAX], double bytes_per_second, const struct byte_style *style, bool other)
{
    return number_text(buf, style->bits ? bytes_per_second * 8 : bytes_per_second, style->places, style->binary != other,
                       style->bits ? "bit/s" : "B/s");
}

const char *latency_scale(double *min, double *max, double *mean, double *stddev)
{
    const char *unit = "nsec";
    double by = 1;

    if (*min > 2e6 && *max > 99999999 && *stddev > 1e6) {
        unit = "msec";
        by = 1e6;
    } else if (*min > 2000 && *max > 99999 && *stddev > 1000) {
        unit = "usec";
        by = 1000;
    }
    *min = floor(*min / by);
    *max = floor(*max / by);
    *mean /= by;
    *stddev /= by;
    return unit;
}
