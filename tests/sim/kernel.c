/* SPDX-License-Identifier: MIT */
#include "kernel.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <liburing.h>

#include "choice.h"
#include "clock.h"
#include "fatal.h"
#include "object.h"
#include "oracle.h"
#include "request.h"
#include "sim.h"
#include "uring_compat.h"
#include "world.h"

#define RING_FD 901
#define RING_INDEX 3 /* when registered */
#define EVENTFD 902
#define SQ_MOST 256
#define CQ_MOST 1024
#define N_OVERFLOW 16384
#define N_TASK_WORK 8192
#define TASK_WORK_MOST 20
#define ENTERS_MOST 20000 /* in one call of the loop, or while it closes */
#define STALE_MOST 3 /* in one iteration, by prepare and check too */
#define RELATIVE_SLACK_NS 1000 /* from the reading of the clock to the call */

/* What the kernel knows; each age knows all that came before. */
enum age { AGE_FIRST, AGE_EXT_ARG, AGE_MULTISHOT, AGE_SUBMIT_ALL, AGE_COOP, AGE_SINGLE, AGE_DEFER, AGE_ABS, AGE_NEWEST };

/* struct io_uring_cqe, without what may follow it. */
struct cqe {
    uint64_t user_data;
    int32_t res;
    uint32_t flags;
};

static struct kernel {
    enum age age;
    bool ring, broken, registered;
    unsigned flags, sq_entries, cq_entries;
    unsigned sq_head, sq_tail, cq_head, cq_tail, sq_flags, cq_overflow, array[SQ_MOST];
    struct io_uring_sqe sqes[SQ_MOST];
    struct cqe cqes[CQ_MOST];
    bool submitting;
    unsigned n_overflow, n_task_work, n_enters;
    unsigned n_stale; /* enters for a hint with nothing behind it, since the loop last did anything else */
    uint64_t n_idles;
    struct cqe overflow[N_OVERFLOW];
    struct request *task_work[N_TASK_WORK];
} k;

void kernel_begin(void)
{
    memset(&k, 0, offsetof(struct kernel, overflow));
    k.age = choice_header(12) & 128 ? AGE_NEWEST : (enum age)((choice_header(12) >> 2 & 31) % (AGE_NEWEST + 1));
    requests_begin(k.age >= AGE_MULTISHOT);
}

void kernel_check_clean(void)
{
    sim_require(!k.ring, "the ring was not given back");
    sim_require(object_eventfd()->fd < 0, "the eventfd was not given back");
}

void kernel_break(void)
{
    k.broken = true;
}

uint64_t kernel_idles(void)
{
    return k.n_idles;
}

bool kernel_supports(unsigned opcode)
{
    return opcode < IORING_OP_LAST && !(k.age == AGE_FIRST && opcode == IORING_OP_FALLOCATE);
}

/* ---- completions ---- */

bool kernel_has_room(void)
{
    return !k.n_overflow && k.cq_tail - k.cq_head < k.cq_entries;
}

static bool deferred(void)
{
    return k.flags & (IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_COOP_TASKRUN);
}

bool kernel_has_something(void)
{
    return k.cq_tail != k.cq_head || k.n_overflow || k.n_task_work;
}

void kernel_post(uint64_t user_data, int res, unsigned flags)
{
    struct cqe cqe = { .user_data = user_data, .res = res, .flags = flags };

    sim_trace("kernel: completion %llx: %d%s", (unsigned long long)user_data, res, flags & IORING_CQE_F_MORE ? ", more" : "");
    oracle_posted(user_data, res, flags);
    if (kernel_has_room()) {
        k.cqes[k.cq_tail++ & (k.cq_entries - 1)] = cqe;
        return;
    }
    sim_require(k.n_overflow < N_OVERFLOW, "more than %d completions overflown", N_OVERFLOW);
    k.overflow[k.n_overflow++] = cqe;
    k.sq_flags |= IORING_SQ_CQ_OVERFLOW;
}

