/* SPDX-License-Identifier: MIT */
#include "work.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "careful.h"
#include "checker.h"
#include "log_ring.h"

#define RETRIES_MAX 64

/* As plain jobs have it: one file, one size, all blocks alike. */
static int init_plain(struct work *work, uint64_t seed)
{
    const struct job_options *options = work->options;

    work->left = work->n_blocks;
    work->amount_bytes = work->n_blocks * work->bs;
    work->random = rw_is_random((enum rw_mode)options->rw);
    work->mapped = work->random && !options->norandommap;
    rng_init(&work->rng, seed);
    return work->mapped ? block_map_init(&work->map, work->n_blocks) : 0;
}

static bool has_rates(const struct job_options *options)
{
    enum rw_mode rw = (enum rw_mode)options->rw;
    const bool used[IO_DIRECTIONS] = { rw_reads(rw), rw_writes(rw), rw_trims(rw) };
    bool rates = false;

    for (unsigned i = 0; i < IO_DIRECTIONS; i++)
        rates |= used[i] && (options->rate[i] || options->rate_iops[i]);
    return rates;
}

static unsigned measures(const struct job_options *options)
{
    bool logs_longest = options->write_lat_log && options->log_avg_ns && options->log_window_value != LOG_AVERAGE;
    unsigned set = 0;

    if (options->gtod_reduce)
        return 0;
    if (!options->disable_slat && !options->sqthread_poll)
        set |= options->slat_percentiles || logs_longest ? MEASURE_SLAT | MEASURE_SLAT_BUCKETS : MEASURE_SLAT;
    if (!options->disable_clat)
        set |= MEASURE_CLAT;
    if (!options->disable_lat)
        set |= MEASURE_LAT;
    return set;
}

int work_init(struct work *work, const struct job_options *options, const struct target_set *targets, uint64_t seed)
{
    enum rw_mode rw = (enum rw_mode)options->rw;
    int rc;

    memset(work, 0, sizeof(*work));
    work->options = options;
    work->targets = targets;
    work->bs = (uint32_t)options->bs;
    work->base = targets->targets[0].base;
    work->n_blocks = targets->bytes / options->bs;
    work->end_ns = work->wake_ns = INT64_MAX;
    work->mixed = rw_reads(rw) && rw_writes(rw);
    work->writes_only = !rw_reads(rw);
    work->read_share = (options->rwmixread << 32) / 100;
    work->sync_every = options->fsync ? options->fsync : options->fdatasync;
    work->writes_until_sync = work->sync_every ? work->sync_every : UINT64_MAX;
    work->measure = measures(options);
    work->batch_max = (uint32_t)options->iodepth;
    if (options->iodepth_batch && options->iodepth_batch < options->iodepth)
        work->batch_max = (uint32_t)options->iodepth_batch;
    work->batch = calloc(options->iodepth, sizeof(*work->batch));
    if (has_rates(options))
        work->response = calloc(IO_DIRECTIONS, sizeof(*work->response));
    if (!work->batch || (has_rates(options) && !work->response))
        rc = -ENOMEM;
    else
        rc = careful_wanted(options, targets) ? careful_init(work, seed) : init_plain(work, seed);
    if (rc)
        work_free(work);
    return rc;
}

void work_free(struct work *work)
{
    careful_free(work);
    block_map_free(&work->map);
    free(work->batch);
    work->batch = NULL;
    free(work->response);
    work->response = NULL;
}

void work_fill_buffer(struct work *work, void *buf)
{
    if (work->careful && work->careful->used[IO_WRITE])
        buffer_first(&work->careful->buffers, buf, work->bs);
}

unsigned work_spare_buffers(const struct job_options *options)
{
    return checker_buffers(options);
}

void work_add_spare(struct work *work, void *buf)
{
    checker_add_buffer(work->careful->checker, buf);
}

/* Let it run until end_ns, unless work_stop() came or comes in between. Pairs with the order of stores in work_stop(). */
static void set_end(struct work *work, int64_t end_ns)
{
    __atomic_store_n(&work->end_ns, end_ns, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&work->stopped, __ATOMIC_SEQ_CST))
        __atomic_store_n(&work->end_ns, INT64_MIN, __ATOMIC_SEQ_CST);
}

