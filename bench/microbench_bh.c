/* SPDX-License-Identifier: MIT */
/*
 * Same-thread bottom halves: schedule n callbacks, run them, again and again; the cost of one schedule and run.
 *
 * Why this is fair, or where it is not:
 *  - All objects are made beforehand and scheduled anew each time; the callback adds 1 to a counter.
 *  - "QEMU-like" is a queue of the kind that QEMU's loop has, written for this comparison: flags set by an atomic
 *    read-modify-write, a lock-free list, a notify with its barriers; run by cutting the list off and clearing each BH's
 *    flags atomically. It is the queue only: nothing around it looks at a ring, at timers or at a deadline, and no system
 *    call is made. Ours is a whole iteration, lariat_loop_poll(loop, false), so the ratio is to our disadvantage. Its
 *    functions are kept out of line, as a library's are.
 *  - libuv, libev and GLib have no bottom halves; what comes closest in the same thread is a one-shot idle (in GLib a source
 *    with a flag, which is cheaper than making an idle source each time). Their iterations make a system call, which ours
 *    does not need: that is a difference of design, not of tuning, and most of the ratio.
 */
#include "config.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include <lariat/lariat.h>

#ifdef HAVE_LIBUV
#include <uv.h>
#endif
#ifdef HAVE_LIBEV
#include <ev.h>
#endif
#ifdef HAVE_GLIB
#include <glib.h>
#endif

#include "microbench_stats.h"

enum { BHS_MAX = 32 };

static const double ROUND_MS = 20;

static unsigned ticks_per_look(int n)
{
    return 1024u / (unsigned)n;
}

static void count(void *opaque)
{
    unsigned *counter = opaque;

    ++*counter;
}

/* ---- ours ---- */

static int lariat_iteration(struct lariat_loop *loop, struct lariat_bh **bhs, int n, const unsigned *counter)
{
    unsigned goal = *counter + (unsigned)n;

    for (int i = 0; i < n; i++)
        if (lariat_bh_schedule(bhs[i]))
            return -ESHUTDOWN;
    while (*counter != goal) {
        int ret = lariat_loop_poll(loop, false);

        if (ret < 0)
            return ret;
    }
    return 0;
}

static int run_lariat(const struct mb_run *run, double *values)
{
    struct lariat_bh *bhs[BHS_MAX] = { NULL };
    struct lariat_loop *loop;
    unsigned counter = 0;
    struct mb_lap lap;
    int ret = lariat_loop_new(NULL, &loop);

    if (ret)
        return ret;
    for (int i = 0; i < run->arg && !ret; i++)
        ret = lariat_bh_new(loop, "microbench", count, &counter, &bhs[i]);
    if (ret)
        goto out;
    mb_lap_begin_cpu(&lap, run->env, ROUND_MS, ticks_per_look(run->arg));
    do
        ret = lariat_iteration(loop, bhs, run->arg, &counter);
    while (!ret && mb_lap_tick(&lap, (unsigned)run->arg));
    values[0] = mb_lap_ns_per_unit(&lap);
out:
    for (int i = 0; i < run->arg; i++)
        lariat_bh_delete(bhs[i]);
    lariat_loop_unref(loop);
    return ret;
}

/* ---- a queue like QEMU's ---- */

enum {
    FLAG_QUEUED = 1, /* on the list */
    FLAG_DUE = 2,    /* to be called */
    FLAG_DEAD = 4,
    FLAG_ONCE = 8
};

struct flagged_bh {
    struct flagged_queue *queue;
    void (*fn)(void *opaque);
    void *opaque;
    struct flagged_bh *next;
    atomic_uint flags;
};

/* Queues cut off but not run to the end: a nested run would go on with them. */
struct flagged_slice {
    struct flagged_bh *first;
    struct flagged_slice *next;
};

struct flagged_queue {
    _Atomic(struct flagged_bh *) head;
    struct flagged_slice *slices;
    atomic_bool notified;
    atomic_uint notify_me;
    unsigned wakeups;
};

