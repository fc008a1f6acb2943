/* SPDX-License-Identifier: MIT */
/*
 * The calls on a loop that are no ops, under count-down injection (rows 7 and 59 of the list of faults): what can fail says
 * so and changes nothing, all else goes on. Those that ask for nothing are here too, so that it stays so.
 */
#include <poll.h>

#include <lariat/poller.h>

#include "loop.h"

#include "countdown.h"

/* ---- polling, waking ---- */

/* A sleep that a timer ends, and a round without one. */
static int poll_the_loop(struct stage *stage)
{
    struct lariat_timer timer;
    int fired = 0;
    lariat_timer_init(&timer, stage->own, count_up, &fired);
    lariat_timer_set_ns(&timer, lariat_now_ns() + nap_ns());
    inject_on();
    while (fired == 0)
        require_that(lariat_loop_poll(stage->own, true) >= 0);
    const int rc = lariat_loop_poll(stage->own, false);
    inject_off();
    require_that(fired == 1);
    return rc;
}

static int notify_the_loop(struct stage *stage)
{
    inject_on();
    lariat_loop_notify(stage->own);
    const int rc = lariat_loop_poll(stage->own, true);
    inject_off();
    return rc;
}

static int call_as_owner(struct stage *stage)
{
    int runs = 0;
    inject_on();
    const int rc = lariat_loop_call(stage->own, count_up, &runs);
    inject_off();
    require_that(runs == 1);
    return rc;
}

static int use_a_bh(struct stage *stage)
{
    int runs = 0;
    struct lariat_bh *bh = bh_or_fail(stage->own, count_up, &runs);
    inject_on();
    int rc = lariat_bh_schedule(bh);
    lariat_bh_cancel(bh);
    require_that(lariat_loop_poll(stage->own, false) == 0 && runs == 0);
    rc = rc ? rc : lariat_bh_schedule(bh);
    require_that(lariat_loop_poll(stage->own, false) == 1 && runs == 1);
    require_that(lariat_bh_name(bh) != NULL);
    rc = rc ? rc : lariat_bh_schedule(bh);
    lariat_bh_delete(bh); /* still pending */
    inject_off();
    require_that(lariat_loop_poll(stage->own, false) == 0 && runs == 1);
    return rc;
}

static int schedule_a_oneshot(struct stage *stage)
{
    int runs = 0;
    inject_on();
    const int rc = lariat_bh_schedule_oneshot(stage->own, count_up, &runs);
    require_that(lariat_loop_poll(stage->own, false) == (rc == 0));
    inject_off();
    require_that(runs == (rc == 0));
    return rc;
}

static int schedule_oneshots(struct stage *stage)
{
    int runs = 0, accepted = 0, rc = 0;
    inject_on();
    for (int i = 0; i < 30; i++) {
        const int err = lariat_bh_schedule_oneshot(stage->own, count_up, &runs);
        accepted += err == 0;
        rc = rc ? rc : err;
        if (i % 5 == 4) {
            const bool due = runs < accepted;
            require_that(lariat_loop_poll(stage->own, false) == due);
        }
    }
    inject_off();
    require_that(runs == accepted);
    return rc;
}

struct counting_hook {
    struct lariat_loop_hook hook;
    int prepared;
};

static void count_prepare(struct lariat_loop_hook *hook)
{
    ((struct counting_hook *)hook)->prepared++;
}

static int add_and_remove_a_hook(struct stage *stage)
{
    struct counting_hook hook = { .hook.prepare = count_prepare };
    inject_on();
    const int rc = lariat_loop_hook_add(stage->own, &hook.hook);
    require_that(lariat_loop_poll(stage->own, false) == 0 && hook.prepared == 1);
    lariat_loop_hook_remove(stage->own, &hook.hook);
    require_that(lariat_loop_poll(stage->own, false) == 0 && hook.prepared == 1);
    inject_off();
    return rc;
}

/* ---- pollers ---- */

