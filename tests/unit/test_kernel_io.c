/* SPDX-License-Identifier: MIT */
/*
 * What Lariat expects of the kernel's requests: polls, timeouts, links, cancellation, files and sockets. Nothing of Lariat is
 * called. Where the library has another way, a kernel that answers otherwise gives a SKIP, else a failure.
 */
#include <signal.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "kernel_ring.h"
#include "support.h"

static struct io_uring ring;

static void open_ring(void)
{
    k_ring_init(&ring, 32, 64, K_DEFER);
}

/* Take n completions, in any order: results[user_data] = res. */
static void take_results(int *results, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        if (io_uring_cq_ready(&ring) == 0)
            ck_assert_int_ge(k_wait(&ring, 1), 0);
        struct k_completion done = k_take(&ring);
        results[done.user_data] = done.res;
    }
}

static void close_ring(void)
{
    io_uring_queue_exit(&ring);
}

START_TEST(a_multishot_poll_has_no_level_mode)
{
    int fd = k_eventfd();
    k_poll_add(&ring, 1, fd, POLLIN, IORING_POLL_ADD_MULTI | K_POLL_ADD_LEVEL);
    k_submit(&ring, 1);
    ck_assert_int_eq(k_result(&ring, 1), -EINVAL);
    close(fd);
}
END_TEST

START_TEST(a_multishot_poll_fires_for_each_write_to_an_eventfd_never_read)
{
    int fd = k_eventfd();
    k_poll_add(&ring, 1, fd, POLLIN, IORING_POLL_ADD_MULTI);
    k_submit(&ring, 1);
    for (int i = 0; i < 3; i++) {
        k_eventfd_add(fd, 1);
        ck_assert_uint_eq(k_look(&ring), 1);
        struct k_completion fired = k_take(&ring);
        ck_assert_int_eq(fired.res & POLLIN, POLLIN);
        ck_assert_uint_eq(fired.flags & IORING_CQE_F_MORE, IORING_CQE_F_MORE);
    }
    ck_assert_uint_eq(k_look(&ring), 0);
    close(fd);
}
END_TEST

START_TEST(writes_between_two_looks_merge_into_one_completion)
{
    int fd = k_eventfd();
    k_poll_add(&ring, 1, fd, POLLIN, IORING_POLL_ADD_MULTI);
    k_submit(&ring, 1);
    for (int i = 0; i < 5; i++)
        k_eventfd_add(fd, 1);
    ck_assert_uint_eq(k_look(&ring), 1);
    close(fd);
}
END_TEST

START_TEST(a_saturated_eventfd_refuses_writes_and_fires_nothing)
{
    int fd = k_eventfd();
    k_eventfd_add(fd, UINT64_MAX - 1);
    k_poll_add(&ring, 1, fd, POLLIN, IORING_POLL_ADD_MULTI);
    k_submit(&ring, 1);
    ck_assert_uint_eq(k_look(&ring), 1);
    k_take(&ring);
    uint64_t one = 1;
    ck_assert_int_eq(write(fd, &one, sizeof(one)), -1);
    ck_assert_int_eq(errno, EAGAIN);
    ck_assert_uint_eq(k_look(&ring), 0);
    ck_assert_int_eq(read(fd, &one, sizeof(one)), sizeof(one));
    k_eventfd_add(fd, 1);
    ck_assert_uint_eq(k_look(&ring), 1);
    close(fd);
}
END_TEST

START_TEST(a_poll_fires_at_once_on_an_eventfd_not_read_and_not_on_one_read)
{
    int fd = k_eventfd();
    uint64_t n = 1;
    k_eventfd_add(fd, 1);
    k_poll_add(&ring, 1, fd, POLLIN, IORING_POLL_ADD_MULTI);
    k_submit(&ring, 1);
    ck_assert_int_eq(k_result(&ring, 1) & POLLIN, POLLIN);
    ck_assert_uint_eq(k_look(&ring), 0);
    ck_assert_int_eq(read(fd, &n, sizeof(n)), sizeof(n));
    k_poll_add(&ring, 2, fd, POLLIN, IORING_POLL_ADD_MULTI);
    k_submit(&ring, 1);
    ck_assert_uint_eq(k_look(&ring), 0);
    close(fd);
}
END_TEST

