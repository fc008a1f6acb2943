/* SPDX-License-Identifier: MIT */
/* What the block devices under the targets did during the run, by the kernel's own counters. For the main thread. */
#ifndef BENCH_DISK_UTIL_H
#define BENCH_DISK_UTIL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define DISK_NAME_MAX 64
#define DISKS_MAX 32

struct disk_counts { /* arrays: reads, writes */
    uint64_t ios[2], merges[2], sectors[2], ticks_ms[2];
    uint64_t in_queue_ms, busy_ms;
};

struct disk {
    char name[DISK_NAME_MAX]; /* of the whole device, not of a partition */
    int parent;               /* the index of the device that is made of this one; -1: a target lies on this one itself */
    bool begun, readable;
    int64_t begin_ns;
    struct disk_counts begin, end;
};

/* One table of all devices: those of the targets, and below them what they are made of (dm, md). */
struct disks {
    const char *root; /* "" but in tests: what stands before /sys */
    struct disk list[DISKS_MAX];
    unsigned n;
    int64_t end_ns; /* 0: it goes on */
};

void disks_init(struct disks *disks, const char *root);

/*
 * The device number of a file (st_dev) or of a block device (st_rdev), or its name in sysfs. One that is unknown or known already
 * changes nothing.
 */
void disks_add(struct disks *disks, dev_t device);
void disks_add_name(struct disks *disks, const char *name);

void disks_begin(struct disks *disks, int64_t now_ns); /* the run begins, for those that were added since the last call */
void disks_end(struct disks *disks, int64_t now_ns);   /* it is over */

struct disk_figures {
    const char *name;
    struct disk_counts sum; /* during the run, until now if it goes on */
    double util;            /* percent of the time since disks_begin() */
    unsigned n_slaves;
    struct disk_counts slaves; /* their mean, as fio has it */
    double slaves_util;
};

struct disk_list {
    struct disk_figures list[DISKS_MAX];
    unsigned n;
};

void disk_list_measure(const struct disks *disks, int64_t now_ns, struct disk_list *list);

/* The text of a "stat" file of sysfs. False: it is none. */
bool disk_parse_stat(const char *text, struct disk_counts *counts);

#endif
