/* SPDX-License-Identifier: MIT */
/* The workload of plain jobs of lariat-bench, and verification. */
#include "bench_fake.h"

#include <errno.h>
#include <unistd.h>

START_TEST(each_mode_takes_each_block_once)
{
    const enum rw_mode modes[] = { RW_READ, RW_WRITE, RW_RANDREAD, RW_RANDWRITE };
    struct fake *fake = fake_or_fail(modes[_i], 1000);

    fake->options.iodepth = 8;
    run_or_fail(fake, 0);
    each_block_must_have(fake, rw_reads(modes[_i]), rw_writes(modes[_i]));
    ck_assert_uint_eq(iostat_ios(&fake->work.stats[rw_writes(modes[_i]) ? IO_WRITE : IO_READ]), 1000);
    ck_assert(!work_next_phase(&fake->work));
    fake_free(fake);
}
END_TEST

START_TEST(several_files_are_one_space)
{
    struct fake *fake = fake_or_fail(RW_RANDREAD, 1000);

    split_targets(fake, 301);
    fake->options.iodepth = 4;
    run_or_fail(fake, 0);
    each_block_must_have(fake, 1, 0);
    fake_free(fake);
}
END_TEST

START_TEST(mixed_modes_keep_the_share_of_reads)
{
    struct fake *fake = fake_or_fail(RW_RANDRW, 100000);

    fake->options.rwmixread = 70;
    run_or_fail(fake, 0);
    uint64_t reads = iostat_ios(&fake->work.stats[IO_READ]), writes = iostat_ios(&fake->work.stats[IO_WRITE]);

    ck_assert_uint_eq(reads + writes, 100000);
    ck_assert_msg(reads > 69000 && reads < 71000, "%llu reads", (unsigned long long)reads);
    fake_free(fake);
}
END_TEST

START_TEST(the_extremes_of_rwmixread_are_exact)
{
    for (unsigned percent = 0; percent <= 100; percent += 100) {
        struct fake *fake = fake_or_fail(RW_READWRITE, 1000);

        fake->options.rwmixread = percent;
        run_or_fail(fake, 0);
        ck_assert_uint_eq(iostat_ios(&fake->work.stats[IO_READ]), 10 * percent);
        ck_assert_uint_eq(iostat_ios(&fake->work.stats[IO_WRITE]), 1000 - 10 * percent);
        fake_free(fake);
    }
}
END_TEST

START_TEST(without_the_map_blocks_repeat)
{
    struct fake *fake = fake_or_fail(RW_RANDREAD, 1000);
    unsigned untouched = 0;

    fake->options.norandommap = true;
    run_or_fail(fake, 0);
    for (unsigned i = 0; i < 1000; i++)
        untouched += !fake->reads[i];
    ck_assert_uint_eq(iostat_ios(&fake->work.stats[IO_READ]), 1000);
    ck_assert_msg(untouched > 250 && untouched < 500, "%u untouched", untouched); /* 1/e of them, more or less */
    fake_free(fake);
}
END_TEST

START_TEST(time_based_work_goes_on_pass_after_pass_until_stopped)
{
    struct fake *fake = fake_or_fail(RW_RANDREAD, 100);

    fake->options.time_based = true;
    fake->options.runtime_ns = INT64_C(3600000000000);
    run_or_fail(fake, 1000);
    each_block_must_have(fake, 10, 0);
    fake_free(fake);
}
END_TEST

START_TEST(the_runtime_ends_it)
{
    struct fake *fake = fake_or_fail(RW_READ, 10);

    fake->options.time_based = true;
    fake->options.runtime_ns = 10000000;
    run_or_fail(fake, 0);
    ck_assert_int_ge(bench_now_ns() - fake->work.run_start_ns, 10000000);
    fake_free(fake);
}
END_TEST

START_TEST(syncs_come_after_every_n_writes_but_the_last)
{
    struct fake *fake = fake_or_fail(RW_WRITE, 1000);

    fake->options.fsync = 10;
    fake->options.iodepth = 4;
    run_or_fail(fake, 0);
    ck_assert_uint_eq(fake->syncs, 99);
    ck_assert_uint_eq(iostat_ios(&fake->work.stats[IO_SYNC]), 99);
    each_block_must_have(fake, 0, 1);
    fake_free(fake);
}
END_TEST

