/* SPDX-License-Identifier: MIT */
/* What the options of tune come to. */
#ifndef CTL_TUNING_ARGS_H
#define CTL_TUNING_ARGS_H

#include "args.h"
#include "tuning_search.h"

#define TUNING_ARGS_WHY_MAX 256

/* 0, or -EINVAL with the reason in `why`. */
int tuning_args_plan(const struct ctl_args *args, struct tuning_plan *plan, char why[TUNING_ARGS_WHY_MAX]);

#endif
