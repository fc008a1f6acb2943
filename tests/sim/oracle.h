/* SPDX-License-Identifier: MIT */
/*
 * What must hold, and the bookkeeping that tells. The program (world.c) says what it asked for, the kernel what it saw, and
 * the callbacks what came; whatever does not fit together ends the run.
 */
#ifndef LARIAT_SIM_ORACLE_H
#define LARIAT_SIM_ORACLE_H

#include <stdbool.h>
#include <stdint.h>

#include <liburing.h>

#include <lariat/lariat.h>

#include "object.h"

#define N_OPS 48
#define N_BHS 12
#define N_TIMERS 24
#define N_POLLERS 3
#define OP_BYTES 512
#define OP_PIECES 3

/* An op of the program. Its memory and its part of a file belong to it alone. */
struct sim_op {
    struct lariat_op op;
    bool in_flight;            /* from the submitting call to the last callback */
    bool in_kernel;            /* its SQE was taken and its last CQE not yet posted */
    bool cancelled;
    bool storage;              /* counts as waiting for storage */
    bool chained;
    bool submitting;           /* inside the submitting call */
    uint32_t n_moved;          /* stream: bytes that the kernel moved */
    uint8_t moved[OP_BYTES];   /* ... and which */
    unsigned n_posted;         /* CQEs not yet told by a callback */
    int posted;                /* result of the last CQE */
    struct object *object;     /* NULL: none */
    bool writes, stream;
    uint32_t offset, len;
    struct iovec iov[OP_PIECES];
    uint8_t memory[OP_BYTES];
};

struct sim_bh {
    struct lariat_bh *bh;  /* NULL: none */
    bool scheduled;        /* must run */
    uint64_t pushed;       /* its place in the order; the latest */
    unsigned n_again;      /* times it will schedule itself once more */
};

struct sim_timer {
    struct lariat_timer timer;
    bool made, armed;
    int64_t expire_ns;
    uint64_t set;          /* its place in the order of setting */
    unsigned iteration;    /* in which it was set */
    unsigned n_again;
};

struct sim_handler {
    struct object *object;
    bool set, edge, readable, writable;
    bool failed;           /* its poll failed: one more call, then it is gone */
    unsigned generation;
};

struct sim_poller {
    struct lariat_poller *poller; /* NULL: none */
    unsigned n_items;
    bool told; /* its other side has to notify */
};

struct oracle {
    struct lariat_loop *loop;
    struct sim_op ops[N_OPS];
    struct sim_bh bhs[N_BHS];
    struct sim_timer timers[N_TIMERS];
    struct sim_handler handlers[N_OBJECTS];
    struct sim_poller pollers[N_POLLERS];
    unsigned iteration;
    bool inside;             /* the loop is being polled, dispatched or closed */
    bool in_callback;
    bool closing, closed, broken;
    uint64_t n_pushed, n_set;
    uint64_t pushed_before;  /* n_pushed when the iteration began */
    unsigned n_callbacks;    /* in this iteration */
};
extern struct oracle oracle;

void oracle_begin(void);

/* The loop is called, and has answered. */
void oracle_iteration_begin(void);
void oracle_iteration_end(int ret);

/* The loop was closed, and gave `ret`. */
void oracle_closed(int ret);

/* BHs, by slot; schedule does it. N_BHS and above: a oneshot, of which there may be any number. */
int oracle_schedule(unsigned slot);
void oracle_bh_runs(unsigned slot);
int oracle_schedule_oneshot(void (*fn)(void *));
void oracle_oneshot_runs(uint64_t pushed);
void oracle_bh_deleted(unsigned slot);

void oracle_timer_set(struct sim_timer *timer, int64_t expire_ns);
void oracle_timer_runs(struct sim_timer *timer);
void oracle_handler_runs(struct sim_handler *handler, unsigned generation, bool writable);
void oracle_op_submitted(struct sim_op *op);
void oracle_op_completes(struct sim_op *op, int res);

/* From the kernel: an SQE was taken; a CQE was posted; a byte was moved between an op and a stream; the loop is going to sleep until `deadline_ns` of the
   clock (SIM_NEVER: for ever) or for `min_ns`, whatever is longer, and nothing is there to be seen; it waits for several
   completions, for `min_ns` or, if that is 0, until `deadline_ns`. */
void oracle_taken(const struct io_uring_sqe *sqe);
void oracle_posted(uint64_t user_data, int res, unsigned flags);
void oracle_poll_failed(uint64_t user_data, struct object *object);
void oracle_moved(uint64_t user_data, uint8_t byte);
void oracle_waits(bool for_storage); /* the kind of waiting that it asks for */
void oracle_blocks(int64_t deadline_ns, int64_t slack_ns, int64_t min_ns);
void oracle_batches(unsigned n, int64_t min_ns, int64_t deadline_ns);

#endif
