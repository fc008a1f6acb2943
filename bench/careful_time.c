/* SPDX-License-Identifier: MIT */
/* When I/Os are issued: rates, thinktime, the end of ramp_time, and the limits of latency and rate that a job must keep. */
#include <errno.h>

#include "careful.h"

static uint64_t rate_of(const struct job_options *o, unsigned kind)
{
    return o->rate_iops[kind] ? o->rate_iops[kind] : o->rate[kind];
}

void careful_time_begin(struct work *work, int64_t now_ns)
{
    const struct job_options *o = work->options;
    struct careful *c = work->careful;

    for (unsigned i = 0; i < IO_DIRECTIONS; i++) {
        rate_init(&c->rates[i], c->used[i] ? rate_of(o, i) : 0, o->rate_process == RATE_POISSON, rng_next(&c->rng), now_ns);
        c->rated |= c->rates[i].per_second > 0;
    }
    c->think_left = o->thinktime_ns || o->thinktime_spin_ns ? o->thinktime_blocks : 0;
    c->think_from_ns = now_ns + o->thinktime_iotime_ns;
    c->ramp_end_ns = now_ns + o->ramp_time_ns;
    work->ramping = o->ramp_time_ns > 0;
    c->resume_ns = c->spin_end_ns = c->limit_seen_ns = INT64_MIN;
    c->latency_search = o->latency_target_ns > 0;
    if (c->latency_search)
        depth_search_init(&c->depth, o->latency_target_ns, o->latency_percentile, (uint32_t)o->iodepth);
    c->window_end_ns = now_ns + o->latency_window_ns;
    c->rate_check_ns = now_ns + o->rate_cycle_ns;
}

static void miss(struct work *work)
{
    work->missed = true;
    work_fail(work, NULL, ETIMEDOUT);
}

/* A window of latency_target= is over, however long ago. */
static void end_window(struct work *work, int64_t now_ns)
{
    const struct job_options *o = work->options;
    struct careful *c = work->careful;

    c->window_end_ns = now_ns + o->latency_window_ns;
    switch (depth_search_window(&c->depth)) {
    case DEPTH_GO_ON: break;
    case DEPTH_FOUND:
        work->found_depth = c->depth.depth;
        if (o->latency_run)
            depth_search_again(&c->depth);
        else
            work_stop(work);
        break;
    case DEPTH_NONE:
        if (o->latency_run)
            c->depth.high = c->depth.max + 1;
        else
            miss(work);
    }
}

/* rate_min and rate_iops_min, once per rate_cycle. */
static void check_rates(struct work *work, int64_t now_ns)
{
    const struct job_options *o = work->options;
    struct careful *c = work->careful;
    double seconds = (double)(now_ns - c->rate_check_ns + o->rate_cycle_ns) / 1e9;

    c->rate_check_ns = now_ns + o->rate_cycle_ns;
    for (unsigned i = 0; i < IO_DIRECTIONS; i++) {
        uint64_t ios = work->issued_ios[i] - c->checked_ios[i], bytes = work->issued_bytes[i] - c->checked_bytes[i];

        c->checked_ios[i] = work->issued_ios[i];
        c->checked_bytes[i] = work->issued_bytes[i];
        if (c->used[i] &&
            ((double)ios < (double)o->rate_iops_min[i] * seconds || (double)bytes < (double)o->rate_min[i] * seconds))
            miss(work);
    }
}

static void wait_until(struct work *work, int64_t ns)
{
    if (ns < work->wake_ns)
        work->wake_ns = ns;
}

enum careful_step careful_may_issue(struct work *work, int64_t now_ns)
{
    struct careful *c = work->careful;

    if (now_ns >= c->rate_check_ns)
        check_rates(work, now_ns);
    if (c->latency_search) {
        if (now_ns >= c->window_end_ns)
            end_window(work, now_ns);
        if (work->inflight >= c->depth.depth) {
            wait_until(work, c->window_end_ns);
            return STEP_WAIT;
        }
    }
    if (now_ns < c->resume_ns) {
        if (now_ns >= work->run_limit_ns)
            return STEP_OVER;
        wait_until(work, c->resume_ns < work->run_limit_ns ? c->resume_ns : work->run_limit_ns);
        work->spin_until_ns = c->spin_end_ns;
        return STEP_WAIT;
    }
    return now_ns >= __atomic_load_n(&work->end_ns, __ATOMIC_RELAXED) ? STEP_OVER : STEP_IO;
}

