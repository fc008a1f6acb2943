/* SPDX-License-Identifier: MIT */
/*
 * The search of lariat-bench tune: in stages, each with its share of the time, so that there is always enough left for the last
 * one, which repeats what has got that far until the answer is sure.
 *
 *   calibrate  how many I/Os per second each depth can do with polling off: what the paced loads are shares of
 *   coarse     all policies, windows far apart; after a first round only the better half goes on
 *   refine     windows between those, around the best
 *   shape      grow, shrink and weight of the best
 *   final      polling off, the default, and the best for each objective, in at least so many rounds as are asked for
 *
 * It runs nothing itself: struct tune_runner does, or makes the figures up (tests).
 */
#ifndef BENCH_TUNE_SEARCH_H
#define BENCH_TUNE_SEARCH_H

#include "tune.h"

#define TUNE_BLOCK_MAX (2 * TUNE_CONFIGS_MAX)

struct tune_block {
    enum tune_stage stage;
    unsigned round; /* of all stages */
    unsigned scenario;
    uint64_t seed; /* the same I/Os for all */
    int64_t length_ns;
    int64_t took_ns, end_ns; /* when it is over; end_ns: since the search began */
    unsigned n;
    struct tune_entry {
        unsigned config;
        struct tune_sample sample;
        struct lariat_histogram latencies;
    } * entries;
};

struct tune_runner {
    void *opaque;
    /* One entry of a block. 0; -EINTR: interrupted, it does not count; or -errno: told, and the search is over. */
    int (*run)(void *opaque, const struct tune *tune, const struct tune_block *block, struct tune_entry *entry);
    /* Was this block run before, with the same entries? Then fill them in, took_ns and end_ns, and set the clock; NULL: never. */
    bool (*recall)(void *opaque, const struct tune *tune, struct tune_block *block);
    /* The block was run; NULL: no matter. 0 or -errno: told. */
    int (*keep)(void *opaque, const struct tune *tune, const struct tune_block *block);
    int64_t (*now_ns)(void *opaque);
    /* How far it is, 0 to 1; NULL: nobody wants to know. */
    void (*progress)(void *opaque, enum tune_stage stage, double done);
};

struct tune_plan {
    enum tune_objective objective;
    int64_t budget_ns;
    unsigned repeats; /* rounds of the last stage, at least */
    uint64_t seed;
    const struct tune_config *candidates; /* compare these and search no further; n 0: search */
    unsigned n_candidates;
};

/* 0, interrupted or not (tune->interrupted), or -errno. */
int tune_search(struct tune *tune, const struct tune_plan *plan, const struct tune_runner *runner);

#endif
