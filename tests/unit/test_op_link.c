/* SPDX-License-Identifier: MIT */
/* LARIAT_OP_LINK: chains of ops, what breaks them, and what must never get into them. */
#include "op_support.h"

#define SMALL_SQ 8

static void open_small_loop(void)
{
    struct lariat_loop_options opts = LARIAT_LOOP_OPTIONS_INIT;
    opts.sq_entries = SMALL_SQ;
    loop = loop_with_options_or_fail(&opts);
    ck_assert_uint_eq(stats_of(loop).sq_entries, SMALL_SQ);
}

/* Which op completed as the how-manieth. */
struct link {
    struct lariat_op op;
    int *n_done;
    int turn, res;
};

static void note_turn(struct lariat_op *op, int res)
{
    struct link *link = op->opaque;
    link->turn = (*link->n_done)++;
    link->res = res;
}

/* n ops, all linked but the last. */
static void links_init(struct link *links, int n, int *n_done)
{
    *n_done = 0;
    for (int i = 0; i < n; i++) {
        links[i] = (struct link){ .op = { .fn = note_turn, .flags = i < n - 1 ? LARIAT_OP_LINK : 0 }, .n_done = n_done };
        links[i].op.opaque = &links[i];
        links[i].turn = -1;
    }
}

START_TEST(the_links_of_a_chain_run_one_after_the_other)
{
    int fd = temp_file_or_fail(0, 0), n_done;
    char back[3] = "";
    struct link links[4];
    links_init(links, 4, &n_done);
    lariat_write(loop, &links[0].op, fd, "xxx", 3, 0);
    lariat_write(loop, &links[1].op, fd, "abc", 3, 0);
    lariat_fsync(loop, &links[2].op, fd, true);
    lariat_read(loop, &links[3].op, fd, back, 3, 0);
    poll_until(loop, &n_done, 4);
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(links[i].turn, i);
        ck_assert_int_eq(links[i].res, i == 2 ? 0 : 3);
    }
    ck_assert_mem_eq(back, "abc", 3);
    close(fd);
}
END_TEST

START_TEST(a_link_waits_for_the_one_before_it)
{
    int fds[2], n_done;
    char byte;
    struct link links[2];
    links_init(links, 2, &n_done);
    pipe_or_fail(fds);
    lariat_read(loop, &links[0].op, fds[0], &byte, 1, -1);
    lariat_nop(loop, &links[1].op);
    poll_until_quiet(loop);
    ck_assert_int_eq(n_done, 0);
    write_or_fail(fds[1], "x", 1);
    poll_until(loop, &n_done, 2);
    ck_assert_int_eq(links[0].turn, 0);
    ck_assert_int_eq(links[1].turn, 1);
    close_both(fds);
}
END_TEST

START_TEST(a_failed_link_cancels_those_behind_it)
{
    int n_done;
    char byte;
    struct link links[4];
    struct counted_op other;
    links_init(links, 4, &n_done);
    counted_op_init(&other);
    lariat_nop(loop, &links[0].op);
    lariat_read(loop, &links[1].op, 65535, &byte, 1, 0);
    lariat_nop(loop, &links[2].op);
    lariat_nop(loop, &links[3].op);
    lariat_nop(loop, &other.op);
    poll_until(loop, &n_done, 4);
    ck_assert_int_eq(links[0].res, 0);
    ck_assert_int_eq(links[1].res, -EBADF);
    ck_assert_int_eq(links[2].res, -ECANCELED);
    ck_assert_int_eq(links[3].res, -ECANCELED);
    ck_assert_int_eq(result(&other), 0);
}
END_TEST

START_TEST(a_short_link_cancels_those_behind_it)
{
    int fd = temp_file_or_fail(10, 0), n_done;
    char buf[20];
    struct link links[2];
    links_init(links, 2, &n_done);
    lariat_read(loop, &links[0].op, fd, buf, sizeof(buf), 0);
    lariat_nop(loop, &links[1].op);
    poll_until(loop, &n_done, 2);
    ck_assert_int_eq(links[0].res, 10);
    ck_assert_int_eq(links[1].res, -ECANCELED);
    close(fd);
}
END_TEST

