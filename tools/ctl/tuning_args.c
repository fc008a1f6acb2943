/* SPDX-License-Identifier: MIT */
#include "tuning_args.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define BUDGET_NS INT64_C(60000000000)
#define SEED 1

static int parse_objective(const char *text, enum tuning_objective *objective)
{
    for (unsigned i = 0; i < N_TUNING_OBJECTIVES; i++)
        if (strcmp(text, tuning_objective_name((enum tuning_objective)i)) == 0) {
            *objective = (enum tuning_objective)i;
            return 0;
        }
    return -EINVAL;
}

static int parse_candidates(const char *text, struct tuning_plan *plan, char why[TUNING_ARGS_WHY_MAX])
{
    for (;;) {
        size_t n = strcspn(text, ",");
        const char *reason = "there are more than 32";

        if (plan->n_candidates == TUNING_CANDIDATES_MAX ||
            tune_config_parse(text, n, &plan->candidates[plan->n_candidates++], &reason)) {
            snprintf(why, TUNING_ARGS_WHY_MAX, "--candidates=%.*s: %s", (int)(n < 80 ? n : 80), text, reason);
            return -EINVAL;
        }
        if (!text[n])
            return 0;
        text += n + 1;
    }
}

int tuning_args_plan(const struct ctl_args *args, struct tuning_plan *plan, char why[TUNING_ARGS_WHY_MAX])
{
    *plan = (struct tuning_plan){ .objective = TUNING_BALANCED,
                                  .budget_ns = args->budget_ns ? args->budget_ns : BUDGET_NS,
                                  .seed = args->seed ? args->seed : SEED };
    if (args->objective && parse_objective(args->objective, &plan->objective)) {
        snprintf(why, TUNING_ARGS_WHY_MAX, "--objective=%s: it must be latency, efficiency or balanced", args->objective);
        return -EINVAL;
    }
    if (args->candidates && parse_candidates(args->candidates, plan, why))
        return -EINVAL;
    if (plan->budget_ns < tuning_least_budget_ns(plan)) {
        snprintf(why, TUNING_ARGS_WHY_MAX, "--budget: that is too short to tell anything; it must be %g s at least",
                 (double)tuning_least_budget_ns(plan) / 1e9);
        return -EINVAL;
    }
    return 0;
}
