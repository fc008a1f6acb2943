/* SPDX-License-Identifier: MIT */
/* What lariat-bench counts per I/O, and the text it makes of it. */
#include "support.h"

#include "disk_util.h"
#include "figures.h"
#include "iostat.h"
#include "number_text.h"
#include "run.h"

static void *zeroed_or_fail(size_t size)
{
    void *memory = aligned_alloc(64, (size + 63) / 64 * 64);

    ck_assert_ptr_nonnull(memory);
    return memset(memory, 0, size);
}

static struct iostat *iostat_or_fail(void)
{
    return zeroed_or_fail(sizeof(struct iostat));
}

#define ALL (MEASURE_SLAT | MEASURE_CLAT | MEASURE_LAT)

START_TEST(mean_and_spread_are_those_of_the_samples)
{
    struct iostat *stat = iostat_or_fail();

    ck_assert(latency_mean_ns(&stat->lat) == 0 && latency_stddev_ns(&stat->lat) == 0);
    const int64_t samples[] = { 2, 4, 4, 4, 5, 5, 7, 9 };
    for (size_t i = 0; i < 8; i++)
        iostat_add(stat, ALL, 512, samples[i], 1);
    ck_assert_uint_eq(iostat_ios(stat), 8);
    ck_assert_uint_eq(iostat_bytes(stat), 4096);
    ck_assert_double_eq_tol(latency_mean_ns(&stat->lat), 5, 1e-9);
    ck_assert_double_eq_tol(latency_mean_ns(&stat->clat), 4, 1e-9);
    ck_assert_double_eq_tol(latency_stddev_ns(&stat->lat), 2.13808993529939, 1e-9);
    free(stat);
}
END_TEST

START_TEST(the_spread_of_long_and_equal_latencies_is_exact)
{
    struct iostat *stat = iostat_or_fail();

    for (int i = 0; i < 1000; i++)
        iostat_add(stat, ALL, 1, INT64_C(10000000000), 0);
    ck_assert_double_eq_tol(latency_stddev_ns(&stat->lat), 0, 1e-6);
    free(stat);
}
END_TEST

START_TEST(percentiles_are_those_of_the_samples)
{
    struct iostat *stat = iostat_or_fail();

    for (int i = 1; i <= 100; i++)
        iostat_add(stat, ALL, 1, i, 0);
    ck_assert_uint_eq(lariat_histogram_percentile(&stat->lat.h, 50), 50);
    ck_assert_uint_eq(lariat_histogram_percentile(&stat->clat.h, 99), 99);
    ck_assert_uint_eq(lariat_histogram_percentile(&stat->lat.h, 99.99), 100);
    free(stat);
}
END_TEST

START_TEST(what_is_switched_off_is_not_measured)
{
    struct iostat *stat = iostat_or_fail();

    iostat_add(stat, MEASURE_LAT, 1, 100, 10);
    ck_assert(stat->lat.h.n == 1 && stat->clat.h.n == 0);
    iostat_add(stat, MEASURE_CLAT, 1, 100, 10);
    ck_assert(stat->lat.h.n == 1 && stat->clat.h.n == 1 && stat->clat.h.min_ns == 90);
    iostat_add_slat(stat, MEASURE_SLAT, 10);
    ck_assert(stat->slat.h.n == 1 && lariat_histogram_percentile(&stat->slat.h, 50) != 10);
    iostat_add_slat(stat, MEASURE_SLAT | MEASURE_SLAT_BUCKETS, 10);
    ck_assert_uint_eq(stat->slat.h.buckets[10], 1);
    free(stat);
}
END_TEST

START_TEST(buckets_are_those_of_the_library)
{
    struct lariat_histogram *h = zeroed_or_fail(sizeof(*h));
    uint64_t ns = 1;

    for (int i = 0; i < 20000; i++, ns = ns * 6364136223846793005u + 1442695040888963407u) {
        uint64_t value = ns >> (i % 63 + 1);

        lariat_histogram_init(h);
        lariat_histogram_add(h, (int64_t)value);
        ck_assert_msg(h->buckets[latency_bucket(value)] == 1, "%llu", (unsigned long long)value);
    }
    free(h);
}
END_TEST

