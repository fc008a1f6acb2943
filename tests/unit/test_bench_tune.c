/* SPDX-License-Identifier: MIT */
/* lariat-bench tune: settings by name, the search and the verdict, on machines that are made up. */
#include "support.h"

#include <errno.h>
#include <math.h>

#include "tune_search.h"
#include "tune_verdict.h"

/* ---- a machine ---- */

struct world {
    bool flat;    /* settings make no difference */
    double noise; /* standard deviation of the logarithm */
    double drift; /* of all, per second */
    int64_t time_ns;
    uint64_t state;
    unsigned n_runs;
    struct tune_block *memory; /* what was run; NULL: it is not to be remembered */
    unsigned n_memory;
    unsigned stop_after; /* runs; 0: never */
    unsigned fail_after;
    unsigned miss_below_us; /* windows shorter than this miss 80 % load, unless polling is off */
};

static double normal(uint64_t *state)
{
    double u = ((double)(test_random(state) >> 11) + 0.5) / 9007199254740992.0;
    double v = ((double)(test_random(state) >> 11) + 0.5) / 9007199254740992.0;

    return sqrt(-2 * log(u)) * cos(2 * M_PI * v);
}

/*
 * I/Os take 50 us, or 80 if the loop sleeps meanwhile. Most are caught by windows of 60 us; beyond 120 us spinning disturbs. The policy auto
 * is near the best; the CPU time is what is spun.
 */
static void respond(const struct tune_config *config, double *latency_us, double *cpu_us)
{
    double us = (double)config->max_ns / 1000, caught;

    if (config->policy == LARIAT_POLL_AUTO)
        us = 70;
    caught = us > 0 ? 1 / (1 + exp(-8 * log(us / 55))) : 0;
    *latency_us = 80 - 30 * caught + (us > 120 ? (us - 120) * 0.2 : 0);
    *cpu_us = 28 + 0.1 * us + (config->policy == LARIAT_POLL_WEIGHTED ? 2 : 0);
}

static int run(void *opaque, const struct tune *tune, const struct tune_block *block, struct tune_entry *entry)
{
    struct world *world = opaque;
    const struct tune_scenario *scenario = &tune->scenarios[block->scenario];
    const struct tune_config *config = &tune->configs[entry->config];
    double latency_us = 70, cpu_us = 40, factor;

    if (world->stop_after && world->n_runs == world->stop_after)
        return -EINTR;
    if (world->fail_after && world->n_runs == world->fail_after)
        return -EIO;
    world->n_runs++;
    world->time_ns += block->length_ns + 5000000;
    if (!world->flat)
        respond(config, &latency_us, &cpu_us);
    factor = exp(world->drift * (double)world->time_ns / 1e9);
    latency_us *= factor * exp(world->noise * normal(&world->state));
    cpu_us *= factor * exp(world->noise * normal(&world->state));
    entry->sample = (struct tune_sample){
        .iops = (double)scenario->depth * 1e6 / latency_us,
        .latency_ns = 1000 * latency_us,
        .p50_ns = 900 * latency_us,
        .p99_ns = 2000 * latency_us,
        .cpu_ns_per_io = 1000 * cpu_us,
        .cpu_percent = scenario->percent ? 100 * cpu_us / latency_us : 0.1,
        .missed = scenario->percent == 80 && config->max_ns > 0 && config->max_ns < world->miss_below_us * 1000,
    };
    lariat_histogram_init(&entry->latencies);
    lariat_histogram_add(&entry->latencies, (int64_t)(1000 * latency_us));
    return 0;
}

static int64_t now_ns(void *opaque)
{
    return ((struct world *)opaque)->time_ns;
}

#define MEMORY_MAX 400

static int keep(void *opaque, const struct tune *t, const struct tune_block *block)
{
    struct world *world = opaque;

    ck_assert_uint_lt(block->scenario, t->n_scenarios);
    ck_assert_int_gt(block->took_ns, 0);
    if (world->memory) {
        struct tune_block *copy = &world->memory[world->n_memory++];

        ck_assert_uint_lt(world->n_memory, MEMORY_MAX);
        *copy = *block;
        copy->entries = malloc(block->n * sizeof(*copy->entries));
        ck_assert_ptr_nonnull(copy->entries);
        memcpy(copy->entries, block->entries, block->n * sizeof(*copy->entries));
    }
    return 0;
}

