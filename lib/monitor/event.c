/* SPDX-License-Identifier: MIT */
#include "event.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <lariat/bh.h>
#include <lariat/iothread.h>

#include "buffer.h"
#include "client.h"
#include "monitor.h"

#define ID_BYTES 64

struct monitor_event {
    struct monitor_event *next;
    struct timespec time;
    enum lariat_iothread_event_kind kind;
    char id[ID_BYTES];
    pid_t thread_id;
    struct lariat_poll_params poll;
};

/* ---- as JSON ---- */

static json_t *filled(json_t *object, int err)
{
    if (object && !err)
        return object;
    json_decref(object);
    return NULL;
}

static json_t *event_object(const char *name, json_t *data, const struct timespec *time)
{
    json_t *object = json_object(), *stamp = json_object();
    int err = 0;

    err |= json_object_set_new(stamp, "seconds", json_integer(time->tv_sec));
    err |= json_object_set_new(stamp, "microseconds", json_integer(time->tv_nsec / 1000));
    err |= json_object_set_new(object, "event", json_string(name));
    err |= json_object_set_new(object, "data", data);
    err |= json_object_set_new(object, "timestamp", stamp);
    return filled(object, err);
}

json_t *monitor_event_lost(unsigned long long count)
{
    json_t *data = json_object();
    struct timespec now;
    int err = json_object_set_new(data, "count", json_integer((json_int_t)count));

    clock_gettime(CLOCK_REALTIME, &now);
    return event_object("EVENTS_LOST", filled(data, err), &now);
}

static json_t *life_data(const struct monitor_event *event)
{
    json_t *data = json_object();
    int err = 0;

    err |= json_object_set_new(data, "id", json_string(event->id));
    err |= json_object_set_new(data, "thread-id", json_integer(event->thread_id));
    return filled(data, err);
}

static const char *policy_name(enum lariat_poll_policy policy)
{
    switch (policy) {
    case LARIAT_POLL_WEIGHTED: return "weighted";
    case LARIAT_POLL_AUTO: return "auto";
    case LARIAT_POLL_CLASSIC: break;
    }
    return "classic";
}

static json_t *params_data(const struct monitor_event *event)
{
    const struct lariat_poll_params *poll = &event->poll;
    json_t *data = json_object();
    int err = 0;

    err |= json_object_set_new(data, "id", json_string(event->id));
    err |= json_object_set_new(data, "poll-policy", json_string(policy_name(poll->policy)));
    err |= json_object_set_new(data, "poll-max-ns", json_integer(poll->max_ns));
    err |= json_object_set_new(data, "poll-grow", json_integer(poll->grow));
    err |= json_object_set_new(data, "poll-shrink", json_integer(poll->shrink));
    err |= json_object_set_new(data, "poll-weight", json_integer(poll->weight));
    err |= json_object_set_new(data, "poll-price", json_integer(poll->price));
    err |= json_object_set_new(data, "poll-cpu-budget", json_integer(poll->cpu_budget));
    return filled(data, err);
}

static json_t *to_json(const struct monitor_event *event)
{
    switch (event->kind) {
    case LARIAT_IOTHREAD_CREATED: return event_object("IOTHREAD_CREATED", life_data(event), &event->time);
    case LARIAT_IOTHREAD_STOPPED: return event_object("IOTHREAD_STOPPED", life_data(event), &event->time);
    case LARIAT_IOTHREAD_POLL_PARAMS_CHANGED: break;
    }
    return event_object("POLL_PARAMS_CHANGED", params_data(event), &event->time);
}

/* ---- the queue ---- */

static struct monitor_event *copy_of(const struct lariat_iothread_event *event)
{
    struct monitor_event *copy = calloc(1, sizeof(*copy));

    if (!copy)
        return NULL;
    clock_gettime(CLOCK_REALTIME, &copy->time);
    copy->kind = event->kind;
    strncpy(copy->id, event->id, ID_BYTES - 1);
    copy->thread_id = event->thread_id;
    copy->poll = event->poll;
    return copy;
}

/* On the thread that made it happen. */
static void on_event(const struct lariat_iothread_event *event, void *opaque)
{
    struct lariat_monitor *monitor = opaque;
    struct monitor_events *events = &monitor->events;
    struct monitor_event *copy = copy_of(event);

    pthread_mutex_lock(&events->mutex);
    if (copy && events->n < MONITOR_QUEUE_MAX) {
        *events->tail = copy;
        events->tail = &copy->next;
        events->n++;
        copy = NULL;
    } else {
        events->n_lost++;
    }
    pthread_mutex_unlock(&events->mutex);
    free(copy);
    lariat_bh_schedule(events->bh);
}

static struct monitor_event *take_all(struct monitor_events *events, unsigned long long *n_lost)
{
    struct monitor_event *head;

    pthread_mutex_lock(&events->mutex);
    head = events->head;
    *n_lost = events->n_lost;
    events->head = NULL;
    events->tail = &events->head;
    events->n = 0;
    events->n_lost = 0;
    pthread_mutex_unlock(&events->mutex);
    return head;
}

static void send_on(struct monitor_clients *clients, const struct monitor_event *event)
{
    struct monitor_buffer text = { 0 };
    json_t *json = to_json(event);

    if (monitor_append_line(&text, json))
        monitor_clients_event(clients, NULL, 0);
    else
        monitor_clients_event(clients, monitor_buffer_bytes(&text), monitor_buffer_len(&text));
    monitor_buffer_free(&text);
    json_decref(json);
}

/* On the monitor's iothread. */
static void send_all(void *opaque)
{
    struct lariat_monitor *monitor = opaque;
    unsigned long long n_lost;
    struct monitor_event *event = take_all(&monitor->events, &n_lost), *next;

    for (; event; event = next) {
        next = event->next;
        send_on(&monitor->clients, event);
        free(event);
    }
    while (n_lost--)
        monitor_clients_event(&monitor->clients, NULL, 0);
}

/* ---- life ---- */

void monitor_events_init(struct monitor_events *events)
{
    pthread_mutex_init(&events->mutex, NULL);
    events->tail = &events->head;
}

int monitor_events_watch(struct lariat_monitor *monitor)
{
    struct monitor_events *events = &monitor->events;
    int err = lariat_bh_new(monitor->loop, "monitor-events", send_all, monitor, &events->bh);

    return err ? err : lariat_iothread_watch_new(on_event, monitor, &events->watch);
}

void monitor_events_unwatch(struct monitor_events *events)
{
    lariat_iothread_watch_free(events->watch);
    events->watch = NULL;
}

void monitor_events_free(struct monitor_events *events)
{
    struct monitor_event *event;

    lariat_bh_delete(events->bh);
    while ((event = events->head)) {
        events->head = event->next;
        free(event);
    }
    pthread_mutex_destroy(&events->mutex);
}
