/* SPDX-License-Identifier: MIT */
/* GIO's files and sockets on an iothread, with the loop's own work beside them. */
#include "glib_support.h"

#include <gio/gunixinputstream.h>
#include <gio/gunixoutputstream.h>
#include <unistd.h>

/* ---- files ---- */

struct load {
    GFile *file;
    GThread *iothread;
    atomic_int done, wrong;
    gsize bytes;
    int left;
};

static void begin_load(struct load *load);

static void loaded(GObject *object, GAsyncResult *result, gpointer data)
{
    struct load *load = data;
    char *contents = NULL;
    gsize n = 0;
    const gboolean ok = g_file_load_contents_finish(G_FILE(object), result, &contents, &n, NULL, NULL);
    bool right = ok && n == load->bytes && g_thread_self() == load->iothread;
    for (gsize i = 0; right && i < n; i += 511) {
        right = (unsigned char)contents[i] == pattern_byte(i);
    }
    g_free(contents);
    atomic_fetch_add(&load->wrong, !right);
    atomic_fetch_add(&load->done, 1);
    if (--load->left > 0) {
        begin_load(load);
    }
}

static void begin_load(struct load *load)
{
    g_file_load_contents_async(load->file, NULL, loaded, load);
}

static void begin_load_on_iothread(void *opaque)
{
    struct load *load = opaque;
    load->iothread = g_thread_self();
    begin_load(load);
}

static GFile *named_file_or_fail(gsize bytes, int *fd)
{
    char path[64];
    *fd = temp_file_or_fail(bytes, 0);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", *fd);
    return g_file_new_for_path(path);
}

START_TEST(a_file_is_read_and_the_result_comes_on_the_iothread)
{
    struct lariat_iothread *iothread = iothread_or_fail("io0");
    struct load load = { .bytes = 300000, .left = 20 };
    int fd;
    load.file = named_file_or_fail(load.bytes, &fd);
    context_or_fail(iothread);

    run_on(iothread, begin_load_on_iothread, &load);
    wait_for(&load.done, 20);
    ck_assert_int_eq(load.wrong, 0);

    lariat_iothread_destroy(iothread);
    g_object_unref(load.file);
    close(fd);
}
END_TEST

/* ---- streams ---- */

struct stream {
    GInputStream *in;
    GOutputStream *out;
    char sent[64], received[64];
    int rounds, writes_left, reads_left;
    atomic_int done, wrong;
};

static void next_round(struct stream *stream);

static void end_half(struct stream *stream, bool right)
{
    atomic_fetch_add(&stream->wrong, !right);
    if (stream->writes_left || stream->reads_left) {
        return;
    }
    atomic_fetch_add(&stream->wrong, memcmp(stream->sent, stream->received, sizeof(stream->sent)) != 0);
    if (--stream->rounds > 0) {
        next_round(stream);
    } else {
        atomic_store(&stream->done, 1);
    }
}

static void written(GObject *object, GAsyncResult *result, gpointer data)
{
    struct stream *stream = data;
    gsize n = 0;
    const gboolean ok = g_output_stream_write_all_finish(G_OUTPUT_STREAM(object), result, &n, NULL);
    stream->writes_left = 0;
    end_half(stream, ok && n == sizeof(stream->sent));
}

static void was_read(GObject *object, GAsyncResult *result, gpointer data)
{
    struct stream *stream = data;
    gsize n = 0;
    const gboolean ok = g_input_stream_read_all_finish(G_INPUT_STREAM(object), result, &n, NULL);
    stream->reads_left = 0;
    end_half(stream, ok && n == sizeof(stream->received));
}

static void next_round(struct stream *stream)
{
    memset(stream->sent, stream->rounds, sizeof(stream->sent));
    stream->writes_left = stream->reads_left = 1;
    g_input_stream_read_all_async(stream->in, stream->received, sizeof(stream->received), 0, NULL, was_read, stream);
    g_output_stream_write_all_async(stream->out, stream->sent, sizeof(stream->sent), 0, NULL, written, stream);
}

static void begin_stream(void *opaque)
{
    next_round(opaque);
}

/* _i 1: sockets; 0: a pipe. */
START_TEST(streams_are_read_and_written)
{
    struct lariat_iothread *iothread = iothread_or_fail("io0");
    struct stream stream = { .rounds = 200 };
    GSocketConnection *ends[2] = { NULL, NULL };
    int fds[2];
    if (_i) {
        socketpair_or_fail(fds);
        for (int i = 0; i < 2; i++) {
            GSocket *socket = g_socket_new_from_fd(fds[i], NULL);
            ends[i] = g_socket_connection_factory_create_connection(socket);
            g_object_unref(socket);
        }
        stream.in = g_object_ref(g_io_stream_get_input_stream(G_IO_STREAM(ends[0])));
        stream.out = g_object_ref(g_io_stream_get_output_stream(G_IO_STREAM(ends[1])));
    } else {
        pipe_or_fail(fds);
        stream.in = g_unix_input_stream_new(fds[0], TRUE);
        stream.out = g_unix_output_stream_new(fds[1], TRUE);
    }
    context_or_fail(iothread);

    run_on(iothread, begin_stream, &stream);
    wait_for(&stream.done, 1);
    ck_assert_int_eq(stream.wrong, 0);

    lariat_iothread_destroy(iothread);
    g_object_unref(stream.in);
    g_object_unref(stream.out);
    g_clear_object(&ends[0]);
    g_clear_object(&ends[1]);
}
END_TEST

