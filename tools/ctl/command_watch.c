/* SPDX-License-Identifier: MIT */
#include <time.h>

#include "commands.h"
#include "output.h"

/* "14:03:05.123456 POLL_PARAMS_CHANGED io0 thread-id=7 poll-max-ns=65536" */
static void print_event(const json_t *event)
{
    json_t *stamp = json_object_get(event, "timestamp"), *data = json_object_get(event, "data"), *value;
    time_t seconds = (time_t)json_integer_value(json_object_get(stamp, "seconds"));
    const char *id = json_string_value(json_object_get(data, "id")), *name;
    struct tm local;
    char clock[16];

    strftime(clock, sizeof(clock), "%H:%M:%S", localtime_r(&seconds, &local));
    printf("%s.%06d %s %s", clock, (int)json_integer_value(json_object_get(stamp, "microseconds")),
           json_string_value(json_object_get(event, "event")), id ? id : "-");
    json_object_foreach(data, name, value)
    {
        if (value == json_object_get(data, "id") || !output_is_scalar(value))
            continue;
        printf(" %s=", name);
        output_value(value);
    }
    putchar('\n');
}

enum client_status command_watch_events(struct client *client, const struct ctl_args *args)
{
    for (uint64_t n = 0; !args->count || n < args->count; n++) {
        json_t *event;
        enum client_status status = client_next_event(client, &event);

        if (status)
            return status;
        if (args->json)
            output_json(event);
        else
            print_event(event);
        json_decref(event);
        if (!output_flush())
            break;
    }
    return CLIENT_OK;
}
