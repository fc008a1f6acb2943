/* SPDX-License-Identifier: MIT */
/* The thread of a job whose engine is a plain loop: liburing, psync and null. */
#ifndef BENCH_PLAIN_THREAD_H
#define BENCH_PLAIN_THREAD_H

#include "job.h"

/* All three are called on the thread. setup: failures are told; 0 or -errno. teardown is called only after a good setup. */
struct plain_body {
    int (*setup)(struct bench_job *job);
    void (*run)(struct bench_job *job);
    void (*teardown)(struct bench_job *job);
};

/* prepare, go and finish of struct bench_engine. The engine's own state goes into plain_state(). */
int plain_prepare(struct bench_job *job, const struct plain_body *body);
void plain_go(struct bench_job *job);
void plain_finish(struct bench_job *job);

void plain_set_state(struct bench_job *job, void *state);
void *plain_state(const struct bench_job *job);

#endif
