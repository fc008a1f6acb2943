/* SPDX-License-Identifier: MIT */
/*
 * One iothread per job. All but prepare and finish happens in callbacks on its loop.
 */
#include <errno.h>
#include <lariat/lariat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"

struct lariat_slot {
    struct bench_io io;
    struct lariat_op op;
};

struct lariat_run {
    struct bench_job *job;
    struct lariat_iothread *iothread;
    struct lariat_loop *loop;
    bool fixed_buffers, fixed_files;
    bool by_file; /* neither: by lariat_file_read(), which chooses the way by what was probed */
    int register_rc;
    const char *register_what;
    struct lariat_slot *slots;
    uint64_t iteration; /* the one seen last */
};

static inline struct lariat_slot *slot_of(struct lariat_op *op)
{
    return (struct lariat_slot *)((char *)op - offsetof(struct lariat_slot, op));
}

static inline void issue_by_fd(struct lariat_run *run, struct lariat_slot *slot, void *buf, size_t length, int64_t offset)
{
    const struct bench_io *io = &slot->io;
    struct lariat_op *op = &slot->op;
    int fd = run->fixed_files ? io->file : run->job->targets.targets[io->file].fd;

    if (io->kind == IO_SYNC)
        lariat_fsync(run->loop, op, fd, run->job->options->fdatasync > 0);
    else if (io->kind == IO_READ && run->fixed_buffers)
        lariat_read_fixed(run->loop, op, fd, buf, length, offset, 0);
    else if (io->kind == IO_READ)
        lariat_read(run->loop, op, fd, buf, length, offset);
    else if (run->fixed_buffers)
        lariat_write_fixed(run->loop, op, fd, buf, length, offset, 0);
    else
        lariat_write(run->loop, op, fd, buf, length, offset);
}

static inline void issue(struct lariat_run *run, struct lariat_slot *slot)
{
    const struct bench_io *io = &slot->io;
    char *buf = (char *)io->buf + io->moved;
    size_t length = io->length - io->moved;
    int64_t offset = (int64_t)(io->offset + io->moved);

    if (!run->by_file) {
        issue_by_fd(run, slot, buf, length, offset);
        return;
    }
    struct lariat_file *file = run->job->targets.targets[io->file].file;

    if (io->kind == IO_READ)
        lariat_file_read(run->loop, &slot->op, file, buf, length, offset);
    else if (io->kind == IO_WRITE)
        lariat_file_write(run->loop, &slot->op, file, buf, length, offset);
    else
        lariat_file_fsync(run->loop, &slot->op, file, run->job->options->fdatasync > 0);
}

static void peek(const struct bench_job *job, struct engine_counts *counts)
{
    const struct lariat_run *run = job->engine_state;
    struct lariat_loop_stats stats = LARIAT_LOOP_STATS_INIT;
    struct lariat_poll_params params;

    lariat_loop_get_stats(run->loop, &stats);
    lariat_loop_get_poll_params(run->loop, &params);
    *counts = (struct engine_counts){
        .syscalls = stats.enters + stats.eventfd_writes + stats.ops_inline,
        .enters = stats.enters,
        .eventfd_writes = stats.eventfd_writes,
        .spins = stats.spins,
        .spins_hit = stats.spins_hit,
        .spin_ns = stats.spin_ns,
        .spin_vain_ns = stats.spin_vain_ns,
        .sleeps = stats.sleeps,
        .sleep_ns = stats.sleep_ns,
        .sleep_counted = params.max_ns > 0,
        .window_ns = stats.window_ns,
    };
}

static void get_counts(struct bench_job *job, struct engine_counts *counts)
{
    peek(job, counts);
}

/* Hand out an I/O for each slot, phase after phase, until there is one with any. */
static void begin_phase(struct lariat_run *run)
{
    struct bench_job *job = run->job;

    do {
        int64_t now_ns = bench_now_ns();

        for (uint32_t i = 0; i < job->options->iodepth && work_next(&job->work, &run->slots[i].io, now_ns); i++)
            issue(run, &run->slots[i]);
        if (job->work.inflight)
            return;
    } while (job_next_phase(job, get_counts));
    job_done(job);
}

/* The least that lies between completions of two iterations: there is a system call in between, and this is less than one. */
#define ITERATION_NS 100

/* If the loop has begun another iteration, it submitted before that what was handed out until then. */
static void note_iteration(struct lariat_run *run)
{
    struct lariat_loop_stats stats = { .size = offsetof(struct lariat_loop_stats, enters) };

    lariat_loop_get_stats(run->loop, &stats);
    if (stats.iterations != run->iteration)
        work_submitted(&run->job->work);
    run->iteration = stats.iterations;
}

static void slot_done(struct lariat_op *op, int res)
{
    struct lariat_slot *slot = slot_of(op);
    struct lariat_run *run = op->opaque;
    struct work *work = &run->job->work;
    int64_t now_ns = bench_now_ns();

    if (now_ns - work->handed_out_ns > ITERATION_NS)
        note_iteration(run);
    if (__builtin_expect(work_complete_at(work, &slot->io, res, now_ns), 1))
        issue(run, slot);
    else if (!work->inflight) {
        if (job_next_phase(run->job, get_counts))
            begin_phase(run);
        else
            job_done(run->job);
    }
}

