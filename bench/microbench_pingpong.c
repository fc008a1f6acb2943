/* SPDX-License-Identifier: MIT */
/*
 * Cross-thread ping-pong: two loops on two threads, each of which posts to the other. One round trip is two wake-ups.
 *
 * Why this is fair: all candidates run the same callbacks through microbench_loop.h, one callback in flight at any time, and
 * the clock is read by the callbacks, so no third thread's wake-up is in the figure. The mutexed queue that libuv and libev
 * need costs them some 50 ns per round trip, next to several thousand. "raw futex" has no loop at all: two threads, one word
 * each way.
 * Blocked: our window is closed (poll-max-ns 0), so everybody sleeps in the kernel. Polled: our window may grow to 1 ms; the
 * peers have nothing of the kind, so ours is shown beside ours blocked, and beside two threads spinning on a word.
 */
#include "config.h"

#include <errno.h>
#include <semaphore.h>

#include "microbench_loop.h"
#include "microbench_stats.h"
#include "microbench_word.h"

enum { TWO_CPUS = 0, ONE_CPU = 1, BLOCKED = 0, POLLED = 1 };

static const double ROUND_MS = 60;
static const int64_t WINDOW_NS = 1000000;

static unsigned ticks_per_look(const struct mb_run *run)
{
    return run->variant == POLLED && run->arg == TWO_CPUS ? 128 : 16;
}

/* ---- loops ---- */

struct pingpong {
    const struct mb_loop_ops *ops;
    struct mb_loop *loop[2];
    struct mb_node node[2];
    struct mb_lap lap; /* of loop 0's thread */
    sem_t over;
    int error;
};

static void ping(struct mb_node *node)
{
    struct pingpong *game = node->opaque;

    if (mb_lap_tick(&game->lap, 1)) {
        game->error = game->ops->post(game->loop[1], &game->node[1]);
        if (!game->error)
            return;
    }
    sem_post(&game->over);
}

static void pong(struct mb_node *node)
{
    struct pingpong *game = node->opaque;

    if (!game->ops->post(game->loop[0], &game->node[0]))
        return;
    game->error = -EIO;
    sem_post(&game->over);
}

static int play(struct pingpong *game, const struct mb_run *run, double *values)
{
    int ret = 0;

    game->node[0] = (struct mb_node){ .fn = ping, .opaque = game };
    game->node[1] = (struct mb_node){ .fn = pong, .opaque = game };
    for (int i = 0; i < 2 && !ret; i++)
        ret = game->ops->add(game->loop[i], &game->node[i]);
    if (!ret) {
        mb_lap_begin(&game->lap, run->env, ROUND_MS, ticks_per_look(run));
        ret = game->ops->post(game->loop[0], &game->node[0]);
    }
    if (!ret) {
        while (sem_wait(&game->over))
            ;
        ret = game->error;
        values[0] = mb_lap_ns_per_unit(&game->lap) / 1e3;
    }
    for (int i = 0; i < 2; i++)
        game->ops->remove(game->loop[i], &game->node[i]);
    return ret;
}

static int run_loops(const struct mb_run *run, const struct mb_loop_ops *ops, double *values)
{
    struct pingpong game = { .ops = ops };
    int64_t window_ns = run->variant == POLLED ? WINDOW_NS : 0;
    int other = run->arg == ONE_CPU ? run->env->cpu[0] : run->env->cpu[1];
    int ret = ops->start(run->env->cpu[0], window_ns, &game.loop[0]);

    if (ret)
        return ret;
    sem_init(&game.over, 0, 0);
    ret = ops->start(other, window_ns, &game.loop[1]);
    if (!ret) {
        ret = play(&game, run, values);
        ops->stop(game.loop[1]);
    }
    ops->stop(game.loop[0]);
    sem_destroy(&game.over);
    return ret;
}

static int run_lariat(const struct mb_run *run, double *values)
{
    return run_loops(run, &mb_loop_lariat, values);
}

