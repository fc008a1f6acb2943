/* SPDX-License-Identifier: MIT */
/*
 * The search of lariat-ctl tune, in stages that share the time:
 *
 *   coarse  all policies, and windows far apart; after a first round only the better half goes on
 *   shape   grow, shrink and weight of the best
 *   final   the best few and the old setting, for all the time that is left, and five rounds in any case
 *
 * The verdict rests on the last stage alone: who was chosen for its luck has to be lucky again. Nothing is run here: struct
 * tuning_runner does, or makes the figures up (tests).
 */
#ifndef CTL_TUNING_SEARCH_H
#define CTL_TUNING_SEARCH_H

#include <stdint.h>

#include "tuning.h"

#define TUNING_CANDIDATES_MAX 32

struct tuning_runner {
    void *opaque;
    /* Run one slot. 0; anything else ends the search, which returns it. */
    int (*run)(void *opaque, const struct tune_config *config, int64_t length_ns, struct tuning_figures *figures);
    int64_t (*now_ns)(void *opaque);
    /* How far it is, 0 to 1. */
    void (*progress)(void *opaque, double done);
};

struct tuning_plan {
    enum tuning_objective objective;
    int64_t budget_ns;
    uint64_t seed;
    struct tune_config candidates[TUNING_CANDIDATES_MAX]; /* compare these and search no further; none: search */
    unsigned n_candidates;
};

/* The least budget for a plan. */
int64_t tuning_least_budget_ns(const struct tuning_plan *plan);

/* tuning has the old setting and nothing else yet. 0, or what run() returned. */
int tuning_search(struct tuning *tuning, const struct tuning_plan *plan, const struct tuning_runner *runner);

#endif
