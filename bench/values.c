/* SPDX-License-Identifier: MIT */
#include "values.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "units.h"

#define PART_MAX 64 /* of one number of a list */

static const char TOO_LONG[] = "one of its parts is too long";
static const char TOO_MANY[] = "there are too many parts in it";

/* Cut the next part of *text off into buf: up to `separator`, which is skipped, or the end, where *text becomes NULL. */
static int next_part(const char **text, char separator, char buf[PART_MAX], const char **why)
{
    const char *end = strchrnul(*text, separator);
    size_t n = (size_t)(end - *text);

    if (n >= PART_MAX) {
        *why = TOO_LONG;
        return -EINVAL;
    }
    memcpy(buf, *text, n);
    buf[n] = '\0';
    *text = *end ? end + 1 : NULL;
    return 0;
}

/*
 * The rule of all lists by direction. Call for each element in turn: finds where it begins and ends, and which directions it
 * is for. Returns false behind the last one.
 */
struct list_walk {
    const char *text; /* NULL: nothing is left */
    unsigned position;
    const char *element;
    size_t n_element;
    unsigned first, last; /* directions it is for: first..last; an empty element is for none */
    bool too_many;
};

static bool list_next(struct list_walk *walk)
{
    if (!walk->text)
        return false;
    const char *end = strchrnul(walk->text, ',');

    walk->too_many = walk->position >= DIRECTIONS;
    walk->element = walk->text;
    walk->n_element = (size_t)(end - walk->text);
    walk->first = walk->position;
    walk->last = *end ? walk->position : DIRECTIONS - 1;
    walk->text = *end ? end + 1 : NULL;
    walk->position++;
    /* A comma at the very end ends the list: "8k," is for reads only. */
    if (walk->text && !*walk->text)
        walk->text = NULL;
    return true;
}

/* The element as a string of its own, for elements that are a single number or range. */
static int list_part(const struct list_walk *walk, char buf[PART_MAX], const char **why)
{
    if (walk->too_many) {
        *why = "a list is of three at most: read,write,trim";
        return -EINVAL;
    }
    if (walk->n_element >= PART_MAX) {
        *why = TOO_LONG;
        return -EINVAL;
    }
    memcpy(buf, walk->element, walk->n_element);
    buf[walk->n_element] = '\0';
    return 0;
}

static int refuse_empty(const char *text, const char **why)
{
    if (text[strspn(text, ",")])
        return 0;
    *why = "it is empty";
    return -EINVAL;
}

int parse_size_list(const char *text, unsigned kb_base, uint64_t values[DIRECTIONS], bool *decimal, const char **why)
{
    struct list_walk walk = { .text = text };
    int rc = refuse_empty(text, why);

    *decimal = false;
    while (!rc && list_next(&walk)) {
        char part[PART_MAX];
        bool part_decimal = false;
        uint64_t value;

        rc = list_part(&walk, part, why);
        if (rc || !*part)
            continue;
        rc = parse_size(part, kb_base, &value, &part_decimal, why);
        *decimal |= part_decimal;
        for (unsigned i = walk.first; !rc && i <= walk.last; i++)
            values[i] = value;
    }
    return rc;
}

int parse_duration_list(const char *text, int64_t unit_ns, int64_t values_ns[DIRECTIONS], const char **why)
{
    struct list_walk walk = { .text = text };
    int rc = refuse_empty(text, why);

    while (!rc && list_next(&walk)) {
        char part[PART_MAX];
        int64_t value;

        rc = list_part(&walk, part, why);
        if (rc || !*part)
            continue;
        rc = parse_duration(part, unit_ns, &value, why);
        for (unsigned i = walk.first; !rc && i <= walk.last; i++)
            values_ns[i] = value;
    }
    return rc;
}