/* As --resume does, but from memory. */
static bool recall(void *opaque, const struct tune *t, struct tune_block *block)
{
    struct world *world = opaque;

    ck_assert_uint_lt(block->scenario, t->n_scenarios);
    for (unsigned i = 0; i < world->n_memory; i++) {
        const struct tune_block *old = &world->memory[i];
        struct tune_entry *entries = block->entries;

        if (old->stage != block->stage || old->round != block->round || old->scenario != block->scenario ||
            old->n != block->n)
            continue;
        for (unsigned j = 0; j < block->n; j++)
            ck_assert_uint_eq(entries[j].config, old->entries[j].config);
        memcpy(entries, old->entries, block->n * sizeof(*entries));
        *block = *old;
        block->entries = entries;
        world->time_ns = old->end_ns;
        return true;
    }
    return false;
}

static struct tune tune;
static struct tune_verdict verdict;

static int search(struct world *world, const struct tune_plan *plan, unsigned n_depths)
{
    static const unsigned loads[] = { 100, 80, 50, 10, 0 };
    const struct tune_runner runner = { world, run, recall, keep, now_ns, NULL };
    struct tune_config current = tune_config_of(LARIAT_POLL_CLASSIC, -1);
    int rc;

    ck_assert_int_eq(tune_init(&tune, &current), 0);
    for (unsigned i = 0; i < n_depths; i++)
        for (unsigned j = 0; j < TUNE_LOADS; j++)
            tune_add_scenario(&tune, 1 + 7 * i, loads[j]);
    rc = tune_search(&tune, plan, &runner);
    tune_judge(&tune, &verdict);
    return rc;
}

static struct tune_plan plan_of(enum tune_objective objective, int64_t seconds)
{
    return (struct tune_plan){ .objective = objective, .budget_ns = seconds * 1000000000, .repeats = 5, .seed = 1 };
}

/* What the machine would give without noise. */
static double true_cost(enum tune_objective objective, const struct tune_config *config)
{
    double latency_us, cpu_us;

    respond(config, &latency_us, &cpu_us);
    return objective == OBJECTIVE_LATENCY      ? latency_us
           : objective == OBJECTIVE_EFFICIENCY ? cpu_us
                                               : sqrt(latency_us * cpu_us);
}

/* ---- the search ---- */

START_TEST(it_finds_the_best_setting_in_noise_and_drift)
{
    enum tune_objective objective = (enum tune_objective)(_i % N_OBJECTIVES);
    struct world world = { .noise = 0.05, .drift = 0.002, .state = 7 + (uint64_t)_i };
    struct tune_plan plan = plan_of(objective, 180);
    const struct tune_pick *pick = &verdict.picks[objective];
    double best = INFINITY;

    plan.seed = 100 + (uint64_t)_i;
    ck_assert_int_eq(search(&world, &plan, 1), 0);
    for (int64_t us = 0; us < 400; us++) {
        struct tune_config config = tune_config_of(LARIAT_POLL_CLASSIC, us * 1000);

        best = fmin(best, true_cost(objective, &config));
    }
    ck_assert_int_eq(pick->reason, REASON_BETTER);
    ck_assert_double_lt(true_cost(objective, &tune.configs[pick->config]), 1.05 * best);
    ck_assert_double_gt(pick->gain.low, 1);
    ck_assert(!verdict.preliminary);
    ck_assert_uint_eq(tune.n_left_out, 0);
    ck_assert(tune.configs[pick->for_qemu].policy != LARIAT_POLL_AUTO);
    ck_assert_int_le(world.time_ns, plan.budget_ns);
    tune_free(&tune);
}
END_TEST

/* Was a setting of this policy tried, or of this grow, with a window in that range? */
static bool tried(enum lariat_poll_policy policy, int64_t grow, int64_t min_ns, int64_t max_ns)
{
    for (unsigned i = 0; i < tune.n_configs; i++)
        if (tune.configs[i].policy == policy && tune.configs[i].grow == grow && tune.configs[i].max_ns >= min_ns &&
            tune.configs[i].max_ns <= max_ns)
            return true;
    return false;
}

