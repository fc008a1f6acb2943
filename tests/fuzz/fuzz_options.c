/* SPDX-License-Identifier: MIT */
/*
 * lariat-bench's command line and job files, driven by libFuzzer. Bytes that begin with a '-' are arguments, one a line; others
 * are a job file. Nothing runs. What was understood is printed and must be understood again as the same.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "option_value.h"
#include "options.h"

#define ARGUMENTS_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static FILE *nowhere;

/* Print a value, read that, and print it again. */
static void check_option(const struct option_row *row, const struct job_options *job)
{
    struct job_options *again = calloc(1, sizeof(*again));
    char *first = option_print(row, (const char *)job + row->offset), *second;
    struct typed typed = { .row = row, .spelling = row->name, .n_spelling = (int)strlen(row->name), .value = first };
    bool warned = false;

    if (!again || !first)
        abort();
    if (option_store(&typed, 1024, (char *)again + row->offset, &warned, nowhere) < 0 || warned) {
        printf("%s=%s is not taken back\n", row->name, first);
        abort();
    }
    second = option_print(row, (const char *)again + row->offset);
    if (!second || strcmp(first, second) != 0) {
        printf("%s=%s became %s\n", row->name, first, second);
        abort();
    }
    free(first);
    free(second);
    free(again);
}

static void check(const struct bench_options *options)
{
    const struct option_row *row;

    for (size_t i = 0; i < options->n_jobs; i++)
        for (size_t j = 0; (row = option_at(j)); j++)
            if (options->jobs[i].given[j] && row->type != TYPE_NONE)
                check_option(row, &options->jobs[i]);
}

static void parse(int argc, char **argv)
{
    struct bench_options *options = malloc(sizeof(*options));

    if (!options)
        abort();
    int rc = options_parse(options, argc, argv, nowhere);

    if (rc == 0)
        check(options);
    options_free(options);
    free(options);
}

/* Once as they are, and once with --showcmd in front, which takes what is not built yet, too. */
static void parse_arguments(const uint8_t *bytes, size_t n)
{
    char *argv[ARGUMENTS_MAX + 2] = { (char *)(uintptr_t) "lariat-bench", (char *)(uintptr_t) "--showcmd" };
    char *copy = strndup((const char *)bytes, n), *save;
    int argc = 2;

    for (char *line = strtok_r(copy, "\n", &save); line && argc < ARGUMENTS_MAX; line = strtok_r(NULL, "\n", &save))
        argv[argc++] = line[0] == '-' && line[1] ? line : (char *)(uintptr_t) "--name=x"; /* no files of this machine */
    parse(argc, argv);
    argv[1] = argv[0];
    parse(argc - 1, argv + 1);
    free(copy);
}

static void parse_file(const uint8_t *bytes, size_t n)
{
    static const char *const modes[] = { "--parse-only", "--showcmd" };
    char path[32];
    int fd = memfd_create("jobs", MFD_CLOEXEC);

    if (fd < 0 || write(fd, bytes, n) != (ssize_t)n)
        abort();
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    for (size_t i = 0; i < 2; i++) {
        char *argv[] = { (char *)(uintptr_t) "lariat-bench", (char *)(uintptr_t)modes[i], path, NULL };

        parse(3, argv);
    }
    close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    if (!nowhere)
        nowhere = fopen("/dev/null", "we");
    if (!nowhere)
        abort();
    if (n && bytes[0] == '-')
        parse_arguments(bytes, n);
    else
        parse_file(bytes, n);
    return 0;
}
