/* SPDX-License-Identifier: MIT */
/*
 * lariat-microbench: what the loop itself costs, beside other libraries' loops, in one run.
 *
 * A group (one file each) has measures, a measure has cases (the candidates), and a case has one function that runs one
 * round: it sets up, warms up, times, and tears down again. Setting up in each round, outside the timed part, gives every
 * candidate new memory and new threads each time, so that one lucky or unlucky layout does not decide a whole run.
 */
#ifndef LARIAT_MICROBENCH_H
#define LARIAT_MICROBENCH_H

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>

enum { MB_METRICS_MAX = 4 };

#define MB_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What a round needs to know of the command line. */
struct mb_env {
    double scale;   /* 1: the default length of a round */
    int cpu[2];     /* equal if we may use one only */
    cpu_set_t cpus; /* all we may use */
};

struct mb_run {
    const struct mb_env *env;
    int arg;     /* the measure's: batch, number of producers ... */
    int variant; /* the case's */
};

enum mb_kind {
    MB_LARIAT,  /* ours */
    MB_LIBRARY, /* a peer that an application could use instead */
    MB_FLOOR    /* the same work by hand: what could be reached at best, or a form that we must not be slower than */
};

struct mb_case {
    const char *name;
    enum mb_kind kind;
    int (*run)(const struct mb_run *run, double *values); /* fills one value per metric; 0 or -errno */
    int variant;
};

struct mb_metric {
    const char *name; /* NULL when the measure has only one */
    const char *unit;
};

#define MB_BEST_LIBRARY "*"

/* What the project wants to reach. Told as information: it is no business of a benchmark to fail. */
struct mb_target {
    unsigned metric;
    const char *reference; /* name of the case that case 0 is divided by; MB_BEST_LIBRARY; NULL: case 0 itself */
    bool at_least;
    double limit;
};

struct mb_measure {
    const char *name;
    const char *what;
    int arg;
    bool two_cpus;  /* means nothing with one */
    bool one_round; /* long, and nothing to alternate with */
    const struct mb_metric *metrics;
    size_t n_metrics;
    const struct mb_case *cases; /* case 0 is ours, the one that ratios are made with */
    size_t n_cases;
    const struct mb_target *targets;
    size_t n_targets;
};

struct mb_group {
    const char *name;
    const struct mb_measure *measures;
    size_t n_measures;
};

extern const struct mb_group mb_nop_group;
extern const struct mb_group mb_bh_group;
extern const struct mb_group mb_burst_group;
extern const struct mb_group mb_pingpong_group;
extern const struct mb_group mb_timer_group;
extern const struct mb_group mb_handler_group;
extern const struct mb_group mb_idle_group;
extern const struct mb_group mb_life_group;

#endif
