/* SPDX-License-Identifier: MIT */
/* The descriptors that the GMainContext of an iothread polls through the loop's ring. */
#include "glib_support.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/io_uring.h>

/* A source on a descriptor that reads what is there and counts. */
struct reader {
    GMainContext *context;
    GSource *source;
    int fds[2]; /* read, write */
    atomic_int reads, bytes;
    bool stays; /* does not read */
};

enum fd_kind { FD_SOCKET, FD_PIPE, FD_EVENTFD, N_FD_KINDS };

static void open_pair(int kind, int fds[2])
{
    if (kind == FD_SOCKET) {
        socketpair_or_fail(fds);
    } else if (kind == FD_PIPE) {
        pipe_or_fail(fds);
    } else {
        fds[0] = eventfd_or_fail();
        fds[1] = dup(fds[0]);
    }
}

static void send_one(int fd)
{
    const uint64_t one = 1;
    write_or_fail(fd, &one, sizeof(one));
}

static gboolean take(gpointer data)
{
    struct reader *reader = data;
    char buf[8];
    if (!reader->stays && read(reader->fds[0], buf, sizeof(buf)) > 0) {
        atomic_fetch_add(&reader->bytes, 8);
    }
    atomic_fetch_add(&reader->reads, 1);
    return G_SOURCE_CONTINUE;
}

static void reader_init(struct reader *reader, struct lariat_iothread *iothread, int kind)
{
    memset(reader, 0, sizeof(*reader));
    reader->context = context_or_fail(iothread);
    open_pair(kind, reader->fds);
}

static void close_pair(const int fds[2])
{
    close(fds[0]);
    close(fds[1]);
}

/* ---- events ---- */

START_TEST(a_source_is_called_while_its_descriptor_is_ready_and_no_longer)
{
    struct lariat_iothread *iothread = iothread_or_fail("io0");
    struct reader reader;
    reader_init(&reader, iothread, _i);
    attach(reader.context, fd_source_new(reader.fds[0], G_IO_IN), take, &reader);

    for (int i = 1; i <= 50; i++) {
        send_one(reader.fds[1]);
        wait_for(&reader.bytes, 8 * i);
    }
    ck_assert(falls_asleep(iothread));
    ck_assert_int_ge(reader.reads, 50);

    lariat_iothread_destroy(iothread);
    close_pair(reader.fds);
}
END_TEST

START_TEST(a_source_that_leaves_its_data_is_called_again)
{
    struct lariat_iothread *iothread = iothread_or_fail("io0");
    struct reader reader;
    reader_init(&reader, iothread, _i);
    reader.stays = true;
    attach(reader.context, fd_source_new(reader.fds[0], G_IO_IN), take, &reader);

    send_one(reader.fds[1]);
    wait_for(&reader.reads, 100);

    lariat_iothread_destroy(iothread);
    close_pair(reader.fds);
}
END_TEST

static void handler_takes(void *opaque)
{
    take(opaque);
}

static void set_taking_handler(void *opaque)
{
    struct reader *reader = opaque;
    lariat_handler_set(lariat_loop_current(), reader->fds[0], handler_takes, NULL, reader);
}

START_TEST(several_sources_and_a_handler_may_poll_one_descriptor)
{
    struct lariat_iothread *iothread = iothread_or_fail("io0");
    struct reader in, handler;
    atomic_int writable = 0;
    reader_init(&in, iothread, FD_SOCKET);
    in.stays = true;
    memcpy(&handler, &in, sizeof(handler));
    attach(in.context, fd_source_new(in.fds[0], G_IO_IN), take, &in);
    attach(in.context, fd_source_new(in.fds[0], G_IO_OUT), count_and_go, &writable);
    wait_for(&writable, 1);
    ck_assert(falls_asleep(iothread));

    run_on(iothread, set_taking_handler, &handler);
    send_one(in.fds[1]);
    wait_for(&in.reads, 3);
    wait_for(&handler.reads, 3);

    lariat_iothread_destroy(iothread);
    close_pair(in.fds);
}
END_TEST

