/* SPDX-License-Identifier: MIT */
/*
 * A group: several iothreads made, placed and ended together, and the rule that says which of them serves which queue of a
 * storage application.
 */
#ifndef LARIAT_GROUP_H
#define LARIAT_GROUP_H

#include <lariat/api.h>
#include <lariat/iothread.h>

#ifdef __cplusplus
extern "C" {
#endif

struct lariat_group;

/*
 * Make a group from text: key=value pairs as lariat_iothread_new_from_string() takes them, of which `id` is the group's and
 * the properties go to each iothread, and these:
 *   size=N          N iothreads (1 to 1024), where the scheduler puts them or cpu-affinity says
 *   cpus=LIST       one iothread for each CPU of the list, pinned to it
 *   nodes=LIST|all  one iothread for each NUMA node of the list, pinned to the node's CPUs
 *   queues=L/L/...  which queues each iothread serves, one list for each, in order: "0-1/2-3"; each queue exactly once, from
 *                   0 on without a gap. Left out: queue q is served by iothread q modulo N.
 * One of size, cpus and nodes must be there; cpus and nodes exclude cpu-affinity. The iothreads have the ids ID0, ID1 and
 * so on, and are found and listed like any other.
 * Any thread; blocks as making the iothreads does. Errors: those of lariat_iothread_new_from_string(); -ENODEV (no such CPU
 * or node); *errmsg says why (malloc'ed; errmsg may be NULL). No iothread is left behind then.
 */
LARIAT_API LARIAT_NODISCARD int lariat_group_new_from_string(const char *spec, struct lariat_group **out, char **errmsg);

/* The loop that serves a queue; NULL: the group has a map of queues and this is not in it. Borrowed. Any thread, never blocks. */
LARIAT_API struct lariat_loop *lariat_group_loop_for(const struct lariat_group *group, unsigned queue);

/* How many iothreads it has. Any thread. */
LARIAT_API unsigned lariat_group_size(const struct lariat_group *group);

/* One of them, from 0 on; NULL behind the last. Borrowed. Any thread. */
LARIAT_API struct lariat_iothread *lariat_group_iothread(const struct lariat_group *group, unsigned i);

/*
 * Destroy all its iothreads, as lariat_iothread_destroy() does each, and the group; NULL is ignored. All begin to stop
 * before the first is waited for. Any thread but those of the iothreads (aborts). Blocks.
 */
LARIAT_API void lariat_group_destroy(struct lariat_group *group);

#ifdef __cplusplus
}
#endif

#endif
