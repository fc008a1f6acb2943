/* SPDX-License-Identifier: MIT */
/* What the table of options tells readers: --help, names of values, and the echo in the results. */
#include <stdlib.h>
#include <string.h>

#include "option_table.h"
#include "option_value.h"
#include "options.h"

#define COLUMN 30
#define WIDTH 110

/* `text` in lines of at most WIDTH columns, all but the first indented by COLUMN. */
static void print_wrapped(FILE *out, const char *text)
{
    size_t column = COLUMN;

    while (*text) {
        size_t n = strcspn(text, " ");

        if (column + 1 + n > WIDTH) {
            fprintf(out, "\n%*s", COLUMN, "");
            column = COLUMN;
        } else if (column > COLUMN) {
            fputc(' ', out);
            column++;
        }
        fprintf(out, "%.*s", (int)n, text);
        column += n;
        text += n + (text[n] == ' ');
    }
    fputc('\n', out);
}

static void print_row(FILE *out, const struct option_row *row)
{
    char left[64];
    int n = snprintf(left, sizeof(left), "  --%s%s%s", row->name, row->value ? "=" : "", row->value ? row->value : "");

    fprintf(out, "%-*s", COLUMN, left);
    if (n >= COLUMN)
        fprintf(out, "\n%*s", COLUMN, "");
    print_wrapped(out, row->help);
    if (!row->choices)
        return;
    fprintf(out, "%*s(", COLUMN, "");
    for (const struct option_choice *c = row->choices; c->name; c++)
        if (!c->later)
            fprintf(out, "%s%s", c == row->choices ? "" : " ", c->name);
    fputs(")\n", out);
}

static const char INTRODUCTION[] =
    "lariat-bench drives storage through Lariat and reports what it costs. Options, values and results are those of fio.\n"
    "\n"
    "  lariat-bench --name=a --filename=/var/tmp/a --size=1g --rw=randread --iodepth=32 --runtime=10 --time_based\n"
    "\n"
    "'-' and '_' are the same in option names. Sizes: decimal or 0x..., with k, m, g, t or p (powers of 1024). Times: with\n"
    "d, h, m, s, ms, us or ns.\n"
    "\n";

static const char ENDING[] =
    "\n"
    "The JSON is that of fio 3.33, with one object more in each job, \"lariat\": what it cost (CPU and system calls per I/O),\n"
    "what polling did, the ring, the options as they were understood, intervals. doc/lariat-bench.schema.json describes it.\n"
    "TSV: a line of column names, then one line per job.\n"
    "\n"
    "lariat-bench tune finds the polling that suits a workload, lariat-bench simulate compares policies on rows of waits: each\n"
    "has a --help of its own.\n"
    "\n"
    "Exit status: 0 success; 1 a job failed, or the results could not be written; 2 wrong options; 3 verification found\n"
    "wrong data; 4 latency_target, max_latency or rate_min was missed; 130 interrupted (once: results are printed; twice: at\n"
    "once).\n";

void options_print_help(FILE *out)
{
    const struct option_row *row;

    fputs(INTRODUCTION, out);
    for (size_t i = 0; (row = option_at(i)); i++) {
        if (row->state == OPTION_BUILT && option_title(row))
            fprintf(out, "%s%s:\n", i ? "\n" : "", option_title(row));
        if (row->state == OPTION_BUILT)
            print_row(out, row);
    }
    fputs(ENDING, out);
}

static const char *choice_name(const char *option, uint64_t value)
{
    const struct option_row *row = option_find(option, strlen(option));

    for (const struct option_choice *c = row->choices; c->name; c++)
        if (!c->later && c->value == value)
            return c->name;
    return "?";
}

const char *options_rw_name(enum rw_mode rw)
{
    return choice_name("rw", rw);
}

const char *options_engine_name(enum engine_kind engine)
{
    return choice_name("ioengine", engine);
}

/* Readers such as fio-plot need these, whether they were given or not. */
static bool always_echoed(const char *name)
{
    static const char *const names[] = { "rw", "bs", "iodepth", "numjobs", "ioengine" };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static void echo_parsed(const struct job_options *job, const struct option_row *row,
                        void (*fn)(void *opaque, const char *name, const char *value), void *opaque)
{
    char *text = option_print(row, (const char *)job + row->offset);

    fn(opaque, row->name, text ? text : "?");
    free(text);
}

void options_echo(const struct job_options *job, bool global, void (*fn)(void *opaque, const char *name, const char *value),
                  void *opaque)
{
    const struct option_row *row;

    for (size_t i = 0; (row = option_at(i)); i++) {
        if (row->scope != SCOPE_JOB || row->type == TYPE_NONE)
            continue;
        if (global ? job->given[i] != NULL : job->given[i] && !job->given_globally[i])
            fn(opaque, row->name, job->given[i]);
        else if (!global && always_echoed(row->name)) {
            if (job->given[i])
                fn(opaque, row->name, job->given[i]);
            else
                echo_parsed(job, row, fn, opaque);
        }
    }
}

void options_echo_parsed(const struct job_options *job, void (*fn)(void *opaque, const char *name, const char *value),
                         void *opaque)
{
    const struct option_row *row;

    for (size_t i = 0; (row = option_at(i)); i++)
        if (row->scope == SCOPE_JOB && row->type != TYPE_NONE && (job->given[i] || always_echoed(row->name)))
            echo_parsed(job, row, fn, opaque);
}
