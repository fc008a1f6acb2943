/* SPDX-License-Identifier: MIT */
/* A loop's creation, references and end, and what any thread may ask of it or set. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "annotate.h"
#include "cpu_list.h"
#include "handler.h"
#include "loop.h"
#include "op.h"
#include "options.h"

#define SQ_ENTRIES_DEFAULT 128
#define CQ_PER_SQ_DEFAULT 4
#define CQ_ENTRIES_MAX 65536
#define FLAGS_BUILT (LARIAT_LOOP_SQPOLL | LARIAT_LOOP_SQPOLL_CPU | LARIAT_LOOP_EMBED)

_Thread_local uint64_t thread_number;
_Thread_local struct lariat_loop *loop_current;

uint64_t thread_number_assign(void)
{
    static _Atomic uint64_t last;

    thread_number = atomic_fetch_add_explicit(&last, 1, memory_order_relaxed) + 1;
    return thread_number;
}

void loop_fail(const struct lariat_loop *loop, const char *function)
{
    if (!loop)
        fatal(function, "loop", "NULL", "must not be NULL");
    if (fork_is_child(loop->generation))
        fatal(function, "loop", loop->name, "used in a child of fork()");
    fatal(function, "loop", loop->name, "called from a thread that does not own it");
}

struct lariat_loop *lariat_loop_current(void)
{
    return loop_current;
}

const char *lariat_loop_name(const struct lariat_loop *loop)
{
    assert_usable(loop, __func__);
    return loop->name;
}

static void notified(void *opaque)
{
    (void)opaque; /* the list entry was the message */
}

void lariat_loop_notify(struct lariat_loop *loop)
{
    assert_usable(loop, __func__);
    (void)lariat_bh_schedule(&loop->notify_bh);
}

/* ---- parameters ---- */

/* Under params_mutex. The new window may not allow a spin in progress, and a sleeping loop is to know at once: notify after it. */
static void bump_tuning(struct lariat_loop *loop)
{
    atomic_fetch_add_explicit(&loop->tuning_version, 1, memory_order_relaxed);
}

int loop_set_tuning(struct lariat_loop *loop, const struct loop_tuning *tuning)
{
    unsigned version;
    int err;

    do {
        version = atomic_load_explicit(&loop->tuning_version, memory_order_relaxed);
        err = loop_replace_tuning(loop, version, tuning);
    } while (err == -EAGAIN);
    return err;
}

int loop_replace_tuning(struct lariat_loop *loop, unsigned version, const struct loop_tuning *tuning)
{
    bool newer;

    if (atomic_load_explicit(&loop->closed, memory_order_acquire))
        return -ESHUTDOWN;
    pthread_mutex_lock(&loop->params_mutex);
    newer = atomic_load_explicit(&loop->tuning_version, memory_order_relaxed) != version;
    if (!newer) {
        loop->poll_version += memcmp(&loop->tuning_set.poll, &tuning->poll, sizeof(tuning->poll)) != 0;
        loop->tuning_set = *tuning;
        bump_tuning(loop);
    }
    pthread_mutex_unlock(&loop->params_mutex);
    if (newer)
        return -EAGAIN;
    lariat_loop_notify(loop);
    return 0;
}

unsigned loop_get_tuning(struct lariat_loop *loop, struct loop_tuning *tuning)
{
    unsigned version;

    pthread_mutex_lock(&loop->params_mutex);
    *tuning = loop->tuning_set;
    version = atomic_load_explicit(&loop->tuning_version, memory_order_relaxed);
    pthread_mutex_unlock(&loop->params_mutex);
    return version;
}

int lariat_loop_set_poll_params(struct lariat_loop *loop, const struct lariat_poll_params *params)
{
    int err;

    assert_usable(loop, __func__);
    require(params, __func__, "params");
    err = poll_params_check(params);
    if (err)
        return err;
    if (atomic_load_explicit(&loop->closed, memory_order_acquire))
        return -ESHUTDOWN;
    pthread_mutex_lock(&loop->params_mutex);
    loop->tuning_set.poll = *params;
    loop->poll_version++;
    bump_tuning(loop);
    pthread_mutex_unlock(&loop->params_mutex);
    lariat_loop_notify(loop);
    return 0;
}

void lariat_loop_get_poll_params(struct lariat_loop *loop, struct lariat_poll_params *params)
{
    assert_usable(loop, __func__);
    require(params, __func__, "params");
    pthread_mutex_lock(&loop->params_mutex);
    *params = loop->tuning_set.poll;
    pthread_mutex_unlock(&loop->params_mutex);
}

static int limit_workers(struct lariat_loop *loop, const unsigned limits[2])
{
    if (!memcmp(loop->workers_max, limits, sizeof(loop->workers_max)))
        return 0;
    memcpy(loop->workers_max, limits, sizeof(loop->workers_max));
    return ring_limit_workers(&loop->ring, limits);
}

