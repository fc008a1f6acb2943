/* SPDX-License-Identifier: MIT */
/* A quota holds for all groups below, so the least on the way up to the root counts. */
#include "cpu_share.h"

#include <limits.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define UNKNOWN 0u /* in the cache, which holds one more than there are */

bool cpu_share_parse(const char *text, unsigned *cpus)
{
    long long quota, period;

    if (sscanf(text, "%lld %lld", &quota, &period) != 2 || quota < 0 || period <= 0)
        return false;
    *cpus = quota / period > INT_MAX ? INT_MAX : (unsigned)(quota / period);
    return true;
}

bool cpu_share_up(char *path)
{
    char *slash = strrchr(path, '/');

    if (!slash || !path[1])
        return false;
    slash[slash == path] = '\0';
    return true;
}

/* The first line of a file, without its end; empty if there is none. */
static void read_line(const char *directory, const char *group, const char *name, char *line, int bytes)
{
    char path[PATH_MAX];
    FILE *file;

    line[0] = '\0';
    if (snprintf(path, sizeof(path), "%s%s/%s", directory, group, name) >= (int)sizeof(path))
        return;
    file = fopen(path, "re");
    if (!file)
        return;
    if (!fgets(line, bytes, file))
        line[0] = '\0';
    line[strcspn(line, "\n")] = '\0';
    fclose(file);
}

static unsigned quota_of(const char *group, bool version_2)
{
    char line[128], period[32];
    unsigned cpus = UINT_MAX;

    if (version_2) {
        read_line("/sys/fs/cgroup", group, "cpu.max", line, sizeof(line));
    } else {
        read_line("/sys/fs/cgroup/cpu", group, "cpu.cfs_quota_us", line, 64);
        read_line("/sys/fs/cgroup/cpu", group, "cpu.cfs_period_us", period, sizeof(period));
        strcat(strcat(line, " "), period);
    }
    return cpu_share_parse(line, &cpus) ? cpus : UINT_MAX;
}

static unsigned least_quota(char *group, bool version_2)
{
    unsigned least = UINT_MAX;

    do {
        unsigned cpus = quota_of(group, version_2);

        least = cpus < least ? cpus : least;
    } while (cpu_share_up(group));
    return least;
}

/* Is it one of these words? */
static bool has_cpu(const char *controllers)
{
    for (const char *word = controllers; word; word = strchr(word, ',') ? strchr(word, ',') + 1 : NULL)
        if (!strncmp(word, "cpu", 3) && (word[3] == ',' || !word[3]))
            return true;
    return false;
}

/* Lines are ID:CONTROLLERS:GROUP; version 2 has ID 0 and no controllers. */
static unsigned quota(void)
{
    FILE *file = fopen("/proc/self/cgroup", "re");
    char line[PATH_MAX];
    unsigned least = UINT_MAX;

    while (file && fgets(line, sizeof(line), file)) {
        char *controllers = strchr(line, ':'), *group = controllers ? strchr(controllers + 1, ':') : NULL;
        unsigned cpus = UINT_MAX;

        if (!group)
            continue;
        *group++ = '\0';
        controllers++;
        group[strcspn(group, "\n")] = '\0';
        if (!*controllers)
            cpus = least_quota(group, true);
        else if (has_cpu(controllers))
            cpus = least_quota(group, false);
        least = cpus < least ? cpus : least;
    }
    if (file)
        fclose(file);
    return least;
}

unsigned cpu_share(void)
{
    static _Atomic unsigned cache; /* whoever comes first: all find the same */
    unsigned known = atomic_load_explicit(&cache, memory_order_relaxed);
    cpu_set_t cpus;
    unsigned n, limit;

    if (known != UNKNOWN)
        return known - 1;
    n = sched_getaffinity(getpid(), sizeof(cpus), &cpus) ? (unsigned)sysconf(_SC_NPROCESSORS_ONLN) : (unsigned)CPU_COUNT(&cpus);
    limit = quota();
    known = limit < n ? limit : n;
    atomic_store_explicit(&cache, known + 1, memory_order_relaxed);
    return known;
}
