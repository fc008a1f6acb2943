/* SPDX-License-Identifier: MIT */
/* What the suites of managed iothreads share: made from text, set and read or fail, and one loop's worth of certainty. */
#ifndef IOTHREAD_SUPPORT_H
#define IOTHREAD_SUPPORT_H

#include <errno.h>
#include <sched.h>
#include <unistd.h>

#include "support.h"

static inline struct lariat_iothread *from_text_or_fail(const char *spec)
{
    struct lariat_iothread *iothread = NULL;
    char *errmsg = NULL;
    const int rc = lariat_iothread_new_from_string(spec, &iothread, &errmsg);
    ck_assert_msg(rc == 0 && iothread && !errmsg, "%s: %d, %s", spec, rc, errmsg ? errmsg : "no message");
    return iothread;
}

static inline void set_or_fail(struct lariat_iothread *iothread, const char *name, const char *value)
{
    char *errmsg = NULL;
    const int rc = lariat_iothread_set(iothread, name, value, &errmsg);
    ck_assert_msg(rc == 0 && !errmsg, "%s=%s: %d, %s", name, value, rc, errmsg ? errmsg : "no message");
}

static inline bool reads(struct lariat_iothread *iothread, const char *name, const char *expected)
{
    char *value = NULL;
    const bool equal = lariat_iothread_get(iothread, name, &value) == 0 && strcmp(value, expected) == 0;
    if (!equal)
        printf("%s is '%s' instead of '%s'\n", name, value ? value : "(none)", expected);
    free(value);
    return equal;
}

static inline void must_read(struct lariat_iothread *iothread, const char *name, const char *expected)
{
    ck_assert_msg(reads(iothread, name, expected), "%s is not '%s'", name, expected);
}

/*
 * What was set is in force from the next iteration on: the call that follows may run in one that had begun before, and the
 * one behind it cannot.
 */
static inline void settled_call_or_fail(struct lariat_iothread *iothread, void (*fn)(void *), void *opaque)
{
    call_or_fail(lariat_iothread_loop(iothread), do_nothing, NULL);
    call_or_fail(lariat_iothread_loop(iothread), fn, opaque);
}

/* The n-th of the CPUs that this thread may use, from 0; -1: there are fewer. */
static inline int usable_cpu(int n)
{
    cpu_set_t cpus;
    ck_assert_int_eq(sched_getaffinity(0, sizeof(cpus), &cpus), 0);
    for (int i = 0; i < CPU_SETSIZE; i++)
        if (CPU_ISSET((size_t)i, &cpus) && n-- == 0)
            return i;
    return -1;
}

/* Is that the one CPU that the thread may use? */
static inline bool is_pinned(pid_t tid, int cpu)
{
    cpu_set_t cpus;
    return sched_getaffinity(tid, sizeof(cpus), &cpus) == 0 && CPU_COUNT(&cpus) == 1 && CPU_ISSET((size_t)cpu, &cpus);
}

#endif
