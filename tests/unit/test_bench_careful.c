/* SPDX-License-Identifier: MIT */
/* The workload of jobs that ask for more than plain ones. */
#include "bench_fake.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <unistd.h>

#define MS INT64_C(1000000)

static uint64_t ios_of(const struct fake *fake, enum io_kind kind)
{
    return iostat_ios(&fake->work.stats[kind]);
}

static uint64_t bytes_of(const struct fake *fake)
{
    uint64_t bytes = 0;

    for (unsigned i = 0; i < IO_DIRECTIONS; i++)
        bytes += iostat_bytes(&fake->work.stats[i]);
    return bytes;
}

static void set_blocks(struct fake *fake, uint64_t min, uint64_t max)
{
    for (unsigned i = 0; i < IO_DIRECTIONS; i++)
        fake->options.block[i] = (struct value_range){ min, max };
    fake->options.bs = max;
}

static void quietly(void)
{
    ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr)); /* the messages are not the test's subject */
}

START_TEST(sizes_of_a_range_cover_each_block_once)
{
    const enum rw_mode modes[] = { RW_READ, RW_WRITE, RW_RANDREAD, RW_RANDWRITE };
    struct fake *fake = fake_or_fail(modes[_i], 1003);

    set_blocks(fake, BS, 8 * BS);
    fake->options.iodepth = 8;
    run_or_fail(fake, 0);
    each_block_must_have(fake, rw_reads(modes[_i]), rw_writes(modes[_i]));
    ck_assert_uint_eq(bytes_of(fake), 1003 * BS);
    ck_assert_uint_lt(ios_of(fake, IO_READ) + ios_of(fake, IO_WRITE), 900);
    fake_free(fake);
}
END_TEST

START_TEST(the_amount_may_be_more_or_less_than_the_region)
{
    const uint64_t amounts[] = { 1, 250, 1000, 3000 };
    const enum rw_mode modes[] = { RW_READ, RW_RANDREAD };

    for (unsigned i = 0; i < 2; i++) {
        struct fake *fake = fake_or_fail(modes[i], 1000);

        fake->options.io_size.bytes = amounts[_i] * BS;
        run_or_fail(fake, 0);
        ck_assert_uint_eq(ios_of(fake, IO_READ), amounts[_i]);
        if (amounts[_i] >= 1000)
            each_block_must_have(fake, (unsigned)amounts[_i] / 1000, 0);
        fake_free(fake);
    }
}
END_TEST

START_TEST(loops_repeat_all_and_number_ios_ends_all)
{
    struct fake *fake = fake_or_fail(RW_RANDREAD, 100);

    fake->options.loops = 3;
    run_or_fail(fake, 0);
    while (work_next_phase(&fake->work))
        run_phase(fake, 0);
    each_block_must_have(fake, 3, 0);
    fake_free(fake);
    fake = fake_or_fail(RW_READ, 100);
    fake->options.number_ios = 17;
    run_or_fail(fake, 0);
    ck_assert_uint_eq(ios_of(fake, IO_READ), 17);
    fake_free(fake);
}
END_TEST

START_TEST(loops_verify_each_time)
{
    struct fake *fake = fake_or_fail(RW_WRITE, 50);
    unsigned phases = 1;

    fake->options.loops = 2;
    fake->options.verify = VERIFY_CRC32C;
    for (run_or_fail(fake, 0); work_next_phase(&fake->work); phases++)
        run_phase(fake, 0);
    ck_assert_uint_eq(phases, 4);
    ck_assert_uint_eq(fake->work.verify_blocks, 100);
    each_block_must_have(fake, 2, 2);
    fake_free(fake);
}
END_TEST

