/* SPDX-License-Identifier: MIT */
/*
 * The polls behind a GMainContext. A descriptor is polled until something happens on it, and again from the next update on.
 * What is unwanted is cancelled and stays, retired, until its last completion has come.
 *
 * A poll stands for the file that the number stood for when it was armed. When a source closes its descriptor and another
 * gets the same number for the same events, GLib's answer does not change, though nobody watches the new file. But each
 * change of the set makes GLib write to wake_fd. So after that, the files are looked at: a socket is known by its inode, and
 * where there is no telling the poll is replaced.
 */
#include "watch.h"

#include <errno.h>
#include <sys/stat.h>

#include <linux/io_uring.h>

#define EVENTS_UNASKED ((unsigned)(G_IO_ERR | G_IO_HUP | G_IO_NVAL))
#define ROOM_FIRST 8

struct watch {
    struct lariat_op op;
    struct watches *watches;
    struct watch *prev, *next; /* in watches->all */
    int fd;
    unsigned events;  /* wanted */
    unsigned revents; /* seen since it was armed */
    ino_t socket;     /* inode of the socket polled; 0: it is none */
    bool armed;
    bool retired;
    bool cancelled; /* retired, and the kernel was asked */
    bool edge;      /* see watch_event() */
};

/* ---- life ---- */

static struct watch *watch_new(struct watches *watches, int fd, unsigned events)
{
    struct watch *watch = g_new0(struct watch, 1);

    watch->watches = watches;
    watch->fd = fd;
    watch->events = events;
    watch->next = watches->all;
    if (watch->next)
        watch->next->prev = watch;
    watches->all = watch;
    return watch;
}

static void watch_free(struct watch *watch)
{
    if (watch->prev)
        watch->prev->next = watch->next;
    else
        watch->watches->all = watch->next;
    if (watch->next)
        watch->next->prev = watch->prev;
    g_free(watch);
}

/* It may be refused when the kernel is short of memory: then the next update asks. */
static void cancel(struct watch *watch)
{
    watch->cancelled = lariat_op_cancel(watch->watches->loop, &watch->op) != -EAGAIN;
    watch->watches->n_to_cancel += !watch->cancelled;
}

static void retire(struct watch *watch)
{
    if (!watch->armed) {
        watch_free(watch);
        return;
    }
    watch->retired = true;
    cancel(watch);
}

/* ---- polling ---- */

/* What may be over by the next try. */
static bool passes(int err)
{
    return err == -ECANCELED || err == -EAGAIN || err == -ENOMEM || err == -EINTR || err == -ESHUTDOWN;
}

/*
 * The kernel polls for POLLRDHUP too, whether it was asked to or not. Who waits to write to a peer that has shut down its own
 * side is not interested, but polled again it would hear the same at once, for ever. An edge-triggered poll says it once.
 */
static void watch_event(struct lariat_op *op, int res)
{
    struct watch *watch = op->opaque;

    if (!(op->cqe_flags & IORING_CQE_F_MORE))
        watch->armed = false;
    if (watch->retired) {
        if (!watch->armed)
            watch_free(watch);
        return;
    }
    if (res >= 0)
        watch->revents |= (unsigned)res & (watch->events | EVENTS_UNASKED);
    else if (res == -EINVAL && watch->edge)
        watch->edge = false; /* a kernel without multishot polls, before 5.13: it has to hear it for ever */
    else if (!passes(res))
        watch->revents |= G_IO_NVAL;
    if (watch->revents)
        (void)lariat_bh_schedule(watch->watches->check); /* refused by a loop that is stopping */
    else if (res > 0)
        watch->edge = true;
}

static ino_t socket_of(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode) ? st.st_ino : 0;
}

static uint32_t poll_mask(unsigned events)
{
#if G_BYTE_ORDER == G_BIG_ENDIAN
    return events << 16 | events >> 16; /* the kernel's order of the two halves */
#else
    return events;
#endif
}

static void arm(struct watch *watch)
{
    struct io_uring_sqe *sqe;

    watch->op = (struct lariat_op){ .fn = watch_event, .opaque = watch, .flags = watch->edge ? LARIAT_OP_MULTISHOT : 0 };
    watch->revents = 0;
    watch->socket = watch->fd == watch->watches->wake_fd ? 0 : socket_of(watch->fd);
    watch->armed = true;
    sqe = lariat_sqe(watch->watches->loop, &watch->op);
    sqe->opcode = IORING_OP_POLL_ADD;
    sqe->fd = watch->fd;
    sqe->len = watch->edge ? IORING_POLL_ADD_MULTI : 0;
    sqe->poll32_events = poll_mask(watch->events);
}

