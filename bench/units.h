/* SPDX-License-Identifier: MIT */
/* Sizes and durations as people type them, and numbers as people like to read them. */
#ifndef BENCH_UNITS_H
#define BENCH_UNITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NS_PER_US INT64_C(1000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_SECOND INT64_C(1000000000)

/*
 * A number as fio reads it: decimal or 0x..., then k, m, g, t or p (times kb_base each, 1024 or 1000), then b or ib. Fractions
 * and trailing junk are errors here. *decimal is set when the unit ended in "ib": fio takes that as a power of the other base (of
 * 1000, as a rule), and so do we.
 * Return 0, or -EINVAL or -ERANGE with *why saying what is wrong in words.
 */
int parse_size(const char *text, unsigned kb_base, uint64_t *value, bool *decimal, const char **why);

/* A whole number that may be negative, without units. */
int parse_signed(const char *text, int64_t *value, const char **why);

/* A share of something: "50%". Returns as above; text without a % is -EINVAL. */
int parse_percent(const char *text, unsigned *percent, const char **why);

/* A duration: a number, then d, h, m, s, ms, us or ns (msec, usec and nsec too); a bare number is one of unit_ns. */
int parse_duration(const char *text, int64_t unit_ns, int64_t *ns, const char **why);

#define UNIT_TEXT_MAX 32

/* Into buf, which is returned: "1234", "63.7k", "1.05M" ... */
const char *format_count(char buf[UNIT_TEXT_MAX], double value);

/* "512B", "4096KiB", "1.23GiB" ... */
const char *format_bytes(char buf[UNIT_TEXT_MAX], double bytes);

/* "850 ns", "12.3 us", "4.56 ms", "1.20 s" */
const char *format_ns(char buf[UNIT_TEXT_MAX], double ns);

#endif
