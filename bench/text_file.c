/* SPDX-License-Identifier: MIT */
#include "text_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

ssize_t text_file_read(const char *root, const char *path, char *text, size_t size)
{
    char full[PATH_MAX];
    size_t n = 0;
    ssize_t rc = 0;

    text[0] = '\0';
    if ((size_t)snprintf(full, sizeof(full), "%s%s", root, path) >= sizeof(full))
        return -ENAMETOOLONG;
    int fd = open(full, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    while (n + 1 < size && (rc = read(fd, text + n, size - 1 - n)) > 0)
        n += (size_t)rc;
    if (rc < 0)
        rc = -errno;
    close(fd);
    text[n] = '\0';
    return rc < 0 ? rc : (ssize_t)n;
}
