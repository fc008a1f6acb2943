/* SPDX-License-Identifier: MIT */
#include "depth_search.h"

void depth_search_init(struct depth_search *search, int64_t target_ns, double percentile, uint32_t max)
{
    *search =
        (struct depth_search){ .target_ns = target_ns, .percentile = percentile, .max = max, .depth = 1, .high = max + 1 };
}

static bool passed(const struct depth_search *search)
{
    return (double)(search->n - search->n_missed) * 100 >= search->percentile * (double)search->n;
}

enum depth_verdict depth_search_window(struct depth_search *search)
{
    if (!search->n)
        return DEPTH_GO_ON;
    if (passed(search)) {
        search->low = search->depth;
        search->low_is_old = false;
    } else {
        search->high = search->depth;
        if (search->low >= search->high) { /* it passed once, and does so no longer */
            search->low = search->high / 2;
            search->low_is_old = true;
        }
    }
    search->n = search->n_missed = 0;
    if (search->high == 1)
        return DEPTH_NONE;
    if (search->high - search->low <= 1) {
        search->depth = search->low;
        return search->low_is_old ? DEPTH_GO_ON : DEPTH_FOUND;
    }
    if (search->high <= search->max)
        search->depth = search->low + (search->high - search->low) / 2;
    else
        search->depth = search->low > search->max / 2 ? search->max : search->low * 2;
    return DEPTH_GO_ON;
}

void depth_search_again(struct depth_search *search)
{
    search->high = search->max + 1;
    search->low = search->depth / 2;
    search->low_is_old = true;
}
