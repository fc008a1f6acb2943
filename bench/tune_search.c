/* SPDX-License-Identifier: MIT */
#include "tune_search.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "offsets.h"
#include "units.h"

#define CELL_MIN_NS (20 * NS_PER_MS)
#define CELL_MAX_NS NS_PER_SECOND
#define CALIBRATIONS 3
#define IDLE_IOPS 20.0
#define NEAR 0.1 /* windows whose logarithms differ by less */
#define GROUP 6  /* so many settings share one run of the baseline in a block */
#define FINALISTS_MIN 3
#define FINAL_CELL_NS (250 * NS_PER_MS) /* more rounds than asked for, rather than longer runs than this: t is less then */
#define FINAL_ROUNDS 15
#define PRECISE 1.02      /* upper end of an interval over its lower one */
#define FACTOR 2          /* refine: so much longer and shorter than the best; */
#define FACTOR_AGAIN 1.41 /* then so much */
#define WINDOW_MIN_NS 1000
#define WINDOW_MAX_NS (2 * NS_PER_MS)

/* The part of the budget that is gone when a stage has to be over. */
static const double ends[N_STAGES] = { 0.06, 0.38, 0.53, 0.60, 1.0 };

/* The more important ones first: the last ones are left out if there is no time. */
static const struct {
    enum lariat_poll_policy policy;
    int64_t max_us; /* -1: the policy's default */
} coarse[] = {
    { LARIAT_POLL_AUTO, -1 },     { LARIAT_POLL_CLASSIC, 64 },   { LARIAT_POLL_CLASSIC, 128 }, { LARIAT_POLL_CLASSIC, 16 },
    { LARIAT_POLL_CLASSIC, 256 }, { LARIAT_POLL_WEIGHTED, 64 },  { LARIAT_POLL_CLASSIC, 32 },  { LARIAT_POLL_CLASSIC, 4 },
    { LARIAT_POLL_CLASSIC, 8 },   { LARIAT_POLL_WEIGHTED, 256 }, { LARIAT_POLL_CLASSIC, 1 },
};
#define N_COARSE (sizeof(coarse) / sizeof(coarse[0]))
#define COARSE_MIN 4 /* with polling off and the default */

struct search {
    struct tune *tune;
    const struct tune_plan *plan;
    const struct tune_runner *runner;
    struct rng rng;
    int64_t begin_ns;
    /* Since then, when the last block ended: what is decided by this clock is decided again in a search that is resumed. */
    int64_t clock_ns;
    int64_t stage_end_ns;
    int64_t length_ns, overhead_ns; /* of one entry of a block */
    enum tune_stage stage;
    unsigned set[TUNE_CONFIGS_MAX], n_set; /* what the next round runs */
    unsigned n_blocks;                     /* run so far, without calibration */
    struct tune_block block;
};

__attribute__((format(printf, 2, 3))) static void leave_out(struct tune *tune, const char *format, ...)
{
    va_list args;

    if (tune->n_left_out == TUNE_LEFT_OUT_MAX)
        return;
    va_start(args, format);
    vsnprintf(tune->left_out[tune->n_left_out++], sizeof(tune->left_out[0]), format, args);
    va_end(args);
}

static int64_t now_ns(const struct search *s)
{
    return s->runner->now_ns(s->runner->opaque) - s->begin_ns;
}

static void begin_stage(struct search *s, enum tune_stage stage)
{
    s->stage = stage;
    s->stage_end_ns = (int64_t)((double)s->plan->budget_ns * ends[stage]);
}

/* Make runs as long as so many of them may be in this time. */
static void set_length(struct search *s, double n_entries, int64_t time_ns)
{
    double length_ns = (double)time_ns / n_entries - (double)s->overhead_ns;

    s->length_ns = length_ns < (double)CELL_MIN_NS   ? CELL_MIN_NS
                   : length_ns > (double)CELL_MAX_NS ? CELL_MAX_NS
                                                     : (int64_t)length_ns;
}

/* For a stage that will run about so many settings in each scenario, all its rounds together. */
static void fit_length(struct search *s, double n_settings)
{
    set_length(s, n_settings * s->tune->n_scenarios, s->stage_end_ns - s->clock_ns);
}

