/* SPDX-License-Identifier: MIT */
/* Values of options as they were understood, in a form that is read back to the same. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "option_value.h"
#include "options.h"
#include "values.h"

static void print_text(FILE *out, const char *text)
{
    if (text)
        fputs(text, out);
}

static void print_word(FILE *out, const struct option_row *row, uint64_t value)
{
    for (const struct option_choice *c = row->choices; c->name; c++)
        if (c->value == value) {
            fputs(c->name, out);
            return;
        }
}

static void print_words(FILE *out, const struct option_row *row, uint64_t bits)
{
    const char *separator = "";

    for (const struct option_choice *c = row->choices; c->name; c++)
        if (c->value & bits) {
            fprintf(out, "%s%s", separator, c->name);
            separator = ",";
        }
}

static void print_size(FILE *out, const struct size_value *size)
{
    if (size->percent)
        fprintf(out, "%u%%", size->percent);
    else
        fprintf(out, "%" PRIu64, size->bytes);
}

static void print_numbers(FILE *out, const uint64_t values[DIRECTIONS], const char *unit)
{
    if (values[0] == values[1] && values[0] == values[2])
        fprintf(out, "%" PRIu64 "%s", values[0], unit);
    else
        fprintf(out, "%" PRIu64 "%s,%" PRIu64 "%s,%" PRIu64 "%s", values[0], unit, values[1], unit, values[2], unit);
}

static void print_ranges(FILE *out, const struct value_range ranges[DIRECTIONS])
{
    if (!ranges[0].max && !ranges[1].max && !ranges[2].max)
        return;
    for (unsigned i = 0; i < DIRECTIONS; i++) {
        if (ranges[i].max)
            fprintf(out, "%" PRIu64 "-%" PRIu64, ranges[i].min, ranges[i].max);
        if (i + 1 < DIRECTIONS)
            fputc(',', out);
    }
}

/* Without an exponent, which would not be read back. */
static void print_double(FILE *out, double value)
{
    char text[400];

    snprintf(text, sizeof(text), "%.15g", value);
    if (strchr(text, 'e'))
        snprintf(text, sizeof(text), "%.*f", value < 1 ? 38 : 0, value);
    fputs(text, out);
}

static void print_splits(FILE *out, const struct size_split splits[DIRECTIONS])
{
    if (!splits[0].n && !splits[1].n && !splits[2].n)
        return;
    for (unsigned i = 0; i < DIRECTIONS; i++) {
        for (unsigned j = 0; j < splits[i].n; j++) {
            fprintf(out, "%s%" PRIu64 "/", j ? ":" : "", splits[i].entries[j].bytes);
            print_double(out, splits[i].entries[j].percent);
        }
        if (i + 1 < DIRECTIONS)
            fputc(',', out);
    }
}

static void print_floats(FILE *out, const struct float_list *list)
{
    for (unsigned i = 0; i < list->n; i++) {
        if (i)
            fputc(':', out);
        print_double(out, list->values[i]);
    }
}

static void print_distribution(FILE *out, const struct distribution *d)
{
    static const char *const names[] = { "random", "zipf", "pareto", "normal", "zoned", "zoned_abs" };

    fputs(names[d->kind], out);
    if (d->kind == DIST_RANDOM)
        return;
    if (d->kind < DIST_ZONED) {
        fputc(':', out);
        print_double(out, d->parameter);
        if (d->center >= 0) {
            fputc(':', out);
            print_double(out, d->center);
        }
        return;
    }
    for (unsigned i = 0; i < DIRECTIONS; i++)
        for (unsigned j = 0; j < d->zones[i].n; j++)
            fprintf(out, "%s%u/%" PRIu64, j ? ":" : i ? "," : ":", d->zones[i].zones[j].percent, d->zones[i].zones[j].span);
}

static void print_steady(FILE *out, const struct steady_value *steady)
{
    static const char *const names[] = { "", "iops", "iops_slope", "bw", "bw_slope", "lat", "lat_slope" };

    if (!steady->criterion)
        return;
    fprintf(out, "%s:", names[steady->criterion]);
    print_double(out, steady->limit);
    fputs(steady->in_percent ? "%" : "", out);
}

