/* SPDX-License-Identifier: MIT */
/* What the program knows: properties and commands. */
#include <string.h>

#include "commands.h"
#include "output.h"
#include "report.h"

static const struct report_column columns[] = {
    { "PROPERTY", false }, { "TYPE", false }, { "VALUES", false },
    { "DEFAULT", false },  { "LIVE", false }, { "MEANING", false },
};

static const char *text_of(const json_t *row, const char *key)
{
    const char *text = json_string_value(json_object_get(row, key));

    return text ? text : "";
}

/* "0 to 63", "0 or more", "classic weighted", "on off" */
static void add_values(struct report *report, const json_t *row)
{
    json_t *choices = json_object_get(row, "choices"), *min = json_object_get(row, "min"),
           *max = json_object_get(row, "max");
    char words[256] = "";
    json_t *choice;
    size_t i;

    json_array_foreach(choices, i, choice)
    {
        size_t n = strlen(words);

        snprintf(words + n, sizeof(words) - n, "%s%s", n ? " " : "", json_string_value(choice));
    }
    if (choices)
        report_add(report, "%s", words);
    else if (min && json_integer_value(max) == INT64_MAX)
        report_add(report, "%" JSON_INTEGER_FORMAT " or more", json_integer_value(min));
    else if (min)
        report_add(report, "%" JSON_INTEGER_FORMAT " to %" JSON_INTEGER_FORMAT, json_integer_value(min),
                   json_integer_value(max));
    else
        report_add(report, "%s", strcmp(text_of(row, "type"), "bool") == 0 ? "on off" : "such as 0-3,6");
}

static void print_properties(const json_t *rows)
{
    struct report *report = report_new(columns, sizeof(columns) / sizeof(columns[0]));
    json_t *row;
    size_t i;

    json_array_foreach(rows, i, row)
    {
        bool duration = strcmp(text_of(row, "type"), "duration") == 0;
        const char *initial = text_of(row, "default");

        report_add(report, "%s", text_of(row, "name"));
        report_add(report, "%s", text_of(row, "type"));
        add_values(report, row);
        report_add(report, "%s%s", *initial ? initial : "-", duration ? " ns" : "");
        report_add(report, "%s", json_is_true(json_object_get(row, "live")) ? "yes" : "no");
        report_add(report, "%s", text_of(row, "help"));
    }
    report_print(report, true, stdout);
}

static void print_names(const json_t *rows)
{
    json_t *row;
    size_t i;

    json_array_foreach(rows, i, row) puts(text_of(row, "name"));
}

static enum client_status describe(struct client *client, const char *command, bool json, void (*print)(const json_t *rows))
{
    json_t *rows;
    enum client_status status = client_execute(client, command, NULL, &rows);

    if (status)
        return status;
    if (json)
        output_json(rows);
    else
        print(rows);
    json_decref(rows);
    return CLIENT_OK;
}

enum client_status command_properties(struct client *client, const struct ctl_args *args)
{
    if (args->names)
        return describe(client, "query-properties", false, print_names);
    return describe(client, "query-properties", args->json, print_properties);
}

enum client_status command_commands(struct client *client, const struct ctl_args *args)
{
    return describe(client, "query-commands", args->json, print_names);
}