START_TEST(it_looks_near_the_best_and_at_its_grow_and_shrink)
{
    struct world world = { .noise = 0.01, .state = 3 };
    struct tune_plan plan = plan_of(OBJECTIVE_LATENCY, 180);
    bool finalists[TUNE_CONFIGS_MAX] = { false };

    ck_assert_int_eq(search(&world, &plan, 1), 0);
    for (unsigned i = 0; i < tune.n_finalists; i++)
        finalists[tune.finalists[i]] = true;
    ck_assert(finalists[TUNE_OFF] && finalists[TUNE_DEFAULT]);
    ck_assert(finalists[verdict.picks[OBJECTIVE_LATENCY].config]);
    ck_assert(tried(LARIAT_POLL_CLASSIC, 0, 80000, 110000));
    ck_assert(tried(LARIAT_POLL_CLASSIC, 4, 0, INT64_MAX) || tried(LARIAT_POLL_WEIGHTED, 4, 0, INT64_MAX));
    tune_free(&tune);
}
END_TEST

/* An interval is wrong in 1 of 20; 40 made-up machines may have five such, seldom. */
START_TEST(where_there_is_only_noise_it_keeps_the_default)
{
    unsigned wrong = 0;

    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct world world = { .flat = true, .noise = 0.08, .state = seed };
        struct tune_plan plan = plan_of(OBJECTIVE_BALANCED, 60);

        plan.seed = seed;
        ck_assert_int_eq(search(&world, &plan, 1), 0);
        const struct tune_pick *pick = &verdict.picks[OBJECTIVE_BALANCED];

        ck_assert(pick->reason == REASON_SAME || pick->reason == REASON_BETTER);
        if (pick->reason == REASON_SAME)
            ck_assert_uint_eq(pick->config, TUNE_DEFAULT);
        wrong += pick->reason != REASON_SAME;
        tune_free(&tune);
    }
    ck_assert_uint_le(wrong, 5);
}
END_TEST

START_TEST(the_budget_is_kept_and_what_it_left_out_is_told)
{
    static const int64_t seconds[] = { 1, 3, 10, 30, 180 };
    struct world world = { .noise = 0.03, .state = 3 };
    struct tune_plan plan = plan_of(OBJECTIVE_LATENCY, seconds[_i]);

    ck_assert_int_eq(search(&world, &plan, 3), 0);
    ck_assert_int_le(world.time_ns, plan.budget_ns + 300000000); /* a calibration and one block may not fit in 1 s */
    ck_assert(seconds[_i] >= 30 || tune.n_left_out > 0);
    tune_free(&tune);
}
END_TEST

START_TEST(candidates_are_compared_and_nothing_else)
{
    const struct tune_config candidates[] = { tune_config_of(LARIAT_POLL_CLASSIC, 16000),
                                              tune_config_of(LARIAT_POLL_AUTO, -1) };
    struct world world = { .noise = 0.02, .state = 5 };
    struct tune_plan plan = plan_of(OBJECTIVE_LATENCY, 20);

    plan.candidates = candidates;
    plan.n_candidates = 2;
    plan.repeats = 7;
    ck_assert_int_eq(search(&world, &plan, 1), 0);
    ck_assert_uint_eq(tune.n_configs, 4);
    ck_assert_uint_eq(tune.n_finalists, 4);
    ck_assert_uint_ge(tune_cell(&tune, 2, 0)->n, 7);
    ck_assert_int_eq(tune.configs[verdict.picks[OBJECTIVE_LATENCY].config].policy, LARIAT_POLL_AUTO);
    tune_free(&tune);
}
END_TEST

START_TEST(an_interrupt_gives_what_is_known_so_far)
{
    struct world world = { .noise = 0.02, .state = 5, .stop_after = 10 + 50 * (unsigned)_i };
    struct tune_plan plan = plan_of(OBJECTIVE_LATENCY, 60);

    ck_assert_int_eq(search(&world, &plan, 1), 0);
    ck_assert(tune.interrupted);
    ck_assert(verdict.preliminary);
    if (_i == 0)
        ck_assert_int_eq(verdict.picks[OBJECTIVE_LATENCY].reason, REASON_TOO_LITTLE);
    tune_free(&tune);
}
END_TEST

