/* SPDX-License-Identifier: MIT */
#include "option_table.h"

#include <lariat/poll.h>
#include <string.h>

#include "options.h"

#define TRIM_LATER "trim is not built yet"
#define POLICY_LATER "that policy is not built yet"

static const struct option_choice rw_choices[] = {
    { "read", RW_READ, NULL },           { "write", RW_WRITE, NULL },        { "randread", RW_RANDREAD, NULL },
    { "randwrite", RW_RANDWRITE, NULL }, { "rw", RW_READWRITE, NULL },       { "readwrite", RW_READWRITE, NULL },
    { "randrw", RW_RANDRW, NULL },       { "trim", 0, TRIM_LATER },          { "randtrim", 0, TRIM_LATER },
    { "trimwrite", 0, TRIM_LATER },      { "randtrimwrite", 0, TRIM_LATER }, { NULL, 0, NULL },
};

static const struct option_choice engine_choices[] = {
    { "lariat", ENGINE_LARIAT, NULL },
    { "liburing", ENGINE_LIBURING, NULL },
    { "psync", ENGINE_PSYNC, NULL },
    { "null", ENGINE_NULL, NULL },
    { "io_uring", ENGINE_LARIAT, NULL },
    { "libaio", ENGINE_LARIAT, NULL },
    { NULL, 0, NULL },
};

static const struct option_choice verify_choices[] = {
    { "crc32c", VERIFY_CRC32C, NULL },
    { "0", VERIFY_NONE, NULL },
    { NULL, 0, NULL },
};

static const struct option_choice policy_choices[] = {
    { "classic", LARIAT_POLL_CLASSIC, NULL },
    { "weighted", 0, POLICY_LATER },
    { "auto", 0, POLICY_LATER },
    { NULL, 0, NULL },
};

static const struct option_choice format_choices[] = {
    { "normal", FORMAT_NORMAL, NULL },     { "json", FORMAT_JSON, NULL },         { "tsv", FORMAT_TSV, NULL },
    { "json+", 0, "it is not built yet" }, { "terse", 0, "it is not built yet" }, { NULL, 0, NULL },
};

#define JOB(member) SCOPE_JOB, offsetof(struct job_options, member)
#define PROGRAM(member) SCOPE_PROGRAM, offsetof(struct bench_options, member)
#define LATER(name)                                                        \
    {                                                                      \
        name, NULL, OPTION_LATER, SCOPE_PROGRAM, 0, 0, 0, NULL, NULL, NULL \
    }

#define BLOCK_MAX (UINT64_C(1) << 30)
#define DEPTH_MAX 32768
#define FACTOR_MAX INT64_MAX

