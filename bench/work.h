/* SPDX-License-Identifier: MIT */
/*
 * The workload of one job: which I/O comes next, and what to do with one that completed. Engines only carry the I/Os out, so
 * what is done here, statistics included, costs the same under each of them.
 *
 * All is for the job's thread, but work_stop() and the counters read by iostat_ios(). One clock read per I/O: the time of a
 * completion is also the time at which the next I/O of that slot was handed out. What takes longer than some ns in between
 * (checksums) is followed by another clock read, so that it does not count as latency.
 */
#ifndef BENCH_WORK_H
#define BENCH_WORK_H

#include <stdbool.h>
#include <stdint.h>

#include "buffers.h"
#include "clock.h"
#include "iostat.h"
#include "offsets.h"
#include "options.h"
#include "rate.h"
#include "target.h"

struct log_ring;

/* One slot: an I/O that is in flight, or waits for its next turn. Engines embed it in a struct of their own. */
struct bench_io {
    void *buf;
    uint64_t offset; /* in the file */
    int64_t start_ns;
    int64_t due_ns;     /* when it was meant to start; without a rate: start_ns */
    uint32_t length;    /* of the whole I/O; 0: a sync */
    uint32_t moved;     /* of that, done by transfers cut short */
    uint32_t index;     /* of the slot */
    uint32_t sequence;  /* of a write under --verify; of SYNC_RANGE: its length */
    uint32_t queued_ns; /* from start_ns to its submission */
    uint16_t file;      /* index of its target */
    uint8_t kind;       /* enum io_kind */
    uint8_t retries;
    uint8_t sync;  /* of IO_SYNC: SYNC_... */
    bool checking; /* it reads what was written, for verify */
} __attribute__((aligned(64)));

enum work_phase { PHASE_RUN, PHASE_VERIFY, PHASE_OVER };

enum { SYNC_ALL, SYNC_DATA, SYNC_RANGE }; /* fsync, fdatasync, sync_file_range */

struct careful;

struct work {
    /* What every I/O touches. */
    int64_t end_ns; /* atomic: work_stop() writes it too */
    uint64_t left;  /* I/Os left in this pass; 0 in every phase but PHASE_RUN, and for careful jobs */
    uint64_t n_blocks;
    uint64_t next_block[2]; /* sequential: by direction */
    uint32_t bs;
    uint32_t inflight;
    uint64_t read_share; /* of 2^32 */
    uint64_t writes_until_sync;
    bool random, mapped, mixed, writes_only;
    struct careful *careful; /* NULL: a plain job; see careful.h */
    uint32_t n_parked;       /* slots that wait; see work_due() */
    uint64_t base;           /* of the region, in the file */
    struct rng rng;
    struct block_map map;    /* blocks used in this pass */
    unsigned measure;        /* MEASURE_... */
    struct log_ring *log;    /* of each I/O; NULL: none */
    bool batched;            /* the engine calls work_submitted() */
    uint32_t n_batch;        /* I/Os handed out since it did */
    uint32_t n_reaped;       /* completions since it did */
    int64_t handed_out_ns;   /* the last one */
    struct bench_io **batch; /* those handed out */
    uint32_t batch_max;      /* iodepth, or iodepth_batch */
    uint64_t write_stamp;
    uint64_t sync_every;
    uint64_t depth_sum;
    uint64_t depth_levels[DEPTH_BUCKETS];
    uint64_t submit_sizes[DEPTH_BUCKETS], complete_sizes[DEPTH_BUCKETS];
    struct iostat stats[IO_KINDS];