struct told {
    int before, after;
};

static bool poll_nothing(void *opaque)
{
    (void)opaque;
    return false;
}

static void count_before(void *opaque)
{
    ((struct told *)opaque)->before++;
}

static void count_after(void *opaque)
{
    ((struct told *)opaque)->after++;
}

/* Around each sleep the other side is told, whatever the kernel says to that. */
static int sleep_with_a_poller(struct stage *stage)
{
    struct told told = { 0, 0 };
    struct lariat_poller *poller = NULL;
    struct lariat_timer timer;
    int fired = 0;
    lariat_timer_init(&timer, stage->own, count_up, &fired);
    lariat_timer_set_ns(&timer, lariat_now_ns() + nap_ns());
    inject_on();
    const int rc = lariat_poller_new(stage->own, poll_nothing, do_nothing, &told, &poller);
    if (rc == 0)
        lariat_poller_set_sleep_callbacks(poller, count_before, count_after);
    while (fired == 0)
        require_that(lariat_loop_poll(stage->own, true) >= 0);
    require_that(told.before == told.after);
    lariat_poller_delete(poller);
    inject_off();
    return rc;
}

/* ---- asking and setting ---- */

static int ask_and_set(struct stage *stage)
{
    struct lariat_loop_stats stats = LARIAT_LOOP_STATS_INIT;
    struct lariat_poll_params params = classic_params(5000);
    unsigned n_wait;
    int64_t min_ns;
    inject_on();
    lariat_loop_get_stats(stage->own, &stats);
    int rc = lariat_loop_set_poll_params(stage->own, &params);
    lariat_loop_get_poll_params(stage->own, &params);
    if (rc == 0)
        rc = lariat_loop_set_wait_batch(stage->own, 3, 4);
    lariat_loop_get_wait_batch(stage->own, &n_wait, &min_ns);
    require_that(stats.sq_entries == 32 && params.max_ns == 5000 && n_wait == 3 && min_ns == 4);
    require_that(lariat_loop_name(stage->own) != NULL && lariat_loop_current() == NULL);
    lariat_loop_unref(lariat_loop_ref(stage->own));
    require_that(lariat_loop_fd(stage->own) == -EOPNOTSUPP);
    lariat_loop_watch_waits(stage->own, NULL, NULL);
    inject_off();
    return rc;
}

/* What knows no loop. */
static int use_pure_functions(struct stage *stage)
{
    static struct lariat_histogram all, some;
    struct lariat_poll_params params;
    (void)stage;
    inject_on();
    lariat_poll_params_init(&params, LARIAT_POLL_CLASSIC);
    lariat_histogram_init(&all);
    lariat_histogram_init(&some);
    lariat_histogram_add(&some, 100);
    lariat_histogram_merge(&all, &some);
    require_that(lariat_histogram_percentile(&all, 50) == 100 && lariat_histogram_bucket_ns(100) == 100);
    require_that(lariat_now_ns() > 0 && params.max_ns > 0);
    inject_off();
    return 0;
}

static int enable_histograms(struct stage *stage)
{
    static struct lariat_histogram histogram;
    struct counted_op op;
    counted_op_init(&op);
    inject_on();
    const int rc = lariat_loop_enable_histograms(stage->own, true);
    const int got = lariat_loop_get_histogram(stage->own, LARIAT_LOOP_HISTOGRAM_LATENCY, &histogram);
    inject_off();
    require_that(got == (rc == 0 ? 0 : -ENOENT));
    require_that((atomic_load(&stage->own->attention) & ATTENTION_MEASURE) == (rc == 0 ? ATTENTION_MEASURE : 0));
    lariat_nop(stage->own, &op.op);
    poll_for(stage->own, &op.done, 1);
    if (rc == 0)
        require_that(lariat_loop_get_histogram(stage->own, LARIAT_LOOP_HISTOGRAM_LATENCY, &histogram) == 0 &&
                     histogram.n == 1);
    return rc;
}