/* Interrupted after so many runs, and again begun with what was kept: as if nothing had happened. */
START_TEST(a_search_that_is_resumed_runs_only_what_is_missing)
{
    struct world world = { .noise = 0.02, .state = 5, .stop_after = _i ? 150 : 0 };
    struct tune_plan plan = plan_of(OBJECTIVE_LATENCY, 60);
    unsigned n_runs = 0, n_memory = 0, picks[2] = { 0 };

    world.memory = calloc(MEMORY_MAX, sizeof(*world.memory));
    ck_assert_ptr_nonnull(world.memory);
    for (unsigned i = 0; i < 2; i++) {
        n_runs = world.n_runs;
        n_memory = world.n_memory;
        ck_assert_int_eq(search(&world, &plan, 1), 0);
        ck_assert_int_eq(tune.interrupted, world.stop_after && !i);
        picks[i] = verdict.picks[OBJECTIVE_LATENCY].config;
        tune_free(&tune);
        world.stop_after = 0;
        world.time_ns = 0;
    }
    if (_i)
        ck_assert(n_memory > 0 && world.n_memory > n_memory && world.n_runs > n_runs);
    else
        ck_assert(world.n_memory == n_memory && world.n_runs == n_runs && picks[0] == picks[1]);
    for (unsigned i = 0; i < world.n_memory; i++)
        free(world.memory[i].entries);
    free(world.memory);
}
END_TEST

START_TEST(a_failure_ends_the_search)
{
    struct world world = { .fail_after = 100, .state = 5 };
    struct tune_plan plan = plan_of(OBJECTIVE_LATENCY, 60);

    ck_assert_int_eq(search(&world, &plan, 1), -EIO);
    tune_free(&tune);
}
END_TEST

START_TEST(settings_that_miss_their_rate_or_a_limit_are_not_recommended)
{
    struct world world = { .noise = 0.02, .state = 9, .miss_below_us = 200 };
    struct tune_plan plan = plan_of(OBJECTIVE_LATENCY, 60);
    const struct tune_pick *pick = &verdict.picks[OBJECTIVE_LATENCY];
    unsigned scenario;

    ck_assert_int_eq(search(&world, &plan, 1), 0);
    ck_assert_int_eq(tune_fault(&tune, TUNE_OFF, &scenario), FAULT_NONE);
    ck_assert_int_eq(tune_fault(&tune, TUNE_DEFAULT, &scenario), FAULT_RATE);
    ck_assert_uint_eq(tune.scenarios[scenario].percent, 80);
    ck_assert_int_eq(pick->reason, REASON_LIMITS); /* the default is one of them */
    ck_assert_int_eq(tune_fault(&tune, pick->config, &scenario), FAULT_NONE);
    tune_free(&tune);
}
END_TEST

/* The machine was held up: polling off missed its rate in the same round. */
START_TEST(a_rate_that_nothing_keeps_is_no_fault)
{
    struct tune_config current = tune_config_of(LARIAT_POLL_CLASSIC, -1);
    struct tune_sample sample = { .latency_ns = 1, .cpu_ns_per_io = 1, .missed = true };
    struct lariat_histogram none = { 0 };
    unsigned scenario;

    ck_assert_int_eq(tune_init(&tune, &current), 0);
    tune_add_scenario(&tune, 1, 50);
    for (sample.round = 0; sample.round < 4; sample.round++) {
        ck_assert_int_eq(tune_add_sample(&tune, TUNE_DEFAULT, 0, &sample, &none), 0);
        sample.missed = sample.round < 2;
        ck_assert_int_eq(tune_add_sample(&tune, TUNE_OFF, 0, &sample, &none), 0);
        sample.missed = true;
    }
    tune.n_rounds = 4;
    ck_assert_int_eq(tune_fault(&tune, TUNE_DEFAULT, &scenario), FAULT_NONE); /* two of four */
    sample.missed = false;
    ck_assert_int_eq(tune_add_sample(&tune, TUNE_OFF, 0, &sample, &none), 0);
    sample.missed = true;
    ck_assert_int_eq(tune_add_sample(&tune, TUNE_DEFAULT, 0, &sample, &none), 0);
    ck_assert_int_eq(tune_fault(&tune, TUNE_DEFAULT, &scenario), FAULT_RATE); /* three of five */
    tune_free(&tune);
}
END_TEST

