/* SPDX-License-Identifier: MIT */
/* Work for a loop that lives inside another event loop: each kind wakes it in its own way, and one thing at a time. */
#ifndef LARIAT_TESTS_EMBED_WORK_H
#define LARIAT_TESTS_EMBED_WORK_H

#include "support.h"

enum work_kind {
    WORK_BHS,          /* scheduled by another thread, the next one when the last one ran */
    WORK_DIRECT_READS, /* from the disk */
    WORK_CACHED_READS, /* from the page cache, done inside the submitting system call */
    WORK_SOCKETS,      /* what is sent is received */
    WORK_HANDLERS,     /* a pipe that another thread writes to */
    WORK_EVENTFDS,     /* a nested eventfd with a handler, written by another thread */
    WORK_TIMERS,
    WORK_ALL, /* at once */
    N_WORK_KINDS
};

struct work {
    struct lariat_loop *loop;
    int n;    /* rounds of each kind */
    int left; /* kinds that are not done */

    int bh_rounds;
    atomic_int bhs_ran;
    pthread_t bh_thread;
    bool has_bh_thread;

    int direct_fd, cached_fd;
    struct lariat_op direct_read, cached_read;
    unsigned char *direct_buf, direct_expected;
    unsigned char cached_buf[512];
    int direct_done, cached_done, bad_reads;

    int sockets[2];
    struct lariat_op send, recv;
    char sent, received;
    int transfers_in_flight, sockets_done, bad_transfers;

    int event_fds[2]; /* a pipe, or twice an eventfd */
    atomic_int events_seen;
    pthread_t event_thread;
    bool has_event_thread;

    struct lariat_timer timer;
    int64_t due_ns;
    int timers_fired, too_early;
    uint64_t random;

    atomic_int threads_failed; /* they waited too long */
};

/* Begin `kind`, n rounds of it. All callbacks run on `loop`, which the caller drives until work_is_done(). */
void work_begin(struct work *work, struct lariat_loop *loop, enum work_kind kind, int n);
bool work_is_done(const struct work *work);
/* Everything was right; give everything back, before the loop is closed. */
void work_end(struct work *work);

#endif