/* The offsets of the first n I/Os, in blocks. */
static void offsets_or_fail(struct fake *fake, uint64_t *offsets, unsigned n)
{
    struct bench_io *io = &fake->ios[0];

    ck_assert_int_eq(work_init(&fake->work, &fake->options, &fake->set, 1), 0);
    work_begin(&fake->work);
    ck_assert(work_next(&fake->work, io, bench_now_ns()));
    for (unsigned i = 0; i < n; i++) {
        offsets[i] = (io->offset - fake->targets[0].base) / BS;
        ck_assert(work_complete(&fake->work, io, carry_out(fake, io)) || i + 1 == n);
    }
}

START_TEST(a_sequential_job_may_skip)
{
    const struct {
        int64_t gap;
        uint64_t offsets[6];
    } cases[] = { { 2, { 0, 3, 6, 9, 12, 15 } }, { -2, { 19, 18, 17, 16, 15, 14 } }, { 4, { 0, 5, 10, 15, 0, 5 } } };
    struct fake *fake = fake_or_fail(RW_READ, _i == 2 ? 19 : 20);
    uint64_t offsets[6];

    fake->options.rw_sequence = cases[_i].gap * BS;
    fake->options.number_ios = 100;
    offsets_or_fail(fake, offsets, 6);
    for (unsigned i = 0; i < 6; i++)
        ck_assert_uint_eq(offsets[i], cases[_i].offsets[i]);
    fake_free(fake);
}
END_TEST

START_TEST(a_random_job_may_go_on_sequentially_for_some)
{
    struct fake *fake = fake_or_fail(RW_RANDREAD, 100000);
    uint64_t offsets[400];
    unsigned jumps = 0;

    fake->options.rw_sequence = 8;
    fake->options.rw_sequencer = _i ? SEQUENCER_IDENTICAL : SEQUENCER_SEQUENTIAL;
    offsets_or_fail(fake, offsets, 400);
    for (unsigned i = 1; i < 400; i++) {
        bool stays = offsets[i] == offsets[i - 1] + (_i ? 0 : 1);

        ck_assert(stays || i % 8 == 0);
        jumps += !stays;
    }
    ck_assert_uint_ge(jumps, 48);
    fake_free(fake);
}
END_TEST

START_TEST(percentage_random_is_the_share_of_jumps)
{
    struct fake *fake = fake_or_fail(RW_RANDREAD, 100000);
    uint64_t offsets[4000];
    unsigned jumps = 0;

    fake->options.percentage_random[IO_READ] = 30;
    fake->options.norandommap = true;
    offsets_or_fail(fake, offsets, 4000);
    for (unsigned i = 1; i < 4000; i++)
        jumps += offsets[i] != offsets[i - 1] + 1;
    ck_assert_msg(jumps > 1000 && jumps < 1400, "%u of 4000", jumps);
    fake_free(fake);
}
END_TEST

START_TEST(a_distribution_wants_some_blocks_more)
{
    struct fake *fake = fake_or_fail(RW_RANDREAD, 1000);
    unsigned top = 0;

    fake->options.random_distribution = (struct distribution){ .kind = DIST_ZIPF, .parameter = 1.2, .center = 0 };
    fake->options.io_size.bytes = 10000 * BS;
    run_or_fail(fake, 0);
    ck_assert_uint_eq(ios_of(fake, IO_READ), 10000);
    for (unsigned i = 0; i < 1000; i++)
        top = fake->reads[i] > fake->reads[top] ? i : top;
    ck_assert_uint_eq(top, 0);
    ck_assert_msg(fake->reads[0] > 2000 && fake->reads[0] < 2800, "%u", fake->reads[0]); /* 1 of 4.33 */
    fake_free(fake);
}
END_TEST

START_TEST(a_shift_register_takes_each_block_once)
{
    struct fake *fake = fake_or_fail(RW_RANDREAD, 1000);

    fake->options.random_generator = GENERATOR_LFSR;
    fake->options.io_size.bytes = 2000 * BS;
    run_or_fail(fake, 0);
    each_block_must_have(fake, 2, 0);
    ck_assert_uint_eq(fake->work.careful->files[0].map.n_levels, 0);
    fake_free(fake);
}
END_TEST

