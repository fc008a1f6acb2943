/* SPDX-License-Identifier: MIT */
/* The table of options: what options.c parses by and options_help.c prints. */
#ifndef BENCH_OPTION_TABLE_H
#define BENCH_OPTION_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum option_type {
    OPTION_TEXT,    /* const char * */
    OPTION_NUMBER,  /* uint64_t, in fio's number syntax */
    OPTION_SIZE,    /* struct size_value */
    OPTION_SECONDS, /* int64_t ns; a bare number is seconds */
    OPTION_NS,      /* int64_t ns; a bare number is nanoseconds */
    OPTION_FLAG,    /* bool; bare, or =0 or =1 */
    OPTION_CHOICE,  /* uint64_t, one word of `choices` */
    OPTION_CHOICES, /* uint64_t, the bits of several words joined by commas */
    OPTION_CPUS,    /* const char *, a CPU list that was checked */
    OPTION_LATER    /* known to users of fio, not built yet: refused by name */
};

enum option_scope {
    SCOPE_PROGRAM, /* offset into struct bench_options */
    SCOPE_JOB      /* offset into struct job_options */
};

struct option_choice {
    const char *name;
    uint64_t value;
    const char *later; /* not NULL: known, refused, and this is said */
};

struct option_row {
    const char *name;  /* spelled with '_' */
    const char *alias; /* another spelling, or NULL */
    enum option_type type;
    enum option_scope scope;
    size_t offset;
    uint64_t min; /* numbers and durations: the accepted range */
    uint64_t max;
    const struct option_choice *choices; /* ended by a NULL name */
    const char *value;                   /* --help: what stands for the value; NULL: a flag */
    const char *help;
};

extern const struct option_row option_table[]; /* ended by a NULL name */

/* The row of a name, in which '-' and '_' are the same; NULL: no such option. n: its length. */
const struct option_row *option_find(const char *name, size_t n);

/* The nearest name to a mistyped one, or NULL if none is near. */
const char *option_suggest(const char *name, size_t n);

/* The nearest word of `choices`, or NULL. */
const char *choice_suggest(const struct option_choice *choices, const char *word, size_t n);

#endif
