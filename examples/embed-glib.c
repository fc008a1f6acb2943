/* SPDX-License-Identifier: MIT */
/*
 * Print a file, read through a Lariat loop that is a source of a GLib main loop; then say good-bye from a GLib source that
 * an iothread runs.
 *
 *     cc embed-glib.c $(pkg-config --cflags --libs lariat-glib) && ./a.out FILE
 */
#include <fcntl.h>
#include <lariat/glib.h>
#include <lariat/lariat.h>
#include <stdio.h>
#include <unistd.h>

static GMainLoop *main_loop;
static struct lariat_loop *loop;
static struct lariat_op op;
static int fd, result = 1;
static int64_t offset;
static char buffer[4096];

/* A read has completed: print it and ask for the next one, until the end or an error. */
static void read_done(struct lariat_op *done, int res)
{
    if (res <= 0) {
        result = res;
        g_main_loop_quit(main_loop);
        return;
    }
    fwrite(buffer, 1, (size_t)res, stdout);
    offset += res;
    lariat_read(loop, done, fd, buffer, sizeof(buffer), offset);
}

static gboolean quit(gpointer data)
{
    g_main_loop_quit(data);
    return G_SOURCE_REMOVE;
}

/* On the iothread. The main loop is told by a source of its own: it may not be running yet, and would miss a call. */
static gboolean say_good_bye(gpointer data)
{
    printf("good-bye from %s\n", lariat_iothread_id(lariat_iothread_current()));
    g_idle_add(quit, data);
    return G_SOURCE_REMOVE;
}

int main(int argc, char **argv)
{
    struct lariat_loop_options options = LARIAT_LOOP_OPTIONS_INIT;
    struct lariat_iothread *iothread;

    fd = open(argv[argc - 1], O_RDONLY | O_CLOEXEC);
    options.flags = LARIAT_LOOP_EMBED;
    int err = lariat_loop_new(&options, &loop);
    if (fd < 0 || err < 0) {
        fprintf(stderr, "%s\n", err < 0 ? lariat_explain_setup(err) : "no such file");
        return err < 0 ? 77 : 1;
    }

    /* A loop in GLib: its source goes where all others are. */
    main_loop = g_main_loop_new(NULL, FALSE);
    GSource *source = lariat_glib_source_new(loop);
    g_source_attach(source, NULL);
    op.fn = read_done;
    lariat_read(loop, &op, fd, buffer, sizeof(buffer), offset);
    g_main_loop_run(main_loop);
    g_source_destroy(source);
    g_source_unref(source);
    lariat_loop_unref(loop); /* closes it */
    close(fd);

    /* GLib in an iothread: its context takes sources from any thread. */
    if (lariat_iothread_new("io0", NULL, &iothread) < 0)
        return 1;
    GSource *idle = g_idle_source_new();
    g_source_set_callback(idle, say_good_bye, main_loop, NULL);
    g_source_attach(idle, lariat_iothread_get_g_main_context(iothread));
    g_source_unref(idle);
    g_main_loop_run(main_loop);
    lariat_iothread_destroy(iothread); /* the context goes with it */
    g_main_loop_unref(main_loop);
    return result == 0 ? 0 : 1;
}
