/* SPDX-License-Identifier: MIT */
/* How lariat-ctl prints numbers, tables and rows of bars. */
#include "support.h"

#include <math.h>

#include "format.h"
#include "report.h"

START_TEST(durations_have_three_digits_and_a_unit)
{
    char buf[FORMAT_MAX];

    ck_assert_str_eq(format_ns(buf, 0), "0 ns");
    ck_assert_str_eq(format_ns(buf, 850), "850 ns");
    ck_assert_str_eq(format_ns(buf, 999), "999 ns");
    ck_assert_str_eq(format_ns(buf, 1000), "1.00 us");
    ck_assert_str_eq(format_ns(buf, 4096), "4.10 us");
    ck_assert_str_eq(format_ns(buf, 9994), "9.99 us");
    ck_assert_str_eq(format_ns(buf, 9996), "10.0 us");
    ck_assert_str_eq(format_ns(buf, 32768), "32.8 us");
    ck_assert_str_eq(format_ns(buf, 99960), "100 us");
    ck_assert_str_eq(format_ns(buf, 999600), "1.00 ms");
    ck_assert_str_eq(format_ns(buf, 1200000000), "1.20 s");
    ck_assert_str_eq(format_ns(buf, 7.2e12), "2.00 h");
    ck_assert_str_eq(format_ns(buf, (double)INT64_MAX), "292 y");
    ck_assert_str_eq(format_ns(buf, NAN), "-");
}
END_TEST

START_TEST(rates_get_a_decimal_place_only_when_they_are_small)
{
    char buf[FORMAT_MAX];

    ck_assert_str_eq(format_rate(buf, 0), "0");
    ck_assert_str_eq(format_rate(buf, 2.5), "2.5");
    ck_assert_str_eq(format_rate(buf, 33.3), "33");
    ck_assert_str_eq(format_rate(buf, 999.4), "999");
    ck_assert_str_eq(format_rate(buf, 999.6), "1.00k");
    ck_assert_str_eq(format_rate(buf, 63726), "63.7k");
    ck_assert_str_eq(format_rate(buf, 1234567), "1.23M");
    ck_assert_str_eq(format_rate(buf, NAN), "-");
}
END_TEST

START_TEST(shares_are_percentages)
{
    char buf[FORMAT_MAX];

    ck_assert_str_eq(format_share(buf, 0), "0.0 %");
    ck_assert_str_eq(format_share(buf, 0.004), "0.4 %");
    ck_assert_str_eq(format_share(buf, 0.0994), "9.9 %");
    ck_assert_str_eq(format_share(buf, 0.0996), "10 %");
    ck_assert_str_eq(format_share(buf, 1), "100 %");
    ck_assert_str_eq(format_share(buf, NAN), "-");
    ck_assert_str_eq(format_mean(buf, 1.25), "1.2");
    ck_assert_str_eq(format_mean(buf, NAN), "-");
}
END_TEST

START_TEST(bars_grow_in_eighths_of_the_full_height)
{
    const uint64_t values[] = { 0, 1, 4, 5, 8, 16, 31, 32, 40 };
    char buf[3 * 9 + 1];

    ck_assert_uint_eq(format_sparkline(buf, values, 9, 32, false), 9);
    ck_assert_str_eq(buf, ".__,,~###");
    ck_assert_uint_eq(format_sparkline(buf, values, 9, 32, true), 1 + 8 * 3);
    ck_assert_str_eq(buf,
                     ".\xe2\x96\x81\xe2\x96\x81\xe2\x96\x82\xe2\x96\x82\xe2\x96\x84\xe2\x96\x88\xe2\x96\x88\xe2\x96\x88");
    ck_assert_uint_eq(format_sparkline(buf, values, 0, 32, true), 0);
    ck_assert_str_eq(buf, "");
    format_sparkline(buf, values, 2, 0, false);
    ck_assert_str_eq(buf, ".#");
    const uint64_t large[] = { UINT64_MAX, UINT64_MAX / 2 };
    format_sparkline(buf, large, 2, UINT64_MAX, false);
    ck_assert_str_eq(buf, "#~");
}
END_TEST

START_TEST(tables_are_aligned_and_end_without_blanks)
{
    static const struct report_column columns[] = { { "NAME", false }, { "N", true }, { "WORD", false } };
    struct report *report = report_new(columns, 3);
    char text[256] = "";
    FILE *out = fmemopen(text, sizeof(text), "w");

    ck_assert_ptr_nonnull(out);
    report_add(report, "%s", "a");
    report_add(report, "%d", 5);
    report_add(report, "%s", "x");
    report_add(report, "%s", "longer");
    report_add(report, "%d", 12345);
    report_add(report, "%s", "y");
    report_print(report, true, out);
    fclose(out);
    ck_assert_str_eq(text, "NAME        N  WORD\n"
                           "a           5  x\n"
                           "longer  12345  y\n");
}
END_TEST

static void add_cases(Suite *suite)
{
    TCase *format = case_of(suite, "format");

    tcase_add_test(format, durations_have_three_digits_and_a_unit);
    tcase_add_test(format, rates_get_a_decimal_place_only_when_they_are_small);
    tcase_add_test(format, shares_are_percentages);
    tcase_add_test(format, bars_grow_in_eighths_of_the_full_height);
    tcase_add_test(format, tables_are_aligned_and_end_without_blanks);
}

int main(void)
{
    return suite_main_without_ring("ctl_format", add_cases);
}
