/* SPDX-License-Identifier: MIT */
/* The seam itself: what a test answers there is what the library sees, and with the kernel behind it nothing differs. */
#include "support.h"

#include <errno.h>

#include "loop.h"
#include "seam_real.h"

static struct seam *answers;
static int n_enters, n_reads_of_clock, n_writes;
static int64_t clock_ns;
static atomic_int n_yields, n_freed, in_write, n_closed, closed_before_write;

static int counting_enter(unsigned fd, unsigned to_submit, unsigned min_complete, unsigned flags, void *arg, size_t bytes)
{
    n_enters++;
    return seam_real.ring_enter(fd, to_submit, min_complete, flags, arg, bytes);
}

static int64_t stopped_clock(void)
{
    n_reads_of_clock++;
    return clock_ns;
}

static int no_eventfd(void)
{
    return -ENFILE;
}

static int no_ring(unsigned entries, struct io_uring *uring, struct io_uring_params *params)
{
    (void)entries, (void)uring, (void)params;
    return -EPERM;
}

static int no_thread(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *), void *opaque)
{
    (void)thread, (void)attr, (void)fn, (void)opaque;
    return EAGAIN;
}

static ssize_t counting_write(int fd, uint64_t value)
{
    n_writes++;
    return seam_real.eventfd_write(fd, value);
}

static void counting_yield(void)
{
    atomic_fetch_add(&n_yields, 1);
    seam_real.yield();
}

START_TEST(what_the_seam_refuses_reaches_the_creator)
{
    struct lariat_loop *loop = NULL;
    struct lariat_iothread *iothread = NULL;
    const int fds = count_fds();
    answers = seam_answers_anew();
    answers->eventfd_open = no_eventfd;
    ck_assert_int_eq(lariat_loop_new(NULL, &loop), -ENFILE);
    answers = seam_answers_anew();
    answers->ring_setup = no_ring;
    ck_assert_int_eq(lariat_loop_new(NULL, &loop), -EPERM);
    answers = seam_answers_anew();
    answers->thread_create = no_thread;
    ck_assert_int_eq(lariat_iothread_new("io0", NULL, &iothread), -EAGAIN);
    ck_assert_int_eq(count_fds(), fds);
}
END_TEST

START_TEST(each_enter_goes_through_the_seam)
{
    answers = seam_answers_anew();
    answers->ring_enter = counting_enter;
    struct lariat_loop *loop = loop_with_window_or_fail(0);
    struct counted_op op;
    counted_op_init(&op);
    const int n_before = n_enters;
    const uint64_t enters_before = stats_of(loop).enters;
    lariat_nop(loop, &op.op);
    poll_until(loop, &op.done, 1);
    ck_assert_int_eq(op.res, 0);
    ck_assert_uint_eq(stats_of(loop).enters - enters_before, (uint64_t)(n_enters - n_before));
    ck_assert_int_gt(n_enters, n_before);
    loop_done(loop);
}
END_TEST

START_TEST(the_clock_of_the_seam_is_the_library_s)
{
    answers = seam_answers_anew();
    answers->now_ns = stopped_clock;
    struct lariat_loop *loop = loop_with_window_or_fail(0);
    struct lariat_timer timer;
    int fired = 0;
    clock_ns = 1000;
    ck_assert_int_eq(lariat_now_ns(), 1000);
    lariat_timer_init(&timer, loop, count_up, &fired);
    lariat_timer_set_ns(&timer, 2000);
    poll_until_quiet(loop);
    ck_assert_int_eq(fired, 0);
    clock_ns = 1999;
    poll_until_quiet(loop);
    ck_assert_int_eq(fired, 0);
    clock_ns = 2000;
    poll_until_quiet(loop);
    ck_assert_int_eq(fired, 1);
    loop_done(loop);
}
END_TEST