static void flush_overflow(void)
{
    unsigned n = 0;

    while (n < k.n_overflow && k.cq_tail - k.cq_head < k.cq_entries)
        k.cqes[k.cq_tail++ & (k.cq_entries - 1)] = k.overflow[n++];
    k.n_overflow -= n;
    memmove(k.overflow, k.overflow + n, k.n_overflow * sizeof(k.overflow[0]));
    if (!k.n_overflow)
        k.sq_flags &= ~(unsigned)IORING_SQ_CQ_OVERFLOW;
}

static void run_task_work(unsigned most)
{
    while (k.n_task_work && most--) {
        unsigned i = choice_fault(FAULT_REORDER) ? choice_random(k.n_task_work) : 0;
        struct request *r = k.task_work[i];

        k.n_task_work--;
        memmove(&k.task_work[i], &k.task_work[i + 1], (k.n_task_work - i) * sizeof(r));
        r->queued = false;
        request_task_work(r);
    }
    if (!k.n_task_work && !choice_fault(FAULT_STALE_HINT))
        k.sq_flags &= ~(unsigned)IORING_SQ_TASKRUN;
}

/* What completes while it is being submitted needs no task work. */
void kernel_task_work(struct request *r)
{
    if (r->queued)
        return;
    if (k.submitting && r->state == REQUEST_DONE) {
        request_task_work(r);
        return;
    }
    sim_require(k.n_task_work < N_TASK_WORK, "too much task work");
    r->queued = true;
    k.task_work[k.n_task_work++] = r;
    if (k.flags & IORING_SETUP_TASKRUN_FLAG)
        k.sq_flags |= IORING_SQ_TASKRUN;
}

void kernel_direct_task_work(void)
{
    if (!deferred())
        run_task_work(UINT32_MAX);
}

/* Some time has passed. */
static void advance(void)
{
    requests_advance();
    if (k.flags & IORING_SETUP_TASKRUN_FLAG && choice_fault(FAULT_STALE_HINT))
        k.sq_flags |= IORING_SQ_TASKRUN;
}

/* ---- set-up ---- */

static unsigned power_of_2(unsigned n)
{
    unsigned p = 1;

    while (p < n)
        p *= 2;
    return p;
}

static int check_flags(const struct io_uring_params *p)
{
    static const struct {
        unsigned flag;
        enum age age;
    } known[] = { { IORING_SETUP_CQSIZE, AGE_FIRST },        { IORING_SETUP_SUBMIT_ALL, AGE_SUBMIT_ALL },
                  { IORING_SETUP_COOP_TASKRUN, AGE_COOP },   { IORING_SETUP_TASKRUN_FLAG, AGE_COOP },
                  { IORING_SETUP_SINGLE_ISSUER, AGE_SINGLE }, { IORING_SETUP_DEFER_TASKRUN, AGE_DEFER } };
    unsigned rest = p->flags;

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (rest & known[i].flag && k.age < known[i].age)
            return -EINVAL;
        rest &= ~known[i].flag;
    }
    return rest || p->cq_entries < 1 ? -EINVAL : 0;
}

static void share(struct io_uring *uring)
{
    memset(uring, 0, sizeof(*uring));
    uring->sq.khead = &k.sq_head;
    uring->sq.ktail = &k.sq_tail;
    uring->sq.kflags = &k.sq_flags;
    uring->sq.array = k.array;
    uring->sq.sqes = k.sqes;
    uring->cq.khead = &k.cq_head;
    uring->cq.ktail = &k.cq_tail;
    uring->cq.koverflow = &k.cq_overflow;
    uring->cq.cqes = (struct io_uring_cqe *)k.cqes;
    uring->ring_fd = uring->enter_ring_fd = RING_FD;
}

