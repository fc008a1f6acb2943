/* SPDX-License-Identifier: MIT */
#include "careful.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "checker.h"

static bool has_pattern(const struct pattern *pattern)
{
    return pattern->n > 0;
}

/* Any that changes what a write contains. */
static bool special_buffers(const struct job_options *o)
{
    return o->zero_buffers || o->refill_buffers || !o->scramble_buffers || has_pattern(&o->buffer_pattern) ||
           o->buffer_compress_percentage || o->dedupe_percentage;
}

static bool special_places(const struct job_options *o)
{
    bool random = rw_is_random((enum rw_mode)o->rw);

    if (o->random_distribution.kind != DIST_RANDOM || o->random_generator == GENERATOR_LFSR || o->rw_sequence ||
        o->bs_unaligned)
        return true;
    for (unsigned i = 0; i < IO_DIRECTIONS; i++)
        if ((random && o->percentage_random[i] < 100) || (o->blockalign[i] && o->blockalign[i] != o->bs) ||
            (o->block[i].min && (o->block[i].min != o->bs || o->block[i].max != o->bs)))
            return true;
    return false;
}

static bool special_times(const struct job_options *o)
{
    for (unsigned i = 0; i < IO_DIRECTIONS; i++)
        if (o->rate[i] || o->rate_iops[i] || o->rate_min[i] || o->rate_iops_min[i] || o->max_latency_ns[i])
            return true;
    return o->ramp_time_ns || o->thinktime_ns || o->thinktime_spin_ns || o->latency_target_ns;
}

static bool special_amount(const struct job_options *o)
{
    return o->io_size.bytes || o->io_size.percent || o->number_ios || o->loops > 1;
}

/*
 * How many may be in flight when the next one is issued, once iodepth was reached: fio takes so many completions at once, again and
 * again, until no more than iodepth_low are left.
 */
static uint32_t resume_depth(const struct job_options *o)
{
    uint64_t at_once = o->iodepth_batch_complete_min ? o->iodepth_batch_complete_min : 1, depth = o->iodepth;

    do
        depth -= at_once < depth ? at_once : depth;
    while (o->iodepth_low && depth > o->iodepth_low);
    return (uint32_t)depth;
}

bool careful_wanted(const struct job_options *o, const struct target_set *targets)
{
    return targets->n > 1 || o->verify || o->serialize_overlap || rw_trims((enum rw_mode)o->rw) || o->sync_file_range.n ||
           special_buffers(o) || special_places(o) || special_times(o) || special_amount(o) ||
           resume_depth(o) < o->iodepth - 1;
}

static void set_amount(struct work *work)
{
    const struct job_options *o = work->options;
    struct careful *c = work->careful;
    uint64_t bytes = work->targets->bytes;

    if (o->io_size.bytes)
        bytes = o->io_size.bytes;
    else if (o->io_size.percent)
        bytes = (uint64_t)((uint128)bytes * o->io_size.percent / 100);
    if (o->rw == RW_TRIMWRITE || o->rw == RW_RANDTRIMWRITE) /* so much of each */
        bytes *= 2;
    c->bytes_left = bytes;
    work->amount_bytes = bytes * (work->options->loops ? work->options->loops : 1);
    c->ios_left = o->number_ios ? o->number_ios : UINT64_MAX;
}

static void set_buffers(struct work *work, uint64_t seed)
{
    const struct job_options *o = work->options;
    struct careful *c = work->careful;
    const struct buffer_recipe recipe = {
        .pattern = has_pattern(&o->buffer_pattern) ? &o->buffer_pattern : NULL,
        .zero = o->zero_buffers,
        .refill = o->refill_buffers,
        .scramble = o->scramble_buffers,
        .clobbered = c->used[IO_READ] || o->verify,
        .compress = (unsigned)o->buffer_compress_percentage,
        .chunk = (uint32_t)o->buffer_compress_chunk,
        .dedupe = (unsigned)o->dedupe_percentage,
    };

    buffer_maker_init(&c->buffers, &recipe, seed ^ UINT64_C(0x5851f42d4c957f2d));
}

