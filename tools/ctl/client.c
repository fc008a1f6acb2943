/* SPDX-License-Identifier: MIT */
#include "client.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "clock.h"
#include "memory.h"

#define REPLY_MAX (64u << 20)
#define READ_SIZE 65536
#define FOREVER (-1)

struct client {
    int fd;
    const char *path; /* borrowed */
    int64_t timeout_ns;
    json_int_t last_id;
    char *input; /* what was read and not used yet: [start, end) */
    size_t start, end, size;
    json_t *events; /* array: those that came while a reply was waited for */
    char error[512];
};

const char *client_error(const struct client *client)
{
    return client->error;
}

enum client_status client_fail(struct client *client, enum client_status status, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    vsnprintf(client->error, sizeof(client->error), format, ap);
    va_end(ap);
    return status;
}

static enum client_status fail_lost(struct client *client, const char *what)
{
    return client_fail(client, CLIENT_LOST, "the program behind %s %s", client->path, what);
}

static enum client_status fail_timeout(struct client *client)
{
    return client_fail(client, CLIENT_LOST, "the program behind %s did not answer within %g s", client->path,
                       (double)client->timeout_ns / 1e9);
}

/* Wait until there is something to read. deadline: of CLOCK_MONOTONIC, or FOREVER. */
static enum client_status wait_readable(struct client *client, int64_t deadline)
{
    struct pollfd pfd = { .fd = client->fd, .events = POLLIN };

    for (;;) {
        int64_t left = deadline == FOREVER ? 0 : deadline - clock_now_ns();

        if (left < 0)
            return fail_timeout(client);
        struct timespec limit = clock_timespec(left);
        int n = ppoll(&pfd, 1, deadline == FOREVER ? NULL : &limit, NULL);
        if (n > 0)
            return CLIENT_OK;
        if (n < 0 && errno != EINTR)
            return client_fail(client, CLIENT_LOST, "cannot wait for the program: %s", strerror(errno));
    }
}

/* Room for READ_SIZE more bytes behind `end`, and for a NUL. */
static bool make_room(struct client *client)
{
    if (client->start > 0) {
        memmove(client->input, client->input + client->start, client->end - client->start);
        client->end -= client->start;
        client->start = 0;
    }
    if (client->end >= REPLY_MAX)
        return false;
    if (client->size - client->end < READ_SIZE + 1) {
        client->size = 2 * client->size + READ_SIZE + 1;
        client->input = need_memory(realloc(client->input, client->size));
    }
    return true;
}

static enum client_status read_more(struct client *client, int64_t deadline)
{
    enum client_status status = wait_readable(client, deadline);

    if (status)
        return status;
    if (!make_room(client))
        return fail_lost(client, "sent a line that has no end");
    ssize_t n = recv(client->fd, client->input + client->end, READ_SIZE, MSG_DONTWAIT);
    if (n == 0 || (n < 0 && errno == ECONNRESET))
        return fail_lost(client, "closed the connection");
    if (n > 0)
        client->end += (size_t)n;
    else if (errno != EAGAIN && errno != EINTR)
        return client_fail(client, CLIENT_LOST, "the connection to %s is lost: %s", client->path, strerror(errno));
    return CLIENT_OK;
}

/* The next line that is not empty, without its newline, in the input until the next call. */
static enum client_status read_line(struct client *client, int64_t deadline, const char **line, size_t *length)
{
    size_t seen = 0;

    for (;;) {
        const char *begin = client->input ? client->input + client->start : "";
        size_t n = client->end - client->start;
        const char *newline = n > seen ? memchr(begin + seen, '\n', n - seen) : NULL;

        seen = n;
        if (newline) {
            *line = begin;
            *length = (size_t)(newline - begin);
            client->start += *length + 1;
            seen = 0;
            if (strspn(begin, " \t\r") < *length)
                return CLIENT_OK;
            continue;
        }
        enum client_status status = read_more(client, deadline);
        if (status)
            return status;
    }
}

/* The next object that the server sent. */
static enum client_status read_object(struct client *client, int64_t deadline, json_t **object)
{
    const char *line;
    size_t length;
    enum client_status status = read_line(client, deadline, &line, &length);

    *object = NULL;
    if (status)
        return status;
    *object = json_loadb(line, length, 0, NULL);
    if (!json_is_object(*object)) {
        json_decref(*object);
        *object = NULL;
        return fail_lost(client, "does not speak QMP: it is no control socket of Lariat");
    }
    return CLIENT_OK;
}

static enum client_status send_all(struct client *client, const char *text, size_t n)
{
    while (n > 0) {
        ssize_t sent = send(client->fd, text, n, MSG_NOSIGNAL);

        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && errno == EAGAIN)
            return fail_timeout(client);
        if (sent < 0 && (errno == EPIPE || errno == ECONNRESET))
            return fail_lost(client, "closed the connection");
        if (sent < 0)
            return client_fail(client, CLIENT_LOST, "cannot send to %s: %s", client->path, strerror(errno));
        text += sent;
        n -= (size_t)sent;
    }
    return CLIENT_OK;
}