START_TEST(without_memory_for_the_map_a_soft_one_is_left_out)
{
    struct fake *fake = fake_or_fail(RW_RANDREAD, 10);

    quietly();
    fake->targets[0].bytes = fake->set.bytes = (UINT64_C(1) << 43) * BS; /* more than a map can have */
    fake->options.number_ios = 10;
    ck_assert_int_eq(work_init(&fake->work, &fake->options, &fake->set, 1), -E2BIG);
    fake->options.softrandommap = true;
    ck_assert_int_eq(work_init(&fake->work, &fake->options, &fake->set, 1), 0);
    fake_free(fake);
}
END_TEST

/* Roundrobin; sequentially; and roundrobin among one at a time. */
START_TEST(files_take_turns)
{
    struct fake *fake = fake_or_fail(RW_READ, 200);
    struct bench_io *io = &fake->ios[0];

    split_targets(fake, 100);
    fake->options.file_service_type = _i == 1 ? SERVICE_SEQUENTIAL : SERVICE_ROUNDROBIN;
    fake->options.openfiles = _i == 2;
    ck_assert_int_eq(work_init(&fake->work, &fake->options, &fake->set, 1), 0);
    work_begin(&fake->work);
    ck_assert(work_next(&fake->work, io, bench_now_ns()));
    for (unsigned i = 0; i < 200; i++) {
        ck_assert_uint_eq(io->file, _i ? i / 100 : i % 2);
        ck_assert_uint_eq(io->offset, (_i ? i % 100 : i / 2) * BS);
        ck_assert(work_complete(&fake->work, io, carry_out(fake, io)) == (i < 199));
    }
    fake_free(fake);
}
END_TEST

START_TEST(regions_begin_at_their_base)
{
    struct fake *fake = fake_or_fail(RW_RANDWRITE, 100);

    fake->targets[0].base = 7 * 4096;
    if (_i)
        fake->options.verify = VERIFY_CRC32C;
    run_or_fail(fake, 0); /* carry_out() compares */
    each_block_must_have(fake, 0, 1);
    fake_free(fake);
}
END_TEST

START_TEST(trims_and_writes_come_in_pairs)
{
    const enum rw_mode modes[] = { RW_TRIMWRITE, RW_RANDTRIMWRITE };
    struct fake *fake = fake_or_fail(modes[_i], 100);

    fake->options.iodepth = 8;
    fake->options.serialize_overlap = true; /* so that run_phase() looks, too */
    run_or_fail(fake, 0);
    for (unsigned i = 0; i < 100; i++)
        ck_assert(fake->trims[i] == 1 && fake->writes[i] == 1);
    for (unsigned i = 0; i < 100 * BS; i += BS)
        ck_assert_msg(fake->memory[i] || fake->memory[i + 1], "block %u was trimmed after it was written", i / BS);
    fake_free(fake);
}
END_TEST

#define ASYNC (_i & 1 ? CHECKERS_MAX : 0) /* threads that check */

START_TEST(a_backlog_is_verified_meanwhile)
{
    struct fake *fake = fake_or_fail(RW_RANDWRITE, 1000);

    fake->options.verify = VERIFY_CRC32C;
    fake->options.verify_backlog = 50;
    fake->options.verify_backlog_batch = _i & 2 ? 20 : 0;
    fake->options.verify_async = ASYNC;
    fake->options.do_verify = false;
    fake->options.iodepth = 4;
    run_or_fail(fake, 0);
    ck_assert(!work_next_phase(&fake->work));
    ck_assert_uint_ge(fake->work.verify_blocks, 940);
    ck_assert_uint_eq(fake->work.verify_errors, 0);
    ck_assert_uint_eq(ios_of(fake, IO_WRITE), 1000);
    ck_assert_uint_eq(ios_of(fake, IO_READ), 0);
    ck_assert_uint_eq(iostat_ios(&fake->work.checks), fake->work.verify_blocks);
    fake_free(fake);
}
END_TEST

