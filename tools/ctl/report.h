/* SPDX-License-Identifier: MIT */
/* A table of text with aligned columns. Give the cells row by row. */
#ifndef CTL_REPORT_H
#define CTL_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct report_column {
    const char *title;
    bool right; /* numbers */
};

struct report;

/* columns: borrowed until the end. */
struct report *report_new(const struct report_column *columns, size_t n_columns);
__attribute__((format(printf, 2, 3))) void report_add(struct report *report, const char *format, ...);

/* Print it with its titles (with_titles) and free it. */
void report_print(struct report *report, bool with_titles, FILE *out);

#endif
