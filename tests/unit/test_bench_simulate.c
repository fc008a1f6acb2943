/* SPDX-License-Identifier: MIT */
/*
 * lariat-bench simulate: its rows of waits, its arithmetic, and with it the figures that the policy auto promises, on made-up
 * rows: 10,000 waits each (LARIAT_STRESS=full: 50,000, and four seeds).
 */
#include "support.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "simulation.h"
#include "traces.h"

static const struct trace_spec stationary[] = {
    { "constant 1 us", TRACE_CONSTANT, 1e3, 0, 0 },        { "constant 2 us", TRACE_CONSTANT, 2e3, 10, 0 },
    { "constant 5 us", TRACE_CONSTANT, 5e3, 10, 0 },       { "constant 10 us", TRACE_CONSTANT, 10e3, 10, 0 },
    { "constant 15 us", TRACE_CONSTANT, 15e3, 10, 0 },     { "constant 20 us", TRACE_CONSTANT, 20e3, 0, 0 },
    { "constant 22 us", TRACE_CONSTANT, 22e3, 10, 0 },     { "constant 24 us", TRACE_CONSTANT, 24e3, 0, 0 },
    { "constant 26 us", TRACE_CONSTANT, 26e3, 0, 0 },      { "constant 28 us", TRACE_CONSTANT, 28e3, 0, 0 },
    { "constant 30 us", TRACE_CONSTANT, 30e3, 10, 0 },     { "constant 40 us", TRACE_CONSTANT, 40e3, 10, 0 },
    { "constant 80 us", TRACE_CONSTANT, 80e3, 10, 0 },     { "constant 1 ms", TRACE_CONSTANT, 1e6, 10, 0 },
    { "exponential 2 us", TRACE_EXPONENTIAL, 2e3, 0, 0 },  { "exponential 5 us", TRACE_EXPONENTIAL, 5e3, 0, 0 },
    { "exponential 10 us", TRACE_EXPONENTIAL, 10e3, 0, 0 }, { "exponential 25 us", TRACE_EXPONENTIAL, 25e3, 0, 0 },
    { "exponential 50 us", TRACE_EXPONENTIAL, 50e3, 0, 0 }, { "exponential 200 us", TRACE_EXPONENTIAL, 200e3, 0, 0 },
    { "2 us 50 %, 1 ms", TRACE_BIMODAL, 2e3, 50, 1e6 },    { "5 us 80 %, 1 ms", TRACE_BIMODAL, 5e3, 80, 1e6 },
    { "5 us 95 %, 100 us", TRACE_BIMODAL, 5e3, 95, 1e5 },  { "15 us 50 %, 1 ms", TRACE_BIMODAL, 15e3, 50, 1e6 },
    { "20 us 30 %, 200 us", TRACE_BIMODAL, 20e3, 30, 2e5 }, { "10 us 70 %, 40 us", TRACE_BIMODAL, 10e3, 70, 4e4 },
    { "lognormal 5 us 0.5", TRACE_LOGNORMAL, 5e3, 50, 0 }, { "lognormal 10 us 0.5", TRACE_LOGNORMAL, 10e3, 50, 0 },
    { "lognormal 20 us 0.5", TRACE_LOGNORMAL, 20e3, 50, 0 }, { "lognormal 10 us 1", TRACE_LOGNORMAL, 10e3, 100, 0 },
    { "lognormal 50 us 0.3", TRACE_LOGNORMAL, 50e3, 30, 0 }, { "lognormal 2 us 2", TRACE_LOGNORMAL, 2e3, 200, 0 },
    { "pareto 1 us 1.1", TRACE_PARETO, 1e3, 110, 0 },      { "pareto 2 us 1.2", TRACE_PARETO, 2e3, 120, 0 },
    { "pareto 2 us 2", TRACE_PARETO, 2e3, 200, 0 },        { "pareto 10 us 1.5", TRACE_PARETO, 10e3, 150, 0 },
    { "1 us x 5, 100 us", TRACE_BURSTS, 1e3, 5, 1e5 },     { "8 us x 100, 10 ms", TRACE_BURSTS, 8e3, 100, 1e7 },
    { "2 us x 20, 1 ms", TRACE_BURSTS, 2e3, 20, 1e6 },     { "20 us x 10, 1 ms", TRACE_BURSTS, 20e3, 10, 1e6 },
    { "15 us x 3, 40 us", TRACE_BURSTS, 15e3, 3, 4e4 },    { "500 ns x 50, 30 us", TRACE_BURSTS, 500, 50, 3e4 },
    { "on the same CPU", TRACE_SAME_CPU, 1e7, 0, 0 },
};
enum { N_STATIONARY = sizeof(stationary) / sizeof(stationary[0]) };

