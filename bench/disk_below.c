/* SPDX-License-Identifier: MIT */
#include "disk_below.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

bool mount_parse(char *line, struct mount_line *mount)
{
    char *separator = strstr(line, " - "), *rest;

    if (!separator || sscanf(line, "%d", &mount->id) != 1)
        return false;
    mount->type = strtok_r(separator + 3, " \n", &rest);
    mount->source = strtok_r(NULL, " \n", &rest);
    mount->options = strtok_r(NULL, " \n", &rest);
    return mount->type && mount->source && mount->options;
}

static bool is_octal(const char *digits)
{
    return strspn(digits, "01234567") >= 3;
}

char *mount_unescape(char *text)
{
    char *to = text;

    for (const char *from = text; *from; to++)
        if (*from == '\\' && is_octal(from + 1)) {
            *to = (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 | (from[3] - '0'));
            from += 4;
        } else {
            *to = *from++;
        }
    *to = '\0';
    return text;
}

static bool has_entry(const char *folder, const char *name)
{
    char path[PATH_MAX];

    return (size_t)snprintf(path, sizeof(path), "%s/%s", folder, name) < sizeof(path) && access(path, F_OK) == 0;
}

static void add_entries(struct disks *disks, const char *folder)
{
    const struct dirent *entry;
    DIR *dir = opendir(folder);

    while (dir && (entry = readdir(dir)))
        if (entry->d_name[0] != '.')
            disks_add_name(disks, entry->d_name);
    if (dir)
        closedir(dir);
}

/* A btrfs is mounted by one of its devices, and uses all of them. */
static void add_btrfs_siblings(struct disks *disks, const char *name)
{
    char path[PATH_MAX], devices[PATH_MAX + 280];
    const struct dirent *entry;

    snprintf(path, sizeof(path), "%s/sys/fs/btrfs", disks->root);
    DIR *dir = opendir(path);
    while (dir && (entry = readdir(dir))) {
        snprintf(devices, sizeof(devices), "%s/%s/devices", path, entry->d_name);
        if (has_entry(devices, name))
            add_entries(disks, devices);
    }
    if (dir)
        closedir(dir);
}

/* The source is a name of a device, perhaps by a link (/dev/mapper/...). */
static void add_source(struct disks *disks, const struct mount_line *mount)
{
    char path[PATH_MAX], real[PATH_MAX];

    snprintf(path, sizeof(path), "%s%s", disks->root, mount_unescape(mount->source));
    if (mount->source[0] != '/' || !realpath(path, real))
        return;
    const char *name = strrchr(real, '/') + 1;

    disks_add_name(disks, name);
    if (strcmp(mount->type, "btrfs") == 0)
        add_btrfs_siblings(disks, name);
}

static void add_layer(struct disks *disks, const char *path)
{
    int fd = open(path, O_PATH | O_CLOEXEC);

    if (fd < 0)
        return;
    disks_add_file(disks, fd);
    close(fd);
}

/* lowerdir is a list; a ':' in a name has a backslash before it. */
static void add_layers(struct disks *disks, char *list)
{
    for (char *from = list, *to = list;; from++) {
        if (from[0] == '\\' && from[1]) {
            *to++ = *++from;
        } else if (*from && *from != ':') {
            *to++ = *from;
        } else {
            bool last = !*from;

            *to = '\0';
            if (to > list) /* "::" stands between layers of data only */
                add_layer(disks, list);
            if (last)
                return;
            to = list = from + 1;
        }
    }
}

static void add_overlay(struct disks *disks, const struct mount_line *mount)
{
    char *rest, *option;

    for (option = strtok_r(mount->options, ",", &rest); option; option = strtok_r(NULL, ",", &rest)) {
        char *value = strchr(option, '=');

        if (value && (strncmp(option, "upperdir=", 9) == 0 || strncmp(option, "lowerdir", 8) == 0))
            add_layers(disks, mount_unescape(value + 1));
    }
}

void disks_add_mount(struct disks *disks, const struct mount_line *mount)
{
    if (strcmp(mount->type, "overlay") == 0)
        add_overlay(disks, mount);
    else
        add_source(disks, mount);
}

static void add_mount_of(struct disks *disks, int id)
{
    struct mount_line mount;
    char path[PATH_MAX], *line = NULL;
    size_t size = 0;
    bool found = false;

    snprintf(path, sizeof(path), "%s/proc/self/mountinfo", disks->root);
    FILE *file = fopen(path, "re");
    while (file && !found && getline(&line, &size, file) >= 0)
        found = mount_parse(line, &mount) && mount.id == id;
    if (file)
        fclose(file);
    if (found)
        disks_add_mount(disks, &mount);
    free(line);
}

void disks_add_file(struct disks *disks, int fd)
{
    struct stat st;
    struct statx stx;

    if (fstat(fd, &st))
        return;
    if (S_ISBLK(st.st_mode))
        disks_add(disks, st.st_rdev);
    else if (major(st.st_dev))
        disks_add(disks, st.st_dev);
    else if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &stx) == 0 && (stx.stx_mask & STATX_MNT_ID))
        add_mount_of(disks, (int)stx.stx_mnt_id);
}
