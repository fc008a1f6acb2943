/* SPDX-License-Identifier: MIT */
/*
 * SIGINT and SIGTERM, read from a descriptor instead of caught: the first one asks the run to end and print what it has, the
 * second one ends the program. SIGUSR1 asks for the results so far. The signals are blocked in all threads, so no system call of a job is disturbed.
 */
#ifndef BENCH_INTERRUPT_H
#define BENCH_INTERRUPT_H

#include <stdbool.h>

#define EXIT_INTERRUPTED 130

/* Before any thread is started. 0 or -errno. */
int interrupt_init(void);

/* For poll(2): readable when a signal has come. */
int interrupt_fd(void);

/* Has there been a signal? Ends the program at the second one. For the main thread. */
bool interrupted(void);

/* Has SIGUSR1 come since the last call? It asks for the results so far. For the main thread. */
bool dump_wanted(void);

#endif
