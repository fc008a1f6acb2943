/* SPDX-License-Identifier: MIT */
/* The table of properties, and single values as text and as numbers. */
#include <lariat/property.h>

#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "property.h"
#include "support.h"

#define INT64_MAX_TEXT "9223372036854775807"

static bool is_number(const struct lariat_property_info *info)
{
    return info->type == LARIAT_PROPERTY_INTEGER || info->type == LARIAT_PROPERTY_DURATION;
}

static void must_parse(enum property property, const char *text, int64_t expected)
{
    char *errmsg = NULL;
    int64_t number = -77;
    const int rc = property_parse(property, text, &number, &errmsg);
    ck_assert_msg(rc == 0 && number == expected && !errmsg, "'%s': %d, %" PRId64 " instead of %" PRId64 " (%s)", text, rc, number,
                  expected, errmsg ? errmsg : "no message");
}

/* Refused, with a message that holds the name, the value and one more word. */
static void must_refuse(enum property property, const char *text, int err, const char *word)
{
    const char *name = lariat_property_at(property)->name;
    char *errmsg = NULL, quoted[100];
    int64_t number;
    snprintf(quoted, sizeof(quoted), "'%s'", text);
    const int rc = property_parse(property, text, &number, &errmsg);
    ck_assert_msg(rc == err, "%s=%s: %d instead of %d", name, text, rc, err);
    ck_assert_msg(errmsg && strstr(errmsg, name) && strstr(errmsg, quoted) && strstr(errmsg, word) && (strchr(text, '\n') || !strchr(errmsg, '\n')),
                  "%s=%s: '%s' lacks '%s'", name, text, errmsg ? errmsg : "", word);
    free(errmsg);
    ck_assert_int_eq(property_parse(property, text, &number, NULL), err);
}

/* The table */

START_TEST(each_property_is_described_in_full)
{
    const struct lariat_property_info *info = lariat_property_at((unsigned)_i);
    ck_assert_uint_eq(strspn(info->name, "abcdefghijklmnopqrstuvwxyz-"), strlen(info->name));
    ck_assert_uint_ge(strlen(info->name), 3);
    ck_assert_int_ne(info->help[0], '\0');
    ck_assert_ptr_null(strchr(info->help, '\n'));
    ck_assert_int_ne(info->help[strlen(info->help) - 1], '.');
    ck_assert_int_eq(info->choices != NULL, info->type == LARIAT_PROPERTY_CHOICE);
    ck_assert_int_le(info->min, info->max);
    ck_assert(!info->poll || info->live);
}
END_TEST

START_TEST(each_default_is_a_value_in_its_range)
{
    const struct lariat_property_info *info = lariat_property_at((unsigned)_i);
    int64_t number = -1;
    ck_assert_int_eq(property_parse((enum property)_i, info->default_value, &number, NULL), 0);
    if (is_number(info)) {
        ck_assert_int_ge(number, info->min);
        ck_assert_int_le(number, info->max);
    }
}
END_TEST

START_TEST(each_property_is_found_by_its_name_and_no_other_has_it)
{
    const struct lariat_property_info *info = lariat_property_at((unsigned)_i);
    ck_assert_ptr_eq(lariat_property_find(info->name), info);
    ck_assert_int_eq(property_number(info->name), _i);
    for (unsigned i = 0; i < N_PROPERTIES; i++)
        ck_assert_int_eq(strcmp(lariat_property_at(i)->name, info->name) == 0, i == (unsigned)_i);
}
END_TEST

START_TEST(the_table_ends)
{
    ck_assert_ptr_null(lariat_property_at(N_PROPERTIES));
    ck_assert_ptr_null(lariat_property_at(UINT32_MAX));
}
END_TEST

START_TEST(what_is_no_name_of_a_property_is_not_found)
{
    const char *const names[] = { "", "id", "poll-max-n", "poll-max-nss", "Poll-max-ns", "poll_max_ns", " poll-max-ns", "iothread" };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        ck_assert_ptr_null(lariat_property_find(names[i]));
}
END_TEST