/* An armed poll that is of no use: on a file that may be another now, or edge-triggered and having told its event. */
static bool is_stale(const struct watch *watch)
{
    const struct watches *watches = watch->watches;

    if (watch->revents)
        return true;
    if (!watches->look_again || watch->fd == watches->wake_fd)
        return false;
    return !watch->socket || socket_of(watch->fd) != watch->socket;
}

static void arm_all(struct watches *watches)
{
    for (gint i = 0; i < watches->now.n; i++) {
        struct watch *watch = watches->now.at[i];

        if (watch->fd < 0)
            continue; /* poll(2) passes over them too */
        if (watch->armed && is_stale(watch)) {
            watches->now.at[i] = watch_new(watches, watch->fd, watch->events);
            retire(watch);
            watch = watches->now.at[i];
        }
        if (!watch->armed)
            arm(watch);
    }
    watches->look_again = FALSE;
}

/* ---- the set ---- */

static gint query(struct watches *watches, GMainContext *context)
{
    struct watch_set *set = &watches->next;
    gint timeout;

    /* All priorities: check() leaves out what does not matter now, and polls that come and go would cost more. */
    while ((set->n = g_main_context_query(context, G_MAXINT, &timeout, set->fds, set->room)) > set->room) {
        set->room = set->n + ROOM_FIRST;
        set->fds = g_renew(GPollFD, set->fds, set->room);
        set->at = g_renew(struct watch *, set->at, set->room);
    }
    return timeout;
}

static bool same_fd(const GPollFD *a, const GPollFD *b)
{
    return a->fd == b->fd && a->events == b->events;
}

static bool is_unchanged(const struct watches *watches)
{
    const struct watch_set *now = &watches->now, *next = &watches->next;
    gint i = 0;

    while (i < now->n && i < next->n && same_fd(&now->fds[i], &next->fds[i]))
        i++;
    return i == now->n && i == next->n;
}

/* Both are sorted by descriptor; if a GLib's were not, polls that could have stayed would be replaced, and that is all. */
static void adopt(struct watches *watches)
{
    struct watch_set old = watches->now, *next = &watches->next;
    gint j = 0;

    for (gint i = 0; i < next->n; i++) {
        while (j < old.n && old.fds[j].fd < next->fds[i].fd)
            retire(old.at[j++]);
        if (j < old.n && same_fd(&old.fds[j], &next->fds[i]))
            next->at[i] = old.at[j++];
        else
            next->at[i] = watch_new(watches, next->fds[i].fd, next->fds[i].events);
    }
    while (j < old.n)
        retire(old.at[j++]);
    watches->now = *next;
    watches->next = old;
}

static void cancel_again(struct watches *watches)
{
    watches->n_to_cancel = 0;
    for (struct watch *watch = watches->all; watch; watch = watch->next)
        if (watch->retired && !watch->cancelled)
            cancel(watch);
}

gint watches_update(struct watches *watches, GMainContext *context)
{
    gint timeout = query(watches, context);

    if (G_UNLIKELY(watches->n_to_cancel))
        cancel_again(watches);
    if (!is_unchanged(watches))
        adopt(watches);
    arm_all(watches);
    return timeout;
}

void watches_collect(struct watches *watches)
{
    for (gint i = 0; i < watches->now.n; i++) {
        const struct watch *watch = watches->now.at[i];

        watches->now.fds[i].revents = (gushort)watch->revents;
        if (watch->revents && watch->fd == watches->wake_fd)
            watches->look_again = TRUE;
    }
}

void watches_init(struct watches *watches, struct lariat_loop *loop, struct lariat_bh *check, GMainContext *context)
{
    *watches = (struct watches){ .loop = loop, .check = check, .wake_fd = -1 };
    query(watches, context);
    if (watches->next.n) /* a context without sources has its own descriptor only */
        watches->wake_fd = watches->next.fds[0].fd;
}

void watches_free(struct watches *watches)
{
    while (watches->all)
        watch_free(watches->all);
    g_free(watches->now.fds);
    g_free(watches->now.at);
    g_free(watches->next.fds);
    g_free(watches->next.at);
}
