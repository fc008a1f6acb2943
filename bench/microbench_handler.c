/* SPDX-License-Identifier: MIT */
/*
 * Readiness: an eventfd becomes readable, the loop calls a callback, which reads it.
 *
 * Same thread: write, one iteration of the loop, read. Cross-thread: two threads with a loop and an eventfd each; a callback
 * reads its own and writes the other's, so a round trip is two wake-ups, two writes and two reads.
 *
 * Why this is fair: the same descriptors, the same one read and one write per event, the same callback, threads started and
 * loops driven by the same code. Reading an eventfd once empties it, so the edge-triggered form needs no second read either.
 * Polling is off but for the row that says so. libuv, libev and GLib are level-triggered (epoll; GLib: poll).
 */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <lariat/lariat.h>

#ifdef HAVE_LIBUV
#include <uv.h>
#endif
#ifdef HAVE_LIBEV
#include <ev.h>
#endif
#ifdef HAVE_GLIB
#include <glib-unix.h>
#endif

#include "microbench_loop.h"
#include "microbench_stats.h"

enum { SAME_THREAD, TWO_CPUS, ONE_CPU };

enum variant { LEVEL, EDGE, LEVEL_POLLED };

static const double SAME_ROUND_MS = 20;
static const double CROSS_ROUND_MS = 50;
static const int64_t WINDOW_NS = 1000000;

/* One loop that watches one descriptor. Used by the thread that opened it. */
struct watch {
    int fd;
    void (*readable)(struct watch *watch);
    void *opaque;
    enum variant variant;
    struct lariat_loop *lariat;
#ifdef HAVE_LIBUV
    uv_loop_t uv;
    uv_poll_t uv_poll;
#endif
#ifdef HAVE_LIBEV
    struct ev_loop *ev;
    ev_io ev_io;
#endif
#ifdef HAVE_GLIB
    GMainContext *glib;
    GSource *glib_source;
#endif
};

struct watch_ops {
    int (*open)(struct watch *watch);    /* 0 or -errno */
    int (*iterate)(struct watch *watch); /* wait, and call readable; negative: failed */
    void (*close)(struct watch *watch);
};

/* ---- ours ---- */

static void lariat_readable(void *opaque)
{
    struct watch *watch = opaque;

    watch->readable(watch);
}

static int lariat_open(struct watch *watch)
{
    struct lariat_loop_options options = LARIAT_LOOP_OPTIONS_INIT;
    struct lariat_poll_params poll;
    int ret;

    lariat_poll_params_init(&poll, LARIAT_POLL_CLASSIC);
    poll.max_ns = watch->variant == LEVEL_POLLED ? WINDOW_NS : 0;
    options.poll = &poll;
    ret = lariat_loop_new(&options, &watch->lariat);
    if (ret)
        return ret;
    ret = watch->variant == EDGE ? lariat_handler_set_edge(watch->lariat, watch->fd, lariat_readable, NULL, watch)
                                 : lariat_handler_set(watch->lariat, watch->fd, lariat_readable, NULL, watch);
    if (ret)
        lariat_loop_unref(watch->lariat);
    return ret;
}

static int lariat_iterate(struct watch *watch)
{
    return lariat_loop_poll(watch->lariat, true);
}

static void lariat_close_watch(struct watch *watch)
{
    lariat_handler_set(watch->lariat, watch->fd, NULL, NULL, NULL);
    lariat_loop_unref(watch->lariat);
}

static const struct watch_ops lariat_ops = { lariat_open, lariat_iterate, lariat_close_watch };

/* ---- libuv ---- */

#ifdef HAVE_LIBUV
static void uv_readable(uv_poll_t *poll, int status, int events)
{
    struct watch *watch = poll->data;

    (void)status;
    (void)events;
    watch->readable(watch);
}

static int uv_open(struct watch *watch)
{
    int ret = uv_loop_init(&watch->uv);

    if (ret)
        return ret;
    watch->uv_poll.data = watch;
    ret = uv_poll_init(&watch->uv, &watch->uv_poll, watch->fd);
    if (!ret)
        ret = uv_poll_start(&watch->uv_poll, UV_READABLE, uv_readable);
    if (ret)
        uv_loop_close(&watch->uv);
    return ret;
}

static int uv_iterate(struct watch *watch)
{
    uv_run(&watch->uv, UV_RUN_ONCE);
    return 0;
}

static void uv_close_watch(struct watch *watch)
{
    uv_close((uv_handle_t *)&watch->uv_poll, NULL);
    uv_run(&watch->uv, UV_RUN_DEFAULT);
    uv_loop_close(&watch->uv);
}