static __attribute__((noinline)) void flagged_schedule(struct flagged_bh *bh)
{
    struct flagged_queue *queue = bh->queue;
    unsigned old = atomic_fetch_or(&bh->flags, FLAG_QUEUED | FLAG_DUE);

    if (!(old & FLAG_QUEUED)) {
        struct flagged_bh *head = atomic_load_explicit(&queue->head, memory_order_relaxed);

        do
            bh->next = head;
        while (!atomic_compare_exchange_weak(&queue->head, &head, bh));
    }
    atomic_thread_fence(memory_order_release);
    atomic_store_explicit(&queue->notified, true, memory_order_relaxed);
    atomic_thread_fence(memory_order_seq_cst);
    if (atomic_load_explicit(&queue->notify_me, memory_order_relaxed))
        queue->wakeups++; /* never here: the owner is awake */
}

static struct flagged_bh *flagged_pop(struct flagged_slice *slice, unsigned *flags)
{
    struct flagged_bh *bh = slice->first;

    if (!bh)
        return NULL;
    slice->first = bh->next;
    *flags = atomic_fetch_and(&bh->flags, ~(unsigned)(FLAG_QUEUED | FLAG_DUE));
    return bh;
}

static __attribute__((noinline)) int flagged_run(struct flagged_queue *queue)
{
    struct flagged_slice mine = { .first = atomic_exchange(&queue->head, NULL), .next = NULL };
    struct flagged_slice **tail = &queue->slices;
    struct flagged_slice *slice;
    int progress = 0;

    while (*tail)
        tail = &(*tail)->next;
    *tail = &mine;
    while ((slice = queue->slices)) {
        unsigned flags;
        struct flagged_bh *bh = flagged_pop(slice, &flags);

        if (!bh) {
            queue->slices = slice->next;
            continue;
        }
        if ((flags & (FLAG_DUE | FLAG_DEAD)) == FLAG_DUE) {
            bh->fn(bh->opaque);
            progress = 1;
        }
        if (flags & (FLAG_DEAD | FLAG_ONCE))
            bh->fn = NULL; /* where QEMU's would free it */
    }
    return progress;
}

static int run_flagged(const struct mb_run *run, double *values)
{
    struct flagged_queue queue;
    struct flagged_bh bhs[BHS_MAX];
    unsigned counter = 0;
    struct mb_lap lap;

    memset(&queue, 0, sizeof queue);
    memset(bhs, 0, sizeof bhs);
    for (int i = 0; i < run->arg; i++) {
        bhs[i].queue = &queue;
        bhs[i].fn = count;
        bhs[i].opaque = &counter;
    }
    mb_lap_begin_cpu(&lap, run->env, ROUND_MS, ticks_per_look(run->arg));
    do {
        unsigned goal = counter + (unsigned)run->arg;

        for (int i = 0; i < run->arg; i++)
            flagged_schedule(&bhs[i]);
        while (counter != goal)
            flagged_run(&queue);
    } while (mb_lap_tick(&lap, (unsigned)run->arg));
    values[0] = mb_lap_ns_per_unit(&lap);
    return 0;
}

/* ---- libuv ---- */

#ifdef HAVE_LIBUV
static void uv_idle_ran(uv_idle_t *idle)
{
    count(idle->data);
    uv_idle_stop(idle);
}

