/* SPDX-License-Identifier: MIT */
/*
 * qom-list, qom-get and qom-set: iothreads as objects with paths, as QEMU has them. There are "/", "/objects", and for each
 * iothread "/objects/ID", for which "ID" will do.
 */
#include <errno.h>
#include <string.h>

#include "command.h"
#include "property_json.h"

static json_t *filled(json_t *json, int err)
{
    if (json && !err)
        return json;
    json_decref(json);
    return NULL;
}

static int append_entry(json_t *array, const char *name, const char *type)
{
    json_t *object = json_object();
    int err = 0;

    err |= json_object_set_new(object, "name", json_string(name));
    err |= json_object_set_new(object, "type", json_string(type));
    err |= json_array_append_new(array, object);
    return err;
}

/* The id that a path ends in; the path itself if it is a bare id; NULL: no iothread's path. */
static const char *id_of(const char *path)
{
    static const char container[] = "/objects/";

    if (!strncmp(path, container, strlen(container)))
        path += strlen(container);
    return *path && !strchr(path, '/') ? path : NULL;
}

/* The iothread of that path, or NULL and the request has failed; takes a reference. */
static struct lariat_iothread *by_path(struct monitor_request *request, const char *path)
{
    const char *id = id_of(path);
    struct lariat_iothread *iothread = id ? lariat_iothread_by_id(id) : NULL;

    if (!iothread)
        monitor_request_fail_not_found(request, path);
    return iothread;
}

/* ---- qom-list ---- */

static json_t *list_root(void)
{
    json_t *array = json_array();

    return filled(array, append_entry(array, "objects", "child<container>"));
}

static json_t *list_objects(void)
{
    struct lariat_iothread_info *head = NULL;
    json_t *array = json_array();
    int err = lariat_iothread_query(&head);

    for (struct lariat_iothread_info *info = head; info && !err; info = info->next)
        err = append_entry(array, info->id, "child<iothread>");
    lariat_iothread_info_free(head);
    return filled(array, err);
}

static json_t *list_properties(void)
{
    const struct lariat_property_info *info;
    json_t *array = json_array();
    int err = append_entry(array, "type", "string");

    for (unsigned i = 0; (info = lariat_property_at(i)); i++)
        err |= append_entry(array, info->name, monitor_property_qom_type(info));
    err |= append_entry(array, "thread-id", "int");
    return filled(array, err);
}

void monitor_qom_list(struct monitor_request *request)
{
    const char *path = monitor_command_string(request, "path");
    struct lariat_iothread *iothread;

    if (!strcmp(path, "/")) {
        request->value = list_root();
    } else if (!strcmp(path, "/objects")) {
        request->value = list_objects();
    } else {
        iothread = by_path(request, path);
        if (iothread)
            request->value = list_properties();
        lariat_iothread_unref(iothread);
    }
}

/* ---- qom-get ---- */

static void fail_property(struct monitor_request *request, const char *name)
{
    monitor_request_fail(request, MONITOR_ERROR_GENERIC, "an iothread has no property '%s'", name);
}

static void get_property(struct monitor_request *request, const struct lariat_iothread_info *info, const char *name)
{
    if (!strcmp(name, "type")) {
        request->value = json_string("iothread");
        return;
    }
    if (!strcmp(name, "thread-id")) {
        request->value = json_integer(info->thread_id);
        return;
    }
    for (unsigned i = 0; i < info->n_properties; i++) {
        if (!strcmp(info->properties[i].info->name, name)) {
            request->value = monitor_property_value(&info->properties[i]);
            return;
        }
    }
    fail_property(request, name);
}

void monitor_qom_get(struct monitor_request *request)
{
    const char *path = monitor_command_string(request, "path");
    const char *id = id_of(path);
    struct lariat_iothread_info *head = NULL, *info;

    if (lariat_iothread_query(&head)) {
        monitor_request_fail_errno(request, -ENOMEM, NULL);
        return;
    }
    for (info = id ? head : NULL; info && strcmp(info->id, id); info = info->next)
        ;
    if (info)
        get_property(request, info, monitor_command_string(request, "property"));
    else
        monitor_request_fail_not_found(request, path);
    lariat_iothread_info_free(head);
}

/* ---- qom-set ---- */

static void set_property(struct monitor_request *request, struct lariat_iothread *iothread, const char *name,
                         const char *text)
{
    char *errmsg = NULL;
    int err = lariat_iothread_set(iothread, name, text, &errmsg);

    if (err)
        monitor_request_fail_errno(request, err, errmsg);
    else
        request->value = json_object();
}

static void set_from_json(struct monitor_request *request, struct lariat_iothread *iothread)
{
    const char *name = monitor_command_string(request, "property");
    const struct lariat_property_info *info = lariat_property_find(name);
    struct monitor_buffer text = { 0 };

    if (!strcmp(name, "type") || !strcmp(name, "thread-id"))
        monitor_request_fail(request, MONITOR_ERROR_GENERIC, "property '%s' cannot be set", name);
    else if (!info)
        fail_property(request, name);
    else if (!monitor_property_append(request, &text, info, json_object_get(request->args, "value"), false))
        ;                                         /* it has failed */
    else if (monitor_buffer_append(&text, "", 1)) /* the final NUL */
        monitor_request_fail_errno(request, -ENOMEM, NULL);
    else
        set_property(request, iothread, name, monitor_buffer_bytes(&text));
    monitor_buffer_free(&text);
}

void monitor_qom_set(struct monitor_request *request)
{
    struct lariat_iothread *iothread = by_path(request, monitor_command_string(request, "path"));

    if (iothread)
        set_from_json(request, iothread);
    lariat_iothread_unref(iothread);
}
