/* SPDX-License-Identifier: MIT */
/* Closing a loop: what is drained, what is dropped, what still goes through, and that it ends. */
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <lariat/file.h>
#include <lariat/handler.h>

enum { N_WRITES = 64, WRITE_BYTES = 65536 };

START_TEST(closing_twice_is_fine)
{
    struct lariat_loop *loop = loop_or_fail();

    ck_assert_int_eq(lariat_loop_close(loop), 0);
    ck_assert_int_eq(lariat_loop_close(loop), 0);
    lariat_loop_unref(loop);
}
END_TEST

START_TEST(closing_gives_back_all_descriptors)
{
    const int fds = count_fds();
    for (int i = 0; i < 20; i++) {
        struct lariat_loop *loop = loop_or_fail();
        ck_assert_int_gt(count_fds(), fds);
        ck_assert_int_eq(lariat_loop_poll(loop, false), 0);
        loop_done(loop);
        ck_assert_int_eq(count_fds(), fds);
    }
}
END_TEST

/* BHs */

START_TEST(bhs_scheduled_before_close_run)
{
    struct lariat_loop *loop = loop_or_fail();
    int runs = 0;
    struct lariat_bh *bh = bh_or_fail(loop, count_up, &runs);

    ck_assert_int_eq(lariat_bh_schedule(bh), 0);
    for (int i = 0; i < 10; i++) {
        ck_assert_int_eq(lariat_bh_schedule_oneshot(loop, count_up, &runs), 0);
    }
    ck_assert_int_eq(lariat_loop_close(loop), 0);
    ck_assert_int_eq(runs, 11);

    lariat_bh_delete(bh);
    lariat_loop_unref(loop);
}
END_TEST

START_TEST(bhs_cancelled_or_deleted_before_close_do_not_run)
{
    struct lariat_loop *loop = loop_or_fail();
    int runs = 0;
    struct lariat_bh *cancelled = bh_or_fail(loop, count_up, &runs);
    struct lariat_bh *deleted = bh_or_fail(loop, count_up, &runs);

    lariat_bh_schedule(cancelled);
    lariat_bh_schedule(deleted);
    lariat_bh_cancel(cancelled);
    lariat_bh_delete(deleted);
    ck_assert_int_eq(lariat_loop_close(loop), 0);
    ck_assert_int_eq(runs, 0);

    lariat_bh_delete(cancelled);
    lariat_loop_unref(loop);
}
END_TEST

struct eternal_bh {
    struct lariat_bh *bh;
    int runs, accepted, refused;
};

static void reschedule_for_ever(void *opaque)
{
    struct eternal_bh *eternal = opaque;
    eternal->runs++;
    if (lariat_bh_schedule(eternal->bh) == 0) {
        eternal->accepted++;
    } else {
        eternal->refused++;
    }
}

START_TEST(a_bh_that_reschedules_itself_for_ever_cannot_hold_close)
{
    struct lariat_loop *loop = loop_or_fail();
    struct eternal_bh eternal = { .accepted = 1 };
    eternal.bh = bh_or_fail(loop, reschedule_for_ever, &eternal);

    ck_assert_int_eq(lariat_bh_schedule(eternal.bh), 0);
    ck_assert_int_eq(lariat_loop_poll(loop, false), 1);
    ck_assert_int_eq(lariat_loop_close(loop), 0);
    ck_assert_int_eq(eternal.runs, eternal.accepted); /* what was accepted ran, and nothing else */
    ck_assert_int_eq(eternal.refused, 1);

    lariat_bh_delete(eternal.bh);
    lariat_loop_unref(loop);
}
END_TEST

static void delete_bh(void *opaque)
{
    struct lariat_bh **bh = opaque;
    lariat_bh_delete(*bh);
    *bh = NULL;
}

START_TEST(a_bh_may_delete_itself_while_the_loop_closes)
{
    struct lariat_loop *loop = loop_or_fail();
    struct lariat_bh *bh = NULL;
    bh = bh_or_fail(loop, delete_bh, &bh);

    ck_assert_int_eq(lariat_bh_schedule(bh), 0);
    ck_assert_int_eq(lariat_loop_close(loop), 0);
    ck_assert_ptr_null(bh);

    lariat_loop_unref(loop);
}
END_TEST

/* Storage: waited for, never cut off */

