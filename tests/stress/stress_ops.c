/* SPDX-License-Identifier: MIT */
/* Random mixes of ops: each one accepted completes exactly once, with a result that can be, whatever is cancelled meanwhile. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <liburing.h>

#include "support.h"

enum { N_SLOTS = 256, BLOCK = 512 };

enum kind { NOP, READ, WRITE, FSYNC, BAD_FD, BAD_OFFSET, BAD_FLAGS, TIMEOUT, PIPE_READ, RECEIVE, SEND, LINKED, FULL_READ, N_KINDS };

struct mix;

struct slot {
    struct lariat_op op;
    struct mix *mix;
    enum kind kind;
    bool in_flight, cancelled;
    struct __kernel_timespec soon;
    char buf[BLOCK];
};

struct mix {
    struct lariat_loop *loop;
    struct slot slots[N_SLOTS];
    uint64_t random;
    int file, pipe[2], sockets[2];
    int n_submitted, n_done, n_wrong, n_unasked;
    bool stopping;
    bool chains; /* does the queue hold two requests? */
    enum kind wrong_kind; /* of the last wrong result */
    int wrong_result;
};

static bool possible(const struct slot *slot, int res)
{
    if (slot->mix->stopping && (res == -ESHUTDOWN || res == -ECANCELED))
        return true;
    if (res == -ECANCELED)
        return slot->cancelled || slot->kind == LINKED;
    switch (slot->kind) {
    case NOP: case FSYNC: case LINKED: return res == 0;
    case READ: case WRITE: case FULL_READ: return res == BLOCK;
    case BAD_FD: return res == -EBADF;
    case BAD_OFFSET: case BAD_FLAGS: return res == -EINVAL;
    case TIMEOUT: return res == -ETIME;
    case PIPE_READ: case RECEIVE: case SEND: return res >= 1 && res <= BLOCK;
    default: return false;
    }
}

static void submit_random(struct slot *slot);

static void finished(struct lariat_op *op, int res)
{
    struct slot *slot = op->opaque;
    struct mix *mix = slot->mix;
    mix->n_done++;
    mix->n_unasked += !slot->in_flight;
    if (!possible(slot, res)) {
        mix->n_wrong++;
        mix->wrong_kind = slot->kind;
        mix->wrong_result = res;
    }
    slot->in_flight = false;
    if (!mix->stopping && test_random(&mix->random) % 4 == 0)
        submit_random(slot);
}

static void begin(struct slot *slot, enum kind kind, unsigned flags)
{
    slot->op = (struct lariat_op){ .fn = finished, .opaque = slot, .flags = flags };
    slot->kind = kind;
    slot->in_flight = true;
    slot->cancelled = false;
    slot->mix->n_submitted++;
}

static void submit_raw_timeout(struct slot *slot)
{
    struct io_uring_sqe *sqe = lariat_sqe(slot->mix->loop, &slot->op);
    slot->soon = (struct __kernel_timespec){ .tv_nsec = (long long)(test_random(&slot->mix->random) % 100000) };
    sqe->opcode = IORING_OP_TIMEOUT;
    sqe->addr = (uintptr_t)&slot->soon;
    sqe->len = 1;
}

/* Two links: this slot and another free one, if there is one. */
static void submit_chain(struct slot *slot)
{
    struct mix *mix = slot->mix;
    struct slot *second = &mix->slots[test_random(&mix->random) % N_SLOTS];
    if (!second->in_flight && mix->chains) {
        slot->op.flags = LARIAT_OP_LINK;
        lariat_nop(mix->loop, &slot->op);
        begin(second, LINKED, 0);
        lariat_nop(mix->loop, &second->op);
    } else
        lariat_nop(mix->loop, &slot->op);
}

static void submit_random(struct slot *slot)
{
    struct mix *mix = slot->mix;
    struct lariat_loop *loop = mix->loop;
    int64_t offset = (slot - mix->slots) * BLOCK;
    enum kind kind = (enum kind)(test_random(&mix->random) % N_KINDS);
    begin(slot, kind, kind == FULL_READ ? LARIAT_OP_FULL : kind == BAD_FLAGS ? LARIAT_OP_MULTISHOT : 0);
    switch (kind) {
    case NOP: case BAD_FLAGS: lariat_nop(loop, &slot->op); break;
    case READ: case FULL_READ: lariat_read(loop, &slot->op, mix->file, slot->buf, BLOCK, offset); break;
    case WRITE: lariat_write(loop, &slot->op, mix->file, slot->buf, BLOCK, offset); break;
    case FSYNC: lariat_sync_file_range(loop, &slot->op, mix->file, offset, BLOCK, SYNC_FILE_RANGE_WRITE); break;
    case BAD_FD: lariat_read(loop, &slot->op, -1, slot->buf, BLOCK, 0); break;
    case BAD_OFFSET: lariat_read(loop, &slot->op, mix->file, slot->buf, BLOCK, -2); break;
    case TIMEOUT: submit_raw_timeout(slot); break;
    case PIPE_READ: lariat_read(loop, &slot->op, mix->pipe[0], slot->buf, BLOCK, -1); break;
    case RECEIVE: lariat_recv(loop, &slot->op, mix->sockets[0], slot->buf, BLOCK, 0); break;
    case SEND: lariat_send(loop, &slot->op, mix->sockets[1], slot->buf, BLOCK, 0); break;
    default: submit_chain(slot); break;
    }
}

