/* SPDX-License-Identifier: MIT */
/* What lariat-bench makes of the counters over time: intervals, logs, progress, pictures; and the batches of its workload. */
#include "support.h"

#include "intervals.h"
#include "log_ring.h"
#include "progress.h"
#include "svg_chart.h"
#include "work.h"

static void *zeroed_or_fail(size_t size)
{
    void *memory = aligned_alloc(64, (size + 63) / 64 * 64);

    ck_assert_ptr_nonnull(memory);
    return memset(memory, 0, size);
}

/* ---- batches ---- */

struct batch_work {
    struct job_options options;
    struct work work;
    struct bench_io ios[4];
};

static struct batch_work *batch_work_or_fail(void)
{
    struct batch_work *b = zeroed_or_fail(sizeof(*b));

    b->work.batched = true;
    b->work.measure = MEASURE_SLAT | MEASURE_SLAT_BUCKETS | MEASURE_CLAT | MEASURE_LAT;
    b->work.batch_max = 4;
    b->work.batch = zeroed_or_fail(4 * sizeof(*b->work.batch));
    return b;
}

static void hand_out(struct batch_work *b, unsigned i, int64_t now_ns)
{
    b->ios[i].start_ns = now_ns;
    b->ios[i].kind = IO_READ;
    b->ios[i].length = 512;
    work_hand_out(&b->work, &b->ios[i]);
}

static void batch_work_free(struct batch_work *b)
{
    free(b->work.batch);
    free(b);
}

START_TEST(an_io_waits_for_the_last_one_of_its_batch)
{
    struct batch_work *b = batch_work_or_fail();
    const struct iostat *stat = &b->work.stats[IO_READ];

    hand_out(b, 0, 100);
    hand_out(b, 1, 130);
    hand_out(b, 2, 150);
    work_submitted(&b->work);
    work_count(&b->work, &b->ios[0], 1100);
    ck_assert_uint_eq(stat->slat.h.n, 3);
    ck_assert(stat->slat.h.min_ns == 0 && stat->slat.h.max_ns == 50);
    ck_assert_uint_eq(stat->lat.h.sum_ns, 1000);
    ck_assert_uint_eq(stat->clat.h.sum_ns, 950);
    ck_assert_uint_eq(b->work.submit_sizes[1], 1);
    batch_work_free(b);
}
END_TEST

START_TEST(a_batch_that_was_submitted_is_not_counted_again)
{
    struct batch_work *b = batch_work_or_fail();

    hand_out(b, 0, 100);
    work_submitted(&b->work);
    work_submitted(&b->work);
    ck_assert_uint_eq(b->work.stats[IO_READ].slat.h.n, 1);
    ck_assert_uint_eq(b->work.submit_sizes[1] + b->work.submit_sizes[0], 1);
    batch_work_free(b);
}
END_TEST

START_TEST(ios_that_come_again_before_they_were_submitted_do_not_overflow_the_batch)
{
    struct batch_work *b = batch_work_or_fail();

    for (unsigned i = 0; i < 1000; i++)
        hand_out(b, i % 4, 100 + i);
    work_submitted(&b->work);
    ck_assert_uint_eq(b->work.stats[IO_READ].slat.h.n, 1000);
    batch_work_free(b);
}
END_TEST

static void note_batch(void *opaque)
{
    ++*(unsigned *)opaque;
}

START_TEST(a_full_batch_is_submitted_before_the_next_io_and_what_was_reaped_is_counted_as_a_whole)
{
    struct batch_work *b = batch_work_or_fail();
    unsigned submitted = 0;

    b->work.submit_batch = note_batch;
    b->work.submit_opaque = &submitted;
    b->work.n_reaped = 9;
    for (unsigned i = 0; i < 9; i++) {
        ck_assert_uint_eq(submitted, i ? (i - 1) / 4 : 0);
        hand_out(b, i % 4, 100 + i);
    }
    ck_assert_uint_eq(submitted, 2);
    work_submitted(&b->work);
    ck_assert_uint_eq(submitted, 2); /* the engine is about to do the rest */
    ck_assert_uint_eq(b->work.submit_sizes[batch_bucket(4)], 3);
    ck_assert_uint_eq(b->work.complete_sizes[batch_bucket(9)], 1);
    ck_assert_uint_eq(b->work.complete_sizes[batch_bucket(4)], 0);
    batch_work_free(b);
}
END_TEST

START_TEST(an_engine_without_batches_has_no_slat)
{
    struct batch_work *b = batch_work_or_fail();

    b->work.batched = false;
    hand_out(b, 0, 100);
    work_submitted(&b->work);
    work_count(&b->work, &b->ios[0], 1100);
    ck_assert_uint_eq(b->work.stats[IO_READ].slat.h.n, 0);
    ck_assert_uint_eq(b->work.stats[IO_READ].clat.h.sum_ns, 1000);
    batch_work_free(b);
}
END_TEST

