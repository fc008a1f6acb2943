/* SPDX-License-Identifier: MIT */
/* Handlers on descriptors that are bad, closed, reused or never quiet; thousands of them; and the end of the loop. */
#include <sys/eventfd.h>
#include <sys/resource.h>

#include <lariat/timer.h>

#include "op_support.h"

static int ready_eventfd_or_fail(void)
{
    int fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
    ck_assert_int_ge(fd, 0);
    return fd;
}

START_TEST(a_negative_descriptor_is_ebadf)
{
    int n = 0;
    ck_assert_int_eq(lariat_handler_set(loop, -1, count_up, NULL, &n), -EBADF);
    ck_assert_int_eq(lariat_handler_set_edge(loop, INT32_MIN, NULL, count_up, &n), -EBADF);
    ck_assert_int_eq(lariat_handler_set(loop, -1, NULL, NULL, NULL), -EBADF);
    ck_assert_int_eq(lariat_loop_poll(loop, false), 0);
    ck_assert_int_eq(n, 0);
}
END_TEST

/* The table of handlers is as long as the largest number: it must not grow for what can be no descriptor. */
START_TEST(a_number_beyond_all_limits_is_ebadf)
{
    static const int numbers[] = { INT32_MAX, INT32_MAX - 1, 200000000, 1 << 25 };
    int n = 0;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        ck_assert_int_eq(lariat_handler_set(loop, numbers[i], count_up, NULL, &n), -EBADF);
        ck_assert_int_eq(lariat_handler_set_edge(loop, numbers[i], NULL, count_up, &n), -EBADF);
        ck_assert_int_eq(lariat_handler_set(loop, numbers[i], NULL, NULL, NULL), 0);
    }
    poll_until_quiet(loop);
    ck_assert_int_eq(n, 0);
}
END_TEST

START_TEST(a_large_number_that_is_open_is_watched)
{
    enum { LARGE = 70000 };
    struct rlimit before, limit;
    int fd = ready_eventfd_or_fail(), n = 0;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    limit = before;
    limit.rlim_cur = before.rlim_cur > LARGE ? before.rlim_cur : LARGE + 1;
    limit.rlim_max = before.rlim_max > LARGE ? before.rlim_max : LARGE + 1; /* root may */
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || dup3(fd, LARGE, O_CLOEXEC) != LARGE)
        test_skip("the limit of descriptors is too low");
    ck_assert_int_eq(lariat_handler_set(loop, LARGE, count_up, NULL, &n), 0);
    poll_until(loop, &n, 2);
    ck_assert_int_eq(lariat_handler_set(loop, LARGE, NULL, NULL, NULL), 0);
    poll_until_quiet(loop);
    close(LARGE);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    close(fd);
}
END_TEST

static int count_lines(const char *text)
{
    int n = 0;
    for (; *text != '\0'; text++)
        n += *text == '\n';
    return n;
}

/* What goes wrong in the child is a wrong exit status; what it says on stderr is judged by the parent. */
static int watch_what_is_not_open(void *opaque)
{
    struct lariat_loop *own = NULL;
    int n = 0;
    (void)opaque;
    child_require(lariat_loop_new(NULL, &own) == 0);
    child_require(lariat_handler_set(own, 999, count_up, NULL, &n) == 0);
    for (int i = 0; i < 20; i++)
        child_require(poll_once(own) >= 0);
    child_require(n == 1);
    child_require(lariat_loop_close(own) == 0);
    lariat_loop_unref(own);
    return 0;
}

START_TEST(a_descriptor_not_open_calls_once_says_so_once_and_is_removed)
{
    char *text = NULL;
    int status = status_and_stderr_in_child(watch_what_is_not_open, NULL, &text);
    ck_assert_msg(status == 0, "status %d: %s", status, text);
    ck_assert_int_eq(count_lines(text), 1);
    ck_assert_ptr_nonnull(strstr(text, "999"));
    free(text);
}
END_TEST

struct renewal {
    struct lariat_loop *loop;
    int fds[2];
    int n_failed, n_readable;
};

/* What to do about a descriptor that failed: open it again, under the same number. */
static void open_again(void *opaque)
{
    struct renewal *renewal = opaque;
    renewal->n_failed++;
    child_require(dup2(renewal->fds[0], 999) == 999);
    child_require(lariat_handler_set(renewal->loop, 999, count_up, NULL, &renewal->n_readable) == 0);
}

