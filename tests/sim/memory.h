/* SPDX-License-Identifier: MIT */
/* The allocations of the library, by the linker's --wrap: counted, and made to fail. */
#ifndef LARIAT_SIM_MEMORY_H
#define LARIAT_SIM_MEMORY_H

/* Allocations not yet freed. */
long memory_outstanding(void);

#endif
