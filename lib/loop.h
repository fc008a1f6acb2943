/* SPDX-License-Identifier: MIT */
/*
 * The loop's struct, shared by the files that make it up. Owner only, but for what is marked otherwise.
 */
#ifndef LARIAT_LOOP_PRIVATE_H
#define LARIAT_LOOP_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <lariat/loop.h>
#include <lariat/op.h>

#include "bh.h"
#include "bh_pool.h"
#include "completion.h"
#include "fatal.h"
#include "fork.h"
#include "hook.h"
#include "notify.h"
#include "poll.h"
#include "poller.h"
#include "ring.h"
#include "stats.h"
#include "timer.h"
#include "wait_auto.h"
#include "wait_batch.h"

#define CACHE_LINE 64

struct handler;

#define ATTENTION_STOPPING 1u
#define ATTENTION_ANNOTATE 2u /* constant */
#define ATTENTION_MEASURE 4u  /* histograms are on */
#define ATTENTION_EMBED 8u    /* constant: somebody may have to be told that there is something to submit */
#define ATTENTION_CHAIN 16u   /* chain_broken */
#define ATTENTION_PROBE 32u   /* constant: this kernel lacks some of the common opcodes */

/* Ops whose result is known without the kernel; delivered by the next iteration, in order. */
struct deferred_ops {
    struct lariat_op *first, *last; /* last only valid if first */
    unsigned n;
};

/* What may be changed while the loop runs. One struct, so that all of it changes together. */
struct loop_tuning {
    struct lariat_poll_params poll;
    unsigned batch_max;      /* SQEs per submission; 0: no limit */
    unsigned workers_max[2]; /* bounded and unbounded ones of the kernel; 0: as it begins */
    unsigned wait_batch;     /* completions that a sleep waits for; 0: the policy decides; 1: off */
    int64_t wait_min_ns;     /* after which one will do */
};

struct loop_handlers {
    struct handler **by_fd;
    unsigned n_by_fd;       /* length of the array */
    unsigned n_armed;       /* polls in the kernel */
    struct handler *dirty;  /* first of those that need an SQE, or to be freed */
    struct handler **dirty_end;
    struct handler *all;    /* first of all, removed ones too */
};

struct lariat_loop {
    /* Any thread: the line that producers write. */
    struct notify notify __attribute__((aligned(CACHE_LINE)));
    struct lariat_bh *_Atomic bh_head; /* newest first */

    /* Any thread, constant after creation. */
    uint64_t owner __attribute__((aligned(CACHE_LINE))); /* thread_self() of the owner */
    uint64_t generation;                                 /* of the process that made it (fork.h) */
    char *name;
    bool embed;
    bool annotate;                                       /* tell valgrind or ASan about the memory of ops */

    /* Any thread, atomic. */
    _Atomic unsigned refs;
    _Atomic bool closed;
    _Atomic unsigned attention;      /* ATTENTION_...: ops take the long way */
    _Atomic unsigned tuning_version; /* of tuning_set; bumped under params_mutex */
    struct loop_histograms *_Atomic histograms; /* NULL while off */

    /* Under params_mutex. */
    pthread_mutex_t params_mutex;
    struct loop_tuning tuning_set;
    unsigned poll_version;           /* of tuning_set.poll */
    struct loop_histograms *histograms_made; /* kept until the loop is freed */

    /* Owner. */
    struct ring ring __attribute__((aligned(CACHE_LINE)));
    struct lariat_poll_params params; /* in force */
    unsigned workers_max[2];          /* in force */
    unsigned tuning_seen, poll_seen;  /* versions that are in force */
    struct poll_state poll;
    struct wait_auto waits;
    void (*wait_watcher)(void *opaque, int64_t wait_ns, bool slept); /* NULL: none */
    void *wait_watcher_opaque;
    struct wait_batch batch;
    int64_t window_ns; /* of the next spin */
    bool woken_by_notify; /* the last sleep, perhaps */
    bool submits_complete; /* what is submitted tends to complete inside the submit */
    unsigned submits_waited; /* submissions with a wait since that was tried last */
    bool polling;        /* inside lariat_loop_poll(), dispatch or close */
    bool prepared;       /* between prepare and check */
    bool stopping;
    bool wake_armed;     /* the poll on the eventfd is in the kernel, or queued */
    bool wake_oneshot;   /* the kernel has no multishot poll */
    unsigned wake_errors; /* in a row */
    unsigned n_ops;      /* in flight: accepted, callback not called */
    unsigned n_storage;  /* of those, the storage ops in the kernel */
    unsigned late_ops;   /* still accepted while stopping */
    struct lariat_op *cancellable; /* list of the ops in flight that a stop cancels, or that somebody asked to cancel */
    int64_t ask_again_ns;   /* when to repeat requests to cancel of which one found nothing; CLOCK_NEVER: none did */
    int64_t ask_delay_ns;   /* between that answer and the repetition */
    bool chain_broken;   /* an op linked to the next was refused without the kernel: those behind it must fail */
    struct lariat_op *parked; /* ops to be queued once more */
    struct deferred_ops deferred;
    unsigned char *slots; /* of lariat_register_files(): is it storage? NULL: none registered, or no memory */
    unsigned n_slots;
    struct timers timers;
    struct loop_handlers handlers;
    struct loop_hooks hooks;
    struct loop_pollers pollers;
    struct bh_pool bh_pool;
    struct completion wake;
    struct completion cancel_answer; /* of requests to cancel ops */
    struct io_uring_sqe scratch_sqe; /* handed out by lariat_sqe() when the request cannot be made */
    struct lariat_bh notify_bh;
    struct lariat_loop_stats stats; /* written by the owner with relaxed stores; eventfd_writes by all */
};

