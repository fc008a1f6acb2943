/* SPDX-License-Identifier: MIT */
/* Stopping an iothread: from anywhere, at any moment, with anything going on. */
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <lariat/file.h>

START_TEST(an_iothread_may_be_stopped_before_it_did_anything)
{
    for (int i = 0; i < 20; i++) {
        struct lariat_iothread *iothread = iothread_or_fail("brief");
        ck_assert_int_eq(lariat_iothread_stop(iothread), 0);
        ck_assert(threads_become(1));
        lariat_iothread_destroy(iothread);
    }
}
END_TEST

START_TEST(stopping_twice_is_fine)
{
    struct lariat_iothread *iothread = iothread_or_fail("twice");

    ck_assert_int_eq(lariat_iothread_stop(iothread), 0);
    ck_assert_int_eq(lariat_iothread_stop(iothread), 0);

    lariat_iothread_destroy(iothread);
}
END_TEST

struct stoppers {
    struct lariat_iothread *iothread;
    atomic_int ready;
    atomic_int last_bh_ran;
    atomic_int failed;
    atomic_int too_early;
};

/* Accepted before the stops, so its end comes before theirs; the time is for a stop that does not wait to be seen. */
static void run_last(void *opaque)
{
    struct stoppers *stoppers = opaque;
    waited_for(&stoppers->ready, 8);
    usleep(2000);
    atomic_store(&stoppers->last_bh_ran, 1);
}

static void *stop_and_look(void *opaque)
{
    struct stoppers *stoppers = opaque;
    atomic_fetch_add(&stoppers->ready, 1);
    waited_for(&stoppers->ready, 8);
    atomic_fetch_add(&stoppers->failed, lariat_iothread_stop(stoppers->iothread) != 0);
    atomic_fetch_add(&stoppers->too_early, atomic_load(&stoppers->last_bh_ran) == 0);
    return NULL;
}

START_TEST(eight_threads_that_stop_it_at_once_all_wait_for_its_end)
{
    for (int round = 0; round < 20; round++) {
        struct lariat_iothread *iothread = iothread_or_fail("popular");
        struct stoppers stoppers = { .iothread = iothread };
        pthread_t threads[8];
        ck_assert_int_eq(lariat_bh_schedule_oneshot(lariat_iothread_loop(iothread), run_last, &stoppers), 0);
        for (int i = 0; i < 8; i++) {
            threads[i] = thread_or_fail(stop_and_look, &stoppers);
        }
        for (int i = 0; i < 8; i++) {
            join_or_fail(threads[i]);
        }
        ck_assert_int_eq(atomic_load(&stoppers.failed), 0);
        ck_assert_int_eq(atomic_load(&stoppers.too_early), 0);
        lariat_iothread_destroy(iothread);
    }
}
END_TEST

static void stop_itself(void *opaque)
{
    int *rc = opaque;
    *rc = lariat_iothread_stop(lariat_iothread_current());
}

START_TEST(a_stop_by_itself_is_refused_and_changes_nothing)
{
    struct lariat_iothread *iothread = iothread_or_fail("suicidal");
    int rc = 0;
    int runs = 0;

    call_or_fail(lariat_iothread_loop(iothread), stop_itself, &rc);
    ck_assert_int_eq(rc, -EDEADLK);
    call_or_fail(lariat_iothread_loop(iothread), count_up, &runs);
    ck_assert_int_eq(runs, 1);

    lariat_iothread_destroy(iothread);
}
END_TEST

START_TEST(after_stop_calls_and_schedules_are_refused)
{
    struct lariat_iothread *iothread = iothread_or_fail("stopped");
    struct lariat_loop *loop = lariat_iothread_loop(iothread);
    struct lariat_bh *bh = bh_or_fail(loop, do_nothing, NULL);
    int runs = 0;
    ck_assert_int_eq(lariat_iothread_stop(iothread), 0);

    ck_assert_int_eq(lariat_loop_call(loop, count_up, &runs), -ESHUTDOWN);
    ck_assert_int_eq(lariat_bh_schedule(bh), -ESHUTDOWN);
    ck_assert_int_eq(lariat_bh_schedule_oneshot(loop, count_up, &runs), -ESHUTDOWN);
    lariat_loop_notify(loop);
    ck_assert_int_eq(runs, 0);

    lariat_bh_delete(bh);
    lariat_iothread_destroy(iothread);
}
END_TEST

/* Producers */

struct producers {
    struct lariat_loop *loop;
    atomic_int ran, accepted, called, calls_accepted, odd;
};

static void *schedule_until_refused(void *opaque)
{
    struct producers *producers = opaque;
    for (;;) {
        const int rc = lariat_bh_schedule_oneshot(producers->loop, count_up_atomic, &producers->ran);
        if (rc != 0) {
            atomic_fetch_add(&producers->odd, rc != -ESHUTDOWN);
            return NULL;
        }
        atomic_fetch_add(&producers->accepted, 1);
    }
}

static void *call_until_refused(void *opaque)
{
    struct producers *producers = opaque;
    while (lariat_loop_call(producers->loop, count_up_atomic, &producers->called) == 0) {
        atomic_fetch_add(&producers->calls_accepted, 1);
    }
    return NULL;
}

