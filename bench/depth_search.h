/* SPDX-License-Identifier: MIT */
/*
 * latency_target=: the largest depth at which the wanted share of I/Os stays below a latency. Time is cut into windows, all I/Os
 * of a window are issued at one depth; whether it passed decides the next one: doubled until one fails, then bisected.
 */
#ifndef BENCH_DEPTH_SEARCH_H
#define BENCH_DEPTH_SEARCH_H

#include <stdbool.h>
#include <stdint.h>

enum depth_verdict {
    DEPTH_GO_ON,
    DEPTH_FOUND, /* `depth` is it */
    DEPTH_NONE   /* not even one I/O at a time is fast enough */
};

struct depth_search {
    int64_t target_ns;
    double percentile;    /* of the I/Os of a window that must meet it */
    uint32_t max;         /* iodepth */
    uint32_t depth;       /* now allowed */
    uint32_t low;         /* the largest that passed; 0: none */
    bool low_is_old;      /* low passed in an earlier search only */
    uint32_t high;        /* the smallest that failed; max + 1: none */
    uint64_t n, n_missed; /* in this window */
};

void depth_search_init(struct depth_search *search, int64_t target_ns, double percentile, uint32_t max);

static inline void depth_search_add(struct depth_search *search, int64_t latency_ns)
{
    search->n++;
    search->n_missed += latency_ns > search->target_ns;
}

/* A window is over. Windows without an I/O say nothing. After DEPTH_FOUND it may be called on: the depth then only falls. */
enum depth_verdict depth_search_window(struct depth_search *search);

/* Begin anew around the depth found: latency_run=1. */
void depth_search_again(struct depth_search *search);

#endif
