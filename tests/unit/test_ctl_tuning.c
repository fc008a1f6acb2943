/* SPDX-License-Identifier: MIT */
/* The search and the verdict of lariat-ctl tune, on a made-up iothread whose figures and clock are known. */
#include "support.h"

#include <math.h>
#include <string.h>

#include "tuning_args.h"
#include "tuning_report.h"
#include "tuning_search.h"

#define MS INT64_C(1000000)
#define SECOND (1000 * MS)
#define US INT64_C(1000)

/* The iothread. */
static struct world {
    void (*respond)(const struct tune_config *config, double *latency_ns, double *cpu_ns);
    double noise; /* in the logarithms of both */
    double drift; /* so many times as slow when a minute is over */
    int64_t overhead_ns, now_ns;
    unsigned short random[3];
    unsigned n_slots, stop_at; /* the search is to end at this slot; 0: never */
    double least_done;
} world;

static int64_t fake_now_ns(void *opaque)
{
    return ((struct world *)opaque)->now_ns;
}

static double noise(struct world *w)
{
    return exp(w->noise * (erand48(w->random) + erand48(w->random) + erand48(w->random) - 1.5));
}

static int fake_run(void *opaque, const struct tune_config *config, int64_t length_ns, struct tuning_figures *figures)
{
    struct world *w = opaque;
    double slower = pow(w->drift > 0 ? w->drift : 1, (double)w->now_ns / 60e9), latency_ns, cpu_ns;

    w->now_ns += length_ns + w->overhead_ns;
    if (++w->n_slots == w->stop_at)
        return 7;
    w->respond(config, &latency_ns, &cpu_ns);
    latency_ns *= slower * noise(w);
    cpu_ns *= slower * noise(w);
    *figures = (struct tuning_figures){ 1e9 / latency_ns, latency_ns, cpu_ns, 0.5, 1 };
    return 0;
}

static void fake_progress(void *opaque, double done)
{
    struct world *w = opaque;

    ck_assert(done >= w->least_done);
    w->least_done = done;
}

/* Spins of 100 us catch all: sleeping costs 20 us of latency. CPU time grows with the window. */
static void hundred_us(const struct tune_config *config, double *latency_ns, double *cpu_ns)
{
    *latency_ns = config->max_ns >= 100 * US ? 50000 : 70000;
    *cpu_ns = 5000 + (double)config->max_ns / 5;
}

static void no_matter(const struct tune_config *config, double *latency_ns, double *cpu_ns)
{
    (void)config;
    *latency_ns = 50000;
    *cpu_ns = 5000;
}

/* Only a window that does not go at once to zero is of use. */
static void shrink_matters(const struct tune_config *config, double *latency_ns, double *cpu_ns)
{
    *latency_ns = config->policy == LARIAT_POLL_CLASSIC && config->max_ns && config->shrink ? 50000 : 70000;
    *latency_ns -= config->policy == LARIAT_POLL_CLASSIC && config->max_ns ? 5000 : 0;
    *cpu_ns = 5000;
}

static void nothing_done(const struct tune_config *config, double *latency_ns, double *cpu_ns)
{
    (void)config;
    *latency_ns = *cpu_ns = (double)NAN;
}

static struct tuning tuning;
static struct tuning_verdict verdict;

static struct tuning_plan plan_of(enum tuning_objective objective, uint64_t seed)
{
    return (struct tuning_plan){ .objective = objective, .budget_ns = 60 * SECOND, .seed = seed };
}

static int search(const struct tuning_plan *plan, struct world w)
{
    const struct tuning_runner runner = { &world, fake_run, fake_now_ns, fake_progress };
    const struct tune_config old = tune_config_of(LARIAT_POLL_CLASSIC, -1);
    int rc;

    world = w;
    world.random[0] = (unsigned short)(plan->seed * 7);
    tuning_free(&tuning);
    tuning = (struct tuning){ .n_settings = 0 };
    tuning_add_setting(&tuning, &old);
    rc = tuning_search(&tuning, plan, &runner);
    tuning_judge(&tuning, &verdict);
    return rc;
}

static const struct tune_config *recommended(void)
{
    return &tuning.settings[verdict.setting];
}

START_TEST(the_window_that_catches_all_is_found_for_latency)
{
    const struct tuning_plan plan = plan_of(TUNING_LATENCY, 1);

    ck_assert_int_eq(search(&plan, (struct world){ .respond = hundred_us, .noise = 0.1 }), 0);
    ck_assert_int_eq(verdict.reason, TUNING_BETTER);
    ck_assert_int_ge(recommended()->max_ns, 100 * US);
    ck_assert(verdict.gain.low < 1.4 && verdict.gain.high > 1.4); /* 70 / 50 */
    ck_assert(verdict.cpu.high < 1);
}
END_TEST