static void mix_init(struct mix *mix, unsigned sq_entries, unsigned cq_entries, int64_t window_ns, uint64_t seed)
{
    struct lariat_loop_options opts = LARIAT_LOOP_OPTIONS_INIT;
    struct lariat_poll_params params = classic_params(window_ns);
    memset(mix, 0, sizeof(*mix));
    opts.sq_entries = sq_entries;
    opts.cq_entries = cq_entries;
    opts.poll = &params;
    mix->loop = loop_with_options_or_fail(&opts);
    mix->random = seed;
    mix->chains = stats_of(mix->loop).sq_entries > 1;
    mix->file = temp_file_or_fail(N_SLOTS * BLOCK, 0);
    pipe_or_fail(mix->pipe);
    socketpair_or_fail(mix->sockets);
    for (int i = 0; i < N_SLOTS; i++)
        mix->slots[i].mix = mix;
}

static void cancel_slot(struct slot *slot)
{
    int rc = lariat_op_cancel(slot->mix->loop, &slot->op);
    ck_assert_msg(rc == (slot->in_flight ? 0 : -ENOENT) || (rc == -EALREADY && slot->in_flight), "kind %d: cancel gave %d",
                  (int)slot->kind, rc);
    slot->cancelled |= rc == 0;
}

static void take_steps(struct mix *mix, int n_steps)
{
    for (int i = 0; i < n_steps; i++) {
        struct slot *slot = &mix->slots[test_random(&mix->random) % N_SLOTS];
        uint64_t dice = test_random(&mix->random) % 16;
        if (dice == 0 && slot->op.fn != NULL)
            cancel_slot(slot);
        else if (dice == 1)
            write_or_fail(mix->pipe[1], "some bytes", 10);
        else if (dice < 4)
            ck_assert_int_ge(lariat_loop_poll(mix->loop, false), 0);
        else if (!slot->in_flight)
            submit_random(slot);
    }
}

static int count_in_flight(const struct mix *mix)
{
    int n = 0;
    for (int i = 0; i < N_SLOTS; i++)
        n += mix->slots[i].in_flight;
    return n;
}

/* Cancel what may wait for ever, until nothing is in flight. */
static void finish_all(struct mix *mix)
{
    mix->stopping = true;
    while (count_in_flight(mix) > 0) {
        for (int i = 0; i < N_SLOTS; i++)
            if (mix->slots[i].in_flight)
                cancel_slot(&mix->slots[i]);
        ck_assert_int_ge(lariat_loop_poll(mix->loop, true), 0);
    }
    poll_until_quiet(mix->loop);
}

static void require_balance(struct mix *mix)
{
    ck_assert_int_eq(count_in_flight(mix), 0);
    ck_assert_int_eq(mix->n_unasked, 0);
    ck_assert_msg(mix->n_wrong == 0, "%d wrong results, the last: kind %d gave %d", mix->n_wrong, (int)mix->wrong_kind,
                  mix->wrong_result);
    ck_assert_int_eq(mix->n_done, mix->n_submitted);
    ck_assert_int_gt(mix->n_done, 500);
    ck_assert_uint_eq(stats_of(mix->loop).ops_inflight, 0);
    ck_assert_uint_eq(stats_of(mix->loop).cq_dropped, 0);
}

static void mix_close(struct mix *mix)
{
    close(mix->file);
    close(mix->pipe[0]);
    close(mix->pipe[1]);
    close(mix->sockets[0]);
    close(mix->sockets[1]);
}

static const struct {
    unsigned sq_entries, cq_entries;
    int64_t window_ns;
} ways[] = { { 0, 0, 0 }, { 0, 0, 32768 }, { 8, 8, 0 }, { 4, 4, 32768 }, { 1, 1, 0 } };
enum { N_WAYS = sizeof(ways) / sizeof(ways[0]) };

static int n_steps(void)
{
    const char *stress = getenv("LARIAT_STRESS");
    if (stress != NULL && strcmp(stress, "full") == 0)
        return 3000000;
    return tests_run_slowly() ? 10000 : 100000;
}

static struct mix mix;

START_TEST(each_op_of_a_random_mix_completes_once)
{
    mix_init(&mix, ways[_i].sq_entries, ways[_i].cq_entries, ways[_i].window_ns, test_seed() + (unsigned)_i);
    take_steps(&mix, n_steps());
    finish_all(&mix);
    require_balance(&mix);
    loop_done(mix.loop);
    mix_close(&mix);
}
END_TEST

START_TEST(a_close_completes_each_op_of_a_random_mix_once)
{
    const unsigned n_rounds = tests_run_with("sqpoll") ? 5 : 20;
    for (unsigned round = 0; round < n_rounds; round++) {
        mix_init(&mix, ways[_i].sq_entries, ways[_i].cq_entries, ways[_i].window_ns, test_seed() + round);
        take_steps(&mix, n_steps() / 20 + 3000);
        mix.stopping = true;
        ck_assert_int_eq(lariat_loop_close(mix.loop), 0);
        require_balance(&mix);
        lariat_loop_unref(mix.loop);
        mix_close(&mix);
    }
}
END_TEST

static void add(Suite *suite)
{
    TCase *tc = case_of(suite, "mixes");
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, each_op_of_a_random_mix_completes_once, 0, N_WAYS);
    tcase_add_loop_test(tc, a_close_completes_each_op_of_a_random_mix_once, 0, N_WAYS);
}

int main(void)
{
    return suite_main("stress_ops", add);
}
