/* SPDX-License-Identifier: MIT */
/*
 * The only file that touches liburing. Rules:
 *  - one function enters the kernel (enter()); liburing's own submit and wait calls are never used, because those of 2.3
 *    cannot pass NO_IOWAIT or a deadline without an SQE;
 *  - the submission queue's index array is filled once, slot i naming SQE i, so submitting is one store of the tail;
 *  - IORING_SETUP_NO_SQARRAY is never passed: liburing 2.3 would overwrite the ring's head.
 */
#include "ring.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "annotate.h"
#include "clock.h"
#include "fatal.h"
#include "seam_ring.h"
#include "stats.h"

#define SQ_ENTRIES_MAX 32768u
#define CQ_ENTRIES_MAX 65536u
#define SQ_ENTRIES_LEAST 32u  /* where the ladder on -ENOMEM ends */
#define CQ_ENTRIES_LEAST 128u
#define SIGSET_BYTES (_NSIG / 8)
#define SQ_THREAD_PATIENCE 100000 /* yields */
#define OPCODES_MAX 64u /* bits of ring->opcodes */
#define FAR_NS (INT64_C(1) << 62) /* as good as never, and for the kernel still a deadline that it can add to */

#define CHAIN_FLAGS (IOSQE_IO_LINK | IOSQE_IO_HARDLINK)

#define FLAGS_COOP (IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_SUBMIT_ALL)
#define FLAGS_DEFER \
    (IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_SUBMIT_ALL)

/*
 * The kernel orders the unmapping of one ring before the mapping of another at the same address, maybe by another thread.
 * liburing makes these calls where TSan does not see them, so we say it in C11's terms. Pairs with itself.
 */
static atomic_uint address_space;

bool ring_sizes_valid(unsigned sq_entries, unsigned cq_entries)
{
    return sq_entries >= 1 && sq_entries <= SQ_ENTRIES_MAX && cq_entries >= sq_entries && cq_entries <= CQ_ENTRIES_MAX;
}

/* ---- the one way into the kernel ---- */

static void note_overflow(struct ring *r)
{
    unsigned dropped = __atomic_load_n(r->cq_koverflow, __ATOMIC_RELAXED);

    if (unlikely(__atomic_load_n(r->sq_kflags, __ATOMIC_RELAXED) & IORING_SQ_CQ_OVERFLOW))
        stat_add(&r->stats->cq_overflows, 1);
    if (unlikely(dropped != r->dropped_seen)) {
        stat_add(&r->stats->cq_dropped, dropped - r->dropped_seen);
        r->dropped_seen = dropped;
    }
}

/* SQEs submitted, or -errno. */
static inline int enter_with(struct ring *r, unsigned to_submit, unsigned wait_nr, unsigned flags, void *arg, size_t arg_bytes)
{
    int ret = seam_ring_enter((unsigned)r->enter_fd, to_submit, wait_nr, flags | r->enter_flags, arg, arg_bytes);

    stat_add(&r->stats->enters, 1);
    if (ret > 0 && !r->sqpoll)
        stat_add(&r->stats->sqes_submitted, (unsigned)ret);
    return ret;
}

static inline int enter(struct ring *r, unsigned to_submit, unsigned wait_nr, unsigned flags)
{
    return enter_with(r, to_submit, wait_nr, flags, NULL, SIGSET_BYTES);
}

/* In whole us, and not beyond the deadline: the kernel looks at that only when the minimum time is over. */
static uint32_t min_wait_usec(int64_t min_ns, int64_t left_ns)
{
    int64_t usec = min_ns / 1000 + (min_ns % 1000 != 0), left_usec = left_ns / 1000;

    return (uint32_t)(usec < left_usec ? usec : left_usec);
}