/* The very first one is run in any case: of nothing there is nothing to say. */
static bool fits(const struct search *s, unsigned n_entries)
{
    return !s->n_blocks || s->clock_ns + n_entries * (s->length_ns + s->overhead_ns) <= s->stage_end_ns;
}

/* ---- sets ---- */

static bool in_set(const struct search *s, unsigned config)
{
    for (unsigned i = 0; i < s->n_set; i++)
        if (s->set[i] == config)
            return true;
    return false;
}

static void include(struct search *s, unsigned config)
{
    if (config < TUNE_CONFIGS_MAX && s->n_set < TUNE_CONFIGS_MAX && !in_set(s, config))
        s->set[s->n_set++] = config;
}

/* The same but for a window that is a bit longer or shorter: not worth the time. */
static bool nearly_same(const struct tune_config *a, const struct tune_config *b)
{
    struct tune_config stretched = *a;

    stretched.max_ns = b->max_ns;
    return tune_config_same(&stretched, b) && a->max_ns > 0 && b->max_ns > 0 &&
           fabs(log((double)a->max_ns / (double)b->max_ns)) < NEAR;
}

/* Include what there is not yet, nor anything near it. */
static void try(struct search *s, const struct tune_config *config)
{
    for (unsigned i = 0; i < s->tune->n_configs; i++)
        if (nearly_same(&s->tune->configs[i], config))
            return;
    include(s, tune_add_config(s->tune, config));
}

static void begin_set(struct search *s)
{
    s->n_set = 0;
    include(s, TUNE_OFF);
    include(s, TUNE_DEFAULT);
}

/* The best few for the objective that was asked for, and the best for each other one. */
static void include_best(struct search *s, unsigned n_primary, unsigned n_others)
{
    unsigned order[TUNE_CONFIGS_MAX];

    for (unsigned i = 0; i < N_OBJECTIVES; i++) {
        enum tune_objective objective = (enum tune_objective)((s->plan->objective + i) % N_OBJECTIVES);
        unsigned n = tune_rank(s->tune, objective, order), wanted = i ? n_others : n_primary;

        for (unsigned j = 0; j < n && j < wanted; j++)
            include(s, order[j]);
    }
}

/* ---- blocks ---- */

static void shuffle(struct search *s, unsigned list[], unsigned n)
{
    for (unsigned i = n; i > 1; i--) {
        unsigned j = (unsigned)rng_below(&s->rng, i), other = list[i - 1];

        list[i - 1] = list[j];
        list[j] = other;
    }
}

/* All of the set in random order, and among each few of them the baseline, also at random. */
static void order_block(struct search *s)
{
    struct tune_block *block = &s->block;
    unsigned others[TUNE_CONFIGS_MAX], n = 0;

    for (unsigned i = 0; i < s->n_set; i++)
        if (s->set[i] != TUNE_OFF)
            others[n++] = s->set[i];
    shuffle(s, others, n);
    block->n = 0;
    for (unsigned from = 0; from < n; from += GROUP) {
        unsigned size = n - from < GROUP ? n - from : GROUP;
        unsigned at = (unsigned)rng_below(&s->rng, size + 1);

        for (unsigned i = 0; i <= size; i++)
            block->entries[block->n++].config = i == at ? TUNE_OFF : others[from + i - (i > at)];
    }
}

static unsigned block_size(const struct search *s)
{
    return s->n_set - 1 + (s->n_set - 2) / GROUP + 1;
}

static void show(const struct search *s)
{
    double done = (double)now_ns(s) / (double)s->plan->budget_ns;

    if (s->runner->progress)
        s->runner->progress(s->runner->opaque, s->stage, done < 1 ? done : 1);
}

/* Run the block, or remember it. Its samples are not counted yet. */
static int fill_block(struct search *s, unsigned round, unsigned scenario)
{
    const struct tune_runner *runner = s->runner;
    struct tune_block *block = &s->block;
    uint64_t seed = s->plan->seed ^ ((uint64_t)round * TUNE_SCENARIOS_MAX + scenario + 1);
    int64_t begin_ns = now_ns(s);
    int rc = 0;

    block->stage = s->stage;
    block->round = round;
    block->scenario = scenario;
    block->seed = splitmix64(&seed);
    block->length_ns = s->length_ns;
    if (runner->recall && runner->recall(runner->opaque, s->tune, block)) {
        s->clock_ns = block->end_ns;
        return 0;
    }
    for (unsigned i = 0; i < block->n && !rc; i++) {
        show(s);
        rc = runner->run(runner->opaque, s->tune, block, &block->entries[i]);
    }
    block->end_ns = s->clock_ns = now_ns(s);
    block->took_ns = block->end_ns - begin_ns;
    return rc || !runner->keep ? rc : runner->keep(runner->opaque, s->tune, block);
}

