/* SPDX-License-Identifier: MIT */
#include "target.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "interrupt.h"
#include "rw_flags.h"
#include "target_parts.h"

int target_complain(const struct job_options *job, int rc, const char *format, ...)
{
    va_list args;

    flockfile(stderr); /* several jobs may be opened at a time */
    fprintf(stderr, "lariat-bench: job %s: ", job->name);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    funlockfile(stderr);
    return rc;
}

/* A sparse or merely allocated file is read without the disk: say so, since the figures would be those of memory. */
static void warn_of_holes(const struct job_options *job, const struct target *target)
{
    off_t hole = lseek(target->fd, (off_t)target->base, SEEK_HOLE);

    if (rw_reads((enum rw_mode)job->rw) && hole >= 0 && (uint64_t)hole < target->base + target->bytes)
        fprintf(stderr,
                "lariat-bench: warning: job %s: %s has a hole at %" PRId64 "; reading holes does not reach the disk\n",
                job->name, target->path, (int64_t)hole);
}

static int open_flags(const struct job_options *job)
{
    int flags = job_changes(job) ? O_RDWR : O_RDONLY;

    if (job->direct)
        flags |= O_DIRECT;
    if (job->sync == SYNC_SYNC)
        flags |= O_SYNC;
    if (job->sync == SYNC_DSYNC)
        flags |= O_DSYNC;
    return flags; /* never O_CREAT: what is to be made was made by target_prepare() */
}

/* What O_DIRECT wants of offsets, sizes and memory. */
static int check_alignment(struct target_set *set, struct target *target, const struct job_options *job,
                           const struct lariat_file_info *info)
{
    unsigned align = info->dio_offset_align;

    if (info->dio_mem_align > set->memory_align)
        set->memory_align = info->dio_mem_align;
    if (!info->direct || !align)
        return 0;
    target->offset_align = align;
    if (job->bs % align)
        return target_complain(job, -EINVAL, "--bs=%" PRIu64 ": %s takes multiples of %u with --direct=1", job->bs,
                               target->path, align);
    if (target->base % align)
        return target_complain(job, -EINVAL, "--offset: %s takes multiples of %u with --direct=1", target->path, align);
    return 0;
}

static void advise(const struct target *target, const struct job_options *job)
{
    bool random = rw_is_random((enum rw_mode)job->rw);

    if (job->invalidate)
        posix_fadvise(target->fd, (off_t)target->base, (off_t)target->bytes, POSIX_FADV_DONTNEED);
    switch ((enum fadvise_kind)job->fadvise_hint) {
    case FADVISE_NONE: return;
    case FADVISE_RANDOM: random = true; break;
    case FADVISE_SEQUENTIAL: random = false; break;
    case FADVISE_BY_RW: break;
    }
    posix_fadvise(target->fd, 0, 0, random ? POSIX_FADV_RANDOM : POSIX_FADV_SEQUENTIAL);
}

#define PRE_READ_CHUNK (1u << 20)

/* Through a descriptor of its own: ours may be O_DIRECT, which leaves the page cache alone. */
static int pre_read(const struct target *target, const struct job_options *job)
{
    int fd = open(target->path, O_RDONLY | O_CLOEXEC), rc = 0;
    char *buf = malloc(PRE_READ_CHUNK);
    uint64_t at = target->base, end = target->base + target->bytes;

    if (!buf || fd < 0)
        rc = buf ? -errno : -ENOMEM;
    while (!rc && at < end) {
        ssize_t n = pread(fd, buf, end - at < PRE_READ_CHUNK ? end - at : PRE_READ_CHUNK, (off_t)at);

        if (n <= 0) {
            rc = n ? -errno : 0;
            break;
        }
        at += (uint64_t)n;
        if (interrupted())
            rc = -EINTR;
    }
    free(buf);
    if (fd >= 0)
        close(fd);
    return rc && rc != -EINTR ? target_complain(job, rc, "--pre_read: %s: %s", target->path, strerror(-rc)) : rc;
}

