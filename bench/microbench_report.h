/* SPDX-License-Identifier: MIT */
/* The two forms of the results: a table for people, one JSON document for programs. */
#ifndef LARIAT_MICROBENCH_REPORT_H
#define LARIAT_MICROBENCH_REPORT_H

#include <stdio.h>

#include <jansson.h>

#include "microbench_stats.h"

void mb_table_head(FILE *out, const struct mb_env *env, unsigned rounds);
void mb_table_measure(FILE *out, const struct mb_result *result);

/*
 * How much of the machine's CPU time others took since the first call, in percent: those who share a CPU with a benchmark
 * should know that they measure that.
 */
double mb_others_cpu_percent(void);
void mb_table_foot(FILE *out);

/* The document without its measures, and one of these. NULL: no memory. */
json_t *mb_json_head(const struct mb_env *env, unsigned rounds);
json_t *mb_json_measure(const struct mb_result *result);

#endif
