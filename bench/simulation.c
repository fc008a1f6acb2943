/* SPDX-License-Identifier: MIT */
#include "simulation.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define WAKE_SPREAD 45 /* percent, either way */
#define WAKE_TAIL_PERCENT 1
#define WAKE_TAIL_FACTOR 3

static int64_t sum_of(int64_t a, int64_t b)
{
    return a <= INT64_MAX - b ? a + b : INT64_MAX;
}

/* Around the mean, and now and then three times that. */
static int64_t wake_up(struct simulation *s)
{
    double share = trace_share(&s->world.seed);
    double ns = (double)s->world.wake_ns * (1 + WAKE_SPREAD / 100.0 * (2 * share - 1));

    if (trace_share(&s->world.seed) * 100 < WAKE_TAIL_PERCENT)
        ns *= WAKE_TAIL_FACTOR;
    return ns < 9e18 ? (int64_t)ns : INT64_MAX;
}

void simulation_begin(struct simulation *s, const struct lariat_poll_params *params, const struct simulation_world *world)
{
    const struct poll_costs costs = { .penalty_ns = world->penalty_ns, .wake_ns = world->penalty_ns - world->penalty_ns / 4 };

    memset(s, 0, sizeof(*s));
    s->params = *params;
    s->world = *world;
    s->window_ns = poll_reset(&s->state, params, &costs);
}

void simulation_wait(struct simulation *s, int64_t wait_ns)
{
    bool caught = wait_ns <= s->window_ns;
    struct poll_wait wait = { .window_ns = s->window_ns, .spun_ns = s->window_ns, .waited_ns = wait_ns, .slept = !caught };

    if (caught) {
        wait.spun_ns = wait_ns;
        s->n_caught++;
    } else {
        int64_t wake_ns = wake_up(s);

        wait.waited_ns = sum_of(wait_ns, wake_ns);
        s->latency_ns += (uint64_t)wake_ns;
        s->cost_ns += (double)s->world.penalty_ns;
    }
    s->n_waits++;
    s->spun_ns += (uint64_t)wait.spun_ns;
    s->cost_ns += (double)wait.spun_ns * (double)s->params.price / 100;
    if (s->params.max_ns)
        s->window_ns = poll_observe(&s->state, &s->params, &wait);
}

void simulation_run(struct simulation *s, const struct trace *trace)
{
    for (size_t i = 0; i < trace->n; i++)
        simulation_wait(s, trace->waits_ns[i]);
}

double simulation_clairvoyant(const struct trace *trace, const struct lariat_poll_params *params, int64_t penalty_ns)
{
    double cost_ns = 0;

    for (size_t i = 0; i < trace->n; i++) {
        double spin_ns = (double)trace->waits_ns[i] * (double)params->price / 100;

        cost_ns += trace->waits_ns[i] <= params->max_ns && spin_ns < (double)penalty_ns ? spin_ns : (double)penalty_ns;
    }
    return cost_ns;
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/* Only windows that just catch a wait can be the best, and none at all. */
int simulation_best_fixed(const struct trace *trace, const struct lariat_poll_params *params, int64_t penalty_ns,
                          double *cost_ns, int64_t *window_ns)
{
    int64_t *sorted = malloc((trace->n ? trace->n : 1) * sizeof(*sorted));
    double caught_ns = 0;

    if (!sorted)
        return -ENOMEM;
    if (trace->n)
        memcpy(sorted, trace->waits_ns, trace->n * sizeof(*sorted));
    qsort(sorted, trace->n, sizeof(*sorted), compare);
    *window_ns = 0;
    *cost_ns = (double)trace->n * (double)penalty_ns; /* sleep at once, unless a look catches waits of 0: below */
    for (size_t i = 0; i < trace->n && sorted[i] <= params->max_ns; i++) {
        double spun_ns, cost;

        caught_ns += (double)sorted[i];
        if (i + 1 < trace->n && sorted[i + 1] == sorted[i])
            continue;
        spun_ns = caught_ns + (double)(trace->n - i - 1) * (double)sorted[i];
        cost = spun_ns * (double)params->price / 100 + (double)(trace->n - i - 1) * (double)penalty_ns;
        if (cost < *cost_ns) {
            *cost_ns = cost;
            *window_ns = sorted[i];
        }
    }
    free(sorted);
    return 0;
}
