/* SPDX-License-Identifier: MIT */
/* Handlers inside the library: one-shot polls, re-armed after dispatch; or multishot ones, for edges. Owner only. */
#ifndef LARIAT_HANDLER_PRIVATE_H
#define LARIAT_HANDLER_PRIVATE_H

#include <stdbool.h>

#include <lariat/handler.h>

#include "loop.h"

void handlers_init(struct lariat_loop *loop);

/* Turn what changed into SQEs, and free what was removed and has no poll in the kernel. False: no room, call again. */
bool handlers_queue(struct lariat_loop *loop);

/* Remove all, uncalled. Their polls still have to be reaped (handlers.n_armed). */
void handlers_drop(struct lariat_loop *loop);

/* Free all memory. */
void handlers_exit(struct lariat_loop *loop);

#endif
