/* SPDX-License-Identifier: MIT */
/*
 * Jobs: requests that may wait for an iothread (object-add, object-del), each with a short-lived helper thread of its own, so
 * that nobody but the client that asked waits. A client has one job at most.
 *
 * Jobs belong to the monitor's iothread, but for the request of a running one, which belongs to the helper until it sets
 * `done`. Helpers inherit CPU affinity and scheduling policy of the monitor's iothread, and so of whoever started the
 * monitor; iothreads that they make begin with the same.
 */
#ifndef LARIAT_MONITOR_JOB_H
#define LARIAT_MONITOR_JOB_H

#include "request.h"

struct lariat_bh;
struct lariat_monitor;
struct monitor_client;
struct monitor_job;

struct monitor_jobs {
    struct lariat_bh *bh; /* scheduled by a helper that has finished */
    struct monitor_job *head;
    struct monitor_job *orphans; /* those of a monitor that stops, for the thread that stops it */
};

/* The monitor has its loop. 0 or -ENOMEM. */
int monitor_jobs_init(struct lariat_monitor *monitor);

/* Take over the request and begin. NULL: the request has failed and stays the caller's. */
struct monitor_job *monitor_job_start(struct lariat_monitor *monitor, struct monitor_client *client,
                                      struct monitor_request *request);

/* The client is gone. */
void monitor_job_forget(struct monitor_job *job);

/* All clients are gone: leave what still runs to monitor_jobs_free(). */
void monitor_jobs_abandon(struct monitor_jobs *jobs);

/* Wait for the helpers; blocks. Any thread but the monitor's iothread. */
void monitor_jobs_free(struct monitor_jobs *jobs);

#endif
