/* SPDX-License-Identifier: MIT */
/* What libnuma knows of this machine. Without it, all are refused with -ENOTSUP. Any thread. */
#ifndef BENCH_NUMA_NODES_H
#define BENCH_NUMA_NODES_H

#include "numa_policy.h"

/* The CPUs of all these nodes. 0; -ENODEV: there is no such node, or it has no CPU. */
int numa_cpus_of(const cpu_set_t *nodes, cpu_set_t *cpus);

/* Have the calling thread, and those it starts, take memory so. 0; -ENODEV: there is no such node; -errno. */
int numa_apply(const struct numa_policy *policy);

#endif