static int run_block(struct search *s, unsigned round, unsigned scenario)
{
    struct tune_block *block = &s->block;
    int rc;

    order_block(s);
    s->n_blocks++;
    rc = fill_block(s, round, scenario);
    for (unsigned i = 0; i < block->n && !rc; i++) {
        block->entries[i].sample.round = round;
        rc = tune_add_sample(s->tune, block->entries[i].config, scenario, &block->entries[i].sample,
                             &block->entries[i].latencies);
    }
    return rc;
}

/* The set in each scenario. 0; -ETIME: there was no time for all of it; or as the runner has it. */
static int run_round(struct search *s)
{
    struct tune *tune = s->tune;
    unsigned round = tune->n_rounds, n_run = 0;
    int rc = 0;

    if (round == TUNE_ROUNDS_MAX)
        return -ETIME;
    tune->rounds[round] = (struct tune_round){ s->stage, false };
    for (unsigned i = 0; i < tune->n_scenarios && !rc; i++) {
        rc = fits(s, block_size(s)) ? run_block(s, round, i) : -ETIME;
        n_run += !rc;
    }
    if (n_run)
        tune->n_rounds = round + 1;
    tune->rounds[round].complete = !rc;
    return rc;
}

/* ---- calibrate ---- */

static void set_rates(struct tune *tune, uint64_t depth, double most)
{
    for (unsigned i = 0; i < tune->n_scenarios; i++) {
        struct tune_scenario *scenario = &tune->scenarios[i];

        if (scenario->depth != depth || scenario->percent == 100)
            continue;
        scenario->iops = scenario->percent ? most * scenario->percent / 100 : fmin(IDLE_IOPS, most / 10);
    }
}

/* Polling off three times, at full load: the median of them is what this depth can do. */
static int calibrate_depth(struct search *s, unsigned scenario)
{
    struct tune_block *block = &s->block;
    double rates[CALIBRATIONS], most;
    int rc;

    block->n = CALIBRATIONS;
    for (unsigned i = 0; i < block->n; i++)
        block->entries[i].config = TUNE_OFF;
    rc = fill_block(s, 0, scenario);
    if (rc)
        return rc;
    for (unsigned i = 0; i < block->n; i++)
        rates[i] = block->entries[i].sample.iops;
    most = tune_median(rates, block->n);
    s->overhead_ns = block->took_ns / block->n - block->length_ns;
    if (s->overhead_ns < 0)
        s->overhead_ns = 0;
    if (!(most > 0))
        return -ENODATA;
    set_rates(s->tune, s->tune->scenarios[scenario].depth, most);
    return 0;
}

static int calibrate(struct search *s)
{
    const struct tune *tune = s->tune;
    int64_t share_ns = (int64_t)((double)s->plan->budget_ns * ends[STAGE_CALIBRATE] / CALIBRATIONS / tune->n_scenarios);
    int rc = 0;

    begin_stage(s, STAGE_CALIBRATE);
    s->length_ns = share_ns < CELL_MIN_NS ? CELL_MIN_NS : share_ns > CELL_MAX_NS ? CELL_MAX_NS : share_ns;
    for (unsigned i = 0; i < tune->n_scenarios && !rc; i++)
        if (!i || tune->scenarios[i].depth != tune->scenarios[i - 1].depth)
            rc = calibrate_depth(s, i);
    return rc;
}

/* ---- the stages ---- */

