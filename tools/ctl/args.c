/* SPDX-License-Identifier: MIT */
#include "args.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "arg_table.h"
#include "nearest.h"
#include "tuning_args.h"

#define DEFAULT_TIMEOUT_NS INT64_C(5000000000)
#define SECONDS_MIN 0.01
#define SECONDS_MAX 86400.0

struct parser {
    struct ctl_args *args;
    const struct option_row *first_given[CTL_NO_COMMAND + 1]; /* an option that this command does not have */
    FILE *err;
};

__attribute__((format(printf, 2, 3))) static int refuse(FILE *err, const char *format, ...)
{
    va_list ap;

    fputs("lariat-ctl: ", err);
    va_start(ap, format);
    vfprintf(err, format, ap);
    va_end(ap);
    fputc('\n', err);
    return -EINVAL;
}

static int parse_seconds(int64_t *ns, const char *text)
{
    char *end;

    if (!isdigit((unsigned char)text[0]) && text[0] != '.')
        return -EINVAL;
    double value = strtod(text, &end);
    if (strcmp(end, "ms") == 0)
        value /= 1000;
    else if (strcmp(end, "m") == 0)
        value *= 60;
    else if (*end && strcmp(end, "s") != 0)
        return -EINVAL;
    if (!(value >= SECONDS_MIN && value <= SECONDS_MAX))
        return -ERANGE;
    *ns = (int64_t)(value * 1e9);
    return 0;
}

static int parse_count(uint64_t *count, const char *text)
{
    char *end;

    if (!isdigit((unsigned char)text[0]))
        return -EINVAL;
    errno = 0;
    *count = strtoull(text, &end, 10);
    return *end || errno ? -EINVAL : *count ? 0 : -ERANGE;
}

static int store(struct parser *parser, const struct option_row *row, const char *value)
{
    char *place = (char *)parser->args + row->offset;

    if (row->type == OPTION_FLAG && value)
        return refuse(parser->err, "--%s takes no value", row->name);
    if (row->type != OPTION_FLAG && !value)
        return refuse(parser->err, "--%s needs a value: --%s=%s", row->name, row->name, row->value);
    for (unsigned c = 0; c <= CTL_NO_COMMAND; c++)
        if (!(row->commands & (1u << c)) && !parser->first_given[c])
            parser->first_given[c] = row;
    switch (row->type) {
    case OPTION_FLAG: *(bool *)(void *)place = true; return 0;
    case OPTION_TEXT: *(const char **)(void *)place = value; return 0;
    case OPTION_SECONDS:
        if (parse_seconds((int64_t *)(void *)place, value))
            return refuse(parser->err, "--%s=%s: it must be a number of seconds, 0.01 to 86400, or end in ms, s or m",
                          row->name, value);
        return 0;
    case OPTION_COUNT:
        if (parse_count((uint64_t *)(void *)place, value))
            return refuse(parser->err, "--%s=%s: it must be a whole number, 1 or more", row->name, value);
        return 0;
    }
    return 0;
}

static int refuse_option(FILE *err, const char *name, size_t n)
{
    struct nearest nearest;

    nearest_init(&nearest, name, n);
    for (const struct option_row *row = option_table; row->name; row++)
        nearest_offer(&nearest, row->name);
    if (nearest.word)
        return refuse(err, "there is no option --%.*s; did you mean --%s?", (int)n, name, nearest.word);
    return refuse(err, "there is no option --%.*s; --help lists them", (int)n, name);
}

/* --name, --name=value, --name value. *i: the place in argv, moved on if the value is an argument of its own. */
static int parse_long(struct parser *parser, int argc, char **argv, int *i)
{
    const char *name = argv[*i] + 2, *equals = strchr(name, '=');
    size_t n = equals ? (size_t)(equals - name) : strlen(name);

    for (const struct option_row *row = option_table; row->name; row++) {
        if (strlen(row->name) != n || strncmp(row->name, name, n) != 0)
            continue;
        if (!equals && row->type != OPTION_FLAG && *i + 1 < argc)
            return store(parser, row, argv[++*i]);
        return store(parser, row, equals ? equals + 1 : NULL);
    }
    return refuse_option(parser->err, name, n);
}

