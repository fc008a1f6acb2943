/* SPDX-License-Identifier: MIT */
#include "oracle.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "loop.h"

#include "choice.h"
#include "clock.h"
#include "kernel.h"
#include "request.h"
#include "sim.h"

#define N_QUEUED 4096
#define MIN_TIME_SLACK_NS 1000 /* from the reading of the clock to the call */

struct oracle oracle;

/* BHs in the order in which they were pushed. An entry is void when its BH was cancelled, deleted or pushed anew. */
static struct {
    struct {
        unsigned slot;
        uint64_t pushed;
    } entries[N_QUEUED];
    unsigned first, n;
} queue;

void oracle_begin(void)
{
    memset(&oracle, 0, sizeof(oracle));
    queue.first = queue.n = 0;
    for (unsigned i = 0; i < N_OBJECTS; i++)
        oracle.handlers[i].generation = 1;
}

/* ---- BHs ---- */

static void enqueue(unsigned slot)
{
    sim_require(queue.n < N_QUEUED, "too many BHs for the oracle");
    queue.entries[(queue.first + queue.n) % N_QUEUED].slot = slot;
    queue.entries[(queue.first + queue.n++) % N_QUEUED].pushed = oracle.n_pushed;
}

/* The latest push of its BH? Cancelled, it still stands for the place that the BH has if it is scheduled once more. */
static bool entry_stands(unsigned i)
{
    unsigned slot = queue.entries[i % N_QUEUED].slot;

    return slot >= N_BHS || oracle.bhs[slot].pushed == queue.entries[i % N_QUEUED].pushed;
}

static bool entry_lives(unsigned i)
{
    unsigned slot = queue.entries[i % N_QUEUED].slot;

    return entry_stands(i) && (slot >= N_BHS || oracle.bhs[slot].scheduled);
}

/* Is there a BH that has to run? The first of them. */
static bool bh_pending(uint64_t *pushed)
{
    unsigned i;

    while (queue.n && !entry_stands(queue.first)) {
        queue.first++;
        queue.n--;
    }
    for (i = queue.first; i != queue.first + queue.n; i++)
        if (entry_lives(i)) {
            *pushed = queue.entries[i % N_QUEUED].pushed;
            return true;
        }
    return false;
}

/* Those before it were cancelled, and the loop has passed them. */
static void bh_runs(unsigned slot, uint64_t pushed)
{
    uint64_t first;

    sim_require(bh_pending(&first), "a BH runs that was not scheduled, or was cancelled or deleted (slot %u)", slot);
    sim_require(first == pushed, "BHs run out of order: number %llu, but %llu comes first", (unsigned long long)pushed,
                (unsigned long long)first);
    while (queue.entries[queue.first % N_QUEUED].pushed != pushed) {
        queue.first++;
        queue.n--;
    }
    queue.first++;
    queue.n--;
}

int oracle_schedule(unsigned slot)
{
    struct sim_bh *bh = &oracle.bhs[slot];
    bool pending = atomic_load(&bh->bh->state) & BH_PENDING;
    int ret = lariat_bh_schedule(bh->bh);

    sim_require(ret == 0 || (ret == -ESHUTDOWN && (oracle.closing || oracle.closed)), "scheduling a BH gives %d", ret);
    if (ret)
        return ret;
    bh->scheduled = true;
    if (!pending) {
        bh->pushed = ++oracle.n_pushed;
        enqueue(slot);
    }
    return 0;
}

void oracle_bh_runs(unsigned slot)
{
    bh_runs(slot, oracle.bhs[slot].pushed);
    oracle.bhs[slot].scheduled = false;
}

void oracle_bh_deleted(unsigned slot)
{
    memset(&oracle.bhs[slot], 0, sizeof(oracle.bhs[slot]));
}

int oracle_schedule_oneshot(void (*fn)(void *))
{
    int ret = lariat_bh_schedule_oneshot(oracle.loop, fn, (void *)(uintptr_t)(oracle.n_pushed + 1));

    sim_require(ret == 0 || (ret == -ENOMEM && choice_may_strike(FAULT_MEMORY)) ||
                    (ret == -ESHUTDOWN && (oracle.closing || oracle.closed)),
                "scheduling a oneshot gives %d", ret);
    if (ret == 0) {
        oracle.n_pushed++;
        enqueue(N_BHS);
    }
    return ret;
}

void oracle_oneshot_runs(uint64_t pushed)
{
    bh_runs(N_BHS, pushed);
}

