/* SPDX-License-Identifier: MIT */
/*
 * What Lariat expects of io_uring_enter and of the queues: deadlines, signals, partial submits, overflow. Nothing of Lariat is
 * called. Where the library has another way, a kernel that answers otherwise gives a SKIP, else a failure.
 */
#include <pthread.h>
#include <signal.h>

#include "kernel_ring.h"
#include "support.h"

static int enter_with(struct io_uring *ring, unsigned n, unsigned flags, struct io_uring_getevents_arg *arg)
{
    return io_uring_enter2((unsigned)ring->ring_fd, 0, n, flags | IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG, (void *)arg,
                           sizeof(*arg));
}

/* Wait for a completion that never comes, with a deadline. */
static int wait_until(struct io_uring *ring, unsigned flags, struct __kernel_timespec *deadline)
{
    struct io_uring_getevents_arg arg = { .ts = (uintptr_t)deadline };
    return enter_with(ring, 1, flags, &arg);
}

START_TEST(a_relative_deadline_ends_a_wait_with_etime_and_never_early)
{
    struct io_uring ring;
    k_ring_init(&ring, 8, 16, K_DEFER);
    for (int64_t ns = 0; ns < 2000000; ns += 100001) {
        struct __kernel_timespec deadline = k_timespec(ns);
        int64_t start = k_now_ns();
        ck_assert_int_eq(wait_until(&ring, 0, &deadline), -ETIME);
        ck_assert_int_ge(k_now_ns() - start, ns);
    }
    io_uring_queue_exit(&ring);
}
END_TEST

START_TEST(an_absolute_deadline_ends_a_wait_with_etime_and_never_early)
{
    struct io_uring ring;
    k_ring_init(&ring, 8, 16, K_DEFER);
    int rc = -ETIME;
    for (int64_t ns = -100001; ns < 2000000 && rc == -ETIME; ns += 100001) {
        int64_t until = k_now_ns() + ns;
        struct __kernel_timespec deadline = k_timespec(until);
        rc = wait_until(&ring, K_ENTER_ABS_TIMER, &deadline);
        ck_assert(rc != -ETIME || k_now_ns() >= until);
    }
    io_uring_queue_exit(&ring);
    if (rc == -EINVAL)
        test_skip("kernel without ABS_TIMER: the library computes relative deadlines");
    ck_assert_int_eq(rc, -ETIME);
}
END_TEST

START_TEST(no_iowait_is_accepted_with_a_wait)
{
    struct io_uring ring;
    k_ring_init(&ring, 8, 16, K_DEFER);
    struct __kernel_timespec deadline = k_timespec(1000);
    int rc = wait_until(&ring, K_ENTER_NO_IOWAIT, &deadline);
    bool has_it = (ring.features & K_FEAT_NO_IOWAIT) != 0;
    io_uring_queue_exit(&ring);
    ck_assert_int_eq(rc, has_it ? -ETIME : -EINVAL);
    if (!has_it)
        test_skip("kernel without NO_IOWAIT: idle loops count as iowait");
}
END_TEST

START_TEST(a_minimum_wait_gathers_completions_that_are_there)
{
    struct io_uring ring;
    k_ring_init(&ring, 8, 16, K_DEFER);
    bool has_it = (ring.features & K_FEAT_MIN_TIMEOUT) != 0;
    int fd = k_make_polls_ready(&ring, 3);
    struct __kernel_timespec limit = k_timespec(5000000000);
    struct io_uring_getevents_arg arg = { .pad = has_it ? 2000 : 0, .ts = (uintptr_t)&limit };
    int64_t start = k_now_ns();
    int rc = has_it ? enter_with(&ring, 5, 0, &arg) : 0;
    int64_t waited = k_now_ns() - start;
    unsigned ready = io_uring_cq_ready(&ring);
    io_uring_queue_exit(&ring);
    close(fd);
    if (!has_it)
        test_skip("kernel without minimum waits");
    ck_assert_int_ge(rc, 0);
    ck_assert_uint_eq(ready, 3);
    ck_assert(waited >= 2000000 && waited < 2500000000);
}
END_TEST

