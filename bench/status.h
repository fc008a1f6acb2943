/* SPDX-License-Identifier: MIT */
/*
 * --status-interval: one line of JSON each time, on stderr or in the file of --status-output, so that neither standard output
 * nor the file of --output holds anything but its one document. Rates and latencies are those since the line before.
 */
#ifndef BENCH_STATUS_H
#define BENCH_STATUS_H

#include <stdint.h>
#include <stdio.h>

#include "intervals.h"

struct bench_run;

struct status {
    const struct bench_run *run;
    FILE *file; /* NULL: none wanted */
    int64_t period_ns, due_ns;
    struct moment *before; /* by entry */
    struct moment *now;
    unsigned n_entries;
};

/* 0 or -errno; a file that cannot be opened is told. */
int status_begin(struct status *status, const struct bench_run *run);
int64_t status_due_ns(const struct status *status);
void status_write(struct status *status, int64_t now_ns); /* if it is time */
void status_end(struct status *status, int64_t now_ns);

#endif
