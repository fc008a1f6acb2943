/* SPDX-License-Identifier: MIT */
/* Values of options that are lists, ranges, splits, distributions or patterns. */
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#include "values.h"

static const char *why;
static bool decimal;

#define NONE UINT64_MAX

static const struct {
    const char *text;
    uint64_t values[DIRECTIONS];
} lists[] = {
    { "8k", { 8192, 8192, 8192 } },     { "8k,32k", { 8192, 32768, 32768 } },
    { "8k,", { 8192, NONE, NONE } },    { ",8k", { NONE, 8192, 8192 } },
    { ",8k,", { NONE, 8192, NONE } },   { ",,8k", { NONE, NONE, 8192 } },
    { "8k,,4k", { 8192, NONE, 4096 } }, { "1,2,3", { 1, 2, 3 } },
    { "1,2,3,", { 1, 2, 3 } },
};

START_TEST(a_list_fills_directions_as_fio_does)
{
    uint64_t values[DIRECTIONS] = { NONE, NONE, NONE };

    ck_assert_int_eq(parse_size_list(lists[_i].text, 1024, values, &decimal, &why), 0);
    for (unsigned i = 0; i < DIRECTIONS; i++)
        ck_assert_msg(values[i] == lists[_i].values[i], "%s: %u is %" PRIu64, lists[_i].text, i, values[i]);
}
END_TEST

static const char *const bad_lists[] = { "", ",", ",,", "1,2,3,4", "1, 2", "1,x", "1.5,2", "1,,,4", "-1", "1;2" };

START_TEST(a_bad_list_is_refused)
{
    uint64_t values[DIRECTIONS];

    ck_assert_msg(parse_size_list(bad_lists[_i], 1024, values, &decimal, &why) != 0, "\"%s\" was accepted", bad_lists[_i]);
    ck_assert_ptr_nonnull(why);
}
END_TEST

START_TEST(ranges_have_two_ends_and_lists_of_them_fill_directions)
{
    struct value_range range, ranges[DIRECTIONS] = { { 0, 0 } };
    const char *const bad[] = { "", "-", "4k-", "-4k", "8k-4k", "1-2-3", "1k-4k,x" };

    ck_assert_int_eq(parse_range("1k-4k", 1024, &range, &decimal, &why), 0);
    ck_assert(range.min == 1024 && range.max == 4096);
    ck_assert_int_eq(parse_range("1k:4k", 1024, &range, &decimal, &why), 0);
    ck_assert(range.min == 1024 && range.max == 4096);
    ck_assert_int_eq(parse_range("4k", 1024, &range, &decimal, &why), 0);
    ck_assert(range.min == 4096 && range.max == 4096);
    ck_assert_int_eq(parse_range_list("1k-4k,8k-16k,", 1024, ranges, &decimal, &why), 0);
    ck_assert(ranges[0].min == 1024 && ranges[1].min == 8192 && ranges[1].max == 16384 && ranges[2].max == 0);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_msg(parse_range_list(bad[i], 1024, ranges, &decimal, &why) != 0, "\"%s\" was accepted", bad[i]);
}
END_TEST

START_TEST(the_base_of_k_may_be_1000)
{
    uint64_t values[DIRECTIONS];

    ck_assert_int_eq(parse_size_list("4k,4kib", 1000, values, &decimal, &why), 0);
    ck_assert(values[0] == 4000 && values[1] == 4096 && decimal);
}
END_TEST

START_TEST(a_split_gives_the_rest_to_entries_without_a_share)
{
    struct size_split splits[DIRECTIONS] = { { 0 } };

    ck_assert_int_eq(parse_split_list("4k/50:64k/:32k", 1024, splits, &decimal, &why), 0);
    for (unsigned i = 0; i < DIRECTIONS; i++) {
        ck_assert_uint_eq(splits[i].n, 3);
        ck_assert(splits[i].entries[0].bytes == 4096 && splits[i].entries[2].bytes == 32768);
        ck_assert_double_eq(splits[i].entries[0].percent, 50);
        ck_assert_double_eq(splits[i].entries[1].percent, 25);
        ck_assert_double_eq(splits[i].entries[2].percent, 25);
    }
}
END_TEST

START_TEST(splits_are_by_direction_and_up_to_64_entries)
{
    struct size_split splits[DIRECTIONS] = { { 0 } };
    char text[1024] = "1k";

    ck_assert_int_eq(parse_split_list("4k,8k/10:16k/90", 1024, splits, &decimal, &why), 0);
    ck_assert(splits[0].n == 1 && splits[1].n == 2 && splits[2].n == 2);
    ck_assert_double_eq(splits[0].entries[0].percent, 100);
    for (unsigned i = 1; i < SPLIT_MAX; i++)
        strcat(text, ":1k");
    ck_assert_int_eq(parse_split_list(text, 1024, splits, &decimal, &why), 0);
    strcat(text, ":1k");
    ck_assert_int_eq(parse_split_list(text, 1024, splits, &decimal, &why), -EINVAL);
}
END_TEST

