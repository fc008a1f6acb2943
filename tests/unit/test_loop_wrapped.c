/* SPDX-License-Identifier: MIT */
/*
 * What no kernel answers on demand: a submission refused or cut short, no memory. The calls io_uring_enter2(),
 * aligned_alloc() and mmap() of the library come here first, by the linker's --wrap.
 */
#include <sys/mman.h>

#include <liburing.h>

#include "fork.h"
#include "loop.h"
#include "op_support.h"

#define ENTER_NO_IOWAIT (1u << 7) /* not in the header of liburing 2.3 */

static struct {
    int n_refused;       /* submissions yet to be refused */
    unsigned most;       /* SQEs that one call may submit; 0: any number */
    atomic_int n_cut;    /* calls that were held to that */
    unsigned wait_flags; /* of the latest call that waited */
    bool no_iowait;      /* the kernel takes that flag */
} kernel = { .no_iowait = true };
static bool no_memory, no_pages;

int __real_io_uring_enter2(unsigned fd, unsigned n, unsigned n_wait, unsigned flags, void *arg, size_t arg_bytes);
int __wrap_io_uring_enter2(unsigned fd, unsigned n, unsigned n_wait, unsigned flags, void *arg, size_t arg_bytes);
void *__real_aligned_alloc(size_t align, size_t size);
void *__wrap_aligned_alloc(size_t align, size_t size);
void *__real_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset);
void *__wrap_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset);

int __wrap_io_uring_enter2(unsigned fd, unsigned n, unsigned n_wait, unsigned flags, void *arg, size_t arg_bytes)
{
    if (n && kernel.n_refused > 0) {
        kernel.n_refused--;
        return -EAGAIN;
    }
    if (kernel.most && n > kernel.most) {
        n = kernel.most;
        n_wait = 0;
        atomic_fetch_add(&kernel.n_cut, 1);
    }
    if (n_wait)
        kernel.wait_flags = flags;
    return __real_io_uring_enter2(fd, n, n_wait, kernel.no_iowait ? flags : flags & ~ENTER_NO_IOWAIT, arg, arg_bytes);
}

void *__wrap_aligned_alloc(size_t align, size_t size)
{
    return no_memory ? NULL : __real_aligned_alloc(align, size);
}

void *__wrap_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset)
{
    if (!no_pages)
        return __real_mmap(addr, len, prot, flags, fd, offset);
    errno = ENOMEM;
    return MAP_FAILED;
}

START_TEST(a_link_refused_for_want_of_room_takes_those_behind_it_along)
{
    if (tests_run_with("sqpoll"))
        test_skip("with an SQ thread no call submits");
    struct lariat_loop_options opts = LARIAT_LOOP_OPTIONS_INIT;
    struct counted_op ops[6];
    static const int expected[] = { 0, 0, -EAGAIN, -ECANCELED, -ECANCELED, 0 };
    opts.sq_entries = 2;
    opts.cq_entries = 8;
    loop = loop_with_options_or_fail(&opts);
    counted_ops_init(ops, 6);
    poll_until_quiet(loop);
    for (int i = 0; i < 6; i++) {
        if (i == 2) {
            kernel.n_refused = 2; /* the queue is full, and cannot be emptied */
            ops[2].op.flags = ops[3].op.flags = LARIAT_OP_LINK;
        }
        lariat_nop(loop, &ops[i].op);
        if (i == 2)
            kernel.n_refused = 0;
    }
    for (int i = 0; i < 6; i++)
        ck_assert_msg(result(&ops[i]) == expected[i], "op %d: %d", i, ops[i].res);
    close_loop();
}
END_TEST

