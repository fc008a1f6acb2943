/* SPDX-License-Identifier: MIT */
#include "request.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/uio.h>

#include "choice.h"
#include "clock.h"
#include "kernel.h"
#include "oracle.h"
#include "sim.h"

#define N_REQUESTS 4096
#define N_SLOTS 16
#define FAST_NS 60000
#define SLOW_NS 20000000
#define LINK_FLAGS (IOSQE_IO_LINK | IOSQE_IO_HARDLINK)

static struct {
    struct request all[N_REQUESTS];
    struct request *active[N_REQUESTS]; /* in the order of their submission */
    unsigned n_active, next_free;
    int64_t next_end;
    int slots[N_SLOTS];
    unsigned n_slots, n_buffers;
    bool multishot;
} requests;

void requests_begin(bool multishot)
{
    for (unsigned i = 0; i < requests.n_active; i++)
        requests.active[i]->state = REQUEST_FREE;
    requests.n_active = requests.n_slots = requests.n_buffers = 0;
    requests.next_end = SIM_NEVER;
    requests.multishot = multishot;
}

unsigned requests_in_flight(void)
{
    return requests.n_active;
}

int64_t requests_next_end(void)
{
    return requests.next_end;
}

/* ---- registered ---- */

void requests_register_files(const int *fds, unsigned n)
{
    requests.n_slots = n;
    for (unsigned i = 0; i < n; i++)
        requests.slots[i] = fds[i];
}

void requests_update_files(unsigned first, const int *fds, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        requests.slots[first + i] = fds[i];
}

void requests_register_buffers(unsigned n)
{
    requests.n_buffers = n;
}

unsigned requests_n_files(void)
{
    return requests.n_slots;
}

unsigned requests_n_buffers(void)
{
    return requests.n_buffers;
}

/* ---- life ---- */

static struct object *object_of(const struct io_uring_sqe *sqe)
{
    if (!(sqe->flags & IOSQE_FIXED_FILE))
        return object_of_fd(sqe->fd);
    return (unsigned)sqe->fd < requests.n_slots ? object_of_fd(requests.slots[sqe->fd]) : NULL;
}

struct request *request_new(const struct io_uring_sqe *sqe)
{
    struct request *r;

    sim_require(requests.n_active < N_REQUESTS, "more than %d requests in flight", N_REQUESTS);
    do {
        r = &requests.all[requests.next_free++ % N_REQUESTS];
    } while (r->state != REQUEST_FREE);
    memset(r, 0, sizeof(*r));
    r->sqe = *sqe;
    r->state = REQUEST_LINKED;
    requests.active[requests.n_active++] = r;
    return r;
}

static void forget(struct request *r)
{
    unsigned i = 0;

    while (requests.active[i] != r)
        i++;
    requests.n_active--;
    memmove(&requests.active[i], &requests.active[i + 1], (requests.n_active - i) * sizeof(r));
    r->state = REQUEST_FREE;
}

bool request_is_valid(const struct request *r)
{
    return kernel_supports(r->sqe.opcode);
}

static bool is_transfer(const struct request *r)
{
    return r->sqe.opcode == IORING_OP_READ || r->sqe.opcode == IORING_OP_WRITE || r->sqe.opcode == IORING_OP_READ_FIXED ||
           r->sqe.opcode == IORING_OP_WRITE_FIXED;
}

/* Its last completion is told; what is linked to it starts, or fails too. */
static void retire(struct request *r)
{
    bool failed = r->res < 0 || (is_transfer(r) && (unsigned)r->res != r->sqe.len);
    struct request *next = r->link;

    kernel_post(r->sqe.user_data, r->res, 0);
    forget(r);
    if (next && failed) {
        next->res = -ECANCELED;
        retire(next);
    } else if (next) {
        request_start(next, false);
    }
}

static void finish(struct request *r, int res)
{
    r->state = REQUEST_DONE;
    r->res = res;
    kernel_task_work(r);
}

static void work(struct request *r)
{
    r->state = REQUEST_WORKING;
    r->end = sim_time() + 1000 + choice_random(choice_fault(FAULT_SLOW) ? SLOW_NS : FAST_NS);
    requests.next_end = r->end < requests.next_end ? r->end : requests.next_end;
}

/* ---- what is done to the objects ---- */

/* The i-th piece of the request's memory, or NULL. */
static uint8_t *piece(const struct request *r, unsigned i, size_t *len)
{
    const struct iovec *iov = (const struct iovec *)(uintptr_t)r->sqe.addr;

    if (r->sqe.opcode != IORING_OP_READV && r->sqe.opcode != IORING_OP_WRITEV) {
        *len = r->sqe.len;
        return i ? NULL : (uint8_t *)(uintptr_t)r->sqe.addr;
    }
    if (i >= r->sqe.len)
        return NULL;
    *len = iov[i].iov_len;
    return iov[i].iov_base;
}

static bool is_write(const struct request *r)
{
    return r->sqe.opcode == IORING_OP_WRITE || r->sqe.opcode == IORING_OP_WRITEV || r->sqe.opcode == IORING_OP_WRITE_FIXED ||
           r->sqe.opcode == IORING_OP_SEND;
}