START_TEST(polling_off_is_found_for_efficiency)
{
    const struct tuning_plan plan = plan_of(TUNING_EFFICIENCY, 1);

    ck_assert_int_eq(search(&plan, (struct world){ .respond = hundred_us, .noise = 0.1 }), 0);
    ck_assert_int_eq(verdict.reason, TUNING_BETTER);
    ck_assert_int_eq(recommended()->max_ns, 0);
    ck_assert(verdict.latency.low < 1 && verdict.latency.high > 1);
}
END_TEST

START_TEST(other_parameters_than_the_window_are_tried)
{
    const struct tuning_plan plan = plan_of(TUNING_BALANCED, 1);

    search(&plan, (struct world){ .respond = shrink_matters, .noise = 0.02 });
    ck_assert_int_eq(verdict.reason, TUNING_BETTER);
    ck_assert_int_eq(recommended()->policy, LARIAT_POLL_CLASSIC);
    ck_assert_int_eq(recommended()->shrink, 2);
}
END_TEST

/* While what the program has to do becomes three times as much, each setting is compared with the old one of its own block. */
START_TEST(a_drift_does_not_deceive)
{
    const struct tuning_plan plan = plan_of(TUNING_LATENCY, 3);

    search(&plan, (struct world){ .respond = hundred_us, .noise = 0.02, .drift = 3 });
    ck_assert_int_eq(verdict.reason, TUNING_BETTER);
    ck_assert(fabs(verdict.gain.ratio - 1.4) < 0.03);
    search(&plan, (struct world){ .respond = no_matter, .noise = 0.02, .drift = 3 });
    ck_assert_int_eq(verdict.reason, TUNING_SAME);
}
END_TEST

/* 95 % intervals that hold for all finalists together: one side of them, so that 1 in 40 is deceived. */
START_TEST(where_settings_do_not_matter_the_old_one_is_kept)
{
    unsigned n_deceived = 0;

    for (uint64_t seed = 1; seed <= 100; seed++) {
        const struct tuning_plan plan = plan_of(TUNING_LATENCY, seed);

        search(&plan, (struct world){ .respond = no_matter, .noise = 0.3 });
        n_deceived += verdict.reason == TUNING_BETTER;
        if (verdict.reason == TUNING_SAME)
            ck_assert_uint_eq(verdict.setting, TUNING_OLD);
    }
    ck_assert_msg(n_deceived <= 8, "%u of 100", n_deceived);
}
END_TEST

START_TEST(where_nothing_is_completed_there_is_no_verdict)
{
    const struct tuning_plan plan = { TUNING_LATENCY, 60 * SECOND, 1, { tune_config_of(LARIAT_POLL_AUTO, -1) }, 1 };

    ck_assert_int_eq(search(&plan, (struct world){ .respond = nothing_done }), 0);
    ck_assert_int_eq(verdict.reason, TUNING_TOO_LITTLE);
    ck_assert_uint_eq(verdict.setting, TUNING_OLD);
}
END_TEST

START_TEST(candidates_are_compared_and_nothing_else)
{
    const struct tuning_plan plan = {
        TUNING_LATENCY, 20 * SECOND, 1, { tune_config_of(LARIAT_POLL_CLASSIC, 200 * US), tune_config_off() }, 2
    };

    search(&plan, (struct world){ .respond = hundred_us, .noise = 0.1 });
    ck_assert_uint_eq(tuning.n_settings, 3);
    ck_assert_uint_eq(tuning.n_finalists, 2);
    ck_assert_int_eq(recommended()->max_ns, 200 * US);
    for (size_t i = 0; i < tuning.n_slots; i++)
        ck_assert_int_eq(tuning.slots[i].stage, TUNING_FINAL);
}
END_TEST

START_TEST(each_block_has_the_old_setting_once_and_no_more_than_three_others)
{
    const struct tuning_plan plan = plan_of(TUNING_LATENCY, 5);
    unsigned old[2000] = { 0 }, others[2000] = { 0 }, n_first = 0;

    search(&plan, (struct world){ .respond = hundred_us });
    ck_assert_uint_le(tuning.n_blocks, 2000);
    for (size_t i = 0; i < tuning.n_slots; i++) {
        const struct tuning_slot *slot = &tuning.slots[i];
        bool is_old = slot->setting == TUNING_OLD;

        n_first += is_old && !others[slot->block];
        ++*(is_old ? &old[slot->block] : &others[slot->block]);
    }
    for (unsigned i = 0; i < tuning.n_blocks; i++)
        ck_assert(old[i] == 1 && others[i] >= 1 && others[i] <= 3);
    ck_assert(n_first > 0 && n_first < tuning.n_blocks); /* it stands at random places */
}
END_TEST

