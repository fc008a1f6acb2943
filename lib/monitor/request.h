/* SPDX-License-Identifier: MIT */
/*
 * A request of a client: JSON text -> command and arguments -> result -> JSON text. What is refused on the way has its result
 * at once and no command.
 *
 * A request belongs to one thread at a time: the monitor's, or for commands that block the helper's that runs it (job.h).
 * Running out of memory is a result like others: each json_t pointer below may be NULL, jansson's calls take that.
 */
#ifndef LARIAT_MONITOR_REQUEST_H
#define LARIAT_MONITOR_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "buffer.h"
#include "splitter.h"

struct monitor_command;
struct monitor_objects;

/* The classes of errors that clients know. */
enum monitor_error {
    MONITOR_ERROR_NONE,
    MONITOR_ERROR_GENERIC,
    MONITOR_ERROR_COMMAND_NOT_FOUND,
    MONITOR_ERROR_DEVICE_NOT_FOUND,
};

/* One client's conversation, as far as it is not about its socket. Begins as all zeros, but for `objects`. */
struct monitor_session {
    struct monitor_splitter splitter;
    bool negotiated;                 /* qmp_capabilities was executed: other commands and events go through */
    struct monitor_objects *objects; /* of the monitor */
};

struct monitor_request {
    struct monitor_session *session; /* not to be used by commands that block: it may be gone */
    struct monitor_objects *objects;
    const struct monitor_command *command; /* to be run; NULL: there is a result already */
    json_t *args;                          /* an object */
    json_t *id;                            /* NULL: none was given */
    json_t *value;                         /* the result; NULL without an error: no memory */
    enum monitor_error error;
    char *desc;
};

/*
 * Take a request from the bytes that arrived: *request is made anew, and `*complete` says whether there is one.
 * Returns how many bytes were used up; call again with the rest until *complete is false.
 */
size_t monitor_session_feed(struct monitor_session *session, const char *bytes, size_t n, struct monitor_request *request,
                            bool *complete);

void monitor_session_free(struct monitor_session *session);

/* Run the command, if there is one. */
void monitor_request_run(struct monitor_request *request);

/* Append the reply, a line, to a buffer. -ENOMEM: there is no memory even for saying so. */
int monitor_request_reply(const struct monitor_request *request, struct monitor_buffer *out);

void monitor_request_free(struct monitor_request *request);

/* For commands: end with an error. */
void monitor_request_fail(struct monitor_request *request, enum monitor_error error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same for what a function of Lariat said: errmsg, which is freed, or if it is NULL the words for err. */
void monitor_request_fail_errno(struct monitor_request *request, int err, char *errmsg);
/* The same for an id or path that is not there. */
void monitor_request_fail_not_found(struct monitor_request *request, const char *id);

/* Append json and a newline: all or nothing. 0 or -ENOMEM, also if json is NULL. */
int monitor_append_line(struct monitor_buffer *out, const json_t *json);

#endif
