/* SPDX-License-Identifier: MIT */
/*
 * The command line: options may stand before and behind the command. Two tables (arg_table.c) drive it.
 */
#ifndef CTL_ARGS_H
#define CTL_ARGS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* In the order of command_table. */
enum ctl_command {
    CTL_LIST,
    CTL_GET,
    CTL_SET,
    CTL_STATS,
    CTL_TOP,
    CTL_TUNE,
    CTL_WATCH_EVENTS,
    CTL_ADD,
    CTL_DEL,
    CTL_PROPERTIES,
    CTL_COMMANDS,
    CTL_NO_COMMAND
};

/* Strings are borrowed from argv. */
struct ctl_args {
    enum ctl_command command;
    const char *socket; /* --socket, or NULL */
    bool json;
    int64_t timeout_ns;
    int64_t interval_ns; /* 0: not given */
    uint64_t count;      /* 0: not given */
    bool batch;
    bool effective;
    bool names;
    const char *objective;  /* or NULL */
    const char *candidates; /* or NULL */
    int64_t budget_ns;      /* 0: not given */
    uint64_t seed;          /* 0: not given */
    bool apply;
    bool help;
    bool version;
    char **words; /* what follows the command; points into argv, which is put in order for it */
    int n_words;
};

/*
 * Parse the command line. 0, or -EINVAL: what is wrong has been told in one line on `err`. Whether there is a command, and
 * the words that it needs, is not asked when help or version is.
 */
int args_parse(struct ctl_args *args, int argc, char **argv, FILE *err);

/* What --help prints: all, or about one command. */
void help_print(enum ctl_command command, FILE *out);

#endif