/* The contract: who else would notice that a range had changed? */
static const struct {
    const char *name, *default_value;
    int64_t min, max;
    bool live;
} contract[] = {
    { "poll-max-ns", "200000", 0, INT64_MAX, true },   { "poll-grow", "0", 0, INT64_MAX, true },
    { "poll-shrink", "0", 0, INT64_MAX, true },        { "poll-weight", "0", 0, 63, true },
    { "poll-price", "25", 0, 10000, true },            { "poll-cpu-budget", "0", 0, 100, true },
    { "wait-batch", "0", 0, 32768, true },             { "wait-min-ns", "100000", 0, 1000000000, true },
    { "aio-max-batch", "0", 0, 32768, true },          { "iowq-max-bounded", "0", 0, 65535, true },
    { "iowq-max-unbounded", "0", 0, 65535, true },     { "sched-priority", "0", 0, 99, true },
    { "sq-entries", "128", 1, 32768, false },          { "cq-entries", "0", 0, 65536, false },
    { "sqpoll", "off", 0, 1, false },                  { "sqpoll-cpu", "-1", -1, 8191, false },
};
enum { N_CONTRACT = sizeof(contract) / sizeof(contract[0]) };

START_TEST(ranges_and_defaults_are_those_of_the_contract)
{
    const struct lariat_property_info *info = lariat_property_find(contract[_i].name);
    ck_assert_ptr_nonnull(info);
    ck_assert_int_eq(info->min, contract[_i].min);
    ck_assert_int_eq(info->max, contract[_i].max);
    ck_assert_int_eq(info->live, contract[_i].live);
    ck_assert_str_eq(info->default_value, contract[_i].default_value);
}
END_TEST

START_TEST(the_poll_parameters_are_marked_and_nothing_else)
{
    for (unsigned i = 0; i < N_PROPERTIES; i++)
        ck_assert_int_eq(lariat_property_at(i)->poll, strncmp(lariat_property_at(i)->name, "poll-", 5) == 0);
}
END_TEST

static void find_null(void *opaque)
{
    (void)opaque;
    (void)lariat_property_find(NULL);
}

START_TEST(finding_null_aborts)
{
    must_abort(find_null, NULL, "lariat_property_find", "NULL");
}
END_TEST

/* Numbers */

static const struct {
    enum property property;
    const char *text;
    int64_t number;
} numbers[] = {
    { PROPERTY_POLL_GROW, "0", 0 },
    { PROPERTY_POLL_GROW, "7", 7 },
    { PROPERTY_POLL_GROW, "007", 7 }, /* decimal all the same */
    { PROPERTY_POLL_GROW, "010k", 10240 },
    { PROPERTY_POLL_GROW, "-0", 0 },
    { PROPERTY_POLL_GROW, "3k", 3072 },
    { PROPERTY_POLL_GROW, "3K", 3072 },
    { PROPERTY_POLL_GROW, "2M", 2097152 },
    { PROPERTY_POLL_GROW, "1G", 1073741824 },
    { PROPERTY_POLL_GROW, "8589934591G", INT64_C(8589934591) << 30 },
    { PROPERTY_POLL_GROW, INT64_MAX_TEXT, INT64_MAX },
    { PROPERTY_POLL_WEIGHT, "63", 63 },
    { PROPERTY_POLL_PRICE, "10000", 10000 },
    { PROPERTY_POLL_CPU_BUDGET, "100", 100 },
    { PROPERTY_SQ_ENTRIES, "1", 1 },
    { PROPERTY_SQ_ENTRIES, "32k", 32768 },
    { PROPERTY_CQ_ENTRIES, "64k", 65536 },
    { PROPERTY_POLL_MAX_NS, "0", 0 },
    { PROPERTY_POLL_MAX_NS, "0s", 0 },
    { PROPERTY_POLL_MAX_NS, "1500", 1500 },
    { PROPERTY_POLL_MAX_NS, "1500ns", 1500 },
    { PROPERTY_POLL_MAX_NS, "100us", 100000 },
    { PROPERTY_POLL_MAX_NS, "2ms", 2000000 },
    { PROPERTY_POLL_MAX_NS, "3s", INT64_C(3000000000) },
    { PROPERTY_POLL_MAX_NS, "9223372036s", INT64_C(9223372036000000000) },
    { PROPERTY_POLL_MAX_NS, INT64_MAX_TEXT "ns", INT64_MAX },
};
enum { N_NUMBERS = sizeof(numbers) / sizeof(numbers[0]) };

