/* SPDX-License-Identifier: MIT */
/*
 * A client: its socket, what it is to get, and when it is read. Only the monitor's own iothread touches clients.
 *
 * Memory is bounded by not reading: a client's commands wait in its socket while one of them is with a helper, or while it
 * has not taken its replies. Events do not wait: those of a client that does not read are dropped and counted, and it is
 * told how many with EVENTS_LOST.
 */
#ifndef LARIAT_MONITOR_CLIENT_H
#define LARIAT_MONITOR_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#include "request.h"

#define MONITOR_CLIENTS_MAX 1024
#define MONITOR_REPLIES_MAX (256 * 1024) /* bytes waiting, from which on no more commands are read */
#define MONITOR_EVENTS_MAX (1024 * 1024) /* bytes waiting, from which on events are dropped */

struct lariat_loop;
struct lariat_monitor;
struct monitor_client;

/* All clients of a monitor. Begins as all zeros. */
struct monitor_clients {
    struct monitor_client *head;
    unsigned n;
};

/* Serve a new client; owns fd from now on, also if that fails (no memory, too many clients). */
void monitor_client_new(struct lariat_monitor *monitor, int fd);

/* Disconnect all. */
void monitor_clients_free(struct lariat_monitor *monitor);

/* Send an event, a line, to all clients past negotiation; or count it as lost for them if text is NULL. */
void monitor_clients_event(struct monitor_clients *clients, const char *text, size_t n);

/* The helper has finished with the request that this client waits for (job.h). */
void monitor_client_answer(struct monitor_client *client, const struct monitor_request *request);

#endif