START_TEST(the_budget_is_kept_and_used)
{
    static const int64_t budgets[] = { 1000 * MS, 2 * SECOND, 10 * SECOND, 60 * SECOND, 600 * SECOND };
    struct tuning_plan plan = plan_of(TUNING_BALANCED, 1);

    for (size_t i = 0; i < sizeof(budgets) / sizeof(budgets[0]); i++) {
        plan.budget_ns = budgets[i];
        search(&plan, (struct world){ .respond = hundred_us, .noise = 0.1, .overhead_ns = MS / 2 });
        ck_assert_msg((double)world.now_ns < 1.2 * (double)budgets[i], "%g s of %g", (double)world.now_ns / 1e9,
                      (double)budgets[i] / 1e9);
        ck_assert((double)world.now_ns > 0.6 * (double)budgets[i]);
        ck_assert_uint_ge(verdict.gain.n, TUNING_ROUNDS_MIN);
        ck_assert_int_eq(tuning.n_left_out > 0, i == 0);
    }
}
END_TEST

START_TEST(the_end_of_the_runner_is_the_end)
{
    const struct tuning_plan plan = plan_of(TUNING_BALANCED, 1);

    for (unsigned slot = 1; slot < 60; slot++) {
        ck_assert_int_eq(search(&plan, (struct world){ .respond = hundred_us, .stop_at = slot }), 7);
        ck_assert_uint_eq(world.n_slots, slot);
        ck_assert_uint_eq(tuning.n_slots, slot - 1);
    }
}
END_TEST

START_TEST(the_order_is_that_of_the_seed)
{
    unsigned order[2][8], n_same = 0;

    for (uint64_t seed = 1; seed <= 3; seed++) {
        const struct tuning_plan plan = plan_of(TUNING_LATENCY, seed < 3 ? seed : 1);

        search(&plan, (struct world){ .respond = hundred_us });
        for (unsigned i = 0; i < 8; i++) {
            if (seed == 3)
                ck_assert_uint_eq(tuning.slots[i].setting, order[0][i]);
            else
                order[seed - 1][i] = tuning.slots[i].setting;
        }
    }
    for (unsigned i = 0; i < 8; i++)
        n_same += order[0][i] == order[1][i];
    ck_assert_uint_lt(n_same, 8);
}
END_TEST

/* Blocks in which a setting is so many times better than the old one. */
static void add_blocks(struct tuning *t, enum tuning_stage stage, const double ratios[], unsigned n)
{
    for (unsigned i = 0; i < n; i++, t->n_blocks++) {
        const struct tuning_slot old = { TUNING_OLD, t->n_blocks, stage, { 1, ratios[i], 1, 0, 0 } };
        const struct tuning_slot other = { 1, t->n_blocks, stage, { 1, 1, 1, 0, 0 } };

        tuning_add_slot(t, &other);
        tuning_add_slot(t, &old);
    }
}

START_TEST(luck_in_the_search_does_not_count)
{
    static const double lucky[] = { 2, 2.1, 2, 2.1, 2, 2.1, 2 }, usual[] = { 1.1, 0.9, 1.1, 0.9, 1, 1 };
    struct tuning t = { .objective = TUNING_LATENCY, .n_settings = 2, .n_finalists = 1 };

    add_blocks(&t, TUNING_COARSE, lucky, 7);
    tuning_judge(&t, &verdict);
    ck_assert_int_eq(verdict.reason, TUNING_TOO_LITTLE);
    add_blocks(&t, TUNING_FINAL, usual, 6);
    tuning_judge(&t, &verdict);
    ck_assert_int_eq(verdict.reason, TUNING_SAME);
    ck_assert_uint_eq(verdict.gain.n, 6);
    tuning_free(&t);
}
END_TEST

/* Of six finalists one is that lucky more often than of one. */
START_TEST(the_more_finalists_the_more_has_to_be_proved)
{
    static const double ratios[] = { 1.3, 1.05, 1.2, 1.05, 1.15 };
    struct tuning t = { .objective = TUNING_LATENCY, .n_settings = 2, .n_finalists = 1 };

    add_blocks(&t, TUNING_FINAL, ratios, 5);
    tuning_judge(&t, &verdict);
    ck_assert_int_eq(verdict.reason, TUNING_BETTER);
    t.n_finalists = 6;
    tuning_judge(&t, &verdict);
    ck_assert_int_eq(verdict.reason, TUNING_SAME);
    tuning_free(&t);
}
END_TEST

/* Four blocks, however clear, and one in which nothing was completed. */
START_TEST(fewer_than_five_blocks_prove_nothing)
{
    static const double ratios[] = { 3, 3, 3.1, 3, (double)NAN };
    struct tuning t = { .objective = TUNING_LATENCY, .n_settings = 2, .n_finalists = 1 };

    add_blocks(&t, TUNING_FINAL, ratios, 5);
    tuning_judge(&t, &verdict);
    ck_assert_int_eq(verdict.reason, TUNING_TOO_LITTLE);
    tuning_free(&t);
}
END_TEST

