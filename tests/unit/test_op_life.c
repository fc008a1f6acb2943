/* SPDX-License-Identifier: MIT */
/* The life of an op: completed once, never inside a call, the caller's again in its callback; raw requests; cancelling. */
#include <poll.h>
#include <sys/stat.h>

#include <liburing.h>

#include "op_support.h"

static void free_op(struct lariat_op *op, int res)
{
    int *n_done = op->opaque;
    *n_done += res == 0;
    memset(op, 0xa5, sizeof(*op));
    free(op);
}

START_TEST(an_op_may_be_freed_in_its_callback)
{
    int n_done = 0;
    for (int i = 0; i < 10; i++) {
        struct lariat_op *op = calloc(1, sizeof(*op));
        ck_assert_ptr_nonnull(op);
        op->fn = free_op;
        op->opaque = &n_done;
        lariat_nop(loop, op);
    }
    poll_until(loop, &n_done, 10);
    poll_until_quiet(loop);
    ck_assert_int_eq(n_done, 10);
}
END_TEST

struct again {
    struct lariat_op op;
    int n_done;
    int fd;
    char byte;
};

static void read_again(struct lariat_op *op, int res)
{
    struct again *again = op->opaque;
    again->n_done++;
    if (res == 1 && again->n_done < 100)
        lariat_read(loop, op, again->fd, &again->byte, 1, again->n_done);
}

START_TEST(an_op_may_be_submitted_anew_in_its_callback)
{
    struct again again = { .op = { .fn = read_again }, .fd = temp_file_or_fail(100, 0) };
    again.op.opaque = &again;
    lariat_read(loop, &again.op, again.fd, &again.byte, 1, 0);
    poll_until(loop, &again.n_done, 100);
    poll_until_quiet(loop);
    ck_assert_int_eq(again.n_done, 100);
    ck_assert_uint_eq((unsigned char)again.byte, pattern_byte(99));
    close(again.fd);
}
END_TEST

/* A nop that goes on for ever must not hold lariat_loop_poll() up: each run takes part in a later iteration. */
static void nop_again(struct lariat_op *op, int res)
{
    struct again *again = op->opaque;
    again->n_done++;
    if (res == 0 && again->fd == 0)
        lariat_nop(loop, op);
}

START_TEST(an_op_that_comes_back_for_ever_leaves_the_iteration)
{
    struct again again = { .op = { .fn = nop_again } };
    again.op.opaque = &again;
    lariat_nop(loop, &again.op);
    for (int i = 0; i < 50; i++) {
        int before = again.n_done;
        ck_assert_int_ge(lariat_loop_poll(loop, true), 0);
        ck_assert_int_le(again.n_done - before, 2);
    }
    ck_assert_int_gt(again.n_done, 10);
    again.fd = 1; /* no more */
    poll_until_quiet(loop);
}
END_TEST

/* Comes back again and again, first as a request of the kernel's, then as one that is refused in the call. */
struct comer {
    struct lariat_loop *own;
    struct lariat_op op;
    int n_done, close_rc;
};

static void come_back(struct lariat_op *op, int res)
{
    struct comer *comer = op->opaque;
    (void)res;
    if (++comer->n_done == 25000)
        return;
    op->flags = comer->n_done < 12500 ? 0 : 1u << 30;
    lariat_nop(comer->own, op);
}

static void *come_back_on_a_small_stack(void *opaque)
{
    struct comer *comer = opaque;
    if (lariat_loop_new(NULL, &comer->own) != 0)
        return NULL;
    comer->op = (struct lariat_op){ .fn = come_back, .opaque = comer };
    lariat_nop(comer->own, &comer->op);
    while (comer->n_done < 25000 && lariat_loop_poll(comer->own, true) >= 0)
        ;
    comer->close_rc = lariat_loop_close(comer->own);
    lariat_loop_unref(comer->own);
    return NULL;
}

START_TEST(an_op_that_comes_back_25000_times_needs_no_more_stack_than_one)
{
    struct comer comer = { .close_rc = -1 };
    pthread_attr_t attr;
    pthread_t thread;
    ck_assert_int_eq(pthread_attr_init(&attr), 0);
    ck_assert_int_eq(pthread_attr_setstacksize(&attr, tests_run_with_tools() ? 512 << 10 : 64 << 10), 0);
    ck_assert_int_eq(pthread_create(&thread, &attr, come_back_on_a_small_stack, &comer), 0);
    join_or_fail(thread);
    ck_assert_int_eq(comer.n_done, 25000);
    ck_assert_int_eq(comer.close_rc, 0);
    pthread_attr_destroy(&attr);
}
END_TEST

