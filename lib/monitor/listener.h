/* SPDX-License-Identifier: MIT */
/*
 * The listening socket. It is made and removed by the threads that start and stop the monitor; in between the monitor's
 * iothread accepts clients from it.
 *
 * A lock on the directory keeps two starters from taking each other's socket file for a stale one. The lock is held for the
 * moments of looking, binding and removing only, so it needs no file of its own that would stay behind after a crash.
 */
#ifndef LARIAT_MONITOR_LISTENER_H
#define LARIAT_MONITOR_LISTENER_H

#include <sys/types.h>

#include <lariat/timer.h>

struct lariat_monitor;

struct monitor_listener {
    char *path; /* absolute: the process may change its directory */
    int fd;
    dev_t device; /* these two: which file is ours */
    ino_t inode;
    struct lariat_timer retry; /* armed while there are no descriptors or memory for another client */
};

/*
 * Bind and listen. The listener begins as all zeros, but for its fd, which is -1. 0, or -errno and *errmsg says why (malloc'ed;
 * NULL: no memory). monitor_listener_close() is needed in any case.
 */
int monitor_listener_open(struct monitor_listener *listener, const char *path, char **errmsg);

/* Begin to accept, and stop it. On the monitor's iothread. */
int monitor_listener_watch(struct lariat_monitor *monitor);
void monitor_listener_unwatch(struct lariat_monitor *monitor);

/* Remove the file if it is still ours, and close the socket. */
void monitor_listener_close(struct monitor_listener *listener);

#endif