static const struct trace_spec changing[] = {
    { "5 us / 1 ms, 50", TRACE_PHASES, 5e3, 1e6, 50 },      { "5 us / 1 ms, 200", TRACE_PHASES, 5e3, 1e6, 200 },
    { "5 us / 1 ms, 1000", TRACE_PHASES, 5e3, 1e6, 1000 },  { "5 us / 1 ms, 5000", TRACE_PHASES, 5e3, 1e6, 5000 },
    { "20 us / 1 ms, 50", TRACE_PHASES, 20e3, 1e6, 50 },    { "20 us / 1 ms, 200", TRACE_PHASES, 20e3, 1e6, 200 },
    { "20 us / 1 ms, 1000", TRACE_PHASES, 20e3, 1e6, 1000 }, { "2 us / 30 us, 200", TRACE_PHASES, 2e3, 30e3, 200 },
    { "2 us / 30 us, 1000", TRACE_PHASES, 2e3, 30e3, 1000 }, { "2 us / 30 us, 5000", TRACE_PHASES, 2e3, 30e3, 5000 },
    { "2 us / 20 us, 500", TRACE_PHASES, 2e3, 20e3, 500 },  { "15 us / 40 us, 100", TRACE_PHASES, 15e3, 40e3, 100 },
    { "15 us / 40 us, 1000", TRACE_PHASES, 15e3, 40e3, 1000 }, { "10 us / 100 us, 300", TRACE_PHASES, 10e3, 1e5, 300 },
    { "10 us / 100 us, 3000", TRACE_PHASES, 10e3, 1e5, 3000 }, { "500 ns / 10 ms, 2000", TRACE_PHASES, 500, 1e7, 2000 },
    { "drift 5 to 50 us, 500", TRACE_DRIFT, 5e3, 50e3, 500 }, { "drift 5 to 50 us, 2000", TRACE_DRIFT, 5e3, 50e3, 2000 },
    { "drift 1 to 100 us, 1000", TRACE_DRIFT, 1e3, 1e5, 1000 }, { "drift 10 to 30 us, 1000", TRACE_DRIFT, 10e3, 30e3, 1000 },
    { "drift 20 to 30 us, 4000", TRACE_DRIFT, 20e3, 30e3, 4000 }, { "drift 1 to 20 us, 3000", TRACE_DRIFT, 1e3, 20e3, 3000 },
    { "shifting 1 us to 1 ms, 100", TRACE_SHIFTING, 1e3, 1e6, 100 }, { "shifting 1 us to 1 ms, 300", TRACE_SHIFTING, 1e3, 1e6, 300 },
    { "shifting 1 us to 1 ms, 1000", TRACE_SHIFTING, 1e3, 1e6, 1000 }, { "shifting 1 us to 1 ms, 3000", TRACE_SHIFTING, 1e3, 1e6, 3000 },
    { "shifting 5 to 100 us, 100", TRACE_SHIFTING, 5e3, 1e5, 100 }, { "shifting 5 to 100 us, 500", TRACE_SHIFTING, 5e3, 1e5, 500 },
    { "shifting 5 to 100 us, 2000", TRACE_SHIFTING, 5e3, 1e5, 2000 }, { "shifting 10 to 40 us, 200", TRACE_SHIFTING, 10e3, 4e4, 200 },
    { "shifting 10 to 40 us, 1000", TRACE_SHIFTING, 10e3, 4e4, 1000 }, { "shifting 1 to 20 us, 500", TRACE_SHIFTING, 1e3, 2e4, 500 },
    { "shifting 100 ns to 10 ms, 400", TRACE_SHIFTING, 100, 1e7, 400 },
};
enum { N_CHANGING = sizeof(changing) / sizeof(changing[0]) };

#define PENALTY_NS 25000

static bool in_full(void)
{
    const char *value = getenv("LARIAT_STRESS");
    return value && strcmp(value, "full") == 0;
}

static size_t n_waits(void)
{
    return in_full() ? 50000 : 10000;
}

static int n_seeds(void)
{
    return in_full() ? 4 : 1;
}

static struct trace made(const struct trace_spec *spec, size_t n, uint64_t seed)
{
    struct trace trace = { NULL, 0, 0 };
    ck_assert_int_eq(trace_generate(&trace, spec, n, seed), 0);
    ck_assert_uint_eq(trace.n, n);
    return trace;
}