START_TEST(a_snapshot_has_the_counts_and_nearly_the_spread)
{
    struct iostat *stat = iostat_or_fail(), *copy = iostat_or_fail();

    for (int i = 0; i < 1000; i++) {
        iostat_add(stat, ALL, 1, 10000 + 37 * i, 0);
        iostat_add_slat(stat, ALL, UINT32_MAX - (unsigned)i * 1000000); /* without buckets; 2^73 as the sum of squares */
    }
    iostat_snapshot(copy, stat, ALL);
    ck_assert_uint_eq(copy->lat.h.n, 1000);
    ck_assert_uint_eq(copy->slat.h.n, 1000);
    ck_assert_uint_eq(copy->slat.h.max_ns, UINT32_MAX);
    ck_assert_double_eq_tol(latency_stddev_ns(&copy->slat), latency_stddev_ns(&stat->slat), 1e-6);
    ck_assert_double_eq_tol(latency_stddev_ns(&copy->slat), 288819436.1, 1);
    ck_assert_uint_eq(copy->lat.h.sum_ns, stat->lat.h.sum_ns);
    ck_assert_double_eq_tol(latency_stddev_ns(&copy->lat), latency_stddev_ns(&stat->lat),
                            latency_stddev_ns(&stat->lat) / 20);
    free(stat);
    free(copy);
}
END_TEST

START_TEST(rates_keep_extremes_mean_and_spread)
{
    struct rate_samples rates = { .n = 0 }, other = { .n = 0 };

    ck_assert(rate_stddev(&rates) == 0);
    rate_add(&rates, 3);
    rate_add(&rates, 1);
    rate_add(&rates, 2);
    ck_assert(rates.min == 1 && rates.max == 3);
    ck_assert_double_eq_tol(rates.mean, 2, 1e-12);
    ck_assert_double_eq_tol(rate_stddev(&rates), 1, 1e-12);
    rate_merge(&other, &rates);
    rate_merge(&other, &rates);
    ck_assert(other.min == 2 && other.max == 6 && other.n == 6);
    ck_assert_double_eq_tol(other.mean, 4, 1e-12);
}
END_TEST

START_TEST(depths_and_batches_fall_into_buckets_of_fio)
{
    static const struct {
        uint32_t n;
        unsigned depth, batch;
    } cases[] = {
        { 1, 0, 1 },  { 2, 1, 1 },  { 4, 2, 1 },  { 5, 2, 2 },  { 8, 3, 2 },  { 9, 3, 3 },    { 16, 4, 3 },
        { 32, 5, 4 }, { 33, 5, 5 }, { 63, 5, 5 }, { 64, 6, 5 }, { 65, 6, 6 }, { 5000, 6, 6 },
    };

    ck_assert_uint_eq(batch_bucket(0), 0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ck_assert_uint_eq(depth_bucket(cases[i].n), cases[i].depth);
        ck_assert_uint_eq(batch_bucket(cases[i].n), cases[i].batch);
    }
}
END_TEST

START_TEST(latencies_fall_into_classes_of_fio)
{
    struct entry *entry = zeroed_or_fail(sizeof(*entry));
    uint64_t counts[LATENCY_CLASSES], total;
    static const int64_t samples[] = { 1, 3, 990, 1010, 240000, 980000, 5000000, 1900000000, 9000000000 };
    static const unsigned classes[] = { 0, 1, 9, 10, 16, 19, 22, 30, 31 };

    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        memset(entry, 0, sizeof(*entry));
        iostat_add(&entry->mixed, ALL, 1, samples[i] + 3333, 3333); /* by clat */
        figures_latency_classes(entry, counts, &total);
        ck_assert_uint_eq(total, 1);
        ck_assert_msg(counts[classes[i]] == 1, "%lld", (long long)samples[i]);
    }
    free(entry);
}
END_TEST

START_TEST(a_share_that_is_not_0_is_not_shown_as_0)
{
    ck_assert(figures_share(0, 100000, 0.1) == 0);
    ck_assert_double_eq_tol(figures_share(1, 100000, 0.1), 0.1, 1e-9);
    ck_assert_double_eq_tol(figures_share(1, 100000, 0), 0.001, 1e-9);
    ck_assert(figures_share(1, 0, 0) == 0);
}
END_TEST

