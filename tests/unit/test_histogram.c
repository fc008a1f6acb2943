/* SPDX-License-Identifier: MIT */
/* The histogram of stats.h, which is pure. */
#include "support.h"

static struct lariat_histogram *histogram_or_fail(void)
{
    struct lariat_histogram *h = malloc(sizeof(*h));
    ck_assert_ptr_nonnull(h);
    memset(h, 0x5a, sizeof(*h));
    lariat_histogram_init(h);
    return h;
}

/* The only bucket that holds something. */
static unsigned bucket_of(int64_t ns)
{
    struct lariat_histogram *h = histogram_or_fail();
    lariat_histogram_add(h, ns);
    unsigned found = LARIAT_HISTOGRAM_BUCKETS;
    for (unsigned i = 0; i < LARIAT_HISTOGRAM_BUCKETS; i++) {
        if (h->buckets[i] != 0) {
            ck_assert_uint_eq(found, LARIAT_HISTOGRAM_BUCKETS);
            ck_assert_uint_eq(h->buckets[i], 1);
            found = i;
        }
    }
    free(h);
    return found;
}

START_TEST(an_empty_histogram_has_nothing)
{
    struct lariat_histogram *h = histogram_or_fail();

    ck_assert(h->n == 0 && h->sum_ns == 0 && h->min_ns == 0 && h->max_ns == 0);
    ck_assert_uint_eq(lariat_histogram_percentile(h, 0), 0);
    ck_assert_uint_eq(lariat_histogram_percentile(h, 50), 0);
    ck_assert_uint_eq(lariat_histogram_percentile(h, 100), 0);

    free(h);
}
END_TEST

START_TEST(below_128_ns_each_ns_has_its_bucket)
{
    for (unsigned ns = 0; ns < 128; ns++) {
        ck_assert_uint_eq(bucket_of(ns), ns);
        ck_assert_uint_eq(lariat_histogram_bucket_ns(ns), ns);
    }
}
END_TEST

/* Bucket numbers known from fio's json+ output: group g holds 64 buckets of 2^(g-1) ns from 64 * 2^(g-1) on. */
static const struct {
    int64_t ns;
    unsigned bucket;
} known[] = {
    { -1, 0 },
    { INT64_MIN, 0 },
    { 128, 128 },
    { 129, 128 },
    { 130, 129 },
    { 255, 191 },
    { 256, 192 },
    { 259, 192 },
    { 260, 193 },
    { 1000, 64 * 4 + (1000 - 512) / 8 },
    { 1000000, 64 * 14 + (1000000 - 524288) / 8192 },
    { (INT64_C(1) << 34) - 1, 1855 },
    { INT64_C(1) << 34, 1855 },
    { INT64_MAX, 1855 },
};

START_TEST(durations_fall_into_the_buckets_of_fio)
{
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        ck_assert_msg(bucket_of(known[i].ns) == known[i].bucket, "%lld ns: %u instead of %u", (long long)known[i].ns,
                      bucket_of(known[i].ns), known[i].bucket);
    }
}
END_TEST

START_TEST(bucket_values_rise_and_lie_in_their_bucket)
{
    uint64_t last_ns = 0;
    for (unsigned i = 1; i < LARIAT_HISTOGRAM_BUCKETS; i++) {
        const uint64_t ns = lariat_histogram_bucket_ns(i);
        ck_assert_uint_gt(ns, last_ns);
        last_ns = ns;
    }
    for (unsigned i = 0; i < LARIAT_HISTOGRAM_BUCKETS; i += 37) {
        ck_assert_uint_eq(bucket_of((int64_t)lariat_histogram_bucket_ns(i)), i);
    }
}
END_TEST

START_TEST(a_value_is_known_to_a_128th)
{
    uint64_t state = test_seed();
    for (int i = 0; i < 2000; i++) {
        const uint64_t ns = test_random(&state) >> (30 + i % 34);
        const uint64_t told = lariat_histogram_bucket_ns(bucket_of((int64_t)ns));
        const uint64_t off = told > ns ? told - ns : ns - told;
        ck_assert_msg(off <= ns / 128, "%llu told as %llu", (unsigned long long)ns, (unsigned long long)told);
    }
}
END_TEST

START_TEST(count_sum_least_and_greatest_are_exact)
{
    struct lariat_histogram *h = histogram_or_fail();

    lariat_histogram_add(h, 1000003);
    lariat_histogram_add(h, 17);
    lariat_histogram_add(h, 999);
    ck_assert_uint_eq(h->n, 3);
    ck_assert_uint_eq(h->sum_ns, 1000003 + 17 + 999);
    ck_assert_uint_eq(h->min_ns, 17);
    ck_assert_uint_eq(h->max_ns, 1000003);

    free(h);
}
END_TEST

