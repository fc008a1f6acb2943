/* SPDX-License-Identifier: MIT */
/*
 * Flag sets: the suites run on rings as other kernels give them, and with other default options. The environment variable
 * LARIAT_TEST_FLAGS holds a list of words, separated by commas; without it everything is as the library wants it.
 *
 *   plain    the kernel knows no set-up flag (CQSIZE, which sizes the queue, and SQPOLL with its CPU, when asked for, excepted)
 *   coop     it knows neither SINGLE_ISSUER nor DEFER_TASKRUN: COOP_TASKRUN remains
 *   single   it knows SINGLE_ISSUER, but not DEFER_TASKRUN
 *   defer    it knows all: the library's default
 *   noreg    it registers no ring descriptor
 *   poll     the window opens to 1 ms at the second wait, and stays open
 *   nopoll   no spinning
 *   cq8      8 entries in each queue
 *   sqpoll   LARIAT_LOOP_SQPOLL, with a thread that falls asleep after 1 ms
 *
 * The first five refuse, in the kernel's place, what the library asks for. The others change the defaults: options that a
 * test gives by itself stay. It is done by wrapping three functions at link time, so that the objects of the library are
 * those that users get.
 */
#ifndef LARIAT_TESTS_FLAG_SETS_H
#define LARIAT_TESTS_FLAG_SETS_H

#include <stdbool.h>

struct lariat_loop;

/* Is that word in the list? For what is true of some sets only. */
bool tests_run_with(const char *word);

/* NULL, or the first word of the list that is none of those above; until the next call. */
const char *flag_sets_unknown_word(void);

/*
 * With the word sqpoll: wait until the kernel's thread took what the loop has shown it, did what became ready before, and
 * fell asleep. True if there are completions then. Otherwise, and for other loops, it is false at once. Owner only.
 */
bool loop_settles(struct lariat_loop *loop);

#endif
