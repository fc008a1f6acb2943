/* SPDX-License-Identifier: MIT */
#include "placement.h"

#include <errno.h>
#include <linux/ioprio.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cpulist.h"
#include "numa_nodes.h"

static int complain(const struct job_options *options, int rc, const char *option, const char *why)
{
    fprintf(stderr, "lariat-bench: job %s: --%s: %s\n", options->name, option, why);
    return rc;
}

/* ---- what the options say ---- */

/* Of some CPUs, the one that is the turn of number `index`. */
static void keep_one(cpu_set_t *cpus, unsigned index)
{
    unsigned turn = index % (unsigned)CPU_COUNT(cpus), cpu = 0;

    while (!CPU_ISSET(cpu, cpus) || turn--)
        cpu++;
    CPU_ZERO(cpus);
    CPU_SET(cpu, cpus);
}

static void set_mask(cpu_set_t *cpus, uint64_t mask)
{
    CPU_ZERO(cpus);
    for (unsigned cpu = 0; cpu < 64; cpu++)
        if (mask & UINT64_C(1) << cpu)
            CPU_SET(cpu, cpus);
}

static int init_cpus(struct placement *placement, const struct job_options *options, unsigned index)
{
    cpu_set_t nodes;
    int rc = 0;

    if (options->cpus_allowed) {
        placement->pinned_by = "cpus_allowed";
        (void)cpulist_parse(options->cpus_allowed, &placement->cpus); /* was checked */
    } else if (options->cpumask) {
        placement->pinned_by = "cpumask";
        set_mask(&placement->cpus, options->cpumask);
    } else if (options->numa_cpu_nodes && !cpulist_parse(options->numa_cpu_nodes, &nodes)) {
        placement->pinned_by = "numa_cpu_nodes";
        rc = numa_cpus_of(&nodes, &placement->cpus);
    }
    if (rc)
        return complain(options, rc, "numa_cpu_nodes", "there is no such NUMA node, or it has no CPUs");
    if (placement->pinned_by && options->cpus_allowed_policy == CPUS_SPLIT)
        keep_one(&placement->cpus, index);
    return 0;
}

int placement_init(struct placement *placement, const struct job_options *options, unsigned index)
{
    const char *why;

    *placement = (struct placement){ .nice = (int)options->nice };
    if ((options->numa_cpu_nodes || options->numa_mem_policy) && !numa_is_built())
        return complain(options, -EINVAL, options->numa_cpu_nodes ? "numa_cpu_nodes" : "numa_mem_policy",
                        "this build was made without libnuma");
    if (options->prio >= 0 || options->prioclass)
        placement->ioprio = (int)IOPRIO_PRIO_VALUE(options->prioclass ? options->prioclass : (uint64_t)IOPRIO_CLASS_BE,
                                                   options->prio > 0 ? (uint64_t)options->prio : 0);
    (void)numa_policy_parse(options->numa_mem_policy, &placement->memory, &why); /* was checked */
    return init_cpus(placement, options, index);
}

const char *placement_difference(const struct placement *a, const struct placement *b)
{
    if (!CPU_EQUAL(&a->cpus, &b->cpus))
        return "cpus_allowed (or cpumask, or numa_cpu_nodes)";
    if (a->nice != b->nice)
        return "nice";
    if (a->ioprio != b->ioprio)
        return "prio (or prioclass)";
    if (a->memory.mode != b->memory.mode || !CPU_EQUAL(&a->memory.nodes, &b->memory.nodes))
        return "numa_mem_policy";
    return NULL;
}

/* ---- in force ---- */

static int pin(const struct placement *placement)
{
    cpu_set_t got;
    int rc = -pthread_setaffinity_np(pthread_self(), sizeof(placement->cpus), &placement->cpus);

    if (rc)
        return rc;
    rc = -pthread_getaffinity_np(pthread_self(), sizeof(got), &got); /* CPUs that are not there are left out silently */
    return rc || CPU_EQUAL(&got, &placement->cpus) ? rc : -ENODEV;
}

static int tell_cpus(const struct placement *placement, const struct job_options *options, int rc)
{
    char cpus[CPULIST_TEXT_MAX];

    fprintf(stderr, "lariat-bench: job %s: --%s: there is no such CPU here, or it may not be used: %s\n", options->name,
            placement->pinned_by, cpulist_format(&placement->cpus, cpus));
    return rc == -EINVAL ? -ENODEV : rc;
}

int placement_apply(const struct placement *placement, const struct job_options *options)
{
    int rc = placement->pinned_by ? pin(placement) : 0;

    if (rc)
        return tell_cpus(placement, options, rc);
    rc = numa_apply(&placement->memory);
    if (rc)
        return complain(options, rc, "numa_mem_policy", rc == -ENODEV ? "there is no such NUMA node" : strerror(-rc));
    if (placement->nice && setpriority(PRIO_PROCESS, 0, placement->nice)) /* on Linux: of the thread */
        return complain(options, -errno, "nice", strerror(errno));
    if (placement->ioprio && syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, placement->ioprio))
        return complain(options, -errno, options->prioclass ? "prioclass" : "prio", strerror(errno));
    return 0;
}

/* ---- a thread for the while ---- */

struct call {
    const struct placement *placement;
    const struct job_options *options;
    int (*fn)(void *opaque);
    void *opaque;
    int rc;
};

static void *thread_main(void *opaque)
{
    struct call *call = opaque;

    call->rc = placement_apply(call->placement, call->options);
    if (!call->rc)
        call->rc = call->fn(call->opaque);
    return NULL;
}

int placement_call(const struct placement *placement, const struct job_options *options, int (*fn)(void *opaque),
                   void *opaque)
{
    static const struct placement nothing;
    struct call call = { placement, options, fn, opaque, 0 };
    pthread_t thread;

    if (!placement_difference(placement, &nothing))
        return fn(opaque);
    int rc = -pthread_create(&thread, NULL, thread_main, &call);

    if (rc) {
        fprintf(stderr, "lariat-bench: job %s: no thread: %s\n", options->name, strerror(-rc));
        return rc;
    }
    pthread_join(thread, NULL);
    return call.rc;
}