START_TEST(a_number_is_read_with_its_suffix)
{
    must_parse(numbers[_i].property, numbers[_i].text, numbers[_i].number);
}
END_TEST

static const char *const no_numbers[] = { "",    " ",   " 1",  "1 ",    "+1",  "0x10", "1e3",  "1.5", "-",  "--1", "- 1", "k",
                                          "1kk", "1kB", "1T",  "1 k",   "1,0", "1\n",  "ten",  "inf", "1g", "1m",  "१" };
enum { N_NO_NUMBERS = sizeof(no_numbers) / sizeof(no_numbers[0]) };

START_TEST(what_is_no_whole_number_is_invalid)
{
    must_refuse(PROPERTY_POLL_GROW, no_numbers[_i], -EINVAL, "0 to " INT64_MAX_TEXT);
    must_refuse(PROPERTY_POLL_WEIGHT, no_numbers[_i], -EINVAL, "0 to 63");
}
END_TEST

static const char *const no_durations[] = { "",     " ",     " 1",  "1 ",   "+1",    "0x10", "1.5us", "1 us", "us",
                                            "1usx", "1sec", "1S",   "1US",  "1k",    "1K",   "1M",    "1min", "1us2" };
enum { N_NO_DURATIONS = sizeof(no_durations) / sizeof(no_durations[0]) };

START_TEST(what_is_no_duration_is_invalid)
{
    must_refuse(PROPERTY_POLL_MAX_NS, no_durations[_i], -EINVAL, "0 to " INT64_MAX_TEXT " ns");
    must_refuse(PROPERTY_POLL_MAX_NS, no_durations[_i], -EINVAL, "us");
}
END_TEST

static const struct {
    enum property property;
    const char *text, *range;
} beyond[] = {
    { PROPERTY_POLL_MAX_NS, "-1", "0 to " INT64_MAX_TEXT " ns" },
    { PROPERTY_POLL_MAX_NS, "-1us", "0 to " INT64_MAX_TEXT " ns" },
    { PROPERTY_POLL_MAX_NS, "9223372036854775808", "0 to " INT64_MAX_TEXT " ns" },
    { PROPERTY_POLL_MAX_NS, "9223372037s", "0 to " INT64_MAX_TEXT " ns" },
    { PROPERTY_POLL_MAX_NS, INT64_MAX_TEXT "us", "0 to " INT64_MAX_TEXT " ns" },
    { PROPERTY_POLL_MAX_NS, "99999999999999999999999999s", "0 to " INT64_MAX_TEXT " ns" },
    { PROPERTY_POLL_GROW, "-9223372036854775808", "0 to " INT64_MAX_TEXT },
    { PROPERTY_POLL_GROW, "-9223372036854775809", "0 to " INT64_MAX_TEXT },
    { PROPERTY_POLL_GROW, "8589934592G", "0 to " INT64_MAX_TEXT },
    { PROPERTY_POLL_GROW, "-" INT64_MAX_TEXT "k", "0 to " INT64_MAX_TEXT },
    { PROPERTY_POLL_SHRINK, "18446744073709551616", "0 to " INT64_MAX_TEXT }, /* 2^64 */
    { PROPERTY_POLL_SHRINK, "18014398509481985k", "0 to " INT64_MAX_TEXT },   /* 2^64 + 1024 */
    { PROPERTY_POLL_WEIGHT, "64", "0 to 63" },
    { PROPERTY_POLL_PRICE, "10001", "0 to 10000" },
    { PROPERTY_POLL_CPU_BUDGET, "101", "0 to 100" },
    { PROPERTY_AIO_MAX_BATCH, "32769", "0 to 32768" },
    { PROPERTY_IOWQ_MAX_BOUNDED, "65536", "0 to 65535" },
    { PROPERTY_IOWQ_MAX_UNBOUNDED, "64k", "0 to 65535" },
    { PROPERTY_IOWQ_MAX_UNBOUNDED, "4294967296", "0 to 65535" }, /* 2^32 */
    { PROPERTY_SCHED_PRIORITY, "100", "0 to 99" },
    { PROPERTY_SQ_ENTRIES, "0", "1 to 32768" },
    { PROPERTY_SQ_ENTRIES, "32769", "1 to 32768" },
    { PROPERTY_CQ_ENTRIES, "65537", "0 to 65536" },
};
enum { N_BEYOND = sizeof(beyond) / sizeof(beyond[0]) };

