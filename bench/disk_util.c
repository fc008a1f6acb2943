/* SPDX-License-Identifier: MIT */
#include "disk_util.h"

#include <dirent.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "text_file.h"

bool disk_parse_stat(const char *text, struct disk_counts *c)
{
    *c = (struct disk_counts){ .busy_ms = 0 };
    return sscanf(text,
                  "%" SCNu64 "%" SCNu64 "%" SCNu64 "%" SCNu64 "%" SCNu64 "%" SCNu64 "%" SCNu64 "%" SCNu64 "%*u%" SCNu64
                  "%" SCNu64,
                  &c->ios[0], &c->merges[0], &c->sectors[0], &c->ticks_ms[0], &c->ios[1], &c->merges[1], &c->sectors[1],
                  &c->ticks_ms[1], &c->busy_ms, &c->in_queue_ms) == 10;
}

static bool read_counts(const struct disks *disks, const struct disk *disk, struct disk_counts *counts)
{
    char path[128], text[512];

    snprintf(path, sizeof(path), "/sys/block/%s/stat", disk->name);
    return text_file_read(disks->root, path, text, sizeof(text)) > 0 && disk_parse_stat(text, counts);
}

void disks_init(struct disks *disks, const char *root)
{
    memset(disks, 0, sizeof(*disks));
    disks->root = root;
}

static bool known(const struct disks *disks, const char *name, int parent)
{
    for (unsigned i = 0; i < disks->n; i++)
        if (disks->list[i].parent == parent && strcmp(disks->list[i].name, name) == 0)
            return true;
    return false;
}

/* The index, or -1. */
static int add_name(struct disks *disks, const char *name, int parent)
{
    struct disk *disk = &disks->list[disks->n];

    if (disks->n == DISKS_MAX || strlen(name) >= DISK_NAME_MAX || known(disks, name, parent))
        return -1;
    *disk = (struct disk){ .parent = parent };
    snprintf(disk->name, sizeof(disk->name), "%s", name);
    return (int)disks->n++;
}

static void add_slaves(struct disks *disks, int parent)
{
    char path[PATH_MAX];
    const struct dirent *entry;

    snprintf(path, sizeof(path), "%s/sys/block/%s/slaves", disks->root, disks->list[parent].name);
    DIR *dir = opendir(path);
    if (!dir)
        return;
    while ((entry = readdir(dir)))
        if (entry->d_name[0] != '.')
            add_name(disks, entry->d_name, parent);
    closedir(dir);
}

/* sysfs has a link for each device number and name; the directory of a partition lies in that of its disk. */
static bool find_disk(const struct disks *disks, const char *link, char name[DISK_NAME_MAX])
{
    char path[PATH_MAX], real[PATH_MAX], partition[PATH_MAX + 16];
    const char *last;

    snprintf(path, sizeof(path), "%s/sys/%s", disks->root, link);
    if (!realpath(path, real))
        return false;
    snprintf(partition, sizeof(partition), "%s/partition", real);
    if (access(partition, F_OK) == 0 && strrchr(real, '/'))
        *strrchr(real, '/') = '\0';
    last = strrchr(real, '/');
    if (!last || strlen(last + 1) >= DISK_NAME_MAX)
        return false;
    memcpy(name, last + 1, strlen(last + 1) + 1);
    return true;
}

static void add_link(struct disks *disks, const char *link)
{
    char name[DISK_NAME_MAX];

    if (!find_disk(disks, link, name))
        return;
    int index = add_name(disks, name, -1);
    if (index >= 0)
        add_slaves(disks, index);
}

void disks_add(struct disks *disks, dev_t device)
{
    char link[64];

    snprintf(link, sizeof(link), "dev/block/%u:%u", major(device), minor(device));
    add_link(disks, link);
}

void disks_add_name(struct disks *disks, const char *name)
{
    char link[NAME_MAX + 32];

    snprintf(link, sizeof(link), "class/block/%s", name);
    add_link(disks, link);
}