static int run_uv(const struct mb_run *run, double *values)
{
    uv_idle_t idles[BHS_MAX];
    unsigned counter = 0;
    struct mb_lap lap;
    uv_loop_t loop;
    int ret = uv_loop_init(&loop);

    if (ret)
        return ret;
    for (int i = 0; i < run->arg; i++) {
        uv_idle_init(&loop, &idles[i]);
        idles[i].data = &counter;
    }
    mb_lap_begin_cpu(&lap, run->env, ROUND_MS, ticks_per_look(run->arg));
    do {
        unsigned goal = counter + (unsigned)run->arg;

        for (int i = 0; i < run->arg; i++)
            uv_idle_start(&idles[i], uv_idle_ran);
        while (counter != goal)
            uv_run(&loop, UV_RUN_NOWAIT);
    } while (mb_lap_tick(&lap, (unsigned)run->arg));
    values[0] = mb_lap_ns_per_unit(&lap);
    for (int i = 0; i < run->arg; i++)
        uv_close((uv_handle_t *)&idles[i], NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    return uv_loop_close(&loop);
}
#endif

/* ---- libev ---- */

#ifdef HAVE_LIBEV
static void ev_idle_ran(struct ev_loop *loop, ev_idle *idle, int events)
{
    (void)events;
    count(idle->data);
    ev_idle_stop(loop, idle);
}

static int run_ev(const struct mb_run *run, double *values)
{
    struct ev_loop *loop = ev_loop_new(EVFLAG_AUTO);
    ev_idle idles[BHS_MAX];
    unsigned counter = 0;
    struct mb_lap lap;

    if (!loop)
        return -ENOMEM;
    for (int i = 0; i < run->arg; i++) {
        ev_idle_init(&idles[i], ev_idle_ran);
        idles[i].data = &counter;
    }
    mb_lap_begin_cpu(&lap, run->env, ROUND_MS, ticks_per_look(run->arg));
    do {
        unsigned goal = counter + (unsigned)run->arg;

        for (int i = 0; i < run->arg; i++)
            ev_idle_start(loop, &idles[i]);
        while (counter != goal)
            ev_run(loop, EVRUN_NOWAIT);
    } while (mb_lap_tick(&lap, (unsigned)run->arg));
    values[0] = mb_lap_ns_per_unit(&lap);
    ev_loop_destroy(loop);
    return 0;
}
#endif

/* ---- GLib ---- */

#ifdef HAVE_GLIB
struct flag_source {
    GSource source;
    bool due;
    unsigned *counter;
};

static gboolean flag_source_prepare(GSource *source, gint *timeout_ms)
{
    *timeout_ms = -1;
    return ((struct flag_source *)source)->due;
}

static gboolean flag_source_check(GSource *source)
{
    return ((struct flag_source *)source)->due;
}

static gboolean flag_source_dispatch(GSource *source, GSourceFunc fn, gpointer opaque)
{
    struct flag_source *self = (struct flag_source *)source;

    (void)fn;
    (void)opaque;
    self->due = false;
    count(self->counter);
    return G_SOURCE_CONTINUE;
}

static GSourceFuncs flag_source_funcs = {
    .prepare = flag_source_prepare,
    .check = flag_source_check,
    .dispatch = flag_source_dispatch,
};

static int run_glib(const struct mb_run *run, double *values)
{
    GMainContext *context = g_main_context_new();
    struct flag_source *sources[BHS_MAX];
    unsigned counter = 0;
    struct mb_lap lap;

    g_main_context_acquire(context); /* so that each iteration need not */
    for (int i = 0; i < run->arg; i++) {
        sources[i] = (struct flag_source *)g_source_new(&flag_source_funcs, sizeof(struct flag_source));
        sources[i]->due = false;
        sources[i]->counter = &counter;
        g_source_attach(&sources[i]->source, context);
    }
    mb_lap_begin_cpu(&lap, run->env, ROUND_MS, ticks_per_look(run->arg));
    do {
        unsigned goal = counter + (unsigned)run->arg;

        for (int i = 0; i < run->arg; i++)
            sources[i]->due = true;
        while (counter != goal)
            g_main_context_iteration(context, FALSE);
    } while (mb_lap_tick(&lap, (unsigned)run->arg));
    values[0] = mb_lap_ns_per_unit(&lap);
    for (int i = 0; i < run->arg; i++) {
        g_source_destroy(&sources[i]->source);
        g_source_unref(&sources[i]->source);
    }
    g_main_context_release(context);
    g_main_context_unref(context);
    return 0;
}
#endif

/* clang-format off */
static const struct mb_metric metrics[] = { { NULL, "ns/BH" } };

static const struct mb_case cases[] = {
    { "lariat", MB_LARIAT, run_lariat, 0 },
    { "QEMU-like queue", MB_FLOOR, run_flagged, 0 },
#ifdef HAVE_LIBUV
    { "libuv idle", MB_LIBRARY, run_uv, 0 },
#endif
#ifdef HAVE_LIBEV
    { "libev idle", MB_LIBRARY, run_ev, 0 },
#endif
#ifdef HAVE_GLIB
    { "GLib source", MB_LIBRARY, run_glib, 0 },
#endif
};

static const struct mb_target targets[] = { { 0, "QEMU-like queue", false, 1.0 } };

#define COMMON \
    .metrics = metrics, .n_metrics = MB_COUNT(metrics), .cases = cases, .n_cases = MB_COUNT(cases), \
    .targets = targets, .n_targets = MB_COUNT(targets)

static const struct mb_measure measures[] = {
    { .name = "bh-1", .what = "same thread: schedule and run 1 BH per iteration", .arg = 1, COMMON },
    { .name = "bh-32", .what = "same thread: schedule and run 32 BHs per iteration", .arg = 32, COMMON },
};
/* clang-format on */

const struct mb_group mb_bh_group = { "bh", measures, MB_COUNT(measures) };