/* There is always a deadline: without one the kernel takes us for ready when the minimum time is over. */
static int enter_until(struct ring *r, unsigned to_submit, const struct ring_batch *batch, int64_t deadline_ns,
                       unsigned flags)
{
    int64_t now_ns = r->abs_timer && !batch->min_ns ? 0 : clock_now_ns();
    int64_t until_ns = deadline_ns < FAR_NS ? deadline_ns : FAR_NS;
    int64_t left_ns = until_ns > now_ns ? until_ns - now_ns : 0;
    int64_t ns = r->abs_timer ? until_ns : left_ns;
    struct __kernel_timespec ts = { ns / NS_PER_S, ns % NS_PER_S }; /* read by the kernel inside this call only */
    struct uring_wait_arg arg = { .ts = (uint64_t)(uintptr_t)&ts, .min_wait_usec = min_wait_usec(batch->min_ns, left_ns) };
    bool bounded = arg.min_wait_usec || !batch->min_ns;

    flags |= IORING_ENTER_EXT_ARG | (r->abs_timer ? IORING_ENTER_ABS_TIMER : 0);
    return enter_with(r, to_submit, bounded ? batch->n : 1, flags, &arg, sizeof(arg));
}

/* Let the kernel see the SQEs before `tail`. Returns how many it has not consumed yet. */
static inline unsigned publish(struct ring *r, unsigned tail)
{
    if (unlikely(r->sqpoll)) {
        stat_add(&r->stats->sqes_submitted, tail - *r->sq_ktail);
        /* A full barrier, for sqpoll_flags(). */
        __atomic_exchange_n(r->sq_ktail, tail, __ATOMIC_SEQ_CST);
    } else {
        /* Release: pairs with the kernel's acquire of the tail; the SQEs are written before it. */
        __atomic_store_n(r->sq_ktail, tail, __ATOMIC_RELEASE);
    }
    return tail - __atomic_load_n(r->sq_khead, __ATOMIC_ACQUIRE);
}

/* Flags that a sleeping SQ thread needs. The barrier in publish() pairs with the kernel's between flag and last look. */
static unsigned sqpoll_flags(const struct ring *r)
{
    return __atomic_load_n(r->sq_kflags, __ATOMIC_RELAXED) & IORING_SQ_NEED_WAKEUP ? IORING_ENTER_SQ_WAKEUP : 0;
}

static int submit_until(struct ring *r, unsigned tail)
{
    unsigned n = publish(r, tail);
    unsigned flags = 0;
    int ret;

    if (unlikely(ring_hinted(r))) {
        note_overflow(r);
        flags = IORING_ENTER_GETEVENTS;
    }
    if (unlikely(r->sqpoll)) {
        flags |= n ? sqpoll_flags(r) : 0;
        n = 0;
    }
    if (!n && !flags)
        return 0;
    ret = enter(r, n, 0, flags);
    return ret < 0 ? ret : 0;
}

/*
 * A chain ends with the submission that its last link goes out with: for the kernel anyway, and here too, lest a submission
 * cut short leaves that link behind and the next request, a poll of the loop's maybe, becomes part of the chain.
 */
static inline void end_chain(struct ring *r)
{
    if (unlikely(r->look_back))
        ring_end_chain(r);
}

int ring_submit(struct ring *r)
{
    end_chain(r);
    return submit_until(r, r->sq_tail);
}

int ring_get_events(struct ring *r)
{
    int ret;

    note_overflow(r);
    ret = enter(r, 0, 0, IORING_ENTER_GETEVENTS);
    return ret < 0 ? ret : 0;
}

/* Sleep in ppoll(): valgrind 3.19 lets no other thread run during io_uring_enter, and old kernels take no deadline there. */
static int wait_in_poll(struct ring *r, int64_t deadline_ns)
{
    struct timespec ts, *tsp = NULL;
    int ret = ring_submit(r);
    int n_ready;

    if (ret || ring_cq_ready(r) || (!r->sqpoll && ring_unsubmitted(r)))
        return ret; /* of a submission cut short the caller sends the rest */
    if (deadline_ns != CLOCK_NEVER) {
        int64_t ns = deadline_ns - clock_now_ns();

        ns = ns > 0 ? ns : 0;
        ts.tv_sec = ns / NS_PER_S;
        ts.tv_nsec = ns % NS_PER_S;
        tsp = &ts;
    }
    n_ready = seam_ring_poll(r->fd, tsp);
    if (n_ready == 0)
        return -ETIME;
    ret = ring_get_events(r); /* EINTR may mean that task work arrived, so look either way */
    if (ring_cq_ready(r))
        return 0;
    return ret || n_ready > 0 ? ret : n_ready;
}