START_TEST(no_callback_runs_inside_the_submitting_call)
{
    int fd = temp_file_or_fail(100, 0);
    char buf[10];
    struct counted_op ops[6];
    counted_ops_init(ops, 6);
    ops[4].op.flags = 1u << 30;
    lariat_nop(loop, &ops[0].op);
    lariat_read(loop, &ops[1].op, fd, buf, sizeof(buf), 0);
    lariat_read(loop, &ops[2].op, fd, buf, sizeof(buf), -2);
    lariat_close(loop, &ops[3].op, -1);
    lariat_nop(loop, &ops[4].op);
    lariat_readv(loop, &ops[5].op, fd, NULL, -1, 0);
    for (int i = 0; i < 6; i++)
        ck_assert_int_eq(ops[i].done, 0);
    ck_assert_uint_eq(stats_of(loop).ops_inflight, 6);
    for (int i = 0; i < 6; i++)
        result(&ops[i]);
    ck_assert_uint_eq(stats_of(loop).ops_inflight, 0);
    close(fd);
}
END_TEST

static void submit_twice(void *opaque)
{
    struct counted_op op;
    (void)opaque;
    counted_op_init(&op);
    struct lariat_loop *own = NULL;
    if (lariat_loop_new(NULL, &own) < 0)
        return;
    lariat_nop(own, &op.op);
    lariat_nop(own, &op.op);
}

static void submit_to_no_loop(void *opaque)
{
    struct counted_op op;
    (void)opaque;
    counted_op_init(&op);
    lariat_nop(NULL, &op.op);
}

START_TEST(submitting_an_op_in_flight_aborts)
{
    must_abort(submit_twice, NULL, "lariat_nop", "op");
}
END_TEST

START_TEST(submitting_to_no_loop_aborts)
{
    must_abort(submit_to_no_loop, NULL, "lariat_nop", "NULL");
}
END_TEST

struct nop_order {
    struct lariat_op op;
    int *next;
    int number, seen;
    int res; /* the one that counts */
};

static void take_number(struct lariat_op *op, int res)
{
    struct nop_order *order = op->opaque;
    order->seen = res == order->res ? (*order->next)++ : -1;
}

START_TEST(more_ops_than_the_queues_hold_complete_once_each)
{
    static struct nop_order nops[2000];
    int next = 0;
    for (int i = 0; i < 2000; i++) {
        nops[i] = (struct nop_order){ .op = { .fn = take_number }, .next = &next, .number = i, .seen = -2 };
        nops[i].op.opaque = &nops[i];
        lariat_nop(loop, &nops[i].op);
    }
    ck_assert_int_eq(next, 0); /* the queue was flushed again and again, but no callback ran in the calls */
    poll_until(loop, &next, 2000);
    poll_until_quiet(loop);
    ck_assert_int_eq(next, 2000);
    for (int i = 0; i < 2000; i++)
        ck_assert_int_eq(nops[i].seen, nops[i].number);
}
END_TEST

START_TEST(ops_whose_result_is_known_complete_in_order)
{
    struct nop_order nops[5];
    int next = 0;
    for (int i = 0; i < 5; i++) {
        nops[i] = (struct nop_order){ .op = { .fn = take_number, .flags = 1u << 31 }, .next = &next, .seen = -2, .res = -EINVAL };
        nops[i].op.opaque = &nops[i];
        lariat_nop(loop, &nops[i].op);
    }
    poll_until(loop, &next, 5);
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(nops[i].seen, i);
}
END_TEST

START_TEST(ops_are_counted_by_kind)
{
    int fd = temp_file_or_fail(100, 0);
    char buf[8];
    struct counted_op op;
    counted_op_init(&op);
    for (int i = 0; i < 3; i++) {
        lariat_read(loop, &op.op, fd, buf, sizeof(buf), 0);
        ck_assert_uint_eq(stats_of(loop).ops_inflight, 1);
        ck_assert_int_eq(result(&op), sizeof(buf));
    }
    lariat_fsync(loop, &op.op, fd, true);
    ck_assert_int_eq(result(&op), 0);
    lariat_write(loop, &op.op, -1, buf, sizeof(buf), 0);
    ck_assert_int_eq(result(&op), -EBADF);
    struct lariat_loop_stats stats = stats_of(loop);
    ck_assert_uint_eq(stats.ops[LARIAT_OP_KIND_READ], 3);
    ck_assert_uint_eq(stats.ops[LARIAT_OP_KIND_SYNC], 1);
    ck_assert_uint_eq(stats.ops[LARIAT_OP_KIND_WRITE], 1);
    ck_assert_uint_eq(stats.op_errors, 1);
    ck_assert_uint_eq(stats.ops_inflight, 0);
    ck_assert_uint_eq(stats.ops_inline, 0);
    close(fd);
}
END_TEST

