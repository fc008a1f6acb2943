/* SPDX-License-Identifier: MIT */
/*
 * One iothread per job, or one that several jobs share (iothread_pool.c). All but prepare and finish happens in callbacks on its
 * loop.
 */
#include <errno.h>
#include <lariat/lariat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "iothread_pool.h"
#include "ring_style.h"
#include "wait_log.h"

struct lariat_slot {
    struct bench_io io;
    struct lariat_op op;
};

struct lariat_run {
    struct bench_job *job;
    struct pooled_iothread *iothread;
    struct lariat_loop *loop;
    struct ring_style style;
    bool by_file; /* nothing is registered: by lariat_file_read(), which chooses the way by what was probed */
    bool by_sqe;  /* the library has no call for this style */
    bool never_sleep;
    int register_rc;
    const char *register_what;
    struct lariat_slot *slots;
    uint64_t iteration;        /* the one seen last */
    struct lariat_timer timer; /* for parked I/Os, whose time will come; see pump() */
    struct lariat_bh *spin;    /* the same, soon; and what keeps a loop awake */
};

static inline struct lariat_slot *slot_of(struct lariat_op *op)
{
    return (struct lariat_slot *)((char *)op - offsetof(struct lariat_slot, op));
}

static void issue_sync(struct lariat_run *run, struct lariat_slot *slot)
{
    const struct bench_io *io = &slot->io;
    const struct target *target = &run->job->targets.targets[io->file];
    int fd = run->style.fixed_files ? io->file : target->fd;

    slot->op.flags = run->style.fixed_files ? LARIAT_OP_FIXED_FILE : 0;
    if (io->sync == SYNC_RANGE)
        lariat_sync_file_range(run->loop, &slot->op, fd, (int64_t)io->offset, io->sequence,
                               (int)run->job->options->sync_file_range.flags);
    else if (run->by_file)
        lariat_file_fsync(run->loop, &slot->op, target->file, io->sync == SYNC_DATA);
    else
        lariat_fsync(run->loop, &slot->op, fd, io->sync == SYNC_DATA);
}

static void issue_trim(struct lariat_run *run, struct lariat_slot *slot)
{
    const struct bench_io *io = &slot->io;

    slot->op.flags = 0; /* not by the registered file */
    lariat_file_discard(run->loop, &slot->op, run->job->targets.targets[io->file].file, (int64_t)io->offset, io->length);
}

static inline void issue_by_fd(struct lariat_run *run, struct lariat_slot *slot, void *buf, size_t length, int64_t offset)
{
    const struct bench_io *io = &slot->io;
    struct lariat_op *op = &slot->op;
    int fd = run->style.fixed_files ? io->file : run->job->targets.targets[io->file].fd;

    if (__builtin_expect(run->by_sqe, 0)) {
        ring_style_prepare(&run->style, lariat_sqe(run->loop, op), io, fd);
        return;
    }
    op->flags = run->style.fixed_files ? LARIAT_OP_FIXED_FILE : 0;
    if (io->kind == IO_READ && run->style.fixed_buffers)
        lariat_read_fixed(run->loop, op, fd, buf, length, offset, 0);
    else if (io->kind == IO_READ)
        lariat_read(run->loop, op, fd, buf, length, offset);
    else if (run->style.fixed_buffers)
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

    if (__builtin_expect(io->kind >= IO_TRIM, 0)) {
        if (io->kind == IO_TRIM)
            issue_trim(run, slot);
        else
            issue_sync(run, slot);
        return;
    }
    if (!run->by_file) {
        issue_by_fd(run, slot, buf, length, offset);
        return;
    }
    struct lariat_file *file = run->job->targets.targets[io->file].file;

    if (io->kind == IO_READ)
        lariat_file_read(run->loop, &slot->op, file, buf, length, offset);
    else
        lariat_file_write(run->loop, &slot->op, file, buf, length, offset);
}

static void peek(const struct bench_job *job, struct engine_counts *counts)
{
    const struct lariat_run *run = job->engine_state;
    struct lariat_loop_stats stats = LARIAT_LOOP_STATS_INIT;
    struct lariat_poll_params params;

    *counts = (struct engine_counts){ .syscalls = 0 };
    if (!run) /* its turn has not come */
        return;
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
        .waits_batched = stats.waits_batched,
        .cqes_batched = stats.cqes_batched,
    };
}

static void get_counts(struct bench_job *job, struct engine_counts *counts)
{
    peek(job, counts);
}

static inline struct lariat_slot *slot_of_io(struct bench_io *io)
{
    return (struct lariat_slot *)((char *)io - offsetof(struct lariat_slot, io));
}

static void note_wait(void *opaque, int64_t wait_ns, bool slept)
{
    const struct lariat_run *run = opaque;

    if (!run->job->work.ramping)
        wait_log_add(run->job->wait_log, wait_ns, slept);
}