/* Of a mixed job too, where reads of the run look at what was read back already. */
START_TEST(after_a_backlog_only_the_rest_is_verified)
{
    struct fake *fake = fake_or_fail(_i ? RW_RANDRW : RW_RANDWRITE, 1000);

    fake->options.verify = VERIFY_CRC32C;
    fake->options.verify_backlog = 30;
    fake->options.iodepth = 4;
    run_or_fail(fake, 0);
    ck_assert(work_next_phase(&fake->work));
    run_phase(fake, 0);
    ck_assert_uint_eq(iostat_ios(&fake->work.checks), ios_of(fake, IO_WRITE));
    ck_assert_uint_eq(fake->work.verify_errors, 0);
    fake_free(fake);
}
END_TEST

/* Overlapping writes of many sizes: all that still stands as it was written is checked, and good. */
START_TEST(overlapping_writes_are_verified)
{
    struct fake *fake = fake_or_fail(RW_RANDWRITE, 300);

    set_blocks(fake, BS, 8 * BS);
    fake->options.norandommap = true;
    fake->options.verify = _i & 2 ? VERIFY_CRC64 : VERIFY_CRC32C;
    fake->options.verify_interval = _i & 2 ? 256 : 0;
    fake->options.verify_async = ASYNC;
    fake->options.iodepth = 16;
    fake->options.io_size.bytes = 900 * BS;
    run_or_fail(fake, 0);
    ck_assert(work_next_phase(&fake->work));
    run_phase(fake, 0);
    ck_assert(!work_next_phase(&fake->work));
    ck_assert_uint_gt(fake->work.verify_blocks, 20);
    ck_assert_uint_eq(fake->work.verify_errors, 0);
    fake_free(fake);
}
END_TEST

START_TEST(verify_only_checks_an_earlier_run)
{
    struct fake *fake = fake_or_fail(RW_RANDWRITE, 200);

    fake->options.verify = VERIFY_CRC32C;
    fake->options.verify_async = ASYNC;
    fake->options.do_verify = false;
    run_or_fail(fake, 0);
    work_free(&fake->work);
    fake->options.verify_only = fake->options.do_verify = true;
    run_or_fail(fake, 0);
    ck_assert(work_next_phase(&fake->work));
    quietly();
    fake->memory[100 * BS + 50] ^= 1;
    run_phase(fake, 0);
    ck_assert(!work_next_phase(&fake->work));
    each_block_must_have(fake, 1, 1);
    ck_assert_uint_eq(fake->work.verify_blocks, 200);
    ck_assert_uint_eq(fake->work.verify_errors, 1);
    fake_free(fake);
}
END_TEST

/* Threads that check are given each block once, and whatever is wrong is found. */
START_TEST(each_wrong_block_is_found_by_whoever_checks)
{
    struct fake *fake = fake_or_fail(RW_RANDWRITE, 3000);

    quietly();
    fake->options.verify = VERIFY_CRC32C;
    fake->options.iodepth = DEPTH_MAX;
    fake->options.verify_async = ASYNC;
    run_or_fail(fake, 0);
    for (unsigned i = 0; i < 3000; i += 7)
        fake->memory[i * BS + 100] ^= 1;
    ck_assert(work_next_phase(&fake->work));
    run_phase(fake, 0);
    ck_assert(!work_next_phase(&fake->work));
    ck_assert_uint_eq(fake->work.verify_blocks, 3000);
    ck_assert_uint_eq(fake->work.verify_errors, 429);
    fake_free(fake);
}
END_TEST

START_TEST(verify_fatal_ends_at_the_first)
{
    struct fake *fake = fake_or_fail(RW_WRITE, 200);

    quietly();
    fake->options.verify = VERIFY_CRC32C;
    fake->options.verify_fatal = true;
    fake->options.verify_async = ASYNC;
    run_or_fail(fake, 0);
    memset(fake->memory, 0, 200 * BS);
    ck_assert(work_next_phase(&fake->work));
    run_phase(fake, 0);
    ck_assert(!work_next_phase(&fake->work));
    ck_assert_uint_eq(fake->work.verify_errors, 1);
    fake_free(fake);
}
END_TEST

