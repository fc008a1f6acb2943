/* SPDX-License-Identifier: MIT */
/* Hooks of a loop inside the library: the list, and when they are called. Owner, but for hooks_free(). */
#ifndef LARIAT_HOOK_PRIVATE_H
#define LARIAT_HOOK_PRIVATE_H

struct lariat_loop;
struct lariat_loop_hook;

struct loop_hooks {
    struct lariat_loop_hook *first;
    struct lariat_loop_hook *next; /* to be called; only valid while they are being called */
};

/* Before the loop decides whether to wait. */
void hooks_prepare(struct lariat_loop *loop);

/* The loop is closed. */
void hooks_closed(struct lariat_loop *loop);

/* Nobody holds the loop, or its iothread, any more. Empties the list. The thread that frees it. NULL is ignored. */
void hooks_free(struct lariat_loop *loop);

#endif
