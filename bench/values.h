/* SPDX-License-Identifier: MIT */
/*
 * Values of options that are more than one number: lists by direction, ranges, splits, distributions, patterns. Text in, struct
 * out; nothing here knows of options. All return 0, or -EINVAL or -ERANGE with *why saying in words what is wrong.
 */
#ifndef BENCH_VALUES_H
#define BENCH_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum direction { DIR_READ, DIR_WRITE, DIR_TRIM, DIRECTIONS };

/* Bytes, or a percentage of the file. Both 0: not given. */
struct size_value {
    uint64_t bytes;
    unsigned percent;
};

struct value_range {
    uint64_t min, max;
};

struct time_range {
    int64_t min_ns, max_ns;
};

#define SPLIT_MAX 64 /* entries of one direction */

/* bssplit: sizes and the share of I/Os each gets; the shares of a direction sum to 100. n 0: none given. */
struct size_split {
    unsigned n;
    struct {
        uint64_t bytes;
        double percent;
    } entries[SPLIT_MAX];
};

#define FLOATS_MAX 20

struct float_list {
    unsigned n;
    double values[FLOATS_MAX];
};

enum distribution_kind { DIST_RANDOM, DIST_ZIPF, DIST_PARETO, DIST_NORMAL, DIST_ZONED, DIST_ZONED_ABS };

/* Zones in their order on the file: `percent` of the I/Os go to `span` (percent of the file; of zoned_abs: bytes). n 0: uniform. */
struct zone_list {
    unsigned n;
    struct {
        unsigned percent;
        uint64_t span;
    } zones[SPLIT_MAX];
};

/* random_distribution. */
struct distribution {
    uint64_t kind;    /* enum distribution_kind */
    double parameter; /* theta of zipf, h of pareto, deviation of normal in percent of the file */
    double center;    /* where the hot spot is, 0 to 1; below 0: not given */
    struct zone_list zones[DIRECTIONS];
};

#define ERRORS_MAX 16

struct error_list {
    unsigned n;
    int errors[ERRORS_MAX]; /* positive errno values */
};

enum steady_criterion {
    STEADY_OFF,
    STEADY_IOPS,
    STEADY_IOPS_SLOPE,
    STEADY_BW,
    STEADY_BW_SLOPE,
    STEADY_LAT,
    STEADY_LAT_SLOPE
};

/* steadystate: which figure, and how far it may go; in percent, or in its own unit (IOPS, bytes/s, ns). */
struct steady_value {
    uint64_t criterion; /* enum steady_criterion */
    double limit;
    bool in_percent;
};

/* sync_file_range: flags of sync_file_range(2), and after how many writes. n 0: never. */
struct sync_range {
    uint64_t n;
    unsigned flags;
};

enum mem_kind { MEM_MALLOC, MEM_MMAP, MEM_MMAPHUGE, MEM_SHM, MEM_MMAPSHARED, MEM_SHMHUGE };

/* mem: a kind of memory; of the mmap kinds, perhaps the file that is mapped. */
struct memory_value {
    uint64_t kind;    /* enum mem_kind */
    const char *path; /* NULL: none */
};

#define PATTERN_MAX 512
#define PATTERN_OFFSETS_MAX 64

/* verify_pattern, buffer_pattern: bytes to repeat; at offsets[] stand 8 bytes to be filled with the block's offset (%o). */
struct pattern {
    uint16_t n; /* 0: none given */
    uint16_t n_offsets;
    uint16_t offsets[PATTERN_OFFSETS_MAX];
    uint8_t bytes[PATTERN_MAX];
};

/*
 * Lists of up to three, "read,write,trim": the last one counts for those after it, unless a comma stands behind it; an empty one
 * leaves what is there. kb_base and decimal: see parse_size().
 */
int parse_size_list(const char *text, unsigned kb_base, uint64_t values[DIRECTIONS], bool *decimal, const char **why);
int parse_duration_list(const char *text, int64_t unit_ns, int64_t values_ns[DIRECTIONS], const char **why);
int parse_range_list(const char *text, unsigned kb_base, struct value_range ranges[DIRECTIONS], bool *decimal,
                     const char **why);
int parse_split_list(const char *text, unsigned kb_base, struct size_split splits[DIRECTIONS], bool *decimal,
                     const char **why);
int parse_error_lists(const char *text, struct error_list lists[DIRECTIONS], const char **why);

/* "4k-16k" or "4k:16k"; one number is both ends. */
int parse_range(const char *text, unsigned kb_base, struct value_range *range, bool *decimal, const char **why);

/* "5-10", "500ms"; bare numbers are seconds. */
int parse_time_range(const char *text, struct time_range *range, const char **why);

/* A decimal fraction, without a sign or an exponent. */
int parse_float(const char *text, double *value, const char **why);

/* "50:99:99.9": up to FLOATS_MAX. */
int parse_float_list(const char *text, struct float_list *list, const char **why);

/* "zipf:1.2", "pareto:0.2:0.5", "normal:20", "zoned:60/10:30/20:8/30:2/40", "zoned_abs:95/50g:5/950g" ... */
int parse_distribution(const char *text, unsigned kb_base, struct distribution *distribution, const char **why);

/* "iops:10%", "bw_slope:0.5" ... */
int parse_steady(const char *text, struct steady_value *steady, const char **why);

/* "wait_before,write:32" */
int parse_sync_range(const char *text, struct sync_range *range, const char **why);

/* 0xff00, 255, "text", 'file', %o, and any of them one behind the other. */
int parse_pattern(const char *text, struct pattern *pattern, const char **why);

/* The name of an errno value, as parse_error_lists() takes it, or NULL; and the other way round, 0. */
const char *error_name(int error);
int error_value(const char *name, size_t n);

#endif
