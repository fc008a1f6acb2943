/* SPDX-License-Identifier: MIT */
/* What a loop under the policy auto knows of itself beside its waits: what a sleep costs, and reasons not to spin. Owner. */
#ifndef LARIAT_WAIT_AUTO_H
#define LARIAT_WAIT_AUTO_H

#include <stdbool.h>
#include <stdint.h>

struct lariat_loop;
struct loop_histograms;

/* A running median: it moves by a 16th towards each sample, so no single one counts for much, however long. 0: none yet. */
struct median {
    int64_t ns;
    unsigned n;
};

struct wait_auto {
    int64_t window_ns; /* the policy's; loop->window_ns is 0 while spinning is put off */
    /* What a sleep costs. */
    struct median notify, timer, trial, cpu; /* see lariat_loop_stats */
    struct median caught;                    /* waits that spins caught */
    int64_t penalty_ns;                      /* as the policy was told last */
    int64_t trial_in_ns;                     /* of spinning, until the next sleep on trial */
    unsigned n_spins, n_misses;              /* since the last one */
    unsigned cpu_in;                         /* sleeps until the next that is looked at */
    /* Why not to spin. */
    int64_t hold_until_ns, hold_ns; /* put off until then; for how long that was */
    int64_t budget_ns, budget_at_ns;
    int64_t gained_ns;  /* by spins that caught, since the last one that was cut off; roughly */
    int64_t gap_ns;     /* how long that was */
    int64_t n_switches; /* involuntary, when looked at last */
};

/* New parameters, or new ones of another policy. */
void wait_auto_reset(struct lariat_loop *loop);

/* Wait as the policy says. 0 or -errno. */
int wait_auto(struct lariat_loop *loop, struct loop_histograms *histograms);

#endif