START_TEST(an_iothread_is_woken_through_the_seam)
{
    answers = seam_answers_anew();
    answers->eventfd_write = counting_write;
    struct lariat_iothread *iothread = iothread_with_window_or_fail("io0", 0);
    atomic_int ran = 0;
    while (n_writes == 0) { /* it may have been awake */
        call_or_fail(lariat_iothread_loop(iothread), count_up_atomic, &ran);
        sched_yield();
    }
    ck_assert_int_gt(atomic_load(&ran), 0);
    lariat_iothread_destroy(iothread);
}
END_TEST

static void *give_back(void *opaque)
{
    lariat_loop_unref(opaque);
    atomic_fetch_add(&n_freed, 1);
    return NULL;
}

/* It has entered, and is about to find that the loop is closed. */
START_TEST(a_loop_is_not_freed_as_long_as_a_producer_that_is_refused_is_inside)
{
    answers = seam_answers_anew();
    answers->yield = counting_yield;
    struct lariat_loop *loop = loop_or_fail();
    ck_assert_int_eq(lariat_loop_close(loop), 0);
    atomic_fetch_add(&loop->notify.me, NOTIFY_ONE);
    const int n_before = atomic_load(&n_yields);
    pthread_t thread = thread_or_fail(give_back, loop);
    while (atomic_load(&n_yields) < n_before + 3 && atomic_load(&n_freed) == 0)
        sched_yield();
    ck_assert_int_eq(atomic_load(&n_freed), 0);
    atomic_fetch_sub(&loop->notify.me, NOTIFY_ONE);
    join_or_fail(thread);
    ck_assert_int_eq(atomic_load(&n_freed), 1);
}
END_TEST

/* Held up just before its write, until the owner waits for it, or has gone on and closed the eventfd. */
static ssize_t write_held_up(int fd, uint64_t value)
{
    atomic_store(&n_yields, 0);
    atomic_store(&in_write, 1);
    while (atomic_load(&n_yields) < 3 && atomic_load(&n_closed) == 0)
        sched_yield();
    atomic_store(&closed_before_write, atomic_load(&n_closed));
    return atomic_load(&n_closed) ? (ssize_t)sizeof(value) : seam_real.eventfd_write(fd, value);
}

static void counting_close(int fd)
{
    atomic_fetch_add(&n_closed, 1);
    seam_real.eventfd_close(fd);
}

static void *schedule(void *opaque)
{
    (void)lariat_bh_schedule(opaque);
    return NULL;
}

/* Row 39 of the list of faults. */
START_TEST(the_eventfd_is_not_closed_before_a_producer_that_took_the_bit_has_written_it)
{
    answers = seam_answers_anew();
    answers->yield = counting_yield;
    answers->eventfd_write = write_held_up;
    answers->eventfd_close = counting_close;
    struct lariat_loop *loop = loop_to_embed_or_fail();
    int ran = 0;
    int64_t timeout_ns;
    struct lariat_bh *bh = bh_or_fail(loop, count_up, &ran);
    ck_assert_int_eq(lariat_loop_prepare(loop, &timeout_ns), 0);
    pthread_t thread = thread_or_fail(schedule, bh);
    wait_for(&in_write, 1);
    ck_assert_int_eq(lariat_loop_close(loop), 0);
    join_or_fail(thread);
    ck_assert_int_eq(atomic_load(&closed_before_write), 0);
    ck_assert_int_eq(ran, 1);
    lariat_bh_delete(bh);
    lariat_loop_unref(loop);
}
END_TEST

static void add(Suite *suite)
{
    TCase *tc = case_of(suite, "seam");
    tcase_add_test(tc, what_the_seam_refuses_reaches_the_creator);
    tcase_add_test(tc, each_enter_goes_through_the_seam);
    tcase_add_test(tc, the_clock_of_the_seam_is_the_library_s);
    tcase_add_test(tc, an_iothread_is_woken_through_the_seam);
    tcase_add_test(tc, the_eventfd_is_not_closed_before_a_producer_that_took_the_bit_has_written_it);
    tcase_add_test(tc, a_loop_is_not_freed_as_long_as_a_producer_that_is_refused_is_inside);
}

int main(void)
{
    return suite_main("seam", add);
}
