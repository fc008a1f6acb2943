/* SPDX-License-Identifier: MIT */
/*
 * What lariat-ctl tune has measured of a running iothread, and what follows from it. A slot is a stretch of time with one
 * setting. Slots are run in blocks, in random order, and each block has one slot of the old setting: the others are compared
 * with that one alone, which was run a moment before or after, since what the program has to do changes as it likes.
 *
 * Nothing here runs anything, or knows the clock.
 */
#ifndef CTL_TUNING_H
#define CTL_TUNING_H

#include <stdbool.h>
#include <stddef.h>

#include "../../bench/tune_config.h"
#include "../../bench/tune_stats.h"

#define TUNING_SETTINGS_MAX 48
#define TUNING_ROUNDS_MIN 5 /* of the last stage: fewer prove nothing */
#define TUNING_CONFIDENCE 0.95

enum tuning_objective { TUNING_LATENCY, TUNING_EFFICIENCY, TUNING_BALANCED, N_TUNING_OBJECTIVES };
enum tuning_stage { TUNING_COARSE, TUNING_SHAPE, TUNING_FINAL };

/* Of a slot. NAN: there was nothing to tell it by. */
struct tuning_figures {
    double per_second; /* completions */
    double latency_ns; /* a stand-in for it: lariat-ctl(1) says which */
    double cpu_ns;     /* CPU time of the iothread per completion */
    double hit;        /* share of the spins that found work */
    double sleeps;     /* per completion */
};

struct tuning_slot {
    unsigned setting, block;
    enum tuning_stage stage;
    struct tuning_figures figures;
};

#define TUNING_OLD 0u /* the setting that was found */

/* Begin with zeroes, and add the old setting first. */
struct tuning {
    enum tuning_objective objective;
    struct tune_config settings[TUNING_SETTINGS_MAX];
    unsigned n_settings;
    struct tuning_slot *slots;
    size_t n_slots;
    unsigned n_blocks, n_rounds;
    unsigned n_finalists; /* without the old setting */
    unsigned n_left_out;  /* settings that the budget did not allow for */
};

void tuning_free(struct tuning *tuning);

/* Its index; one that does the same as another is not added again. TUNING_SETTINGS_MAX: there is no room. */
unsigned tuning_add_setting(struct tuning *tuning, const struct tune_config *config);
void tuning_add_slot(struct tuning *tuning, const struct tuning_slot *slot);

const char *tuning_objective_name(enum tuning_objective objective);

/* How many times better a setting is than the old one, on average over the blocks that have both; final: of the last stage. */
struct interval_of_ratio tuning_gain(const struct tuning *tuning, enum tuning_objective objective, unsigned setting,
                                     bool final, double confidence);

/* The settings run before the last stage, the best first, without the old one. How many. */
unsigned tuning_rank(const struct tuning *tuning, unsigned order[TUNING_SETTINGS_MAX]);

/* The median of a member of its figures, by offset; NAN: none. */
double tuning_typical(const struct tuning *tuning, unsigned setting, size_t offset);
#define TUNING_TYPICAL(tuning, setting, member) tuning_typical((tuning), (setting), offsetof(struct tuning_figures, member))

enum tuning_reason {
    TUNING_BETTER,    /* the setting is better than the old one, and that is no chance */
    TUNING_SAME,      /* none is: keep the old one */
    TUNING_TOO_LITTLE /* too few blocks in which anything was completed: keep the old one */
};

struct tuning_verdict {
    enum tuning_reason reason;
    unsigned setting; /* recommended */
    unsigned leader;  /* the best of the last stage on average; TUNING_OLD: nothing could be compared */
    /* Of the leader; holds together with those of the other finalists. The last two: for one objective alone. */
    struct interval_of_ratio gain, latency, cpu;
};

void tuning_judge(const struct tuning *tuning, struct tuning_verdict *verdict);
const char *tuning_reason_key(enum tuning_reason reason);

#endif