static bool is_due(const struct rate *rate, int64_t now_ns)
{
    return !rate->per_second || rate->due_ns <= now_ns;
}

/*
 * Rated I/Os that were due before the end are issued after it, since the thread may have been kept off its CPU just then: for so
 * long from when it notices, or a target that is too slow would never come to an end.
 */
#define GRACE_NS INT64_C(100000000)

static bool is_over(struct work *work, int64_t due_ns, int64_t now_ns)
{
    struct careful *c = work->careful;

    if (now_ns < work->run_limit_ns)
        return false;
    if (c->limit_seen_ns == INT64_MIN)
        c->limit_seen_ns = now_ns;
    return due_ns >= work->run_limit_ns || now_ns > c->limit_seen_ns + GRACE_NS;
}

/*
 * Which direction is due. Those with rates go by their schedules, the one that has waited longest first; without rates, or among
 * directions without one, the mix decides.
 */
enum careful_step careful_pick_kind(struct work *work, int64_t now_ns, enum io_kind *kind, int64_t *due_ns)
{
    struct careful *c = work->careful;

    *due_ns = now_ns;
    if (!c->rated || c->trimmed) {
        *kind = careful_mix(work);
        return STEP_IO;
    }
    unsigned first = IO_DIRECTIONS, free_kind = IO_DIRECTIONS;

    for (unsigned i = 0; i < IO_DIRECTIONS; i++) {
        if (!c->used[i])
            continue;
        if (!c->rates[i].per_second)
            free_kind = i;
        else if (first == IO_DIRECTIONS || c->rates[i].due_ns < c->rates[first].due_ns)
            first = i;
    }
    int64_t first_ns = c->rates[first].due_ns;

    if (is_over(work, first_ns, now_ns))
        return STEP_OVER;
    if (!is_due(&c->rates[first], now_ns)) {
        if (free_kind == IO_DIRECTIONS) {
            wait_until(work, first_ns < work->run_limit_ns ? first_ns : work->run_limit_ns);
            return STEP_WAIT;
        }
        *kind = (enum io_kind)free_kind;
        return STEP_IO;
    }
    *kind = (enum io_kind)first;
    *due_ns = first_ns;
    return STEP_IO;
}

static void think(struct work *work, int64_t now_ns)
{
    const struct job_options *o = work->options;
    struct careful *c = work->careful;
    int64_t pause_ns = o->thinktime_ns > o->thinktime_spin_ns ? o->thinktime_ns : o->thinktime_spin_ns;

    c->think_left = o->thinktime_blocks;
    if (now_ns < c->think_from_ns)
        return;
    c->think_from_ns = now_ns + pause_ns + o->thinktime_iotime_ns;
    c->resume_ns = now_ns + pause_ns;
    c->spin_end_ns = now_ns + o->thinktime_spin_ns;
    for (unsigned i = 0; i < IO_DIRECTIONS && o->rate_ignore_thinktime; i++)
        if (c->rates[i].per_second)
            rate_delay(&c->rates[i], pause_ns);
}

static void count_block(struct work *work, int64_t now_ns)
{
    if (work->careful->think_left && !--work->careful->think_left)
        think(work, now_ns);
}

void careful_issued(struct work *work, struct bench_io *io, int64_t now_ns, bool was_late)
{
    const struct job_options *o = work->options;
    struct careful *c = work->careful;

    work->issued_ios[io->kind]++;
    work->issued_bytes[io->kind] += io->length;
    if (c->rates[io->kind].per_second) {
        if (!work->ramping)
            schedule_add(&work->schedule[io->kind], now_ns - io->due_ns, was_late && io->due_ns < now_ns);
        rate_advance(&c->rates[io->kind], o->rate_iops[io->kind] ? 1 : io->length);
    }
    if (o->thinktime_blocks_type == THINK_ISSUE)
        count_block(work, now_ns);
}

void careful_time_done(struct work *work, const struct bench_io *io, int64_t now_ns)
{
    const struct job_options *o = work->options;
    struct careful *c = work->careful;
    int64_t latency_ns = now_ns - io->due_ns;

    if (c->latency_search)
        depth_search_add(&c->depth, latency_ns);
    if (o->max_latency_ns[io->kind] && latency_ns > o->max_latency_ns[io->kind] && !work->error) {
        work->missed = true;
        work_fail(work, io, ETIMEDOUT);
    }
    if (o->thinktime_blocks_type == THINK_COMPLETE)
        count_block(work, now_ns);
}
