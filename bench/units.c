/* SPDX-License-Identifier: MIT */
#include "units.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char NOT_A_NUMBER[] = "it is not a number";
static const char LISTS[] = "lists are not understood here";
static const char TOO_LARGE[] = "it does not fit into 64 bits";

/* The digits that text starts with; *rest is what follows them. strtoull() alone would take blanks and a sign. */
static int parse_digits(const char *text, uint64_t *value, const char **rest, const char **why)
{
    bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    char *end;

    if (text[0] == '-') {
        *why = "it is negative";
        return -ERANGE;
    }
    if (hex ? !isxdigit((unsigned char)text[2]) : !isdigit((unsigned char)text[0])) {
        *why = *text ? NOT_A_NUMBER : "it is empty";
        return -EINVAL;
    }
    errno = 0;
    *value = strtoull(text, &end, hex ? 16 : 10);
    if (errno == ERANGE) {
        *why = TOO_LARGE;
        return -ERANGE;
    }
    if (*end == '.' || *end == ',') {
        *why = *end == '.' ? "fractions are not understood" : LISTS;
        return -EINVAL;
    }
    *rest = end;
    return 0;
}

static int multiply(uint64_t *value, uint64_t factor, const char **why)
{
    if (__builtin_mul_overflow(*value, factor, value)) {
        *why = TOO_LARGE;
        return -ERANGE;
    }
    return 0;
}

int parse_signed(const char *text, int64_t *value, const char **why)
{
    bool negative = *text == '-';
    const char *rest;
    uint64_t magnitude;
    int rc = parse_digits(text + negative, &magnitude, &rest, why);

    if (rc)
        return rc;
    if (*rest) {
        *why = "there is something behind the number";
        return -EINVAL;
    }
    if (magnitude > INT64_MAX) {
        *why = TOO_LARGE;
        return -ERANGE;
    }
    *value = negative ? -(int64_t)magnitude : (int64_t)magnitude;
    return 0;
}

int parse_size(const char *text, unsigned kb_base, uint64_t *value, bool *decimal, const char **why)
{
    static const char prefixes[] = "kmgtp";
    const char *rest, *prefix = NULL;
    uint64_t base = kb_base;

    *decimal = false;
    int rc = parse_digits(text, value, &rest, why);
    if (rc)
        return rc;
    if (*rest && (prefix = strchr(prefixes, tolower((unsigned char)*rest))))
        rest++;
    if (prefix && strcasecmp(rest, "ib") == 0) {
        *decimal = true;
        base = kb_base == 1024 ? 1000 : 1024;
        rest += 2;
    } else if (tolower((unsigned char)*rest) == 'b') {
        rest++;
    }
    if (*rest) {
        *why = *rest == ',' ? LISTS : "there is something behind the number that is not k, m, g, t or p";
        return -EINVAL;
    }
    for (const char *p = prefixes; prefix && p <= prefix && !rc; p++)
        rc = multiply(value, base, why);
    return rc;
}

int parse_percent(const char *text, unsigned *percent, const char **why)
{
    const char *rest;
    uint64_t value;
    int rc = parse_digits(text, &value, &rest, why);

    if (rc)
        return rc;
    if (strcmp(rest, "%") != 0) {
        *why = "it is not a percentage";
        return -EINVAL;
    }
    if (value < 1 || value > 100) {
        *why = "a percentage is 1% to 100%";
        return -ERANGE;
    }
    *percent = (unsigned)value;
    return 0;
}

int parse_duration(const char *text, int64_t unit_ns, int64_t *ns, const char **why)
{
    static const struct {
        const char *name;
        int64_t ns;
    } units[] = {
        { "ns", 1 },
        { "nsec", 1 },
        { "us", 1000 },
        { "usec", 1000 },
        { "ms", 1000000 },
        { "msec", 1000000 },
        { "s", NS_PER_SECOND },
        { "m", 60 * NS_PER_SECOND },
        { "h", 3600 * NS_PER_SECOND },
        { "d", 86400 * NS_PER_SECOND },
    };
    int64_t unit = unit_ns;
    const char *rest;
    uint64_t value;
    int rc = parse_digits(text, &value, &rest, why);

    if (rc)
        return rc;
    if (*rest) {
        unit = 0;
        for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
            if (strcasecmp(rest, units[i].name) == 0)
                unit = units[i].ns;
    }
    if (!unit) {
        *why = "its unit is none of d, h, m, s, ms, us and ns";
        return -EINVAL;
    }
    rc = multiply(&value, (uint64_t)unit, why);
    if (!rc && value > INT64_MAX) {
        *why = "it is more than 292 years";
        rc = -ERANGE;
    }
    *ns = rc ? 0 : (int64_t)value;
    return rc;
}