/* ---- timers ---- */

static struct sim_timer *first_timer(void)
{
    struct sim_timer *first = NULL;

    for (unsigned i = 0; i < N_TIMERS; i++) {
        struct sim_timer *t = &oracle.timers[i];

        if (t->armed && (!first || t->expire_ns < first->expire_ns ||
                         (t->expire_ns == first->expire_ns && t->set < first->set)))
            first = t;
    }
    return first;
}

void oracle_timer_set(struct sim_timer *timer, int64_t expire_ns)
{
    lariat_timer_set_ns(&timer->timer, expire_ns);
    timer->armed = !oracle.closing && !oracle.closed;
    timer->expire_ns = expire_ns > 0 ? expire_ns : 0;
    timer->set = ++oracle.n_set;
    timer->iteration = oracle.inside ? oracle.iteration : oracle.iteration - 1;
}

void oracle_timer_runs(struct sim_timer *timer)
{
    sim_require(timer->armed, "a timer fires that is not armed");
    sim_require(timer->expire_ns <= sim_clock_most(), "a timer fires %lld ns early",
                (long long)(timer->expire_ns - sim_clock_most()));
    for (unsigned i = 0; i < N_TIMERS && !choice_may_strike(FAULT_MEMORY); i++) {
        const struct sim_timer *t = &oracle.timers[i];
        bool before = t->expire_ns < timer->expire_ns || (t->expire_ns == timer->expire_ns && t->set < timer->set);

        /* One set meanwhile waits for the next iteration. */
        sim_require(!t->armed || !before || t->iteration == oracle.iteration, "timers fire out of order");
    }
    timer->armed = false;
}

/* ---- handlers ---- */

void oracle_handler_runs(struct sim_handler *handler, unsigned generation, bool writable)
{
    sim_require(handler->set && handler->generation == generation, "a handler is called that was removed");
    sim_require(writable ? handler->writable : handler->readable, "a callback is called that the handler does not have");
    if (!oracle.loop->handlers.by_fd[handler->object->fd]) {
        sim_require(handler->failed, "a handler is gone whose poll did not fail");
        handler->set = handler->failed = false;
    }
}

static unsigned handler_events(const struct sim_handler *handler)
{
    return (handler->readable ? POLLIN | POLLRDHUP : 0u) | (handler->writable ? POLLOUT : 0u);
}

/* ---- ops ---- */

static struct sim_op *op_of(uint64_t user_data)
{
    const char *p = (const char *)(uintptr_t)user_data, *first = (const char *)oracle.ops;

    if (!user_data || user_data & COMPLETION_TAG)
        return NULL;
    sim_require(p >= first && p < (const char *)(oracle.ops + N_OPS) && (size_t)(p - first) % sizeof(struct sim_op) == 0,
                "the kernel was given user_data %llx, which is no op", (unsigned long long)user_data);
    return &oracle.ops[(size_t)(p - first) / sizeof(struct sim_op)];
}

void oracle_op_submitted(struct sim_op *op)
{
    op->in_flight = op->submitting = true;
    op->in_kernel = op->cancelled = false;
    op->n_posted = op->n_moved = 0;
}

/* All that the kernel moved is told, in order and at its place; of an op that failed on the way nothing is told. */
static void check_stream(const struct sim_op *op, int res)
{
    bool full = op->op.flags & LARIAT_OP_FULL;

    sim_require((uint32_t)(res < 0 ? 0 : res) == op->n_moved || (full && res < 0),
                "an op gives %d, but the kernel moved %u bytes", res, op->n_moved);
    for (uint32_t i = 0; i < op->n_moved; i++)
        sim_require(op->memory[i] == op->moved[i], "byte %u of %u on a stream is wrong", i, op->n_moved);
}

/* What the transfer must have left in memory and file. */
static void check_data(const struct sim_op *op, int res)
{
    size_t at = 0;

    if (op->stream)
        check_stream(op, res);
    if (!op->object || res <= 0 || op->stream)
        return;
    sim_require((unsigned)res <= op->len, "%d bytes of %u were moved", res, op->len);
    for (unsigned i = 0; i < OP_PIECES; i++)
        for (size_t j = 0; j < op->iov[i].iov_len && at < (size_t)res; j++, at++) {
            uint8_t memory = ((const uint8_t *)op->iov[i].iov_base)[j];
            uint8_t expected = op->writes ? op->object->bytes[op->offset + at] : file_byte(op->offset + at);

            sim_require(memory == expected, "byte %zu of %d of an op is wrong", at, res);
        }
}