START_TEST(what_was_written_is_verified_afterwards)
{
    const enum rw_mode modes[] = { RW_WRITE, RW_RANDWRITE, RW_RANDRW };
    struct fake *fake = fake_or_fail(modes[_i], 500);

    split_targets(fake, 200);
    fake->options.verify = VERIFY_CRC32C;
    fake->options.iodepth = 16;
    fake->options.norandommap = _i == 2;
    run_or_fail(fake, 0);
    uint64_t written = 0;

    for (unsigned i = 0; i < 500; i++)
        written += fake->writes[i] > 0;
    uint64_t checked_before = fake->work.verify_blocks;

    ck_assert(work_next_phase(&fake->work));
    run_phase(fake, 0);
    ck_assert_uint_eq(fake->work.verify_blocks - checked_before, written);
    ck_assert_uint_eq(fake->work.verify_errors, 0);
    ck_assert(!work_next_phase(&fake->work));
    fake_free(fake);
}
END_TEST

START_TEST(passes_that_overlap_never_have_one_block_in_flight_twice)
{
    struct fake *fake = fake_or_fail(RW_RANDWRITE, 20);

    fake->options.verify = VERIFY_CRC32C;
    fake->options.iodepth = 16;
    fake->options.time_based = true;
    fake->options.runtime_ns = INT64_C(3600000000000);
    run_or_fail(fake, 5000); /* run_phase() looks at the blocks in flight */
    ck_assert_uint_eq(fake->work.verify_errors, 0);
    fake_free(fake);
}
END_TEST

static void expect_wrong(struct fake *fake, uint64_t errors)
{
    ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr)); /* the messages are not this test's subject */
    ck_assert(work_next_phase(&fake->work));
    run_phase(fake, 0);
    ck_assert_uint_eq(fake->work.verify_errors, errors);
    fake_free(fake);
}

START_TEST(a_changed_byte_is_found)
{
    struct fake *fake = fake_or_fail(RW_WRITE, 100);

    fake->options.verify = VERIFY_CRC32C;
    run_or_fail(fake, 0);
    fake->memory[37 * BS + 300] ^= 1;
    expect_wrong(fake, 1);
}
END_TEST

START_TEST(a_lost_write_is_found)
{
    struct fake *fake = fake_or_fail(RW_WRITE, 100);
    unsigned char old[BS];

    fake->options.verify = VERIFY_CRC32C;
    fake->options.time_based = true;
    fake->options.runtime_ns = INT64_C(3600000000000);
    run_or_fail(fake, 100);
    memcpy(old, fake->memory + 5 * BS, BS);
    work_free(&fake->work);
    /* Written again, but block 5 still holds what it held before. */
    fake->options.time_based = false;
    run_or_fail(fake, 0);
    fake->work.careful->files[0].sequences[5] += 100;
    memcpy(fake->memory + 5 * BS, old, BS);
    expect_wrong(fake, 1);
}
END_TEST

START_TEST(a_read_job_checks_what_another_run_wrote)
{
    struct fake *fake = fake_or_fail(RW_WRITE, 100);

    fake->options.verify = VERIFY_CRC32C;
    run_or_fail(fake, 0);
    work_free(&fake->work);
    fake->options.rw = RW_RANDREAD;
    run_or_fail(fake, 0);
    ck_assert_uint_eq(fake->work.verify_blocks, 100);
    ck_assert_uint_eq(fake->work.verify_errors, 0);
    ck_assert(!work_next_phase(&fake->work));
    fake_free(fake);
}
END_TEST

/* One I/O of a fresh job, in flight. */
static struct bench_io *one_io_or_fail(struct fake *fake)
{
    ck_assert_int_eq(work_init(&fake->work, &fake->options, &fake->set, 1), 0);
    work_begin(&fake->work);
    ck_assert(work_next(&fake->work, &fake->ios[0], bench_now_ns()));
    return &fake->ios[0];
}

START_TEST(short_transfers_are_continued)
{
    struct fake *fake = fake_or_fail(RW_READ, 2);
    struct bench_io *io = one_io_or_fail(fake);

    ck_assert(work_complete(&fake->work, io, 100));
    ck_assert_uint_eq(io->moved, 100);
    ck_assert_uint_eq(fake->work.inflight, 1);
    ck_assert(work_complete(&fake->work, io, BS - 100));
    ck_assert_uint_eq(io->moved, 0); /* the next one */
    ck_assert_uint_eq(fake->work.stats[IO_READ].short_ios, 1);
    ck_assert_uint_eq(iostat_ios(&fake->work.stats[IO_READ]), 1);
    fake_free(fake);
}
END_TEST