const struct option_row option_table[] = {
    { "name", NULL, OPTION_TEXT, JOB(name), 0, 0, NULL, "WORD",
      "start a job of this name; \"global\" gives defaults for the jobs that follow, as do options before the first --name" },
    { "filename", NULL, OPTION_TEXT, JOB(filename), 0, 0, NULL, "PATH[:PATH...]",
      "file or block device; several are used as one space, one behind the other; default NAME.CLONE.0" },
    { "directory", NULL, OPTION_TEXT, JOB(directory), 0, 0, NULL, "PATH", "where relative files are" },
    { "size", NULL, OPTION_SIZE, JOB(size), 1, INT64_MAX, NULL, "SIZE",
      "region and amount of I/O; 1% to 100% of what is there; default: all of it" },
    { "bs", "blocksize", OPTION_NUMBER, JOB(bs), 1, BLOCK_MAX, NULL, "SIZE", "size of one I/O; default 4k" },
    { "rw", "readwrite", OPTION_CHOICE, JOB(rw), 0, 0, rw_choices, "MODE", "default read" },
    { "rwmixread", NULL, OPTION_NUMBER, JOB(rwmixread), 0, 100, NULL, "PERCENT", "reads among rw and randrw; default 50" },
    { "iodepth", NULL, OPTION_NUMBER, JOB(iodepth), 1, DEPTH_MAX, NULL, "N",
      "I/Os in flight per job; default 1; psync: always 1" },
    { "numjobs", NULL, OPTION_NUMBER, JOB(numjobs), 1, 1024, NULL, "N", "clones of the job; default 1" },
    { "runtime", "timeout", OPTION_SECONDS, JOB(runtime_ns), 1, INT64_MAX, NULL, "TIME",
      "stop after this time (seconds, or with a unit)" },
    { "time_based", NULL, OPTION_FLAG, JOB(time_based), 0, 0, NULL, NULL,
      "go on until --runtime is over, whatever the size" },
    { "direct", NULL, OPTION_FLAG, JOB(direct), 0, 0, NULL, "0|1", "O_DIRECT: past the page cache; default 0" },
    { "invalidate", NULL, OPTION_FLAG, JOB(invalidate), 0, 0, NULL, "0|1",
      "drop the file from the page cache first; default 1; give 0 to measure cached reads" },
    { "fsync", NULL, OPTION_NUMBER, JOB(fsync), 0, UINT32_MAX, NULL, "N", "fsync after every N writes; default 0: never" },
    { "fdatasync", NULL, OPTION_NUMBER, JOB(fdatasync), 0, UINT32_MAX, NULL, "N", "the same with fdatasync" },
    { "fixedbufs", NULL, OPTION_FLAG, JOB(fixedbufs), 0, 0, NULL, NULL, "register the buffers with the ring" },
    { "registerfiles", NULL, OPTION_FLAG, JOB(registerfiles), 0, 0, NULL, NULL, "register the files with the ring" },
    { "norandommap", NULL, OPTION_FLAG, JOB(norandommap), 0, 0, NULL, NULL,
      "random blocks may repeat; without it each block comes once per pass" },
    { "ioengine", NULL, OPTION_CHOICE, JOB(ioengine), 0, 0, engine_choices, "ENGINE",
      "lariat (default): a Lariat iothread; liburing: a bare ring loop, to compare with; psync: pread and pwrite; null: no I/O "
      "at all; io_uring and libaio are other names of lariat" },
    { "poll_max_ns", NULL, OPTION_NS, JOB(poll_max_ns), 0, INT64_MAX, NULL, "TIME",
      "longest spin before the loop sleeps (ns, or with us, ms, s); 0: never spin; default 32768" },
    { "poll_grow", NULL, OPTION_NUMBER, JOB(poll_grow), 0, FACTOR_MAX, NULL, "N",
      "factor by which the window grows; 0: the policy's own (2)" },
    { "poll_shrink", NULL, OPTION_NUMBER, JOB(poll_shrink), 0, FACTOR_MAX, NULL, "N",
      "divisor by which it shrinks; 0: the policy's own (to zero)" },
    { "poll_policy", NULL, OPTION_CHOICE, JOB(poll_policy), 0, 0, policy_choices, "POLICY", "classic" },
    { "cpus_allowed", NULL, OPTION_CPUS, JOB(cpus_allowed), 0, 0, NULL, "LIST", "CPUs for the job's thread, as in 0-3,6" },
    { "randseed", NULL, OPTION_NUMBER, JOB(randseed), 0, UINT64_MAX, NULL, "N",
      "default 137: the same offsets in each run" },
    { "verify", NULL, OPTION_CHOICE, JOB(verify), 0, 0, verify_choices, "KIND",
      "crc32c: writes carry a checksum and are read back afterwards; jobs that only read check what such a job wrote" },
    { "thread", NULL, OPTION_FLAG, JOB(thread), 0, 0, NULL, NULL, "accepted and always so: jobs are threads" },
    { "output", NULL, OPTION_TEXT, PROGRAM(output), 0, 0, NULL, "FILE", "write the results there" },
    { "output_format", NULL, OPTION_CHOICES, PROGRAM(formats), 0, 0, format_choices, "LIST",
      "normal (default), json: fio's document and nothing else; tsv: one line per job; with json or tsv, normal goes to stderr" },
    { "allow_destructive", NULL, OPTION_FLAG, PROGRAM(allow_destructive), 0, 0, NULL, NULL,
      "write to block devices that are mounted or hold a file system, partitions or the like" },
    { "monitor", NULL, OPTION_TEXT, PROGRAM(monitor), 0, 0, NULL, "PATH",
      "serve a control socket there while the jobs run, for lariat-ctl; their iothreads are job0, job1, ..." },
    { "help", NULL, OPTION_FLAG, PROGRAM(help), 0, 0, NULL, NULL, "print this" },
    { "version", NULL, OPTION_FLAG, PROGRAM(version), 0, 0, NULL, NULL, "print the version" },
    LATER("group_reporting"),
    LATER("io_size"),
    LATER("offset"),
    LATER("offset_increment"),
    LATER("filesize"),
    LATER("nrfiles"),
    LATER("bsrange"),
    LATER("bssplit"),
    LATER("rwmixwrite"),
    LATER("loops"),
    LATER("ramp_time"),
    LATER("startdelay"),
    LATER("stonewall"),
    LATER("rate"),
    LATER("rate_iops"),
    LATER("thinktime"),
    LATER("random_distribution"),
    LATER("iodepth_batch"),
    LATER("sqthread_poll"),
    LATER("hipri"),
    LATER("percentile_list"),
    LATER("status_interval"),
    LATER("write_lat_log"),
    LATER("write_bw_log"),
    LATER("end_fsync"),
    LATER("buffered"),
    LATER("eta"),
    LATER("section"),
    { NULL, NULL, OPTION_LATER, SCOPE_PROGRAM, 0, 0, 0, NULL, NULL, NULL },
};

