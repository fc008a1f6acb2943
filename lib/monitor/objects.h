/* SPDX-License-Identifier: MIT */
/*
 * The iothreads that a monitor's clients made, of which the monitor holds the creator's references. Any thread: several
 * helpers make and destroy some at once. The mutex is held for the list only, never while an iothread is waited for.
 */
#ifndef LARIAT_MONITOR_OBJECTS_H
#define LARIAT_MONITOR_OBJECTS_H

#include <pthread.h>

struct monitor_object;

struct monitor_objects {
    pthread_mutex_t mutex;
    struct monitor_object *head;
};

void monitor_objects_init(struct monitor_objects *objects);

/* Make one from text; blocks. Errors are those of lariat_iothread_new_from_string(), *errmsg too. */
int monitor_objects_add(struct monitor_objects *objects, const char *spec, char **errmsg);

/* Destroy the one of that id; blocks. -ENOENT: it is none of ours; -EBUSY: somebody else holds a reference. */
int monitor_objects_del(struct monitor_objects *objects, const char *id);

/* Destroy all that nobody else holds and forget the others; blocks. */
void monitor_objects_free(struct monitor_objects *objects);

#endif
