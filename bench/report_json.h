/* SPDX-License-Identifier: MIT */
/* The parts of the JSON document; report_json() in report.h puts them together. */
#ifndef BENCH_REPORT_JSON_H
#define BENCH_REPORT_JSON_H

#include "figures.h"
#include "json_build.h"
#include "run.h"

/* {min, max, mean, stddev, N}, percentiles if asked for, and with `bins` all buckets that are not empty. */
json_t *json_latency(struct builder *b, const struct latency *latency, const struct job_options *percentiles_of, bool bins);

/* The same without the spread. */
json_t *json_histogram(struct builder *b, const struct lariat_histogram *h, const struct job_options *percentiles_of,
                       bool bins);

/* "read", "write", "trim" and, with --unified_rw_reporting, "mixed". */
void json_directions(struct builder *b, json_t *object, const struct entry *entry, bool bins);

/* What fio does not have: "lariat" of an entry, number `index` of all. */
json_t *json_lariat(struct builder *b, const struct bench_run *run, const struct entry *entry, unsigned index, bool bins);

#endif
