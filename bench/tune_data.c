/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "tune.h"

#define IDLE_FLOOR_PERCENT 1

#define FIELD(member)                                 \
    {                                                 \
#member, offsetof(struct tune_sample, member) \
    }
const struct tune_field tune_fields[] = {
    FIELD(iops),          FIELD(latency_ns),      FIELD(p50_ns),         FIELD(p99_ns),
    FIELD(cpu_ns_per_io), FIELD(cpu_percent),     FIELD(spin_hit_ratio), FIELD(vain_ns_per_io),
    FIELD(sleeps_per_io), FIELD(syscalls_per_io), { NULL, 0 },
};

int tune_init(struct tune *tune, const struct tune_config *current)
{
    struct tune_config off = tune_config_off();

    memset(tune, 0, sizeof(*tune));
    tune->cells = calloc((size_t)TUNE_CONFIGS_MAX * TUNE_SCENARIOS_MAX, sizeof(*tune->cells));
    if (!tune->cells)
        return -ENOMEM;
    tune->configs[TUNE_OFF] = off;
    tune->configs[TUNE_DEFAULT] = *current;
    tune->n_configs = 2;
    return 0;
}

void tune_free(struct tune *tune)
{
    for (unsigned i = 0; tune->cells && i < TUNE_CONFIGS_MAX * TUNE_SCENARIOS_MAX; i++) {
        free(tune->cells[i].samples);
        free(tune->cells[i].latencies);
    }
    free(tune->cells);
    tune->cells = NULL;
}

unsigned tune_find_config(const struct tune *tune, const struct tune_config *config)
{
    for (unsigned i = 0; i < tune->n_configs; i++)
        if (tune_config_same(&tune->configs[i], config))
            return i;
    return TUNE_CONFIGS_MAX;
}

unsigned tune_add_config(struct tune *tune, const struct tune_config *config)
{
    unsigned i = tune_find_config(tune, config);

    if (i < TUNE_CONFIGS_MAX || tune->n_configs == TUNE_CONFIGS_MAX)
        return i;
    tune->configs[tune->n_configs] = *config;
    return tune->n_configs++;
}

void tune_add_scenario(struct tune *tune, uint64_t depth, unsigned percent)
{
    if (tune->n_scenarios < TUNE_SCENARIOS_MAX)
        tune->scenarios[tune->n_scenarios++] = (struct tune_scenario){ depth, percent, 0 };
}

struct tune_cell *tune_cell(const struct tune *tune, unsigned config, unsigned scenario)
{
    return &tune->cells[config * TUNE_SCENARIOS_MAX + scenario];
}

int tune_add_sample(struct tune *tune, unsigned config, unsigned scenario, const struct tune_sample *sample,
                    const struct lariat_histogram *latencies)
{
    struct tune_cell *cell = tune_cell(tune, config, scenario);
    struct tune_sample *samples = reallocarray(cell->samples, cell->n + 1, sizeof(*samples));

    if (!samples)
        return -ENOMEM;
    cell->samples = samples;
    if (!cell->latencies) {
        cell->latencies = malloc(sizeof(*cell->latencies));
        if (!cell->latencies)
            return -ENOMEM;
        lariat_histogram_init(cell->latencies);
    }
    samples[cell->n++] = *sample;
    lariat_histogram_merge(cell->latencies, latencies);
    return 0;
}

/* ---- names ---- */

const char *tune_objective_name(enum tune_objective objective)
{
    static const char *const names[N_OBJECTIVES] = { "latency", "efficiency", "balanced" };

    return names[objective];
}

const char *tune_stage_name(enum tune_stage stage)
{
    static const char *const names[N_STAGES] = { "calibrate", "coarse", "refine", "shape", "final" };

    return names[stage];
}

const char *tune_scenario_text(char buf[TUNE_SCENARIO_TEXT_MAX], const struct tune_scenario *scenario)
{
    int n = snprintf(buf, TUNE_SCENARIO_TEXT_MAX, "depth %" PRIu64 ", ", scenario->depth);

    if (!scenario->percent)
        snprintf(buf + n, (size_t)(TUNE_SCENARIO_TEXT_MAX - n), "idle");
    else if (scenario->percent == 100)
        snprintf(buf + n, (size_t)(TUNE_SCENARIO_TEXT_MAX - n), "full load");
    else
        snprintf(buf + n, (size_t)(TUNE_SCENARIO_TEXT_MAX - n), "%u %% load", scenario->percent);
    return buf;
}

