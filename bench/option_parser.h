/* SPDX-License-Identifier: MIT */
/* What the readers of the command line (options.c) and of job files (jobfile.c) share. */
#ifndef BENCH_OPTION_PARSER_H
#define BENCH_OPTION_PARSER_H

#include "option_value.h"
#include "options.h"

struct option_parser {
    struct bench_options *options;
    struct bench_options *defaults; /* as nothing at all was given: what has no effect */
    struct job_options *section;    /* where options go: options->global, or the last one of options->jobs */
    bool warned;
    FILE *err;
};

/* Begin a job, with the defaults given so far. 0 or -ENOMEM. */
int parser_add_job(struct option_parser *parser, const char *name);

/* Find the row of typed->spelling. 0; -EINVAL: told that there is none. */
int parser_find(struct option_parser *parser, struct typed *typed);

/* Check the value and store it where it belongs. 0; -EINVAL: told; -ENOMEM. */
int parser_set(struct option_parser *parser, const struct typed *typed);

/* options_check.c: what the options mean together; derives what is to be derived. 0; -EINVAL: told. */
int options_check(struct option_parser *parser);

#endif
