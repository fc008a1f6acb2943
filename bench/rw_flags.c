/* SPDX-License-Identifier: MIT */
#include "rw_flags.h"

#include <errno.h>
#include <sys/uio.h>

#ifndef RWF_DONTCACHE
#define RWF_DONTCACHE 0x80 /* since Linux 6.14 */
#endif

int rw_flags(const struct job_options *job)
{
    int flags = job->nowait ? RWF_NOWAIT : 0;

    return job->uncached && !job->direct ? flags | RWF_DONTCACHE : flags;
}

/* A flag that the kernel, or the file system, does not know is EOPNOTSUPP. All else shows when the I/Os do. */
static bool is_unknown(int fd, uint64_t offset, int flag)
{
    char byte;
    const struct iovec iov = { &byte, 1 };

    return preadv2(fd, &iov, 1, (off_t)offset, flag) < 0 && errno == EOPNOTSUPP;
}

const char *rw_flags_refused(const struct job_options *job, int fd, uint64_t offset)
{
    int flags = rw_flags(job);

    if (flags & RWF_DONTCACHE && is_unknown(fd, offset, RWF_DONTCACHE))
        return "--uncached";
    return flags & RWF_NOWAIT && is_unknown(fd, offset, RWF_NOWAIT) ? "--nowait" : NULL;
}
