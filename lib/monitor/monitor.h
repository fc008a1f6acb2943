/* SPDX-License-Identifier: MIT */
/*
 * A monitor: everything behind one control socket. All of it runs on its own internal iothread, but for what a helper does
 * (job.h), what other threads put into the queue of events (event.h), and start and stop.
 */
#ifndef LARIAT_MONITOR_PRIVATE_H
#define LARIAT_MONITOR_PRIVATE_H

#include <stdbool.h>
#include <sys/types.h>

#include <lariat/iothread.h>

#include "client.h"
#include "event.h"
#include "job.h"
#include "listener.h"
#include "objects.h"

struct lariat_monitor {
    pid_t pid; /* of the process that started it */
    struct lariat_iothread *iothread;
    struct lariat_loop *loop; /* its */
    bool serving;             /* it may have clients */
    struct monitor_listener listener;
    struct monitor_clients clients;
    struct monitor_events events;
    struct monitor_jobs jobs;
    struct monitor_objects objects;
};

#endif
