/* SPDX-License-Identifier: MIT */
/*
 * The seam: the few calls through which loops and iothreads reach the kernel, so that tests can answer in its place. Those
 * of ring.c, which need liburing, are in seam_ring.h.
 *
 * The library proper is compiled without LARIAT_SEAM: each call here is then the system call itself, inline. The test build
 * lib/liblariat_seam.la is compiled with it: each call goes to the table that the test has chosen (tests/seam/).
 * Memory is not part of it; tests that fail allocations wrap malloc() and its kin at link time.
 */
#ifndef LARIAT_SEAM_H
#define LARIAT_SEAM_H

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include "cpu_share.h"

struct io_uring;
struct io_uring_params;

struct seam {
    /* seam_ring.h */
    int (*ring_setup)(unsigned entries, struct io_uring *uring, struct io_uring_params *params);
    void (*ring_exit)(struct io_uring *uring);
    int (*ring_enter)(unsigned fd, unsigned to_submit, unsigned min_complete, unsigned flags, void *arg, size_t arg_bytes);
    int (*ring_register)(struct io_uring *uring, unsigned opcode, const void *arg, unsigned n);
    int (*ring_register_fd)(struct io_uring *uring);
    int (*ring_dontfork)(struct io_uring *uring);
    int (*ring_poll)(int fd, const struct timespec *timeout);
    /* notify.c */
    int (*eventfd_open)(void);
    ssize_t (*eventfd_read)(int fd, uint64_t *value);
    ssize_t (*eventfd_write)(int fd, uint64_t value);
    void (*eventfd_close)(int fd);
    /* everywhere */
    int64_t (*now_ns)(void);
    void (*sleep_ns)(int64_t ns);
    void (*yield)(void);
    int (*current_cpu)(void);
    int64_t (*thread_cpu_ns)(void);
    int64_t (*involuntary_switches)(void);
    unsigned (*cpu_share)(void);
    int (*thread_create)(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *), void *opaque);
};

/* Who answers: only with LARIAT_SEAM. Only to be changed while nothing of the library is running. */
extern const struct seam *seam;

/* An eventfd, non-blocking and close-on-exec, or -errno. */
static inline int seam_eventfd_open(void)
{
#ifdef LARIAT_SEAM
    return seam->eventfd_open();
#else
    int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

    return fd < 0 ? -errno : fd;
#endif
}

/* read(2): -1 and errno. */
static inline ssize_t seam_eventfd_read(int fd, uint64_t *value)
{
#ifdef LARIAT_SEAM
    return seam->eventfd_read(fd, value);
#else
    return read(fd, value, sizeof(*value));
#endif
}

/* write(2): -1 and errno. Any thread. */
static inline ssize_t seam_eventfd_write(int fd, uint64_t value)
{
#ifdef LARIAT_SEAM
    return seam->eventfd_write(fd, value);
#else
    return write(fd, &value, sizeof(value));
#endif
}

static inline void seam_eventfd_close(int fd)
{
#ifdef LARIAT_SEAM
    seam->eventfd_close(fd);
#else
    close(fd);
#endif
}

/* CLOCK_MONOTONIC. Any thread. */
static inline int64_t seam_now_ns(void)
{
#ifdef LARIAT_SEAM
    return seam->now_ns();
#else
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
#endif
}

/* Less than a second; a signal may end it early. */
static inline void seam_sleep_ns(int64_t ns)
{
#ifdef LARIAT_SEAM
    seam->sleep_ns(ns);
#else
    struct timespec ts = { 0, ns };

    nanosleep(&ts, NULL);
#endif
}

/* Let somebody else have the CPU. */
static inline void seam_yield(void)
{
#ifdef LARIAT_SEAM
    seam->yield();
#else
    sched_yield();
#endif
}

/* The CPU that this thread runs on, or -1. Async-signal-safe. */
static inline int seam_current_cpu(void)
{
#ifdef LARIAT_SEAM
    return seam->current_cpu();
#else
    return sched_getcpu();
#endif
}

/* CPU time of this thread. */
static inline int64_t seam_thread_cpu_ns(void)
{
#ifdef LARIAT_SEAM
    return seam->thread_cpu_ns();
#else
    struct timespec ts = { 0, 0 };

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
#endif
}

/* How often this thread had to leave its CPU to another one. */
static inline int64_t seam_involuntary_switches(void)
{
#ifdef LARIAT_SEAM
    return seam->involuntary_switches();
#else
    struct rusage usage;

    return getrusage(RUSAGE_THREAD, &usage) ? 0 : usage.ru_nivcsw;
#endif
}

/* See cpu_share.h. */
static inline unsigned seam_cpu_share(void)
{
#ifdef LARIAT_SEAM
    return seam->cpu_share();
#else
    return cpu_share();
#endif
}

/* pthread_create(3): 0 or a positive error number. */
static inline int seam_thread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *), void *opaque)
{
#ifdef LARIAT_SEAM
    return seam->thread_create(thread, attr, fn, opaque);
#else
    return pthread_create(thread, attr, fn, opaque);
#endif
}

#endif