START_TEST(a_one_shot_poll_is_level_triggered_when_armed_again)
{
    int fds[2];
    char byte;
    k_pipe(fds);
    ck_assert_int_eq(write(fds[1], "abc", 3), 3);
    for (unsigned i = 0; i < 3; i++) {
        k_poll_add(&ring, i, fds[0], POLLIN, 0);
        k_submit(&ring, 1);
        ck_assert_int_eq(k_result(&ring, i), POLLIN);
        ck_assert_int_eq(read(fds[0], &byte, 1), 1);
    }
    k_poll_add(&ring, 9, fds[0], POLLIN, 0);
    k_submit(&ring, 1);
    ck_assert_uint_eq(k_look(&ring), 0);
    k_close_both(fds);
}
END_TEST

START_TEST(a_poll_on_a_bad_descriptor_is_ebadf)
{
    k_poll_add(&ring, 1, -1, POLLIN, 0);
    k_poll_add(&ring, 2, 1000000, POLLIN, IORING_POLL_ADD_MULTI);
    k_submit(&ring, 2);
    ck_assert_int_eq(k_result(&ring, 1), -EBADF);
    ck_assert_int_eq(k_result(&ring, 2), -EBADF);
}
END_TEST

START_TEST(a_regular_file_is_always_ready)
{
    int fd = temp_file_or_fail(1, 0);
    k_poll_add(&ring, 1, fd, POLLIN | POLLOUT, 0);
    k_submit(&ring, 1);
    ck_assert_int_eq(k_result(&ring, 1), POLLIN | POLLOUT);
    close(fd);
}
END_TEST

START_TEST(a_hang_up_does_not_end_a_multishot_poll)
{
    int fds[2];
    k_pipe(fds);
    k_poll_add(&ring, 1, fds[0], POLLIN, IORING_POLL_ADD_MULTI);
    k_submit(&ring, 1);
    close(fds[1]);
    ck_assert_uint_eq(k_look(&ring), 1);
    struct k_completion fired = k_take(&ring);
    ck_assert_int_eq(fired.res, POLLHUP);
    ck_assert_uint_eq(fired.flags & IORING_CQE_F_MORE, IORING_CQE_F_MORE);
    close(fds[0]);
}
END_TEST

START_TEST(a_hang_up_fires_whatever_mask_was_asked_for)
{
    int fds[2];
    k_pipe(fds);
    close(fds[1]);
    k_poll_add(&ring, 1, fds[0], 0, 0);
    k_submit(&ring, 1);
    ck_assert_int_eq(k_result(&ring, 1), POLLHUP);
    close(fds[0]);
}
END_TEST

START_TEST(removing_an_armed_poll_completes_both)
{
    int fd = k_eventfd();
    k_poll_add(&ring, 1, fd, POLLIN, 0);
    k_submit(&ring, 1);
    k_sqe(&ring, 2, IORING_OP_POLL_REMOVE, -1)->addr = 1;
    k_submit(&ring, 1);
    int results[3] = { 1, 1, 1 };
    take_results(results, 2);
    ck_assert_int_eq(results[1], -ECANCELED);
    ck_assert_int_eq(results[2], 0);
    close(fd);
}
END_TEST

START_TEST(removing_an_unknown_poll_is_enoent)
{
    k_sqe(&ring, 1, IORING_OP_POLL_REMOVE, -1)->addr = 77;
    k_submit(&ring, 1);
    ck_assert_int_eq(k_result(&ring, 1), -ENOENT);
}
END_TEST

