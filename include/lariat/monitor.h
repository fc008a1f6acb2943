/* SPDX-License-Identifier: MIT */
/*
 * A control socket: looks into the process's iothreads and retunes them while they run, by QMP, the JSON protocol of QEMU's
 * monitor. lariat-ctl(1) is a client. In liblariat-monitor (pkg-config: lariat-monitor).
 */
#ifndef LARIAT_MONITOR_H
#define LARIAT_MONITOR_H

#include <lariat/api.h>

#ifdef __cplusplus
extern "C" {
#endif

struct lariat_monitor;

/*
 * Listen on a UNIX socket and serve its clients from an internal iothread (not listed, not found by id). The socket gets mode
 * 0600, and only clients of the process's own user and root are let in. A socket file that nobody listens on is replaced;
 * any other file is not.
 * Iothreads that clients make begin with the CPU affinity and scheduling policy of the calling thread.
 * Any thread; blocks for the time of a thread creation. 0, and *out; -EADDRINUSE (somebody listens there), -EEXIST (the file
 * is no socket), -EINVAL (an empty path), -ENAMETOOLONG, -EACCES and what else bind(2) says, -EAGAIN (somebody keeps flock(2) on
 * the directory for a second), and all errors of lariat_iothread_new(); *errmsg then says why (malloc'ed; NULL in it only when
 * there is no memory; errmsg may be NULL).
 */
LARIAT_API LARIAT_NODISCARD int lariat_monitor_start(const char *path, struct lariat_monitor **out, char **errmsg);

/*
 * Stop listening, remove the socket file if it is still ours, disconnect all clients, and destroy the iothreads that clients
 * made by object-add and nobody else holds; those that somebody holds go on, and are his to destroy. NULL is ignored. Any
 * thread that is no iothread. Blocks, until object-add and object-del in progress are done too.
 * A child of fork() does not serve; there this gives back memory and a descriptor, and leaves the file alone.
 */
LARIAT_API void lariat_monitor_stop(struct lariat_monitor *monitor);

#ifdef __cplusplus
}
#endif

#endif
