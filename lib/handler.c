/* SPDX-License-Identifier: MIT */
/*
 * A handler is one POLL_ADD whose user_data is the handler. Nothing is sent to the kernel when a handler is set, changed or
 * removed: it goes to the dirty list, and handlers_queue() sends what is then needed, just before the next submission. So a
 * handler set and removed at once costs nothing, and no request of ours lands inside a chain of the user's.
 *
 * Removal is two-phase: unlinked from by_fd and never called again at once; freed by handlers_queue() when no poll of it is
 * in the kernel any more. A handler's memory is valid as long as it is armed, or dirty, or linked in by_fd; all of them are
 * on one list, for a ring that broke and completes no poll any more.
 *
 * The kernel polls for POLLRDHUP whether asked to or not. Who waits to write to a peer that has shut down its own side wants
 * none of it, but polled again would hear it again at once, for ever. So after an event that nobody wanted a handler is hushed:
 * polled by a multishot poll, which tells each event once, until something comes that it wants.
 */
#include "handler.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FDS_FIRST 64
#define FDS_UNCHECKED 65536

struct handler {
    struct completion completion;
    struct lariat_loop *loop;
    int fd;
    void (*readable)(void *);
    void (*writable)(void *);
    void *opaque;
    unsigned armed_mask;        /* events the kernel watches; only valid if armed */
    bool edge;                  /* constant: multishot */
    bool hushed;                /* multishot for now */
    bool armed_multishot;       /* only valid if armed */
    bool armed;                 /* its poll is in the kernel, or queued */
    bool removed;
    bool cancel_sent;           /* only valid if armed: its poll is being cancelled */
    bool dirty;                 /* on the dirty list */
    struct handler *next_dirty; /* only valid if dirty */
    struct handler *next, *prev; /* of all the loop's handlers */
};

void handlers_init(struct lariat_loop *loop)
{
    memset(&loop->handlers, 0, sizeof(loop->handlers));
    loop->handlers.dirty_end = &loop->handlers.dirty;
}

static void mark_dirty(struct handler *h)
{
    struct loop_handlers *hs = &h->loop->handlers;

    if (h->dirty)
        return;
    h->dirty = true;
    h->next_dirty = NULL;
    *hs->dirty_end = h;
    hs->dirty_end = &h->next_dirty;
}

static void free_handler(struct handler *h)
{
    if (h->prev)
        h->prev->next = h->next;
    else
        h->loop->handlers.all = h->next;
    if (h->next)
        h->next->prev = h->prev;
    free(h);
}

static unsigned wanted_mask(const struct handler *h)
{
    return (h->readable ? POLLIN | POLLRDHUP : 0u) | (h->writable ? POLLOUT : 0u);
}

/*
 * Send what the handler needs. False: no SQE.
 *
 * To change or remove a poll it is cancelled: then its last completion always comes, and brings the handler here again.
 * POLL_REMOVE would not do: it can be refused because an event is on its way, which then turns out to be none.
 */
static bool send_changes(struct handler *h)
{
    bool multishot = h->edge || h->hushed;
    bool cancel = h->armed && (h->removed || h->armed_mask != wanted_mask(h) || h->armed_multishot != multishot);
    struct io_uring_sqe *sqe;

    if (h->armed && (!cancel || h->cancel_sent))
        return true;
    sqe = ring_internal_sqe(&h->loop->ring);
    if (!sqe)
        return false;
    if (cancel) {
        sqe->opcode = IORING_OP_ASYNC_CANCEL;
        sqe->fd = -1;
        sqe->addr = completion_user_data(&h->completion);
        h->cancel_sent = true;
        return true;
    }
    sqe->opcode = IORING_OP_POLL_ADD;
    sqe->fd = h->fd;
    sqe->len = multishot ? IORING_POLL_ADD_MULTI : 0;
    sqe->user_data = completion_user_data(&h->completion);
    h->armed_mask = wanted_mask(h);
    ring_set_poll_mask(sqe, h->armed_mask);
    h->armed = true;
    h->armed_multishot = multishot;
    h->cancel_sent = false;
    h->loop->handlers.n_armed++;
    return true;
}

bool handlers_queue(struct lariat_loop *loop)
{
    struct loop_handlers *hs = &loop->handlers;

    while (hs->dirty) {
        struct handler *h = hs->dirty;

        if (!(h->removed && !h->armed) && !send_changes(h))
            return false;
        hs->dirty = h->next_dirty;
        if (!hs->dirty)
            hs->dirty_end = &hs->dirty;
        h->dirty = false;
        if (h->removed && !h->armed)
            free_handler(h);
    }
    return true;
}

static void remove_handler(struct handler *h)
{
    h->loop->handlers.by_fd[h->fd] = NULL;
    h->removed = true;
    mark_dirty(h);
}

/*
 * A failed poll would fail again at once, so it ends the handler. It is removed before its callback runs, which may set the
 * descriptor anew.
 */
static void fail_handler(struct handler *h, int err)
{
    void (*fn)(void *) = h->readable ? h->readable : h->writable;

    remove_handler(h);
    fprintf(stderr, "lariat: loop '%s': handler of descriptor %d removed, because polling it failed: %s\n", h->loop->name,
            h->fd, strerror(-err));
    fn(h->opaque);
}