static int ring_setup(unsigned entries, struct io_uring *uring, struct io_uring_params *p)
{
    static const int errors[] = { -ENOMEM, -ENOMEM, -ENOMEM, -EMFILE };
    int err = check_flags(p);

    if (err)
        return err;
    if (choice_fault(FAULT_SETUP))
        return errors[choice_random(4)];
    sim_require(!k.ring, "two rings at once");
    k.ring = true;
    k.flags = p->flags;
    p->sq_entries = k.sq_entries = power_of_2(entries);
    p->cq_entries = k.cq_entries = power_of_2(p->cq_entries);
    sim_require(k.sq_entries <= SQ_MOST && k.cq_entries <= CQ_MOST, "queues too large for the simulator");
    /* As after many turns, so that the numbers wrap soon. */
    k.sq_head = k.sq_tail = k.cq_head = k.cq_tail = choice_random(2) ? 0u - choice_random(64) : 0;
    p->features = (k.age >= AGE_EXT_ARG ? (unsigned)IORING_FEAT_EXT_ARG : 0) |
                  (k.age >= AGE_ABS ? IORING_FEAT_MIN_TIMEOUT : 0) | (k.age >= AGE_NEWEST ? IORING_FEAT_NO_IOWAIT : 0);
    share(uring);
    return 0;
}

static void ring_exit(struct io_uring *uring)
{
    (void)uring;
    sim_require(k.ring, "the ring is given back twice");
    k.ring = false;
}

static int ring_register_fd(struct io_uring *uring)
{
    if (k.age < AGE_SUBMIT_ALL || choice_fault(FAULT_REGISTER))
        return -EINVAL;
    k.registered = true;
    uring->enter_ring_fd = RING_INDEX;
    return 1;
}

static int ring_dontfork(struct io_uring *uring)
{
    (void)uring;
    return choice_fault(FAULT_SETUP) ? -ENOMEM : 0;
}

static int probe(struct io_uring_probe *p, unsigned n)
{
    p->last_op = IORING_OP_LAST - 1;
    p->ops_len = (uint8_t)(n < IORING_OP_LAST ? n : IORING_OP_LAST);
    for (unsigned i = 0; i < p->ops_len; i++) {
        p->ops[i].op = (uint8_t)i;
        p->ops[i].flags = kernel_supports(i) ? IO_URING_OP_SUPPORTED : 0;
    }
    return 0;
}

static int ring_register(struct io_uring *uring, unsigned opcode, const void *arg, unsigned n)
{
    const struct io_uring_files_update *update = arg;

    (void)uring;
    if (opcode != IORING_REGISTER_PROBE && choice_fault(FAULT_REGISTER))
        return choice_random(2) ? -ENOMEM : -EINVAL;
    switch (opcode) {
    case IORING_REGISTER_PROBE:
        return probe((struct io_uring_probe *)(uintptr_t)arg, n);
    case IORING_REGISTER_FILES:
        if (requests_n_files())
            return -EBUSY;
        requests_register_files(arg, n);
        return 0;
    case IORING_UNREGISTER_FILES:
        if (!requests_n_files())
            return -ENXIO;
        requests_register_files(NULL, 0);
        return 0;
    case IORING_REGISTER_FILES_UPDATE:
        if (!requests_n_files())
            return -ENXIO;
        if (update->offset + n > requests_n_files())
            return -EINVAL;
        requests_update_files(update->offset, (const int *)(uintptr_t)update->fds, n);
        return (int)n;
    case IORING_REGISTER_BUFFERS:
        if (requests_n_buffers())
            return -EBUSY;
        requests_register_buffers(n);
        return 0;
    case IORING_UNREGISTER_BUFFERS:
        if (!requests_n_buffers())
            return -ENXIO;
        requests_register_buffers(0);
        return 0;
    default:
        return -EINVAL;
    }
}

/* ---- entering ---- */

static void start_chain(struct request *head, bool failed)
{
    if (head)
        request_start(head, failed);
}

