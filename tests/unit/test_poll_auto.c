/* SPDX-License-Identifier: MIT */
/* The policy auto wait by wait: buckets, choice, probes, debt, extremes. Its figures are tests/unit/test_bench_simulate.c. */
#include "support.h"

#include "poll.h"

#define MAX_NS 100000
#define PENALTY_NS 25000

static const struct poll_costs usual = { .penalty_ns = PENALTY_NS, .wake_ns = 18750 };

struct run {
    struct poll_auto policy;
    int64_t window_ns;
    int64_t slept_for_ns; /* what a wake-up adds */
    int n_caught, n_probes;
};

static struct run run_of(int64_t max_ns, int64_t price)
{
    struct run run = { .slept_for_ns = 23500 };
    run.window_ns = poll_auto_reset(&run.policy, max_ns, price, &usual);
    return run;
}

/* One true wait, seen as a loop would see it. */
static void one_wait(struct run *run, int64_t ns)
{
    const bool caught = ns <= run->window_ns && run->window_ns > 0;
    const struct poll_wait wait = {
        .window_ns = run->window_ns,
        .spun_ns = caught ? ns : run->window_ns,
        .waited_ns = caught ? ns : ns + run->slept_for_ns,
        .slept = !caught,
    };
    run->n_caught += caught;
    run->n_probes += run->policy.probing;
    run->window_ns = poll_auto_observe(&run->policy, &wait);
}

static void waits_of(struct run *run, int64_t ns, int n)
{
    run->n_caught = run->n_probes = 0;
    for (int i = 0; i < n; i++) {
        one_wait(run, ns);
    }
}

/* The first windows */

static const struct {
    const char *why;
    int64_t max_ns, price, penalty_ns, expected_ns;
} firsts[] = {
    { "the break-even", 100000, 100, 25000, 25000 },
    { "a lower price, a longer spin", 1000000, 25, 25000, 100000 },
    { "a higher one", 100000, 400, 25000, 6250 },
    { "the maximum bounds it", 20000, 100, 25000, 20000 },
    { "without a price latency alone counts", 1000000, 0, 25000, 1000000 },
    { "the largest price", 100000, 10000, 25000, 250 },
    { "never less than a ns", 100000, 10000, 1, 1 },
    { "a penalty of nothing is a ns", 100000, 100, 0, 1 },
    { "nor is a negative one", 100000, 100, INT64_MIN, 1 },
    { "2^24 ns is the end of it", INT64_MAX, 0, INT64_MAX, 1 << 24 },
    { "the largest penalty", 100, 1, INT64_MAX, 100 },
    { "max 1", 1, 100, 25000, 1 },
    { "max 0: never", 0, 100, 25000, 0 },
};
enum { N_FIRSTS = sizeof(firsts) / sizeof(firsts[0]) };

START_TEST(the_first_window_is_what_a_sleep_is_worth)
{
    const struct poll_costs costs = { .penalty_ns = firsts[_i].penalty_ns, .wake_ns = 0 };
    struct poll_auto policy;
    const int64_t window_ns = poll_auto_reset(&policy, firsts[_i].max_ns, firsts[_i].price, &costs);
    ck_assert_msg(window_ns == firsts[_i].expected_ns, "%s: %lld", firsts[_i].why, (long long)window_ns);
}
END_TEST

START_TEST(until_the_first_choice_the_window_follows_the_costs)
{
    const struct poll_costs less = { .penalty_ns = 5000, .wake_ns = 4000 };
    struct run run = run_of(MAX_NS, 100);
    waits_of(&run, 40000, 10);
    ck_assert_int_eq(run.window_ns, 25000);
    poll_auto_set_costs(&run.policy, &less);
    waits_of(&run, 40000, 1);
    ck_assert_int_eq(run.window_ns, 5000);
}
END_TEST

/* Choosing */

START_TEST(while_all_waits_are_caught_the_window_stays_wide)
{
    struct run run = run_of(MAX_NS, 100);
    waits_of(&run, 2000, 1000);
    ck_assert_int_eq(run.n_caught, 1000);
    ck_assert_int_eq(run.window_ns, 25000);
    waits_of(&run, 20000, 1000);
    ck_assert_int_eq(run.n_caught, 1000);
}
END_TEST

START_TEST(hopeless_waits_close_the_window)
{
    struct run run = run_of(MAX_NS, 100);
    waits_of(&run, 1000000, 200);
    waits_of(&run, 1000000, 10000);
    ck_assert_int_eq(run.policy.chosen_ns, 0);
    ck_assert_int_eq(run.n_caught, 0);
    ck_assert_int_ge(run.n_probes, 10000 / 128 - 1);
    ck_assert_int_le(run.n_probes, 10000 / 32);
}
END_TEST