/* Returns whether a callback ran. A callback may remove or change this handler. */
static bool dispatch(struct handler *h, unsigned events)
{
    const unsigned trouble = POLLERR | POLLHUP | POLLNVAL;
    void (*readable)(void *) = h->readable;
    bool ran = false;

    if (readable && events & (POLLIN | POLLPRI | POLLRDHUP | trouble)) {
        ran = true;
        readable(h->opaque);
    }
    if (h->removed || !h->writable)
        return ran;
    if (events & POLLOUT || (!readable && events & trouble)) {
        ran = true;
        h->writable(h->opaque);
    }
    return ran;
}

/* After an event of a level-triggered handler that lives on. Without multishot polls (before Linux 5.13) it must hear it for ever. */
static void hush(struct handler *h, bool ran)
{
    bool hushed = !ran && !h->loop->wake_oneshot;

    if (h->hushed != hushed)
        mark_dirty(h);
    h->hushed = hushed;
}

static bool handler_event(struct completion *completion, int res, unsigned cqe_flags)
{
    struct handler *h = (struct handler *)((char *)completion - offsetof(struct handler, completion));
    struct lariat_loop *loop = h->loop;
    bool ran = false;

    stat_add(&loop->stats.ops[LARIAT_OP_KIND_POLL], 1);
    if (!(cqe_flags & IORING_CQE_F_MORE)) {
        h->armed = false;
        loop->handlers.n_armed--;
        mark_dirty(h); /* to be armed again, or freed */
    }
    if (h->removed || res == -ECANCELED)
        return false;
    if (res < 0) {
        fail_handler(h, res);
        ran = true;
    } else {
        ran = dispatch(h, (unsigned)res);
        if (!h->edge && !h->removed)
            hush(h, ran);
    }
    stat_add(&loop->stats.handlers_run, ran);
    return ran;
}

/* Make by_fd long enough. 0, -EBADF or -ENOMEM. */
static int make_room(struct loop_handlers *hs, int fd)
{
    unsigned n = hs->n_by_fd ? hs->n_by_fd : FDS_FIRST;
    struct handler **by_fd;

    if ((unsigned)fd < hs->n_by_fd)
        return 0;
    if (fd >= FDS_UNCHECKED && fcntl(fd, F_GETFD) < 0)
        return -EBADF; /* before much memory is spent on a number that is none of a descriptor */
    while (n <= (unsigned)fd)
        n *= 2;
    by_fd = realloc(hs->by_fd, n * sizeof(struct handler *));
    if (!by_fd)
        return -ENOMEM;
    memset(by_fd + hs->n_by_fd, 0, (n - hs->n_by_fd) * sizeof(struct handler *));
    hs->by_fd = by_fd;
    hs->n_by_fd = n;
    return 0;
}

/* In place of *h, if that is one. 0, -EBADF or -ENOMEM. */
static int add_handler(struct lariat_loop *loop, int fd, bool edge, struct handler **h)
{
    int err = make_room(&loop->handlers, fd);
    struct handler *added = err ? NULL : calloc(1, sizeof(*added));

    if (!added)
        return err ? err : -ENOMEM;
    if (*h)
        remove_handler(*h);
    added->completion.fn = handler_event;
    added->loop = loop;
    added->fd = fd;
    added->edge = edge;
    added->next = loop->handlers.all;
    if (added->next)
        added->next->prev = added;
    loop->handlers.all = added;
    loop->handlers.by_fd[fd] = added;
    *h = added;
    return 0;
}

static int set_handler(struct lariat_loop *loop, int fd, bool edge, void (*readable)(void *), void (*writable)(void *),
                       void *opaque)
{
    struct handler *h;

    if (fd < 0)
        return -EBADF;
    h = (unsigned)fd < loop->handlers.n_by_fd ? loop->handlers.by_fd[fd] : NULL;
    if (!readable && !writable) {
        if (h)
            remove_handler(h);
        loop_queued(loop);
        return 0;
    }
    if (loop->stopping)
        return -ESHUTDOWN;
    /* A new edge handler must report what is ready now, and a poll cannot change its nature: so another handler. */
    if (!h || edge || h->edge) {
        int err = add_handler(loop, fd, edge, &h);

        if (err)
            return err; /* and the one before stays */
    }
    h->readable = readable;
    h->writable = writable;
    h->opaque = opaque;
    h->hushed = false;
    mark_dirty(h);
    loop_queued(loop);
    return 0;
}

int lariat_handler_set(struct lariat_loop *loop, int fd, void (*readable)(void *), void (*writable)(void *), void *opaque)
{
    assert_owner(loop, __func__);
    return set_handler(loop, fd, false, readable, writable, opaque);
}

int lariat_handler_set_edge(struct lariat_loop *loop, int fd, void (*readable)(void *), void (*writable)(void *),
                            void *opaque)
{
    assert_owner(loop, __func__);
    return set_handler(loop, fd, true, readable, writable, opaque);
}

void handlers_drop(struct lariat_loop *loop)
{
    for (unsigned i = 0; i < loop->handlers.n_by_fd; i++)
        if (loop->handlers.by_fd[i])
            remove_handler(loop->handlers.by_fd[i]);
}

void handlers_exit(struct lariat_loop *loop)
{
    struct loop_handlers *hs = &loop->handlers;

    while (hs->all)
        free_handler(hs->all);
    free(hs->by_fd);
    handlers_init(loop);
}