static struct lariat_poll_params params_of(enum lariat_poll_policy policy, int64_t max_ns, int64_t price)
{
    struct lariat_poll_params params;
    lariat_poll_params_init(&params, policy);
    params.max_ns = max_ns;
    params.price = price;
    return params;
}

static struct simulation begun(const struct lariat_poll_params *params, uint64_t seed)
{
    const struct simulation_world world = { PENALTY_NS, 23500, seed };
    struct simulation s;
    simulation_begin(&s, params, &world);
    return s;
}

struct ratios {
    double best_fixed, clairvoyant;
};

static struct ratios ratios_of(const struct trace_spec *spec, const struct lariat_poll_params *params, size_t n, uint64_t seed)
{
    struct trace trace = made(spec, n, seed);
    struct simulation s = begun(params, seed);
    int64_t window_ns;
    double best_ns;
    simulation_run(&s, &trace);
    ck_assert_int_eq(simulation_best_fixed(&trace, params, PENALTY_NS, &best_ns, &window_ns), 0);
    const struct ratios ratios = { s.cost_ns / best_ns, s.cost_ns / simulation_clairvoyant(&trace, params, PENALTY_NS) };
    trace_free(&trace);
    return ratios;
}

/* The worst of a set against the best fixed window must be within `limit`; its geometric mean within mean_limit. */
static void must_hold(const struct trace_spec *specs, size_t n_specs, const struct lariat_poll_params *params, size_t n,
                      double limit, double mean_limit)
{
    for (int seed = 1; seed <= n_seeds(); seed++) {
        double sum_of_logs = 0, worst = 0, worst_clairvoyant = 0;
        const char *worst_name = "";
        for (size_t i = 0; i < n_specs; i++) {
            const struct ratios ratios = ratios_of(&specs[i], params, n, (uint64_t)seed);
            sum_of_logs += log(ratios.best_fixed);
            worst_clairvoyant = fmax(worst_clairvoyant, ratios.clairvoyant);
            worst_name = ratios.best_fixed > worst ? specs[i].name : worst_name;
            worst = fmax(worst, ratios.best_fixed);
        }
        const double mean = exp(sum_of_logs / (double)n_specs);
        printf("seed %d, max %lld, price %lld, %zu waits: worst %.3f (%s), mean %.3f; against clairvoyant %.3f\n", seed,
               (long long)params->max_ns, (long long)params->price, n, worst, worst_name, mean, worst_clairvoyant);
        ck_assert_msg(worst <= limit, "%s: %.3f", worst_name, worst);
        ck_assert_msg(mean <= mean_limit, "geometric mean %.3f", mean);
        ck_assert_msg(worst_clairvoyant <= 1.7, "against clairvoyant %.3f", worst_clairvoyant);
    }
}

/* What auto promises */

static const struct {
    int64_t max_ns, price;
    double limit, mean_limit;
} worlds[] = { { 32768, 100, 1.10, 1.03 }, { 100000, 100, 1.10, 1.03 }, { 1000000, 100, 1.10, 1.03 }, { 200000, 25, 1.10, 1.03 } };
enum { N_WORLDS = sizeof(worlds) / sizeof(worlds[0]) };

START_TEST(stationary_waits_cost_little_more_than_with_the_best_window)
{
    const struct lariat_poll_params params = params_of(LARIAT_POLL_AUTO, worlds[_i].max_ns, worlds[_i].price);
    must_hold(stationary, N_STATIONARY, &params, n_waits(), worlds[_i].limit, worlds[_i].mean_limit);
}
END_TEST

START_TEST(changing_waits_cost_little_more_than_with_the_best_window)
{
    const struct lariat_poll_params params = params_of(LARIAT_POLL_AUTO, worlds[_i].max_ns, worlds[_i].price);
    must_hold(changing, N_CHANGING, &params, n_waits(), worlds[_i].limit, worlds[_i].mean_limit);
}
END_TEST

START_TEST(the_first_1000_waits_cost_no_more_than_a_quarter_above)
{
    const struct lariat_poll_params params = params_of(LARIAT_POLL_AUTO, 32768, 100);
    must_hold(stationary, N_STATIONARY, &params, 1000, 1.25, 1.10);
}
END_TEST

/* `just_above`: only below the break-even, and 10 ms otherwise. */
static double adversary(const struct lariat_poll_params *params, int n, bool just_above)
{
    struct trace trace = { NULL, 0, 0 };
    struct simulation s = begun(params, 1);
    for (int i = 0; i < n; i++) {
        const int64_t wait_ns = just_above && s.window_ns >= PENALTY_NS * 100 / params->price ? 10000000 : s.window_ns + 1;
        ck_assert_int_eq(trace_add(&trace, wait_ns), 0);
        simulation_wait(&s, wait_ns);
    }
    const double ratio = s.cost_ns / simulation_clairvoyant(&trace, params, PENALTY_NS);
    trace_free(&trace);
    return ratio;
}

