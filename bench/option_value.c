/* SPDX-License-Identifier: MIT */
#include "option_value.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cpulist.h"
#include "options.h"
#include "units.h"
#include "values.h"

void typed_print(FILE *err, const struct typed *typed)
{
    const char *dashes = typed->file ? "" : "--";

    fputs("lariat-bench: ", err);
    if (typed->file)
        fprintf(err, "%s:%u: ", typed->file, typed->line);
    fprintf(err, "%s%.*s", dashes, typed->n_spelling, typed->spelling);
    if (typed->value)
        fprintf(err, "=%.200s", typed->value);
}

static void print_choices(FILE *err, const struct option_row *row)
{
    const char *separator = "; accepted: ";

    for (const struct option_choice *c = row->choices; c->name; c++)
        if (!c->later) {
            fprintf(err, "%s%s", separator, c->name);
            separator = ", ";
        }
}

static void print_accepted(FILE *err, const struct option_row *row)
{
    static const char *const forms[] = {
        [TYPE_SECONDS] = "1ns to 106751d; a bare number is seconds",
        [TYPE_MS] = "a time; a bare number is milliseconds",
        [TYPE_US] = "a time; a bare number is microseconds",
        [TYPE_US_LIST] = "times for reads,writes,trims; a bare number is microseconds",
        [TYPE_TIME_RANGE] = "a time or TIME-TIME; a bare number is seconds",
        [TYPE_FLAG] = "0 and 1",
        [TYPE_SPLITS] = "SIZE/PERCENT:SIZE/PERCENT..., as in 4k/50:64k/50",
        [TYPE_DISTRIBUTION] = "random, zipf:1.2, pareto:0.2, normal:20, zoned:60/10:40/90, zoned_abs:60/1g:40/9g",
        [TYPE_STEADY] = "as in iops:10%, bw_slope:0.5%, lat:1000",
        [TYPE_SYNC_RANGE] = "as in wait_before,write:32",
        [TYPE_PATTERN] = "as in 0xdeadbeef, \"text\", 'file', or several, one behind the other",
        [TYPE_ERRORS] = "as in EAGAIN,ENOSPC:122",
        [TYPE_CPUS] = "CPU numbers and ranges, as in 0-3,6",
        [TYPE_NONE] = NULL,
    };

    switch (row->type) {
    case TYPE_NUMBER:
    case TYPE_NUMBERS:
    case TYPE_RANGE:
    case TYPE_RANGES: fprintf(err, "; accepted: %" PRIu64 " to %" PRIu64 ", with k, m, g, t, p", row->min, row->max); break;
    case TYPE_SIGNED: fprintf(err, "; accepted: %" PRId64 " to %" PRId64, (int64_t)row->min, (int64_t)row->max); break;
    case TYPE_FLOAT:
    case TYPE_FLOATS: fprintf(err, "; accepted: %" PRIu64 " to %" PRIu64 ", also fractions", row->min, row->max); break;
    case TYPE_SIZE:
        fprintf(err, "; accepted: %" PRIu64 " to %" PRIu64 ", with k, m, g, t, p, or 1%% to 100%%", row->min, row->max);
        break;
    case TYPE_NS: fprintf(err, "; accepted: 0 to %" PRIu64 ", in ns, or with us, ms, s, m, h, d", row->max); break;
    case TYPE_CHOICE:
    case TYPE_CHOICES:
    case TYPE_RW:
    case TYPE_MEMORY: print_choices(err, row); break;
    default:
        if (forms[row->type])
            fprintf(err, "; accepted: %s", forms[row->type]);
        break;
    }
}

/* All of the line but its end, for what is to be added. */
static int refuse(FILE *err, const struct typed *typed, const char *why)
{
    typed_print(err, typed);
    fprintf(err, ": %s", why);
    print_accepted(err, typed->row);
    return -EINVAL;
}

int typed_refuse(FILE *err, const struct typed *typed, const char *why)
{
    int rc = refuse(err, typed, why);

    fputc('\n', err);
    return rc;
}

int typed_refuse_place(FILE *err, const struct typed *typed)
{
    typed_print(err, typed);
    fputs(": this option belongs on the command line\n", err);
    return -EINVAL;
}