START_TEST(limits_are_kept_or_it_is_told_that_nothing_keeps_them)
{
    struct world world = { .noise = 0.001, .state = 9 };
    struct tune_config current = tune_config_of(LARIAT_POLL_CLASSIC, -1);
    const struct tune_runner runner = { &world, run, NULL, keep, now_ns, NULL };
    struct tune_plan plan = plan_of(OBJECTIVE_EFFICIENCY, 60);
    unsigned scenario;

    ck_assert_int_eq(tune_init(&tune, &current), 0);
    tune_add_scenario(&tune, 1, 100);
    tune.p99_limit_ns = _i ? 50000 : 110000;
    ck_assert_int_eq(tune_search(&tune, &plan, &runner), 0);
    tune_judge(&tune, &verdict);
    const struct tune_pick *pick = &verdict.picks[OBJECTIVE_EFFICIENCY];

    ck_assert_int_eq(pick->reason, _i ? REASON_NONE_KEEPS : REASON_LIMITS);
    if (_i)
        ck_assert_uint_eq(pick->config, TUNE_DEFAULT);
    else
        ck_assert_int_eq(tune_fault(&tune, pick->config, &scenario), FAULT_NONE);
    ck_assert_int_eq(tune_fault(&tune, TUNE_OFF, &scenario), FAULT_P99);
    tune_free(&tune);
}
END_TEST

/* ---- settings ---- */

static const struct {
    const char *text, *name;
} names[] = {
    { "off", "off" },
    { "classic/0", "off" },
    { "classic", "classic/32768ns" },
    { "classic/64us", "classic/64us" },
    { "classic/64000", "classic/64us" },
    { "auto", "auto/200us" },
    { "auto/1ms/4/4", "auto/1ms" },
    { "weighted/64us/0/0/5", "weighted/64us/0/0/5" },
    { "weighted/64us/4", "weighted/64us/4/0" },
    { "classic/8us/4/2/9", "classic/8us/4/2" },
};

START_TEST(a_setting_has_one_name_that_means_it)
{
    struct tune_config config, again;
    char name[TUNE_NAME_MAX];
    const char *why;

    ck_assert_int_eq(tune_config_parse(names[_i].text, strlen(names[_i].text), &config, &why), 0);
    ck_assert_str_eq(tune_config_name(name, &config), names[_i].name);
    ck_assert_int_eq(tune_config_parse(name, strlen(name), &again, &why), 0);
    ck_assert(tune_config_same(&config, &again));
}
END_TEST

static const char *const refused[] = { "",
                                       "linear",
                                       "classic/",
                                       "classic/-1",
                                       "classic/1x",
                                       "classic/8us/a",
                                       "classic/8us/1/1/64",
                                       "classic/8us/-1",
                                       "off/1",
                                       "classic/8us/1/1/1/1",
                                       "/8us",
                                       "weighted//2" };

START_TEST(what_is_no_setting_is_refused)
{
    struct tune_config config;
    const char *why = NULL;

    ck_assert_int_eq(tune_config_parse(refused[_i], strlen(refused[_i]), &config, &why), -EINVAL);
    ck_assert_ptr_nonnull(why);
}
END_TEST

START_TEST(settings_that_do_the_same_are_the_same)
{
    static const char *const same[][2] = { { "off", "auto/0" },
                                           { "classic/8us/0", "classic/8us/2" },
                                           { "auto/8us", "auto/8us/4/4/4" },
                                           { "weighted/8us", "weighted/8us/2/2/3" },
                                           { "classic/8us", "classic/8us/2/0/7" } };
    static const char *const other[][2] = { { "classic/8us", "weighted/8us" },
                                            { "classic/8us", "classic/8us/0/2" },
                                            { "auto/8us", "auto/9us" },
                                            { "weighted/8us", "weighted/8us/0/0/4" } };
    struct tune_config a, b;
    const char *why;

    for (unsigned i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        ck_assert_int_eq(tune_config_parse(same[i][0], strlen(same[i][0]), &a, &why), 0);
        ck_assert_int_eq(tune_config_parse(same[i][1], strlen(same[i][1]), &b, &why), 0);
        ck_assert_msg(tune_config_same(&a, &b), "%s", same[i][0]);
    }
    for (unsigned i = 0; i < sizeof(other) / sizeof(other[0]); i++) {
        ck_assert_int_eq(tune_config_parse(other[i][0], strlen(other[i][0]), &a, &why), 0);
        ck_assert_int_eq(tune_config_parse(other[i][1], strlen(other[i][1]), &b, &why), 0);
        ck_assert_msg(!tune_config_same(&a, &b), "%s", other[i][0]);
    }
}
END_TEST

