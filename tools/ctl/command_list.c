/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "commands.h"
#include "format.h"
#include "output.h"
#include "report.h"

static const struct report_column columns[] = {
    { "ID", false },  { "THREAD", true }, { "POLICY", false }, { "POLL-MAX", true },
    { "GROW", true }, { "SHRINK", true }, { "WINDOW", true },  { "RUNNING", false },
};

/* A poll parameter as it was configured, or what it comes to. */
static json_int_t parameter(const json_t *iothread, const char *name, bool effective)
{
    json_t *value = effective ? json_object_get(json_object_get(iothread, "effective"), name) : NULL;

    return json_integer_value(value ? value : json_object_get(iothread, name));
}

static void add_iothread(struct report *report, const json_t *iothread, bool effective)
{
    const char *policy = json_string_value(json_object_get(iothread, "poll-policy"));
    char max[FORMAT_MAX], window[FORMAT_MAX];

    report_add(report, "%s", json_string_value(json_object_get(iothread, "id")));
    report_add(report, "%" JSON_INTEGER_FORMAT, parameter(iothread, "thread-id", false));
    report_add(report, "%s", policy ? policy : "-");
    report_add(report, "%s", format_ns(max, (double)parameter(iothread, "poll-max-ns", effective)));
    report_add(report, "%" JSON_INTEGER_FORMAT, parameter(iothread, "poll-grow", effective));
    report_add(report, "%" JSON_INTEGER_FORMAT, parameter(iothread, "poll-shrink", effective));
    report_add(report, "%s", format_ns(window, (double)parameter(iothread, "window-ns", false)));
    report_add(report, "%s", json_is_true(json_object_get(iothread, "running")) ? "yes" : "no");
}

static void print_ids(const json_t *iothreads)
{
    json_t *iothread;
    size_t i;

    json_array_foreach(iothreads, i, iothread) puts(json_string_value(json_object_get(iothread, "id")));
}

static void print_table(const json_t *iothreads, bool effective)
{
    struct report *report = report_new(columns, sizeof(columns) / sizeof(columns[0]));
    json_t *iothread;
    size_t i;

    json_array_foreach(iothreads, i, iothread) add_iothread(report, iothread, effective);
    report_print(report, true, stdout);
}

enum client_status command_list(struct client *client, const struct ctl_args *args)
{
    json_t *iothreads;
    enum client_status status = client_execute(client, "query-iothreads", NULL, &iothreads);

    if (status)
        return status;
    if (args->names)
        print_ids(iothreads);
    else if (args->json)
        output_json(iothreads);
    else
        print_table(iothreads, args->effective);
    json_decref(iothreads);
    return CLIENT_OK;
}
