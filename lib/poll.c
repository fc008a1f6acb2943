/* SPDX-License-Identifier: MIT */
/*
 * The classic policy restates the rule of QEMU's iothreads (2.9 to 11.0, one window per loop); see lariat/poll.h.
 */
#include "poll.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "fatal.h"

#define CLASSIC_MAX_NS 32768
#define AUTO_MAX_NS 200000
#define AUTO_PRICE 25
#define FIRST_STEP_NS 4000
#define GROW_DEFAULT 2
#define SHRINK_DEFAULT 2 /* of weighted */
#define WEIGHT_DEFAULT 3
#define WEIGHT_MAX 63
#define PRICE_MAX 10000
#define CPU_BUDGET_MAX 100

void lariat_poll_params_init(struct lariat_poll_params *params, enum lariat_poll_policy policy)
{
    require(params, __func__, "params");
    memset(params, 0, sizeof(*params));
    params->policy = policy;
    params->max_ns = policy == LARIAT_POLL_AUTO ? AUTO_MAX_NS : CLASSIC_MAX_NS;
    params->price = AUTO_PRICE;
}

int poll_params_check(const struct lariat_poll_params *params)
{
    for (size_t i = 0; i < sizeof(params->reserved) / sizeof(params->reserved[0]); i++)
        if (params->reserved[i])
            return -EINVAL;
    if (params->max_ns < 0 || params->grow < 0 || params->shrink < 0)
        return -ERANGE;
    if (params->weight < 0 || params->weight > WEIGHT_MAX || params->price < 0 || params->price > PRICE_MAX)
        return -ERANGE;
    if (params->cpu_budget < 0 || params->cpu_budget > CPU_BUDGET_MAX)
        return -ERANGE;
    switch (params->policy) {
    case LARIAT_POLL_CLASSIC:
        return 0;
    case LARIAT_POLL_WEIGHTED:
    case LARIAT_POLL_AUTO:
        return -EOPNOTSUPP;
    }
    return -EINVAL;
}

void poll_params_effective(const struct lariat_poll_params *params, struct lariat_poll_params *effective)
{
    *effective = *params;
    if (!effective->grow)
        effective->grow = GROW_DEFAULT;
    if (!effective->shrink && params->policy == LARIAT_POLL_WEIGHTED)
        effective->shrink = SHRINK_DEFAULT;
    if (!effective->weight)
        effective->weight = WEIGHT_DEFAULT;
}

static int64_t classic_grow(const struct lariat_poll_params *params, int64_t window_ns)
{
    int64_t factor = params->grow ? params->grow : GROW_DEFAULT;
    int64_t grown;

    if (!window_ns)
        grown = FIRST_STEP_NS;
    else if (window_ns > params->max_ns / factor) /* the product would exceed max_ns, and perhaps int64_t */
        grown = params->max_ns;
    else
        grown = window_ns * factor;
    return grown < params->max_ns ? grown : params->max_ns;
}

int64_t poll_next_window(const struct lariat_poll_params *params, int64_t window_ns, int64_t waited_ns)
{
    if (waited_ns <= window_ns)
        return window_ns;
    if (waited_ns > params->max_ns)
        return params->shrink ? window_ns / params->shrink : 0;
    if (waited_ns < params->max_ns && window_ns < params->max_ns)
        return classic_grow(params, window_ns);
    return window_ns;
}