START_TEST(an_adversary_that_sees_the_window_costs_no_more_than_twice_the_best)
{
    const int lengths[] = { 200, 1000, 10000, 100000 };
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        for (int world = 0; world < N_WORLDS; world++) {
            const struct lariat_poll_params params = params_of(LARIAT_POLL_AUTO, worlds[world].max_ns, worlds[world].price);
            for (int just_above = 0; just_above < 2; just_above++) {
                const double ratio = adversary(&params, lengths[i], just_above);
                printf("%d waits, world %d, kind %d: %.3f\n", lengths[i], world, just_above, ratio);
                ck_assert_msg(ratio <= 2.11, "%d waits, world %d, kind %d: %.3f", lengths[i], world, just_above, ratio);
            }
        }
    }
}
END_TEST

/* The arithmetic */

static struct trace trace_of(const int64_t *waits_ns, size_t n)
{
    struct trace trace = { NULL, 0, 0 };
    for (size_t i = 0; i < n; i++) {
        ck_assert_int_eq(trace_add(&trace, waits_ns[i]), 0);
    }
    return trace;
}

START_TEST(a_wait_costs_what_was_spun_at_its_price_and_the_penalty_if_it_slept)
{
    const struct lariat_poll_params params = params_of(LARIAT_POLL_CLASSIC, 32768, 50);
    const int64_t waits_ns[] = { 9000, 3000, 4001, 40000 }; /* windows: 0, 0 (the wake-up made 9 us too long), ... */
    struct trace trace = trace_of(waits_ns, 4);
    const struct simulation_world world = { PENALTY_NS, 0, 1 };
    struct simulation s;
    simulation_begin(&s, &params, &world);
    simulation_run(&s, &trace);
    /* 9000: sleeps, 4000 next; 3000: caught; 4001: 4000 spun, 8000 next; 40000: 8000 spun, closed */
    ck_assert_uint_eq(s.spun_ns, 3000 + 4000 + 8000);
    ck_assert_uint_eq(s.n_caught, 1);
    ck_assert_uint_eq(s.n_waits, 4);
    ck_assert_double_eq(s.cost_ns, 15000 * 0.5 + 3.0 * PENALTY_NS);
    ck_assert_int_eq(s.window_ns, 0);
    trace_free(&trace);
}
END_TEST

START_TEST(clairvoyant_spins_where_that_is_cheaper_and_the_maximum_allows_it)
{
    const int64_t waits_ns[] = { 0, 1000, 25000, 25001, 50000, 50001, INT64_MAX };
    struct trace trace = trace_of(waits_ns, 7);
    struct lariat_poll_params params = params_of(LARIAT_POLL_AUTO, 100000, 100);
    ck_assert_double_eq(simulation_clairvoyant(&trace, &params, PENALTY_NS), 1000 + 5.0 * PENALTY_NS);
    params.price = 50;
    ck_assert_double_eq(simulation_clairvoyant(&trace, &params, PENALTY_NS), 500 + 12500 + 12500.5 + 3.0 * PENALTY_NS);
    params.max_ns = 25000;
    ck_assert_double_eq(simulation_clairvoyant(&trace, &params, PENALTY_NS), 500 + 12500 + 4.0 * PENALTY_NS);
    trace_free(&trace);
}
END_TEST

/* Against trying every window. */
START_TEST(the_best_fixed_window_is_the_best_of_all)
{
    uint64_t random = test_seed();
    for (int round = 0; round < 200; round++) {
        struct lariat_poll_params params = params_of(LARIAT_POLL_AUTO, (int64_t)(test_random(&random) % 60), 0);
        struct trace trace = { NULL, 0, 0 };
        double cost_ns, least_ns = 1e18;
        int64_t window_ns;
        params.price = (int64_t)(test_random(&random) % 200);
        for (int i = 0; i < 20; i++) {
            ck_assert_int_eq(trace_add(&trace, (int64_t)(1 + test_random(&random) % 70)), 0);
        }
        for (int64_t window = 0; window <= params.max_ns; window++) {
            double cost = 0;
            for (size_t i = 0; i < trace.n; i++) {
                const bool caught = trace.waits_ns[i] <= window;
                cost += (double)(caught ? trace.waits_ns[i] : window) * (double)params.price / 100 + (caught ? 0 : 30);
            }
            least_ns = fmin(least_ns, cost);
        }
        ck_assert_int_eq(simulation_best_fixed(&trace, &params, 30, &cost_ns, &window_ns), 0);
        ck_assert_double_eq_tol(cost_ns, least_ns, 1e-6);
        ck_assert(window_ns >= 0 && window_ns <= params.max_ns);
        trace_free(&trace);
    }
}
END_TEST

