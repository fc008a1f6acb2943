/* SPDX-License-Identifier: MIT */
/* What lariat-ctl tune found, in words. */
#ifndef CTL_TUNING_REPORT_H
#define CTL_TUNING_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "tuning.h"

struct tuning_report {
    const struct tuning *tuning;
    const struct tuning_verdict *verdict;
    const char *id;
    const char *counted; /* "ops", or the name of a counter */
    bool has_latency;    /* of ops; else it is only the rate */
    bool applied;        /* what is recommended is in force */
    double seconds;
};

void tuning_report_print(const struct tuning_report *report, FILE *out);

/* "lariat-ctl set ID ..." with all five properties. */
#define TUNING_COMMAND_MAX 320
const char *tuning_command(char buf[TUNING_COMMAND_MAX], const char *id, const struct tune_config *config);

/* Was it run at all? */
bool tuning_was_run(const struct tuning *tuning, unsigned setting);

#endif
