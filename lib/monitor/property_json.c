/* SPDX-License-Identifier: MIT */
#include "property_json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define NUMBER_TEXT_BYTES 32

bool monitor_property_is_number(const struct lariat_property_info *info)
{
    return info->type == LARIAT_PROPERTY_INTEGER || info->type == LARIAT_PROPERTY_DURATION;
}

json_t *monitor_property_value(const struct lariat_property_value *value)
{
    if (monitor_property_is_number(value->info))
        return json_integer(value->number);
    if (value->info->type == LARIAT_PROPERTY_BOOL)
        return json_boolean(value->number);
    return json_string(value->text);
}

const char *monitor_property_qom_type(const struct lariat_property_info *info)
{
    if (monitor_property_is_number(info))
        return "int";
    return info->type == LARIAT_PROPERTY_BOOL ? "bool" : "string";
}

/* The text of a value, in `number` if it has to be made; NULL: no property can have such a value. */
static const char *text_of(const json_t *value, char number[NUMBER_TEXT_BYTES])
{
    if (json_is_string(value))
        return json_string_value(value);
    if (json_is_boolean(value))
        return json_is_true(value) ? "on" : "off";
    if (!json_is_integer(value))
        return NULL;
    snprintf(number, NUMBER_TEXT_BYTES, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    return number;
}

static void fail_type(struct monitor_request *request, const struct lariat_property_info *info)
{
    const char *expected = "string";

    if (monitor_property_is_number(info))
        expected = "integer";
    else if (info->type == LARIAT_PROPERTY_BOOL)
        expected = "boolean";
    monitor_request_fail(request, MONITOR_ERROR_GENERIC, "Invalid parameter type for '%s', expected: %s", info->name,
                         expected);
}

/* In a list of pairs a comma inside a value is written twice. */
static int append_text(struct monitor_buffer *out, const char *text, bool in_list)
{
    int err = 0;

    for (; *text && !err; text++) {
        err = monitor_buffer_append(out, text, 1);
        if (!err && in_list && *text == ',')
            err = monitor_buffer_append(out, text, 1);
    }
    return err;
}

bool monitor_property_append(struct monitor_request *request, struct monitor_buffer *out,
                             const struct lariat_property_info *info, const json_t *value, bool in_list)
{
    char number[NUMBER_TEXT_BYTES];
    const char *text = text_of(value, number);

    if (!text) {
        fail_type(request, info);
        return false;
    }
    if (append_text(out, text, in_list)) {
        monitor_request_fail_errno(request, -ENOMEM, NULL);
        return false;
    }
    return true;
}

bool monitor_property_append_pair(struct monitor_request *request, struct monitor_buffer *out, const char *name,
                                  const json_t *value)
{
    const struct lariat_property_info *info = lariat_property_find(name);

    if (!info) {
        monitor_request_fail(request, MONITOR_ERROR_GENERIC, "Parameter '%s' is unexpected", name);
        return false;
    }
    if (monitor_buffer_append(out, ",", 1) || monitor_buffer_append(out, name, strlen(name)) ||
        monitor_buffer_append(out, "=", 1)) {
        monitor_request_fail_errno(request, -ENOMEM, NULL);
        return false;
    }
    return monitor_property_append(request, out, info, value, true);
}
