/* SPDX-License-Identifier: MIT */
#include "monitor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <lariat/bh.h>
#include <lariat/monitor.h>

static void require(const void *pointer, const char *function, const char *object)
{
    if (!pointer) {
        fprintf(stderr, "lariat: %s: %s must not be NULL\n", function, object);
        abort();
    }
}

/* ---- start ---- */

/* It never spins: the CPU belongs to the iothreads that it looks at. */
static int start_iothread(struct lariat_monitor *monitor)
{
    struct lariat_poll_params poll;
    struct lariat_loop_options loop_opts = LARIAT_LOOP_OPTIONS_INIT;
    struct lariat_iothread_options opts = LARIAT_IOTHREAD_OPTIONS_INIT;
    int err;

    lariat_poll_params_init(&poll, LARIAT_POLL_CLASSIC);
    poll.max_ns = 0;
    loop_opts.poll = &poll;
    opts.loop = &loop_opts;
    opts.internal = true;
    err = lariat_iothread_new("monitor", &opts, &monitor->iothread);
    if (!err)
        monitor->loop = lariat_iothread_loop(monitor->iothread);
    return err;
}

struct serving {
    struct lariat_monitor *monitor;
    int err;
};

static void serve(void *opaque)
{
    struct serving *serving = opaque;

    serving->err = monitor_listener_watch(serving->monitor);
    serving->monitor->serving = true;
}

static int start_serving(struct lariat_monitor *monitor)
{
    struct serving serving = { .monitor = monitor };
    int err = start_iothread(monitor);

    if (!err)
        err = monitor_jobs_init(monitor);
    if (!err)
        err = monitor_events_watch(monitor);
    if (!err)
        err = lariat_loop_call(monitor->loop, serve, &serving);
    return err ? err : serving.err;
}

static struct lariat_monitor *monitor_new(void)
{
    struct lariat_monitor *monitor = calloc(1, sizeof(*monitor));

    if (!monitor)
        return NULL;
    monitor->pid = getpid();
    monitor->listener.fd = -1;
    monitor_objects_init(&monitor->objects);
    monitor_events_init(&monitor->events);
    return monitor;
}

/* *words is left alone if there are none but those for the error. */
static int start(struct lariat_monitor *monitor, const char *path, char **words)
{
    int err = monitor_listener_open(&monitor->listener, path, words);

    if (err)
        return err;
    err = start_serving(monitor);
    if (err)
        *words = lariat_explain_setup(err);
    return err;
}

int lariat_monitor_start(const char *path, struct lariat_monitor **out, char **errmsg)
{
    struct lariat_monitor *monitor;
    char *words = NULL;
    int err;

    require(path, __func__, "path");
    require(out, __func__, "out");
    monitor = monitor_new();
    err = monitor ? start(monitor, path, &words) : -ENOMEM;
    if (!err) {
        *out = monitor;
        return 0;
    }
    lariat_monitor_stop(monitor);
    if (errmsg)
        *errmsg = words;
    else
        free(words);
    return err;
}

/* ---- stop ---- */

static void shut_down(void *opaque)
{
    struct lariat_monitor *monitor = opaque;

    monitor_listener_unwatch(monitor);
    monitor_clients_free(monitor);
    monitor_jobs_abandon(&monitor->jobs);
}

/* The monitor's thread may have been in the middle of anything: only what nobody ever changes is safe to give back. */
static void leave_to_parent(struct lariat_monitor *monitor)
{
    close(monitor->listener.fd);
    free(monitor->listener.path);
    monitor_events_unwatch(&monitor->events);
    lariat_iothread_destroy(monitor->iothread);
    lariat_bh_delete(monitor->jobs.bh);
    lariat_bh_delete(monitor->events.bh);
    free(monitor);
}

void lariat_monitor_stop(struct lariat_monitor *monitor)
{
    if (!monitor)
        return;
    if (getpid() != monitor->pid) {
        leave_to_parent(monitor);
        return;
    }
    monitor_events_unwatch(&monitor->events);
    if (monitor->serving)
        lariat_loop_call(monitor->loop, shut_down, monitor);
    monitor_jobs_free(&monitor->jobs);
    lariat_iothread_destroy(monitor->iothread);
    monitor_events_free(&monitor->events);
    monitor_objects_free(&monitor->objects);
    monitor_listener_close(&monitor->listener);
    free(monitor);
}
