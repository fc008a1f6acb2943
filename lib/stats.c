/* SPDX-License-Identifier: MIT */
#include "stats.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "loop.h"

/* Consecutive words; each is read in one piece. */
static void copy_words(uint64_t *to, const uint64_t *from, size_t bytes)
{
    for (size_t i = 0; i < bytes / sizeof(*from); i++)
        to[i] = __atomic_load_n(&from[i], __ATOMIC_RELAXED);
}

static void copy_counters(struct lariat_loop_stats *to, const struct lariat_loop_stats *from)
{
    copy_words(&to->iterations, &from->iterations,
               offsetof(struct lariat_loop_stats, setup_flags) - offsetof(struct lariat_loop_stats, iterations));
    copy_words(&to->penalty_ns, &from->penalty_ns, sizeof(*from) - offsetof(struct lariat_loop_stats, penalty_ns));
}

void lariat_loop_get_stats(struct lariat_loop *loop, struct lariat_loop_stats *stats)
{
    struct lariat_loop_stats now = LARIAT_LOOP_STATS_INIT;
    size_t bytes;

    assert_usable(loop, __func__);
    require(stats, __func__, "stats");
    bytes = stats->size < sizeof(now) ? stats->size : sizeof(now);
    if (bytes < sizeof(bytes))
        fatal(__func__, "stats", "size", "was not set (LARIAT_LOOP_STATS_INIT)");
    copy_counters(&now, &loop->stats);
    now.setup_flags = loop->stats.setup_flags;
    now.sq_entries = loop->stats.sq_entries;
    now.cq_entries = loop->stats.cq_entries;
    now.ops_inflight = __atomic_load_n(&loop->n_ops, __ATOMIC_RELAXED);
    now.registered_ring = loop->stats.registered_ring;
    now.no_iowait = loop->stats.no_iowait;
    now.abs_deadlines = loop->stats.abs_deadlines;
    now.size = stats->size;
    memcpy(stats, &now, bytes);
}

struct loop_histograms *histograms_fresh(struct loop_histograms *histograms)
{
    if (unlikely(atomic_load_explicit(&histograms->stale, memory_order_relaxed))) {
        lariat_histogram_init(&histograms->wait);
        lariat_histogram_init(&histograms->latency);
        /* Release: pairs with the acquire in lariat_loop_get_histogram(), which sees them empty. */
        atomic_store_explicit(&histograms->stale, false, memory_order_release);
    }
    return histograms;
}

int lariat_loop_enable_histograms(struct lariat_loop *loop, bool enable)
{
    int err = 0;

    assert_usable(loop, __func__);
    if (atomic_load_explicit(&loop->closed, memory_order_acquire))
        return -ESHUTDOWN;
    pthread_mutex_lock(&loop->params_mutex);
    if (enable && !loop->histograms_made) {
        loop->histograms_made = malloc(sizeof(*loop->histograms_made));
        err = loop->histograms_made ? 0 : -ENOMEM;
    }
    if (enable && !err && !atomic_load_explicit(&loop->histograms, memory_order_relaxed))
        atomic_store_explicit(&loop->histograms_made->stale, true, memory_order_relaxed);
    /* Release: pairs with the owner's acquire in loop_histograms(). */
    atomic_store_explicit(&loop->histograms, enable ? loop->histograms_made : NULL, memory_order_release);
    if (enable && !err)
        atomic_fetch_or_explicit(&loop->attention, ATTENTION_MEASURE, memory_order_relaxed);
    else
        atomic_fetch_and_explicit(&loop->attention, ~ATTENTION_MEASURE, memory_order_relaxed);
    pthread_mutex_unlock(&loop->params_mutex);
    return err;
}

int lariat_loop_get_histogram(struct lariat_loop *loop, enum lariat_loop_histogram which, struct lariat_histogram *out)
{
    struct loop_histograms *made;

    assert_usable(loop, __func__);
    require(out, __func__, "out");
    pthread_mutex_lock(&loop->params_mutex);
    made = loop->histograms_made;
    pthread_mutex_unlock(&loop->params_mutex);
    if (!made)
        return -ENOENT;
    lariat_histogram_init(out);
    if (!atomic_load_explicit(&made->stale, memory_order_acquire))
        lariat_histogram_merge(out, which == LARIAT_LOOP_HISTOGRAM_WAIT ? &made->wait : &made->latency);
    return 0;
}

void lariat_loop_watch_waits(struct lariat_loop *loop, void (*fn)(void *opaque, int64_t wait_ns, bool slept), void *opaque)
{
    assert_owner(loop, __func__);
    loop->wait_watcher = fn;
    loop->wait_watcher_opaque = opaque;
}