    /* The rest. */
    const struct job_options *options;
    const struct target_set *targets;
    enum work_phase phase; /* written atomically, for work_is_verifying() */
    bool stopped;          /* atomic */
    uint16_t sync_file;    /* written last */
    int64_t run_start_ns, run_end_ns, run_limit_ns;
    bool ramping;                    /* ramp_time is not over: nothing counts */
    void (*submit_batch)(void *opaque); /* what iodepth_batch asks for is queued; NULL: the engine sees that itself */
    void *submit_opaque;
    void (*ramp_over)(void *opaque); /* called at the end of ramp_time */
    bool (*loop_over)(void *opaque); /* called between loops; false: there is no next one. NULL: the files stay */
    void *owner;                     /* for both */
    int64_t wake_ns;       /* slots are parked: call work_due() then; INT64_MAX: when an I/O is done */
    int64_t spin_until_ns; /* until then, wait without sleeping */
    uint64_t amount_bytes; /* of the run, all its loops; it may end before, by its time or by number_ios */
    uint64_t issued_ios[IO_DIRECTIONS], issued_bytes[IO_DIRECTIONS]; /* of careful jobs */

    /* With rates: how well the schedule was kept, and histograms of the times from intended to completed, by direction. */
    struct schedule_stats schedule[IO_DIRECTIONS];
    struct lariat_histogram *response; /* NULL: no rate, so it is the latency */

    /* Errors: the first one that ended the job, a positive errno value; and those that were passed over. */
    int error;
    struct bench_io failed;
    bool failed_known; /* `failed` is the I/O that failed */
    bool missed;       /* it is latency_target, max_latency or rate_min that was not met */
    uint64_t total_errors;
    int first_error;
    uint32_t found_depth; /* by latency_target; 0: none */

    /* --verify */
    struct iostat checks; /* reads made for it, which are not in `stats` */
    uint64_t verify_blocks, verify_errors;
    int64_t verify_ns; /* after the run */
};

/* 0, or -errno: told, but for -ENOMEM. seed: that of the clone. */
int work_init(struct work *work, const struct job_options *options, const struct target_set *targets, uint64_t seed);
void work_free(struct work *work);

/* Put into a slot's buffer, of random data until now, what its first write begins with. Before work_begin(). */
void work_fill_buffer(struct work *work, void *buf);

/* Buffers beside those of the slots, for blocks that are being checked: how many it takes, and here is one. Before work_begin(). */
unsigned work_spare_buffers(const struct job_options *options);
void work_add_spare(struct work *work, void *buf);

/* The clock starts. Before the first work_next(). */
void work_begin(struct work *work);

/*
 * Nothing is in flight and work_next() says no more: go on to the next phase. True: begin anew with every slot.
 */
bool work_next_phase(struct work *work);

/* Have it end as soon as what is in flight is done. Any thread. */
void work_stop(struct work *work);

/*
 * For engines that submit many I/Os at once, with work->batched set: those handed out since the last call go to the kernel now,
 * together. To be called before any of them completes.
 */
void work_submitted(struct work *work);

/*
 * So many were handed out that the next ones are another batch: this one is submitted, unless the engine sees to that itself. Or
 * some were carried out at once and came again.
 */
void work_batch_full(struct work *work);

/* How many completions it takes until an I/O may be issued: what engines wait for, if they can wait for more than one. */
uint32_t work_completions_needed(const struct work *work);

/*
 * While slots are parked (n_parked > 0): an I/O that may be issued now, or NULL: not before wake_ns or the next completion.
 * Engines call it then, and after each completion as long as slots are parked; when nothing is parked and nothing in flight,
 * the phase is over. work_stop() does not wake anyone: wait for 100 ms at most.
 */
struct bench_io *work_due(struct work *work, int64_t now_ns);

/*
 * Slots are parked and nothing else is to do: is there time to sleep, until *wake_ns? That is somewhat before work_due() will have
 * an I/O, since sleepers are woken late; false: call it again and again.
 */
bool work_wait(const struct work *work, int64_t now_ns, int64_t *wake_ns);

/* The same, for threads without a loop: sleep, if there is time. */
void work_pause(const struct work *work);

/* What the run wrote is being checked. Any thread. */
static inline bool work_is_verifying(const struct work *work)
{
    return __atomic_load_n(&work->phase, __ATOMIC_RELAXED) == PHASE_VERIFY;
}

/* Where an I/O of a careful job is counted. */
static inline struct iostat *work_stat_of(struct work *work, const struct bench_io *io)
{
    return io->checking ? &work->checks : &work->stats[io->kind];
}