/* ---- comparing ---- */

/* The logarithm of what a sample costs; NAN: it does not count. */
static double log_cost(const struct tune_scenario *scenario, enum tune_objective objective, const struct tune_sample *sample)
{
    double latency = log(sample->latency_ns), cpu = log(sample->cpu_ns_per_io);

    if (sample->missed)
        return (double)NAN;
    if (!scenario->percent)
        return objective == OBJECTIVE_LATENCY ? (double)NAN : log(sample->cpu_percent + IDLE_FLOOR_PERCENT);
    switch (objective) {
    case OBJECTIVE_LATENCY: return latency;
    case OBJECTIVE_EFFICIENCY: return cpu;
    case OBJECTIVE_BALANCED: return (latency + cpu) / 2;
    case N_OBJECTIVES: break;
    }
    return (double)NAN;
}

/* The mean over its samples of a round: the baseline has several. NAN: none. */
static double log_cost_in_round(const struct tune *tune, enum tune_objective objective, unsigned config, unsigned scenario,
                                unsigned round)
{
    const struct tune_cell *cell = tune_cell(tune, config, scenario);
    double sum = 0;
    unsigned n = 0;

    for (unsigned i = cell->n; i-- > 0 && cell->samples[i].round >= round;)
        if (cell->samples[i].round == round) {
            sum += log_cost(&tune->scenarios[scenario], objective, &cell->samples[i]);
            n++;
        }
    sum = n ? sum / n : (double)NAN;
    return isfinite(sum) ? sum : (double)NAN;
}

unsigned tune_logs(const struct tune *tune, enum tune_objective objective, unsigned a, unsigned b, int scenario,
                   bool only_final, double logs[TUNE_ROUNDS_MAX])
{
    unsigned n_logs = 0;

    for (unsigned round = 0; round < tune->n_rounds; round++) {
        double sum = 0;
        unsigned n = 0;

        if (only_final && (tune->rounds[round].stage != STAGE_FINAL || !tune->rounds[round].complete))
            continue;
        for (unsigned s = 0; s < tune->n_scenarios; s++) {
            double log_ratio;

            if (scenario >= 0 && (unsigned)scenario != s)
                continue;
            log_ratio = log_cost_in_round(tune, objective, a, s, round) - log_cost_in_round(tune, objective, b, s, round);
            if (isnan(log_ratio))
                continue;
            sum += log_ratio;
            n++;
        }
        if (n)
            logs[n_logs++] = sum / n;
    }
    return n_logs;
}

double tune_score(const struct tune *tune, enum tune_objective objective, unsigned config)
{
    double logs[TUNE_ROUNDS_MAX];

    return tune_mean(logs, tune_logs(tune, objective, config, TUNE_OFF, -1, false, logs));
}

/* Did polling off keep its rate in this round, too? If not, something else was at work. */
static bool baseline_kept(const struct tune *tune, unsigned scenario, unsigned round)
{
    const struct tune_cell *cell = tune_cell(tune, TUNE_OFF, scenario);

    for (unsigned i = 0; i < cell->n; i++)
        if (cell->samples[i].round == round && !cell->samples[i].missed)
            return true;
    return false;
}

/* Once may be chance; twice, and more often than not, is not. */
static bool misses_rate(const struct tune *tune, unsigned config, unsigned scenario)
{
    const struct tune_cell *cell = tune_cell(tune, config, scenario);
    unsigned n = 0;

    for (unsigned i = 0; i < cell->n; i++)
        n += cell->samples[i].missed && baseline_kept(tune, scenario, cell->samples[i].round);
    return n >= 2 && 2 * n > cell->n;
}

