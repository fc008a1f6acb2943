/* SPDX-License-Identifier: MIT */
/*
 * What lariat-bench tune has measured, and what follows from it. A cell is one setting in one scenario (depth and load); it is
 * run once in each of several rounds. The cells of a scenario in a round are a block: they run one behind the other, in random
 * order, with the same I/Os, so they are compared with each other and with those of no other block.
 *
 * Nothing here runs anything, or knows the clock.
 */
#ifndef BENCH_TUNE_H
#define BENCH_TUNE_H

#include <lariat/stats.h>
#include <stdbool.h>
#include <stdint.h>

#include "tune_config.h"
#include "tune_stats.h"

#define TUNE_CONFIGS_MAX 64
#define TUNE_DEPTHS_MAX 8
#define TUNE_LOADS 5
#define TUNE_SCENARIOS_MAX (TUNE_DEPTHS_MAX * TUNE_LOADS)
#define TUNE_ROUNDS_MAX 200
#define TUNE_LEFT_OUT_MAX 8

enum tune_objective { OBJECTIVE_LATENCY, OBJECTIVE_EFFICIENCY, OBJECTIVE_BALANCED, N_OBJECTIVES };
enum tune_stage { STAGE_CALIBRATE, STAGE_COARSE, STAGE_REFINE, STAGE_SHAPE, STAGE_FINAL, N_STAGES };

struct tune_scenario {
    uint64_t depth;
    unsigned percent; /* of the rate that can be had with polling off; 0: idle; 100: as much as goes */
    double iops;      /* aimed at, of all jobs together; 0: as many as go */
};

struct tune_sample {
    unsigned round;
    double iops;
    double latency_ns; /* mean of all but the slowest 1 %; at paced loads from when the I/O was meant to start */
    double p50_ns, p99_ns;
    double cpu_ns_per_io;
    double cpu_percent; /* of one CPU, per job */
    double spin_hit_ratio, vain_ns_per_io, sleeps_per_io, syscalls_per_io;
    bool missed; /* its rate: below 97 %, less what chance allows */
};

/* The figures of a sample, all of them double, by name: "iops", "latency_ns" ... The last one is NULL. */
struct tune_field {
    const char *name;
    size_t offset;
};
extern const struct tune_field tune_fields[];

struct tune_cell {
    struct tune_sample *samples;
    unsigned n;
    struct lariat_histogram *latencies; /* of all samples; NULL: none yet */
};

struct tune_round {
    enum tune_stage stage;
    bool complete; /* every scenario was run */
};

struct tune {
    struct tune_config configs[TUNE_CONFIGS_MAX]; /* TUNE_OFF and TUNE_DEFAULT first */
    unsigned n_configs;
    struct tune_scenario scenarios[TUNE_SCENARIOS_MAX];
    unsigned n_scenarios;
    struct tune_cell *cells; /* by configuration and scenario */
    struct tune_round rounds[TUNE_ROUNDS_MAX];
    unsigned n_rounds;
    unsigned finalists[TUNE_CONFIGS_MAX], n_finalists;
    char left_out[TUNE_LEFT_OUT_MAX][160]; /* for lack of time */
    unsigned n_left_out;
    bool interrupted;
    double p99_limit_ns, cpu_limit_percent; /* what a setting must keep; 0: no limit */
};

#define TUNE_OFF 0u     /* the baseline */
#define TUNE_DEFAULT 1u /* what the job said; by default what the library does by default */

/* current: what TUNE_DEFAULT is. 0 or -ENOMEM. */
int tune_init(struct tune *tune, const struct tune_config *current);
void tune_free(struct tune *tune);

/* Its index; one that is there already is not added again. TUNE_CONFIGS_MAX: there is no room. */
unsigned tune_add_config(struct tune *tune, const struct tune_config *config);
unsigned tune_find_config(const struct tune *tune, const struct tune_config *config);
void tune_add_scenario(struct tune *tune, uint64_t depth, unsigned percent);

struct tune_cell *tune_cell(const struct tune *tune, unsigned config, unsigned scenario);
/* Its round may not be over yet, so tune->n_rounds may be less. 0 or -ENOMEM. */
int tune_add_sample(struct tune *tune, unsigned config, unsigned scenario, const struct tune_sample *sample,
                    const struct lariat_histogram *latencies);

const char *tune_objective_name(enum tune_objective objective);
const char *tune_stage_name(enum tune_stage stage);
/* "depth 8, 50 % load", "depth 1, idle" */
#define TUNE_SCENARIO_TEXT_MAX 48
const char *tune_scenario_text(char buf[TUNE_SCENARIO_TEXT_MAX], const struct tune_scenario *scenario);

/* ---- comparing ---- */

/*
 * Logarithms of cost of a / cost of b, one for each round in which both were run in the same blocks: the mean over the scenarios.
 * only_final: of complete rounds of the last stage only. scenario: of this one alone; -1: of all that count. How many.
 *
 * The cost is the latency; or the CPU time per I/O (at idle: the share of a CPU, plus 1 %, so that nothing is not infinitely
 * better than next to nothing); or, balanced, the geometric mean of both.
 */
unsigned tune_logs(const struct tune *tune, enum tune_objective objective, unsigned a, unsigned b, int scenario,
                   bool only_final, double logs[TUNE_ROUNDS_MAX]);

/* The mean of those of a setting against polling off, over all rounds; NAN: not compared. */
double tune_score(const struct tune *tune, enum tune_objective objective, unsigned config);

/* Settings by score, the best first, without those at fault. How many. */
unsigned tune_rank(const struct tune *tune, enum tune_objective objective, unsigned order[TUNE_CONFIGS_MAX]);

/*
 * Does a setting miss the rate in most of its runs of a scenario (two at least) though polling off kept it, or is it typically
 * beyond a limit? *scenario: in which.
 */
enum tune_fault { FAULT_NONE, FAULT_RATE, FAULT_P99, FAULT_CPU };
enum tune_fault tune_fault(const struct tune *tune, unsigned config, unsigned *scenario);

/* The median of a member of its samples, by offset; NAN: none. */
double tune_typical(const struct tune *tune, unsigned config, unsigned scenario, size_t offset);
#define TUNE_TYPICAL(tune, config, scenario, member) \
    tune_typical((tune), (config), (scenario), offsetof(struct tune_sample, member))

/* The geometric mean of that over the scenarios with a load. */
double tune_overall(const struct tune *tune, unsigned config, size_t offset);
#define TUNE_OVERALL(tune, config, member) tune_overall((tune), (config), offsetof(struct tune_sample, member))

/* Finalists' cells whose last rounds are not steady: see tune_stats.h. */
bool tune_cell_is_steady(const struct tune *tune, unsigned config, unsigned scenario);
unsigned tune_count_unsteady(const struct tune *tune);

/* No other setting has less p99 or less CPU per I/O, and no more of the other. */
bool tune_on_front(const struct tune *tune, unsigned config);

#endif
