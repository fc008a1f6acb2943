/* SPDX-License-Identifier: MIT */
/* The files and devices of a job: found, guarded, laid out and opened. */
#ifndef BENCH_TARGET_H
#define BENCH_TARGET_H

#include <lariat/file.h>
#include <stdint.h>

#include "options.h"

struct target {
    char *path;
    struct lariat_file *file; /* NULL for the null engine */
    int fd;
    uint64_t base;         /* its region: from here on, */
    uint64_t bytes;        /* so many */
    uint64_t file_bytes;   /* of the file or device, when it was opened; 0: unknown */
    unsigned offset_align; /* what O_DIRECT wants of offsets and lengths; else 1 */
    bool regular;
};

struct target_set {
    struct target *targets;
    unsigned n;
    uint64_t bytes;        /* of all regions together */
    unsigned memory_align; /* for buffers */
};

/*
 * Find, lay out and open what clone number `clone` of the job works on. Failures are told on stderr.
 * 0, -EINTR (interrupted meanwhile), or -errno.
 */
int targets_open(struct target_set *set, const struct job_options *job, unsigned clone, bool allow_destructive);

/* Between loops: in place of those that are regular files, new ones. 0, or -errno: told, but for -EINTR and -ENOMEM. */
int targets_renew(struct target_set *set, const struct job_options *job);

/* Their descriptors, malloc'ed; NULL: no memory. */
int *targets_fds(const struct target_set *set);

/* The job has ended: fsync_on_close and unlink, if it says so. 0, or -errno of that: told. */
int targets_end(const struct target_set *set, const struct job_options *job);
void targets_close(struct target_set *set);

#endif
