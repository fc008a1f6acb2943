/* SPDX-License-Identifier: MIT */
/*
 * A bare loop on liburing: the least that a program with a ring of its own must do. It takes the flags and queue sizes that
 * Lariat takes, so that comparing the two tells what Lariat's loop adds.
 */
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "plain_thread.h"

struct bare {
    struct io_uring ring;
    uint64_t enters;
    bool fixed_buffers, fixed_files;
    struct bench_io *ios;
};

static int make_ring(struct bench_job *job, struct io_uring *ring)
{
    static const unsigned ladder[] = {
        IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_SUBMIT_ALL,
        IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_SUBMIT_ALL,
        0,
    };
    int rc = -EINVAL;

    for (size_t i = 0; i < sizeof(ladder) / sizeof(ladder[0]) && rc == -EINVAL; i++) {
        unsigned entries = engine_sq_entries(job->options);
        struct io_uring_params params = { .flags = ladder[i] | IORING_SETUP_CQSIZE, .cq_entries = 4 * entries };

        if (params.cq_entries > 65536)
            params.cq_entries = 65536;
        rc = io_uring_queue_init_params(entries, ring, &params);
        job->ring_flags = params.flags;
        job->ring_sq_entries = params.sq_entries;
        job->ring_cq_entries = params.cq_entries;
    }
    if (rc)
        return rc;
    job->has_ring = true;
    job->ring_registered = io_uring_register_ring_fd(ring) == 1;
    return 0;
}

static int register_all(struct bench_job *job, struct bare *bare)
{
    const char *what = "--fixedbufs";
    int rc = 0;

    if (bare->fixed_buffers) {
        struct iovec iov = { job->buffers, job->buffer_stride * job->options->iodepth };

        rc = io_uring_register_buffers(&bare->ring, &iov, 1);
    }
    if (!rc && bare->fixed_files) {
        int *fds = calloc(job->targets.n, sizeof(*fds));

        what = "--registerfiles";
        for (unsigned i = 0; fds && i < job->targets.n; i++)
            fds[i] = job->targets.targets[i].fd;
        rc = fds ? io_uring_register_files(&bare->ring, fds, job->targets.n) : -ENOMEM;
        free(fds);
    }
    if (rc)
        fprintf(stderr, "lariat-bench: job %s: %s: %s\n", job->options->name, what, strerror(-rc));
    return rc;
}

static void bare_free(struct bare *bare)
{
    free(bare->ios);
    free(bare);
}

static int bare_setup(struct bench_job *job)
{
    struct bare *bare = calloc(1, sizeof(*bare));
    size_t depth = job->options->iodepth;

    if (!bare || !(bare->ios = aligned_alloc(_Alignof(struct bench_io), depth * sizeof(struct bench_io)))) {
        free(bare);
        return -ENOMEM;
    }
    bare->fixed_buffers = job->options->fixedbufs;
    bare->fixed_files = job->options->registerfiles;
    for (uint32_t i = 0; i < depth; i++) {
        bare->ios[i] = (struct bench_io){ .file = 0 };
        job_init_io(job, &bare->ios[i], i);
    }
    int rc = make_ring(job, &bare->ring);
    if (rc) {
        bare_free(bare);
        return engine_tell_setup(job, rc);
    }
    rc = register_all(job, bare);
    if (rc) {
        io_uring_queue_exit(&bare->ring);
        bare_free(bare);
        return rc;
    }
    plain_set_state(job, bare);
    return 0;
}

static void bare_counts(struct bench_job *job, struct engine_counts *counts)
{
    const struct bare *bare = plain_state(job);

    *counts = (struct engine_counts){ .syscalls = bare->enters, .enters = bare->enters };
}

