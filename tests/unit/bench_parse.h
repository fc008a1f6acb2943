/* SPDX-License-Identifier: MIT */
/* For the suites about the command line and job files: parse arguments, and keep what was said. */
#ifndef TESTS_UNIT_BENCH_PARSE_H
#define TESTS_UNIT_BENCH_PARSE_H

#include <stdio.h>

#include "options.h"
#include "support.h"

/* A command line, what parsing it gave, and what it said. */
struct parsed {
    struct bench_options options;
    int rc;
    char *said;
};

#define ARGS_MAX 16
#define ARGS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static inline void parse(struct parsed *parsed, const char *const *args)
{
    char *argv[ARGS_MAX + 2] = { (char *)(uintptr_t) "lariat-bench" };
    int argc = 1;
    size_t size;
    FILE *err = open_memstream(&parsed->said, &size);

    ck_assert_ptr_nonnull(err);
    while (args[argc - 1]) {
        ck_assert_int_lt(argc, ARGS_MAX);
        argv[argc] = (char *)(uintptr_t)args[argc - 1];
        argc++;
    }
    parsed->rc = options_parse(&parsed->options, argc, argv, err);
    fclose(err);
}

static inline void parsed_free(struct parsed *parsed)
{
    options_free(&parsed->options);
    free(parsed->said);
}

#endif
