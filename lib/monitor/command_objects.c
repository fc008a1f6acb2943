/* SPDX-License-Identifier: MIT */
/* object-add and object-del. They wait for the iothread, so helpers run them. */
#include <errno.h>
#include <string.h>

#include <lariat/iothread.h>

#include "command.h"
#include "objects.h"
#include "property_json.h"

/* The id comes first and is checked by the library; a comma or a '=' in it must not become another key. */
static bool append_id(struct monitor_request *request, struct monitor_buffer *spec, const char *id)
{
    if (strpbrk(id, ",=")) {
        monitor_request_fail(request, MONITOR_ERROR_GENERIC, "'%s' is no valid id", id);
        return false;
    }
    if (monitor_buffer_append(spec, "id=", 3) || monitor_buffer_append(spec, id, strlen(id))) {
        monitor_request_fail_errno(request, -ENOMEM, NULL);
        return false;
    }
    return true;
}

static bool append_spec(struct monitor_request *request, struct monitor_buffer *spec)
{
    const char *name;
    json_t *value;

    if (!append_id(request, spec, monitor_command_string(request, "id")))
        return false;
    json_object_foreach(request->args, name, value)
    {
        if (strcmp(name, "id") && strcmp(name, "qom-type") && !monitor_property_append_pair(request, spec, name, value))
            return false;
    }
    if (monitor_buffer_append(spec, "", 1)) { /* the final NUL */
        monitor_request_fail_errno(request, -ENOMEM, NULL);
        return false;
    }
    return true;
}

static void add(struct monitor_request *request, const char *spec)
{
    char *errmsg = NULL;
    int err = monitor_objects_add(request->objects, spec, &errmsg);

    if (err)
        monitor_request_fail_errno(request, err, errmsg);
    else
        request->value = json_object();
}

void monitor_object_add(struct monitor_request *request)
{
    const char *type = monitor_command_string(request, "qom-type");
    struct monitor_buffer spec = { 0 };

    if (strcmp(type, "iothread"))
        monitor_request_fail(request, MONITOR_ERROR_GENERIC, "there is no type '%s', only 'iothread'", type);
    else if (append_spec(request, &spec))
        add(request, monitor_buffer_bytes(&spec));
    monitor_buffer_free(&spec);
}

static void fail_del(struct monitor_request *request, const char *id)
{
    struct lariat_iothread *iothread = lariat_iothread_by_id(id);

    if (iothread)
        monitor_request_fail(request, MONITOR_ERROR_GENERIC, "iothread '%s' is in use", id);
    else
        monitor_request_fail_not_found(request, id);
    lariat_iothread_unref(iothread);
}

void monitor_object_del(struct monitor_request *request)
{
    const char *id = monitor_command_string(request, "id");

    if (monitor_objects_del(request->objects, id))
        fail_del(request, id);
    else
        request->value = json_object();
}
