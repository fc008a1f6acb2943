/* SPDX-License-Identifier: MIT */
#include "job.h"

#include <errno.h>
#include <inttypes.h>
#include <lariat/file.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

#include "buffers.h"
#include "engine.h"

#define PAGE 4096u
#define LINE 64u

static size_t round_up(size_t n, size_t align)
{
    return (n + align - 1) / align * align;
}

/* On a thread that is placed as the job says: where memory is first touched, there it is. */
static int make_buffers(void *opaque)
{
    struct bench_job *job = opaque;
    const struct job_options *options = job->options;
    size_t align = job->targets.memory_align, n = options->iodepth + work_spare_buffers(options), total;
    char why[IO_MEMORY_WHY];
    int rc;

    if (options->iomem_align > align)
        align = options->iomem_align;
    /* Small blocks are packed: a page each would only cost TLB entries. */
    job->buffer_stride = round_up(options->bs, align > LINE ? align : LINE);
    align = align > PAGE ? align : PAGE;
    bool too_much = __builtin_mul_overflow(job->buffer_stride, n, &total);

    rc = too_much ? -ENOMEM : io_memory_get(&job->memory, &options->mem, total, align, job->clone, why);
    if (rc) {
        fprintf(stderr, "lariat-bench: job %s: --mem: %zu buffers: %s\n", options->name, n,
                too_much ? "nothing holds so much" : why);
        return rc;
    }
    job->buffers = job->memory.start;
    job->buffer_bytes = total;
    fill_random(job->buffers, total, options->randseed + job->index);
    return 0;
}

/* Clones and jobs draw different offsets from one --randseed; with --randrepeat=0, other ones in each run. */
static uint64_t seed_of(const struct bench_job *job)
{
    uint64_t seed = job->options->randseed + job->index * UINT64_C(0x632be59bd9b4e019), noise;

    if (!job->options->randrepeat && !job->options->allrandrepeat &&
        getrandom(&noise, sizeof(noise), 0) == (ssize_t)sizeof(noise))
        seed ^= noise;
    return seed;
}

static int make_work(struct bench_job *job)
{
    struct log_ring *log = job->work.log; /* opened before */
    int rc = work_init(&job->work, job->options, &job->targets, seed_of(job));

    job->work.log = log;
    if (rc == -ENOMEM || rc == -E2BIG)
        fprintf(stderr, "lariat-bench: job %s: out of memory for the map of %" PRIu64 " blocks\n", job->options->name,
                job->targets.bytes / job->options->bs);
    for (size_t at = 0; at < job->buffer_bytes && !rc; at += job->buffer_stride)
        work_fill_buffer(&job->work, job->buffers + at);
    for (size_t at = job->options->iodepth * job->buffer_stride; at < job->buffer_bytes && !rc; at += job->buffer_stride)
        work_add_spare(&job->work, job->buffers + at);
    return rc;
}

void job_open(struct bench_job *job, const struct bench_options *options)
{
    enum rw_mode rw = (enum rw_mode)job->options->rw;

    job->opened = true;
    if (options->readonly && (rw_writes(rw) || rw_trims(rw))) {
        fprintf(stderr, "lariat-bench: job %s: --rw=%s: it would write, and --readonly was given\n", job->options->name,
                options_rw_name(rw));
        job->open_rc = -EINVAL;
    } else {
        job->open_rc = targets_open(&job->targets, job->options, job->clone, options->allow_destructive);
    }
}

int job_init(struct bench_job *job, const struct bench_options *options)
{
    if (!job->opened)
        job_open(job, options);
    int rc = job->open_rc;

    if (!rc)
        rc = placement_call(&job->placement, job->options, make_buffers, job);
    if (!rc)
        rc = make_work(job);
    if (rc)
        job_free(job);
    return rc;
}

void job_free(struct bench_job *job)
{
    work_free(&job->work);
    io_memory_put(&job->memory);
    job->buffers = NULL;
    targets_close(&job->targets);
}

/* unlink_each_loop: the next loop has new files. */
static bool renew_files(void *opaque)
{
    struct bench_job *job = opaque;
    int rc = targets_renew(&job->targets, job->options);

    if (!rc && job->engine->files_changed)
        rc = job->engine->files_changed(job);
    if (rc == -EINTR) /* of all jobs, and no failure of this one */
        work_stop(&job->work);
    else if (rc)
        work_fail(&job->work, NULL, -rc);
    return !rc;
}

/* ramp_time is over: what was used until now does not count. */
static void end_ramp(void *opaque)
{
    struct bench_job *job = opaque;

    getrusage(RUSAGE_THREAD, &job->usage_begin);
    job->get_counts(job, &job->counts_begin);
}

void job_begin(struct bench_job *job, void (*get_counts)(struct bench_job *job, struct engine_counts *counts))
{
    __atomic_store_n(&job->tid, gettid(), __ATOMIC_RELEASE); /* the main thread may look at what it uses */
    job->get_counts = get_counts;
    get_counts(job, &job->counts_begin);
    getrusage(RUSAGE_THREAD, &job->usage_begin);
    job->work.batched = job->engine->batches;
    job->work.ramp_over = end_ramp;
    if (job->options->unlink_each_loop)
        job->work.loop_over = renew_files;
    job->work.owner = job;
    work_begin(&job->work);
}

