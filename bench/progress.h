/* SPDX-License-Identifier: MIT */
/* The line that a person at a terminal sees once a second; nothing at all when stderr is not a terminal. */
#ifndef BENCH_PROGRESS_H
#define BENCH_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct bench_run;

struct progress {
    const struct bench_run *run;
    bool on, shown;
    int64_t last_ns;
    uint64_t last_ios[2], last_bytes;
};

void progress_init(struct progress *progress, const struct bench_run *run);
void progress_show(struct progress *progress, int64_t now_ns); /* may be called more often */
void progress_end(struct progress *progress);

#endif
