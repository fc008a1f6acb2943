/* SPDX-License-Identifier: MIT */
#include "units.h"

#include <stdio.h>

static const char *format_scaled(char *buf, double value, double step, const char *const units[], size_t n_units)
{
    size_t i = 0;

    /* 999.95 would print as 1000 with one decimal: the next unit reads better. */
    while (i + 1 < n_units && value >= step * 0.99995) {
        value /= step;
        i++;
    }
    int decimals = i == 0 || value >= 999.5 ? 0 : value >= 99.95 ? 1 : 2;
    snprintf(buf, UNIT_TEXT_MAX, "%.*f%s", decimals, value, units[i]);
    return buf;
}

const char *format_count(char buf[UNIT_TEXT_MAX], double value)
{
    static const char *const units[] = { "", "k", "M", "G" };

    return format_scaled(buf, value, 1000, units, sizeof(units) / sizeof(units[0]));
}

const char *format_bytes(char buf[UNIT_TEXT_MAX], double bytes)
{
    static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };

    return format_scaled(buf, bytes, 1024, units, sizeof(units) / sizeof(units[0]));
}

const char *format_ns(char buf[UNIT_TEXT_MAX], double ns)
{
    static const char *const units[] = { " ns", " us", " ms", " s" };

    return format_scaled(buf, ns, 1000, units, sizeof(units) / sizeof(units[0]));
}