/* ---- handlers ---- */

struct watch {
    int fd, calls, other_calls;
};

static void take_byte(void *opaque)
{
    struct watch *watch = opaque;
    char byte;
    require_that(read(watch->fd, &byte, 1) == 1);
    watch->calls++;
}

static void take_byte_as_the_other(void *opaque)
{
    struct watch *watch = opaque;
    take_byte(watch);
    watch->calls--;
    watch->other_calls++;
}

static void send_byte(struct stage *stage)
{
    require_that(write(stage->pair[1], "x", 1) == 1);
}

static void drop_byte(struct stage *stage)
{
    char byte;
    require_that(read(stage->pair[0], &byte, 1) == 1);
}

/* The handler gets its event, once; or, if it was not set, nobody. */
static void require_watched(struct stage *stage, int rc, const struct watch *watch)
{
    send_byte(stage);
    if (rc == 0) {
        poll_for(stage->own, &watch->calls, 1);
    } else {
        require_that(lariat_loop_poll(stage->own, false) == 0);
        drop_byte(stage);
    }
    require_that(watch->calls == (rc == 0));
    require_that(lariat_handler_set(stage->own, watch->fd, NULL, NULL, NULL) == 0);
}

static int set_a_handler(struct stage *stage)
{
    struct watch watch = { .fd = stage->pair[0] };
    inject_on();
    const int rc = lariat_handler_set(stage->own, watch.fd, take_byte, NULL, &watch);
    require_that(lariat_loop_poll(stage->own, false) == 0);
    inject_off();
    require_watched(stage, rc, &watch);
    return rc;
}

static int set_a_handler_of_a_large_number(struct stage *stage)
{
    struct watch watch = { .fd = fcntl(stage->pair[0], F_DUPFD_CLOEXEC, 500) };
    struct watch small = { .fd = stage->pair[0] };
    require_that(watch.fd >= 500);
    require_that(lariat_handler_set(stage->own, small.fd, NULL, do_nothing, &small) == 0); /* the table has to grow */
    inject_on();
    const int rc = lariat_handler_set(stage->own, watch.fd, take_byte, NULL, &watch);
    inject_off();
    require_that(lariat_handler_set(stage->own, small.fd, NULL, NULL, NULL) == 0);
    require_watched(stage, rc, &watch);
    close(watch.fd);
    return rc;
}

/* Its poll has to wait for room, and so has its removal. */
static int set_a_handler_behind_a_full_queue(struct stage *stage)
{
    struct watch watch = { .fd = stage->pair[0] };
    struct counted_op ops[4];
    counted_ops_init(ops, 4);
    require_that(lariat_handler_set(stage->own, watch.fd, do_nothing, NULL, &watch) == 0); /* takes the memory */
    require_that(lariat_handler_set(stage->own, watch.fd, NULL, NULL, NULL) == 0);
    require_that(lariat_loop_poll(stage->own, false) == 0);
    for (int i = 0; i < 2; i++)
        lariat_nop(stage->own, &ops[i].op);
    inject_on();
    const int rc = lariat_handler_set(stage->own, watch.fd, take_byte, NULL, &watch);
    for (int i = 0; i < 3; i++)
        require_that(lariat_loop_poll(stage->own, false) >= 0);
    send_byte(stage);
    if (rc == 0)
        poll_for(stage->own, &watch.calls, 1);
    for (int i = 2; i < 4; i++)
        lariat_nop(stage->own, &ops[i].op);
    require_that(lariat_handler_set(stage->own, watch.fd, NULL, NULL, NULL) == 0);
    for (int i = 0; i < 4; i++)
        poll_for(stage->own, &ops[i].done, 1);
    inject_off();
    for (int i = 0; i < 4; i++)
        require_that(ops[i].done == 1 && (ops[i].res == 0 || ops[i].res == -EAGAIN));
    if (rc != 0)
        drop_byte(stage);
    return rc;
}