struct writes {
    struct counted_op ops[N_WRITES];
    void *buf;
    int fd;
};

static void submit_writes(struct lariat_loop *loop, struct writes *writes)
{
    for (int i = 0; i < N_WRITES; i++) {
        counted_op_init(&writes->ops[i]);
        lariat_write(loop, &writes->ops[i].op, writes->fd, writes->buf, WRITE_BYTES, (int64_t)i * WRITE_BYTES);
    }
}

static void writes_init(struct writes *writes)
{
    writes->fd = temp_file_or_fail((size_t)N_WRITES * WRITE_BYTES, O_DIRECT);
    writes->buf = lariat_buffer_alloc(4096, WRITE_BYTES);
    ck_assert_ptr_nonnull(writes->buf);
    memset(writes->buf, 0x77, WRITE_BYTES);
}

static void writes_must_be_done(const struct writes *writes)
{
    for (int i = 0; i < N_WRITES; i++) {
        ck_assert_int_eq(writes->ops[i].done, 1);
        ck_assert_int_eq(writes->ops[i].res, WRITE_BYTES);
    }
}

START_TEST(writes_in_flight_end_with_their_real_result)
{
    struct lariat_loop *loop = loop_or_fail();
    static struct writes writes;
    writes_init(&writes);

    submit_writes(loop, &writes);
    ck_assert_int_ge(lariat_loop_poll(loop, false), 0);
    ck_assert_int_eq(lariat_loop_close(loop), 0);
    writes_must_be_done(&writes);

    lariat_buffer_free(writes.buf);
    close(writes.fd);
    lariat_loop_unref(loop);
}
END_TEST

START_TEST(writes_queued_but_never_polled_for_are_carried_out)
{
    struct lariat_loop *loop = loop_or_fail();
    static struct writes writes;
    unsigned char byte = 0;
    writes_init(&writes);

    submit_writes(loop, &writes);
    ck_assert_int_eq(lariat_loop_close(loop), 0);
    writes_must_be_done(&writes);
    ck_assert_int_eq(fcntl(writes.fd, F_SETFL, 0), 0);
    ck_assert_int_eq(pread(writes.fd, &byte, 1, (off_t)N_WRITES * WRITE_BYTES - 1), 1);
    ck_assert_int_eq(byte, 0x77);

    lariat_buffer_free(writes.buf);
    close(writes.fd);
    lariat_loop_unref(loop);
}
END_TEST

/* A write whose callback makes it durable and closes the file, all during the drain. */
struct finisher {
    struct lariat_loop *loop;
    struct lariat_op write, sync, close;
    int fd;
    int write_res, sync_res, close_res;
};

static void note_close(struct lariat_op *op, int res)
{
    struct finisher *finisher = op->opaque;
    finisher->close_res = res;
}

static void note_sync_then_close(struct lariat_op *op, int res)
{
    struct finisher *finisher = op->opaque;
    finisher->sync_res = res;
    lariat_close(finisher->loop, &finisher->close, finisher->fd);
}

static void note_write_then_sync(struct lariat_op *op, int res)
{
    struct finisher *finisher = op->opaque;
    finisher->write_res = res;
    lariat_fsync(finisher->loop, &finisher->sync, finisher->fd, true);
}

START_TEST(fsync_and_close_go_through_while_the_loop_closes)
{
    struct lariat_loop *loop = loop_or_fail();
    struct finisher finisher = { .loop = loop, .write_res = -1, .sync_res = -1, .close_res = -1 };
    finisher.write = (struct lariat_op){ .fn = note_write_then_sync, .opaque = &finisher };
    finisher.sync = (struct lariat_op){ .fn = note_sync_then_close, .opaque = &finisher };
    finisher.close = (struct lariat_op){ .fn = note_close, .opaque = &finisher };
    finisher.fd = temp_file_or_fail(4096, 0);

    lariat_write(loop, &finisher.write, finisher.fd, "durable", 7, 0);
    ck_assert_int_eq(lariat_loop_close(loop), 0);
    ck_assert_int_eq(finisher.write_res, 7);
    ck_assert_int_eq(finisher.sync_res, 0);
    ck_assert_int_eq(finisher.close_res, 0);
    ck_assert_int_eq(fcntl(finisher.fd, F_GETFD), -1);

    lariat_loop_unref(loop);
}
END_TEST