static const char *const bad_splits[] = { "",          "4k/50",      "4k/60:8k/50",    "4k/101",       "0/100", "4k/50:",
                                          "4k/x:8k/5", "4k/-1:8k/5", "4k/50:8k/50:/5", "4k/50/50:8k/", "4k/1e2" };

START_TEST(a_bad_split_is_refused)
{
    struct size_split splits[DIRECTIONS];

    ck_assert_msg(parse_split_list(bad_splits[_i], 1024, splits, &decimal, &why) != 0, "\"%s\" was accepted",
                  bad_splits[_i]);
}
END_TEST

START_TEST(fractions_are_decimal_and_nothing_else)
{
    const char *const bad[] = { "",    ".",  "-1", "1e3", "inf",   "nan",
                                "1,5", " 1", "1 ", "0x1", "1.2.3", "12345678901234567890123456789012345678901" };
    double value;
    struct float_list list;

    ck_assert_int_eq(parse_float("99.95", &value, &why), 0);
    ck_assert_double_eq(value, 99.95);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_msg(parse_float(bad[i], &value, &why) != 0, "\"%s\" was accepted", bad[i]);
    ck_assert_int_eq(parse_float_list("50:99.9:.5", &list, &why), 0);
    ck_assert(list.n == 3);
    ck_assert_double_eq(list.values[2], 0.5);
    ck_assert_int_ne(parse_float_list("1:2:3:4:5:6:7:8:9:10:11:12:13:14:15:16:17:18:19:20:21", &list, &why), 0);
    ck_assert_int_ne(parse_float_list("1::2", &list, &why), 0);
}
END_TEST

START_TEST(distributions_have_their_parameters)
{
    struct distribution d;

    ck_assert_int_eq(parse_distribution("random", 1024, &d, &why), 0);
    ck_assert_uint_eq(d.kind, DIST_RANDOM);
    ck_assert_int_eq(parse_distribution("zipf:1.2", 1024, &d, &why), 0);
    ck_assert(d.kind == DIST_ZIPF && d.center < 0);
    ck_assert_double_eq(d.parameter, 1.2);
    ck_assert_int_eq(parse_distribution("pareto:0.2:0.5", 1024, &d, &why), 0);
    ck_assert_double_eq(d.center, 0.5);
    ck_assert_int_eq(parse_distribution("normal:20", 1024, &d, &why), 0);
    ck_assert_uint_eq(d.kind, DIST_NORMAL);
    ck_assert_int_eq(parse_distribution("zoned:60/10:30/20:8/30:2/40", 1024, &d, &why), 0);
    ck_assert(d.zones[0].n == 4 && d.zones[2].n == 4 && d.zones[1].zones[3].percent == 2 && d.zones[1].zones[3].span == 40);
    ck_assert_int_eq(parse_distribution("zoned_abs:95/50g:5/950g,100/1m", 1024, &d, &why), 0);
    ck_assert(d.zones[0].zones[0].span == UINT64_C(50) << 30 && d.zones[2].n == 1);
}
END_TEST

static const char *const bad_distributions[] = {
    "",
    "zip",
    "zipf:",
    "zipf:0",
    "zipf:0",
    "zipf:1.2:2",
    "zipf:1.2:0.5:1",
    "pareto:1",
    "normal",
    "normal:0",
    "normal:101",
    "zoned",
    "zoned:50/50",
    "zoned:100/0",
    "zoned:x/100",
    "random:1",
    "zoned:100/",
    "zoned:",
    "zoned_abs:90/1g",
    "zoned:100/100,100/100,100/100,100/100",
    "zipf1.2",
    "zoned:100",
};

START_TEST(a_bad_distribution_is_refused)
{
    struct distribution d;

    ck_assert_msg(parse_distribution(bad_distributions[_i], 1024, &d, &why) != 0, "\"%s\" was accepted",
                  bad_distributions[_i]);
}
END_TEST

static void check_pattern(const char *text, const void *bytes, size_t n)
{
    struct pattern pattern;

    ck_assert_msg(parse_pattern(text, &pattern, &why) == 0, "%s: %s", text, why);
    ck_assert_msg(pattern.n == n && memcmp(pattern.bytes, bytes, n) == 0, "%s: other bytes", text);
}

/* As fio 3.33 writes them. */
START_TEST(patterns_are_the_bytes_that_fio_writes)
{
    check_pattern("0xdeadbeef", "\xde\xad\xbe\xef", 4);
    check_pattern("0xabc", "\x0a\xbc", 2);
    check_pattern("0x1", "\x01", 1);
    check_pattern("255", "\xff", 1);
    check_pattern("65535", "\xff\xff", 2);
    check_pattern("305419896", "\x78\x56\x34\x12", 4);
    check_pattern("0", "\0", 1);
    check_pattern("\"abcd\"", "abcd", 4);
    check_pattern("0xff\"ab\"-12",
                  "\xff"
                  "ab\xf4\xff\xff\xff",
                  7);
}
END_TEST

