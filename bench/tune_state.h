/* SPDX-License-Identifier: MIT */
/*
 * --resume: every block that was run, one line of JSON each, behind a first line that says of which workload. A search that is
 * begun again asks for the same blocks again, unless it has another budget, and finds those here that are there.
 */
#ifndef BENCH_TUNE_STATE_H
#define BENCH_TUNE_STATE_H

#include <stdio.h>

#include "options.h"
#include "tune_search.h"

struct tune_state;

/*
 * Read what is in the file, if it is there, and go on behind it. 0; -EINVAL: it is of another workload or seed, or no such file:
 * told; or -errno: told.
 */
int tune_state_open(const char *path, const struct bench_options *workload, uint64_t seed, struct tune_state **out);
/* 0 or -errno: told. NULL is ignored. */
int tune_state_close(struct tune_state *state);

/* See struct tune_runner. */
bool tune_state_recall(struct tune_state *state, const struct tune *tune, struct tune_block *block);
int tune_state_keep(struct tune_state *state, const struct tune *tune, const struct tune_block *block);

#endif