static int set_an_edge_handler(struct stage *stage)
{
    struct watch watch = { .fd = stage->pair[0] };
    inject_on();
    const int rc = lariat_handler_set_edge(stage->own, watch.fd, take_byte, NULL, &watch);
    require_that(lariat_loop_poll(stage->own, false) == 0);
    inject_off();
    require_watched(stage, rc, &watch);
    return rc;
}

/* If the other cannot be had, the one that is there stays. */
static int replace_a_handler(struct stage *stage, bool from_edge, bool to_edge)
{
    struct watch watch = { .fd = stage->pair[0] };
    int rc = from_edge ? lariat_handler_set_edge(stage->own, watch.fd, take_byte, NULL, &watch)
                       : lariat_handler_set(stage->own, watch.fd, take_byte, NULL, &watch);
    require_that(rc == 0 && lariat_loop_poll(stage->own, false) == 0);
    inject_on();
    if (to_edge)
        rc = lariat_handler_set_edge(stage->own, watch.fd, take_byte_as_the_other, NULL, &watch);
    else
        rc = lariat_handler_set(stage->own, watch.fd, take_byte_as_the_other, NULL, &watch);
    require_that(lariat_loop_poll(stage->own, false) == 0);
    inject_off();
    send_byte(stage);
    poll_for(stage->own, rc == 0 ? &watch.other_calls : &watch.calls, 1);
    require_that(watch.calls + watch.other_calls == 1);
    require_that(lariat_handler_set(stage->own, watch.fd, NULL, NULL, NULL) == 0);
    return rc;
}

/* Other events: the poll that is in the kernel has to be replaced. */
static int change_a_handler(struct stage *stage)
{
    struct watch watch = { .fd = stage->pair[0] };
    int writable = 0;
    require_that(lariat_handler_set(stage->own, watch.fd, NULL, count_up, &writable) == 0);
    poll_for(stage->own, &writable, 1);
    inject_on();
    const int rc = lariat_handler_set(stage->own, watch.fd, take_byte, NULL, &watch);
    send_byte(stage);
    poll_for(stage->own, &watch.calls, 1);
    inject_off();
    require_that(watch.calls == 1 && writable == 1);
    require_that(lariat_handler_set(stage->own, watch.fd, NULL, NULL, NULL) == 0);
    return rc;
}

static int replace_level_by_level(struct stage *stage)
{
    return replace_a_handler(stage, false, false);
}

static int replace_level_by_edge(struct stage *stage)
{
    return replace_a_handler(stage, false, true);
}

static int replace_edge_by_level(struct stage *stage)
{
    return replace_a_handler(stage, true, false);
}

static int replace_edge_by_edge(struct stage *stage)
{
    return replace_a_handler(stage, true, true);
}

static int remove_a_handler(struct stage *stage)
{
    struct watch watch = { .fd = stage->pair[0] };
    require_that(lariat_handler_set(stage->own, watch.fd, take_byte, NULL, &watch) == 0);
    require_that(lariat_loop_poll(stage->own, false) == 0);
    inject_on();
    const int rc = lariat_handler_set(stage->own, watch.fd, NULL, NULL, NULL);
    send_byte(stage);
    require_that(lariat_loop_poll(stage->own, false) == 0);
    require_that(lariat_loop_poll(stage->own, false) == 0);
    inject_off();
    require_that(lariat_loop_poll(stage->own, false) == 0 && watch.calls == 0);
    drop_byte(stage);
    return rc;
}

/* ---- timers ---- */

enum { N_TIMERS = 150 }; /* the heap grows twice */

struct alarm_clock {
    struct lariat_timer timer;
    int64_t due_ns;
    int rings, *n_rung;
};

static void ring(void *opaque)
{
    struct alarm_clock *clock = opaque;
    require_that(lariat_now_ns() >= clock->due_ns);
    clock->rings++;
    ++*clock->n_rung;
}

