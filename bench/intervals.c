/* SPDX-License-Identifier: MIT */
#include "intervals.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "run.h"
#include "thread_usage.h"

static void add_job(struct moment *moment, const struct bench_job *job)
{
    struct engine_counts counts = { .spins = 0 };

    for (unsigned kind = 0; kind < IO_DIRECTIONS; kind++) {
        const struct iostat *stat = &job->work.stats[kind];
        bool lat = counter_get(&stat->lat.h.n) > 0 || !counter_get(&stat->clat.h.n);
        const struct lariat_histogram *h = lat ? &stat->lat.h : &stat->clat.h;

        moment->ios[kind] += iostat_ios(stat);
        moment->bytes[kind] += iostat_bytes(stat);
        for (unsigned i = 0; i < LARIAT_HISTOGRAM_BUCKETS && iostat_ios(stat); i++)
            moment->buckets[i] += counter_get(&h->buckets[i]);
    }
    moment->cpu_ns += thread_cpu_ns(__atomic_load_n(&job->tid, __ATOMIC_ACQUIRE));
    if (job->engine->peek)
        job->engine->peek(job, &counts);
    moment->spin_ns += counts.spin_ns;
    moment->sleep_ns += counts.sleep_ns;
    if (counts.window_ns > moment->window_ns)
        moment->window_ns = counts.window_ns;
}

void moment_take(struct moment *moment, const struct bench_run *run, unsigned first, unsigned n_jobs, int64_t now_ns)
{
    memset(moment, 0, sizeof(*moment));
    moment->ns = now_ns;
    for (unsigned i = first; i < first + n_jobs; i++)
        if (run->jobs[i].options->stats)
            add_job(moment, &run->jobs[i]);
}

/* A thread that has ended takes its CPU time with it, and a job that starts anew may empty its counters. */
static uint64_t since(uint64_t from, uint64_t to)
{
    return to > from ? to - from : 0;
}

int interval_between(struct interval *interval, const struct moment *from, const struct moment *to, int64_t begun_ns)
{
    unsigned n = 0;

    *interval = (struct interval){ .begin_ns = from->ns - begun_ns, .end_ns = to->ns - begun_ns };
    for (unsigned i = 0; i < LARIAT_HISTOGRAM_BUCKETS; i++)
        n += to->buckets[i] > from->buckets[i];
    interval->bins = calloc(n ? n : 1, sizeof(*interval->bins));
    if (!interval->bins)
        return -ENOMEM;
    for (unsigned i = 0; i < LARIAT_HISTOGRAM_BUCKETS; i++)
        if (to->buckets[i] > from->buckets[i])
            interval->bins[interval->n_bins++] = (struct sparse_bin){ i, to->buckets[i] - from->buckets[i] };
    for (unsigned kind = 0; kind < IO_DIRECTIONS; kind++) {
        interval->ios[kind] = since(from->ios[kind], to->ios[kind]);
        interval->bytes[kind] = since(from->bytes[kind], to->bytes[kind]);
    }
    interval->cpu_ns = to->cpu_ns > from->cpu_ns ? to->cpu_ns - from->cpu_ns : 0;
    interval->window_ns = to->window_ns;
    interval->spin_ns = since(from->spin_ns, to->spin_ns);
    interval->sleep_ns = since(from->sleep_ns, to->sleep_ns);
    return 0;
}

void interval_free(struct interval *interval)
{
    free(interval->bins);
    interval->bins = NULL;
    interval->n_bins = 0;
}

uint64_t interval_percentile(const struct interval *interval, double percent)
{
    uint64_t total = 0, below = 0;
    double wanted;

    for (unsigned i = 0; i < interval->n_bins; i++)
        total += interval->bins[i].n;
    wanted = (double)total * percent / 100;
    for (unsigned i = 0; i < interval->n_bins; i++) {
        below += interval->bins[i].n;
        if ((double)below >= wanted)
            return lariat_histogram_bucket_ns(interval->bins[i].bucket);
    }
    return 0;
}

static void join_bins(struct sparse_bin *out, unsigned *n, const struct interval *a, const struct interval *b)
{
    unsigned i = 0, j = 0;

    while (i < a->n_bins || j < b->n_bins) {
        bool take_a = i < a->n_bins && (j == b->n_bins || a->bins[i].bucket <= b->bins[j].bucket);
        bool take_b = j < b->n_bins && (i == a->n_bins || b->bins[j].bucket <= a->bins[i].bucket);

        out[*n] = (struct sparse_bin){ take_a ? a->bins[i].bucket : b->bins[j].bucket, 0 };
        if (take_a)
            out[*n].n += a->bins[i++].n;
        if (take_b)
            out[*n].n += b->bins[j++].n;
        ++*n;
    }
}

int interval_join(struct interval *to, const struct interval *from)
{
    struct sparse_bin *bins = calloc(to->n_bins + from->n_bins + 1, sizeof(*bins));
    unsigned n = 0;

    if (!bins)
        return -ENOMEM;
    join_bins(bins, &n, to, from);
    free(to->bins);
    to->bins = bins;
    to->n_bins = n;
    to->end_ns = from->end_ns;
    for (unsigned kind = 0; kind < IO_DIRECTIONS; kind++) {
        to->ios[kind] += from->ios[kind];
        to->bytes[kind] += from->bytes[kind];
    }
    to->cpu_ns += from->cpu_ns;
    to->window_ns = from->window_ns;
    to->spin_ns += from->spin_ns;
    to->sleep_ns += from->sleep_ns;
    return 0;
}

void intervals_begin(struct intervals *intervals, const struct moment *now)
{
    intervals->list = calloc(INTERVALS_MAX, sizeof(*intervals->list));
    intervals->n = 0;
    intervals->last = *now;
}

static void halve(struct intervals *intervals)
{
    unsigned n = 0;

    for (unsigned i = 0; i + 1 < intervals->n; i += 2) {
        struct interval joined = intervals->list[i];

        if (interval_join(&joined, &intervals->list[i + 1]))
            joined.end_ns = intervals->list[i + 1].end_ns; /* no memory: half of it is lost, the time is not */
        interval_free(&intervals->list[i + 1]);
        intervals->list[n++] = joined;
    }
    if (intervals->n % 2)
        intervals->list[n++] = intervals->list[intervals->n - 1];
    intervals->n = n;
}

bool intervals_add(struct intervals *intervals, const struct moment *now, int64_t begun_ns)
{
    bool full = false;

    if (!intervals->list || now->ns <= intervals->last.ns)
        return false;
    if (intervals->n == INTERVALS_MAX) {
        halve(intervals);
        full = true;
    }
    if (interval_between(&intervals->list[intervals->n], &intervals->last, now, begun_ns) == 0)
        intervals->n++;
    intervals->last = *now;
    return full;
}

void intervals_end(struct intervals *intervals, int64_t length_ns)
{
    struct interval *last;

    if (intervals->n < 2)
        return;
    last = &intervals->list[intervals->n - 1];
    if (last->end_ns - last->begin_ns >= length_ns / 2 || interval_join(last - 1, last))
        return;
    interval_free(last);
    intervals->n--;
}

void intervals_free(struct intervals *intervals)
{
    for (unsigned i = 0; i < intervals->n; i++)
        interval_free(&intervals->list[i]);
    free(intervals->list);
    intervals->list = NULL;
    intervals->n = 0;
}
