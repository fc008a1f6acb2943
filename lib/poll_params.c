/* SPDX-License-Identifier: MIT */
/* The parameters of the policies: defaults, checks, and what a 0 among them stands for. */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "fatal.h"
#include "poll.h"

#define CLASSIC_MAX_NS 32768
#define AUTO_MAX_NS 200000
#define AUTO_PRICE 25
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
    case LARIAT_POLL_WEIGHTED:
    case LARIAT_POLL_AUTO:
        return 0;
    }
    return -EINVAL;
}

void poll_params_effective(const struct lariat_poll_params *params, struct lariat_poll_params *effective)
{
    *effective = *params;
    if (!effective->grow)
        effective->grow = POLL_GROW_DEFAULT;
    if (!effective->shrink && params->policy == LARIAT_POLL_WEIGHTED)
        effective->shrink = POLL_SHRINK_DEFAULT;
    if (!effective->weight)
        effective->weight = POLL_WEIGHT_DEFAULT;
}
