/* SPDX-License-Identifier: MIT */
/* The ring as seen through the public interface: sizes, set-up flags, full queues, SQPOLL, a descriptor closed by mistake. */
#include <dirent.h>
#include <sys/eventfd.h>

#include <liburing.h>

#include "loop.h"
#include "op_support.h"

static struct lariat_loop *loop_of_sizes_or_fail(unsigned sq_entries, unsigned cq_entries, unsigned flags)
{
    struct lariat_loop_options opts = LARIAT_LOOP_OPTIONS_INIT;
    opts.sq_entries = sq_entries;
    opts.cq_entries = cq_entries;
    opts.flags = flags;
    return loop_with_options_or_fail(&opts);
}

static void require_sizes(unsigned sq_asked, unsigned cq_asked, unsigned sq, unsigned cq)
{
    struct lariat_loop *own = loop_of_sizes_or_fail(sq_asked, cq_asked, 0);
    struct lariat_loop_stats stats = stats_of(own);
    ck_assert_uint_eq(stats.sq_entries, sq);
    ck_assert_uint_eq(stats.cq_entries, cq);
    loop_done(own);
}

START_TEST(the_sizes_asked_for_are_rounded_up_and_told)
{
    if (!tests_run_with("cq8"))
        require_sizes(0, 0, 128, 512);
    require_sizes(1, 0, 1, 4);
    require_sizes(1, 1, 1, 1);
    require_sizes(100, 0, 128, 512);
    require_sizes(64, 65, 64, 128);
    require_sizes(0, 128, 128, 128);
}
END_TEST

START_TEST(sizes_out_of_range_are_einval)
{
    static const unsigned table[][2] = { { 32769, 0 }, { 64, 32 }, { 64, 65537 }, { UINT32_MAX, 0 }, { 1u << 31, 1u << 31 } };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct lariat_loop_options opts = LARIAT_LOOP_OPTIONS_INIT;
        struct lariat_loop *own = NULL;
        opts.sq_entries = table[i][0];
        opts.cq_entries = table[i][1];
        ck_assert_int_eq(lariat_loop_new(&opts, &own), -EINVAL);
        ck_assert_ptr_null(own);
    }
}
END_TEST

/* The ladder of design.md, section 6; without a flag set, its first rung. */
static unsigned setup_flags_expected(bool embed)
{
    const unsigned coop = IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_SUBMIT_ALL;

    if (tests_run_with("sqpoll"))
        return IORING_SETUP_SQPOLL | (tests_run_with("plain") ? 0 : IORING_SETUP_SUBMIT_ALL);
    if (tests_run_with("plain"))
        return 0;
    if (tests_run_with("coop"))
        return coop;
    if (embed || tests_run_with("single"))
        return IORING_SETUP_SINGLE_ISSUER | coop;
    return IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_SUBMIT_ALL;
}

START_TEST(a_loop_defers_its_work_and_an_embeddable_one_does_not)
{
    if (tests_run_under_valgrind())
        test_skip("under valgrind no loop defers");
    struct lariat_loop *own = loop_to_embed_or_fail();
    unsigned normal = stats_of(loop).setup_flags, embed = stats_of(own).setup_flags;
    loop_done(own);
    if ((normal & IORING_SETUP_SUBMIT_ALL) == 0 && !tests_run_with("plain"))
        test_skip("kernel too old for the flags");
    ck_assert_uint_eq(normal, setup_flags_expected(false) | IORING_SETUP_CQSIZE);
    ck_assert_uint_eq(embed, setup_flags_expected(true) | IORING_SETUP_CQSIZE);
    if (tests_run_with("noreg"))
        ck_assert(!stats_of(loop).registered_ring);
}
END_TEST

START_TEST(the_loop_of_an_iothread_is_set_up_as_any_other)
{
    struct lariat_iothread *iothread = iothread_or_fail("io0");
    const struct lariat_loop_stats own = stats_of(loop), its = stats_of(lariat_iothread_loop(iothread));
    lariat_iothread_destroy(iothread);
    ck_assert_uint_eq(its.setup_flags, own.setup_flags);
    ck_assert_uint_eq(its.sq_entries, own.sq_entries);
    ck_assert_uint_eq(its.cq_entries, own.cq_entries);
    ck_assert_uint_eq(its.registered_ring, own.registered_ring);
}
END_TEST

