/* SPDX-License-Identifier: MIT */
/* Values that are small languages of their own: distributions, steady states, patterns. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "units.h"
#include "values.h"

#define PART_MAX 64

/* If `text` begins with `word` and a ':' or the end: what stands behind the ':' (NULL: nothing). */
static bool take_word(const char *text, const char *word, const char **rest)
{
    size_t n = strlen(word);

    if (strncmp(text, word, n) != 0 || (text[n] && text[n] != ':'))
        return false;
    *rest = text[n] ? text + n + 1 : NULL;
    return true;
}

/* "theta" or "theta:center". */
static int parse_parameters(const char *text, struct distribution *d, const char **why)
{
    struct float_list list;
    int rc = parse_float_list(text, &list, why);

    if (!rc && list.n > 2) {
        *why = "there are too many numbers in it";
        rc = -EINVAL;
    }
    if (rc)
        return rc;
    d->parameter = list.values[0];
    d->center = list.n == 2 ? list.values[1] : -1;
    if (d->center > 1) {
        *why = "the center is from 0 to 1";
        rc = -ERANGE;
    }
    /* fio does not take 1 for zipf; see distribution.c for why we can. Pareto is a power from 0 to 1. */
    if (d->kind == DIST_ZIPF && (d->parameter <= 0 || d->parameter > 100)) {
        *why = "theta of zipf is more than 0 and at most 100";
        rc = -ERANGE;
    } else if (d->kind == DIST_PARETO && (d->parameter <= 0 || d->parameter >= 1)) {
        *why = "h of pareto is more than 0 and less than 1";
        rc = -ERANGE;
    } else if (d->kind == DIST_NORMAL && (d->parameter <= 0 || d->parameter > 100)) {
        *why = "the deviation of normal is more than 0 and at most 100 percent";
        rc = -ERANGE;
    }
    return rc;
}

/* One "access/span". */
static int parse_zone(char *text, unsigned kb_base, bool absolute, unsigned *percent, uint64_t *span, const char **why)
{
    char *slash = strchr(text, '/');
    uint64_t value = 0;
    bool decimal;
    int rc;

    if (!slash || !isdigit((unsigned char)*text)) {
        *why = "a zone is access/size";
        return -EINVAL;
    }
    *slash = '\0';
    rc = parse_size(text, 1024, &value, &decimal, why);
    if (!rc)
        rc = parse_size(slash + 1, absolute ? kb_base : 1024, span, &decimal, why);
    if (!rc && (value > 100 || (!absolute && *span > 100) || *span == 0)) {
        *why = "a percentage of a zone is out of range";
        rc = -ERANGE;
    }
    *percent = (unsigned)value;
    return rc;
}

static int parse_zones(char *text, unsigned kb_base, bool absolute, struct zone_list *list, const char **why)
{
    uint64_t access = 0, span = 0;
    char *save = NULL;
    int rc = 0;

    list->n = 0;
    for (char *part = strtok_r(text, ":", &save); part && !rc; part = strtok_r(NULL, ":", &save)) {
        if (list->n == SPLIT_MAX) {
            *why = "there are too many zones";
            return -EINVAL;
        }
        rc = parse_zone(part, kb_base, absolute, &list->zones[list->n].percent, &list->zones[list->n].span, why);
        if (rc)
            return rc;
        access += list->zones[list->n].percent;
        span += absolute ? 0 : list->zones[list->n].span;
        list->n++;
    }
    if (!list->n || access != 100 || (!absolute && span != 100)) {
        *why = absolute ? "the accesses do not sum to 100 percent" : "accesses and sizes do not sum to 100 percent each";
        rc = -ERANGE;
    }
    return rc;
}

/* Zones by direction: the last list counts for the directions behind it. */
static int parse_zone_lists(const char *text, unsigned kb_base, struct distribution *d, const char **why)
{
    char *copy = strdup(text), *rest = copy;
    unsigned direction = 0;
    int rc = copy ? 0 : -ENOMEM;

    while (!rc && rest) {
        char *list = strsep(&rest, ",");

        if (direction == DIRECTIONS) {
            *why = "a list is of three at most: read,write,trim";
            rc = -EINVAL;
            break;
        }
        rc = parse_zones(list, kb_base, d->kind == DIST_ZONED_ABS, &d->zones[direction], why);
        direction++;
    }
    for (; !rc && direction < DIRECTIONS; direction++)
        d->zones[direction] = d->zones[direction - 1];
    free(copy);
    return rc;
}