static int watch_what_is_opened_when_it_failed(void *opaque)
{
    struct renewal renewal = { .n_failed = 0 };
    (void)opaque;
    child_require(lariat_loop_new(NULL, &renewal.loop) == 0);
    child_require(pipe(renewal.fds) == 0);
    child_require(write(renewal.fds[1], "x", 1) == 1);
    child_require(lariat_handler_set(renewal.loop, 999, open_again, NULL, &renewal) == 0);
    for (int i = 0; i < 20; i++)
        child_require(poll_once(renewal.loop) >= 0);
    child_require(renewal.n_failed == 1);
    child_require(renewal.n_readable > 0);
    child_require(lariat_loop_close(renewal.loop) == 0);
    lariat_loop_unref(renewal.loop);
    return 0;
}

START_TEST(a_handler_that_failed_may_be_set_anew_by_its_callback)
{
    must_succeed_in_child(watch_what_is_opened_when_it_failed, NULL);
}
END_TEST

static int close_what_is_watched(void *opaque)
{
    struct lariat_loop *own = NULL;
    int fds[2], n = 0;
    const bool *edge = opaque;
    child_require(lariat_loop_new(NULL, &own) == 0);
    child_require(pipe(fds) == 0);
    child_require((*edge ? lariat_handler_set_edge : lariat_handler_set)(own, fds[0], count_up, NULL, &n) == 0);
    child_require(poll_once(own) == 0);
    close(fds[0]);
    child_require(write(fds[1], "x", 1) == 1); /* the armed poll keeps the pipe open */
    for (int i = 0; i < 20; i++)
        child_require(poll_once(own) >= 0);
    child_require(n >= 1 && n <= 2);
    child_require(lariat_handler_set(own, fds[0], NULL, NULL, NULL) == 0);
    child_require(lariat_loop_close(own) == 0);
    lariat_loop_unref(own);
    return 0;
}

START_TEST(a_descriptor_closed_while_watched_is_survived)
{
    for (int edge = 0; edge < 2; edge++) {
        bool is_edge = edge == 1;
        char *text = NULL;
        int status = status_and_stderr_in_child(close_what_is_watched, &is_edge, &text);
        ck_assert_msg(status == 0, "status %d: %s", status, text);
        ck_assert_int_eq(count_lines(text), is_edge ? 0 : 1);
        free(text);
    }
}
END_TEST

START_TEST(a_reused_number_is_a_new_descriptor_once_set_anew)
{
    int old[2], new[2], n_old = 0, n_new = 0;
    pipe_or_fail(old);
    pipe_or_fail(new);
    ck_assert_int_eq(lariat_handler_set(loop, old[0], count_up, NULL, &n_old), 0);
    poll_until_quiet(loop);
    ck_assert_int_eq(dup3(new[0], old[0], O_CLOEXEC), old[0]); /* closes the old file behind the loop's back */
    ck_assert_int_eq(lariat_handler_set(loop, old[0], NULL, NULL, NULL), 0);
    ck_assert_int_eq(lariat_handler_set(loop, old[0], count_up, NULL, &n_new), 0);
    write_or_fail(old[1], "x", 1);
    poll_until_quiet(loop);
    ck_assert_int_eq(n_new, 0);
    write_or_fail(new[1], "x", 1);
    poll_until(loop, &n_new, 1);
    ck_assert_int_eq(n_old, 0);
    ck_assert_int_eq(lariat_handler_set(loop, old[0], NULL, NULL, NULL), 0);
    close_both(old);
    close_both(new);
}
END_TEST

START_TEST(a_removed_handler_lets_the_peer_see_the_end)
{
    int fds[2], n = 0;
    char byte;
    socketpair_or_fail(fds);
    ck_assert_int_eq(lariat_handler_set(loop, fds[0], count_up, NULL, &n), 0);
    poll_until_quiet(loop);
    ck_assert_int_eq(lariat_handler_set(loop, fds[0], NULL, NULL, NULL), 0);
    close(fds[0]);
    for (int i = 0; i < 1000 && read(fds[1], &byte, 1) != 0; i++)
        ck_assert_int_ge(poll_once(loop), 0);
    ck_assert_int_eq(read(fds[1], &byte, 1), 0);
    ck_assert_int_eq(n, 0);
    close(fds[1]);
}
END_TEST

