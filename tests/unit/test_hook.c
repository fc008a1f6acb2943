/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

/* A hook that counts its calls, and does something in the first `tasks` of them. */
struct counting_hook {
    struct lariat_loop_hook hook;
    struct lariat_loop *loop;
    int prepared, closed, freed;
    int tasks, rc;
    void (*task)(struct counting_hook *counting);
    struct lariat_loop_hook *other;
    struct lariat_bh *bh;
    struct counted_op op;
    struct lariat_loop *seen;
};

static void on_prepare(struct lariat_loop_hook *hook)
{
    struct counting_hook *counting = (struct counting_hook *)hook;
    counting->prepared++;
    counting->seen = lariat_loop_current();
    if (counting->tasks > 0) {
        counting->tasks--;
        counting->task(counting);
    }
}

static void on_closed(struct lariat_loop_hook *hook)
{
    ((struct counting_hook *)hook)->closed++;
}

static void on_freed(struct lariat_loop_hook *hook)
{
    ((struct counting_hook *)hook)->freed++;
}

static void counting_hook_init(struct counting_hook *counting, struct lariat_loop *loop)
{
    memset(counting, 0, sizeof(*counting));
    counting->hook.prepare = on_prepare;
    counting->hook.closed = on_closed;
    counting->hook.freed = on_freed;
    counting->loop = loop;
    ck_assert_int_eq(lariat_loop_hook_add(loop, &counting->hook), 0);
}

static void give_task(struct counting_hook *counting, void (*task)(struct counting_hook *), int times)
{
    counting->task = task;
    counting->tasks = times;
}

START_TEST(a_hook_is_asked_in_each_iteration_and_told_of_the_end)
{
    struct lariat_loop *loop = loop_or_fail();
    struct counting_hook hook;
    counting_hook_init(&hook, loop);

    ck_assert_int_eq(lariat_loop_poll(loop, false), 0);
    lariat_loop_notify(loop);
    ck_assert_int_eq(lariat_loop_poll(loop, true), 0);
    ck_assert_int_eq(hook.prepared, 2);
    ck_assert_ptr_eq(hook.seen, loop);

    ck_assert_int_eq(lariat_loop_close(loop), 0);
    ck_assert_int_eq(hook.prepared, 2);
    ck_assert_int_eq(hook.closed, 1);
    ck_assert_int_eq(hook.freed, 0);
    lariat_loop_unref(loop);
    ck_assert_int_eq(hook.closed, 1);
    ck_assert_int_eq(hook.freed, 1);
}
END_TEST

START_TEST(a_hook_that_was_removed_is_not_called)
{
    struct lariat_loop *loop = loop_or_fail();
    struct counting_hook hook;
    counting_hook_init(&hook, loop);

    lariat_loop_hook_remove(loop, &hook.hook);
    lariat_loop_hook_remove(loop, &hook.hook);
    ck_assert_int_eq(lariat_loop_poll(loop, false), 0);

    loop_done(loop);
    ck_assert_int_eq(hook.prepared + hook.closed + hook.freed, 0);
}
END_TEST

static void schedule_bh(struct counting_hook *counting)
{
    counting->rc = lariat_bh_schedule(counting->bh);
}

START_TEST(a_bh_scheduled_by_a_hook_keeps_the_loop_awake_and_runs_at_once)
{
    struct lariat_loop *loop = loop_or_fail();
    struct counting_hook hook;
    int runs = 0;
    counting_hook_init(&hook, loop);
    hook.bh = bh_or_fail(loop, count_up, &runs);
    give_task(&hook, schedule_bh, 2);

    for (int i = 1; i <= 2; i++) {
        ck_assert_int_eq(lariat_loop_poll(loop, true), 1);
        ck_assert_int_eq(runs, i);
    }
    ck_assert_int_eq(hook.rc, 0);

    lariat_bh_delete(hook.bh);
    loop_done(loop);
}
END_TEST

static void submit_nop(struct counting_hook *counting)
{
    lariat_nop(counting->loop, &counting->op.op);
}

