/* SPDX-License-Identifier: MIT */
/* The checksums of verify=, against their published values. */
#include "support.h"

#include "checksum.h"

/* Of "abc", or (CRCs) of "123456789"; numbers little-endian, as they lie in memory. */
static const struct {
    const char *name, *text, *value;
} known[] = {
    { "crc32c", "123456789", "839206e3" },
    { "crc32c-intel", "123456789", "839206e3" },
    { "crc7", "123456789", "75" },
    { "crc16", "123456789", "3dbb" },
    { "crc32", "123456789", "2639f4cb" },
    { "crc64", "123456789", "fa3919dfbbc95d99" },
    { "xxhash", "abc", "ff53d132" },
    { "md5", "abc", "900150983cd24fb0d6963f7d28e17f72" },
    { "sha1", "abc", "a9993e364706816aba3e25717850c26c9cd0d89d" },
    { "sha256", "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
    { "sha512", "abc",
      "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
      "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f" },
    { "sha3-224", "abc", "e642824c3f8cf24ad09234ee7d3c766fc9a3a5168d0c94ad73b46fdf" },
    { "sha3-256", "abc", "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532" },
    { "sha3-384", "abc",
      "ec01498288516fc926459f58e2c6ad8df9b473cb0fc08c2596da7cf0e49be4b298d88cea927ac7f539f1edf228376d25" },
    { "sha3-512", "abc",
      "b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e"
      "10e116e9192af3c91a7ec57647e3934057340b4cf408d5a56592f8274eec53f0" },
};
#define N_KNOWN (sizeof(known) / sizeof(known[0]))

START_TEST(each_has_its_published_value)
{
    const struct checksum *checksum = checksum_find(known[_i].name);
    uint8_t value[CHECKSUM_MAX + 1];
    char text[2 * CHECKSUM_MAX + 1] = "";

    ck_assert_ptr_nonnull(checksum);
    if (checksum->library)
        test_skip("its library is not there");
    memset(value, 0xee, sizeof(value));
    checksum->compute(known[_i].text, strlen(known[_i].text), value);
    for (unsigned i = 0; i < checksum->size; i++)
        snprintf(text + 2 * i, 3, "%02x", value[i]);
    ck_assert_str_eq(text, known[_i].value);
    ck_assert_uint_eq(value[checksum->size], 0xee);
}
END_TEST

START_TEST(all_are_in_the_list_above)
{
    size_t n = 0;

    while (checksum_at(n))
        n++;
    ck_assert_uint_eq(n, N_KNOWN);
    ck_assert_ptr_null(checksum_find("sha"));
}
END_TEST

static void add_cases(Suite *suite)
{
    TCase *tcase = case_of(suite, "checksums");

    tcase_add_loop_test(tcase, each_has_its_published_value, 0, N_KNOWN);
    tcase_add_test(tcase, all_are_in_the_list_above);
}

int main(void)
{
    return suite_main_without_ring("bench_checksum", add_cases);
}
