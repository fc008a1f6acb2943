/* SPDX-License-Identifier: MIT */
/*
 * The fake kernel behind the library's seam: one ring, one eventfd, task work, the completion queue and its overflow. What
 * it does is what tests/unit/test_kernel*.c see the real one do; which of it is known depends on the "age" of the kernel.
 */
#ifndef LARIAT_SIM_KERNEL_H
#define LARIAT_SIM_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "seam.h"

struct request;

extern const struct seam kernel_seam;

void kernel_begin(void);

/* Everything was given back. */
void kernel_check_clean(void);

/* The loop was called anew: it may enter so often again. */
void kernel_forget_enters(void);

/* Break the ring: each enter fails with EBADF from now on. */
void kernel_break(void);

/* A wait that nothing would ever have ended was ended by a signal: how often. */
uint64_t kernel_idles(void);

/* What an application's poll(2) on the ring's descriptor does: true: readable, or interrupted. timeout_ns -1: none. */
bool kernel_poll_ring(int64_t timeout_ns);

/* Completions and task work that the loop has not seen. */
bool kernel_has_something(void);

/* For request.c: */
bool kernel_supports(unsigned opcode);
void kernel_post(uint64_t user_data, int res, unsigned flags);
bool kernel_has_room(void);
void kernel_task_work(struct request *r);
void kernel_direct_task_work(void); /* of a ring without deferred or cooperative task work */

#endif