static gboolean note_revents(gint fd, GIOCondition revents, gpointer data)
{
    (void)fd;
    taken_from_glib();
    atomic_store((atomic_int *)data, (int)revents);
    return G_SOURCE_REMOVE;
}

static int revents_of(struct lariat_iothread *iothread, int fd, GIOCondition events)
{
    atomic_int revents = 0;
    attach_fd(context_or_fail(iothread), fd, events, note_revents, &revents);
    wait_for(&revents, 1);
    return revents;
}

START_TEST(the_events_are_those_of_poll)
{
    struct lariat_iothread *iothread = iothread_or_fail("io0");
    int pair[2], file = temp_file_or_fail(512, 0);
    socketpair_or_fail(pair);

    ck_assert_int_eq(revents_of(iothread, 999, G_IO_IN), G_IO_NVAL);
    ck_assert_int_eq(revents_of(iothread, file, G_IO_IN | G_IO_OUT), G_IO_IN | G_IO_OUT);
    ck_assert_int_eq(revents_of(iothread, pair[0], G_IO_OUT), G_IO_OUT);
    send_one(pair[1]);
    ck_assert_int_eq(revents_of(iothread, pair[0], G_IO_IN), G_IO_IN);
    close(pair[1]);
    ck_assert_int_eq(revents_of(iothread, pair[0], G_IO_IN), G_IO_IN | G_IO_HUP);
    ck_assert_int_eq(revents_of(iothread, pair[0], 0), G_IO_HUP);
    ck_assert(falls_asleep(iothread));

    lariat_iothread_destroy(iothread);
    close(pair[0]);
    close(file);
}
END_TEST

START_TEST(a_negative_descriptor_is_passed_over)
{
    struct lariat_iothread *iothread = iothread_or_fail("io0");
    GPollFD none = { -1, G_IO_IN, 0 };
    g_main_context_add_poll(context_or_fail(iothread), &none, G_PRIORITY_DEFAULT);
    run_iterations(iothread, 10);
    ck_assert(falls_asleep(iothread));
    ck_assert_int_eq(none.revents, 0);
    lariat_iothread_destroy(iothread);
}
END_TEST

/* Leaves after the third call. */
static gboolean count_to_three(gpointer data)
{
    count_up_atomic(data);
    return atomic_load((atomic_int *)data) < 3;
}

/* The kernel tells of such a peer though nobody asked; what is waited for is room to write. */
START_TEST(a_writer_to_a_peer_that_shut_down_its_side_waits_for_room)
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

    attach(context_or_fail(iothread), fd_source_new(pair[0], G_IO_OUT), count_to_three, &writable);
    run_iterations(iothread, 10);
    ck_assert(falls_asleep(iothread));
    ck_assert_int_eq(writable, 0);
    while (read(pair[1], block, sizeof(block)) > 0) {
    }
    wait_for(&writable, 3);
    ck_assert(falls_asleep(iothread));

    lariat_iothread_destroy(iothread);
    close_pair(pair);
}
END_TEST

/* ---- changes ---- */

struct changing {
    struct reader reader;
    gpointer tag;
    GIOCondition events;
};

static void modify(void *opaque)
{
    struct changing *changing = opaque;
    g_source_modify_unix_fd(changing->reader.source, changing->tag, changing->events);
}

START_TEST(events_may_be_changed)
{
    struct lariat_iothread *iothread = iothread_or_fail("io0");
    struct changing changing;
    reader_init(&changing.reader, iothread, FD_SOCKET);
    changing.reader.source = fd_source_new(changing.reader.fds[0], G_IO_IN);
    changing.tag = g_source_add_unix_fd(changing.reader.source, changing.reader.fds[1], 0);
    attach(changing.reader.context, changing.reader.source, take, &changing.reader);

    for (int i = 1; i <= 20; i++) {
        changing.events = G_IO_OUT; /* ready at once */
        run_on(iothread, modify, &changing);
        wait_for(&changing.reader.reads, atomic_load(&changing.reader.reads) + 1);
        changing.events = 0;
        run_on(iothread, modify, &changing);
        ck_assert(i % 10 != 0 || falls_asleep(iothread));
    }
    send_one(changing.reader.fds[1]);
    wait_for(&changing.reader.bytes, 8);

    lariat_iothread_destroy(iothread);
    close_pair(changing.reader.fds);
}
END_TEST