START_TEST(a_pattern_may_hold_offsets_and_files)
{
    struct pattern pattern;
    char path[] = "/tmp/lariat-pattern-XXXXXX", text[64];
    int fd = mkstemp(path);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, "hello", 5), 5);
    close(fd);
    ck_assert_int_eq(parse_pattern("%o0xff%o", &pattern, &why), 0);
    ck_assert(pattern.n == 17 && pattern.n_offsets == 2 && pattern.offsets[1] == 9 && pattern.bytes[8] == 0xff);
    snprintf(text, sizeof(text), "'%s'", path);
    check_pattern(text, "hello", 5);
    unlink(path);
    ck_assert_int_ne(parse_pattern(text, &pattern, &why), 0);
}
END_TEST

static const char *const bad_patterns[] = { "",   "0x", "\"\"", "\"a", "'a",   "abc",        "%",  "%p",
                                            "-x", "''", "'/'",  "1 2", "0x1g", "4294967296", "\"", "-2147483649" };

START_TEST(a_bad_pattern_is_refused)
{
    struct pattern pattern;

    ck_assert_msg(parse_pattern(bad_patterns[_i], &pattern, &why) != 0, "\"%s\" was accepted", bad_patterns[_i]);
}
END_TEST

START_TEST(errors_have_names_and_numbers)
{
    struct error_list errors[DIRECTIONS] = { { 0 } };

    ck_assert_int_eq(parse_error_lists("EAGAIN,ENOSPC:122", errors, &why), 0);
    ck_assert(errors[0].n == 1 && errors[0].errors[0] == EAGAIN && errors[1].n == 2 && errors[2].n == 0);
    ck_assert(errors[1].errors[0] == ENOSPC && errors[1].errors[1] == EDQUOT);
    ck_assert_int_ne(parse_error_lists("EBOGUS", errors, &why), 0);
    ck_assert_int_ne(parse_error_lists("0", errors, &why), 0);
    ck_assert_int_ne(parse_error_lists("99999999999", errors, &why), 0);
    ck_assert_int_ne(parse_error_lists("EIO::EIO", errors, &why), 0);
}
END_TEST

START_TEST(steady_states_delays_and_sync_ranges_are_read)
{
    struct steady_value steady;
    struct time_range delay;
    struct sync_range range;

    ck_assert_int_eq(parse_steady("iops:10%", &steady, &why), 0);
    ck_assert(steady.criterion == STEADY_IOPS && steady.in_percent && steady.limit > 9.99 && steady.limit < 10.01);
    ck_assert_int_eq(parse_steady("lat_slope:0.5", &steady, &why), 0);
    ck_assert(steady.criterion == STEADY_LAT_SLOPE && !steady.in_percent);
    ck_assert_int_ne(parse_steady("iops", &steady, &why), 0);
    ck_assert_int_ne(parse_steady("iops:%", &steady, &why), 0);
    ck_assert_int_eq(parse_time_range("5-10", &delay, &why), 0);
    ck_assert(delay.min_ns == INT64_C(5000000000) && delay.max_ns == INT64_C(10000000000));
    ck_assert_int_ne(parse_time_range("10-5", &delay, &why), 0);
    ck_assert_int_eq(parse_sync_range("wait_before,write:8", &range, &why), 0);
    ck_assert(range.n == 8 && range.flags == (SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE));
    ck_assert_int_ne(parse_sync_range("write", &range, &why), 0);
    ck_assert_int_ne(parse_sync_range("8", &range, &why), 0);
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

static void add_cases(Suite *suite)
{
    TCase *values = case_of(suite, "values");

    tcase_add_loop_test(values, a_list_fills_directions_as_fio_does, 0, COUNT(lists));
    tcase_add_loop_test(values, a_bad_list_is_refused, 0, COUNT(bad_lists));
    tcase_add_test(values, ranges_have_two_ends_and_lists_of_them_fill_directions);
    tcase_add_test(values, the_base_of_k_may_be_1000);
    tcase_add_test(values, a_split_gives_the_rest_to_entries_without_a_share);
    tcase_add_test(values, splits_are_by_direction_and_up_to_64_entries);
    tcase_add_loop_test(values, a_bad_split_is_refused, 0, COUNT(bad_splits));
    tcase_add_test(values, fractions_are_decimal_and_nothing_else);
    tcase_add_test(values, distributions_have_their_parameters);
    tcase_add_loop_test(values, a_bad_distribution_is_refused, 0, COUNT(bad_distributions));
    tcase_add_test(values, patterns_are_the_bytes_that_fio_writes);
    tcase_add_test(values, a_pattern_may_hold_offsets_and_files);
    tcase_add_loop_test(values, a_bad_pattern_is_refused, 0, COUNT(bad_patterns));
    tcase_add_test(values, errors_have_names_and_numbers);
    tcase_add_test(values, steady_states_delays_and_sync_ranges_are_read);
}

int main(void)
{
    return suite_main_without_ring("bench_values", add_cases);
}