/* ---- raw requests ---- */

START_TEST(a_raw_timeout_ends_with_etime)
{
    struct __kernel_timespec soon = { 0, 1000000 };
    struct counted_op op;
    counted_op_init(&op);
    struct io_uring_sqe *sqe = lariat_sqe(loop, &op.op);
    io_uring_prep_timeout(sqe, &soon, 0, 0);
    int64_t start = lariat_now_ns();
    ck_assert_int_eq(result(&op), -ETIME);
    ck_assert_int_ge(lariat_now_ns() - start, 1000000);
    ck_assert_uint_eq(stats_of(loop).ops[LARIAT_OP_KIND_RAW], 1);
}
END_TEST

START_TEST(raw_openat_and_statx_work_as_the_system_calls)
{
    struct counted_op op;
    struct statx info = { 0 };
    counted_op_init(&op);
    struct io_uring_sqe *sqe = lariat_sqe(loop, &op.op);
    io_uring_prep_openat(sqe, AT_FDCWD, "/dev/null", O_RDONLY | O_CLOEXEC, 0);
    int fd = result(&op);
    ck_assert_int_ge(fd, 0);
    sqe = lariat_sqe(loop, &op.op);
    sqe->opcode = IORING_OP_STATX;
    sqe->fd = fd;
    sqe->addr = (uintptr_t)"";
    sqe->len = STATX_TYPE;
    sqe->off = (uintptr_t)&info;
    sqe->statx_flags = AT_EMPTY_PATH;
    ck_assert_int_eq(result(&op), 0);
    ck_assert(S_ISCHR(info.stx_mode));
    close(fd);
}
END_TEST

START_TEST(a_raw_sqe_is_zeroed_and_refused_by_its_result)
{
    static const struct io_uring_sqe zero;
    struct counted_op op;
    counted_op_init(&op);
    for (int i = 0; i < 300; i++) { /* more than the queue has slots */
        struct io_uring_sqe *sqe = lariat_sqe(loop, &op.op);
        ck_assert_ptr_nonnull(sqe);
        struct io_uring_sqe copy = *sqe;
        copy.user_data = 0;
        ck_assert_mem_eq(&copy, &zero, sizeof(zero));
        memset(sqe, 0xff, offsetof(struct io_uring_sqe, user_data));
        sqe->flags = 0;
        ck_assert_int_eq(result(&op), -EINVAL);
    }
}
END_TEST

START_TEST(a_raw_request_that_cannot_be_made_goes_nowhere)
{
    static const struct io_uring_sqe zero;
    struct counted_op op;
    counted_op_init(&op);
    op.op.flags = 1u << 31;
    for (int i = 0; i < 2; i++) {
        struct io_uring_sqe *sqe = lariat_sqe(loop, &op.op);
        ck_assert_mem_eq(sqe, &zero, sizeof(zero));
        io_uring_prep_nop(sqe);
        sqe->len = 7;
        ck_assert_int_eq(op.done, 0);
        ck_assert_int_eq(result(&op), -EINVAL);
    }
    ck_assert_uint_eq(stats_of(loop).ops_inflight, 0);
}
END_TEST

START_TEST(a_raw_request_is_measured)
{
    static struct lariat_histogram latencies;
    struct __kernel_timespec soon = { 0, 1000000 };
    struct counted_op op;
    counted_op_init(&op);
    ck_assert_int_eq(lariat_loop_enable_histograms(loop, true), 0);
    io_uring_prep_timeout(lariat_sqe(loop, &op.op), &soon, 0, 0);
    ck_assert_int_eq(result(&op), -ETIME);
    ck_assert_int_eq(lariat_loop_get_histogram(loop, LARIAT_LOOP_HISTOGRAM_LATENCY, &latencies), 0);
    ck_assert_uint_eq(latencies.n, 1);
    ck_assert_uint_ge(latencies.min_ns, 1000000);
}
END_TEST

