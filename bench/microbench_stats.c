/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "microbench_stats.h"
#include "microbench_word.h"

void mb_lap_begin(struct mb_lap *lap, const struct mb_env *env, double ms, unsigned every)
{
    int64_t length_ns = (int64_t)(ms * 1e6 * env->scale);
    int64_t now_ns = mb_now_ns();

    memset(lap, 0, sizeof *lap);
    lap->warm_until_ns = now_ns + length_ns / 4;
    lap->until_ns = lap->warm_until_ns + length_ns;
    lap->every = every;
    lap->left = every;
}

void mb_lap_begin_cpu(struct mb_lap *lap, const struct mb_env *env, double ms, unsigned every)
{
    mb_lap_begin(lap, env, ms, every);
    lap->cpu_time = true;
}

int64_t mb_thread_cpu_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

bool mb_lap_look(struct mb_lap *lap)
{
    int64_t now_ns = mb_now_ns();

    lap->left = lap->every;
    if (!lap->begin_ns) {
        if (now_ns < lap->warm_until_ns)
            return true;
        lap->until_ns += now_ns - lap->warm_until_ns; /* a slow warm-up must not eat up the timed part */
        lap->begin_ns = lap->cpu_time ? mb_thread_cpu_ns() : now_ns;
        lap->units = 0;
        return true;
    }
    if (now_ns < lap->until_ns)
        return true;
    lap->elapsed_ns = (lap->cpu_time ? mb_thread_cpu_ns() : now_ns) - lap->begin_ns;
    return false;
}

