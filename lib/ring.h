/* SPDX-License-Identifier: MIT */
/*
 * One io_uring instance, seen from its only user, the owner of the loop. Nothing here is for other threads.
 *
 * SQEs are handed out by ring_sqe() and become visible to the kernel with the next ring_submit() or ring_wait(). Both go
 * through one enter function, which recomputes from the kernel's own head how much is left to submit, so a short or refused
 * submission leaves the rest queued and loses nothing.
 *
 * user_data 0 marks a request whose completion nobody wants.
 */
#ifndef LARIAT_RING_H
#define LARIAT_RING_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include <lariat/stats.h>

#include "uring_compat.h"

struct io_uring;

struct ring_options {
    unsigned sq_entries, cq_entries; /* valid: see ring_sizes_valid() */
    bool sqpoll;
    bool sqpoll_on_cpu; /* on CPU number sqpoll_cpu */
    unsigned sqpoll_cpu;
    bool embed; /* its descriptor will be polled: COOP_TASKRUN in place of DEFER_TASKRUN */
};

struct ring {
    /* Shared with the kernel. */
    unsigned *cq_khead, *cq_ktail, *cq_koverflow;
    struct io_uring_cqe *cqes;
    unsigned *sq_khead, *sq_ktail, *sq_kflags;
    struct io_uring_sqe *sqes;
    unsigned cq_mask, sq_mask, sq_entries, cq_entries;
    unsigned batch_max; /* SQEs that one submission takes; 1 to sq_entries; only a chain may be longer */

    unsigned sq_tail;     /* of the SQEs handed out; published by enter */
    unsigned chain_start; /* first SQE of the chain that is being built; only valid if chain_open */
    bool chain_open;
    bool look_back;       /* the newest SQE may be linked to the next: ring_sqe() has to look */

    bool ext_arg;      /* enter takes a deadline */
    bool abs_timer;    /* an absolute one */
    bool min_wait;     /* enter takes the time after which one completion will do */
    bool no_iowait;    /* enter takes NO_IOWAIT */
    bool wait_by_poll; /* sleep in ppoll() on the descriptor: valgrind, or a kernel without ext_arg */
    bool sqpoll;
    bool registered;   /* the descriptor is registered */
    unsigned setup_flags;
    unsigned dropped_seen; /* of *cq_koverflow */
    uint64_t opcodes;      /* bit n: opcode n is supported */
    unsigned workers_default[2]; /* bounded and unbounded ones that the kernel began with; 0: it does not tell or take limits */
    int fd, enter_fd;
    unsigned enter_flags;
    struct lariat_loop_stats *stats; /* enters, sqes_submitted, cq_overflows, cq_dropped */
    struct io_uring *uring;          /* liburing's own */
};

/* Are these sizes acceptable (io_uring's limits)? */
bool ring_sizes_valid(unsigned sq_entries, unsigned cq_entries);

/* Set up, by the ladder of design.md section 6. 0 or -errno, and then nothing is left behind. */
int ring_init(struct ring *r, const struct ring_options *opts, struct lariat_loop_stats *stats);

/* Tear down. in_child: in a child of fork(); unmap and free only. */
void ring_exit(struct ring *r, bool in_child);

/* A zeroed SQE for a request of the user, who may link it to the next. NULL: *err says why (-EAGAIN: the kernel takes none now; -E2BIG: chain too long). */
struct io_uring_sqe *ring_sqe(struct ring *r, int *err);

/* The same, not zeroed, if it is to be had at once. NULL: ask ring_sqe(). */
static inline struct io_uring_sqe *ring_sqe_fast(struct ring *r);

/* A zeroed SQE for a request of the loop, never inside a chain that the user is building. NULL: none now, try again. */
struct io_uring_sqe *ring_internal_sqe(struct ring *r);

/* If a chain is being built, let it end with the SQE handed out last. */
void ring_end_chain(struct ring *r);

/* Make room for n SQEs. 0, -EINVAL, -EAGAIN. */
int ring_reserve(struct ring *r, unsigned n);

/* Submit all; run deferred task work and flush overflown completions if the kernel hints at them. 0 or -errno. */
int ring_submit(struct ring *r);

/* Enter once for what the kernel hints at (no submission needed). 0 or -errno. */
int ring_get_events(struct ring *r);

/*
 * Submit all and sleep until there is a completion, the deadline (CLOCK_NEVER: none), or a signal.
 * iowait: count the sleep as waiting for storage. 0, -EINTR, -ETIME, or another -errno.
 */