START_TEST(some_errors_are_passed_over)
{
    struct fake *fake = fake_or_fail(RW_RANDREAD, 100);

    fake->fail_with = EIO;
    if (_i)
        fake->options.ignore_error[IO_READ] = (struct error_list){ 2, { ENOSPC, EIO } };
    else
        fake->options.continue_on_error = CONTINUE_READ;
    run_or_fail(fake, 0);
    ck_assert_int_eq(fake->work.error, 0);
    ck_assert_uint_eq(fake->work.total_errors, _i ? 0 : 100);
    ck_assert_int_eq(fake->work.first_error, _i ? 0 : EIO);
    fake_free(fake);
}
END_TEST

START_TEST(errors_of_the_other_direction_end_the_job)
{
    struct fake *fake = fake_or_fail(RW_RANDREAD, 100);

    fake->fail_with = EIO;
    fake->options.continue_on_error = CONTINUE_WRITE;
    fake->options.ignore_error[IO_WRITE] = (struct error_list){ 1, { EIO } };
    run_or_fail(fake, 0);
    ck_assert_int_eq(fake->work.error, EIO);
    fake_free(fake);
}
END_TEST

START_TEST(what_happens_in_ramp_time_does_not_count)
{
    struct fake *fake = fake_or_fail(RW_READ, 10);

    fake->options.ramp_time_ns = 20 * MS;
    fake->options.runtime_ns = 20 * MS;
    fake->options.time_based = true;
    int64_t begin_ns = bench_now_ns();

    run_or_fail(fake, 0);
    work_next_phase(&fake->work);
    ck_assert_int_ge(bench_now_ns() - begin_ns, 40 * MS);
    ck_assert_int_ge(fake->work.run_start_ns - begin_ns, 20 * MS);
    ck_assert_uint_gt(fake->reads[0], ios_of(fake, IO_READ) / 10);
    fake_free(fake);
}
END_TEST

START_TEST(a_rate_is_kept_and_its_lag_known)
{
    struct fake *fake = fake_or_fail(RW_RANDRW, 1000);

    fake->options.rate_iops[IO_READ] = 1000;
    fake->options.rate_iops[IO_WRITE] = 500;
    fake->options.runtime_ns = 100 * MS;
    fake->options.time_based = true;
    fake->options.iodepth = 4;
    run_or_fail(fake, 0);
    const struct schedule_stats *schedule = fake->work.schedule;

    /* All that were due, if late: but for a thread that was kept off its CPU all the time at the end. */
    ck_assert(ios_of(fake, IO_READ) >= 90 && ios_of(fake, IO_READ) <= 100);
    ck_assert(ios_of(fake, IO_WRITE) >= 45 && ios_of(fake, IO_WRITE) <= 50);
    ck_assert_uint_eq(schedule[IO_READ].n, ios_of(fake, IO_READ));
    ck_assert_int_ge(schedule[IO_READ].lag_max_ns, schedule[IO_READ].lag_sum_ns / 100);
    ck_assert_uint_eq(fake->work.response[IO_READ].n, ios_of(fake, IO_READ));
    ck_assert_uint_ge(fake->work.response[IO_READ].sum_ns, (uint64_t)schedule[IO_READ].lag_sum_ns);
    fake_free(fake);
}
END_TEST

START_TEST(a_rate_of_bytes_counts_sizes)
{
    struct fake *fake = fake_or_fail(RW_READ, 1000);

    set_blocks(fake, BS, 4 * BS);
    fake->options.rate[IO_READ] = 10 * 1000 * BS;
    fake->options.runtime_ns = 50 * MS;
    fake->options.time_based = true;
    run_or_fail(fake, 0);
    ck_assert(bytes_of(fake) >= 500 * BS && bytes_of(fake) <= 504 * BS);
    fake_free(fake);
}
END_TEST

