/* SPDX-License-Identifier: MIT */
/*
 * What the suites of the control socket share: a server in this process, on a socket in a directory of its own, and clients
 * that talk to it over that socket. All ..._or_fail rules of support.h hold.
 */
#ifndef LARIAT_TESTS_MONITOR_SUPPORT_H
#define LARIAT_TESTS_MONITOR_SUPPORT_H

#include <jansson.h>

#include <lariat/monitor.h>

#include "support.h"

struct server {
    struct lariat_monitor *monitor;
    char directory[32];
    char path[64];
};

void server_directory_or_fail(struct server *server); /* without a server in it */
void server_start_or_fail(struct server *server);     /* in the directory */
void server_or_fail(struct server *server);           /* both */
void server_done(struct server *server);              /* stops it, and fails if anything stayed in the directory */

struct client {
    int fd;
    char *text; /* [begin .. end) has arrived */
    size_t begin, end, size;
};

/* Connect; the greeting is still to be read. Reads and writes give up after 20 s (slow runs: 200 s). */
void client_connect_or_fail(struct client *client, const struct server *server);
/* The same, and negotiate. */
void client_or_fail(struct client *client, const struct server *server);
void client_done(struct client *client);

void client_send(struct client *client, const char *text);
/* The next line, NULL at the end of file; of anything else the test fails. To be json_decref()ed. */
json_t *client_receive(struct client *client);
/* The next one that is no event. */
json_t *client_receive_reply(struct client *client);
/* The next event of that name; what is before it is dropped. */
json_t *client_receive_event(struct client *client, const char *name);

/* Send a request, and the reply must be a result, or an error of that class whose words contain `word`. */
json_t *client_result(struct client *client, const char *request);
void client_executes(struct client *client, const char *request);
void client_error(struct client *client, const char *request, const char *class, const char *word);
/* The next reply must be such an error. */
void client_receive_error(struct client *client, const char *class, const char *word);

/* A member of an object, which must be there and of that kind. */
const char *string_of(const json_t *object, const char *name);
json_int_t number_of(const json_t *object, const char *name);

/* The configured value of an iothread's poll-max-ns. */
int64_t max_ns_of(struct lariat_iothread *iothread);

#endif
