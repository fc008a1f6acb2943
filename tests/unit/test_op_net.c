/* SPDX-License-Identifier: MIT */
/* Ops on sockets: accept, connect, recv, send and their msg forms, over TCP on 127.0.0.1 and UNIX sockets. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "op_support.h"

/* A TCP listener on a port of the kernel's choice. */
static int listener_or_fail(struct sockaddr_in *name)
{
    socklen_t len = sizeof(*name);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(fd, 0);
    *name = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    ck_assert_int_eq(bind(fd, (struct sockaddr *)name, len), 0);
    ck_assert_int_eq(listen(fd, 100), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)name, &len), 0);
    return fd;
}

static int client_or_fail(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(fd, 0);
    return fd;
}

static int connected_or_fail(const struct sockaddr_in *name)
{
    int fd = client_or_fail();
    ck_assert_int_eq(connect(fd, (const struct sockaddr *)name, sizeof(*name)), 0);
    return fd;
}

START_TEST(accept_and_connect_meet)
{
    struct sockaddr_in name, peer = { 0 };
    socklen_t peer_len = sizeof(peer);
    int listener = listener_or_fail(&name), client = client_or_fail();
    struct counted_op accept_op, connect_op;
    counted_op_init(&accept_op);
    counted_op_init(&connect_op);
    lariat_accept(loop, &accept_op.op, listener, (struct sockaddr *)&peer, &peer_len, SOCK_CLOEXEC | SOCK_NONBLOCK);
    poll_until_quiet(loop);
    ck_assert_int_eq(accept_op.done, 0);
    lariat_connect(loop, &connect_op.op, client, (struct sockaddr *)&name, sizeof(name));
    ck_assert_int_eq(result(&connect_op), 0);
    int server = result(&accept_op);
    ck_assert_int_ge(server, 0);
    ck_assert_int_eq(fcntl(server, F_GETFD), FD_CLOEXEC);
    ck_assert_int_eq(fcntl(server, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
    struct sockaddr_in own = { 0 };
    socklen_t own_len = sizeof(own);
    ck_assert_int_eq(getsockname(client, (struct sockaddr *)&own, &own_len), 0);
    ck_assert_uint_eq(peer_len, sizeof(peer));
    ck_assert_uint_eq(peer.sin_port, own.sin_port);
    close(server);
    close(client);
    close(listener);
}
END_TEST

START_TEST(a_connect_to_nobody_is_econnrefused)
{
    struct sockaddr_in name;
    int client = client_or_fail();
    struct counted_op op;
    counted_op_init(&op);
    close(listener_or_fail(&name));
    lariat_connect(loop, &op.op, client, (struct sockaddr *)&name, sizeof(name));
    ck_assert_int_eq(result(&op), -ECONNREFUSED);
    name.sin_family = 250;
    lariat_connect(loop, &op.op, client, (struct sockaddr *)&name, sizeof(name));
    ck_assert_int_eq(result(&op), -EAFNOSUPPORT);
    lariat_connect(loop, &op.op, -1, (struct sockaddr *)&name, sizeof(name));
    ck_assert_int_eq(result(&op), -EBADF);
    close(client);
}
END_TEST

START_TEST(a_unix_connect_to_no_name_is_enoent)
{
    struct sockaddr_un name = { .sun_family = AF_UNIX, .sun_path = "/nonexistent/lariat" };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct counted_op op;
    counted_op_init(&op);
    lariat_connect(loop, &op.op, fd, (struct sockaddr *)&name, sizeof(name));
    ck_assert_int_eq(result(&op), -ENOENT);
    close(fd);
}
END_TEST

START_TEST(an_accept_on_what_does_not_listen_fails_by_its_result)
{
    int fds[2], file = temp_file_or_fail(0, 0);
    struct counted_op op;
    counted_op_init(&op);
    socketpair_or_fail(fds);
    lariat_accept(loop, &op.op, fds[0], NULL, NULL, 0);
    ck_assert_int_eq(result(&op), -EINVAL);
    lariat_accept(loop, &op.op, file, NULL, NULL, 0);
    ck_assert_int_eq(result(&op), -ENOTSOCK);
    lariat_accept(loop, &op.op, -1, NULL, NULL, 0);
    ck_assert_int_eq(result(&op), -EBADF);
    lariat_accept(loop, &op.op, fds[0], NULL, NULL, 1 << 30);
    ck_assert_int_eq(result(&op), -EINVAL);
    close(file);
    close_both(fds);
}
END_TEST

struct acceptor {
    struct lariat_op op;
    int n_done, n_accepted, n_last; /* n_last: completions without LARIAT_CQE_MORE */
    int last_res;
    int fds[64];
};

static void take_connection(struct lariat_op *op, int res)
{
    struct acceptor *acceptor = op->opaque;
    acceptor->n_done++;
    acceptor->last_res = res;
    if (res >= 0)
        acceptor->fds[acceptor->n_accepted++] = res;
    acceptor->n_last += (op->cqe_flags & LARIAT_CQE_MORE) == 0;
}

static void acceptor_init(struct acceptor *acceptor)
{
    memset(acceptor, 0, sizeof(*acceptor));
    acceptor->op.fn = take_connection;
    acceptor->op.opaque = acceptor;
    acceptor->op.flags = LARIAT_OP_MULTISHOT;
}

START_TEST(a_multishot_accept_delivers_each_of_a_batch)
{
    struct sockaddr_in name;
    int listener = listener_or_fail(&name), clients[40];
    struct acceptor acceptor;
    acceptor_init(&acceptor);
    lariat_accept(loop, &acceptor.op, listener, NULL, NULL, SOCK_CLOEXEC);
    poll_until_quiet(loop);
    for (int i = 0; i < 40; i++) {
        clients[i] = connected_or_fail(&name);
        if (tests_run_with("cq8") && i % 4 == 3)
            poll_until(loop, &acceptor.n_accepted, i + 1); /* a full completion queue would end the accept */
    }
    poll_until(loop, &acceptor.n_accepted, 40);
    ck_assert_int_eq(acceptor.n_last, 0);
    ck_assert_uint_eq(stats_of(loop).ops_inflight, 1);
    ck_assert_uint_eq(stats_of(loop).ops[LARIAT_OP_KIND_ACCEPT], 40);
    ck_assert_int_eq(lariat_op_cancel(loop, &acceptor.op), 0);
    poll_until(loop, &acceptor.n_last, 1);
    ck_assert_int_eq(acceptor.last_res, -ECANCELED);
    ck_assert_int_eq(acceptor.n_done, 41);
    for (int i = 0; i < 40; i++) {
        close(clients[i]);
        for (int j = 0; j < i; j++)
            ck_assert_int_ne(acceptor.fds[i], acceptor.fds[j]);
    }
    for (int i = 0; i < 40; i++)
        close(acceptor.fds[i]);
    close(listener);
}
END_TEST

START_TEST(a_multishot_accept_that_ended_can_be_submitted_anew)
{
    struct sockaddr_in name;
    int listener = listener_or_fail(&name);
    struct acceptor acceptor;
    acceptor_init(&acceptor);
    for (int round = 1; round <= 3; round++) {
        lariat_accept(loop, &acceptor.op, listener, NULL, NULL, SOCK_CLOEXEC);
        int client = connected_or_fail(&name);
        poll_until(loop, &acceptor.n_accepted, round);
        ck_assert_int_eq(lariat_op_cancel(loop, &acceptor.op), 0);
        poll_until(loop, &acceptor.n_last, round);
        close(client);
        close(acceptor.fds[round - 1]);
    }
    ck_assert_int_eq(acceptor.n_done, 6);
    close(listener);
}
END_TEST

START_TEST(a_stop_ends_a_multishot_accept)
{
    struct sockaddr_in name;
    int listener = listener_or_fail(&name);
    struct lariat_loop *own = loop_or_fail();
    struct acceptor acceptor;
    acceptor_init(&acceptor);
    lariat_accept(own, &acceptor.op, listener, NULL, NULL, SOCK_CLOEXEC);
    ck_assert_int_ge(lariat_loop_poll(own, false), 0);
    loop_done(own);
    ck_assert_int_eq(acceptor.n_done, 1);
    ck_assert_int_eq(acceptor.n_last, 1);
    ck_assert_int_eq(acceptor.last_res, -ECANCELED);
    close(listener);
}
END_TEST

START_TEST(send_and_recv_move_bytes_and_the_end_is_0)
{
    struct sockaddr_in name;
    int listener = listener_or_fail(&name), client = connected_or_fail(&name);
    int server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    char buf[100];
    struct counted_op in, out;
    counted_op_init(&in);
    counted_op_init(&out);
    lariat_recv(loop, &in.op, server, buf, sizeof(buf), 0);
    lariat_send(loop, &out.op, client, "hello", 5, 0);
    ck_assert_int_eq(result(&out), 5);
    ck_assert_int_eq(result(&in), 5);
    ck_assert_mem_eq(buf, "hello", 5);
    lariat_send(loop, &out.op, client, "abc", 3, 0);
    ck_assert_int_eq(result(&out), 3);
    lariat_recv(loop, &in.op, server, buf, sizeof(buf), MSG_PEEK);
    ck_assert_int_eq(result(&in), 3);
    lariat_recv(loop, &in.op, server, buf, 2, 0);
    ck_assert_int_eq(result(&in), 2);
    close(client);
    lariat_recv(loop, &in.op, server, buf, sizeof(buf), 0);
    ck_assert_int_eq(result(&in), 1);
    lariat_recv(loop, &in.op, server, buf, sizeof(buf), 0);
    ck_assert_int_eq(result(&in), 0);
    close(server);
    close(listener);
}
END_TEST

START_TEST(a_sent_descriptor_arrives_with_its_message)
{
    int fds[2], file = temp_file_or_fail(10, 0), received;
    char byte = 'x', control[2][CMSG_SPACE(sizeof(int))] = { "", "" };
    struct iovec iov = { &byte, 1 };
    struct msghdr out = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control[0], .msg_controllen = sizeof(control[0]) };
    struct msghdr in = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control[1], .msg_controllen = sizeof(control[1]) };
    struct counted_op op;
    counted_op_init(&op);
    socketpair_or_fail(fds);
    struct cmsghdr *cmsg = CMSG_FIRSTHDR(&out);
    *cmsg = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
    memcpy(CMSG_DATA(cmsg), &file, sizeof(file));
    lariat_sendmsg(loop, &op.op, fds[0], &out, 0);
    ck_assert_int_eq(result(&op), 1);
    lariat_recvmsg(loop, &op.op, fds[1], &in, MSG_CMSG_CLOEXEC);
    ck_assert_int_eq(result(&op), 1);
    cmsg = CMSG_FIRSTHDR(&in);
    ck_assert_ptr_nonnull(cmsg);
    memcpy(&received, CMSG_DATA(cmsg), sizeof(received));
    ck_assert_int_eq(file_size(received), 10);
    close(received);
    close(file);
    close_both(fds);
}
END_TEST