static int run_coarse(struct search *s)
{
    struct tune *tune = s->tune;
    int64_t left_ns;
    unsigned n_fit, n_all;
    int rc;

    begin_set(s);
    for (size_t i = 0; i < N_COARSE; i++) {
        struct tune_config config =
            tune_config_of(coarse[i].policy, coarse[i].max_us < 0 ? -1 : coarse[i].max_us * NS_PER_US);

        try(s, &config);
    }
    begin_stage(s, STAGE_COARSE);
    n_all = s->n_set;
    fit_length(s, 1.7 * n_all + 5);
    left_ns = s->stage_end_ns - s->clock_ns;
    n_fit = left_ns > 0 ? (unsigned)(left_ns / (tune->n_scenarios * (s->length_ns + s->overhead_ns))) : 0;
    n_fit -= n_fit / (GROUP + 1); /* the baseline comes several times */
    if (n_fit < n_all)
        s->n_set = n_fit < COARSE_MIN ? COARSE_MIN : n_fit;
    if (s->n_set < n_all)
        leave_out(tune, "coarse search: %u of %u settings", n_all - s->n_set, n_all);
    rc = run_round(s);
    if (!rc) {
        unsigned half = (s->n_set + 1) / 2;

        begin_set(s);
        include_best(s, half, 2);
        rc = run_round(s);
        if (rc == -ETIME)
            leave_out(tune, "coarse search: the second round");
    } else if (rc == -ETIME) {
        leave_out(tune, "coarse search: some of the loads or depths");
    }
    return rc;
}

/* What is `factor` times as long, or as short. */
static void include_neighbours(struct search *s, unsigned config, double factor)
{
    const struct tune_config *from = &s->tune->configs[config];
    const double lengths[] = { (double)from->max_ns * factor, (double)from->max_ns / factor };

    for (unsigned i = 0; i < 2; i++) {
        struct tune_config near = *from;

        near.max_ns = (int64_t)(lengths[i] / 1000 + 0.5) * 1000;
        if (near.max_ns >= WINDOW_MIN_NS && near.max_ns <= WINDOW_MAX_NS)
            try(s, &near);
    }
}

/* The best so far, and what lies beside them. False: nothing new does. */
static bool make_refined_set(struct search *s, bool first)
{
    unsigned best[TUNE_CONFIGS_MAX], n_best, n;

    s->n_set = 0;
    include_best(s, first ? 2 : 1, first ? 1 : 0);
    n_best = s->n_set;
    memcpy(best, s->set, sizeof(best));
    begin_set(s);
    for (unsigned i = 0; i < n_best; i++)
        include(s, best[i]);
    n = s->n_set;
    for (unsigned i = 0; i < n_best; i++)
        include_neighbours(s, best[i], first ? FACTOR : FACTOR_AGAIN);
    return s->n_set > n;
}

static int run_refine(struct search *s)
{
    int rc = 0;

    begin_stage(s, STAGE_REFINE);
    fit_length(s, 18);
    for (unsigned pass = 0; pass < 2 && !rc; pass++) {
        if (!make_refined_set(s, !pass))
            continue;
        rc = run_round(s);
        if (rc == -ETIME)
            leave_out(s->tune, "refined search: windows %s as long as the best",
                      pass ? "0.7 and 1.4 times" : "half and twice");
    }
    return rc;
}

static int run_shape(struct search *s)
{
    static const struct {
        int64_t grow, shrink, weight;
    } shapes[] = { { 0, 4, 0 }, { 4, 0, 0 }, { 0, 0, 1 }, { 0, 0, 6 }, { 4, 2, 0 } };
    unsigned order[TUNE_CONFIGS_MAX], n = tune_rank(s->tune, s->plan->objective, order);
    int rc;

    begin_stage(s, STAGE_SHAPE);
    fit_length(s, 9);
    while (n && (s->tune->configs[order[0]].policy == LARIAT_POLL_AUTO || order[0] == TUNE_OFF)) /* it has none of them */
        memmove(order, order + 1, --n * sizeof(order[0]));
    if (!n)
        return 0;
    begin_set(s);
    include(s, order[0]);
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        struct tune_config config = s->tune->configs[order[0]];

        config.grow = shapes[i].grow;
        config.shrink = shapes[i].shrink;
        config.weight = shapes[i].weight;
        include(s, tune_add_config(s->tune, &config));
    }
    rc = run_round(s);
    if (rc == -ETIME)
        leave_out(s->tune, "grow, shrink and weight");
    return rc;
}

/* ---- the last one ---- */

/*
 * For QEMU, which has no policy auto, the best of the others is wanted too; and the best without its grow, shrink and weight, which
 * is to be preferred if it is as good.
 */
