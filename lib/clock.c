/* SPDX-License-Identifier: MIT */
#include "clock.h"

#include <lariat/timer.h>

int64_t lariat_now_ns(void)
{
    return clock_now_ns();
}