/* All else: cancelled */

START_TEST(a_recv_and_an_accept_in_flight_are_cancelled)
{
    struct lariat_loop *loop = loop_or_fail();
    int fds[2];
    char buf[16];
    struct counted_op recv_op;
    struct counted_op accept_op;
    socketpair_or_fail(fds);
    const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const struct sockaddr unnamed = { .sa_family = AF_UNIX };
    ck_assert_int_eq(bind(listener, &unnamed, sizeof(unnamed.sa_family)), 0);
    ck_assert_int_eq(listen(listener, 1), 0);
    counted_op_init(&recv_op);
    counted_op_init(&accept_op);

    lariat_recv(loop, &recv_op.op, fds[0], buf, sizeof(buf), 0);
    lariat_accept(loop, &accept_op.op, listener, NULL, NULL, 0);
    ck_assert_int_eq(lariat_loop_poll(loop, false), 0);
    ck_assert_int_eq(lariat_loop_close(loop), 0);
    ck_assert(recv_op.done == 1 && recv_op.res == -ECANCELED);
    ck_assert(accept_op.done == 1 && accept_op.res == -ECANCELED);

    close(listener);
    close(fds[0]);
    close(fds[1]);
    lariat_loop_unref(loop);
}
END_TEST

START_TEST(handlers_are_dropped_uncalled_and_let_go_of_their_file)
{
    struct lariat_loop *loop = loop_or_fail();
    int fds[2];
    int runs = 0;
    char byte;
    socketpair_or_fail(fds);

    ck_assert_int_eq(lariat_handler_set(loop, fds[0], count_up, NULL, &runs), 0);
    ck_assert_int_eq(lariat_loop_poll(loop, false), 0);
    write_or_fail(fds[1], "x", 1);
    ck_assert_int_eq(lariat_loop_close(loop), 0);
    ck_assert_int_eq(runs, 0);
    read_or_fail(fds[0], &byte, 1);
    close(fds[0]);
    ck_assert_int_eq(read(fds[1], &byte, 1), 0); /* end of file: no poll holds the peer's end any more */

    close(fds[1]);
    lariat_loop_unref(loop);
}
END_TEST

START_TEST(a_read_of_an_empty_pipe_cannot_hold_close)
{
    struct lariat_loop *loop = loop_or_fail();
    int fds[2];
    struct counted_op op;
    char buf[8];
    pipe_or_fail(fds);
    counted_op_init(&op);

    lariat_read(loop, &op.op, fds[0], buf, sizeof(buf), -1);
    ck_assert_int_eq(lariat_loop_poll(loop, false), 0);
    loop_done(loop);
    ck_assert_int_eq(op.done, 1);
    ck_assert_int_eq(op.res, -ECANCELED);

    close(fds[0]);
    close(fds[1]);
}
END_TEST

/* Callbacks that go on for ever */

struct eternal_op {
    struct lariat_loop *loop;
    struct lariat_op op;
    int fd;
    char buf[16];
    int done, shut_down, cancelled;
};

static void note_and_count(struct eternal_op *eternal, int res)
{
    eternal->done++;
    eternal->shut_down += res == -ESHUTDOWN;
    eternal->cancelled += res == -ECANCELED;
}

static void nop_for_ever(struct lariat_op *op, int res)
{
    struct eternal_op *eternal = op->opaque;
    note_and_count(eternal, res);
    lariat_nop(eternal->loop, op);
}

static void read_for_ever(struct lariat_op *op, int res)
{
    struct eternal_op *eternal = op->opaque;
    note_and_count(eternal, res);
    lariat_read(eternal->loop, op, eternal->fd, eternal->buf, sizeof(eternal->buf), 0);
}

static void recv_for_ever(struct lariat_op *op, int res)
{
    struct eternal_op *eternal = op->opaque;
    note_and_count(eternal, res);
    lariat_recv(eternal->loop, op, eternal->fd, eternal->buf, sizeof(eternal->buf), 0);
}

static void must_have_been_let_go(const struct eternal_op *eternal)
{
    ck_assert_int_ge(eternal->shut_down, 1);
    ck_assert_int_le(eternal->shut_down, 1025);
}

