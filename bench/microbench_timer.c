/* SPDX-License-Identifier: MIT */
/*
 * 100,000 timers: set with random deadlines, cancelled in another random order, and fired. Time per timer for each phase
 * and for the three together.
 *
 * Why this is fair: one thread; the timers are the caller's memory everywhere and made beforehand; the same deadlines in the
 * same order (libuv rounds them to ms, which makes its work easier, if anything). For firing they are set to random times
 * within the next 100 ms, without timing that, and the loop is run when all of these have passed, so nobody waits. The
 * callback adds 1 to a counter. Setting makes a system call nowhere.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include <lariat/lariat.h>

#ifdef HAVE_LIBUV
#include <uv.h>
#endif
#ifdef HAVE_LIBEV
#include <ev.h>
#endif

#include "microbench_stats.h"

enum { TIMERS = 100000, FIRE_WITHIN_MS = 100 };

enum metric { SET, CANCEL, FIRE, TOTAL };

static const int64_t FUTURE_NS = 1000000000000; /* 1,000 s: cancelled long before */

/* What all candidates do, in the same order. */
struct plan {
    unsigned n;
    int64_t *delay_ns; /* for set and cancel */
    int64_t *fire_delay_ns;
    unsigned *cancel_order;
    unsigned fired;
};

/* The calls of one library; state is its own. */
struct timer_ops {
    void (*set)(void *state, unsigned i, int64_t delay_ns); /* counted from the last refresh */
    void (*cancel)(void *state, unsigned i);
    void (*refresh)(void *state); /* look at the clock */
    int (*iterate)(void *state);  /* run what has expired; do not wait */
};

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static void plan_free(struct plan *plan)
{
    free(plan->delay_ns);
    free(plan->fire_delay_ns);
    free(plan->cancel_order);
}

static int plan_init(struct plan *plan, const struct mb_env *env)
{
    double n = TIMERS * (env->scale < 1 ? env->scale : 1);
    uint64_t seed = 88172645463325252;

    plan->n = n < 100 ? 100 : (unsigned)n;
    plan->fired = 0;
    plan->delay_ns = calloc(plan->n, sizeof *plan->delay_ns);
    plan->fire_delay_ns = calloc(plan->n, sizeof *plan->fire_delay_ns);
    plan->cancel_order = calloc(plan->n, sizeof *plan->cancel_order);
    if (!plan->delay_ns || !plan->fire_delay_ns || !plan->cancel_order) {
        plan_free(plan);
        return -ENOMEM;
    }
    for (unsigned i = 0; i < plan->n; i++) {
        unsigned other = (unsigned)(next_random(&seed) % (i + 1));

        plan->delay_ns[i] = 1000000000 + (int64_t)(next_random(&seed) % (uint64_t)FUTURE_NS);
        plan->fire_delay_ns[i] = (int64_t)(next_random(&seed) % (FIRE_WITHIN_MS * UINT64_C(1000000)));
        plan->cancel_order[i] = plan->cancel_order[other];
        plan->cancel_order[other] = i;
    }
    return 0;
}

static void sleep_ms(long ms)
{
    struct timespec ts = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

    while (nanosleep(&ts, &ts))
        ;
}

