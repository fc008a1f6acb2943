/* SPDX-License-Identifier: MIT */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "numa_nodes.h"

#include <errno.h>

#ifdef HAVE_NUMA
#include <numa.h>
#include <numaif.h>

bool numa_is_built(void)
{
    return true;
}

/* Without a NUMA kernel there is node 0 and nothing to say about it. */
static bool has_node(unsigned node)
{
    return numa_available() >= 0 && node <= (unsigned)numa_max_node() && numa_bitmask_isbitset(numa_all_nodes_ptr, node);
}

static int add_cpus(unsigned node, struct bitmask *of_node, cpu_set_t *cpus)
{
    if (!has_node(node) || numa_node_to_cpus((int)node, of_node))
        return -ENODEV;
    for (unsigned cpu = 0; cpu < of_node->size && cpu < CPU_SETSIZE; cpu++)
        if (numa_bitmask_isbitset(of_node, cpu))
            CPU_SET(cpu, cpus);
    return 0;
}

int numa_cpus_of(const cpu_set_t *nodes, cpu_set_t *cpus)
{
    struct bitmask *of_node;
    int rc = 0;

    CPU_ZERO(cpus);
    if (numa_available() < 0)
        return -ENODEV;
    of_node = numa_allocate_cpumask();
    for (unsigned node = 0; node < CPU_SETSIZE && !rc; node++)
        if (CPU_ISSET(node, nodes))
            rc = add_cpus(node, of_node, cpus);
    numa_free_cpumask(of_node);
    return !rc && !CPU_COUNT(cpus) ? -ENODEV : rc;
}

static int set_policy(int mode, const cpu_set_t *nodes)
{
    struct bitmask *mask = numa_allocate_nodemask();
    int rc = 0;

    for (unsigned node = 0; node < CPU_SETSIZE && !rc; node++)
        if (CPU_ISSET(node, nodes)) {
            if (has_node(node))
                numa_bitmask_setbit(mask, node);
            else
                rc = -ENODEV;
        }
    if (!rc && set_mempolicy(mode, mask->maskp, mask->size + 1)) /* the kernel takes one bit less */
        rc = -errno;
    numa_free_nodemask(mask);
    return rc;
}

int numa_apply(const struct numa_policy *policy)
{
    if (policy->mode == NUMA_UNCHANGED)
        return 0;
    if (numa_available() < 0)
        return -ENODEV;
    switch (policy->mode) {
    case NUMA_PREFER: return set_policy(MPOL_PREFERRED, &policy->nodes);
    case NUMA_BIND: return set_policy(MPOL_BIND, &policy->nodes);
    case NUMA_INTERLEAVE: return set_policy(MPOL_INTERLEAVE, &policy->nodes);
    case NUMA_LOCAL: return set_mempolicy(MPOL_LOCAL, NULL, 0) ? -errno : 0;
    case NUMA_DEFAULT: return set_mempolicy(MPOL_DEFAULT, NULL, 0) ? -errno : 0;
    case NUMA_UNCHANGED: break;
    }
    return 0;
}

#else

bool numa_is_built(void)
{
    return false;
}

int numa_cpus_of(const cpu_set_t *nodes, cpu_set_t *cpus)
{
    (void)nodes;
    CPU_ZERO(cpus);
    return -ENODEV;
}

int numa_apply(const struct numa_policy *policy)
{
    return policy->mode == NUMA_UNCHANGED ? 0 : -ENODEV;
}

#endif
