/* SPDX-License-Identifier: MIT */
/* Timing, alternation and the figures made of it. */
#ifndef LARIAT_MICROBENCH_STATS_H
#define LARIAT_MICROBENCH_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "microbench.h"

static inline int64_t mb_now_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

int64_t mb_thread_cpu_ns(void);

/*
 * A timed stretch of work that is measured by the one who does it, so that no other thread's wake-up gets into it: first a
 * warm-up, then units of work until the time is over. The clock is read once per `every` ticks only.
 */
struct mb_lap {
    bool cpu_time;
    int64_t warm_until_ns;
    int64_t until_ns;
    int64_t begin_ns; /* by the clock that counts; 0 while warming up */
    int64_t elapsed_ns;
    uint64_t units;
    unsigned every;
    unsigned left;
};

/* ms: the length at scale 1. A quarter of that comes before it as the warm-up. */
void mb_lap_begin(struct mb_lap *lap, const struct mb_env *env, double ms, unsigned every);

/*
 * The same, counting the CPU time of the thread: for work that one thread does without ever sleeping. On an idle machine
 * that is the time elapsed; on a busy one it leaves out what others took.
 */
void mb_lap_begin_cpu(struct mb_lap *lap, const struct mb_env *env, double ms, unsigned every);

bool mb_lap_look(struct mb_lap *lap); /* the slow part of mb_lap_tick() */

/* Count `units` of work. False: the time is over, stop. */
static inline bool mb_lap_tick(struct mb_lap *lap, unsigned units)
{
    lap->units += units;
    if (--lap->left)
        return true;
    return mb_lap_look(lap);
}

double mb_lap_ns_per_unit(const struct mb_lap *lap);

/* What the rounds of one case gave for one metric. */
struct mb_figure {
    double *values; /* in the order of the rounds */
    size_t n_values;
    double median;
    double min;
    double max;
    double ratio; /* median of case 0 / median of this one; 0 where that means nothing */
    bool has_target;
    bool target_met;
    struct mb_target target;
};

/* All results of a measure: figures[case * n_metrics + metric]. */
struct mb_result {
    const struct mb_measure *measure;
    struct mb_figure *figures;
    int *errors;           /* per case: 0, or the -errno that put it out of the run */
    struct mb_figure word; /* of measures with two CPUs: how far apart these were in each round (microbench_word.h), ns */
};

/*
 * Run a measure: round after round, in each round every candidate once, so that drift of the machine hits all alike. The
 * first round warms up and is dropped. 0 or -ENOMEM.
 */
int mb_result_measure(struct mb_result *result, const struct mb_measure *measure, const struct mb_env *env, unsigned rounds);
void mb_result_free(struct mb_result *result);

const struct mb_figure *mb_result_figure(const struct mb_result *result, size_t case_index, size_t metric);

#endif
