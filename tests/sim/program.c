/* SPDX-License-Identifier: MIT */
#include "program.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "loop.h"

#include "choice.h"
#include "clock.h"
#include "object.h"
#include "program_ops.h"
#include "program_pollers.h"
#include "request.h"
#include "sim.h"
#include "world.h"

#define N_ACTIONS 32
#define REACT_ONE_IN 3
#define ONESHOTS_MOST 64

static unsigned bh_generation[N_BHS];
static unsigned n_oneshots; /* under way */

void program_begin(void)
{
    memset(bh_generation, 0, sizeof(bh_generation));
    n_oneshots = 0;
    program_ops_begin();
}

/* ---- callbacks ---- */

static void act_inside(uint8_t what);

/* Every callback may use the loop in turn. */
void program_react(void)
{
    oracle.n_callbacks++;
    sim_require(oracle.loop && (oracle.inside || oracle.closing || oracle.closed), "a callback outside of the loop");
    sim_require(lariat_loop_current() == oracle.loop, "inside a callback another loop is the current one");
    if (choice_more() && choice_random(REACT_ONE_IN) == 0)
        act_inside(choice_byte());
}

/* ---- BHs ---- */

static void bh_run(void *opaque)
{
    uintptr_t word = (uintptr_t)opaque;
    unsigned slot = (unsigned)(word % N_BHS);

    sim_trace("BH %u runs", slot);
    sim_require(oracle.bhs[slot].bh && bh_generation[slot] == word / N_BHS, "a deleted BH runs");
    oracle_bh_runs(slot);
    if (oracle.bhs[slot].n_again) {
        oracle.bhs[slot].n_again--;
        oracle_schedule(slot);
    }
    program_react();
}

static void oneshot_run(void *opaque)
{
    sim_trace("oneshot runs");
    n_oneshots--;
    oracle_oneshot_runs((uintptr_t)opaque);
    program_react();
}

static void delete_bh(unsigned slot)
{
    struct lariat_bh *bh = oracle.bhs[slot].bh;

    oracle_bh_deleted(slot);
    bh_generation[slot]++;
    sim_trace("BH %u deleted", slot);
    lariat_bh_delete(bh);
}

static void make_or_delete_bh(unsigned slot)
{
    int err;

    if (oracle.bhs[slot].bh) {
        delete_bh(slot);
        return;
    }
    err = lariat_bh_new(oracle.loop, "sim", bh_run, (void *)(uintptr_t)(bh_generation[slot] * N_BHS + slot), &oracle.bhs[slot].bh);
    sim_require(err == 0 || (err == -ENOMEM && choice_may_strike(FAULT_MEMORY)), "making a BH gives %d", err);
    if (err)
        oracle.bhs[slot].bh = NULL;
    else
        oracle.bhs[slot].n_again = choice_random(4) ? 0 : choice_random(20);
}

static void schedule_bh(unsigned slot)
{
    if (oracle.bhs[slot].bh) {
        sim_trace("BH %u scheduled", slot);
        oracle_schedule(slot);
    }
}

static void cancel_bh(unsigned slot)
{
    if (!oracle.bhs[slot].bh)
        return;
    sim_trace("BH %u cancelled", slot);
    oracle.bhs[slot].scheduled = false;
    lariat_bh_cancel(oracle.bhs[slot].bh);
}

/* ---- any thread ---- */

static void set_params(unsigned what)
{
    static const int64_t windows[] = { 0, 1, 4000, 32768 };
    struct lariat_poll_params params, read;
    int err;

    lariat_poll_params_init(&params, (enum lariat_poll_policy)((what & 7) % 3));
    params.max_ns = what & 64 ? -1 : windows[what >> 3 & 3];
    params.shrink = what >> 5 & 1;
    err = lariat_loop_set_poll_params(oracle.loop, &params);
    sim_require(err == (params.max_ns < 0 ? -ERANGE : oracle.closed ? -ESHUTDOWN : 0), "setting parameters gives %d", err);
    lariat_loop_get_poll_params(oracle.loop, &read);
    sim_require(err || memcmp(&params, &read, sizeof(read)) == 0, "other parameters are read than were set");
    if (what & 128)
        (void)world_set_batch(what >> 2);
}

