/* SPDX-License-Identifier: MIT */
/* One option with its value: as it was typed, checked by its row of the table and stored; and printed as it was understood. */
#ifndef BENCH_OPTION_VALUE_H
#define BENCH_OPTION_VALUE_H

#include <stdbool.h>
#include <stdio.h>

#include "option_table.h"

/* One option as it stands on the command line or in a job file. */
struct typed {
    const struct option_row *row;
    const char *spelling; /* as typed, without the dashes */
    int n_spelling;
    const char *value; /* NULL: none */
    const char *file;  /* the job file; NULL: the command line */
    unsigned line;
};

/* Begin a line on `err`: where it stands, and what. */
void typed_print(FILE *err, const struct typed *typed);

/* Begin as above and say why it is refused and what would be accepted, in one line. Returns -EINVAL. */
int typed_refuse(FILE *err, const struct typed *typed, const char *why);

/* The same for an option that cannot stand in a job file. */
int typed_refuse_place(FILE *err, const struct typed *typed);

/*
 * Check the value and store it in `member`, whose type is that of the row. What is odd is told on `err`, with *warned set.
 * 0; 1: stored, but told that such a value is not built yet; -EINVAL: told; -ENOMEM.
 */
int option_store(const struct typed *typed, unsigned kb_base, void *member, bool *warned, FILE *err);

/* Whether two members of the row's type hold the same value. */
bool option_same(const struct option_row *row, const void *a, const void *b);

/*
 * The value as it was understood, in a form that option_store() takes back to the same: sizes in bytes, times in ns. What is not
 * set is an empty string. malloc'ed; NULL: out of memory.
 */
char *option_print(const struct option_row *row, const void *member);

#endif
