/* SPDX-License-Identifier: MIT */
/* What libnuma knows of this machine. Any thread. */
#ifndef BENCH_NUMA_NODES_H
#define BENCH_NUMA_NODES_H

#include <stdbool.h>

#include "numa_policy.h"

/* False: this build was made without libnuma, and has no nodes. */
bool numa_is_built(void);

/* The CPUs of all these nodes. 0; -ENODEV: there is no such node, or it has no CPU. */
int numa_cpus_of(const cpu_set_t *nodes, cpu_set_t *cpus);

/* Have the calling thread, and those it starts, take memory so. 0; -ENODEV: there is no such node; -errno. */
int numa_apply(const struct numa_policy *policy);

#endif
