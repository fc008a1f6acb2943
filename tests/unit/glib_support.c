/* SPDX-License-Identifier: MIT */
#include "glib_support.h"

#include <unistd.h>

/*
 * GLib is not instrumented, and locks by futexes: TSan sees what its malloc, free, read, memcpy and the like do to memory, but not
 * that a lock keeps them apart. So it passes over what is called from inside of GLib; ours is still looked at. socket_of()
 * (lib/glib/watch.c) asks about a descriptor that GLib handed over under its lock, like all that is in a source.
 */
const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void)
{
    return "called_from_lib:libglib-2.0.so\n"
           "called_from_lib:libgobject-2.0.so\n"
           "called_from_lib:libgio-2.0.so\n"
           "race:socket_of\n";
}

/* What GLib's lock orders is ordered by this too. */
static atomic_uint hand_overs;

static void hand_over(void)
{
    atomic_fetch_add_explicit(&hand_overs, 1, memory_order_release);
}

void taken_from_glib(void)
{
    (void)atomic_load_explicit(&hand_overs, memory_order_acquire);
}

/* Between GLib and a callback. */
struct attached {
    GSourceFunc fn;
    gpointer data;
    GDestroyNotify destroy;
};

static gboolean call(gpointer data)
{
    taken_from_glib();
    const struct attached *attached = data;
    gboolean again = attached->fn(attached->data);

    hand_over(); /* to destroy(), which may run on another thread */
    return again;
}

static void destroy(gpointer data)
{
    taken_from_glib();
    struct attached *attached = data;
    if (attached->destroy != NULL) {
        attached->destroy(attached->data);
    }
    g_free(attached);
}

GSource *attach_full(GMainContext *context, GSource *source, GSourceFunc fn, gpointer data, GDestroyNotify destroy_fn)
{
    struct attached *attached = g_new(struct attached, 1);
    *attached = (struct attached){ fn, data, destroy_fn };
    g_source_set_callback(source, call, attached, destroy);
    hand_over();
    g_source_attach(source, context);
    g_source_unref(source);
    return source;
}

GSource *attach(GMainContext *context, GSource *source, GSourceFunc fn, gpointer data)
{
    return attach_full(context, source, fn, data, NULL);
}

GSource *attach_fd(GMainContext *context, int fd, GIOCondition events, GUnixFDSourceFunc fn, gpointer data)
{
    GSource *source = g_unix_fd_source_new(fd, events);
    g_source_set_callback(source, G_SOURCE_FUNC(fn), data, NULL);
    hand_over();
    g_source_attach(source, context);
    g_source_unref(source);
    return source;
}

static gboolean dispatch_fd(GSource *source, GSourceFunc callback, gpointer data)
{
    (void)source;
    return callback(data);
}

GSource *fd_source_new(int fd, GIOCondition events)
{
    static GSourceFuncs functions = { .dispatch = dispatch_fd };
    GSource *source = g_source_new(&functions, sizeof(GSource));
    g_source_add_unix_fd(source, fd, events);
    return source;
}

gboolean count_and_stay(gpointer data)
{
    count_up_atomic(data);
    return G_SOURCE_CONTINUE;
}

gboolean count_and_go(gpointer data)
{
    count_up_atomic(data);
    return G_SOURCE_REMOVE;
}

GMainContext *context_or_fail(struct lariat_iothread *iothread)
{
    GMainContext *context = lariat_iothread_get_g_main_context(iothread);
    ck_assert_ptr_nonnull(context);
    return context;
}

void run_on(struct lariat_iothread *iothread, void (*fn)(void *), void *opaque)
{
    call_or_fail(lariat_iothread_loop(iothread), fn, opaque);
}

void run_iterations(struct lariat_iothread *iothread, int n)
{
    for (int i = 0; i < n; i++) {
        run_on(iothread, do_nothing, NULL);
    }
}

/* 'S' in the kernel's words; a thread that merely waits for a CPU is not. */
static bool is_blocked(struct lariat_iothread *iothread)
{
    char path[64], line[256] = "";
    snprintf(path, sizeof(path), "/proc/self/task/%d/stat", (int)lariat_iothread_tid(iothread));
    FILE *f = fopen(path, "re");
    if (f != NULL) {
        (void)!fread(line, 1, sizeof(line) - 1, f);
        fclose(f);
    }
    const char *end = strrchr(line, ')');
    return end != NULL && end[1] == ' ' && end[2] == 'S';
}

bool falls_asleep(struct lariat_iothread *iothread)
{
    struct lariat_loop *loop = lariat_iothread_loop(iothread);
    for (int i = 0, n_quiet = 0; i < 2000; i++) {
        const uint64_t before = stats_of(loop).iterations;
        usleep(5000);
        n_quiet = is_blocked(iothread) && stats_of(loop).iterations == before ? n_quiet + 1 : 0;
        if (n_quiet == 2) {
            return true;
        }
    }
    return false;
}
