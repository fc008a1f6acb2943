/* SPDX-License-Identifier: MIT */
/*
 * Completion batching: where many storage ops are in flight, a loop may sleep until several have completed, and take them in
 * one go. What it costs is bounded by the minimum time: nothing that may end a sleep does so later than that.
 */
#ifndef LARIAT_WAIT_BATCH_H
#define LARIAT_WAIT_BATCH_H

#include <stdint.h>

#include <lariat/poll.h>

#include "ring.h"

#define WAIT_BATCH_MAX 32768 /* completions */
#define WAIT_MIN_NS_DEFAULT 100000
#define WAIT_MIN_NS_MAX 1000000000

struct lariat_loop;

/* Of a loop; owner only. */
struct wait_batch {
    unsigned n; /* effective */
    int64_t min_ns;
    uint64_t notified_sleep; /* the number, by stats.sleeps, of the last one that a notify ended */
};

/* What was set comes to: 1: no batching; 0: under the policy auto, by what is in flight. */
unsigned wait_batch_effective(unsigned n, int64_t min_ns, enum lariat_poll_policy policy);

/* Take over what was set, with the policy in force. */
void wait_batch_set(struct lariat_loop *loop, unsigned n, int64_t min_ns);

/* How many completions is the next wait for? */
unsigned wait_batch_size(const struct lariat_loop *loop);

/* Sleep until so many are there, more than one. Nothing is spun before, and no policy learns from it. 0 or -errno. */
int wait_batch(struct lariat_loop *loop, unsigned n);

#endif