START_TEST(a_mixture_is_spun_for_where_that_pays)
{
    struct run run = run_of(MAX_NS, 100);
    for (int i = 0; i < 3000; i++) {
        one_wait(&run, i % 4 != 0 ? 3000 : 1000000);
    }
    ck_assert_int_ge(run.policy.chosen_ns, 3000);
    ck_assert_int_le(run.policy.chosen_ns, 3584); /* the end of their bucket */
}
END_TEST

START_TEST(short_waits_are_found_again_within_128)
{
    struct run run = run_of(MAX_NS, 100);
    waits_of(&run, 1000000, 4000);
    waits_of(&run, 5000, 128);
    waits_of(&run, 5000, 100);
    ck_assert_int_eq(run.n_caught, 100);
}
END_TEST

START_TEST(long_waits_are_given_up_within_1500)
{
    struct run run = run_of(MAX_NS, 100);
    waits_of(&run, 5000, 4000);
    waits_of(&run, 1000000, 1500);
    ck_assert_int_eq(run.policy.chosen_ns, 0);
}
END_TEST

/* A spin cut short says only that the wait was longer than that. */
START_TEST(a_wait_cut_short_counts_as_given_up_there)
{
    struct run run = run_of(MAX_NS, 100);
    const struct poll_wait cut = { .window_ns = run.window_ns, .spun_ns = 300, .waited_ns = 30000, .slept = true };
    (void)poll_auto_observe(&run.policy, &cut);
    ck_assert_uint_eq(run.policy.counts[1][1], 256);
    const struct poll_wait over = { .window_ns = 300, .spun_ns = 90000, .waited_ns = 130000, .slept = true };
    (void)poll_auto_observe(&run.policy, &over);
    ck_assert_uint_eq(run.policy.counts[1][1], 512);
}
END_TEST

/* max_ns lies inside a bucket: a wait given up there is not one that was caught in it. */
START_TEST(the_maximum_need_not_be_the_end_of_a_bucket)
{
    struct run run = run_of(30000, 10);
    for (int i = 0; i < 3200; i++) {
        one_wait(&run, i % 20 == 0 ? 29500 : 1000000);
    }
    ck_assert_int_eq(run.policy.chosen_ns, 0);
    run = run_of(30000, 10);
    for (int i = 0; i < 3200; i++) {
        one_wait(&run, i % 20 != 0 ? 29500 : 1000000);
    }
    ck_assert_int_eq(run.policy.chosen_ns, 30000);
}
END_TEST

/* Probes */

START_TEST(misses_make_probes_rare_and_a_hit_makes_them_frequent)
{
    struct run run = run_of(MAX_NS, 100);
    waits_of(&run, 1000000, 10000);
    ck_assert_uint_eq(run.policy.probe_gap, 128);
    while (!run.policy.probing) {
        one_wait(&run, 1000000);
    }
    one_wait(&run, 20000);
    ck_assert_uint_eq(run.policy.probe_gap, 32);
    ck_assert(run.policy.probing); /* worth its while: look again at once */
}
END_TEST

START_TEST(a_hit_above_the_break_even_is_not_followed_at_once)
{
    struct run run = run_of(MAX_NS, 100);
    waits_of(&run, 1000000, 2000);
    while (!run.policy.probing) {
        one_wait(&run, 1000000);
    }
    ck_assert_int_gt(run.window_ns, 26000);
    one_wait(&run, 26000);
    ck_assert(!run.policy.probing && run.policy.probe_gap == 32 && run.policy.probe_in > 1);
}
END_TEST

START_TEST(a_window_as_wide_as_the_maximum_needs_no_probes)
{
    struct run run = run_of(20000, 100);
    waits_of(&run, 2000, 1000);
    ck_assert_int_eq(run.n_probes, 0);
    ck_assert_int_eq(run.window_ns, 20000);
}
END_TEST

/* The debt */

START_TEST(an_adversary_makes_it_play_safe_and_a_debt_paid_ends_that)
{
    struct run run = run_of(MAX_NS, 100);
    bool was_safe = false;
    for (int i = 0; i < 20000 && !was_safe; i++) {
        one_wait(&run, run.window_ns + 1);
        was_safe = run.policy.safe;
    }
    ck_assert(was_safe);
    ck_assert_int_eq(run.window_ns, 25000);
    waits_of(&run, 1000000, 10000);
    ck_assert(!run.policy.safe);
}
END_TEST

