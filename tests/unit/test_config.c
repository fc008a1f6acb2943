/* SPDX-License-Identifier: MIT */
/* What an iothread was configured to be, without an iothread: which values go together, and what they come to. */
#include "config.h"

#include <errno.h>

#include "poll.h"
#include "support.h"

static struct config config;
static struct lariat_loop obtained; /* no loop: only what a ring obtained is asked of it */

static void init(void)
{
    memset(&obtained, 0, sizeof(obtained));
    config_init(&config);
}

static void finish(void)
{
    config_exit(&config);
}

static void set_or_fail(enum property property, const char *text)
{
    char *errmsg = NULL;
    ck_assert_msg(config_set(&config, property, text, &errmsg) == 0, "%s", errmsg);
}

static void must_read(enum property property, const char *expected)
{
    char *text = config_text(&config, property);
    ck_assert_str_eq(text, expected);
    free(text);
}

static int64_t effective(enum property property)
{
    return config_effective(&config, property, &obtained);
}

/* Values */

START_TEST(at_first_each_value_is_the_default)
{
    must_read((enum property)_i, lariat_property_at((unsigned)_i)->default_value);
    ck_assert_int_eq(config_check(&config, NULL), 0);
}
END_TEST

START_TEST(what_is_set_is_read_back_in_ns_and_plain_numbers)
{
    set_or_fail(PROPERTY_POLL_MAX_NS, "100us");
    set_or_fail(PROPERTY_SQ_ENTRIES, "1k");
    set_or_fail(PROPERTY_CPU_AFFINITY, "0,0-0");
    set_or_fail(PROPERTY_SQPOLL, "yes");
    must_read(PROPERTY_POLL_MAX_NS, "100000");
    must_read(PROPERTY_SQ_ENTRIES, "1024");
    must_read(PROPERTY_CPU_AFFINITY, "0,0-0");
    must_read(PROPERTY_SQPOLL, "on");
}
END_TEST

START_TEST(a_refused_value_changes_nothing)
{
    set_or_fail(PROPERTY_POLL_MAX_NS, "7");
    set_or_fail(PROPERTY_CPU_AFFINITY, "0");
    ck_assert_int_eq(config_set(&config, PROPERTY_POLL_MAX_NS, "-1", NULL), -ERANGE);
    ck_assert_int_eq(config_set(&config, PROPERTY_POLL_MAX_NS, "x", NULL), -EINVAL);
    ck_assert_int_eq(config_set(&config, PROPERTY_CPU_AFFINITY, "0-", NULL), -EINVAL);
    must_read(PROPERTY_POLL_MAX_NS, "7");
    must_read(PROPERTY_CPU_AFFINITY, "0");
}
END_TEST

START_TEST(a_copy_is_its_own)
{
    struct config copy;
    set_or_fail(PROPERTY_CPU_AFFINITY, "0");
    ck_assert_int_eq(config_copy(&copy, &config), 0);
    set_or_fail(PROPERTY_CPU_AFFINITY, "");
    set_or_fail(PROPERTY_POLL_GROW, "9");
    ck_assert_str_eq(copy.cpus, "0");
    ck_assert_int_eq(copy.numbers[PROPERTY_POLL_GROW], 0);
    config_exit(&copy);
}
END_TEST

START_TEST(poll_parameters_go_in_and_out_as_they_are)
{
    struct lariat_poll_params params = { LARIAT_POLL_WEIGHTED, 1, 2, 3, 4, 5, 6, { 0 } }, read;
    config_put_poll(&config, &params);
    memset(&read, 0xff, sizeof(read));
    config_get_poll(&config, &read);
    ck_assert_int_eq(read.policy, LARIAT_POLL_WEIGHTED);
    ck_assert(read.max_ns == 1 && read.grow == 2 && read.shrink == 3);
    ck_assert(read.weight == 4 && read.price == 5 && read.cpu_budget == 6);
    for (size_t i = 0; i < 8; i++)
        ck_assert_int_eq(read.reserved[i], 0);
    must_read(PROPERTY_POLL_POLICY, "weighted");
}
END_TEST

/* poll-max-ns follows the policy until somebody sets it */