/* batch->min_ns: 0 if the deadline alone ends a wait for several. */
static int wait_for(struct ring *r, const struct ring_batch *batch, int64_t deadline_ns, bool iowait)
{
    unsigned flags = IORING_ENTER_GETEVENTS;
    unsigned n;
    int ret;

    end_chain(r);
    n = publish(r, r->sq_tail);
    if (r->no_iowait && !iowait)
        flags |= IORING_ENTER_NO_IOWAIT;
    if (r->sqpoll) {
        flags |= n ? sqpoll_flags(r) : 0;
        n = 0;
    }
    note_overflow(r);
    if (deadline_ns == CLOCK_NEVER && !batch->min_ns)
        ret = enter(r, n, batch->n, flags);
    else
        ret = enter_until(r, n, batch, deadline_ns, flags);
    return ret < 0 ? ret : 0;
}

int ring_wait(struct ring *r, int64_t deadline_ns, bool iowait)
{
    static const struct ring_batch any = { .n = 1 };

    if (unlikely(r->wait_by_poll))
        return wait_in_poll(r, deadline_ns);
    return wait_for(r, &any, deadline_ns, iowait);
}

/* Without a minimum time, in two waits. What a notify wrote to the eventfd in between is there for the second. */
static int wait_twice(struct ring *r, const struct ring_batch *batch, int64_t deadline_ns, bool iowait)
{
    const struct ring_batch several = { .n = batch->n };
    int64_t now_ns = clock_now_ns();
    int64_t until_ns = now_ns < deadline_ns - batch->min_ns ? now_ns + batch->min_ns : deadline_ns;
    int ret = wait_for(r, &several, until_ns, iowait);

    if ((ret && ret != -ETIME) || ring_cq_ready(r) || ring_left_over(r))
        return ret;
    now_ns = clock_now_ns();
    if (now_ns < until_ns || now_ns >= deadline_ns) /* a signal, or time is up */
        return ret;
    return ring_wait(r, deadline_ns, iowait);
}

int ring_wait_batch(struct ring *r, const struct ring_batch *batch, int64_t deadline_ns, bool iowait)
{
    if (batch->n < 2)
        return ring_wait(r, deadline_ns, iowait);
    return (r->min_wait ? wait_for : wait_twice)(r, batch, deadline_ns, iowait);
}

/* ---- SQEs ---- */

/* Keeps chain_open and chain_start. */
static bool note_chain(struct ring *r)
{
    bool linked = ring_chain_is_open(r);

    if (linked && !r->chain_open)
        r->chain_start = r->sq_tail - 1;
    r->chain_open = linked;
    return linked;
}

/*
 * Let the SQ thread take what was published, until no more than `most` of all that was handed out is left; it may need a
 * moment. The kernel's own wait ends with the first free slot, and does not begin while an open chain occupies some.
 */
static void await_sq_thread(struct ring *r, unsigned most)
{
    for (unsigned i = 0; ring_unsubmitted(r) > most && i < SQ_THREAD_PATIENCE; i++) {
        bool full = ring_unsubmitted(r) - ring_unpublished(r) >= r->sq_entries;

        if (!full || enter(r, 0, 0, IORING_ENTER_SQ_WAIT | sqpoll_flags(r)) < 0)
            seam_yield();
    }
}

/* Submit what stands before the open chain, or all: a chain split over two submissions would fall apart. */
static int make_room(struct ring *r, unsigned n)
{
    unsigned until = r->chain_open ? r->chain_start : r->sq_tail;
    int ret;

    if (r->chain_open && r->sq_tail - r->chain_start + n > r->sq_entries)
        return -E2BIG;
    ret = submit_until(r, until);
    if (r->sqpoll && !ret)
        await_sq_thread(r, r->sq_entries - n);
    if (ring_unsubmitted(r) + n <= r->sq_entries)
        return 0;
    return -EAGAIN;
}