/* A full read of 6 bytes from a pipe, of which 3 have come, in a loop whose queue is full and cannot be emptied. */
static void park_a_read(struct counted_op *read, struct counted_op *nop, char *buf, const int fds[2])
{
    struct lariat_loop_options opts = LARIAT_LOOP_OPTIONS_INIT;
    opts.sq_entries = 1;
    opts.cq_entries = 8;
    loop = loop_with_options_or_fail(&opts);
    counted_op_init(read);
    counted_op_init(nop);
    read->op.flags = LARIAT_OP_FULL;
    lariat_read(loop, &read->op, fds[0], buf, 6, -1);
    poll_until_quiet(loop);
    write_or_fail(fds[1], "abc", 3);
    while (!ring_cq_ready(&loop->ring))
        ck_assert_int_eq(ring_get_events(&loop->ring), 0);
    lariat_nop(loop, &nop->op);
    kernel.n_refused = 2; /* by the iteration, and for the rest of the read */
    ck_assert_int_eq(lariat_loop_poll(loop, false), 0);
    ck_assert_int_eq(kernel.n_refused, 0);
    ck_assert_ptr_eq(loop->parked, &read->op);
}

START_TEST(the_rest_of_a_full_read_that_found_no_room_is_queued_later)
{
    struct counted_op read, nop;
    char buf[6] = "";
    int fds[2];
    pipe_or_fail(fds);
    park_a_read(&read, &nop, buf, fds);
    write_or_fail(fds[1], "def", 3);
    ck_assert_int_eq(result(&read), 6);
    ck_assert_mem_eq(buf, "abcdef", 6);
    ck_assert_int_eq(nop.done, 1);
    close_loop();
    close_both(fds);
}
END_TEST

START_TEST(the_rest_of_a_full_read_that_finds_no_room_again_stays_queued)
{
    struct counted_op read, nop;
    char buf[6] = "";
    int fds[2];
    pipe_or_fail(fds);
    park_a_read(&read, &nop, buf, fds);
    kernel.n_refused = 1; /* the first thing that the next iteration does is to make room */
    ck_assert_int_ge(lariat_loop_poll(loop, false), 0);
    ck_assert_int_eq(kernel.n_refused, 0);
    write_or_fail(fds[1], "def", 3);
    ck_assert_int_eq(result(&read), 6);
    ck_assert_mem_eq(buf, "abcdef", 6);
    close_loop();
    close_both(fds);
}
END_TEST

/* The kernel does not have it, so a request to cancel finds nothing; it is made again when the kernel has. */
START_TEST(a_full_read_that_found_no_room_can_be_cancelled)
{
    struct counted_op read, nop;
    char buf[6] = "";
    int fds[2];
    pipe_or_fail(fds);
    park_a_read(&read, &nop, buf, fds);
    kernel.n_refused = 1;
    ck_assert_int_eq(lariat_op_cancel(loop, &read.op), -EAGAIN);
    ck_assert_int_eq(lariat_op_cancel(loop, &read.op), 0);
    ck_assert_int_eq(result(&read), -ECANCELED);
    ck_assert_int_eq(nop.done, 1);
    close_loop();
    close_both(fds);
}
END_TEST

/* The flags of a sleep while a read from a pipe is under way; with an offset that counts as storage. */
static unsigned flags_of_a_wait_for(int64_t offset)
{
    struct lariat_loop *own = loop_with_window_or_fail(0);
    struct counted_op op;
    struct lariat_timer timer;
    int fds[2], fired = 0;
    char byte;
    counted_op_init(&op);
    pipe_or_fail(fds);
    kernel.no_iowait = own->ring.no_iowait;
    own->ring.no_iowait = true;
    lariat_read(own, &op.op, fds[0], &byte, 1, offset);
    lariat_timer_init(&timer, own, count_up, &fired);
    lariat_timer_set_ns(&timer, lariat_now_ns() + 1000000);
    kernel.wait_flags = 0;
    poll_until(own, &fired, 1);
    ck_assert_uint_ne(kernel.wait_flags & IORING_ENTER_GETEVENTS, 0);
    write_or_fail(fds[1], "x", 1);
    poll_until(own, &op.done, 1);
    loop_done(own);
    close_both(fds);
    return kernel.wait_flags;
}

START_TEST(only_a_wait_for_storage_counts_as_one)
{
    if (tests_run_under_valgrind())
        test_skip("under valgrind no loop sleeps in io_uring_enter");
    ck_assert_uint_ne(flags_of_a_wait_for(-1) & ENTER_NO_IOWAIT, 0);
    ck_assert_uint_eq(flags_of_a_wait_for(0) & ENTER_NO_IOWAIT, 0);
}
END_TEST