static volatile sig_atomic_t n_sigpipe;

static void count_sigpipe(int signo)
{
    (void)signo;
    n_sigpipe++;
}

START_TEST(a_send_to_a_closed_peer_is_epipe_without_a_signal)
{
    int fds[2];
    struct sigaction action = { .sa_handler = count_sigpipe }, before;
    struct iovec iov = { (char[]){ 'x' }, 1 };
    struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
    struct counted_op op;
    counted_op_init(&op);
    n_sigpipe = 0;
    ck_assert_int_eq(sigaction(SIGPIPE, &action, &before), 0);
    socketpair_or_fail(fds);
    close(fds[1]);
    lariat_send(loop, &op.op, fds[0], "x", 1, 0);
    ck_assert_int_eq(result(&op), -EPIPE);
    lariat_sendmsg(loop, &op.op, fds[0], &msg, 0);
    ck_assert_int_eq(result(&op), -EPIPE);
    op.op.flags = LARIAT_OP_FULL;
    lariat_send(loop, &op.op, fds[0], "x", 1, 0);
    ck_assert_int_eq(result(&op), -EPIPE);
    ck_assert_int_eq(n_sigpipe, 0);
    ck_assert_int_eq(sigaction(SIGPIPE, &before, NULL), 0);
    close(fds[0]);
}
END_TEST

