/* SPDX-License-Identifier: MIT */
#include "preflight.h"

#include <dirent.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cpulist.h"
#include "text_file.h"

#define NAMES_MAX 120

__attribute__((format(printf, 5, 6))) static void find(struct preflight *p, const char *check, bool warning, int job,
                                                       const char *format, ...)
{
    struct preflight_finding *finding = &p->list[p->n];
    va_list args;

    if (p->n == PREFLIGHT_MAX)
        return;
    *finding = (struct preflight_finding){ .check = check, .warning = warning, .job = job };
    va_start(args, format);
    vsnprintf(finding->text, sizeof(finding->text), format, args);
    va_end(args);
    for (unsigned i = 0; i < p->n; i++)
        if (p->list[i].job == job && strcmp(p->list[i].text, finding->text) == 0)
            return;
    p->n++;
}

/* The first line of a file. */
static bool read_line(const char *root, const char *path, char *text, size_t size)
{
    if (text_file_read(root, path, text, size) < 0)
        return false;
    text[strcspn(text, "\n")] = '\0';
    return true;
}

/* ---- the machine ---- */

/* The value behind "key : " in /proc/cpuinfo; "" if it is not there. */
static void cpuinfo_value(const char *text, const char *key, char *value, size_t size)
{
    const char *line = strstr(text, key);
    const char *colon = line ? strchr(line, ':') : NULL;

    value[0] = '\0';
    if (!colon)
        return;
    colon += 1 + strspn(colon + 1, " \t");
    snprintf(value, size, "%.*s", (int)strcspn(colon, "\n"), colon);
}

void preflight_machine(struct preflight *p, const char *root)
{
    char text[4096];

    read_line(root, "/proc/sys/kernel/osrelease", p->kernel, sizeof(p->kernel));
    text_file_read(root, "/proc/cpuinfo", text, sizeof(text));
    cpuinfo_value(text, "model name", p->cpu, sizeof(p->cpu));
}

void preflight_governor(struct preflight *p, const char *root)
{
    for (unsigned cpu = 0; cpu < 1024; cpu++) {
        char path[96], governor[64];

        snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/cpufreq/scaling_governor", cpu);
        if (!read_line(root, path, governor, sizeof(governor)))
            return;
        if (strcmp(governor, "performance") == 0)
            continue;
        find(p, "governor", true, -1,
             "the frequency governor of CPU %u is %s and not performance: the clock rate follows the load", cpu, governor);
        return;
    }
}

static void add_name(char names[NAMES_MAX], const char *name)
{
    size_t n = strlen(names);

    if (n + strlen(name) + 3 < NAMES_MAX)
        snprintf(names + n, NAMES_MAX - n, "%s%s", n ? ", " : "", name);
}

void preflight_mitigations(struct preflight *p, const char *root)
{
    char path[PATH_MAX], names[NAMES_MAX] = "", text[256];
    const struct dirent *entry;
    unsigned n = 0;

    snprintf(path, sizeof(path), "%s/sys/devices/system/cpu/vulnerabilities", root);
    DIR *dir = opendir(path);
    while (dir && (entry = readdir(dir))) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof(path), "/sys/devices/system/cpu/vulnerabilities/%s", entry->d_name);
        if (!read_line(root, path, text, sizeof(text)) || strncmp(text, "Mitigation", 10) != 0)
            continue;
        add_name(names, entry->d_name);
        n++;
    }
    if (dir)
        closedir(dir);
    if (n)
        find(p, "mitigations", false, -1, "%u mitigations of CPU bugs are on, which makes system calls slower: %s", n,
             names);
}

void preflight_virtual(struct preflight *p, const char *root)
{
    char text[16384], flags[8192], product[96];

    text_file_read(root, "/proc/cpuinfo", text, sizeof(text));
    cpuinfo_value(text, "flags", flags, sizeof(flags));
    if (!strstr(flags, " hypervisor"))
        return;
    if (!read_line(root, "/sys/class/dmi/id/product_name", product, sizeof(product)) || !product[0])
        snprintf(product, sizeof(product), "unknown");
    find(p, "virtual", false, -1, "this is a virtual machine (%s): its host and its neighbours are in the figures", product);
}

void preflight_load(struct preflight *p, const char *root)
{
    char text[128];
    double load;

    if (read_line(root, "/proc/loadavg", text, sizeof(text)) && sscanf(text, "%lf", &load) == 1 && load >= 0.5)
        find(p, "load", load >= 1, -1, "the load average of the last minute is %.2f: others want the CPUs too", load);
}

bool preflight_cpu_times(const char *text, struct cpu_times *times)
{
    uint64_t user, nice, system, idle, iowait, irq, softirq, steal;

    if (sscanf(text, "cpu %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64,
               &user, &nice, &system, &idle, &iowait, &irq, &softirq, &steal) != 8)
        return false;
    *times = (struct cpu_times){ user + nice + system + irq + softirq, idle + iowait, steal };
    return true;
}

void preflight_busy(struct preflight *p, const struct cpu_times *before, const struct cpu_times *after)
{
    double busy = (double)(after->busy - before->busy), steal = (double)(after->steal - before->steal);
    double total = busy + steal + (double)(after->idle - before->idle);

    if (total <= 0)
        return;
    if (busy / total > 0.1)
        find(p, "busy", true, -1, "others use %.0f%% of the CPU time just now", 100 * busy / total);
    if (steal / total > 0.01)
        find(p, "steal", true, -1, "the host takes away %.0f%% of the CPU time just now", 100 * steal / total);
}

