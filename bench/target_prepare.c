/* SPDX-License-Identifier: MIT */
/* What is to be there before a job begins: region, size, space, and nothing that must not be destroyed. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "device_guard.h"
#include "layout.h"
#include "offsets.h"
#include "target_parts.h"
#include "units.h"

static uint64_t size_of(const struct size_value *size, uint64_t whole)
{
    return size->percent ? (uint64_t)((uint128)whole * size->percent / 100) : size->bytes;
}

/* filesize= a range: each file has a size of its own, the same in each run. */
static uint64_t file_size(const struct job_options *job, const struct target_set *set, const struct target *target,
                          unsigned clone)
{
    const struct value_range *range = &job->filesize;
    uint64_t steps = (range->max - range->min) / job->bs;
    struct rng rng;

    rng_init(&rng, job->randseed + clone * UINT64_C(65536) + (uint64_t)(target - set->targets));
    return range->min + (steps ? rng_below(&rng, steps + 1) * job->bs : 0);
}

/* Where the region begins. have: the size of what is there; 0: nothing, or the null engine. */
static uint64_t region_base(const struct job_options *job, unsigned clone, uint64_t have)
{
    uint64_t base = size_of(&job->offset, have) + clone * size_of(&job->offset_increment, have);
    uint64_t align = job->offset_align                                      ? job->offset_align
                     : job->offset.percent || job->offset_increment.percent ? job->bs
                                                                            : 1;

    return base - base % align;
}

/* Its region: its share of --size, --filesize, or all there is. have: -1: it does not exist. */
static int set_region(const struct target_set *set, struct target *target, const struct job_options *job, unsigned clone,
                      int64_t have)
{
    uint64_t whole = have < 0 ? 0 : (uint64_t)have;
    char text[UNIT_TEXT_MAX];

    target->base = region_base(job, clone, whole);
    if (job->size.bytes)
        target->bytes = job->size.bytes / set->n;
    else if (job->filesize.max)
        target->bytes = file_size(job, set, target, clone);
    else if (have < 0)
        return target_complain(job, -EINVAL, "%s does not exist: --size must say how large to make it", target->path);
    else if (target->base > whole)
        return target_complain(job, -EINVAL, "%s: --offset: it has only %s", target->path,
                               format_bytes(text, (double)whole));
    else
        target->bytes = job->size.percent ? size_of(&job->size, whole) : whole - target->base;
    if (target->bytes > whole - target->base && !job->size.bytes && !job->filesize.max)
        target->bytes = whole - target->base;
    if (target->bytes < job->bs)
        return target_complain(job, -EINVAL, "%s: --size: %s are less than one block (--bs=%" PRIu64 ")", target->path,
                               format_bytes(text, (double)target->bytes), job->bs);
    if (target->base > INT64_MAX - target->bytes)
        return target_complain(job, -EINVAL, "%s: --offset: that is too far", target->path);
    return 0;
}

static enum layout_kind layout_of(const struct job_options *job)
{
    if (rw_reads((enum rw_mode)job->rw) || job->overwrite)
        return LAYOUT_DATA;
    if (job->create_on_open)
        return LAYOUT_NONE;
    switch ((enum fallocate_kind)job->fallocate) {
    case FALLOCATE_NONE: return LAYOUT_NONE;
    case FALLOCATE_KEEP: return LAYOUT_KEEP_SIZE;
    case FALLOCATE_TRUNCATE: return LAYOUT_TRUNCATE;
    case FALLOCATE_POSIX: return LAYOUT_POSIX;
    case FALLOCATE_NATIVE: break;
    }
    return LAYOUT_ALLOCATE;
}

/* The directories that a generated name is in. */
static int make_directories(const struct job_options *job, const char *path)
{
    char *copy = strdup(path);
    int rc = copy ? 0 : -ENOMEM;

    for (char *slash = copy ? strchr(copy + 1, '/') : NULL; slash && !rc; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(copy, 0755) && errno != EEXIST)
            rc = target_complain(job, -errno, "%s: %s", copy, strerror(errno));
        *slash = '/';
    }
    free(copy);
    return rc;
}

static int may_make(const struct job_options *job, const char *path)
{
    if (path_is_under_dev(path))
        return target_complain(job, -ENOENT, "%s does not exist, and no file is made under /dev", path);
    if (!job->allow_file_create)
        return target_complain(job, -ENOENT, "%s does not exist, and --allow_file_create=0", path);
    return make_directories(job, path);
}

