/* SPDX-License-Identifier: MIT */
/* numa_mem_policy: from which NUMA nodes memory is to come. */
#ifndef BENCH_NUMA_POLICY_H
#define BENCH_NUMA_POLICY_H

#include <sched.h>

enum numa_mode {
    NUMA_UNCHANGED, /* not given */
    NUMA_DEFAULT,
    NUMA_LOCAL,
    NUMA_PREFER,
    NUMA_BIND,
    NUMA_INTERLEAVE
};

struct numa_policy {
    enum numa_mode mode;
    cpu_set_t nodes; /* numbers of nodes, not of CPUs; of the last three modes */
};

/* "bind:0-1", "local" ...; NULL: unchanged. 0; -EINVAL with *why saying what is wrong. */
int numa_policy_parse(const char *text, struct numa_policy *policy, const char **why);

#endif
