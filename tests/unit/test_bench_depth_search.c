/* SPDX-License-Identifier: MIT */
/* latency_target=: the search for the depth, on a device whose latency is known. */
#include "support.h"

#include "depth_search.h"

/* I/Os take the depth in us, so a target of t us is met up to depth t. Returns the windows used. */
static unsigned search_or_fail(struct depth_search *search, enum depth_verdict expected, unsigned share_of_slow)
{
    for (unsigned windows = 1; windows < 100; windows++) {
        ck_assert_uint_ge(search->depth, 1);
        ck_assert_uint_le(search->depth, search->max);
        for (unsigned i = 0; i < 100; i++)
            depth_search_add(search, i < share_of_slow ? 1000000 : search->depth * 1000);
        enum depth_verdict verdict = depth_search_window(search);

        if (verdict != DEPTH_GO_ON) {
            ck_assert_int_eq(verdict, expected);
            return windows;
        }
    }
    ck_abort_msg("no end");
}

static const struct {
    uint32_t target_us, max, found;
} cases[] = { { 1, 64, 1 },    { 2, 64, 2 }, { 37, 64, 37 },   { 63, 64, 63 },     { 64, 64, 64 },
              { 100, 64, 64 }, { 5, 5, 5 },  { 17, 1000, 17 }, { 999, 1000, 999 }, { 3, 1, 1 } };

START_TEST(the_largest_depth_that_meets_the_target_is_found)
{
    struct depth_search search;

    depth_search_init(&search, cases[_i].target_us * 1000, 100, cases[_i].max);
    unsigned windows = search_or_fail(&search, DEPTH_FOUND, 0);
    ck_assert_uint_eq(search.depth, cases[_i].found);
    ck_assert_uint_le(windows, 24);
}
END_TEST

START_TEST(a_target_that_cannot_be_met_is_told)
{
    struct depth_search search;

    depth_search_init(&search, 500, 100, 64);
    search_or_fail(&search, DEPTH_NONE, 0);
}
END_TEST

START_TEST(the_percentile_lets_some_be_slower)
{
    struct depth_search search;

    depth_search_init(&search, 10000, 95, 64);
    search_or_fail(&search, DEPTH_FOUND, 5);
    ck_assert_uint_eq(search.depth, 10);
    depth_search_init(&search, 10000, 95, 64);
    search_or_fail(&search, DEPTH_NONE, 6);
}
END_TEST

START_TEST(empty_windows_decide_nothing)
{
    struct depth_search search;

    depth_search_init(&search, 10000, 100, 64);
    ck_assert_int_eq(depth_search_window(&search), DEPTH_GO_ON);
    ck_assert_uint_eq(search.depth, 1);
    ck_assert_uint_eq(search.low, 0);
}
END_TEST

START_TEST(it_follows_a_target_that_becomes_harder_and_easier)
{
    struct depth_search search;

    depth_search_init(&search, 40000, 100, 64);
    search_or_fail(&search, DEPTH_FOUND, 0);
    ck_assert_uint_eq(search.depth, 40);
    search.target_ns = 10000;
    depth_search_again(&search);
    search_or_fail(&search, DEPTH_FOUND, 0);
    ck_assert_uint_eq(search.depth, 10);
    search.target_ns = 50000;
    depth_search_again(&search);
    search_or_fail(&search, DEPTH_FOUND, 0);
    ck_assert_uint_eq(search.depth, 50);
}
END_TEST

static void add_cases(Suite *suite)
{
    TCase *tcase = case_of(suite, "depth search");

    tcase_add_loop_test(tcase, the_largest_depth_that_meets_the_target_is_found, 0, sizeof(cases) / sizeof(cases[0]));
    tcase_add_test(tcase, a_target_that_cannot_be_met_is_told);
    tcase_add_test(tcase, the_percentile_lets_some_be_slower);
    tcase_add_test(tcase, empty_windows_decide_nothing);
    tcase_add_test(tcase, it_follows_a_target_that_becomes_harder_and_easier);
}

int main(void)
{
    return suite_main_without_ring("bench_depth_search", add_cases);
}
