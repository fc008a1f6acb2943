/* SPDX-License-Identifier: MIT */
/* The commands that clients may execute, as one table: name, arguments, function. */
#ifndef LARIAT_MONITOR_COMMAND_H
#define LARIAT_MONITOR_COMMAND_H

#include <stdbool.h>

#include "request.h"

enum monitor_arg_type { MONITOR_ARG_STRING, MONITOR_ARG_OBJECT, MONITOR_ARG_ARRAY, MONITOR_ARG_ANY };

struct monitor_arg {
    const char *name; /* NULL behind the last */
    enum monitor_arg_type type;
    bool optional;
};

struct monitor_command {
    const char *name;
    void (*fn)(struct monitor_request *request); /* its arguments are as the table says */
    const struct monitor_arg *args;
    bool negotiates; /* the one that is allowed, and only allowed, before all others */
    bool open;       /* takes arguments that are not in the table, and checks them itself */
    bool blocks;     /* may wait for an iothread: run by a helper (job.h) */
};

/* NULL: there is none. */
const struct monitor_command *monitor_command_find(const char *name);
const struct monitor_command *monitor_command_at(unsigned i);

/* Compare request->args with the command's table; what does not fit ends the request. */
void monitor_command_check(struct monitor_request *request);

/* An argument that is a string; NULL: it was not given. */
const char *monitor_command_string(const struct monitor_request *request, const char *name);

/* The commands: command_iothreads.c, command_qom.c, command_objects.c. */
void monitor_query_iothreads(struct monitor_request *request);
void monitor_query_iothread_stats(struct monitor_request *request);
void monitor_query_properties(struct monitor_request *request);
void monitor_iothread_set(struct monitor_request *request);
void monitor_qom_list(struct monitor_request *request);
void monitor_qom_get(struct monitor_request *request);
void monitor_qom_set(struct monitor_request *request);
void monitor_object_add(struct monitor_request *request);
void monitor_object_del(struct monitor_request *request);

/* {"version": {"lariat": ..., "package": ...}, "capabilities": []}, for the greeting; NULL: no memory. */
json_t *monitor_greeting(void);

#endif
