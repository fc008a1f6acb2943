/* SPDX-License-Identifier: MIT */
/* Numbers as people like to read them. A NAN is "not known", and prints as "-". */
#ifndef CTL_FORMAT_H
#define CTL_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FORMAT_MAX 32

/* Into buf, which is returned: "850 ns", "32.8 us", "4.10 ms", "1.20 s": three digits and always a unit. */
const char *format_ns(char buf[FORMAT_MAX], double ns);

/* "0", "2.5", "999", "63.7k", "1.05M" */
const char *format_rate(char buf[FORMAT_MAX], double per_second);

/* A share from 0 to 1: "0.4 %", "97 %" */
const char *format_share(char buf[FORMAT_MAX], double share);

/* A number of something, with one decimal place: "3.2" */
const char *format_mean(char buf[FORMAT_MAX], double mean);

/*
 * A row of n bars, one character cell each, of heights from 1/8 (above 0) to 8/8 (`full` and above); 0 is a dot. In UTF-8, or
 * in ASCII letters that get bolder. buf has room for 3 * n + 1 bytes; the number of bytes is returned.
 */
size_t format_sparkline(char *buf, const uint64_t *values, size_t n, uint64_t full, bool utf8);

#endif
