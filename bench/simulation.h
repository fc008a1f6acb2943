/* SPDX-License-Identifier: MIT */
/*
 * A loop's policy against a row of waits, in numbers alone: what the library's own code (lib/poll.h) would have cost, beside
 * what could have been had by knowing the waits before.
 *
 * Cost of a wait: ns spun * price / 100, and the penalty if it slept. A window catches a wait that is no longer than itself. A
 * sleep shows the policy the wait plus a wake-up cost that varies around wake_ns; the policy is told the penalty and takes three
 * quarters of it as the wake-up.
 */
#ifndef BENCH_SIMULATION_H
#define BENCH_SIMULATION_H

#include "poll.h"
#include "traces.h"

struct simulation_world {
    int64_t penalty_ns, wake_ns;
    uint64_t seed; /* of the wake-up costs */
};

struct simulation {
    /* The caller may look at all of it. */
    struct lariat_poll_params params;
    struct simulation_world world;
    struct poll_state state;
    int64_t window_ns; /* for the next wait */
    uint64_t n_waits, n_caught, spun_ns, latency_ns; /* the latter: what wake-ups added */
    double cost_ns;
};

/* Parameters that the library would take. */
void simulation_begin(struct simulation *s, const struct lariat_poll_params *params, const struct simulation_world *world);

/* One more wait, 0 to INT64_MAX ns. */
void simulation_wait(struct simulation *s, int64_t wait_ns);

/* All of them. */
void simulation_run(struct simulation *s, const struct trace *trace);

/* What whoever knows each wait pays for them: waits longer than max_ns cost the penalty. */
double simulation_clairvoyant(const struct trace *trace, const struct lariat_poll_params *params, int64_t penalty_ns);

/* What the best window of at most max_ns, held for all of them, costs. 0 or -ENOMEM. */
int simulation_best_fixed(const struct trace *trace, const struct lariat_poll_params *params, int64_t penalty_ns,
                          double *cost_ns, int64_t *window_ns);

#endif
