/* SPDX-License-Identifier: MIT */
/* --showcmd: writes down what is read from job files as command lines, one for each file. */
#ifndef BENCH_SHOWCMD_H
#define BENCH_SHOWCMD_H

#include <stdbool.h>
#include <stdio.h>

#include "option_value.h"

struct showcmd {
    FILE *line, *defaults; /* memory streams; NULL: not wanted, or there was no memory */
    char *line_text, *defaults_text;
    size_t line_size, defaults_size;
    bool in_file, has_job;
};

/* Write down the defaults of the command line from now on, which each file begins with. 0 or -ENOMEM. */
int showcmd_begin(struct showcmd *show);

void showcmd_begin_file(struct showcmd *show);
void showcmd_add_job(struct showcmd *show, const char *name);
void showcmd_add_global(struct showcmd *show);
void showcmd_add_option(struct showcmd *show, const struct typed *typed, bool is_default);
void showcmd_end_file(struct showcmd *show);

/* All lines, malloc'ed; NULL: out of memory. Ends it. */
char *showcmd_end(struct showcmd *show);

#endif
