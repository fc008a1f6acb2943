/* SPDX-License-Identifier: MIT */
/*
 * A loop as a GSource. GLib's prepare, check and dispatch map to the loop's, with one difference: GLib calls no check for a
 * source whose prepare said that it is ready, for one that is blocked because it is being dispatched, nor at all when the set
 * of descriptors changed meanwhile. So `prepared` says what is owed, and whoever comes next pays.
 */
#include <lariat/glib.h>

#include <errno.h>
#include <limits.h>

#define NS_PER_MS 1000000

struct loop_source {
    GSource source;
    struct lariat_loop *loop; /* NULL: given back */
    gboolean prepared;        /* lariat_loop_prepare() without its lariat_loop_check() */
};

/* Rounded up, so that the wait is never too short. */
static gint timeout_ms(int64_t timeout_ns)
{
    if (timeout_ns < 0)
        return -1;
    if (timeout_ns > (int64_t)(INT_MAX - 1) * NS_PER_MS)
        return INT_MAX;
    return (gint)((timeout_ns + NS_PER_MS - 1) / NS_PER_MS);
}

static gboolean check_loop(struct loop_source *self)
{
    self->prepared = FALSE;
    return lariat_loop_check(self->loop);
}

static gboolean prepare(GSource *source, gint *timeout)
{
    struct loop_source *self = (struct loop_source *)source;
    int64_t timeout_ns;
    int err;

    if (self->prepared)
        check_loop(self);
    err = lariat_loop_prepare(self->loop, &timeout_ns);
    if (err < 0)
        return err != -EDEADLK; /* closed, or its ring is broken: dispatch finds the same, and ends the source */
    self->prepared = TRUE;
    *timeout = timeout_ms(timeout_ns);
    if (timeout_ns)
        return FALSE;
    check_loop(self);
    return TRUE;
}

static gboolean check(GSource *source)
{
    struct loop_source *self = (struct loop_source *)source;

    return self->prepared && check_loop(self);
}

static gboolean dispatch(GSource *source, GSourceFunc callback, gpointer data)
{
    struct loop_source *self = (struct loop_source *)source;
    int err;

    (void)callback;
    (void)data;
    if (self->prepared)
        check_loop(self);
    err = lariat_loop_dispatch(self->loop);
    if (err < 0 && err != -ESHUTDOWN && err != -EDEADLK)
        g_critical("lariat: the ring of loop '%s' failed: %s", lariat_loop_name(self->loop), g_strerror(-err));
    return err >= 0 || err == -EDEADLK ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

/* The source was destroyed, or attached nowhere at all. */
static void finalize(GSource *source)
{
    struct loop_source *self = (struct loop_source *)source;

    if (self->prepared)
        check_loop(self);
    lariat_loop_unref(self->loop);
    self->loop = NULL;
}

static GSourceFuncs functions = { .prepare = prepare, .check = check, .dispatch = dispatch, .finalize = finalize };

GSource *lariat_glib_source_new(struct lariat_loop *loop)
{
    int fd = lariat_loop_fd(loop);
    GSource *source;
    gchar *name;

    if (fd < 0)
        return NULL;
    source = g_source_new(&functions, sizeof(struct loop_source));
    ((struct loop_source *)source)->loop = lariat_loop_ref(loop);
    name = g_strconcat("lariat: ", lariat_loop_name(loop), NULL);
    g_source_set_name(source, name);
    g_free(name);
    g_source_add_unix_fd(source, fd, G_IO_IN);
    return source;
}
