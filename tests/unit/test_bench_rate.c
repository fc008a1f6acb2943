/* SPDX-License-Identifier: MIT */
/* The schedule of I/Os at a given rate. */
#include "support.h"

#include <math.h>

#include "rate.h"

#define BEGIN INT64_C(123456789012345)
#define SECOND INT64_C(1000000000)

static const uint64_t rates[] = { 1, 3, 7, 1000, 30000, 333333, 1000000, 600001, 16000000 };

START_TEST(a_linear_schedule_is_exact_however_long)
{
    struct rate rate;

    rate_init(&rate, rates[_i], false, 1, BEGIN);
    ck_assert_int_eq(rate.due_ns, BEGIN);
    for (uint64_t i = 1; i <= 100000; i++) {
        int64_t before = rate.due_ns;

        rate_advance(&rate, 1);
        ck_assert_int_eq(rate.due_ns, BEGIN + (int64_t)((uint128)i * 1000000000 / rates[_i]));
        ck_assert_int_ge(rate.due_ns, before);
    }
    ck_assert_int_eq(rate_time_ns(&rate, rates[_i] * 3600), BEGIN + 3600 * SECOND);
}
END_TEST

START_TEST(bytes_take_time_by_their_number)
{
    struct rate rate;

    rate_init(&rate, 1000000, false, 1, BEGIN);
    rate_advance(&rate, 4096);
    ck_assert_int_eq(rate.due_ns, BEGIN + 4096000);
    rate_advance(&rate, 512);
    ck_assert_int_eq(rate.due_ns, BEGIN + 4608000);
}
END_TEST

/* The intervals of a Poisson process have mean m and deviation m; so has their sum over n, by n and sqrt(n). */
START_TEST(poisson_has_the_mean_and_the_spread_it_should)
{
    const unsigned n = 100000;
    double mean = 1e9 / (double)rates[_i], sum = 0, squares = 0;
    struct rate rate;
    unsigned short_ones = 0;

    rate_init(&rate, rates[_i], true, test_seed(), BEGIN);
    for (unsigned i = 0; i < n; i++) {
        double before = rate.ahead_ns;

        rate_advance(&rate, 1);
        double interval = rate.ahead_ns - before;
        ck_assert(interval >= 0);
        sum += interval;
        squares += interval * interval;
        short_ones += interval < mean * M_LN2; /* the median */
    }
    ck_assert_msg(fabs(sum / n - mean) < 5 * mean / sqrt(n), "mean %g instead of %g", sum / n, mean);
    ck_assert_msg(fabs(squares / n / (2 * mean * mean) - 1) < 0.05, "the intervals spread by %g", squares / n);
    ck_assert_msg(fabs(short_ones / (double)n - 0.5) < 5 * 0.5 / sqrt(n), "median: %u of %u are shorter", short_ones, n);
    ck_assert_int_eq(rate.due_ns, BEGIN + (int64_t)rate.ahead_ns);
}
END_TEST

START_TEST(without_a_rate_all_is_always_due)
{
    struct rate rate;

    rate_init(&rate, 0, false, 1, BEGIN);
    rate_advance(&rate, 1);
    ck_assert_int_eq(rate.due_ns, BEGIN);
}
END_TEST

START_TEST(a_delay_moves_all_that_is_to_come)
{
    struct rate rate;

    rate_init(&rate, 1000, false, 1, BEGIN);
    rate_advance(&rate, 1);
    rate_delay(&rate, 500);
    ck_assert_int_eq(rate.due_ns, BEGIN + 1000500);
    rate_advance(&rate, 1);
    ck_assert_int_eq(rate.due_ns, BEGIN + 2000500);
}
END_TEST

START_TEST(the_far_future_does_not_overflow)
{
    struct rate rate;

    rate_init(&rate, 1, false, 1, INT64_MAX - SECOND);
    rate_advance(&rate, 1);
    rate_advance(&rate, UINT32_MAX);
    ck_assert_int_eq(rate.due_ns, INT64_MAX);
    rate_delay(&rate, SECOND);
    ck_assert_int_eq(rate.due_ns, INT64_MAX);
}
END_TEST

START_TEST(lag_is_summed_and_its_largest_kept)
{
    struct schedule_stats stats = { .n = 0 };

    schedule_add(&stats, 10, false);
    schedule_add(&stats, 30, true);
    schedule_add(&stats, -5, false);
    ck_assert_uint_eq(stats.n, 3);
    ck_assert_uint_eq(stats.n_late, 1);
    ck_assert_int_eq(stats.lag_sum_ns, 40);
    ck_assert_int_eq(stats.lag_max_ns, 30);
}
END_TEST

static void add_cases(Suite *suite)
{
    TCase *tcase = case_of(suite, "rate");

    tcase_add_loop_test(tcase, a_linear_schedule_is_exact_however_long, 0, sizeof(rates) / sizeof(rates[0]));
    tcase_add_test(tcase, bytes_take_time_by_their_number);
    tcase_add_loop_test(tcase, poisson_has_the_mean_and_the_spread_it_should, 0, sizeof(rates) / sizeof(rates[0]));
    tcase_add_test(tcase, without_a_rate_all_is_always_due);
    tcase_add_test(tcase, a_delay_moves_all_that_is_to_come);
    tcase_add_test(tcase, the_far_future_does_not_overflow);
    tcase_add_test(tcase, lag_is_summed_and_its_largest_kept);
}

int main(void)
{
    return suite_main_without_ring("bench_rate", add_cases);
}
