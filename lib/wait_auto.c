/* SPDX-License-Identifier: MIT */
/*
 * The wait of a loop under the policy auto. The policy itself (poll_auto.c) sees waits and one number, the penalty of a sleep.
 * Here is where the number comes from, and which waits the policy is not shown:
 *
 * - The penalty is measured, never assumed (but for the very first windows). From notifies: the producer that writes the
 *   eventfd stamps the time. From sleeps on trial: once in a while a wait that would be spun for is slept through, and what it
 *   is longer than the usual one is the wake-up. From timers: how late a sleep ends after its deadline; that has the kernel's
 *   timer slack in it, so it counts only while nothing else is known. The CPU time of a sleep is looked at now and then and
 *   comes in at the price.
 * - Spinning is put off for a while, and such waits teach nothing, where it does harm itself: whoever ends the waits needs this
 *   very CPU; somebody else got it in the middle of a spin, for longer than half of what spins had gained; more threads spin than
 *   there are CPUs, or CPUs' worth of quota; the budget is used up. If the same follows soon after, the next time is four times as
 *   long.
 */
#include "wait_auto.h"

#include "clock.h"
#include "cpu.h"
#include "loop.h"
#include "seam.h"

#define PENALTY_FIRST_NS 25000
#define PENALTY_MOST_NS 200000
#define MEDIAN_SHIFT 4
#define SURE 4                    /* samples, before a median counts */
#define TRIALS_SURE 16
#define TRIAL_SPIN_FACTOR 256     /* of spinning to a sleep on trial, in penalties */
#define TRIAL_SURE_FACTOR 8       /* as much again, once the median counts */
#define CPU_EVERY 64              /* sleeps */
#define GAP_NS 50000              /* between two looks: somebody else was running */
#define CROWD_AFTER_NS 2000       /* shorter spins do not count themselves */
#define GAIN_FACTOR 2             /* spins have to gain so much more than it took others to have their turn */
#define HOLD_MIN_NS 10000000
#define HOLD_MAX_NS 1000000000
#define HOLD_GROWTH 4             /* finding out costs some time slices */
#define BUDGET_SPAN_NS 100000000  /* what may be saved up */

static _Atomic unsigned n_spinning; /* threads of this process */

/* ---- what a sleep costs ---- */

static void median_add(struct median *m, int64_t ns, uint64_t *stat)
{
    if (m->n < SURE) /* begins with the least of some: the first may be anything */
        m->ns = m->n && m->ns < ns ? m->ns : ns;
    else /* without a branch, which nobody could predict */
        m->ns += ((ns > m->ns) - (ns < m->ns)) * ((m->ns >> MEDIAN_SHIFT) + 1);
    m->n += m->n < TRIALS_SURE;
    if (stat)
        stat_set(stat, (uint64_t)m->ns);
}

/* How long a wake-up takes, from the best that is known. */
static int64_t wake_ns(const struct wait_auto *a)
{
    if (a->notify.n >= SURE)
        return a->notify.ns;
    if (a->trial.n >= TRIALS_SURE && a->trial.ns > a->caught.ns)
        return a->trial.ns - a->caught.ns;
    return a->timer.n >= SURE ? a->timer.ns : PENALTY_FIRST_NS;
}

/* Tell the policy if it has changed by more than a 16th. */
static void weigh(struct lariat_loop *loop)
{
    struct wait_auto *a = &loop->waits;
    int64_t wake = wake_ns(a), penalty_ns = wake + a->cpu.ns * loop->params.price / 100;
    struct poll_costs costs;

    if (penalty_ns > PENALTY_MOST_NS) /* that is not waking up, but waiting for a CPU */
        penalty_ns = PENALTY_MOST_NS;
    if (penalty_ns < 1)
        penalty_ns = 1;
    if (penalty_ns - a->penalty_ns <= a->penalty_ns / 16 && a->penalty_ns - penalty_ns <= a->penalty_ns / 16)
        return;
    a->penalty_ns = penalty_ns;
    costs.penalty_ns = penalty_ns;
    costs.wake_ns = wake - wake / 4; /* too low is harmless, too high is not */
    poll_auto_set_costs(&loop->poll.automatic, &costs);
    stat_set(&loop->stats.penalty_ns, (uint64_t)penalty_ns);
}

