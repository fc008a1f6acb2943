/* SPDX-License-Identifier: MIT */
/* Sources in shared memory, whose other side notifies only when it was told to. */
#ifndef LARIAT_SIM_PROGRAM_POLLERS_H
#define LARIAT_SIM_PROGRAM_POLLERS_H

#include <stdint.h>

/* Make a poller, delete it, or have its other side put an item. The owner. */
void program_act_poller(uint8_t more);

/* The other side puts an item. Any thread, and signal handlers. */
void program_put_item(unsigned slot);

void program_delete_pollers(void);

#endif