/* ---- all at once ---- */

struct loop_work {
    struct lariat_loop *loop;
    struct lariat_op op;
    struct lariat_timer timer;
    int file, event_fd;
    unsigned char buf[512];
    int left;
    atomic_int reads, timers, events, bhs, wrong;
};

static void next_read(struct loop_work *work);

static void read_done(struct lariat_op *op, int res)
{
    struct loop_work *work = op->opaque;
    const uint64_t one = 1;
    atomic_fetch_add(&work->wrong, res != (int)sizeof(work->buf) || work->buf[9] != pattern_byte(512 + 9));
    atomic_fetch_add(&work->wrong, write(work->event_fd, &one, sizeof(one)) != sizeof(one));
    atomic_fetch_add(&work->wrong, lariat_bh_schedule_oneshot(work->loop, count_up_atomic, &work->bhs) != 0);
    atomic_fetch_add(&work->reads, 1);
    if (--work->left > 0) {
        lariat_timer_set_ns(&work->timer, lariat_now_ns() + 50000);
    }
}

static void next_read(struct loop_work *work)
{
    memset(work->buf, 0, sizeof(work->buf));
    lariat_read(work->loop, &work->op, work->file, work->buf, sizeof(work->buf), 512);
}

static void timer_reads(void *opaque)
{
    struct loop_work *work = opaque;
    atomic_fetch_add(&work->timers, 1);
    next_read(work);
}

static void event_came(void *opaque)
{
    struct loop_work *work = opaque;
    uint64_t n = 0;
    atomic_fetch_add(&work->wrong, read(work->event_fd, &n, sizeof(n)) != sizeof(n));
    atomic_fetch_add(&work->events, (int)n);
}

static void begin_loop_work(void *opaque)
{
    struct loop_work *work = opaque;
    work->op = (struct lariat_op){ .fn = read_done, .opaque = work };
    lariat_timer_init(&work->timer, work->loop, timer_reads, work);
    atomic_fetch_add(&work->wrong, lariat_handler_set(work->loop, work->event_fd, event_came, NULL, work) != 0);
    next_read(work);
}

/* _i: does the loop poll? */
START_TEST(files_streams_time_outs_ops_handlers_timers_and_bhs_go_together)
{
    enum { ROUNDS = 300, LOADS = 10 };
    struct lariat_iothread *iothread = iothread_with_window_or_fail("io0", _i ? 200000 : 0);
    struct load load = { .bytes = 100000, .left = LOADS };
    struct stream stream = { .rounds = ROUNDS };
    struct loop_work work = { .loop = lariat_iothread_loop(iothread), .left = ROUNDS, .event_fd = eventfd_or_fail() };
    atomic_int ticks = 0;
    int fds[2];
    load.file = named_file_or_fail(load.bytes, &work.file);
    pipe_or_fail(fds);
    stream.in = g_unix_input_stream_new(fds[0], TRUE);
    stream.out = g_unix_output_stream_new(fds[1], TRUE);
    attach(context_or_fail(iothread), g_timeout_source_new(1), count_and_stay, &ticks);

    run_on(iothread, begin_load_on_iothread, &load);
    run_on(iothread, begin_stream, &stream);
    run_on(iothread, begin_loop_work, &work);
    wait_for(&load.done, LOADS);
    wait_for(&stream.done, 1);
    wait_for(&work.reads, ROUNDS);
    wait_for(&work.events, ROUNDS);
    wait_for(&work.bhs, ROUNDS);
    wait_for(&ticks, 5);
    ck_assert_int_eq(work.timers, ROUNDS - 1);
    ck_assert_int_eq(load.wrong + stream.wrong + work.wrong, 0);

    lariat_iothread_destroy(iothread);
    g_object_unref(stream.in);
    g_object_unref(stream.out);
    g_object_unref(load.file);
    close(work.file);
    close(work.event_fd);
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *tc = case_of(suite, "GIO");
    tcase_add_test(tc, a_file_is_read_and_the_result_comes_on_the_iothread);
    tcase_add_loop_test(tc, streams_are_read_and_written, 0, 2);
    tcase_add_loop_test(tc, files_streams_time_outs_ops_handlers_timers_and_bhs_go_together, 0, 2);
}

int main(void)
{
    return suite_main("GIO on an iothread", add_tests);
}
