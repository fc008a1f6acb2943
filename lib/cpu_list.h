/* SPDX-License-Identifier: MIT */
/* Lists of CPUs as people write them: "1", "0-3,6". */
#ifndef LARIAT_CPU_LIST_H
#define LARIAT_CPU_LIST_H

#include <sched.h>
#include <stdbool.h>

/* 0, or -EINVAL: not a list of CPU numbers and ranges below CPU_SETSIZE. */
int cpu_list_parse(const char *text, cpu_set_t *cpus);

/* 0, or -ENODEV: one of them is not a CPU that this process may run on. */
int cpu_list_check(const cpu_set_t *cpus);

/* Does this machine have a CPU of that number? */
bool cpu_exists(size_t cpu);

#endif