/* The old one's file stays open, by a duplicate: only the number changes its meaning. */
struct replacing {
    struct reader old, new;
    bool nested, elsewhere;
};

static void replace(void *opaque)
{
    struct replacing *replacing = opaque;
    const int number = replacing->old.fds[0];
    g_source_destroy(replacing->old.source);
    if (dup2(replacing->new.fds[0], number) != number) {
        abort();
    }
    close(replacing->new.fds[0]);
    replacing->new.fds[0] = number;
    attach(replacing->new.context, fd_source_new(number, G_IO_IN), take, &replacing->new);
    while (replacing->nested && g_main_context_iteration(replacing->new.context, FALSE)) {
    }
}

/* _i: the kind of either, and who does it. */
START_TEST(a_number_that_stands_for_another_file_is_polled_anew)
{
    struct lariat_iothread *iothread = iothread_or_fail("io0");
    struct replacing replacing = { .nested = _i / 9 == 1, .elsewhere = _i / 9 == 2 };
    reader_init(&replacing.old, iothread, _i % 3);
    reader_init(&replacing.new, iothread, _i / 3 % 3);
    const int kept = dup(replacing.old.fds[0]);
    replacing.old.source = attach(replacing.old.context, fd_source_new(replacing.old.fds[0], G_IO_IN), take, &replacing.old);
    send_one(replacing.old.fds[1]);
    wait_for(&replacing.old.bytes, 8);
    ck_assert(falls_asleep(iothread));

    if (replacing.elsewhere) {
        replace(&replacing);
    } else {
        run_on(iothread, replace, &replacing);
    }
    ck_assert(falls_asleep(iothread));
    send_one(replacing.new.fds[1]);
    wait_for(&replacing.new.bytes, 8);
    send_one(replacing.old.fds[1]);
    ck_assert(falls_asleep(iothread));
    ck_assert_int_eq(replacing.old.bytes, 8);

    lariat_iothread_destroy(iothread);
    close_pair(replacing.new.fds);
    close(replacing.old.fds[1]);
    close(kept);
}
END_TEST

static void destroy_and_close(void *opaque)
{
    struct reader *reader = opaque;
    g_source_destroy(reader->source);
    close(reader->fds[0]);
}

START_TEST(a_socket_closed_with_its_source_is_closed_for_its_peer_too)
{
    struct lariat_iothread *iothread = iothread_or_fail("io0");
    struct reader reader;
    reader_init(&reader, iothread, FD_SOCKET);
    reader.source = attach(reader.context, fd_source_new(reader.fds[0], G_IO_IN), take, &reader);
    ck_assert(falls_asleep(iothread));

    if (_i) {
        destroy_and_close(&reader);
    } else {
        run_on(iothread, destroy_and_close, &reader);
    }
    struct pollfd peer = { reader.fds[1], POLLIN, 0 };
    ck_assert_int_eq(poll(&peer, 1, 20000), 1);
    ck_assert_int_eq(peer.revents & POLLHUP, POLLHUP);
    ck_assert(falls_asleep(iothread));

    lariat_iothread_destroy(iothread);
    close(reader.fds[1]);
}
END_TEST

/* ---- priorities, numbers ---- */

START_TEST(a_source_of_lower_priority_waits_until_those_above_are_not_ready)
{
    struct lariat_iothread *iothread = iothread_or_fail("io0");
    struct reader low;
    atomic_int high_runs = 0;
    reader_init(&low, iothread, FD_SOCKET);
    GSource *high = g_idle_source_new();
    g_source_set_priority(high, G_PRIORITY_HIGH);
    attach(low.context, high, count_and_stay, &high_runs);
    attach(low.context, fd_source_new(low.fds[0], G_IO_IN), take, &low);
    send_one(low.fds[1]);
    wait_for(&high_runs, 100);
    ck_assert_int_eq(low.reads, 0);

    g_source_destroy(high);
    wait_for(&low.bytes, 8);

    lariat_iothread_destroy(iothread);
    close_pair(low.fds);
}
END_TEST