/* As on a kernel whose probe did not name it. */
START_TEST(an_opcode_that_the_kernel_lacks_is_eopnotsupp)
{
    int fds[2];
    char byte;
    struct counted_op op;
    counted_op_init(&op);
    socketpair_or_fail(fds);
    loop->ring.opcodes &= ~(UINT64_C(1) << IORING_OP_RECV);
    lariat_recv(loop, &op.op, fds[0], &byte, 1, 0);
    ck_assert_int_eq(result(&op), -EOPNOTSUPP);
    lariat_send(loop, &op.op, fds[1], "x", 1, 0);
    ck_assert_int_eq(result(&op), 1);
    loop->ring.opcodes |= UINT64_C(1) << IORING_OP_RECV;
    lariat_recv(loop, &op.op, fds[0], &byte, 1, 0);
    ck_assert_int_eq(result(&op), 1);
    close_both(fds);
}
END_TEST

/* Everything that a loop does, with room for so few requests that nothing fits at once. */
static void require_work(struct lariat_loop *own)
{
    enum { N = 60 };
    static struct counted_op nops[N];
    int fds[N], n_called[N] = { 0 }, n_bh = 0;
    struct lariat_bh *bh = bh_or_fail(own, count_up, &n_bh);
    counted_ops_init(nops, N);
    for (int i = 0; i < N; i++) {
        fds[i] = eventfd(1, EFD_CLOEXEC);
        ck_assert_int_eq(lariat_handler_set(own, fds[i], count_up, NULL, &n_called[i]), 0);
        lariat_nop(own, &nops[i].op);
    }
    ck_assert_int_eq(lariat_bh_schedule(bh), 0);
    poll_until(own, &n_bh, 1);
    for (int i = 0; i < N; i++) {
        poll_until(own, &nops[i].done, 1);
        poll_until(own, &n_called[i], 2);
        ck_assert_int_eq(nops[i].done, 1);
        ck_assert_int_eq(nops[i].res, 0);
    }
    for (int i = 0; i < N; i++) {
        ck_assert_int_eq(lariat_handler_set(own, fds[i], NULL, NULL, NULL), 0);
        close(fds[i]);
    }
    lariat_bh_delete(bh);
}

START_TEST(the_smallest_queues_carry_any_load)
{
    static const unsigned sizes[][2] = { { 1, 1 }, { 1, 2 }, { 2, 2 }, { 4, 4 }, { 8, 8 } };
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct lariat_loop *own = loop_of_sizes_or_fail(sizes[i][0], sizes[i][1], 0);
        require_work(own);
        ck_assert_uint_eq(stats_of(own).cq_dropped, 0);
        loop_done(own);
    }
}
END_TEST

struct sequence {
    struct lariat_op op;
    int *next;
    int number, seen;
};

static void note_number(struct lariat_op *op, int res)
{
    struct sequence *sequence = op->opaque;
    sequence->seen = res == 0 ? *sequence->next : -2;
    ++*sequence->next;
}

START_TEST(an_overflown_completion_queue_loses_nothing)
{
    enum { N = 500 };
    static struct sequence nops[N];
    struct lariat_loop *own = loop_of_sizes_or_fail(8, 8, 0);
    int next = 0;
    for (int i = 0; i < N; i++) {
        nops[i] = (struct sequence){ .op = { .fn = note_number, .opaque = &nops[i] }, .next = &next, .number = i, .seen = -1 };
        lariat_nop(own, &nops[i].op);
    }
    poll_until(own, &next, N);
    for (int i = 0; i < N; i++)
        ck_assert_int_eq(nops[i].seen, nops[i].number);
    ck_assert_uint_gt(stats_of(own).cq_overflows, 0);
    ck_assert_uint_eq(stats_of(own).cq_dropped, 0);
    poll_until_quiet(own);
    ck_assert_int_eq(next, N);
    loop_done(own);
}
END_TEST

struct waker {
    struct lariat_bh *bh;
    atomic_int n_run;
    atomic_bool failed;
};

static void note_run(void *opaque)
{
    atomic_fetch_add(&((struct waker *)opaque)->n_run, 1);
}

/* Schedules a BH 200 times, each time after the one before has run. */
static void *wake_again_and_again(void *opaque)
{
    struct waker *waker = opaque;
    for (int i = 1; i <= 200 && !atomic_load(&waker->failed); i++) {
        if (lariat_bh_schedule(waker->bh) != 0 || !waited_for(&waker->n_run, i))
            atomic_store(&waker->failed, true);
    }
    return NULL;
}

