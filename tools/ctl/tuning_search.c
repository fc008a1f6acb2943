/* SPDX-License-Identifier: MIT */
#include "tuning_search.h"

#include <stdlib.h>
#include <string.h>

#define US INT64_C(1000)
#define MS INT64_C(1000000)
#define SLOT_MIN_NS (30 * MS)
#define SLOT_MAX_NS (1000 * MS)
#define FINAL_SLOT_NS (250 * MS) /* more rounds rather than longer slots than this: intervals get narrower by their number */
#define FINAL_ROUNDS 40
#define GROUP 3 /* so many settings share one slot of the old one */
#define FINALISTS 3
#define COARSE_END 0.35 /* the part of the budget that is gone then */
#define SHAPE_END 0.50
#define FACTOR_GROW 4
#define LEAST_BUDGET_NS (1000 * MS)

/* The more important ones first: the last ones are left out if there is no time. */
static const struct {
    enum lariat_poll_policy policy;
    int64_t max_us; /* -1: the policy's default */
} coarse[] = {
    { LARIAT_POLL_CLASSIC, 0 },    { LARIAT_POLL_AUTO, -1 },     { LARIAT_POLL_CLASSIC, 64 }, { LARIAT_POLL_CLASSIC, 128 },
    { LARIAT_POLL_CLASSIC, 256 },  { LARIAT_POLL_CLASSIC, 32 },  { LARIAT_POLL_CLASSIC, 16 }, { LARIAT_POLL_WEIGHTED, 128 },
    { LARIAT_POLL_WEIGHTED, 512 }, { LARIAT_POLL_WEIGHTED, 32 }, { LARIAT_POLL_CLASSIC, 8 },
};
#define N_COARSE (sizeof(coarse) / sizeof(coarse[0]))

struct search {
    struct tuning *tuning;
    const struct tuning_plan *plan;
    const struct tuning_runner *runner;
    unsigned short random[3];
    int64_t begin_ns, length_ns;
    enum tuning_stage stage;
    unsigned set[TUNING_SETTINGS_MAX], n_set; /* what the next round runs beside the old setting */
};

static int64_t since_begin_ns(const struct search *s)
{
    return s->runner->now_ns(s->runner->opaque) - s->begin_ns;
}

static int64_t left_until_ns(const struct search *s, double part)
{
    return (int64_t)((double)s->plan->budget_ns * part) - since_begin_ns(s);
}

/* Of a round of so many settings: each block has one of the old one. */
static unsigned n_slots_of(unsigned n_set)
{
    return n_set + (n_set + GROUP - 1) / GROUP;
}

/* Make slots as long as so many of them may be in this time. */
static void fit_length(struct search *s, int64_t time_ns, unsigned n_slots)
{
    int64_t length_ns = time_ns / n_slots;

    s->length_ns = length_ns < SLOT_MIN_NS ? SLOT_MIN_NS : length_ns > SLOT_MAX_NS ? SLOT_MAX_NS : length_ns;
}

/* ---- rounds ---- */

static void include(struct search *s, unsigned setting)
{
    if (setting == TUNING_OLD || setting == TUNING_SETTINGS_MAX)
        return;
    for (unsigned i = 0; i < s->n_set; i++)
        if (s->set[i] == setting)
            return;
    s->set[s->n_set++] = setting;
}

static void include_best(struct search *s, unsigned n)
{
    unsigned order[TUNING_SETTINGS_MAX], n_ranked = tuning_rank(s->tuning, order);

    for (unsigned i = 0; i < n && i < n_ranked; i++)
        include(s, order[i]);
}

static unsigned random_below(struct search *s, size_t n)
{
    return (unsigned)((size_t)nrand48(s->random) % n);
}

static void shuffle(struct search *s)
{
    for (unsigned i = s->n_set; i > 1; i--) {
        unsigned other = random_below(s, i), setting = s->set[i - 1];

        s->set[i - 1] = s->set[other];
        s->set[other] = setting;
    }
}

static int run_slot(struct search *s, unsigned setting)
{
    const struct tuning_runner *runner = s->runner;
    struct tuning_slot slot = { .setting = setting, .block = s->tuning->n_blocks, .stage = s->stage };
    int rc;

    runner->progress(runner->opaque, (double)since_begin_ns(s) / (double)s->plan->budget_ns);
    rc = runner->run(runner->opaque, &s->tuning->settings[setting], s->length_ns, &slot.figures);
    if (!rc)
        tuning_add_slot(s->tuning, &slot);
    return rc;
}

/* n settings, and the old one at a random place among them. */
static int run_block(struct search *s, const unsigned settings[], unsigned n)
{
    unsigned place = random_below(s, n + 1);
    int rc = 0;

    for (unsigned i = 0; i <= n && !rc; i++)
        rc = run_slot(s, i == place ? TUNING_OLD : settings[i - (i > place)]);
    s->tuning->n_blocks++;
    return rc;
}