static void print_sync_range(FILE *out, const struct sync_range *range)
{
    static const struct {
        unsigned flag;
        const char *name;
    } words[] = {
        { SYNC_FILE_RANGE_WAIT_BEFORE, "wait_before" },
        { SYNC_FILE_RANGE_WRITE, "write" },
        { SYNC_FILE_RANGE_WAIT_AFTER, "wait_after" },
    };
    const char *separator = "";

    if (!range->flags)
        return;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (range->flags & words[i].flag) {
            fprintf(out, "%s%s", separator, words[i].name);
            separator = ",";
        }
    fprintf(out, ":%" PRIu64, range->n);
}

static void print_pattern(FILE *out, const struct pattern *pattern)
{
    unsigned next_offset = 0;
    bool in_hex = false;

    for (unsigned i = 0; i < pattern->n; i++) {
        if (next_offset < pattern->n_offsets && pattern->offsets[next_offset] == i) {
            fputs("%o", out);
            next_offset++;
            i += 7;
            in_hex = false;
            continue;
        }
        fprintf(out, "%s%02x", in_hex ? "" : "0x", pattern->bytes[i]);
        in_hex = true;
    }
}

static void print_errors(FILE *out, const struct error_list lists[DIRECTIONS])
{
    if (!lists[0].n && !lists[1].n && !lists[2].n)
        return;
    for (unsigned i = 0; i < DIRECTIONS; i++) {
        for (unsigned j = 0; j < lists[i].n; j++) {
            const char *name = error_name(lists[i].errors[j]);

            fprintf(out, "%s", j ? ":" : "");
            if (name)
                fputs(name, out);
            else
                fprintf(out, "%d", lists[i].errors[j]);
        }
        if (i + 1 < DIRECTIONS)
            fputc(',', out);
    }
}

static void print_member(FILE *out, const struct option_row *row, const void *member)
{
    const uint64_t *number = member;
    const int64_t *number_signed = member;
    const struct value_range *range = member;
    const struct time_range *times = member;
    const struct rw_value *rw = member;
    const struct memory_value *memory = member;

    switch (row->type) {
    case TYPE_TEXT:
    case TYPE_CPUS: print_text(out, *(const char *const *)member); break;
    case TYPE_NUMBER: fprintf(out, "%" PRIu64, *number); break;
    case TYPE_SIGNED: fprintf(out, "%" PRId64, *number_signed); break;
    case TYPE_NUMBERS: print_numbers(out, member, ""); break;
    case TYPE_SIZE: print_size(out, member); break;
    case TYPE_RANGE: fprintf(out, "%" PRIu64 "-%" PRIu64, range->min, range->max); break;
    case TYPE_RANGES: print_ranges(out, member); break;
    case TYPE_SPLITS: print_splits(out, member); break;
    case TYPE_FLOAT: print_double(out, *(const double *)member); break;
    case TYPE_FLOATS: print_floats(out, member); break;
    case TYPE_SECONDS:
    case TYPE_MS:
    case TYPE_US:
    case TYPE_NS: fprintf(out, "%" PRId64 "ns", *number_signed); break;
    case TYPE_US_LIST: print_numbers(out, member, "ns"); break;
    case TYPE_TIME_RANGE: fprintf(out, "%" PRId64 "ns-%" PRId64 "ns", times->min_ns, times->max_ns); break;
    case TYPE_FLAG: fputc(*(const bool *)member ? '1' : '0', out); break;
    case TYPE_CHOICE: print_word(out, row, *number); break;
    case TYPE_CHOICES: print_words(out, row, *number); break;
    case TYPE_RW:
        print_word(out, row, rw->mode);
        if (rw->sequence)
            fprintf(out, ":%" PRId64, rw->sequence);
        break;
    case TYPE_MEMORY:
        print_word(out, row, memory->kind);
        if (memory->path)
            fprintf(out, ":%s", memory->path);
        break;
    case TYPE_DISTRIBUTION: print_distribution(out, member); break;
    case TYPE_STEADY: print_steady(out, member); break;
    case TYPE_SYNC_RANGE: print_sync_range(out, member); break;
    case TYPE_PATTERN: print_pattern(out, member); break;
    case TYPE_ERRORS: print_errors(out, member); break;
    case TYPE_NONE: break;
    }
}

char *option_print(const struct option_row *row, const void *member)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    if (!out)
        return NULL;
    print_member(out, row, member);
    if (fclose(out)) {
        free(text);
        return NULL;
    }
    return text;
}