static struct io_uring_sqe *take_slot(struct ring *r)
{
    struct io_uring_sqe *sqe = &r->sqes[r->sq_tail & r->sq_mask];

    r->sq_tail++;
    memset(sqe, 0, sizeof(*sqe));
    return sqe;
}

struct io_uring_sqe *ring_sqe(struct ring *r, int *err)
{
    unsigned n = ring_unsubmitted(r);

    note_chain(r);
    if (unlikely(n >= r->batch_max)) {
        *err = make_room(r, 1);
        if (*err)
            return NULL;
    }
    r->look_back = true;
    return take_slot(r);
}

struct io_uring_sqe *ring_internal_sqe(struct ring *r)
{
    unsigned n = ring_unsubmitted(r);
    struct io_uring_sqe *sqe;

    note_chain(r);
    if (n >= r->batch_max && make_room(r, 1))
        return NULL;
    sqe = take_slot(r);
    r->look_back = r->chain_open;
    if (!r->chain_open)
        return sqe;
    /* Put it before the chain that the user is building, which moves up by one. */
    for (unsigned i = r->sq_tail - 1; i != r->chain_start; i--)
        r->sqes[i & r->sq_mask] = r->sqes[(i - 1) & r->sq_mask];
    sqe = &r->sqes[r->chain_start & r->sq_mask];
    memset(sqe, 0, sizeof(*sqe));
    r->chain_start++;
    return sqe;
}

void ring_end_chain(struct ring *r)
{
    if (note_chain(r))
        r->sqes[(r->sq_tail - 1) & r->sq_mask].flags &= (uint8_t)~CHAIN_FLAGS;
    r->chain_open = r->look_back = false;
}

int ring_reserve(struct ring *r, unsigned n)
{
    int ret;

    if (n > r->sq_entries)
        return -EINVAL;
    note_chain(r);
    if (ring_unsubmitted(r) + n <= r->batch_max)
        return 0;
    ret = make_room(r, n);
    return ret == -E2BIG ? -EINVAL : ret;
}

/* ---- registering ---- */

/*
 * What was queued before must reach the kernel before, since it means the old table.
 * -EAGAIN for whatever passes: -EBUSY and -ENOMEM mean something else to who registers.
 */
static int flush(struct ring *r)
{
    int ret = ring_submit(r);

    if (r->sqpoll && !ret)
        await_sq_thread(r, 0);
    if (!ring_unsubmitted(r))
        return 0;
    return !ret || ring_error_passes(ret) ? -EAGAIN : ret;
}

/* Kernels in which it waits for requests in flight let a signal interrupt that; nothing has changed then. */
static int register_with(struct ring *r, unsigned opcode, const void *arg, unsigned n)
{
    int ret;

    do {
        ret = seam_ring_register(r->uring, opcode, arg, n);
    } while (ret == -EINTR);
    return ret;
}

int ring_register_buffers(struct ring *r, const struct iovec *iov, unsigned n)
{
    int err = flush(r);

    if (err)
        return err;
    return register_with(r, n ? IORING_REGISTER_BUFFERS : IORING_UNREGISTER_BUFFERS, n ? iov : NULL, n);
}

int ring_register_files(struct ring *r, const int *fds, unsigned n)
{
    int err = flush(r);

    if (err)
        return err;
    return register_with(r, n ? IORING_REGISTER_FILES : IORING_UNREGISTER_FILES, n ? fds : NULL, n);
}

int ring_update_files(struct ring *r, unsigned first, const int *fds, unsigned n)
{
    const struct io_uring_files_update update = { .offset = first, .fds = (uint64_t)(uintptr_t)fds };
    int err = flush(r);

    if (err)
        return err;
    return register_with(r, IORING_REGISTER_FILES_UPDATE, &update, n);
}

int ring_limit_workers(struct ring *r, const unsigned limits[2])
{
    unsigned values[2];

    for (size_t i = 0; i < 2; i++)
        values[i] = limits[i] ? limits[i] : r->workers_default[i];
    if (!r->workers_default[0])
        return -EOPNOTSUPP;
    return register_with(r, IORING_REGISTER_IOWQ_MAX_WORKERS, values, 2);
}

