/* SPDX-License-Identifier: MIT */
#include "monitor_support.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

/* ---- the server ---- */

void server_directory_or_fail(struct server *server)
{
    memset(server, 0, sizeof(*server));
    strcpy(server->directory, "/tmp/lariat-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(server->directory));
    snprintf(server->path, sizeof(server->path), "%s/socket", server->directory);
}

void server_start_or_fail(struct server *server)
{
    char *errmsg = NULL;
    int err = lariat_monitor_start(server->path, &server->monitor, &errmsg);
    ck_assert_msg(err == 0, "%d: %s", err, errmsg ? errmsg : "no words");
    ck_assert_ptr_null(errmsg);
}

void server_or_fail(struct server *server)
{
    server_directory_or_fail(server);
    server_start_or_fail(server);
}

void server_done(struct server *server)
{
    lariat_monitor_stop(server->monitor);
    ck_assert_msg(rmdir(server->directory) == 0, "%s: %s", server->directory, strerror(errno));
}

/* ---- clients ---- */

void client_connect_or_fail(struct client *client, const struct server *server)
{
    const struct timeval limit = { .tv_sec = tests_run_slowly() ? 200 : 20 };
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    memset(client, 0, sizeof(*client));
    strcpy(address.sun_path, server->path);
    client->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(client->fd, 0);
    ck_assert_int_eq(setsockopt(client->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), 0);
    ck_assert_int_eq(setsockopt(client->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)), 0);
    ck_assert_msg(connect(client->fd, (const struct sockaddr *)&address, sizeof(address)) == 0, "%s", strerror(errno));
}

void client_or_fail(struct client *client, const struct server *server)
{
    client_connect_or_fail(client, server);
    json_t *greeting = client_receive(client);
    ck_assert_ptr_nonnull(json_object_get(greeting, "QMP"));
    json_decref(greeting);
    client_executes(client, "{'execute': 'qmp_capabilities'}");
}

void client_done(struct client *client)
{
    close(client->fd);
    free(client->text);
}

/* Requests are written with ' for ", which C likes better. */
void client_send(struct client *client, const char *text)
{
    char *copy = strdup(text);
    size_t n = strlen(copy), sent = 0;

    for (char *c = copy; *c; c++) {
        if (*c == '\'') {
            *c = '"';
        }
    }
    while (sent < n) {
        ssize_t ret = send(client->fd, copy + sent, n - sent, MSG_NOSIGNAL);
        ck_assert_msg(ret > 0, "send: %s", strerror(errno));
        sent += (size_t)ret;
    }
    free(copy);
}

static bool fill(struct client *client)
{
    if (client->end == client->size) {
        client->size = client->size ? 2 * client->size : 4096;
        client->text = realloc(client->text, client->size);
        ck_assert_ptr_nonnull(client->text);
    }
    ssize_t n = recv(client->fd, client->text + client->end, client->size - client->end, 0);
    ck_assert_msg(n >= 0 || errno == ECONNRESET, "recv: %s", strerror(errno));
    client->end += n > 0 ? (size_t)n : 0;
    return n > 0;
}

json_t *client_receive(struct client *client)
{
    size_t looked = client->begin;
    for (;;) {
        for (; looked < client->end; looked++) {
            if (client->text[looked] == '\n') {
                json_error_t error;
                json_t *json = json_loadb(client->text + client->begin, looked - client->begin, 0, &error);
                ck_assert_msg(json != NULL, "%s", error.text);
                client->begin = looked + 1;
                return json;
            }
        }
        if (!fill(client)) {
            ck_assert_msg(client->begin == client->end, "the last line is cut");
            return NULL;
        }
    }
}

json_t *client_receive_reply(struct client *client)
{
    json_t *json = client_receive(client);
    while (json_object_get(json, "event")) {
        json_decref(json);
        json = client_receive(client);
    }
    ck_assert_ptr_nonnull(json);
    return json;
}

json_t *client_receive_event(struct client *client, const char *name)
{
    for (;;) {
        json_t *json = client_receive(client);
        ck_assert_msg(json != NULL, "no %s came", name);
        const char *event = json_string_value(json_object_get(json, "event"));
        if (event && !strcmp(event, name)) {
            return json;
        }
        json_decref(json);
    }
}

json_t *client_result(struct client *client, const char *request)
{
    client_send(client, request);
    json_t *reply = client_receive_reply(client);
    json_t *value = json_incref(json_object_get(reply, "return"));
    char *text = json_dumps(reply, 0);
    ck_assert_msg(value != NULL, "%s: %s", request, text);
    free(text);
    json_decref(reply);
    return value;
}

void client_executes(struct client *client, const char *request)
{
    json_decref(client_result(client, request));
}

void client_receive_error(struct client *client, const char *class, const char *word)
{
    json_t *reply = client_receive_reply(client);
    char *text = json_dumps(reply, 0);
    json_t *error = json_object_get(reply, "error");
    ck_assert_msg(error && json_object_get(reply, "return") == NULL, "%s", text);
    ck_assert_str_eq(string_of(error, "class"), class);
    ck_assert_msg(strstr(string_of(error, "desc"), word) != NULL, "no '%s' in %s", word, text);
    free(text);
    json_decref(reply);
}

void client_error(struct client *client, const char *request, const char *class, const char *word)
{
    client_send(client, request);
    client_receive_error(client, class, word);
}

/* ---- JSON and iothreads ---- */

const char *string_of(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    ck_assert_msg(json_is_string(value), "%s is no string", name);
    return json_string_value(value);
}

json_int_t number_of(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    ck_assert_msg(json_is_integer(value), "%s is no integer", name);
    return json_integer_value(value);
}

int64_t max_ns_of(struct lariat_iothread *iothread)
{
    struct lariat_poll_params params;
    lariat_loop_get_poll_params(lariat_iothread_loop(iothread), &params);
    return params.max_ns;
}