static const struct {
    const char *config;
    enum tune_snippet snippet;
    const char *text; /* NULL: it cannot be said */
} snippets[] = {
    { "classic/64us", SNIPPET_BENCH, "--poll_policy=classic --poll_max_ns=64000" },
    { "weighted/64us/4/2/5", SNIPPET_BENCH,
      "--poll_policy=weighted --poll_max_ns=64000 --poll_grow=4 --poll_shrink=2 --poll_weight=5" },
    { "auto", SNIPPET_CTL, "lariat-ctl set ID poll-policy=auto poll-max-ns=200000 poll-grow=0 poll-shrink=0 poll-weight=0" },
    { "auto", SNIPPET_C,
      "struct lariat_poll_params p; lariat_poll_params_init(&p, LARIAT_POLL_AUTO); p.max_ns = 200000; "
      "lariat_loop_set_poll_params(loop, &p);" },
    { "classic/8us/4", SNIPPET_IOTHREAD, "id=io0,poll-policy=classic,poll-max-ns=8000,poll-grow=4" },
    { "classic/8us/0/2", SNIPPET_QEMU, "-object iothread,id=io0,poll-max-ns=8000,poll-shrink=2" },
    { "off", SNIPPET_QEMU, "-object iothread,id=io0,poll-max-ns=0" },
    { "weighted/8us/0/0/4", SNIPPET_LIBVIRT,
      "<iothreadids><iothread id='1'><poll max='8000' grow='0' shrink='0' weight='4'/></iothread></iothreadids>" },
    { "auto", SNIPPET_QEMU, NULL },
    { "auto", SNIPPET_LIBVIRT, NULL },
};

START_TEST(a_setting_is_said_to_each_program_in_its_words)
{
    struct tune_config config;
    char text[TUNE_SNIPPET_MAX];
    const char *why;

    ck_assert_int_eq(tune_config_parse(snippets[_i].config, strlen(snippets[_i].config), &config, &why), 0);
    ck_assert_int_eq(tune_snippet_knows(snippets[_i].snippet, &config), snippets[_i].text != NULL);
    if (snippets[_i].text)
        ck_assert_str_eq(tune_snippet_text(text, snippets[_i].snippet, &config), snippets[_i].text);
}
END_TEST

static void add_cases(Suite *suite)
{
    TCase *tcase = case_of(suite, "tune");

    tcase_add_loop_test(tcase, it_finds_the_best_setting_in_noise_and_drift, 0, 12);
    tcase_add_test(tcase, it_looks_near_the_best_and_at_its_grow_and_shrink);
    tcase_add_test(tcase, where_there_is_only_noise_it_keeps_the_default);
    tcase_add_loop_test(tcase, the_budget_is_kept_and_what_it_left_out_is_told, 0, 5);
    tcase_add_test(tcase, candidates_are_compared_and_nothing_else);
    tcase_add_loop_test(tcase, an_interrupt_gives_what_is_known_so_far, 0, 3);
    tcase_add_loop_test(tcase, a_search_that_is_resumed_runs_only_what_is_missing, 0, 2);
    tcase_add_test(tcase, a_failure_ends_the_search);
    tcase_add_test(tcase, settings_that_miss_their_rate_or_a_limit_are_not_recommended);
    tcase_add_test(tcase, a_rate_that_nothing_keeps_is_no_fault);
    tcase_add_loop_test(tcase, limits_are_kept_or_it_is_told_that_nothing_keeps_them, 0, 2);
    tcase_add_loop_test(tcase, a_setting_has_one_name_that_means_it, 0, sizeof(names) / sizeof(names[0]));
    tcase_add_loop_test(tcase, what_is_no_setting_is_refused, 0, sizeof(refused) / sizeof(refused[0]));
    tcase_add_test(tcase, settings_that_do_the_same_are_the_same);
    tcase_add_loop_test(tcase, a_setting_is_said_to_each_program_in_its_words, 0, sizeof(snippets) / sizeof(snippets[0]));
}

int main(void)
{
    return suite_main_without_ring("bench_tune", add_cases);
}