/* Take up to n SQEs. A chain that the submission cuts ends there. Returns how many. */
static int submit(unsigned n)
{
    struct request *head = NULL, *last = NULL;
    unsigned taken = 0;
    bool failed = false, stop = false;

    k.submitting = true;
    while (taken < n && k.sq_head != k.sq_tail && !stop) {
        const struct io_uring_sqe *sqe = &k.sqes[k.array[k.sq_head & (k.sq_entries - 1)]];
        struct request *r;

        oracle_taken(sqe);
        r = request_new(sqe);
        k.sq_head++;
        taken++;
        failed |= !request_is_valid(r);
        stop = !request_is_valid(r) && !(k.flags & IORING_SETUP_SUBMIT_ALL);
        if (last)
            last->link = r;
        head = head ? head : r;
        last = r;
        if (r->sqe.flags & IOSQE_IO_LINK)
            continue;
        start_chain(head, failed);
        head = last = NULL;
        failed = false;
    }
    start_chain(head, failed);
    k.submitting = false;
    kernel_direct_task_work();
    return (int)taken;
}

/* What a wait is for. */
struct wait {
    int64_t deadline; /* of the clock; SIM_NEVER: none */
    int64_t slack;    /* of a relative one */
    unsigned n;       /* completions */
    int64_t min_ns;   /* after which one will do; 0: not given, or over */
};

/* The minimum time is over; that there is a deadline too counts from now on only. True: the wait is. */
static bool min_time_over(struct wait *w, unsigned n)
{
    w->min_ns = 0;
    w->n = 1;
    return n || w->deadline == SIM_NEVER;
}

/* Until there are the completions, or a timer ends it. */
static int wait_until(struct wait w)
{
    int64_t min_end = sim_time() + w.min_ns;

    w.n = w.n < k.cq_entries ? w.n : k.cq_entries;
    for (bool first = true;; first = false) {
        int64_t time, next;
        unsigned n;

        advance();
        run_task_work(w.n > TASK_WORK_MOST ? w.n : TASK_WORK_MOST);
        flush_overflow();
        time = w.min_ns ? min_end : sim_time_of_clock(w.deadline);
        next = requests_next_end();
        n = k.cq_tail - k.cq_head;
        if (n >= w.n || choice_fault(FAULT_SPURIOUS))
            return 0;
        if (choice_fault(FAULT_EINTR))
            return n ? 0 : -EINTR;
        /* Later the clock may have gone back behind the deadline, of which the loop knows nothing. */
        if (!n)
            oracle_blocks(first ? w.deadline : 0, w.slack, first ? w.min_ns : 0);
        sim_clock_forget_reads();
        if (choice_fault(FAULT_FOREIGN)) {
            int64_t until = sim_time() + choice_random(100000);

            until = until < time ? until : time;
            sim_sleep_until(until < next ? until : next);
            world_interfere();
        } else if (time <= next && time != SIM_NEVER) {
            sim_sleep_until(time);
            if (w.min_ns ? min_time_over(&w, n) : sim_time_of_clock(w.deadline) <= sim_time())
                return n ? 0 : -ETIME;
        } else if (next != SIM_NEVER) {
            sim_sleep_until(next);
        } else {
            sim_trace("kernel: nothing will ever come: a signal");
            k.n_idles++;
            return -EINTR;
        }
    }
}

static int read_wait(unsigned flags, const struct uring_wait_arg *arg, size_t bytes, struct wait *w)
{
    const struct __kernel_timespec *ts;

    w->deadline = SIM_NEVER;
    if (!(flags & IORING_ENTER_EXT_ARG))
        return bytes == _NSIG / 8 ? 0 : -EINVAL;
    if (k.age < AGE_EXT_ARG || bytes != sizeof(*arg) || (k.age < AGE_ABS && arg->min_wait_usec))
        return -EINVAL;
    w->min_ns = arg->min_wait_usec * INT64_C(1000);
    ts = (const struct __kernel_timespec *)(uintptr_t)arg->ts;
    if (ts->tv_sec < 0 || ts->tv_nsec < 0 || ts->tv_nsec >= 1000000000)
        return -EINVAL;
    w->deadline = ts->tv_sec * 1000000000 + ts->tv_nsec;
    if (flags & IORING_ENTER_ABS_TIMER)
        return k.age < AGE_ABS ? -EINVAL : 0;
    w->slack = RELATIVE_SLACK_NS + sim_clock_lag();
    if (__builtin_add_overflow(w->deadline, sim_clock_peek(), &w->deadline))
        w->deadline = SIM_NEVER;
    return 0;
}