/* ---- intervals ---- */

static struct moment *moment_or_fail(int64_t ns, uint64_t ios, unsigned bucket)
{
    struct moment *moment = zeroed_or_fail(sizeof(*moment));

    moment->ns = ns;
    moment->ios[IO_READ] = ios;
    moment->buckets[bucket] = ios;
    return moment;
}

START_TEST(an_interval_is_what_lies_between_two_moments)
{
    struct moment *a = moment_or_fail(1000, 5, 20), *b = moment_or_fail(3000, 15, 20);
    struct interval interval;

    b->buckets[100] = 10;
    ck_assert_int_eq(interval_between(&interval, a, b, 500), 0);
    ck_assert(interval.begin_ns == 500 && interval.end_ns == 2500);
    ck_assert_uint_eq(interval.ios[IO_READ], 10);
    ck_assert_uint_eq(interval.n_bins, 2);
    ck_assert_uint_eq(interval_percentile(&interval, 50), 20);
    ck_assert_uint_eq(interval_percentile(&interval, 51), 100);
    interval_free(&interval);
    free(a);
    free(b);
}
END_TEST

START_TEST(two_intervals_become_one)
{
    struct moment *a = moment_or_fail(0, 0, 20), *b = moment_or_fail(10, 4, 20), *c = moment_or_fail(20, 10, 20);
    struct interval first, second;

    c->buckets[30] = 1;
    ck_assert_int_eq(interval_between(&first, a, b, 0), 0);
    ck_assert_int_eq(interval_between(&second, b, c, 0), 0);
    ck_assert_int_eq(interval_join(&first, &second), 0);
    ck_assert(first.begin_ns == 0 && first.end_ns == 20 && first.ios[IO_READ] == 10);
    ck_assert(first.n_bins == 2 && first.bins[0].n == 10 && first.bins[1].bucket == 30);
    interval_free(&first);
    interval_free(&second);
    free(a);
    free(b);
    free(c);
}
END_TEST

START_TEST(a_long_run_takes_no_more_intervals_than_a_short_one)
{
    struct moment *moment = moment_or_fail(0, 0, 20);
    struct intervals intervals;
    unsigned n_full = 0;
    uint64_t sum = 0;

    intervals_begin(&intervals, moment);
    for (unsigned i = 1; i <= 10 * INTERVALS_MAX; i++) {
        moment->ns = i;
        moment->ios[IO_READ] = moment->buckets[20] = 3 * i;
        n_full += intervals_add(&intervals, moment, 0);
    }
    ck_assert(intervals.n <= INTERVALS_MAX && n_full > 0);
    for (unsigned i = 0; i < intervals.n; i++) {
        ck_assert_int_eq(intervals.list[i].begin_ns, i ? intervals.list[i - 1].end_ns : 0);
        sum += intervals.list[i].ios[IO_READ];
    }
    ck_assert_uint_eq(sum, 30 * INTERVALS_MAX);
    intervals_free(&intervals);
    free(moment);
}
END_TEST

START_TEST(a_short_rest_becomes_part_of_the_last_interval)
{
    struct moment *moment = moment_or_fail(0, 0, 20);
    struct intervals intervals;

    intervals_begin(&intervals, moment);
    for (int64_t ns = 100; ns <= 300; ns += 100) {
        moment->ns = ns;
        intervals_add(&intervals, moment, 0);
    }
    intervals_end(&intervals, 100);
    ck_assert_uint_eq(intervals.n, 3);
    moment->ns = 310;
    intervals_add(&intervals, moment, 0);
    intervals_end(&intervals, 100);
    ck_assert(intervals.n == 3 && intervals.list[2].end_ns == 310);
    intervals_free(&intervals);
    free(moment);
}
END_TEST

/* ---- logs ---- */

START_TEST(records_come_out_in_order_and_what_finds_no_room_is_counted)
{
    struct log_ring *ring = zeroed_or_fail(sizeof(*ring));
    struct log_record record = { .bytes = 512 };
    uint64_t n = 0;

    ck_assert_int_eq(log_ring_init(ring, 1000), 0);
    for (uint64_t i = 0; i < LOG_RING_SIZE + 10; i++) {
        record.offset = i;
        log_ring_add(ring, &record);
    }
    ck_assert_uint_eq(ring->lost, 10);
    for (; log_ring_take(ring, &record); n++)
        ck_assert_uint_eq(record.offset, n);
    ck_assert_uint_eq(n, LOG_RING_SIZE);
    log_ring_add(ring, &record);
    ck_assert(log_ring_take(ring, &record) && !log_ring_take(ring, &record));
    log_ring_free(ring);
    free(ring);
}
END_TEST