static enum tune_fault fault_in(const struct tune *tune, unsigned config, unsigned scenario)
{
    if (misses_rate(tune, config, scenario))
        return FAULT_RATE;
    if (tune->p99_limit_ns > 0 && tune->scenarios[scenario].percent &&
        TUNE_TYPICAL(tune, config, scenario, p99_ns) > tune->p99_limit_ns)
        return FAULT_P99;
    if (tune->cpu_limit_percent > 0 && TUNE_TYPICAL(tune, config, scenario, cpu_percent) > tune->cpu_limit_percent)
        return FAULT_CPU;
    return FAULT_NONE;
}

enum tune_fault tune_fault(const struct tune *tune, unsigned config, unsigned *scenario)
{
    for (unsigned i = 0; i < tune->n_scenarios; i++) {
        enum tune_fault fault = fault_in(tune, config, i);

        if (fault != FAULT_NONE) {
            *scenario = i;
            return fault;
        }
    }
    return FAULT_NONE;
}

unsigned tune_rank(const struct tune *tune, enum tune_objective objective, unsigned order[TUNE_CONFIGS_MAX])
{
    double scores[TUNE_CONFIGS_MAX];
    unsigned n = 0, scenario;

    for (unsigned config = 0; config < tune->n_configs; config++) {
        double score = tune_score(tune, objective, config);
        unsigned at = n;

        if (isnan(score) || tune_fault(tune, config, &scenario) != FAULT_NONE)
            continue;
        for (; at > 0 && scores[at - 1] > score; at--) {
            scores[at] = scores[at - 1];
            order[at] = order[at - 1];
        }
        scores[at] = score;
        order[at] = config;
        n++;
    }
    return n;
}

double tune_typical(const struct tune *tune, unsigned config, unsigned scenario, size_t offset)
{
    const struct tune_cell *cell = tune_cell(tune, config, scenario);
    double values[TUNE_VALUES_MAX];
    unsigned n = cell->n < TUNE_VALUES_MAX ? cell->n : TUNE_VALUES_MAX;

    for (unsigned i = 0; i < n; i++)
        memcpy(&values[i], (const char *)&cell->samples[i] + offset, sizeof(values[i]));
    return tune_median(values, n);
}

double tune_overall(const struct tune *tune, unsigned config, size_t offset)
{
    double sum = 0;
    unsigned n = 0;

    for (unsigned s = 0; s < tune->n_scenarios; s++) {
        if (!tune->scenarios[s].percent)
            continue;
        sum += log(tune_typical(tune, config, s, offset));
        n++;
    }
    return n ? exp(sum / n) : (double)NAN; /* NAN if it was not run in all of them, too */
}

bool tune_cell_is_steady(const struct tune *tune, unsigned config, unsigned scenario)
{
    const struct tune_cell *cell = tune_cell(tune, config, scenario);
    double values[TUNE_ROUNDS_MAX];
    unsigned n = 0;

    if (!tune->scenarios[scenario].percent) /* a few I/Os tell nothing */
        return true;
    for (unsigned i = 0; i < cell->n && n < TUNE_ROUNDS_MAX; i++)
        if (tune->rounds[cell->samples[i].round].stage == STAGE_FINAL)
            values[n++] = cell->samples[i].latency_ns;
    return tune_is_steady(values, n);
}

unsigned tune_count_unsteady(const struct tune *tune)
{
    unsigned n = 0;

    for (unsigned i = 0; i < tune->n_finalists; i++)
        for (unsigned s = 0; s < tune->n_scenarios; s++)
            n += !tune_cell_is_steady(tune, tune->finalists[i], s);
    return n;
}

bool tune_on_front(const struct tune *tune, unsigned config)
{
    double p99 = TUNE_OVERALL(tune, config, p99_ns), cpu = TUNE_OVERALL(tune, config, cpu_ns_per_io);

    if (isnan(p99) || isnan(cpu))
        return false;
    for (unsigned other = 0; other < tune->n_configs; other++) {
        double other_p99 = TUNE_OVERALL(tune, other, p99_ns), other_cpu = TUNE_OVERALL(tune, other, cpu_ns_per_io);

        if (other_p99 <= p99 && other_cpu <= cpu && (other_p99 < p99 || other_cpu < cpu))
            return false;
    }
    return true;
}
