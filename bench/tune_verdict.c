/* SPDX-License-Identifier: MIT */
#include "tune_verdict.h"

#include <limits.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

#define NEARLY_AS_GOOD \
    1.02 /* of settings that cannot be told apart, only those within this count as the same; of CPU time, too */

struct interval_of_ratio tune_gain(const struct tune *tune, enum tune_objective objective, unsigned a, unsigned b,
                                   int scenario, bool only_final, double confidence)
{
    double logs[TUNE_ROUNDS_MAX];
    unsigned n = tune_logs(tune, objective, a, b, scenario, only_final, logs);

    return tune_ratio_interval(logs, n, confidence);
}

struct judge {
    const struct tune *tune;
    struct tune_verdict *verdict;
    unsigned compared[TUNE_CONFIGS_MAX], n; /* at no fault, but for the default, which may be */
    unsigned n_at_fault;
    bool default_at_fault;
};

/* The finalists, or all that were run, if it did not get that far. */
static void choose_compared(struct judge *j)
{
    const struct tune *tune = j->tune;
    bool all = j->verdict->preliminary;
    unsigned n = all ? tune->n_configs : tune->n_finalists, scenario;

    for (unsigned i = 0; i < n; i++) {
        unsigned config = all ? i : tune->finalists[i];
        bool at_fault = tune_fault(tune, config, &scenario) != FAULT_NONE;

        j->n_at_fault += at_fault;
        if (config == TUNE_DEFAULT)
            j->default_at_fault = at_fault;
        if (!at_fault && !isnan(tune_score(tune, OBJECTIVE_EFFICIENCY, config)))
            j->compared[j->n++] = config;
    }
}

static struct interval_of_ratio gain(const struct judge *j, enum tune_objective objective, unsigned a, unsigned b)
{
    bool preliminary = j->verdict->preliminary;
    unsigned others = j->n > 1 ? j->n - 1 : 1;

    return tune_gain(j->tune, objective, a, b, -1, !preliminary, tune_joint_confidence(TUNE_CONFIDENCE, others));
}

/* The least mean cost, or with without_auto that among those. TUNE_DEFAULT if none was compared. */
static unsigned least(const struct judge *j, enum tune_objective objective, bool without_auto)
{
    double most = -INFINITY;
    unsigned best = TUNE_DEFAULT;

    for (unsigned i = 0; i < j->n; i++) {
        struct interval_of_ratio better;

        if (without_auto && j->tune->configs[j->compared[i]].policy == LARIAT_POLL_AUTO)
            continue;
        better = gain(j, objective, TUNE_DEFAULT, j->compared[i]);
        if (better.n && better.ratio > most) {
            most = better.ratio;
            best = j->compared[i];
        }
    }
    return best;
}

/* Can it not be told from the best, and is as good but for very little? */
static bool as_good(const struct judge *j, enum tune_objective objective, unsigned config, unsigned best)
{
    struct interval_of_ratio loss =
        tune_gain(j->tune, objective, config, best, -1, !j->verdict->preliminary, TUNE_CONFIDENCE);

    return config == best || (!tune_differs(&loss) && loss.ratio < NEARLY_AS_GOOD);
}

/* How many parameters it sets beside the window. */
static unsigned complexity(const struct tune_config *config)
{
    return (unsigned)((config->grow != 0) + (config->shrink != 0) + (config->weight != 0));
}

/* Among those as good as the best: the simplest of those that take the least CPU time, or very little more. */
static unsigned cheapest_of_best(const struct judge *j, enum tune_objective objective, unsigned best)
{
    double least_cpu = INFINITY;
    unsigned found = best, simplest = UINT_MAX;

    for (unsigned i = 0; i < j->n; i++)
        if (as_good(j, objective, j->compared[i], best))
            least_cpu = fmin(least_cpu, TUNE_OVERALL(j->tune, j->compared[i], cpu_ns_per_io));
    for (unsigned i = 0; i < j->n; i++) {
        unsigned config = j->compared[i], n = complexity(&j->tune->configs[config]);

        if (n < simplest && TUNE_OVERALL(j->tune, config, cpu_ns_per_io) <= NEARLY_AS_GOOD * least_cpu &&
            as_good(j, objective, config, best)) {
            simplest = n;
            found = config;
        }
    }
    return found;
}

static void pick(const struct judge *j, enum tune_objective objective, struct tune_pick *pick)
{
    unsigned best = cheapest_of_best(j, objective, least(j, objective, false));

    *pick = (struct tune_pick){ .objective = objective, .config = best, .leader = best };
    pick->for_qemu = least(j, objective, true);
    pick->gain = gain(j, objective, TUNE_DEFAULT, best);
    if (!j->n)
        pick->reason = j->n_at_fault ? REASON_NONE_KEEPS : REASON_TOO_LITTLE;
    else if (j->default_at_fault)
        pick->reason = REASON_LIMITS;
    else if (best != TUNE_DEFAULT && pick->gain.n < 2)
        pick->reason = REASON_TOO_LITTLE;
    else if (best != TUNE_DEFAULT && pick->gain.low > 1)
        pick->reason = REASON_BETTER;
    else
        pick->reason = REASON_SAME;
    if (pick->reason != REASON_BETTER && pick->reason != REASON_LIMITS)
        pick->config = pick->for_qemu = TUNE_DEFAULT;
    pick->latency = gain(j, OBJECTIVE_LATENCY, TUNE_DEFAULT, best);
    pick->cpu = gain(j, OBJECTIVE_EFFICIENCY, TUNE_DEFAULT, best);
}

void tune_judge(const struct tune *tune, struct tune_verdict *verdict)
{
    struct judge j = { .tune = tune, .verdict = verdict };
    unsigned n_final = 0;

    memset(verdict, 0, sizeof(*verdict));
    for (unsigned i = 0; i < tune->n_rounds; i++)
        n_final += tune->rounds[i].stage == STAGE_FINAL && tune->rounds[i].complete;
    verdict->preliminary = n_final < 2;
    choose_compared(&j);
    verdict->n_compared = j.n;
    for (unsigned i = 0; i < j.n; i++)
        verdict->n_compared -= j.compared[i] == TUNE_DEFAULT;
    for (unsigned i = 0; i < N_OBJECTIVES; i++)
        pick(&j, (enum tune_objective)i, &verdict->picks[i]);
    verdict->n_unsteady = tune_count_unsteady(tune);
    verdict->n_cells = tune->n_finalists * tune->n_scenarios;
}

const char *tune_reason_text(enum tune_reason reason)
{
    switch (reason) {
    case REASON_BETTER: return "better than the default";
    case REASON_SAME: return "no significant difference, keep the default";
    case REASON_LIMITS: return "the default does not keep the limits; the best of those that do";
    case REASON_NONE_KEEPS: return "nothing that was tried keeps the limits and rates, so this is the default";
    case REASON_TOO_LITTLE: return "too little was measured to tell; keep the default";
    }
    return "";
}

const char *tune_reason_key(enum tune_reason reason)
{
    static const char *const keys[] = { "better", "no_significant_difference", "default_beyond_limits", "none_within_limits",
                                        "too_little_measured" };

    return keys[reason];
}