/* An overflow ends the multishot poll by which other threads wake the loop: it must be armed again before the loop sleeps. */
START_TEST(a_loop_still_wakes_after_its_completion_queue_overflowed)
{
    struct lariat_loop *own = loop_of_sizes_or_fail(8, 8, 0);
    struct waker waker = { .failed = false };
    struct counted_op nops[40];
    waker.bh = bh_or_fail(own, note_run, &waker);
    pthread_t thread = thread_or_fail(wake_again_and_again, &waker);
    while (atomic_load(&waker.n_run) < 200 && !atomic_load(&waker.failed)) {
        counted_ops_init(nops, 40);
        for (int i = 0; i < 40; i++)
            lariat_nop(own, &nops[i].op);
        for (int i = 0; i < 40; i++)
            poll_until(own, &nops[i].done, 1);
        if (atomic_load(&waker.n_run) < 200)
            ck_assert_int_ge(lariat_loop_poll(own, true), 0); /* sleeps, until the next BH */
    }
    join_or_fail(thread);
    ck_assert(!atomic_load(&waker.failed));
    ck_assert_uint_gt(stats_of(own).cq_overflows, 0);
    lariat_bh_delete(waker.bh);
    loop_done(own);
}
END_TEST

/* A raw request of the user's that cancels just anything, the loop's own poll for wake-ups too. */
static void cancel_anything(struct lariat_loop *own)
{
    struct counted_op op;
    counted_op_init(&op);
    struct io_uring_sqe *sqe = lariat_sqe(own, &op.op);
    sqe->opcode = IORING_OP_ASYNC_CANCEL;
    sqe->fd = -1;
    sqe->cancel_flags = IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL;
    poll_until(own, &op.done, 1);
}

START_TEST(a_loop_still_wakes_after_everything_was_cancelled)
{
    struct lariat_loop *own = loop_of_sizes_or_fail(8, 8, 0);
    struct waker waker = { .failed = false };
    for (int i = 0; i < 100; i++) /* however often, with nothing else going on */
        cancel_anything(own);
    waker.bh = bh_or_fail(own, note_run, &waker);
    pthread_t thread = thread_or_fail(wake_again_and_again, &waker);
    while (atomic_load(&waker.n_run) < 200 && !atomic_load(&waker.failed)) {
        cancel_anything(own);
        if (atomic_load(&waker.n_run) < 200)
            ck_assert_int_ge(lariat_loop_poll(own, true), 0); /* sleeps, until the next BH */
    }
    join_or_fail(thread);
    ck_assert(!atomic_load(&waker.failed));
    lariat_bh_delete(waker.bh);
    loop_done(own);
}
END_TEST

START_TEST(edge_handlers_survive_an_overflow)
{
    enum { N = 64 };
    struct lariat_loop *own = loop_of_sizes_or_fail(8, 8, 0);
    int fds[N], n_called[N] = { 0 };
    uint64_t one = 1;
    for (int i = 0; i < N; i++) {
        fds[i] = eventfd_or_fail();
        ck_assert_int_eq(lariat_handler_set_edge(own, fds[i], count_up, NULL, &n_called[i]), 0);
    }
    poll_until_quiet(own);
    for (int round = 1; round <= 20; round++) {
        int before[N];
        memcpy(before, n_called, sizeof(before));
        for (int i = 0; i < N; i++)
            write_or_fail(fds[i], &one, sizeof(one));
        for (int i = 0; i < N; i++)
            poll_until(own, &n_called[i], before[i] + 1);
    }
    loop_done(own);
    for (int i = 0; i < N; i++)
        close(fds[i]);
}
END_TEST

START_TEST(sqe_reserve_knows_the_size_of_the_queue)
{
    struct lariat_loop *own = loop_of_sizes_or_fail(16, 0, 0);
    struct counted_op nops[30];
    counted_ops_init(nops, 30);
    ck_assert_int_eq(lariat_sqe_reserve(own, 0), 0);
    ck_assert_int_eq(lariat_sqe_reserve(own, 16), 0);
    ck_assert_int_eq(lariat_sqe_reserve(own, 17), -EINVAL);
    ck_assert_int_eq(lariat_sqe_reserve(own, UINT32_MAX), -EINVAL);
    for (int i = 0; i < 30; i++)
        lariat_nop(own, &nops[i].op);
    ck_assert_int_eq(lariat_sqe_reserve(own, 16), 0);
    for (int i = 0; i < 30; i++)
        poll_until(own, &nops[i].done, 1);
    loop_done(own);
}
END_TEST