START_TEST(all_that_was_accepted_before_the_stop_ran)
{
    const int rounds = tests_run_slowly() ? 10 : 25;
    for (int round = 0; round < rounds; round++) {
        struct lariat_iothread *iothread = iothread_or_fail("raced");
        struct producers producers = { .loop = lariat_iothread_loop(iothread) };
        pthread_t threads[4];
        for (int i = 0; i < 4; i++) {
            threads[i] = thread_or_fail(i < 2 ? schedule_until_refused : call_until_refused, &producers);
        }

        wait_for(&producers.ran, 10 * (round % 5));
        ck_assert_int_eq(lariat_iothread_stop(iothread), 0);
        const int ran = atomic_load(&producers.ran);
        for (int i = 0; i < 4; i++) {
            join_or_fail(threads[i]);
        }
        ck_assert_int_eq(ran, atomic_load(&producers.accepted));
        ck_assert_int_eq(atomic_load(&producers.called), atomic_load(&producers.calls_accepted));
        ck_assert_int_eq(atomic_load(&producers.odd), 0);
        lariat_iothread_destroy(iothread);
    }
}
END_TEST

/* The last touch: the BH tells another thread to destroy its loop while the producer is still inside schedule. */
struct last_touch {
    atomic_int ran;
    struct lariat_loop *loop;
};

static void *schedule_once(void *opaque)
{
    struct last_touch *touch = opaque;
    lariat_bh_schedule_oneshot(touch->loop, count_up_atomic, &touch->ran);
    return NULL;
}

START_TEST(a_loop_destroyed_because_of_a_bh_survives_its_producer)
{
    const int rounds = tests_run_slowly() ? 50 : 300;
    for (int round = 0; round < rounds; round++) {
        struct lariat_iothread *iothread = iothread_with_window_or_fail("touched", 0);
        struct last_touch touch = { .loop = lariat_iothread_loop(iothread) };
        pthread_t thread = thread_or_fail(schedule_once, &touch);
        wait_for(&touch.ran, 1);
        lariat_iothread_destroy(iothread); /* waits for the producer: ASan and TSan would tell */
        join_or_fail(thread);
    }
}
END_TEST

/* Ops in flight */

enum { N_WRITES = 32, WRITE_BYTES = 65536 };

struct written {
    struct lariat_loop *loop;
    struct counted_op ops[N_WRITES];
    void *buf;
    int fd;
};

static void submit_writes(void *opaque)
{
    struct written *written = opaque;
    for (int i = 0; i < N_WRITES; i++) {
        counted_op_init(&written->ops[i]);
        lariat_write(written->loop, &written->ops[i].op, written->fd, written->buf, WRITE_BYTES, (int64_t)i * WRITE_BYTES);
    }
}

START_TEST(writes_in_flight_are_completed_by_the_stop)
{
    struct lariat_iothread *iothread = iothread_or_fail("writer");
    static struct written written;
    written.loop = lariat_iothread_loop(iothread);
    written.fd = temp_file_or_fail((size_t)N_WRITES * WRITE_BYTES, O_DIRECT);
    written.buf = lariat_buffer_alloc(4096, WRITE_BYTES);
    memset(written.buf, 0x42, WRITE_BYTES);

    call_or_fail(written.loop, submit_writes, &written);
    ck_assert_int_eq(lariat_iothread_stop(iothread), 0);
    for (int i = 0; i < N_WRITES; i++) {
        ck_assert_int_eq(written.ops[i].done, 1);
        ck_assert_int_eq(written.ops[i].res, WRITE_BYTES);
    }

    lariat_iothread_destroy(iothread);
    lariat_buffer_free(written.buf);
    close(written.fd);
}
END_TEST

struct receiver {
    struct lariat_loop *loop;
    struct lariat_op op;
    int fd;
    char buf[16];
    int done, cancelled, shut_down;
};

static void receive_for_ever(struct lariat_op *op, int res)
{
    struct receiver *receiver = op->opaque;
    receiver->done++;
    receiver->cancelled += res == -ECANCELED;
    receiver->shut_down += res == -ESHUTDOWN;
    lariat_recv(receiver->loop, op, receiver->fd, receiver->buf, sizeof(receiver->buf), 0);
}

static void begin_receiving(void *opaque)
{
    struct receiver *receiver = opaque;
    receiver->op = (struct lariat_op){ .fn = receive_for_ever, .opaque = receiver };
    lariat_recv(receiver->loop, &receiver->op, receiver->fd, receiver->buf, sizeof(receiver->buf), 0);
}

START_TEST(a_recv_resubmitted_for_ever_cannot_hold_the_stop)
{
    struct lariat_iothread *iothread = iothread_or_fail("receiver");
    int fds[2];
    socketpair_or_fail(fds);
    struct receiver receiver = { .loop = lariat_iothread_loop(iothread), .fd = fds[0] };

    call_or_fail(receiver.loop, begin_receiving, &receiver);
    ck_assert_int_eq(lariat_iothread_stop(iothread), 0);
    ck_assert_int_eq(receiver.cancelled, 1);
    ck_assert_int_ge(receiver.shut_down, 1);
    ck_assert_int_le(receiver.shut_down, 1025);

    lariat_iothread_destroy(iothread);
    close(fds[0]);
    close(fds[1]);
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *tc = case_of(suite, "stop");
    tcase_add_test(tc, an_iothread_may_be_stopped_before_it_did_anything);
    tcase_add_test(tc, stopping_twice_is_fine);
    tcase_add_test(tc, eight_threads_that_stop_it_at_once_all_wait_for_its_end);
    tcase_add_test(tc, a_stop_by_itself_is_refused_and_changes_nothing);
    tcase_add_test(tc, after_stop_calls_and_schedules_are_refused);

    tc = case_of(suite, "producers");
    tcase_add_test(tc, all_that_was_accepted_before_the_stop_ran);
    tcase_add_test(tc, a_loop_destroyed_because_of_a_bh_survives_its_producer);

    tc = case_of(suite, "ops");
    tcase_add_test(tc, writes_in_flight_are_completed_by_the_stop);
    tcase_add_test(tc, a_recv_resubmitted_for_ever_cannot_hold_the_stop);
}

int main(void)
{
    return suite_main("iothread stop", add_tests);
}
