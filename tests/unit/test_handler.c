/* SPDX-License-Identifier: MIT */
/* Handlers: level and edge, hang-ups, and every change that a callback may make. */
#include <sys/eventfd.h>

#include "op_support.h"

/* A descriptor with a handler that reads from it. */
struct watch {
    int fd, n_readable, n_writable, n_bytes;
    int per_call;          /* bytes to read in each call; 0: none */
    struct watch *removes; /* to be removed by the callback */
    int n_removes;
};

static void remove_others(struct watch *watch)
{
    for (int i = 0; i < watch->n_removes; i++)
        if (lariat_handler_set(loop, watch->removes[i].fd, NULL, NULL, NULL) != 0)
            watch->n_readable = -1000;
}

static void on_readable(void *opaque)
{
    struct watch *watch = opaque;
    char buf[64];
    watch->n_readable++;
    for (int left = watch->per_call; left > 0; left--) {
        ssize_t n = read(watch->fd, buf, 1);
        if (n <= 0)
            break;
        watch->n_bytes += (int)n;
    }
    remove_others(watch);
}

static void on_writable(void *opaque)
{
    struct watch *watch = opaque;
    watch->n_writable++;
    remove_others(watch);
}

static void watch_readable(struct watch *watch)
{
    ck_assert_int_eq(lariat_handler_set(loop, watch->fd, on_readable, NULL, watch), 0);
}

static void unwatch(const struct watch *watch)
{
    ck_assert_int_eq(lariat_handler_set(loop, watch->fd, NULL, NULL, NULL), 0);
}

/* n iterations that must not wait. */
static void iterate(int n)
{
    for (int i = 0; i < n; i++)
        ck_assert_int_ge(poll_once(loop), 0);
}

START_TEST(a_level_handler_runs_until_everything_is_read)
{
    int fds[2];
    pipe_or_fail(fds);
    struct watch watch = { .fd = fds[0], .per_call = 1 };
    watch_readable(&watch);
    poll_until_quiet(loop);
    ck_assert_int_eq(watch.n_readable, 0);
    write_or_fail(fds[1], "12345", 5);
    poll_until(loop, &watch.n_readable, 5);
    poll_until_quiet(loop);
    ck_assert_int_eq(watch.n_readable, 5);
    ck_assert_int_eq(watch.n_bytes, 5);
    ck_assert_uint_eq(stats_of(loop).handlers_run, 5);
    unwatch(&watch);
    close_both(fds);
}
END_TEST

START_TEST(a_level_handler_runs_once_per_iteration)
{
    struct watch watch = { .fd = eventfd(1, EFD_CLOEXEC) };
    watch_readable(&watch);
    for (int i = 1; i <= 50; i++) {
        ck_assert_int_eq(lariat_loop_poll(loop, true), 1);
        ck_assert_int_eq(watch.n_readable, i);
    }
    unwatch(&watch);
    poll_until_quiet(loop);
    ck_assert_int_eq(watch.n_readable, 50);
    close(watch.fd);
}
END_TEST

START_TEST(an_edge_handler_runs_when_something_new_arrives)
{
    int fds[2];
    pipe_or_fail(fds);
    set_nonblocking(fds[0]);
    struct watch watch = { .fd = fds[0], .per_call = 2 };
    write_or_fail(fds[1], "12345", 5);
    ck_assert_int_eq(lariat_handler_set_edge(loop, fds[0], on_readable, NULL, &watch), 0);
    poll_until(loop, &watch.n_readable, 1);
    iterate(10);
    ck_assert_int_eq(watch.n_readable, 1); /* it did not read to the end: its own loss */
    write_or_fail(fds[1], "6", 1);
    poll_until(loop, &watch.n_readable, 2);
    iterate(10);
    ck_assert_int_eq(watch.n_readable, 2);
    ck_assert_int_eq(watch.n_bytes, 4);
    unwatch(&watch);
    close_both(fds);
}
END_TEST