/* The numbers only rise. */
static void look_at_stats(void)
{
    struct lariat_loop_stats stats = LARIAT_LOOP_STATS_INIT;

    lariat_loop_get_stats(oracle.loop, &stats);
    sim_require(stats.spin_ns < UINT64_C(1) << 62 && stats.sleep_ns < UINT64_C(1) << 62 && stats.spin_vain_ns <= stats.spin_ns,
                "times in the statistics went wrong: spun %llu ns, %llu in vain, slept %llu",
                (unsigned long long)stats.spin_ns, (unsigned long long)stats.spin_vain_ns, (unsigned long long)stats.sleep_ns);
    sim_require(stats.spins_hit <= stats.spins && stats.window_ns <= 32768 && stats.waits_batched <= stats.sleeps,
                "the statistics contradict themselves");
}

void program_any_thread(unsigned what, bool foreign)
{
    unsigned slot = what / 8 % N_BHS;

    sim_trace(foreign ? "another thread acts" : "a signal handler acts");
    switch (what % 8) {
    case 0:
    case 1:
    case 2:
        schedule_bh(slot);
        break;
    case 3:
        cancel_bh(slot);
        break;
    case 4:
        if (foreign && n_oneshots < ONESHOTS_MOST && oracle_schedule_oneshot(oneshot_run) == 0)
            n_oneshots++;
        break;
    case 5:
        if (foreign && oracle.bhs[slot].bh)
            delete_bh(slot);
        break;
    case 6:
        if (foreign)
            set_params(what);
        look_at_stats();
        break;
    default:
        if (what & 64)
            program_put_item(slot);
        else
            lariat_loop_notify(oracle.loop);
        break;
    }
}

/* ---- timers ---- */

static int64_t some_time(uint8_t what)
{
    int64_t now_ns = lariat_now_ns();

    switch (what % 8) {
    case 0:
        return now_ns - 1;
    case 1:
        return what & 64 ? INT64_MIN : 0;
    case 2:
        return INT64_MAX - (what >> 5);
    case 3:
        return now_ns / 1000000 * 1000000 + 1000000; /* the same for many */
    case 4:
        return now_ns + (what >> 3) * 100;
    default:
        return now_ns + (what >> 3) * 10000;
    }
}

static void timer_fires(void *opaque)
{
    struct sim_timer *timer = opaque;

    sim_trace("timer %d fires", (int)(timer - oracle.timers));
    oracle_timer_runs(timer);
    if (timer->n_again) {
        timer->n_again--;
        oracle_timer_set(timer, lariat_now_ns());
    }
    program_react();
}

static void set_timer(unsigned slot, uint8_t when)
{
    struct sim_timer *timer = &oracle.timers[slot];

    if (!timer->made)
        lariat_timer_init(&timer->timer, oracle.loop, timer_fires, timer);
    timer->made = true;
    timer->n_again = choice_random(8) ? 0 : choice_random(10);
    sim_trace("timer %u set", slot);
    oracle_timer_set(timer, some_time(when));
}

static void cancel_timer(unsigned slot)
{
    struct sim_timer *timer = &oracle.timers[slot];

    if (!timer->made)
        return;
    lariat_timer_cancel(&timer->timer);
    timer->armed = false;
}

/* ---- handlers ---- */

/* Which call, of which handler: so that the call of one that was removed is known. */
static void *handler_word(unsigned i)
{
    return (void *)(uintptr_t)(oracle.handlers[i].generation * N_OBJECTS + i);
}

static void handler_called(void *opaque, bool writable)
{
    uintptr_t word = (uintptr_t)opaque;
    struct sim_handler *h = &oracle.handlers[word % N_OBJECTS];

    sim_trace("handler of descriptor %d: %s", h->object->fd, writable ? "writable" : "readable");
    oracle_handler_runs(h, (unsigned)(word / N_OBJECTS), writable);
    if (h->edge || choice_random(2)) { /* an edge handler must take all */
        h->object->n_in = 0;
        if (h->object->kind == OBJECT_LISTENER)
            h->object->counter = 0;
    }
    program_react();
}