START_TEST(with_o_direct_they_are_continued_at_an_aligned_place_or_fail)
{
    struct fake *fake = fake_or_fail(RW_READ, 2);

    fake->targets[0].offset_align = 128;
    struct bench_io *io = one_io_or_fail(fake);

    ck_assert(work_complete(&fake->work, io, 300));
    ck_assert_uint_eq(io->moved, 256);
    ck_assert(!work_complete(&fake->work, io, 100));
    ck_assert_int_eq(fake->work.error, EIO);
    fake_free(fake);
}
END_TEST

START_TEST(errors_end_the_job_and_are_kept)
{
    const struct {
        int res, error;
    } cases[] = { { -EIO, EIO }, { -ENOSPC, ENOSPC }, { 0, ENODATA } };

    struct fake *fake = fake_or_fail(RW_READ, 100);
    struct bench_io *io = one_io_or_fail(fake);

    ck_assert(!work_complete(&fake->work, io, cases[_i].res));
    ck_assert_int_eq(fake->work.error, cases[_i].error);
    ck_assert_uint_eq(fake->work.failed.offset, 0);
    ck_assert(!work_next(&fake->work, io, bench_now_ns()));
    ck_assert(!work_next_phase(&fake->work));
    fake_free(fake);
}
END_TEST

START_TEST(interrupted_transfers_are_repeated_but_not_for_ever)
{
    struct fake *fake = fake_or_fail(RW_READ, 100);
    struct bench_io *io = one_io_or_fail(fake);
    unsigned repeats = 0;

    while (work_complete(&fake->work, io, -EINTR))
        ck_assert_uint_lt(++repeats, 1000);
    ck_assert_uint_gt(repeats, 10);
    ck_assert_int_eq(fake->work.error, EINTR);
    fake_free(fake);
}
END_TEST

START_TEST(with_nowait_an_io_that_would_wait_has_failed)
{
    struct fake *fake = fake_or_fail(RW_READ, 100);

    fake->options.nowait = true;
    struct bench_io *io = one_io_or_fail(fake);

    ck_assert(work_complete(&fake->work, io, -EINTR));
    ck_assert(!work_complete(&fake->work, io, -EAGAIN));
    ck_assert_int_eq(fake->work.error, EAGAIN);
    fake_free(fake);
}
END_TEST

START_TEST(a_stop_before_the_start_holds)
{
    struct fake *fake = fake_or_fail(RW_READ, 100);

    ck_assert_int_eq(work_init(&fake->work, &fake->options, &fake->set, 1), 0);
    work_stop(&fake->work);
    work_begin(&fake->work);
    ck_assert(!work_next(&fake->work, &fake->ios[0], bench_now_ns()));
    fake_free(fake);
}
END_TEST

/* ---- how many at once ---- */

static const struct drain {
    uint64_t depth, low, min;
    uint32_t resume;
} drains[] = {
    { 8, 0, 1, 7 }, { 8, 0, 0, 7 }, { 8, 100, 1, 7 }, { 8, 4, 1, 4 }, { 8, 4, 0, 4 },
    { 8, 0, 3, 5 }, { 8, 4, 3, 2 }, { 8, 1, 100, 0 }, { 8, 0, 8, 0 }, { 1, 0, 5, 0 },
};
enum { N_DRAINS = sizeof(drains) / sizeof(drains[0]) };

struct drained {
    const struct drain *drain;
    struct work *work;
    bool flying[DEPTH_MAX];
    uint64_t n; /* I/Os so far */
};

/* Up to the depth, then each time from where it resumes. */
static void depth_must_be_right(struct drained *d, const struct bench_io *io)
{
    const uint64_t depth = d->drain->depth, resume = d->drain->resume;

    d->flying[io->index] = true;
    ck_assert_uint_eq(d->work->inflight, d->n < depth ? d->n + 1 : resume + 1 + (d->n - depth) % (depth - resume));
    d->n++;
    if (d->work->inflight == depth)
        ck_assert_uint_eq(work_completions_needed(d->work), depth - resume);
}

static void land(struct drained *d, struct bench_io *io)
{
    d->flying[io->index] = false;
    if (work_complete(d->work, io, (int)io->length))
        depth_must_be_right(d, io);
    while (d->work->n_parked && (io = work_due(d->work, bench_now_ns())))
        depth_must_be_right(d, io);
}

