/* SPDX-License-Identifier: MIT */
/* What the program does with the loop, an action for a byte. */
#ifndef LARIAT_SIM_PROGRAM_H
#define LARIAT_SIM_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

#include "oracle.h"

void program_begin(void);

/* One action of the owner, outside callbacks. */
void program_act(uint8_t what);

/* One action that any thread may take. foreign: as another thread, else in a signal handler, which must not allocate. */
void program_any_thread(unsigned what, bool foreign);

/* Those of readable descriptors would be called for ever. */
void program_remove_handlers(void);

void program_cancel(struct sim_op *op);

#endif
