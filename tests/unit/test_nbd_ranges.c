/* SPDX-License-Identifier: MIT */
/* lariat-nbd: who may change which blocks of an export at the same time. */
#include "support.h"

#include "range_lock.h"

static struct lariat_loop *loop;
static struct range_lock *lock;
static int granted[4];
static struct range ranges[4];

static void begin(void)
{
    loop = loop_or_fail();
    lock = range_lock_new();
    ck_assert_ptr_nonnull(lock);
    memset(granted, 0, sizeof(granted));
    for (int i = 0; i < 4; i++)
        ranges[i].granted = bh_or_fail(loop, count_up, &granted[i]);
}

static void end(void)
{
    for (int i = 0; i < 4; i++)
        lariat_bh_delete(ranges[i].granted);
    range_lock_free(lock);
    loop_done(loop);
}

static bool take(int i, uint64_t first, uint64_t last, bool alone)
{
    ranges[i].begin = first;
    ranges[i].end = last;
    ranges[i].alone = alone;
    return range_take(lock, &ranges[i]);
}

static void give(int i)
{
    range_give(lock, &ranges[i]);
    poll_until_quiet(loop);
}

START_TEST(those_that_share_never_wait)
{
    begin();
    ck_assert(take(0, 0, 4096, false));
    ck_assert(take(1, 0, 8192, false));
    give(0);
    give(1);
    ck_assert_int_eq(granted[0] + granted[1], 0);
    end();
}
END_TEST

START_TEST(one_alone_waits_for_all_that_overlap_and_no_others)
{
    begin();
    ck_assert(take(0, 0, 4096, false));
    ck_assert(take(1, 4096, 8192, false));
    ck_assert(take(2, 8192, 12288, false));
    ck_assert(!take(3, 4095, 8192, true));
    give(2);
    ck_assert_int_eq(granted[3], 0);
    give(0);
    ck_assert_int_eq(granted[3], 0);
    give(1);
    ck_assert_int_eq(granted[3], 1);
    give(3);
    end();
}
END_TEST

START_TEST(those_that_share_wait_for_one_alone)
{
    begin();
    ck_assert(take(0, 0, 4096, true));
    ck_assert(!take(1, 0, 8192, false));
    ck_assert(take(2, 4096, 8192, false));
    give(0);
    ck_assert_int_eq(granted[1], 1);
    give(1);
    give(2);
    end();
}
END_TEST

START_TEST(who_came_first_has_it_first)
{
    begin();
    ck_assert(take(0, 0, 4096, true));
    ck_assert(!take(1, 0, 4096, true));
    ck_assert(!take(2, 0, 4096, false));
    ck_assert(!take(3, 0, 4096, true));
    give(0);
    ck_assert(granted[1] == 1 && granted[2] == 0 && granted[3] == 0);
    give(1);
    ck_assert(granted[2] == 1 && granted[3] == 0);
    give(2);
    ck_assert_int_eq(granted[3], 1);
    give(3);
    end();
}
END_TEST

static void add(Suite *suite)
{
    TCase *tcase = case_of(suite, "ranges");
    tcase_add_test(tcase, those_that_share_never_wait);
    tcase_add_test(tcase, one_alone_waits_for_all_that_overlap_and_no_others);
    tcase_add_test(tcase, those_that_share_wait_for_one_alone);
    tcase_add_test(tcase, who_came_first_has_it_first);
}

int main(void)
{
    return suite_main("nbd_ranges", add);
}