static int plan_from(const struct ctl_args *args, struct tuning_plan *plan, const char *words)
{
    char why[TUNING_ARGS_WHY_MAX] = "";
    int rc = tuning_args_plan(args, plan, why);

    ck_assert_msg(strstr(why, words), "\"%s\" is not in: %s", words, why);
    return rc;
}

START_TEST(options_make_a_plan)
{
    struct tuning_plan plan;

    ck_assert_int_eq(plan_from(&(struct ctl_args){ .words = NULL }, &plan, ""), 0);
    ck_assert_int_eq(plan.objective, TUNING_BALANCED);
    ck_assert_int_eq(plan.budget_ns, 60 * SECOND);
    ck_assert_uint_eq(plan.n_candidates, 0);
    ck_assert_int_eq(plan_from(&(struct ctl_args){ .objective = "latency",
                                                   .candidates = "off,classic/64us/4,weighted/1ms/0/0/5",
                                                   .budget_ns = 2 * SECOND,
                                                   .seed = 9 },
                               &plan, ""),
                     0);
    ck_assert_int_eq(plan.objective, TUNING_LATENCY);
    ck_assert_uint_eq(plan.seed, 9);
    ck_assert_uint_eq(plan.n_candidates, 3);
    ck_assert_int_eq(plan.candidates[1].grow, 4);
    ck_assert_int_eq(plan.candidates[2].weight, 5);
}
END_TEST

START_TEST(options_that_make_no_plan_are_refused)
{
    static const char many[] = "auto,auto,auto,auto,auto,auto,auto,auto,auto,auto,auto,auto,auto,auto,auto,auto,auto,"
                               "auto,auto,auto,auto,auto,auto,auto,auto,auto,auto,auto,auto,auto,auto,auto,auto";
    struct tuning_plan plan;

    ck_assert_int_lt(plan_from(&(struct ctl_args){ .objective = "speed" }, &plan, "latency, efficiency or balanced"), 0);
    ck_assert_int_lt(plan_from(&(struct ctl_args){ .candidates = "off,linear" }, &plan, "linear: "), 0);
    ck_assert_int_lt(plan_from(&(struct ctl_args){ .candidates = "" }, &plan, "POLICY"), 0);
    ck_assert_int_lt(plan_from(&(struct ctl_args){ .candidates = many }, &plan, "more than 32"), 0);
    ck_assert_int_lt(plan_from(&(struct ctl_args){ .budget_ns = 999 * MS }, &plan, "1 s at least"), 0);
    ck_assert_int_lt(plan_from(&(struct ctl_args){ .candidates = "off,auto,classic/1us,classic/2us,classic/3us,classic/4us",
                                                   .budget_ns = SECOND },
                               &plan, "1.2 s at least"),
                     0);
}
END_TEST

START_TEST(the_command_to_paste_has_all_five)
{
    const struct tune_config config = { LARIAT_POLL_WEIGHTED, 64000, 0, 4, 5 };
    char command[TUNING_COMMAND_MAX];

    ck_assert_str_eq(tuning_command(command, "io0", &config),
                     "lariat-ctl set io0 poll-policy=weighted poll-max-ns=64000 poll-grow=0 poll-shrink=4 poll-weight=5");
}
END_TEST

static void add_cases(Suite *suite)
{
    TCase *tcase = case_of(suite, "tuning");

    tcase_add_test(tcase, the_window_that_catches_all_is_found_for_latency);
    tcase_add_test(tcase, polling_off_is_found_for_efficiency);
    tcase_add_test(tcase, other_parameters_than_the_window_are_tried);
    tcase_add_test(tcase, a_drift_does_not_deceive);
    tcase_add_test(tcase, where_settings_do_not_matter_the_old_one_is_kept);
    tcase_add_test(tcase, where_nothing_is_completed_there_is_no_verdict);
    tcase_add_test(tcase, candidates_are_compared_and_nothing_else);
    tcase_add_test(tcase, each_block_has_the_old_setting_once_and_no_more_than_three_others);
    tcase_add_test(tcase, the_budget_is_kept_and_used);
    tcase_add_test(tcase, the_end_of_the_runner_is_the_end);
    tcase_add_test(tcase, the_order_is_that_of_the_seed);
    tcase_add_test(tcase, luck_in_the_search_does_not_count);
    tcase_add_test(tcase, the_more_finalists_the_more_has_to_be_proved);
    tcase_add_test(tcase, fewer_than_five_blocks_prove_nothing);
    tcase_add_test(tcase, options_make_a_plan);
    tcase_add_test(tcase, options_that_make_no_plan_are_refused);
    tcase_add_test(tcase, the_command_to_paste_has_all_five);
}

int main(void)
{
    return suite_main_without_ring("ctl_tuning", add_cases);
}
