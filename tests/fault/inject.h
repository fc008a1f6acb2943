/* SPDX-License-Identifier: MIT */
/*
 * Count-down injection: the Nth call for a resource fails, of all the sources that a plan names, counted together. Kernel and
 * libc answer the others.
 *
 * Two ways in: the library's seam (lib/seam.h), and the linker's --wrap for memory and for descriptors made by the C library
 * (inject_link_flags in local.mk). What liburing does inside itself, mmap of the rings say, neither sees: the failure of
 * ring_setup stands for it. Between inject_on() and inject_off() calls fail on any thread; all else is for the main thread.
 */
#ifndef LARIAT_TESTS_INJECT_H
#define LARIAT_TESTS_INJECT_H

#include <stdbool.h>

#define INJECT_MEMORY (1u << 0) /* malloc and its kin, mmap, and calls of the C library that allocate */
#define INJECT_EVENTFD (1u << 1)
#define INJECT_RING_SETUP (1u << 2)
#define INJECT_OPEN (1u << 3)   /* open(), fopen() */
#define INJECT_ENTER (1u << 4)  /* io_uring_enter, and ppoll in its place; nothing is submitted */
#define INJECT_REGISTER (1u << 5)
#define INJECT_REGISTER_FD (1u << 6)
#define INJECT_DONTFORK (1u << 7)
#define INJECT_THREAD (1u << 8)
#define INJECT_RESULT (1u << 9) /* of an op: the kernel has done the work, but its completion says otherwise */
#define INJECT_SOURCES 10
#define INJECT_BY_CHANCE (1u << INJECT_SOURCES) /* no source: see struct scenario */

struct inject_plan {
    const char *name;
    unsigned sources; /* INJECT_... */
    int err;          /* positive; 0: each source what is usual for it */
    bool for_ever;    /* not once: the Nth and all later ones (of INJECT_ENTER and INJECT_RESULT a bounded number) */
};

/* Put the injector between library and kernel. Once per process, before the first loop. */
void inject_install(void);

/* The nth call (1 is the next) that is made while injection is on fails. */
void inject_arm(const struct inject_plan *plan, int n);

/* Begin and end: off is off, also in the middle of the count. */
void inject_on(void);
void inject_off(void);

/* The sources that failed since inject_arm(). */
unsigned inject_fired(void);

/* What a source fails with under a plan; positive. */
int inject_err(const struct inject_plan *plan, unsigned source);

/* What is allocated, mapped, or running and not joined now. Only differences say something. */
long inject_outstanding(void);

/* How often the library went to sleep to let the kernel recover, since inject_arm(). While on, it does not really sleep. */
int inject_sleeps(void);

/* For the wrappers: does this call fail? Then with *err. Any thread. */
bool inject_fails(unsigned source, int *err);

#endif
