/* SPDX-License-Identifier: MIT */
/*
 * Timers: one-shot, with ns deadlines. Embedded in the caller's struct; setting and cancelling never fail and allocate
 * nothing per timer (the loop's heap grows now and then). Setting, cancelling and firing are O(log n).
 */
#ifndef LARIAT_TIMER_H
#define LARIAT_TIMER_H

#include <stdint.h>

#include <lariat/api.h>
#include <lariat/loop.h>

#ifdef __cplusplus
extern "C" {
#endif

struct lariat_timer {
    uint64_t priv[8];
};

/* Prepare a timer that is not armed. The memory is the caller's. Owner only. */
LARIAT_API void lariat_timer_init(struct lariat_timer *timer, struct lariat_loop *loop, void (*fn)(void *), void *opaque);

/*
 * Arm (or re-arm) it for the time expire_ns of lariat_now_ns(). fn runs at that time or later, never earlier, in order of
 * expiry, equal ones in the order they were set. A time in the past (0 and negative ones too) means: in the next iteration.
 * INT64_MAX is as good as never. A timer set by a timer's callback runs in a later iteration at the earliest.
 * Owner only, also inside callbacks, its own too. After close nothing happens.
 */
LARIAT_API void lariat_timer_set_ns(struct lariat_timer *timer, int64_t expire_ns);

/* Disarm it; it will not run. A timer not armed is fine. Owner only, also inside callbacks. Needed before freeing it. */
LARIAT_API void lariat_timer_cancel(struct lariat_timer *timer);

/* Now, in ns of CLOCK_MONOTONIC. Any thread, async-signal-safe. */
LARIAT_API int64_t lariat_now_ns(void);

#ifdef __cplusplus
}
#endif

#endif