START_TEST(nothing_is_spun_with_a_maximum_of_0)
{
    for (int policy = 0; policy < 3; policy++) {
        const struct lariat_poll_params params = params_of((enum lariat_poll_policy)policy, 0, 100);
        struct trace trace = made(trace_spec_named("exponential"), 100, 1);
        struct simulation s = begun(&params, 1);
        simulation_run(&s, &trace);
        ck_assert(s.spun_ns == 0 && s.n_caught == 0);
        ck_assert_double_eq(s.cost_ns, 100.0 * PENALTY_NS);
        trace_free(&trace);
    }
}
END_TEST

/* Rows of waits */

START_TEST(every_kind_makes_what_the_seed_says)
{
    const char *const names[] = { "constant", "exponential", "bimodal", "lognormal", "pareto", "bursts",
                                  "phases", "shifting-phases", "drift", "same-cpu" };
    struct trace a = made(trace_spec_named(names[_i]), 5000, 7);
    struct trace b = made(trace_spec_named(names[_i]), 5000, 7);
    struct trace c = made(trace_spec_named(names[_i]), 5000, 8);
    ck_assert_mem_eq(a.waits_ns, b.waits_ns, 5000 * sizeof(int64_t));
    ck_assert_mem_ne(a.waits_ns, c.waits_ns, 5000 * sizeof(int64_t));
    for (size_t i = 0; i < a.n; i++) {
        ck_assert_int_ge(a.waits_ns[i], 0);
    }
    ck_assert_ptr_null(trace_spec_named("nosuchkind"));
    trace_free(&a);
    trace_free(&b);
    trace_free(&c);
}
END_TEST

static int read_text(const char *text, struct trace *trace, size_t *line)
{
    FILE *in = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
    ck_assert_ptr_nonnull(in);
    const int rc = trace_read(trace, in, line);
    fclose(in);
    return rc;
}

START_TEST(a_file_holds_one_wait_per_line_and_says_which_line_is_wrong)
{
    const char *const bad[] = { "1\n-2\n", "1\nx\n", "1\n2 3\n", "1\n1.5\n", "1\n9223372036854775808\n", "#\n0x10\n" };
    struct trace trace = { NULL, 0, 0 };
    size_t line = 0;
    ck_assert_int_eq(read_text("# head\n\n 12 # twelve\n9223372036854775807\n0", &trace, &line), 0);
    ck_assert_uint_eq(trace.n, 3);
    ck_assert(trace.waits_ns[0] == 12 && trace.waits_ns[1] == INT64_MAX && trace.waits_ns[2] == 0);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert_int_eq(read_text(bad[i], &trace, &line), -EINVAL);
        ck_assert_uint_eq(line, 2);
    }
    trace_free(&trace);
    ck_assert_int_eq(read_text("# nothing\n", &trace, &line), -ENODATA);
    trace_free(&trace);
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *tc = case_of(suite, "auto");
    tcase_set_timeout(tc, in_full() ? 60 : 20);
    tcase_add_loop_test(tc, stationary_waits_cost_little_more_than_with_the_best_window, 0, N_WORLDS);
    tcase_add_loop_test(tc, changing_waits_cost_little_more_than_with_the_best_window, 0, N_WORLDS);
    tcase_add_test(tc, the_first_1000_waits_cost_no_more_than_a_quarter_above);
    tcase_add_test(tc, an_adversary_that_sees_the_window_costs_no_more_than_twice_the_best);

    tc = case_of(suite, "arithmetic");
    tcase_add_test(tc, a_wait_costs_what_was_spun_at_its_price_and_the_penalty_if_it_slept);
    tcase_add_test(tc, clairvoyant_spins_where_that_is_cheaper_and_the_maximum_allows_it);
    tcase_add_test(tc, the_best_fixed_window_is_the_best_of_all);
    tcase_add_test(tc, nothing_is_spun_with_a_maximum_of_0);

    tc = case_of(suite, "traces");
    tcase_add_loop_test(tc, every_kind_makes_what_the_seed_says, 0, 10);
    tcase_add_test(tc, a_file_holds_one_wait_per_line_and_says_which_line_is_wrong);
}

int main(void)
{
    return suite_main_without_ring("bench_simulate", add_tests);
}
