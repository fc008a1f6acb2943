/* SPDX-License-Identifier: MIT */
/*
 * Older kernels, and what no kernel does on demand, by way of the seam: flags, opcodes and multishot polls that are not
 * known, waits without a deadline, completions that were lost, an eventfd that is gone.
 */
#include <fcntl.h>

#include <liburing.h>

#include "loop.h"
#include "op_support.h"
#include "seam_real.h"

#define MULTISHOT_FLAGS_INVALID 0x80000000u

static struct seam *answers;
static struct io_uring *ring_made; /* the latest */
static atomic_int n_multishots, n_ppolls, n_interrupted;
static unsigned opcode_missing;

static int note_ring(unsigned entries, struct io_uring *uring, struct io_uring_params *params)
{
    ring_made = uring;
    return seam_real.ring_setup(entries, uring, params);
}

/* As Linux 5.6 does: no set-up flags but the size of the completion queue, and no deadline in a wait. */
static int old_ring(unsigned entries, struct io_uring *uring, struct io_uring_params *params)
{
    int err;

    if (params->flags & ~IORING_SETUP_CQSIZE)
        return -EINVAL;
    err = note_ring(entries, uring, params);
    params->features &= ~(unsigned)(IORING_FEAT_EXT_ARG | IORING_FEAT_NO_IOWAIT);
    return err;
}

/* Multishot polls get a flag that the kernel refuses by -EINVAL, as it did all their flags before Linux 5.13. */
static int enter_without_multishots(unsigned fd, unsigned n, unsigned n_wait, unsigned flags, void *arg, size_t bytes)
{
    const struct io_uring_sq *sq = &ring_made->sq;
    for (unsigned i = *sq->khead; i != *sq->ktail; i++) {
        struct io_uring_sqe *sqe = &sq->sqes[i & *sq->kring_mask];
        if (sqe->opcode == IORING_OP_POLL_ADD && sqe->len & IORING_POLL_ADD_MULTI) {
            sqe->len |= MULTISHOT_FLAGS_INVALID;
            atomic_fetch_add(&n_multishots, 1);
        }
    }
    return seam_real.ring_enter(fd, n, n_wait, flags, arg, bytes);
}

static int counting_ppoll(int fd, const struct timespec *timeout)
{
    atomic_fetch_add(&n_ppolls, timeout != NULL);
    return seam_real.ring_poll(fd, timeout);
}

/* To a probe: that opcode is not there. */
static int register_without_opcode(struct io_uring *uring, unsigned opcode, const void *arg, unsigned n)
{
    int ret = seam_real.ring_register(uring, opcode, arg, n);
    if (opcode == IORING_REGISTER_PROBE && ret == 0) {
        struct io_uring_probe *probe = (struct io_uring_probe *)(uintptr_t)arg;
        probe->ops[opcode_missing].flags = 0;
    }
    return ret;
}

/* A number that is none of a descriptor. */
static int eventfd_that_is_gone(void)
{
    int fd = seam_real.eventfd_open();
    int high = fcntl(fd, F_DUPFD_CLOEXEC, 500);
    close(fd);
    close(high);
    return high;
}

static ssize_t interrupted_write(int fd, uint64_t value)
{
    if (atomic_fetch_add(&n_interrupted, 1) % 2 == 0) {
        errno = EINTR;
        return -1;
    }
    return seam_real.eventfd_write(fd, value);
}

static ssize_t failing_write(int fd, uint64_t value)
{
    (void)fd, (void)value;
    errno = EBADF;
    return -1;
}

static void answer_as_the_kernel(void)
{
    answers = seam_answers_anew();
    answers->ring_setup = note_ring;
}

static void must_be_woken_when_asleep(struct lariat_iothread *iothread, uint64_t times)
{
    struct lariat_loop *its_loop = lariat_iothread_loop(iothread);
    while (stats_of(its_loop).notify_wakeups < times) { /* a call may find it awake */
        call_or_fail(its_loop, do_nothing, NULL);
        sched_yield();
    }
}

START_TEST(without_multishot_polls_a_loop_is_woken_as_often)
{
    answer_as_the_kernel();
    answers->ring_enter = enter_without_multishots;
    struct lariat_iothread *iothread = iothread_with_window_or_fail("io0", 0);
    must_be_woken_when_asleep(iothread, 20);
    lariat_iothread_destroy(iothread);
    ck_assert_int_eq(atomic_load(&n_multishots), 1); /* it tried once */
}
END_TEST

static void *notify_it(void *opaque)
{
    lariat_loop_notify(opaque);
    return NULL;
}

/* Each one-shot poll fires at once if the eventfd has not been read. */
START_TEST(without_multishot_polls_a_wake_up_wakes_once)
{
    struct lariat_timer timer;
    int fired = 0;
    answer_as_the_kernel();
    answers->ring_enter = enter_without_multishots;
    loop = loop_with_window_or_fail(0);
    poll_until_quiet(loop);
    notify_raise(&loop->notify); /* as in its sleep */
    join_or_fail(thread_or_fail(notify_it, loop));
    ck_assert_uint_eq(stats_of(loop).eventfd_writes, 1);
    lariat_timer_init(&timer, loop, count_up, &fired);
    lariat_timer_set_ns(&timer, lariat_now_ns() + 20000000);
    poll_until(loop, &fired, 1);
    ck_assert_uint_lt(stats_of(loop).iterations, 20);
    close_loop();
}
END_TEST