START_TEST(numbers_are_written_as_fio_writes_them)
{
    static const struct {
        double value;
        unsigned places;
        bool binary;
        const char *text;
    } cases[] = {
        { 0, 4, false, "0" },
        { 8982, 4, false, "8982" },
        { 63690, 4, false, "63.7k" },
        { 333 << 20, 4, true, "333Mi" },
        { 69.2 * 1048576, 4, true, "69.2Mi" },
        { 1556.0 * 1048576, 4, true, "1556Mi" },
        { 256671, 6, false, "256671" },
        { 10033123, 6, false, "10033k" },
        { 5114311, 6, false, "5114.3k" },
        { 16384, 4, true, "16.0Ki" },
        { 2207 * 4096.0, 6, true, "8828.0Ki" },
    };
    char buf[NUMBER_TEXT_MAX];

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        ck_assert_str_eq(number_text(buf, cases[i].value, cases[i].places, cases[i].binary, ""), cases[i].text);
}
END_TEST

START_TEST(rates_have_bits_or_bytes_in_either_base)
{
    struct byte_style style = { 4, false, true };
    char buf[NUMBER_TEXT_MAX];

    ck_assert_str_eq(rate_text(buf, 53.8e6, &style, false), "430Mbit/s");
    ck_assert_str_eq(rate_text(buf, 53.8e6, &style, true), "410Mibit/s");
    style = (struct byte_style){ 4, true, false };
    ck_assert_str_eq(rate_text(buf, 249 * 1048576.0, &style, false), "249MiB/s");
    ck_assert_str_eq(bytes_text(buf, 4194304, &style, true), "4194kB");
}
END_TEST

START_TEST(latencies_are_shown_in_the_unit_that_fio_would_take)
{
    double min = 2494, max = 25168, mean = 3800, stddev = 2779;

    ck_assert_str_eq(latency_scale(&min, &max, &mean, &stddev), "nsec");
    min = 35000, max = 346000, mean = 49400, stddev = 25910;
    ck_assert_str_eq(latency_scale(&min, &max, &mean, &stddev), "usec");
    ck_assert(min == 35 && max == 346);
    ck_assert_double_eq_tol(mean, 49.4, 1e-9);
    min = 2100000, max = 2e8, mean = 1e7, stddev = 2e6;
    ck_assert_str_eq(latency_scale(&min, &max, &mean, &stddev), "msec");
}
END_TEST

START_TEST(the_counters_of_a_disk_are_read)
{
    struct disk_counts c;

    ck_assert(disk_parse_stat("  1 2 3 4 5 6 7 8 9 10 11 0 0 0 0 0 0\n", &c));
    ck_assert(c.ios[0] == 1 && c.merges[0] == 2 && c.sectors[0] == 3 && c.ticks_ms[0] == 4);
    ck_assert(c.ios[1] == 5 && c.merges[1] == 6 && c.sectors[1] == 7 && c.ticks_ms[1] == 8);
    ck_assert(c.busy_ms == 10 && c.in_queue_ms == 11);
    ck_assert(!disk_parse_stat("", &c) && !disk_parse_stat("1 2 3", &c));
}
END_TEST

static void add_cases(Suite *suite)
{
    TCase *stat = case_of(suite, "statistics"), *text = case_of(suite, "text");

    tcase_add_test(stat, mean_and_spread_are_those_of_the_samples);
    tcase_add_test(stat, the_spread_of_long_and_equal_latencies_is_exact);
    tcase_add_test(stat, percentiles_are_those_of_the_samples);
    tcase_add_test(stat, what_is_switched_off_is_not_measured);
    tcase_add_test(stat, buckets_are_those_of_the_library);
    tcase_add_test(stat, a_snapshot_has_the_counts_and_nearly_the_spread);
    tcase_add_test(stat, rates_keep_extremes_mean_and_spread);
    tcase_add_test(stat, depths_and_batches_fall_into_buckets_of_fio);
    tcase_add_test(stat, latencies_fall_into_classes_of_fio);
    tcase_add_test(stat, a_share_that_is_not_0_is_not_shown_as_0);
    tcase_add_test(text, numbers_are_written_as_fio_writes_them);
    tcase_add_test(text, rates_have_bits_or_bytes_in_either_base);
    tcase_add_test(text, latencies_are_shown_in_the_unit_that_fio_would_take);
    tcase_add_test(text, the_counters_of_a_disk_are_read);
}

int main(void)
{
    return suite_main_without_ring("bench_figures", add_cases);
}
