/* SPDX-License-Identifier: MIT */
/* What lariat-bench tune recommends, and how sure that is. */
#ifndef BENCH_TUNE_VERDICT_H
#define BENCH_TUNE_VERDICT_H

#include "tune.h"

#define TUNE_CONFIDENCE 0.95

enum tune_reason {
    REASON_BETTER,     /* it is better than the default, and that is no chance */
    REASON_SAME,       /* none is: no significant difference, keep the default */
    REASON_LIMITS,     /* the default does not keep the limits; this is the best that does */
    REASON_NONE_KEEPS, /* nothing that was tried keeps the limits: config is the default */
    REASON_TOO_LITTLE, /* fewer than two rounds were run: config is the default */
};

struct tune_pick {
    enum tune_objective objective;
    enum tune_reason reason;
    unsigned config;
    unsigned leader;   /* the least cost on average; it need not be what is recommended */
    unsigned for_qemu; /* the least cost among those without the policy auto, which QEMU does not have */
    /* How many times better than the default the leader (REASON_SAME), or else what is recommended, is: cost of the default over
       its own. Holds together with those of the other settings compared. */
    struct interval_of_ratio gain;
    struct interval_of_ratio latency, cpu; /* the same in these two alone */
};

struct tune_verdict {
    struct tune_pick picks[N_OBJECTIVES];
    bool preliminary;             /* the last stage was not reached: from what the others had */
    unsigned n_unsteady, n_cells; /* of the finalists */
    unsigned n_compared;          /* settings besides the default */
};

void tune_judge(const struct tune *tune, struct tune_verdict *verdict);

/* How many times better b is than a in a scenario (-1: in all), 95 %. */
struct interval_of_ratio tune_gain(const struct tune *tune, enum tune_objective objective, unsigned a, unsigned b,
                                   int scenario, bool only_final, double confidence);

/* The reason in words, without the name of the setting. */
const char *tune_reason_text(enum tune_reason reason);
const char *tune_reason_key(enum tune_reason reason);

#endif
