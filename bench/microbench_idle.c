/* SPDX-License-Identifier: MIT */
/*
 * What an iothread costs when it has nothing to do: wake-ups, CPU time, iowait, memory.
 *
 * Wake-ups are the context switches that the kernel counted for the thread, not what the library says of itself; CPU time is
 * the thread's own clock; iowait is that of the thread's CPU in /proc/stat, less what the same CPU showed in as long a time
 * without the iothread. With polling on (the default) a loop has to have gone to sleep for good, too.
 *
 * Memory is what the process has more of with 65 iothreads than with one, divided by 64: the Rss of all mappings in
 * /proc/self/smaps, the rings among them (the kernel maps all of their pages), less the Rss of the mappings that hold the
 * threads' stacks (thread-local storage is there too). Not counted: what the kernel keeps for itself per thread and ring.
 * Each candidate has a process of its own, forked before any thread has come and gone, because new threads take over the
 * stacks and heaps of old ones unseen: that is why this group runs first. libuv is here for the memory only: as many
 * threads, each with a loop and an async.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <lariat/lariat.h>

#include "microbench_loop.h"
#include "microbench_stats.h"

enum {
    IOTHREADS = 65, /* the first one is not counted: it brings in the code */
    USER_HZ = 100   /* of /proc/stat, on all architectures that we know */
};

static const double IDLE_SECONDS = 2;

static void sleep_seconds(double seconds)
{
    int64_t ns = (int64_t)(seconds * 1e9);
    struct timespec ts = { .tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000 };

    while (nanosleep(&ts, &ts))
        ;
}

/* ---- activity ---- */

