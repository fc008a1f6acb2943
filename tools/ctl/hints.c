/* SPDX-License-Identifier: MIT */
#include "hints.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "nearest.h"

char *hint_property_name(const char *name, size_t n)
{
    char *copy = need_memory(strndup(name, n));

    for (char *c = copy; *c; c++)
        if (*c == '_')
            *c = '-';
    return copy;
}

/* The member `key` of one of `rows` that is nearest to a word that none of them is; NULL: there is one, or none is near. */
static const char *nearest_in(const json_t *rows, const char *key, const char *word, size_t n)
{
    struct nearest nearest;
    json_t *row;
    size_t i;

    nearest_init(&nearest, word, n);
    json_array_foreach(rows, i, row)
    {
        const char *name = json_string_value(json_object_get(row, key));

        if (name)
            nearest_offer(&nearest, name);
    }
    return nearest.distance == 0 ? NULL : nearest.word;
}

static const char *nearest_property(const json_t *properties, char *const *words, int n_words)
{
    const char *name = NULL;

    for (int i = 0; i < n_words && !name; i++)
        name = nearest_in(properties, "name", words[i], strcspn(words[i], "="));
    return name;
}

enum client_status hint_after(struct client *client, enum client_status status, const char *id, char *const *words,
                              int n_words)
{
    json_t *iothreads = NULL, *properties = NULL;
    const char *meant = NULL;

    if (status != CLIENT_REFUSED)
        return status;
    char *said = need_memory(strdup(client_error(client)));
    if (id && client_execute(client, "query-iothreads", NULL, &iothreads) == CLIENT_OK)
        meant = nearest_in(iothreads, "id", id, strlen(id));
    if (!meant && n_words > 0 && client_execute(client, "query-properties", NULL, &properties) == CLIENT_OK)
        meant = nearest_property(properties, words, n_words);
    if (meant)
        client_fail(client, status, "%s; did you mean %s?", said, meant);
    else
        client_fail(client, status, "%s", said);
    json_decref(iothreads);
    json_decref(properties);
    free(said);
    return status;
}
