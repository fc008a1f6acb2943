/* SPDX-License-Identifier: MIT */
#include "target.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "device_guard.h"
#include "layout.h"
#include "offsets.h"
#include "units.h"

/* One line on stderr that names the job. Returns rc. */
__attribute__((format(printf, 3, 4))) static int complain(const struct job_options *job, int rc, const char *format, ...)
{
    va_list args;

    fprintf(stderr, "lariat-bench: job %s: ", job->name);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    return rc;
}

static char *join_path(const struct job_options *job, const char *name, size_t n)
{
    char *path = NULL;

    if (job->directory && name[0] != '/') {
        if (asprintf(&path, "%s/%.*s", job->directory, (int)n, name) < 0)
            return NULL;
        return path;
    }
    return strndup(name, n);
}

/* The length of the first path of a list, up to a ':' without a backslash before it. */
static size_t first_path(const char *list)
{
    size_t n = 0;

    while (list[n] && list[n] != ':')
        n += list[n] == '\\' && list[n + 1] == ':' ? 2 : 1;
    return n;
}

/* Take the backslash out of "\:". */
static void unescape(char *path)
{
    char *to = path;

    for (; *path; path++)
        if (!(path[0] == '\\' && path[1] == ':'))
            *to++ = *path;
    *to = '\0';
}

static int add_target(struct target_set *set, char *path)
{
    struct target *targets = path ? reallocarray(set->targets, set->n + 1, sizeof(*targets)) : NULL;

    if (!targets) {
        free(path);
        return -ENOMEM;
    }
    set->targets = targets;
    targets[set->n++] = (struct target){ .path = path, .fd = -1, .offset_align = 1 };
    return 0;
}

/* The paths of a job. A --filename that exists as it stands is one path, whatever colons it has (/dev/disk/by-path). */
static int name_targets(struct target_set *set, const struct job_options *job, unsigned clone)
{
    char *whole = NULL;

    if (!job->filename) {
        if (asprintf(&whole, "%s.%u.0", job->name, clone) < 0)
            return -ENOMEM;
    } else if (!(whole = join_path(job, job->filename, strlen(job->filename)))) {
        return -ENOMEM;
    } else if (access(whole, F_OK) == 0 || !strchr(job->filename, ':')) {
        return add_target(set, whole);
    }
    const char *list = job->filename ? job->filename : whole;
    int rc = 0;

    for (;;) {
        size_t n = first_path(list);
        char *path = n ? join_path(job, list, n) : NULL;

        if (!n)
            rc = complain(job, -EINVAL, "--filename=%s: there is an empty path in it", job->filename);
        else if (path)
            unescape(path);
        if (!rc)
            rc = add_target(set, path);
        if (rc || !list[n])
            break;
        list += n + 1;
    }
    free(whole);
    return rc;
}

static bool under_dev(const char *path)
{
    return strncmp(path, "/dev/", 5) == 0 && strncmp(path, "/dev/shm/", 9) != 0;
}

/* Bytes of this target that are to be used: its share of --size, or all it has (have_bytes; -1: it does not exist). */
static int share_of_size(const struct target_set *set, const struct job_options *job, const char *path, int64_t have_bytes,
                         uint64_t *want)
{
    char text[UNIT_TEXT_MAX];

    if (job->size.bytes) {
        *want = job->size.bytes / set->n;
    } else if (have_bytes < 0) {
        return complain(job, -EINVAL, "%s does not exist: --size must say how large to make it", path);
    } else {
        unsigned percent = job->size.percent ? job->size.percent : 100;

        *want = (uint64_t)((uint128)(uint64_t)have_bytes * percent / 100);
    }
    if (*want < job->bs)
        return complain(job, -EINVAL, "%s: --size: %s are less than one block (--bs=%" PRIu64 ")", path,
                        format_bytes(text, (double)*want), job->bs);
    return 0;
}

static int prepare_regular(const struct target_set *set, const struct job_options *job, const char *path, int64_t have_bytes,
                           uint64_t *want)
{
    bool writes = rw_writes((enum rw_mode)job->rw);
    char text[UNIT_TEXT_MAX], free_text[UNIT_TEXT_MAX];
    int rc = share_of_size(set, job, path, have_bytes, want);

    if (rc || (have_bytes >= 0 && (uint64_t)have_bytes >= *want))
        return rc;
    if (have_bytes < 0 && under_dev(path))
        return complain(job, -ENOENT, "%s does not exist, and no file is made under /dev", path);
    if (job->verify && !writes)
        return complain(job, have_bytes < 0 ? -ENOENT : -EINVAL, "%s: there is less than --size to verify", path);
    uint64_t missing = *want - (have_bytes < 0 ? 0 : (uint64_t)have_bytes);
    uint64_t free_bytes = layout_free_bytes(path);

    if (missing > free_bytes) /* found out now, and not when the disk is full */
        return complain(job, -ENOSPC, "%s: No space left: laying out takes %s, there are %s free", path,
                        format_bytes(text, (double)missing), format_bytes(free_text, (double)free_bytes));
    if (rw_reads((enum rw_mode)job->rw))
        fprintf(stderr, "%s: laying out %s (%s)\n", job->name, path, format_bytes(text, (double)*want));
    rc = layout_file(path, have_bytes, *want, rw_reads((enum rw_mode)job->rw));
    if (rc == -EINTR)
        return rc;
    return rc ? complain(job, rc, "%s: laying out %s: %s", path, format_bytes(text, (double)*want), strerror(-rc)) : 0;
}