START_TEST(a_ring_has_the_room_that_was_asked_for)
{
    struct log_ring *ring = zeroed_or_fail(sizeof(*ring));
    struct log_record record = { .bytes = 512 };

    ck_assert_int_eq(log_ring_init(ring, LOG_RING_SIZE + 1), 0);
    for (uint64_t i = 0; i < LOG_RING_SIZE + 1; i++)
        log_ring_add(ring, &record);
    ck_assert_uint_eq(ring->lost, 0);
    log_ring_free(ring);
    free(ring);
}
END_TEST

#define N_RECORDS 300000

static void *add_records(void *opaque)
{
    struct log_record record = { .bytes = 512 };

    for (uint64_t i = 0; i < N_RECORDS; i++) {
        record.offset = i;
        record.lat_ns = (int64_t)i;
        log_ring_add(opaque, &record);
    }
    return NULL;
}

START_TEST(a_ring_is_read_while_it_is_written)
{
    struct log_ring *ring = zeroed_or_fail(sizeof(*ring));
    struct log_record record;
    uint64_t n = 0, next = 0;
    pthread_t thread;

    ck_assert_int_eq(log_ring_init(ring, 1), 0);
    ck_assert_int_eq(pthread_create(&thread, NULL, add_records, ring), 0);
    while (n + __atomic_load_n(&ring->lost, __ATOMIC_RELAXED) < N_RECORDS)
        for (; log_ring_take(ring, &record); n++) {
            ck_assert(record.offset >= next && record.lat_ns == (int64_t)record.offset);
            next = record.offset + 1;
        }
    pthread_join(thread, NULL);
    log_ring_free(ring);
    free(ring);
}
END_TEST

/* ---- text ---- */

START_TEST(times_are_written_as_fio_writes_them)
{
    char buf[PROGRESS_TIME_MAX];

    ck_assert_str_eq(progress_time(buf, 5), "00m:05s");
    ck_assert_str_eq(progress_time(buf, 3600), "01h:00m:00s");
    ck_assert_str_eq(progress_time(buf, 2 * 86400 + 61), "2d:00h:01m:01s");
}
END_TEST

START_TEST(text_in_a_page_is_well_formed_whatever_it_is)
{
    static const char *const cases[][2] = {
        { "plain", "plain" },           { "a<b>&\"", "a&lt;b&gt;&amp;&quot;" },
        { "\xff\x01", "??" },           { "\xe2\x82\xac", "\xe2\x82\xac" },
        { "\xe2\x82", "??" },           { "\xed\xa0\x80", "???" },
        { "\xc0\xaf", "??" },           { "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80" },
        { "\xf4\x90\x80\x80", "????" }, { "\xef\xbf\xbf", "???" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);

        xml_text(out, cases[i][0]);
        fclose(out);
        ck_assert_str_eq(text, cases[i][1]);
        free(text);
    }
}
END_TEST

START_TEST(an_axis_ends_at_a_round_number_above_what_it_shows)
{
    struct axis axis = { .unit = AXIS_COUNT, .max = 1234 };

    axis_round(&axis);
    ck_assert(axis.max >= 1234 && axis.max <= 1500);
    axis = (struct axis){ .unit = AXIS_COUNT, .max = 0 };
    axis_round(&axis);
    ck_assert(axis.max > 0);
}
END_TEST

static void add_cases(Suite *suite)
{
    TCase *batches = case_of(suite, "batches"), *intervals = case_of(suite, "intervals");
    TCase *logs = case_of(suite, "logs"), *text = case_of(suite, "text");

    tcase_add_test(batches, an_io_waits_for_the_last_one_of_its_batch);
    tcase_add_test(batches, a_batch_that_was_submitted_is_not_counted_again);
    tcase_add_test(batches, ios_that_come_again_before_they_were_submitted_do_not_overflow_the_batch);
    tcase_add_test(batches, a_full_batch_is_submitted_before_the_next_io_and_what_was_reaped_is_counted_as_a_whole);
    tcase_add_test(batches, an_engine_without_batches_has_no_slat);
    tcase_add_test(intervals, an_interval_is_what_lies_between_two_moments);
    tcase_add_test(intervals, two_intervals_become_one);
    tcase_add_test(intervals, a_long_run_takes_no_more_intervals_than_a_short_one);
    tcase_add_test(intervals, a_short_rest_becomes_part_of_the_last_interval);
    tcase_add_test(logs, records_come_out_in_order_and_what_finds_no_room_is_counted);
    tcase_add_test(logs, a_ring_has_the_room_that_was_asked_for);
    tcase_add_test(logs, a_ring_is_read_while_it_is_written);
    tcase_add_test(text, times_are_written_as_fio_writes_them);
    tcase_add_test(text, text_in_a_page_is_well_formed_whatever_it_is);
    tcase_add_test(text, an_axis_ends_at_a_round_number_above_what_it_shows);
}

int main(void)
{
    return suite_main_without_ring("bench_observe", add_cases);
}