START_TEST(an_op_submitted_by_a_hook_goes_out_with_the_same_iteration)
{
    struct lariat_loop *loop = loop_or_fail();
    struct counting_hook hook;
    counting_hook_init(&hook, loop);
    counted_op_init(&hook.op);
    give_task(&hook, submit_nop, 1);

    poll_until(loop, &hook.op.done, 1);
    ck_assert_int_eq(hook.op.res, 0);
    ck_assert_int_eq(hook.prepared, 1);

    loop_done(loop);
}
END_TEST

/* The receive waits for ever, and the chain that it begins was left open. */
START_TEST(what_a_hook_submits_is_in_no_chain_of_the_user)
{
    struct lariat_loop *loop = loop_or_fail();
    struct counting_hook hook;
    struct counted_op recv;
    int sockets[2];
    char byte;
    counting_hook_init(&hook, loop);
    counted_op_init(&hook.op);
    counted_op_init(&recv);
    socketpair_or_fail(sockets);
    recv.op.flags = LARIAT_OP_LINK;
    lariat_recv(loop, &recv.op, sockets[0], &byte, 1, 0);
    give_task(&hook, submit_nop, 1);

    poll_until(loop, &hook.op.done, 1);
    ck_assert_int_eq(hook.op.res, 0);
    ck_assert_int_eq(recv.done, 0);

    loop_done(loop);
    close(sockets[0]);
    close(sockets[1]);
}
END_TEST

static void set_own_timer(struct counting_hook *counting)
{
    static struct lariat_timer timer;
    lariat_timer_init(&timer, counting->loop, count_up, &counting->rc);
    lariat_timer_set_ns(&timer, lariat_now_ns() + 1000000);
}

START_TEST(a_timer_set_by_a_hook_bounds_the_wait)
{
    struct lariat_loop *loop = loop_or_fail();
    struct counting_hook hook;
    counting_hook_init(&hook, loop);
    give_task(&hook, set_own_timer, 1);

    poll_until(loop, &hook.rc, 1);

    loop_done(loop);
}
END_TEST

static void remove_other(struct counting_hook *counting)
{
    lariat_loop_hook_remove(counting->loop, counting->other);
}

/* Whichever of them is called first; i: does it remove itself? */
START_TEST(a_hook_may_remove_itself_and_others)
{
    struct lariat_loop *loop = loop_or_fail();
    struct counting_hook hooks[3];
    for (int i = 0; i < 3; i++) {
        counting_hook_init(&hooks[i], loop);
    }
    for (int i = 0; i < 3; i++) {
        hooks[i].other = &hooks[_i ? i : (i + 2) % 3].hook;
        give_task(&hooks[i], remove_other, 1);
    }

    ck_assert_int_eq(lariat_loop_poll(loop, false), 0);
    const int prepared = hooks[0].prepared + hooks[1].prepared + hooks[2].prepared;
    ck_assert_int_eq(prepared, _i ? 3 : 2);
    ck_assert_int_eq(lariat_loop_poll(loop, false), 0);
    ck_assert_int_eq(hooks[0].prepared + hooks[1].prepared + hooks[2].prepared, 3);

    loop_done(loop);
}
END_TEST

static void poll_inside(struct counting_hook *counting)
{
    counting->rc = lariat_loop_poll(counting->loop, false);
}

START_TEST(an_embedded_loop_asks_its_hooks_in_prepare)
{
    struct lariat_loop *loop = loop_to_embed_or_fail();
    struct counting_hook hook;
    int64_t timeout_ns = 0;
    counting_hook_init(&hook, loop);
    give_task(&hook, poll_inside, 1);

    ck_assert_int_eq(lariat_loop_prepare(loop, &timeout_ns), 0);
    ck_assert_int_eq(hook.prepared, 1);
    ck_assert_int_eq(hook.rc, -EDEADLK);
    ck_assert_ptr_eq(hook.seen, loop);
    ck_assert_int_eq(timeout_ns, -1);
    ck_assert(!lariat_loop_check(loop));

    counted_op_init(&hook.op);
    give_task(&hook, submit_nop, 1);
    ck_assert_int_eq(lariat_loop_prepare(loop, &timeout_ns), 0);
    struct pollfd pollfd = { lariat_loop_fd(loop), POLLIN, 0 };
    ck_assert_int_eq(poll(&pollfd, 1, 5000), 1);
    ck_assert(lariat_loop_check(loop));
    poll_until(loop, &hook.op.done, 1);

    loop_done(loop);
}
END_TEST

