/* SPDX-License-Identifier: MIT */
/* Poll policies: pure functions of parameters, state and wait. No clock, no I/O, no allocation. */
#ifndef LARIAT_POLL_PRIVATE_H
#define LARIAT_POLL_PRIVATE_H

#include <stdint.h>

#include <lariat/poll.h>

#include "poll_auto.h"

#define POLL_GROW_DEFAULT 2
#define POLL_SHRINK_DEFAULT 2 /* of weighted */
#define POLL_WEIGHT_DEFAULT 3

/* What a policy remembers from wait to wait; the window itself is the caller's. */
struct poll_state {
    int64_t average_ns; /* weighted; -1: no wait yet */
    struct poll_auto automatic;
};

/* Are these legal? 0, -EINVAL or -ERANGE. */
int poll_params_check(const struct lariat_poll_params *params);

/* The same with what 0 stands for filled in. Of shrink under classic, 0 stays: it means "to zero". */
void poll_params_effective(const struct lariat_poll_params *params, struct lariat_poll_params *effective);

/* Forget all, and begin with these parameters, which are legal. The first window. Only auto looks at the costs. */
int64_t poll_reset(struct poll_state *state, const struct lariat_poll_params *params, const struct poll_costs *costs);

/* The window for the next wait, after this one; 0 to max_ns. The parameters are those of the last reset. */
int64_t poll_observe(struct poll_state *state, const struct lariat_poll_params *params, const struct poll_wait *wait);

/* Two of the rules by themselves: the window after a wait of `waited_ns` that began with `window_ns`. */
int64_t poll_classic(const struct lariat_poll_params *params, int64_t window_ns, int64_t waited_ns);
int64_t poll_weighted(struct poll_state *state, const struct lariat_poll_params *params, int64_t window_ns, int64_t waited_ns);

#endif