/* One function for all, so that every library is called through the same pointers. */
static int run_phases(struct plan *plan, const struct timer_ops *ops, void *state, double *values)
{
    int64_t begin_ns;
    int64_t set_ns;
    int64_t cancel_ns;
    int64_t fire_ns;
    int ret = 0;

    ops->refresh(state);
    begin_ns = mb_thread_cpu_ns();
    for (unsigned i = 0; i < plan->n; i++)
        ops->set(state, i, plan->delay_ns[i]);
    set_ns = mb_thread_cpu_ns() - begin_ns;

    begin_ns = mb_thread_cpu_ns();
    for (unsigned i = 0; i < plan->n; i++)
        ops->cancel(state, plan->cancel_order[i]);
    cancel_ns = mb_thread_cpu_ns() - begin_ns;

    ops->refresh(state);
    for (unsigned i = 0; i < plan->n; i++)
        ops->set(state, i, plan->fire_delay_ns[i]);
    sleep_ms(FIRE_WITHIN_MS + 2); /* 2: libuv and libev may round up */
    begin_ns = mb_thread_cpu_ns();
    while (plan->fired < plan->n && ret >= 0)
        ret = ops->iterate(state);
    fire_ns = mb_thread_cpu_ns() - begin_ns;

    values[SET] = (double)set_ns / plan->n;
    values[CANCEL] = (double)cancel_ns / plan->n;
    values[FIRE] = (double)fire_ns / plan->n;
    values[TOTAL] = (double)(set_ns + cancel_ns + fire_ns) / plan->n;
    return ret < 0 ? ret : 0;
}

/* ---- ours ---- */

struct lariat_state {
    struct lariat_loop *loop;
    struct lariat_timer *timers;
    int64_t now_ns;
};

static void lariat_fired(void *opaque)
{
    unsigned *fired = opaque;

    ++*fired;
}

static void lariat_set(void *opaque, unsigned i, int64_t delay_ns)
{
    struct lariat_state *state = opaque;

    lariat_timer_set_ns(&state->timers[i], state->now_ns + delay_ns);
}

static void lariat_cancel(void *opaque, unsigned i)
{
    struct lariat_state *state = opaque;

    lariat_timer_cancel(&state->timers[i]);
}

static void lariat_refresh(void *opaque)
{
    struct lariat_state *state = opaque;

    state->now_ns = lariat_now_ns();
}

static int lariat_iterate(void *opaque)
{
    struct lariat_state *state = opaque;

    return lariat_loop_poll(state->loop, false);
}

static int run_lariat(const struct mb_run *run, double *values)
{
    static const struct timer_ops ops = { lariat_set, lariat_cancel, lariat_refresh, lariat_iterate };
    struct lariat_state state;
    struct plan plan;
    int ret = plan_init(&plan, run->env);

    if (ret)
        return ret;
    ret = lariat_loop_new(NULL, &state.loop);
    if (ret)
        goto out_plan;
    state.timers = calloc(plan.n, sizeof *state.timers);
    ret = state.timers ? 0 : -ENOMEM;
    for (unsigned i = 0; i < plan.n && !ret; i++)
        lariat_timer_init(&state.timers[i], state.loop, lariat_fired, &plan.fired);
    if (!ret)
        ret = run_phases(&plan, &ops, &state, values);
    lariat_loop_unref(state.loop);
    free(state.timers);
out_plan:
    plan_free(&plan);
    return ret;
}

/* ---- libev ---- */

#ifdef HAVE_LIBEV
struct ev_state {
    struct ev_loop *loop;
    ev_timer *timers;
};

static void ev_fired(struct ev_loop *loop, ev_timer *timer, int events)
{
    unsigned *fired = timer->data;

    (void)loop;
    (void)events;
    ++*fired;
}

static void ev_set(void *opaque, unsigned i, int64_t delay_ns)
{
    struct ev_state *state = opaque;

    ev_timer_set(&state->timers[i], (double)delay_ns * 1e-9, 0.);
    ev_timer_start(state->loop, &state->timers[i]);
}

static void ev_cancel(void *opaque, unsigned i)
{
    struct ev_state *state = opaque;

    ev_timer_stop(state->loop, &state->timers[i]);
}

static void ev_refresh(void *opaque)
{
    struct ev_state *state = opaque;

    ev_now_update(state->loop);
}

static int ev_iterate(void *opaque)
{
    struct ev_state *state = opaque;

    ev_run(state->loop, EVRUN_NOWAIT);
    return 0;
}

