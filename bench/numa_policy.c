/* SPDX-License-Identifier: MIT */
#include "numa_policy.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "cpulist.h"

static const struct {
    const char *name;
    enum numa_mode mode;
    bool has_nodes;
} modes[] = {
    { "default", NUMA_DEFAULT, false }, { "local", NUMA_LOCAL, false },          { "prefer", NUMA_PREFER, true },
    { "bind", NUMA_BIND, true },        { "interleave", NUMA_INTERLEAVE, true },
};

int numa_policy_parse(const char *text, struct numa_policy *policy, const char **why)
{
    *policy = (struct numa_policy){ .mode = NUMA_UNCHANGED };
    *why = NULL;
    if (!text)
        return 0;
    const char *colon = strchrnul(text, ':');

    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        if (strlen(modes[i].name) != (size_t)(colon - text) || strncmp(modes[i].name, text, (size_t)(colon - text)) != 0)
            continue;
        policy->mode = modes[i].mode;
        if (modes[i].has_nodes && (!*colon || cpulist_parse(colon + 1, &policy->nodes)))
            *why = "behind the ':' it needs a list of nodes";
        else if (!modes[i].has_nodes && *colon)
            *why = "this mode takes no nodes";
        else if (policy->mode == NUMA_PREFER && CPU_COUNT(&policy->nodes) != 1)
            *why = "prefer takes one node";
        return *why ? -EINVAL : 0;
    }
    *why = "accepted: default, local, prefer:NODE, bind:LIST, interleave:LIST";
    return -EINVAL;
}
