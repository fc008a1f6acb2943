/* SPDX-License-Identifier: MIT */
/*
 * The command line and job files. One table (option_table.c) drives parsing, range checks, the echo in the JSON and --help.
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

#include "values.h"

enum rw_mode {
    RW_READ,
    RW_WRITE,
    RW_RANDREAD,
    RW_RANDWRITE,
    RW_READWRITE,
    RW_RANDRW,
    RW_TRIM,
    RW_RANDTRIM,
    RW_TRIMWRITE,
    RW_RANDTRIMWRITE
};

static inline bool rw_is_random(enum rw_mode rw)
{
    return rw == RW_RANDREAD || rw == RW_RANDWRITE || rw == RW_RANDRW || rw == RW_RANDTRIM || rw == RW_RANDTRIMWRITE;
}

static inline bool rw_reads(enum rw_mode rw)
{
    return rw == RW_READ || rw == RW_RANDREAD || rw == RW_READWRITE || rw == RW_RANDRW;
}

static inline bool rw_trims(enum rw_mode rw)
{
    return rw == RW_TRIM || rw == RW_RANDTRIM || rw == RW_TRIMWRITE || rw == RW_RANDTRIMWRITE;
}

static inline bool rw_writes(enum rw_mode rw)
{
    return rw != RW_READ && rw != RW_RANDREAD && rw != RW_TRIM && rw != RW_RANDTRIM;
}

/* What a choice of an option means; choices are stored as uint64_t, all alike. The first one is the default. */
enum service_kind { SERVICE_ROUNDROBIN, SERVICE_SEQUENTIAL, SERVICE_RANDOM };
enum fallocate_kind { FALLOCATE_NATIVE, FALLOCATE_NONE, FALLOCATE_POSIX, FALLOCATE_KEEP, FALLOCATE_TRUNCATE };
enum fadvise_kind { FADVISE_BY_RW, FADVISE_NONE, FADVISE_RANDOM, FADVISE_SEQUENTIAL };
enum sequencer { SEQUENCER_SEQUENTIAL, SEQUENCER_IDENTICAL };
enum generator { GENERATOR_TAUSWORTHE, GENERATOR_TAUSWORTHE64, GENERATOR_LFSR };
enum sync_kind { SYNC_NONE, SYNC_SYNC, SYNC_DSYNC };
enum rate_process { RATE_LINEAR, RATE_POISSON };
enum think_blocks { THINK_COMPLETE, THINK_ISSUE };
enum exit_what { EXIT_GROUP, EXIT_STONEWALL, EXIT_ALL };
enum engine_kind { ENGINE_LARIAT, ENGINE_LIBURING, ENGINE_PSYNC, ENGINE_NULL };
enum cpus_policy { CPUS_SHARED, CPUS_SPLIT };
enum unified_kind { UNIFIED_NONE, UNIFIED_MIXED, UNIFIED_BOTH };
enum log_window { LOG_AVERAGE, LOG_MAXIMUM, LOG_BOTH };
enum eta_kind { ETA_AUTO, ETA_ALWAYS, ETA_NEVER };
enum verify_kind {
    VERIFY_NONE,
    VERIFY_CRC32C,
    VERIFY_MD5,
    VERIFY_CRC64,
    VERIFY_CRC32,
    VERIFY_CRC16,
    VERIFY_CRC7,
    VERIFY_XXHASH,
    VERIFY_SHA1,
    VERIFY_SHA256,
    VERIFY_SHA512,
    VERIFY_SHA3_224,
    VERIFY_SHA3_256,
    VERIFY_SHA3_384,
    VERIFY_SHA3_512,
    VERIFY_PATTERN,
    VERIFY_PATTERN_HDR,
    VERIFY_NULL
};

#define CONTINUE_NONE 0u
#define CONTINUE_READ (1u << 0)
#define CONTINUE_WRITE (1u << 1)
#define CONTINUE_VERIFY (1u << 2)

#define FORMAT_NORMAL (1u << 0)
#define FORMAT_JSON (1u << 1)
#define FORMAT_TSV (1u << 2)
#define FORMAT_JSON_PLUS (1u << 3)
#define FORMAT_TERSE (1u << 4)

/* --rw=MODE:N: random modes go on sequentially for `sequence` I/Os; sequential ones skip so many bytes after each. 0: none. */
struct rw_value {
    uint64_t mode; /* enum rw_mode */
    int64_t sequence;
};

#define OPTIONS_MAX 320 /* rows of the table, at most */

/*
 * The options of one job, or the defaults for the next ones. Strings are borrowed from argv and from the struct bench_options.
 * The members are in the order of the table's rows; those that end in _typed are there to derive others from.
 */
