/* SPDX-License-Identifier: MIT */
/* lariat-bench tune: its statistics, against tables, known series and simulated runs. */
#include "support.h"

#include <math.h>

#include "tune_stats.h"

static double uniform(uint64_t *state)
{
    return ((double)(test_random(state) >> 11) + 0.5) / 9007199254740992.0;
}

static double normal(uint64_t *state)
{
    return sqrt(-2 * log(uniform(state))) * cos(2 * M_PI * uniform(state));
}

/* From printed tables. */
static const struct {
    double p, degrees, t;
} students[] = { { 0.975, 1, 12.706 }, { 0.975, 4, 2.776 }, { 0.95, 4, 2.132 },    { 0.995, 4, 4.604 }, { 0.975, 10, 2.228 },
                 { 0.9, 2, 1.886 },    { 0.5, 7, 0 },       { 0.975, 120, 1.980 }, { 0.999, 3, 10.215 } };

START_TEST(students_t_is_that_of_the_tables)
{
    ck_assert_double_eq_tol(tune_student(students[_i].p, students[_i].degrees), students[_i].t, 0.001);
}
END_TEST

START_TEST(the_interval_of_a_known_series_is_right)
{
    /* Ratios 1.1, 1.2, 1.3: mean of the logarithms 0.179960, deviation 0.083556, t(2) 4.302653. */
    const double logs[] = { log(1.1), log(1.2), log(1.3) };
    struct interval_of_ratio interval = tune_ratio_interval(logs, 3, 0.95);

    ck_assert_uint_eq(interval.n, 3);
    ck_assert_double_eq_tol(interval.ratio, 1.19717, 1e-4);
    ck_assert_double_eq_tol(interval.low, 0.97278, 1e-4);
    ck_assert_double_eq_tol(interval.high, 1.47332, 1e-4);
    ck_assert(!tune_differs(&interval));
    interval = tune_ratio_interval(logs, 3, 0.8);
    ck_assert(interval.low > 1 && tune_differs(&interval));
}
END_TEST

START_TEST(one_run_or_none_proves_nothing)
{
    const double log_ratio = log(2);

    for (unsigned n = 0; n < 2; n++) {
        struct interval_of_ratio interval = tune_ratio_interval(&log_ratio, n, 0.95);

        ck_assert_double_eq_tol(interval.ratio, n + 1, 1e-12);
        ck_assert(interval.low <= 0 && isinf(interval.high));
        ck_assert(!tune_differs(&interval));
    }
}
END_TEST

/* Of 4000 intervals of five runs each so many hold the truth as they claim to; the seed is fixed. */
START_TEST(intervals_hold_the_true_ratio_as_often_as_they_say)
{
    static const double confidences[] = { 0.8, 0.95, 0.9875 };
    uint64_t state = 12345;
    unsigned held = 0;

    for (unsigned i = 0; i < 4000; i++) {
        double logs[5];
        struct interval_of_ratio interval;

        for (unsigned j = 0; j < 5; j++)
            logs[j] = log(1.25) + 0.07 * normal(&state);
        interval = tune_ratio_interval(logs, 5, confidences[_i]);
        held += interval.low <= 1.25 && 1.25 <= interval.high;
    }
    ck_assert_double_eq_tol(held / 4000.0, confidences[_i], 0.016);
}
END_TEST

START_TEST(joint_intervals_are_wider)
{
    ck_assert_double_eq_tol(tune_joint_confidence(0.95, 5), 0.99, 1e-12);
    ck_assert_double_eq_tol(tune_joint_confidence(0.95, 1), 0.95, 1e-12);
    ck_assert_double_eq_tol(tune_joint_confidence(0.95, 0), 0.95, 1e-12);
}
END_TEST

START_TEST(medians_are_those_of_sorted_values)
{
    const double values[] = { 5, 1, 4, 2 };

    ck_assert_double_eq_tol(tune_median(values, 4), 3, 1e-12);
    ck_assert_double_eq_tol(tune_median(values, 3), 4, 1e-12);
    ck_assert(isnan(tune_median(values, 0)));
    ck_assert(isnan(tune_mean(values, 0)));
}
END_TEST

static const struct {
    double values[6];
    unsigned n;
    bool steady;
} series[] = {
    { { 100, 101, 99, 100, 100 }, 5, true },      { { 100, 100, 100, 100 }, 4, false }, /* too few */
    { { 200, 100, 101, 99, 100, 100 }, 6, true },                                       /* the first of six does not count */
    { { 100, 100, 125, 100, 100 }, 5, false },                                          /* range 24 % */
    { { 100, 100, 119, 100, 100 }, 5, true },                                           /* range 18 %, no slope */
    { { 94, 97, 100, 103, 106 }, 5, false },                                            /* rises by 12 % */
    { { 96, 98, 100, 102, 104 }, 5, true },                                             /* by 8 % */
    { { 106, 103, 100, 97, 94 }, 5, false },                                            /* falls */
};

START_TEST(steady_is_what_the_rule_says)
{
    ck_assert_int_eq(tune_is_steady(series[_i].values, series[_i].n), series[_i].steady);
}
END_TEST

static void add_cases(Suite *suite)
{
    TCase *tcase = case_of(suite, "statistics of tune");

    tcase_add_loop_test(tcase, students_t_is_that_of_the_tables, 0, sizeof(students) / sizeof(students[0]));
    tcase_add_test(tcase, the_interval_of_a_known_series_is_right);
    tcase_add_test(tcase, one_run_or_none_proves_nothing);
    tcase_add_loop_test(tcase, intervals_hold_the_true_ratio_as_often_as_they_say, 0, 3);
    tcase_add_test(tcase, joint_intervals_are_wider);
    tcase_add_test(tcase, medians_are_those_of_sorted_values);
    tcase_add_loop_test(tcase, steady_is_what_the_rule_says, 0, sizeof(series) / sizeof(series[0]));
}

int main(void)
{
    return suite_main_without_ring("bench_tune_stats", add_cases);
}