START_TEST(a_nop_resubmitted_for_ever_cannot_hold_close)
{
    struct lariat_loop *loop = loop_or_fail();
    struct eternal_op eternal = { .loop = loop };
    eternal.op = (struct lariat_op){ .fn = nop_for_ever, .opaque = &eternal };

    lariat_nop(loop, &eternal.op);
    poll_until(loop, &eternal.done, 3);
    ck_assert_int_eq(lariat_loop_close(loop), 0);
    must_have_been_let_go(&eternal);

    lariat_loop_unref(loop);
}
END_TEST

START_TEST(a_read_resubmitted_for_ever_cannot_hold_close)
{
    struct lariat_loop *loop = loop_or_fail();
    struct eternal_op eternal = { .loop = loop, .fd = temp_file_or_fail(4096, 0) };
    eternal.op = (struct lariat_op){ .fn = read_for_ever, .opaque = &eternal };

    lariat_read(loop, &eternal.op, eternal.fd, eternal.buf, sizeof(eternal.buf), 0);
    poll_until(loop, &eternal.done, 3);
    ck_assert_int_eq(lariat_loop_close(loop), 0);
    must_have_been_let_go(&eternal);
    ck_assert_int_eq(eternal.cancelled, 0);

    close(eternal.fd);
    lariat_loop_unref(loop);
}
END_TEST

START_TEST(a_recv_resubmitted_when_cancelled_cannot_hold_close)
{
    struct lariat_loop *loop = loop_or_fail();
    int fds[2];
    socketpair_or_fail(fds);
    struct eternal_op eternal = { .loop = loop, .fd = fds[0] };
    eternal.op = (struct lariat_op){ .fn = recv_for_ever, .opaque = &eternal };

    lariat_recv(loop, &eternal.op, fds[0], eternal.buf, sizeof(eternal.buf), 0);
    ck_assert_int_eq(lariat_loop_poll(loop, false), 0);
    ck_assert_int_eq(lariat_loop_close(loop), 0);
    ck_assert_int_eq(eternal.cancelled, 1);
    must_have_been_let_go(&eternal);

    close(fds[0]);
    close(fds[1]);
    lariat_loop_unref(loop);
}
END_TEST

/* Two hundred ops that all resubmit themselves: each is let go of, none is forgotten. */
START_TEST(many_ops_resubmitted_for_ever_cannot_hold_close)
{
    enum { N = 200 };
    struct lariat_loop *loop = loop_or_fail();
    static struct eternal_op eternals[N];
    for (int i = 0; i < N; i++) {
        eternals[i] = (struct eternal_op){ .loop = loop };
        eternals[i].op = (struct lariat_op){ .fn = nop_for_ever, .opaque = &eternals[i] };
        lariat_nop(loop, &eternals[i].op);
    }

    poll_until(loop, &eternals[N - 1].done, 2);
    ck_assert_int_eq(lariat_loop_close(loop), 0);
    for (int i = 0; i < N; i++) {
        ck_assert_int_ge(eternals[i].shut_down, 1);
    }
    ck_assert_uint_eq(stats_of(loop).ops_inflight, 0);

    lariat_loop_unref(loop);
}
END_TEST

static void fsync_for_ever(struct lariat_op *op, int res)
{
    struct eternal_op *eternal = op->opaque;
    note_and_count(eternal, res);
    lariat_fsync(eternal->loop, op, eternal->fd, true);
}

START_TEST(an_fsync_resubmitted_for_ever_cannot_hold_close)
{
    struct lariat_loop *loop = loop_or_fail();
    struct eternal_op eternal = { .loop = loop, .fd = temp_file_or_fail(4096, 0) };
    eternal.op = (struct lariat_op){ .fn = fsync_for_ever, .opaque = &eternal };

    lariat_fsync(loop, &eternal.op, eternal.fd, true);
    poll_until(loop, &eternal.done, 2);
    ck_assert_int_eq(lariat_loop_close(loop), 0);
    ck_assert_uint_eq(stats_of(loop).ops_inflight, 0);

    close(eternal.fd);
    lariat_loop_unref(loop);
}
END_TEST

/* Other threads meanwhile */

struct hammer {
    struct lariat_loop *loop;
    atomic_int ran;
    atomic_int accepted;
    atomic_int attempts;
    atomic_int stop;
};

static void *schedule_until_refused(void *opaque)
{
    struct hammer *hammer = opaque;
    while (lariat_bh_schedule_oneshot(hammer->loop, count_up_atomic, &hammer->ran) == 0) {
        atomic_fetch_add(&hammer->accepted, 1);
    }
    return NULL;
}

