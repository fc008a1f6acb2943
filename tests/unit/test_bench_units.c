/* SPDX-License-Identifier: MIT */
/* How lariat-bench reads sizes and durations, and prints numbers. */
#include "support.h"

#include <errno.h>

#include "cpulist.h"
#include "units.h"

static uint64_t size_or_fail(const char *text)
{
    const char *why = NULL;
    uint64_t value = 0;
    bool decimal;

    ck_assert_msg(parse_size(text, 1024, &value, &decimal, &why) == 0, "%s: %s", text, why);
    return value;
}

static void size_must_be(const char *text, int expected_rc)
{
    const char *why = NULL;
    uint64_t value;
    bool decimal;

    ck_assert_msg(parse_size(text, 1024, &value, &decimal, &why) == expected_rc, "\"%s\" gave another result", text);
    ck_assert_ptr_nonnull(why);
}

static int64_t duration_or_fail(const char *text, int64_t bare)
{
    const char *why = NULL;
    int64_t ns = 0;

    ck_assert_msg(parse_duration(text, bare, &ns, &why) == 0, "%s: %s", text, why);
    return ns;
}

START_TEST(sizes_are_read_as_fio_reads_them)
{
    ck_assert_uint_eq(size_or_fail("0"), 0);
    ck_assert_uint_eq(size_or_fail("4096"), 4096);
    ck_assert_uint_eq(size_or_fail("512b"), 512);
    ck_assert_uint_eq(size_or_fail("4k"), 4096);
    ck_assert_uint_eq(size_or_fail("4K"), 4096);
    ck_assert_uint_eq(size_or_fail("4kb"), 4096);
    ck_assert_uint_eq(size_or_fail("4KB"), 4096);
    ck_assert_uint_eq(size_or_fail("1m"), 1048576);
    ck_assert_uint_eq(size_or_fail("2g"), UINT64_C(2) << 30);
    ck_assert_uint_eq(size_or_fail("3t"), UINT64_C(3) << 40);
    ck_assert_uint_eq(size_or_fail("1p"), UINT64_C(1) << 50);
    ck_assert_uint_eq(size_or_fail("0x1000"), 4096);
    ck_assert_uint_eq(size_or_fail("0x10k"), 16384);
    ck_assert_uint_eq(size_or_fail("010"), 10);
    ck_assert_uint_eq(size_or_fail("18446744073709551615"), UINT64_MAX);
}
END_TEST

START_TEST(kib_keeps_fios_meaning_and_is_marked)
{
    const char *why = NULL;
    uint64_t value;
    bool decimal;

    ck_assert_int_eq(parse_size("4KiB", 1024, &value, &decimal, &why), 0);
    ck_assert_uint_eq(value, 4000);
    ck_assert(decimal);
    ck_assert_int_eq(parse_size("4k", 1024, &value, &decimal, &why), 0);
    ck_assert(!decimal);
    ck_assert_uint_eq(size_or_fail("2mib"), 2000000);
}
END_TEST

START_TEST(what_fio_reads_wrongly_without_a_word_is_an_error)
{
    size_must_be("1.5k", -EINVAL);
    size_must_be("4ki", -EINVAL);
    size_must_be("4k2", -EINVAL);
    size_must_be("4kx", -EINVAL);
    size_must_be("4 k", -EINVAL);
    size_must_be("8k,32k", -EINVAL);
    size_must_be("1e400", -EINVAL);
    size_must_be("", -EINVAL);
    size_must_be("-", -ERANGE);
    size_must_be("-1", -ERANGE);
    size_must_be("+1", -EINVAL);
    size_must_be(" 1", -EINVAL);
    size_must_be("0x", -EINVAL);
    size_must_be("k", -EINVAL);
    size_must_be("18446744073709551616", -ERANGE);
    size_must_be("18446744073709551615k", -ERANGE);
    size_must_be("99999999999999999999999999", -ERANGE);
}
END_TEST

START_TEST(percentages_are_1_to_100)
{
    const char *why = NULL;
    unsigned percent = 0;

    ck_assert_int_eq(parse_percent("1%", &percent, &why), 0);
    ck_assert_uint_eq(percent, 1);
    ck_assert_int_eq(parse_percent("100%", &percent, &why), 0);
    ck_assert_uint_eq(percent, 100);
    ck_assert_int_eq(parse_percent("0%", &percent, &why), -ERANGE);
    ck_assert_int_eq(parse_percent("101%", &percent, &why), -ERANGE);
    ck_assert_int_eq(parse_percent("4294967297%", &percent, &why), -ERANGE);
    ck_assert_int_eq(parse_percent("50", &percent, &why), -EINVAL);
    ck_assert_int_eq(parse_percent("50%%", &percent, &why), -EINVAL);
    ck_assert_int_eq(parse_percent("%", &percent, &why), -EINVAL);
}
END_TEST

