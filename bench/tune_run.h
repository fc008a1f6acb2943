/* SPDX-License-Identifier: MIT */
/* Runs the cells of lariat-bench tune, in this process, as lariat-bench runs its jobs. For the main thread. */
#ifndef BENCH_TUNE_RUN_H
#define BENCH_TUNE_RUN_H

#include "options.h"
#include "tune_search.h"

struct tune_runs {
    const struct bench_options *workload;
    struct preflight *preflight; /* what was found before the first run */
};

/* The setting that the workload says, or leaves at its defaults. */
struct tune_config tune_workload_config(const struct bench_options *workload);

/*
 * Lay out the files and try a short run, so that what is wrong with the workload is told now. 0; -EINTR; -EINVAL and others:
 * told.
 */
int tune_rehearse(const struct tune_runs *runs);

/* See struct tune_runner; opaque is the struct tune_runs. */
int tune_run_entry(const struct tune_runs *runs, const struct tune *tune, const struct tune_block *block,
                   struct tune_entry *entry);

#endif
