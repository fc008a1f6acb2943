/* SPDX-License-Identifier: MIT */
/*
 * The command line. One table (option_table.c) drives parsing, range checks, the echo in the JSON and --help.
 *
 * Options before the first --name, or behind --name=global, are defaults for the jobs that follow; each other --name starts a job.
 * '-' and '_' are the same in option names.
 */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum rw_mode { RW_READ, RW_WRITE, RW_RANDREAD, RW_RANDWRITE, RW_READWRITE, RW_RANDRW };

static inline bool rw_is_random(enum rw_mode rw)
{
    return rw == RW_RANDREAD || rw == RW_RANDWRITE || rw == RW_RANDRW;
}

static inline bool rw_reads(enum rw_mode rw)
{
    return rw != RW_WRITE && rw != RW_RANDWRITE;
}

static inline bool rw_writes(enum rw_mode rw)
{
    return rw != RW_READ && rw != RW_RANDREAD;
}

enum engine_kind { ENGINE_LARIAT, ENGINE_LIBURING, ENGINE_PSYNC, ENGINE_NULL };

enum verify_kind { VERIFY_NONE, VERIFY_CRC32C };

#define FORMAT_NORMAL (1u << 0)
#define FORMAT_JSON (1u << 1)
#define FORMAT_TSV (1u << 2)

/* What OPTION_SIZE fills: bytes, or a percentage of the file. Both 0: not given. */
struct size_value {
    uint64_t bytes;
    unsigned percent;
};

#define OPTIONS_MAX 80 /* rows of the table, at most */

/* The options of one job, or the defaults for the next ones. Strings are borrowed from argv. */
struct job_options {
    const char *name;
    const char *filename;
    const char *directory;
    struct size_value size;
    uint64_t bs;
    uint64_t rw; /* enum rw_mode; choices are stored as uint64_t, all alike */
    uint64_t rwmixread;
    uint64_t iodepth;
    uint64_t numjobs;
    int64_t runtime_ns;
    bool time_based;
    bool direct;
    bool invalidate;
    uint64_t fsync;
    uint64_t fdatasync;
    bool fixedbufs;
    bool registerfiles;
    bool norandommap;
    uint64_t ioengine; /* enum engine_kind */
    int64_t poll_max_ns;
    uint64_t poll_grow;
    uint64_t poll_shrink;
    uint64_t poll_policy; /* enum lariat_poll_policy */
    const char *cpus_allowed;
    uint64_t randseed;
    uint64_t verify; /* enum verify_kind */
    bool thread;
    const char *given[OPTIONS_MAX]; /* the value as typed, by row of the table; NULL: not given here */
    bool given_globally[OPTIONS_MAX];
};

struct bench_options {
    const char *output; /* file for the results, or NULL: stdout */
    uint64_t formats;   /* FORMAT_... */
    bool allow_destructive;
    const char *monitor; /* path of a control socket, or NULL */
    bool help;
    bool version;
    struct job_options global;
    struct job_options *jobs;
    size_t n_jobs;
};

/*
 * Parse the command line. What is wrong, and what is odd, is told in one line each on `err`.
 * 0; -EINVAL: told, and the program should exit with status 2; -ENOMEM.
 */
int options_parse(struct bench_options *options, int argc, char **argv, FILE *err);
void options_free(struct bench_options *options);

/* What --help prints. */
void options_print_help(FILE *out);

/* The name of a job's value of `rw`, `ioengine` and so on, as the table spells it. */
const char *options_rw_name(enum rw_mode rw);
const char *options_engine_name(enum engine_kind engine);

/*
 * Walk over the options to echo: those given (typed), and those that readers of the results rely on, given or not.
 * fn gets the name with '_' and the value. global: only those given as defaults; else those of the job itself.
 */
void options_echo(const struct job_options *job, bool global, void (*fn)(void *opaque, const char *name, const char *value),
                  void *opaque);

#endif