static void include_alternatives(struct search *s)
{
    unsigned order[TUNE_CONFIGS_MAX], n = tune_rank(s->tune, s->plan->objective, order);

    if (n) {
        const struct tune_config *best = &s->tune->configs[order[0]], plain = tune_config_of(best->policy, best->max_ns);

        include(s, tune_find_config(s->tune, &plain));
    }
    for (unsigned i = 0; i < n; i++)
        if (s->tune->configs[order[i]].policy != LARIAT_POLL_AUTO) {
            include(s, order[i]);
            return;
        }
}

static bool is_precise(const struct search *s)
{
    double logs[TUNE_ROUNDS_MAX];

    for (unsigned i = 0; i < s->n_set; i++) {
        struct interval_of_ratio interval;

        if (s->set[i] == TUNE_DEFAULT)
            continue;
        interval =
            tune_ratio_interval(logs, tune_logs(s->tune, s->plan->objective, s->set[i], TUNE_DEFAULT, -1, true, logs), 0.95);
        if (!(interval.high < PRECISE * interval.low))
            return false;
    }
    return tune_count_unsteady(s->tune) == 0;
}

/* How many rounds the time left is meant for. */
static unsigned final_rounds(const struct search *s, int64_t left_ns)
{
    double round_ns = (double)block_size(s) * s->tune->n_scenarios * (double)(FINAL_CELL_NS + s->overhead_ns);
    double n = (double)left_ns / round_ns;

    return n < s->plan->repeats ? s->plan->repeats : n > FINAL_ROUNDS ? FINAL_ROUNDS : (unsigned)n;
}

static int run_final(struct search *s)
{
    struct tune *tune = s->tune;
    unsigned n_done = 0;
    int rc = 0;

    begin_stage(s, STAGE_FINAL);
    int64_t left_ns = (s->stage_end_ns - s->clock_ns) / 20 * 19,
            least_ns = tune->n_scenarios * (CELL_MIN_NS + s->overhead_ns);

    while (!s->plan->n_candidates && s->n_set > FINALISTS_MIN && s->n_set * s->plan->repeats * least_ns > left_ns)
        s->n_set--;
    memcpy(tune->finalists, s->set, sizeof(tune->finalists));
    tune->n_finalists = s->n_set;
    set_length(s, (double)block_size(s) * tune->n_scenarios * final_rounds(s, left_ns), left_ns);
    while (!rc && (n_done < s->plan->repeats || !is_precise(s))) {
        rc = run_round(s);
        n_done += !rc;
    }
    if (rc == -ETIME && n_done < s->plan->repeats)
        leave_out(tune, "%u of %u repeats of the last stage", s->plan->repeats - n_done, s->plan->repeats);
    return rc;
}

static int run_stages(struct search *s)
{
    const struct tune_plan *plan = s->plan;
    int rc = calibrate(s);

    if (rc)
        return rc;
    if (plan->n_candidates) {
        begin_set(s);
        for (unsigned i = 0; i < plan->n_candidates; i++)
            include(s, tune_add_config(s->tune, &plan->candidates[i]));
        return run_final(s);
    }
    rc = run_coarse(s);
    if (!rc || rc == -ETIME)
        rc = run_refine(s);
    if (!rc || rc == -ETIME)
        rc = run_shape(s);
    if (rc && rc != -ETIME)
        return rc;
    begin_set(s);
    include_best(s, 2, 1);
    include_alternatives(s);
    return run_final(s);
}

int tune_search(struct tune *tune, const struct tune_plan *plan, const struct tune_runner *runner)
{
    struct search *s = calloc(1, sizeof(*s));
    int rc = -ENOMEM;

    if (s)
        s->block.entries = calloc(TUNE_BLOCK_MAX, sizeof(*s->block.entries));
    if (s && s->block.entries) {
        s->tune = tune;
        s->plan = plan;
        s->runner = runner;
        rng_init(&s->rng, plan->seed);
        s->begin_ns = runner->now_ns(runner->opaque);
        rc = run_stages(s);
        tune->interrupted = rc == -EINTR;
    }
    if (s)
        free(s->block.entries);
    free(s);
    return rc == -ETIME || rc == -EINTR ? 0 : rc;
}