START_TEST(poll_max_ns_follows_the_policy)
{
    set_or_fail(PROPERTY_POLL_POLICY, "auto");
    must_read(PROPERTY_POLL_MAX_NS, "200000");
    set_or_fail(PROPERTY_POLL_POLICY, "weighted");
    must_read(PROPERTY_POLL_MAX_NS, "32768");
    set_or_fail(PROPERTY_POLL_POLICY, "auto");
    set_or_fail(PROPERTY_POLL_POLICY, "classic");
    must_read(PROPERTY_POLL_MAX_NS, "32768");
}
END_TEST

START_TEST(once_set_poll_max_ns_stays_in_whatever_order)
{
    set_or_fail(PROPERTY_POLL_MAX_NS, "5");
    set_or_fail(PROPERTY_POLL_POLICY, "auto");
    must_read(PROPERTY_POLL_MAX_NS, "5");
    config_exit(&config);

    config_init(&config);
    set_or_fail(PROPERTY_POLL_POLICY, "auto");
    set_or_fail(PROPERTY_POLL_MAX_NS, "5");
    set_or_fail(PROPERTY_POLL_POLICY, "classic");
    must_read(PROPERTY_POLL_MAX_NS, "5");
}
END_TEST

START_TEST(set_to_the_default_it_is_set_as_well)
{
    set_or_fail(PROPERTY_POLL_MAX_NS, "32768");
    set_or_fail(PROPERTY_POLL_POLICY, "auto");
    must_read(PROPERTY_POLL_MAX_NS, "32768");
}
END_TEST

START_TEST(a_refused_poll_max_ns_is_not_set)
{
    ck_assert_int_eq(config_set(&config, PROPERTY_POLL_MAX_NS, "-1", NULL), -ERANGE);
    set_or_fail(PROPERTY_POLL_POLICY, "auto");
    must_read(PROPERTY_POLL_MAX_NS, "200000");
}
END_TEST

START_TEST(another_maximum_set_in_the_loop_is_set_as_well)
{
    struct lariat_poll_params params = classic_params(32768);
    set_or_fail(PROPERTY_POLL_POLICY, "classic");
    config_put_poll(&config, &params); /* as it was */
    set_or_fail(PROPERTY_POLL_POLICY, "auto");
    must_read(PROPERTY_POLL_MAX_NS, "200000");
    params = classic_params(99);
    config_put_poll(&config, &params);
    set_or_fail(PROPERTY_POLL_POLICY, "auto");
    must_read(PROPERTY_POLL_MAX_NS, "99");
}
END_TEST

/* What goes together */

static const struct {
    const char *sq, *cq, *batch;
    int err;
    const char *word, *range;
} sizes[] = {
    { "128", "0", "128", 0, NULL, NULL },
    { "128", "0", "129", -ERANGE, "aio-max-batch: '129'", "0 to 128" },
    { "8", "0", "9", -ERANGE, "aio-max-batch: '9'", "0 to 8" },
    { "100", "0", "100", 0, NULL, NULL },
    { "32768", "0", "32768", 0, NULL, NULL },
    { "128", "128", "0", 0, NULL, NULL },
    { "128", "127", "0", -ERANGE, "cq-entries: '127'", "128 (sq-entries) to 65536" },
    { "32768", "1", "0", -ERANGE, "cq-entries: '1'", "32768 (sq-entries) to 65536" },
    { "32768", "65536", "0", 0, NULL, NULL },
    { "1", "1", "1", 0, NULL, NULL },
};
enum { N_SIZES = sizeof(sizes) / sizeof(sizes[0]) };

START_TEST(sizes_must_fit_each_other)
{
    char *errmsg = NULL;
    set_or_fail(PROPERTY_AIO_MAX_BATCH, sizes[_i].batch);
    set_or_fail(PROPERTY_CQ_ENTRIES, sizes[_i].cq);
    set_or_fail(PROPERTY_SQ_ENTRIES, sizes[_i].sq);
    ck_assert_int_eq(config_check(&config, &errmsg), sizes[_i].err);
    if (sizes[_i].err)
        ck_assert_msg(errmsg && strstr(errmsg, sizes[_i].word) && strstr(errmsg, sizes[_i].range), "%s", errmsg);
    ck_assert_int_eq(errmsg != NULL, sizes[_i].err != 0);
    free(errmsg);
    ck_assert_int_eq(config_check(&config, NULL), sizes[_i].err);
}
END_TEST

START_TEST(every_policy_goes_with_the_other_defaults)
{
    const char *const names[] = { "classic", "weighted", "auto" };
    struct lariat_poll_params params;
    set_or_fail(PROPERTY_POLL_POLICY, names[_i]);
    ck_assert_int_eq(config_check(&config, NULL), 0);
    config_get_poll(&config, &params);
    ck_assert_int_eq(params.policy, _i);
    ck_assert_int_eq(poll_params_check(&params), 0);
}
END_TEST

