/* SPDX-License-Identifier: MIT */
/* Rows of waits, each in ns: made up, or read from a file with one per line. */
#ifndef BENCH_TRACES_H
#define BENCH_TRACES_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct trace {
    int64_t *waits_ns;
    size_t n, room;
};

enum trace_kind {
    TRACE_CONSTANT,    /* a ns, give or take b % */
    TRACE_EXPONENTIAL, /* of mean a */
    TRACE_BIMODAL,     /* a in b % of the cases, else c; each give or take 10 % */
    TRACE_LOGNORMAL,   /* median a, sigma b % */
    TRACE_PARETO,      /* from a on, exponent b % */
    TRACE_BURSTS,      /* b times a, then one c; each give or take 10 % */
    TRACE_PHASES,      /* a, then b, c waits each, in turn; give or take 10 % */
    TRACE_DRIFT,       /* from a to b within c waits, and back; give or take 10 % */
    TRACE_SHIFTING,    /* another length between a and b, on a logarithmic scale, every c waits or so */
    TRACE_SAME_CPU     /* whoever ends the wait runs when the loop sleeps: none is shorter than a */
};

struct trace_spec {
    const char *name;
    enum trace_kind kind;
    double a, b, c;
};

/* What --generate knows by name, with what it stands for; NULL: no such name. trace_names(): all, for a message. */
const struct trace_spec *trace_spec_named(const char *name);
const char *trace_names(void);

/* Add a wait. 0 or -ENOMEM. */
int trace_add(struct trace *trace, int64_t wait_ns);

/* Add n waits made of `spec`; the same for the same seed. 0 or -ENOMEM. */
int trace_generate(struct trace *trace, const struct trace_spec *spec, size_t n, uint64_t seed);

/*
 * Add those of a file: one number of ns per line, 0 to INT64_MAX; empty lines and what follows a # do not count. 0; -ENOMEM;
 * -errno; -EINVAL with *line, the first that is something else. An empty file is -ENODATA.
 */
int trace_read(struct trace *trace, FILE *in, size_t *line);

/* 0 or -errno. */
int trace_write(const struct trace *trace, FILE *out);

void trace_free(struct trace *trace);

/* Random numbers: 64 bits; and a share, at least 0 and below 1. */
uint64_t trace_random(uint64_t *state);
double trace_share(uint64_t *state);

#endif