static int lay_out(const struct job_options *job, const char *path, int64_t have, uint64_t need)
{
    uint64_t missing = need - (have < 0 ? 0 : (uint64_t)have), free_bytes = layout_free_bytes(path);
    enum layout_kind kind = layout_of(job);
    char text[UNIT_TEXT_MAX], free_text[UNIT_TEXT_MAX];

    if (kind != LAYOUT_TRUNCATE && missing > free_bytes) /* found out now, and not when the disk is full */
        return target_complain(job, -ENOSPC, "%s: No space left: laying out takes %s, there are %s free", path,
                               format_bytes(text, (double)missing), format_bytes(free_text, (double)free_bytes));
    if (kind == LAYOUT_DATA)
        fprintf(stderr, "%s: laying out %s (%s)\n", job->name, path, format_bytes(text, (double)need));
    int rc = layout_file(path, have, need, kind, job->create_fsync);

    if (!rc || rc == -EINTR)
        return rc;
    return target_complain(job, rc, "%s: laying out %s: %s", path, format_bytes(text, (double)need), strerror(-rc));
}

static int prepare_regular(const struct target_set *set, struct target *target, const struct job_options *job,
                           unsigned clone, int64_t have)
{
    const char *path = target->path;
    int rc = set_region(set, target, job, clone, have);
    uint64_t need = target->base + target->bytes;

    target->regular = true;
    if (!rc && have < 0 && job->verify && !rw_writes((enum rw_mode)job->rw))
        return target_complain(job, -ENOENT, "%s: there is less than --size to verify", path);
    if (!rc && have < 0)
        rc = may_make(job, path);
    if (rc || (have >= 0 && (uint64_t)have >= need))
        return rc;
    if (job->verify && !rw_writes((enum rw_mode)job->rw))
        return target_complain(job, -EINVAL, "%s: there is less than --size to verify", path);
    return lay_out(job, path, have, need);
}

int target_lay_out_anew(const struct target *target, const struct job_options *job)
{
    int rc = may_make(job, target->path);

    return rc ? rc : lay_out(job, target->path, -1, target->base + target->bytes);
}

static int prepare_device(const struct target_set *set, struct target *target, const struct job_options *job, unsigned clone,
                          bool allow_destructive)
{
    struct lariat_file_info info = LARIAT_FILE_INFO_INIT;
    char text[UNIT_TEXT_MAX], size_text[UNIT_TEXT_MAX], why[256];
    struct lariat_file *file;
    char *errmsg = NULL;
    int rc = lariat_file_open(target->path, O_RDONLY, 0, &file, &errmsg);

    if (rc) {
        target_complain(job, rc, "%s", errmsg ? errmsg : strerror(-rc));
        free(errmsg);
        return rc;
    }
    lariat_file_get_info(file, &info);
    lariat_file_close(file);
    rc = set_region(set, target, job, clone, info.size_bytes);
    if (rc)
        return rc;
    if (target->base + target->bytes > (uint64_t)info.size_bytes)
        return target_complain(job, -ENOSPC, "%s: --size: %s are asked for, the device has %s", target->path,
                               format_bytes(text, (double)(target->base + target->bytes)),
                               format_bytes(size_text, (double)info.size_bytes));
    if (!job_changes(job) || allow_destructive || job->allow_mounted_write)
        return 0;
    rc = device_guard(target->path, &info, why, sizeof(why));
    return rc ? target_complain(job, rc, "%s: %s; it will not be written to without --allow-destructive", target->path, why)
              : 0;
}

int target_prepare(const struct target_set *set, struct target *target, const struct job_options *job, unsigned clone,
                   bool allow_destructive)
{
    struct stat st;

    if (job->ioengine == ENGINE_NULL)
        return set_region(set, target, job, clone, 0);
    bool exists = stat(target->path, &st) == 0;

    if (!exists && errno != ENOENT)
        return target_complain(job, -errno, "%s: %s", target->path, strerror(errno));
    if (exists && S_ISBLK(st.st_mode))
        return prepare_device(set, target, job, clone, allow_destructive);
    if (!exists || S_ISREG(st.st_mode))
        return prepare_regular(set, target, job, clone, exists ? st.st_size : -1);
    return target_complain(job, -EINVAL, "%s is neither a regular file nor a block device", target->path);
}