START_TEST(an_edge_handler_that_reads_to_the_end_gets_everything)
{
    int fds[2];
    pipe_or_fail(fds);
    set_nonblocking(fds[0]);
    struct watch watch = { .fd = fds[0], .per_call = 1000 };
    ck_assert_int_eq(lariat_handler_set_edge(loop, fds[0], on_readable, NULL, &watch), 0);
    for (int i = 1; i <= 2000; i++) {
        write_or_fail(fds[1], "abc", 3);
        poll_until(loop, &watch.n_bytes, 3 * i);
    }
    ck_assert_int_eq(watch.n_bytes, 6000);
    unwatch(&watch);
    close_both(fds);
}
END_TEST

START_TEST(setting_an_edge_handler_again_tells_what_is_ready_now)
{
    struct watch watch = { .fd = eventfd(1, EFD_CLOEXEC) };
    for (int i = 1; i <= 3; i++) {
        ck_assert_int_eq(lariat_handler_set_edge(loop, watch.fd, on_readable, NULL, &watch), 0);
        poll_until(loop, &watch.n_readable, i);
        iterate(10);
        ck_assert_int_eq(watch.n_readable, i);
    }
    watch_readable(&watch); /* from edge to level */
    iterate(10);
    ck_assert_int_ge(watch.n_readable, 3 + 9);
    unwatch(&watch);
    close(watch.fd);
}
END_TEST

START_TEST(a_writable_handler_runs_while_there_is_room)
{
    int fds[2];
    char block[4096] = "";
    pipe_or_fail(fds);
    set_nonblocking(fds[1]);
    struct watch watch = { .fd = fds[1] };
    ck_assert_int_eq(lariat_handler_set(loop, fds[1], NULL, on_writable, &watch), 0);
    poll_until(loop, &watch.n_writable, 3);
    while (write(fds[1], block, sizeof(block)) > 0)
        continue;
    poll_until_quiet(loop); /* one poll may have been ready before */
    int before = watch.n_writable;
    iterate(10);
    ck_assert_int_eq(watch.n_writable, before);
    for (int i = 0; i < 16; i++)
        read_or_fail(fds[0], block, sizeof(block));
    poll_until(loop, &watch.n_writable, before + 1);
    ck_assert_int_eq(watch.n_readable, 0);
    unwatch(&watch);
    close_both(fds);
}
END_TEST

START_TEST(both_callbacks_run_when_both_are_ready)
{
    int fds[2];
    socketpair_or_fail(fds);
    struct watch watch = { .fd = fds[0], .per_call = 1 };
    ck_assert_int_eq(lariat_handler_set(loop, fds[0], on_readable, on_writable, &watch), 0);
    iterate(5);
    ck_assert_int_eq(watch.n_readable, 0);
    ck_assert_int_ge(watch.n_writable, 4);
    write_or_fail(fds[1], "abc", 3);
    poll_until(loop, &watch.n_bytes, 3);
    ck_assert_int_eq(watch.n_readable, 3);
    int before = watch.n_writable;
    poll_until(loop, &watch.n_writable, before + 2);
    unwatch(&watch);
    close_both(fds);
}
END_TEST

/* Its buffer is full, and its peer has said that it will send no more. */
static void half_closed_pair_or_fail(int fds[2])
{
    char buf[4096] = { 0 };
    socketpair_or_fail(fds);
    while (write(fds[0], buf, sizeof(buf)) > 0)
        ;
    ck_assert_int_eq(shutdown(fds[1], SHUT_WR), 0);
}

static void empty(int fd)
{
    char buf[4096];
    while (read(fd, buf, sizeof(buf)) > 0)
        ;
}

START_TEST(a_writer_is_not_woken_again_and_again_because_its_peer_sends_no_more)
{
    int fds[2];
    half_closed_pair_or_fail(fds);
    struct watch writer = { .fd = fds[0] };
    ck_assert_int_eq(lariat_handler_set(loop, writer.fd, NULL, on_writable, &writer), 0);
    iterate(100);
    ck_assert_int_eq(writer.n_writable, 0);
    ck_assert_uint_le(stats_of(loop).ops[LARIAT_OP_KIND_POLL], 5);

    for (int round = 1; round <= 3; round++) { /* and still it is woken, again and again, while there is room */
        empty(fds[1]);
        poll_until(loop, &writer.n_writable, 3 * round);
    }
    unwatch(&writer);
    poll_until_quiet(loop);
    close_both(fds);
}
END_TEST

