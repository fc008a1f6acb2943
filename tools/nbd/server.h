/* SPDX-License-Identifier: MIT */
/*
 * The server: the main thread's loop, which accepts and takes signals, and the workers, to which it hands the connections over.
 * All of it belongs to the main thread; what workers touch of it is in worker.h.
 */
#ifndef NBD_SERVER_H
#define NBD_SERVER_H

#include "args.h"

/*
 * Serve until a signal ends it. Returns the exit status of the program; what went wrong has been logged.
 * SIGTERM, SIGINT: end, with what was asked before answered; a second one: at once. SIGHUP: read the exports again.
 * SIGUSR1: log the counters of all exports. All four are blocked in the calling thread, and those it makes.
 */
int server_run(const struct nbd_args *args);

#endif