START_TEST(a_raw_multishot_poll_completes_for_each_event)
{
    int fd = eventfd_or_fail();
    uint64_t one = 1;
    struct counted_op op;
    counted_op_init(&op);
    op.op.flags = LARIAT_OP_MULTISHOT;
    struct io_uring_sqe *sqe = lariat_sqe(loop, &op.op);
    sqe->opcode = IORING_OP_POLL_ADD;
    sqe->fd = fd;
    sqe->poll32_events = POLLIN;
    sqe->len = IORING_POLL_ADD_MULTI;
    ck_assert_int_eq(lariat_loop_poll(loop, false), 0);
    for (int i = 1; i <= 3; i++) {
        write_or_fail(fd, &one, sizeof(one));
        poll_until(loop, &op.done, i);
        ck_assert_int_eq(op.res, POLLIN);
        ck_assert_uint_eq(op.op.cqe_flags & LARIAT_CQE_MORE, LARIAT_CQE_MORE);
        ck_assert_uint_eq(stats_of(loop).ops_inflight, 1);
    }
    ck_assert_int_eq(lariat_op_cancel(loop, &op.op), 0);
    poll_until(loop, &op.done, 4);
    ck_assert_int_eq(op.res, -ECANCELED);
    ck_assert_uint_eq(op.op.cqe_flags & LARIAT_CQE_MORE, 0);
    ck_assert_uint_eq(stats_of(loop).ops_inflight, 0);
    close(fd);
}
END_TEST

/* ---- cancelling ---- */

START_TEST(a_receive_in_flight_can_be_cancelled)
{
    int fds[2];
    char byte;
    struct counted_op op;
    counted_op_init(&op);
    socketpair_or_fail(fds);
    ck_assert_int_eq(lariat_op_cancel(loop, &op.op), -ENOENT);
    lariat_recv(loop, &op.op, fds[0], &byte, 1, 0);
    ck_assert_int_eq(lariat_op_cancel(loop, &op.op), 0);
    ck_assert_int_eq(lariat_op_cancel(loop, &op.op), -EALREADY);
    int res = result(&op);
    ck_assert_msg(res == -ECANCELED || res == -EAGAIN, "the result is %d", res);
    ck_assert_int_eq(lariat_op_cancel(loop, &op.op), -ENOENT);
    close_both(fds);
}
END_TEST

START_TEST(a_read_that_sleeps_can_be_cancelled)
{
    int fds[2];
    char byte;
    struct counted_op op;
    counted_op_init(&op);
    pipe_or_fail(fds);
    lariat_read(loop, &op.op, fds[0], &byte, 1, -1);
    poll_until_quiet(loop);
    ck_assert_int_eq(op.done, 0);
    ck_assert_int_eq(lariat_op_cancel(loop, &op.op), 0);
    ck_assert_int_eq(result(&op), -ECANCELED);
    close_both(fds);
}
END_TEST

START_TEST(a_cancel_that_comes_late_changes_no_result)
{
    int fds[2];
    char byte = 0;
    struct counted_op op;
    counted_op_init(&op);
    pipe_or_fail(fds);
    lariat_read(loop, &op.op, fds[0], &byte, 1, -1);
    poll_until_quiet(loop);
    write_or_fail(fds[1], "x", 1); /* the kernel has it: the completion is on its way */
    int rc = lariat_op_cancel(loop, &op.op);
    ck_assert(rc == 0 || rc == -EALREADY);
    int res = result(&op);
    ck_assert_msg((res == 1 && byte == 'x') || res == -ECANCELED, "the result is %d", res);
    poll_until_quiet(loop);
    ck_assert_int_eq(op.done, 0);
    close_both(fds);
}
END_TEST

/* Ready, but not read yet: the count told and what is left in the socket must add up. */
START_TEST(a_cancelled_full_receive_tells_no_false_count)
{
    int fds[2];
    char buf[10];
    struct counted_op op;
    counted_op_init(&op);
    op.op.flags = LARIAT_OP_FULL;
    socketpair_or_fail(fds);
    lariat_recv(loop, &op.op, fds[0], buf, sizeof(buf), MSG_DONTWAIT);
    for (int i = 0; i < 20; i++)
        ck_assert_int_ge(lariat_loop_poll(loop, false), 0);
    write_or_fail(fds[1], "abc", 3);
    ck_assert_int_eq(lariat_op_cancel(loop, &op.op), 0);
    int told = result(&op);
    ssize_t left = read(fds[0], buf, sizeof(buf));
    ck_assert_msg((told == -ECANCELED && left == 3) || (told == 3 && left == -1), "told %d, %zd left", told, left);
    close_both(fds);
}
END_TEST