static const struct watch_ops uv_ops = { uv_open, uv_iterate, uv_close_watch };
#endif

/* ---- libev ---- */

#ifdef HAVE_LIBEV
static void ev_readable(struct ev_loop *loop, ev_io *io, int events)
{
    struct watch *watch = io->data;

    (void)loop;
    (void)events;
    watch->readable(watch);
}

static int ev_open(struct watch *watch)
{
    watch->ev = ev_loop_new(EVFLAG_AUTO);
    if (!watch->ev)
        return -ENOMEM;
    ev_io_init(&watch->ev_io, ev_readable, watch->fd, EV_READ);
    watch->ev_io.data = watch;
    ev_io_start(watch->ev, &watch->ev_io);
    return 0;
}

static int ev_iterate(struct watch *watch)
{
    ev_run(watch->ev, EVRUN_ONCE);
    return 0;
}

static void ev_close_watch(struct watch *watch)
{
    ev_io_stop(watch->ev, &watch->ev_io);
    ev_loop_destroy(watch->ev);
}

static const struct watch_ops ev_ops = { ev_open, ev_iterate, ev_close_watch };
#endif

/* ---- GLib ---- */

#ifdef HAVE_GLIB
static gboolean glib_readable(gint fd, GIOCondition condition, gpointer opaque)
{
    struct watch *watch = opaque;

    (void)fd;
    (void)condition;
    watch->readable(watch);
    return G_SOURCE_CONTINUE;
}

static int glib_open(struct watch *watch)
{
    watch->glib = g_main_context_new();
    g_main_context_acquire(watch->glib);
    watch->glib_source = g_unix_fd_source_new(watch->fd, G_IO_IN);
    g_source_set_callback(watch->glib_source, G_SOURCE_FUNC(glib_readable), watch, NULL);
    g_source_attach(watch->glib_source, watch->glib);
    return 0;
}

static int glib_iterate(struct watch *watch)
{
    g_main_context_iteration(watch->glib, TRUE);
    return 0;
}

static void glib_close(struct watch *watch)
{
    g_source_destroy(watch->glib_source);
    g_source_unref(watch->glib_source);
    g_main_context_release(watch->glib);
    g_main_context_unref(watch->glib);
}

static const struct watch_ops glib_ops = { glib_open, glib_iterate, glib_close };
#endif

/* ---- same thread ---- */

static void eventfd_put(int fd)
{
    uint64_t one = 1;

    if (write(fd, &one, sizeof one) != sizeof one)
        abort();
}

static void eventfd_take(int fd)
{
    uint64_t value;

    if (read(fd, &value, sizeof value) != sizeof value)
        abort(); /* called though it is not readable */
}

static void same_readable(struct watch *watch)
{
    bool *ran = watch->opaque;

    eventfd_take(watch->fd);
    *ran = true;
}

static int run_same(const struct mb_run *run, const struct watch_ops *ops, double *values)
{
    bool ran;
    struct watch watch = { .readable = same_readable, .opaque = &ran, .variant = (enum variant)run->variant };
    struct mb_lap lap;
    int ret;

    watch.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (watch.fd < 0)
        return -errno;
    ret = ops->open(&watch);
    if (ret)
        goto out;
    mb_lap_begin_cpu(&lap, run->env, SAME_ROUND_MS, 32);
    do {
        ran = false;
        eventfd_put(watch.fd);
        while (!ran && ret >= 0)
            ret = ops->iterate(&watch);
    } while (ret >= 0 && mb_lap_tick(&lap, 1));
    values[0] = mb_lap_ns_per_unit(&lap) / 1e3;
    ops->close(&watch);
out:
    close(watch.fd);
    return ret < 0 ? ret : 0;
}

/* ---- cross-thread ---- */

struct cross;

struct side {
    struct watch watch;
    struct cross *cross;
    const struct watch_ops *ops;
    int cpu;
    int error;
    pthread_t thread;
};

struct cross {
    struct side side[2];
    struct mb_lap lap; /* of side 0's thread */
    sem_t up;
    sem_t begin;
    atomic_bool over;
};

/* Side 0 ends the game: it sets `over` and wakes the other side, which then sees it. */
static void side_readable(struct watch *watch)
{
    struct side *side = watch->opaque;
    struct cross *cross = side->cross;
    struct side *other = &cross->side[side == &cross->side[0]];

    eventfd_take(watch->fd);
    if (side == &cross->side[0] && !mb_lap_tick(&cross->lap, 1))
        atomic_store(&cross->over, true);
    eventfd_put(other->watch.fd);
}