double mb_lap_ns_per_unit(const struct mb_lap *lap)
{
    return lap->units ? (double)lap->elapsed_ns / (double)lap->units : NAN;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

static int figure_summarise(struct mb_figure *figure)
{
    size_t n = figure->n_values;
    double *sorted;

    if (!n)
        return 0;
    sorted = malloc(n * sizeof *sorted);
    if (!sorted)
        return -ENOMEM;
    memcpy(sorted, figure->values, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, compare_doubles);
    figure->min = sorted[0];
    figure->max = sorted[n - 1];
    figure->median = n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
    free(sorted);
    return 0;
}

static struct mb_figure *figure_at(const struct mb_result *result, size_t case_index, size_t metric)
{
    return &result->figures[case_index * result->measure->n_metrics + metric];
}

const struct mb_figure *mb_result_figure(const struct mb_result *result, size_t case_index, size_t metric)
{
    return figure_at(result, case_index, metric);
}

/* The fastest library, by the median (all metrics that are compared so are times: less is better). */
static size_t best_library(const struct mb_result *result, size_t metric)
{
    const struct mb_measure *measure = result->measure;
    size_t best = measure->n_cases;

    for (size_t i = 0; i < measure->n_cases; i++) {
        if (measure->cases[i].kind != MB_LIBRARY || result->errors[i])
            continue;
        if (best == measure->n_cases || figure_at(result, i, metric)->median < figure_at(result, best, metric)->median)
            best = i;
    }
    return best;
}

static size_t find_reference(const struct mb_result *result, const struct mb_target *target)
{
    const struct mb_measure *measure = result->measure;

    if (!target->reference)
        return 0;
    if (!strcmp(target->reference, MB_BEST_LIBRARY))
        return best_library(result, target->metric);
    for (size_t i = 0; i < measure->n_cases; i++)
        if (!strcmp(measure->cases[i].name, target->reference))
            return i;
    return measure->n_cases; /* a peer that configure did not find */
}

static void judge_targets(struct mb_result *result)
{
    const struct mb_measure *measure = result->measure;

    for (size_t i = 0; i < measure->n_targets; i++) {
        const struct mb_target *target = &measure->targets[i];
        size_t reference = find_reference(result, target);
        struct mb_figure *figure;
        double value;

        if (reference == measure->n_cases || result->errors[reference] || result->errors[0])
            continue;
        figure = figure_at(result, reference, target->metric);
        value = target->reference ? figure->ratio : figure->median;
        figure->target = *target;
        figure->has_target = true;
        figure->target_met = target->at_least ? value >= target->limit : value <= target->limit;
    }
}

static int summarise(struct mb_result *result)
{
    const struct mb_measure *measure = result->measure;

    for (size_t i = 0; i < measure->n_cases; i++) {
        for (size_t m = 0; m < measure->n_metrics; m++) {
            struct mb_figure *figure = figure_at(result, i, m);
            double ours;

            if (figure_summarise(figure))
                return -ENOMEM;
            ours = figure_at(result, 0, m)->median;
            if (i && !result->errors[0] && !result->errors[i] && figure->median > 0)
                figure->ratio = ours / figure->median;
        }
    }
    judge_targets(result);
    return figure_summarise(&result->word);
}

static void measure_distance(struct mb_result *result, const struct mb_env *env)
{
    const double ms = 2;
    double ns;

    if (result->measure->two_cpus && !mb_word_round_trip(env, env->cpu[0], env->cpu[1], true, ms, &ns))
        result->word.values[result->word.n_values++] = ns;
}

/* One candidate, one round. One that fails is left out from then on. */
static void run_case(struct mb_result *result, size_t case_index, const struct mb_env *env, bool keep)
{
    const struct mb_measure *measure = result->measure;
    const struct mb_case *candidate = &measure->cases[case_index];
    struct mb_run run = { .env = env, .arg = measure->arg, .variant = candidate->variant };
    double values[MB_METRICS_MAX];
    int ret;

    if (result->errors[case_index])
        return;
    for (size_t m = 0; m < MB_METRICS_MAX; m++)
        values[m] = NAN;
    ret = candidate->run(&run, values);
    for (size_t m = 0; !ret && m < measure->n_metrics; m++)
        if (isnan(values[m]))
            ret = -EIO;
    if (ret < 0) {
        result->errors[case_index] = ret;
        return;
    }
    for (size_t m = 0; keep && m < measure->n_metrics; m++) {
        struct mb_figure *figure = figure_at(result, case_index, m);

        figure->values[figure->n_values++] = values[m];
    }
}

static int result_init(struct mb_result *result, const struct mb_measure *measure, unsigned rounds)
{
    size_t n_figures = measure->n_cases * measure->n_metrics;

    memset(result, 0, sizeof *result);
    result->measure = measure;
    result->errors = calloc(measure->n_cases, sizeof *result->errors);
    result->figures = calloc(n_figures, sizeof *result->figures);
    result->word.values = calloc(rounds, sizeof(double));
    if (!result->errors || !result->figures || !result->word.values)
        return -ENOMEM;
    for (size_t i = 0; i < n_figures; i++) {
        result->figures[i].values = calloc(rounds, sizeof(double));
        if (!result->figures[i].values)
            return -ENOMEM;
    }
    return 0;
}

int mb_result_measure(struct mb_result *result, const struct mb_measure *measure, const struct mb_env *env, unsigned rounds)
{
    unsigned warm_up = measure->one_round ? 0 : 1;

    if (measure->one_round)
        rounds = 1;
    if (result_init(result, measure, rounds)) {
        mb_result_free(result);
        return -ENOMEM;
    }
    for (unsigned round = 0; round < rounds + warm_up; round++) {
        for (size_t i = 0; i < measure->n_cases; i++)
            run_case(result, i, env, round >= warm_up);
        if (round >= warm_up)
            measure_distance(result, env);
    }
    if (summarise(result)) {
        mb_result_free(result);
        return -ENOMEM;
    }
    return 0;
}

void mb_result_free(struct mb_result *result)
{
    size_t n_figures = result->measure->n_cases * result->measure->n_metrics;

    for (size_t i = 0; result->figures && i < n_figures; i++)
        free(result->figures[i].values);
    free(result->word.values);
    free(result->figures);
    free(result->errors);
    memset(result, 0, sizeof *result);
}
