/* SPDX-License-Identifier: MIT */
/* lariat-nbd: who may change which blocks of an export at the same time; buffers that its loops know. */
#include "support.h"

#include <unistd.h>

#include "buffer_pool.h"
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

START_TEST(the_first_small_buffers_are_registered)
{
    struct lariat_loop *own = loop_or_fail();
    struct buffer_pool pool = { .n_kept = 0 };
    uint8_t *buffers[BUFFER_POOL_FIXED + 1];
    size_t size;

    buffer_pool_begin(&pool, own);
    if (!pool.fixed) {
        loop_done(own);
        test_skip("no memory may be registered here (RLIMIT_MEMLOCK)");
    }
    for (unsigned i = 0; i <= BUFFER_POOL_FIXED; i++) {
        buffers[i] = buffer_pool_get(&pool, 4096, &size);
        ck_assert(buffer_pool_is_fixed(&pool, buffers[i]) == (i < BUFFER_POOL_FIXED));
    }
    uint8_t *large = buffer_pool_get(&pool, 4097, &size);
    ck_assert(!buffer_pool_is_fixed(&pool, large));
    buffer_pool_put(&pool, large, size);
    for (unsigned i = 0; i <= BUFFER_POOL_FIXED; i++)
        buffer_pool_put(&pool, buffers[i], 4096);
    ck_assert_uint_eq(pool.n_kept, size + 4096);
    buffer_pool_end(&pool, own);
    loop_done(own);
}
END_TEST

START_TEST(a_file_is_read_into_a_registered_buffer)
{
    struct lariat_loop *own = loop_or_fail();
    struct buffer_pool pool = { .n_kept = 0 };
    struct counted_op read;
    int fd = temp_file_or_fail(8192, 0);
    size_t size;

    buffer_pool_begin(&pool, own);
    uint8_t *buffer = buffer_pool_get(&pool, 4096, &size);
    if (buffer_pool_is_fixed(&pool, buffer)) {
        counted_op_init(&read);
        lariat_read_fixed(own, &read.op, fd, buffer, 4096, 4096, BUFFER_POOL_INDEX);
        poll_until(own, &read.done, 1);
        ck_assert_int_eq(read.res, 4096);
        ck_assert_uint_eq(buffer[7], pattern_byte(4096 + 7));
    }
    buffer_pool_put(&pool, buffer, size);
    buffer_pool_end(&pool, own);
    close(fd);
    loop_done(own);
}
END_TEST

static void add(Suite *suite)
{
    TCase *tcase = case_of(suite, "ranges");
    tcase_add_test(tcase, those_that_share_never_wait);
    tcase_add_test(tcase, one_alone_waits_for_all_that_overlap_and_no_others);
    tcase_add_test(tcase, those_that_share_wait_for_one_alone);
    tcase_add_test(tcase, who_came_first_has_it_first);
    TCase *buffers = case_of(suite, "buffers");
    tcase_add_test(buffers, the_first_small_buffers_are_registered);
    tcase_add_test(buffers, a_file_is_read_into_a_registered_buffer);
}

int main(void)
{
    return suite_main("nbd_loop", add);
}
