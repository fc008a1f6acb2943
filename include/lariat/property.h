/* SPDX-License-Identifier: MIT */
/*
 * Properties of iothreads: what can be set and read by name, as text. One table describes them all; this is its public face,
 * for programs that list, complete or document them.
 */
#ifndef LARIAT_PROPERTY_H
#define LARIAT_PROPERTY_H

#include <stdbool.h>
#include <stdint.h>

#include <lariat/api.h>

#ifdef __cplusplus
extern "C" {
#endif

enum lariat_property_type {
    LARIAT_PROPERTY_INTEGER = 0,  /* decimal digits; k, M, G behind them: times 1024, 1024^2, 1024^3 */
    LARIAT_PROPERTY_DURATION = 1, /* ns; or an integer with ns, us, ms or s behind it: "100us" */
    LARIAT_PROPERTY_BOOL = 2,     /* on, yes, true, y; off, no, false, n */
    LARIAT_PROPERTY_CHOICE = 3,   /* one of the words of `choices` */
    LARIAT_PROPERTY_CPUS = 4      /* CPU numbers and ranges, "0-3,6"; empty: those of the creating thread */
};

/* What one property is. All strings are constant. */
struct lariat_property_info {
    const char *name;          /* "poll-max-ns" */
    enum lariat_property_type type;
    int64_t min, max;          /* of numbers */
    bool live;                 /* may be set on a running iothread; else only when it is created */
    bool poll;                 /* one of the poll parameters, which change together */
    const char *choices;       /* LARIAT_PROPERTY_CHOICE: the words, with a blank between each two; else NULL */
    const char *default_value; /* as text */
    const char *help;          /* one sentence without a newline */
};

/* The property of that number, from 0 on; NULL behind the last. Any thread. */
LARIAT_API const struct lariat_property_info *lariat_property_at(unsigned i);

/* The property of that name; NULL: there is none. Any thread. */
LARIAT_API const struct lariat_property_info *lariat_property_find(const char *name);

/* What an iothread has of one property. */
struct lariat_property_value {
    const struct lariat_property_info *info;
    const char *text;  /* as lariat_iothread_get() returns it: what was configured */
    int64_t number;    /* the same as a number: ns, 0 or 1 of a bool, the place among the choices (from 0); of CPUs 0 */
    int64_t effective; /* what it comes to: the same, but for values that mean "the default of ..." */
};

#ifdef __cplusplus
}
#endif

#endif