static void ignore_signal(int signo)
{
    (void)signo;
}

/* Enter with a signal pending that only the wait lets through: no timing is involved. */
static int enter_with_signal_pending(struct io_uring *ring, unsigned to_submit)
{
    struct sigaction action = { .sa_handler = ignore_signal };
    sigset_t usr1, none;
    sigemptyset(&none);
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    ck_assert_int_eq(sigaction(SIGUSR1, &action, NULL), 0);
    ck_assert_int_eq(pthread_sigmask(SIG_BLOCK, &usr1, NULL), 0);
    raise(SIGUSR1);
    struct io_uring_getevents_arg arg = { .sigmask = (uintptr_t)&none, .sigmask_sz = _NSIG / 8 };
    if (to_submit > 0)
        __atomic_store_n(ring->sq.ktail, *ring->sq.ktail + to_submit, __ATOMIC_RELEASE);
    int rc = io_uring_enter2((unsigned)ring->ring_fd, to_submit, 1, IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG, (void *)&arg,
                             sizeof(arg));
    ck_assert_int_eq(pthread_sigmask(SIG_UNBLOCK, &usr1, NULL), 0);
    return rc;
}

START_TEST(a_signal_ends_a_wait_with_eintr)
{
    struct io_uring ring;
    k_ring_init(&ring, 8, 16, K_DEFER);
    ck_assert_int_eq(enter_with_signal_pending(&ring, 0), -EINTR);
    io_uring_queue_exit(&ring);
}
END_TEST

START_TEST(a_signal_does_not_hide_what_was_submitted)
{
    struct io_uring ring;
    int fds[2];
    char byte;
    k_pipe(fds);
    k_ring_init(&ring, 8, 16, K_DEFER);
    k_read(&ring, 1, fds[0], &byte, 1, -1);
    ring.sq.sqe_head = ring.sq.sqe_tail; /* the tail is published by hand, below liburing */
    ring.sq.array[*ring.sq.ktail & *ring.sq.kring_mask] = 0;
    ck_assert_int_eq(enter_with_signal_pending(&ring, 1), 1);
    ck_assert_uint_eq(io_uring_cq_ready(&ring), 0);
    k_close_both(fds);
    io_uring_queue_exit(&ring);
}
END_TEST

START_TEST(an_enter_on_what_is_not_a_ring_is_refused)
{
    int fds[2];
    k_pipe(fds);
    ck_assert_int_eq(io_uring_enter((unsigned)fds[0], 0, 0, 0, NULL), -EOPNOTSUPP);
    k_close_both(fds);
    ck_assert_int_eq(io_uring_enter((unsigned)fds[0], 0, 0, 0, NULL), -EBADF);
}
END_TEST

/* Three requests, the second of which is refused while it is prepared. */
static void queue_three_with_a_bad_one(struct io_uring *ring)
{
    k_sqe(ring, 1, IORING_OP_NOP, -1);
    k_sqe(ring, 2, 255, -1);
    k_sqe(ring, 3, IORING_OP_NOP, -1);
}

START_TEST(submit_all_goes_on_behind_a_refused_request)
{
    struct io_uring ring;
    k_ring_init(&ring, 8, 16, K_DEFER);
    queue_three_with_a_bad_one(&ring);
    k_submit(&ring, 3);
    ck_assert_int_eq(k_result(&ring, 1), 0);
    ck_assert_int_eq(k_result(&ring, 2), -EINVAL);
    ck_assert_int_eq(k_result(&ring, 3), 0);
    io_uring_queue_exit(&ring);
}
END_TEST