/* Nothing of the job is left on the loop, which may go on for others. */
static void end(struct lariat_run *run)
{
    lariat_timer_cancel(&run->timer);
    lariat_bh_cancel(run->spin);
    if (run->job->wait_log)
        lariat_loop_watch_waits(run->loop, NULL, NULL);
    job_done(run->job);
}

/*
 * Issue what was parked and is due; for the rest, come back in time: by a timer, and from shortly before it on in each iteration
 * of the loop, which does not sleep then. In-flight I/Os go on completing meanwhile. False: the phase is over.
 */
static bool pump(struct lariat_run *run)
{
    struct work *work = &run->job->work;
    int64_t now_ns = bench_now_ns(), wake_ns;
    struct bench_io *io;

    while ((io = work_due(work, now_ns)))
        issue(run, slot_of_io(io));
    if (run->never_sleep && work->inflight) {
        lariat_bh_schedule(run->spin);
        return true;
    }
    if (!work->n_parked)
        return work->inflight > 0;
    if (work_wait(work, now_ns, &wake_ns))
        lariat_timer_set_ns(&run->timer, wake_ns);
    else
        lariat_bh_schedule(run->spin);
    return true;
}

/* Hand out an I/O for each slot, phase after phase, until there is one with any. */
static void begin_phase(struct lariat_run *run)
{
    struct bench_job *job = run->job;

    do {
        int64_t now_ns = bench_now_ns();

        for (uint32_t i = 0; i < job->options->iodepth; i++)
            if (work_next(&job->work, &run->slots[i].io, now_ns))
                issue(run, &run->slots[i]);
        if (pump(run))
            return;
    } while (job_next_phase(job));
    end(run);
}

static void next_phase(struct lariat_run *run)
{
    if (job_next_phase(run->job))
        begin_phase(run);
    else
        end(run);
}

/* The time of a parked I/O has come, or nearly; or the loop may not sleep. */
static void on_time(void *opaque)
{
    struct lariat_run *run = opaque;

    if (!pump(run))
        next_phase(run);
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
    if (__builtin_expect(slot->io.kind == IO_TRIM && res == 0, 0))
        res = (int)slot->io.length;
    bool more = work_complete_at(work, &slot->io, res, now_ns);

    if (__builtin_expect(more, 1))
        issue(run, slot);
    if (__builtin_expect(work->n_parked, 0)) {
        if (!pump(run))
            next_phase(run);
    } else if (__builtin_expect(!more && !work->inflight, 0)) {
        next_phase(run);
    }
}

static void begin(void *opaque)
{
    struct lariat_run *run = opaque;

    lariat_timer_init(&run->timer, run->loop, on_time, run);
    if (run->job->wait_log)
        lariat_loop_watch_waits(run->loop, note_wait, run);
    job_begin(run->job, get_counts);
    begin_phase(run);
}

static void register_all(void *opaque)
{
    struct lariat_run *run = opaque;
    struct bench_job *job = run->job;

    if (run->style.fixed_buffers) {
        struct iovec iov = { job->buffers, job->buffer_bytes };

        run->register_what = "--fixedbufs";
        run->register_rc = lariat_register_buffers(run->loop, &iov, 1);
    }
    if (!run->register_rc && run->style.fixed_files) {
        int *fds = targets_fds(&job->targets);

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
        run->slots[i].op.rw_flags = run->style.rw_flags;
    }
    return 0;
}

static void run_free(struct lariat_run *run)
{
    lariat_bh_delete(run->spin);
    iothread_pool_put(run->iothread);
    ring_style_free(&run->style);
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
    int rc = ring_style_init(&run->style, job->options);

    run->by_sqe = run->style.iovs || run->style.force_async;
    run->by_file = !run->style.fixed_buffers && !run->style.fixed_files && !run->by_sqe;
    run->never_sleep = !job->options->iodepth_batch_complete_min;
    if (!rc)
        rc = make_slots(run);
    if (!rc)
        rc = iothread_pool_get(job, &run->iothread, &run->loop);
    if (!rc)
        rc = lariat_bh_new(run->loop, "bench-spin", on_time, run, &run->spin);
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
    job->work.batch_max = engine_batch_max(job->options);
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

/* The ring goes on using the files that were registered, until it is told. */
static int lariat_files_changed(struct bench_job *job)
{
    const struct lariat_run *run = job->engine_state;
    int *fds = run->style.fixed_files ? targets_fds(&job->targets) : NULL;
    int rc = run->style.fixed_files && !fds ? -ENOMEM : 0;

    if (fds)
        rc = lariat_register_files_update(run->loop, 0, fds, job->targets.n);
    free(fds);
    return rc < 0 ? rc : 0;
}

const struct bench_engine engine_lariat = {
    "lariat", true, true, lariat_prepare, lariat_go, lariat_finish, peek, lariat_files_changed,
};
