/* SPDX-License-Identifier: MIT */
/* All that lariat-bench tune has to say, in several forms. Errors of the stream itself are left to the caller. */
#ifndef BENCH_TUNE_REPORT_H
#define BENCH_TUNE_REPORT_H

#include <stdio.h>

#include "preflight.h"
#include "tune_options.h"
#include "tune_verdict.h"

struct tune_report {
    const struct tune *tune;
    const struct tune_options *options;
    const struct tune_verdict *verdict;
    const struct preflight *preflight;
    int64_t took_ns;
};

/* What holds most for a file with these: the pick of the objective that was asked for. */
static inline const struct tune_pick *tune_main_pick(const struct tune_report *report)
{
    return &report->verdict->picks[report->options->objective];
}

void tune_report_text(const struct tune_report *report, FILE *out);
int tune_report_json(const struct tune_report *report, FILE *out); /* 0 or -ENOMEM */
void tune_report_csv(const struct tune_report *report, FILE *out);
void tune_report_html(const struct tune_report *report, FILE *out);

/* "1.41 (1.33 to 1.50)"; "?" if one run at most tells about it. */
#define TUNE_INTERVAL_MAX 80
const char *tune_interval_text(char buf[TUNE_INTERVAL_MAX], const struct interval_of_ratio *interval);

/* "p99 beyond the limit at depth 1, full load"; "" without a fault. */
#define TUNE_FAULT_MAX 96
const char *tune_fault_text(char buf[TUNE_FAULT_MAX], const struct tune *tune, unsigned config);

#endif