START_TEST(a_receive_where_nothing_can_come_fails_by_its_result)
{
    int file = temp_file_or_fail(10, 0), unconnected = client_or_fail();
    char buf[8];
    struct counted_op op;
    counted_op_init(&op);
    lariat_recv(loop, &op.op, file, buf, sizeof(buf), 0);
    ck_assert_int_eq(result(&op), -ENOTSOCK);
    lariat_send(loop, &op.op, file, "x", 1, 0);
    ck_assert_int_eq(result(&op), -ENOTSOCK);
    lariat_recv(loop, &op.op, unconnected, buf, sizeof(buf), 0);
    ck_assert_int_eq(result(&op), -ENOTCONN);
    lariat_recv(loop, &op.op, -1, buf, sizeof(buf), 0);
    ck_assert_int_eq(result(&op), -EBADF);
    close(unconnected);
    close(file);
}
END_TEST

START_TEST(a_cancelled_accept_is_ecanceled)
{
    struct sockaddr_in name;
    int listener = listener_or_fail(&name);
    struct counted_op op;
    counted_op_init(&op);
    lariat_accept(loop, &op.op, listener, NULL, NULL, 0);
    poll_until_quiet(loop);
    ck_assert_int_eq(lariat_op_cancel(loop, &op.op), 0);
    ck_assert_int_eq(result(&op), -ECANCELED);
    close(listener);
}
END_TEST