/* What the library refuses itself must break the chain as what the kernel refuses does. */
START_TEST(an_invalid_link_does_not_close_the_gap)
{
    int fds[2], n_done;
    char byte = 'x';
    struct link links[3];
    links_init(links, 3, &n_done);
    pipe_or_fail(fds);
    lariat_nop(loop, &links[0].op);
    lariat_read(loop, &links[1].op, fds[0], &byte, 1, -2);
    lariat_write(loop, &links[2].op, fds[1], &byte, 1, -1);
    poll_until(loop, &n_done, 3);
    ck_assert_int_eq(links[1].res, -EINVAL);
    ck_assert_int_eq(links[2].res, -ECANCELED);
    ck_assert_msg(links[0].res == 0 || links[0].res == -ECANCELED, "the first link gave %d", links[0].res);
    set_nonblocking(fds[0]);
    ck_assert_int_eq(read(fds[0], &byte, 1), -1);
    close_both(fds);
}
END_TEST

START_TEST(an_invalid_first_or_last_link_breaks_its_own_chain_only)
{
    int n_done;
    char byte;
    struct counted_op other;
    counted_op_init(&other);
    for (int bad = 0; bad < 3; bad += 2) {
        struct link links[3];
        links_init(links, 3, &n_done);
        for (int i = 0; i < 3; i++) {
            if (i == bad)
                lariat_read(loop, &links[i].op, 0, &byte, 1, -2);
            else
                lariat_nop(loop, &links[i].op);
        }
        lariat_nop(loop, &other.op);
        poll_until(loop, &n_done, 3);
        ck_assert_int_eq(result(&other), 0);
        for (int i = 0; i < 3; i++)
            ck_assert_msg(i == bad ? links[i].res == -EINVAL : links[i].res == -ECANCELED || (links[i].res == 0 && i < bad),
                          "link %d gave %d with link %d bad", i, links[i].res, bad);
    }
}
END_TEST

START_TEST(a_chain_as_long_as_the_queue_fits)
{
    int n_done;
    struct link links[SMALL_SQ];
    struct counted_op before[3];
    counted_ops_init(before, 3);
    for (int i = 0; i < 3; i++)
        lariat_nop(loop, &before[i].op);
    links_init(links, SMALL_SQ, &n_done);
    for (int i = 0; i < SMALL_SQ; i++)
        lariat_nop(loop, &links[i].op);
    poll_until(loop, &n_done, SMALL_SQ);
    for (int i = 0; i < SMALL_SQ; i++) {
        ck_assert_int_eq(links[i].res, 0);
        ck_assert_int_eq(links[i].turn, i);
    }
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(result(&before[i]), 0);
}
END_TEST

/* The chain must not be cut into two that run beside each other: the byte is there only if the read before it ended. */
START_TEST(a_full_queue_does_not_split_a_chain)
{
    int fds[2], n_done;
    char byte;
    struct link links[SMALL_SQ];
    struct counted_op before[SMALL_SQ - 1];
    pipe_or_fail(fds);
    counted_ops_init(before, SMALL_SQ - 1);
    for (int i = 0; i < SMALL_SQ - 1; i++)
        lariat_nop(loop, &before[i].op);
    links_init(links, 4, &n_done);
    lariat_read(loop, &links[0].op, fds[0], &byte, 1, -1);
    for (int i = 1; i < 4; i++)
        lariat_nop(loop, &links[i].op);
    poll_until_quiet(loop);
    ck_assert_int_eq(n_done, 0);
    write_or_fail(fds[1], "x", 1);
    poll_until(loop, &n_done, 4);
    for (int i = 0; i < SMALL_SQ - 1; i++)
        ck_assert_int_eq(result(&before[i]), 0);
    close_both(fds);
}
END_TEST

START_TEST(a_chain_longer_than_the_queue_is_e2big)
{
    int n_done;
    struct link links[SMALL_SQ + 3];
    links_init(links, SMALL_SQ + 3, &n_done);
    for (int i = 0; i < SMALL_SQ + 3; i++)
        lariat_nop(loop, &links[i].op);
    poll_until(loop, &n_done, SMALL_SQ + 3);
    poll_until_quiet(loop);
    ck_assert_int_eq(n_done, SMALL_SQ + 3);
    for (int i = 0; i < SMALL_SQ + 3; i++) {
        int expected = i < SMALL_SQ ? 0 : i == SMALL_SQ ? -E2BIG : -ECANCELED;
        ck_assert_msg(links[i].res == expected, "link %d gave %d", i, links[i].res);
    }
}
END_TEST

START_TEST(an_op_behind_a_chain_too_long_is_not_part_of_it)
{
    int n_done;
    struct link links[SMALL_SQ + 2];
    struct counted_op other;
    counted_op_init(&other);
    links_init(links, SMALL_SQ + 2, &n_done);
    for (int i = 0; i < SMALL_SQ + 2; i++)
        lariat_nop(loop, &links[i].op);
    lariat_nop(loop, &other.op);
    poll_until(loop, &n_done, SMALL_SQ + 2);
    ck_assert_int_eq(result(&other), 0);
}
END_TEST

