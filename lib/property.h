/* SPDX-License-Identifier: MIT */
/* The table of properties, and single values as text and as numbers. Pure; any thread. */
#ifndef LARIAT_PROPERTY_PRIVATE_H
#define LARIAT_PROPERTY_PRIVATE_H

#include <stdint.h>

#include <lariat/property.h>

/* Their places in the table, in which they are listed too. */
enum property {
    PROPERTY_POLL_MAX_NS,
    PROPERTY_POLL_GROW,
    PROPERTY_POLL_SHRINK,
    PROPERTY_POLL_WEIGHT,
    PROPERTY_POLL_POLICY,
    PROPERTY_POLL_PRICE,
    PROPERTY_POLL_CPU_BUDGET,
    PROPERTY_WAIT_BATCH,
    PROPERTY_WAIT_MIN_NS,
    PROPERTY_AIO_MAX_BATCH,
    PROPERTY_IOWQ_MAX_BOUNDED,
    PROPERTY_IOWQ_MAX_UNBOUNDED,
    PROPERTY_CPU_AFFINITY,
    PROPERTY_SCHED_POLICY,
    PROPERTY_SCHED_PRIORITY,
    PROPERTY_SQ_ENTRIES,
    PROPERTY_CQ_ENTRIES,
    PROPERTY_SQPOLL,
    PROPERTY_SQPOLL_CPU,
    N_PROPERTIES
};

/* Of PROPERTY_SCHED_POLICY, in the order of its choices. */
enum sched_choice { SCHED_CHOICE_INHERIT, SCHED_CHOICE_OTHER, SCHED_CHOICE_BATCH, SCHED_CHOICE_IDLE, SCHED_CHOICE_FIFO, SCHED_CHOICE_RR };

/* "(none)" of the table's names: -1. */
int property_number(const char *name);

/*
 * Parse a value. 0, and *number is in the property's range (of a list of CPUs: 0, and the list is well-formed); -EINVAL,
 * -ERANGE, -ENODEV (no such CPU); *errmsg then names property, value and what would do.
 */
int property_parse(enum property property, const char *text, int64_t *number, char **errmsg);

/* The other way round, but for a list of CPUs. malloc'ed; NULL: no memory. */
char *property_format(enum property property, int64_t number);

#endif
