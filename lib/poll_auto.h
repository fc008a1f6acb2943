/* SPDX-License-Identifier: MIT */
/*
 * The policy auto: learns the distribution of waits and picks the window of least expected cost. Pure integer arithmetic; what
 * a sleep costs is told to it. See poll_auto.c.
 */
#ifndef LARIAT_POLL_AUTO_H
#define LARIAT_POLL_AUTO_H

#include <stdbool.h>
#include <stdint.h>

#define POLL_AUTO_COUNTS 68  /* so many that they can be dealt with four at a time */
#define POLL_AUTO_BUCKETS 66 /* below 256 ns, 4 per power of two up to 2^24 ns, and beyond */

/* What a sleep costs, as measured. */
struct poll_costs {
    int64_t penalty_ns; /* in ns of latency; above 0 */
    int64_t wake_ns;    /* by how much a wait that slept looks longer than it was: rather too low than too high */
};

/* One wait, as it was seen from outside. */
struct poll_wait {
    int64_t window_ns; /* how long it might have spun */
    int64_t spun_ns;   /* how long it did */
    int64_t waited_ns; /* spun plus slept */
    bool slept;
};

struct poll_auto {
    uint32_t counts[2][POLL_AUTO_COUNTS]; /* of waits, by `slept` and length */
    uint32_t total;                       /* of all */
    int64_t max_ns;
    int64_t price;         /* percent */
    int64_t break_even_ns; /* a sleep is worth a spin this long */
    int64_t wake_ns;
    int64_t safe_ns;       /* the window that needs no knowledge: min(break_even_ns, max_ns) */
    int64_t chosen_ns;     /* the window of least expected cost */
    int64_t reach_ns;      /* how far probes spin */
    int64_t debt;          /* 48ths of a ns, see owe() */
    unsigned last;         /* bucket of max_ns */
    unsigned n_waits;      /* since the last choice */
    unsigned probe_gap, probe_in;
    bool knows;            /* has chosen once */
    bool probing;          /* the next wait is a probe */
    bool safe;             /* the debt is too high: safe_ns until it is paid off */
};

/* Forget all. max_ns 0 to INT64_MAX, of which 2^24 are used; price in percent, 0: only latency counts. The first window. */
int64_t poll_auto_reset(struct poll_auto *a, int64_t max_ns, int64_t price, const struct poll_costs *costs);

/* Newly measured costs; what was learnt stays. Takes effect with the windows that follow. */
void poll_auto_set_costs(struct poll_auto *a, const struct poll_costs *costs);

/* Learn from a wait that began with the window last returned. The window for the next. */
int64_t poll_auto_observe(struct poll_auto *a, const struct poll_wait *wait);

#endif