START_TEST(a_reserved_chain_is_not_split)
{
    int n_done;
    struct link links[SMALL_SQ];
    struct counted_op before[5];
    counted_ops_init(before, 5);
    for (int i = 0; i < 5; i++)
        lariat_nop(loop, &before[i].op);
    ck_assert_int_eq(lariat_sqe_reserve(loop, SMALL_SQ + 1), -EINVAL);
    ck_assert_int_eq(lariat_sqe_reserve(loop, 0), 0);
    ck_assert_int_eq(lariat_sqe_reserve(loop, SMALL_SQ), 0);
    uint64_t enters = stats_of(loop).enters;
    links_init(links, SMALL_SQ, &n_done);
    for (int i = 0; i < SMALL_SQ; i++)
        lariat_nop(loop, &links[i].op);
    ck_assert_uint_eq(stats_of(loop).enters, enters);
    poll_until(loop, &n_done, SMALL_SQ);
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(result(&before[i]), 0);
}
END_TEST

/* Between the links the loop's own requests are queued: the cancel, and the poll of a handler. */
START_TEST(what_happens_between_two_links_is_no_link)
{
    int fds[2], n_done, n_ready = 0;
    char byte, other_byte;
    struct link links[2];
    struct counted_op other;
    int quiet[2];
    counted_op_init(&other);
    pipe_or_fail(fds);
    pipe_or_fail(quiet);
    lariat_read(loop, &other.op, quiet[0], &other_byte, 1, -1);
    poll_until_quiet(loop);
    links_init(links, 2, &n_done);
    lariat_read(loop, &links[0].op, fds[0], &byte, 1, -1);
    ck_assert_int_eq(lariat_op_cancel(loop, &other.op), 0);
    ck_assert_int_eq(lariat_handler_set(loop, quiet[0], count_up, NULL, &n_ready), 0);
    lariat_nop(loop, &links[1].op);
    ck_assert_int_eq(result(&other), -ECANCELED);
    poll_until_quiet(loop);
    ck_assert_int_eq(n_done, 0);
    ck_assert_int_eq(lariat_handler_set(loop, quiet[0], NULL, NULL, NULL), 0);
    write_or_fail(fds[1], "x", 1);
    poll_until(loop, &n_done, 2);
    ck_assert_int_eq(links[1].res, 0);
    ck_assert_int_eq(n_ready, 0);
    close_both(quiet);
    close_both(fds);
}
END_TEST

START_TEST(cancelling_a_waiting_link_breaks_the_chain)
{
    int fds[2], n_done;
    char byte;
    struct link links[3];
    links_init(links, 3, &n_done);
    pipe_or_fail(fds);
    lariat_read(loop, &links[0].op, fds[0], &byte, 1, -1);
    lariat_nop(loop, &links[1].op);
    lariat_nop(loop, &links[2].op);
    poll_until_quiet(loop);
    ck_assert_int_eq(lariat_op_cancel(loop, &links[0].op), 0);
    poll_until(loop, &n_done, 3);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(links[i].res, -ECANCELED);
    close_both(fds);
}
END_TEST

/* The kernel does not find a link that has not started, so the request to cancel it must not be spent. */
START_TEST(a_link_not_started_can_be_cancelled_for_good)
{
    int fds[2], waiting[2], n_done;
    char byte, other_byte;
    struct link links[2];
    links_init(links, 2, &n_done);
    pipe_or_fail(fds);
    pipe_or_fail(waiting);
    lariat_read(loop, &links[0].op, fds[0], &byte, 1, -1);
    lariat_read(loop, &links[1].op, waiting[0], &other_byte, 1, -1);
    poll_until_quiet(loop);
    ck_assert_int_eq(lariat_op_cancel(loop, &links[1].op), 0);
    poll_until_quiet(loop);
    write_or_fail(fds[1], "x", 1);
    poll_until(loop, &n_done, 1);
    poll_until_quiet(loop);
    if (n_done == 1)
        ck_assert_int_eq(lariat_op_cancel(loop, &links[1].op), 0);
    poll_until(loop, &n_done, 2);
    ck_assert_int_eq(links[1].res, -ECANCELED);
    close_both(waiting);
    close_both(fds);
}
END_TEST