/* What values come to */

START_TEST(under_classic_a_grow_of_0_is_2_and_a_shrink_of_0_stays)
{
    set_or_fail(PROPERTY_POLL_POLICY, "classic");
    ck_assert_int_eq(effective(PROPERTY_POLL_GROW), 2);
    ck_assert_int_eq(effective(PROPERTY_POLL_SHRINK), 0);
    ck_assert_int_eq(effective(PROPERTY_POLL_MAX_NS), 32768);
    ck_assert_int_eq(effective(PROPERTY_POLL_PRICE), 25);
    ck_assert_int_eq(effective(PROPERTY_POLL_POLICY), LARIAT_POLL_CLASSIC);
}
END_TEST

START_TEST(under_weighted_0_is_2_2_and_3)
{
    set_or_fail(PROPERTY_POLL_POLICY, "weighted");
    ck_assert_int_eq(effective(PROPERTY_POLL_GROW), 2);
    ck_assert_int_eq(effective(PROPERTY_POLL_SHRINK), 2);
    ck_assert_int_eq(effective(PROPERTY_POLL_WEIGHT), 3);
    must_read(PROPERTY_POLL_SHRINK, "0");
}
END_TEST

START_TEST(a_value_other_than_0_is_what_it_is)
{
    set_or_fail(PROPERTY_POLL_POLICY, "weighted");
    set_or_fail(PROPERTY_POLL_GROW, "9223372036854775807");
    set_or_fail(PROPERTY_POLL_SHRINK, "1");
    set_or_fail(PROPERTY_POLL_WEIGHT, "63");
    ck_assert_int_eq(effective(PROPERTY_POLL_GROW), INT64_MAX);
    ck_assert_int_eq(effective(PROPERTY_POLL_SHRINK), 1);
    ck_assert_int_eq(effective(PROPERTY_POLL_WEIGHT), 63);
}
END_TEST

START_TEST(sizes_come_to_what_the_ring_obtained)
{
    obtained.stats.sq_entries = 32; /* fewer than asked for: memory was short */
    obtained.stats.cq_entries = 128;
    ck_assert_int_eq(effective(PROPERTY_SQ_ENTRIES), 32);
    ck_assert_int_eq(effective(PROPERTY_CQ_ENTRIES), 128);
    ck_assert_int_eq(effective(PROPERTY_AIO_MAX_BATCH), 32);
    set_or_fail(PROPERTY_AIO_MAX_BATCH, "7");
    ck_assert_int_eq(effective(PROPERTY_AIO_MAX_BATCH), 7);
    set_or_fail(PROPERTY_AIO_MAX_BATCH, "100");
    ck_assert_int_eq(effective(PROPERTY_AIO_MAX_BATCH), 32);
}
END_TEST

START_TEST(a_batch_of_0_is_none_but_under_auto)
{
    set_or_fail(PROPERTY_POLL_POLICY, "classic");
    ck_assert_int_eq(effective(PROPERTY_WAIT_BATCH), 1);
    set_or_fail(PROPERTY_WAIT_BATCH, "8");
    ck_assert_int_eq(effective(PROPERTY_WAIT_BATCH), 8);
    set_or_fail(PROPERTY_POLL_POLICY, "auto");
    ck_assert_int_eq(effective(PROPERTY_WAIT_BATCH), 8);
    set_or_fail(PROPERTY_WAIT_BATCH, "0");
    ck_assert_int_eq(effective(PROPERTY_WAIT_BATCH), 0);
    set_or_fail(PROPERTY_WAIT_MIN_NS, "0");
    ck_assert_int_eq(effective(PROPERTY_WAIT_BATCH), 1);
}
END_TEST

START_TEST(limits_of_workers_come_to_those_of_the_kernel)
{
    obtained.ring.workers_default[0] = 8;
    obtained.ring.workers_default[1] = 4000;
    ck_assert_int_eq(effective(PROPERTY_IOWQ_MAX_BOUNDED), 8);
    ck_assert_int_eq(effective(PROPERTY_IOWQ_MAX_UNBOUNDED), 4000);
    set_or_fail(PROPERTY_IOWQ_MAX_UNBOUNDED, "3");
    ck_assert_int_eq(effective(PROPERTY_IOWQ_MAX_BOUNDED), 8);
    ck_assert_int_eq(effective(PROPERTY_IOWQ_MAX_UNBOUNDED), 3);
}
END_TEST

