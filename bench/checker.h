/* SPDX-License-Identifier: MIT */
/*
 * verify_async: threads that check blocks while the job's thread goes on. A block is handed over with its buffer, in exchange for a
 * spare one, so that the slot it came in is free at once; while all spares are in use, the job's thread waits.
 */
#ifndef BENCH_CHECKER_H
#define BENCH_CHECKER_H

#include <stdint.h>

#include "options.h"
#include "work.h"

struct checker;

/* How many spare buffers a job is to have: one for each block that may be waiting or in the works. */
unsigned checker_buffers(const struct job_options *options);

/* fn is called for each block, on several threads at a time. 0; -ENOMEM; -errno: told. */
int checker_new(struct checker **out, const struct job_options *options,
                void (*fn)(void *opaque, const struct bench_io *io, uint32_t sequence), void *opaque);

/* A spare buffer. Before the first hand-over, checker_buffers() times. */
void checker_add_buffer(struct checker *checker, void *buf);

/* For the job's thread: have the block in io->buf checked, and go on with the buffer that is returned. */
void *checker_hand_over(struct checker *checker, const struct bench_io *io, uint32_t sequence);

/* Wait until all is checked. */
void checker_drain(struct checker *checker);

/* Once drained; NULL is ignored. */
void checker_free(struct checker *checker);

#endif
