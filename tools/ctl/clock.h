/* SPDX-License-Identifier: MIT */
/* CLOCK_MONOTONIC in ns. */
#ifndef CTL_CLOCK_H
#define CTL_CLOCK_H

#include <errno.h>
#include <stdint.h>
#include <time.h>

#define CLOCK_SECOND_NS INT64_C(1000000000)

static inline int64_t clock_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * CLOCK_SECOND_NS + now.tv_nsec;
}

/* A span, not below 0. */
static inline struct timespec clock_timespec(int64_t ns)
{
    return (struct timespec){ ns > 0 ? ns / CLOCK_SECOND_NS : 0, ns > 0 ? ns % CLOCK_SECOND_NS : 0 };
}

static inline void clock_sleep_until(int64_t ns)
{
    struct timespec when = clock_timespec(ns);

    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &when, NULL) == EINTR)
        ;
}

#endif
