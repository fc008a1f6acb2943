/* SPDX-License-Identifier: MIT */
/* Opening and describing files, and memory for O_DIRECT. The probing is in file_probe.c, the I/O in file_io.c. */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "errmsg.h"
#include "fatal.h"

static void explain(char **errmsg, const char *path, int err, int oflags)
{
    const char *hint = "";

    if (err == -EINVAL && oflags & O_DIRECT)
        hint = " (its file system may not support O_DIRECT)";
    errmsg_set(errmsg, err, "cannot open '%s': %s%s", path, strerror(-err), hint);
}

static int open_and_probe(struct lariat_file *file, const char *path, int oflags, mode_t mode)
{
    int err;

    file->path = strdup(path);
    if (!file->path)
        return -ENOMEM;
    file->fd = open(path, oflags | O_CLOEXEC, mode);
    if (file->fd < 0)
        return -errno;
    err = file_probe(file, oflags);
    return err;
}

int lariat_file_open(const char *path, int oflags, mode_t mode, struct lariat_file **out, char **errmsg)
{
    struct lariat_file *file;
    int err = -ENOMEM;

    require(path, __func__, "path");
    require(out, __func__, "out");
    if (errmsg)
        *errmsg = NULL;
    file = calloc(1, sizeof(*file));
    if (file) {
        file->fd = -1;
        file->info.size = sizeof(file->info);
        err = open_and_probe(file, path, oflags, mode);
    }
    if (err) {
        lariat_file_close(file);
        explain(errmsg, path, err, oflags);
        return err;
    }
    *out = file;
    return 0;
}

void lariat_file_close(struct lariat_file *file)
{
    if (!file)
        return;
    if (file->fd >= 0)
        close(file->fd);
    free(file->path);
    free(file);
}

int lariat_file_fd(const struct lariat_file *file)
{
    require(file, __func__, "file");
    return file->fd;
}

int lariat_file_refresh(struct lariat_file *file)
{
    require(file, __func__, "file");
    return file_probe_size(file);
}

void lariat_file_get_info(const struct lariat_file *file, struct lariat_file_info *info)
{
    struct lariat_file_info now;
    size_t bytes;

    require(file, __func__, "file");
    require(info, __func__, "info");
    bytes = info->size < sizeof(now) ? info->size : sizeof(now);
    if (bytes < sizeof(bytes))
        fatal(__func__, "info", "size", "was not set (LARIAT_FILE_INFO_INIT)");
    now = file->info;
    now.size_bytes = __atomic_load_n(&file->size_bytes, __ATOMIC_RELAXED);
    now.mounted = __atomic_load_n(&file->mounted, __ATOMIC_RELAXED);
    now.size = info->size;
    memcpy(info, &now, bytes);
}

void *lariat_buffer_alloc(size_t align, size_t len)
{
    void *buf;

    if (!align)
        align = (size_t)sysconf(_SC_PAGESIZE);
    if (align & (align - 1))
        return NULL;
    if (align < sizeof(void *))
        align = sizeof(void *); /* the least that posix_memalign() takes */
    return posix_memalign(&buf, align, len ? len : 1) ? NULL : buf;
}

void lariat_buffer_free(void *buf)
{
    free(buf);
}
