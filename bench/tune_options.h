/* SPDX-License-Identifier: MIT */
/* The command line of lariat-bench tune: its own options, and the rest, which is a workload as lariat-bench takes it. */
#ifndef BENCH_TUNE_OPTIONS_H
#define BENCH_TUNE_OPTIONS_H

#include "options.h"
#include "tune.h"

#define TUNE_CANDIDATES_MAX 32

#define TUNE_TEXT (1u << 0)
#define TUNE_JSON (1u << 1)
#define TUNE_CSV (1u << 2)
#define TUNE_HTML (1u << 3)

struct tune_options {
    uint64_t depths[TUNE_DEPTHS_MAX];
    unsigned n_depths;          /* 0: that of the workload */
    unsigned loads[TUNE_LOADS]; /* percent; 100 first, 0 is idle */
    unsigned n_loads;
    enum tune_objective objective;
    double cpu_limit_percent; /* 0: none */
    int64_t p99_limit_ns;     /* 0: none */
    int64_t budget_ns;
    unsigned repeats;
    uint64_t seed;
    struct tune_config candidates[TUNE_CANDIDATES_MAX];
    unsigned n_candidates;
    const char *resume;
    unsigned formats; /* TUNE_... */
    bool help;
    char **rest; /* what is not for tune, with argv[0] in front */
    int n_rest;
    struct bench_options workload;
};

/* 0; -EINVAL: told; -ENOMEM. */
int tune_options_parse(struct tune_options *options, int argc, char **argv);
void tune_options_free(struct tune_options *options);
void tune_options_help(FILE *out);

#endif
