/* SPDX-License-Identifier: MIT */
/* All that is said of a run, once it is over or while it goes on. */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include <stdio.h>

#include "disk_util.h"
#include "figures.h"
#include "run.h"

struct report {
    const struct bench_run *run;
    int64_t now_ns;
    struct entries entries;
    struct disk_list disks;
};

/* Gather the figures. For the main thread, also while jobs run. 0 or -ENOMEM. */
int report_init(struct report *report, const struct bench_run *run);
void report_free(struct report *report);

/* How steady the load of entry number `index` was; NULL: nobody asked. */
const struct steady *report_steady(const struct report *report, unsigned index);

/* Before the run: what is going to be done, as the normal report begins. */
void report_preamble(const struct bench_run *run, FILE *out);

/* Each writes all of it to `out`. 0 or -errno; errors of the stream itself are left to the caller. */
int report_normal(const struct report *report, FILE *out);
int report_json(const struct report *report, FILE *out);
int report_terse(const struct report *report, FILE *out);
int report_tsv(const struct report *report, FILE *out);
int report_html(const struct report *report, FILE *out);

#endif