START_TEST(without_submit_all_the_rest_stays_queued_behind_a_refused_request)
{
    struct io_uring ring;
    k_ring_init(&ring, 8, 16, K_DEFER & ~IORING_SETUP_SUBMIT_ALL);
    queue_three_with_a_bad_one(&ring);
    k_submit(&ring, 2);
    ck_assert_int_eq(k_result(&ring, 1), 0);
    ck_assert_int_eq(k_result(&ring, 2), -EINVAL);
    ck_assert_uint_eq(io_uring_cq_ready(&ring), 0);
    k_submit(&ring, 1);
    ck_assert_int_eq(k_result(&ring, 3), 0);
    io_uring_queue_exit(&ring);
}
END_TEST

START_TEST(an_overflown_completion_queue_loses_nothing_and_keeps_the_order)
{
    struct io_uring ring;
    k_ring_init(&ring, 8, 8, K_DEFER);
    for (unsigned i = 0; i < 40; i++) {
        k_sqe(&ring, i, IORING_OP_NOP, -1);
        if (i % 8 == 7)
            k_submit(&ring, 8);
    }
    ck_assert_uint_eq(io_uring_cq_ready(&ring), 8);
    ck_assert_uint_ne(k_ring_flags(&ring) & IORING_SQ_CQ_OVERFLOW, 0);
    for (unsigned i = 0; i < 40; i++) {
        if (io_uring_cq_ready(&ring) == 0)
            k_look(&ring);
        ck_assert_uint_eq(k_take(&ring).user_data, i);
    }
    k_look(&ring);
    ck_assert_uint_eq(k_ring_flags(&ring) & IORING_SQ_CQ_OVERFLOW, 0);
    io_uring_queue_exit(&ring);
}
END_TEST

START_TEST(an_overflow_ends_a_multishot_poll_but_keeps_its_last_completion)
{
    struct io_uring ring;
    int fd = k_eventfd();
    k_ring_init(&ring, 8, 8, K_DEFER);
    k_poll_add(&ring, 100, fd, POLLIN, IORING_POLL_ADD_MULTI);
    k_submit(&ring, 1);
    for (unsigned i = 0; i < 8; i++)
        k_sqe(&ring, i, IORING_OP_NOP, -1);
    k_submit(&ring, 8);
    k_eventfd_add(fd, 1);
    k_look(&ring);
    for (unsigned i = 0; i < 8; i++)
        ck_assert_uint_eq(k_take(&ring).user_data, i);
    ck_assert_uint_eq(k_look(&ring), 1);
    struct k_completion last = k_take(&ring);
    ck_assert_uint_eq(last.user_data, 100);
    ck_assert_uint_eq(last.flags & IORING_CQE_F_MORE, 0);
    io_uring_queue_exit(&ring);
    close(fd);
}
END_TEST

static void add(Suite *suite)
{
    TCase *tc = case_of(suite, "enter");
    tcase_add_test(tc, a_relative_deadline_ends_a_wait_with_etime_and_never_early);
    tcase_add_test(tc, an_absolute_deadline_ends_a_wait_with_etime_and_never_early);
    tcase_add_test(tc, no_iowait_is_accepted_with_a_wait);
    tcase_add_test(tc, a_minimum_wait_gathers_completions_that_are_there);
    tcase_add_test(tc, a_signal_ends_a_wait_with_eintr);
    tcase_add_test(tc, a_signal_does_not_hide_what_was_submitted);
    tcase_add_test(tc, an_enter_on_what_is_not_a_ring_is_refused);
    tcase_add_test(tc, submit_all_goes_on_behind_a_refused_request);
    tcase_add_test(tc, without_submit_all_the_rest_stays_queued_behind_a_refused_request);
    tcase_add_test(tc, an_overflown_completion_queue_loses_nothing_and_keeps_the_order);
    tcase_add_test(tc, an_overflow_ends_a_multishot_poll_but_keeps_its_last_completion);
}

int main(void)
{
    if (tests_run_under_valgrind())
        return k_skip_under_valgrind();
    return suite_main("kernel_enter", add);
}