struct job_options {
    /* option_table_target.c */
    const char *name;
    const char *description;
    const char *filename;
    const char *filename_format;
    const char *directory;
    uint64_t nrfiles;
    uint64_t openfiles;
    uint64_t file_service_type; /* enum service_kind */
    struct size_value size;
    struct size_value io_size;
    struct value_range filesize;
    struct size_value offset;
    struct size_value offset_increment;
    uint64_t offset_align;
    bool direct;
    bool buffered;
    bool invalidate;
    uint64_t fadvise_hint; /* enum fadvise_kind */
    uint64_t fallocate;    /* enum fallocate_kind */
    bool overwrite;
    bool pre_read;
    bool allow_file_create;
    bool create_on_open;
    bool create_only;
    bool create_serialize;
    bool create_fsync;
    bool unlink;
    bool unlink_each_loop;
    bool allow_mounted_write;
    /* option_table_load.c */
    struct rw_value rw_typed;
    uint64_t rw_sequencer; /* enum sequencer */
    uint64_t bs_typed[DIRECTIONS];
    struct value_range bsrange[DIRECTIONS];
    struct size_split bssplit[DIRECTIONS];
    bool bs_unaligned;
    bool bs_is_seq_rand;
    uint64_t blockalign[DIRECTIONS];
    uint64_t rwmixread;
    uint64_t rwmixwrite;
    uint64_t percentage_random[DIRECTIONS];
    bool norandommap;
    bool softrandommap;
    uint64_t random_generator; /* enum generator */
    struct distribution random_distribution;
    bool randrepeat;
    bool allrandrepeat;
    uint64_t randseed;
    uint64_t number_ios;
    uint64_t loops;
    uint64_t fsync;
    uint64_t fdatasync;
    struct sync_range sync_file_range;
    bool end_fsync;
    bool fsync_on_close;
    uint64_t sync; /* enum sync_kind */
    bool zero_buffers;
    bool refill_buffers;
    bool scramble_buffers;
    struct pattern buffer_pattern;
    uint64_t buffer_compress_percentage;
    uint64_t buffer_compress_chunk;
    uint64_t dedupe_percentage;
    /* option_table_time.c */
    int64_t runtime_ns;
    bool time_based;
    int64_t ramp_time_ns;
    struct time_range startdelay;
    uint64_t rate[DIRECTIONS];
    uint64_t rate_min[DIRECTIONS];
    uint64_t rate_iops[DIRECTIONS];
    uint64_t rate_iops_min[DIRECTIONS];
    uint64_t rate_process; /* enum rate_process */
    int64_t rate_cycle_ns;
    bool rate_ignore_thinktime;
    int64_t thinktime_ns;
    int64_t thinktime_spin_ns;
    uint64_t thinktime_blocks;
    uint64_t thinktime_blocks_type; /* enum think_blocks */
    int64_t thinktime_iotime_ns;
    int64_t max_latency_ns[DIRECTIONS];
    int64_t latency_target_ns;
    int64_t latency_window_ns;
    double latency_percentile;
    bool latency_run;
    struct steady_value steadystate;
    int64_t ss_dur_ns;
    int64_t ss_ramp_ns;
    int64_t ss_interval_ns;
    bool stonewall;
    const char *wait_for;
    bool new_group;
    bool exitall;
    uint64_t exit_what; /* enum exit_what */
    bool exitall_on_error;
    const char *exec_prerun;
    const char *exec_postrun;
    /* option_table_verify.c */
    uint64_t verify; /* enum verify_kind */
    bool do_verify;
    struct pattern verify_pattern;
    bool verify_fatal;
    uint64_t verify_interval;
    uint64_t verify_offset;
    bool verify_dump;
    uint64_t verify_async;
    const char *verify_async_cpus;
    uint64_t verify_backlog;
    uint64_t verify_backlog_batch;
    bool verify_only;
    bool serialize_overlap;
    uint64_t continue_on_error; /* CONTINUE_... */
    struct error_list ignore_error[DIRECTIONS];
    /* option_table_engine.c */
    uint64_t ioengine; /* enum engine_kind */
    uint64_t iodepth;
    uint64_t iodepth_batch;
    uint64_t iodepth_batch_complete_min;
    uint64_t iodepth_batch_complete_max;
    uint64_t iodepth_low;
    uint64_t io_submit_mode;
    uint64_t numjobs;
    bool thread;
    bool fixedbufs;
    bool registerfiles;
    bool sqthread_poll;
    int64_t sqthread_poll_cpu;
    int64_t nonvectored;
    uint64_t force_async;
    bool nowait;
    uint64_t uncached;
    bool hipri;
    int64_t poll_max_ns;
    uint64_t poll_grow;
    uint64_t poll_shrink;
    uint64_t poll_weight;
    uint64_t poll_policy; /* enum lariat_poll_policy */
    uint64_t wait_batch;
    int64_t wait_min_ns;
    const char *iothread;
    uint64_t iothreads;
    const char *cpus_allowed;
    uint64_t cpus_allowed_policy; /* enum cpus_policy */
    uint64_t cpumask;
    const char *numa_cpu_nodes;
    const char *numa_mem_policy;
    struct memory_value mem;
    uint64_t iomem_align;
    int64_t nice;
    int64_t prio; /* -1: not given */
    uint64_t prioclass;
    /* option_table_report.c */
    bool group_reporting;
    bool stats;
    uint64_t unified_rw_reporting; /* enum unified_kind */
    bool clat_percentiles;
    bool lat_percentiles;
    bool slat_percentiles;
    struct float_list percentile_list;
    uint64_t significant_figures;
    uint64_t kb_base;
    uint64_t unit_base;
    bool disable_lat;
    bool disable_clat;
    bool disable_slat;
    bool disable_bw;
    bool gtod_reduce;
    int64_t bwavgtime_ns;
    int64_t iopsavgtime_ns;
    bool disk_util;
    const char *write_bw_log;
    const char *write_lat_log;
    const char *write_iops_log;
    const char *write_hist_log;
    const char *write_wait_log;
    int64_t log_avg_ns;
    int64_t log_hist_ns;
    uint64_t log_hist_coarseness;
    uint64_t log_window_value; /* enum log_window */
    bool log_offset;
    bool log_prio;
    bool log_issue_time;
    bool per_job_logs;
    bool log_unix_epoch;
    uint64_t log_entries;