static void begin(void *opaque)
{
    struct lariat_run *run = opaque;
    struct engine_counts counts;

    get_counts(run->job, &counts);
    job_begin(run->job, &counts);
    begin_phase(run);
}

static void register_all(void *opaque)
{
    struct lariat_run *run = opaque;
    struct bench_job *job = run->job;

    if (run->fixed_buffers) {
        struct iovec iov = { job->buffers, job->buffer_stride * job->options->iodepth };

        run->register_what = "--fixedbufs";
        run->register_rc = lariat_register_buffers(run->loop, &iov, 1);
    }
    if (!run->register_rc && run->fixed_files) {
        int *fds = calloc(job->targets.n, sizeof(*fds));

        for (unsigned i = 0; fds && i < job->targets.n; i++)
            fds[i] = job->targets.targets[i].fd;
        run->register_what = "--registerfiles";
        run->register_rc = fds ? lariat_register_files(run->loop, fds, job->targets.n) : -ENOMEM;
        free(fds);
    }
}

static int make_slots(struct lariat_run *run)
{
    struct bench_job *job = run->job;
    size_t depth = job->options->iodepth;

    run->slots = aligned_alloc(_Alignof(struct lariat_slot), depth * sizeof(struct lariat_slot));
    if (!run->slots)
        return -ENOMEM;
    memset(run->slots, 0, depth * sizeof(struct lariat_slot));
    for (uint32_t i = 0; i < depth; i++) {
        job_init_io(job, &run->slots[i].io, i);
        run->slots[i].op.fn = slot_done;
        run->slots[i].op.opaque = run;
        run->slots[i].op.flags = run->fixed_files ? LARIAT_OP_FIXED_FILE : 0;
    }
    return 0;
}

static int make_iothread(struct lariat_run *run)
{
    const struct job_options *options = run->job->options;
    struct lariat_loop_options loop = LARIAT_LOOP_OPTIONS_INIT;
    struct lariat_iothread_options iothread = LARIAT_IOTHREAD_OPTIONS_INIT;
    struct lariat_poll_params params;
    char id[32];

    lariat_poll_params_init(&params, (enum lariat_poll_policy)options->poll_policy);
    params.max_ns = options->poll_max_ns;
    params.grow = (int64_t)options->poll_grow;
    params.shrink = (int64_t)options->poll_shrink;
    loop.sq_entries = engine_sq_entries(options);
    loop.poll = &params;
    iothread.loop = &loop;
    iothread.cpu_affinity = options->cpus_allowed;
    snprintf(id, sizeof(id), "job%u", run->job->index);
    int rc = lariat_iothread_new(id, &iothread, &run->iothread);

    if (rc == -ENODEV || (rc == -EINVAL && options->cpus_allowed)) {
        fprintf(stderr, "lariat-bench: job %s: --cpus_allowed=%s: there is no such CPU here, or it may not be used\n",
                options->name, options->cpus_allowed);
        return rc;
    }
    if (rc)
        return engine_tell_setup(run->job, rc);
    run->loop = lariat_iothread_loop(run->iothread);
    return 0;
}

static void run_free(struct lariat_run *run)
{
    lariat_iothread_destroy(run->iothread);
    free(run->slots);
    free(run);
}

static int lariat_prepare(struct bench_job *job)
{
    struct lariat_run *run = calloc(1, sizeof(*run));
    struct lariat_loop_stats stats = LARIAT_LOOP_STATS_INIT;

    if (!run)
        return -ENOMEM;
    run->job = job;
    run->fixed_buffers = job->options->fixedbufs;
    run->fixed_files = job->options->registerfiles;
    run->by_file = !run->fixed_buffers && !run->fixed_files;
    int rc = make_slots(run);
    if (!rc)
        rc = make_iothread(run);
    if (!rc)
        rc = lariat_loop_call(run->loop, register_all, run);
    if (!rc && run->register_rc) {
        rc = run->register_rc;
        fprintf(stderr, "lariat-bench: job %s: %s: %s\n", job->options->name, run->register_what, strerror(-rc));
    }
    if (rc) {
        run_free(run);
        return rc;
    }
    lariat_loop_get_stats(run->loop, &stats);
    job->has_ring = true;
    job->ring_flags = stats.setup_flags;
    job->ring_sq_entries = stats.sq_entries;
    job->ring_cq_entries = stats.cq_entries;
    job->ring_registered = stats.registered_ring;
    job->engine_state = run;
    return 0;
}

static void lariat_go(struct bench_job *job)
{
    struct lariat_run *run = job->engine_state;
    int rc = lariat_bh_schedule_oneshot(run->loop, begin, run);

    if (rc) { /* no memory: as if the job had failed at once */
        job->work.error = -rc;
        job_done(job);
    }
}

static void lariat_finish(struct bench_job *job)
{
    run_free(job->engine_state);
    job->engine_state = NULL;
}

const struct bench_engine engine_lariat = { "lariat", true, true, lariat_prepare, lariat_go, lariat_finish, peek };