START_TEST(the_mask_of_an_armed_poll_can_be_changed)
{
    int fds[2];
    k_socketpair(fds);
    k_poll_add(&ring, 1, fds[0], POLLIN, 0);
    k_submit(&ring, 1);
    struct io_uring_sqe *sqe = k_sqe(&ring, 2, IORING_OP_POLL_REMOVE, -1);
    sqe->addr = 1;
    sqe->len = IORING_POLL_UPDATE_EVENTS;
    sqe->poll32_events = POLLOUT;
    k_submit(&ring, 1);
    int results[3] = { -1, -1, -1 };
    take_results(results, 2);
    ck_assert_int_eq(results[1], POLLOUT);
    ck_assert_int_eq(results[2], 0);
    k_close_both(fds);
}
END_TEST

START_TEST(an_armed_poll_keeps_a_closed_file_open)
{
    int fds[2];
    k_pipe(fds);
    k_poll_add(&ring, 1, fds[0], POLLIN, IORING_POLL_ADD_MULTI);
    k_submit(&ring, 1);
    close(fds[0]);
    struct pollfd peer = { .fd = fds[1], .events = POLLOUT };
    ck_assert_int_eq(poll(&peer, 1, 0), 1);
    ck_assert_int_eq(peer.revents & POLLERR, 0); /* the pipe has a reader still */
    ck_assert_int_eq(write(fds[1], "x", 1), 1);
    ck_assert_uint_eq(k_look(&ring), 1);
    ck_assert_int_eq(k_take(&ring).res, POLLIN);
    close(fds[1]);
}
END_TEST

static void queue_timeout(unsigned user_data, struct __kernel_timespec *timeout)
{
    struct io_uring_sqe *sqe = k_sqe(&ring, user_data, IORING_OP_TIMEOUT, -1);
    sqe->addr = (uintptr_t)timeout;
    sqe->len = 1;
}

START_TEST(a_timeout_of_nothing_is_etime_and_a_negative_one_einval)
{
    struct __kernel_timespec zero = { 0, 0 };
    struct __kernel_timespec negative = { -1, 0 };
    queue_timeout(1, &zero);
    k_submit(&ring, 1);
    ck_assert_int_eq(k_result(&ring, 1), -ETIME);
    queue_timeout(2, &negative);
    k_submit(&ring, 1);
    ck_assert_int_eq(k_result(&ring, 2), -EINVAL);
}
END_TEST

START_TEST(absurd_timeouts_are_accepted_without_a_word)
{
    struct __kernel_timespec for_ever = { INT64_MAX, 0 };
    struct __kernel_timespec too_many_ns = { 1000, 2000000000 };
    queue_timeout(1, &for_ever);
    queue_timeout(2, &too_many_ns);
    k_submit(&ring, 2);
    ck_assert_uint_eq(k_look(&ring), 0);
}
END_TEST

START_TEST(a_short_read_breaks_a_chain)
{
    int fd = temp_file_or_fail(100, 0);
    char buf[200];
    k_read(&ring, 1, fd, buf, sizeof(buf), 0);
    ring.sq.sqes[0].flags = IOSQE_IO_LINK;
    k_sqe(&ring, 2, IORING_OP_NOP, -1)->flags = IOSQE_IO_LINK;
    k_sqe(&ring, 3, IORING_OP_NOP, -1);
    k_submit(&ring, 3);
    ck_assert_int_eq(k_result(&ring, 1), 100);
    ck_assert_int_eq(k_result(&ring, 2), -ECANCELED);
    ck_assert_int_eq(k_result(&ring, 3), -ECANCELED);
    close(fd);
}
END_TEST

START_TEST(a_refused_request_in_a_chain_cancels_all_of_it)
{
    k_sqe(&ring, 1, IORING_OP_NOP, -1)->flags = IOSQE_IO_LINK;
    k_sqe(&ring, 2, 255, -1)->flags = IOSQE_IO_LINK;
    k_sqe(&ring, 3, IORING_OP_NOP, -1);
    k_sqe(&ring, 4, IORING_OP_NOP, -1);
    k_submit(&ring, 4);
    int results[5] = { 1, 1, 1, 1, 1 };
    take_results(results, 4);
    ck_assert_int_eq(results[1], -ECANCELED);
    ck_assert_int_eq(results[2], -EINVAL);
    ck_assert_int_eq(results[3], -ECANCELED);
    ck_assert_int_eq(results[4], 0);
}
END_TEST