_Static_assert(sizeof(option_table) / sizeof(option_table[0]) <= OPTIONS_MAX + 1, "job_options.given has too few rows");

static bool same_beginning(const char *ours, const char *typed, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (ours[i] != (typed[i] == '-' ? '_' : typed[i]))
            return false;
    return true;
}

static bool same_name(const char *ours, const char *typed, size_t n)
{
    return same_beginning(ours, typed, n) && ours[n] == '\0';
}

const struct option_row *option_find(const char *name, size_t n)
{
    for (const struct option_row *row = option_table; row->name; row++)
        if (same_name(row->name, name, n) || (row->alias && same_name(row->alias, name, n)))
            return row;
    return NULL;
}

#define WORD_MAX 32

/* How many insertions, removals and replacements turn `a` into b[0..n). */
static size_t edit_distance(const char *a, const char *b, size_t n)
{
    size_t row[WORD_MAX + 1], n_a = strlen(a);

    for (size_t j = 0; j <= n; j++)
        row[j] = j;
    for (size_t i = 1; i <= n_a; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            char typed = b[j - 1] == '-' ? '_' : b[j - 1];
            size_t best = diagonal + (a[i - 1] != typed);

            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            diagonal = row[j];
            row[j] = best;
        }
    }
    return row[n];
}

/* Keep the nearer of *best and `candidate`. A third of the letters may be wrong, and one always; a beginning is near too. */
static void nearer(const char **best, size_t *distance, const char *candidate, const char *word, size_t n)
{
    size_t limit = n < 6 ? 1 + (n > 2) : n / 3;
    size_t d = n >= 3 && same_beginning(candidate, word, n) ? 1 : edit_distance(candidate, word, n);

    if (d <= limit && d < *distance) {
        *best = candidate;
        *distance = d;
    }
}

const char *option_suggest(const char *name, size_t n)
{
    const char *best = NULL;
    size_t distance = SIZE_MAX;

    for (const struct option_row *row = option_table; row->name && n <= WORD_MAX; row++) {
        if (row->type == OPTION_LATER)
            continue;
        nearer(&best, &distance, row->name, name, n);
        if (row->alias)
            nearer(&best, &distance, row->alias, name, n);
    }
    return best;
}

const char *choice_suggest(const struct option_choice *choices, const char *word, size_t n)
{
    const char *best = NULL;
    size_t distance = SIZE_MAX;

    for (; choices->name && n <= WORD_MAX; choices++)
        if (!choices->later)
            nearer(&best, &distance, choices->name, word, n);
    return best;
}
