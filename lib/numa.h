/* SPDX-License-Identifier: MIT */
/* Which NUMA nodes there are, and their CPUs, as the kernel says under /sys. Any thread; blocks for reading small files. */
#ifndef LARIAT_NUMA_H
#define LARIAT_NUMA_H

#include <sched.h>
#include <stddef.h>

#define NUMA_LIST_BYTES 4096 /* of one line of /sys */

/* Where the kernel says it. Tests look elsewhere. */
extern const char *numa_root;

/* The nodes, as a list like "0-1". 0 or -errno: -ENOENT in a kernel that knows no nodes. */
int numa_nodes(char list[NUMA_LIST_BYTES]);

/* The CPUs of one. 0, or -errno: -ENOENT: there is no such node; -ENODEV: it has memory only. */
int numa_node_cpus(unsigned node, char list[NUMA_LIST_BYTES]);

#endif