/* One slot, and I/Os of 5 ms each at 1000/s: each begins when the one before is done, and counts from when it was meant to. */
START_TEST(late_ios_count_from_their_intended_time)
{
    struct fake *fake = fake_or_fail(RW_READ, 1000);
    struct bench_io *io = &fake->ios[0];

    fake->options.rate_iops[IO_READ] = 1000;
    fake->options.number_ios = 10;
    ck_assert_int_eq(work_init(&fake->work, &fake->options, &fake->set, 1), 0);
    work_begin(&fake->work);
    int64_t begin_ns = fake->work.run_start_ns - 1000 * MS, now_ns = begin_ns;

    fake->work.careful->rates[IO_READ].begin_ns = begin_ns; /* all of it is in the past */
    fake->work.careful->rates[IO_READ].due_ns = begin_ns;
    ck_assert(work_next(&fake->work, io, now_ns));
    for (unsigned i = 0; i < 10; i++) {
        now_ns += 5 * MS;
        ck_assert_int_eq(io->due_ns, begin_ns + i * MS);
        ck_assert(work_complete_at(&fake->work, io, carry_out(fake, io), now_ns) == (i < 9));
        io->start_ns = now_ns; /* as if no real time had passed */
    }
    ck_assert_uint_eq(fake->work.schedule[IO_READ].n_late, 9);
    ck_assert_uint_eq(fake->work.response[IO_READ].max_ns, 41 * MS);
    ck_assert_uint_eq(fake->work.stats[IO_READ].lat.h.max_ns, 5 * MS);
    fake_free(fake);
}
END_TEST

START_TEST(thinking_takes_time)
{
    struct fake *fake = fake_or_fail(RW_READ, 100);

    fake->options.thinktime_ns = 2 * MS;
    fake->options.thinktime_spin_ns = _i ? 1 * MS : 0;
    fake->options.thinktime_blocks = 20;
    fake->options.thinktime_blocks_type = _i ? THINK_ISSUE : THINK_COMPLETE;
    int64_t begin_ns = bench_now_ns();

    run_or_fail(fake, 0);
    ck_assert_int_ge(bench_now_ns() - begin_ns, 8 * MS); /* four pauses between five lots */
    ck_assert_uint_eq(ios_of(fake, IO_READ), 100);
    fake_free(fake);
}
END_TEST

START_TEST(limits_that_are_missed_end_the_job)
{
    struct fake *fake = fake_or_fail(RW_READ, 1000);

    if (_i == 0)
        fake->options.max_latency_ns[IO_READ] = 1;
    else if (_i == 1)
        fake->options.latency_target_ns = 1;
    else
        fake->options.rate_iops_min[IO_READ] = 4000000000u;
    fake->options.latency_window_ns = 1 * MS;
    fake->options.rate_cycle_ns = 1 * MS;
    fake->options.time_based = true;
    fake->options.runtime_ns = INT64_C(3600000000000);
    run_or_fail(fake, 0);
    ck_assert(fake->work.missed);
    ck_assert_int_eq(fake->work.error, ETIMEDOUT);
    fake_free(fake);
}
END_TEST

START_TEST(a_latency_target_that_is_met_finds_the_depth)
{
    struct fake *fake = fake_or_fail(RW_READ, 1000);

    fake->options.latency_target_ns = 3600 * 1000 * MS;
    fake->options.latency_window_ns = 1 * MS;
    fake->options.iodepth = 16;
    fake->options.time_based = true;
    fake->options.runtime_ns = INT64_C(3600000000000);
    run_or_fail(fake, 0);
    ck_assert_uint_eq(fake->work.found_depth, 16);
    ck_assert(!fake->work.missed);
    fake_free(fake);
}
END_TEST

START_TEST(ranges_are_synced_after_every_n_writes_but_the_last)
{
    struct fake *fake = fake_or_fail(RW_WRITE, 100);

    fake->options.sync_file_range = (struct sync_range){ 10, SYNC_FILE_RANGE_WRITE };
    run_or_fail(fake, 0);
    ck_assert_uint_eq(fake->syncs, 9);
    each_block_must_have(fake, 0, 1);
    fake_free(fake);
}
END_TEST