int parse_range(const char *text, unsigned kb_base, struct value_range *range, bool *decimal, const char **why)
{
    const char *separator = strpbrk(text, "-:");
    bool first_decimal = false, last_decimal = false;
    char first[PART_MAX];
    int rc = 0;

    *decimal = false;
    /* A '-' in front is a sign, which parse_size() names. */
    if (!separator || separator == text) {
        rc = parse_size(text, kb_base, &range->min, decimal, why);
        range->max = range->min;
        return rc;
    }
    rc = next_part(&text, *separator, first, why);
    if (!rc)
        rc = parse_size(first, kb_base, &range->min, &first_decimal, why);
    if (!rc)
        rc = parse_size(text, kb_base, &range->max, &last_decimal, why);
    if (!rc && range->min > range->max) {
        *why = "the range ends before it begins";
        rc = -ERANGE;
    }
    *decimal = first_decimal || last_decimal;
    return rc;
}

int parse_range_list(const char *text, unsigned kb_base, struct value_range ranges[DIRECTIONS], bool *decimal,
                     const char **why)
{
    struct list_walk walk = { .text = text };
    int rc = refuse_empty(text, why);

    *decimal = false;
    while (!rc && list_next(&walk)) {
        char part[PART_MAX];
        bool part_decimal = false;
        struct value_range range;

        rc = list_part(&walk, part, why);
        if (rc || !*part)
            continue;
        rc = parse_range(part, kb_base, &range, &part_decimal, why);
        *decimal |= part_decimal;
        for (unsigned i = walk.first; !rc && i <= walk.last; i++)
            ranges[i] = range;
    }
    return rc;
}

int parse_time_range(const char *text, struct time_range *range, const char **why)
{
    char first[PART_MAX];
    int rc = 0;

    if (!strchr(text, '-') || text[0] == '-') {
        rc = parse_duration(text, NS_PER_SECOND, &range->min_ns, why);
        range->max_ns = range->min_ns;
        return rc;
    }
    rc = next_part(&text, '-', first, why);
    if (!rc)
        rc = parse_duration(first, NS_PER_SECOND, &range->min_ns, why);
    if (!rc)
        rc = parse_duration(text, NS_PER_SECOND, &range->max_ns, why);
    if (!rc && range->min_ns > range->max_ns) {
        *why = "the range ends before it begins";
        rc = -ERANGE;
    }
    return rc;
}

/* "size/percent"; without a percentage, or with an empty one, *percent becomes -1. */
static int parse_split_entry(const char *text, unsigned kb_base, uint64_t *bytes, double *percent, bool *decimal,
                             const char **why)
{
    char size[PART_MAX];
    const char *rest = text;
    int rc = next_part(&rest, '/', size, why);

    if (!rc)
        rc = parse_size(size, kb_base, bytes, decimal, why);
    if (!rc && *bytes == 0) {
        *why = "a size of 0";
        rc = -ERANGE;
    }
    *percent = -1;
    if (rc || !rest || !*rest)
        return rc;
    rc = parse_float(rest, percent, why);
    if (!rc && *percent > 100) {
        *why = "a share is more than 100 percent";
        rc = -ERANGE;
    }
    return rc;
}

/* Entries that name no share get equal parts of what the others leave. */
static int share_out(struct size_split *split, const char **why)
{
    double sum = 0;
    unsigned n_blank = 0;

    for (unsigned i = 0; i < split->n; i++) {
        if (split->entries[i].percent < 0)
            n_blank++;
        else
            sum += split->entries[i].percent;
    }
    const double TOLERANCE = 1e-6; /* thirds and the like do not sum to 100 exactly */

    if (sum > 100 + TOLERANCE || (!n_blank && sum < 100 - TOLERANCE)) {
        *why = "the shares do not sum to 100 percent";
        return -ERANGE;
    }
    for (unsigned i = 0; i < split->n; i++)
        if (split->entries[i].percent < 0)
            split->entries[i].percent = sum < 100 ? (100 - sum) / n_blank : 0;
    return 0;
}

static int parse_split(const char *text, size_t n, unsigned kb_base, struct size_split *split, bool *decimal,
                       const char **why)
{
    char *copy = strndup(text, n);
    const char *rest = copy;
    int rc = copy ? 0 : -ENOMEM;

    split->n = 0;
    while (!rc && rest) {
        char part[PART_MAX];
        bool part_decimal = false;

        rc = next_part(&rest, ':', part, why);
        if (!rc && split->n == SPLIT_MAX) {
            *why = TOO_MANY;
            rc = -EINVAL;
        }
        if (rc)
            break;
        rc = parse_split_entry(part, kb_base, &split->entries[split->n].bytes, &split->entries[split->n].percent,
                               &part_decimal, why);
        split->n++;
        *decimal |= part_decimal;
    }
    free(copy);
    return rc ? rc : share_out(split, why);
}