START_TEST(a_priority_counts_under_fifo_and_rr_only)
{
    const struct {
        const char *policy;
        int64_t without, with;
    } rows[] = { { "inherit", 0, 0 }, { "other", 0, 0 }, { "batch", 0, 0 }, { "idle", 0, 0 }, { "fifo", 1, 5 }, { "rr", 1, 5 } };
    for (int i = 0; i < 6; i++) {
        set_or_fail(PROPERTY_SCHED_POLICY, rows[i].policy);
        set_or_fail(PROPERTY_SCHED_PRIORITY, "0");
        ck_assert_int_eq(effective(PROPERTY_SCHED_PRIORITY), rows[i].without);
        set_or_fail(PROPERTY_SCHED_PRIORITY, "5");
        ck_assert_int_eq(effective(PROPERTY_SCHED_PRIORITY), rows[i].with);
    }
}
END_TEST

START_TEST(what_a_loop_is_tuned_with_comes_from_the_values)
{
    struct loop_tuning tuning;
    set_or_fail(PROPERTY_POLL_MAX_NS, "1");
    set_or_fail(PROPERTY_AIO_MAX_BATCH, "2");
    set_or_fail(PROPERTY_IOWQ_MAX_BOUNDED, "3");
    set_or_fail(PROPERTY_IOWQ_MAX_UNBOUNDED, "4");
    set_or_fail(PROPERTY_WAIT_BATCH, "5");
    set_or_fail(PROPERTY_WAIT_MIN_NS, "6");
    config_get_tuning(&config, &tuning);
    ck_assert_int_eq(tuning.poll.max_ns, 1);
    ck_assert_uint_eq(tuning.batch_max, 2);
    ck_assert_uint_eq(tuning.workers_max[0], 3);
    ck_assert_uint_eq(tuning.workers_max[1], 4);
    ck_assert_uint_eq(tuning.wait_batch, 5);
    ck_assert_int_eq(tuning.wait_min_ns, 6);
}
END_TEST

static TCase *case_with_config(Suite *suite, const char *name)
{
    TCase *tc = case_of(suite, name);
    tcase_add_checked_fixture(tc, init, finish);
    return tc;
}

static void add_tests(Suite *suite)
{
    TCase *tc = case_with_config(suite, "values");
    tcase_add_loop_test(tc, at_first_each_value_is_the_default, 0, N_PROPERTIES);
    tcase_add_test(tc, what_is_set_is_read_back_in_ns_and_plain_numbers);
    tcase_add_test(tc, a_refused_value_changes_nothing);
    tcase_add_test(tc, a_copy_is_its_own);
    tcase_add_test(tc, poll_parameters_go_in_and_out_as_they_are);

    tc = case_with_config(suite, "poll-max-ns");
    tcase_add_test(tc, poll_max_ns_follows_the_policy);
    tcase_add_test(tc, once_set_poll_max_ns_stays_in_whatever_order);
    tcase_add_test(tc, set_to_the_default_it_is_set_as_well);
    tcase_add_test(tc, a_refused_poll_max_ns_is_not_set);
    tcase_add_test(tc, another_maximum_set_in_the_loop_is_set_as_well);

    tc = case_with_config(suite, "together");
    tcase_add_loop_test(tc, sizes_must_fit_each_other, 0, N_SIZES);
    tcase_add_loop_test(tc, every_policy_goes_with_the_other_defaults, 0, 3);

    tc = case_with_config(suite, "effective");
    tcase_add_test(tc, under_classic_a_grow_of_0_is_2_and_a_shrink_of_0_stays);
    tcase_add_test(tc, under_weighted_0_is_2_2_and_3);
    tcase_add_test(tc, a_value_other_than_0_is_what_it_is);
    tcase_add_test(tc, sizes_come_to_what_the_ring_obtained);
    tcase_add_test(tc, a_batch_of_0_is_none_but_under_auto);
    tcase_add_test(tc, limits_of_workers_come_to_those_of_the_kernel);
    tcase_add_test(tc, a_priority_counts_under_fifo_and_rr_only);
    tcase_add_test(tc, what_a_loop_is_tuned_with_comes_from_the_values);
}

int main(void)
{
    return suite_main_without_ring("config", add_tests);
}