static int run_ev(const struct mb_run *run, double *values)
{
    static const struct timer_ops ops = { ev_set, ev_cancel, ev_refresh, ev_iterate };
    struct ev_state state;
    struct plan plan;
    int ret = plan_init(&plan, run->env);

    if (ret)
        return ret;
    state.loop = ev_loop_new(EVFLAG_AUTO);
    state.timers = calloc(plan.n, sizeof *state.timers);
    ret = state.loop && state.timers ? 0 : -ENOMEM;
    for (unsigned i = 0; i < plan.n && !ret; i++) {
        ev_timer_init(&state.timers[i], ev_fired, 0., 0.);
        state.timers[i].data = &plan.fired;
    }
    if (!ret)
        ret = run_phases(&plan, &ops, &state, values);
    if (state.loop)
        ev_loop_destroy(state.loop);
    free(state.timers);
    plan_free(&plan);
    return ret;
}
#endif

/* ---- libuv ---- */

#ifdef HAVE_LIBUV
struct uv_state {
    uv_loop_t loop;
    uv_timer_t *timers;
};

static void uv_fired(uv_timer_t *timer)
{
    unsigned *fired = timer->data;

    ++*fired;
}

static void uv_set(void *opaque, unsigned i, int64_t delay_ns)
{
    struct uv_state *state = opaque;

    uv_timer_start(&state->timers[i], uv_fired, (uint64_t)delay_ns / 1000000, 0);
}

static void uv_cancel_timer(void *opaque, unsigned i)
{
    struct uv_state *state = opaque;

    uv_timer_stop(&state->timers[i]);
}

static void uv_refresh(void *opaque)
{
    struct uv_state *state = opaque;

    uv_update_time(&state->loop);
}

static int uv_iterate(void *opaque)
{
    struct uv_state *state = opaque;

    uv_run(&state->loop, UV_RUN_NOWAIT);
    return 0;
}

static int run_uv(const struct mb_run *run, double *values)
{
    static const struct timer_ops ops = { uv_set, uv_cancel_timer, uv_refresh, uv_iterate };
    struct uv_state state;
    struct plan plan;
    int ret = plan_init(&plan, run->env);

    if (ret)
        return ret;
    ret = uv_loop_init(&state.loop);
    if (ret)
        goto out_plan;
    state.timers = calloc(plan.n, sizeof *state.timers);
    ret = state.timers ? 0 : -ENOMEM;
    for (unsigned i = 0; i < plan.n && !ret; i++) {
        uv_timer_init(&state.loop, &state.timers[i]);
        state.timers[i].data = &plan.fired;
    }
    if (!ret)
        ret = run_phases(&plan, &ops, &state, values);
    for (unsigned i = 0; state.timers && i < plan.n; i++)
        uv_close((uv_handle_t *)&state.timers[i], NULL);
    uv_run(&state.loop, UV_RUN_DEFAULT);
    uv_loop_close(&state.loop);
    free(state.timers);
out_plan:
    plan_free(&plan);
    return ret;
}
#endif

/* clang-format off */
static const struct mb_metric metrics[] = {
    { "set", "ns/timer" },
    { "cancel", "ns/timer" },
    { "fire", "ns/timer" },
    { "total", "ns/timer" },
};

static const struct mb_case cases[] = {
    { "lariat", MB_LARIAT, run_lariat, 0 },
#ifdef HAVE_LIBEV
    { "libev", MB_LIBRARY, run_ev, 0 },
#endif
#ifdef HAVE_LIBUV
    { "libuv", MB_LIBRARY, run_uv, 0 },
#endif
};

static const struct mb_target targets[] = {
    { TOTAL, "libev", false, 0.7 },
    { TOTAL, "libuv", false, 0.3 },
};

static const struct mb_measure measures[] = {
    { .name = "timer", .what = "100,000 timers: set, cancelled, fired",
      .metrics = metrics, .n_metrics = MB_COUNT(metrics), .cases = cases, .n_cases = MB_COUNT(cases),
      .targets = targets, .n_targets = MB_COUNT(targets) },
};
/* clang-format on */

const struct mb_group mb_timer_group = { "timer", measures, MB_COUNT(measures) };