START_TEST(a_wait_after_storage_is_done_does_not_count_as_one)
{
    struct counted_op op;
    struct lariat_timer timer;
    int fired = 0, fd = temp_file_or_fail(1, 0);
    if (tests_run_under_valgrind())
        test_skip("under valgrind no loop sleeps in io_uring_enter");
    loop = loop_with_window_or_fail(0);
    counted_op_init(&op);
    lariat_fsync(loop, &op.op, fd, true); /* the short way */
    ck_assert_int_eq(result(&op), 0);
    ck_assert_uint_eq(loop->n_storage, 0);
    kernel.no_iowait = loop->ring.no_iowait;
    loop->ring.no_iowait = true;
    lariat_timer_init(&timer, loop, count_up, &fired);
    lariat_timer_set_ns(&timer, lariat_now_ns() + 1000000);
    poll_until(loop, &fired, 1);
    ck_assert_uint_ne(kernel.wait_flags & ENTER_NO_IOWAIT, 0);
    close_loop();
    close(fd);
}
END_TEST

/* A hint of the kernel that stays: nobody takes it back. */
static void hint_for_ever(void)
{
    __atomic_fetch_or(loop->ring.sq_kflags, IORING_SQ_CQ_OVERFLOW, __ATOMIC_RELAXED);
}

/* How many system calls a wait of 10 ms makes. */
static uint64_t enters_in_a_wait(void)
{
    struct lariat_timer timer;
    int fired = 0;
    poll_until_quiet(loop);
    hint_for_ever();
    const uint64_t before = stats_of(loop).enters;
    lariat_timer_init(&timer, loop, count_up, &fired);
    lariat_timer_set_ns(&timer, lariat_now_ns() + 10000000);
    poll_until(loop, &fired, 1);
    ck_assert(ring_hinted(&loop->ring));
    return stats_of(loop).enters - before;
}

START_TEST(a_stale_hint_keeps_nobody_from_sleeping)
{
    loop = loop_with_window_or_fail(0);
    ck_assert_uint_lt(enters_in_a_wait(), 10);
    close_loop();
}
END_TEST

START_TEST(a_stale_hint_is_obeyed_once_in_a_spin)
{
    loop = loop_with_window_or_fail(100000000);
    loop->window_ns = 100000000;
    ck_assert_uint_lt(enters_in_a_wait(), 10);
    ck_assert_uint_gt(stats_of(loop).spin_ns, 5000000);
    close_loop();
}
END_TEST

static void *notify_once_cut(void *opaque)
{
    if (waited_for(&kernel.n_cut, 1))
        lariat_loop_notify(opaque);
    return NULL;
}

/* The wake-up poll is among what was left over: asleep without it, the loop would not be woken. */
START_TEST(a_loop_that_sleeps_in_poll_first_submits_all)
{
    if (tests_run_with("sqpoll"))
        test_skip("with an SQ thread no call submits");
    struct lariat_loop *own = loop_to_embed_or_fail();
    struct counted_op op;
    int fds[2];
    char byte;
    counted_op_init(&op);
    socketpair_or_fail(fds);
    own->ring.wait_by_poll = true;
    lariat_recv(own, &op.op, fds[0], &byte, 1, 0);
    atomic_store(&kernel.n_cut, 0);
    kernel.most = 1;
    pthread_t thread = thread_or_fail(notify_once_cut, own);
    ck_assert_int_eq(lariat_loop_poll(own, true), 0);
    join_or_fail(thread);
    ck_assert_int_ge(atomic_load(&kernel.n_cut), 1);
    kernel.most = 0;
    loop_done(own);
    ck_assert_int_eq(op.res, -ECANCELED);
    close_both(fds);
}
END_TEST

START_TEST(a_loop_that_sleeps_in_poll_wakes_for_its_timer)
{
    struct lariat_timer timer;
    int fired = 0;
    loop = loop_with_window_or_fail(0);
    loop->ring.wait_by_poll = true;
    const int64_t due_ns = lariat_now_ns() + 20000000;
    lariat_timer_init(&timer, loop, count_up, &fired);
    lariat_timer_set_ns(&timer, due_ns);
    poll_until(loop, &fired, 1);
    ck_assert_int_ge(lariat_now_ns(), due_ns);
    ck_assert_uint_lt(stats_of(loop).iterations, 10);
    close_loop();
}
END_TEST