START_TEST(an_sqpoll_loop_does_all_that_another_does)
{
    struct lariat_loop *own = loop_of_sizes_or_fail(8, 0, LARIAT_LOOP_SQPOLL);
    int fd = temp_file_or_fail(1000, 0);
    unsigned char buf[100];
    struct counted_op op;
    counted_op_init(&op);
    ck_assert_uint_ne(stats_of(own).setup_flags & IORING_SETUP_SQPOLL, 0);
    require_work(own);
    lariat_read(own, &op.op, fd, buf, sizeof(buf), 100);
    poll_until(own, &op.done, 1);
    ck_assert_int_eq(op.res, sizeof(buf));
    require_pattern(buf, sizeof(buf), 100);
    loop_done(own);
    close(fd);
}
END_TEST

/* Chains longer than the queue and left open across polls: with SQPOLL the kernel may have taken part of them already. */
START_TEST(ops_in_chains_that_fall_apart_complete_once_each)
{
    enum { ROUNDS = 2000, FIRST = 6, N = 16 };
    static struct counted_op ops[ROUNDS][N];
    struct lariat_loop *own = loop_of_sizes_or_fail(8, 0, _i == 0 ? 0 : LARIAT_LOOP_SQPOLL);
    int n_wrong = 0;
    counted_ops_init(&ops[0][0], ROUNDS * N);
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < N; i++) {
            ops[round][i].op.flags = i >= 3 && i < N - 1 ? LARIAT_OP_LINK : 0;
            lariat_nop(own, &ops[round][i].op);
            if (i == FIRST - 1)
                ck_assert_int_ge(lariat_loop_poll(own, false), 0);
        }
    }
    for (int i = 0; i < ROUNDS * N; i++)
        poll_until(own, &ops[i / N][i % N].done, 1);
    poll_until_quiet(own);
    for (int i = 0; i < ROUNDS * N; i++)
        n_wrong += ops[i / N][i % N].done != 1;
    ck_assert_int_eq(n_wrong, 0);
    loop_done(own);
}
END_TEST

/* The kernel's thread frees the slots in its own time, and the kernel's wait for one knows nothing of an open chain. */
START_TEST(an_sqpoll_loop_waits_for_room_for_a_whole_chain)
{
    enum { N = 8, BEFORE = 3 };
    struct lariat_loop *own = loop_of_sizes_or_fail(N, 0, LARIAT_LOOP_SQPOLL);
    struct counted_op ops[BEFORE + N];
    for (int round = 0; round < 200; round++) {
        counted_ops_init(ops, BEFORE + N);
        for (int i = 0; i < BEFORE + N; i++) {
            if (i == BEFORE && round % 2 == 1)
                ck_assert_int_eq(lariat_sqe_reserve(own, N), 0);
            ops[i].op.flags = i >= BEFORE && i < BEFORE + N - 1 ? LARIAT_OP_LINK : 0;
            lariat_nop(own, &ops[i].op);
        }
        for (int i = 0; i < BEFORE + N; i++) {
            poll_until(own, &ops[i].done, 1);
            ck_assert_msg(ops[i].res == 0, "op %d of round %d gave %d", i, round, ops[i].res);
        }
    }
    loop_done(own);
}
END_TEST

START_TEST(an_sqpoll_loop_is_woken_by_other_threads)
{
    struct lariat_loop *own = loop_of_sizes_or_fail(0, 0, LARIAT_LOOP_SQPOLL);
    struct waker waker = { .failed = false };
    waker.bh = bh_or_fail(own, note_run, &waker);
    pthread_t thread = thread_or_fail(wake_again_and_again, &waker);
    while (atomic_load(&waker.n_run) < 200 && !atomic_load(&waker.failed))
        ck_assert_int_ge(lariat_loop_poll(own, true), 0);
    join_or_fail(thread);
    ck_assert(!atomic_load(&waker.failed));
    lariat_bh_delete(waker.bh);
    loop_done(own);
}
END_TEST

/* A thread can register 16 rings; what comes after must work without. */
START_TEST(one_thread_may_own_more_loops_than_it_can_register)
{
    enum { N = 24 };
    struct lariat_loop *loops[N];
    struct counted_op op;
    int n_registered = 0, n_fds = count_fds();
    for (int i = 0; i < N; i++) {
        loops[i] = loop_of_sizes_or_fail(8, 0, 0);
        n_registered += stats_of(loops[i]).registered_ring;
    }
    ck_assert_int_lt(n_registered, N);
    for (int i = 0; i < N; i++) {
        counted_op_init(&op);
        lariat_nop(loops[i], &op.op);
        poll_until(loops[i], &op.done, 1);
        ck_assert_int_eq(op.res, 0);
    }
    for (int i = 0; i < N; i++)
        loop_done(loops[i]);
    ck_assert_int_eq(count_fds(), n_fds);
}
END_TEST

