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
#include "ring_style.h"

struct bare {
    struct io_uring ring;
    uint64_t enters;
    struct ring_style style;
    uint32_t reap_max; /* completions taken at once */
    bool never_sleep, sq_thread;
    bool careful; /* one of them */
    struct bench_io *ios;
};

#define N_SETUPS 3

/* Flags for the ring, the best first; each N_SETUPS. */
static const unsigned usual_setups[N_SETUPS] = {
    IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_SUBMIT_ALL,
    IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_SUBMIT_ALL,
    0,
};
static const unsigned sq_thread_setups[N_SETUPS] = {
    IORING_SETUP_SQPOLL | IORING_SETUP_SUBMIT_ALL,
    IORING_SETUP_SQPOLL,
    IORING_SETUP_SQPOLL,
};

static int make_ring(struct bench_job *job, struct io_uring *ring)
{
    const struct job_options *options = job->options;
    const unsigned *setups = options->sqthread_poll ? sq_thread_setups : usual_setups;
    bool on_cpu = options->sqthread_poll && options->sqthread_poll_cpu >= 0;
    int rc = -EINVAL;

    for (size_t i = 0; i < N_SETUPS && rc == -EINVAL; i++) {
        unsigned entries = engine_sq_entries(options);
        struct io_uring_params params = { .flags = setups[i] | IORING_SETUP_CQSIZE, .cq_entries = 4 * entries };

        if (on_cpu) {
            params.flags |= IORING_SETUP_SQ_AFF;
            params.sq_thread_cpu = (unsigned)options->sqthread_poll_cpu;
        }
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

    if (bare->style.fixed_buffers) {
        struct iovec iov = { job->buffers, job->buffer_bytes };

        rc = io_uring_register_buffers(&bare->ring, &iov, 1);
    }
    if (!rc && bare->style.fixed_files) {
        int *fds = targets_fds(&job->targets);

        what = "--registerfiles";
        rc = fds ? io_uring_register_files(&bare->ring, fds, job->targets.n) : -ENOMEM;
        free(fds);
    }
    if (rc)
        fprintf(stderr, "lariat-bench: job %s: %s: %s\n", job->options->name, what, strerror(-rc));
    return rc;
}

static void bare_free(struct bare *bare)
{
    ring_style_free(&bare->style);
    free(bare->ios);
    free(bare);
}

static int bare_setup(struct bench_job *job)
{
    struct bare *bare = calloc(1, sizeof(*bare));
    size_t depth = job->options->iodepth;

    if (!bare)
        return -ENOMEM;
    bare->ios = aligned_alloc(_Alignof(struct bench_io), depth * sizeof(struct bench_io));
    if (!bare->ios || ring_style_init(&bare->style, job->options)) {
        bare_free(bare);
        return -ENOMEM;
    }
    bare->reap_max =
        job->options->iodepth_batch_complete_max ? (uint32_t)job->options->iodepth_batch_complete_max : UINT32_MAX;
    bare->never_sleep = !job->options->iodepth_batch_complete_min;
    bare->sq_thread = job->options->sqthread_poll;
    bare->careful = bare->never_sleep || bare->sq_thread;
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

/* An error that does not mean the end of the ring. */
static bool passes(int rc)
{
    return rc == -EINTR || rc == -EAGAIN || rc == -EBUSY;
}

/*
 * The queue holds iodepth of them: it is full only while an SQ thread has not told yet what it took, though some of that has
 * completed. NULL: the ring is broken.
 */
static struct io_uring_sqe *wait_for_sqe(struct bare *bare)
{
    struct io_uring_sqe *sqe = NULL;
    int rc = 0;

    while (!sqe && (rc >= 0 || passes(rc))) {
        rc = io_uring_submit(&bare->ring); /* it may be asleep */
        if (rc >= 0)
            rc = io_uring_sqring_wait(&bare->ring);
        sqe = io_uring_get_sqe(&bare->ring);
    }
    return sqe;
}

static void prepare_rare(const struct bench_job *job, const struct bare *bare, struct io_uring_sqe *sqe,
                         const struct bench_io *io, int fd)
{
    if (io->kind == IO_TRIM)
        io_uring_prep_fallocate(sqe, fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)io->offset, (off_t)io->length);
    else if (io->sync == SYNC_RANGE)
        io_uring_prep_sync_file_range(sqe, fd, io->sequence, io->offset, (int)job->options->sync_file_range.flags);
    else
        io_uring_prep_fsync(sqe, fd, io->sync == SYNC_DATA ? IORING_FSYNC_DATASYNC : 0);
    if (bare->style.fixed_files)
        sqe->flags |= IOSQE_FIXED_FILE;
}

static inline void queue(const struct bench_job *job, struct bare *bare, struct bench_io *io)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(&bare->ring);
    int fd = bare->style.fixed_files ? io->file : job->targets.targets[io->file].fd;

    if (__builtin_expect(!sqe, 0) && !(sqe = wait_for_sqe(bare)))
        return; /* iterate() will tell */
    if (__builtin_expect(io->kind >= IO_TRIM, 0))
        prepare_rare(job, bare, sqe, io, fd);
    else
        ring_style_prepare(&bare->style, sqe, io, fd);
    io_uring_sqe_set_data(sqe, io);
}

