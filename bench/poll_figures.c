/* SPDX-License-Identifier: MIT */
/*
 * What the polling policies do to real loads, alternated in one run; bench/poll-figures.sh calls it and says what for. Only the
 * public headers. Each line of output: measure, policy, round, and figures as name=value.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <lariat/lariat.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BLOCK 4096
#define JOBS_MOST 16
#define NS_PER_S 1000000000.0

enum mode { OFF, CLASSIC, AUTO, SPIN, N_MODES };

static const char *const mode_names[N_MODES] = { "off", "classic", "auto", "spin" };

static _Noreturn void die(const char *what, int err)
{
    fprintf(stderr, "poll-figures: %s: %s\n", what, strerror(err < 0 ? -err : err));
    exit(1);
}

static struct lariat_poll_params params_of(enum mode mode)
{
    struct lariat_poll_params params;

    lariat_poll_params_init(&params, mode == AUTO ? LARIAT_POLL_AUTO : LARIAT_POLL_CLASSIC);
    if (mode == OFF)
        params.max_ns = 0;
    if (mode == SPIN) { /* opens within two waits, and never closes */
        params.max_ns = INT64_C(3600) * 1000000000;
        params.grow = INT64_MAX;
        params.shrink = 1;
    }
    return params;
}

static struct lariat_iothread *iothread_of(enum mode mode, const char *name, const char *cpus)
{
    struct lariat_iothread_options options = LARIAT_IOTHREAD_OPTIONS_INIT;
    struct lariat_loop_options loop = LARIAT_LOOP_OPTIONS_INIT;
    struct lariat_poll_params params = params_of(mode);
    struct lariat_iothread *iothread;
    int err;

    loop.poll = &params;
    options.loop = &loop;
    options.cpu_affinity = cpus;
    err = lariat_iothread_new(name, &options, &iothread);
    if (err)
        die("iothread", err);
    return iothread;
}

static void destroy(struct lariat_iothread *iothread)
{
    lariat_iothread_destroy(iothread);
}

