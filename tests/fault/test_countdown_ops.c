/* SPDX-License-Identifier: MIT */
/*
 * Each op of lariat/op.h under count-down injection (rows 7, 14 and 59 of the list of faults). Ops ask for nothing but
 * io_uring_enter, and bear its errors: whatever the kernel says meanwhile, each completes once, with its own result.
 */
#include <sys/un.h>

#include <liburing.h>

#include "countdown.h"

enum { LEN = 96, OFFSET = 300 };

static unsigned char buf[LEN];
static struct iovec iov[2] = { { buf, 32 }, { buf + 32, LEN - 32 } };
static struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };

struct op_case {
    const char *name;
    unsigned flags; /* LARIAT_OP_... */
    int expected;   /* result; -1: a descriptor, to be closed */
    void (*submit)(struct stage *stage, struct lariat_op *op);
    void (*prepare)(struct stage *stage); /* the last three may be NULL */
    void (*check)(struct stage *stage);   /* after success */
    void (*clean)(struct stage *stage);
};

/* ---- files ---- */

static void clear_buf(struct stage *stage)
{
    (void)stage;
    memset(buf, 0, sizeof(buf));
}

static void require_data(struct stage *stage)
{
    (void)stage;
    for (size_t i = 0; i < LEN; i++)
        require_that(buf[i] == pattern_byte(OFFSET + i));
}

/* What is written is what stands there: the file serves again. */
static void fill_buf(struct stage *stage)
{
    (void)stage;
    fill_pattern(buf, LEN, OFFSET);
}

static void submit_read(struct stage *stage, struct lariat_op *op)
{
    lariat_read(stage->own, op, stage->data, buf, LEN, OFFSET);
}

static void submit_write(struct stage *stage, struct lariat_op *op)
{
    lariat_write(stage->own, op, stage->data, buf, LEN, OFFSET);
}

static void submit_readv(struct stage *stage, struct lariat_op *op)
{
    lariat_readv(stage->own, op, stage->data, iov, 2, OFFSET);
}

static void submit_writev(struct stage *stage, struct lariat_op *op)
{
    lariat_writev(stage->own, op, stage->data, iov, 2, OFFSET);
}

static void register_buf(struct stage *stage)
{
    const struct iovec whole = { buf, LEN };
    memset(buf, 0, sizeof(buf));
    require_that(lariat_register_buffers(stage->own, &whole, 1) == 0);
}

static void register_full_buf(struct stage *stage)
{
    register_buf(stage);
    fill_buf(stage);
}

static void unregister_buf(struct stage *stage)
{
    require_that(lariat_register_buffers(stage->own, NULL, 0) == 0);
}

static void submit_read_fixed(struct stage *stage, struct lariat_op *op)
{
    lariat_read_fixed(stage->own, op, stage->data, buf, LEN, OFFSET, 0);
}

static void submit_write_fixed(struct stage *stage, struct lariat_op *op)
{
    lariat_write_fixed(stage->own, op, stage->data, buf, LEN, OFFSET, 0);
}

static void register_file(struct stage *stage)
{
    clear_buf(stage);
    require_that(lariat_register_files(stage->own, &stage->data, 1) == 0);
}

static void submit_read_of_slot(struct stage *stage, struct lariat_op *op)
{
    lariat_read(stage->own, op, 0, buf, LEN, OFFSET);
}

static void unregister_file(struct stage *stage)
{
    require_that(lariat_register_files(stage->own, NULL, 0) == 0);
}

static void submit_fsync(struct stage *stage, struct lariat_op *op)
{
    lariat_fsync(stage->own, op, stage->data, true);
}

static void submit_sync_file_range(struct stage *stage, struct lariat_op *op)
{
    lariat_sync_file_range(stage->own, op, stage->data, 0, 0, SYNC_FILE_RANGE_WRITE);
}

static void submit_fallocate(struct stage *stage, struct lariat_op *op)
{
    lariat_fallocate(stage->own, op, stage->data, 0, 0, DATA_BYTES);
}

static int spare_fd;

static void duplicate(struct stage *stage)
{
    spare_fd = fcntl(stage->data, F_DUPFD_CLOEXEC, 0);
    require_that(spare_fd >= 0);
}

static void submit_close(struct stage *stage, struct lariat_op *op)
{
    lariat_close(stage->own, op, spare_fd);
}

/* ---- sockets ---- */

static struct {
    int listener, client;
    struct sockaddr_un name;
    socklen_t len;
} net;

