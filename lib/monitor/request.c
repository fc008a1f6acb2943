/* SPDX-License-Identifier: MIT */
#include "request.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

/* ---- results ---- */

void monitor_request_fail(struct monitor_request *request, enum monitor_error error, const char *format, ...)
{
    va_list args;

    request->command = NULL;
    request->error = error;
    free(request->desc);
    va_start(args, format);
    if (vasprintf(&request->desc, format, args) < 0)
        request->desc = NULL;
    va_end(args);
}

void monitor_request_fail_errno(struct monitor_request *request, int err, char *errmsg)
{
    monitor_request_fail(request, MONITOR_ERROR_GENERIC, "%s", errmsg ? errmsg : strerror(-err));
    free(errmsg);
}

void monitor_request_fail_not_found(struct monitor_request *request, const char *id)
{
    monitor_request_fail(request, MONITOR_ERROR_DEVICE_NOT_FOUND, "there is no iothread '%s'", id);
}

/* ---- parsing ---- */

static void read_arguments(struct monitor_request *request, json_t *args)
{
    if (args && !json_is_object(args)) {
        monitor_request_fail(request, MONITOR_ERROR_GENERIC, "'arguments' must be an object");
        return;
    }
    request->args = args ? json_incref(args) : json_object();
    if (request->args)
        monitor_command_check(request);
    else
        request->command = NULL;
}

static void read_command(struct monitor_request *request, const json_t *name)
{
    if (!json_is_string(name)) {
        monitor_request_fail(request, MONITOR_ERROR_GENERIC, "a request needs the member 'execute', a string");
        return;
    }
    request->command = monitor_command_find(json_string_value(name));
    if (!request->session->negotiated && !(request->command && request->command->negotiates))
        monitor_request_fail(request, MONITOR_ERROR_COMMAND_NOT_FOUND,
                             "Expecting capabilities negotiation with 'qmp_capabilities'");
    else if (!request->command)
        monitor_request_fail(request, MONITOR_ERROR_COMMAND_NOT_FOUND, "there is no command '%s'", json_string_value(name));
}

static void read_request(struct monitor_request *request, json_t *json)
{
    static const char *const members[] = { "execute", "arguments", "id" };
    const char *name;
    json_t *value;

    if (!json_is_object(json)) {
        monitor_request_fail(request, MONITOR_ERROR_GENERIC, "a request must be a JSON object");
        return;
    }
    request->id = json_incref(json_object_get(json, "id"));
    json_object_foreach(json, name, value)
    {
        size_t i = 0;

        while (i < 3 && strcmp(name, members[i]))
            i++;
        if (i == 3) {
            monitor_request_fail(request, MONITOR_ERROR_GENERIC, "a request has no member '%s'", name);
            return;
        }
    }
    read_command(request, json_object_get(json, "execute"));
    if (request->command)
        read_arguments(request, json_object_get(json, "arguments"));
}

static void parse(struct monitor_request *request, const struct monitor_buffer *text)
{
    json_error_t error;
    json_t *json;

    json = json_loadb(monitor_buffer_bytes(text), monitor_buffer_len(text), JSON_REJECT_DUPLICATES, &error);
    if (json)
        read_request(request, json);
    else
        monitor_request_fail(request, MONITOR_ERROR_GENERIC, "JSON parse error, %s", error.text);
    json_decref(json);
}

size_t monitor_session_feed(struct monitor_session *session, const char *bytes, size_t n, struct monitor_request *request,
                            bool *complete)
{
    enum monitor_split what;
    size_t used = monitor_splitter_feed(&session->splitter, bytes, n, &what);

    memset(request, 0, sizeof(*request));
    request->session = session;
    request->objects = session->objects;
    *complete = what != MONITOR_SPLIT_MORE;
    switch (what) {
    case MONITOR_SPLIT_MORE: break;
    case MONITOR_SPLIT_TEXT: parse(request, &session->splitter.text); break;
    case MONITOR_SPLIT_BROKEN:
        monitor_request_fail(request, MONITOR_ERROR_GENERIC, "JSON parse error, this is no JSON object");
        break;
    case MONITOR_SPLIT_TOO_LONG:
        monitor_request_fail(request, MONITOR_ERROR_GENERIC, "a request may have %d bytes at most", MONITOR_TEXT_MAX);
        break;
    case MONITOR_SPLIT_TOO_DEEP:
        monitor_request_fail(request, MONITOR_ERROR_GENERIC, "a request may be %d levels deep at most", MONITOR_DEPTH_MAX);
        break;
    case MONITOR_SPLIT_NO_MEMORY: break; /* no value and no error */
    }
    return used;
}

void monitor_session_free(struct monitor_session *session)
{
    monitor_splitter_free(&session->splitter);
}

void monitor_request_run(struct monitor_request *request)
{
    if (request->command)
        request->command->fn(request);
}

/* ---- replies ---- */

static int append(const char *bytes, size_t n, void *opaque)
{
    return monitor_buffer_append(opaque, bytes, n);
}

int monitor_append_line(struct monitor_buffer *out, const json_t *json)
{
    size_t before = monitor_buffer_len(out);

    if (json && !json_dump_callback(json, append, out, 0) && !monitor_buffer_append(out, "\n", 1))
        return 0;
    monitor_buffer_truncate(out, before);
    return -ENOMEM;
}

/* Clients' words come back in messages, and may have been cut in the middle of a character. */
static json_t *any_string(const char *text)
{
    json_t *json = json_string(text);

    return json ? json : json_string("the request is not valid UTF-8");
}

static json_t *error_object(const struct monitor_request *request)
{
    static const char *const classes[] = {
        [MONITOR_ERROR_GENERIC] = "GenericError",
        [MONITOR_ERROR_COMMAND_NOT_FOUND] = "CommandNotFound",
        [MONITOR_ERROR_DEVICE_NOT_FOUND] = "DeviceNotFound",
    };
    json_t *error = json_object();

    if (!request->desc || json_object_set_new(error, "class", json_string(classes[request->error])) ||
        json_object_set_new(error, "desc", any_string(request->desc))) {
        json_decref(error);
        return NULL;
    }
    return error;
}

int monitor_request_reply(const struct monitor_request *request, struct monitor_buffer *out)
{
    static const char no_memory[] = "{\"error\": {\"class\": \"GenericError\", \"desc\": \"out of memory\"}}\n";
    json_t *reply = json_object();
    int err;

    if (request->error)
        err = json_object_set_new(reply, "error", error_object(request));
    else
        err = json_object_set(reply, "return", request->value);
    if (!err && request->id)
        err = json_object_set(reply, "id", request->id);
    if (!err)
        err = monitor_append_line(out, reply);
    json_decref(reply);
    return err ? monitor_buffer_append(out, no_memory, strlen(no_memory)) : 0;
}

void monitor_request_free(struct monitor_request *request)
{
    json_decref(request->args);
    json_decref(request->id);
    json_decref(request->value);
    free(request->desc);
}