int careful_init(struct work *work, uint64_t seed)
{
    enum rw_mode rw = (enum rw_mode)work->options->rw;
    struct careful *c = calloc(1, sizeof(*c));

    if (!c)
        return -ENOMEM;
    work->careful = c;
    pthread_mutex_init(&c->telling, NULL);
    c->n_files = work->targets->n;
    c->files = calloc(c->n_files, sizeof(*c->files));
    c->parked = calloc(work->options->iodepth, sizeof(struct bench_io *));
    c->chosen = calloc(work->options->iodepth, sizeof(*c->chosen));
    if (!c->files || !c->parked || !c->chosen)
        return -ENOMEM;
    c->used[IO_READ] = rw_reads(rw);
    c->used[IO_WRITE] = rw_writes(rw);
    c->used[IO_TRIM] = rw_trims(rw);
    c->loops_left = work->options->loops > 1 ? work->options->loops - 1 : 0;
    c->until_range_sync = work->options->sync_file_range.n;
    c->resume_depth = resume_depth(work->options);
    set_buffers(work, seed);
    set_amount(work);
    int rc = careful_choose_init(work, seed);

    return rc ? rc : careful_verify_init(work);
}

void careful_free(struct work *work)
{
    struct careful *c = work->careful;

    if (!c)
        return;
    checker_free(c->checker);
    pthread_mutex_destroy(&c->telling);
    for (unsigned i = 0; c->files && i < c->n_files; i++) {
        block_map_free(&c->files[i].map);
        block_map_free(&c->files[i].busy);
        free(c->files[i].draws);
        free(c->files[i].sequences);
    }
    free(c->files);
    free(c->parked);
    free(c->chosen);
    free(c->backlog);
    free(c);
    work->careful = NULL;
}

void careful_begin(struct work *work, int64_t now_ns)
{
    careful_time_begin(work, now_ns);
    if (work->options->verify_only && work->careful->track)
        careful_rehearse(work);
}

bool careful_next_loop(struct work *work)
{
    struct careful *c = work->careful;

    if (!c->loops_left || work->error || __atomic_load_n(&work->stopped, __ATOMIC_SEQ_CST))
        return false;
    c->loops_left--;
    set_amount(work);
    careful_restart(c);
    c->verify_file = c->verify_cell = 0;
    return true;
}

/* The slot has nothing to do now: work_due() gives it back. */
static bool park(struct work *work, struct bench_io *io)
{
    work->careful->parked[work->n_parked++] = io;
    return false;
}

static void set_choice(struct work *work, struct bench_io *io, const struct choice *choice, int64_t due_ns)
{
    io->kind = (uint8_t)choice->kind;
    io->file = choice->file;
    io->offset = choice->offset + work->targets->targets[choice->file].base;
    io->length = choice->length;
    io->moved = 0;
    io->retries = 0;
    io->due_ns = due_ns;
}

static void count_in(struct work *work)
{
    if (++work->inflight == work->options->iodepth)
        work->careful->draining = true;
}

/* Enough has completed since iodepth was reached? */
static bool must_drain(struct work *work)
{
    struct careful *c = work->careful;

    if (work->inflight <= c->resume_depth)
        c->draining = false;
    return c->draining;
}

static bool hand_out_sync(struct work *work, struct bench_io *io, uint8_t sync, int64_t now_ns)
{
    struct careful *c = work->careful;

    io->kind = IO_SYNC;
    io->sync = sync;
    io->length = io->moved = 0;
    io->file = work->sync_file;
    if (sync == SYNC_RANGE) {
        io->offset = c->range_begin;
        io->sequence = (uint32_t)(c->range_end - c->range_begin);
        c->until_range_sync = work->options->sync_file_range.n;
        c->range_begin = c->range_end = 0;
    } else {
        work->writes_until_sync = work->sync_every;
    }
    io->start_ns = io->due_ns = now_ns;
    count_in(work);
    work_hand_out(work, io);
    return true;
}