static void listen_and_make_client(struct stage *stage)
{
    (void)stage;
    net.name = (struct sockaddr_un){ .sun_family = AF_UNIX };
    net.len = sizeof(net.name);
    net.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    net.client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    require_that(net.listener >= 0 && net.client >= 0);
    /* An abstract name of the kernel's choice. */
    require_that(bind(net.listener, (struct sockaddr *)&net.name, sizeof(sa_family_t)) == 0);
    require_that(listen(net.listener, 4) == 0);
    require_that(getsockname(net.listener, (struct sockaddr *)&net.name, &net.len) == 0);
}

static void listen_and_connect(struct stage *stage)
{
    listen_and_make_client(stage);
    require_that(connect(net.client, (struct sockaddr *)&net.name, net.len) == 0);
}

static void close_sockets(struct stage *stage)
{
    (void)stage;
    close(net.client);
    close(net.listener);
}

static void require_connected(struct stage *stage)
{
    (void)stage;
    const int server = accept4(net.listener, NULL, NULL, SOCK_CLOEXEC);
    require_that(server >= 0);
    close(server);
}

static void submit_accept(struct stage *stage, struct lariat_op *op)
{
    lariat_accept(stage->own, op, net.listener, NULL, NULL, SOCK_CLOEXEC);
}

static void submit_connect(struct stage *stage, struct lariat_op *op)
{
    lariat_connect(stage->own, op, net.client, (struct sockaddr *)&net.name, net.len);
}

static void send_data(struct stage *stage)
{
    fill_buf(stage);
    require_that(send(stage->pair[1], buf, LEN, 0) == LEN);
    clear_buf(stage);
}

static void receive_data(struct stage *stage)
{
    clear_buf(stage);
    require_that(recv(stage->pair[1], buf, LEN, 0) == LEN);
    require_data(stage);
}

static void submit_recv(struct stage *stage, struct lariat_op *op)
{
    lariat_recv(stage->own, op, stage->pair[0], buf, LEN, 0);
}

static void submit_send(struct stage *stage, struct lariat_op *op)
{
    lariat_send(stage->own, op, stage->pair[0], buf, LEN, 0);
}

static void submit_recvmsg(struct stage *stage, struct lariat_op *op)
{
    lariat_recvmsg(stage->own, op, stage->pair[0], &msg, 0);
}

static void submit_sendmsg(struct stage *stage, struct lariat_op *op)
{
    lariat_sendmsg(stage->own, op, stage->pair[0], &msg, 0);
}

/* The data comes when the op is under way. */
static void submit_early_recv(struct stage *stage, struct lariat_op *op)
{
    submit_recv(stage, op);
    for (int i = 0; i < 3; i++)
        require_that(lariat_loop_poll(stage->own, false) == 0);
    unsigned char data[LEN];
    fill_pattern(data, LEN, OFFSET);
    require_that(send(stage->pair[1], data, LEN, 0) == LEN);
}

static void submit_and_cancel(struct stage *stage, struct lariat_op *op)
{
    submit_recv(stage, op);
    require_that(lariat_loop_poll(stage->own, false) == 0);
    require_that(lariat_op_cancel(stage->own, op) == 0);
    require_that(lariat_op_cancel(stage->own, op) == -EALREADY);
}

/* ---- neither ---- */

static void submit_nop(struct stage *stage, struct lariat_op *op)
{
    lariat_nop(stage->own, op);
}

static void submit_raw(struct stage *stage, struct lariat_op *op)
{
    io_uring_prep_fadvise(lariat_sqe(stage->own, op), stage->data, 0, 0, POSIX_FADV_WILLNEED);
}

static void link_done(struct lariat_op *op, int res)
{
    require_that(res == 0);
    ++*(int *)op->opaque;
}

static struct lariat_op links[2];
static int n_links_done;

/* The op is the last of a chain of three. */
static void submit_chain(struct stage *stage, struct lariat_op *op)
{
    n_links_done = 0;
    for (int i = 0; i < 2; i++) {
        links[i] = (struct lariat_op){ .fn = link_done, .opaque = &n_links_done, .flags = LARIAT_OP_LINK };
        lariat_nop(stage->own, &links[i]);
    }
    lariat_nop(stage->own, op);
}

static void require_links_done(struct stage *stage)
{
    (void)stage;
    require_that(n_links_done == 2);
}