static void cancel_other(struct lariat_op *op, int res)
{
    struct counted_op *other = op->opaque;
    (void)res;
    (void)lariat_op_cancel(loop, &other->op);
}

START_TEST(an_op_may_cancel_another_in_its_callback)
{
    int fds[2];
    char byte;
    struct counted_op other;
    struct lariat_op op = { .fn = cancel_other, .opaque = &other };
    counted_op_init(&other);
    pipe_or_fail(fds);
    lariat_read(loop, &other.op, fds[0], &byte, 1, -1);
    lariat_nop(loop, &op);
    ck_assert_int_eq(result(&other), -ECANCELED);
    close_both(fds);
}
END_TEST

START_TEST(thousands_of_receives_can_be_cancelled_at_once)
{
    static struct counted_op ops[2000];
    int fds[2], n_cancelled = 0;
    char byte;
    pipe_or_fail(fds);
    counted_ops_init(ops, 2000);
    for (int i = 0; i < 2000; i++)
        lariat_read(loop, &ops[i].op, fds[0], &byte, 1, -1);
    poll_until_quiet(loop);
    for (int i = 0; i < 2000; i++)
        ck_assert_int_eq(lariat_op_cancel(loop, &ops[i].op), 0);
    for (int i = 0; i < 2000; i++)
        n_cancelled += result(&ops[i]) == -ECANCELED;
    ck_assert_int_eq(n_cancelled, 2000);
    ck_assert_uint_eq(stats_of(loop).ops_inflight, 0);
    close_both(fds);
}
END_TEST

static void add_life(Suite *suite)
{
    TCase *tc = case_of(suite, "life");
    tcase_add_checked_fixture(tc, open_loop, close_loop);
    tcase_add_test(tc, an_op_may_be_freed_in_its_callback);
    tcase_add_test(tc, an_op_may_be_submitted_anew_in_its_callback);
    tcase_add_test(tc, an_op_that_comes_back_for_ever_leaves_the_iteration);
    tcase_add_test(tc, an_op_that_comes_back_25000_times_needs_no_more_stack_than_one);
    tcase_add_test(tc, no_callback_runs_inside_the_submitting_call);
    tcase_add_test(tc, more_ops_than_the_queues_hold_complete_once_each);
    tcase_add_test(tc, ops_whose_result_is_known_complete_in_order);
    tcase_add_test(tc, ops_are_counted_by_kind);
    if (tests_are_forked()) {
        tcase_add_test(tc, submitting_an_op_in_flight_aborts);
        tcase_add_test(tc, submitting_to_no_loop_aborts);
    }
}

static void add_raw(Suite *suite)
{
    TCase *tc = case_of(suite, "raw");
    tcase_add_checked_fixture(tc, open_loop, close_loop);
    tcase_add_test(tc, a_raw_timeout_ends_with_etime);
    tcase_add_test(tc, raw_openat_and_statx_work_as_the_system_calls);
    tcase_add_test(tc, a_raw_sqe_is_zeroed_and_refused_by_its_result);
    tcase_add_test(tc, a_raw_request_that_cannot_be_made_goes_nowhere);
    tcase_add_test(tc, a_raw_request_is_measured);
    tcase_add_test(tc, a_raw_multishot_poll_completes_for_each_event);
}

static void add_cancel(Suite *suite)
{
    TCase *tc = case_of(suite, "cancel");
    tcase_add_checked_fixture(tc, open_loop, close_loop);
    tcase_add_test(tc, a_receive_in_flight_can_be_cancelled);
    tcase_add_test(tc, a_read_that_sleeps_can_be_cancelled);
    tcase_add_test(tc, a_cancel_that_comes_late_changes_no_result);
    tcase_add_test(tc, a_cancelled_full_receive_tells_no_false_count);
    tcase_add_test(tc, an_op_may_cancel_another_in_its_callback);
    tcase_add_test(tc, thousands_of_receives_can_be_cancelled_at_once);
}

static void add(Suite *suite)
{
    add_life(suite);
    add_raw(suite);
    add_cancel(suite);
}

int main(void)
{
    return suite_main("op_life", add);
}
