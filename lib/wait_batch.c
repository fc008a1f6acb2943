/* SPDX-License-Identifier: MIT */
/*
 * How many completions to wait for. Never for more than there are storage ops in the kernel: other ops may take for ever.
 *
 * Told a number, a loop obeys. The policy auto decides by itself, and only where all that is in flight is storage and a lot
 * of it: who waits for a socket, a descriptor or the word of another thread wants to know at once. The kernel counts the
 * poll of a notify as one completion like all others, so other threads are heard only when the batch is full or the
 * minimum time is over: if they had something to say lately, there is no batching. Nor is there any, told or not, while there
 * are pollers, which a spin looks at and a batch does without.
 */
#include "wait_batch.h"

#include <errno.h>

#include "clock.h"
#include "loop.h"

#define AUTO_STORAGE_LEAST 16 /* in flight; batches made 8 and less slower */
#define AUTO_SHARE 4          /* of them in a batch: the device still has work while the loop runs */
#define AUTO_QUIET_SLEEPS 64

unsigned wait_batch_effective(unsigned n, int64_t min_ns, enum lariat_poll_policy policy)
{
    if (!min_ns || (!n && policy != LARIAT_POLL_AUTO))
        return 1;
    return n;
}

void wait_batch_set(struct lariat_loop *loop, unsigned n, int64_t min_ns)
{
    loop->batch.n = wait_batch_effective(n, min_ns, loop->params.policy);
    loop->batch.min_ns = min_ns;
}

int lariat_loop_set_wait_batch(struct lariat_loop *loop, unsigned n, int64_t min_ns)
{
    struct loop_tuning tuning;
    unsigned version;
    int err;

    assert_usable(loop, __func__);
    if (n > WAIT_BATCH_MAX || min_ns < 0 || min_ns > WAIT_MIN_NS_MAX)
        return -ERANGE;
    do {
        version = loop_get_tuning(loop, &tuning);
        tuning.wait_batch = n;
        tuning.wait_min_ns = min_ns;
        err = loop_replace_tuning(loop, version, &tuning);
    } while (err == -EAGAIN);
    return err;
}

void lariat_loop_get_wait_batch(struct lariat_loop *loop, unsigned *n, int64_t *min_ns)
{
    struct loop_tuning tuning;

    assert_usable(loop, __func__);
    require(n, __func__, "n");
    require(min_ns, __func__, "min_ns");
    loop_get_tuning(loop, &tuning);
    *n = tuning.wait_batch;
    *min_ns = tuning.wait_min_ns;
}

static unsigned decide(const struct lariat_loop *loop)
{
    bool storage_only = loop->n_ops == loop->n_storage && !loop->handlers.n_armed;
    bool quiet = loop->stats.sleeps - loop->batch.notified_sleep >= AUTO_QUIET_SLEEPS;

    if (loop->n_storage < AUTO_STORAGE_LEAST || !storage_only || !quiet)
        return 1;
    return loop->n_storage / AUTO_SHARE;
}

unsigned wait_batch_size(const struct lariat_loop *loop)
{
    unsigned n = loop->batch.n;

    if (likely(n == 1 || loop->n_storage < 2) || loop->ring.wait_by_poll || loop->pollers.first)
        return 1;
    if (!n)
        return decide(loop);
    return n < loop->n_storage ? n : loop->n_storage;
}

int wait_batch(struct lariat_loop *loop, unsigned n)
{
    const struct ring_batch batch = { .n = n, .min_ns = loop->batch.min_ns };
    struct loop_histograms *histograms = loop_histograms(loop);
    bool timed = loop->params.max_ns || histograms || loop->wait_watcher;
    struct poll_wait wait = { .slept = true };
    int64_t begin_ns = timed ? clock_now_ns() : 0;
    int err = loop_sleep_for(loop, loop_deadline_ns(loop), &batch);

    stat_add(&loop->stats.waits_batched, 1);
    stat_add(&loop->stats.cqes_batched, ring_cq_count(&loop->ring));
    if (!timed)
        return err;
    wait.waited_ns = time_between(begin_ns, clock_now_ns());
    stat_add(&loop->stats.sleep_ns, (uint64_t)wait.waited_ns);
    loop_waited(loop, histograms, &wait);
    return err;
}