START_TEST(every_bh_accepted_from_other_threads_runs_before_close_returns)
{
    const int rounds = tests_run_slowly() ? 20 : 100;
    for (int round = 0; round < rounds; round++) {
        struct lariat_loop *loop = loop_or_fail();
        struct hammer hammer = { .loop = loop };
        pthread_t threads[3];
        for (int i = 0; i < 3; i++) {
            threads[i] = thread_or_fail(schedule_until_refused, &hammer);
        }

        while (atomic_load(&hammer.ran) < 10 * (round % 7)) {
            ck_assert_int_ge(lariat_loop_poll(loop, true), 0);
        }
        ck_assert_int_eq(lariat_loop_close(loop), 0);
        const int ran_at_close = atomic_load(&hammer.ran);
        for (int i = 0; i < 3; i++) {
            join_or_fail(threads[i]);
        }
        ck_assert_int_eq(atomic_load(&hammer.accepted), ran_at_close);
        lariat_loop_unref(loop);
    }
}
END_TEST

static void *use_until_told(void *opaque)
{
    struct hammer *hammer = opaque;
    while (atomic_load(&hammer->stop) == 0) {
        struct lariat_poll_params params = classic_params(1000);
        (void)lariat_loop_set_poll_params(hammer->loop, &params);
        lariat_loop_notify(hammer->loop);
        (void)stats_of(hammer->loop);
        atomic_fetch_add(&hammer->attempts, 1);
    }
    return NULL;
}

START_TEST(notify_stats_and_parameters_may_race_with_close)
{
    struct lariat_loop *loop = loop_or_fail();
    struct hammer hammer = { .loop = loop };
    pthread_t thread = thread_or_fail(use_until_told, &hammer);

    wait_for(&hammer.attempts, 100);
    ck_assert_int_eq(lariat_loop_close(loop), 0);
    wait_for(&hammer.attempts, atomic_load(&hammer.attempts) + 100);
    atomic_store(&hammer.stop, 1);
    join_or_fail(thread);
    ck_assert_int_eq(lariat_loop_poll(loop, true), -ESHUTDOWN);

    lariat_loop_unref(loop);
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *tc = case_of(suite, "close");
    tcase_add_test(tc, closing_twice_is_fine);
    tcase_add_test(tc, closing_gives_back_all_descriptors);

    tc = case_of(suite, "bhs");
    tcase_add_test(tc, bhs_scheduled_before_close_run);
    tcase_add_test(tc, bhs_cancelled_or_deleted_before_close_do_not_run);
    tcase_add_test(tc, a_bh_that_reschedules_itself_for_ever_cannot_hold_close);
    tcase_add_test(tc, a_bh_may_delete_itself_while_the_loop_closes);

    tc = case_of(suite, "storage");
    tcase_add_test(tc, writes_in_flight_end_with_their_real_result);
    tcase_add_test(tc, writes_queued_but_never_polled_for_are_carried_out);
    tcase_add_test(tc, fsync_and_close_go_through_while_the_loop_closes);

    tc = case_of(suite, "cancelled");
    tcase_add_test(tc, a_recv_and_an_accept_in_flight_are_cancelled);
    tcase_add_test(tc, a_read_of_an_empty_pipe_cannot_hold_close);
    tcase_add_test(tc, handlers_are_dropped_uncalled_and_let_go_of_their_file);

    tc = case_of(suite, "for ever");
    tcase_add_test(tc, a_nop_resubmitted_for_ever_cannot_hold_close);
    tcase_add_test(tc, a_read_resubmitted_for_ever_cannot_hold_close);
    tcase_add_test(tc, a_recv_resubmitted_when_cancelled_cannot_hold_close);
    tcase_add_test(tc, many_ops_resubmitted_for_ever_cannot_hold_close);
    tcase_add_test(tc, an_fsync_resubmitted_for_ever_cannot_hold_close);

    tc = case_of(suite, "threads");
    tcase_add_test(tc, every_bh_accepted_from_other_threads_runs_before_close_returns);
    tcase_add_test(tc, notify_stats_and_parameters_may_race_with_close);
}

int main(void)
{
    return suite_main("loop close", add_tests);
}