/* Forget what the policy has learnt; what a sleep costs stays known. */
static void begin_policy(struct lariat_loop *loop, const struct lariat_poll_params *params)
{
    loop->params = *params;
    wait_auto_reset(loop);
}

int loop_take_tuning(struct lariat_loop *loop)
{
    struct loop_tuning tuning;
    unsigned poll_version;

    pthread_mutex_lock(&loop->params_mutex);
    tuning = loop->tuning_set;
    poll_version = loop->poll_version;
    loop->tuning_seen = atomic_load_explicit(&loop->tuning_version, memory_order_relaxed);
    pthread_mutex_unlock(&loop->params_mutex);
    if (poll_version != loop->poll_seen) /* what was learnt outlives a change of the rest */
        begin_policy(loop, &tuning.poll);
    loop->poll_seen = poll_version;
    wait_batch_set(loop, tuning.wait_batch, tuning.wait_min_ns);
    ring_set_batch_max(&loop->ring, tuning.batch_max);
    return limit_workers(loop, tuning.workers_max);
}

/* ---- creation ---- */

static int read_options(const struct lariat_loop_options *opts, struct lariat_loop_options *to)
{
    struct lariat_loop_options defaults = LARIAT_LOOP_OPTIONS_INIT;
    int err = 0;

    *to = defaults;
    if (opts)
        err = options_read(to, sizeof(*to), opts);
    if (err)
        return err;
    if (!to->name)
        to->name = "loop";
    if (!to->sq_entries)
        to->sq_entries = SQ_ENTRIES_DEFAULT;
    if (!to->cq_entries) {
        to->cq_entries = to->sq_entries <= CQ_ENTRIES_MAX / CQ_PER_SQ_DEFAULT ? to->sq_entries * CQ_PER_SQ_DEFAULT : CQ_ENTRIES_MAX;
    }
    if (!ring_sizes_valid(to->sq_entries, to->cq_entries))
        return -EINVAL;
    if (to->flags & LARIAT_LOOP_IOPOLL)
        return -EOPNOTSUPP;
    if (to->flags & ~FLAGS_BUILT || (to->flags & LARIAT_LOOP_SQPOLL_CPU && !(to->flags & LARIAT_LOOP_SQPOLL)))
        return -EINVAL;
    if (to->flags & LARIAT_LOOP_SQPOLL_CPU && !cpu_exists(to->sqpoll_cpu))
        return -ENODEV;
    return to->poll ? poll_params_check(to->poll) : 0;
}

/* Does the kernel have all that op_submit() sends without looking? */
static bool has_common_opcodes(const struct ring *ring)
{
    static const unsigned char common[] = { IORING_OP_NOP,   IORING_OP_READ,       IORING_OP_WRITE,
                                            IORING_OP_READV, IORING_OP_WRITEV,     IORING_OP_READ_FIXED,
                                            IORING_OP_FSYNC, IORING_OP_FALLOCATE,  IORING_OP_WRITE_FIXED,
                                            IORING_OP_CLOSE, IORING_OP_SYNC_FILE_RANGE };

    for (size_t i = 0; i < sizeof(common); i++)
        if (!ring_supports(ring, common[i]))
            return false;
    return true;
}

static void note_ring(struct lariat_loop *loop)
{
    if (!has_common_opcodes(&loop->ring))
        atomic_fetch_or_explicit(&loop->attention, ATTENTION_PROBE, memory_order_relaxed);
    loop->stats.setup_flags = loop->ring.setup_flags;
    loop->stats.sq_entries = loop->ring.sq_entries;
    loop->stats.cq_entries = loop->ring.cq_entries;
    loop->stats.registered_ring = loop->ring.registered;
    loop->stats.no_iowait = loop->ring.no_iowait;
    loop->stats.abs_deadlines = loop->ring.abs_timer;
}

/* in_child: of fork(), where somebody may hold the mutex for ever. */
static void loop_free(struct lariat_loop *loop, bool in_child)
{
    handlers_exit(loop);
    timers_forget(&loop->timers);
    pollers_forget(loop);
    bh_pool_exit(&loop->bh_pool);
    if (!in_child)
        hooks_free(loop);
    if (!in_child)
        pthread_mutex_destroy(&loop->params_mutex);
    free(loop->histograms_made);
    free(loop->slots);
    free(loop->name);
    free(loop);
}

