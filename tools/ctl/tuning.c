/* SPDX-License-Identifier: MIT */
#include "tuning.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

void tuning_free(struct tuning *tuning)
{
    free(tuning->slots);
    tuning->slots = NULL;
    tuning->n_slots = 0;
}

unsigned tuning_add_setting(struct tuning *tuning, const struct tune_config *config)
{
    for (unsigned i = 0; i < tuning->n_settings; i++)
        if (tune_config_same(&tuning->settings[i], config))
            return i;
    if (tuning->n_settings == TUNING_SETTINGS_MAX)
        return TUNING_SETTINGS_MAX;
    tuning->settings[tuning->n_settings] = *config;
    return tuning->n_settings++;
}

void tuning_add_slot(struct tuning *tuning, const struct tuning_slot *slot)
{
    tuning->slots = need_memory(realloc(tuning->slots, (tuning->n_slots + 1) * sizeof(*slot)));
    tuning->slots[tuning->n_slots++] = *slot;
}

const char *tuning_objective_name(enum tuning_objective objective)
{
    static const char *const names[] = { "latency", "efficiency", "balanced" };

    return names[objective];
}

/* ---- comparing ---- */

/* The logarithm: ratios of costs are what is compared. */
static double log_cost(const struct tuning_figures *figures, enum tuning_objective objective)
{
    switch (objective) {
    case TUNING_LATENCY: return log(figures->latency_ns);
    case TUNING_EFFICIENCY: return log(figures->cpu_ns);
    case TUNING_BALANCED:
    case N_TUNING_OBJECTIVES: break;
    }
    return (log(figures->latency_ns) + log(figures->cpu_ns)) / 2;
}

static const struct tuning_slot *old_of_block(const struct tuning *tuning, unsigned block)
{
    for (size_t i = 0; i < tuning->n_slots; i++)
        if (tuning->slots[i].block == block && tuning->slots[i].setting == TUNING_OLD)
            return &tuning->slots[i];
    return NULL;
}

/* Blocks in which nothing was completed under one of the two say nothing of their ratio, and are left out. */
static unsigned collect_logs(const struct tuning *tuning, enum tuning_objective objective, unsigned setting, bool final,
                             double logs[TUNE_VALUES_MAX])
{
    unsigned n = 0;

    for (size_t i = 0; i < tuning->n_slots && n < TUNE_VALUES_MAX; i++) {
        const struct tuning_slot *slot = &tuning->slots[i], *old;

        if (slot->setting != setting || (slot->stage == TUNING_FINAL) != final)
            continue;
        old = old_of_block(tuning, slot->block);
        logs[n] = old ? log_cost(&old->figures, objective) - log_cost(&slot->figures, objective) : (double)NAN;
        n += isfinite(logs[n]) != 0;
    }
    return n;
}

struct interval_of_ratio tuning_gain(const struct tuning *tuning, enum tuning_objective objective, unsigned setting,
                                     bool final, double confidence)
{
    double logs[TUNE_VALUES_MAX];
    unsigned n = collect_logs(tuning, objective, setting, final, logs);

    return tune_ratio_interval(logs, n, confidence);
}

unsigned tuning_rank(const struct tuning *tuning, unsigned order[TUNING_SETTINGS_MAX])
{
    double ratios[TUNING_SETTINGS_MAX];
    unsigned n = 0;

    for (unsigned setting = TUNING_OLD + 1; setting < tuning->n_settings; setting++) {
        struct interval_of_ratio gain = tuning_gain(tuning, tuning->objective, setting, false, TUNING_CONFIDENCE);
        unsigned at = n;

        if (!gain.n)
            continue;
        for (; at > 0 && ratios[at - 1] < gain.ratio; at--) {
            ratios[at] = ratios[at - 1];
            order[at] = order[at - 1];
        }
        ratios[at] = gain.ratio;
        order[at] = setting;
        n++;
    }
    return n;
}

double tuning_typical(const struct tuning *tuning, unsigned setting, size_t offset)
{
    double values[TUNE_VALUES_MAX];
    unsigned n = 0;

    for (size_t i = 0; i < tuning->n_slots && n < TUNE_VALUES_MAX; i++) {
        if (tuning->slots[i].setting != setting)
            continue;
        memcpy(&values[n], (const char *)&tuning->slots[i].figures + offset, sizeof(values[n]));
        n += isnan(values[n]) == 0;
    }
    return tune_median(values, n);
}

/* ---- the verdict ---- */

void tuning_judge(const struct tuning *tuning, struct tuning_verdict *verdict)
{
    double confidence = tune_joint_confidence(TUNING_CONFIDENCE, tuning->n_finalists);

    *verdict = (struct tuning_verdict){ .reason = TUNING_TOO_LITTLE, .setting = TUNING_OLD, .leader = TUNING_OLD };
    for (unsigned setting = TUNING_OLD + 1; setting < tuning->n_settings; setting++) {
        struct interval_of_ratio gain = tuning_gain(tuning, tuning->objective, setting, true, confidence);

        if (gain.n < TUNING_ROUNDS_MIN || (verdict->leader != TUNING_OLD && gain.ratio <= verdict->gain.ratio))
            continue;
        verdict->leader = setting;
        verdict->gain = gain;
    }
    if (verdict->leader == TUNING_OLD)
        return;
    verdict->latency = tuning_gain(tuning, TUNING_LATENCY, verdict->leader, true, confidence);
    verdict->cpu = tuning_gain(tuning, TUNING_EFFICIENCY, verdict->leader, true, confidence);
    verdict->reason = verdict->gain.low > 1 ? TUNING_BETTER : TUNING_SAME;
    if (verdict->reason == TUNING_BETTER)
        verdict->setting = verdict->leader;
}

const char *tuning_reason_key(enum tuning_reason reason)
{
    static const char *const keys[] = { "better", "no_significant_difference", "too_little_measured" };

    return keys[reason];
}