static void readable(void *opaque)
{
    handler_called(opaque, false);
}

static void writable(void *opaque)
{
    handler_called(opaque, true);
}

static void set_handler(uint8_t what, bool edge)
{
    unsigned i = what % (N_STREAMS + N_LISTENERS);
    struct sim_handler *h = &oracle.handlers[i], before = *h;
    int err;

    h->object = i < N_STREAMS ? object_stream(i) : object_listener(i);
    h->readable = what & 32 || !(what & 64);
    h->writable = what & 64;
    h->edge = edge;
    h->set = true;
    h->generation++;
    sim_trace("handler of descriptor %d set%s", h->object->fd, edge ? ", edge" : "");
    err = (edge ? lariat_handler_set_edge : lariat_handler_set)(oracle.loop, h->object->fd, h->readable ? readable : NULL,
                                                                h->writable ? writable : NULL, handler_word(i));
    sim_require(err == 0 || (err == -ENOMEM && choice_may_strike(FAULT_MEMORY)) ||
                    (err == -ESHUTDOWN && (oracle.closing || oracle.closed)), "setting a handler gives %d", err);
    if (err) /* then nothing may have changed */
        *h = before;
}

static void remove_handler(unsigned i)
{
    struct sim_handler *h = &oracle.handlers[i];

    if (!h->object)
        return;
    h->set = h->failed = false;
    h->generation++;
    sim_trace("handler of descriptor %d removed", h->object->fd);
    sim_require(lariat_handler_set(oracle.loop, h->object->fd, NULL, NULL, NULL) == 0, "removing a handler fails");
}

void program_remove_handlers(void)
{
    for (unsigned i = 0; i < N_STREAMS + N_LISTENERS; i++)
        remove_handler(i);
}

/* ---- what happens outside ---- */

static void feed(uint8_t what)
{
    struct object *o = what & 128 ? object_listener(what) : object_stream(what);

    if (o->kind == OBJECT_LISTENER)
        o->counter += 1 + (what >> 5 & 3);
    else
        o->n_in += 1u + what;
    requests_wake(o);
}

static void change_stream(uint8_t what)
{
    struct object *o = object_stream(what);

    if (what & 128)
        o->hung_up = true;
    else
        o->full = !o->full;
    requests_wake(o);
}

/* ---- actions ---- */

/* What may be done anywhere. */
static void act_anywhere(uint8_t what)
{
    uint8_t more = choice_byte();

    switch (what % N_ACTIONS) {
    case 0:
        program_any_thread(more, true);
        break;
    case 1:
    case 2:
        schedule_bh(more % N_BHS);
        break;
    case 3:
    case 4:
        make_or_delete_bh(more % N_BHS);
        break;
    case 5:
    case 6:
    case 7:
        set_timer(more % N_TIMERS, choice_byte());
        break;
    case 8:
        if (more & 64)
            program_act_poller(more);
        else
            cancel_timer(more % N_TIMERS);
        break;
    case 9:
    case 10:
        set_handler(more, false);
        break;
    case 11:
        set_handler(more, true);
        break;
    case 12:
        remove_handler(more % (N_STREAMS + N_LISTENERS));
        break;
    case 13:
    case 14:
        feed(more);
        break;
    case 15:
        change_stream(more);
        break;
    case 16:
        set_params(more);
        break;
    default:
        program_act_op(what, more);
        break;
    }
}

static void act_inside(uint8_t what)
{
    int64_t timeout_ns;

    if (what % N_ACTIONS == 31 && !oracle.closed) {
        sim_require(lariat_loop_poll(oracle.loop, true) == -EDEADLK, "polling inside a callback is not refused");
        sim_require(lariat_loop_close(oracle.loop) == -EDEADLK, "closing inside a callback is not refused");
        if (oracle.loop->embed)
            sim_require(lariat_loop_prepare(oracle.loop, &timeout_ns) == -EDEADLK, "preparing inside a callback is not refused");
        return;
    }
    act_anywhere(what);
}

void program_act(uint8_t what)
{
    if (what & 128)
        world_iterate(what & 1 || what & 2);
    else
        act_anywhere(what);
}
