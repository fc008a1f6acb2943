/* SPDX-License-Identifier: MIT */
/* The clock: CLOCK_MONOTONIC through the vDSO, about 23 ns a read. */
#ifndef LARIAT_CLOCK_H
#define LARIAT_CLOCK_H

#include <stdint.h>

#include "seam.h"

#define NS_PER_S INT64_C(1000000000)
#define CLOCK_NEVER INT64_MAX

static inline int64_t clock_now_ns(void)
{
    return seam_now_ns();
}

/* A clock may go back, though it must not: that is no time, and never less. */
static inline int64_t time_between(int64_t begin_ns, int64_t end_ns)
{
    return end_ns > begin_ns ? end_ns - begin_ns : 0;
}

#endif
