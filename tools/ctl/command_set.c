/* SPDX-License-Identifier: MIT */
/* set, add and del. Values go to the server as the text that was typed: it knows their types, and what to say of a wrong one. */
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "hints.h"
#include "memory.h"
#include "output.h"

/* The words PROPERTY=VALUE, whose form was looked at before, into an object. */
static void put_pairs(json_t *object, const struct ctl_args *args)
{
    for (int i = 1; i < args->n_words; i++) {
        size_t n = strcspn(args->words[i], "=");
        char *name = hint_property_name(args->words[i], n);

        if (json_object_set_new(object, name, json_string(args->words[i] + n + 1)))
            need_memory(NULL);
        free(name);
    }
}

/* Takes over arguments. */
static enum client_status run(struct client *client, const struct ctl_args *args, const char *command, json_t *arguments,
                              bool id_is_old)
{
    json_t *result;
    enum client_status status = client_execute(client, command, arguments, &result);

    if (status)
        return hint_after(client, status, id_is_old ? args->words[0] : NULL, args->words + 1, args->n_words - 1);
    if (args->json)
        output_json(result);
    json_decref(result);
    return CLIENT_OK;
}

enum client_status command_set(struct client *client, const struct ctl_args *args)
{
    json_t *pairs = need_memory(json_object());

    put_pairs(pairs, args);
    json_t *arguments = need_memory(json_pack("{s:s, s:o}", "id", args->words[0], "properties", pairs));
    return run(client, args, "iothread-set", arguments, true);
}

enum client_status command_add(struct client *client, const struct ctl_args *args)
{
    json_t *arguments = need_memory(json_object());

    put_pairs(arguments, args);
    if (json_object_get(arguments, "id") || json_object_get(arguments, "qom-type")) {
        json_decref(arguments);
        return client_fail(client, CLIENT_REFUSED, "id and qom-type are no properties: the id is the first word");
    }
    json_object_set_new(arguments, "qom-type", json_string("iothread"));
    json_object_set_new(arguments, "id", json_string(args->words[0]));
    return run(client, args, "object-add", arguments, false);
}

enum client_status command_del(struct client *client, const struct ctl_args *args)
{
    return run(client, args, "object-del", need_memory(json_pack("{s:s}", "id", args->words[0])), true);
}