START_TEST(durations_take_all_units)
{
    ck_assert_int_eq(duration_or_fail("10", NS_PER_SECOND), INT64_C(10000000000));
    ck_assert_int_eq(duration_or_fail("10", 1), 10);
    ck_assert_int_eq(duration_or_fail("32768", 1), 32768);
    ck_assert_int_eq(duration_or_fail("100us", 1), 100000);
    ck_assert_int_eq(duration_or_fail("100usec", 1), 100000);
    ck_assert_int_eq(duration_or_fail("5ns", NS_PER_SECOND), 5);
    ck_assert_int_eq(duration_or_fail("250ms", NS_PER_SECOND), 250000000);
    ck_assert_int_eq(duration_or_fail("2s", 1), INT64_C(2000000000));
    ck_assert_int_eq(duration_or_fail("1m", NS_PER_SECOND), INT64_C(60000000000));
    ck_assert_int_eq(duration_or_fail("1h", NS_PER_SECOND), INT64_C(3600000000000));
    ck_assert_int_eq(duration_or_fail("1d", NS_PER_SECOND), INT64_C(86400000000000));
    ck_assert_int_eq(duration_or_fail("9223372036854775807", 1), INT64_MAX);
}
END_TEST

START_TEST(bad_durations_are_refused)
{
    const char *const bad[] = { "", "-1", "1.5s", "5x", "5 s", "s", "9223372036854775808ns", "9223372037", "1y", "5sm" };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const char *why = NULL;
        int64_t ns;

        ck_assert_msg(parse_duration(bad[i], NS_PER_SECOND, &ns, &why) != 0, "\"%s\" was accepted", bad[i]);
        ck_assert_ptr_nonnull(why);
    }
}
END_TEST

START_TEST(numbers_are_printed_with_three_or_four_digits)
{
    char buf[UNIT_TEXT_MAX];

    ck_assert_str_eq(format_count(buf, 0), "0");
    ck_assert_str_eq(format_count(buf, 999), "999");
    ck_assert_str_eq(format_count(buf, 63726), "63.73k");
    ck_assert_str_eq(format_count(buf, 999990), "1.00M");
    ck_assert_str_eq(format_count(buf, 123456), "123.5k");
    ck_assert_str_eq(format_bytes(buf, 1048576), "1.00MiB");
    ck_assert_str_eq(format_bytes(buf, 1023), "1023B");
    ck_assert_str_eq(format_ns(buf, 850), "850 ns");
    ck_assert_str_eq(format_ns(buf, 12345), "12.35 us");
    ck_assert_str_eq(format_ns(buf, 1200000000), "1.20 s");
}
END_TEST

START_TEST(cpu_lists_are_numbers_and_ranges)
{
    cpu_set_t set;

    ck_assert_int_eq(cpulist_parse("0-2,6", &set), 0);
    ck_assert_int_eq(CPU_COUNT(&set), 4);
    ck_assert(CPU_ISSET(6, &set) && !CPU_ISSET(3, &set));
    ck_assert_int_eq(cpulist_parse("1", &set), 0);
    ck_assert_int_eq(CPU_COUNT(&set), 1);
    const char *const bad[] = { "", ",", "1,", "-1", "1-", "3-1", "a", "1 ", "99999999999999999999", "1--2", "0-99999" };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_msg(cpulist_parse(bad[i], &set) == -EINVAL, "\"%s\" was accepted", bad[i]);
}
END_TEST

START_TEST(a_set_of_cpus_is_printed_as_a_list_that_means_the_same)
{
    const char *const lists[] = { "0", "1,3", "0-2,6", "0-1,3-4,1023", "1022-1023", "0-1023" };
    char text[CPULIST_TEXT_MAX];
    cpu_set_t set;

    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        ck_assert_int_eq(cpulist_parse(lists[i], &set), 0);
        ck_assert_str_eq(cpulist_format(&set, text), lists[i]);
    }
    CPU_ZERO(&set);
    ck_assert_str_eq(cpulist_format(&set, text), "");
    for (unsigned cpu = 0; cpu < CPU_SETSIZE; cpu += 2)
        CPU_SET(cpu, &set);
    ck_assert_uint_lt(strlen(cpulist_format(&set, text)), CPULIST_TEXT_MAX);
    ck_assert_ptr_nonnull(strstr(text, "1020,1022"));
}
END_TEST

static void add_cases(Suite *suite)
{
    TCase *units = case_of(suite, "units");

    tcase_add_test(units, sizes_are_read_as_fio_reads_them);
    tcase_add_test(units, kib_keeps_fios_meaning_and_is_marked);
    tcase_add_test(units, what_fio_reads_wrongly_without_a_word_is_an_error);
    tcase_add_test(units, percentages_are_1_to_100);
    tcase_add_test(units, durations_take_all_units);
    tcase_add_test(units, bad_durations_are_refused);
    tcase_add_test(units, numbers_are_printed_with_three_or_four_digits);
    tcase_add_test(units, cpu_lists_are_numbers_and_ranges);
    tcase_add_test(units, a_set_of_cpus_is_printed_as_a_list_that_means_the_same);
}

int main(void)
{
    return suite_main_without_ring("bench_units", add_cases);
}