/* The end of the run, by its runtime. */
static void set_run_end(struct work *work, int64_t now_ns)
{
    int64_t runtime_ns = work->options->runtime_ns, end_ns;

    if (!runtime_ns || __builtin_add_overflow(now_ns, runtime_ns, &end_ns) ||
        __builtin_add_overflow(end_ns, work->options->ramp_time_ns, &end_ns))
        end_ns = INT64_MAX;
    work->run_limit_ns = end_ns;
    set_end(work, work->response ? INT64_MAX : end_ns); /* see is_over() in careful_time.c */
}

void work_begin(struct work *work)
{
    work->run_start_ns = bench_now_ns();
    if (work->careful)
        careful_begin(work, work->run_start_ns);
    set_run_end(work, work->run_start_ns);
}

void work_stop(struct work *work)
{
    __atomic_store_n(&work->stopped, true, __ATOMIC_SEQ_CST);
    __atomic_store_n(&work->end_ns, INT64_MIN, __ATOMIC_SEQ_CST);
}

static bool is_stopped(const struct work *work)
{
    return work->error || __atomic_load_n(&work->stopped, __ATOMIC_SEQ_CST);
}

static void set_phase(struct work *work, enum work_phase phase)
{
    __atomic_store_n(&work->phase, phase, __ATOMIC_RELAXED);
}

/* The run begins again, for the next of its loops. */
static bool begin_loop(struct work *work, int64_t now_ns)
{
    if (is_stopped(work) || !work->careful || now_ns >= work->run_limit_ns || !careful_next_loop(work))
        return false;
    if (work->loop_over) {
        if (!work->loop_over(work->owner))
            return false;
        careful_forget_written(work->careful);
        now_ns = bench_now_ns();
    }
    set_phase(work, PHASE_RUN);
    work->run_start_ns += now_ns - work->run_end_ns; /* neither verification nor laying out is a part of the run */
    set_end(work, work->response ? INT64_MAX : work->run_limit_ns);
    return true;
}

bool work_next_phase(struct work *work)
{
    if (work->careful && work->careful->checker)
        checker_drain(work->careful->checker);
    int64_t now_ns = bench_now_ns();

    work_submitted(work); /* what is left to count */
    switch (work->phase) {
    case PHASE_RUN:
        work->run_end_ns = now_ns;
        if (work->careful && work->careful->track && work->options->do_verify && !is_stopped(work)) {
            set_phase(work, PHASE_VERIFY);
            work->careful->backlog_now = 0;
            set_end(work, INT64_MAX);
            return true;
        }
        break;
    case PHASE_VERIFY: work->verify_ns += now_ns - work->run_end_ns; break;
    case PHASE_OVER: return false;
    }
    if (begin_loop(work, now_ns))
        return true;
    set_phase(work, PHASE_OVER);
    return false;
}

static bool batches_count(const struct work *work)
{
    return work->phase == PHASE_RUN && !work->ramping;
}

static void end_batch(struct work *work)
{
    bool counts = batches_count(work);
    bool slat = (work->measure & MEASURE_SLAT) && !work->ramping;

    for (uint32_t i = 0; i < work->n_batch; i++) {
        struct bench_io *io = work->batch[i];
        int64_t queued_ns = work->handed_out_ns - io->start_ns;

        io->queued_ns = queued_ns < 0 ? 0 : queued_ns > UINT32_MAX ? UINT32_MAX : (uint32_t)queued_ns;
        if (slat && io->kind != IO_SYNC)
            iostat_add_slat(work_stat_of(work, io), work->measure, io->queued_ns);
    }
    if (counts && work->n_batch)
        counter_add(&work->submit_sizes[batch_bucket(work->n_batch)], 1);
    work->n_batch = 0;
}

void work_batch_full(struct work *work)
{
    end_batch(work);
    if (work->submit_batch)
        work->submit_batch(work->submit_opaque);
}

