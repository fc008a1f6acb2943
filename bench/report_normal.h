/* SPDX-License-Identifier: MIT */
/* The parts of the normal report that are the same for all directions, and what stands below the jobs. */
#ifndef BENCH_REPORT_NORMAL_H
#define BENCH_REPORT_NORMAL_H

#include <stdio.h>

#include "disk_util.h"
#include "figures.h"

void normal_latency(FILE *out, const char *name, const struct latency *latency);
void normal_percentiles(FILE *out, const char *name, const struct lariat_histogram *h, const struct job_options *options);
void normal_latencies(FILE *out, const struct iostat *stat, const struct job_options *options);
void normal_samples(FILE *out, const struct direction_figures *d, const struct job_options *options);
void normal_latency_classes(FILE *out, const struct entry *entry);
void normal_shares(FILE *out, const char *head, const char *const names[], const uint64_t counts[DEPTH_BUCKETS]);

/* What the entries of one group moved together; `first` is the index of the first of them. */
void normal_group(FILE *out, const struct entries *entries, unsigned first);
void normal_disks(FILE *out, const struct disk_list *disks);

#endif
