/* SPDX-License-Identifier: MIT */
/* The tables of commands and options: what args.c parses by and help.c prints, and what the tests hold the completion and the manual to. */
#ifndef CTL_ARG_TABLE_H
#define CTL_ARG_TABLE_H

#include <stddef.h>

#include "args.h"

enum option_type {
    OPTION_TEXT,    /* const char * */
    OPTION_FLAG,    /* bool; takes no value */
    OPTION_SECONDS, /* int64_t ns; seconds, with a fraction if wanted, or with ms, s or m behind it */
    OPTION_COUNT    /* uint64_t, from 1 on */
};

struct option_row {
    const char *name;
    char letter; /* 0: none */
    enum option_type type;
    size_t offset;     /* into struct ctl_args */
    unsigned commands; /* bits, 1 << enum ctl_command; ALL_COMMANDS: also without a command */
    const char *value; /* what stands for the value in --help; NULL: a flag */
    const char *help;
};

#define ALL_COMMANDS (~0u)

struct command_row {
    const char *name;
    const char *words; /* what follows it, as --help says it; "": nothing */
    int min_words;
    int max_words;       /* -1: any number */
    bool pairs;          /* the words behind the first are PROPERTY=VALUE */
    const char *summary; /* half a sentence, for the list of commands */
    const char *text;    /* for the help of this command */
};

extern const struct option_row option_table[];   /* ended by a NULL name */
extern const struct command_row command_table[]; /* by enum ctl_command; ended by a NULL name */

#endif