/* ---- set-up ---- */

/* One size: the fullest flag set that the kernel accepts. */
static int init_flags(struct ring *r, const struct ring_options *opts, unsigned sq_entries, unsigned cq_entries)
{
    static const unsigned normal[] = { FLAGS_DEFER, IORING_SETUP_SINGLE_ISSUER | FLAGS_COOP, FLAGS_COOP,
                                       IORING_SETUP_SUBMIT_ALL, 0 };
    static const unsigned sqpoll[] = { IORING_SETUP_SQPOLL | IORING_SETUP_SUBMIT_ALL, IORING_SETUP_SQPOLL };
    const unsigned *ladder = opts->sqpoll ? sqpoll : normal;
    size_t n = opts->sqpoll ? sizeof(sqpoll) / sizeof(sqpoll[0]) : sizeof(normal) / sizeof(normal[0]);
    size_t first = !opts->sqpoll && (opts->embed || ANNOTATE_ON_VALGRIND()) ? 1 : 0;
    int err = -EINVAL;

    for (size_t i = first; i < n && err == -EINVAL; i++) {
        struct io_uring_params params;

        memset(&params, 0, sizeof(params));
        params.flags = ladder[i] | IORING_SETUP_CQSIZE | (opts->sqpoll_on_cpu ? IORING_SETUP_SQ_AFF : 0);
        params.cq_entries = cq_entries;
        params.sq_thread_cpu = opts->sqpoll_cpu;
        err = seam_ring_setup(sq_entries, r->uring, &params);
        if (!err) {
            r->setup_flags = params.flags;
            r->ext_arg = params.features & IORING_FEAT_EXT_ARG;
            /* With an SQ thread some kernels sleep on when one comes after the minimum time. */
            r->min_wait = params.features & IORING_FEAT_MIN_TIMEOUT && !opts->sqpoll;
            r->no_iowait = params.features & IORING_FEAT_NO_IOWAIT;
            r->sq_entries = params.sq_entries;
            r->cq_entries = params.cq_entries;
        }
    }
    return err;
}

/*
 * Ring memory is charged to RLIMIT_MEMLOCK, and given back asynchronously after a ring was torn down: so first try smaller
 * queues, then wait a little.
 */
static int init_sizes(struct ring *r, const struct ring_options *opts)
{
    static const long backoff_ms[] = { 1, 10, 50, 150 };
    unsigned sq = opts->sq_entries, cq = opts->cq_entries;
    size_t tries = 0;

    for (;;) {
        int err = init_flags(r, opts, sq, cq);

        if (err != -ENOMEM)
            return err;
        if (sq > SQ_ENTRIES_LEAST || cq > CQ_ENTRIES_LEAST) {
            sq = sq / 2 > SQ_ENTRIES_LEAST ? sq / 2 : sq > SQ_ENTRIES_LEAST ? SQ_ENTRIES_LEAST : sq;
            cq = cq / 2 > CQ_ENTRIES_LEAST ? cq / 2 : cq > CQ_ENTRIES_LEAST ? CQ_ENTRIES_LEAST : cq;
        } else if (tries < sizeof(backoff_ms) / sizeof(backoff_ms[0])) {
            seam_sleep_ns(backoff_ms[tries++] * 1000000);
        } else {
            return err;
        }
    }
}

static void map_pointers(struct ring *r)
{
    const struct io_uring *u = r->uring;

    r->cq_khead = u->cq.khead;
    r->cq_ktail = u->cq.ktail;
    r->cq_koverflow = u->cq.koverflow;
    r->cqes = u->cq.cqes;
    r->cq_mask = r->cq_entries - 1;
    r->sq_khead = u->sq.khead;
    r->sq_ktail = u->sq.ktail;
    r->sq_kflags = u->sq.kflags;
    r->sqes = u->sq.sqes;
    r->sq_mask = r->sq_entries - 1;
    ring_set_batch_max(r, 0);
    r->sq_tail = *u->sq.ktail;
    r->fd = r->enter_fd = u->ring_fd;
    for (unsigned i = 0; u->sq.array && i < r->sq_entries; i++)
        u->sq.array[i] = i;
}