/* Extremes and the reset */

START_TEST(no_waits_overflow_it_or_lead_it_out_of_the_range)
{
    uint64_t random = test_seed();
    for (int i = 0; i < 3000; i++) {
        const struct poll_costs costs = { (int64_t)(test_random(&random) >> test_random(&random) % 64),
                                          (int64_t)(test_random(&random) >> (1 + test_random(&random) % 63)) };
        const int64_t max_ns = (int64_t)(test_random(&random) >> (1 + test_random(&random) % 63));
        const int64_t price = (int64_t)(test_random(&random) % 10001);
        struct poll_auto policy;
        int64_t window_ns = poll_auto_reset(&policy, max_ns, i % 8 != 0 ? price : 0, &costs);
        for (int j = 0; j < 200; j++) {
            const int64_t ns = (int64_t)(test_random(&random) >> (1 + test_random(&random) % 63));
            const struct poll_wait wait = { window_ns, ns, j % 3 != 0 ? ns : INT64_MAX, test_random(&random) % 2 == 0 };
            window_ns = poll_auto_observe(&policy, &wait);
            ck_assert(window_ns >= 0 && window_ns <= max_ns && window_ns <= 1 << 24);
        }
    }
}
END_TEST

START_TEST(the_largest_waits_at_the_largest_costs_do_not_overflow)
{
    const struct poll_costs costs = { .penalty_ns = INT64_MAX, .wake_ns = _i == 0 ? 0 : INT64_MAX };
    const int64_t waits[] = { INT64_MAX, 0, 1 << 24 };
    struct poll_auto policy;
    int64_t window_ns = poll_auto_reset(&policy, INT64_MAX, 0, &costs);
    for (int i = 0; i < 100000; i++) {
        const struct poll_wait wait = { window_ns, waits[i / 3 % 3], waits[i % 3], i % 2 == 0 };
        window_ns = poll_auto_observe(&policy, &wait);
        ck_assert(window_ns >= 0 && window_ns <= 1 << 24);
    }
}
END_TEST

START_TEST(a_reset_forgets_and_new_costs_do_not)
{
    struct run run = run_of(MAX_NS, 100);
    const struct poll_costs more = { .penalty_ns = 50000, .wake_ns = 37500 };
    waits_of(&run, 1000000, 4000);
    poll_auto_set_costs(&run.policy, &more);
    ck_assert_int_eq(run.policy.break_even_ns, 50000);
    waits_of(&run, 1000000, 31);
    ck_assert_int_eq(run.policy.chosen_ns, 0);
    ck_assert_int_eq(poll_auto_reset(&run.policy, MAX_NS, 100, &usual), 25000);
    const struct run fresh = run_of(MAX_NS, 100);
    ck_assert_mem_eq(&run.policy, &fresh.policy, sizeof(fresh.policy));
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *tc = case_of(suite, "windows");
    tcase_add_loop_test(tc, the_first_window_is_what_a_sleep_is_worth, 0, N_FIRSTS);
    tcase_add_test(tc, until_the_first_choice_the_window_follows_the_costs);
    tcase_add_test(tc, while_all_waits_are_caught_the_window_stays_wide);
    tcase_add_test(tc, hopeless_waits_close_the_window);
    tcase_add_test(tc, a_mixture_is_spun_for_where_that_pays);
    tcase_add_test(tc, short_waits_are_found_again_within_128);
    tcase_add_test(tc, long_waits_are_given_up_within_1500);
    tcase_add_test(tc, a_wait_cut_short_counts_as_given_up_there);
    tcase_add_test(tc, the_maximum_need_not_be_the_end_of_a_bucket);

    tc = case_of(suite, "probes and debt");
    tcase_add_test(tc, misses_make_probes_rare_and_a_hit_makes_them_frequent);
    tcase_add_test(tc, a_hit_above_the_break_even_is_not_followed_at_once);
    tcase_add_test(tc, a_window_as_wide_as_the_maximum_needs_no_probes);
    tcase_add_test(tc, an_adversary_makes_it_play_safe_and_a_debt_paid_ends_that);

    tc = case_of(suite, "extremes");
    tcase_add_test(tc, no_waits_overflow_it_or_lead_it_out_of_the_range);
    tcase_add_loop_test(tc, the_largest_waits_at_the_largest_costs_do_not_overflow, 0, 2);
    tcase_add_test(tc, a_reset_forgets_and_new_costs_do_not);
}

int main(void)
{
    return suite_main_without_ring("poll_auto", add_tests);
}
