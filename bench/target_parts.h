/* SPDX-License-Identifier: MIT */
/* What target.c is made of. */
#ifndef BENCH_TARGET_PARTS_H
#define BENCH_TARGET_PARTS_H

#include <string.h>

#include "target.h"

/* One line on stderr that names the job. Returns rc. */
__attribute__((format(printf, 3, 4))) int target_complain(const struct job_options *job, int rc, const char *format, ...);

/* target_names.c: fill set with paths. 0; -ENOMEM; -EINVAL or -ENAMETOOLONG: told. */
int target_names(struct target_set *set, const struct job_options *job, unsigned clone);

/*
 * target_prepare.c: see that the file or device is there and as long as need be; sets base and bytes of its region. 0, or -errno:
 * told, but for -EINTR and -ENOMEM.
 */
int target_prepare(const struct target_set *set, struct target *target, const struct job_options *job, unsigned clone,
                   bool allow_destructive);

/* The same for a file that was unlinked between loops, whose region stays as it is. */
int target_lay_out_anew(const struct target *target, const struct job_options *job);

/* Nothing is made there, but in the file system for shared memory. */
static inline bool path_is_under_dev(const char *path)
{
    return strncmp(path, "/dev/", 5) == 0 && strncmp(path, "/dev/shm/", 9) != 0;
}

/* Will I/O change what is there? */
static inline bool job_changes(const struct job_options *job)
{
    return rw_writes((enum rw_mode)job->rw) || rw_trims((enum rw_mode)job->rw);
}

#endif