static int prepare_device(const struct target_set *set, const struct job_options *job, const char *path,
                          bool allow_destructive, uint64_t *want)
{
    struct lariat_file_info info = LARIAT_FILE_INFO_INIT;
    char text[UNIT_TEXT_MAX], size_text[UNIT_TEXT_MAX], why[256];
    struct lariat_file *file;
    char *errmsg = NULL;
    int rc = lariat_file_open(path, O_RDONLY, 0, &file, &errmsg);

    if (rc) {
        complain(job, rc, "%s", errmsg ? errmsg : strerror(-rc));
        free(errmsg);
        return rc;
    }
    lariat_file_get_info(file, &info);
    lariat_file_close(file);
    rc = share_of_size(set, job, path, info.size_bytes, want);
    if (rc)
        return rc;
    if (*want > (uint64_t)info.size_bytes)
        return complain(job, -ENOSPC, "%s: --size: %s are asked for, the device has %s", path,
                        format_bytes(text, (double)*want), format_bytes(size_text, (double)info.size_bytes));
    if (!rw_writes((enum rw_mode)job->rw) || allow_destructive)
        return 0;
    rc = device_guard(path, &info, why, sizeof(why));
    return rc ? complain(job, rc, "%s: %s; it will not be written to without --allow-destructive", path, why) : 0;
}

/* A sparse or merely allocated file is read without the disk: say so, since the figures would be those of memory. */
static void warn_of_holes(const struct job_options *job, const struct target *target, uint64_t bytes)
{
    off_t hole = lseek(target->fd, 0, SEEK_HOLE);

    if (rw_reads((enum rw_mode)job->rw) && hole >= 0 && (uint64_t)hole < bytes)
        fprintf(stderr,
                "lariat-bench: warning: job %s: %s has a hole at %" PRId64 "; reading holes does not reach the disk\n",
                job->name, target->path, (int64_t)hole);
}

static int open_target(struct target_set *set, struct target *target, const struct job_options *job, uint64_t want)
{
    struct lariat_file_info info = LARIAT_FILE_INFO_INIT;
    int oflags = (rw_writes((enum rw_mode)job->rw) ? O_RDWR : O_RDONLY) | (job->direct ? O_DIRECT : 0);
    char *errmsg = NULL;
    int rc = lariat_file_open(target->path, oflags, 0, &target->file, &errmsg);

    if (rc) {
        complain(job, rc, "%s%s", errmsg ? errmsg : target->path,
                 rc == -EINVAL && job->direct ? " (its file system may not know --direct=1)" : "");
        free(errmsg);
        return rc;
    }
    target->fd = lariat_file_fd(target->file);
    lariat_file_get_info(target->file, &info);
    if (info.direct && info.dio_offset_align) {
        target->offset_align = info.dio_offset_align;
        if (job->bs % info.dio_offset_align)
            return complain(job, -EINVAL, "--bs=%" PRIu64 ": %s takes multiples of %u with --direct=1", job->bs,
                            target->path, info.dio_offset_align);
    }
    if (info.dio_mem_align > set->memory_align)
        set->memory_align = info.dio_mem_align;
    if ((uint64_t)info.size_bytes < want)
        return complain(job, -EIO, "%s became smaller meanwhile", target->path);
    if (info.kind == LARIAT_FILE_REGULAR)
        warn_of_holes(job, target, want);
    if (job->invalidate)
        posix_fadvise(target->fd, 0, 0, POSIX_FADV_DONTNEED);
    posix_fadvise(target->fd, 0, 0, rw_is_random((enum rw_mode)job->rw) ? POSIX_FADV_RANDOM : POSIX_FADV_SEQUENTIAL);
    return 0;
}

static int prepare_target(struct target_set *set, struct target *target, const struct job_options *job,
                          bool allow_destructive)
{
    struct stat st;
    uint64_t want = job->size.bytes;
    int rc = 0;

    if (job->ioengine != ENGINE_NULL) {
        bool exists = stat(target->path, &st) == 0;

        if (!exists && errno != ENOENT)
            return complain(job, -errno, "%s: %s", target->path, strerror(errno));
        if (exists && S_ISBLK(st.st_mode))
            rc = prepare_device(set, job, target->path, allow_destructive, &want);
        else if (!exists || S_ISREG(st.st_mode))
            rc = prepare_regular(set, job, target->path, exists ? st.st_size : -1, &want);
        else
            rc = complain(job, -EINVAL, "%s is neither a regular file nor a block device", target->path);
        if (!rc)
            rc = open_target(set, target, job, want);
    }
    target->first_block = set->n_blocks;
    target->n_blocks = want / job->bs;
    set->n_blocks += target->n_blocks;
    return rc;
}

int targets_open(struct target_set *set, const struct job_options *job, unsigned clone, bool allow_destructive)
{
    *set = (struct target_set){ .memory_align = 1 };
    int rc = name_targets(set, job, clone);

    if (!rc && set->n > UINT16_MAX)
        rc = complain(job, -E2BIG, "--filename: too many paths");
    for (unsigned i = 0; i < set->n && !rc; i++)
        rc = prepare_target(set, &set->targets[i], job, allow_destructive);
    if (rc == -ENOMEM)
        complain(job, rc, "out of memory");
    if (rc)
        targets_close(set);
    return rc;
}

void targets_close(struct target_set *set)
{
    for (unsigned i = 0; i < set->n; i++) {
        lariat_file_close(set->targets[i].file);
        free(set->targets[i].path);
    }
    free(set->targets);
    *set = (struct target_set){ .memory_align = 1 };
}