/* ---- devices ---- */

static bool read_queue(const char *root, const char *disk, const char *name, char *text, size_t size)
{
    char path[160];

    snprintf(path, sizeof(path), "/sys/block/%s/queue/%s", disk, name);
    return read_line(root, path, text, size);
}

/* "mq-deadline kyber [none]": the one in brackets. */
static void chosen(const char *text, char *name, size_t size)
{
    const char *begin = strchr(text, '[');

    snprintf(name, size, "%.*s", begin ? (int)strcspn(begin + 1, "]") : (int)strlen(text), begin ? begin + 1 : text);
}

void preflight_disk(struct preflight *p, const char *root, const char *disk)
{
    char text[256], scheduler[64];

    if (read_queue(root, disk, "scheduler", text, sizeof(text))) {
        chosen(text, scheduler, sizeof(scheduler));
        if (strcmp(scheduler, "none") != 0)
            find(p, "scheduler", true, -1, "%s: the I/O scheduler is %s and not none: it orders I/Os and takes CPU time",
                 disk, scheduler);
    }
    if (read_queue(root, disk, "nomerges", text, sizeof(text)) && strcmp(text, "0") == 0)
        find(p, "nomerges", false, -1, "%s: the kernel looks for I/Os to merge (queue/nomerges is 0)", disk);
    if (read_queue(root, disk, "iostats", text, sizeof(text)) && strcmp(text, "0") != 0)
        find(p, "iostats", false, -1, "%s: the kernel counts each I/O (queue/iostats is 1); disk_util needs that", disk);
    if (read_queue(root, disk, "rotational", text, sizeof(text)) && strcmp(text, "1") == 0)
        find(p, "rotational", false, -1, "%s: the kernel takes it for a spinning disk", disk);
}

/* Is any CPU of the node allowed? */
static bool node_allowed(const char *root, int node, const char *cpus)
{
    char path[96], text[1024];
    cpu_set_t of_node, allowed;

    snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/cpulist", node);
    if (!read_line(root, path, text, sizeof(text)) || cpulist_parse(text, &of_node))
        return true;
    if (!cpus || cpulist_parse(cpus, &allowed))
        return false; /* on any CPU: chance decides */
    CPU_AND(&allowed, &allowed, &of_node);
    return CPU_COUNT(&allowed) > 0;
}

void preflight_numa(struct preflight *p, const char *root, const char *disk, const char *cpus, int job)
{
    char path[160], text[256];
    int node;

    snprintf(path, sizeof(path), "/sys/block/%s/device/numa_node", disk);
    if (!read_line(root, path, text, sizeof(text)) || sscanf(text, "%d", &node) != 1 || node < 0)
        return;
    if (!read_line(root, "/sys/devices/system/node/online", text, sizeof(text)) || strcmp(text, "0") == 0)
        return;
    if (!node_allowed(root, node, cpus))
        find(p, "numa", true, job, "%s is at NUMA node %d, and %s%s may run far from it; see --cpus_allowed", disk, node,
             cpus ? "CPUs " : "the job's thread", cpus ? cpus : "");
}

/* ---- targets ---- */

static void check_cache(struct preflight *p, const struct preflight_target *t)
{
    if (t->direct)
        return;
    if (t->memory_backed)
        find(p, "memory", false, t->job, "%s is in memory: no device is measured", t->path);
    else if (t->reads && !t->invalidates)
        find(p, "cache", true, t->job, "%s: without --direct and with --invalidate=0 the page cache is measured", t->path);
    else
        find(p, "cache", true, t->job, "%s: without --direct the page cache is in play: %s", t->path,
             t->reads ? "blocks may be read ahead, or a second time from memory"
                      : "writes end in memory, and are written later");
}

static void check_nowait(struct preflight *p, const struct preflight_target *t)
{
    if (!t->ring || t->memory_backed)
        return;
    if (t->reads && !t->supports_nowait)
        find(p, "nowait", true, t->job,
             "%s: its file system cannot read without blocking: each read is punted to a worker thread", t->path);
    if (t->writes && !t->supports_nowait_write)
        find(p, "nowait", true, t->job, "%s: it cannot be written without blocking: each write is punted to a worker thread",
             t->path);
}

void preflight_target(struct preflight *p, const struct preflight_target *t)
{
    check_cache(p, t);
    check_nowait(p, t);
    if (t->direct && t->offset_align > 1 && t->bs % t->offset_align)
        find(p, "alignment", true, t->job, "%s: O_DIRECT wants multiples of %u bytes, and --bs is %" PRIu64, t->path,
             t->offset_align, t->bs);
    else if (t->direct && t->writes && t->physical_block && t->bs % t->physical_block)
        find(p, "alignment", true, t->job,
             "%s: the device has blocks of %" PRIu64 " bytes, and --bs is %" PRIu64 ": it must read before it can write",
             t->path, t->physical_block, t->bs);
}

void preflight_print(const struct preflight *p, FILE *out)
{
    for (unsigned i = 0; i < p->n; i++)
        fprintf(out, "lariat-bench: preflight: %s%s: %s\n", p->list[i].warning ? "warning: " : "", p->list[i].check,
                p->list[i].text);
}