int parse_split_list(const char *text, unsigned kb_base, struct size_split splits[DIRECTIONS], bool *decimal,
                     const char **why)
{
    struct list_walk walk = { .text = text };
    int rc = refuse_empty(text, why);

    *decimal = false;
    while (!rc && list_next(&walk)) {
        struct size_split split = { 0 };

        if (walk.too_many) {
            *why = "a list is of three at most: read,write,trim";
            rc = -EINVAL;
        }
        if (rc || !walk.n_element)
            continue;
        rc = parse_split(walk.element, walk.n_element, kb_base, &split, decimal, why);
        for (unsigned i = walk.first; !rc && i <= walk.last; i++)
            splits[i] = split;
    }
    return rc;
}

int parse_float(const char *text, double *value, const char **why)
{
    size_t n = strspn(text, "0123456789"), fraction = 0;
    double whole = 0, scale = 1;

    for (size_t i = 0; i < n; i++)
        whole = whole * 10 + (text[i] - '0');
    if (text[n] == '.')
        fraction = strspn(text + n + 1, "0123456789");
    /* Not strtod(): it takes blanks, signs, exponents, "inf" and the locale's comma. */
    for (size_t i = 0; i < fraction; i++) {
        whole = whole * 10 + (text[n + 1 + i] - '0');
        scale *= 10;
    }
    if (n + fraction == 0 || n + fraction > 40 || text[n + (text[n] == '.') + fraction]) {
        *why = *text == '-' ? "it is negative" : *text ? "it is not a decimal fraction" : "it is empty";
        return -EINVAL;
    }
    *value = whole / scale;
    return 0;
}

int parse_float_list(const char *text, struct float_list *list, const char **why)
{
    int rc = 0;

    list->n = 0;
    while (!rc && text) {
        char part[PART_MAX];

        rc = next_part(&text, ':', part, why);
        if (!rc && list->n == FLOATS_MAX) {
            *why = TOO_MANY;
            rc = -EINVAL;
        }
        if (!rc)
            rc = parse_float(part, &list->values[list->n++], why);
    }
    return rc;
}

int parse_error_lists(const char *text, struct error_list lists[DIRECTIONS], const char **why)
{
    struct list_walk walk = { .text = text };
    int rc = refuse_empty(text, why);

    while (!rc && list_next(&walk)) {
        struct error_list list = { 0 };
        const char *p = walk.element, *end = p + walk.n_element;

        if (walk.too_many) {
            *why = "a list is of three at most: read,write,verify";
            rc = -EINVAL;
        }
        while (!rc && p < end) {
            size_t n = strcspn(p, ":,");
            int error = error_value(p, n);

            if (!error || list.n == ERRORS_MAX) {
                *why = error ? TOO_MANY : "there is no error of that name or number";
                rc = -EINVAL;
                break;
            }
            list.errors[list.n++] = error;
            p += n + 1;
        }
        if (!rc && walk.n_element) /* unlike sizes, an error list is not for the directions behind it */
            lists[walk.first] = list;
    }
    return rc;
}

const char *error_name(int error)
{
    return strerrorname_np(error);
}

#define ERRNO_MAX 133 /* EHWPOISON is the last one of Linux */

int error_value(const char *name, size_t n)
{
    int value = 0;

    for (int error = 1; error <= ERRNO_MAX; error++) {
        const char *candidate = error_name(error);

        if (candidate && strlen(candidate) == n && memcmp(candidate, name, n) == 0)
            return error;
    }
    for (size_t i = 0; i < n; i++) {
        if (!isdigit((unsigned char)name[i]) || value > ERRNO_MAX)
            return 0;
        value = value * 10 + (name[i] - '0');
    }
    return value > ERRNO_MAX ? 0 : value;
}
