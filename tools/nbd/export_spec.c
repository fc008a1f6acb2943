/* SPDX-License-Identifier: MIT */
#include "export_spec.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "nearest.h"
#include "protocol.h"

enum spec_type {
    SPEC_TEXT,
    SPEC_BOOL,
    SPEC_CACHE /* a bool: none means direct */
};

static const struct spec_key {
    const char *name;
    enum spec_type type;
    size_t offset;
} keys[] = {
    { "name", SPEC_TEXT, offsetof(struct export_spec, name) },
    { "path", SPEC_TEXT, offsetof(struct export_spec, path) },
    { "description", SPEC_TEXT, offsetof(struct export_spec, description) },
    { "readonly", SPEC_BOOL, offsetof(struct export_spec, readonly) },
    { "direct", SPEC_BOOL, offsetof(struct export_spec, direct) },
    { "cache", SPEC_CACHE, offsetof(struct export_spec, direct) },
    { "force", SPEC_BOOL, offsetof(struct export_spec, force) },
};
#define N_KEYS (sizeof(keys) / sizeof(keys[0]))

/* Cut the next pair off *text: *key and *value point into `copy`, where its commas are single; *value is NULL without a '='. */
static void next_pair(const char **text, char *copy, char **key, char **value)
{
    const char *in = *text;
    char *out = copy;

    while (*in && (in[0] != ',' || in[1] == ',')) {
        if (*in == ',')
            in++;
        *out++ = *in++;
    }
    *out = '\0';
    *text = *in ? in + 1 : in;
    *key = copy;
    *value = strchr(copy, '=');
    if (*value)
        *(*value)++ = '\0';
}

static int store_bool(bool *place, const char *key, const char *value, const char *yes, const char *no, char **errmsg)
{
    if (!value || strcmp(value, yes) == 0)
        *place = true;
    else if (strcmp(value, no) == 0)
        *place = false;
    else
        return refuse(errmsg, -EINVAL, "%s=%s: it must be %s or %s", key, value, yes, no);
    return 0;
}

static int store_text(char **place, const char *key, const char *value, char **errmsg)
{
    if (!value)
        return refuse(errmsg, -EINVAL, "%s needs a value: %s=...", key, key);
    if (strlen(value) > NBD_STRING_MAX)
        return refuse(errmsg, -EINVAL, "%s is longer than %u bytes", key, NBD_STRING_MAX);
    free(*place);
    *place = strdup(value);
    return *place ? 0 : -ENOMEM;
}

static int store(struct export_spec *spec, const char *key, const char *value, char **errmsg)
{
    struct nearest nearest;

    nearest_init(&nearest, key, strlen(key));
    for (size_t i = 0; i < N_KEYS; i++) {
        void *place = (char *)spec + keys[i].offset;

        nearest_offer(&nearest, keys[i].name);
        if (strcmp(key, keys[i].name) != 0)
            continue;
        switch (keys[i].type) {
        case SPEC_TEXT: return store_text(place, key, value, errmsg);
        case SPEC_BOOL: return store_bool(place, key, value, "on", "off", errmsg);
        case SPEC_CACHE: return store_bool(place, key, value, "none", "writeback", errmsg);
        }
    }
    return refuse(errmsg, -EINVAL, "an export has no '%s'%s%s", key, nearest.word ? "; did you mean " : "",
                  nearest.word ? nearest.word : "");
}

int export_spec_parse(struct export_spec *spec, const char *text, bool direct, char **errmsg)
{
    char *copy = malloc(strlen(text) + 1), *key, *value;
    int rc = copy ? 0 : -ENOMEM;

    *errmsg = NULL;
    *spec = (struct export_spec){ .direct = direct };
    while (!rc && *text) {
        next_pair(&text, copy, &key, &value);
        rc = store(spec, key, value, errmsg);
    }
    free(copy);
    if (!rc && (!spec->path || !*spec->path))
        rc = refuse(errmsg, -EINVAL, "an export needs a path=FILE");
    if (!rc && !spec->name && !(spec->name = strdup("")))
        rc = -ENOMEM;
    if (rc)
        export_spec_free(spec);
    return rc;
}

void export_spec_free(struct export_spec *spec)
{
    free(spec->name);
    free(spec->path);
    free(spec->description);
    *spec = (struct export_spec){ .name = NULL };
}

bool export_spec_equal(const struct export_spec *a, const struct export_spec *b)
{
    return strcmp(a->name, b->name) == 0 && strcmp(a->path, b->path) == 0 && a->readonly == b->readonly &&
           a->direct == b->direct && a->force == b->force &&
           strcmp(a->description ? a->description : "", b->description ? b->description : "") == 0;
}
