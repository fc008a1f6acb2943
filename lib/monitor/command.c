/* SPDX-License-Identifier: MIT */
#include "command.h"

#include <string.h>

#include <lariat/version.h>

/* ---- commands about the conversation itself ---- */

static void qmp_capabilities(struct monitor_request *request)
{
    if (request->session->negotiated) {
        monitor_request_fail(request, MONITOR_ERROR_COMMAND_NOT_FOUND, "capabilities have been negotiated already");
    } else if (json_array_size(json_object_get(request->args, "enable"))) {
        monitor_request_fail(request, MONITOR_ERROR_GENERIC, "there are no capabilities to enable");
    } else {
        request->value = json_object();
        request->session->negotiated = request->value != NULL;
    }
}

static json_t *version_numbers(void)
{
    json_t *numbers = json_object();
    int err = 0;

    err |= json_object_set_new(numbers, "major", json_integer(LARIAT_VERSION_MAJOR));
    err |= json_object_set_new(numbers, "minor", json_integer(LARIAT_VERSION_MINOR));
    err |= json_object_set_new(numbers, "micro", json_integer(LARIAT_VERSION_PATCH));
    if (!err)
        return numbers;
    json_decref(numbers);
    return NULL;
}

/* "qemu" is what QEMU's qmp-shell prints, and does not start without. */
static json_t *version(void)
{
    json_t *object = json_object();
    int err = 0;

    err |= json_object_set_new(object, "lariat", version_numbers());
    err |= json_object_set_new(object, "qemu", version_numbers());
    err |= json_object_set_new(object, "package", json_string("lariat " LARIAT_VERSION_STRING));
    if (!err)
        return object;
    json_decref(object);
    return NULL;
}

json_t *monitor_greeting(void)
{
    json_t *object = json_object(), *inner = json_object();
    int err = 0;

    err |= json_object_set_new(inner, "version", version());
    err |= json_object_set_new(inner, "capabilities", json_array());
    err |= json_object_set_new(object, "QMP", inner);
    if (!err)
        return object;
    json_decref(object);
    return NULL;
}

static void query_version(struct monitor_request *request)
{
    request->value = version();
}

static void query_commands(struct monitor_request *request)
{
    const struct monitor_command *command;
    json_t *array = json_array();
    int err = 0;

    for (unsigned i = 0; (command = monitor_command_at(i)); i++) {
        json_t *object = json_object();

        err |= json_object_set_new(object, "name", json_string(command->name));
        err |= json_array_append_new(array, object);
    }
    if (!err)
        request->value = array;
    else
        json_decref(array);
}

/* ---- the table ---- */

static const struct monitor_arg no_args[] = { { .name = NULL } };
static const struct monitor_arg enable_args[] = { { "enable", MONITOR_ARG_ARRAY, true }, { .name = NULL } };
static const struct monitor_arg optional_id_args[] = { { "id", MONITOR_ARG_STRING, true }, { .name = NULL } };
static const struct monitor_arg id_args[] = { { "id", MONITOR_ARG_STRING, false }, { .name = NULL } };
static const struct monitor_arg set_args[] = {
    { "id", MONITOR_ARG_STRING, false },
    { "properties", MONITOR_ARG_OBJECT, false },
    { .name = NULL },
};
static const struct monitor_arg path_args[] = { { "path", MONITOR_ARG_STRING, false }, { .name = NULL } };
static const struct monitor_arg get_args[] = {
    { "path", MONITOR_ARG_STRING, false },
    { "property", MONITOR_ARG_STRING, false },
    { .name = NULL },
};
static const struct monitor_arg qom_set_args[] = {
    { "path", MONITOR_ARG_STRING, false },
    { "property", MONITOR_ARG_STRING, false },
    { "value", MONITOR_ARG_ANY, false },
    { .name = NULL },
};
static const struct monitor_arg add_args[] = {
    { "qom-type", MONITOR_ARG_STRING, false },
    { "id", MONITOR_ARG_STRING, false },
    { .name = NULL },
};

static const struct monitor_command commands[] = {
    { .name = "qmp_capabilities", .fn = qmp_capabilities, .args = enable_args, .negotiates = true },
    { .name = "query-version", .fn = query_version, .args = no_args },
    { .name = "query-commands", .fn = query_commands, .args = no_args },
    { .name = "query-iothreads", .fn = monitor_query_iothreads, .args = no_args },
    { .name = "query-iothread-stats", .fn = monitor_query_iothread_stats, .args = optional_id_args },
    { .name = "query-properties", .fn = monitor_query_properties, .args = no_args },
    { .name = "iothread-set", .fn = monitor_iothread_set, .args = set_args },
    { .name = "qom-list", .fn = monitor_qom_list, .args = path_args },
    { .name = "qom-get", .fn = monitor_qom_get, .args = get_args },
    { .name = "qom-set", .fn = monitor_qom_set, .args = qom_set_args },
    { .name = "object-add", .fn = monitor_object_add, .args = add_args, .open = true, .blocks = true },
    { .name = "object-del", .fn = monitor_object_del, .args = id_args, .blocks = true },
};
enum { N_COMMANDS = sizeof(commands) / sizeof(commands[0]) };

const struct monitor_command *monitor_command_at(unsigned i)
{
    return i < N_COMMANDS ? &commands[i] : NULL;
}

const struct monitor_command *monitor_command_find(const char *name)
{
    for (unsigned i = 0; i < N_COMMANDS; i++)
        if (!strcmp(commands[i].name, name))
            return &commands[i];
    return NULL;
}

/* ---- arguments ---- */

static const char *expected(enum monitor_arg_type type, const json_t *value)
{
    switch (type) {
    case MONITOR_ARG_STRING: return json_is_string(value) ? NULL : "string";
    case MONITOR_ARG_OBJECT: return json_is_object(value) ? NULL : "object";
    case MONITOR_ARG_ARRAY: return json_is_array(value) ? NULL : "array";
    case MONITOR_ARG_ANY: break;
    }
    return NULL;
}

static bool has_arg(const struct monitor_arg *arg, const char *name)
{
    while (arg->name && strcmp(arg->name, name))
        arg++;
    return arg->name != NULL;
}

void monitor_command_check(struct monitor_request *request)
{
    const struct monitor_command *command = request->command;
    const char *name;
    json_t *value;

    for (const struct monitor_arg *arg = command->args; arg->name; arg++) {
        value = json_object_get(request->args, arg->name);
        if (!value && !arg->optional) {
            monitor_request_fail(request, MONITOR_ERROR_GENERIC, "Parameter '%s' is missing", arg->name);
            return;
        }
        if (value && expected(arg->type, value)) {
            monitor_request_fail(request, MONITOR_ERROR_GENERIC, "Invalid parameter type for '%s', expected: %s", arg->name,
                                 expected(arg->type, value));
            return;
        }
    }
    json_object_foreach(request->args, name, value)
    {
        if (!command->open && !has_arg(command->args, name)) {
            monitor_request_fail(request, MONITOR_ERROR_GENERIC, "Parameter '%s' is unexpected", name);
            return;
        }
    }
}

const char *monitor_command_string(const struct monitor_request *request, const char *name)
{
    return json_string_value(json_object_get(request->args, name));
}
