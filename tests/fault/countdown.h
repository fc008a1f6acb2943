/* SPDX-License-Identifier: MIT */
/*
 * The loop that drives the count-down: for each resource, failing once and failing for ever, a scenario is run again and again
 * with the 1st, 2nd, 3rd ... call for it failing, until it passes untouched. After each run: the right error came back, what
 * is left of the objects works, and nothing was lost.
 */
#ifndef LARIAT_TESTS_COUNTDOWN_H
#define LARIAT_TESTS_COUNTDOWN_H

#include "inject.h"
#include "op_support.h"

#define DATA_BYTES 8192

/* What a scenario finds, and leaves. */
struct stage {
    struct lariat_loop *own;           /* made before it, as its `loop` says; or by it. The runner tries it out and closes it */
    struct lariat_iothread *iothread;  /* likewise */
    int data;                          /* a file with known data (pattern_byte()) */
    int pair[2];                       /* a socket pair, non-blocking */
};

enum stage_kind {
    STAGE_EMPTY, /* the scenario makes what it needs */
    STAGE_LOOP,  /* a loop that has run */
    STAGE_TINY,  /* with queues of 2 and 4 entries */
    STAGE_EMBED,
    STAGE_IOTHREAD
};

struct scenario {
    const char *name;
    /* Calls inject_on() before what is tested and inject_off() behind it. 0, or the error that came back. */
    int (*run)(struct stage *stage);
    enum stage_kind kind;
    /*
     * INJECT_...: what fails comes back as the scenario's error, or is asked for, but nobody outside learns of its failure
     * (both: it depends). All others are never asked for. These must come up in the course of the count, but those borne need
     * not if INJECT_BY_CHANCE is among them.
     */
    unsigned told, borne;
    int enter_told_as; /* positive: the one error that comes back when enter failed; 0: the one injected */
};

/* All of it for one scenario and all plans. Fails the test with a message that names scenario, plan and count. */
void countdown(const struct scenario *scenario);

/* The same for one plan, that is not among those; once and for ever, or only once. */
void countdown_plan(const struct scenario *scenario, const struct inject_plan *plan);
void countdown_once(const struct scenario *scenario, const struct inject_plan *plan);

/* In scenarios: what must hold. */
#define require_that(condition) require_told((condition), #condition)
void require_told(bool holds, const char *what);

/* Blocking polls until *value >= target; the first three do not block. Survives errors of enter for ever, see inject.h. */
void poll_for(struct lariat_loop *own, const int *value, int target);

/* Long enough for whoever sets a timer to be asleep when it fires. */
int64_t nap_ns(void);

/*
 * Ways of trying out a loop that each must work once: a NOP, a read, a BH, a timer, a handler. begin and end on the owner;
 * in between the loop has to run until all are done.
 */
struct trial {
    struct lariat_loop *loop;
    struct lariat_op nop, read;
    struct lariat_bh *bh;
    struct lariat_timer timer;
    int event_fd, data;
    unsigned char buf[64];
    int err;            /* a call that failed */
    atomic_int n_right; /* of N_TRIALS */
    atomic_int n_wrong;
};
#define N_TRIALS 5

void trial_begin(void *trial); /* with loop and data filled in, the rest zeroed */
void trial_end(void *trial);

#endif