static uint8_t *file_at(struct object *o, uint64_t at)
{
    return at < FILE_BYTES ? &o->bytes[at] : NULL;
}

/* One byte between memory and object. False: the end of the file. */
static bool move_byte(const struct request *r, struct object *o, uint64_t at, uint8_t *memory)
{
    uint8_t *in_file = o->kind == OBJECT_FILE ? file_at(o, at) : NULL;

    if (o->kind == OBJECT_FILE && !in_file)
        return false;
    if (!is_write(r))
        *memory = in_file ? *in_file : stream_byte(o->in_at++);
    else if (in_file)
        *in_file = *memory;
    if (o->kind == OBJECT_STREAM)
        oracle_moved(r->sqe.user_data, *memory);
    return true;
}

/* Move as many bytes as there are, or a few less. */
static int transfer(const struct request *r)
{
    struct object *o = r->object;
    size_t total = 0, moved = 0, len;
    uint8_t *memory;

    for (unsigned i = 0; (memory = piece(r, i, &len)) != NULL; i++)
        total += len;
    if (o->kind == OBJECT_STREAM && !is_write(r)) {
        total = total < o->n_in ? total : o->n_in;
        o->n_in -= (unsigned)total;
    }
    if (total > 1 && choice_fault(FAULT_SHORT)) {
        size_t less = 1 + choice_random((uint32_t)total - 1);

        if (o->kind == OBJECT_STREAM && !is_write(r))
            o->n_in += (unsigned)(total - less);
        total = less;
    }
    for (unsigned i = 0; (memory = piece(r, i, &len)) != NULL; i++)
        for (size_t at = 0; at < len && moved < total; at++, moved++)
            if (!move_byte(r, o, r->sqe.off + moved, memory + at))
                return (int)moved;
    return (int)moved;
}

/* An error, or 0. */
static int some_error(void)
{
    static const int errors[] = { -EIO, -ENOSPC, -ENOMEM, -EFBIG, -EROFS, -ENODEV };

    if (choice_fault(FAULT_AGAIN))
        return choice_random(2) ? -EAGAIN : -EINTR;
    if (choice_fault(FAULT_ERRNO))
        return errors[choice_random(sizeof(errors) / sizeof(errors[0]))];
    return 0;
}

/* Can it go on now? Sets the result. */
static bool try(struct request *r, int *res)
{
    struct object *o = r->object;
    unsigned wanted = is_write(r) ? POLLOUT : POLLIN;

    if (!(object_events(o) & wanted))
        return false;
    *res = some_error();
    if (*res)
        return true;
    if (r->sqe.opcode == IORING_OP_ACCEPT) {
        o->counter--;
        *res = 1000 + (int)choice_random(1000);
    } else {
        *res = transfer(r);
    }
    return true;
}

static bool is_file_io(const struct request *r)
{
    return r->object && r->object->kind == OBJECT_FILE &&
           (is_transfer(r) || r->sqe.opcode == IORING_OP_READV || r->sqe.opcode == IORING_OP_WRITEV);
}

/* How one ends that had to be worked on. */
static int outcome(const struct request *r)
{
    int err = some_error();

    return err ? err : is_file_io(r) ? transfer(r) : 0;
}

void requests_advance(void)
{
    if (sim_time() < requests.next_end)
        return;
    requests.next_end = SIM_NEVER;
    for (unsigned i = 0; i < requests.n_active; i++) {
        struct request *r = requests.active[i];

        if (r->state != REQUEST_WORKING)
            continue;
        if (r->end <= sim_time())
            finish(r, outcome(r));
        else if (r->end < requests.next_end)
            requests.next_end = r->end;
    }
    kernel_direct_task_work();
}

/* ---- polls ---- */

static unsigned poll_events(const struct request *r)
{
    return object_events(r->object) & (r->sqe.poll32_events | POLLERR | POLLHUP);
}

static void fire(struct request *r)
{
    r->fired = true;
    kernel_task_work(r);
}

/* The event may have gone by meanwhile; a multishot poll goes on unless its completion finds no room. */
static void poll_task_work(struct request *r)
{
    unsigned events = poll_events(r);

    r->fired = false;
    if (r->cancelled) {
        r->res = -ECANCELED;
        retire(r);
        return;
    }
    if (!events)
        return;
    if (r->sqe.len & IORING_POLL_ADD_MULTI && kernel_has_room() && !choice_fault(FAULT_MULTISHOT)) {
        kernel_post(r->sqe.user_data, (int)events, IORING_CQE_F_MORE);
        return;
    }
    r->res = (int)events;
    retire(r);
}

bool requests_poll_armed(const struct object *object, uint64_t user_data, unsigned events)
{
    for (unsigned i = 0; i < requests.n_active; i++) {
        const struct request *r = requests.active[i];

        if (r->sqe.opcode == IORING_OP_POLL_ADD && r->object == object && r->state == REQUEST_WAITING && !r->cancelled &&
            (r->sqe.poll32_events & events) == events && (!user_data || r->sqe.user_data == user_data))
            return true;
    }
    return false;
}