int parse_distribution(const char *text, unsigned kb_base, struct distribution *distribution, const char **why)
{
    static const struct {
        const char *name;
        uint64_t kind;
        double parameter; /* without one in the text */
    } kinds[] = {
        { "random", DIST_RANDOM, 0 },  { "zipf", DIST_ZIPF, 1.1 },  { "pareto", DIST_PARETO, 0.2 },
        { "normal", DIST_NORMAL, -1 }, { "zoned", DIST_ZONED, -1 }, { "zoned_abs", DIST_ZONED_ABS, -1 },
    };

    memset(distribution, 0, sizeof(*distribution));
    distribution->center = -1;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        const char *rest;

        if (!take_word(text, kinds[i].name, &rest))
            continue;
        distribution->kind = kinds[i].kind;
        distribution->parameter = kinds[i].parameter;
        if (!rest && kinds[i].parameter >= 0)
            return 0;
        *why = rest ? "random has no parameters" : "it needs parameters behind a ':'";
        if (!rest || kinds[i].kind == DIST_RANDOM)
            return -EINVAL;
        if (kinds[i].kind >= DIST_ZONED) {
            distribution->parameter = 0;
            return parse_zone_lists(rest, kb_base, distribution, why);
        }
        return parse_parameters(rest, distribution, why);
    }
    *why = "it is none of random, zipf, pareto, normal, zoned and zoned_abs";
    return -EINVAL;
}

int parse_steady(const char *text, struct steady_value *steady, const char **why)
{
    static const char *const names[] = {
        [STEADY_IOPS] = "iops", [STEADY_IOPS_SLOPE] = "iops_slope", [STEADY_BW] = "bw", [STEADY_BW_SLOPE] = "bw_slope",
        [STEADY_LAT] = "lat",   [STEADY_LAT_SLOPE] = "lat_slope",
    };
    const char *rest = NULL;
    char limit[PART_MAX];

    steady->criterion = STEADY_OFF;
    for (unsigned i = STEADY_IOPS; i <= STEADY_LAT_SLOPE; i++)
        if (take_word(text, names[i], &rest))
            steady->criterion = i;
    size_t n = rest ? strlen(rest) : 0;
    if (steady->criterion == STEADY_OFF || !n || n >= sizeof(limit)) {
        *why = "it is not FIGURE:LIMIT, with iops, bw or lat, or one of these and _slope";
        return -EINVAL;
    }
    steady->in_percent = rest[n - 1] == '%';
    n -= steady->in_percent;
    memcpy(limit, rest, n);
    limit[n] = '\0';
    return parse_float(limit, &steady->limit, why);
}

int parse_sync_range(const char *text, struct sync_range *range, const char **why)
{
    static const struct {
        const char *name;
        unsigned flag;
    } words[] = {
        { "wait_before", SYNC_FILE_RANGE_WAIT_BEFORE },
        { "write", SYNC_FILE_RANGE_WRITE },
        { "wait_after", SYNC_FILE_RANGE_WAIT_AFTER },
    };
    const char *colon = strchr(text, ':');
    bool decimal;

    range->flags = 0;
    if (!colon)
        colon = text + strlen(text);
    while (text < colon) {
        size_t n = strcspn(text, ",:"), i;

        for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
            if (strlen(words[i].name) == n && memcmp(text, words[i].name, n) == 0)
                break;
        if (i == sizeof(words) / sizeof(words[0])) {
            *why = "it is not wait_before, write or wait_after, a ':', and a number of writes";
            return -EINVAL;
        }
        range->flags |= words[i].flag;
        text += n + (text[n] == ',');
    }
    if (!range->flags || !*colon) {
        *why = "it is not wait_before, write or wait_after, a ':', and a number of writes";
        return -EINVAL;
    }
    return parse_size(colon + 1, 1024, &range->n, &decimal, why);
}

static int add_bytes(struct pattern *pattern, const void *bytes, size_t n, const char **why)
{
    if (n > PATTERN_MAX - (size_t)pattern->n) {
        *why = "the pattern is longer than 512 bytes";
        return -ERANGE;
    }
    memcpy(pattern->bytes + pattern->n, bytes, n);
    pattern->n = (uint16_t)(pattern->n + n);
    return 0;
}

