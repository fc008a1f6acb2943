/* SPDX-License-Identifier: MIT */
/* What the readers of the command line (options.c) and of job files (jobfile.c) share. */
#ifndef BENCH_OPTION_PARSER_H
#define BENCH_OPTION_PARSER_H

#include "option_value.h"
#include "options.h"
#include "showcmd.h"

struct option_parser {
    struct bench_options *options;
    struct bench_options *defaults; /* as nothing at all was given: what has no effect */
    struct job_options *section;    /* where options go: options->global, or the last one of options->jobs */
    struct showcmd show;
    bool warned;
    FILE *err;
};

/* As nothing at all was given. */
void options_set_defaults(struct bench_options *options);

/* All but the void ones: 0; -EINVAL: told; -ENOMEM. */

/* Begin a job, with the defaults given so far; or go back to the defaults. */
int parser_add_job(struct option_parser *parser, const char *name);
void parser_begin_global(struct option_parser *parser);

/* The job just added waits for those before, as with --stonewall. */
void parser_add_barrier(struct option_parser *parser);

/* Whether --section lets a job of this name run. */
bool parser_wants(const struct option_parser *parser, const char *name);

/* Find the row of typed->spelling. */
int parser_find(struct option_parser *parser, struct typed *typed);

/* Put something in the place of ${VARIABLE} and the like in the value. */
int parser_substitute(struct option_parser *parser, struct typed *typed);

/* Check the value and store it where it belongs. */
int parser_set(struct option_parser *parser, const struct typed *typed);

/* Free `text` with the options, or now if that fails. */
int parser_keep(struct option_parser *parser, char *text);

/* options_check.c: what the options mean together; derives what is to be derived. */
int options_check(struct option_parser *parser);

#endif