START_TEST(an_op_cancelled_while_its_chain_is_built_ends)
{
    int fds[2], n_done;
    char byte;
    struct link links[2];
    links_init(links, 2, &n_done);
    pipe_or_fail(fds);
    lariat_read(loop, &links[0].op, fds[0], &byte, 1, -1);
    ck_assert_int_eq(lariat_op_cancel(loop, &links[0].op), 0);
    lariat_nop(loop, &links[1].op);
    poll_until_quiet(loop);
    if (n_done == 0)
        ck_assert_int_eq(lariat_op_cancel(loop, &links[0].op), 0);
    poll_until(loop, &n_done, 2);
    ck_assert_int_eq(links[0].res, -ECANCELED);
    close_both(fds);
}
END_TEST

struct opener {
    struct lariat_op nop;
    struct counted_op bad;
};

static void open_a_chain_that_fails(struct lariat_op *op, int res)
{
    struct opener *opener = op->opaque;
    (void)res;
    opener->bad.op.flags = LARIAT_OP_LINK;
    lariat_fsync(loop, &opener->bad.op, -1, false);
}

/* The first half is there at once, in the same batch as the callback that leaves a chain open. */
START_TEST(the_rest_of_a_full_read_is_no_link_of_a_chain_left_open)
{
    int fds[2];
    unsigned char buf[200];
    struct counted_op full;
    struct opener opener = { .nop = { .fn = open_a_chain_that_fails, .opaque = &opener } };
    counted_op_init(&full);
    counted_op_init(&opener.bad);
    full.op.flags = LARIAT_OP_FULL;
    pipe_or_fail(fds);
    fill_pattern(buf, 200, 0);
    write_or_fail(fds[1], buf, 100);
    lariat_nop(loop, &opener.nop);
    lariat_read(loop, &full.op, fds[0], buf, 200, -1);
    ck_assert_int_eq(result(&opener.bad), -EBADF);
    ck_assert_int_eq(full.done, 0);
    write_or_fail(fds[1], buf, 100);
    ck_assert_int_eq(result(&full), 200);
    close_both(fds);
}
END_TEST

static int close_with_chain(void *opaque)
{
    int fds[2], n_done;
    char byte;
    struct link links[3];
    struct lariat_loop *own = NULL;
    (void)opaque;
    child_require(lariat_loop_new(NULL, &own) == 0);
    links_init(links, 3, &n_done);
    child_require(pipe(fds) == 0);
    lariat_read(own, &links[0].op, fds[0], &byte, 1, -1);
    lariat_nop(own, &links[1].op);
    lariat_read(own, &links[2].op, fds[0], &byte, 1, -1);
    child_require(lariat_loop_poll(own, false) >= 0);
    child_require(lariat_loop_close(own) == 0);
    child_require(n_done == 3);
    for (int i = 0; i < 3; i++)
        child_require(links[i].res == -ECANCELED);
    lariat_loop_unref(own);
    return 0;
}

START_TEST(a_stop_ends_a_chain_that_waits)
{
    must_succeed_in_child(close_with_chain, NULL);
}
END_TEST

static void add(Suite *suite)
{
    TCase *tc = case_of(suite, "chains");
    tcase_add_checked_fixture(tc, open_small_loop, close_loop);
    tcase_add_test(tc, the_links_of_a_chain_run_one_after_the_other);
    tcase_add_test(tc, a_link_waits_for_the_one_before_it);
    tcase_add_test(tc, a_failed_link_cancels_those_behind_it);
    tcase_add_test(tc, a_short_link_cancels_those_behind_it);
    tcase_add_test(tc, an_invalid_link_does_not_close_the_gap);
    tcase_add_test(tc, an_invalid_first_or_last_link_breaks_its_own_chain_only);
    tcase_add_test(tc, a_chain_as_long_as_the_queue_fits);
    tcase_add_test(tc, a_full_queue_does_not_split_a_chain);
    tcase_add_test(tc, a_chain_longer_than_the_queue_is_e2big);
    tcase_add_test(tc, an_op_behind_a_chain_too_long_is_not_part_of_it);
    tcase_add_test(tc, a_reserved_chain_is_not_split);
    tcase_add_test(tc, what_happens_between_two_links_is_no_link);
    tcase_add_test(tc, cancelling_a_waiting_link_breaks_the_chain);
    tcase_add_test(tc, a_link_not_started_can_be_cancelled_for_good);
    tcase_add_test(tc, an_op_cancelled_while_its_chain_is_built_ends);
    tcase_add_test(tc, the_rest_of_a_full_read_is_no_link_of_a_chain_left_open);
    if (tests_are_forked())
        tcase_add_test(tc, a_stop_ends_a_chain_that_waits);
}

int main(void)
{
    return suite_main("op_link", add);
}
