/* SPDX-License-Identifier: MIT */
#include "worker.h"

#include <stdlib.h>

#include "conn.h"
#include "conn_rx.h"
#include "conn_tx.h"
#include "storage.h"

static void work(struct lariat_loop_hook *hook)
{
    struct worker *worker = (struct worker *)(void *)((char *)hook - offsetof(struct worker, hook));

    while (worker->busy) {
        struct conn *conn = worker->busy;

        worker->busy = conn->next_busy;
        if (!worker->busy)
            worker->busy_end = &worker->busy;
        conn->is_busy = false;
        conn_work(conn);
    }
}

struct beginning {
    struct worker *worker;
    int rc;
};

static void begin(void *opaque)
{
    struct beginning *beginning = opaque;

    beginning->rc = lariat_loop_hook_add(beginning->worker->loop, &beginning->worker->hook);
    if (!beginning->rc)
        buffer_pool_begin(&beginning->worker->buffers, beginning->worker->loop);
}

int worker_begin(struct worker *worker, struct lariat_loop *loop)
{
    struct beginning beginning = { .worker = worker };

    worker->loop = loop;
    worker->hook.prepare = work;
    worker->busy_end = &worker->busy;
    int rc = lariat_loop_call(loop, begin, &beginning);
    return rc ? rc : beginning.rc;
}

static void end(void *opaque)
{
    struct worker *worker = opaque;

    lariat_loop_hook_remove(worker->loop, &worker->hook);
    while (worker->free_requests) {
        struct request *request = worker->free_requests;

        worker->free_requests = request->next;
        request_free(request);
    }
    conn_tx_free_batches(worker);
    buffer_pool_end(&worker->buffers, worker->loop);
}

void worker_end(struct worker *worker)
{
    lariat_loop_call(worker->loop, end, worker);
}

static void drain(void *opaque)
{
    const struct worker *worker = opaque;

    for (struct conn *conn = worker->conns; conn; conn = conn->next) {
        conn_rx_work(conn); /* what has come by now counts */
        conn_drain(conn, "the server ends");
    }
}

static void cut_off(void *opaque)
{
    const struct worker *worker = opaque;

    for (struct conn *conn = worker->conns; conn; conn = conn->next)
        conn_close(conn, "the server ends, and the client took too long");
}

/* By call, not by a BH: the next one of the connections that the main thread hands over must not come before it. */
void worker_drain(struct worker *worker)
{
    lariat_loop_call(worker->loop, drain, worker);
}

void worker_cut_off(struct worker *worker)
{
    lariat_loop_call(worker->loop, cut_off, worker);
}

void worker_add_busy(struct worker *worker, struct conn *conn)
{
    if (conn->is_busy)
        return;
    conn->is_busy = true;
    conn->next_busy = NULL;
    *worker->busy_end = conn;
    worker->busy_end = &conn->next_busy;
}
