/* SPDX-License-Identifier: MIT */
/* Checksums of lariat-bench. */
#include "support.h"

#include "crc32c.h"
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

static void add_cases(Suite *suite)
{
    TCase *verify = case_of(suite, "verify");

    tcase_add_test(verify, the_checksum_has_its_check_value);
    tcase_add_test(verify, a_sealed_block_is_good);
    tcase_add_test(verify, a_change_of_any_bit_is_found);
    tcase_add_test(verify, a_misplaced_an_old_and_another_sized_block_are_told_apart);
}

int main(void)
{
    return suite_main_without_ring("bench_verify", add_cases);
}