static int open_target(struct target_set *set, struct target *target, const struct job_options *job)
{
    struct lariat_file_info info = LARIAT_FILE_INFO_INIT;
    char *errmsg = NULL;
    int rc = lariat_file_open(target->path, open_flags(job), 0, &target->file, &errmsg);

    if (rc) {
        target_complain(job, rc, "%s%s", errmsg ? errmsg : target->path,
                        rc == -EINVAL && job->direct ? " (its file system may not know --direct=1)" : "");
        free(errmsg);
        return rc;
    }
    target->fd = lariat_file_fd(target->file);
    lariat_file_get_info(target->file, &info);
    target->file_bytes = (uint64_t)info.size_bytes;
    rc = check_alignment(set, target, job, &info);
    if (rc)
        return rc;
    if (rw_trims((enum rw_mode)job->rw) && !info.supports_discard)
        return target_complain(job, -EOPNOTSUPP, "--rw: %s cannot be trimmed", target->path);
    if (rw_reads((enum rw_mode)job->rw) && (uint64_t)info.size_bytes < target->base + target->bytes)
        return target_complain(job, -EIO, "%s became smaller meanwhile", target->path);
    const char *refused = rw_flags_refused(job, target->fd, target->base);

    if (refused)
        return target_complain(job, -EOPNOTSUPP, "%s: %s: its file system or this kernel cannot do that", refused,
                               target->path);
    if (info.kind == LARIAT_FILE_REGULAR)
        warn_of_holes(job, target);
    advise(target, job);
    return job->pre_read ? pre_read(target, job) : 0;
}

int targets_open(struct target_set *set, const struct job_options *job, unsigned clone, bool allow_destructive)
{
    *set = (struct target_set){ .memory_align = 1 };
    int rc = target_names(set, job, clone);

    if (!rc && set->n > UINT16_MAX)
        rc = target_complain(job, -E2BIG, "there are more than %u files", UINT16_MAX);
    for (unsigned i = 0; i < set->n && !rc; i++) {
        rc = target_prepare(set, &set->targets[i], job, clone, allow_destructive);
        if (!rc && job->ioengine != ENGINE_NULL && !job->create_only)
            rc = open_target(set, &set->targets[i], job);
        set->bytes += set->targets[i].bytes;
    }
    if (rc == -ENOMEM)
        target_complain(job, rc, "out of memory");
    if (rc)
        targets_close(set);
    return rc;
}

int targets_renew(struct target_set *set, const struct job_options *job)
{
    int rc = 0;

    for (unsigned i = 0; i < set->n && !rc; i++) {
        struct target *target = &set->targets[i];

        if (!target->regular)
            continue;
        lariat_file_close(target->file);
        target->file = NULL;
        if (unlink(target->path) && errno != ENOENT)
            rc = target_complain(job, -errno, "--unlink_each_loop: %s: %s", target->path, strerror(errno));
        if (!rc)
            rc = target_lay_out_anew(target, job);
        if (!rc)
            rc = open_target(set, target, job);
    }
    return rc;
}

int *targets_fds(const struct target_set *set)
{
    int *fds = calloc(set->n, sizeof(*fds));

    for (unsigned i = 0; fds && i < set->n; i++)
        fds[i] = set->targets[i].fd;
    return fds;
}

int targets_end(const struct target_set *set, const struct job_options *job)
{
    int rc = 0;

    for (unsigned i = 0; i < set->n; i++) {
        const struct target *target = &set->targets[i];

        if (job->fsync_on_close && job_changes(job) && target->fd >= 0 && fsync(target->fd))
            rc = target_complain(job, -errno, "--fsync_on_close: %s: %s", target->path, strerror(errno));
        if ((job->unlink || job->unlink_each_loop) && target->regular && unlink(target->path) && errno != ENOENT)
            rc = target_complain(job, -errno, "--unlink%s: %s: %s", job->unlink ? "" : "_each_loop", target->path,
                                 strerror(errno));
    }
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
