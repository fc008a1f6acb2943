/* SPDX-License-Identifier: MIT */
#include "work.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log_ring.h"
#define SECTOR 512
#define RETRIES_MAX 64
#define VERIFY_MESSAGES_MAX 10

static unsigned measures(const struct job_options *options)
{
    unsigned set = 0;

    if (options->gtod_reduce)
        return 0;
    if (!options->disable_slat)
        set |= options->slat_percentiles ? MEASURE_SLAT | MEASURE_SLAT_BUCKETS : MEASURE_SLAT;
    if (!options->disable_clat)
        set |= MEASURE_CLAT;
    if (!options->disable_lat)
        set |= MEASURE_LAT;
    return set;
}

int work_init(struct work *work, const struct job_options *options, const struct target_set *targets, uint64_t seed)
{
    enum rw_mode rw = (enum rw_mode)options->rw;
    bool mixed = rw_reads(rw) && rw_writes(rw);
    int rc = 0;

    memset(work, 0, sizeof(*work));
    work->options = options;
    work->targets = targets;
    work->n_blocks = targets->n_blocks;
    work->left = targets->n_blocks;
    work->end_ns = INT64_MAX;
    work->bs = (uint32_t)options->bs;
    work->random = rw_is_random(rw);
    work->mapped = work->random && !options->norandommap;
    work->mixed = mixed;
    work->writes_only = !rw_reads(rw);
    work->read_share = (options->rwmixread << 32) / 100;
    work->sync_every = options->fsync ? options->fsync : options->fdatasync;
    work->writes_until_sync = work->sync_every ? work->sync_every : UINT64_MAX;
    work->check_reads = options->verify != VERIFY_NONE;
    work->format = (struct verify_format){ .checksum = checksum_find("crc32c"), .header = true };
    work->track = work->check_reads && rw_writes(rw);
    rng_init(&work->rng, seed);
    work->measure = measures(options);
    work->batch_max = (uint32_t)options->iodepth;
    if (!(work->batch = calloc(options->iodepth, sizeof(*work->batch))))
        rc = -ENOMEM;
    if (!rc && work->mapped)
        rc = block_map_init(&work->map, work->n_blocks);
    if (!rc && work->track)
        rc = block_map_init(&work->busy, work->n_blocks);
    if (!rc && work->track && !(work->sequences = calloc(work->n_blocks, sizeof(uint32_t))))
        rc = -ENOMEM;
    if (rc)
        work_free(work);
    return rc;
}

void work_free(struct work *work)
{
    block_map_free(&work->map);
    block_map_free(&work->busy);
    free(work->sequences);
    work->sequences = NULL;
    free(work->batch);
    work->batch = NULL;
}

/* Let it run until end_ns, unless work_stop() came or comes in between. Pairs with the order of stores in work_stop(). */
static void set_end(struct work *work, int64_t end_ns)
{
    __atomic_store_n(&work->end_ns, end_ns, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&work->stopped, __ATOMIC_SEQ_CST))
        __atomic_store_n(&work->end_ns, INT64_MIN, __ATOMIC_SEQ_CST);
}

void work_begin(struct work *work)
{
    int64_t runtime_ns = work->options->runtime_ns, end_ns;

    work->run_start_ns = bench_now_ns();
    if (!runtime_ns || __builtin_add_overflow(work->run_start_ns, runtime_ns, &end_ns))
        end_ns = INT64_MAX;
    set_end(work, end_ns);
}

void work_stop(struct work *work)
{
    __atomic_store_n(&work->stopped, true, __ATOMIC_SEQ_CST);
    __atomic_store_n(&work->end_ns, INT64_MIN, __ATOMIC_SEQ_CST);
}

bool work_next_phase(struct work *work)
{
    int64_t now_ns = bench_now_ns();

    work_submitted(work); /* what is left to count */
    switch (work->phase) {
    case PHASE_RUN:
        work->run_end_ns = now_ns;
        if (!work->track || work->error || __atomic_load_n(&work->stopped, __ATOMIC_SEQ_CST))
            break;
        work->phase = PHASE_VERIFY;
        work->left = 0;
        work->writes_until_sync = UINT64_MAX;
        set_end(work, INT64_MAX);
        return true;
    case PHASE_VERIFY: work->verify_ns = now_ns - work->run_end_ns; break;
    case PHASE_OVER: break;
    }
    work->phase = PHASE_OVER;
    return false;
}

void work_submitted(struct work *work)
{
    bool counts = work->phase == PHASE_RUN;

    for (uint32_t i = 0; i < work->n_batch; i++) {
        struct bench_io *io = work->batch[i];
        int64_t queued_ns = work->handed_out_ns - io->start_ns;

        io->queued_ns = queued_ns < 0 ? 0 : queued_ns > UINT32_MAX ? UINT32_MAX : (uint32_t)queued_ns;
        if (counts && (work->measure & MEASURE_SLAT) && io->kind != IO_SYNC)
            iostat_add_slat(&work->stats[io->kind], work->measure, io->queued_ns);
    }
    if (counts && work->n_batch)
        counter_add(&work->submit_sizes[batch_bucket(work->n_batch)], 1);
    if (counts && work->n_reaped)
        counter_add(&work->complete_sizes[batch_bucket(work->n_reaped)], 1);
    work->n_batch = work->n_reaped = 0;
}

void work_log(struct work *work, const struct bench_io *io, int64_t now_ns)
{
    struct log_record record = {
        .end_ns = now_ns,
        .lat_ns = now_ns - io->start_ns,
        .offset = io->offset,
        .queued_ns = io->queued_ns,
        .bytes = io->length,
        .kind = io->kind,
    };

    if (io->kind < IO_DIRECTIONS)
        log_ring_add(work->log, &record);
}

