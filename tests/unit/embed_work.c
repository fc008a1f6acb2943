/* SPDX-License-Identifier: MIT */
#include "embed_work.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <lariat/file.h>
#include <lariat/handler.h>

enum { BLOCKS = 64, DIRECT_BYTES = 4096 };

/* BHs */

static void bh_ran(void *opaque)
{
    struct work *work = opaque;
    if (++work->bh_rounds == work->n) {
        work->left--;
    }
    atomic_store(&work->bhs_ran, work->bh_rounds);
}

static void *schedule_bhs(void *opaque)
{
    struct work *work = opaque;
    for (int i = 1; i <= work->n; i++) {
        if (lariat_bh_schedule_oneshot(work->loop, bh_ran, work) != 0 || !waited_for(&work->bhs_ran, i)) {
            atomic_fetch_add(&work->threads_failed, 1);
            return NULL;
        }
    }
    return NULL;
}

static void begin_bhs(struct work *work)
{
    work->bh_thread = thread_or_fail(schedule_bhs, work);
    work->has_bh_thread = true;
}

/* Reads */

static void next_direct_read(struct work *work)
{
    const int64_t offset = (int64_t)(test_random(&work->random) % BLOCKS) * DIRECT_BYTES;
    memset(work->direct_buf, 0, DIRECT_BYTES);
    work->direct_expected = pattern_byte((size_t)offset + 77);
    lariat_read(work->loop, &work->direct_read, work->direct_fd, work->direct_buf, DIRECT_BYTES, offset);
}

static void direct_read_done(struct lariat_op *op, int res)
{
    struct work *work = op->opaque;
    work->bad_reads += res != DIRECT_BYTES || work->direct_buf[77] != work->direct_expected;
    if (++work->direct_done == work->n) {
        work->left--;
    } else {
        next_direct_read(work);
    }
}

static void begin_direct_reads(struct work *work)
{
    work->direct_fd = temp_file_or_fail((size_t)BLOCKS * DIRECT_BYTES, O_DIRECT);
    work->direct_buf = lariat_buffer_alloc(DIRECT_BYTES, DIRECT_BYTES);
    ck_assert_ptr_nonnull(work->direct_buf);
    work->direct_read = (struct lariat_op){ .fn = direct_read_done, .opaque = work };
    next_direct_read(work);
}

static void next_cached_read(struct work *work)
{
    lariat_read(work->loop, &work->cached_read, work->cached_fd, work->cached_buf, sizeof(work->cached_buf),
                work->cached_done % BLOCKS * (int64_t)sizeof(work->cached_buf));
}

static void cached_read_done(struct lariat_op *op, int res)
{
    struct work *work = op->opaque;
    const size_t offset = (size_t)(work->cached_done % BLOCKS) * sizeof(work->cached_buf);
    work->bad_reads += res != (int)sizeof(work->cached_buf) || work->cached_buf[5] != pattern_byte(offset + 5);
    if (++work->cached_done == work->n) {
        work->left--;
    } else {
        next_cached_read(work);
    }
}

static void begin_cached_reads(struct work *work)
{
    work->cached_fd = temp_file_or_fail(BLOCKS * sizeof(work->cached_buf), 0);
    work->cached_read = (struct lariat_op){ .fn = cached_read_done, .opaque = work };
    next_cached_read(work);
}

/* Sockets */

static void next_transfer(struct work *work)
{
    work->sent = (char)(work->sockets_done + 1);
    work->received = 0;
    work->transfers_in_flight = 2;
    lariat_recv(work->loop, &work->recv, work->sockets[0], &work->received, 1, 0);
    lariat_send(work->loop, &work->send, work->sockets[1], &work->sent, 1, 0);
}

/* Either may complete first; the next pair goes out when neither is in flight. */
static void transfer_ended(struct work *work)
{
    if (--work->transfers_in_flight > 0) {
        return;
    }
    work->bad_transfers += work->received != work->sent;
    if (++work->sockets_done == work->n) {
        work->left--;
    } else {
        next_transfer(work);
    }
}

static void transferred(struct lariat_op *op, int res)
{
    struct work *work = op->opaque;
    work->bad_transfers += res != 1;
    transfer_ended(work);
}

static void begin_sockets(struct work *work)
{
    socketpair_or_fail(work->sockets);
    work->send = (struct lariat_op){ .fn = transferred, .opaque = work };
    work->recv = (struct lariat_op){ .fn = transferred, .opaque = work };
    next_transfer(work);
}

