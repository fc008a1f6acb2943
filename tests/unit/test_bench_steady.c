/* SPDX-License-Identifier: MIT */
/* steadystate=: what is called steady, on series whose mean, deviation and slope are known. */
#include "support.h"

#include "steady.h"

static struct steady_value wanted;
static struct steady steady;

static void begin(uint64_t criterion, double limit, bool in_percent, unsigned size)
{
    wanted = (struct steady_value){ criterion, limit, in_percent };
    ck_assert_int_eq(steady_init(&steady, &wanted, size), 0);
}

static void end(void)
{
    steady_free(&steady);
}

static bool add_iops(double iops)
{
    return steady_add(&steady, &(struct steady_sample){ .iops = iops, .bytes_per_second = 1, .lat_ns = 1 });
}

static bool near(double a, double b)
{
    return a - b < 1e-9 * (1 + b) && b - a < 1e-9 * (1 + b);
}

START_TEST(each_sample_must_be_within_the_limit_of_the_mean)
{
    begin(STEADY_IOPS, 11, false, 3); /* 90, 100 and 110 deviate by 10 */
    ck_assert(!add_iops(90) && !add_iops(100));
    ck_assert(add_iops(110));
    ck_assert(near(steady.max_deviation, 10) && near(steady.criterion, 10) && near(steady_mean(&steady).iops, 100));
    end();
    begin(STEADY_IOPS, 10, false, 3); /* "within" is less than the limit */
    ck_assert(!add_iops(90) && !add_iops(100) && !add_iops(110));
    ck_assert(!steady.attained && near(steady.max_deviation, 10));
    end();
}
END_TEST

START_TEST(a_limit_in_percent_is_one_of_the_mean)
{
    begin(STEADY_IOPS, 10.5, true, 3);
    ck_assert(!add_iops(900) && !add_iops(1000) && add_iops(1100));
    ck_assert(near(steady.criterion, 10) && near(steady.max_deviation, 100));
    end();
    begin(STEADY_IOPS, 9.5, true, 3);
    ck_assert(!add_iops(900) && !add_iops(1000) && !add_iops(1100));
    end();
}
END_TEST

START_TEST(the_slope_is_that_of_least_squares_whatever_its_sign)
{
    static const double series[] = { 10, 12, 20, 18 }; /* by hand: 3.2 from sample to sample */

    for (int sign = 1; sign >= -1; sign -= 2) {
        begin(STEADY_IOPS_SLOPE, 3.3, false, 4);
        for (unsigned i = 0; i < 4; i++)
            ck_assert_int_eq(add_iops(sign > 0 ? series[i] : 30 - series[i]), i == 3);
        ck_assert(near(steady.slope * sign, 3.2) && near(steady.criterion * sign, 3.2));
        end();
    }
    begin(STEADY_IOPS_SLOPE, 3.1, false, 4);
    for (unsigned i = 0; i < 4; i++)
        ck_assert(!add_iops(series[i]));
    end();
    begin(STEADY_IOPS_SLOPE, 21.4, true, 4); /* the mean is 15: 21.33 % */
    for (unsigned i = 0; i < 4; i++)
        ck_assert_int_eq(add_iops(series[i]), i == 3);
    end();
}
END_TEST

START_TEST(noise_has_no_slope_but_a_deviation)
{
    begin(STEADY_IOPS_SLOPE, 0.1, true, 4);
    ck_assert(!add_iops(100) && !add_iops(50) && !add_iops(50) && add_iops(100));
    end();
    begin(STEADY_IOPS, 20, true, 4);
    ck_assert(!add_iops(100) && !add_iops(50) && !add_iops(50) && !add_iops(100));
    end();
}
END_TEST

START_TEST(only_the_last_samples_count_and_the_oldest_comes_first)
{
    begin(STEADY_IOPS, 5, true, 3);
    ck_assert(!add_iops(1) && !add_iops(500) && !add_iops(100) && !add_iops(101));
    ck_assert(add_iops(102));
    ck_assert_uint_eq(steady.n, 3);
    for (unsigned i = 0; i < 3; i++)
        ck_assert(near(steady_sample_at(&steady, i)->iops, 100 + i));
    end();
}
END_TEST

START_TEST(bandwidth_and_latency_are_judged_by_themselves)
{
    const struct steady_sample a = { 1, 1000, 70 }, b = { 500, 1000, 90 };

    begin(STEADY_BW, 1, false, 2);
    ck_assert(!steady_add(&steady, &a) && steady_add(&steady, &b));
    end();
    begin(STEADY_LAT_SLOPE, 21, false, 2);
    ck_assert(!steady_add(&steady, &a) && steady_add(&steady, &b) && near(steady.slope, 20));
    ck_assert(near(steady_mean(&steady).lat_ns, 80));
    end();
    begin(STEADY_LAT, 9, false, 2);
    ck_assert(!steady_add(&steady, &a) && !steady_add(&steady, &b) && near(steady.max_deviation, 10));
    end();
}
END_TEST

START_TEST(no_load_at_all_is_not_steady)
{
    begin(STEADY_IOPS, 50, true, 2);
    ck_assert(!add_iops(0) && !add_iops(0));
    end();
}
END_TEST

static void add_cases(Suite *suite)
{
    TCase *tcase = case_of(suite, "steady");

    tcase_add_test(tcase, each_sample_must_be_within_the_limit_of_the_mean);
    tcase_add_test(tcase, a_limit_in_percent_is_one_of_the_mean);
    tcase_add_test(tcase, the_slope_is_that_of_least_squares_whatever_its_sign);
    tcase_add_test(tcase, noise_has_no_slope_but_a_deviation);
    tcase_add_test(tcase, only_the_last_samples_count_and_the_oldest_comes_first);
    tcase_add_test(tcase, bandwidth_and_latency_are_judged_by_themselves);
    tcase_add_test(tcase, no_load_at_all_is_not_steady);
}

int main(void)
{
    return suite_main_without_ring("bench_steady", add_cases);
}