bool work_new_pass(struct work *work)
{
    if (!work->options->time_based)
        return false;
    if (work->mapped)
        block_map_reset(&work->map);
    work->left = work->n_blocks;
    return true;
}

/* The block was drawn while still in flight: take another, one that this pass has not had if there is one. */
static uint64_t choose_idle(struct work *work, uint64_t block)
{
    if (work->mapped) {
        uint64_t other = block;

        for (uint32_t tries = 0; tries <= work->inflight && !block_map_full(&work->map); tries++) {
            other = block_map_find(&work->map, other + 1 == work->n_blocks ? 0 : other + 1);
            if (!block_map_test(&work->busy, other)) {
                block_map_clear(&work->map, block);
                block_map_set(&work->map, other);
                return other;
            }
        }
    }
    return block_map_find(&work->busy, block);
}

void work_place(struct work *work, struct bench_io *io)
{
    const struct target_set *set = work->targets;
    uint16_t file = 0;

    if (work->track) {
        if (block_map_test(&work->busy, io->block))
            io->block = choose_idle(work, io->block);
        block_map_set(&work->busy, io->block);
    }
    while (io->block - set->targets[file].first_block >= set->targets[file].n_blocks)
        file++;
    io->file = file;
    io->offset = (io->block - set->targets[file].first_block) * work->bs;
}

void work_prepare_write(struct work *work, struct bench_io *io)
{
    if (work->sync_every) {
        work->writes_until_sync--;
        work->sync_file = io->file;
    }
    /* Each sector becomes one that was never written before, so that nothing below can save the write by comparing. */
    for (uint32_t at = 0; at + sizeof(uint64_t) <= io->length; at += SECTOR) {
        uint64_t stamp = work->write_stamp += UINT64_C(0x9e3779b97f4a7c15);

        memcpy((char *)io->buf + at, &stamp, sizeof(stamp));
    }
    if (!work->track)
        return;
    if (!++work->last_sequence) /* 0 means "not written" */
        work->last_sequence = 1;
    io->sequence = work->last_sequence;
    verify_seal(&work->format, io->buf, io->length, io->offset, io->sequence);
    io->start_ns = bench_now_ns();
}

static bool next_sync(struct work *work, struct bench_io *io, int64_t now_ns)
{
    work->writes_until_sync = work->sync_every;
    io->kind = IO_SYNC;
    io->length = io->moved = 0;
    io->file = work->sync_file;
    io->start_ns = now_ns;
    work->inflight++;
    work_hand_out(work, io);
    return true;
}

static bool next_verify(struct work *work, struct bench_io *io, int64_t now_ns)
{
    while (work->verify_next < work->n_blocks && !work->sequences[work->verify_next])
        work->verify_next++;
    if (work->verify_next == work->n_blocks)
        return false;
    io->block = work->verify_next++;
    io->kind = IO_READ;
    io->length = work->bs;
    io->moved = 0;
    io->start_ns = now_ns;
    work_place(work, io);
    work->inflight++;
    work_hand_out(work, io);
    return true;
}

bool work_next_rare(struct work *work, struct bench_io *io, int64_t now_ns)
{
    if (work->phase == PHASE_VERIFY)
        return next_verify(work, io, now_ns);
    return work->phase == PHASE_RUN && next_sync(work, io, now_ns);
}

static void check_block(struct work *work, struct bench_io *io, uint32_t sequence)
{
    uint32_t where;
    const char *wrong = verify_check(&work->format, io->buf, io->length, io->offset, sequence, &where);

    work->verify_blocks++;
    if (!wrong)
        return;
    work->verify_errors++;
    if (work->verify_errors <= VERIFY_MESSAGES_MAX)
        fprintf(stderr, "lariat-bench: job %s: verify: %s at offset %" PRIu64 ": %s\n", work->options->name,
                work->targets->targets[io->file].path, io->offset, wrong);
    if (work->verify_errors == VERIFY_MESSAGES_MAX)
        fprintf(stderr, "lariat-bench: job %s: verify: further messages are left out\n", work->options->name);
}

void work_check_done(struct work *work, struct bench_io *io)
{
    if (io->kind == IO_SYNC)
        return;
    if (work->track)
        block_map_clear(&work->busy, io->block);
    if (io->kind == IO_WRITE)
        work->sequences[io->block] = io->sequence;
    else if (!work->track)
        check_block(work, io, 0);
    else if (work->sequences[io->block])
        check_block(work, io, work->sequences[io->block]);
}

static bool fail(struct work *work, struct bench_io *io, int error)
{
    work->inflight--;
    if (!work->error) {
        work->error = error;
        work->failed = *io;
    }
    work_stop(work);
    return false;
}

bool work_odd_result(struct work *work, struct bench_io *io, int res)
{
    if ((res == -EINTR || res == -EAGAIN) && io->retries < RETRIES_MAX) {
        io->retries++;
        return true;
    }
    if (res < 0)
        return fail(work, io, -res);
    if (res == 0)
        return fail(work, io, io->kind == IO_READ ? ENODATA : EIO);

    /* Cut short: go on with the rest, from where O_DIRECT accepts it. */
    uint32_t moved = io->moved + (uint32_t)res;
    uint32_t align = work->targets->targets[io->file].offset_align;

    moved -= moved % align;
    if (moved <= io->moved)
        return fail(work, io, EIO);
    io->moved = moved;
    counter_add(&work->stats[io->kind].short_ios, 1);
    return true;
}