/* More than the ring's queue holds. */
START_TEST(hundreds_of_descriptors_are_polled)
{
    enum { N = 300, ROUNDS = 3 };
    struct lariat_iothread *iothread = iothread_or_fail("io0");
    static struct reader readers[N];
    for (int i = 0; i < N; i++) {
        reader_init(&readers[i], iothread, i % 10 ? FD_EVENTFD : FD_SOCKET);
        readers[i].source = attach(readers[i].context, fd_source_new(readers[i].fds[0], G_IO_IN), take, &readers[i]);
    }
    for (int round = 1; round <= ROUNDS; round++) {
        for (int i = 0; i < N; i++) {
            send_one(readers[i].fds[1]);
        }
        for (int i = 0; i < N; i++) {
            wait_for(&readers[i].bytes, 8 * round);
        }
    }
    ck_assert(falls_asleep(iothread));
    for (int i = 0; i < N; i += 2) {
        g_source_destroy(readers[i].source);
    }
    ck_assert(falls_asleep(iothread));

    lariat_iothread_destroy(iothread);
    for (int i = 0; i < N; i++) {
        close_pair(readers[i].fds);
    }
}
END_TEST

static void cancel_everything(void *opaque)
{
    struct lariat_op *op = opaque;
    struct io_uring_sqe *sqe = lariat_sqe(lariat_loop_current(), op);
    sqe->opcode = IORING_OP_ASYNC_CANCEL;
    sqe->cancel_flags = IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL;
}

static void done(struct lariat_op *op, int res)
{
    (void)res;
    count_up_atomic(op->opaque);
}

START_TEST(polls_that_the_user_cancels_are_armed_again)
{
    struct lariat_iothread *iothread = iothread_or_fail("io0");
    struct reader reader;
    atomic_int n_done = 0;
    struct lariat_op op = { .fn = done, .opaque = &n_done };
    reader_init(&reader, iothread, FD_SOCKET);
    attach(reader.context, fd_source_new(reader.fds[0], G_IO_IN), take, &reader);

    for (int i = 1; i <= 10; i++) {
        run_on(iothread, cancel_everything, &op);
        wait_for(&n_done, i);
        send_one(reader.fds[1]);
        wait_for(&reader.bytes, 8 * i);
    }

    lariat_iothread_destroy(iothread);
    close_pair(reader.fds);
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *tc = case_of(suite, "events");
    tcase_add_loop_test(tc, a_source_is_called_while_its_descriptor_is_ready_and_no_longer, 0, N_FD_KINDS);
    tcase_add_loop_test(tc, a_source_that_leaves_its_data_is_called_again, 0, N_FD_KINDS);
    tcase_add_test(tc, several_sources_and_a_handler_may_poll_one_descriptor);
    tcase_add_test(tc, the_events_are_those_of_poll);
    tcase_add_test(tc, a_negative_descriptor_is_passed_over);
    tcase_add_test(tc, a_writer_to_a_peer_that_shut_down_its_side_waits_for_room);

    tc = case_of(suite, "changes");
    tcase_add_test(tc, events_may_be_changed);
    tcase_add_loop_test(tc, a_number_that_stands_for_another_file_is_polled_anew, 0, 3 * N_FD_KINDS * N_FD_KINDS);
    tcase_add_loop_test(tc, a_socket_closed_with_its_source_is_closed_for_its_peer_too, 0, 2);
    tcase_add_test(tc, polls_that_the_user_cancels_are_armed_again);

    tc = case_of(suite, "many");
    tcase_add_test(tc, a_source_of_lower_priority_waits_until_those_above_are_not_ready);
    tcase_add_test(tc, hundreds_of_descriptors_are_polled);
}

int main(void)
{
    return suite_main("descriptors of a GMainContext", add_tests);
}