static int set_many_timers(struct stage *stage)
{
    static struct alarm_clock clocks[N_TIMERS];
    int n_rung = 0;
    const int64_t now_ns = lariat_now_ns();
    inject_on();
    for (int i = 0; i < N_TIMERS; i++) {
        clocks[i] = (struct alarm_clock){ .due_ns = now_ns + (i * 37) % 100 * nap_ns() / 100, .n_rung = &n_rung };
        lariat_timer_init(&clocks[i].timer, stage->own, ring, &clocks[i]);
        lariat_timer_set_ns(&clocks[i].timer, clocks[i].due_ns);
    }
    lariat_timer_set_ns(&clocks[7].timer, INT64_MAX);
    lariat_timer_cancel(&clocks[7].timer);
    poll_for(stage->own, &n_rung, N_TIMERS - 1);
    inject_off();
    for (int i = 0; i < N_TIMERS; i++)
        require_that(clocks[i].rings == (i != 7));
    return 0;
}

/* ---- registering, reserving ---- */

static int register_buffers(struct stage *stage, bool queued)
{
    static char mem[4096];
    const struct iovec iov = { mem, sizeof(mem) };
    struct counted_op op;
    counted_op_init(&op);
    if (queued)
        lariat_nop(stage->own, &op.op);
    inject_on();
    const int rc = lariat_register_buffers(stage->own, &iov, 1);
    inject_off();
    if (queued)
        poll_for(stage->own, &op.done, 1);
    require_that(lariat_register_buffers(stage->own, NULL, 0) == (rc == 0 ? 0 : -ENXIO));
    return rc;
}

static int register_buffers_alone(struct stage *stage)
{
    return register_buffers(stage, false);
}

static int register_buffers_behind_an_op(struct stage *stage)
{
    return register_buffers(stage, true);
}

static int unregister_buffers(struct stage *stage)
{
    static char mem[4096];
    const struct iovec iov = { mem, sizeof(mem) };
    require_that(lariat_register_buffers(stage->own, &iov, 1) == 0);
    inject_on();
    const int rc = lariat_register_buffers(stage->own, NULL, 0);
    inject_off();
    require_that(lariat_register_buffers(stage->own, NULL, 0) == (rc == 0 ? -ENXIO : 0));
    return rc;
}

static int register_files(struct stage *stage)
{
    const int fds[] = { stage->data, -1 };
    struct counted_op op;
    counted_op_init(&op);
    lariat_nop(stage->own, &op.op);
    inject_on();
    const int rc = lariat_register_files(stage->own, fds, 2);
    inject_off();
    poll_for(stage->own, &op.done, 1);
    require_that(stage->own->n_slots == (rc == 0 ? 2u : 0u));
    require_that(lariat_register_files(stage->own, NULL, 0) == (rc == 0 ? 0 : -ENXIO));
    return rc;
}

static int unregister_files(struct stage *stage)
{
    require_that(lariat_register_files(stage->own, &stage->data, 1) == 0);
    inject_on();
    const int rc = lariat_register_files(stage->own, NULL, 0);
    inject_off();
    require_that(stage->own->n_slots == (rc == 0 ? 0u : 1u));
    require_that(lariat_register_files(stage->own, NULL, 0) == (rc == 0 ? -ENXIO : 0));
    return rc;
}

static int update_files(struct stage *stage)
{
    const int none = -1;
    struct counted_op op;
    counted_op_init(&op);
    require_that(lariat_register_files(stage->own, &none, 1) == 0);
    lariat_nop(stage->own, &op.op);
    inject_on();
    const int rc = lariat_register_files_update(stage->own, 0, &stage->data, 1);
    inject_off();
    poll_for(stage->own, &op.done, 1);
    char byte;
    op.op.flags = LARIAT_OP_FIXED_FILE;
    lariat_read(stage->own, &op.op, 0, &byte, 1, 0);
    poll_for(stage->own, &op.done, 2);
    require_that(op.res == (rc == 1 ? 1 : -EBADF));
    require_that(lariat_register_files(stage->own, NULL, 0) == 0);
    return rc == 1 ? 0 : rc;
}