void disks_begin(struct disks *disks, int64_t now_ns)
{
    for (unsigned i = 0; i < disks->n; i++) {
        struct disk *disk = &disks->list[i];

        if (disk->begun)
            continue;
        disk->readable = read_counts(disks, disk, &disk->begin);
        disk->begin_ns = now_ns;
        disk->begun = true;
    }
}

void disks_end(struct disks *disks, int64_t now_ns)
{
    for (unsigned i = 0; i < disks->n; i++)
        if (disks->list[i].readable)
            disks->list[i].readable = read_counts(disks, &disks->list[i], &disks->list[i].end);
    disks->end_ns = now_ns;
}

static struct disk_counts difference(const struct disk_counts *from, const struct disk_counts *to)
{
    struct disk_counts d;

    for (unsigned i = 0; i < 2; i++) {
        d.ios[i] = to->ios[i] - from->ios[i];
        d.merges[i] = to->merges[i] - from->merges[i];
        d.sectors[i] = to->sectors[i] - from->sectors[i];
        d.ticks_ms[i] = to->ticks_ms[i] - from->ticks_ms[i];
    }
    d.in_queue_ms = to->in_queue_ms - from->in_queue_ms;
    d.busy_ms = to->busy_ms - from->busy_ms;
    return d;
}

static bool counts_of(const struct disks *disks, const struct disk *disk, struct disk_counts *counts)
{
    struct disk_counts now = disk->end;

    if (!disk->readable || (!disks->end_ns && !read_counts(disks, disk, &now)))
        return false;
    *counts = difference(&disk->begin, &now);
    return true;
}

static double percent(const struct disks *disks, const struct disk *disk, uint64_t busy_ms, int64_t now_ns)
{
    double elapsed_ms = (double)((disks->end_ns ? disks->end_ns : now_ns) - disk->begin_ns) / 1e6;
    double util = elapsed_ms > 0 ? 100 * (double)busy_ms / elapsed_ms : 0;

    return util > 100 ? 100 : util;
}

static void add_counts(struct disk_counts *sum, const struct disk_counts *more)
{
    for (unsigned i = 0; i < 2; i++) {
        sum->ios[i] += more->ios[i];
        sum->merges[i] += more->merges[i];
        sum->sectors[i] += more->sectors[i];
        sum->ticks_ms[i] += more->ticks_ms[i];
    }
    sum->in_queue_ms += more->in_queue_ms;
    sum->busy_ms += more->busy_ms;
}

static void divide(struct disk_counts *counts, unsigned by)
{
    for (unsigned i = 0; i < 2; i++) {
        counts->ios[i] /= by;
        counts->merges[i] /= by;
        counts->sectors[i] /= by;
        counts->ticks_ms[i] /= by;
    }
    counts->in_queue_ms /= by;
}

static void measure_slaves(const struct disks *disks, int parent, int64_t now_ns, struct disk_figures *figures)
{
    struct disk_counts counts;

    for (unsigned i = 0; i < disks->n; i++) {
        if (disks->list[i].parent != parent || !counts_of(disks, &disks->list[i], &counts))
            continue;
        figures->n_slaves++;
        add_counts(&figures->slaves, &counts);
        figures->slaves_util += percent(disks, &disks->list[i], counts.busy_ms, now_ns);
    }
    if (!figures->n_slaves)
        return;
    divide(&figures->slaves, figures->n_slaves);
    figures->slaves_util /= figures->n_slaves;
}

void disk_list_measure(const struct disks *disks, int64_t now_ns, struct disk_list *list)
{
    struct disk_counts counts;

    list->n = 0;
    for (unsigned i = 0; i < disks->n; i++) {
        struct disk_figures *figures = &list->list[list->n];

        if (disks->list[i].parent >= 0 || !counts_of(disks, &disks->list[i], &counts))
            continue;
        list->n++;
        *figures = (struct disk_figures){ .name = disks->list[i].name, .sum = counts };
        figures->util = percent(disks, &disks->list[i], counts.busy_ms, now_ns);
        measure_slaves(disks, (int)i, now_ns, figures);
    }
}