static void count_write(struct work *work, const struct bench_io *io)
{
    struct careful *c = work->careful;

    if (work->sync_every)
        work->writes_until_sync--;
    work->sync_file = io->file;
    if (c->until_range_sync)
        c->until_range_sync--;
    if (c->range_begin == c->range_end)
        c->range_begin = c->range_end = io->offset;
    c->range_begin = io->offset < c->range_begin ? io->offset : c->range_begin;
    c->range_end = io->offset + io->length > c->range_end ? io->offset + io->length : c->range_end;
}

/* An I/O is in the slot and may go: count it, and fill its buffer. */
static bool hand_out(struct work *work, struct bench_io *io, int64_t now_ns, bool verifying)
{
    struct careful *c = work->careful;
    bool was_late = !c->idle_slot && !work->n_parked; /* when its time came, there was no slot */

    if (c->overlap) {
        const struct choice choice = { file_offset(work, io), io->length, io->file, (enum io_kind)io->kind };

        careful_set_busy(c, &choice, true);
    }
    io->checking = verifying;
    io->start_ns = now_ns;
    if (!verifying)
        careful_issued(work, io, now_ns, was_late);
    if (io->kind == IO_WRITE) {
        count_write(work, io);
        buffer_renew(&c->buffers, io->buf, io->length, io->offset);
        if (c->track)
            careful_seal(work, io);
        io->start_ns = bench_now_ns(); /* what that took is no latency */
        if (io->due_ns == now_ns)
            io->due_ns = io->start_ns;
    }
    count_in(work);
    if (!verifying && !work->ramping) {
        counter_add(&work->depth_sum, work->inflight);
        counter_add(&work->depth_levels[depth_bucket(work->inflight)], 1);
    }
    work_hand_out(work, io);
    return true;
}

/* A chosen I/O waits for what works on its blocks, if anything does. */
static bool hand_out_or_park(struct work *work, struct bench_io *io, int64_t now_ns, bool verifying)
{
    struct careful *c = work->careful;
    const struct choice choice = { file_offset(work, io), io->length, io->file, (enum io_kind)io->kind };

    c->chosen[io->index] = c->overlap && careful_busy(c, &choice);
    if (c->chosen[io->index]) {
        io->checking = verifying;
        return park(work, io);
    }
    return hand_out(work, io, now_ns, verifying);
}

static bool amount_left(struct work *work)
{
    struct careful *c = work->careful;

    if (c->bytes_left && c->ios_left)
        return true;
    if (!c->ios_left || !work->options->time_based)
        return false;
    set_amount(work);
    return true;
}

static void take_amount(struct careful *c, uint32_t length)
{
    c->bytes_left -= length < c->bytes_left ? length : c->bytes_left;
    c->ios_left--;
}

/* The next I/O of the run itself. */
static bool next_of_run(struct work *work, struct bench_io *io, int64_t now_ns)
{
    struct careful *c = work->careful;
    struct choice choice;
    enum io_kind kind;
    int64_t due_ns;
    enum careful_step step = careful_may_issue(work, now_ns);

    if (step == STEP_OVER)
        return false;
    if (step == STEP_IO)
        step = careful_pick_kind(work, now_ns, &kind, &due_ns);
    if (step != STEP_IO)
        return step == STEP_WAIT && park(work, io);
    if (!careful_choose(work, kind, &choice)) {
        c->bytes_left = 0;
        return false;
    }
    take_amount(c, choice.length);
    set_choice(work, io, &choice, due_ns);
    return hand_out_or_park(work, io, now_ns, false);
}

