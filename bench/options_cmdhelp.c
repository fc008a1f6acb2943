/* SPDX-License-Identifier: MIT */
/* --cmdhelp and --enghelp: all that the table knows about an option, or about those of an engine. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "engine_options.h"
#include "option_parser.h"

#define PREFIX "lariat-bench: "

static const char *type_words(enum option_type type)
{
    static const char *const words[] = {
        [TYPE_TEXT] = "text",
        [TYPE_NUMBER] = "number (4k, 0x1000, 1m)",
        [TYPE_SIGNED] = "whole number",
        [TYPE_NUMBERS] = "numbers for reads,writes,trims (4k or 4k,8k)",
        [TYPE_SIZE] = "number (4k, 1g) or percentage (50%)",
        [TYPE_RANGE] = "range (4k-1m)",
        [TYPE_RANGES] = "ranges for reads,writes,trims (1k-4k,8k-16k)",
        [TYPE_SPLITS] = "sizes and percentages for reads,writes,trims (4k/50:64k/50)",
        [TYPE_FLOAT] = "decimal fraction (99.9)",
        [TYPE_FLOATS] = "decimal fractions (50:99.9)",
        [TYPE_SECONDS] = "time (10, 250ms, 2m), without a unit in seconds",
        [TYPE_MS] = "time (500, 2s), without a unit in milliseconds",
        [TYPE_US] = "time (500, 2ms), without a unit in microseconds",
        [TYPE_NS] = "time (32768, 64us), without a unit in nanoseconds",
        [TYPE_US_LIST] = "times for reads,writes,trims, without a unit in microseconds",
        [TYPE_TIME_RANGE] = "time or range of times (5, 5-10), without a unit in seconds",
        [TYPE_FLAG] = "flag (0 or 1; alone it is 1)",
        [TYPE_CHOICE] = "one of the words below",
        [TYPE_CHOICES] = "words below, joined by commas",
        [TYPE_RW] = "one of the words below, and perhaps :N",
        [TYPE_DISTRIBUTION] = "distribution (random, zipf:1.2, zoned:60/10:40/90)",
        [TYPE_STEADY] = "figure and limit (iops:10%)",
        [TYPE_SYNC_RANGE] = "words and number (wait_before,write:8)",
        [TYPE_PATTERN] = "pattern (0xdeadbeef, \"text\", 'file', %o)",
        [TYPE_ERRORS] = "errors of reads,writes,checks (EAGAIN,ENOSPC:122)",
        [TYPE_CPUS] = "list (0-3,6)",
        [TYPE_MEMORY] = "one of the words below, and perhaps :PATH",
        [TYPE_NONE] = "text",
    };

    return words[type];
}

static const char *state_words(const struct option_row *row)
{
    switch (row->state) {
    case OPTION_LATER: return "not built yet: refused where it would have an effect";
    case OPTION_IGNORED: return "ignored with a warning";
    case OPTION_UNSUITED: return "not supported: refused";
    case OPTION_BUILT: break;
    }
    return row->scope == SCOPE_PROGRAM ? "for the command line" : NULL;
}

static void print_pair(FILE *out, const char *left, const char *right)
{
    fprintf(out, "%20s: %s\n", left, right);
}

static bool has_range(enum option_type type)
{
    return type == TYPE_NUMBER || type == TYPE_NUMBERS || type == TYPE_SIZE || type == TYPE_RANGE || type == TYPE_RANGES ||
           type == TYPE_SPLITS || type == TYPE_FLOAT || type == TYPE_FLOATS;
}

static void print_default(FILE *out, const struct option_row *row, const struct bench_options *defaults)
{
    const char *base = row->scope == SCOPE_JOB ? (const char *)&defaults->global : (const char *)defaults;
    char *text = row->type == TYPE_NONE ? NULL : option_print(row, base + row->offset);

    print_pair(out, "default", text && *text ? text : "none");
    free(text);
}

static void print_choices(FILE *out, const struct option_row *row)
{
    const char *left = "values";

    for (const struct option_choice *c = row->choices; c && c->name; c++) {
        if (c->later)
            fprintf(out, "%20s: %s (refused: %s)\n", left, c->name, c->later);
        else
            print_pair(out, left, c->name);
        left = "";
    }
}

static void print_all(FILE *out, const struct option_row *row, const struct bench_options *defaults)
{
    const char *state = state_words(row);

    print_pair(out, row->name, row->help);
    if (row->alias)
        print_pair(out, "alias", row->alias);
    if (state)
        print_pair(out, "state", state);
    if (row->state == OPTION_IGNORED || row->state == OPTION_UNSUITED)
        return;
    print_pair(out, "type", type_words(row->type));
    print_default(out, row, defaults);
    if (row->type == TYPE_SIGNED)
        fprintf(out, "%20s: %" PRId64 " to %" PRId64 "\n", "range", (int64_t)row->min, (int64_t)row->max);
    else if (has_range(row->type))
        fprintf(out, "%20s: %" PRIu64 " to %" PRIu64 "\n", "range", row->min, row->max);
    print_choices(out, row);
}

static void print_one_line(FILE *out, const struct option_row *row)
{
    const char *marks[] = { [OPTION_BUILT] = "",
                            [OPTION_LATER] = "not built yet: ",
                            [OPTION_IGNORED] = "ignored: ",
                            [OPTION_UNSUITED] = "not supported: " };

    fprintf(out, "%-28s: %s%s\n", row->name, marks[row->state], row->help);
}

/* Types that --help and the values tell already. */
static bool type_is_plain(enum option_type type)
{
    return type == TYPE_TEXT || type == TYPE_CHOICE || type == TYPE_CHOICES || type == TYPE_FLAG || type == TYPE_NONE;
}