/* End with this error, of this I/O (NULL: of none). */
void work_fail(struct work *work, const struct bench_io *io, int error);

/* The parts that are not taken by each I/O. */
bool work_next_rare(struct work *work, struct bench_io *io, int64_t now_ns);
bool work_odd_result(struct work *work, struct bench_io *io, int res);
bool work_done_carefully(struct work *work, struct bench_io *io, int64_t now_ns);
bool work_new_pass(struct work *work);
void work_log(struct work *work, const struct bench_io *io, int64_t now_ns);

static inline uint64_t work_choose_block(struct work *work, enum io_kind kind)
{
    uint64_t block;

    if (work->random) {
        block = rng_below(&work->rng, work->n_blocks);
        if (work->mapped) {
            if (block_map_test(&work->map, block))
                block = block_map_find(&work->map, block);
            block_map_set(&work->map, block);
        }
        return block;
    }
    block = work->next_block[kind];
    work->next_block[kind] = block + 1 == work->n_blocks ? 0 : block + 1;
    return block;
}

/* io is made up: remember it for work_submitted(). */
static inline void work_hand_out(struct work *work, struct bench_io *io)
{
    io->queued_ns = 0;
    work->handed_out_ns = io->start_ns;
    if (work->batched) {
        if (__builtin_expect(work->n_batch == work->batch_max, 0))
            work_batch_full(work);
        work->batch[work->n_batch++] = io;
    }
}

/* Each sector becomes one that was never written before, so that nothing below can save the write by comparing. */
static inline void work_prepare_write(struct work *work, struct bench_io *io)
{
    if (work->sync_every)
        work->writes_until_sync--;
    buffer_scramble(&work->write_stamp, io->buf, io->length);
}

/* Fill io with the next I/O; false: there is none now (n_parked > 0: now; else: any more in this phase). */
static inline bool work_next(struct work *work, struct bench_io *io, int64_t now_ns)
{
    if (__builtin_expect(now_ns >= __atomic_load_n(&work->end_ns, __ATOMIC_RELAXED), 0))
        return false;
    if (__builtin_expect(!work->left || !work->writes_until_sync, 0)) {
        if (work->careful || !work->writes_until_sync)
            return work_next_rare(work, io, now_ns);
        if (!work_new_pass(work))
            return false;
    }
    enum io_kind kind = work->writes_only ? IO_WRITE : IO_READ;
    if (work->mixed && (uint32_t)rng_next(&work->rng) >= work->read_share)
        kind = IO_WRITE;

    io->kind = (uint8_t)kind;
    io->retries = 0;
    io->length = work->bs;
    io->moved = 0;
    io->offset = work->base + work_choose_block(work, kind) * work->bs;
    io->start_ns = now_ns;
    if (kind == IO_WRITE)
        work_prepare_write(work, io);
    work->left--;
    work->inflight++;
    counter_add(&work->depth_sum, work->inflight);
    counter_add(&work->depth_levels[depth_bucket(work->inflight)], 1);
    work_hand_out(work, io);
    return true;
}

/* io was carried out in full, by now_ns. */
static inline void work_count(struct work *work, const struct bench_io *io, int64_t now_ns)
{
    iostat_add(&work->stats[io->kind], work->measure, io->length, now_ns - io->start_ns, io->queued_ns);
    if (__builtin_expect(work->log != NULL, 0))
        work_log(work, io, now_ns);
}

/* io completed with res, at now_ns. True: io holds an I/O again, to be carried out. */
static inline bool work_complete_at(struct work *work, struct bench_io *io, int res, int64_t now_ns)
{
    if (__builtin_expect(res != (int)(io->length - io->moved), 0))
        return work_odd_result(work, io, res);
    work->inflight--;
    work->n_reaped++;
    if (__builtin_expect(work->careful != NULL, 0))
        return work_done_carefully(work, io, now_ns);
    work_count(work, io, now_ns);
    return work_next(work, io, now_ns);
}

/* It completed now. */
static inline bool work_complete(struct work *work, struct bench_io *io, int res)
{
    return work_complete_at(work, io, res, bench_now_ns());
}

#endif