/* Is this result of an op the one the kernel gave? */
static void check_result(const struct sim_op *op, int res)
{
    bool by_kernel = op->n_posted;

    if (op->op.flags & LARIAT_OP_FULL) {
        sim_require(res <= (int)op->len || !op->object, "%d bytes of %u were moved", res, op->len);
        if (op->object && op->object->kind == OBJECT_FILE && res >= 0 && !op->cancelled)
            sim_require((unsigned)res == op->len || op->offset + (unsigned)res >= FILE_BYTES,
                        "a full transfer moved %d bytes of %u", res, op->len);
        return;
    }
    if (!by_kernel) {
        sim_require(res < 0, "an op that the kernel did not end succeeds with %d", res);
        return;
    }
    if (res == op->posted || (op->posted == -EINTR && res == -ECANCELED && (op->cancelled || oracle.closing)))
        return;
    sim_require(op->posted == -EINVAL && res < 0, "an op gives %d, the kernel said %d", res, op->posted);
}

void oracle_op_completes(struct sim_op *op, int res)
{
    bool more = op->op.cqe_flags & IORING_CQE_F_MORE;

    sim_require(op->in_flight, "an op completes that is not in flight: twice, or never submitted");
    sim_require(!op->submitting, "an op completes inside the submitting call");
    if (more) {
        sim_require(op->n_posted, "a completion that the kernel did not give");
        op->n_posted--;
        return;
    }
    sim_require(!op->in_kernel, "an op completes that the kernel still has");
    sim_require(op->n_posted <= 1 || op->op.flags & LARIAT_OP_FULL, "%u completions of an op were lost", op->n_posted - 1);
    check_result(op, res);
    check_data(op, res);
    op->in_flight = false;
}

/* ---- what the kernel sees ---- */

void oracle_taken(const struct io_uring_sqe *sqe)
{
    struct sim_op *op = op_of(sqe->user_data);

    sim_trace("kernel: takes opcode %u, descriptor %d, %llx%s", sqe->opcode, sqe->fd, (unsigned long long)sqe->user_data,
              sqe->flags & IOSQE_IO_LINK ? ", linked" : "");
    if (!op)
        return;
    sim_require(op->in_flight, "the kernel is given an op that is not in flight");
    sim_require(!op->in_kernel, "the kernel is given an op that it still has");
    op->in_kernel = true;
}

void oracle_posted(uint64_t user_data, int res, unsigned flags)
{
    struct sim_op *op = op_of(user_data);

    if (!op)
        return;
    op->n_posted++;
    op->posted = res;
    op->in_kernel = flags & IORING_CQE_F_MORE;
}

void oracle_poll_failed(uint64_t user_data, struct object *object)
{
    if (op_of(user_data))
        return;
    for (unsigned i = 0; i < N_OBJECTS; i++)
        if (oracle.handlers[i].object == object)
            oracle.handlers[i].failed = true;
}

void oracle_moved(uint64_t user_data, uint8_t byte)
{
    struct sim_op *op = op_of(user_data);

    sim_require(op && op->n_moved < op->len, "the kernel moves a byte for an op that asked for no more");
    op->moved[op->n_moved++] = byte;
}

/* Asleep, every handler must be watched, or somebody has been told. */
static void check_handlers_armed(void)
{
    for (unsigned i = 0; i < N_OBJECTS; i++) {
        const struct sim_handler *h = &oracle.handlers[i];

        if (h->set && !h->failed)
            sim_require(requests_poll_armed(h->object, 0, handler_events(h)),
                        "the loop sleeps, and a handler (descriptor %d) is not watched", h->object->fd);
    }
}

/* Asleep, there is no item, and whoever puts one has to notify. */
static void check_pollers_told(void)
{
    for (unsigned i = 0; i < N_POLLERS; i++) {
        const struct sim_poller *p = &oracle.pollers[i];

        sim_require(!p->poller || (p->told && !p->n_items), "the loop sleeps, and poller %u has %u items, its other side %s", i,
                    p->n_items, p->told ? "was told" : "was not told");
    }
}

/* How many storage ops are in flight. False: that cannot be told, since one refused in a chain has another request in its place. */
static bool count_storage(unsigned *n)
{
    bool chained = false;

    *n = 0;
    for (unsigned i = 0; i < N_OPS; i++) {
        *n += oracle.ops[i].in_flight && oracle.ops[i].storage;
        chained |= oracle.ops[i].in_flight && oracle.ops[i].chained;
    }
    return oracle.inside && !oracle.closing && !chained;
}

