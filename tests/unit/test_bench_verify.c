/* SPDX-License-Identifier: MIT */
/* Checksums of lariat-bench, and what it makes of its histogram. */
#include "support.h"

#include "crc32c.h"
#include "iostat.h"
#include "verify.h"

#define BLOCK 4096

static unsigned char *block_or_fail(void)
{
    unsigned char *block = aligned_alloc(64, BLOCK);

    ck_assert_ptr_nonnull(block);
    for (size_t i = 0; i < BLOCK; i++)
        block[i] = pattern_byte(i);
    return block;
}

START_TEST(the_checksum_has_its_check_value)
{
    unsigned char zeroes[32] = { 0 };

    ck_assert_uint_eq(crc32c("123456789", 9), 0xe3069283);
    ck_assert_uint_eq(crc32c(zeroes, sizeof(zeroes)), 0x8a9136aa); /* RFC 3720, B.4 */
    ck_assert_uint_eq(crc32c("", 0), 0);
}
END_TEST

START_TEST(a_sealed_block_is_good)
{
    unsigned char *block = block_or_fail();

    verify_seal(block, BLOCK, 8192, 7);
    ck_assert_ptr_null(verify_check(block, BLOCK, 8192, 7));
    ck_assert_ptr_null(verify_check(block, BLOCK, 8192, 0));
    free(block);
}
END_TEST

START_TEST(a_change_of_any_bit_is_found)
{
    unsigned char *block = block_or_fail();

    verify_seal(block, BLOCK, 8192, 7);
    for (size_t i = 0; i < BLOCK; i += i < 64 ? 1 : 61)
        for (unsigned bit = 0; bit < 8; bit++) {
            block[i] ^= (unsigned char)(1u << bit);
            ck_assert_msg(verify_check(block, BLOCK, 8192, 7) != NULL, "byte %zu bit %u", i, bit);
            block[i] ^= (unsigned char)(1u << bit);
        }
    ck_assert_ptr_null(verify_check(block, BLOCK, 8192, 7));
    free(block);
}
END_TEST

START_TEST(a_misplaced_an_old_and_another_sized_block_are_told_apart)
{
    unsigned char *block = block_or_fail();

    verify_seal(block, BLOCK, 8192, 7);
    ck_assert_ptr_nonnull(strstr(verify_check(block, BLOCK, 4096, 7), "offset"));
    ck_assert_ptr_nonnull(strstr(verify_check(block, BLOCK, 8192, 8), "older"));
    ck_assert_ptr_nonnull(strstr(verify_check(block, BLOCK / 2, 8192, 7), "--bs"));
    memset(block, 0, BLOCK);
    ck_assert_ptr_nonnull(strstr(verify_check(block, BLOCK, 8192, 7), "no block"));
    free(block);
}
END_TEST

static struct iostat *iostat_or_fail(void)
{
    struct iostat *stat = aligned_alloc(64, (sizeof(*stat) + 63) / 64 * 64);

    ck_assert_ptr_nonnull(stat);
    memset(stat, 0, sizeof(*stat));
    lariat_histogram_init(&stat->latency);
    return stat;
}

START_TEST(mean_and_spread_are_those_of_the_samples)
{
    struct iostat *stat = iostat_or_fail();

    ck_assert(iostat_mean_ns(stat) == 0 && iostat_stddev_ns(stat) == 0);
    const int64_t samples[] = { 2, 4, 4, 4, 5, 5, 7, 9 };
    for (size_t i = 0; i < 8; i++)
        iostat_add(stat, samples[i]);
    ck_assert_uint_eq(iostat_ios(stat), 8);
    ck_assert_double_eq_tol(iostat_mean_ns(stat), 5, 1e-9);
    ck_assert_double_eq_tol(iostat_stddev_ns(stat), 2.13808993529939, 1e-9);
    free(stat);
}
END_TEST

START_TEST(the_spread_of_long_and_equal_latencies_is_exact)
{
    struct iostat *stat = iostat_or_fail();

    for (int i = 0; i < 1000; i++)
        iostat_add(stat, INT64_C(10000000000));
    ck_assert_double_eq_tol(iostat_stddev_ns(stat), 0, 1e-6);
    free(stat);
}
END_TEST

START_TEST(percentiles_are_those_of_the_samples)
{
    struct iostat *stat = iostat_or_fail();

    for (int i = 1; i <= 100; i++)
        iostat_add(stat, i);
    ck_assert_uint_eq(lariat_histogram_percentile(&stat->latency, 50), 50);
    ck_assert_uint_eq(lariat_histogram_percentile(&stat->latency, 99), 99);
    ck_assert_uint_eq(lariat_histogram_percentile(&stat->latency, 99.99), 100);
    free(stat);
}
END_TEST

START_TEST(rates_keep_extremes_mean_and_spread)
{
    struct rate_samples rates = { .n = 0 };

    ck_assert(rate_stddev(&rates) == 0);
    rate_add(&rates, 3);
    rate_add(&rates, 1);
    rate_add(&rates, 2);
    ck_assert(rates.min == 1 && rates.max == 3);
    ck_assert_double_eq_tol(rates.mean, 2, 1e-12);
    ck_assert_double_eq_tol(rate_stddev(&rates), 1, 1e-12);
}
END_TEST

static void add_cases(Suite *suite)
{
    TCase *verify = case_of(suite, "verify"), *stat = case_of(suite, "statistics");

    tcase_add_test(verify, the_checksum_has_its_check_value);
    tcase_add_test(verify, a_sealed_block_is_good);
    tcase_add_test(verify, a_change_of_any_bit_is_found);
    tcase_add_test(verify, a_misplaced_an_old_and_another_sized_block_are_told_apart);
    tcase_add_test(stat, mean_and_spread_are_those_of_the_samples);
    tcase_add_test(stat, the_spread_of_long_and_equal_latencies_is_exact);
    tcase_add_test(stat, percentiles_are_those_of_the_samples);
    tcase_add_test(stat, rates_keep_extremes_mean_and_spread);
}

int main(void)
{
    return suite_main_without_ring("bench_verify", add_cases);
}
