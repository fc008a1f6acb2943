/* SPDX-License-Identifier: MIT */
/* liblariat-glib where the library beneath it says no. The suite answers some of its calls itself. */
#include "glib_support.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/io_uring.h>

/* How often each call is still refused. */
static atomic_int no_bh, no_hook, no_cancel, no_multishot, no_dispatch;
static atomic_int cancels_refused;

static bool refused(atomic_int *times)
{
    int left = atomic_load(times);
    while (left > 0 && !atomic_compare_exchange_weak(times, &left, left - 1)) {
    }
    return left > 0;
}

int __real_lariat_bh_new(struct lariat_loop *loop, const char *name, void (*fn)(void *), void *opaque,
                         struct lariat_bh **out);
int __wrap_lariat_bh_new(struct lariat_loop *loop, const char *name, void (*fn)(void *), void *opaque,
                         struct lariat_bh **out);
int __wrap_lariat_bh_new(struct lariat_loop *loop, const char *name, void (*fn)(void *), void *opaque,
                         struct lariat_bh **out)
{
    return refused(&no_bh) ? -ENOMEM : __real_lariat_bh_new(loop, name, fn, opaque, out);
}

int __real_lariat_loop_hook_add(struct lariat_loop *loop, struct lariat_loop_hook *hook);
int __wrap_lariat_loop_hook_add(struct lariat_loop *loop, struct lariat_loop_hook *hook);
int __wrap_lariat_loop_hook_add(struct lariat_loop *loop, struct lariat_loop_hook *hook)
{
    return refused(&no_hook) ? -ESHUTDOWN : __real_lariat_loop_hook_add(loop, hook);
}

int __real_lariat_op_cancel(struct lariat_loop *loop, struct lariat_op *op);
int __wrap_lariat_op_cancel(struct lariat_loop *loop, struct lariat_op *op);
int __wrap_lariat_op_cancel(struct lariat_loop *loop, struct lariat_op *op)
{
    if (!refused(&no_cancel)) {
        return __real_lariat_op_cancel(loop, op);
    }
    atomic_fetch_add(&cancels_refused, 1);
    return -EAGAIN;
}

/* A kernel without multishot polls. */
struct io_uring_sqe *__real_lariat_sqe(struct lariat_loop *loop, struct lariat_op *op);
struct io_uring_sqe *__wrap_lariat_sqe(struct lariat_loop *loop, struct lariat_op *op);
struct io_uring_sqe *__wrap_lariat_sqe(struct lariat_loop *loop, struct lariat_op *op)
{
    static struct io_uring_sqe nowhere;
    if (!(op->flags & LARIAT_OP_MULTISHOT) || !refused(&no_multishot)) {
        return __real_lariat_sqe(loop, op);
    }
    __real_lariat_sqe(loop, op)->opcode = 255; /* fails with -EINVAL */
    return &nowhere;
}

int __real_lariat_loop_dispatch(struct lariat_loop *loop);
int __wrap_lariat_loop_dispatch(struct lariat_loop *loop);
int __wrap_lariat_loop_dispatch(struct lariat_loop *loop)
{
    return refused(&no_dispatch) ? -EBADF : __real_lariat_loop_dispatch(loop);
}

/* _i: which step is refused. */
START_TEST(a_hand_over_that_fails_leaves_nothing_and_may_be_tried_again)
{
    struct lariat_iothread *iothread = iothread_or_fail("io0");
    atomic_int runs = 0;
    atomic_store(_i ? &no_hook : &no_bh, 1);
    ck_assert_ptr_null(lariat_iothread_get_g_main_context(iothread));

    attach(context_or_fail(iothread), g_idle_source_new(), count_and_go, &runs);
    wait_for(&runs, 1);

    lariat_iothread_destroy(iothread);
}
END_TEST

START_TEST(a_poll_that_could_not_be_cancelled_is_cancelled_later)
{
    struct lariat_iothread *iothread = iothread_or_fail("io0");
    atomic_int runs = 0;
    int pair[2];
    socketpair_or_fail(pair);
    GSource *source = attach(context_or_fail(iothread), fd_source_new(pair[0], G_IO_IN), count_and_stay, &runs);
    ck_assert(falls_asleep(iothread));

    atomic_store(&no_cancel, 3);
    g_source_destroy(source);
    close(pair[0]);
    run_iterations(iothread, 5);
    ck_assert_int_eq(cancels_refused, 3);
    struct pollfd peer = { pair[1], POLLIN, 0 };
    ck_assert_int_eq(poll(&peer, 1, 20000), 1);
    ck_assert(falls_asleep(iothread));

    lariat_iothread_destroy(iothread);
    close(pair[1]);
}
END_TEST

