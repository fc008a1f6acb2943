/* SPDX-License-Identifier: MIT */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include <stdio.h>

#include "run.h"

/* Each writes all jobs of a finished run to `out`. 0 or -errno; errors of the stream itself are left to the caller. */
int report_normal(const struct bench_run *run, FILE *out);
int report_json(const struct bench_run *run, FILE *out);
int report_tsv(const struct bench_run *run, FILE *out);

#endif