/* Handlers */

static void event_came(void *opaque)
{
    struct work *work = opaque;
    char buf[8];
    if (read(work->event_fds[0], buf, sizeof(buf)) > 0) {
        const int seen = atomic_load(&work->events_seen) + 1;
        work->left -= seen == work->n;
        atomic_store(&work->events_seen, seen);
    }
}

static void *write_events(void *opaque)
{
    struct work *work = opaque;
    const uint64_t one = 1;
    for (int i = 1; i <= work->n; i++) {
        if (write(work->event_fds[1], &one, sizeof(one)) < 0 || !waited_for(&work->events_seen, i)) {
            atomic_fetch_add(&work->threads_failed, 1);
            return NULL;
        }
    }
    return NULL;
}

static void begin_handlers(struct work *work, bool eventfds)
{
    if (eventfds) {
        work->event_fds[0] = eventfd_or_fail();
        work->event_fds[1] = dup(work->event_fds[0]);
    } else {
        pipe_or_fail(work->event_fds);
    }
    ck_assert_int_eq(lariat_handler_set(work->loop, work->event_fds[0], event_came, NULL, work), 0);
    work->event_thread = thread_or_fail(write_events, work);
    work->has_event_thread = true;
}

/* Timers */

static void next_timer(struct work *work)
{
    work->due_ns = lariat_now_ns() + (int64_t)(test_random(&work->random) % 3000000);
    lariat_timer_set_ns(&work->timer, work->due_ns);
}

static void timer_fired(void *opaque)
{
    struct work *work = opaque;
    work->too_early += lariat_now_ns() < work->due_ns;
    if (++work->timers_fired == work->n) {
        work->left--;
    } else {
        next_timer(work);
    }
}

static void begin_timers(struct work *work)
{
    lariat_timer_init(&work->timer, work->loop, timer_fired, work);
    next_timer(work);
}

/* All of them */

static void begin_kind(struct work *work, enum work_kind kind)
{
    work->left++;
    switch (kind) {
    case WORK_BHS: begin_bhs(work); break;
    case WORK_DIRECT_READS: begin_direct_reads(work); break;
    case WORK_CACHED_READS: begin_cached_reads(work); break;
    case WORK_SOCKETS: begin_sockets(work); break;
    case WORK_HANDLERS: begin_handlers(work, false); break;
    case WORK_EVENTFDS: begin_handlers(work, true); break;
    default: begin_timers(work); break;
    }
}

void work_begin(struct work *work, struct lariat_loop *loop, enum work_kind kind, int n)
{
    memset(work, 0, sizeof(*work));
    work->loop = loop;
    work->n = n;
    work->random = test_seed();
    work->direct_fd = work->cached_fd = work->sockets[0] = work->sockets[1] = -1;
    work->event_fds[0] = work->event_fds[1] = -1;
    if (kind != WORK_ALL) {
        begin_kind(work, kind);
        return;
    }
    for (enum work_kind each = WORK_BHS; each < WORK_ALL; each++) {
        if (each != WORK_EVENTFDS) { /* shares its place with WORK_HANDLERS */
            begin_kind(work, each);
        }
    }
}

bool work_is_done(const struct work *work)
{
    return work->left == 0;
}

static void close_if_open(int fd)
{
    if (fd >= 0) {
        close(fd);
    }
}

void work_end(struct work *work)
{
    if (work->has_bh_thread) {
        join_or_fail(work->bh_thread);
    }
    if (work->has_event_thread) {
        join_or_fail(work->event_thread);
        ck_assert_int_eq(lariat_handler_set(work->loop, work->event_fds[0], NULL, NULL, NULL), 0);
    }
    ck_assert_int_eq(atomic_load(&work->threads_failed), 0);
    ck_assert_int_eq(work->bad_reads, 0);
    ck_assert_int_eq(work->bad_transfers, 0);
    ck_assert_int_eq(work->too_early, 0);
    lariat_buffer_free(work->direct_buf);
    close_if_open(work->direct_fd);
    close_if_open(work->cached_fd);
    close_if_open(work->sockets[0]);
    close_if_open(work->sockets[1]);
    close_if_open(work->event_fds[0]);
    close_if_open(work->event_fds[1]);
}