static enum client_status send_request(struct client *client, const char *command, json_t *arguments)
{
    json_t *request =
        need_memory(json_pack("{s:s, s:o*, s:I}", "execute", command, "arguments", arguments, "id", ++client->last_id));
    char *text = need_memory(json_dumps(request, JSON_COMPACT));
    size_t n = strlen(text);

    json_decref(request);
    text[n] = '\n'; /* where the NUL was: only n + 1 bytes are sent */
    enum client_status status = send_all(client, text, n + 1);
    free(text);
    return status;
}

static void keep_event(struct client *client, json_t *event)
{
    if (json_array_append_new(client->events, event))
        need_memory(NULL);
}

/* Takes over `reply`. */
static enum client_status take_reply(struct client *client, json_t *reply, json_t **result)
{
    json_t *value = json_object_get(reply, "return");
    enum client_status status = CLIENT_OK;

    if (value && result)
        *result = json_incref(value);
    if (!value) {
        const char *words = json_string_value(json_object_get(json_object_get(reply, "error"), "desc"));

        status = words ? client_fail(client, CLIENT_REFUSED, "%s", words) : fail_lost(client, "gave an answer that is none");
    }
    json_decref(reply);
    return status;
}

enum client_status client_execute(struct client *client, const char *command, json_t *arguments, json_t **result)
{
    int64_t deadline = clock_now_ns() + client->timeout_ns;
    enum client_status status = send_request(client, command, arguments);

    if (result)
        *result = NULL;
    while (!status) {
        json_t *object, *id;

        status = read_object(client, deadline, &object);
        if (status)
            break;
        if (json_object_get(object, "event")) {
            keep_event(client, object);
            continue;
        }
        id = json_object_get(object, "id");
        if (!id || json_integer_value(id) == client->last_id) /* without id: the server could not read the request */
            return take_reply(client, object, result);
        json_decref(object);
    }
    return status;
}

void client_drop_events(struct client *client)
{
    json_array_clear(client->events);
}

enum client_status client_next_event(struct client *client, json_t **event)
{
    if (json_array_size(client->events) > 0) {
        *event = json_incref(json_array_get(client->events, 0));
        json_array_remove(client->events, 0);
        return CLIENT_OK;
    }
    for (;;) {
        enum client_status status = read_object(client, FOREVER, event);

        if (status || json_object_get(*event, "event"))
            return status;
        json_decref(*event);
    }
}

static const char *connect_reason(int error)
{
    switch (error) {
    case ENOENT: return "there is no such file: is the program running, with its control socket on?";
    case ECONNREFUSED: return "nobody listens there: the program has ended";
    case EACCES:
    case EPERM: return "only the user who runs the program, and root, may connect";
    case ENOTSOCK:
    case EPROTOTYPE: return "it is no control socket";
    case EAGAIN: return "the program does not take connections";
    case ENAMETOOLONG: return "the path of a socket has at most 107 bytes";
    default: return strerror(error);
    }
}

static int connect_socket(struct client *client)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    struct timeval limit = { client->timeout_ns / CLOCK_SECOND_NS, client->timeout_ns % CLOCK_SECOND_NS / 1000 };

    if (strlen(client->path) >= sizeof(address.sun_path))
        return ENAMETOOLONG;
    strcpy(address.sun_path, client->path);
    client->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (client->fd < 0)
        return errno;
    /* For connect(), which waits while the queue of the listener is full, and for send(). */
    setsockopt(client->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    while (connect(client->fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
        if (errno != EINTR)
            return errno;
    return 0;
}

/* The greeting, and the answer to it, after which commands are taken. */
static enum client_status negotiate(struct client *client)
{
    json_t *greeting;
    enum client_status status = read_object(client, clock_now_ns() + client->timeout_ns, &greeting);

    if (status)
        return status;
    if (!json_object_get(greeting, "QMP"))
        status = fail_lost(client, "does not speak QMP: it is no control socket of Lariat");
    json_decref(greeting);
    if (!status)
        status = client_execute(client, "qmp_capabilities", NULL, NULL);
    return status ? CLIENT_LOST : CLIENT_OK;
}

static enum client_status open_connection(struct client *client)
{
    int error = connect_socket(client);

    if (error)
        return client_fail(client, CLIENT_LOST, "cannot connect to %s: %s", client->path, connect_reason(error));
    return negotiate(client);
}

enum client_status client_connect(const char *path, int64_t timeout_ns, struct client **out)
{
    struct client *client = need_memory(calloc(1, sizeof(*client)));

    *out = client;
    client->fd = -1;
    client->path = path;
    client->timeout_ns = timeout_ns;
    client->events = need_memory(json_array());
    return open_connection(client);
}

enum client_status client_reconnect(struct client *client)
{
    close(client->fd);
    client->fd = -1;
    client->start = client->end = 0;
    json_array_clear(client->events);
    return open_connection(client);
}

void client_free(struct client *client)
{
    if (!client)
        return;
    if (client->fd >= 0)
        close(client->fd);
    json_decref(client->events);
    free(client->input);
    free(client);
}
