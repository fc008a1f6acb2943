/* SPDX-License-Identifier: MIT */
/*
 * The policies' common door, and the two that restate rules of QEMU's iothreads: classic (2.9 to 11.0) and weighted (after
 * 11.1), both with one window per loop; see lariat/poll.h. Pure: no clock, no I/O, no memory but the state passed in. This
 * file and poll_auto.c depend on nothing else of the library, so that lariat-bench simulates with the very same code.
 */
#include "poll.h"

#define FIRST_STEP_NS 4000

static int64_t classic_grow(const struct lariat_poll_params *params, int64_t window_ns)
{
    int64_t factor = params->grow ? params->grow : POLL_GROW_DEFAULT;
    int64_t grown;

    if (!window_ns)
        grown = FIRST_STEP_NS;
    else if (window_ns > params->max_ns / factor) /* the product would exceed max_ns, and perhaps int64_t */
        grown = params->max_ns;
    else
        grown = window_ns * factor;
    return grown < params->max_ns ? grown : params->max_ns;
}

int64_t poll_classic(const struct lariat_poll_params *params, int64_t window_ns, int64_t waited_ns)
{
    if (waited_ns <= window_ns)
        return window_ns;
    if (waited_ns > params->max_ns)
        return params->shrink ? window_ns / params->shrink : 0;
    if (waited_ns < params->max_ns && window_ns < params->max_ns)
        return classic_grow(params, window_ns);
    return window_ns;
}

/* The average that counts: one that reaches max_ns says that spinning is hopeless. */
static int64_t weighted_average(struct poll_state *state, const struct lariat_poll_params *params, int64_t waited_ns)
{
    int64_t shift = params->weight ? params->weight : POLL_WEIGHT_DEFAULT;

    if (state->average_ns < 0)
        state->average_ns = waited_ns;
    else
        state->average_ns += (waited_ns >> shift) - (state->average_ns >> shift);
    return state->average_ns < params->max_ns ? state->average_ns : 0;
}

int64_t poll_weighted(struct poll_state *state, const struct lariat_poll_params *params, int64_t window_ns, int64_t waited_ns)
{
    int64_t factor = params->grow ? params->grow : POLL_GROW_DEFAULT;
    int64_t divisor = params->shrink ? params->shrink : POLL_SHRINK_DEFAULT;
    int64_t average_ns = weighted_average(state, params, waited_ns);
    int64_t grown;

    if (average_ns > window_ns) {
        grown = window_ns > params->max_ns / factor ? params->max_ns : window_ns * factor;
        return average_ns > grown ? average_ns : grown;
    }
    return average_ns < window_ns / divisor ? window_ns / divisor : window_ns;
}

int64_t poll_reset(struct poll_state *state, const struct lariat_poll_params *params, const struct poll_costs *costs)
{
    state->average_ns = -1;
    if (params->policy != LARIAT_POLL_AUTO)
        return 0;
    return poll_auto_reset(&state->automatic, params->max_ns, params->price, costs);
}

int64_t poll_observe(struct poll_state *state, const struct lariat_poll_params *params, const struct poll_wait *wait)
{
    switch (params->policy) {
    case LARIAT_POLL_CLASSIC:
        return poll_classic(params, wait->window_ns, wait->waited_ns);
    case LARIAT_POLL_WEIGHTED:
        return poll_weighted(state, params, wait->window_ns, wait->waited_ns);
    case LARIAT_POLL_AUTO:
        return poll_auto_observe(&state->automatic, wait);
    }
    return 0;
}