/* -n5, -n 5, and flags in a row. */
static int parse_short(struct parser *parser, int argc, char **argv, int *i)
{
    for (const char *letter = argv[*i] + 1; *letter; letter++) {
        const struct option_row *row = option_table;

        while (row->name && row->letter != *letter)
            row++;
        if (!row->name)
            return refuse(parser->err, "there is no option -%c; --help lists them", *letter);
        if (row->type == OPTION_FLAG) {
            int rc = store(parser, row, NULL);
            if (rc)
                return rc;
            continue;
        }
        return store(parser, row, letter[1] ? letter + 1 : *i + 1 < argc ? argv[++*i] : NULL);
    }
    return 0;
}

static int parse_command(struct ctl_args *args, const char *word, FILE *err)
{
    struct nearest nearest;

    nearest_init(&nearest, word, strlen(word));
    for (unsigned c = 0; command_table[c].name; c++) {
        nearest_offer(&nearest, command_table[c].name);
        if (strcmp(command_table[c].name, word) == 0) {
            args->command = (enum ctl_command)c;
            return 0;
        }
    }
    if (nearest.word)
        return refuse(err, "there is no command '%s'; did you mean %s?", word, nearest.word);
    return refuse(err, "there is no command '%s'; --help lists them", word);
}

static int check_tuning(const struct parser *parser)
{
    char why[TUNING_ARGS_WHY_MAX];
    struct tuning_plan plan;

    return tuning_args_plan(parser->args, &plan, why) ? refuse(parser->err, "%s", why) : 0;
}

/* What can be said only at the end, when the command is known. */
static int check(const struct parser *parser)
{
    const struct ctl_args *args = parser->args;
    const struct command_row *row = &command_table[args->command];

    if (args->help || args->version)
        return 0;
    if (args->command == CTL_NO_COMMAND)
        return refuse(parser->err, "no command was given; try 'lariat-ctl --help'");
    if (parser->first_given[args->command])
        return refuse(parser->err, "--%s does not go with '%s'; try 'lariat-ctl %s --help'",
                      parser->first_given[args->command]->name, row->name, row->name);
    if (args->n_words < row->min_words || (row->max_words >= 0 && args->n_words > row->max_words))
        return refuse(parser->err, "%s words; the form is 'lariat-ctl %s%s%s'",
                      args->n_words < row->min_words ? "too few" : "too many", row->name, *row->words ? " " : "",
                      row->words);
    for (int i = 1; row->pairs && i < args->n_words; i++)
        if (!strchr(args->words[i], '=') || args->words[i][0] == '=')
            return refuse(parser->err, "'%s' is not of the form PROPERTY=VALUE", args->words[i]);
    return args->command == CTL_TUNE ? check_tuning(parser) : 0;
}

int args_parse(struct ctl_args *args, int argc, char **argv, FILE *err)
{
    struct parser parser = { .args = args, .err = err };
    bool only_words = false;

    *args = (struct ctl_args){ .command = CTL_NO_COMMAND, .timeout_ns = DEFAULT_TIMEOUT_NS, .words = argv };
    for (int i = 1; i < argc; i++) {
        char *word = argv[i];
        int rc = 0;

        if (!only_words && strcmp(word, "--") == 0)
            only_words = true;
        else if (!only_words && strncmp(word, "--", 2) == 0)
            rc = parse_long(&parser, argc, argv, &i);
        else if (!only_words && word[0] == '-' && word[1])
            rc = parse_short(&parser, argc, argv, &i);
        else if (args->command == CTL_NO_COMMAND)
            rc = parse_command(args, word, err);
        else
            args->words[args->n_words++] = word; /* in a place that has been read: it never is behind i */
        if (rc)
            return rc;
    }
    return check(&parser);
}
