/* SPDX-License-Identifier: MIT */
/* How many CPUs this process may keep busy: its main thread's affinity and the quotas of its cgroups. */
#ifndef LARIAT_CPU_SHARE_H
#define LARIAT_CPU_SHARE_H

#include <stdbool.h>

/* Whole CPUs; 0: a quota of less than one. Looks once per process, at the first call. Any thread. */
unsigned cpu_share(void);

/*
 * The parts: what a cgroup's files say, "QUOTA PERIOD" of version 2's cpu.max or of version 1's two files; and the directory
 * above, in place. False: "max", -1, or nothing one can read; no directory above.
 */
bool cpu_share_parse(const char *text, unsigned *cpus);
bool cpu_share_up(char *path);

#endif