/* What storing one value needs, beside the value and the member. */
struct store {
    const struct typed *typed;
    unsigned kb_base;
    bool decimal;
    bool *warned;
    FILE *err;
    const char *why;
};

static int in_range(struct store *s, uint64_t value)
{
    s->why = value < s->typed->row->min ? "it is too small" : value > s->typed->row->max ? "it is too large" : NULL;
    return s->why ? -ERANGE : 0;
}

static int store_size(struct store *s, struct size_value *out)
{
    memset(out, 0, sizeof(*out));
    if (strchr(s->typed->value, '%'))
        return parse_percent(s->typed->value, &out->percent, &s->why);
    int rc = parse_size(s->typed->value, s->kb_base, &out->bytes, &s->decimal, &s->why);

    return rc ? rc : in_range(s, out->bytes);
}

static int store_numbers(struct store *s, uint64_t values[DIRECTIONS])
{
    const uint64_t NONE = UINT64_MAX;
    uint64_t parsed[DIRECTIONS] = { NONE, NONE, NONE };
    int rc = parse_size_list(s->typed->value, s->kb_base, parsed, &s->decimal, &s->why);

    for (unsigned i = 0; i < DIRECTIONS && !rc; i++)
        if (parsed[i] != NONE)
            rc = in_range(s, parsed[i]);
    for (unsigned i = 0; i < DIRECTIONS && !rc; i++)
        if (parsed[i] != NONE)
            values[i] = parsed[i];
    return rc;
}

static int store_ranges(struct store *s, struct value_range ranges[DIRECTIONS])
{
    const struct value_range NONE = { UINT64_MAX, UINT64_MAX };
    struct value_range parsed[DIRECTIONS] = { NONE, NONE, NONE };
    int rc = parse_range_list(s->typed->value, s->kb_base, parsed, &s->decimal, &s->why);

    for (unsigned i = 0; i < DIRECTIONS && !rc; i++) {
        if (parsed[i].min == NONE.min)
            continue;
        rc = in_range(s, parsed[i].min);
        if (!rc)
            rc = in_range(s, parsed[i].max);
        if (!rc)
            ranges[i] = parsed[i];
    }
    return rc;
}

static int store_splits(struct store *s, struct size_split splits[DIRECTIONS])
{
    int rc = parse_split_list(s->typed->value, s->kb_base, splits, &s->decimal, &s->why);

    for (unsigned i = 0; i < DIRECTIONS && !rc; i++)
        for (unsigned j = 0; j < splits[i].n && !rc; j++)
            rc = in_range(s, splits[i].entries[j].bytes);
    return rc;
}

static int store_floats(struct store *s, struct float_list *list)
{
    int rc = parse_float_list(s->typed->value, list, &s->why);

    for (unsigned i = 0; i < list->n && !rc; i++)
        if (list->values[i] <= (double)s->typed->row->min || list->values[i] > (double)s->typed->row->max) {
            s->why = "a number is out of range";
            rc = -ERANGE;
        }
    return rc;
}

static int store_float(struct store *s, double *value)
{
    int rc = parse_float(s->typed->value, value, &s->why);

    if (!rc && (*value < (double)s->typed->row->min || *value > (double)s->typed->row->max)) {
        s->why = "it is out of range";
        rc = -ERANGE;
    }
    return rc;
}

static int store_signed(struct store *s, int64_t *value)
{
    int rc = parse_signed(s->typed->value, value, &s->why);

    if (!rc && (*value < (int64_t)s->typed->row->min || *value > (int64_t)s->typed->row->max)) {
        s->why = *value < 0 ? "it is too small" : "it is out of range";
        rc = -ERANGE;
    }
    return rc;
}

static int store_time(struct store *s, int64_t unit_ns, int64_t *ns)
{
    int rc = parse_duration(s->typed->value, unit_ns, ns, &s->why);

    return rc ? rc : in_range(s, (uint64_t)*ns);
}

static int store_flag(struct store *s, bool *out)
{
    const char *value = s->typed->value;

    if (!value || strcmp(value, "1") == 0)
        *out = true;
    else if (strcmp(value, "0") == 0)
        *out = false;
    else
        s->why = "it is neither 0 nor 1";
    return s->why ? -EINVAL : 0;
}