START_TEST(a_regular_file_is_always_ready)
{
    int fd = temp_file_or_fail(10, 0), n_readable = 0;
    ck_assert_int_eq(lariat_handler_set(loop, fd, count_up, NULL, &n_readable), 0);
    poll_until(loop, &n_readable, 10);
    ck_assert_int_eq(lariat_handler_set(loop, fd, NULL, NULL, NULL), 0);
    close(fd);
}
END_TEST

struct busy_loop {
    struct lariat_bh *bh;
    struct lariat_timer timer;
    int n_bh, n_timer, n_handler;
};

static void bh_again(void *opaque)
{
    struct busy_loop *busy = opaque;
    busy->n_bh++;
    (void)lariat_bh_schedule(busy->bh);
}

static void timer_again(void *opaque)
{
    struct busy_loop *busy = opaque;
    busy->n_timer++;
    lariat_timer_set_ns(&busy->timer, 0);
}

START_TEST(a_handler_that_is_never_quiet_starves_nobody)
{
    struct busy_loop busy = { .bh = NULL };
    int fd = ready_eventfd_or_fail();
    struct counted_op nop;
    busy.bh = bh_or_fail(loop, bh_again, &busy);
    lariat_timer_init(&busy.timer, loop, timer_again, &busy);
    ck_assert_int_eq(lariat_handler_set(loop, fd, count_up, NULL, &busy.n_handler), 0);
    ck_assert_int_eq(lariat_bh_schedule(busy.bh), 0);
    lariat_timer_set_ns(&busy.timer, 0);
    counted_op_init(&nop);
    for (int i = 1; i <= 100; i++) {
        lariat_nop(loop, &nop.op);
        ck_assert_int_eq(lariat_loop_poll(loop, true), 1);
        ck_assert_int_eq(busy.n_bh, i);
        ck_assert_int_eq(busy.n_timer, i);
        if (nop.done == 0)
            result(&nop);
        nop.done = 0;
        busy.n_bh = busy.n_timer = i;
    }
    ck_assert_int_ge(busy.n_handler, 99);
    lariat_bh_delete(busy.bh);
    lariat_timer_cancel(&busy.timer);
    ck_assert_int_eq(lariat_handler_set(loop, fd, NULL, NULL, NULL), 0);
    close(fd);
}
END_TEST

/* More handlers than the queues have entries; each is called exactly once per iteration, and none is forgotten. */
START_TEST(thousands_of_ready_handlers_are_all_called)
{
    enum { N = 3000 };
    static int fds[N], n_called[N];
    struct rlimit limit;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    if (limit.rlim_max < N + 100)
        test_skip("RLIMIT_NOFILE is too low");
    limit.rlim_cur = limit.rlim_cur < N + 100 ? N + 100 : limit.rlim_cur;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    for (int i = 0; i < N; i++) {
        fds[i] = ready_eventfd_or_fail();
        ck_assert_int_eq(lariat_handler_set(loop, fds[i], count_up, NULL, &n_called[i]), 0);
    }
    for (int i = 0; i < N; i++)
        poll_until(loop, &n_called[i], 3);
    for (int i = 0; i < N; i++)
        ck_assert_int_eq(lariat_handler_set(loop, fds[i], NULL, NULL, NULL), 0);
    memset(n_called, 0, sizeof(n_called));
    poll_until_quiet(loop);
    for (int i = 0; i < N; i++) {
        ck_assert_int_eq(n_called[i], 0);
        close(fds[i]);
    }
}
END_TEST

START_TEST(a_quiet_handler_lets_the_loop_sleep)
{
    int fds[2], n = 0;
    struct busy_loop busy = { .n_timer = 0 };
    pipe_or_fail(fds);
    ck_assert_int_eq(lariat_handler_set(loop, fds[0], count_up, NULL, &n), 0);
    poll_until_quiet(loop);
    uint64_t before = stats_of(loop).iterations;
    lariat_timer_init(&busy.timer, loop, count_up, &busy.n_timer);
    lariat_timer_set_ns(&busy.timer, lariat_now_ns() + 20000000);
    poll_until(loop, &busy.n_timer, 1);
    ck_assert_uint_le(stats_of(loop).iterations - before, 5);
    ck_assert_int_eq(n, 0);
    ck_assert_int_eq(lariat_handler_set(loop, fds[0], NULL, NULL, NULL), 0);
    close_both(fds);
}
END_TEST

