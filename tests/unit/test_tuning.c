/* SPDX-License-Identifier: MIT */
/*
 * What may be tuned in a running loop besides the poll parameters: SQEs per submission, completions per wait (more of that in
 * tests/seam/test_wait_batch.c), and the kernel's workers.
 */
#include "loop.h"

#include <sys/syscall.h>

#include "op_support.h"

#define N_OPS 7 /* fewer than the smallest queue of a flag set holds */

static struct loop_tuning tuning_of(struct lariat_loop *of)
{
    struct loop_tuning tuning;
    loop_get_tuning(of, &tuning);
    return tuning;
}

static void tune_batch(unsigned batch_max)
{
    struct loop_tuning tuning = tuning_of(loop);
    tuning.batch_max = batch_max;
    ck_assert_int_eq(loop_set_tuning(loop, &tuning), 0);
    poll_until_quiet(loop);
}

/* Queue n NOPs; returns how many of them went to the kernel meanwhile. */
static unsigned submitted_while_queueing(struct counted_op *ops, int n, unsigned flags)
{
    const uint64_t before = stats_of(loop).sqes_submitted;
    counted_ops_init(ops, n);
    for (int i = 0; i < n; i++) {
        ops[i].op.flags = i < n - 1 ? flags : 0;
        lariat_nop(loop, &ops[i].op);
    }
    return (unsigned)(stats_of(loop).sqes_submitted - before);
}

START_TEST(no_submission_is_longer_than_was_set)
{
    struct counted_op ops[N_OPS];
    if (tests_run_with("sqpoll"))
        test_skip("an SQ thread takes what it is shown, in its own time");
    tune_batch(4);
    ck_assert_uint_eq(submitted_while_queueing(ops, N_OPS, 0), 4);
    for (int i = 0; i < N_OPS; i++)
        ck_assert_int_eq(result(&ops[i]), 0);
}
END_TEST

START_TEST(without_a_limit_nothing_goes_out_before_the_queue_is_full)
{
    struct counted_op ops[N_OPS];
    tune_batch(4);
    tune_batch(0);
    ck_assert_uint_eq(submitted_while_queueing(ops, N_OPS, 0), 0);
    for (int i = 0; i < N_OPS; i++)
        ck_assert_int_eq(result(&ops[i]), 0);
}
END_TEST

START_TEST(a_limit_beyond_the_queue_is_none)
{
    struct counted_op ops[N_OPS];
    tune_batch(1000000);
    ck_assert_uint_eq(submitted_while_queueing(ops, N_OPS, 0), 0);
    for (int i = 0; i < N_OPS; i++)
        ck_assert_int_eq(result(&ops[i]), 0);
}
END_TEST

START_TEST(a_chain_longer_than_a_batch_stays_whole)
{
    struct counted_op ops[6];
    tune_batch(2);
    ck_assert_uint_eq(submitted_while_queueing(ops, 6, LARIAT_OP_LINK), 0);
    for (int i = 0; i < 6; i++)
        ck_assert_int_eq(result(&ops[i]), 0);
}
END_TEST

START_TEST(a_chain_may_be_reserved_that_is_longer_than_a_batch)
{
    struct counted_op ops[6];
    tune_batch(2);
    ck_assert_int_eq(lariat_sqe_reserve(loop, 6), 0);
    ck_assert_uint_eq(submitted_while_queueing(ops, 6, LARIAT_OP_LINK), 0);
    for (int i = 0; i < 6; i++)
        ck_assert_int_eq(result(&ops[i]), 0);
}
END_TEST

START_TEST(the_window_outlives_a_change_of_what_is_no_poll_parameter)
{
    struct loop_tuning tuning = tuning_of(loop);
    lariat_poll_params_init(&tuning.poll, LARIAT_POLL_CLASSIC);
    ck_assert_int_eq(loop_set_tuning(loop, &tuning), 0);
    poll_until_quiet(loop);
    loop->window_ns = 4321;
    tune_batch(4);
    ck_assert_int_eq(loop->window_ns, 4321);
    tuning = tuning_of(loop);
    tuning.poll.grow = 7;
    ck_assert_int_eq(loop_set_tuning(loop, &tuning), 0);
    poll_until_quiet(loop);
    ck_assert_int_eq(loop->window_ns, 0);
}
END_TEST

/* Reads that come again and again, as those of a benchmark. */
enum { N_READS = 32, READ_BYTES = 4096, N_ALL_READS = 1000 };

struct reads {
    struct lariat_op ops[N_READS];
    unsigned char *bufs;
    int fd, n_begun, n_done, n_wrong;
};

static void read_next(struct reads *reads, int i)
{
    const int64_t block = reads->n_begun++ % N_READS;
    memset(reads->bufs + i * READ_BYTES, 0, READ_BYTES);
    lariat_read(loop, &reads->ops[i], reads->fd, reads->bufs + i * READ_BYTES, READ_BYTES, block * READ_BYTES);
}