START_TEST(a_chain_does_not_go_on_behind_its_submit)
{
    int fds[2];
    char byte;
    k_pipe(fds);
    k_read(&ring, 1, fds[0], &byte, 1, -1);
    ring.sq.sqes[0].flags = IOSQE_IO_LINK;
    k_submit(&ring, 1);
    k_sqe(&ring, 2, IORING_OP_NOP, -1);
    k_submit(&ring, 1);
    ck_assert_int_eq(k_result(&ring, 2), 0);
    ck_assert_uint_eq(k_look(&ring), 0);
    k_close_both(fds);
}
END_TEST

static void queue_cancel(unsigned user_data, unsigned target, unsigned flags)
{
    struct io_uring_sqe *sqe = k_sqe(&ring, user_data, IORING_OP_ASYNC_CANCEL, -1);
    sqe->addr = target;
    sqe->cancel_flags = flags;
}

START_TEST(cancelling_a_receive_ends_it_with_ecanceled)
{
    int fds[2];
    char byte;
    k_socketpair(fds);
    struct io_uring_sqe *sqe = k_sqe(&ring, 1, IORING_OP_RECV, fds[0]);
    sqe->addr = (uintptr_t)&byte;
    sqe->len = 1;
    k_submit(&ring, 1);
    queue_cancel(2, 1, 0);
    k_submit(&ring, 1);
    int results[3] = { 1, 1, 1 };
    take_results(results, 2);
    ck_assert_int_eq(results[1], -ECANCELED);
    ck_assert_int_eq(results[2], 0);
    k_close_both(fds);
}
END_TEST

START_TEST(cancelling_what_is_not_there_is_enoent)
{
    queue_cancel(1, 55, 0);
    k_submit(&ring, 1);
    ck_assert_int_eq(k_result(&ring, 1), -ENOENT);
}
END_TEST

START_TEST(cancelling_everything_takes_polls_too)
{
    int fd = k_eventfd();
    k_poll_add(&ring, 1, fd, POLLIN, IORING_POLL_ADD_MULTI);
    k_submit(&ring, 1);
    queue_cancel(2, 0, IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL);
    k_submit(&ring, 1);
    int results[3] = { 0, 0, 0 };
    take_results(results, 2);
    ck_assert_int_eq(results[1], -ECANCELED);
    ck_assert_int_eq(results[2], 1); /* that many were cancelled */
    close(fd);
}
END_TEST

START_TEST(a_page_cached_read_completes_inside_the_submit)
{
    int fd = temp_file_or_fail(4096, 0);
    char buf[4096];
    ck_assert_int_eq(pread(fd, buf, sizeof(buf), 0), sizeof(buf));
    k_read(&ring, 1, fd, buf, sizeof(buf), 0);
    k_submit(&ring, 1);
    ck_assert_uint_eq(io_uring_cq_ready(&ring), 1);
    ck_assert_int_eq(k_take(&ring).res, sizeof(buf));
    close(fd);
}
END_TEST

START_TEST(bad_reads_fail_by_their_completion)
{
    int fd = temp_file_or_fail(4096, 0);
    char buf[16];
    k_read(&ring, 1, -1, buf, sizeof(buf), 0);
    k_read(&ring, 2, fd, buf, sizeof(buf), -2);
    k_read(&ring, 3, fd, NULL, sizeof(buf), 0);
    k_read(&ring, 4, fd, buf, sizeof(buf), INT64_MAX);
    k_submit(&ring, 4);
    ck_assert_int_eq(k_result(&ring, 1), -EBADF);
    ck_assert_int_eq(k_result(&ring, 2), -EINVAL);
    ck_assert_int_eq(k_result(&ring, 3), -EFAULT);
    ck_assert_int_eq(k_result(&ring, 4), -EINVAL);
    close(fd);
}
END_TEST

