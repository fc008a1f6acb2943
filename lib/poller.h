/* SPDX-License-Identifier: MIT */
/* Pollers inside the library: the list, and when the loop looks. Owner, but for pollers_forget(). */
#ifndef LARIAT_POLLER_PRIVATE_H
#define LARIAT_POLLER_PRIVATE_H

#include <stdbool.h>

/* To look so often costs about what a sleep does, which a poller that is watched saves whenever it is ready. */
#define POLLER_IDLE_AFTER 4096

struct lariat_loop;
struct lariat_poller;

struct loop_pollers {
    struct lariat_poller *first, *last; /* those put aside are the last ones; last only valid if first */
    struct lariat_poller *next;         /* to be run; only valid in pollers_run() */
    bool asking;                        /* inside a callback that must not change the list */
};

/* Is one ready? Those that are watched in the spin; or all. */
bool pollers_look(struct lariat_loop *loop);
bool pollers_look_all(struct lariat_loop *loop);

/* Before a sleep: have all notify. Is one ready, so that there must be no sleep? pollers_awake() follows in any case. */
bool pollers_before_sleep(struct lariat_loop *loop);
void pollers_awake(struct lariat_loop *loop);

/* Run the callbacks of those that are ready now, each once. Returns whether there was one. */
bool pollers_run(struct lariat_loop *loop);

/* The loop is closing: call them never again. */
void pollers_drop(struct lariat_loop *loop);

/* The same without a word to anybody. The thread that frees the loop, in a child of fork() too. */
void pollers_forget(struct lariat_loop *loop);

#endif