START_TEST(a_kernel_that_knows_no_flags_is_waited_for_in_ppoll)
{
    answer_as_the_kernel();
    answers->ring_setup = old_ring;
    answers->ring_poll = counting_ppoll;
    open_loop();
    struct lariat_timer timer;
    int fired = 0;
    const int64_t due_ns = lariat_now_ns() + 2000000;
    ck_assert_uint_eq(stats_of(loop).setup_flags, IORING_SETUP_CQSIZE);
    lariat_timer_init(&timer, loop, count_up, &fired);
    lariat_timer_set_ns(&timer, due_ns);
    poll_until(loop, &fired, 1);
    ck_assert_int_ge(lariat_now_ns(), due_ns);
    ck_assert_int_gt(atomic_load(&n_ppolls), 0);
    close_loop();
}
END_TEST

START_TEST(a_kernel_that_knows_no_flags_wakes_an_iothread)
{
    answer_as_the_kernel();
    answers->ring_setup = old_ring;
    struct lariat_iothread *iothread = iothread_with_window_or_fail("io0", 0);
    must_be_woken_when_asleep(iothread, 20);
    lariat_iothread_destroy(iothread);
}
END_TEST

START_TEST(ops_that_this_kernel_lacks_are_eopnotsupp_and_others_work)
{
    answer_as_the_kernel();
    opcode_missing = IORING_OP_FALLOCATE;
    answers->ring_register = register_without_opcode;
    open_loop();
    int fd = temp_file_or_fail(0, 0);
    struct counted_op op;
    counted_op_init(&op);
    lariat_fallocate(loop, &op.op, fd, 0, 0, 4096);
    ck_assert_int_eq(result(&op), -EOPNOTSUPP);
    lariat_fsync(loop, &op.op, fd, false);
    ck_assert_int_eq(result(&op), 0);
    close_loop();
    close(fd);
}
END_TEST

START_TEST(completions_that_the_kernel_lost_are_counted_once)
{
    if (tests_run_under_valgrind())
        test_skip("a loop that waits in ppoll() looks at that counter only when it asks for completions");
    answer_as_the_kernel();
    open_loop();
    struct lariat_timer timer;
    int fired = 0;
    __atomic_fetch_add(ring_made->cq.koverflow, 3, __ATOMIC_RELAXED);
    for (int round = 1; round <= 2; round++) {
        lariat_timer_init(&timer, loop, count_up, &fired);
        lariat_timer_set_ns(&timer, lariat_now_ns() + 1000000);
        poll_until(loop, &fired, round);
        ck_assert_uint_eq(stats_of(loop).cq_dropped, 3);
    }
    close_loop();
}
END_TEST

START_TEST(a_loop_that_nobody_can_wake_ends_with_ebadf)
{
    answer_as_the_kernel();
    answers->eventfd_open = eventfd_that_is_gone;
    open_loop();
    int n = 0, ret;
    while ((ret = lariat_loop_poll(loop, true)) >= 0)
        ck_assert_int_lt(++n, 100);
    ck_assert_int_eq(ret, -EBADF);
    close_loop();
}
END_TEST

START_TEST(an_interrupted_wake_up_is_sent_again)
{
    answer_as_the_kernel();
    answers->eventfd_write = interrupted_write;
    struct lariat_iothread *iothread = iothread_with_window_or_fail("io0", 0);
    must_be_woken_when_asleep(iothread, 5);
    lariat_iothread_destroy(iothread);
}
END_TEST

START_TEST(a_wake_up_that_fails_leaves_errno_alone)
{
    uint64_t n_writes = 0, value;
    struct notify notify;
    answer_as_the_kernel();
    answers->eventfd_write = failing_write;
    ck_assert_int_eq(notify_init(&notify, &n_writes), 0);
    notify_raise(&notify);
    ck_assert(notify_enter(&notify));
    errno = ENOENT;
    notify_leave(&notify);
    ck_assert_int_eq(errno, ENOENT);
    ck_assert_uint_eq(atomic_load(&notify.me), 0);
    ck_assert_int_eq(seam_real.eventfd_read(notify.fd, &value), -1);
    notify_exit(&notify);
}
END_TEST

static void add(Suite *suite)
{
    TCase *tc = case_of(suite, "old kernel");
    tcase_add_test(tc, without_multishot_polls_a_loop_is_woken_as_often);
    tcase_add_test(tc, without_multishot_polls_a_wake_up_wakes_once);
    tcase_add_test(tc, a_kernel_that_knows_no_flags_is_waited_for_in_ppoll);
    tcase_add_test(tc, a_kernel_that_knows_no_flags_wakes_an_iothread);
    tcase_add_test(tc, ops_that_this_kernel_lacks_are_eopnotsupp_and_others_work);
    tcase_add_test(tc, completions_that_the_kernel_lost_are_counted_once);
    tcase_add_test(tc, a_loop_that_nobody_can_wake_ends_with_ebadf);
    tcase_add_test(tc, an_interrupted_wake_up_is_sent_again);
    tcase_add_test(tc, a_wake_up_that_fails_leaves_errno_alone);
}

int main(void)
{
    return suite_main("old kernel", add);
}