START_TEST(a_close_drops_handlers_uncalled)
{
    struct lariat_loop *own = loop_or_fail();
    int fd = ready_eventfd_or_fail(), n = 0;
    ck_assert_int_eq(lariat_handler_set(own, fd, count_up, NULL, &n), 0);
    ck_assert_int_eq(lariat_loop_close(own), 0);
    ck_assert_int_eq(n, 0);
    ck_assert_int_eq(lariat_handler_set(own, fd, count_up, NULL, &n), -ESHUTDOWN);
    ck_assert_int_eq(lariat_handler_set_edge(own, fd, count_up, NULL, &n), -ESHUTDOWN);
    ck_assert_int_eq(lariat_handler_set(own, fd, NULL, NULL, NULL), 0);
    lariat_loop_unref(own);
    close(fd);
}
END_TEST

struct late_handler {
    struct lariat_op op;
    struct lariat_loop *own;
    int fd, n, rc_set, rc_remove;
};

static void set_while_stopping(struct lariat_op *op, int res)
{
    struct late_handler *late = op->opaque;
    (void)res;
    late->rc_set = lariat_handler_set(late->own, late->fd, count_up, NULL, &late->n);
    late->rc_remove = lariat_handler_set(late->own, late->fd, NULL, NULL, NULL);
}

START_TEST(a_stopping_loop_takes_no_handlers)
{
    int fds[2];
    char byte;
    struct late_handler late = { .op.fn = set_while_stopping, .own = loop_or_fail(), .fd = ready_eventfd_or_fail() };
    late.op.opaque = &late;
    pipe_or_fail(fds);
    ck_assert_int_eq(lariat_handler_set(late.own, late.fd, count_up, NULL, &late.n), 0);
    lariat_read(late.own, &late.op, fds[0], &byte, 1, -1);
    loop_done(late.own);
    ck_assert_int_eq(late.rc_set, -ESHUTDOWN);
    ck_assert_int_eq(late.rc_remove, 0);
    ck_assert_int_eq(late.n, 0);
    close(late.fd);
    close_both(fds);
}
END_TEST

static void set_without_loop(void *opaque)
{
    (void)lariat_handler_set(NULL, 0, count_up, NULL, opaque);
}

static void *set_on_foreign_loop(void *opaque)
{
    (void)lariat_handler_set(opaque, 0, count_up, NULL, NULL);
    return NULL;
}

static void set_from_another_thread(void *opaque)
{
    struct lariat_loop *own = NULL;
    pthread_t thread;
    (void)opaque;
    if (lariat_loop_new(NULL, &own) == 0 && pthread_create(&thread, NULL, set_on_foreign_loop, own) == 0)
        pthread_join(thread, NULL);
}

START_TEST(setting_a_handler_without_the_right_aborts)
{
    must_abort(set_without_loop, NULL, "lariat_handler_set", "NULL");
    must_abort(set_from_another_thread, NULL, "lariat_handler_set", "loop");
}
END_TEST

static void add(Suite *suite)
{
    TCase *tc = case_of(suite, "faults");
    tcase_add_checked_fixture(tc, open_loop, close_loop);
    tcase_add_test(tc, a_negative_descriptor_is_ebadf);
    tcase_add_test(tc, a_large_number_that_is_open_is_watched);
    tcase_add_test(tc, a_number_beyond_all_limits_is_ebadf);
    if (tests_are_forked()) {
        tcase_add_test(tc, a_descriptor_not_open_calls_once_says_so_once_and_is_removed);
        tcase_add_test(tc, a_handler_that_failed_may_be_set_anew_by_its_callback);
        tcase_add_test(tc, a_descriptor_closed_while_watched_is_survived);
        tcase_add_test(tc, setting_a_handler_without_the_right_aborts);
    }
    tcase_add_test(tc, a_reused_number_is_a_new_descriptor_once_set_anew);
    tcase_add_test(tc, a_removed_handler_lets_the_peer_see_the_end);
    tcase_add_test(tc, a_regular_file_is_always_ready);
    tcase_add_test(tc, a_handler_that_is_never_quiet_starves_nobody);
    tcase_add_test(tc, thousands_of_ready_handlers_are_all_called);
    tcase_add_test(tc, a_quiet_handler_lets_the_loop_sleep);
    tcase_add_test(tc, a_close_drops_handlers_uncalled);
    tcase_add_test(tc, a_stopping_loop_takes_no_handlers);
}

int main(void)
{
    return suite_main("handler_faults", add);
}