/* The clock of a thread's CPU time, by its id; made as the kernel's ABI says, since pthread_t is not public here. */
static int64_t thread_cpu_ns(pid_t tid)
{
    clockid_t clock = (clockid_t)((~(unsigned)tid << 3) | 6u);
    struct timespec ts;

    if (clock_gettime(clock, &ts))
        return -1;
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static int64_t thread_switches(pid_t tid)
{
    char path[64];
    char line[256];
    int64_t total = 0;
    FILE *file;

    snprintf(path, sizeof path, "/proc/self/task/%d/status", (int)tid);
    file = fopen(path, "re");
    if (!file)
        return -1;
    while (fgets(line, sizeof line, file)) {
        const char *name = strstr(line, "voluntary_ctxt_switches:"); /* matches nonvoluntary_... too */

        if (name)
            total += strtoll(strchr(name, ':') + 1, NULL, 10);
    }
    fclose(file);
    return total;
}

/* In clock ticks. */
static int64_t cpu_iowait(int cpu)
{
    char line[512];
    char name[16];
    int64_t ticks = -1;
    FILE *file = fopen("/proc/stat", "re");

    if (!file)
        return -1;
    snprintf(name, sizeof name, "cpu%d ", cpu);
    while (ticks < 0 && fgets(line, sizeof line, file)) {
        uint64_t field[5];

        if (!strncmp(line, name, strlen(name)) &&
            sscanf(line + strlen(name), "%" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64, &field[0], &field[1],
                   &field[2], &field[3], &field[4]) == 5)
            ticks = (int64_t)field[4];
    }
    fclose(file);
    return ticks;
}

struct activity {
    int64_t switches;
    int64_t cpu_ns;
    int64_t iowait;
};

static struct activity activity_now(pid_t tid, int cpu)
{
    return (struct activity){ thread_switches(tid), thread_cpu_ns(tid), cpu_iowait(cpu) };
}

static int start_iothread(int cpu, bool polling, struct lariat_iothread **out)
{
    struct lariat_iothread_options options = LARIAT_IOTHREAD_OPTIONS_INIT;
    struct lariat_loop_options loop_options = LARIAT_LOOP_OPTIONS_INIT;
    struct lariat_poll_params poll;
    char affinity[16];

    lariat_poll_params_init(&poll, LARIAT_POLL_CLASSIC);
    if (!polling)
        poll.max_ns = 0;
    loop_options.poll = &poll;
    snprintf(affinity, sizeof affinity, "%d", cpu);
    options.loop = &loop_options;
    options.internal = true; /* there are several of that id */
    options.cpu_affinity = affinity;
    return lariat_iothread_new("idle", &options, out);
}

static int run_idle(const struct mb_run *run, double *values)
{
    struct lariat_iothread *iothread;
    struct activity before;
    struct activity after;
    double seconds = IDLE_SECONDS * run->env->scale;
    int cpu = run->env->cpu[1];
    int64_t iowait_without = cpu_iowait(cpu);
    double iowait;
    pid_t tid;
    int ret;

    sleep_seconds(seconds);
    iowait_without = cpu_iowait(cpu) - iowait_without;
    ret = start_iothread(cpu, run->variant, &iothread);
    if (ret)
        return ret;
    tid = lariat_iothread_tid(iothread);
    sleep_seconds(0.05); /* until it sleeps */
    before = activity_now(tid, cpu);
    sleep_seconds(seconds);
    after = activity_now(tid, cpu);
    lariat_iothread_destroy(iothread);

    iowait = (double)(after.iowait - before.iowait - iowait_without) / (USER_HZ * seconds) * 100;
    values[0] = (double)(after.switches - before.switches) / seconds;
    values[1] = (double)(after.cpu_ns - before.cpu_ns) / (seconds * 1e9) * 100;
    values[2] = iowait > 0 ? iowait : 0; /* negative: others had more I/O before */
    return before.switches < 0 || before.cpu_ns < 0 || before.iowait < 0 ? -ENOENT : 0;
}

/* ---- memory ---- */

struct resident {
    int64_t all_kib;
    int64_t stacks_kib; /* of those */
    int64_t rings_kib;  /* of those */
};

struct crowd {
    const struct mb_loop_ops *ops;
    struct mb_loop *loop[IOTHREADS];
    struct mb_node node[IOTHREADS];
    uintptr_t stack[IOTHREADS]; /* an address on each thread's stack; 0: not known yet */
    size_t n;
    sem_t noted;
};

static bool holds_stack(const struct crowd *crowd, uintptr_t begin, uintptr_t end)
{
    for (size_t i = 0; i < crowd->n; i++)
        if (crowd->stack[i] >= begin && crowd->stack[i] < end)
            return true;
    return false;
}

static int resident_now(const struct crowd *crowd, struct resident *resident)
{
    FILE *file = fopen("/proc/self/smaps", "re");
    bool stack = false;
    bool ring = false;
    char line[512];

    if (!file)
        return -errno;
    *resident = (struct resident){ 0, 0, 0 };
    while (fgets(line, sizeof line, file)) {
        uintptr_t begin;
        uintptr_t end;
        int64_t kib;

        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " ", &begin, &end) == 2) {
            stack = holds_stack(crowd, begin, end);
            ring = strstr(line, "[io_uring]") != NULL;
        } else if (sscanf(line, "Rss: %" SCNd64 " kB", &kib) == 1) {
            resident->all_kib += kib;
            resident->stacks_kib += stack ? kib : 0;
            resident->rings_kib += ring ? kib : 0;
        }
    }
    fclose(file);
    return 0;
}

static void note_stack(struct mb_node *node)
{
    struct crowd *crowd = node->opaque;
    char here;

    crowd->stack[node - crowd->node] = (uintptr_t)&here;
    sem_post(&crowd->noted);
}

static int crowd_grow(struct crowd *crowd, int cpu)
{
    struct mb_node *node = &crowd->node[crowd->n];
    struct mb_loop **loop = &crowd->loop[crowd->n];
    int ret = crowd->ops->start(cpu, 0, loop);

    if (ret)
        return ret;
    crowd->n++;
    *node = (struct mb_node){ .fn = note_stack, .opaque = crowd };
    ret = crowd->ops->add(*loop, node);
    if (ret)
        return ret;
    ret = crowd->ops->post(*loop, node);
    while (!ret && sem_wait(&crowd->noted))
        ;
    crowd->ops->remove(*loop, node);
    return ret;
}

static int crowd_measure(struct crowd *crowd, int cpu, double *values)
{
    const double n = IOTHREADS - 1;
    struct resident before;
    struct resident after;
    int ret = crowd_grow(crowd, cpu);

    if (!ret)
        ret = resident_now(crowd, &before); /* twice: the first call has memory of its own to bring in */
    if (!ret)
        ret = resident_now(crowd, &before);
    while (!ret && crowd->n < IOTHREADS)
        ret = crowd_grow(crowd, cpu);
    if (!ret)
        ret = resident_now(crowd, &after);
    if (ret)
        return ret;
    values[0] = (double)(after.all_kib - after.stacks_kib - before.all_kib + before.stacks_kib) / n;
    values[1] = (double)(after.rings_kib - before.rings_kib) / n;
    values[2] = (double)(after.stacks_kib - before.stacks_kib) / n;
    return 0;
}