static int store_text(struct store *s, const char **out)
{
    cpu_set_t cpus;

    if (!*s->typed->value)
        s->why = "it is empty";
    else if (s->typed->row->type == TYPE_CPUS && cpulist_parse(s->typed->value, &cpus))
        s->why = "it is not a CPU list";
    else
        *out = s->typed->value;
    return s->why ? -EINVAL : 0;
}

/* These tell what is wrong themselves, since they have more to say. */
static int store_choice(struct store *s, const char *word, size_t n, uint64_t *out)
{
    const struct option_choice *c = s->typed->row->choices;

    for (; c->name; c++)
        if (strlen(c->name) == n && memcmp(c->name, word, n) == 0)
            break;
    if (c->name) {
        *out = c->value;
        if (!c->later)
            return 0;
        typed_refuse(s->err, s->typed, c->later);
        return 1;
    }
    const char *near = choice_suggest(s->typed->row->choices, word, n);
    int rc = refuse(s->err, s->typed, "there is no such value");

    if (near)
        fprintf(s->err, "; did you mean %s?", near);
    fputc('\n', s->err);
    return rc;
}

static int store_choices(struct store *s, uint64_t *out)
{
    const char *word = s->typed->value;
    uint64_t bits = 0;
    bool later = false;

    for (;;) {
        size_t n = strcspn(word, ",");
        uint64_t bit;
        int rc = store_choice(s, word, n, &bit);

        if (rc < 0)
            return rc;
        later |= rc > 0;
        bits |= bit;
        if (!word[n])
            break;
        word += n + 1;
    }
    *out = bits;
    return later;
}

static int store_rw(struct store *s, struct rw_value *out)
{
    const char *value = s->typed->value, *colon = strchrnul(value, ':');
    int rc = 0;

    out->sequence = 0;
    if (*colon) {
        bool negative = colon[1] == '-';
        uint64_t n = 0;

        rc = parse_size(colon + 1 + negative, s->kb_base, &n, &s->decimal, &s->why);
        if (!rc && n > INT64_MAX) {
            s->why = "it is too large";
            rc = -ERANGE;
        }
        out->sequence = negative ? -(int64_t)n : (int64_t)n;
    }
    if (rc)
        return typed_refuse(s->err, s->typed, s->why);
    rc = store_choice(s, value, (size_t)(colon - value), &out->mode);
    if (rc >= 0 && *colon && out->sequence <= 0 && (rw_is_random((enum rw_mode)out->mode) || !out->sequence))
        return typed_refuse(s->err, s->typed,
                            "behind the ':' it needs a number that is not 0, and more than 0 for random modes");
    return rc;
}

static int store_memory(struct store *s, struct memory_value *out)
{
    const char *value = s->typed->value, *colon = strchrnul(value, ':');
    int rc = store_choice(s, value, (size_t)(colon - value), &out->kind);
    bool has_file = out->kind == MEM_MMAP || out->kind == MEM_MMAPHUGE || out->kind == MEM_MMAPSHARED;

    out->path = NULL;
    if (rc || !*colon)
        return rc;
    if (!has_file || !colon[1])
        return typed_refuse(s->err, s->typed, has_file ? "behind the ':' it needs a path" : "this kind takes no path");
    out->path = colon + 1;
    return 0;
}