static int64_t clock_of(clockid_t id)
{
    struct timespec ts = { 0, 0 };

    clock_gettime(id, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static void sleep_s(double seconds)
{
    struct timespec ts = { (time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9) };

    while (nanosleep(&ts, &ts) && errno == EINTR)
        ;
}

static void print_stats(struct lariat_iothread *iothread)
{
    struct lariat_loop_stats stats = LARIAT_LOOP_STATS_INIT;

    lariat_loop_get_stats(lariat_iothread_loop(iothread), &stats);
    printf(" spins=%" PRIu64 " hits=%" PRIu64 " sleeps=%" PRIu64 " window=%" PRIu64 " penalty=%" PRIu64 " notify=%" PRIu64 " timer=%" PRIu64
           " probe=%" PRIu64 " same_cpu=%" PRIu64 " preempted=%" PRIu64 " crowded=%" PRIu64 "\n",
           stats.spins, stats.spins_hit, stats.sleeps, stats.window_ns, stats.penalty_ns, stats.wake_notify_ns, stats.wake_timer_ns,
           stats.wake_probe_ns, stats.wakes_same_cpu, stats.spins_preempted, stats.spins_crowded);
    fflush(stdout);
}

/* ---- reads, one after the other or some at a time ---- */

struct reader {
    struct lariat_iothread *iothread;
    int fd;
    uint64_t n_blocks, random;
    struct lariat_op ops[JOBS_MOST];
    void *buffers[JOBS_MOST];
    int depth, in_flight;
    atomic_ulong n_done;
    atomic_bool stop;
    clockid_t cpu_clock;
    sem_t event;
};

static void next_read(struct reader *r, struct lariat_op *op)
{
    r->random = r->random * 6364136223846793005u + 1442695040888963407u;
    lariat_read(lariat_loop_current(), op, r->fd, r->buffers[op - r->ops], BLOCK, (int64_t)((r->random >> 33) % r->n_blocks * BLOCK));
}

static void read_done(struct lariat_op *op, int res)
{
    struct reader *r = op->opaque;

    if (res != BLOCK)
        die("read", res < 0 ? res : EIO);
    atomic_fetch_add_explicit(&r->n_done, 1, memory_order_relaxed);
    if (!atomic_load_explicit(&r->stop, memory_order_relaxed))
        next_read(r, op);
    else if (--r->in_flight == 0)
        sem_post(&r->event);
}

static void begin_reads(void *opaque)
{
    struct reader *r = opaque;

    pthread_getcpuclockid(pthread_self(), &r->cpu_clock);
    r->in_flight = r->depth;
    for (int i = 0; i < r->depth; i++) {
        r->ops[i].fn = read_done;
        r->ops[i].opaque = r;
        next_read(r, &r->ops[i]);
    }
    sem_post(&r->event);
}

static struct reader *reader_new(const char *path, enum mode mode, const char *name, const char *cpus, int depth)
{
    struct reader *r = calloc(1, sizeof(*r));
    off_t bytes;

    if (!r)
        die("memory", ENOMEM);
    r->fd = open(path, O_RDONLY | O_DIRECT | O_CLOEXEC);
    bytes = r->fd < 0 ? -1 : lseek(r->fd, 0, SEEK_END);
    if (bytes < BLOCK)
        die(path, r->fd < 0 ? errno : EINVAL);
    r->n_blocks = (uint64_t)bytes / BLOCK;
    r->random = (uint64_t)clock_of(CLOCK_MONOTONIC);
    r->depth = depth;
    for (int i = 0; i < depth; i++)
        if (posix_memalign(&r->buffers[i], BLOCK, BLOCK))
            die("memory", ENOMEM);
    sem_init(&r->event, 0, 0);
    r->iothread = iothread_of(mode, name, cpus);
    if (lariat_bh_schedule_oneshot(lariat_iothread_loop(r->iothread), begin_reads, r))
        die("schedule", EIO);
    while (sem_wait(&r->event))
        ;
    return r;
}

static void reader_free(struct reader *r)
{
    atomic_store(&r->stop, true);
    while (sem_wait(&r->event))
        ;
    destroy(r->iothread);
    for (int i = 0; i < r->depth; i++)
        free(r->buffers[i]);
    close(r->fd);
    sem_destroy(&r->event);
    free(r);
}

static void measure_disk(const char *label, const char *path, enum mode mode, int round, double seconds, const char *cpus)
{
    struct reader *r = reader_new(path, mode, "disk", cpus, 1);
    int64_t begin_ns, cpu_ns;
    unsigned long n;
    double passed;

    sleep_s(seconds / 4); /* to learn */
    n = atomic_load(&r->n_done);
    begin_ns = clock_of(CLOCK_MONOTONIC);
    cpu_ns = clock_of(r->cpu_clock);
    sleep_s(seconds);
    n = atomic_load(&r->n_done) - n;
    cpu_ns = clock_of(r->cpu_clock) - cpu_ns;
    passed = (double)(clock_of(CLOCK_MONOTONIC) - begin_ns) / NS_PER_S;
    printf("%s %s %d iops=%.0f cpu_us=%.2f cpu_percent=%.1f", label, mode_names[mode], round, (double)n / passed,
           n ? (double)cpu_ns / 1e3 / (double)n : 0, (double)cpu_ns / 1e7 / passed);
    print_stats(r->iothread);
    reader_free(r);
}

/* ---- two loops that play ball ---- */

/* Two lines each, so that neither writes what the other one reads. */
struct player {
    struct lariat_iothread *iothread;
    struct lariat_bh *bh, *other_bh;
    atomic_ulong n;
    atomic_bool stop;
    sem_t over;
} __attribute__((aligned(128)));

static void hit_back(void *opaque)
{
    struct player *p = opaque;

    atomic_fetch_add_explicit(&p->n, 1, memory_order_relaxed);
    if (!atomic_load_explicit(&p->stop, memory_order_relaxed))
        (void)lariat_bh_schedule(p->other_bh);
    else
        sem_post(&p->over);
}

static void measure_pingpong(bool one_cpu, enum mode mode, int round, double seconds)
{
    static const char *const cpus[2] = { "0", "1" }, *const names[2] = { "p0", "p1" };
    struct player players[2];
    unsigned long n;
    int64_t begin_ns;

    for (int i = 0; i < 2; i++) {
        memset(&players[i], 0, sizeof(players[i]));
        sem_init(&players[i].over, 0, 0);
        players[i].iothread = iothread_of(mode, names[i], cpus[one_cpu ? 0 : i]);
        if (lariat_bh_new(lariat_iothread_loop(players[i].iothread), "ball", hit_back, &players[i], &players[i].bh))
            die("BH", ENOMEM);
    }
    for (int i = 0; i < 2; i++)
        players[i].other_bh = players[!i].bh;
    (void)lariat_bh_schedule(players[0].bh);
    sleep_s(seconds / 4);
    n = atomic_load(&players[0].n);
    begin_ns = clock_of(CLOCK_MONOTONIC);
    sleep_s(seconds);
    n = atomic_load(&players[0].n) - n;
    printf("pingpong-%s %s %d ns=%.0f", one_cpu ? "one-cpu" : "two-cpus", mode_names[mode], round,
           n ? (double)(clock_of(CLOCK_MONOTONIC) - begin_ns) / (double)n : 0);
    print_stats(players[0].iothread);
    atomic_store(&players[0].stop, true);
    while (sem_wait(&players[0].over))
        ;
    for (int i = 0; i < 2; i++) {
        lariat_bh_delete(players[i].bh);
        destroy(players[i].iothread);
        sem_destroy(&players[i].over);
    }
}

/* ---- a loop with nothing to do, or next to nothing ---- */

struct ticker {
    struct lariat_iothread *iothread;
    struct lariat_timer timer;
    int64_t every_ns;
    clockid_t cpu_clock;
    sem_t ready;
};

static void tick(void *opaque)
{
    struct ticker *t = opaque;

    lariat_timer_set_ns(&t->timer, lariat_now_ns() + t->every_ns);
}

static void begin_ticks(void *opaque)
{
    struct ticker *t = opaque;

    pthread_getcpuclockid(pthread_self(), &t->cpu_clock);
    if (t->every_ns) {
        lariat_timer_init(&t->timer, lariat_loop_current(), tick, t);
        tick(t);
    }
    sem_post(&t->ready);
}

static void end_ticks(void *opaque)
{
    struct ticker *t = opaque;

    if (t->every_ns)
        lariat_timer_cancel(&t->timer);
}

static void measure_idle(enum mode mode, int64_t every_ns, int round, double seconds)
{
    struct ticker t = { .every_ns = every_ns };
    int64_t cpu_ns, begin_ns;
    double passed;

    sem_init(&t.ready, 0, 0);
    t.iothread = iothread_of(mode, "idle", NULL);
    (void)lariat_bh_schedule_oneshot(lariat_iothread_loop(t.iothread), begin_ticks, &t);
    while (sem_wait(&t.ready))
        ;
    sleep_s(seconds / 2);
    cpu_ns = clock_of(t.cpu_clock);
    begin_ns = clock_of(CLOCK_MONOTONIC);
    sleep_s(seconds);
    cpu_ns = clock_of(t.cpu_clock) - cpu_ns;
    passed = (double)(clock_of(CLOCK_MONOTONIC) - begin_ns) / NS_PER_S;
    printf("idle-%" PRId64 "us %s %d cpu_percent=%.4f", every_ns / 1000, mode_names[mode], round, (double)cpu_ns / 1e7 / passed);
    print_stats(t.iothread);
    (void)lariat_loop_call(lariat_iothread_loop(t.iothread), end_ticks, &t);
    destroy(t.iothread);
    sem_destroy(&t.ready);
}

/* ---- iothreads beside somebody who needs a CPU ---- */

struct neighbour {
    atomic_bool stop;
    unsigned long n;
};

static void *compute(void *opaque)
{
    struct neighbour *nb = opaque;
    volatile unsigned x = 1;

    while (!atomic_load_explicit(&nb->stop, memory_order_relaxed)) {
        for (int i = 0; i < 1000; i++)
            x = x * 1664525u + 1013904223u;
        nb->n++;
    }
    return NULL;
}

static unsigned long reads_of(struct reader **readers, int n_readers)
{
    unsigned long n = 0;

    for (int i = 0; i < n_readers; i++)
        n += atomic_load(&readers[i]->n_done);
    return n;
}

static void measure_neighbours(const char *path, enum mode mode, int round, double seconds)
{
    static const char *const names[] = { "n0", "n1", "n2", "n3" };
    struct reader *readers[4];
    struct neighbour nb = { false, 0 };
    pthread_t thread;
    unsigned long n, work;
    int64_t begin_ns;
    double passed;

    for (int i = 0; i < 4; i++)
        readers[i] = reader_new(path, mode, names[i], NULL, 1);
    if (pthread_create(&thread, NULL, compute, &nb))
        die("thread", EAGAIN);
    sleep_s(seconds / 2);
    n = reads_of(readers, 4);
    work = __atomic_load_n(&nb.n, __ATOMIC_RELAXED);
    begin_ns = clock_of(CLOCK_MONOTONIC);
    sleep_s(seconds);
    n = reads_of(readers, 4) - n;
    work = __atomic_load_n(&nb.n, __ATOMIC_RELAXED) - work;
    passed = (double)(clock_of(CLOCK_MONOTONIC) - begin_ns) / NS_PER_S;
    printf("neighbours %s %d iops=%.0f work=%.0f", mode_names[mode], round, (double)n / passed, (double)work / passed);
    print_stats(readers[0]->iothread);
    atomic_store(&nb.stop, true);
    pthread_join(thread, NULL);
    for (int i = 0; i < 4; i++)
        reader_free(readers[i]);
}

/* ---- */

static void measure(const char *what, const char *path, enum mode mode, int round, double seconds)
{
    if (!strcmp(what, "disk") || !strcmp(what, "loop"))
        measure_disk(what, path, mode, round, seconds, NULL);
    else if (!strcmp(what, "pingpong-two-cpus") || !strcmp(what, "pingpong-one-cpu"))
        measure_pingpong(what[9] == 'o', mode, round, seconds);
    else if (!strcmp(what, "idle"))
        measure_idle(mode, 0, round, seconds);
    else if (!strcmp(what, "ticks"))
        measure_idle(mode, 10000000, round, seconds);
    else if (!strcmp(what, "neighbours"))
        measure_neighbours(path, mode, round, seconds);
    else
        die(what, EINVAL);
}

int main(int argc, char **argv)
{
    const char *what = argc > 5 ? argv[1] : "";
    int rounds = argc > 5 ? atoi(argv[3]) : 0;
    double seconds = argc > 5 ? atof(argv[4]) : 0;

    if (rounds <= 0 || seconds <= 0) {
        fputs("usage: poll-figures MEASURE FILE ROUNDS SECONDS POLICY...\n"
              "  MEASURE: disk, loop, neighbours (these read FILE), pingpong-two-cpus, pingpong-one-cpu, idle, ticks\n"
              "  POLICY: off, classic, auto, spin; in each round all of them, each time in another order\n", stderr);
        return 2;
    }
    for (int round = 0; round < rounds; round++)
        for (int i = 0; i < argc - 5; i++) {
            const char *name = argv[5 + (i + round) % (argc - 5)];

            for (int mode = 0; mode < N_MODES; mode++)
                if (!strcmp(name, mode_names[mode]))
                    measure(what, argv[2], (enum mode)mode, round, seconds);
        }
    return 0;
}