/* doc/lariat-bench.pod gets its section OPTIONS from here. */
static void print_pod_row(FILE *out, const struct option_row *row)
{
    const char *state = row->scope == SCOPE_JOB || row->state != OPTION_BUILT ? state_words(row) : NULL;
    const char *separator = "\nValues: ";

    fprintf(out, "=item B<--%s>", row->name);
    if (row->value)
        fprintf(out, "=I<%s>", row->value);
    if (row->alias)
        fprintf(out, ", B<--%s>", row->alias);
    fprintf(out, "\n\n%c%s.", toupper((unsigned char)row->help[0]), row->help + 1);
    if (state)
        fprintf(out, "\nB<%c%s.>", toupper((unsigned char)state[0]), state + 1);
    if (!type_is_plain(row->type))
        fprintf(out, "\nType: %s.", type_words(row->type));
    for (const struct option_choice *c = row->choices; c && c->name; c++)
        if (!c->later) {
            fprintf(out, "%sB<%s>", separator, c->name);
            separator = ", ";
        }
    fputs(row->choices ? ".\n\n" : "\n\n", out);
}

static void print_pod(FILE *out)
{
    const struct option_row *row;

    for (size_t i = 0; (row = option_at(i)); i++) {
        if (option_title(row))
            fprintf(out, "%s=head2 %s\n\n=over 4\n\n", i ? "=back\n\n" : "", option_title(row));
        print_pod_row(out, row);
    }
    fputs("=back\n\n", out);
}

/* tools/completion/lariat-bench offers these. */
static void print_words(FILE *out)
{
    const struct option_row *row;

    for (size_t i = 0; (row = option_at(i)); i++)
        if (row->state == OPTION_BUILT || row->state == OPTION_LATER)
            fprintf(out, "--%s%s\n", row->name, row->type == TYPE_FLAG ? "" : "=");
}

static int print_rows(const char *name, FILE *out, const struct bench_options *defaults)
{
    const struct option_row *row;

    for (size_t i = 0; (row = option_at(i)); i++)
        if (strcmp(name, "all") == 0)
            print_one_line(out, row);
    row = option_find(name, strlen(name));
    if (row)
        print_all(out, row, defaults);
    return row || strcmp(name, "all") == 0 ? 0 : -EINVAL;
}

int options_print_cmdhelp(const char *name, FILE *out, FILE *err)
{
    struct bench_options *defaults = malloc(sizeof(*defaults));
    const char *near = option_suggest(name, strlen(name));

    if (!defaults)
        return -ENOMEM;
    options_set_defaults(defaults);
    int rc = 0;

    if (strcmp(name, "pod") == 0) /* for doc/local.mk */
        print_pod(out);
    else if (strcmp(name, "words") == 0)
        print_words(out);
    else
        rc = print_rows(name, out, defaults);

    free(defaults);
    if (rc)
        fprintf(err, PREFIX "--cmdhelp=%.64s: there is no such option%s%s%s\n", name, near ? "; did you mean " : "",
                near ? near : "", near ? "?" : "");
    return rc;
}

/* The engine that the first n letters name, perhaps by another of its names. -1: none. */
static int find_engine(const char *name, size_t n)
{
    for (const struct option_choice *c = option_find("ioengine", strlen("ioengine"))->choices; c->name; c++)
        if (!c->later && strlen(c->name) == n && memcmp(c->name, name, n) == 0)
            return (int)c->value;
    return -1;
}

static void print_engines(FILE *out)
{
    fputs("Engines:\n", out);
    for (const struct option_choice *c = option_find("ioengine", strlen("ioengine"))->choices; c->name; c++)
        if (!c->later)
            fprintf(out, "\t%s\n", c->name);
}

int options_print_enghelp(const char *name, FILE *out, FILE *err)
{
    const char *comma = strchrnul(name, ',');
    int engine = find_engine(name, (size_t)(comma - name));
    const struct engine_option *option;

    if (strcmp(name, "all") == 0) {
        print_engines(out);
        return 0;
    }
    if (engine < 0) {
        fprintf(err, PREFIX "--enghelp=%.64s: there is no such engine (--enghelp lists them)\n", name);
        return -EINVAL;
    }
    if (*comma)
        return options_print_cmdhelp(comma + 1, out, err);
    for (unsigned i = 0; (option = engine_option_at(i)); i++)
        if (option->engines >> engine & 1)
            print_one_line(out, option_find(option->name, strlen(option->name)));
    return 0;
}