START_TEST(a_timer_set_before_all_time_is_due_where_deadlines_are_relative)
{
    static const int64_t times[] = { INT64_MIN, INT64_MIN + 1, -1, 0 };
    loop = loop_with_window_or_fail(0);
    loop->ring.abs_timer = false;
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        struct lariat_timer timer;
        int fired = 0;
        lariat_timer_init(&timer, loop, count_up, &fired);
        lariat_timer_set_ns(&timer, times[i]);
        poll_until(loop, &fired, 1);
    }
    close_loop();
}
END_TEST

static void cancel_timer(void *opaque)
{
    lariat_timer_cancel(opaque);
}

/* With no room in the heap but that of the one cancelled, which the far one gets when the due one is about to run. */
START_TEST(a_timer_run_for_want_of_memory_may_cancel_one_that_has_just_got_its_place)
{
    enum { N = 64 };
    struct lariat_timer timers[N], due, far;
    int fired = 0, n_far = 0;
    open_loop();
    for (int i = 0; i < N; i++) {
        lariat_timer_init(&timers[i], loop, count_up, &fired);
        lariat_timer_set_ns(&timers[i], lariat_now_ns() + 2000000);
    }
    no_memory = true;
    lariat_timer_init(&due, loop, cancel_timer, &far);
    lariat_timer_init(&far, loop, count_up, &n_far);
    lariat_timer_set_ns(&due, lariat_now_ns());
    lariat_timer_set_ns(&far, lariat_now_ns() + INT64_C(3600000000000));
    lariat_timer_cancel(&timers[N - 1]);
    poll_until(loop, &fired, N - 1);
    no_memory = false;
    poll_until_quiet(loop);
    ck_assert_int_eq(fired, N - 1);
    ck_assert_int_eq(n_far, 0);
    ck_assert_uint_eq(stats_of(loop).timers_fired, N);
    close_loop();
}
END_TEST

static int make_without_mmap(void *opaque)
{
    struct lariat_loop *own = NULL;
    (void)opaque;
    fork_generation_page = NULL; /* as in a process that never had a loop */
    no_pages = true;
    child_require(lariat_loop_new(NULL, &own) == -ENOMEM);
    child_require(own == NULL);
    no_pages = false;
    child_require(lariat_loop_new(NULL, &own) == 0);
    child_require(lariat_loop_close(own) == 0);
    lariat_loop_unref(own);
    return 0;
}

START_TEST(a_loop_is_enomem_where_no_page_can_be_mapped)
{
    must_succeed_in_child(make_without_mmap, NULL);
}
END_TEST

static void add(Suite *suite)
{
    TCase *tc = case_of(suite, "wrapped");
    tcase_add_test(tc, a_link_refused_for_want_of_room_takes_those_behind_it_along);
    tcase_add_test(tc, the_rest_of_a_full_read_that_found_no_room_is_queued_later);
    tcase_add_test(tc, the_rest_of_a_full_read_that_finds_no_room_again_stays_queued);
    tcase_add_test(tc, a_full_read_that_found_no_room_can_be_cancelled);
    tcase_add_test(tc, only_a_wait_for_storage_counts_as_one);
    tcase_add_test(tc, a_wait_after_storage_is_done_does_not_count_as_one);
    tcase_add_test(tc, a_stale_hint_keeps_nobody_from_sleeping);
    tcase_add_test(tc, a_stale_hint_is_obeyed_once_in_a_spin);
    tcase_add_test(tc, a_loop_that_sleeps_in_poll_first_submits_all);
    tcase_add_test(tc, a_loop_that_sleeps_in_poll_wakes_for_its_timer);
    tcase_add_test(tc, a_timer_set_before_all_time_is_due_where_deadlines_are_relative);
    tcase_add_test(tc, a_timer_run_for_want_of_memory_may_cancel_one_that_has_just_got_its_place);
    tcase_add_test(tc, a_loop_is_enomem_where_no_page_can_be_mapped);
}

int main(void)
{
    return suite_main("loop_wrapped", add);
}