void oracle_waits(bool for_storage)
{
    unsigned n;

    if (count_storage(&n))
        sim_require(for_storage == (n > 0), "a wait %s as one for storage", for_storage ? "counts" : "does not count");
}

void oracle_batches(unsigned n, int64_t min_ns, int64_t deadline_ns)
{
    int64_t most_ns = oracle.loop->batch.min_ns;
    unsigned n_storage;

    sim_require(oracle.inside && !oracle.closing, "the loop waits for %u completions while it closes", n);
    if (count_storage(&n_storage))
        sim_require(n <= n_storage, "the loop waits for %u completions, with %u storage ops in flight", n, n_storage);
    if (min_ns)
        sim_require(min_ns < most_ns + 1000, "for %lld ns the loop is deaf: more than %lld", (long long)min_ns, (long long)most_ns);
    else if (!choice_may_strike(FAULT_CLOCK_BACK)) /* then it is not known how long */
        sim_require(deadline_ns - sim_clock_peek() <= most_ns, "the loop is deaf until %lld, for more than %lld ns",
                    (long long)deadline_ns, (long long)most_ns);
}

void oracle_blocks(int64_t deadline_ns, int64_t slack_ns, int64_t min_ns)
{
    const struct sim_timer *timer = first_timer();
    const struct object *eventfd = object_eventfd();
    uint64_t pushed;

    if (oracle.closing || !oracle.inside)
        return;
    /* One that is due already ends the sleep at once. */
    sim_require(!timer || deadline_ns - slack_ns <= timer->expire_ns || deadline_ns <= sim_clock_peek(),
                "the loop sleeps until %lld, but a timer is due at %lld", (long long)deadline_ns, (long long)timer->expire_ns);
    sim_require(!timer || !min_ns || sim_clock_peek() + min_ns - sim_clock_lag() - MIN_TIME_SLACK_NS <= timer->expire_ns,
                "the loop sleeps for %lld ns, but a timer is due at %lld", (long long)min_ns, (long long)timer->expire_ns);
    sim_require(requests_poll_armed(eventfd, completion_user_data(&oracle.loop->wake), POLLIN),
                "the loop sleeps, and its eventfd is not watched");
    sim_require(!bh_pending(&pushed), "the loop sleeps with BH number %llu scheduled", (unsigned long long)pushed);
    sim_require(!oracle.loop->deferred.first, "the loop sleeps with ops that are done");
    sim_require(oracle.loop->ring.sq_tail == *oracle.loop->ring.sq_khead, "the loop sleeps with requests not submitted");
    check_handlers_armed();
    check_pollers_told();
}

/* ---- iterations ---- */

void oracle_iteration_begin(void)
{
    kernel_forget_enters();
    sim_clock_mark();
    sim_clock_forget_reads();
    oracle.iteration++;
    oracle.inside = true;
    oracle.pushed_before = oracle.n_pushed;
    oracle.n_callbacks = 0;
}

void oracle_iteration_end(int ret)
{
    uint64_t pushed;

    oracle.inside = false;
    sim_trace("loop: %d", ret);
    if (oracle.broken)
        return;
    sim_require(ret == 0 || ret == 1, "the loop gives %d", ret);
    sim_require(ret == (oracle.n_callbacks > 0), "the loop gives %d after %u callbacks", ret, oracle.n_callbacks);
    sim_require(!bh_pending(&pushed) || pushed > oracle.pushed_before, "a BH scheduled before the iteration did not run in it");
    for (unsigned i = 0; i < N_TIMERS; i++) {
        const struct sim_timer *t = &oracle.timers[i];

        sim_require(!t->armed || t->iteration == oracle.iteration || t->expire_ns > sim_clock_least(),
                    "a timer that had expired %lld ns before the iteration did not fire in it",
                    (long long)(sim_clock_least() - t->expire_ns));
    }
}

void oracle_closed(int ret)
{
    uint64_t pushed;

    oracle.inside = false;
    oracle.closed = true;
    sim_trace("loop: closed, %d", ret);
    if (oracle.broken)
        return;
    sim_require(ret == 0, "close gives %d", ret);
    sim_require(!bh_pending(&pushed), "a BH that was accepted did not run before the close");
    for (unsigned i = 0; i < N_OPS; i++)
        sim_require(!oracle.ops[i].in_kernel, "the loop was closed while the kernel had an op");
}
