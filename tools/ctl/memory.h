/* SPDX-License-Identifier: MIT */
#ifndef CTL_MEMORY_H
#define CTL_MEMORY_H

/* What was allocated, if it was; else the program ends with a message. */
void *need_memory(void *p);

#endif
