/* SPDX-License-Identifier: MIT */
#include "objects.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <lariat/iothread.h>

struct monitor_object {
    struct monitor_object *next;
    struct lariat_iothread *iothread;
};

void monitor_objects_init(struct monitor_objects *objects)
{
    pthread_mutex_init(&objects->mutex, NULL);
    objects->head = NULL;
}

static void push(struct monitor_objects *objects, struct monitor_object *object)
{
    pthread_mutex_lock(&objects->mutex);
    object->next = objects->head;
    objects->head = object;
    pthread_mutex_unlock(&objects->mutex);
}

/* Take it off the list: two helpers must not destroy the same one. */
static struct monitor_object *take(struct monitor_objects *objects, const char *id)
{
    struct monitor_object **link, *object;

    pthread_mutex_lock(&objects->mutex);
    for (link = &objects->head; *link && strcmp(lariat_iothread_id((*link)->iothread), id); link = &(*link)->next)
        ;
    object = *link;
    if (object)
        *link = object->next;
    pthread_mutex_unlock(&objects->mutex);
    return object;
}

int monitor_objects_add(struct monitor_objects *objects, const char *spec, char **errmsg)
{
    struct monitor_object *object = malloc(sizeof(*object));
    int err;

    if (!object)
        return -ENOMEM;
    err = lariat_iothread_new_from_string(spec, &object->iothread, errmsg);
    if (err)
        free(object);
    else
        push(objects, object);
    return err;
}

int monitor_objects_del(struct monitor_objects *objects, const char *id)
{
    struct monitor_object *object = take(objects, id);
    int err;

    if (!object)
        return -ENOENT;
    err = lariat_iothread_destroy_unused(object->iothread);
    if (err)
        push(objects, object);
    else
        free(object);
    return err;
}

void monitor_objects_free(struct monitor_objects *objects)
{
    struct monitor_object *object;

    while ((object = objects->head)) {
        objects->head = object->next;
        (void)lariat_iothread_destroy_unused(object->iothread); /* -EBUSY: it is the others' now */
        free(object);
    }
    pthread_mutex_destroy(&objects->mutex);
}
