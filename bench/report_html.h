/* SPDX-License-Identifier: MIT */
/* The parts of the page of --report. */
#ifndef BENCH_REPORT_HTML_H
#define BENCH_REPORT_HTML_H

#include <stdio.h>
#include <time.h>

#include "figures.h"
#include "intervals.h"
#include "preflight.h"

/* Each writes one figure, or nothing if there is nothing to show. */
void html_percentiles(FILE *out, const struct entry *entry);
void html_response(FILE *out, const struct entry *entry);
void html_histogram(FILE *out, const struct entry *entry);
void html_rates(FILE *out, const struct entry *entry, const struct intervals *intervals, bool bandwidth);
void html_latency_over_time(FILE *out, const struct intervals *intervals);
void html_window(FILE *out, const struct entry *entry, const struct intervals *intervals);
void html_cpu(FILE *out, const struct entry *entry);

/* For other pages: its head, down to <h1>; what ran when on what; what was found before (nothing if there was nothing). */
void html_begin(FILE *out, const char *title, const char *more_style);
void html_machine(FILE *out, const struct preflight *preflight, time_t when);
void html_preflight(FILE *out, const struct preflight *preflight);

/* Curves of latency by percentile, of n histograms that are not empty. */
void html_latency_curves(FILE *out, const char *title, const char *about, const char *const names[],
                         const struct lariat_histogram *const list[], unsigned n);

#endif
