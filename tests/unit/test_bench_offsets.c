/* SPDX-License-Identifier: MIT */
/* The random map and the random numbers of lariat-bench. */
#include "support.h"

#include "offsets.h"

static const uint64_t sizes[] = { 1, 2, 63, 64, 65, 4095, 4096, 4097, 100000, 262144, 262145 };
#define N_SIZES (sizeof(sizes) / sizeof(sizes[0]))

START_TEST(each_block_is_found_once_per_pass)
{
    uint64_t n = sizes[_i];
    struct block_map map;
    struct rng rng;
    unsigned char *seen = calloc(n, 1);

    ck_assert_ptr_nonnull(seen);
    ck_assert_int_eq(block_map_init(&map, n), 0);
    rng_init(&rng, test_seed());
    for (unsigned pass = 1; pass <= 2; pass++) {
        for (uint64_t i = 0; i < n; i++) {
            ck_assert(!block_map_full(&map));
            uint64_t block = block_map_find(&map, rng_below(&rng, n));

            ck_assert_uint_lt(block, n);
            ck_assert_uint_eq(seen[block], pass - 1);
            seen[block]++;
            block_map_set(&map, block);
        }
        ck_assert(block_map_full(&map));
        block_map_reset(&map);
    }
    block_map_free(&map);
    free(seen);
}
END_TEST

START_TEST(the_last_free_block_is_found_from_everywhere)
{
    uint64_t n = sizes[_i], state = test_seed();
    struct block_map map;

    ck_assert_int_eq(block_map_init(&map, n), 0);
    for (uint64_t i = 0; i < n; i++)
        block_map_set(&map, i);
    for (int round = 0; round < 200; round++) {
        uint64_t free_block = test_random(&state) % n;

        block_map_clear(&map, free_block);
        ck_assert(!block_map_test(&map, free_block));
        ck_assert_uint_eq(block_map_find(&map, test_random(&state) % n), free_block);
        ck_assert_uint_eq(block_map_find(&map, n - 1), free_block);
        ck_assert_uint_eq(block_map_find(&map, 0), free_block);
        block_map_set(&map, free_block);
        ck_assert(block_map_full(&map));
    }
    block_map_free(&map);
}
END_TEST

START_TEST(setting_and_clearing_agrees_with_a_plain_array)
{
    enum { N = 5000 };
    static bool plain[N];
    struct block_map map;
    uint64_t state = test_seed(), used = 0;

    ck_assert_int_eq(block_map_init(&map, N), 0);
    for (int round = 0; round < 100000; round++) {
        uint64_t block = test_random(&state) % N;

        if (plain[block])
            block_map_clear(&map, block);
        else
            block_map_set(&map, block);
        used = plain[block] ? used - 1 : used + 1;
        plain[block] = !plain[block];
        ck_assert_uint_eq(map.n_used, used);
        uint64_t from = test_random(&state) % N, expected = from;

        while (plain[expected])
            expected = (expected + 1) % N;
        ck_assert_uint_eq(block_map_find(&map, from), expected);
    }
    block_map_free(&map);
}
END_TEST

START_TEST(numbers_below_n_are_below_n_and_spread)
{
    struct rng rng;
    unsigned counts[10] = { 0 };

    rng_init(&rng, 137);
    for (int i = 0; i < 100000; i++) {
        uint64_t value = rng_below(&rng, 10);

        ck_assert_uint_lt(value, 10);
        counts[value]++;
    }
    for (int i = 0; i < 10; i++)
        ck_assert_msg(counts[i] > 9500 && counts[i] < 10500, "%d came %u times", i, counts[i]);
    ck_assert_uint_eq(rng_below(&rng, 1), 0);
}
END_TEST

START_TEST(the_generators_give_their_published_values)
{
    uint64_t state = 1234567;
    struct rng rng = { { 1, 2, 3, 4 } };

    ck_assert_uint_eq(splitmix64(&state), UINT64_C(6457827717110365317));
    ck_assert_uint_eq(splitmix64(&state), UINT64_C(3203168211198807973));
    ck_assert_uint_eq(rng_next(&rng), UINT64_C(41943041));
    ck_assert_uint_eq(rng_next(&rng), UINT64_C(58720359));
}
END_TEST

START_TEST(the_same_seed_gives_the_same_numbers)
{
    struct rng a, b, c;

    rng_init(&a, 1);
    rng_init(&b, 1);
    rng_init(&c, 2);
    uint64_t differences = 0;
    for (int i = 0; i < 100; i++) {
        uint64_t x = rng_next(&a);

        ck_assert_uint_eq(x, rng_next(&b));
        differences += x != rng_next(&c);
    }
    ck_assert_uint_ge(differences, 99);
}
END_TEST

static void add_cases(Suite *suite)
{
    TCase *map = case_of(suite, "random map"), *numbers = case_of(suite, "random numbers");

    tcase_add_loop_test(map, each_block_is_found_once_per_pass, 0, N_SIZES);
    tcase_add_loop_test(map, the_last_free_block_is_found_from_everywhere, 0, N_SIZES);
    tcase_add_test(map, setting_and_clearing_agrees_with_a_plain_array);
    tcase_add_test(numbers, numbers_below_n_are_below_n_and_spread);
    tcase_add_test(numbers, the_generators_give_their_published_values);
    tcase_add_test(numbers, the_same_seed_gives_the_same_numbers);
}

int main(void)
{
    return suite_main_without_ring("bench_offsets", add_cases);
}