/* end_fsync: part of the run. Where jobs share a thread, the others wait for it. */
static void sync_all(struct bench_job *job)
{
    for (unsigned i = 0; i < job->targets.n; i++)
        if (job->targets.targets[i].fd >= 0 && fsync(job->targets.targets[i].fd))
            work_fail(&job->work, NULL, errno);
}

bool job_next_phase(struct bench_job *job)
{
    if (job->work.phase == PHASE_RUN) {
        if (job->options->end_fsync && job->work.stats[IO_WRITE].ios)
            sync_all(job);
        getrusage(RUSAGE_THREAD, &job->usage_end);
        job->get_counts(job, &job->counts_end);
    }
    return work_next_phase(&job->work);
}

void job_done(struct bench_job *job)
{
    uint64_t one = 1;

    job->error = job->work.error;
    __atomic_store_n(&job->done, true, __ATOMIC_RELEASE);
    /* The counter cannot be full, so nothing can go wrong here that waiting would cure. */
    (void)!write(job->done_fd, &one, sizeof(one));
}

/*
 * Rates of what *counters of a job went on since they were `seen`, in units of `scale`. While it verifies, nothing is expected of
 * other directions than reading. last: of the run as a whole, to which what was read afterwards does not belong.
 */
static void sample(struct bench_job *job, int64_t now_ns, bool last, int64_t *sampled_ns, struct rate_samples rates[],
                   uint64_t seen[], uint64_t (*count)(const struct iostat *stat), double scale)
{
    double seconds = (double)(now_ns - *sampled_ns) / 1e9;
    bool verifying = work_is_verifying(&job->work);

    for (unsigned kind = 0; kind < IO_DIRECTIONS; kind++) {
        uint64_t n = count(&job->work.stats[kind]);

        if (kind == IO_READ && !last)
            n += count(&job->work.checks);
        if (n > seen[kind] || (n && !verifying))
            rate_add(&rates[kind], (double)(n - seen[kind]) / seconds / scale);
        seen[kind] = n;
    }
    *sampled_ns = now_ns;
}

#define SAMPLE_SLACK_NS INT64_C(1000000)

void job_sample(struct bench_job *job, int64_t now_ns, bool last)
{
    const struct job_options *o = job->options;
    bool no_iops = last && (job->iops[IO_READ].n || job->iops[IO_WRITE].n || job->iops[IO_TRIM].n);
    bool no_bandwidth = last && (job->bandwidth[IO_READ].n || job->bandwidth[IO_WRITE].n || job->bandwidth[IO_TRIM].n);

    if (o->disable_bw || o->gtod_reduce)
        return;
    if (!no_iops && now_ns > job->iops_sampled_ns &&
        (last || now_ns - job->iops_sampled_ns >= o->iopsavgtime_ns - SAMPLE_SLACK_NS))
        sample(job, now_ns, last, &job->iops_sampled_ns, job->iops, job->sampled_ios, iostat_ios, 1);
    if (!no_bandwidth && now_ns > job->bandwidth_sampled_ns &&
        (last || now_ns - job->bandwidth_sampled_ns >= o->bwavgtime_ns - SAMPLE_SLACK_NS))
        sample(job, now_ns, last, &job->bandwidth_sampled_ns, job->bandwidth, job->sampled_bytes, iostat_bytes, 1024);
}

int64_t job_sample_due_ns(const struct bench_job *job)
{
    int64_t iops_ns = job->iops_sampled_ns + job->options->iopsavgtime_ns;
    int64_t bandwidth_ns = job->bandwidth_sampled_ns + job->options->bwavgtime_ns;

    if (job->options->disable_bw || job->options->gtod_reduce || __atomic_load_n(&job->done, __ATOMIC_ACQUIRE))
        return INT64_MAX;
    return iops_ns < bandwidth_ns ? iops_ns : bandwidth_ns;
}

void job_tell_error(const struct bench_job *job)
{
    static const char *const kinds[] = { "reading", "writing", "trimming", "syncing" };
    const struct work *work = &job->work;
    const struct bench_io *io = &work->failed;
    const char *what = work->error == ENODATA ? "the file ends there" : strerror(work->error);

    if (!work->error)
        return;
    if (!work->failed_known)
        fprintf(stderr, "lariat-bench: job %s: %s\n", job->options->name,
                work->missed ? "a limit of --rate_min or --latency_target was missed" : what);
    else
        fprintf(stderr, "lariat-bench: job %s: %s %s at offset %" PRIu64 " (%" PRIu32 " bytes): %s\n", job->options->name,
                kinds[io->kind], job->targets.n ? job->targets.targets[io->file].path : "null", io->offset, io->length,
                work->missed ? "it took longer than --max_latency" : what);
}