/* On a loop whose queue of 2 is full. */
static int reserve(struct stage *stage)
{
    struct counted_op ops[2];
    int done = 0;
    counted_ops_init(ops, 2);
    for (int i = 0; i < 2; i++)
        lariat_nop(stage->own, &ops[i].op);
    inject_on();
    const int rc = lariat_sqe_reserve(stage->own, 2);
    inject_off();
    while (done < 2) {
        require_that(lariat_loop_poll(stage->own, true) >= 0);
        done = ops[0].done + ops[1].done;
    }
    require_that(ops[0].res == 0 && ops[1].res == 0);
    return rc;
}

/* ---- inside another loop ---- */

static void wait_outside(struct lariat_loop *own, int64_t timeout_ns)
{
    struct pollfd pfd = { .fd = lariat_loop_fd(own), .events = POLLIN };
    const struct timespec ts = { 0, timeout_ns >= 0 && timeout_ns < 1000000 ? timeout_ns : 1000000 };
    require_that(ppoll(&pfd, 1, &ts, NULL) >= 0);
}

static int run_embedded(struct stage *stage)
{
    struct counted_op op;
    struct lariat_timer timer;
    int fired = 0, rc = 0;
    counted_op_init(&op);
    lariat_timer_init(&timer, stage->own, count_up, &fired);
    inject_on();
    lariat_nop(stage->own, &op.op);
    lariat_timer_set_ns(&timer, lariat_now_ns() + 20000);
    for (int i = 0; rc == 0 && (op.done == 0 || fired == 0); i++) {
        int64_t timeout_ns = 0;
        require_that(i < 10000);
        rc = lariat_loop_prepare(stage->own, &timeout_ns);
        if (rc == 0)
            wait_outside(stage->own, timeout_ns);
        if (rc == 0 && lariat_loop_check(stage->own))
            require_that(lariat_loop_dispatch(stage->own) >= 0);
    }
    inject_off();
    require_that(rc != 0 || (op.done == 1 && op.res == 0 && fired == 1));
    return rc;
}

