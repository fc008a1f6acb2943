/* SPDX-License-Identifier: MIT */
/* One running job (or clone of one): its targets, buffers, workload, thread and what was measured. */
#ifndef BENCH_JOB_H
#define BENCH_JOB_H

#include <lariat/stats.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

#include "io_memory.h"
#include "iostat.h"
#include "options.h"
#include "placement.h"
#include "target.h"
#include "work.h"

struct bench_engine;

/* What the engine counts itself; the lariat engine takes it from its loop. */
struct engine_counts {
    uint64_t syscalls; /* for I/O and wake-ups */
    uint64_t enters;   /* of those, io_uring_enter */
    uint64_t eventfd_writes;
    uint64_t spins, spins_hit, spin_ns, spin_vain_ns;
    uint64_t sleeps, sleep_ns;
    bool sleep_counted; /* sleep_ns was counted at all */
    uint64_t window_ns;
    uint64_t waits_batched, cqes_batched;
};

/* For the main thread. READY: its thread waits for go(). */
enum job_state { JOB_WAITING, JOB_READY, JOB_RUNNING, JOB_ENDED };

struct bench_job {
    const struct job_options *options;
    const struct bench_engine *engine;
    unsigned index; /* among all */
    unsigned clone; /* of this job */
    unsigned wave;  /* see schedule.h */
    enum job_state state;
    int64_t delay_ns; /* startdelay */
    int64_t start_ns; /* when it may start; 0: not known yet */
    struct placement placement;
    bool opened; /* job_open() was called: with open_rc */
    int open_rc;
    struct target_set targets;
    struct work work;
    struct io_memory memory;
    char *buffers; /* in it */
    size_t buffer_stride, buffer_bytes;
    void *engine_state;
    void (*get_counts)(struct bench_job *job, struct engine_counts *counts); /* of the engine; for the job's thread */

    /* Set by the job's thread, read by others when it is done. */
    pid_t tid;
    struct rusage usage_begin, usage_end;
    struct engine_counts counts_begin, counts_end;
    bool has_ring;
    unsigned ring_flags, ring_sq_entries, ring_cq_entries;
    bool ring_registered;
    bool done; /* atomic */
    int done_fd;

    /* The main thread's samples while it runs. */
    struct rate_samples iops[IO_DIRECTIONS], bandwidth[IO_DIRECTIONS];
    uint64_t sampled_ios[IO_DIRECTIONS], sampled_bytes[IO_DIRECTIONS];
    int64_t iops_sampled_ns, bandwidth_sampled_ns;
    struct job_log *log;       /* NULL: none */
    struct wait_log *wait_log; /* NULL: none */
    int error;                 /* positive errno value, the work's included */
};

/* Find, lay out and open the targets; job_init() does so, or says what came of it. Any thread. */
void job_open(struct bench_job *job, const struct bench_options *options);

/* Open targets, make buffers and the workload. Failures are told. 0 or -errno. */
int job_init(struct bench_job *job, const struct bench_options *options);
void job_free(struct bench_job *job);

/* For the job's thread. job_begin(): just before the first I/O. job_next_phase(): see work_next_phase(). job_done(): the last. */
void job_begin(struct bench_job *job, void (*get_counts)(struct bench_job *job, struct engine_counts *counts));
bool job_next_phase(struct bench_job *job);
void job_done(struct bench_job *job);

/*
 * Take samples of the rates at now_ns, for bw_min, bw_max and the like, if it is time. last: the job
 * is over; one without any sample has the whole of it as one.
 */
void job_sample(struct bench_job *job, int64_t now_ns, bool last);
/* When it is time next. */
int64_t job_sample_due_ns(const struct bench_job *job);

/* Tell on stderr why the I/O failed, if it did. */
void job_tell_error(const struct bench_job *job);

/* Prepare slot number `index` of an engine. */
static inline void job_init_io(const struct bench_job *job, struct bench_io *io, uint32_t index)
{
    io->index = index;
    io->buf = job->buffers + index * job->buffer_stride;
}

#endif