START_TEST(a_writer_that_was_hushed_may_begin_to_read)
{
    int fds[2];
    half_closed_pair_or_fail(fds);
    struct watch both = { .fd = fds[0] };
    ck_assert_int_eq(lariat_handler_set(loop, both.fd, NULL, on_writable, &both), 0);
    iterate(5);
    ck_assert_int_eq(lariat_handler_set(loop, both.fd, on_readable, on_writable, &both), 0);
    poll_until(loop, &both.n_readable, 3); /* the end of the file, at each look */
    ck_assert_int_eq(both.n_writable, 0);
    unwatch(&both);
    poll_until_quiet(loop);
    close_both(fds);
}
END_TEST

START_TEST(a_hang_up_calls_readable)
{
    int fds[2];
    pipe_or_fail(fds);
    struct watch watch = { .fd = fds[0], .per_call = 1 };
    watch_readable(&watch);
    poll_until_quiet(loop);
    close(fds[1]);
    poll_until(loop, &watch.n_readable, 1);
    iterate(100); /* level: as long as it lasts, but once per iteration */
    ck_assert_int_le(watch.n_readable, 101);
    ck_assert_int_ge(watch.n_readable, 50);
    ck_assert_int_eq(watch.n_bytes, 0);
    unwatch(&watch);
    close(fds[0]);
}
END_TEST

START_TEST(a_hang_up_calls_an_edge_handler_once_and_lets_the_loop_sleep)
{
    int fds[2], fired = 0;
    struct lariat_timer timer;
    pipe_or_fail(fds);
    struct watch watch = { .fd = fds[0] };
    ck_assert_int_eq(lariat_handler_set_edge(loop, fds[0], on_readable, NULL, &watch), 0);
    poll_until_quiet(loop);
    close(fds[1]);
    poll_until(loop, &watch.n_readable, 1);
    uint64_t before = stats_of(loop).iterations;
    lariat_timer_init(&timer, loop, count_up, &fired);
    lariat_timer_set_ns(&timer, lariat_now_ns() + 2000000);
    poll_until(loop, &fired, 1);
    ck_assert_int_eq(watch.n_readable, 1);
    ck_assert_uint_le(stats_of(loop).iterations - before, 5);
    unwatch(&watch);
    close(fds[0]);
}
END_TEST

/* Two handlers of one pipe are ready at once; the first takes all, the second finds nothing. */
START_TEST(a_handler_may_find_nothing_left_to_read)
{
    int fds[2];
    pipe_or_fail(fds);
    set_nonblocking(fds[0]);
    struct watch watches[2] = { { .fd = fds[0], .per_call = 10 }, { .fd = dup(fds[0]), .per_call = 10 } };
    watch_readable(&watches[0]);
    watch_readable(&watches[1]);
    poll_until_quiet(loop);
    write_or_fail(fds[1], "abc", 3);
    poll_until(loop, &watches[0].n_readable, 1);
    poll_until(loop, &watches[1].n_readable, 1);
    poll_until_quiet(loop); /* it does not go on calling either */
    ck_assert_int_eq(watches[0].n_readable, 1);
    ck_assert_int_eq(watches[1].n_readable, 1);
    ck_assert_int_eq(watches[0].n_bytes + watches[1].n_bytes, 3);
    unwatch(&watches[0]);
    unwatch(&watches[1]);
    close(watches[1].fd);
    close_both(fds);
}
END_TEST

START_TEST(an_error_calls_writable_if_there_is_no_readable)
{
    int fds[2];
    pipe_or_fail(fds);
    close(fds[0]);
    struct watch watch = { .fd = fds[1] };
    ck_assert_int_eq(lariat_handler_set(loop, fds[1], NULL, on_writable, &watch), 0);
    poll_until(loop, &watch.n_writable, 1);
    ck_assert_int_eq(lariat_handler_set(loop, fds[1], on_readable, on_writable, &watch), 0);
    poll_until(loop, &watch.n_readable, 1);
    unwatch(&watch);
    close(fds[1]);
}
END_TEST

