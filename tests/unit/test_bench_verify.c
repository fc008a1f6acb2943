/* SPDX-License-Identifier: MIT */
/* Blocks that verify= can check. */
#include "support.h"

#include "crc32c.h"
#include "pattern.h"
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

static const struct pattern words = { .n = 12, .n_offsets = 1, .offsets = { 4 }, .bytes = "abcd" };

static struct verify_format format_of(int i)
{
    const struct verify_format formats[] = {
        { .checksum = checksum_find("crc32c"), .header = true },
        { .checksum = checksum_find("crc64"), .header = true, .interval = 512 },
        { .checksum = checksum_find("crc16"), .header = true, .at = 100, .interval = 1000 },
        { .checksum = checksum_find("crc32"), .header = true, .pattern = &words },
        { .header = true, .pattern = &words, .interval = 500, .at = 40 },
        { .pattern = &words },
        { .pattern = &words, .interval = 512 },
    };

    ck_assert((size_t)i < sizeof(formats) / sizeof(formats[0]));
    return formats[i];
}
#define N_FORMATS 7

/* What verify_check() says, "good" for NULL. */
static const char *verdict(const struct verify_format *format, const void *block, uint32_t length, uint64_t offset,
                           uint32_t sequence)
{
    uint32_t where;
    const char *wrong = verify_check(format, block, length, offset, sequence, &where);

    return wrong ? wrong : "good";
}

START_TEST(a_sealed_block_is_good)
{
    const struct verify_format format = format_of(_i);
    unsigned char *block = block_or_fail();

    verify_seal(&format, block, BLOCK, 8192, 7);
    ck_assert_str_eq(verdict(&format, block, BLOCK, 8192, 7), "good");
    ck_assert_str_eq(verdict(&format, block, BLOCK, 8192, 0), "good");
    free(block);
}
END_TEST

START_TEST(a_change_of_any_bit_is_found)
{
    const struct verify_format format = format_of(_i);
    unsigned char *block = block_or_fail();
    uint32_t where;

    verify_seal(&format, block, BLOCK, 8192, 7);
    for (size_t i = 0; i < BLOCK; i += i < 164 ? 1 : 61)
        for (unsigned bit = 0; bit < 8; bit++) {
            block[i] ^= (unsigned char)(1u << bit);
            ck_assert_msg(verify_check(&format, block, BLOCK, 8192, 7, &where) != NULL, "byte %zu bit %u", i, bit);
            ck_assert_uint_le(where, i);
            ck_assert(format.header || where == i);
            block[i] ^= (unsigned char)(1u << bit);
        }
    ck_assert_str_eq(verdict(&format, block, BLOCK, 8192, 7), "good");
    free(block);
}
END_TEST

START_TEST(a_misplaced_an_old_and_another_sized_block_are_told_apart)
{
    const struct verify_format format = format_of(0), other = format_of(3);
    unsigned char *block = block_or_fail();

    verify_seal(&format, block, BLOCK, 8192, 7);
    ck_assert_ptr_nonnull(strstr(verdict(&format, block, BLOCK, 4096, 7), "another offset"));
    ck_assert_ptr_nonnull(strstr(verdict(&format, block, BLOCK, 8192, 8), "older"));
    ck_assert_ptr_nonnull(strstr(verdict(&format, block, BLOCK / 2, 8192, 7), "--bs"));
    ck_assert_ptr_nonnull(strstr(verdict(&other, block, BLOCK, 8192, 7), "another --verify"));
    memset(block, 0, BLOCK);
    ck_assert_ptr_nonnull(strstr(verdict(&format, block, BLOCK, 8192, 7), "no block"));
    free(block);
}
END_TEST

START_TEST(each_interval_can_be_checked_by_itself)
{
    const struct verify_format format = format_of(1);
    unsigned char *block = block_or_fail();
    uint32_t where = 0;

    verify_seal(&format, block, BLOCK, 8192, 7);
    for (uint32_t at = 0; at < BLOCK; at += 512)
        ck_assert_str_eq(verdict(&format, block + at, 512, 8192 + at, 7), "good");
    block[1030] ^= 1;
    ck_assert_ptr_nonnull(verify_check(&format, block, BLOCK, 8192, 7, &where));
    ck_assert_uint_eq(where, 1024);
    free(block);
}
END_TEST

START_TEST(a_pattern_repeats_and_holds_the_offset)
{
    const uint64_t offset = 0x1122334455667788;
    unsigned char text[40], expected[12] = { 'a', 'b', 'c', 'd', 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11 };

    for (size_t n = 0; n <= sizeof(text); n++) {
        memset(text, 0xee, sizeof(text));
        pattern_fill(&words, text, n, offset);
        for (size_t i = 0; i < sizeof(text); i++)
            ck_assert_uint_eq(text[i], i < n ? expected[i % 12] : 0xee);
    }
}
END_TEST

static void add_cases(Suite *suite)
{
    TCase *verify = case_of(suite, "verify");

    tcase_add_test(verify, the_checksum_has_its_check_value);
    tcase_add_loop_test(verify, a_sealed_block_is_good, 0, N_FORMATS);
    tcase_add_loop_test(verify, a_change_of_any_bit_is_found, 0, N_FORMATS);
    tcase_add_test(verify, each_interval_can_be_checked_by_itself);
    tcase_add_test(verify, a_pattern_repeats_and_holds_the_offset);
    tcase_add_test(verify, a_misplaced_an_old_and_another_sized_block_are_told_apart);
}

int main(void)
{
    return suite_main_without_ring("bench_verify", add_cases);
}