/* A number for each thread, never used again. */
extern _Thread_local uint64_t thread_number __attribute__((tls_model("initial-exec")));
uint64_t thread_number_assign(void);

static inline uint64_t thread_self(void)
{
    return likely(thread_number) ? thread_number : thread_number_assign();
}

/* Ends the process unless the caller may use the loop at all. */
void loop_fail(const struct lariat_loop *loop, const char *function) __attribute__((noreturn, cold));

/* First line of every any-thread function: not NULL, and not a child of fork(). */
static inline void assert_usable(const struct lariat_loop *loop, const char *function)
{
    if (unlikely(!loop || fork_is_child(loop->generation)))
        loop_fail(loop, function);
}

/* First line of every owner-only function. */
static inline void assert_owner(const struct lariat_loop *loop, const char *function)
{
    if (unlikely(!loop || thread_self() != loop->owner || fork_is_child(loop->generation)))
        loop_fail(loop, function);
}

/* What lariat_loop_current() returns on this thread. */
extern _Thread_local struct lariat_loop *loop_current __attribute__((tls_model("initial-exec")));

/* Returns the one before. */
static inline struct lariat_loop *loop_set_current(struct lariat_loop *loop)
{
    struct lariat_loop *before = loop_current;

    loop_current = loop;
    return before;
}

/* Empty what was switched on since. Owner. */
struct loop_histograms *histograms_fresh(struct loop_histograms *histograms);

/* Those to add to, or NULL while off. */
static inline struct loop_histograms *loop_histograms(struct lariat_loop *loop)
{
    /* Acquire: pairs with the release in lariat_loop_enable_histograms(); they are marked stale before. */
    struct loop_histograms *histograms = atomic_load_explicit(&loop->histograms, memory_order_acquire);

    return likely(!histograms) ? NULL : histograms_fresh(histograms);
}

/* A wait is over. */
static inline void loop_waited(struct lariat_loop *loop, struct loop_histograms *histograms, const struct poll_wait *wait)
{
    if (unlikely(histograms))
        lariat_histogram_add(&histograms->wait, wait->waited_ns);
    if (unlikely(loop->wait_watcher))
        loop->wait_watcher(loop->wait_watcher_opaque, wait->waited_ns, wait->slept);
}

/* Something was queued between prepare and check: make the outer wait return. */
static inline void loop_queued(struct lariat_loop *loop)
{
    if (unlikely(loop->prepared))
        lariat_loop_notify(loop);
}

/* One iteration without or with waiting. 1, 0 or -errno. The caller is the owner and holds loop->polling. */
int loop_iterate(struct lariat_loop *loop, bool blocking);

/* The parts of a wait that all policies share: sleep, having submitted what is queued; or only submit it. 0 or -errno. */
int loop_sleep(struct lariat_loop *loop, int64_t deadline_ns);
int loop_sleep_for(struct lariat_loop *loop, int64_t deadline_ns, const struct ring_batch *batch);
int loop_submit(struct lariat_loop *loop);

/*
 * Of what an enter answered: 0 for what does not mean that the ring is broken, after some patience if the kernel has no
 * memory; the rest is for the caller of lariat_loop_poll().
 */
int loop_tolerate(struct lariat_loop *loop, int err);

/* Set what can be tuned. Any thread, live; the poll parameters are valid. 0 or -ESHUTDOWN. */
int loop_set_tuning(struct lariat_loop *loop, const struct loop_tuning *tuning);

/* Read it as last set. Any thread. Returns its version. */
unsigned loop_get_tuning(struct lariat_loop *loop, struct loop_tuning *tuning);

/* Set it unless somebody has done so since that version was read: -EAGAIN, and nothing happened. The same otherwise. */
int loop_replace_tuning(struct lariat_loop *loop, unsigned version, const struct loop_tuning *tuning);

/* Take over what was newly set. 0, or -errno of what the kernel refused; the rest is in force. */
int loop_take_tuning(struct lariat_loop *loop);

/* When a wait must end though nothing comes. */
static inline int64_t loop_deadline_ns(const struct lariat_loop *loop)
{
    int64_t next_ns = timers_next_ns(&loop->timers);

    return likely(next_ns <= loop->ask_again_ns) ? next_ns : loop->ask_again_ns;
}

/*
 * Before each wait: call the hooks, then turn pending handler changes, parked ops, repeated cancels and the wake-up poll into
 * SQEs. False: no room now, so do not sleep.
 */
bool loop_queue_changes(struct lariat_loop *loop);

static inline bool loop_queue_internal(struct lariat_loop *loop)
{
    if (likely(loop->wake_armed && !loop->handlers.dirty && !loop->parked && loop->ask_again_ns == CLOCK_NEVER &&
               !loop->hooks.first))
        return true;
    return loop_queue_changes(loop);
}

/* Run the callbacks of the completions that are there now. Returns whether a callback of the user ran. */
bool loop_reap(struct lariat_loop *loop);

/* Is there something to run without the kernel's help? */
static inline bool loop_has_work(struct lariat_loop *loop)
{
    return ring_cq_ready(&loop->ring) || atomic_load_explicit(&loop->bh_head, memory_order_relaxed) || loop->deferred.first ||
           (unlikely(loop->pollers.first != NULL) && pollers_look(loop));
}

/* Stop and drain (stop.c). The caller is the owner and holds loop->polling. */
int loop_drain(struct lariat_loop *loop);

#endif
