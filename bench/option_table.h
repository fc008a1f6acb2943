/* SPDX-License-Identifier: MIT */
/*
 * The table of options: what parsing, range checks, --help, --cmdhelp, the echo in the results and the manual are made from.
 * It is in parts by theme (option_table_*.c), joined here; option_at() walks over all rows.
 *
 * A row whose state is OPTION_LATER is parsed, checked and stored, and refused if its value has an effect. Who builds the option
 * makes it OPTION_BUILT, and the `later` of a choice NULL.
 */
#ifndef BENCH_OPTION_TABLE_H
#define BENCH_OPTION_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum option_type {
    TYPE_TEXT,         /* const char * */
    TYPE_NUMBER,       /* uint64_t, in fio's number syntax */
    TYPE_SIGNED,       /* int64_t, without units; min and max are cast */
    TYPE_NUMBERS,      /* uint64_t[DIRECTIONS] */
    TYPE_SIZE,         /* struct size_value */
    TYPE_RANGE,        /* struct value_range */
    TYPE_RANGES,       /* struct value_range[DIRECTIONS] */
    TYPE_SPLITS,       /* struct size_split[DIRECTIONS] */
    TYPE_FLOAT,        /* double; min and max are whole numbers */
    TYPE_FLOATS,       /* struct float_list */
    TYPE_SECONDS,      /* int64_t ns; a bare number is seconds */
    TYPE_MS,           /* int64_t ns; a bare number is milliseconds */
    TYPE_US,           /* int64_t ns; a bare number is microseconds */
    TYPE_NS,           /* int64_t ns; a bare number is nanoseconds */
    TYPE_US_LIST,      /* int64_t[DIRECTIONS] ns; a bare number is microseconds */
    TYPE_TIME_RANGE,   /* struct time_range; a bare number is seconds */
    TYPE_FLAG,         /* bool; bare, or =0 or =1 */
    TYPE_CHOICE,       /* uint64_t, one word of `choices` */
    TYPE_CHOICES,      /* uint64_t, the bits of several words joined by commas */
    TYPE_RW,           /* struct rw_value: one word of `choices`, and perhaps :N */
    TYPE_DISTRIBUTION, /* struct distribution */
    TYPE_STEADY,       /* struct steady_value */
    TYPE_SYNC_RANGE,   /* struct sync_range */
    TYPE_PATTERN,      /* struct pattern */
    TYPE_ERRORS,       /* struct error_list[DIRECTIONS] */
    TYPE_CPUS,         /* const char *, a CPU list that was checked */
    TYPE_MEMORY,       /* struct memory_value: one word of `choices`, and perhaps :PATH */
    TYPE_NONE          /* of rows that store nothing */
};

enum option_state {
    OPTION_BUILT,
    OPTION_LATER,   /* refused if it would have an effect: not built yet */
    OPTION_IGNORED, /* accepted with a warning: `help` says why it has no meaning here */
    OPTION_UNSUITED /* refused: `help` says why it will not be there */
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
    enum option_state state;
    enum option_type type;
    enum option_scope scope;
    size_t offset;
    uint64_t min; /* numbers and durations (ns): the accepted range */
    uint64_t max;
    const struct option_choice *choices; /* ended by a NULL name */
    const char *value;                   /* --help: what stands for the value; NULL: a flag */
    const char *help;
};

/* For the parts of the table. */
#define JOB(member) SCOPE_JOB, offsetof(struct job_options, member)
#define PROGRAM(member) SCOPE_PROGRAM, offsetof(struct bench_options, member)
#define IGNORED(name_, why)                                                                            \
    {                                                                                                  \
        .name = (name_), .state = OPTION_IGNORED, .type = TYPE_NONE, .scope = SCOPE_JOB, .help = (why) \
    }
#define UNSUITED(name_, why)                                                                            \
    {                                                                                                   \
        .name = (name_), .state = OPTION_UNSUITED, .type = TYPE_NONE, .scope = SCOPE_JOB, .help = (why) \
    }

/* The parts, each ended by a NULL name. */
extern const struct option_row option_table_target[];  /* names, files, sizes */
extern const struct option_row option_table_load[];    /* which I/Os */
extern const struct option_row option_table_time[];    /* when: runtime, rates, limits, the order of jobs */
extern const struct option_row option_table_verify[];  /* checks and errors */
extern const struct option_row option_table_engine[];  /* how I/Os are carried out: engine, polling, CPUs, memory */
extern const struct option_row option_table_report[];  /* what is reported about a job */
extern const struct option_row option_table_program[]; /* of the whole invocation */
extern const struct option_row option_table_others[];  /* fio's that are ignored or refused */

/* Row number i of all, from 0; NULL: there are fewer. */
const struct option_row *option_at(size_t i);
size_t option_index(const struct option_row *row);

/* The title of the part that begins with this row; NULL: none does. */
const char *option_title(const struct option_row *row);

/* The row of a name, in which '-' and '_' are the same; NULL: no such option. n: its length. */
const struct option_row *option_find(const char *name, size_t n);

/* The nearest name to a mistyped one, or NULL if none is near. */
const char *option_suggest(const char *name, size_t n);

/* The nearest word of `choices`, or NULL. */
const char *choice_suggest(const struct option_choice *choices, const char *word, size_t n);

#endif
