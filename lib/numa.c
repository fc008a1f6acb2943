/* SPDX-License-Identifier: MIT */
#include "numa.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

const char *numa_root = "/sys/devices/system/node";

/* The first line of numa_root/name, without its end. */
static int read_list(const char *name, char list[NUMA_LIST_BYTES])
{
    char path[256];
    FILE *file;
    int err = 0;

    if (snprintf(path, sizeof(path), "%s/%s", numa_root, name) >= (int)sizeof(path))
        return -ENAMETOOLONG;
    file = fopen(path, "re");
    if (!file)
        return -errno;
    if (!fgets(list, NUMA_LIST_BYTES, file)) {
        err = ferror(file) ? -EIO : 0;
        list[0] = '\0';
    }
    fclose(file);
    list[strcspn(list, "\n")] = '\0';
    return err;
}

int numa_nodes(char list[NUMA_LIST_BYTES])
{
    return read_list("online", list);
}

int numa_node_cpus(unsigned node, char list[NUMA_LIST_BYTES])
{
    char name[32];
    int err;

    snprintf(name, sizeof(name), "node%u/cpulist", node);
    err = read_list(name, list);
    return !err && !*list ? -ENODEV : err;
}
