/* SPDX-License-Identifier: MIT */
/* What writes contain: measured by zlib and by counting equal blocks. */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "support.h"

#ifdef HAVE_ZLIB
#include <zlib.h>
#endif

#include "buffers.h"

#define BLOCK 4096
#define N_BLOCKS 512

static const struct pattern abc = { .n = 3, .bytes = "abc" };

/* Blocks as a job writes them, one behind the other, from one buffer. */
static unsigned char *blocks_or_fail(const struct buffer_recipe *recipe)
{
    unsigned char *all = malloc(N_BLOCKS * BLOCK), buf[BLOCK];
    struct buffer_maker maker;

    ck_assert_ptr_nonnull(all);
    buffer_maker_init(&maker, recipe, test_seed());
    buffer_first(&maker, buf, BLOCK);
    for (unsigned i = 0; i < N_BLOCKS; i++) {
        buffer_renew(&maker, buf, BLOCK, (uint64_t)i * BLOCK);
        memcpy(all + i * BLOCK, buf, BLOCK);
    }
    return all;
}

/* How many of the blocks are the same as an earlier one. */
static unsigned count_equal(const unsigned char *all)
{
    unsigned n = 0;

    for (unsigned i = 1; i < N_BLOCKS; i++)
        for (unsigned j = 0; j < i; j++)
            if (memcmp(all + i * BLOCK, all + j * BLOCK, BLOCK) == 0) {
                n++;
                break;
            }
    return n;
}

static const unsigned percents[] = { 0, 1, 25, 50, 90, 100 };
static const uint32_t chunks[] = { 0, 512, 4096 };

START_TEST(zlib_saves_what_was_asked_for)
{
#ifdef HAVE_ZLIB
    const struct buffer_recipe recipe = { .compress = percents[_i], .chunk = chunks[_i % 3], .scramble = true };
    unsigned char *all = blocks_or_fail(&recipe), packed[2 * BLOCK];
    double saved = 0;

    for (unsigned i = 0; i < 64; i++) {
        uLongf n = sizeof(packed);

        ck_assert_int_eq(compress(packed, &n, all + i * BLOCK, BLOCK), Z_OK);
        saved += 100 * (1 - (double)n / BLOCK) / 64;
    }
    ck_assert_msg(saved > percents[_i] - 5.0 && saved < percents[_i] + 5.0, "%u%% asked for, %g%% saved", percents[_i],
                  saved);
    free(all);
#else
    test_skip("zlib is not there");
#endif
}
END_TEST

START_TEST(the_asked_for_share_repeats_an_earlier_block)
{
    const struct buffer_recipe recipe = { .refill = true, .dedupe = percents[_i], .compress = _i % 2 ? 50 : 0 };
    unsigned char *all = blocks_or_fail(&recipe);
    double share = 100.0 * count_equal(all) / (N_BLOCKS - 1);

    ck_assert_msg(share > percents[_i] - 10.0 && share < percents[_i] + 10.0, "%u%% asked for, %g%% are", percents[_i],
                  share);
    ck_assert(percents[_i] % 100 || share == percents[_i]);
    free(all);
}
END_TEST

static const struct {
    struct buffer_recipe recipe;
    unsigned equal;   /* blocks */
    unsigned changed; /* bytes, from the first block to the second: at least */
    unsigned not_more;
} kinds[] = {
    { { .scramble = true }, 0, 8, 8 * BLOCK / 512 },
    { { .scramble = false }, N_BLOCKS - 1, 0, 0 },
    { { .refill = true }, 0, BLOCK / 2, BLOCK },
    { { .refill = true, .scramble = true }, 0, BLOCK / 2, BLOCK },
    { { .zero = true, .scramble = true, .refill = true }, N_BLOCKS - 1, 0, 0 },
    { { .pattern = &abc, .scramble = true }, N_BLOCKS - 1, 0, 0 },
};

START_TEST(each_option_changes_what_it_says)
{
    unsigned char *all = blocks_or_fail(&kinds[_i].recipe);
    unsigned changed = 0;

    for (unsigned i = 0; i < BLOCK; i++)
        changed += all[i] != all[BLOCK + i];
    ck_assert_uint_eq(count_equal(all), kinds[_i].equal);
    ck_assert_uint_ge(changed, kinds[_i].changed);
    ck_assert_uint_le(changed, kinds[_i].not_more);
    free(all);
}
END_TEST

START_TEST(patterns_and_zeros_are_where_they_should)
{
    const struct buffer_recipe zero = { .zero = true }, pattern = { .pattern = &abc };
    const struct buffer_recipe half = { .pattern = &abc, .compress = 50 };
    unsigned char *zeros = blocks_or_fail(&zero), *text = blocks_or_fail(&pattern), *mixed = blocks_or_fail(&half);

    for (unsigned i = 0; i < BLOCK; i++) {
        ck_assert_uint_eq(zeros[i], 0);
        ck_assert_int_eq(text[i], "abc"[i % 3]);
        if (i >= BLOCK / 2)
            ck_assert_int_eq(mixed[i], "abc"[(i - BLOCK / 2) % 3]);
    }
    ck_assert(memcmp(mixed, text, BLOCK / 2) != 0);
    free(zeros);
    free(text);
    free(mixed);
}
END_TEST

START_TEST(the_offset_of_a_pattern_is_that_of_each_write)
{
    const struct pattern offsets = { .n = 8, .n_offsets = 1 };
    const struct buffer_recipe recipe = { .pattern = &offsets };
    unsigned char *all = blocks_or_fail(&recipe);

    for (unsigned i = 0; i < N_BLOCKS; i++) {
        uint64_t there;

        memcpy(&there, all + i * BLOCK + 8, sizeof(there));
        ck_assert_uint_eq(there, i * UINT64_C(4096));
    }
    free(all);
}
END_TEST

static void add_cases(Suite *suite)
{
    TCase *tcase = case_of(suite, "buffers");

    tcase_add_loop_test(tcase, zlib_saves_what_was_asked_for, 0, 6);
    tcase_add_loop_test(tcase, the_asked_for_share_repeats_an_earlier_block, 0, 6);
    tcase_add_loop_test(tcase, each_option_changes_what_it_says, 0, sizeof(kinds) / sizeof(kinds[0]));
    tcase_add_test(tcase, patterns_and_zeros_are_where_they_should);
    tcase_add_test(tcase, the_offset_of_a_pattern_is_that_of_each_write);
}

int main(void)
{
    return suite_main_without_ring("bench_buffers", add_cases);
}
