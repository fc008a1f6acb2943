/* SPDX-License-Identifier: MIT */
/*
 * The user-created iothreads of the process, in the order of their creation. Any thread.
 *
 * Locks, outermost first: the registry's mutex, an iothread's mutex, the loop's params_mutex or the watches' mutex. No
 * I/O path takes any of them.
 */
#ifndef LARIAT_REGISTRY_H
#define LARIAT_REGISTRY_H

#include <stdbool.h>

#include <lariat/iothread.h>

/* Take the id, so that no other iothread gets it; it is neither found nor listed yet. 0 or -EEXIST. */
int registry_reserve(struct lariat_iothread *iothread);

/* It is up: found and listed from now on. Tells the watches. */
void registry_publish(struct lariat_iothread *iothread);

/* Its id is free again. Does nothing if it is not (or no longer) in there. */
void registry_remove(struct lariat_iothread *iothread);

/* The same, but only while there is a single reference to it: then nobody can come by another one. */
bool registry_remove_unused(struct lariat_iothread *iothread);

/* In a child of fork(): forget the iothreads of the parent, of whose threads one may have held the mutex. */
void registry_in_child(void);

#endif