START_TEST(once_full_it_drains_as_far_as_the_options_say)
{
    struct fake *fake = fake_or_fail(RW_RANDREAD, 1000);
    struct drained d = { .drain = &drains[_i], .work = &fake->work };

    fake->options.iodepth = d.drain->depth;
    fake->options.iodepth_low = d.drain->low;
    fake->options.iodepth_batch_complete_min = d.drain->min;
    ck_assert_int_eq(work_init(d.work, &fake->options, &fake->set, 1), 0);
    ck_assert_int_eq(d.work->careful != NULL, d.drain->resume < d.drain->depth - 1);
    work_begin(d.work);
    for (unsigned i = 0; i < fake->options.iodepth; i++)
        if (work_next(d.work, &fake->ios[i], bench_now_ns()))
            depth_must_be_right(&d, &fake->ios[i]);
    for (unsigned i = 0; d.work->inflight; i = (i + 3) % (unsigned)d.drain->depth) {
        uint32_t needed = work_completions_needed(d.work);

        ck_assert(needed >= 1 && needed <= d.work->inflight);
        if (d.flying[i])
            land(&d, &fake->ios[i]);
    }
    ck_assert(d.n == 1000 && d.work->n_parked == 0);
    fake_free(fake);
}
END_TEST

START_TEST(a_batch_is_no_larger_than_asked_for)
{
    const uint64_t asked[] = { 0, 3, 8, 100 };
    const uint32_t batch[] = { 8, 3, 8, 8 };

    for (unsigned i = 0; i < 4; i++) {
        struct fake *fake = fake_or_fail(RW_READ, 100);

        fake->options.iodepth = 8;
        fake->options.iodepth_batch = asked[i];
        ck_assert_int_eq(work_init(&fake->work, &fake->options, &fake->set, 1), 0);
        ck_assert_uint_eq(fake->work.batch_max, batch[i]);
        fake_free(fake);
    }
}
END_TEST

START_TEST(nobody_knows_when_an_sq_thread_took_an_io)
{
    struct fake *fake = fake_or_fail(RW_READ, 100);

    fake->options.sqthread_poll = true;
    ck_assert_int_eq(work_init(&fake->work, &fake->options, &fake->set, 1), 0);
    ck_assert_uint_eq(fake->work.measure & (MEASURE_SLAT | MEASURE_CLAT), MEASURE_CLAT);
    fake_free(fake);
}
END_TEST

static void add_cases(Suite *suite)
{
    TCase *order = case_of(suite, "order"), *verify = case_of(suite, "verify"), *odd = case_of(suite, "odd results");
    TCase *depth = case_of(suite, "depth");

    tcase_add_loop_test(order, each_mode_takes_each_block_once, 0, 4);
    tcase_add_test(order, several_files_are_one_space);
    tcase_add_test(order, mixed_modes_keep_the_share_of_reads);
    tcase_add_test(order, the_extremes_of_rwmixread_are_exact);
    tcase_add_test(order, without_the_map_blocks_repeat);
    tcase_add_test(order, time_based_work_goes_on_pass_after_pass_until_stopped);
    tcase_add_test(order, the_runtime_ends_it);
    tcase_add_test(order, syncs_come_after_every_n_writes_but_the_last);
    tcase_add_loop_test(verify, what_was_written_is_verified_afterwards, 0, 3);
    tcase_add_test(verify, passes_that_overlap_never_have_one_block_in_flight_twice);
    tcase_add_test(verify, a_changed_byte_is_found);
    tcase_add_test(verify, a_lost_write_is_found);
    tcase_add_test(verify, a_read_job_checks_what_another_run_wrote);
    tcase_add_test(odd, short_transfers_are_continued);
    tcase_add_test(odd, with_o_direct_they_are_continued_at_an_aligned_place_or_fail);
    tcase_add_loop_test(odd, errors_end_the_job_and_are_kept, 0, 3);
    tcase_add_test(odd, interrupted_transfers_are_repeated_but_not_for_ever);
    tcase_add_test(odd, with_nowait_an_io_that_would_wait_has_failed);
    tcase_add_test(odd, a_stop_before_the_start_holds);
    tcase_add_loop_test(depth, once_full_it_drains_as_far_as_the_options_say, 0, N_DRAINS);
    tcase_add_test(depth, a_batch_is_no_larger_than_asked_for);
    tcase_add_test(depth, nobody_knows_when_an_sq_thread_took_an_io);
}

int main(void)
{
    return suite_main_without_ring("bench_work", add_cases);
}