struct answer {
    int ret;
    double values[MB_METRICS_MAX];
};

static void memory_child(const struct mb_run *run, const struct mb_loop_ops *ops, int fd)
{
    struct answer answer = { .ret = -ENOMEM };
    struct crowd *crowd = calloc(1, sizeof *crowd);

    if (crowd) {
        crowd->ops = ops;
        sem_init(&crowd->noted, 0, 0);
        answer.ret = crowd_measure(crowd, run->env->cpu[1], answer.values);
        for (size_t i = 0; i < crowd->n; i++)
            ops->stop(crowd->loop[i]);
        free(crowd);
    }
    _exit(write(fd, &answer, sizeof answer) == sizeof answer ? 0 : 1);
}

static int run_memory(const struct mb_run *run, const struct mb_loop_ops *ops, double *values)
{
    struct answer answer = { .ret = -EIO };
    int fds[2];
    pid_t pid;

    if (pipe2(fds, O_CLOEXEC))
        return -errno;
    pid = fork();
    if (pid == 0)
        memory_child(run, ops, fds[1]);
    close(fds[1]);
    if (pid > 0 && read(fds[0], &answer, sizeof answer) != sizeof answer)
        answer.ret = -EIO;
    close(fds[0]);
    if (pid > 0)
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
            ;
    memcpy(values, answer.values, sizeof answer.values);
    return answer.ret;
}

static int run_memory_lariat(const struct mb_run *run, double *values)
{
    return run_memory(run, &mb_loop_lariat, values);
}

#ifdef HAVE_LIBUV
static int run_memory_uv(const struct mb_run *run, double *values)
{
    return run_memory(run, &mb_loop_uv, values);
}
#endif

/* clang-format off */
static const struct mb_metric idle_metrics[] = {
    { "wake-ups", "1/s" },
    { "CPU", "% of one" },
    { "iowait", "% of one" },
};

static const struct mb_metric memory_metrics[] = {
    { "memory", "KiB" },
    { "of it, ring", "KiB" },
    { "stack (not in it)", "KiB" },
};

static const struct mb_case idle_cases[] = { { "lariat", MB_LARIAT, run_idle, 0 } };
static const struct mb_case polling_cases[] = { { "lariat, polling", MB_LARIAT, run_idle, 1 } };
static const struct mb_case memory_cases[] = {
    { "lariat", MB_LARIAT, run_memory_lariat, 0 },
#ifdef HAVE_LIBUV
    { "libuv async", MB_LIBRARY, run_memory_uv, 0 },
#endif
};

/* 0.005 rounds to 0.00 %. */
static const struct mb_target idle_targets[] = {
    { 0, NULL, false, 0 },
    { 1, NULL, false, 0.005 },
    { 2, NULL, false, 0.5 }, /* one tick in 2 s */
};
static const struct mb_target memory_targets[] = { { 0, NULL, false, 64 } };

#define IDLE \
    .one_round = true, .metrics = idle_metrics, .n_metrics = MB_COUNT(idle_metrics), .targets = idle_targets, \
    .n_targets = MB_COUNT(idle_targets)

static const struct mb_measure measures[] = {
    { .name = "idle-memory", .what = "memory of an idle iothread, stack aside", .one_round = true,
      .metrics = memory_metrics, .n_metrics = MB_COUNT(memory_metrics),
      .cases = memory_cases, .n_cases = MB_COUNT(memory_cases),
      .targets = memory_targets, .n_targets = MB_COUNT(memory_targets) },
    { .name = "idle", .what = "an iothread with nothing to do, 2 s", IDLE,
      .cases = idle_cases, .n_cases = MB_COUNT(idle_cases) },
    { .name = "idle-polling", .what = "the same with polling on (the default)", IDLE,
      .cases = polling_cases, .n_cases = MB_COUNT(polling_cases) },
};
/* clang-format on */

const struct mb_group mb_idle_group = { "idle", measures, MB_COUNT(measures) };
