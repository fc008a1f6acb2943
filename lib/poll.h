/* SPDX-License-Identifier: MIT */
/* Poll policies: pure functions of parameters, window and wait. No clock, no I/O, no state of their own. */
#ifndef LARIAT_POLL_PRIVATE_H
#define LARIAT_POLL_PRIVATE_H

#include <stdint.h>

#include <lariat/poll.h>

/* Are these legal? 0, -EINVAL, -ERANGE, or -EOPNOTSUPP for a policy that is not built. */
int poll_params_check(const struct lariat_poll_params *params);

/* The same with what 0 stands for filled in. Of shrink under classic, 0 stays: it means "to zero". */
void poll_params_effective(const struct lariat_poll_params *params, struct lariat_poll_params *effective);

/* The window after a wait of `waited_ns` that began with `window_ns`; 0 to max_ns. */
int64_t poll_next_window(const struct lariat_poll_params *params, int64_t window_ns, int64_t waited_ns);

#endif