static int enter_error(unsigned fd, unsigned flags)
{
    static const int errors[] = { -EAGAIN, -EBUSY, -ENOMEM };
    bool registered = flags & IORING_ENTER_REGISTERED_RING;

    sim_require(k.ring, "enter without a ring");
    sim_require(fd == (registered ? RING_INDEX : RING_FD) && (!registered || k.registered), "enter of descriptor %u", fd);
    k.n_enters++;
    sim_require(k.n_enters < ENTERS_MOST, "the loop enters the kernel without end");
    if (k.broken)
        return -EBADF;
    if (flags & IORING_ENTER_NO_IOWAIT && k.age < AGE_NEWEST)
        return -EINVAL;
    return choice_fault(FAULT_ENTER_AGAIN) ? errors[choice_random(3)] : 0;
}

/* Nothing came, and the hint stays: that it is stale must be noticed. */
static void note_stale(bool other_business)
{
    if (other_business || kernel_has_something() || !(k.sq_flags & IORING_SQ_TASKRUN))
        k.n_stale = 0;
    else
        sim_require(++k.n_stale <= STALE_MOST, "the loop obeys a stale hint again and again");
}

static int ring_enter(unsigned fd, unsigned to_submit, unsigned min_complete, unsigned flags, void *arg, size_t bytes)
{
    struct wait w = { .n = min_complete };
    int err, submitted = 0, ret = 0;

    world_interfere();
    sim_clock_forget_reads();
    err = enter_error(fd, flags);
    if (!err)
        err = read_wait(flags, arg, bytes, &w);
    sim_trace("enter: %u to submit, wait for %u (%lld ns), flags %x: %d", to_submit, min_complete, (long long)w.min_ns,
              flags, err);
    if (err)
        return err;
    advance();
    if (min_complete > 1)
        oracle_batches(min_complete, w.min_ns, w.deadline - w.slack);
    if (min_complete && k.age >= AGE_NEWEST)
        oracle_waits(!(flags & IORING_ENTER_NO_IOWAIT));
    if (to_submit) {
        unsigned n = choice_fault(FAULT_FEWER) ? choice_random(to_submit) : to_submit;

        submitted = submit(n);
        if (submitted != (int)to_submit) {
            if (k.flags & IORING_SETUP_COOP_TASKRUN)
                run_task_work(UINT32_MAX);
            return submitted;
        }
    }
    if (flags & IORING_ENTER_GETEVENTS) {
        run_task_work(TASK_WORK_MOST);
        flush_overflow();
        note_stale(to_submit || min_complete);
        if (min_complete)
            ret = wait_until(w);
    } else if (k.flags & IORING_SETUP_COOP_TASKRUN) {
        run_task_work(UINT32_MAX);
    }
    return submitted ? submitted : ret;
}

void kernel_forget_enters(void)
{
    k.n_enters = k.n_stale = 0;
}

static int ring_poll(int fd, const struct timespec *timeout)
{
    struct wait w = { .deadline = SIM_NEVER, .slack = RELATIVE_SLACK_NS + sim_clock_lag(), .n = 1 };
    int ret;

    sim_require(fd == RING_FD, "poll of descriptor %d", fd);
    sim_require(!(k.flags & IORING_SETUP_DEFER_TASKRUN), "poll of a ring whose descriptor wakes nobody");
    if (timeout && __builtin_add_overflow((int64_t)timeout->tv_sec * 1000000000 + timeout->tv_nsec, sim_clock_peek(), &w.deadline))
        w.deadline = SIM_NEVER;
    ret = wait_until(w);
    return ret == -ETIME ? 0 : ret == 0 && k.cq_tail != k.cq_head ? 1 : -EINTR;
}