START_TEST(a_hook_added_between_prepare_and_check_ends_the_wait)
{
    struct lariat_loop *loop = loop_to_embed_or_fail();
    struct counting_hook hook;
    int64_t timeout_ns = 0;

    ck_assert_int_eq(lariat_loop_prepare(loop, &timeout_ns), 0);
    counting_hook_init(&hook, loop);
    ck_assert(lariat_loop_check(loop));
    ck_assert_int_eq(lariat_loop_dispatch(loop), 0);
    ck_assert_int_eq(hook.prepared, 1);

    loop_done(loop);
}
END_TEST

START_TEST(a_loop_that_was_closed_takes_no_hook)
{
    struct lariat_loop *loop = loop_or_fail();
    struct lariat_loop_hook hook = { .freed = NULL };
    ck_assert_int_eq(lariat_loop_close(loop), 0);
    ck_assert_int_eq(lariat_loop_hook_add(loop, &hook), -ESHUTDOWN);
    lariat_loop_unref(loop);
}
END_TEST

static void add_to_loop(void *opaque)
{
    struct counting_hook *counting = opaque;
    counting_hook_init(counting, lariat_loop_current());
    counting->bh = bh_or_fail(counting->loop, do_nothing, NULL);
}

static void on_freed_delete_bh(struct lariat_loop_hook *hook)
{
    struct counting_hook *counting = (struct counting_hook *)hook;
    on_freed(hook);
    lariat_bh_delete(counting->bh);
}

START_TEST(of_an_iothread_hooks_are_freed_with_it_though_they_hold_its_loop)
{
    struct lariat_iothread *iothread = iothread_or_fail("io0");
    static struct counting_hook hook;
    call_or_fail(lariat_iothread_loop(iothread), add_to_loop, &hook);
    hook.hook.freed = on_freed_delete_bh;

    ck_assert_int_eq(lariat_iothread_stop(iothread), 0);
    ck_assert_int_eq(hook.closed, 1);
    ck_assert_int_eq(hook.freed, 0);
    lariat_iothread_destroy(iothread);
    ck_assert_int_eq(hook.freed, 1);
}
END_TEST

static void add_twice(void *opaque)
{
    struct counting_hook hook;
    (void)opaque;
    counting_hook_init(&hook, loop_or_fail());
    lariat_loop_hook_add(hook.loop, &hook.hook);
}

START_TEST(adding_a_hook_twice_aborts)
{
    must_abort(add_twice, NULL, "loop", "hook");
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *tc = case_of(suite, "hooks");
    tcase_add_test(tc, a_hook_is_asked_in_each_iteration_and_told_of_the_end);
    tcase_add_test(tc, a_hook_that_was_removed_is_not_called);
    tcase_add_test(tc, a_bh_scheduled_by_a_hook_keeps_the_loop_awake_and_runs_at_once);
    tcase_add_test(tc, an_op_submitted_by_a_hook_goes_out_with_the_same_iteration);
    tcase_add_test(tc, what_a_hook_submits_is_in_no_chain_of_the_user);
    tcase_add_test(tc, a_timer_set_by_a_hook_bounds_the_wait);
    tcase_add_loop_test(tc, a_hook_may_remove_itself_and_others, 0, 2);
    tcase_add_test(tc, an_embedded_loop_asks_its_hooks_in_prepare);
    tcase_add_test(tc, a_hook_added_between_prepare_and_check_ends_the_wait);
    tcase_add_test(tc, a_loop_that_was_closed_takes_no_hook);
    tcase_add_test(tc, of_an_iothread_hooks_are_freed_with_it_though_they_hold_its_loop);
    tcase_add_test(tc, adding_a_hook_twice_aborts);
}

int main(void)
{
    return suite_main("hook", add_tests);
}