static int store_any(struct store *s, void *member)
{
    const char *value = s->typed->value;

    switch (s->typed->row->type) {
    case TYPE_TEXT:
    case TYPE_CPUS: return store_text(s, member);
    case TYPE_NUMBER: {
        uint64_t *out = member;
        int rc = parse_size(value, s->kb_base, out, &s->decimal, &s->why);

        return rc ? rc : in_range(s, *out);
    }
    case TYPE_SIGNED: return store_signed(s, member);
    case TYPE_NUMBERS: return store_numbers(s, member);
    case TYPE_SIZE: return store_size(s, member);
    case TYPE_RANGE: {
        struct value_range *out = member;
        int rc = parse_range(value, s->kb_base, out, &s->decimal, &s->why);

        rc = rc ? rc : in_range(s, out->min);
        return rc ? rc : in_range(s, out->max);
    }
    case TYPE_RANGES: return store_ranges(s, member);
    case TYPE_SPLITS: return store_splits(s, member);
    case TYPE_FLOAT: return store_float(s, member);
    case TYPE_FLOATS: return store_floats(s, member);
    case TYPE_SECONDS: return store_time(s, NS_PER_SECOND, member);
    case TYPE_MS: return store_time(s, NS_PER_MS, member);
    case TYPE_US: return store_time(s, NS_PER_US, member);
    case TYPE_NS: return store_time(s, 1, member);
    case TYPE_US_LIST: return parse_duration_list(value, NS_PER_US, member, &s->why);
    case TYPE_TIME_RANGE: return parse_time_range(value, member, &s->why);
    case TYPE_FLAG: return store_flag(s, member);
    case TYPE_DISTRIBUTION: return parse_distribution(value, s->kb_base, member, &s->why);
    case TYPE_STEADY: return parse_steady(value, member, &s->why);
    case TYPE_SYNC_RANGE: return parse_sync_range(value, member, &s->why);
    case TYPE_PATTERN: return parse_pattern(value, member, &s->why);
    case TYPE_ERRORS: return parse_error_lists(value, member, &s->why);
    case TYPE_CHOICE:
    case TYPE_CHOICES:
    case TYPE_RW:
    case TYPE_MEMORY:
    case TYPE_NONE: break;
    }
    return -EINVAL;
}

int option_store(const struct typed *typed, unsigned kb_base, void *member, bool *warned, FILE *err)
{
    struct store s = { .typed = typed, .kb_base = kb_base, .warned = warned, .err = err };
    int rc;

    switch (typed->row->type) {
    case TYPE_CHOICE: return store_choice(&s, typed->value, strlen(typed->value), member);
    case TYPE_CHOICES: return store_choices(&s, member);
    case TYPE_RW: return store_rw(&s, member);
    case TYPE_MEMORY: return store_memory(&s, member);
    default: rc = store_any(&s, member); break;
    }
    if (rc == -ENOMEM)
        return rc;
    if (rc)
        return typed_refuse(err, typed, s.why ? s.why : "it cannot be read");
    if (s.decimal) {
        fputs("lariat-bench: warning: ", err);
        if (typed->file)
            fprintf(err, "%s:%u: ", typed->file, typed->line);
        fprintf(err, "%s%s=%s", typed->file ? "" : "--", typed->row->name, typed->value);
        char *printed = option_print(typed->row, member);

        fprintf(err, " means %s: as in fio, \"ib\" counts in powers of %u and \"b\" in powers of %u\n",
                printed ? printed : "?", kb_base == 1024 ? 1000 : 1024, kb_base);
        free(printed);
        *warned = true;
    }
    return 0;
}

static size_t member_size(enum option_type type)
{
    switch (type) {
    case TYPE_NUMBERS:
    case TYPE_US_LIST: return DIRECTIONS * sizeof(uint64_t);
    case TYPE_SIZE: return sizeof(struct size_value);
    case TYPE_RANGE: return sizeof(struct value_range);
    case TYPE_RANGES: return DIRECTIONS * sizeof(struct value_range);
    case TYPE_TIME_RANGE: return sizeof(struct time_range);
    case TYPE_FLAG: return sizeof(bool);
    case TYPE_RW: return sizeof(struct rw_value);
    default: return sizeof(uint64_t);
    }
}

/* Those that have holes or rests that do not count are compared as they print. */
bool option_same(const struct option_row *row, const void *a, const void *b)
{
    switch (row->type) {
    case TYPE_TEXT:
    case TYPE_CPUS:
    case TYPE_MEMORY:
    case TYPE_SPLITS:
    case TYPE_FLOAT:
    case TYPE_FLOATS:
    case TYPE_DISTRIBUTION:
    case TYPE_STEADY:
    case TYPE_SYNC_RANGE:
    case TYPE_PATTERN:
    case TYPE_ERRORS: break;
    case TYPE_NONE: return true;
    default: return memcmp(a, b, member_size(row->type)) == 0;
    }
    char *as_a = option_print(row, a), *as_b = option_print(row, b);
    bool same = as_a && as_b && strcmp(as_a, as_b) == 0;

    free(as_a);
    free(as_b);
    return same;
}
