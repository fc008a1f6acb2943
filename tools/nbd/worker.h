/* SPDX-License-Identifier: MIT */
/*
 * A worker: a loop, the connections that it serves, and what their requests are made of, kept for the next ones. All of it
 * belongs to the loop's owner, but for what is marked.
 *
 * Callbacks of ops only note what has come or been done, and put the connection on the list of those that have work. The hook,
 * which the loop calls in each iteration before it submits, goes through that list: so whatever was answered in one wake-up
 * goes out in one send, and a connection is only freed there.
 */
#ifndef NBD_WORKER_H
#define NBD_WORKER_H

#include <lariat/iothread.h>
#include <stdatomic.h>

#include "buffer_pool.h"

struct conn;

struct limits {
    unsigned max_requests; /* in flight on one connection */
    size_t max_memory;     /* bytes of their buffers */
    int64_t handshake_ns;  /* how long a handshake may take */
    int64_t idle_ns;       /* how long nothing may happen; 0: for ever */
};

struct worker {
    struct lariat_loop *loop;
    struct lariat_loop_hook hook;
    const struct limits *limits;
    struct lariat_bh *gone; /* scheduled when a connection has gone: any thread */
    atomic_uint *n_all;     /* connections of all workers: any thread */
    atomic_uint n_conns;    /* of this one: any thread */
    struct conn *conns;
    struct conn *busy, **busy_end; /* those that have work */
    struct request *free_requests;
    struct batch *free_batches;
    struct buffer_pool buffers;
};

/* Set it up on a loop; called by whatever thread. Limits, gone and n_all have been set. 0, -errno. */
int worker_begin(struct worker *worker, struct lariat_loop *loop);

/* All connections have gone: give everything back. The loop still runs. */
void worker_end(struct worker *worker);

/* End all connections: when they have answered what they were asked, or at once. Any thread. */
void worker_drain(struct worker *worker);
void worker_cut_off(struct worker *worker);

/* The connection has work. */
void worker_add_busy(struct worker *worker, struct conn *conn);

#endif
