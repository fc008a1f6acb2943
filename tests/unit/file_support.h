/* SPDX-License-Identifier: MIT */
/* What the suites of files share, beyond op_support.h. */
#ifndef FILE_SUPPORT_H
#define FILE_SUPPORT_H

#include "op_support.h"

static inline struct lariat_file *open_or_fail(const char *path, int oflags)
{
    struct lariat_file *file = NULL;
    char *errmsg = NULL;
    int rc = lariat_file_open(path, oflags, 0, &file, &errmsg);
    ck_assert_msg(rc == 0, "%s: %d, %s", path, rc, errmsg);
    ck_assert_ptr_nonnull(file);
    return file;
}

/* Open what fd refers to once more, by its name under /proc. */
static inline struct lariat_file *reopen_or_fail(int fd, int oflags)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    return open_or_fail(path, oflags);
}

static inline struct lariat_file_info info_of(const struct lariat_file *file)
{
    struct lariat_file_info info = LARIAT_FILE_INFO_INIT;
    lariat_file_get_info(file, &info);
    return info;
}

/* An unlinked file of known data in memory; NULL: there is no tmpfs here. */
static inline struct lariat_file *tmpfs_file_or_null(size_t bytes, int oflags)
{
    int fd = open("/dev/shm", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0)
        return NULL;
    unsigned char *data = malloc(bytes);
    ck_assert_ptr_nonnull(data);
    fill_pattern(data, bytes, 0);
    write_or_fail(fd, data, bytes);
    free(data);
    struct lariat_file *file = reopen_or_fail(fd, oflags);
    close(fd);
    return file;
}

#endif