static const struct scenario calls[] = {
    { "poll", poll_the_loop, STAGE_LOOP, 0, INJECT_ENTER, 0 },
    { "notify", notify_the_loop, STAGE_LOOP, 0, 0, 0 },
    { "loop_call by the owner", call_as_owner, STAGE_LOOP, 0, 0, 0 },
    { "bh_schedule, cancel, delete", use_a_bh, STAGE_LOOP, 0, 0, 0 },
    { "bh_schedule_oneshot", schedule_a_oneshot, STAGE_LOOP, INJECT_MEMORY, INJECT_MEMORY, 0 },
    { "bh_schedule_oneshot many", schedule_oneshots, STAGE_LOOP, INJECT_MEMORY, INJECT_MEMORY, 0 },
    { "hook_add, hook_remove", add_and_remove_a_hook, STAGE_LOOP, 0, 0, 0 },
    { "poller_new", sleep_with_a_poller, STAGE_LOOP, INJECT_MEMORY, INJECT_ENTER, 0 },
    { "get_stats, set_poll_params ...", ask_and_set, STAGE_LOOP, 0, 0, 0 },
    { "histogram_add, now_ns ...", use_pure_functions, STAGE_EMPTY, 0, 0, 0 },
    { "enable_histograms", enable_histograms, STAGE_LOOP, INJECT_MEMORY, 0, 0 },
    { "handler_set", set_a_handler, STAGE_LOOP, INJECT_MEMORY, INJECT_ENTER, 0 },
    { "handler_set of a large number", set_a_handler_of_a_large_number, STAGE_LOOP, INJECT_MEMORY, 0, 0 },
    { "handler_set behind a full queue", set_a_handler_behind_a_full_queue, STAGE_TINY, INJECT_MEMORY, INJECT_ENTER, 0 },
    { "handler_set_edge", set_an_edge_handler, STAGE_LOOP, INJECT_MEMORY, INJECT_ENTER, 0 },
    { "handler_set again", replace_level_by_level, STAGE_LOOP, 0, 0, 0 },
    { "handler_set again, for other events", change_a_handler, STAGE_LOOP, 0, INJECT_ENTER, 0 },
    { "handler_set_edge after handler_set", replace_level_by_edge, STAGE_LOOP, INJECT_MEMORY, INJECT_ENTER, 0 },
    { "handler_set after handler_set_edge", replace_edge_by_level, STAGE_LOOP, INJECT_MEMORY, INJECT_ENTER, 0 },
    { "handler_set_edge again", replace_edge_by_edge, STAGE_LOOP, INJECT_MEMORY, INJECT_ENTER, 0 },
    { "handler_set, removing", remove_a_handler, STAGE_LOOP, 0, INJECT_ENTER, 0 },
    { "timer_set_ns many", set_many_timers, STAGE_LOOP, 0, INJECT_MEMORY | INJECT_ENTER, 0 },
    { "register_buffers", register_buffers_alone, STAGE_LOOP, INJECT_REGISTER, 0, 0 },
    { "register_buffers behind an op", register_buffers_behind_an_op, STAGE_LOOP, INJECT_REGISTER | INJECT_ENTER, 0, EAGAIN },
    { "register_buffers 0", unregister_buffers, STAGE_LOOP, INJECT_REGISTER, 0, 0 },
    { "register_files", register_files, STAGE_LOOP, INJECT_MEMORY | INJECT_REGISTER | INJECT_ENTER, 0, EAGAIN },
    { "register_files 0", unregister_files, STAGE_LOOP, INJECT_REGISTER, 0, 0 },
    { "register_files_update", update_files, STAGE_LOOP, INJECT_REGISTER | INJECT_ENTER, 0, EAGAIN },
    { "sqe_reserve", reserve, STAGE_TINY, INJECT_ENTER, 0, EAGAIN },
    { "prepare, check, dispatch", run_embedded, STAGE_EMBED, 0, INJECT_MEMORY | INJECT_ENTER, 0 },
};
enum { N_CALLS = sizeof(calls) / sizeof(calls[0]) };

START_TEST(a_call_whose_nth_request_fails_says_why_or_does_its_work)
{
    countdown(&calls[_i]);
}
END_TEST

/* Row 7: while there is nothing else to do, the kernel is left alone for a moment after each refusal. */
START_TEST(a_loop_does_not_spin_where_the_kernel_has_no_memory)
{
    static const int errs[] = { EAGAIN, EBUSY, ENOMEM };
    const struct inject_plan plan = { "enter", INJECT_ENTER, errs[_i], true };
    struct counted_op op;
    int runs = 0;
    inject_install();
    struct lariat_loop *own = loop_with_window_or_fail(0);
    counted_op_init(&op);
    lariat_nop(own, &op.op);
    inject_arm(&plan, 1);
    inject_on();
    for (int i = 1; i <= 10; i++)
        ck_assert(lariat_loop_poll(own, true) == 0 && inject_sleeps() == i);
    ck_assert_int_eq(lariat_bh_schedule_oneshot(own, count_up, &runs), 0);
    ck_assert(lariat_loop_poll(own, true) == 1 && inject_sleeps() == 10); /* there was something to do */
    inject_off();
    poll_until(own, &op.done, 1);
    ck_assert(op.res == 0 && runs == 1);
    loop_done(own);
}
END_TEST

static void add(Suite *suite)
{
    TCase *tc = case_of(suite, "calls");
    tcase_add_loop_test(tc, a_call_whose_nth_request_fails_says_why_or_does_its_work, 0, N_CALLS);
    tcase_add_loop_test(tc, a_loop_does_not_spin_where_the_kernel_has_no_memory, 0, 3);
}

int main(void)
{
    return suite_main("countdown: calls", add);
}
