/* SPDX-License-Identifier: MIT */
#include "report.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

#define GAP 2

struct report {
    const struct report_column *columns;
    size_t n_columns;
    char **cells;
    size_t n_cells;
};

struct report *report_new(const struct report_column *columns, size_t n_columns)
{
    struct report *report = need_memory(calloc(1, sizeof(*report)));

    report->columns = columns;
    report->n_columns = n_columns;
    return report;
}

void report_add(struct report *report, const char *format, ...)
{
    va_list ap;
    char *cell;

    va_start(ap, format);
    int n = vasprintf(&cell, format, ap);
    va_end(ap);
    if (n < 0)
        need_memory(NULL);
    report->cells = need_memory(realloc(report->cells, (report->n_cells + 1) * sizeof(*report->cells)));
    report->cells[report->n_cells++] = cell;
}

static size_t width_of(const struct report *report, size_t column, bool with_titles)
{
    size_t width = with_titles ? strlen(report->columns[column].title) : 0;

    for (size_t i = column; i < report->n_cells; i += report->n_columns)
        if (strlen(report->cells[i]) > width)
            width = strlen(report->cells[i]);
    return width;
}

/* The last column gets no blanks behind it. */
static void print_cell(const struct report *report, size_t column, size_t width, const char *text, FILE *out)
{
    bool last = column + 1 == report->n_columns;

    if (report->columns[column].right)
        fprintf(out, "%*s", (int)width, text);
    else
        fprintf(out, "%-*s", last ? 0 : (int)width, text);
    fprintf(out, "%*s", last ? 0 : GAP, "");
    if (last)
        fputc('\n', out);
}

void report_print(struct report *report, bool with_titles, FILE *out)
{
    size_t *widths = need_memory(calloc(report->n_columns, sizeof(*widths)));

    for (size_t i = 0; i < report->n_columns; i++)
        widths[i] = width_of(report, i, with_titles);
    for (size_t i = 0; with_titles && i < report->n_columns; i++)
        print_cell(report, i, widths[i], report->columns[i].title, out);
    for (size_t i = 0; i < report->n_cells; i++) {
        print_cell(report, i % report->n_columns, widths[i % report->n_columns], report->cells[i], out);
        free(report->cells[i]);
    }
    free(widths);
    free(report->cells);
    free(report);
}