int ring_wait(struct ring *r, int64_t deadline_ns, bool iowait);

/* For what a sleep waits. */
struct ring_batch {
    unsigned n;     /* completions; 1: as soon as anything comes */
    int64_t min_ns; /* after so long one is enough; if n > 1 it is more than 0, and a second at most */
};

/* The same, until there are n completions, or min_ns are over and there is one. Not where it waits in ppoll(). */
int ring_wait_batch(struct ring *r, const struct ring_batch *batch, int64_t deadline_ns, bool iowait);

/* Wrappers of io_uring_register(); 0, a count, or -errno. */
int ring_register_buffers(struct ring *r, const struct iovec *iov, unsigned n);
int ring_register_files(struct ring *r, const int *fds, unsigned n);
int ring_update_files(struct ring *r, unsigned first, const int *fds, unsigned n);

/* Limit the kernel's workers for requests of this thread: bounded, unbounded; 0: as the kernel began. 0, -EOPNOTSUPP, -errno. */
int ring_limit_workers(struct ring *r, const unsigned limits[2]);

/* Submit as soon as `max` SQEs are queued; 0: when the queue is full. */
static inline void ring_set_batch_max(struct ring *r, unsigned max)
{
    r->batch_max = max && max < r->sq_entries ? max : r->sq_entries;
}

/* Of an error of the functions above: is it one of a moment? The ring works, and what is queued stays queued. */
static inline bool ring_error_passes(int err)
{
    return err == -EINTR || err == -EAGAIN || err == -EBUSY || err == -ENOMEM;
}

/* SQEs handed out that the kernel has not consumed. */
static inline unsigned ring_unsubmitted(const struct ring *r)
{
    /* Acquire: pairs with the kernel's release of its head; the slots before it may be written again. */
    return r->sq_tail - __atomic_load_n(r->sq_khead, __ATOMIC_ACQUIRE);
}

static inline struct io_uring_sqe *ring_sqe_fast(struct ring *r)
{
    if (__builtin_expect(r->look_back || ring_unsubmitted(r) >= r->batch_max, 0))
        return NULL;
    return &r->sqes[r->sq_tail++ & r->sq_mask];
}

/* SQEs handed out that the kernel has not been shown. Only these may still be moved or changed. */
static inline unsigned ring_unpublished(const struct ring *r)
{
    return r->sq_tail - *r->sq_ktail;
}

/* Is the newest SQE, not yet published, linked to the one that comes next? */
static inline bool ring_chain_is_open(const struct ring *r)
{
    return r->look_back && ring_unpublished(r) &&
           r->sqes[(r->sq_tail - 1) & r->sq_mask].flags & (IOSQE_IO_LINK | IOSQE_IO_HARDLINK);
}

/* Has an enter left SQEs behind? (An SQ thread takes what was published by itself.) */
static inline unsigned ring_left_over(const struct ring *r)
{
    return r->sqpoll ? ring_unpublished(r) : ring_unsubmitted(r);
}

/* Is there a completion? Pairs with the kernel's release of its tail: the CQE before it may be read. */
static inline bool ring_cq_ready(const struct ring *r)
{
    return __atomic_load_n(r->cq_ktail, __ATOMIC_ACQUIRE) != *r->cq_khead;
}

/* How many are there? */
static inline unsigned ring_cq_count(const struct ring *r)
{
    return __atomic_load_n(r->cq_ktail, __ATOMIC_ACQUIRE) - *r->cq_khead;
}

/* Does the kernel hint at completions that only an enter brings? A hint: it may be stale, so it never forbids sleeping. */
static inline bool ring_hinted(const struct ring *r)
{
    return __atomic_load_n(r->sq_kflags, __ATOMIC_RELAXED) & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW);
}

/* After an SQE of ring_sqe() was filled in: is it linked to the next? (For raw ones ring_sqe() looks itself, later.) */
static inline void ring_note_flags(struct ring *r, const struct io_uring_sqe *sqe)
{
    r->look_back = sqe->flags & (IOSQE_IO_LINK | IOSQE_IO_HARDLINK);
}

static inline void ring_set_poll_mask(struct io_uring_sqe *sqe, unsigned mask)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    mask = mask << 16 | mask >> 16; /* the kernel's order of the two halves */
#endif
    sqe->poll32_events = mask;
}

static inline bool ring_supports(const struct ring *r, unsigned opcode)
{
    return r->opcodes >> opcode & 1;
}

#endif