static int loop_init(struct lariat_loop *loop, const struct lariat_loop_options *opts)
{
    const struct ring_options ring_opts = {
        .sq_entries = opts->sq_entries,
        .cq_entries = opts->cq_entries,
        .sqpoll = opts->flags & LARIAT_LOOP_SQPOLL,
        .sqpoll_on_cpu = opts->flags & LARIAT_LOOP_SQPOLL_CPU,
        .sqpoll_cpu = opts->sqpoll_cpu,
        .embed = opts->flags & LARIAT_LOOP_EMBED,
    };
    int err;

    atomic_init(&loop->bh_head, NULL);
    atomic_init(&loop->refs, 1);
    loop->owner = thread_self();
    loop->embed = ring_opts.embed;
    loop->annotate = ANNOTATE_ASAN_ON || ANNOTATE_ON_VALGRIND();
    atomic_init(&loop->attention, (loop->embed ? ATTENTION_EMBED : 0) | (loop->annotate ? ATTENTION_ANNOTATE : 0));
    pthread_mutex_init(&loop->params_mutex, NULL);
    timers_init(&loop->timers);
    handlers_init(loop);
    ops_init(loop);
    bh_init(&loop->notify_bh, loop, "notify", notified, NULL);
    loop->notify_bh.quiet = true;
    if (opts->poll)
        loop->tuning_set.poll = *opts->poll;
    else
        lariat_poll_params_init(&loop->tuning_set.poll, LARIAT_POLL_DEFAULT);
    loop->tuning_set.wait_min_ns = WAIT_MIN_NS_DEFAULT;
    loop->generation = fork_generation();
    loop->name = strdup(opts->name);
    if (!loop->generation || !loop->name)
        return -ENOMEM;
    err = notify_init(&loop->notify, &loop->stats.eventfd_writes);
    if (err)
        return err;
    err = ring_init(&loop->ring, &ring_opts, &loop->stats);
    if (err)
        notify_exit(&loop->notify);
    else
        note_ring(loop);
    return err;
}

int lariat_loop_new(const struct lariat_loop_options *opts, struct lariat_loop **out)
{
    struct lariat_loop_options read;
    struct lariat_loop *loop;
    int err;

    require(out, __func__, "out");
    err = read_options(opts, &read);
    if (err)
        return err;
    loop = aligned_alloc(CACHE_LINE, sizeof(*loop)); /* sizeof is a multiple of the alignment */
    if (!loop)
        return -ENOMEM;
    memset(loop, 0, sizeof(*loop));
    err = loop_init(loop, &read);
    if (err) {
        loop_free(loop, false);
        return err;
    }
    begin_policy(loop, &loop->tuning_set.poll);
    wait_batch_set(loop, 0, WAIT_MIN_NS_DEFAULT);
    *out = loop;
    return 0;
}

/* ---- the end ---- */

static int close_ring(struct lariat_loop *loop)
{
    struct lariat_loop *outer = loop_set_current(loop);
    int err;

    loop->prepared = false;
    loop->polling = true;
    err = loop_drain(loop);
    loop->polling = false;
    loop_set_current(outer);
    ring_exit(&loop->ring, false);
    notify_exit(&loop->notify);
    timers_exit(&loop->timers);
    atomic_store_explicit(&loop->closed, true, memory_order_release);
    hooks_closed(loop);
    return err;
}

int lariat_loop_close(struct lariat_loop *loop)
{
    assert_owner(loop, __func__);
    if (loop->polling)
        return -EDEADLK;
    if (atomic_load_explicit(&loop->closed, memory_order_relaxed))
        return 0;
    return close_ring(loop);
}

struct lariat_loop *lariat_loop_ref(struct lariat_loop *loop)
{
    assert_usable(loop, __func__);
    atomic_fetch_add_explicit(&loop->refs, 1, memory_order_relaxed);
    return loop;
}

void lariat_loop_unref(struct lariat_loop *loop)
{
    if (!loop)
        return;
    if (fork_is_child(loop->generation)) {
        if (atomic_fetch_sub_explicit(&loop->refs, 1, memory_order_acq_rel) == 1) {
            ring_exit(&loop->ring, true);
            notify_exit(&loop->notify);
            loop_free(loop, true);
        }
        return;
    }
    /* The last reference closes first, while it still exists, since callbacks may take and give back others. */
    if (atomic_load_explicit(&loop->refs, memory_order_acquire) == 1 &&
        !atomic_load_explicit(&loop->closed, memory_order_acquire)) {
        if (thread_self() != loop->owner || loop->polling)
            fatal(__func__, "loop", loop->name, "last reference given back, but the loop was never closed");
        close_ring(loop);
    }
    if (atomic_fetch_sub_explicit(&loop->refs, 1, memory_order_acq_rel) == 1) {
        if (!atomic_load_explicit(&loop->closed, memory_order_acquire))
            fatal(__func__, "loop", loop->name, "last reference given back, but the loop was never closed");
        notify_wait_idle(&loop->notify);
        loop_free(loop, false);
    }
}