START_TEST(a_negative_duration_counts_as_zero)
{
    struct lariat_histogram *h = histogram_or_fail();

    lariat_histogram_add(h, -5);
    ck_assert(h->n == 1 && h->sum_ns == 0 && h->min_ns == 0 && h->max_ns == 0);
    ck_assert_uint_eq(h->buckets[0], 1);

    free(h);
}
END_TEST

START_TEST(percentiles_of_1_to_100_are_themselves)
{
    struct lariat_histogram *h = histogram_or_fail();
    for (int ns = 100; ns >= 1; ns--) {
        lariat_histogram_add(h, ns);
    }

    for (int percent = 1; percent <= 100; percent++) {
        ck_assert_uint_eq(lariat_histogram_percentile(h, percent), (unsigned)percent);
    }
    ck_assert_uint_eq(lariat_histogram_percentile(h, 0), 1);
    ck_assert_uint_eq(lariat_histogram_percentile(h, 49.5), 50);
    ck_assert_uint_eq(lariat_histogram_percentile(h, 0.001), 1);

    free(h);
}
END_TEST

START_TEST(a_rare_slow_one_shows_at_the_end_only)
{
    struct lariat_histogram *h = histogram_or_fail();
    for (int i = 0; i < 999; i++) {
        lariat_histogram_add(h, 50);
    }
    lariat_histogram_add(h, 100);

    ck_assert_uint_eq(lariat_histogram_percentile(h, 99.9), 50);
    ck_assert_uint_eq(lariat_histogram_percentile(h, 99.95), 100);
    ck_assert_uint_eq(lariat_histogram_percentile(h, 100), 100);

    free(h);
}
END_TEST

static int compare_u64(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a;
    const uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

START_TEST(percentiles_agree_with_sorted_samples)
{
    enum { N = 10000 };
    static uint64_t samples[N];
    const double percents[] = { 1, 10, 50, 90, 99, 99.9, 100 };
    struct lariat_histogram *h = histogram_or_fail();
    uint64_t state = test_seed();
    for (int i = 0; i < N; i++) {
        samples[i] = test_random(&state) >> (32 + i % 32);
        lariat_histogram_add(h, (int64_t)samples[i]);
    }
    qsort(samples, N, sizeof(samples[0]), compare_u64);

    for (size_t i = 0; i < sizeof(percents) / sizeof(percents[0]); i++) {
        const uint64_t exact = samples[(int)(percents[i] * N / 100) - 1];
        const uint64_t told = lariat_histogram_percentile(h, percents[i]);
        ck_assert_msg(bucket_of((int64_t)told) == bucket_of((int64_t)exact), "%g: %llu instead of %llu", percents[i],
                      (unsigned long long)told, (unsigned long long)exact);
    }
    free(h);
}
END_TEST

START_TEST(merging_is_adding_all_samples)
{
    struct lariat_histogram *one = histogram_or_fail();
    struct lariat_histogram *other = histogram_or_fail();
    struct lariat_histogram *both = histogram_or_fail();
    uint64_t state = test_seed();
    for (int i = 0; i < 1000; i++) {
        const int64_t ns = (int64_t)(test_random(&state) >> 40);
        lariat_histogram_add(i % 3 == 0 ? one : other, ns);
        lariat_histogram_add(both, ns);
    }

    lariat_histogram_merge(one, other);
    ck_assert_mem_eq(one, both, sizeof(*both));

    free(one);
    free(other);
    free(both);
}
END_TEST

START_TEST(merging_with_an_empty_one_changes_nothing)
{
    struct lariat_histogram *one = histogram_or_fail();
    struct lariat_histogram *empty = histogram_or_fail();
    struct lariat_histogram *copy = histogram_or_fail();
    lariat_histogram_add(one, 4711);
    lariat_histogram_add(copy, 4711);

    lariat_histogram_merge(one, empty);
    ck_assert_mem_eq(one, copy, sizeof(*copy));
    lariat_histogram_merge(empty, one);
    ck_assert_mem_eq(empty, copy, sizeof(*copy));

    free(one);
    free(empty);
    free(copy);
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *tc = case_of(suite, "histogram");
    tcase_add_test(tc, an_empty_histogram_has_nothing);
    tcase_add_test(tc, below_128_ns_each_ns_has_its_bucket);
    tcase_add_test(tc, durations_fall_into_the_buckets_of_fio);
    tcase_add_test(tc, bucket_values_rise_and_lie_in_their_bucket);
    tcase_add_test(tc, a_value_is_known_to_a_128th);
    tcase_add_test(tc, count_sum_least_and_greatest_are_exact);
    tcase_add_test(tc, a_negative_duration_counts_as_zero);
    tcase_add_test(tc, percentiles_of_1_to_100_are_themselves);
    tcase_add_test(tc, a_rare_slow_one_shows_at_the_end_only);
    tcase_add_test(tc, percentiles_agree_with_sorted_samples);
    tcase_add_test(tc, merging_is_adding_all_samples);
    tcase_add_test(tc, merging_with_an_empty_one_changes_nothing);
}

int main(void)
{
    return suite_main_without_ring("histogram", add_tests);
}
