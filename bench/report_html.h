/* SPDX-License-Identifier: MIT */
/* The parts of the page of --report. */
#ifndef BENCH_REPORT_HTML_H
#define BENCH_REPORT_HTML_H

#include <stdio.h>

#include "figures.h"
#include "intervals.h"

/* Each writes one figure, or nothing if there is nothing to show. */
void html_percentiles(FILE *out, const struct entry *entry);
void html_response(FILE *out, const struct entry *entry);
void html_histogram(FILE *out, const struct entry *entry);
void html_rates(FILE *out, const struct entry *entry, const struct intervals *intervals, bool bandwidth);
void html_latency_over_time(FILE *out, const struct intervals *intervals);
void html_window(FILE *out, const struct entry *entry, const struct intervals *intervals);
void html_cpu(FILE *out, const struct entry *entry);

#endif
