/* SPDX-License-Identifier: MIT */
/* What lariat-ctl makes of two looks at the counters, and of keys. */
#include "support.h"

#include <math.h>

#include "keys.h"
#include "rates.h"

/* 1 s with 600 ms of CPU time, 200 ms of them spinning. */
static const struct counters at_first = { .time_ns = 5000, .cpu_ns = 100, .iterations = 10, .ops = 7 };
static const struct counters a_second_later = {
    .time_ns = 1000005000,
    .cpu_ns = 600000100,
    .iterations = 1010,
    .cqes_reaped = 3000,
    .spins = 100,
    .spins_hit = 75,
    .spin_ns = 200000000,
    .sleep_ns = 400000000,
    .notify_wakeups = 20,
    .ops = 2007,
};

static void about(double value, double expected)
{
    ck_assert_msg(fabs(value - expected) < 1e-9, "%g instead of %g", value, expected);
}

START_TEST(rates_are_differences_per_second)
{
    struct rates rates = rates_between(&at_first, &a_second_later);

    about(rates.seconds, 1);
    about(rates.iops, 2000);
    about(rates.wakeups, 20);
    about(rates.batch, 3);
    about(rates.hit, 0.75);
}
END_TEST

START_TEST(shares_of_time_add_up)
{
    struct rates rates = rates_between(&at_first, &a_second_later);

    about(rates.spinning, 0.2);
    about(rates.asleep, 0.4);
    about(rates.callbacks, 0.4);
}
END_TEST

START_TEST(without_cpu_time_what_was_slept_counts)
{
    struct counters before = at_first, now = a_second_later;

    before.cpu_ns = now.cpu_ns = 0;
    struct rates rates = rates_between(&before, &now);
    about(rates.asleep, 0.4);
    about(rates.spinning, 0.2);
    about(rates.callbacks, 0.4);
    now = before;
    now.time_ns += 1000000;
    rates = rates_between(&before, &now); /* not a step: one long sleep, not counted yet */
    about(rates.asleep, 1);
}
END_TEST

START_TEST(where_threads_wait_for_a_cpu_its_time_is_divided_as_the_time_awake)
{
    struct counters now = a_second_later;

    now.cpu_ns = at_first.cpu_ns + 300000000;
    now.sleep_ns = 200000000;
    now.spin_ns = 400000000; /* half of the time awake */
    struct rates rates = rates_between(&at_first, &now);
    about(rates.asleep, 0.7);
    about(rates.spinning, 0.15);
    about(rates.callbacks, 0.15);
}
END_TEST

START_TEST(a_spin_that_lost_its_cpu_counts_no_more_than_cpu_time)
{
    struct counters now = a_second_later;

    now.spin_ns = 900000000;
    struct rates rates = rates_between(&at_first, &now);
    about(rates.spinning, 0.6);
    about(rates.callbacks, 0);
    now.cpu_ns = 2000000000;
    rates = rates_between(&at_first, &now);
    about(rates.asleep, 0);
    about(rates.spinning + rates.asleep + rates.callbacks, 1);
}
END_TEST

START_TEST(where_nothing_was_counted_nothing_is_known)
{
    struct counters now = at_first;
    struct rates rates = rates_between(NULL, &at_first);

    ck_assert(isnan(rates.iops) && isnan(rates.spinning));
    rates = rates_between(&at_first, &at_first);
    ck_assert(isnan(rates.iops));
    now.time_ns += 1000;
    rates = rates_between(&at_first, &now);
    ck_assert(isnan(rates.hit) && isnan(rates.batch));
    about(rates.iops, 0);
    rates = rates_between(&a_second_later, &at_first);
    ck_assert(isnan(rates.iops));
    now.time_ns = a_second_later.time_ns + 1;
    rates = rates_between(&a_second_later, &now); /* another iothread: the counters went back */
    ck_assert(isnan(rates.iops));
}
END_TEST

START_TEST(polling_time_doubles_and_halves_and_ends_at_zero)
{
    ck_assert_int_eq(key_next_poll_max(0, 1), 4000);
    ck_assert_int_eq(key_next_poll_max(4000, 1), 8000);
    ck_assert_int_eq(key_next_poll_max(32768, 1), 65536);
    ck_assert_int_eq(key_next_poll_max(1, 1), 2);
    ck_assert_int_eq(key_next_poll_max(INT64_MAX, 1), INT64_MAX);
    ck_assert_int_eq(key_next_poll_max(INT64_MAX / 2 + 1, 1), INT64_MAX);
    ck_assert_int_eq(key_next_poll_max(65536, -1), 32768);
    ck_assert_int_eq(key_next_poll_max(8000, -1), 4000);
    ck_assert_int_eq(key_next_poll_max(7999, -1), 0);
    ck_assert_int_eq(key_next_poll_max(4000, -1), 0);
    ck_assert_int_eq(key_next_poll_max(0, -1), 0);
}
END_TEST

/* The last key that these bytes give. */
static enum key key_of(const char *bytes)
{
    struct key_parser parser = { .n = 0 };
    enum key key = KEY_NONE;

    for (; *bytes; bytes++)
        key = key_parse(&parser, *bytes);
    return key;
}

START_TEST(keys_come_alone_or_as_sequences)
{
    ck_assert_int_eq(key_of("q"), KEY_QUIT);
    ck_assert_int_eq(key_of("+"), KEY_RAISE);
    ck_assert_int_eq(key_of("0"), KEY_OFF);
    ck_assert_int_eq(key_of("x"), KEY_NONE);
    ck_assert_int_eq(key_of("\033[A"), KEY_UP);
    ck_assert_int_eq(key_of("\033OB"), KEY_DOWN);
    ck_assert_int_eq(key_of("\033[6~"), KEY_PAGE_DOWN);
    ck_assert_int_eq(key_of("\033[1;5A"), KEY_NONE); /* with Control: none of ours */
    ck_assert_int_eq(key_of("\033[1;5Aq"), KEY_QUIT);
    ck_assert_int_eq(key_of("\033[999999999999999"), KEY_NONE);
    ck_assert_int_eq(key_of("\033q"), KEY_QUIT);
    ck_assert_int_eq(key_of("\033\033[A"), KEY_UP);
    ck_assert_int_eq(key_of("\033["), KEY_NONE);
}
END_TEST

static void add_cases(Suite *suite)
{
    TCase *rates = case_of(suite, "rates"), *keys = case_of(suite, "keys");

    tcase_add_test(rates, rates_are_differences_per_second);
    tcase_add_test(rates, shares_of_time_add_up);
    tcase_add_test(rates, without_cpu_time_what_was_slept_counts);
    tcase_add_test(rates, where_threads_wait_for_a_cpu_its_time_is_divided_as_the_time_awake);
    tcase_add_test(rates, a_spin_that_lost_its_cpu_counts_no_more_than_cpu_time);
    tcase_add_test(rates, where_nothing_was_counted_nothing_is_known);
    tcase_add_test(keys, polling_time_doubles_and_halves_and_ends_at_zero);
    tcase_add_test(keys, keys_come_alone_or_as_sequences);
}

int main(void)
{
    return suite_main_without_ring("ctl_rates", add_cases);
}