START_TEST(a_number_out_of_range_is_refused_with_the_range)
{
    must_refuse(beyond[_i].property, beyond[_i].text, -ERANGE, beyond[_i].range);
}
END_TEST

START_TEST(the_ends_of_each_range_are_values)
{
    const struct lariat_property_info *info = lariat_property_at((unsigned)_i);
    char text[32];
    if (!is_number(info))
        return;
    snprintf(text, sizeof(text), "%" PRId64, info->min);
    must_parse((enum property)_i, text, info->min);
    snprintf(text, sizeof(text), "%" PRId64, info->max);
    must_parse((enum property)_i, text, info->max);
}
END_TEST

/* Words */

START_TEST(a_bool_is_one_of_eight_words)
{
    const char *const on[] = { "on", "yes", "true", "y" }, *const off[] = { "off", "no", "false", "n" };
    for (int i = 0; i < 4; i++) {
        must_parse(PROPERTY_SQPOLL, on[i], 1);
        must_parse(PROPERTY_SQPOLL, off[i], 0);
    }
}
END_TEST

START_TEST(any_other_word_is_no_bool)
{
    const char *const words[] = { "", "1", "0", "On", "ON", "o", "onn", " on", "on ", "t", "f", "yes,no" };
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        must_refuse(PROPERTY_SQPOLL, words[i], -EINVAL, "'on' nor 'off'");
}
END_TEST

START_TEST(a_choice_is_one_of_its_words)
{
    const char *const policies[] = { "classic", "weighted", "auto" };
    const char *const scheds[] = { "inherit", "other", "batch", "idle", "fifo", "rr" };
    for (int i = 0; i < 3; i++)
        must_parse(PROPERTY_POLL_POLICY, policies[i], i);
    for (int i = 0; i < 6; i++)
        must_parse(PROPERTY_SCHED_POLICY, scheds[i], i);
    ck_assert_int_eq(LARIAT_POLL_AUTO, 2);
    ck_assert_int_eq(SCHED_CHOICE_RR, 5);
}
END_TEST

START_TEST(any_other_word_is_no_choice_and_the_message_lists_them)
{
    const char *const words[] = { "", " ", "Classic", "class", "classical", "classic weighted", "auto ", "0", "weighted auto" };
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        must_refuse(PROPERTY_POLL_POLICY, words[i], -EINVAL, "classic weighted auto");
    must_refuse(PROPERTY_SCHED_POLICY, "deadline", -EINVAL, "inherit other batch idle fifo rr");
}
END_TEST

/* CPUs */

START_TEST(a_list_of_cpus_may_be_empty_or_name_cpus_of_the_machine)
{
    char all[32];
    snprintf(all, sizeof(all), "0-%ld", sysconf(_SC_NPROCESSORS_CONF) - 1);
    must_parse(PROPERTY_CPU_AFFINITY, "", 0);
    must_parse(PROPERTY_CPU_AFFINITY, "0", 0);
    must_parse(PROPERTY_CPU_AFFINITY, "0,0,0-0", 0);
    must_parse(PROPERTY_CPU_AFFINITY, all, 0);
}
END_TEST

START_TEST(what_is_no_list_of_cpus_is_invalid)
{
    const char *const lists[] = { " ", ",", "0,", ",0", "0,,0", "-1", "0-", "1-0", "0-0-0", "a", "0x0", "0 ", "0;0", "+0", "1.0",
                                  "99999999999999999999999", "0-18446744073709551615" };
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        must_refuse(PROPERTY_CPU_AFFINITY, lists[i], -EINVAL, "0-3,6");
}
END_TEST

START_TEST(a_cpu_that_the_machine_lacks_is_enodev_and_the_message_tells_those_it_has)
{
    const long n = sysconf(_SC_NPROCESSORS_CONF);
    char list[32], range[32];
    snprintf(list, sizeof(list), "0,%ld", n);
    snprintf(range, sizeof(range), "0 to %ld", n - 1);
    must_refuse(PROPERTY_CPU_AFFINITY, list, -ENODEV, range);
}
END_TEST