/* Down to the raw request they may be done twice, so that any result may be said to have come (N_REPEATABLE). */
static const struct op_case cases[] = {
    { "read", 0, LEN, submit_read, clear_buf, require_data, NULL },
    { "read, FULL", LARIAT_OP_FULL, LEN, submit_read, clear_buf, require_data, NULL },
    { "readv", 0, LEN, submit_readv, clear_buf, require_data, NULL },
    { "readv, FULL", LARIAT_OP_FULL, LEN, submit_readv, clear_buf, require_data, NULL },
    { "read_fixed", 0, LEN, submit_read_fixed, register_buf, require_data, unregister_buf },
    { "read of a slot", LARIAT_OP_FIXED_FILE, LEN, submit_read_of_slot, register_file, require_data, unregister_file },
    { "write", 0, LEN, submit_write, fill_buf, NULL, NULL },
    { "write, FULL", LARIAT_OP_FULL, LEN, submit_write, fill_buf, NULL, NULL },
    { "writev", 0, LEN, submit_writev, fill_buf, NULL, NULL },
    { "write_fixed", 0, LEN, submit_write_fixed, register_full_buf, NULL, unregister_buf },
    { "fsync", 0, 0, submit_fsync, NULL, NULL, NULL },
    { "sync_file_range", 0, 0, submit_sync_file_range, NULL, NULL, NULL },
    { "fallocate", 0, 0, submit_fallocate, NULL, NULL, NULL },
    { "nop", 0, 0, submit_nop, NULL, NULL, NULL },
    { "a raw request", 0, 0, submit_raw, NULL, NULL, NULL },
    { "a chain", 0, 0, submit_chain, NULL, require_links_done, NULL },
    { "close", 0, 0, submit_close, duplicate, NULL, NULL },
    { "accept", 0, -1, submit_accept, listen_and_connect, NULL, close_sockets },
    { "connect", 0, 0, submit_connect, listen_and_make_client, require_connected, close_sockets },
    { "recv", 0, LEN, submit_recv, send_data, require_data, NULL },
    { "recv, FULL, early", LARIAT_OP_FULL, LEN, submit_early_recv, clear_buf, require_data, NULL },
    { "recvmsg", 0, LEN, submit_recvmsg, send_data, require_data, NULL },
    { "recv, cancelled", 0, -ECANCELED, submit_and_cancel, NULL, NULL, NULL },
    { "send", 0, LEN, submit_send, fill_buf, receive_data, NULL },
    { "send, FULL", LARIAT_OP_FULL, LEN, submit_send, fill_buf, receive_data, NULL },
    { "sendmsg", 0, LEN, submit_sendmsg, fill_buf, receive_data, NULL },
};
enum { N_CASES = sizeof(cases) / sizeof(cases[0]), N_REPEATABLE = 15 };

static const struct op_case *the_case;

/* The op's own result is 0 here; anything else is what came instead. */
static int run_case(struct stage *stage)
{
    const int expected = the_case->expected;
    struct counted_op op;
    counted_op_init(&op);
    op.op.flags = the_case->flags;
    if (the_case->prepare)
        the_case->prepare(stage);
    inject_on();
    the_case->submit(stage, &op.op);
    poll_for(stage->own, &op.done, 1);
    inject_off();
    require_that(lariat_loop_poll(stage->own, false) == 0 && op.done == 1);
    require_that(op.res < 0 || expected == -1 || op.res == expected);
    if (op.res >= 0 && the_case->check)
        the_case->check(stage);
    if (op.res >= 0 && expected == -1)
        close(op.res);
    if (the_case->clean)
        the_case->clean(stage);
    return op.res >= 0 || op.res == expected ? 0 : op.res;
}

START_TEST(an_op_completes_once_with_its_own_result_whatever_enter_says)
{
    the_case = &cases[_i];
    const struct scenario scenario = { the_case->name, run_case, STAGE_LOOP, 0, INJECT_ENTER, 0 };
    countdown(&scenario);
}
END_TEST

/* Row 14. What passes by itself is borne by LARIAT_OP_FULL, unless it stays. */
static const struct inject_plan results[] = {
    { "result: ENOMEM", INJECT_RESULT, ENOMEM, false },
    { "result: EIO", INJECT_RESULT, EIO, false },
    { "result: EAGAIN", INJECT_RESULT, EAGAIN, false },
    { "result: EINTR", INJECT_RESULT, EINTR, false },
};
enum { N_RESULTS = sizeof(results) / sizeof(results[0]) };