START_TEST(files_register_once_and_update_by_slot)
{
    int fds[2], nothing = -1;
    k_pipe(fds);
    int slots[3] = { fds[0], -1, fds[1] };
    ck_assert_int_eq(io_uring_unregister_files(&ring), -ENXIO);
    ck_assert_int_eq(io_uring_register_files(&ring, slots, 3), 0);
    ck_assert_int_eq(io_uring_register_files(&ring, slots, 3), -EBUSY);
    ck_assert_int_eq(io_uring_register_files_update(&ring, 0, &nothing, 1), 1);
    ck_assert_int_eq(io_uring_register_files_update(&ring, 3, &nothing, 1), -EINVAL);
    k_sqe(&ring, 1, IORING_OP_READ, 0)->flags = IOSQE_FIXED_FILE;
    k_submit(&ring, 1);
    ck_assert_int_eq(k_result(&ring, 1), -EBADF);
    ck_assert_int_eq(io_uring_unregister_files(&ring), 0);
    k_close_both(fds);
}
END_TEST

START_TEST(buffers_register_once_and_bound_what_uses_them)
{
    int fd = temp_file_or_fail(4096, 0);
    static char mem[8192];
    struct iovec iov = { mem, sizeof(mem) };
    ck_assert_int_eq(io_uring_unregister_buffers(&ring), -ENXIO);
    ck_assert_int_eq(io_uring_register_buffers(&ring, &iov, 1), 0);
    ck_assert_int_eq(io_uring_register_buffers(&ring, &iov, 1), -EBUSY);
    k_read(&ring, 1, fd, mem + 8000, 100, 0);
    k_read(&ring, 2, fd, mem + 8000, 193, 0);
    k_read(&ring, 3, fd, mem, 100, 0);
    for (int i = 0; i < 3; i++)
        ring.sq.sqes[i].opcode = IORING_OP_READ_FIXED;
    ring.sq.sqes[2].buf_index = 1;
    k_submit(&ring, 3);
    ck_assert_int_eq(k_result(&ring, 1), 100);
    ck_assert_int_eq(k_result(&ring, 2), -EFAULT);
    ck_assert_int_eq(k_result(&ring, 3), -EFAULT);
    ck_assert_int_eq(io_uring_unregister_buffers(&ring), 0);
    close(fd);
}
END_TEST

static volatile sig_atomic_t n_sigpipe;

static void count_sigpipe(int signo)
{
    (void)signo;
    n_sigpipe++;
}

/* The send op needs no MSG_NOSIGNAL of ours; write ops on sockets and pipes do raise the signal. */
START_TEST(a_send_to_a_closed_peer_raises_no_signal)
{
    int fds[2];
    struct sigaction action = { .sa_handler = count_sigpipe }, before;
    ck_assert_int_eq(sigaction(SIGPIPE, &action, &before), 0);
    k_socketpair(fds);
    close(fds[1]);
    struct io_uring_sqe *sqe = k_sqe(&ring, 1, IORING_OP_SEND, fds[0]);
    sqe->addr = (uintptr_t)"x";
    sqe->len = 1;
    k_submit(&ring, 1);
    ck_assert_int_eq(k_result(&ring, 1), -EPIPE);
    ck_assert_int_eq(n_sigpipe, 0);
    close(fds[0]);
    ck_assert_int_eq(sigaction(SIGPIPE, &before, NULL), 0);
}
END_TEST

START_TEST(tmpfs_refuses_to_promise_not_to_wait)
{
    int fd = open("/dev/shm", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0)
        test_skip("no tmpfs at /dev/shm");
    char byte = 'x';
    struct iovec iov = { &byte, 1 };
    ck_assert_int_eq(pwritev(fd, &iov, 1, 0), 1);
    ssize_t n = preadv2(fd, &iov, 1, 0, RWF_NOWAIT);
    int err = errno;
    close(fd);
    if (n == 1)
        test_skip("this kernel reads tmpfs without a worker: the library finds that out by the same call");
    ck_assert_int_eq(n, -1);
    ck_assert_int_eq(err, EOPNOTSUPP);
}
END_TEST

