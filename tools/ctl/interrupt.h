/* SPDX-License-Identifier: MIT */
/*
 * SIGHUP, SIGINT, SIGQUIT and SIGTERM, kept back until what must be put in order is. A stop from the terminal is ignored
 * meanwhile. Once in a program.
 */
#ifndef CTL_INTERRUPT_H
#define CTL_INTERRUPT_H

#include <stdbool.h>

void interrupt_hold(void);

/* Has one of them come? */
bool interrupt_came(void);

/* End the program by the signal that came, if one did. */
void interrupt_deliver(void);

#endif