START_TEST(a_stop_ends_polls_that_could_not_be_cancelled)
{
    struct lariat_iothread *iothread = iothread_or_fail("io0");
    atomic_int runs = 0;
    int pair[2];
    socketpair_or_fail(pair);
    GSource *source = attach(context_or_fail(iothread), fd_source_new(pair[0], G_IO_IN), count_and_stay, &runs);
    ck_assert(falls_asleep(iothread));

    atomic_store(&no_cancel, INT32_MAX);
    g_source_destroy(source);
    run_iterations(iothread, 2);
    lariat_iothread_destroy(iothread);
    close(pair[0]);
    close(pair[1]);
}
END_TEST

START_TEST(without_multishot_polls_a_writer_to_a_half_closed_peer_still_gets_its_event)
{
    struct lariat_iothread *iothread = iothread_or_fail("io0");
    static char block[65536];
    atomic_int writable = 0;
    int pair[2];
    socketpair_or_fail(pair);
    while (write(pair[0], block, sizeof(block)) > 0) {
    }
    while (write(pair[0], block, 1) > 0) {
    }
    ck_assert_int_eq(shutdown(pair[1], SHUT_WR), 0);
    atomic_store(&no_multishot, 20);

    attach(context_or_fail(iothread), fd_source_new(pair[0], G_IO_OUT), count_and_go, &writable);
    run_iterations(iothread, 50);
    while (read(pair[1], block, sizeof(block)) > 0) {
    }
    wait_for(&writable, 1);

    lariat_iothread_destroy(iothread);
    close(pair[0]);
    close(pair[1]);
}
END_TEST

static void count_message(const gchar *domain, GLogLevelFlags level, const gchar *text, gpointer data)
{
    (void)domain;
    int *n = data;
    *n += (level & G_LOG_LEVEL_CRITICAL) && strstr(text, "'loop'") != NULL;
}

START_TEST(a_source_whose_ring_broke_says_so_and_ends)
{
    GMainContext *context = g_main_context_new();
    struct lariat_loop *loop = loop_to_embed_or_fail();
    GSource *source = lariat_glib_source_new(loop);
    int messages = 0;
    g_log_set_default_handler(count_message, &messages);
    g_source_attach(source, context);

    atomic_store(&no_dispatch, 1);
    lariat_loop_notify(loop);
    ck_assert(g_main_context_iteration(context, FALSE));
    ck_assert_int_eq(messages, 1);
    ck_assert(g_source_is_destroyed(source));

    g_source_unref(source);
    g_main_context_unref(context);
    loop_done(loop);
}
END_TEST

struct polled_by_hand {
    GMainContext *context;
    int turns, dispatched;
};

static void turn_inside(void *opaque)
{
    struct polled_by_hand *by_hand = opaque;
    by_hand->dispatched += g_main_context_iteration(by_hand->context, FALSE);
    by_hand->turns++;
}

/* Of a loop polled by hand, a callback turns the context that the loop is a source of. */
START_TEST(a_source_of_a_loop_that_is_being_polled_is_not_ready)
{
    struct polled_by_hand by_hand = { .context = g_main_context_new() };
    struct lariat_loop *loop = loop_to_embed_or_fail();
    GSource *source = lariat_glib_source_new(loop);
    g_source_attach(source, by_hand.context);
    ck_assert_int_eq(lariat_bh_schedule_oneshot(loop, turn_inside, &by_hand), 0);
    poll_until(loop, &by_hand.turns, 1);
    ck_assert(!g_source_is_destroyed(source));

    g_source_destroy(source);
    g_source_unref(source);
    g_main_context_unref(by_hand.context);
    loop_done(loop);
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *tc = case_of(suite, "refused");
    tcase_add_loop_test(tc, a_hand_over_that_fails_leaves_nothing_and_may_be_tried_again, 0, 2);
    tcase_add_test(tc, a_poll_that_could_not_be_cancelled_is_cancelled_later);
    tcase_add_test(tc, a_stop_ends_polls_that_could_not_be_cancelled);
    tcase_add_test(tc, without_multishot_polls_a_writer_to_a_half_closed_peer_still_gets_its_event);
    tcase_add_test(tc, a_source_whose_ring_broke_says_so_and_ends);
    tcase_add_test(tc, a_source_of_a_loop_that_is_being_polled_is_not_ready);
}

int main(void)
{
    return suite_main("liblariat-glib refused", add_tests);
}
