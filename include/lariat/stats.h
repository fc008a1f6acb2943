/* SPDX-License-Identifier: MIT */
/*
 * Statistics of a loop: counters that are always on, and latency histograms that can be switched on.
 *
 * Each counter is exact; a set of them is not of one moment, since the owner goes on counting while it is read.
 */
#ifndef LARIAT_STATS_H
#define LARIAT_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lariat/api.h>
#include <lariat/loop.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Kinds of op, the index of lariat_loop_stats.ops. */
enum lariat_op_kind {
    LARIAT_OP_KIND_READ = 0,
    LARIAT_OP_KIND_WRITE = 1,
    LARIAT_OP_KIND_SYNC = 2,     /* fsync, fdatasync, sync_file_range */
    LARIAT_OP_KIND_ALLOCATE = 3, /* fallocate, write_zeroes */
    LARIAT_OP_KIND_DISCARD = 4,
    LARIAT_OP_KIND_ACCEPT = 5,
    LARIAT_OP_KIND_CONNECT = 6,
    LARIAT_OP_KIND_RECV = 7,
    LARIAT_OP_KIND_SEND = 8,
    LARIAT_OP_KIND_CLOSE = 9,
    LARIAT_OP_KIND_NOP = 10,
    LARIAT_OP_KIND_RAW = 11,
    LARIAT_OP_KIND_POLL = 12 /* the polls of handlers */
};
#define LARIAT_OP_KINDS 16 /* room for more */

/* Counters since creation, but for those called "current". */
struct lariat_loop_stats {
    size_t size;               /* set by the initialiser: the library fills no more than this */
    uint64_t iterations;       /* calls of lariat_loop_poll() and lariat_loop_dispatch() */
    uint64_t enters;           /* io_uring_enter system calls */
    uint64_t sqes_submitted;
    uint64_t cqes_reaped;
    uint64_t batch_max;        /* most completions reaped in one iteration */
    uint64_t cq_overflows;     /* times the completion queue was found overflown (nothing is lost; a larger one helps) */
    uint64_t cq_dropped;       /* completions that the kernel lost for lack of memory */
    uint64_t spins;            /* spins tried */
    uint64_t spins_hit;        /* spins that found work */
    uint64_t spin_ns;          /* spent spinning */
    uint64_t spin_vain_ns;     /* of those, in spins that found nothing */
    uint64_t sleeps;           /* waits that entered the kernel to sleep */
    uint64_t sleep_ns;         /* slept; counted while polling is on (max_ns > 0), or histograms, or waits are watched */
    uint64_t window_ns;        /* current window */
    uint64_t window_grown;     /* times the window grew */
    uint64_t window_shrunk;    /* times it shrank */
    uint64_t eventfd_writes;   /* wake-ups sent by other threads */
    uint64_t notify_wakeups;   /* wake-ups received */
    uint64_t bhs_run;
    uint64_t timers_fired;
    uint64_t handlers_run;
    uint64_t ops_inline;       /* of ops: done inside the submitting call (memory-backed files) */
    uint64_t op_errors;        /* ops that completed with an error */
    uint64_t ops[LARIAT_OP_KINDS]; /* ops completed, by kind (multishot: each completion) */
    unsigned setup_flags;      /* IORING_SETUP_... obtained */
    unsigned sq_entries;       /* obtained */
    unsigned cq_entries;       /* obtained */
    unsigned ops_inflight;     /* current */
    bool registered_ring;      /* the ring descriptor is registered */
    bool no_iowait;            /* idle waits do not count as iowait */
    bool abs_deadlines;        /* the kernel takes absolute deadlines */
    /* The policy auto; 0 under the others, and as long as nothing was measured. */
    uint64_t penalty_ns;       /* current: what a sleep costs, in ns of latency, its CPU time at poll-price included */
    uint64_t wake_notify_ns;   /* current, median: from the write of another thread on another CPU to running again */
    uint64_t wake_timer_ns;    /* current, median: from a deadline to running; the kernel's timer slack is in it */
    uint64_t wake_probe_ns;    /* current, median: by how much waits that slept on trial outlast those that were spun for */
    uint64_t sleep_cpu_ns;     /* current, median: CPU time of this thread for a sleep */
    uint64_t wakes_same_cpu;   /* sleeps ended by a thread on the CPU of the loop: no spinning for a while */
    uint64_t spins_preempted;  /* spins cut off by another thread: likewise, if that took half of what spins had gained */
    uint64_t spins_crowded;    /* spins given up because more threads were spinning than there are CPUs: likewise */
    uint64_t spins_unpaid;     /* spins that poll-cpu-budget did not allow */
    /* Whatever the policy. */
    uint64_t pollers_run;      /* times that a poller was ready */
    uint64_t waits_batched;    /* sleeps that were to end with several completions */
    uint64_t cqes_batched;     /* completions that were there when those ended: by their number, those per wait */
};
#define LARIAT_LOOP_STATS_INIT { sizeof(struct lariat_loop_stats), \
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, { 0 }, 0, 0, 0, 0, false, false, false, \
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }

/*
 * A histogram of durations: 29 groups of 64 buckets. Below 128 ns each ns has its bucket, above that each power of two has
 * 64, so a value is known to 1/128. Beyond 2^34 ns (17 s) all falls into the last bucket. The scheme, and so the bucket
 * numbers, are those of fio's json+ output.
 */
#define LARIAT_HISTOGRAM_BUCKETS 1856

struct lariat_histogram {
    uint64_t n;
    uint64_t sum_ns;
    uint64_t min_ns; /* of no samples: 0 */
    uint64_t max_ns;
    uint64_t buckets[LARIAT_HISTOGRAM_BUCKETS];
};

/* Empty it. For one thread at a time, as are the next four. */
LARIAT_API void lariat_histogram_init(struct lariat_histogram *h);

/* Count one duration; a negative one counts as 0. Takes some 3 ns. */
LARIAT_API void lariat_histogram_add(struct lariat_histogram *h, int64_t ns);

/* Add all that `from` holds to `to`. */
LARIAT_API void lariat_histogram_merge(struct lariat_histogram *to, const struct lariat_histogram *from);

/* The smallest bucket value that at least `percent` (0 to 100) of the samples do not exceed; 0 if there are none. */
LARIAT_API uint64_t lariat_histogram_percentile(const struct lariat_histogram *h, double percent);

/* The value that stands for a bucket: its middle; exact below 128. */
LARIAT_API uint64_t lariat_histogram_bucket_ns(unsigned bucket);

enum lariat_loop_histogram {
    LARIAT_LOOP_HISTOGRAM_WAIT = 0,   /* each wait of the loop: spun plus slept */
    LARIAT_LOOP_HISTOGRAM_LATENCY = 1 /* each op, from its submitting call to its callback */
};

/*
 * Switch the loop's histograms on or off (the default). On, each op costs two clock reads more. Switching on empties them.
 * Any thread but best before the loop is busy: ops in flight at that moment are not counted. 0, -ENOMEM, -ESHUTDOWN.
 */
LARIAT_API int lariat_loop_enable_histograms(struct lariat_loop *loop, bool enable);

/* Copy one. Any thread. 0; -ENOENT if they were never on. */
LARIAT_API int lariat_loop_get_histogram(struct lariat_loop *loop, enum lariat_loop_histogram which,
                                         struct lariat_histogram *out);

/*
 * Have fn(opaque, wait_ns, slept) called after each wait of the loop, in place of whoever was called so far; NULL: nobody.
 * wait_ns is what the poll policy learns from: spun plus slept. If it was all spun (slept is false), it is the time until there
 * was work, or a timer due; a sleep outlasts that by as long as it took to wake up, which nobody can tell of a single one.
 * fn is to be short, since all else waits for it, and must not use the loop. Where polling is off and there are no histograms,
 * being watched costs two clock reads per wait. Owner only, also inside callbacks.
 */
LARIAT_API void lariat_loop_watch_waits(struct lariat_loop *loop, void (*fn)(void *opaque, int64_t wait_ns, bool slept),
                                        void *opaque);

#ifdef __cplusplus
}
#endif

#endif