START_TEST(data_before_a_hang_up_is_not_lost)
{
    int fds[2];
    pipe_or_fail(fds);
    struct watch watch = { .fd = fds[0], .per_call = 1 };
    watch_readable(&watch);
    write_or_fail(fds[1], "123", 3);
    close(fds[1]);
    poll_until(loop, &watch.n_bytes, 3);
    unwatch(&watch);
    close(fds[0]);
}
END_TEST

START_TEST(a_handler_may_remove_itself)
{
    struct watch watch = { .fd = eventfd(1, EFD_CLOEXEC), .n_removes = 1 };
    watch.removes = &watch;
    watch_readable(&watch);
    poll_until(loop, &watch.n_readable, 1);
    iterate(20);
    ck_assert_int_eq(watch.n_readable, 1);
    watch.n_removes = 0;
    watch_readable(&watch); /* and be set again */
    poll_until(loop, &watch.n_readable, 3);
    unwatch(&watch);
    close(watch.fd);
}
END_TEST

START_TEST(a_handler_that_removes_itself_in_readable_gets_no_writable)
{
    int fds[2];
    socketpair_or_fail(fds);
    write_or_fail(fds[1], "x", 1);
    struct watch watch = { .fd = fds[0], .n_removes = 1 };
    watch.removes = &watch;
    ck_assert_int_eq(lariat_handler_set(loop, fds[0], on_readable, on_writable, &watch), 0);
    poll_until(loop, &watch.n_readable, 1);
    iterate(5);
    ck_assert_int_eq(watch.n_readable, 1);
    ck_assert_int_eq(watch.n_writable, 0);
    close_both(fds);
}
END_TEST

/* All are ready in one batch; whichever runs first removes the others, which must not be called any more. */
START_TEST(a_handler_may_remove_others_that_are_ready)
{
    struct watch watches[8];
    int n_called = 0;
    for (int i = 0; i < 8; i++)
        watches[i] = (struct watch){ .fd = eventfd(0, EFD_CLOEXEC), .removes = watches, .n_removes = 8 };
    for (int i = 0; i < 8; i++)
        watch_readable(&watches[i]);
    poll_until_quiet(loop);
    uint64_t one = 1;
    for (int i = 0; i < 8; i++)
        write_or_fail(watches[i].fd, &one, sizeof(one));
    iterate(20);
    for (int i = 0; i < 8; i++) {
        n_called += watches[i].n_readable;
        close(watches[i].fd);
    }
    ck_assert_int_eq(n_called, 1);
}
END_TEST

static void replace_by_writable(void *opaque)
{
    struct watch *watch = opaque;
    watch->n_readable++;
    if (lariat_handler_set(loop, watch->fd, NULL, on_writable, watch) != 0)
        watch->n_readable = -1000;
}

START_TEST(a_callback_may_replace_its_callbacks)
{
    int fds[2];
    socketpair_or_fail(fds);
    write_or_fail(fds[1], "x", 1);
    struct watch watch = { .fd = fds[0] };
    ck_assert_int_eq(lariat_handler_set(loop, fds[0], replace_by_writable, NULL, &watch), 0);
    poll_until(loop, &watch.n_writable, 3);
    ck_assert_int_eq(watch.n_readable, 1);
    unwatch(&watch);
    close_both(fds);
}
END_TEST

static void remove_and_add_again(void *opaque)
{
    struct watch *watch = opaque;
    watch->n_readable++;
    if (lariat_handler_set(loop, watch->fd, NULL, NULL, NULL) != 0 ||
        lariat_handler_set(loop, watch->fd, on_readable, NULL, watch) != 0)
        watch->n_readable = -1000;
}