/* A spin: the next sleep on trial comes after so and so much of it. */
static void count_spin(struct wait_auto *a, int64_t spun_ns, bool caught)
{
    a->trial_in_ns -= spun_ns;
    a->n_spins++;
    a->n_misses += !caught;
    if (!caught)
        return;
    median_add(&a->caught, spun_ns, NULL);
    a->gained_ns += a->penalty_ns;
}

/* Only where spins catch nearly all waits do the two medians speak of the same ones. */
static void end_trial(struct lariat_loop *loop, int64_t waited_ns)
{
    struct wait_auto *a = &loop->waits;
    int64_t factor = TRIAL_SPIN_FACTOR * (a->trial.n >= TRIALS_SURE ? TRIAL_SURE_FACTOR : 1);

    bool like_others = a->n_misses <= a->n_spins / 16 && a->caught.n >= TRIALS_SURE;

    if (like_others && waited_ns < a->caught.ns + PENALTY_MOST_NS) { /* beyond that it was no wake-up */
        median_add(&a->trial, waited_ns, NULL);
        if (a->trial.ns > a->caught.ns)
            stat_set(&loop->stats.wake_probe_ns, (uint64_t)(a->trial.ns - a->caught.ns));
    }
    a->n_spins = a->n_misses = 0;
    a->trial_in_ns = factor * a->penalty_ns;
}

/* ---- why not to spin ---- */

/* `harm`: a spin did some. Once more soon after the last time: longer. */
static void hold(struct wait_auto *a, int64_t now_ns, bool harm)
{
    bool again = a->hold_ns && time_between(a->hold_until_ns, now_ns) < 2 * a->hold_ns;

    if (!again)
        a->hold_ns = HOLD_MIN_NS;
    else if (harm && a->hold_ns < HOLD_MAX_NS)
        a->hold_ns = a->hold_ns < HOLD_MAX_NS / HOLD_GROWTH ? a->hold_ns * HOLD_GROWTH : HOLD_MAX_NS;
    a->hold_until_ns = now_ns <= CLOCK_NEVER - a->hold_ns ? now_ns + a->hold_ns : CLOCK_NEVER;
}

/* A clock that went back must not put it off for ever. */
static bool held(struct wait_auto *a, int64_t now_ns)
{
    if (a->hold_until_ns <= now_ns)
        return false;
    if (a->hold_until_ns - now_ns <= a->hold_ns)
        return true;
    a->hold_until_ns = now_ns;
    return false;
}

/* The budget is percent of the time that has passed, saved up for a tenth of a second. May it pay for the window? */
static bool paid(struct lariat_loop *loop, int64_t now_ns)
{
    struct wait_auto *a = &loop->waits;
    int64_t percent = loop->params.cpu_budget;
    int64_t passed_ns = time_between(a->budget_at_ns, now_ns);
    int64_t most_ns = BUDGET_SPAN_NS / 100 * percent;

    if (!percent)
        return true;
    a->budget_at_ns = now_ns;
    a->budget_ns += (passed_ns < BUDGET_SPAN_NS ? passed_ns : BUDGET_SPAN_NS) * percent / 100;
    if (a->budget_ns > most_ns)
        a->budget_ns = most_ns;
    if (a->budget_ns >= a->window_ns)
        return true;
    if (a->budget_ns >= most_ns) /* a window that no budget can pay: let it have what there is, and be in debt */
        return true;
    stat_add(&loop->stats.spins_unpaid, 1);
    return false;
}

/* ---- spinning ---- */

enum spin_end { SPIN_WORK, SPIN_DEADLINE, SPIN_VAIN, SPIN_PREEMPTED, SPIN_CROWDED };

/* After a gap: was it another thread, or did the machine stand still? */
static bool preempted(struct lariat_loop *loop)
{
    int64_t n = seam_involuntary_switches(), before = loop->waits.n_switches;

    loop->waits.n_switches = n;
    return n > before;
}

/* A loop that uses up its time slices is preempted in any case. Only if its spins gained little by it they are to blame. */
static void end_preempted(struct lariat_loop *loop, int64_t now_ns)
{
    struct wait_auto *a = &loop->waits;

    stat_add(&loop->stats.spins_preempted, 1);
    if (a->gained_ns < GAIN_FACTOR * a->gap_ns)
        hold(a, now_ns, true);
    a->gained_ns = 0;
}