/* "0x..." as bytes in the order they are written; with an odd number of digits, the first one is a byte of its own. */
static int add_hex(struct pattern *pattern, const char **text, const char **why)
{
    const char *digits = *text + 2;
    size_t n = strspn(digits, "0123456789abcdefABCDEF");
    size_t take = n % 2 ? 1 : 2;
    int rc = 0;

    if (!n) {
        *why = "there are no digits behind 0x";
        return -EINVAL;
    }
    for (size_t i = 0; i < n && !rc; i += take, take = 2) {
        char pair[3] = { digits[i], take == 2 ? digits[i + 1] : '\0', '\0' };
        uint8_t byte = (uint8_t)strtoul(pair, NULL, 16);

        rc = add_bytes(pattern, &byte, 1, why);
    }
    *text = digits + n;
    return rc;
}

/* A decimal number as its bytes, the low ones first, without zeros behind the last one that counts. */
static int add_decimal(struct pattern *pattern, const char **text, const char **why)
{
    char *end;

    errno = 0;
    long long value = strtoll(*text, &end, 10);
    if (errno || value > UINT32_MAX || value < INT32_MIN) {
        *why = "a decimal number of a pattern has 32 bits";
        return -ERANGE;
    }
    uint32_t bits = (uint32_t)value;
    uint8_t bytes[4] = { (uint8_t)bits, (uint8_t)(bits >> 8), (uint8_t)(bits >> 16), (uint8_t)(bits >> 24) };
    size_t n = 4;

    while (n > 1 && !bytes[n - 1])
        n--;
    *text = end;
    return add_bytes(pattern, bytes, n, why);
}

static int add_quoted(struct pattern *pattern, const char **text, const char **why)
{
    const char *end = strchr(*text + 1, **text);

    if (!end) {
        *why = "a quotation mark is missing";
        return -EINVAL;
    }
    int rc = add_bytes(pattern, *text + 1, (size_t)(end - *text - 1), why);

    *text = end + 1;
    return rc;
}

/* The bytes of a file; more than a pattern holds is an error. */
static int add_file(struct pattern *pattern, const char **text, const char **why)
{
    const char *end = strchr(*text + 1, '\'');
    char *path = end ? strndup(*text + 1, (size_t)(end - *text - 1)) : NULL;
    uint8_t bytes[PATTERN_MAX + 1];

    *why = end ? "out of memory" : "a quotation mark is missing";
    if (!path)
        return end ? -ENOMEM : -EINVAL;
    struct stat st; /* opening a device may do anything */
    int fd = stat(path, &st) || !S_ISREG(st.st_mode) ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, bytes, sizeof(bytes));

    if (fd >= 0)
        close(fd);
    free(path);
    *text = end + 1;
    if (n < 0) {
        *why = "the file of the pattern cannot be read";
        return -EINVAL;
    }
    return add_bytes(pattern, bytes, (size_t)n, why);
}

static int add_offset(struct pattern *pattern, const char **text, const char **why)
{
    static const uint8_t room[8];

    if (pattern->n_offsets == PATTERN_OFFSETS_MAX) {
        *why = "there are too many %o in it";
        return -ERANGE;
    }
    pattern->offsets[pattern->n_offsets++] = pattern->n;
    *text += 2;
    return add_bytes(pattern, room, sizeof(room), why);
}

int parse_pattern(const char *text, struct pattern *pattern, const char **why)
{
    int rc = 0;

    memset(pattern, 0, sizeof(*pattern));
    while (!rc && *text) {
        if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
            rc = add_hex(pattern, &text, why);
        } else if (isdigit((unsigned char)*text) || (*text == '-' && isdigit((unsigned char)text[1]))) {
            rc = add_decimal(pattern, &text, why);
        } else if (*text == '"') {
            rc = add_quoted(pattern, &text, why);
        } else if (*text == '\'') {
            rc = add_file(pattern, &text, why);
        } else if (text[0] == '%' && text[1] == 'o') {
            rc = add_offset(pattern, &text, why);
        } else {
            *why = "a pattern is made of 0x..., numbers, \"text\", 'file' and %o";
            rc = -EINVAL;
        }
    }
    if (!rc && !pattern->n) {
        *why = "the pattern is empty";
        rc = -EINVAL;
    }
    return rc;
}