bool kernel_poll_ring(int64_t timeout_ns)
{
    struct timespec ts = { timeout_ns / 1000000000, timeout_ns % 1000000000 };

    return ring_poll(RING_FD, timeout_ns < 0 ? NULL : &ts) != 0;
}

/* ---- the eventfd ---- */

static int wake_open(void)
{
    if (choice_fault(FAULT_SETUP))
        return -EMFILE;
    object_eventfd()->fd = EVENTFD;
    return EVENTFD;
}

static ssize_t fail(int err)
{
    errno = err;
    return -1;
}

static ssize_t wake_write(int fd, uint64_t value)
{
    struct object *o = object_eventfd();

    sim_require(fd >= 0 && fd == o->fd, "write to descriptor %d, which is not the eventfd", fd);
    if (choice_fault(FAULT_EINTR))
        return fail(EINTR);
    if (choice_fault(FAULT_EVENTFD_FULL))
        o->counter = UINT64_MAX - 1;
    if (o->counter > UINT64_MAX - 1 - value)
        return fail(EAGAIN);
    o->counter += value;
    requests_wake(o);
    return sizeof(value);
}

static ssize_t wake_read(int fd, uint64_t *value)
{
    struct object *o = object_eventfd();

    sim_require(fd >= 0 && fd == o->fd, "read of descriptor %d, which is not the eventfd", fd);
    if (choice_fault(FAULT_EINTR))
        return fail(EINTR);
    if (!o->counter)
        return fail(EAGAIN);
    *value = o->counter;
    o->counter = 0;
    return sizeof(*value);
}

static void wake_close(int fd)
{
    sim_require(fd >= 0 && fd == object_eventfd()->fd, "close of descriptor %d, which is not the eventfd", fd);
    object_eventfd()->fd = -1;
}

/* ---- time ---- */

static int64_t now_ns(void)
{
    int64_t ns;

    world_interfere();
    ns = sim_clock_read();
    requests_advance();
    world_clock_was_read();
    return ns;
}

static void sleep_ns(int64_t ns)
{
    sim_sleep_until(sim_time() + ns);
    advance();
}

static void yield(void)
{
    sim_fail("the owner waits for somebody who is not there");
}

static int thread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *), void *opaque)
{
    (void)thread, (void)attr, (void)fn, (void)opaque;
    return EAGAIN;
}

/* Who wakes whom on which CPU, and who is preempted, is chance: the loop may only wait better or worse for it. */
static int current_cpu(void)
{
    return (int)choice_random(2);
}

static int64_t involuntary_switches(void)
{
    return sim_time() >> (12 + choice_random(8));
}

static unsigned cpu_share_of_sim(void)
{
    return choice_header(15) >> 6;
}

const struct seam kernel_seam = {
    .ring_setup = ring_setup,
    .ring_exit = ring_exit,
    .ring_enter = ring_enter,
    .ring_register = ring_register,
    .ring_register_fd = ring_register_fd,
    .ring_dontfork = ring_dontfork,
    .ring_poll = ring_poll,
    .eventfd_open = wake_open,
    .eventfd_read = wake_read,
    .eventfd_write = wake_write,
    .eventfd_close = wake_close,
    .now_ns = now_ns,
    .sleep_ns = sleep_ns,
    .yield = yield,
    .current_cpu = current_cpu,
    .thread_cpu_ns = sim_time,
    .involuntary_switches = involuntary_switches,
    .cpu_share = cpu_share_of_sim,
    .thread_create = thread_create,
};