/* What iodepth_batch asks for is queued. What goes wrong here goes wrong again when the rest is submitted. */
static void submit_batch(void *opaque)
{
    struct bare *bare = opaque;

    io_uring_submit(&bare->ring);
    bare->enters += !bare->sq_thread;
}

/* Submit, and wait as long as parked I/Os allow. */
static int submit_carefully(const struct work *work, struct bare *bare)
{
    unsigned n = work_completions_needed(work);
    struct io_uring_cqe *cqe;
    int64_t now_ns, wake_ns;

    if (bare->sq_thread && io_uring_cq_ready(&bare->ring))
        return io_uring_submit(&bare->ring); /* no system call, unless the thread is asleep */
    bare->enters++;
    if (bare->never_sleep)
        return io_uring_submit_and_get_events(&bare->ring);
    if (!work->n_parked)
        return io_uring_submit_and_wait(&bare->ring, n);
    now_ns = bench_now_ns();
    if (!work_wait(work, now_ns, &wake_ns))
        return io_uring_submit_and_get_events(&bare->ring);
    struct __kernel_timespec left = { (wake_ns - now_ns) / 1000000000, (wake_ns - now_ns) % 1000000000 };
    int rc = io_uring_submit_and_wait_timeout(&bare->ring, &cqe, n, &left, NULL);

    return rc == -ETIME ? 0 : rc;
}

/* Submit, and wait for one. */
static inline int submit(const struct work *work, struct bare *bare)
{
    if (__builtin_expect(work->careful || bare->careful, 0))
        return submit_carefully(work, bare);
    bare->enters++;
    return io_uring_submit_and_wait(&bare->ring, 1);
}

/* Submit, wait, and reap what is there. 0, or -errno if the ring is of no use any more. */
static inline int iterate(struct bench_job *job, struct bare *bare)
{
    struct io_uring_cqe *cqe;
    unsigned head, n = 0;

    work_submitted(&job->work);
    int rc = submit(&job->work, bare);

    if (rc < 0 && !passes(rc))
        return rc;
    io_uring_for_each_cqe(&bare->ring, head, cqe)
    {
        struct bench_io *io = io_uring_cqe_get_data(cqe);

        if (n == bare->reap_max)
            break;
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

    if (job->options->iodepth_batch) {
        work->submit_batch = submit_batch;
        work->submit_opaque = bare;
    }
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

/* The ring goes on using the files that were registered, until it is told. */
static int bare_files_changed(struct bench_job *job)
{
    struct bare *bare = plain_state(job);
    int *fds = bare->style.fixed_files ? targets_fds(&job->targets) : NULL;
    int rc = bare->style.fixed_files && !fds ? -ENOMEM : 0;

    if (fds)
        rc = io_uring_register_files_update(&bare->ring, 0, fds, job->targets.n);
    free(fds);
    return rc < 0 ? rc : 0;
}

const struct bench_engine engine_liburing = {
    "liburing", false, true, bare_prepare, plain_go, plain_finish, NULL, bare_files_changed,
};