static void read_done(struct lariat_op *op, int res)
{
    struct reads *reads = op->opaque;
    reads->n_done++;
    reads->n_wrong += res != READ_BYTES;
    if (reads->n_begun < N_ALL_READS)
        read_next(reads, (int)(op - reads->ops));
}

/* The last ones too, of which there are fewer than the loop is to wait for, and with queues shorter than that. */
START_TEST(reads_that_are_waited_for_in_batches_all_complete)
{
    struct reads reads = { .fd = temp_file_or_fail((size_t)N_READS * READ_BYTES, O_DIRECT) };
    ck_assert_int_eq(lariat_loop_set_wait_batch(loop, _i ? 9 : 1000, 1000000), 0);
    poll_until_quiet(loop);
    reads.bufs = lariat_buffer_alloc(READ_BYTES, (size_t)N_READS * READ_BYTES);
    ck_assert_ptr_nonnull(reads.bufs);
    for (int i = 0; i < N_READS; i++) {
        reads.ops[i].fn = read_done;
        reads.ops[i].opaque = &reads;
        read_next(&reads, i);
    }
    poll_until(loop, &reads.n_done, N_ALL_READS);
    ck_assert_int_eq(reads.n_wrong, 0);
    ck_assert_uint_ge(stats_of(loop).cqes_reaped, N_ALL_READS);
    ck_assert_uint_le(stats_of(loop).cqes_batched, stats_of(loop).cqes_reaped);
    lariat_buffer_free(reads.bufs);
    close(reads.fd);
}
END_TEST

/* The limits in force for this thread. False: this kernel has none. */
static bool workers_of_kernel(unsigned values[2])
{
    values[0] = values[1] = 0;
    return syscall(SYS_io_uring_register, loop->ring.fd, IORING_REGISTER_IOWQ_MAX_WORKERS, values, 2) == 0;
}

START_TEST(limits_of_workers_are_set_and_taken_back)
{
    struct loop_tuning tuning = tuning_of(loop);
    unsigned before[2], now[2];
    if (!workers_of_kernel(before))
        test_skip("this kernel takes no limits of workers");

    tuning.workers_max[0] = 3;
    tuning.workers_max[1] = 5;
    ck_assert_int_eq(loop_set_tuning(loop, &tuning), 0);
    poll_until_quiet(loop);
    ck_assert(workers_of_kernel(now));
    ck_assert_uint_eq(now[0], 3);
    ck_assert_uint_eq(now[1], 5);

    tuning.workers_max[1] = 0;
    ck_assert_int_eq(loop_set_tuning(loop, &tuning), 0);
    poll_until_quiet(loop);
    ck_assert(workers_of_kernel(now));
    ck_assert_uint_eq(now[0], 3);
    ck_assert_uint_eq(now[1], before[1]);
}
END_TEST

START_TEST(where_the_kernel_takes_no_limits_that_is_said)
{
    const unsigned limits[2] = { 1, 1 };
    loop->ring.workers_default[0] = loop->ring.workers_default[1] = 0;
    ck_assert_int_eq(ring_limit_workers(&loop->ring, limits), -EOPNOTSUPP);
}
END_TEST

START_TEST(a_closed_loop_is_not_tuned)
{
    struct loop_tuning tuning = tuning_of(loop);
    ck_assert_int_eq(lariat_loop_close(loop), 0);
    tuning.batch_max = 7;
    ck_assert_int_eq(loop_set_tuning(loop, &tuning), -ESHUTDOWN);
    ck_assert_uint_eq(tuning_of(loop).batch_max, 0);
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *tc = case_of(suite, "batches");
    tcase_add_checked_fixture(tc, open_loop, close_loop);
    tcase_add_test(tc, no_submission_is_longer_than_was_set);
    tcase_add_test(tc, without_a_limit_nothing_goes_out_before_the_queue_is_full);
    tcase_add_test(tc, a_limit_beyond_the_queue_is_none);
    tcase_add_test(tc, a_chain_longer_than_a_batch_stays_whole);
    tcase_add_test(tc, a_chain_may_be_reserved_that_is_longer_than_a_batch);
    tcase_add_test(tc, the_window_outlives_a_change_of_what_is_no_poll_parameter);

    tc = case_of(suite, "completions");
    tcase_add_checked_fixture(tc, open_loop, close_loop);
    tcase_add_loop_test(tc, reads_that_are_waited_for_in_batches_all_complete, 0, 2);

    tc = case_of(suite, "workers");
    tcase_add_checked_fixture(tc, open_loop, close_loop);
    tcase_add_test(tc, limits_of_workers_are_set_and_taken_back);
    tcase_add_test(tc, where_the_kernel_takes_no_limits_that_is_said);
    tcase_add_test(tc, a_closed_loop_is_not_tuned);
}

int main(void)
{
    return suite_main("tuning", add_tests);
}