bool careful_next(struct work *work, struct bench_io *io, int64_t now_ns)
{
    struct careful *c = work->careful;
    struct choice choice;

    if (work->phase == PHASE_OVER)
        return false;
    if (must_drain(work))
        return park(work, io);
    if (c->chosen[io->index])
        return hand_out_or_park(work, io, now_ns, io->checking);
    if (work->phase == PHASE_VERIFY || c->backlog_now) {
        if (careful_next_verify(work, &choice, &io->sequence) == STEP_IO) {
            set_choice(work, io, &choice, now_ns);
            return hand_out_or_park(work, io, now_ns, true);
        }
        if (work->phase == PHASE_VERIFY)
            return false;
    }
    if (work->options->verify_only && c->track)
        return false;
    if (!amount_left(work)) /* as fio has it, what comes after the last write is left to end_fsync */
        return false;
    if (!work->writes_until_sync)
        return hand_out_sync(work, io, work->options->fsync ? SYNC_ALL : SYNC_DATA, now_ns);
    if (work->options->sync_file_range.n && !c->until_range_sync)
        return hand_out_sync(work, io, SYNC_RANGE, now_ns);
    return next_of_run(work, io, now_ns);
}

/* ramp_time is over: what is measured begins here. */
static void end_ramp(struct work *work, int64_t now_ns)
{
    work->ramping = false;
    set_amount(work);
    work->run_start_ns = now_ns;
    if (work->ramp_over)
        work->ramp_over(work->owner);
}

/* Does what was done until now count? */
static bool counts(struct work *work, int64_t now_ns)
{
    if (!work->ramping)
        return true;
    if (now_ns >= work->careful->ramp_end_ns)
        end_ramp(work, now_ns);
    return false; /* it began in the ramp */
}

static void count(struct work *work, const struct bench_io *io, int64_t now_ns)
{
    if (io->checking) {
        iostat_add(&work->checks, work->measure, io->length, now_ns - io->start_ns, io->queued_ns);
        return;
    }
    work_count(work, io, now_ns);
    if (work->response && io->kind < IO_DIRECTIONS)
        lariat_histogram_add(&work->response[io->kind], now_ns - io->due_ns);
}

/* What it worked on is free. */
static void release(struct work *work, const struct bench_io *io)
{
    struct careful *c = work->careful;
    const struct choice choice = { file_offset(work, io), io->length, io->file, (enum io_kind)io->kind };

    if (work->n_parked)
        work->wake_ns = INT64_MIN;
    if (c->overlap && io->kind != IO_SYNC)
        careful_set_busy(c, &choice, false);
}

void careful_failed(struct work *work, const struct bench_io *io)
{
    release(work, io);
}

void careful_done(struct work *work, struct bench_io *io, int64_t now_ns)
{
    if (counts(work, now_ns))
        count(work, io, now_ns);
    release(work, io);
    if (io->kind == IO_SYNC)
        return;
    if (!io->checking)
        careful_time_done(work, io, now_ns);
    careful_verify_done(work, io);
}

/* It parked itself again: put it under the others, so that each has its turn. */
static void sink(struct work *work)
{
    struct bench_io **parked = work->careful->parked, *io = parked[work->n_parked - 1];

    memmove(parked + 1, parked, (work->n_parked - 1) * sizeof(io));
    parked[0] = io;
}

struct bench_io *work_due(struct work *work, int64_t now_ns)
{
    struct careful *c = work->careful;
    struct bench_io *found = NULL;

    if (!c || (now_ns < work->wake_ns && now_ns < __atomic_load_n(&work->end_ns, __ATOMIC_RELAXED)))
        return NULL; /* a plain job parks nothing */
    work->wake_ns = INT64_MAX;
    work->spin_until_ns = INT64_MIN;
    c->idle_slot = true;
    for (uint32_t n = work->n_parked; n && !found; n--) { /* each once */
        struct bench_io *io = c->parked[--work->n_parked];
        uint32_t rest = work->n_parked;

        if (work_next(work, io, now_ns)) {
            found = io;
            work->wake_ns = INT64_MIN; /* there may be more */
        } else if (work->n_parked > rest) {
            if (!c->chosen[io->index])
                break; /* its time has not come: nor has that of the others, but for those that wait for blocks */
            sink(work);
        }
    }
    c->idle_slot = false;
    return found;
}
