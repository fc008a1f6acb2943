/* SPDX-License-Identifier: MIT */
#include "registry.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "fatal.h"
#include "info.h"
#include "iothread.h"

static pthread_mutex_t registry_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct lariat_iothread *first;        /* in the order of creation, by ->next */
static struct lariat_iothread **last = &first;

void registry_in_child(void)
{
    pthread_mutex_init(&registry_mutex, NULL);
    first = NULL;
    last = &first;
}

static struct lariat_iothread *find(const char *id)
{
    struct lariat_iothread *iothread = first;

    while (iothread && strcmp(iothread->id, id) != 0)
        iothread = iothread->next;
    return iothread;
}

int registry_reserve(struct lariat_iothread *iothread)
{
    int err = 0;

    pthread_mutex_lock(&registry_mutex);
    if (find(iothread->id)) {
        err = -EEXIST;
    } else {
        iothread->next = NULL;
        *last = iothread;
        last = &iothread->next;
        iothread->listed = true;
    }
    pthread_mutex_unlock(&registry_mutex);
    return err;
}

void registry_publish(struct lariat_iothread *iothread)
{
    pthread_mutex_lock(&registry_mutex);
    iothread->visible = true;
    iothread_tell(iothread, LARIAT_IOTHREAD_CREATED);
    pthread_mutex_unlock(&registry_mutex);
}

/* Under the mutex. */
static void unlink_iothread(struct lariat_iothread *iothread)
{
    struct lariat_iothread **link = &first;

    if (!iothread->listed)
        return;
    while (*link && *link != iothread)
        link = &(*link)->next;
    if (*link) {
        *link = iothread->next;
        if (last == &iothread->next)
            last = link;
    }
    iothread->listed = false;
}

void registry_remove(struct lariat_iothread *iothread)
{
    pthread_mutex_lock(&registry_mutex);
    unlink_iothread(iothread);
    pthread_mutex_unlock(&registry_mutex);
}

bool registry_remove_unused(struct lariat_iothread *iothread)
{
    bool unused;

    pthread_mutex_lock(&registry_mutex);
    /* Acquire: what others did before they gave back their references has happened. */
    unused = atomic_load_explicit(&iothread->refs, memory_order_acquire) == 1;
    if (unused)
        unlink_iothread(iothread);
    pthread_mutex_unlock(&registry_mutex);
    return unused;
}

/* Not if the last one has just been given back: it waits for the mutex to take the iothread out. */
static bool ref_unless_gone(struct lariat_iothread *iothread)
{
    unsigned refs = atomic_load_explicit(&iothread->refs, memory_order_relaxed);

    while (refs)
        if (atomic_compare_exchange_weak_explicit(&iothread->refs, &refs, refs + 1, memory_order_relaxed, memory_order_relaxed))
            return true;
    return false;
}

struct lariat_iothread *lariat_iothread_by_id(const char *id)
{
    struct lariat_iothread *found;

    require(id, __func__, "id");
    pthread_mutex_lock(&registry_mutex);
    found = find(id);
    if (found && (!found->visible || !ref_unless_gone(found)))
        found = NULL;
    pthread_mutex_unlock(&registry_mutex);
    return found;
}

int lariat_iothread_query(struct lariat_iothread_info **head)
{
    struct lariat_iothread_info *infos = NULL, **end = &infos;
    int err = 0;

    require(head, __func__, "head");
    pthread_mutex_lock(&registry_mutex);
    for (struct lariat_iothread *iothread = first; iothread && !err; iothread = iothread->next) {
        if (!iothread->visible)
            continue;
        err = info_make(iothread, end);
        if (!err)
            end = &(*end)->next;
    }
    pthread_mutex_unlock(&registry_mutex);
    if (err) {
        lariat_iothread_info_free(infos);
        return err;
    }
    *head = infos;
    return 0;
}
