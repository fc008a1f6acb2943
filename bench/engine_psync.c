/* SPDX-License-Identifier: MIT */
/* pread(2) and pwrite(2), one at a time; with flags: preadv2(2) and pwritev2(2). */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

#include "engine.h"
#include "plain_thread.h"
#include "rw_flags.h"

struct psync {
    struct bench_io io;
    int rw_flags;
    uint64_t syscalls;
};

static int psync_setup(struct bench_job *job)
{
    struct psync *psync = aligned_alloc(_Alignof(struct psync), sizeof(*psync));

    if (!psync)
        return -ENOMEM;
    *psync = (struct psync){ .rw_flags = rw_flags(job->options) };
    job_init_io(job, &psync->io, 0);
    plain_set_state(job, psync);
    return 0;
}

static void psync_counts(struct bench_job *job, struct engine_counts *counts)
{
    const struct psync *psync = plain_state(job);

    *counts = (struct engine_counts){ .syscalls = psync->syscalls };
}

static int carry_out_sync(const struct bench_job *job, const struct bench_io *io, int fd)
{
    if (io->sync == SYNC_RANGE)
        return sync_file_range(fd, (off64_t)io->offset, io->sequence, job->options->sync_file_range.flags);
    return io->sync == SYNC_DATA ? fdatasync(fd) : fsync(fd);
}

static ssize_t transfer(const struct bench_io *io, int fd, void *buf, size_t length, off_t offset, int flags)
{
    const struct iovec iov = { buf, length };

    if (!flags)
        return io->kind == IO_READ ? pread(fd, buf, length, offset) : pwrite(fd, buf, length, offset);
    return io->kind == IO_READ ? preadv2(fd, &iov, 1, offset, flags) : pwritev2(fd, &iov, 1, offset, flags);
}

static int carry_out(const struct bench_job *job, const struct psync *psync)
{
    const struct bench_io *io = &psync->io;
    int fd = job->targets.targets[io->file].fd;
    char *buf = (char *)io->buf + io->moved;
    size_t length = io->length - io->moved;
    off_t offset = (off_t)(io->offset + io->moved);
    ssize_t res = 0;

    switch ((enum io_kind)io->kind) {
    case IO_READ:
    case IO_WRITE: res = transfer(io, fd, buf, length, offset, psync->rw_flags); break;
    case IO_TRIM:
        res = fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, (off_t)length);
        res = res ? res : (ssize_t)length;
        break;
    case IO_SYNC: res = carry_out_sync(job, io, fd); break;
    }
    return res < 0 ? -errno : (int)res;
}

static void psync_run(struct bench_job *job)
{
    struct psync *psync = plain_state(job);

    job_begin(job, psync_counts);
    do {
        bool more = work_next(&job->work, &psync->io, bench_now_ns());

        for (;;) {
            while (more) {
                psync->syscalls++;
                more = work_complete(&job->work, &psync->io, carry_out(job, psync));
            }
            if (!job->work.n_parked)
                break;
            work_pause(&job->work);
            more = work_due(&job->work, bench_now_ns()) != NULL;
        }
    } while (job_next_phase(job));
}

static void psync_teardown(struct bench_job *job)
{
    free(plain_state(job));
}

static int psync_prepare(struct bench_job *job)
{
    static const struct plain_body body = { psync_setup, psync_run, psync_teardown };

    return plain_prepare(job, &body);
}

const struct bench_engine engine_psync = { "psync", false, false, psync_prepare, plain_go, plain_finish, NULL, NULL };