/* Text */

START_TEST(what_is_formatted_is_read_as_the_same)
{
    const struct lariat_property_info *info = lariat_property_at((unsigned)_i);
    int64_t values[] = { info->min, info->max, 0 };
    if (info->type == LARIAT_PROPERTY_CPUS)
        return;
    ck_assert_int_eq(property_parse((enum property)_i, info->default_value, &values[2], NULL), 0);
    for (int i = 0; i < 3; i++) {
        char *text = property_format((enum property)_i, values[i]);
        ck_assert_ptr_nonnull(text);
        must_parse((enum property)_i, text, values[i]);
        free(text);
    }
}
END_TEST

START_TEST(a_default_is_formatted_as_it_stands_in_the_table)
{
    const struct lariat_property_info *info = lariat_property_at((unsigned)_i);
    int64_t number;
    if (info->type == LARIAT_PROPERTY_CPUS)
        return;
    ck_assert_int_eq(property_parse((enum property)_i, info->default_value, &number, NULL), 0);
    char *text = property_format((enum property)_i, number);
    ck_assert_str_eq(text, info->default_value);
    free(text);
}
END_TEST

START_TEST(each_choice_is_formatted_as_its_word)
{
    const char *const scheds[] = { "inherit", "other", "batch", "idle", "fifo", "rr" };
    for (int i = 0; i < 6; i++) {
        char *text = property_format(PROPERTY_SCHED_POLICY, i);
        ck_assert_str_eq(text, scheds[i]);
        free(text);
    }
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *tc = case_of(suite, "table");
    tcase_add_loop_test(tc, each_property_is_described_in_full, 0, N_PROPERTIES);
    tcase_add_loop_test(tc, each_default_is_a_value_in_its_range, 0, N_PROPERTIES);
    tcase_add_loop_test(tc, each_property_is_found_by_its_name_and_no_other_has_it, 0, N_PROPERTIES);
    tcase_add_test(tc, the_table_ends);
    tcase_add_test(tc, what_is_no_name_of_a_property_is_not_found);
    tcase_add_loop_test(tc, ranges_and_defaults_are_those_of_the_contract, 0, N_CONTRACT);
    tcase_add_test(tc, the_poll_parameters_are_marked_and_nothing_else);
    tcase_add_test(tc, finding_null_aborts);

    tc = case_of(suite, "numbers");
    tcase_add_loop_test(tc, a_number_is_read_with_its_suffix, 0, N_NUMBERS);
    tcase_add_loop_test(tc, what_is_no_whole_number_is_invalid, 0, N_NO_NUMBERS);
    tcase_add_loop_test(tc, what_is_no_duration_is_invalid, 0, N_NO_DURATIONS);
    tcase_add_loop_test(tc, a_number_out_of_range_is_refused_with_the_range, 0, N_BEYOND);
    tcase_add_loop_test(tc, the_ends_of_each_range_are_values, 0, N_PROPERTIES);

    tc = case_of(suite, "words");
    tcase_add_test(tc, a_bool_is_one_of_eight_words);
    tcase_add_test(tc, any_other_word_is_no_bool);
    tcase_add_test(tc, a_choice_is_one_of_its_words);
    tcase_add_test(tc, any_other_word_is_no_choice_and_the_message_lists_them);

    tc = case_of(suite, "CPUs");
    tcase_add_test(tc, a_list_of_cpus_may_be_empty_or_name_cpus_of_the_machine);
    tcase_add_test(tc, what_is_no_list_of_cpus_is_invalid);
    tcase_add_test(tc, a_cpu_that_the_machine_lacks_is_enodev_and_the_message_tells_those_it_has);

    tc = case_of(suite, "text");
    tcase_add_loop_test(tc, what_is_formatted_is_read_as_the_same, 0, N_PROPERTIES);
    tcase_add_loop_test(tc, a_default_is_formatted_as_it_stands_in_the_table, 0, N_PROPERTIES);
    tcase_add_test(tc, each_choice_is_formatted_as_its_word);
}

int main(void)
{
    return suite_main_without_ring("property", add_tests);
}