static int probe_opcodes(struct ring *r)
{
    const size_t bytes = sizeof(struct io_uring_probe) + OPCODES_MAX * sizeof(struct io_uring_probe_op);
    struct io_uring_probe *p = calloc(1, bytes);
    int err;

    if (!p)
        return -ENOMEM;
    err = register_with(r, IORING_REGISTER_PROBE, p, OPCODES_MAX);
    for (unsigned i = 0; !err && i < p->ops_len && i < OPCODES_MAX; i++)
        if (p->ops[i].flags & IO_URING_OP_SUPPORTED)
            r->opcodes |= UINT64_C(1) << p->ops[i].op;
    free(p);
    return err;
}

/* One enter that asks for nothing: is the call allowed at all, and does it take absolute deadlines? */
static int probe_enter(struct ring *r)
{
    struct __kernel_timespec past = { 0, 1 };
    struct io_uring_getevents_arg arg = { .ts = (uint64_t)(uintptr_t)&past };
    unsigned flags = IORING_ENTER_GETEVENTS | r->enter_flags;
    int ret;

    if (r->ext_arg)
        ret = seam_ring_enter((unsigned)r->enter_fd, 0, 0, flags | IORING_ENTER_EXT_ARG | IORING_ENTER_ABS_TIMER, &arg,
                              sizeof(arg));
    else
        ret = seam_ring_enter((unsigned)r->enter_fd, 0, 0, flags, NULL, SIGSET_BYTES);
    r->abs_timer = r->ext_arg && ret >= 0;
    /* A filter that allows only the other two calls. All else may pass, and shows when the loop runs. */
    return ret == -EPERM || ret == -EACCES || ret == -ENOSYS ? ret : 0;
}

/* Zeroes change nothing and are answered with the limits in force. Since Linux 5.15. */
static void probe_workers(struct ring *r)
{
    unsigned values[2] = { 0, 0 };

    if (!register_with(r, IORING_REGISTER_IOWQ_MAX_WORKERS, values, 2))
        memcpy(r->workers_default, values, sizeof(values));
}

static int probe(struct ring *r)
{
    int err = probe_opcodes(r);

    if (!err)
        probe_workers(r);
    r->wait_by_poll = ANNOTATE_ON_VALGRIND() || !r->ext_arg;
    return err ? err : probe_enter(r);
}

int ring_init(struct ring *r, const struct ring_options *opts, struct lariat_loop_stats *stats)
{
    int err;

    memset(r, 0, sizeof(*r));
    r->stats = stats;
    r->sqpoll = opts->sqpoll;
    r->fd = -1;
    r->uring = calloc(1, sizeof(*r->uring));
    if (!r->uring)
        return -ENOMEM;
    err = init_sizes(r, opts);
    if (err) {
        free(r->uring);
        r->uring = NULL;
        return err;
    }
    atomic_fetch_add_explicit(&address_space, 1, memory_order_acq_rel);
    map_pointers(r);
    /* Refused when the thread has 16 rings registered already; the plain descriptor serves as well, some 40 ns slower. */
    if (seam_ring_register_fd(r->uring) == 1) {
        r->registered = true;
        r->enter_fd = r->uring->enter_ring_fd;
        r->enter_flags = IORING_ENTER_REGISTERED_RING;
    }
    err = probe(r);
    /* valgrind 3.19 believes the mappings to be in the child too, and crashes at the next mmap() there. */
    if (!err && !ANNOTATE_ON_VALGRIND())
        err = seam_ring_dontfork(r->uring);
    if (err)
        ring_exit(r, false);
    return err;
}

void ring_exit(struct ring *r, bool in_child)
{
    if (!r->uring)
        return;
    atomic_fetch_add_explicit(&address_space, 1, memory_order_acq_rel);
    /* A child has the descriptor, but neither the mappings (dontfork) nor the right to use the ring. */
    if (in_child)
        close(r->fd);
    else
        seam_ring_exit(r->uring);
    free(r->uring);
    r->uring = NULL;
    r->fd = -1;
}
