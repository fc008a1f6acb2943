/* SPDX-License-Identifier: MIT */
/*
 * Both forms read query-iothreads, so that all values are of one moment. Only for what is not there the server is asked by
 * name, for its words.
 */
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "hints.h"
#include "memory.h"
#include "output.h"

static json_t *find_iothread(const json_t *iothreads, const char *id)
{
    json_t *iothread;
    size_t i;

    json_array_foreach(iothreads, i, iothread)
    {
        const char *its_id = json_string_value(json_object_get(iothread, "id"));

        if (its_id && strcmp(its_id, id) == 0)
            return iothread;
    }
    return NULL;
}

static void print_one(const json_t *value, bool json)
{
    if (json) {
        output_json(value);
        return;
    }
    output_value(value);
    putchar('\n');
}

static bool is_shown(const char *name, const json_t *value)
{
    return output_is_scalar(value) && strcmp(name, "id") != 0;
}

static void print_all(json_t *iothread, bool json)
{
    json_t *shown = need_memory(json_object()), *value;
    const char *name;

    json_object_foreach(iothread, name, value)
    {
        if (!is_shown(name, value))
            continue;
        if (json) {
            json_object_set(shown, name, value);
            continue;
        }
        printf("%s=", name);
        output_value(value);
        putchar('\n');
    }
    if (json)
        output_json(shown);
    json_decref(shown);
}

static enum client_status ask_by_name(struct client *client, const struct ctl_args *args, const char *property)
{
    const char *id = args->words[0];
    json_t *value, *arguments = json_pack("{s:s, s:s}", "path", id, "property", property ? property : "type");
    enum client_status status = client_execute(client, "qom-get", need_memory(arguments), &value);
    if (status)
        return hint_after(client, status, id, args->words + 1, args->n_words - 1);
    if (!property) /* it came just now */
        status = client_fail(client, CLIENT_REFUSED, "there is no iothread '%s'", id);
    else
        print_one(value, args->json);
    json_decref(value);
    return status;
}

enum client_status command_get(struct client *client, const struct ctl_args *args)
{
    json_t *iothreads;
    enum client_status status = client_execute(client, "query-iothreads", NULL, &iothreads);

    if (status)
        return status;
    char *property = args->n_words > 1 ? hint_property_name(args->words[1], strlen(args->words[1])) : NULL;
    json_t *iothread = find_iothread(iothreads, args->words[0]);
    json_t *value = property ? json_object_get(iothread, property) : NULL;
    if (iothread && !property)
        print_all(iothread, args->json);
    else if (value && is_shown(property, value))
        print_one(value, args->json);
    else
        status = ask_by_name(client, args, property);
    free(property);
    json_decref(iothreads);
    return status;
}
