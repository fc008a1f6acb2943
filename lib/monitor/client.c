/* SPDX-License-Identifier: MIT */
#include "client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <lariat/handler.h>

#include "command.h"
#include "event.h"
#include "job.h"
#include "monitor.h"

#define INPUT_BYTES 4096

struct monitor_client {
    struct monitor_client *next, *previous;
    struct lariat_monitor *monitor;
    int fd;
    bool broken;             /* to be freed: no more to read or to send */
    bool eof;                /* it sends no more, but may want replies */
    bool watched;            /* a handler is set */
    struct monitor_job *job; /* that it waits for, or NULL */
    struct monitor_session session;
    char input[INPUT_BYTES]; /* [input_begin .. input_end) is still to be looked at */
    size_t input_begin, input_end;
    struct monitor_buffer output;
    unsigned long long events_lost; /* and not told yet */
};

/* ---- life ---- */

static void client_free(struct monitor_client *client)
{
    struct monitor_clients *clients = &client->monitor->clients;

    if (client->previous)
        client->previous->next = client->next;
    else
        clients->head = client->next;
    if (client->next)
        client->next->previous = client->previous;
    clients->n--;
    if (client->job)
        monitor_job_forget(client->job);
    lariat_handler_set(client->monitor->loop, client->fd, NULL, NULL, NULL);
    shutdown(client->fd, SHUT_RDWR); /* a child of fork() may have the socket too */
    close(client->fd);
    monitor_session_free(&client->session);
    monitor_buffer_free(&client->output);
    free(client);
}

void monitor_clients_free(struct lariat_monitor *monitor)
{
    while (monitor->clients.head)
        client_free(monitor->clients.head);
}

/* ---- output ---- */

static size_t waiting(const struct monitor_client *client)
{
    return monitor_buffer_len(&client->output);
}

/* Send what the socket takes now. */
static void flush(struct monitor_client *client)
{
    while (waiting(client) && !client->broken) {
        ssize_t n = send(client->fd, monitor_buffer_bytes(&client->output), waiting(client), MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n >= 0)
            monitor_buffer_consume(&client->output, (size_t)n);
        else if (errno == EAGAIN)
            return;
        else if (errno != EINTR)
            client->broken = true;
    }
}

static void send_reply(struct monitor_client *client, const struct monitor_request *request)
{
    if (monitor_request_reply(request, &client->output))
        client->broken = true;
}

static void greet(struct monitor_client *client)
{
    json_t *greeting = monitor_greeting();

    if (monitor_append_line(&client->output, greeting))
        client->broken = true;
    json_decref(greeting);
}

static void add_event(struct monitor_client *client, const char *text, size_t n)
{
    if (!text || client->events_lost || waiting(client) + n > MONITOR_EVENTS_MAX ||
        monitor_buffer_append(&client->output, text, n))
        client->events_lost++;
}

/* Once it reads again, say what it has missed. */
static void tell_lost_events(struct monitor_client *client)
{
    json_t *event;

    if (!client->events_lost || waiting(client) > MONITOR_EVENTS_MAX / 2)
        return;
    event = monitor_event_lost(client->events_lost);
    if (!monitor_append_line(&client->output, event))
        client->events_lost = 0;
    json_decref(event);
}

/* ---- commands ---- */

static void execute(struct monitor_client *client, struct monitor_request *request)
{
    if (request->command && request->command->blocks) {
        client->job = monitor_job_start(client->monitor, client, request);
        if (client->job)
            return; /* which owns the request */
    } else {
        monitor_request_run(request);
    }
    send_reply(client, request);
    monitor_request_free(request);
}

static bool takes_commands(const struct monitor_client *client)
{
    return !client->broken && !client->job && waiting(client) < MONITOR_REPLIES_MAX;
}

static void execute_input(struct monitor_client *client)
{
    while (client->input_begin < client->input_end && takes_commands(client)) {
        struct monitor_request request;
        bool complete;

        client->input_begin += monitor_session_feed(&client->session, client->input + client->input_begin,
                                                    client->input_end - client->input_begin, &request, &complete);
        if (complete)
            execute(client, &request);
    }
}

static void receive(struct monitor_client *client)
{
    ssize_t n = recv(client->fd, client->input, INPUT_BYTES, MSG_DONTWAIT);

    client->input_begin = client->input_end = 0;
    if (n > 0)
        client->input_end = (size_t)n;
    else if (n == 0)
        client->eof = true;
    else if (errno != EAGAIN && errno != EINTR)
        client->broken = true;
}

/* ---- what to wait for ---- */

static void go_on(struct monitor_client *client);

static void on_readable(void *opaque)
{
    struct monitor_client *client = opaque;

    receive(client);
    go_on(client);
}

static void on_writable(void *opaque)
{
    go_on(opaque);
}

static bool is_finished(const struct monitor_client *client)
{
    return client->broken || (client->eof && client->input_begin == client->input_end && !client->job && !waiting(client));
}

static void watch(struct monitor_client *client)
{
    bool read = takes_commands(client) && !client->eof && client->input_begin == client->input_end;
    bool write = waiting(client) != 0;
    int err = 0;

    if (read || write)
        err = lariat_handler_set(client->monitor->loop, client->fd, read ? on_readable : NULL, write ? on_writable : NULL,
                                 client);
    else if (client->watched)
        err = lariat_handler_set(client->monitor->loop, client->fd, NULL, NULL, NULL);
    client->watched = read || write;
    if (err)
        client->broken = true;
}

/* Do all that can be done now; may free the client. */
static void go_on(struct monitor_client *client)
{
    do { /* sending makes room for the replies to more commands, of which no handler would tell */
        execute_input(client);
        flush(client);
        tell_lost_events(client);
        flush(client);
    } while (client->input_begin < client->input_end && takes_commands(client));
    if (!is_finished(client))
        watch(client);
    if (is_finished(client))
        client_free(client);
}

void monitor_client_answer(struct monitor_client *client, const struct monitor_request *request)
{
    client->job = NULL;
    send_reply(client, request);
    go_on(client);
}

void monitor_clients_event(struct monitor_clients *clients, const char *text, size_t n)
{
    struct monitor_client *next;

    for (struct monitor_client *client = clients->head; client; client = next) {
        next = client->next;
        if (client->session.negotiated && !client->eof) {
            add_event(client, text, n);
            go_on(client);
        }
    }
}

void monitor_client_new(struct lariat_monitor *monitor, int fd)
{
    struct monitor_clients *clients = &monitor->clients;
    struct monitor_client *client = clients->n < MONITOR_CLIENTS_MAX ? calloc(1, sizeof(*client)) : NULL;

    if (!client) {
        close(fd);
        return;
    }
    client->monitor = monitor;
    client->fd = fd;
    client->session.objects = &monitor->objects;
    client->next = clients->head;
    if (client->next)
        client->next->previous = client;
    clients->head = client;
    clients->n++;
    greet(client);
    go_on(client);
}