static void *side_main(void *opaque)
{
    struct side *side = opaque;
    struct cross *cross = side->cross;
    int ret;

    mb_pin(side->cpu);
    side->watch.readable = side_readable;
    side->watch.opaque = side;
    ret = side->ops->open(&side->watch);
    side->error = ret;
    sem_post(&cross->up);
    while (sem_wait(&cross->begin))
        ;
    if (ret)
        return NULL;
    while (!atomic_load_explicit(&cross->over, memory_order_relaxed) && ret >= 0)
        ret = side->ops->iterate(&side->watch);
    side->ops->close(&side->watch);
    return NULL;
}

static int run_sides(struct cross *cross, const struct mb_run *run, double *values)
{
    int error;

    for (int i = 0; i < 2; i++)
        if (pthread_create(&cross->side[i].thread, NULL, side_main, &cross->side[i]))
            abort();
    for (int i = 0; i < 2; i++)
        while (sem_wait(&cross->up))
            ;
    error = cross->side[0].error ? cross->side[0].error : cross->side[1].error;
    if (error)
        atomic_store(&cross->over, true);
    mb_lap_begin(&cross->lap, run->env, CROSS_ROUND_MS, 16);
    sem_post(&cross->begin);
    sem_post(&cross->begin);
    if (!error)
        eventfd_put(cross->side[0].watch.fd);
    for (int i = 0; i < 2; i++)
        pthread_join(cross->side[i].thread, NULL);
    values[0] = mb_lap_ns_per_unit(&cross->lap) / 1e3;
    return error;
}

static int run_cross(const struct mb_run *run, const struct watch_ops *ops, double *values)
{
    struct cross cross = { 0 };
    int ret = 0;

    sem_init(&cross.up, 0, 0);
    sem_init(&cross.begin, 0, 0);
    atomic_init(&cross.over, false);
    for (int i = 0; i < 2; i++) {
        struct side *side = &cross.side[i];

        side->cross = &cross;
        side->ops = ops;
        side->cpu = run->env->cpu[run->arg == ONE_CPU ? 0 : i];
        side->watch.variant = (enum variant)run->variant;
        side->watch.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (side->watch.fd < 0)
            ret = -errno;
    }
    if (!ret)
        ret = run_sides(&cross, run, values);
    for (int i = 0; i < 2; i++)
        if (cross.side[i].watch.fd >= 0)
            close(cross.side[i].watch.fd);
    sem_destroy(&cross.up);
    sem_destroy(&cross.begin);
    return ret;
}

static int run_any(const struct mb_run *run, const struct watch_ops *ops, double *values)
{
    return run->arg == SAME_THREAD ? run_same(run, ops, values) : run_cross(run, ops, values);
}

static int run_lariat(const struct mb_run *run, double *values)
{
    return run_any(run, &lariat_ops, values);
}

#ifdef HAVE_LIBUV
static int run_uv(const struct mb_run *run, double *values)
{
    return run_any(run, &uv_ops, values);
}
#endif

#ifdef HAVE_LIBEV
static int run_ev(const struct mb_run *run, double *values)
{
    return run_any(run, &ev_ops, values);
}
#endif

#ifdef HAVE_GLIB
static int run_glib(const struct mb_run *run, double *values)
{
    return run_any(run, &glib_ops, values);
}
#endif

/* clang-format off */
static const struct mb_metric metrics[] = { { NULL, "us/rt" } };

static const struct mb_case cases[] = {
    { "lariat", MB_LARIAT, run_lariat, LEVEL },
    { "lariat, edge", MB_LARIAT, run_lariat, EDGE },
    { "lariat, polling", MB_LARIAT, run_lariat, LEVEL_POLLED },
#ifdef HAVE_LIBUV
    { "libuv poll", MB_LIBRARY, run_uv, 0 },
#endif
#ifdef HAVE_LIBEV
    { "libev io", MB_LIBRARY, run_ev, 0 },
#endif
#ifdef HAVE_GLIB
    { "GLib fd source", MB_LIBRARY, run_glib, 0 },
#endif
};

#define COMMON .metrics = metrics, .n_metrics = MB_COUNT(metrics), .cases = cases, .n_cases = MB_COUNT(cases)

static const struct mb_measure measures[] = {
    { .name = "handler-same", .what = "eventfd readiness, write to callback, same thread", .arg = SAME_THREAD, COMMON },
    { .name = "handler-2cpu", .what = "eventfd readiness, round trip of two threads, two CPUs", .arg = TWO_CPUS,
      .two_cpus = true, COMMON },
    { .name = "handler-1cpu", .what = "eventfd readiness, round trip of two threads, one CPU", .arg = ONE_CPU, COMMON },
};
/* clang-format on */

const struct mb_group mb_handler_group = { "handler", measures, MB_COUNT(measures) };
