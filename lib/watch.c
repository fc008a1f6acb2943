/* SPDX-License-Identifier: MIT */
/* The list of watches, under one mutex that is held while they are called: so freeing one waits for its call. */
#include "watch.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "fatal.h"
#include "fork.h"

struct lariat_iothread_watch {
    struct lariat_iothread_watch *next;
    void (*fn)(const struct lariat_iothread_event *event, void *opaque);
    void *opaque;
};

static pthread_mutex_t watch_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct lariat_iothread_watch *watches; /* newest first */

int lariat_iothread_watch_new(void (*fn)(const struct lariat_iothread_event *event, void *opaque), void *opaque,
                              struct lariat_iothread_watch **out)
{
    struct lariat_iothread_watch *watch;

    if (!fn)
        fatal(__func__, "watch", NULL, "needs a function");
    require(out, __func__, "out");
    if (!fork_generation()) /* so that a child forgets it */
        return -ENOMEM;
    watch = malloc(sizeof(*watch));
    if (!watch)
        return -ENOMEM;
    watch->fn = fn;
    watch->opaque = opaque;
    pthread_mutex_lock(&watch_mutex);
    watch->next = watches;
    watches = watch;
    pthread_mutex_unlock(&watch_mutex);
    *out = watch;
    return 0;
}

void lariat_iothread_watch_free(struct lariat_iothread_watch *watch)
{
    struct lariat_iothread_watch **link;

    if (!watch)
        return;
    pthread_mutex_lock(&watch_mutex);
    for (link = &watches; *link && *link != watch; link = &(*link)->next)
        ;
    if (*link) /* else it is the parent's of a fork() */
        *link = watch->next;
    pthread_mutex_unlock(&watch_mutex);
    free(watch);
}

void watch_tell(const struct lariat_iothread_event *event)
{
    pthread_mutex_lock(&watch_mutex);
    for (const struct lariat_iothread_watch *watch = watches; watch; watch = watch->next)
        watch->fn(event, watch->opaque);
    pthread_mutex_unlock(&watch_mutex);
}

void watch_in_child(void)
{
    pthread_mutex_init(&watch_mutex, NULL);
    watches = NULL;
}