START_TEST(the_result_of_an_op_arrives_and_full_bears_what_passes)
{
    for (int i = 0; i < N_REPEATABLE; i++) {
        const bool passes = results[_i].err == EAGAIN || results[_i].err == EINTR;
        the_case = &cases[i];
        const bool borne = passes && the_case->flags & LARIAT_OP_FULL;
        const struct scenario scenario = { the_case->name, run_case, STAGE_LOOP, INJECT_RESULT, borne ? INJECT_RESULT : 0, 0 };
        countdown_plan(&scenario, &results[_i]);
    }
}
END_TEST

/* Once is too little for LARIAT_OP_FULL to give up. */
START_TEST(a_full_op_bears_a_result_of_eagain_or_eintr)
{
    if (tests_run_under_valgrind())
        test_skip("completions come past the injector: under valgrind they do not wait for io_uring_enter");
    the_case = &cases[1];
    const struct scenario scenario = { the_case->name, run_case, STAGE_LOOP, 0, INJECT_RESULT, 0 };
    countdown_once(&scenario, &results[2]);
    countdown_once(&scenario, &results[3]);
}
END_TEST

/* ---- more ops than the queue holds ---- */

enum { N_FLOOD = 9 };

/* On a loop whose queue holds 2: those that find no room, while the kernel takes nothing, are refused by their result. */
static int flood(struct stage *stage)
{
    struct counted_op ops[N_FLOOD];
    int n_done = 0, rc = 0;
    counted_ops_init(ops, N_FLOOD);
    inject_on();
    for (int i = 0; i < N_FLOOD; i++)
        if (i % 3 == 1)
            (void)lariat_sqe(stage->own, &ops[i].op); /* all zeroes: a NOP, too */
        else
            lariat_nop(stage->own, &ops[i].op);
    for (int i = 0; n_done < N_FLOOD; i++) {
        require_that(i < 10000 && lariat_loop_poll(stage->own, i > 3) >= 0);
        n_done = 0;
        for (int k = 0; k < N_FLOOD; k++)
            n_done += ops[k].done;
    }
    inject_off();
    for (int i = 0; i < N_FLOOD; i++) {
        require_that(ops[i].done == 1 && (ops[i].res == 0 || ops[i].res == -EAGAIN));
        rc = rc ? rc : ops[i].res;
    }
    require_that(ops[0].res == 0 && ops[1].res == 0);
    return rc;
}

START_TEST(ops_that_find_no_room_end_with_eagain_and_the_others_are_done)
{
    const struct scenario scenario = { "flood", flood, STAGE_TINY, INJECT_ENTER, INJECT_ENTER, EAGAIN };
    countdown(&scenario);
}
END_TEST

/* There is no room to ask for it. */
static int cancel_behind_a_full_queue(struct stage *stage)
{
    struct counted_op recv, nops[2];
    counted_op_init(&recv);
    counted_ops_init(nops, 2);
    submit_recv(stage, &recv.op);
    require_that(lariat_loop_poll(stage->own, false) == 0);
    for (int i = 0; i < 2; i++)
        lariat_nop(stage->own, &nops[i].op);
    inject_on();
    const int rc = lariat_op_cancel(stage->own, &recv.op);
    inject_off();
    poll_for(stage->own, &nops[1].done, 1);
    require_that(nops[0].done == 1 && recv.done <= (rc == 0));
    require_that(rc == 0 || lariat_op_cancel(stage->own, &recv.op) == 0);
    poll_for(stage->own, &recv.done, 1);
    require_that(recv.res == -ECANCELED && recv.done == 1);
    return rc;
}

START_TEST(a_cancel_that_finds_no_room_is_eagain_and_may_be_asked_again)
{
    const struct scenario scenario = { "op_cancel", cancel_behind_a_full_queue, STAGE_TINY, INJECT_ENTER, 0, EAGAIN };
    countdown(&scenario);
}
END_TEST

static void add(Suite *suite)
{
    TCase *tc = case_of(suite, "ops");
    tcase_add_loop_test(tc, an_op_completes_once_with_its_own_result_whatever_enter_says, 0, N_CASES);
    tcase_add_loop_test(tc, the_result_of_an_op_arrives_and_full_bears_what_passes, 0, N_RESULTS);
    tcase_add_test(tc, a_full_op_bears_a_result_of_eagain_or_eintr);
    tcase_add_test(tc, ops_that_find_no_room_end_with_eagain_and_the_others_are_done);
    tcase_add_test(tc, a_cancel_that_finds_no_room_is_eagain_and_may_be_asked_again);
}

int main(void)
{
    return suite_main("countdown: ops", add);
}