START_TEST(a_callback_may_remove_and_add_the_same_descriptor)
{
    struct watch watch = { .fd = eventfd(1, EFD_CLOEXEC) };
    ck_assert_int_eq(lariat_handler_set(loop, watch.fd, remove_and_add_again, NULL, &watch), 0);
    ck_assert_int_eq(lariat_loop_poll(loop, true), 1);
    ck_assert_int_eq(watch.n_readable, 1); /* the new one takes part in the next iteration */
    poll_until(loop, &watch.n_readable, 5);
    unwatch(&watch);
    close(watch.fd);
}
END_TEST

START_TEST(the_mask_of_an_armed_handler_can_be_changed)
{
    int fds[2];
    socketpair_or_fail(fds);
    struct watch watch = { .fd = fds[0], .per_call = 1 };
    for (int i = 1; i <= 20; i++) {
        watch_readable(&watch);
        poll_until_quiet(loop); /* armed, and nothing to read */
        ck_assert_int_eq(lariat_handler_set(loop, fds[0], NULL, on_writable, &watch), 0);
        int before = watch.n_writable;
        poll_until(loop, &watch.n_writable, before + 1);
        watch_readable(&watch);
        write_or_fail(fds[1], "x", 1);
        poll_until(loop, &watch.n_bytes, i);
        ck_assert_int_eq(watch.n_readable, i);
    }
    unwatch(&watch);
    close_both(fds);
}
END_TEST

START_TEST(the_mask_of_an_edge_handler_can_be_changed)
{
    int fds[2];
    socketpair_or_fail(fds);
    struct watch watch = { .fd = fds[0], .per_call = 100 };
    for (int i = 1; i <= 20; i++) {
        ck_assert_int_eq(lariat_handler_set_edge(loop, fds[0], on_readable, NULL, &watch), 0);
        poll_until_quiet(loop);
        ck_assert_int_eq(lariat_handler_set_edge(loop, fds[0], NULL, on_writable, &watch), 0);
        poll_until(loop, &watch.n_writable, i);
        poll_until_quiet(loop);
        ck_assert_int_eq(watch.n_writable, i);
    }
    unwatch(&watch);
    close_both(fds);
}
END_TEST

/* Data comes for an armed handler, but a BH reads it and changes the handler before the loop sees the event. */
struct overtaken {
    struct watch watch;
    int peer, n_run, rc;
    int (*set)(struct lariat_loop *, int, void (*)(void *), void (*)(void *), void *);
    void (*readable)(void *); /* to be set then */
    void (*writable)(void *);
};

static void overtake(void *opaque)
{
    struct overtaken *test = opaque;
    char byte;
    write_or_fail(test->peer, "x", 1);
    read_or_fail(test->watch.fd, &byte, 1);
    test->rc = test->set(loop, test->watch.fd, test->readable, test->writable, &test->watch);
    test->n_run++;
}

/* Returns the peer's end. */
static int run_overtaken(struct overtaken *test)
{
    int fds[2];
    socketpair_or_fail(fds);
    test->watch.fd = fds[0];
    test->peer = fds[1];
    ck_assert_int_eq(test->set(loop, fds[0], on_readable, NULL, &test->watch), 0);
    poll_until_quiet(loop);
    ck_assert_int_eq(lariat_bh_schedule_oneshot(loop, overtake, test), 0);
    poll_until(loop, &test->n_run, 1);
    ck_assert_int_eq(test->rc, 0);
    return fds[1];
}

START_TEST(a_handler_removed_while_its_event_is_on_its_way_lets_go_of_the_file)
{
    struct overtaken test = { .set = _i == 0 ? lariat_handler_set : lariat_handler_set_edge };
    int peer = run_overtaken(&test), n_polls = 0;
    ssize_t n;
    char byte;
    close(test.watch.fd);
    while ((n = read(peer, &byte, 1)) < 0 && n_polls++ < 1000)
        iterate(1);
    ck_assert_int_eq(n, 0); /* the end of file */
    ck_assert_int_eq(test.watch.n_readable, 0);
    close(peer);
}
END_TEST