static inline void queue(const struct bench_job *job, struct bare *bare, struct bench_io *io)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(&bare->ring); /* there is one: the queue holds iodepth of them */
    int fd = bare->fixed_files ? io->file : job->targets.targets[io->file].fd;
    char *buf = (char *)io->buf + io->moved;
    unsigned length = io->length - io->moved;
    uint64_t offset = io->offset + io->moved;

    switch ((enum io_kind)io->kind) {
    case IO_READ:
        if (bare->fixed_buffers)
            io_uring_prep_read_fixed(sqe, fd, buf, length, offset, 0);
        else
            io_uring_prep_read(sqe, fd, buf, length, offset);
        break;
    case IO_WRITE:
        if (bare->fixed_buffers)
            io_uring_prep_write_fixed(sqe, fd, buf, length, offset, 0);
        else
            io_uring_prep_write(sqe, fd, buf, length, offset);
        break;
    case IO_TRIM: io_uring_prep_fallocate(sqe, fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset, length); break;
    case IO_SYNC:
        if (io->sync == SYNC_RANGE)
            io_uring_prep_sync_file_range(sqe, fd, io->sequence, io->offset, (int)job->options->sync_file_range.flags);
        else
            io_uring_prep_fsync(sqe, fd, io->sync == SYNC_DATA ? IORING_FSYNC_DATASYNC : 0);
        break;
    }
    if (bare->fixed_files)
        sqe->flags |= IOSQE_FIXED_FILE;
    io_uring_sqe_set_data(sqe, io);
}

/* Submit, and wait for one: as long as parked I/Os allow. */
static inline int submit(const struct work *work, struct bare *bare)
{
    struct io_uring_cqe *cqe;
    int64_t now_ns, wake_ns;

    if (__builtin_expect(!work->n_parked, 1))
        return io_uring_submit_and_wait(&bare->ring, 1);
    now_ns = bench_now_ns();
    if (!work_wait(work, now_ns, &wake_ns))
        return io_uring_submit_and_get_events(&bare->ring);
    struct __kernel_timespec left = { (wake_ns - now_ns) / 1000000000, (wake_ns - now_ns) % 1000000000 };
    int rc = io_uring_submit_and_wait_timeout(&bare->ring, &cqe, 1, &left, NULL);

    return rc == -ETIME ? 0 : rc;
}

/* Submit, wait, and reap all that is there. 0, or -errno if the ring is of no use any more. */
static inline int iterate(struct bench_job *job, struct bare *bare)
{
    struct io_uring_cqe *cqe;
    unsigned head, n = 0;

    work_submitted(&job->work);
    int rc = submit(&job->work, bare);

    bare->enters++;
    if (rc < 0 && rc != -EINTR && rc != -EAGAIN && rc != -EBUSY)
        return rc;
    io_uring_for_each_cqe(&bare->ring, head, cqe)
    {
        struct bench_io *io = io_uring_cqe_get_data(cqe);

        n++;
        if (work_complete(&job->work, io, io->kind == IO_TRIM && !cqe->res ? (int)io->length : cqe->res))
            queue(job, bare, io);
    }
    io_uring_cq_advance(&bare->ring, n);
    return 0;
}

/* Queue parked I/Os that are due; sleep, if nothing is in flight. */
static void pump(struct bench_job *job, struct bare *bare)
{
    int64_t now_ns = bench_now_ns();
    struct bench_io *io;

    while ((io = work_due(&job->work, now_ns)))
        queue(job, bare, io);
    if (!job->work.inflight && job->work.n_parked)
        work_pause(&job->work);
}

static void bare_run(struct bench_job *job)
{
    struct bare *bare = plain_state(job);
    struct work *work = &job->work;
    int rc = 0;

    job_begin(job, bare_counts);
    do {
        int64_t now_ns = bench_now_ns();

        for (uint32_t i = 0; i < job->options->iodepth; i++)
            if (work_next(work, &bare->ios[i], now_ns))
                queue(job, bare, &bare->ios[i]);
        while ((work->inflight || work->n_parked) && !rc) {
            if (__builtin_expect(work->n_parked, 0))
                pump(job, bare);
            if (work->inflight)
                rc = iterate(job, bare);
        }
        if (rc) {
            fprintf(stderr, "lariat-bench: job %s: io_uring_enter: %s\n", job->options->name, strerror(-rc));
            work_fail(work, NULL, -rc);
        }
    } while (job_next_phase(job));
}

static void bare_teardown(struct bench_job *job)
{
    struct bare *bare = plain_state(job);

    io_uring_queue_exit(&bare->ring);
    bare_free(bare);
}

static int bare_prepare(struct bench_job *job)
{
    static const struct plain_body body = { bare_setup, bare_run, bare_teardown };

    return plain_prepare(job, &body);
}

const struct bench_engine engine_liburing = { "liburing", false, true, bare_prepare, plain_go, plain_finish, NULL };
