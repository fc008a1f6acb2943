/* SPDX-License-Identifier: MIT */
/*
 * The block devices that an open file lies on, into the table of disks. Where the device number of the file is none of a disk, as
 * on btrfs and overlayfs, the mount tells: /proc/self/mountinfo names what it was made of.
 */
#ifndef BENCH_DISK_BELOW_H
#define BENCH_DISK_BELOW_H

#include <stdbool.h>

#include "disk_util.h"

/* What cannot be told, such as the layers of a container that lie outside of it, is left out. */
void disks_add_file(struct disks *disks, int fd);

/* One line of mountinfo, cut up in place; its strings are still escaped (mount_unescape()). */
struct mount_line {
    int id;
    char *type, *source, *options;
};

/* False: it is no such line. */
bool mount_parse(char *line, struct mount_line *mount);
char *mount_unescape(char *text); /* in place */

void disks_add_mount(struct disks *disks, const struct mount_line *mount);

#endif
