/* SPDX-License-Identifier: MIT */
#include "json_build.h"

#include <math.h>

static json_t *checked(struct builder *b, json_t *value)
{
    if (!value)
        b->failed = true;
    return value;
}

json_t *build_object(struct builder *b)
{
    return checked(b, json_object());
}

json_t *build_array(struct builder *b)
{
    return checked(b, json_array());
}

json_t *build_set(struct builder *b, json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, value))
        b->failed = true;
    return value;
}

json_t *build_append(struct builder *b, json_t *array, json_t *value)
{
    if (json_array_append_new(array, value))
        b->failed = true;
    return value;
}

void build_int(struct builder *b, json_t *object, const char *key, uint64_t value)
{
    build_set(b, object, key, json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value));
}

void build_real(struct builder *b, json_t *object, const char *key, double value)
{
    build_set(b, object, key, json_real(isfinite(value) ? value : 0));
}

void build_bool(struct builder *b, json_t *object, const char *key, bool value)
{
    build_set(b, object, key, json_boolean(value));
}

void build_text(struct builder *b, json_t *object, const char *key, const char *value)
{
    json_t *text = json_string(value);

    build_set(b, object, key, text ? text : json_string("(not UTF-8)"));
}
