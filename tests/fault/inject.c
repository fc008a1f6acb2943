/* SPDX-License-Identifier: MIT */
/* The count-down, and what it does at the library's seam. */
#include "inject.h"

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <liburing.h>

#include "completion.h"
#include "seam_real.h"

#define FAILURES_MAX 200 /* in a row: "for ever", where what is tested goes on until it succeeds */
#define SETUP_TRIES 100

static struct inject_plan plan;
static atomic_bool on;
static atomic_int left; /* calls before the first failure; below 0: failures behind it */
static atomic_uint fired;
static atomic_int n_sleeps;

/* The ring made last: completions that are not looked at yet. For scenarios with one loop only. */
static struct {
    struct io_uring *uring;
    unsigned seen;
} completions;

void inject_arm(const struct inject_plan *armed, int n)
{
    plan = *armed;
    atomic_store(&left, n);
    atomic_store(&fired, 0);
    atomic_store(&n_sleeps, 0);
}

void inject_on(void)
{
    atomic_store(&on, true);
}

void inject_off(void)
{
    atomic_store(&on, false);
}

unsigned inject_fired(void)
{
    return atomic_load(&fired);
}

int inject_sleeps(void)
{
    return atomic_load(&n_sleeps);
}

int inject_err(const struct inject_plan *of, unsigned source)
{
    if (of->err)
        return of->err;
    switch (source) {
    case INJECT_EVENTFD:
    case INJECT_RING_SETUP:
    case INJECT_OPEN:
        return EMFILE;
    case INJECT_ENTER:
    case INJECT_THREAD:
        return EAGAIN;
    case INJECT_REGISTER_FD:
        return EBUSY;
    default:
        return ENOMEM;
    }
}

bool inject_fails(unsigned source, int *err)
{
    int now;

    if (!atomic_load(&on) || !(plan.sources & source))
        return false;
    now = atomic_fetch_sub(&left, 1) - 1;
    if (now > 0 || (now < 0 && !plan.for_ever))
        return false;
    if (now < -FAILURES_MAX && source & (INJECT_ENTER | INJECT_RESULT))
        return false;
    *err = inject_err(&plan, source);
    atomic_fetch_or(&fired, source);
    return true;
}

/* ---- the seam ---- */

/* Ring memory is given back late (RLIMIT_MEMLOCK of ordinary users): what the kernel really refuses is no part of the plan. */
static int ring_setup(unsigned entries, struct io_uring *uring, struct io_uring_params *params)
{
    const struct io_uring_params asked = *params;
    int err = -ENOMEM;

    if (inject_fails(INJECT_RING_SETUP, &err))
        return -err;
    for (int i = 0; i < SETUP_TRIES && err == -ENOMEM; i++) {
        *params = asked;
        err = seam_real.ring_setup(entries, uring, params);
        if (err == -ENOMEM)
            seam_real.sleep_ns(10000000);
    }
    completions.uring = err ? NULL : uring;
    completions.seen = 0;
    return err;
}

static void ring_exit(struct io_uring *uring)
{
    if (completions.uring == uring)
        completions.uring = NULL;
    seam_real.ring_exit(uring);
}

/* Completions of ops that came since the last look, before the library sees them. */
static void falsify_results(void)
{
    const struct io_uring_cq *cq = &completions.uring->cq;
    unsigned tail = __atomic_load_n(cq->ktail, __ATOMIC_ACQUIRE);
    int err;

    for (; completions.seen != tail; completions.seen++) {
        struct io_uring_cqe *cqe = &cq->cqes[completions.seen & *cq->kring_mask];

        if (cqe->user_data && !(cqe->user_data & COMPLETION_TAG) && inject_fails(INJECT_RESULT, &err))
            cqe->res = -err;
    }
}

static int ring_enter(unsigned fd, unsigned to_submit, unsigned min_complete, unsigned flags, void *arg, size_t bytes)
{
    int ret, err;

    if (inject_fails(INJECT_ENTER, &err))
        return -err;
    ret = seam_real.ring_enter(fd, to_submit, min_complete, flags, arg, bytes);
    if (atomic_load(&on) && plan.sources & INJECT_RESULT && completions.uring)
        falsify_results();
    return ret;
}

static int ring_poll(int fd, const struct timespec *timeout)
{
    int err;

    return inject_fails(INJECT_ENTER, &err) ? -err : seam_real.ring_poll(fd, timeout);
}

static int ring_register(struct io_uring *uring, unsigned opcode, const void *arg, unsigned n)
{
    int err;

    return inject_fails(INJECT_REGISTER, &err) ? -err : seam_real.ring_register(uring, opcode, arg, n);
}

static int ring_register_fd(struct io_uring *uring)
{
    int err;

    return inject_fails(INJECT_REGISTER_FD, &err) ? -err : seam_real.ring_register_fd(uring);
}

static int ring_dontfork(struct io_uring *uring)
{
    int err;

    return inject_fails(INJECT_DONTFORK, &err) ? -err : seam_real.ring_dontfork(uring);
}

static int eventfd_open(void)
{
    int err;

    return inject_fails(INJECT_EVENTFD, &err) ? -err : seam_real.eventfd_open();
}

static int thread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *), void *opaque)
{
    int err;

    return inject_fails(INJECT_THREAD, &err) ? err : seam_real.thread_create(thread, attr, fn, opaque);
}

static void sleep_ns(int64_t ns)
{
    atomic_fetch_add(&n_sleeps, 1);
    if (atomic_load(&on))
        sched_yield();
    else
        seam_real.sleep_ns(ns);
}

void inject_install(void)
{
    static struct seam table;

    table = seam_real;
    table.ring_setup = ring_setup;
    table.ring_exit = ring_exit;
    table.ring_enter = ring_enter;
    table.ring_poll = ring_poll;
    table.ring_register = ring_register;
    table.ring_register_fd = ring_register_fd;
    table.ring_dontfork = ring_dontfork;
    table.eventfd_open = eventfd_open;
    table.thread_create = thread_create;
    table.sleep_ns = sleep_ns;
    seam = &table;
}
