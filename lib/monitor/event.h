/* SPDX-License-Identifier: MIT */
/*
 * Events: what happens to iothreads, on whatever thread, is put into a queue under a mutex, and a BH of the monitor's
 * iothread sends it on. The thread that made it happen pays for a malloc and a wake-up, never for a client.
 */
#ifndef LARIAT_MONITOR_EVENT_H
#define LARIAT_MONITOR_EVENT_H

#include <pthread.h>

#include <jansson.h>

#define MONITOR_QUEUE_MAX 4096 /* events that nobody has sent on yet; more are lost, and counted */

struct lariat_bh;
struct lariat_iothread_watch;
struct lariat_monitor;
struct monitor_event;

struct monitor_events {
    struct lariat_bh *bh;
    struct lariat_iothread_watch *watch;
    pthread_mutex_t mutex; /* for what follows */
    struct monitor_event *head, **tail;
    unsigned n;
    unsigned long long n_lost;
};

void monitor_events_init(struct monitor_events *events);

/* Watch the iothreads. The monitor has its loop. 0 or -ENOMEM. */
int monitor_events_watch(struct lariat_monitor *monitor);

/* Watch no more. Any thread but the monitor's iothread; once the BH runs no more, monitor_events_free(). */
void monitor_events_unwatch(struct monitor_events *events);

void monitor_events_free(struct monitor_events *events);

/* {"event": "EVENTS_LOST", ...}; NULL: no memory. */
json_t *monitor_event_lost(unsigned long long count);

#endif
