/* SPDX-License-Identifier: MIT */
/*
 * The connection to a program's control socket: QMP, one request at a time, and the events that come in between.
 *
 * Functions return a status that is also the exit status of the program. Whatever it is but CLIENT_OK, client_error() has the
 * reason in words; nothing is printed here, since the terminal may be in another state.
 */
#ifndef CTL_CLIENT_H
#define CTL_CLIENT_H

#include <jansson.h>
#include <stdint.h>

enum client_status {
    CLIENT_OK = 0,
    CLIENT_REFUSED = 1, /* the server said no, in its words */
    CLIENT_LOST = 3     /* never connected, or not any more, or no answer in time */
};

struct client;

/* *out is made in any case, for its error; free it. */
enum client_status client_connect(const char *path, int64_t timeout_ns, struct client **out);
void client_free(struct client *client);

/* Drop the connection, with all that came through it, for a new one to the same socket. */
enum client_status client_reconnect(struct client *client);

/* Execute a command. Takes over the reference of arguments (NULL: none). *result is the caller's; it may be NULL. */
enum client_status client_execute(struct client *client, const char *command, json_t *arguments, json_t **result);

/* Forget the events that came while replies were waited for. */
void client_drop_events(struct client *client);

/* The next event, waiting for it without a limit. */
enum client_status client_next_event(struct client *client, json_t **event);

const char *client_error(const struct client *client);

/* Put other words in the error's place. Returns status. */
__attribute__((format(printf, 3, 4))) enum client_status client_fail(struct client *client, enum client_status status,
                                                                     const char *format, ...);

#endif
