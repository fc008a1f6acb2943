/* SPDX-License-Identifier: MIT */
/*
 * The program that uses the loop: it takes its actions from the bytes of choice.h, each a byte and what that needs, on the
 * owner, inside callbacks, as another thread or as a signal handler.
 */
#ifndef LARIAT_SIM_WORLD_H
#define LARIAT_SIM_WORLD_H

#include <stdbool.h>

/* The loop is at a point where others may act. */
void world_interfere(void);

/* One iteration, in one of the ways there are. */
void world_iterate(bool blocking);

/* Set what the loop knows of completion batching, to one of 8. 0 or -ESHUTDOWN. Any thread. */
int world_set_batch(unsigned what);

/* The loop read the clock: it must not do so without end. */
void world_clock_was_read(void);

#endif