#ifdef HAVE_LIBUV
static int run_uv(const struct mb_run *run, double *values)
{
    return run_loops(run, &mb_loop_uv, values);
}
#endif

#ifdef HAVE_LIBEV
static int run_ev(const struct mb_run *run, double *values)
{
    return run_loops(run, &mb_loop_ev, values);
}
#endif

#ifdef HAVE_GLIB
static int run_glib(const struct mb_run *run, double *values)
{
    return run_loops(run, &mb_loop_glib, values);
}
#endif

/* ---- no loop ---- */

static int run_words(const struct mb_run *run, double *values)
{
    const int *cpu = run->env->cpu;
    double ns;
    int ret =
        mb_word_round_trip(run->env, cpu[0], run->arg == ONE_CPU ? cpu[0] : cpu[1], run->variant == POLLED, ROUND_MS, &ns);

    values[0] = ns / 1e3;
    return ret;
}

/* clang-format off */
static const struct mb_metric metrics[] = { { NULL, "us/rt" } };

static const struct mb_case blocked_cases[] = {
    { "lariat", MB_LARIAT, run_lariat, BLOCKED },
#ifdef HAVE_LIBUV
    { "libuv async", MB_LIBRARY, run_uv, BLOCKED },
#endif
#ifdef HAVE_LIBEV
    { "libev async", MB_LIBRARY, run_ev, BLOCKED },
#endif
#ifdef HAVE_GLIB
    { "GLib invoke", MB_LIBRARY, run_glib, BLOCKED },
#endif
    { "raw futex", MB_FLOOR, run_words, BLOCKED },
};

static const struct mb_case polled_cases[] = {
    { "lariat, polling", MB_LARIAT, run_lariat, POLLED },
    { "lariat, blocked", MB_LARIAT, run_lariat, BLOCKED },
    { "spinning on a word", MB_FLOOR, run_words, POLLED },
};

/* On one CPU nothing can spin for the other: shown because a loop must not fall apart there. */
static const struct mb_case polled_one_cpu_cases[] = {
    { "lariat, polling", MB_LARIAT, run_lariat, POLLED },
    { "lariat, blocked", MB_LARIAT, run_lariat, BLOCKED },
};

static const struct mb_target blocked_targets[] = { { 0, MB_BEST_LIBRARY, false, 1.1 } };
static const struct mb_target polled_targets[] = { { 0, "lariat, blocked", false, 0.01 } };

#define COMMON .metrics = metrics, .n_metrics = MB_COUNT(metrics)

static const struct mb_measure measures[] = {
    { .name = "pingpong-2cpu", .what = "cross-thread ping-pong, blocked, two CPUs", .arg = TWO_CPUS, .two_cpus = true,
      COMMON, .cases = blocked_cases, .n_cases = MB_COUNT(blocked_cases),
      .targets = blocked_targets, .n_targets = MB_COUNT(blocked_targets) },
    { .name = "pingpong-2cpu-polled", .what = "cross-thread ping-pong, window open, two CPUs", .arg = TWO_CPUS,
      .two_cpus = true, COMMON, .cases = polled_cases, .n_cases = MB_COUNT(polled_cases),
      .targets = polled_targets, .n_targets = MB_COUNT(polled_targets) },
    { .name = "pingpong-1cpu", .what = "cross-thread ping-pong, blocked, one CPU", .arg = ONE_CPU,
      COMMON, .cases = blocked_cases, .n_cases = MB_COUNT(blocked_cases) },
    { .name = "pingpong-1cpu-polled", .what = "cross-thread ping-pong, window open, one CPU", .arg = ONE_CPU,
      COMMON, .cases = polled_one_cpu_cases, .n_cases = MB_COUNT(polled_one_cpu_cases) },
};
/* clang-format on */

const struct mb_group mb_pingpong_group = { "pingpong", measures, MB_COUNT(measures) };
