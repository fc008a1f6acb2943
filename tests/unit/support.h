/* SPDX-License-Identifier: MIT */
/*
 * What the libcheck suites share: a main(), constructors that fail the test, bounded waits, child processes.
 *
 * Rules for tests that use this file:
 *  - ck_assert and everything called ..._or_fail belong to the main thread of the test process. Other threads count what
 *    they saw and the main thread judges it; child processes use child_require().
 *  - Waiting is for an event, never for a time: poll_until(), wait_for(), lariat_loop_call(), a join.
 *  - Nothing is made in unchecked fixtures: each test runs in a process of its own, unless CK_FORK=no.
 */
#ifndef LARIAT_TESTS_SUPPORT_H
#define LARIAT_TESTS_SUPPORT_H

#include <check.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include <lariat/bh.h>
#include <lariat/iothread.h>
#include <lariat/loop.h>
#include <lariat/op.h>
#include <lariat/poll.h>
#include <lariat/stats.h>
#include <lariat/timer.h>

#include "flag_sets.h"

/* Suites */

/* Build the suite by add() and run it. Exits 77 with a line that says why when this machine gives us no ring. */
int suite_main(const char *name, void (*add)(Suite *suite));
/* The same for suites of pure functions: they run everywhere. */
int suite_main_without_ring(const char *name, void (*add)(Suite *suite));
/* A test case of the suite, with a time limit of 30 s per test. */
TCase *case_of(Suite *suite, const char *name);
/* True if each test has a process of its own (CK_FORK is not "no"). */
bool tests_are_forked(void);

/* Leave the test, saying that it was not run and why. */
#define test_skip(reason)       \
    do {                        \
        test_skip_line(reason); \
        return;                 \
    } while (0)
void test_skip_line(const char *reason);

/* True under valgrind, with a sanitizer, or with a flag set, of which many are run: cases that count ns or use limits may want to be smaller. */
bool tests_run_slowly(void);
/* True under valgrind, or with a sanitizer. */
bool tests_run_with_tools(void);
bool tests_run_under_valgrind(void);
bool tests_run_under_sanitizer(void);
bool tests_run_under_tsan(void);

/* Random numbers that are the same in each run, unless LARIAT_TEST_SEED says otherwise. */
uint64_t test_seed(void);
uint64_t test_random(uint64_t *state);

/* Objects */

struct lariat_loop *loop_or_fail(void);
struct lariat_loop *loop_with_options_or_fail(const struct lariat_loop_options *opts);
struct lariat_loop *loop_with_window_or_fail(int64_t max_ns); /* classic policy */
struct lariat_loop *loop_to_embed_or_fail(void);
/* Close (must succeed) and unref, which must have been the last reference. */
void loop_done(struct lariat_loop *loop);

struct lariat_iothread *iothread_or_fail(const char *id);
struct lariat_iothread *iothread_with_options_or_fail(const char *id, const struct lariat_iothread_options *opts);
struct lariat_iothread *iothread_with_window_or_fail(const char *id, int64_t max_ns);
/* "name3": an id for each of several. Good until the thread asks for the next. */
const char *numbered_id(const char *name, int i);
struct lariat_bh *bh_or_fail(struct lariat_loop *loop, void (*fn)(void *), void *opaque);
/* lariat_loop_call() that must succeed. */
void call_or_fail(struct lariat_loop *loop, void (*fn)(void *), void *opaque);

struct lariat_loop_stats stats_of(struct lariat_loop *loop);
struct lariat_poll_params classic_params(int64_t max_ns);

/* Descriptors; O_CLOEXEC is always set */

/* An unlinked file on a disk (not tmpfs) of `bytes` bytes of known data, see pattern_byte(). */
int temp_file_or_fail(size_t bytes, int extra_oflags);
unsigned char pattern_byte(size_t offset);
void pipe_or_fail(int fds[2]);
void socketpair_or_fail(int fds[2]); /* stream, non-blocking */
int eventfd_or_fail(void);           /* non-blocking */
/* Write or read exactly that much. */
void write_or_fail(int fd, const void *buf, size_t len);
void read_or_fail(int fd, void *buf, size_t len);
int count_fds(void);
/* Threads of this process, without those of its rings. One that was joined may still be there for a moment. */
int count_threads(void);
/* Wait until there are that many; false after 20 s. Always true under TSan. */
bool threads_become(int n);

/* Threads */

pthread_t thread_or_fail(void *(*fn)(void *), void *opaque);
void join_or_fail(pthread_t thread);
/* Wait until *value >= target: fails the test after 20 s (slow runs: 200 s). */
void wait_for(atomic_int *value, int target);
/* The same without failing, for other threads: false when it took too long. */
bool waited_for(atomic_int *value, int target);

/* Running a loop */

/* Blocking polls until *value >= target. For callbacks on this thread's loop. */
void poll_until(struct lariat_loop *loop, const int *value, int target);
/* A non-blocking poll; with an SQ thread, another one after that did its part. So what was queued is with the kernel, and
   what could complete at once has completed. Returns what lariat_loop_poll() did. */
int poll_once(struct lariat_loop *loop);
/* Non-blocking polls until one reports no progress. */
void poll_until_quiet(struct lariat_loop *loop);
/* Callbacks: opaque is an int or an atomic_int to add one to; opaque is ignored. */
void count_up(void *opaque);
void count_up_atomic(void *opaque);
void do_nothing(void *opaque);

/* An op that counts its completions and keeps the last result. */
struct counted_op {
    struct lariat_op op;
    int done;
    int res;
};
void counted_op_init(struct counted_op *counted);

/* Child processes */

/* Run fn in a child and return its wait status. fn returns the exit status. The child dies with its parent, and by SIGALRM
   after 60 s. In the child only child_require() may be used, no ck_assert. */
int status_in_child(int (*fn)(void *), void *opaque);
/* The same, and what the child wrote on stderr, to be freed. */
int status_and_stderr_in_child(int (*fn)(void *), void *opaque, char **text);
/* Fail the test unless fn, run in a child, dies by abort() with a message that holds both words. */
void must_abort(void (*fn)(void *), void *opaque, const char *word, const char *other_word);
/* Fail the test unless fn, run in a child, exits with 0. */
void must_succeed_in_child(int (*fn)(void *), void *opaque);

#define child_require(condition)                          \
    do {                                                  \
        if (!(condition)) {                               \
            child_failed(__FILE__, __LINE__, #condition); \
        }                                                 \
    } while (0)
_Noreturn void child_failed(const char *file, int line, const char *condition);

#endif