    /* Derived by options_parse() from what was given. */
    uint64_t rw; /* enum rw_mode */
    int64_t rw_sequence;
    struct value_range block[DIRECTIONS]; /* sizes of one I/O, from bs, bsrange and bssplit */
    uint64_t bs;                          /* the largest one that --rw can lead to: what a buffer has to hold */
    unsigned group;                       /* counts from 0; stonewall and new_group begin one */
    int wait_for_job;                     /* index of the job of --wait_for; -1: none */
    int64_t pace_spin_ns;                 /* what a timer may be late: from so long before an I/O is due on, do not sleep */

    const char *given[OPTIONS_MAX]; /* the value as typed, by row of the table; NULL: not given here */
    bool given_globally[OPTIONS_MAX];
};

struct bench_options {
    const char *output; /* file for the results, or NULL: stdout */
    uint64_t formats;   /* FORMAT_... */
    bool minimal;
    uint64_t terse_version;
    bool append_terse;
    uint64_t eta; /* enum eta_kind */
    int64_t eta_interval_ns;
    int64_t eta_newline_ns;
    int64_t status_interval_ns;
    const char *status_output;
    const char *report;
    bool preflight;
    bool readonly;
    bool allow_destructive;
    const char *monitor; /* path of a control socket, or NULL */
    uint64_t max_jobs;
    const char **sections; /* of job files: only these run; none: all */
    size_t n_sections;
    bool parse_only;
    bool showcmd;
    bool warnings_fatal;
    const char *cmdhelp;
    const char *enghelp;
    bool help;
    bool version;
    struct job_options global;
    struct job_options *jobs;
    size_t n_jobs;
    size_t n_files; /* job files that were read */
    char *commands; /* of --showcmd */
    bool refused;   /* an option was told not to be built yet */
    char **texts;   /* what the strings of the options are in, unless in argv */
    size_t n_texts;
};

/*
 * Parse the command line and the job files it names. What is wrong, and what is odd, is told in one line each on `err`.
 * 0; -EINVAL: told, and the program should exit with status 2; -ENOMEM.
 */
int options_parse(struct bench_options *options, int argc, char **argv, FILE *err);
void options_free(struct bench_options *options);

/* What --help prints. */
void options_print_help(FILE *out);

/* What --cmdhelp=NAME and --enghelp=ENGINE[,OPTION] print; "all": each of them. 0; -EINVAL: told on `err` that there is none. */
int options_print_cmdhelp(const char *name, FILE *out, FILE *err);
int options_print_enghelp(const char *name, FILE *out, FILE *err);

/* The name of a job's value of `rw`, `ioengine` and so on, as the table spells it. */
const char *options_rw_name(enum rw_mode rw);
const char *options_engine_name(enum engine_kind engine);

/*
 * Walk over the options to echo: those given (typed), and those that readers of the results rely on, given or not.
 * fn gets the name with '_' and the value. global: only those given as defaults; else those of the job itself.
 */
void options_echo(const struct job_options *job, bool global, void (*fn)(void *opaque, const char *name, const char *value),
                  void *opaque);

/* The same for all that were given, to the job or as defaults, with the values as they were understood: see option_print(). */
void options_echo_parsed(const struct job_options *job, void (*fn)(void *opaque, const char *name, const char *value),
                         void *opaque);

#endif