START_TEST(statx_tells_the_alignment_of_direct_io)
{
    int fd = temp_file_or_fail(4096, 0);
    struct statx info;
    memset(&info, 0, sizeof(info));
    int rc = statx(fd, "", AT_EMPTY_PATH, 0x2000u /* STATX_DIOALIGN */, &info);
    close(fd);
    ck_assert_int_eq(rc, 0);
    if ((info.stx_mask & 0x2000u) == 0)
        test_skip("no STATX_DIOALIGN here: the library takes the logical block size");
}
END_TEST

static void add_polls(Suite *suite)
{
    TCase *tc = case_of(suite, "polls");
    tcase_add_checked_fixture(tc, open_ring, close_ring);
    tcase_add_test(tc, a_multishot_poll_has_no_level_mode);
    tcase_add_test(tc, a_multishot_poll_fires_for_each_write_to_an_eventfd_never_read);
    tcase_add_test(tc, writes_between_two_looks_merge_into_one_completion);
    tcase_add_test(tc, a_saturated_eventfd_refuses_writes_and_fires_nothing);
    tcase_add_test(tc, a_poll_fires_at_once_on_an_eventfd_not_read_and_not_on_one_read);
    tcase_add_test(tc, a_one_shot_poll_is_level_triggered_when_armed_again);
    tcase_add_test(tc, a_poll_on_a_bad_descriptor_is_ebadf);
    tcase_add_test(tc, a_regular_file_is_always_ready);
    tcase_add_test(tc, a_hang_up_does_not_end_a_multishot_poll);
    tcase_add_test(tc, a_hang_up_fires_whatever_mask_was_asked_for);
    tcase_add_test(tc, removing_an_armed_poll_completes_both);
    tcase_add_test(tc, removing_an_unknown_poll_is_enoent);
    tcase_add_test(tc, the_mask_of_an_armed_poll_can_be_changed);
    tcase_add_test(tc, an_armed_poll_keeps_a_closed_file_open);
}

static void add_requests(Suite *suite)
{
    TCase *tc = case_of(suite, "requests");
    tcase_add_checked_fixture(tc, open_ring, close_ring);
    tcase_add_test(tc, a_timeout_of_nothing_is_etime_and_a_negative_one_einval);
    tcase_add_test(tc, absurd_timeouts_are_accepted_without_a_word);
    tcase_add_test(tc, a_short_read_breaks_a_chain);
    tcase_add_test(tc, a_refused_request_in_a_chain_cancels_all_of_it);
    tcase_add_test(tc, a_chain_does_not_go_on_behind_its_submit);
    tcase_add_test(tc, cancelling_a_receive_ends_it_with_ecanceled);
    tcase_add_test(tc, cancelling_what_is_not_there_is_enoent);
    tcase_add_test(tc, cancelling_everything_takes_polls_too);
    tcase_add_test(tc, a_page_cached_read_completes_inside_the_submit);
    tcase_add_test(tc, bad_reads_fail_by_their_completion);
    tcase_add_test(tc, files_register_once_and_update_by_slot);
    tcase_add_test(tc, buffers_register_once_and_bound_what_uses_them);
    tcase_add_test(tc, a_send_to_a_closed_peer_raises_no_signal);
    tcase_add_test(tc, tmpfs_refuses_to_promise_not_to_wait);
    tcase_add_test(tc, statx_tells_the_alignment_of_direct_io);
}

static void add(Suite *suite)
{
    add_polls(suite);
    add_requests(suite);
}

int main(void)
{
    if (tests_run_under_valgrind())
        return k_skip_under_valgrind();
    return suite_main("kernel_io", add);
}