void work_submitted(struct work *work)
{
    end_batch(work);
    if (batches_count(work) && work->n_reaped)
        counter_add(&work->complete_sizes[batch_bucket(work->n_reaped)], 1);
    work->n_reaped = 0;
}

uint32_t work_completions_needed(const struct work *work)
{
    const struct careful *c = work->careful;

    return c && c->draining && work->inflight > c->resume_depth ? work->inflight - c->resume_depth : 1;
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
    if (!work->options->time_based || work->phase != PHASE_RUN)
        return false;
    if (work->mapped)
        block_map_reset(&work->map);
    work->left = work->n_blocks;
    return true;
}

static bool next_sync(struct work *work, struct bench_io *io, int64_t now_ns)
{
    work->writes_until_sync = work->sync_every;
    io->kind = IO_SYNC;
    io->sync = work->options->fsync ? SYNC_ALL : SYNC_DATA;
    io->length = io->moved = 0;
    io->file = 0;
    io->start_ns = now_ns;
    work->inflight++;
    work_hand_out(work, io);
    return true;
}

bool work_next_rare(struct work *work, struct bench_io *io, int64_t now_ns)
{
    if (work->careful)
        return careful_next(work, io, now_ns);
    /* As fio has it, what comes after the last write is left to end_fsync. */
    return work->phase == PHASE_RUN && (work->left || work_new_pass(work)) && next_sync(work, io, now_ns);
}

bool work_done_carefully(struct work *work, struct bench_io *io, int64_t now_ns)
{
    careful_done(work, io, now_ns);
    return work_next(work, io, bench_now_ns()); /* checksums take longer than some ns */
}

void work_fail(struct work *work, const struct bench_io *io, int error)
{
    if (!work->error) {
        work->error = error;
        work->failed_known = io != NULL;
        if (io)
            work->failed = *io;
    }
    work_stop(work);
}

static bool in_list(const struct error_list *list, int error)
{
    for (unsigned i = 0; i < list->n; i++)
        if (list->errors[i] == error)
            return true;
    return false;
}

/* An I/O failed. Does the job go on? */
static bool fail(struct work *work, struct bench_io *io, int error)
{
    const struct job_options *o = work->options;
    uint64_t go_on = io->kind == IO_READ ? CONTINUE_READ : CONTINUE_WRITE;

    work->inflight--;
    if (work->careful)
        careful_failed(work, io);
    if (io->kind < IO_DIRECTIONS && in_list(&o->ignore_error[io->kind], error))
        return work_next(work, io, bench_now_ns());
    if (!work->total_errors++)
        work->first_error = error;
    if (o->continue_on_error & go_on)
        return work_next(work, io, bench_now_ns());
    work_fail(work, io, error);
    return false;
}

bool work_odd_result(struct work *work, struct bench_io *io, int res)
{
    bool nowait = work->options->nowait && io->kind < IO_TRIM;
    bool again = res == -EINTR || (res == -EAGAIN && !nowait);

    if (again && io->retries < RETRIES_MAX) {
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
    counter_add(&work_stat_of(work, io)->short_ios, 1);
    return true;
}

#define SLEEP_MAX_NS INT64_C(100000000) /* work_stop() wakes nobody */

bool work_wait(const struct work *work, int64_t now_ns, int64_t *wake_ns)
{
    int64_t end_ns = __atomic_load_n(&work->end_ns, __ATOMIC_RELAXED);

    *wake_ns = work->wake_ns < end_ns ? work->wake_ns : end_ns;
    if (now_ns < work->spin_until_ns || *wake_ns <= now_ns + work->options->pace_spin_ns)
        return false;
    *wake_ns = *wake_ns > now_ns + SLEEP_MAX_NS ? now_ns + SLEEP_MAX_NS : *wake_ns - work->options->pace_spin_ns;
    return true;
}

void work_pause(const struct work *work)
{
    int64_t now_ns = bench_now_ns(), wake_ns;

    if (!work_wait(work, now_ns, &wake_ns))
        return;
    const struct timespec until = { wake_ns / 1000000000, wake_ns % 1000000000 };

    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}
