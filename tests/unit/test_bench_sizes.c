/* SPDX-License-Identifier: MIT */
/* Sizes of I/Os, and numbers from a shift register. */
#include "support.h"

#include <math.h>

#include "block_sizes.h"
#include "lfsr.h"

#define N_DRAWS 100000

START_TEST(a_range_is_drawn_evenly_in_its_steps)
{
    const struct value_range range = { 4096, 16384 };
    const bool unaligned = _i;
    struct block_sizes sizes;
    struct rng rng;
    unsigned quarters[4] = { 0 }, odd = 0;

    rng_init(&rng, test_seed());
    block_sizes_init(&sizes, &range, NULL, unaligned);
    for (int i = 0; i < N_DRAWS; i++) {
        uint64_t size = block_sizes_draw(&sizes, &rng);

        ck_assert(size >= 4096 && size <= 16384);
        odd += size % 4096 != 0;
        quarters[(size - 4096) * 4 / 12289]++;
    }
    ck_assert(unaligned ? odd > N_DRAWS / 2 : !odd);
    for (int i = 0; i < 4; i++)
        ck_assert_msg(fabs(quarters[i] - N_DRAWS / 4.0) < 6 * sqrt(N_DRAWS * 0.1875), "quarter %d: %u", i, quarters[i]);
    ck_assert_uint_eq(block_sizes_divisor(&sizes), unaligned ? 1 : 4096);
}
END_TEST

START_TEST(a_split_gives_each_size_its_share)
{
    const struct value_range range = { 4096, 65536 };
    const struct size_split split = { 3, { { 4096, 60 }, { 65536, 30 }, { 10240, 10 } } };
    unsigned n[3] = { 0 };
    struct block_sizes sizes;
    struct rng rng;

    rng_init(&rng, test_seed());
    block_sizes_init(&sizes, &range, &split, false);
    for (int i = 0; i < N_DRAWS; i++) {
        uint64_t size = block_sizes_draw(&sizes, &rng);

        n[size == 4096 ? 0 : size == 65536 ? 1 : 2]++;
        ck_assert(size == 4096 || size == 65536 || size == 10240);
    }
    for (int i = 0; i < 3; i++)
        ck_assert_msg(fabs(n[i] / (N_DRAWS / 100.0) - split.entries[i].percent) < 1, "size %d: %u", i, n[i]);
    ck_assert_uint_eq(block_sizes_divisor(&sizes), 2048);
}
END_TEST

START_TEST(one_size_needs_no_random_number)
{
    const struct value_range range = { 12288, 12288 };
    struct block_sizes sizes;

    block_sizes_init(&sizes, &range, NULL, false);
    ck_assert_uint_eq(block_sizes_draw(&sizes, NULL), 12288);
    ck_assert_uint_eq(block_sizes_divisor(&sizes), 12288);
}
END_TEST

static const uint64_t counts[] = { 1, 2, 3, 4, 7, 8, 63, 64, 65, 1000, 4095, 4096, 100000 };

START_TEST(the_register_meets_each_number_once_per_pass)
{
    uint64_t n = counts[_i], number = 0, rising = 0, last = 0;
    unsigned char *seen = calloc(n, 1);
    struct lfsr lfsr;

    ck_assert_ptr_nonnull(seen);
    ck_assert(lfsr_init(&lfsr, n, test_seed()));
    for (unsigned pass = 1; pass <= 2; pass++) {
        for (uint64_t i = 0; i < n; i++) {
            ck_assert(lfsr_next(&lfsr, &number));
            ck_assert_uint_lt(number, n);
            ck_assert_uint_eq(seen[number], pass - 1);
            seen[number]++;
            rising += number == last + 1;
            last = number;
        }
        ck_assert(!lfsr_next(&lfsr, &number));
        lfsr_reset(&lfsr);
    }
    ck_assert(n < 1000 || rising < n / 10);
    free(seen);
}
END_TEST

/* x * y modulo the polynomial, as the register multiplies. */
static uint64_t times(uint64_t x, uint64_t y, uint64_t polynomial, unsigned bits)
{
    uint64_t product = 0;

    for (; y; y >>= 1) {
        if (y & 1)
            product ^= x;
        x <<= 1;
        if (x >> bits)
            x ^= polynomial;
    }
    return product;
}

static uint64_t power(uint64_t exponent, uint64_t polynomial, unsigned bits)
{
    uint64_t result = 1, base = 2;

    for (; exponent; exponent >>= 1) {
        if (exponent & 1)
            result = times(result, base, polynomial, bits);
        base = times(base, base, polynomial, bits);
    }
    return result;
}

/* The order of x is 2^bits - 1 if it is none of that number divided by one of its prime factors. */
START_TEST(each_register_has_the_longest_period)
{
    unsigned bits = (unsigned)_i;
    uint64_t period = (UINT64_C(1) << bits) - 1, rest = period;
    uint64_t polynomial = lfsr_mask(bits) << 1 | 1;

    ck_assert_uint_eq(power(period, polynomial, bits), 1);
    for (uint64_t factor = 3; factor * factor <= rest; factor += 2)
        if (rest % factor == 0) {
            ck_assert_uint_ne(power(period / factor, polynomial, bits), 1);
            while (rest % factor == 0)
                rest /= factor;
        }
    if (rest > 1)
        ck_assert(rest == period || power(period / rest, polynomial, bits) != 1);
}
END_TEST

START_TEST(too_many_numbers_are_refused)
{
    struct lfsr lfsr;

    ck_assert(lfsr_init(&lfsr, (UINT64_C(1) << 42) - 1, 1));
    ck_assert(!lfsr_init(&lfsr, UINT64_C(1) << 42, 1));
}
END_TEST

static void add_cases(Suite *suite)
{
    TCase *sizes = case_of(suite, "sizes"), *registers = case_of(suite, "shift registers");

    tcase_add_loop_test(sizes, a_range_is_drawn_evenly_in_its_steps, 0, 2);
    tcase_add_test(sizes, a_split_gives_each_size_its_share);
    tcase_add_test(sizes, one_size_needs_no_random_number);
    tcase_add_loop_test(registers, the_register_meets_each_number_once_per_pass, 0, sizeof(counts) / sizeof(counts[0]));
    tcase_add_loop_test(registers, each_register_has_the_longest_period, 2, LFSR_BITS_MAX + 1);
    tcase_add_test(registers, too_many_numbers_are_refused);
}

int main(void)
{
    return suite_main_without_ring("bench_sizes", add_cases);
}
