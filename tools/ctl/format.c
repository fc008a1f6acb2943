/* SPDX-License-Identifier: MIT */
#include "format.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Three digits: the limits are where the next decimal place would round up to a fourth. */
static int decimals_of(double value)
{
    return value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
}

static const char *format_scaled(char *buf, double value, const char *const *units, size_t n_units, int decimals_of_units)
{
    size_t i = 0;

    if (isnan(value)) {
        strcpy(buf, "-");
        return buf;
    }
    while (i + 1 < n_units && value >= 999.5) {
        value /= 1000;
        i++;
    }
    snprintf(buf, FORMAT_MAX, "%.*f%s", i ? decimals_of(value) : decimals_of_units, value, units[i]);
    return buf;
}

const char *format_ns(char buf[FORMAT_MAX], double ns)
{
    static const char *const units[] = { " ns", " us", " ms", " s" };
    static const double hour = 3.6e12, year = 365.0 * 24 * hour;

    if (ns >= 999.5e9) {
        double value = ns < 999.5 * hour ? ns / hour : ns / year;

        snprintf(buf, FORMAT_MAX, "%.*f %s", decimals_of(value), value, ns < 999.5 * hour ? "h" : "y");
        return buf;
    }
    return format_scaled(buf, ns, units, sizeof(units) / sizeof(units[0]), 0);
}

const char *format_rate(char buf[FORMAT_MAX], double per_second)
{
    static const char *const units[] = { "", "k", "M", "G" };
    bool small = per_second > 0 && per_second < 9.95;

    return format_scaled(buf, per_second, units, sizeof(units) / sizeof(units[0]), small ? 1 : 0);
}

const char *format_share(char buf[FORMAT_MAX], double share)
{
    if (isnan(share))
        strcpy(buf, "-");
    else
        snprintf(buf, FORMAT_MAX, "%.*f %%", share < 0.0995 ? 1 : 0, share * 100);
    return buf;
}

const char *format_mean(char buf[FORMAT_MAX], double mean)
{
    if (isnan(mean))
        strcpy(buf, "-");
    else
        snprintf(buf, FORMAT_MAX, "%.1f", mean);
    return buf;
}

size_t format_sparkline(char *buf, const uint64_t *values, size_t n, uint64_t full, bool utf8)
{
    static const char ascii[] = "_,-~=+*#";
    size_t length = 0;

    for (size_t i = 0; i < n; i++) {
        double height = full ? ceil((double)values[i] * 8 / (double)full) : 8;
        unsigned level = height > 8 ? 8 : (unsigned)height;

        if (values[i] == 0) {
            buf[length++] = '.';
        } else if (!utf8) {
            buf[length++] = ascii[level - 1];
        } else { /* U+2581 to U+2588 */
            buf[length++] = (char)0xe2;
            buf[length++] = (char)0x96;
            buf[length++] = (char)(0x80 + level);
        }
    }
    buf[length] = '\0';
    return length;
}