enum { N_CONNECTS = 6 };

/* Connects to a listener that takes none: the first ones fit into its queue, the others wait. */
static int connect_in_vain(struct lariat_loop *own, struct counted_op *ops, int *clients, struct sockaddr_in *name)
{
    int listener = listener_or_fail(name);
    ck_assert_int_eq(listen(listener, 0), 0);
    counted_ops_init(ops, N_CONNECTS);
    for (int i = 0; i < N_CONNECTS; i++) {
        clients[i] = client_or_fail();
        lariat_connect(own, &ops[i].op, clients[i], (struct sockaddr *)name, sizeof(*name));
    }
    poll_until_quiet(own);
    return listener;
}

static int close_and_count_cancelled(const struct counted_op *ops, const int *clients)
{
    int n = 0;
    for (int i = 0; i < N_CONNECTS; i++) {
        ck_assert_msg(ops[i].res == 0 || ops[i].res == -ECANCELED, "connect %d gave %d", i, ops[i].res);
        n += ops[i].res == -ECANCELED;
        close(clients[i]);
    }
    return n;
}

START_TEST(a_connect_that_waits_can_be_cancelled)
{
    struct counted_op ops[N_CONNECTS];
    struct sockaddr_in name;
    int clients[N_CONNECTS], listener = connect_in_vain(loop, ops, clients, &name);
    for (int i = 0; i < N_CONNECTS; i++)
        ck_assert_int_eq(lariat_op_cancel(loop, &ops[i].op), ops[i].done ? -ENOENT : 0);
    for (int i = 0; i < N_CONNECTS; i++)
        result(&ops[i]);
    ck_assert_int_gt(close_and_count_cancelled(ops, clients), 0);
    close(listener);
}
END_TEST

START_TEST(a_stop_cancels_a_connect_that_waits)
{
    struct lariat_loop *own = loop_or_fail();
    struct counted_op ops[N_CONNECTS];
    struct sockaddr_in name;
    int clients[N_CONNECTS], listener = connect_in_vain(own, ops, clients, &name);
    loop_done(own);
    for (int i = 0; i < N_CONNECTS; i++)
        ck_assert_int_eq(ops[i].done, 1);
    ck_assert_int_gt(close_and_count_cancelled(ops, clients), 0);
    close(listener);
}
END_TEST

START_TEST(ten_thousand_messages_arrive_in_order)
{
    const int n_messages = tests_run_slowly() ? 500 : 10000;
    int fds[2];
    struct counted_op in, out;
    counted_op_init(&in);
    counted_op_init(&out);
    socketpair_or_fail(fds);
    for (int i = 0; i < n_messages; i++) {
        int sent = i, received = -1;
        in.op.flags = LARIAT_OP_FULL;
        lariat_recv(loop, &in.op, fds[1], &received, sizeof(received), 0);
        lariat_send(loop, &out.op, fds[0], &sent, sizeof(sent), 0);
        ck_assert_int_eq(result(&out), sizeof(sent));
        ck_assert_int_eq(result(&in), sizeof(received));
        ck_assert_int_eq(received, i);
    }
    close_both(fds);
}
END_TEST

static void add(Suite *suite)
{
    TCase *tc = case_of(suite, "sockets");
    tcase_add_checked_fixture(tc, open_loop, close_loop);
    tcase_add_test(tc, accept_and_connect_meet);
    tcase_add_test(tc, a_connect_to_nobody_is_econnrefused);
    tcase_add_test(tc, a_unix_connect_to_no_name_is_enoent);
    tcase_add_test(tc, an_accept_on_what_does_not_listen_fails_by_its_result);
    tcase_add_test(tc, a_multishot_accept_delivers_each_of_a_batch);
    tcase_add_test(tc, a_multishot_accept_that_ended_can_be_submitted_anew);
    tcase_add_test(tc, a_stop_ends_a_multishot_accept);
    tcase_add_test(tc, send_and_recv_move_bytes_and_the_end_is_0);
    tcase_add_test(tc, a_sent_descriptor_arrives_with_its_message);
    tcase_add_test(tc, a_send_to_a_closed_peer_is_epipe_without_a_signal);
    tcase_add_test(tc, a_receive_where_nothing_can_come_fails_by_its_result);
    tcase_add_test(tc, a_cancelled_accept_is_ecanceled);
    tcase_add_test(tc, a_connect_that_waits_can_be_cancelled);
    tcase_add_test(tc, a_stop_cancels_a_connect_that_waits);
    tcase_add_test(tc, ten_thousand_messages_arrive_in_order);
}

int main(void)
{
    return suite_main("op_net", add);
}