static void start_poll(struct request *r)
{
    bool own = r->object == object_eventfd();
    int err = r->sqe.len & IORING_POLL_ADD_MULTI && !requests.multishot ? -EINVAL : !own && choice_fault(FAULT_POLL) ? -EBADF : 0;

    if (err) {
        oracle_poll_failed(r->sqe.user_data, r->object);
        finish(r, err);
    } else {
        r->state = REQUEST_WAITING;
        if (poll_events(r))
            fire(r);
    }
}

/* ---- waiting for an object ---- */

static void accept_more(struct request *r)
{
    int res;

    while (r->state == REQUEST_WAITING && try(r, &res)) {
        if (res < 0 || !kernel_has_room() || choice_fault(FAULT_MULTISHOT))
            finish(r, res);
        else
            kernel_post(r->sqe.user_data, res, IORING_CQE_F_MORE);
    }
}

static void look(struct request *r)
{
    int res;

    if (r->sqe.opcode == IORING_OP_POLL_ADD) {
        if (!r->queued && poll_events(r))
            fire(r);
    } else if (r->sqe.opcode == IORING_OP_ACCEPT && r->sqe.ioprio & IORING_ACCEPT_MULTISHOT) {
        accept_more(r);
    } else if (try(r, &res)) {
        finish(r, res);
    }
}

void requests_wake(struct object *object)
{
    for (unsigned i = 0; i < requests.n_active; i++)
        if (requests.active[i]->state == REQUEST_WAITING && requests.active[i]->object == object)
            look(requests.active[i]);
    kernel_direct_task_work();
}

/* ---- cancelling ---- */

static struct request *find(uint64_t user_data)
{
    for (unsigned i = 0; i < requests.n_active; i++)
        if (requests.active[i]->sqe.user_data == user_data && requests.active[i]->state != REQUEST_LINKED)
            return requests.active[i];
    return NULL;
}

/* What is being worked on is not stopped; a request on its way ends as it would have; and now and then one is not found. */
static int cancel(uint64_t user_data)
{
    struct request *r = find(user_data);
    bool poll = r && r->sqe.opcode == IORING_OP_POLL_ADD;

    if (!r || (!poll && choice_fault(FAULT_CANCEL)))
        return -ENOENT;
    if (r->state == REQUEST_DONE)
        return -EALREADY;
    if (r->state == REQUEST_WORKING && choice_random(2)) {
        if (choice_fault(FAULT_CANCEL))
            finish(r, -EINTR); /* a worker thread, interrupted */
        return -EALREADY;
    }
    r->cancelled = true;
    if (poll)
        fire(r);
    else
        finish(r, -ECANCELED);
    return 0;
}

/* ---- starting ---- */

static void start_io(struct request *r)
{
    bool fixed = r->sqe.opcode == IORING_OP_READ_FIXED || r->sqe.opcode == IORING_OP_WRITE_FIXED;
    int res;

    if (fixed && r->sqe.buf_index >= requests.n_buffers)
        finish(r, -EFAULT);
    else if (r->object->kind == OBJECT_FILE && (r->sqe.flags & IOSQE_ASYNC || choice_random(2)))
        work(r);
    else if (r->object->kind == OBJECT_FILE)
        finish(r, outcome(r));
    else if (try(r, &res))
        finish(r, res);
    else
        r->state = REQUEST_WAITING;
}

static void start_with_object(struct request *r)
{
    r->object = object_of(&r->sqe);
    if (!r->object) {
        finish(r, -EBADF);
        return;
    }
    switch (r->sqe.opcode) {
    case IORING_OP_POLL_ADD:
        start_poll(r);
        break;
    case IORING_OP_ACCEPT:
        r->state = REQUEST_WAITING;
        look(r);
        break;
    case IORING_OP_FSYNC:
    case IORING_OP_SYNC_FILE_RANGE:
    case IORING_OP_FALLOCATE:
    case IORING_OP_CONNECT:
        work(r);
        break;
    default:
        start_io(r);
        break;
    }
}

void request_start(struct request *r, bool failed)
{
    if (failed) {
        r->res = request_is_valid(r) ? -ECANCELED : -EINVAL;
        for (struct request *next = r->link; next; next = next->link)
            next->res = request_is_valid(next) ? -ECANCELED : -EINVAL;
        for (struct request *next; r; r = next) {
            next = r->link;
            r->link = NULL;
            retire(r);
        }
    } else if (r->sqe.opcode == IORING_OP_NOP || r->sqe.opcode == IORING_OP_CLOSE) {
        finish(r, 0);
    } else if (r->sqe.opcode == IORING_OP_ASYNC_CANCEL) {
        finish(r, cancel(r->sqe.addr));
    } else {
        start_with_object(r);
    }
}

void request_task_work(struct request *r)
{
    if (r->state == REQUEST_DONE)
        retire(r);
    else if (r->fired)
        poll_task_work(r);
}
