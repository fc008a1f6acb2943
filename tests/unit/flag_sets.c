/* SPDX-License-Identifier: MIT */
#include "flag_sets.h"

#include <errno.h>
#include <liburing.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <lariat/loop.h>

#include "loop.h"

#define WORD_BYTES 16

static const char *const words[] = { "plain", "coop", "single", "defer", "noreg", "poll", "nopoll", "cq8", "sqpoll" };

/* Copies the word that begins at `list`. Returns the rest of the list, or NULL. */
static const char *take_word(const char *list, char word[WORD_BYTES])
{
    const size_t len = strcspn(list, ",");
    const size_t n = len < WORD_BYTES - 1 ? len : WORD_BYTES - 1;
    memcpy(word, list, n);
    word[n] = '\0';
    return list[len] == ',' ? list + len + 1 : NULL;
}

bool tests_run_with(const char *word)
{
    char found[WORD_BYTES];
    for (const char *list = getenv("LARIAT_TEST_FLAGS"); list != NULL;) {
        list = take_word(list, found);
        if (strcmp(found, word) == 0)
            return true;
    }
    return false;
}

const char *flag_sets_unknown_word(void)
{
    static char found[WORD_BYTES];
    for (const char *list = getenv("LARIAT_TEST_FLAGS"); list != NULL;) {
        bool known = false;
        list = take_word(list, found);
        for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
            known |= strcmp(found, words[i]) == 0;
        if (!known && found[0] != '\0')
            return found;
    }
    return NULL;
}

/* ---- in the kernel's place ---- */

static unsigned refused_setup_flags(void)
{
    if (tests_run_with("plain"))
        return ~(IORING_SETUP_CQSIZE | IORING_SETUP_SQPOLL | IORING_SETUP_SQ_AFF);
    if (tests_run_with("coop"))
        return IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN;
    return tests_run_with("single") ? IORING_SETUP_DEFER_TASKRUN : 0;
}

int __real_io_uring_queue_init_params(unsigned entries, struct io_uring *ring, struct io_uring_params *params);
int __wrap_io_uring_queue_init_params(unsigned entries, struct io_uring *ring, struct io_uring_params *params);

int __wrap_io_uring_queue_init_params(unsigned entries, struct io_uring *ring, struct io_uring_params *params)
{
    if (params->flags & refused_setup_flags())
        return -EINVAL;
    /* The kernel's default is a second: no test would ever see its thread asleep. */
    if (params->flags & IORING_SETUP_SQPOLL && tests_run_with("sqpoll"))
        params->sq_thread_idle = 1;
    return __real_io_uring_queue_init_params(entries, ring, params);
}

int __real_io_uring_register_ring_fd(struct io_uring *ring);
int __wrap_io_uring_register_ring_fd(struct io_uring *ring);

int __wrap_io_uring_register_ring_fd(struct io_uring *ring)
{
    return tests_run_with("noreg") ? -EINVAL : __real_io_uring_register_ring_fd(ring);
}

/* ---- the kernel's thread ---- */

static bool sq_thread_sleeps(const struct ring *ring)
{
    return __atomic_load_n(ring->sq_kflags, __ATOMIC_ACQUIRE) & IORING_SQ_NEED_WAKEUP;
}

/* It is asleep only when it has nothing to do; but that it is about to be woken does not show. So wake it first. */
bool loop_settles(struct lariat_loop *loop)
{
    const struct ring *ring = &loop->ring;
    const struct timespec moment = { .tv_nsec = 200000 };

    if (!tests_run_with("sqpoll") || ring->uring == NULL || !ring->sqpoll)
        return false;
    while (sq_thread_sleeps(ring)) {
        if (io_uring_enter((unsigned)ring->fd, 0, 0, IORING_ENTER_SQ_WAKEUP, NULL) < 0)
            return false;
        nanosleep(&moment, NULL);
    }
    while (!sq_thread_sleeps(ring))
        nanosleep(&moment, NULL);
    return ring_cq_ready(ring);
}

/* ---- other defaults ---- */

static const struct lariat_poll_params *default_poll(struct lariat_poll_params *params)
{
    lariat_poll_params_init(params, tests_run_with("poll") ? LARIAT_POLL_CLASSIC : LARIAT_POLL_DEFAULT);
    if (tests_run_with("nopoll")) {
        params->max_ns = 0;
        return params;
    }
    if (!tests_run_with("poll"))
        return NULL;
    params->max_ns = 1000000;
    params->grow = params->max_ns;
    params->shrink = 1;
    return params;
}

/* An iothread passes on all its properties: what nobody gave is there as the default. */
static bool poll_is_default(const struct lariat_poll_params *poll)
{
    struct lariat_poll_params defaults;

    lariat_poll_params_init(&defaults, LARIAT_POLL_DEFAULT);
    return poll == NULL || memcmp(poll, &defaults, sizeof(defaults)) == 0;
}

static bool sizes_are_default(const struct lariat_loop_options *opts)
{
    return (opts->sq_entries == 0 || opts->sq_entries == 128) && opts->cq_entries == 0;
}

int __real_lariat_loop_new(const struct lariat_loop_options *opts, struct lariat_loop **out);
int __wrap_lariat_loop_new(const struct lariat_loop_options *opts, struct lariat_loop **out);

/* The tests' calls, and the one of lariat_iothread_new(). Options of another size are those of a test about sizes. */
int __wrap_lariat_loop_new(const struct lariat_loop_options *opts, struct lariat_loop **out)
{
    struct lariat_loop_options changed = LARIAT_LOOP_OPTIONS_INIT;
    struct lariat_poll_params params;

    if (getenv("LARIAT_TEST_FLAGS") == NULL || (opts != NULL && opts->size != sizeof(changed)))
        return __real_lariat_loop_new(opts, out);
    if (opts != NULL)
        changed = *opts;
    if (poll_is_default(changed.poll))
        changed.poll = default_poll(&params);
    if (tests_run_with("cq8") && sizes_are_default(&changed))
        changed.sq_entries = changed.cq_entries = 8;
    if (tests_run_with("sqpoll"))
        changed.flags |= LARIAT_LOOP_SQPOLL;
    return __real_lariat_loop_new(&changed, out);
}
