/* SPDX-License-Identifier: MIT */
#ifndef BENCH_CPULIST_H
#define BENCH_CPULIST_H

#include <sched.h>

/* A list of CPU numbers and ranges ("0-3,6") as a set; 0 or -EINVAL (CPU_SETSIZE numbers are known). */
int cpulist_parse(const char *text, cpu_set_t *set);

#define CPULIST_TEXT_MAX (6 * CPU_SETSIZE) /* bytes that any list fits into */

/* The other way round. Returns text. */
char *cpulist_format(const cpu_set_t *set, char text[CPULIST_TEXT_MAX]);

#endif
