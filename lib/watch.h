/* SPDX-License-Identifier: MIT */
/* Who wants to hear what happens to user-created iothreads. Any thread. */
#ifndef LARIAT_WATCH_H
#define LARIAT_WATCH_H

#include <lariat/iothread.h>

/* Call all watches. Locks held by the caller are held meanwhile; the watches take none of Lariat's but what a BH takes. */
void watch_tell(const struct lariat_iothread_event *event);

/* In a child of fork(): forget the watches of the parent, of whose threads one may have held the mutex. */
void watch_in_child(void);

#endif