START_TEST(buffers_are_as_asked_for)
{
    const struct pattern pattern = { .n = 2, .bytes = "ab" };
    struct fake *fake = fake_or_fail(RW_WRITE, 10);

    if (_i)
        fake->options.buffer_pattern = pattern;
    else
        fake->options.zero_buffers = true;
    memset(fake->memory, 0xee, 10 * BS);
    memset(fake->buffers, 0xdd, sizeof(fake->buffers));
    run_or_fail(fake, 0);
    for (unsigned i = 0; i < 10 * BS; i++)
        ck_assert_int_eq(fake->memory[i], _i ? "ab"[i % 2] : 0);
    fake_free(fake);
}
END_TEST

static void add_which(Suite *suite)
{
    TCase *tcase = case_of(suite, "which I/Os");

    tcase_add_loop_test(tcase, sizes_of_a_range_cover_each_block_once, 0, 4);
    tcase_add_loop_test(tcase, the_amount_may_be_more_or_less_than_the_region, 0, 4);
    tcase_add_test(tcase, loops_repeat_all_and_number_ios_ends_all);
    tcase_add_test(tcase, loops_verify_each_time);
    tcase_add_loop_test(tcase, a_sequential_job_may_skip, 0, 3);
    tcase_add_loop_test(tcase, a_random_job_may_go_on_sequentially_for_some, 0, 2);
    tcase_add_test(tcase, percentage_random_is_the_share_of_jumps);
    tcase_add_test(tcase, a_distribution_wants_some_blocks_more);
    tcase_add_test(tcase, a_shift_register_takes_each_block_once);
    tcase_add_test(tcase, without_memory_for_the_map_a_soft_one_is_left_out);
    tcase_add_loop_test(tcase, files_take_turns, 0, 3);
    tcase_add_loop_test(tcase, regions_begin_at_their_base, 0, 2);
    tcase_add_loop_test(tcase, trims_and_writes_come_in_pairs, 0, 2);
    tcase_add_test(tcase, ranges_are_synced_after_every_n_writes_but_the_last);
    tcase_add_loop_test(tcase, buffers_are_as_asked_for, 0, 2);
}

static void add_cases(Suite *suite)
{
    TCase *verify = case_of(suite, "verify"), *errors = case_of(suite, "errors"), *when = case_of(suite, "when");

    add_which(suite);
    tcase_add_loop_test(verify, a_backlog_is_verified_meanwhile, 0, 4);
    tcase_add_loop_test(verify, overlapping_writes_are_verified, 0, 4);
    tcase_add_loop_test(verify, verify_only_checks_an_earlier_run, 0, 2);
    tcase_add_loop_test(verify, each_wrong_block_is_found_by_whoever_checks, 0, 2);
    tcase_add_loop_test(verify, verify_fatal_ends_at_the_first, 0, 2);
    tcase_add_loop_test(verify, after_a_backlog_only_the_rest_is_verified, 0, 2);
    tcase_add_loop_test(errors, some_errors_are_passed_over, 0, 2);
    tcase_add_test(errors, errors_of_the_other_direction_end_the_job);
    tcase_add_loop_test(errors, limits_that_are_missed_end_the_job, 0, 3);
    tcase_add_test(when, what_happens_in_ramp_time_does_not_count);
    tcase_add_test(when, a_rate_is_kept_and_its_lag_known);
    tcase_add_test(when, a_rate_of_bytes_counts_sizes);
    tcase_add_test(when, late_ios_count_from_their_intended_time);
    tcase_add_loop_test(when, thinking_takes_time, 0, 2);
    tcase_add_test(when, a_latency_target_that_is_met_finds_the_depth);
}

int main(void)
{
    return suite_main_without_ring("bench_careful", add_cases);
}