/* As spin_until() in loop.c, and with an eye on the clock and on others. *now_ns: when it began, and when it ended. */
static enum spin_end look_until(struct lariat_loop *loop, int64_t limit_ns, int64_t deadline_ns, int64_t *now_ns)
{
    struct ring *ring = &loop->ring;
    int64_t n_looks = loop->waits.window_ns, crowd_ns = *now_ns + CROWD_AFTER_NS, before_ns;
    bool obey_hint = true, counted = false;
    enum spin_end end = SPIN_WORK;

    while (!loop_has_work(loop)) {
        if (obey_hint && unlikely(ring_hinted(ring))) {
            if (ring_get_events(ring) < 0 || ring_cq_ready(ring))
                break;
            obey_hint = !ring_hinted(ring); /* nothing came and it is still set: stale */
        }
        cpu_relax();
        before_ns = *now_ns;
        *now_ns = clock_now_ns();
        end = *now_ns >= deadline_ns ? SPIN_DEADLINE : *now_ns >= limit_ns || --n_looks <= 0 ? SPIN_VAIN : SPIN_WORK;
        if (unlikely(*now_ns - before_ns > GAP_NS) && preempted(loop)) {
            loop->waits.gap_ns = *now_ns - before_ns;
            end = SPIN_PREEMPTED;
        }
        if (end != SPIN_WORK)
            break;
        if (*now_ns < crowd_ns || counted)
            continue;
        counted = true;
        if (atomic_fetch_add_explicit(&n_spinning, 1, memory_order_relaxed) >= seam_cpu_share()) {
            end = SPIN_CROWDED;
            break;
        }
    }
    if (counted)
        atomic_fetch_sub_explicit(&n_spinning, 1, memory_order_relaxed);
    return end;
}

static enum spin_end look(struct lariat_loop *loop, int64_t deadline_ns, int64_t *now_ns)
{
    int64_t begin_ns = *now_ns, window_ns = loop->waits.window_ns;
    int64_t limit_ns = begin_ns <= CLOCK_NEVER - window_ns ? begin_ns + window_ns : CLOCK_NEVER;
    enum spin_end end = look_until(loop, limit_ns, deadline_ns, now_ns);
    int64_t spun_ns = time_between(begin_ns, *now_ns);
    bool hit = end == SPIN_WORK || end == SPIN_DEADLINE;

    stat_add(&loop->stats.spins, 1);
    stat_add(&loop->stats.spin_ns, (uint64_t)spun_ns);
    stat_add(hit ? &loop->stats.spins_hit : &loop->stats.spin_vain_ns, hit ? 1 : (uint64_t)spun_ns);
    loop->waits.budget_ns -= loop->params.cpu_budget ? spun_ns : 0;
    if (unlikely(end == SPIN_PREEMPTED))
        end_preempted(loop, *now_ns);
    if (unlikely(end == SPIN_CROWDED)) {
        stat_add(&loop->stats.spins_crowded, 1);
        hold(&loop->waits, *now_ns, true);
    }
    return end;
}

/* ---- sleeping ---- */

/* Who ended it, and how long it took this loop to run then. False: the policy had better not see this wait. */
static bool learn_from_sleep(struct lariat_loop *loop, int64_t deadline_ns, int64_t slept_ns, int64_t now_ns, bool spun)
{
    struct wait_auto *a = &loop->waits;
    int cpu = -1;
    int64_t wrote_ns = loop->woken_by_notify ? notify_written(&loop->notify, &cpu) : 0;

    if (wrote_ns > slept_ns) {
        if (cpu == seam_current_cpu()) {
            stat_add(&loop->stats.wakes_same_cpu, 1);
            hold(a, now_ns, spun);
            return false;
        }
        median_add(&a->notify, time_between(wrote_ns, now_ns), &loop->stats.wake_notify_ns);
    } else if (now_ns >= deadline_ns && !loop_has_work(loop)) {
        median_add(&a->timer, now_ns - deadline_ns, &loop->stats.wake_timer_ns);
    } else {
        return true;
    }
    weigh(loop);
    return true;
}

