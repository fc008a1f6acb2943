/* SPDX-License-Identifier: MIT */
#include "layout.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "buffers.h"
#include "interrupt.h"

#define CHUNK (1u << 20)

static int write_all(int fd, const char *buf, size_t n, uint64_t offset)
{
    while (n) {
        ssize_t done = pwrite(fd, buf, n, (off_t)offset);

        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return done ? -errno : -ENOSPC;
        buf += done;
        n -= (size_t)done;
        offset += (uint64_t)done;
    }
    return 0;
}

static int write_data(int fd, uint64_t from, uint64_t to)
{
    char *chunk = malloc(CHUNK);
    int rc = chunk ? 0 : -ENOMEM;

    for (uint64_t at = from; at < to && !rc; at += CHUNK) {
        size_t n = to - at < CHUNK ? (size_t)(to - at) : CHUNK;

        fill_random(chunk, n, at);
        rc = write_all(fd, chunk, n, at);
        if (!rc && interrupted())
            rc = -EINTR;
    }
    free(chunk);
    return rc;
}

static int allocate(int fd, int mode, uint64_t from, uint64_t to)
{
    if (fallocate(fd, mode, (off_t)from, (off_t)(to - from)) == 0)
        return 0;
    if (errno != EOPNOTSUPP && errno != ENOSYS)
        return -errno;
    return !mode && ftruncate(fd, (off_t)to) ? -errno : 0;
}

static int fill_file(int fd, uint64_t from, uint64_t to, enum layout_kind kind)
{
    switch (kind) {
    case LAYOUT_DATA: return write_data(fd, from, to);
    case LAYOUT_ALLOCATE: return allocate(fd, 0, from, to);
    case LAYOUT_POSIX: return -posix_fallocate(fd, (off_t)from, (off_t)(to - from));
    case LAYOUT_KEEP_SIZE: return allocate(fd, FALLOC_FL_KEEP_SIZE, from, to);
    case LAYOUT_TRUNCATE: return ftruncate(fd, (off_t)to) ? -errno : 0;
    case LAYOUT_NONE: break;
    }
    return 0;
}

uint64_t layout_free_bytes(const char *path)
{
    struct statvfs fs;
    char *copy = strdup(path);
    bool known = copy && (statvfs(path, &fs) == 0 || statvfs(dirname(copy), &fs) == 0);

    free(copy);
    if (!known || fs.f_bfree > UINT64_MAX / (fs.f_frsize ? fs.f_frsize : 1))
        return UINT64_MAX;
    return (uint64_t)fs.f_bfree * fs.f_frsize;
}

#define RETRY_NS 10000000

/* Another job, or another process, may be laying out the same file: wait, and then see what is left to do. */
static int take_file(int fd, uint64_t *from)
{
    struct stat st;

    while (flock(fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK) {
        if (interrupted())
            return -EINTR;
        nanosleep(&(struct timespec){ .tv_nsec = RETRY_NS }, NULL);
    }
    if (fstat(fd, &st))
        return -errno;
    *from = (uint64_t)st.st_size;
    return 0;
}

int layout_file(const char *path, int64_t have_bytes, uint64_t want_bytes, enum layout_kind kind, bool sync)
{
    uint64_t from = 0;
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

    if (fd < 0)
        return -errno;
    int rc = take_file(fd, &from);

    if (rc) { /* it is somebody else's */
        close(fd);
        return rc;
    }
    if (from)
        have_bytes = (int64_t)from;
    if (from < want_bytes)
        rc = fill_file(fd, from, want_bytes, kind);

    if (!rc && sync && kind == LAYOUT_DATA && fsync(fd))
        rc = -errno;
    if (rc && have_bytes >= 0 && ftruncate(fd, have_bytes))
        rc = -errno;
    if (close(fd) && !rc)
        rc = -errno;
    if (rc && have_bytes < 0)
        unlink(path);
    return rc;
}
