/* SPDX-License-Identifier: MIT */
/*
 * Parameters of adaptive polling: how long a loop may spin, looking at its completion queue, before it sleeps.
 */
#ifndef LARIAT_POLL_H
#define LARIAT_POLL_H

#include <stdint.h>

#include <lariat/api.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The rule that moves the window (the length of the next spin) after each wait.
 *
 * LARIAT_POLL_CLASSIC   The rule of QEMU's iothreads, one window per loop. After a wait of `waited` ns (spun plus slept):
 *                       waited <= window: keep. waited > max_ns: shrink (shrink 0: to zero; else window / shrink).
 *                       Otherwise, if window < max_ns and waited < max_ns: grow (from 0 to 4000 ns; else window * grow, where
 *                       grow 0 means 2), at most max_ns. waited == max_ns: keep.
 * LARIAT_POLL_WEIGHTED  The rule of QEMU after 11.1: the window follows an average of the waits. The average is the first wait, then
 *                       moves by 1 / 2^weight of the way to each; one that reaches max_ns counts as 0. Average > window: grow to the
 *                       larger of the average and window * grow, at most max_ns. Average < window / shrink: window / shrink.
 *                       grow 0 and shrink 0 mean 2, weight 0 means 3.
 * LARIAT_POLL_AUTO      Learns the distribution of the waits and takes the window of least expected cost: ns spun, at their price,
 *                       against the penalty of a sleep, which the loop measures while it runs. A spin is worth its while up to
 *                       penalty * 100 / price. Follows a change to shorter waits within 128 waits, to longer ones within 1500.
 */
enum lariat_poll_policy {
    LARIAT_POLL_CLASSIC = 0,
    LARIAT_POLL_WEIGHTED = 1,
    LARIAT_POLL_AUTO = 2
};

/* The policy of a loop that is made without parameters. */
#define LARIAT_POLL_DEFAULT LARIAT_POLL_AUTO

/*
 * The parameters, always taken literally: there is no "0 means default" here, so begin with lariat_poll_params_init().
 * `reserved` must be 0 (-EINVAL otherwise). A value out of range is refused with -ERANGE.
 */
struct lariat_poll_params {
    enum lariat_poll_policy policy;
    int64_t max_ns;      /* longest window, 0 to INT64_MAX; 0: never spin, and read no clock for it */
    int64_t grow;        /* factor, 0 to INT64_MAX; 0: the policy's own (classic: 2); 1: never grow beyond the first step */
    int64_t shrink;      /* divisor, 0 to INT64_MAX; 0: the policy's own (classic: drop to zero); 1: never shrink */
    int64_t weight;      /* weighted only: a shift, 0 to 63; 0 means 3 */
    int64_t price;       /* auto only: percent, 0 to 10000; 100: a ns spun costs as much as a ns of latency; 0: nothing */
    int64_t cpu_budget;  /* auto only: percent of one CPU that may be spun away, 0 to 100; 0: no limit */
    int64_t reserved[8];
};

/*
 * Fill *params with the defaults of `policy`: max_ns 32768 (auto: 200000), price 25, all others 0.
 * Any thread; cannot fail, never blocks.
 */
LARIAT_API void lariat_poll_params_init(struct lariat_poll_params *params, enum lariat_poll_policy policy);

#ifdef __cplusplus
}
#endif

#endif