static int sleep_and_learn(struct lariat_loop *loop, int64_t deadline_ns, bool spun, int64_t *now_ns, bool *teaches)
{
    struct wait_auto *a = &loop->waits;
    bool sample = --a->cpu_in == 0;
    int64_t slept_ns = *now_ns, cpu_ns = sample ? seam_thread_cpu_ns() : 0;
    int err = loop_sleep(loop, deadline_ns);

    if (sample) {
        median_add(&a->cpu, time_between(cpu_ns, seam_thread_cpu_ns()), &loop->stats.sleep_cpu_ns);
        a->cpu_in = CPU_EVERY;
    }
    *now_ns = clock_now_ns();
    stat_add(&loop->stats.sleep_ns, (uint64_t)time_between(slept_ns, *now_ns));
    if (!learn_from_sleep(loop, deadline_ns, slept_ns, *now_ns, spun))
        *teaches = false;
    return err;
}

/* ---- the wait ---- */

static void set_window(struct lariat_loop *loop, int64_t window_ns)
{
    if (window_ns == loop->window_ns)
        return;
    stat_add(window_ns > loop->window_ns ? &loop->stats.window_grown : &loop->stats.window_shrunk, 1);
    stat_set(&loop->stats.window_ns, (uint64_t)window_ns);
    loop->window_ns = window_ns;
}

static void teach(struct lariat_loop *loop, const struct poll_wait *wait, bool trial)
{
    struct wait_auto *a = &loop->waits;

    if (trial) {
        end_trial(loop, wait->waited_ns);
        weigh(loop);
        return;
    }
    if (wait->spun_ns)
        count_spin(a, wait->spun_ns, !wait->slept);
    a->window_ns = poll_auto_observe(&loop->poll.automatic, wait);
}

int wait_auto(struct lariat_loop *loop, struct loop_histograms *histograms)
{
    struct wait_auto *a = &loop->waits;
    int64_t deadline_ns = loop_deadline_ns(loop), begin_ns = clock_now_ns(), now_ns = begin_ns;
    struct poll_wait wait = { .window_ns = a->window_ns, .slept = true };
    /* loop->window_ns was 0 while spinning was put off: then nothing has been submitted, and this is no time to begin. */
    bool teaches = !a->window_ns || (loop->window_ns && paid(loop, begin_ns));
    bool trial = teaches && a->trial_in_ns <= 0 && a->window_ns;
    enum spin_end end = SPIN_VAIN;
    int err = 0;

    if (deadline_ns <= begin_ns)
        return loop_submit(loop);
    if (teaches && !trial && a->window_ns) {
        end = look(loop, deadline_ns, &now_ns);
        wait.slept = end != SPIN_WORK && end != SPIN_DEADLINE;
        wait.spun_ns = time_between(begin_ns, now_ns);
        teaches = end != SPIN_PREEMPTED && end != SPIN_CROWDED;
    }
    if (wait.slept)
        err = sleep_and_learn(loop, deadline_ns, wait.spun_ns > 0, &now_ns, &teaches);
    wait.waited_ns = time_between(begin_ns, now_ns);
    if (teaches)
        teach(loop, &wait, trial);
    set_window(loop, held(a, now_ns) ? 0 : a->window_ns);
    loop_waited(loop, histograms, &wait);
    return err;
}

void wait_auto_reset(struct lariat_loop *loop)
{
    struct wait_auto *a = &loop->waits;
    bool in_force = loop->params.policy == LARIAT_POLL_AUTO && loop->params.max_ns;
    int64_t wake = wake_ns(a), penalty_ns = a->penalty_ns ? a->penalty_ns : wake;
    struct poll_costs costs = { .penalty_ns = penalty_ns, .wake_ns = wake - wake / 4 };

    atomic_store_explicit(&loop->notify.stamps, in_force, memory_order_relaxed);
    loop->window_ns = a->window_ns = poll_reset(&loop->poll, &loop->params, &costs);
    a->penalty_ns = penalty_ns;
    a->trial_in_ns = TRIAL_SPIN_FACTOR * penalty_ns;
    a->n_spins = a->n_misses = 0;
    a->cpu_in = 1;
    a->gained_ns = a->hold_until_ns = a->hold_ns = a->budget_ns = a->budget_at_ns = 0;
    if (in_force) {
        a->n_switches = seam_involuntary_switches();
        (void)seam_cpu_share(); /* the first time it reads files, which is nothing for a spin */
    }
    stat_set(&loop->stats.window_ns, (uint64_t)loop->window_ns);
    stat_set(&loop->stats.penalty_ns, in_force ? (uint64_t)penalty_ns : 0);
}