START_TEST(a_loop_of_any_size_gives_everything_back)
{
    int n_fds = count_fds();
    for (unsigned sq = 1; sq <= 4096; sq *= 4) {
        struct lariat_loop *own = loop_of_sizes_or_fail(sq, 0, 0);
        ck_assert_int_gt(count_fds(), n_fds);
        lariat_loop_unref(own);
        ck_assert_int_eq(count_fds(), n_fds);
    }
}
END_TEST

/* The descriptor of the only ring of this process; -1: none. */
static int find_ring_fd(void)
{
    char path[64], target[64];
    for (int fd = 3; fd < 256; fd++) {
        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        ssize_t n = readlink(path, target, sizeof(target) - 1);
        target[n > 0 ? n : 0] = '\0';
        if (strstr(target, "io_uring") != NULL)
            return fd;
    }
    return -1;
}

/* A bug of the application: it closes a descriptor that is not its own. The loop must answer, not hang or crash. */
static int close_the_ring(void *opaque)
{
    struct lariat_loop *own = NULL;
    struct counted_op op;
    int rc = 0;
    (void)opaque;
    child_require(lariat_loop_new(NULL, &own) == 0);
    child_require(lariat_loop_poll(own, false) == 0);
    int fd = find_ring_fd();
    child_require(fd >= 0);
    child_require(close(fd) == 0);
    counted_op_init(&op);
    lariat_nop(own, &op.op);
    for (int i = 0; i < 100 && op.done == 0 && rc >= 0; i++)
        rc = lariat_loop_poll(own, tests_run_with("sqpoll"));
    child_require(rc < 0 ? rc == -EBADF : op.done == 1 && op.res == 0); /* the registered ring may go on */
    rc = lariat_loop_close(own);
    child_require(rc == 0 || rc == -EBADF);
    lariat_loop_unref(own);
    return 0;
}

START_TEST(a_ring_closed_by_the_application_is_no_hang)
{
    close_loop(); /* the child is to find its own ring */
    must_succeed_in_child(close_the_ring, NULL);
    open_loop();
}
END_TEST

static void add_sizes(Suite *suite)
{
    TCase *tc = case_of(suite, "set-up");
    tcase_add_checked_fixture(tc, open_loop, close_loop);
    tcase_add_test(tc, the_sizes_asked_for_are_rounded_up_and_told);
    tcase_add_test(tc, sizes_out_of_range_are_einval);
    tcase_add_test(tc, a_loop_defers_its_work_and_an_embeddable_one_does_not);
    tcase_add_test(tc, the_loop_of_an_iothread_is_set_up_as_any_other);
    tcase_add_test(tc, an_opcode_that_the_kernel_lacks_is_eopnotsupp);
    tcase_add_test(tc, one_thread_may_own_more_loops_than_it_can_register);
    tcase_add_test(tc, a_loop_of_any_size_gives_everything_back);
    if (tests_are_forked())
        tcase_add_test(tc, a_ring_closed_by_the_application_is_no_hang);
}

static void add_queues(Suite *suite)
{
    TCase *tc = case_of(suite, "queues");
    tcase_add_test(tc, the_smallest_queues_carry_any_load);
    tcase_add_test(tc, an_overflown_completion_queue_loses_nothing);
    tcase_add_test(tc, a_loop_still_wakes_after_its_completion_queue_overflowed);
    tcase_add_test(tc, a_loop_still_wakes_after_everything_was_cancelled);
    tcase_add_test(tc, edge_handlers_survive_an_overflow);
    tcase_add_test(tc, sqe_reserve_knows_the_size_of_the_queue);
    tcase_add_test(tc, an_sqpoll_loop_does_all_that_another_does);
    tcase_add_loop_test(tc, ops_in_chains_that_fall_apart_complete_once_each, 0, 2);
    tcase_add_test(tc, an_sqpoll_loop_waits_for_room_for_a_whole_chain);
    tcase_add_test(tc, an_sqpoll_loop_is_woken_by_other_threads);
}

static void add(Suite *suite)
{
    add_sizes(suite);
    add_queues(suite);
}

int main(void)
{
    return suite_main("ring", add);
}