START_TEST(a_mask_changed_while_an_event_is_on_its_way_takes_effect)
{
    struct overtaken test = { .set = _i == 0 ? lariat_handler_set : lariat_handler_set_edge, .writable = on_writable };
    test.readable = on_readable;
    test.watch.per_call = 1;
    int peer = run_overtaken(&test);
    poll_until(loop, &test.watch.n_writable, 1);
    write_or_fail(peer, "y", 1);
    poll_until(loop, &test.watch.n_bytes, 1);
    unwatch(&test.watch);
    close(test.watch.fd);
    close(peer);
}
END_TEST

START_TEST(a_handler_set_and_removed_at_once_costs_no_request)
{
    struct watch watch = { .fd = eventfd(1, EFD_CLOEXEC) };
    poll_until_quiet(loop);
    uint64_t before = stats_of(loop).sqes_submitted;
    for (int i = 0; i < 100; i++) {
        watch_readable(&watch);
        unwatch(&watch);
    }
    poll_until_quiet(loop);
    ck_assert_int_eq(watch.n_readable, 0);
    ck_assert_uint_eq(stats_of(loop).sqes_submitted, before);
    close(watch.fd);
}
END_TEST

START_TEST(removing_what_is_not_there_is_fine)
{
    ck_assert_int_eq(lariat_handler_set(loop, 12345, NULL, NULL, NULL), 0);
    ck_assert_int_eq(lariat_handler_set_edge(loop, 3, NULL, NULL, NULL), 0);
    ck_assert_int_eq(lariat_handler_set(loop, INT32_MAX, NULL, NULL, NULL), 0);
}
END_TEST

static void add_events(Suite *suite)
{
    TCase *tc = case_of(suite, "events");
    tcase_add_checked_fixture(tc, open_loop, close_loop);
    tcase_add_test(tc, a_level_handler_runs_until_everything_is_read);
    tcase_add_test(tc, a_level_handler_runs_once_per_iteration);
    tcase_add_test(tc, an_edge_handler_runs_when_something_new_arrives);
    tcase_add_test(tc, an_edge_handler_that_reads_to_the_end_gets_everything);
    tcase_add_test(tc, setting_an_edge_handler_again_tells_what_is_ready_now);
    tcase_add_test(tc, a_writable_handler_runs_while_there_is_room);
    tcase_add_test(tc, both_callbacks_run_when_both_are_ready);
    tcase_add_test(tc, a_writer_is_not_woken_again_and_again_because_its_peer_sends_no_more);
    tcase_add_test(tc, a_writer_that_was_hushed_may_begin_to_read);
    tcase_add_test(tc, a_hang_up_calls_readable);
    tcase_add_test(tc, a_hang_up_calls_an_edge_handler_once_and_lets_the_loop_sleep);
    tcase_add_test(tc, a_handler_may_find_nothing_left_to_read);
    tcase_add_test(tc, an_error_calls_writable_if_there_is_no_readable);
    tcase_add_test(tc, data_before_a_hang_up_is_not_lost);
}

static void add_changes(Suite *suite)
{
    TCase *tc = case_of(suite, "changes");
    tcase_add_checked_fixture(tc, open_loop, close_loop);
    tcase_add_test(tc, a_handler_may_remove_itself);
    tcase_add_test(tc, a_handler_that_removes_itself_in_readable_gets_no_writable);
    tcase_add_test(tc, a_handler_may_remove_others_that_are_ready);
    tcase_add_test(tc, a_callback_may_replace_its_callbacks);
    tcase_add_test(tc, a_callback_may_remove_and_add_the_same_descriptor);
    tcase_add_test(tc, the_mask_of_an_armed_handler_can_be_changed);
    tcase_add_test(tc, the_mask_of_an_edge_handler_can_be_changed);
    tcase_add_loop_test(tc, a_handler_removed_while_its_event_is_on_its_way_lets_go_of_the_file, 0, 2);
    tcase_add_loop_test(tc, a_mask_changed_while_an_event_is_on_its_way_takes_effect, 0, 2);
    tcase_add_test(tc, a_handler_set_and_removed_at_once_costs_no_request);
    tcase_add_test(tc, removing_what_is_not_there_is_fine);
}

static void add(Suite *suite)
{
    add_events(suite);
    add_changes(suite);
}

int main(void)
{
    return suite_main("handler", add);
}
