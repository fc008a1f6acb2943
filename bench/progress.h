/* SPDX-License-Identifier: MIT */
/* fio's line of progress, on stderr: for a person at a terminal, or with --eta=always. */
#ifndef BENCH_PROGRESS_H
#define BENCH_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "iostat.h"

struct bench_run;

struct progress {
    const struct bench_run *run;
    FILE *out;
    bool on, terminal, shown;
    int64_t period_ns, due_ns, newline_due_ns;
    int64_t last_ns;
    uint64_t last_ios[IO_DIRECTIONS], last_bytes[IO_DIRECTIONS];
};

void progress_init(struct progress *progress, const struct bench_run *run);
int64_t progress_due_ns(const struct progress *progress);
void progress_show(struct progress *progress, int64_t now_ns); /* if it is time */
void progress_end(struct progress *progress);

#define PROGRESS_TIME_MAX 96
/* "02m:05s", "01h:00m:09s", "2d:00h:00m:00s" */
const char *progress_time(char buf[PROGRESS_TIME_MAX], int64_t seconds);

#endif