static int run_round(struct search *s)
{
    int rc = 0;

    shuffle(s);
    for (unsigned from = 0; from < s->n_set && !rc; from += GROUP)
        rc = run_block(s, s->set + from, s->n_set - from < GROUP ? s->n_set - from : GROUP);
    s->tuning->n_rounds++;
    return rc;
}

/* ---- stages ---- */

static int run_coarse(struct search *s)
{
    int64_t time_ns = left_until_ns(s, COARSE_END);
    unsigned half;
    int rc;

    s->stage = TUNING_COARSE;
    for (size_t i = 0; i < N_COARSE; i++) {
        struct tune_config config = tune_config_of(coarse[i].policy, coarse[i].max_us < 0 ? -1 : coarse[i].max_us * US);

        include(s, tuning_add_setting(s->tuning, &config));
    }
    while (s->n_set > FINALISTS && n_slots_of(s->n_set) * SLOT_MIN_NS > time_ns) {
        s->n_set--;
        s->tuning->n_left_out++;
    }
    half = (s->n_set + 1) / 2;
    fit_length(s, time_ns, n_slots_of(s->n_set) + n_slots_of(half));
    rc = run_round(s);
    if (rc || left_until_ns(s, COARSE_END) < n_slots_of(half) * s->length_ns)
        return rc;
    s->n_set = 0;
    include_best(s, half);
    return run_round(s);
}

/* The best that has them, with others of these parameters. auto has none, and neither has a loop that does not spin. */
static void include_shapes(struct search *s)
{
    unsigned order[TUNING_SETTINGS_MAX], n = tuning_rank(s->tuning, order), i = 0;
    struct tuning *tuning = s->tuning;

    while (i < n && (tuning->settings[order[i]].policy == LARIAT_POLL_AUTO || !tuning->settings[order[i]].max_ns))
        i++;
    if (i == n)
        return;
    const struct tune_config best = tuning->settings[order[i]];
    struct tune_config grown = best, shrunk = best, quick = best, slow = best;

    grown.grow = FACTOR_GROW;
    shrunk.shrink = best.policy == LARIAT_POLL_CLASSIC ? 2 : 4;
    quick.weight = 1;
    slow.weight = 6;
    include(s, order[i]);
    include(s, tuning_add_setting(tuning, &grown));
    include(s, tuning_add_setting(tuning, &shrunk));
    include(s, tuning_add_setting(tuning, &quick)); /* under classic these two are the best itself */
    include(s, tuning_add_setting(tuning, &slow));
}

static int run_shape(struct search *s)
{
    s->stage = TUNING_SHAPE;
    s->n_set = 0;
    include_shapes(s);
    if (!s->n_set || left_until_ns(s, SHAPE_END) < n_slots_of(s->n_set) * SLOT_MIN_NS)
        return 0;
    fit_length(s, left_until_ns(s, SHAPE_END), n_slots_of(s->n_set));
    return run_round(s);
}

static int run_final(struct search *s)
{
    unsigned n_slots = n_slots_of(s->n_set), n_done = 0;
    int64_t left_ns = left_until_ns(s, 1), n_rounds = left_ns / (n_slots * FINAL_SLOT_NS), took_ns = 0;
    int rc = 0;

    s->stage = TUNING_FINAL;
    s->tuning->n_finalists = s->n_set;
    n_rounds = n_rounds < TUNING_ROUNDS_MIN ? TUNING_ROUNDS_MIN : n_rounds > FINAL_ROUNDS ? FINAL_ROUNDS : n_rounds;
    fit_length(s, left_ns, (unsigned)n_rounds * n_slots);
    while (!rc && (n_done < TUNING_ROUNDS_MIN || (n_done < TUNE_VALUES_MAX && left_until_ns(s, 1) >= took_ns))) {
        int64_t begin_ns = since_begin_ns(s);

        rc = run_round(s);
        took_ns = since_begin_ns(s) - begin_ns;
        n_done++;
    }
    return rc;
}

int64_t tuning_least_budget_ns(const struct tuning_plan *plan)
{
    int64_t least_ns = TUNING_ROUNDS_MIN * n_slots_of(plan->n_candidates) * SLOT_MIN_NS;

    return least_ns < LEAST_BUDGET_NS ? LEAST_BUDGET_NS : least_ns;
}

int tuning_search(struct tuning *tuning, const struct tuning_plan *plan, const struct tuning_runner *runner)
{
    struct search s = { .tuning = tuning, .plan = plan, .runner = runner };
    int rc = 0;

    tuning->objective = plan->objective;
    for (unsigned i = 0; i < 3; i++)
        s.random[i] = (unsigned short)(plan->seed >> (16 * i));
    s.begin_ns = runner->now_ns(runner->opaque);
    for (unsigned i = 0; i < plan->n_candidates; i++)
        include(&s, tuning_add_setting(tuning, &plan->candidates[i]));
    if (!plan->n_candidates) {
        rc = run_coarse(&s);
        if (!rc)
            rc = run_shape(&s);
        s.n_set = 0;
        include_best(&s, FINALISTS);
    }
    return rc || !s.n_set ? rc : run_final(&s);
}
