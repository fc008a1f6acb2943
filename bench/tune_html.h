/* SPDX-License-Identifier: MIT */
/* The pictures of the page of lariat-bench tune. Each writes a figure, or nothing if there is nothing to show. */
#ifndef BENCH_TUNE_HTML_H
#define BENCH_TUNE_HTML_H

#include <stdio.h>

#include "tune_report.h"

/* Of the finalists at a depth: latency by I/Os per second, from load to load. */
void tune_html_response(const struct tune_report *report, FILE *out, uint64_t depth);

/* p99 against CPU time per I/O of all settings, with the front and the recommendation. */
void tune_html_pareto(const struct tune_report *report, FILE *out);

/* Latency (or CPU time per I/O) by the longest window and the depth, of one policy. */
void tune_html_map(const struct tune_report *report, FILE *out, enum lariat_poll_policy policy, bool cpu);

/* Latency by percentile in a scenario, with the default and with what is recommended. */
void tune_html_percentiles(const struct tune_report *report, FILE *out, unsigned scenario);

#endif
