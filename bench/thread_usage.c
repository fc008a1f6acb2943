/* SPDX-License-Identifier: MIT */
#include "thread_usage.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "text_file.h"

static uint64_t switches_of(pid_t tid)
{
    char path[64], text[4096];
    uint64_t sum = 0, n;

    snprintf(path, sizeof(path), "/proc/self/task/%d/status", (int)tid);
    if (text_file_read("", path, text, sizeof(text)) < 0)
        return 0;
    for (const char *at = text; (at = strstr(at, "voluntary_ctxt_switches:")); at++)
        if (sscanf(at, "voluntary_ctxt_switches:%" SCNu64, &n) == 1)
            sum += n;
    return sum;
}

int thread_usage_get(pid_t tid, struct thread_usage *usage)
{
    char path[64], text[1024];
    uint64_t minor, major, usr, sys;
    double tick_ns = 1e9 / (double)sysconf(_SC_CLK_TCK);

    *usage = (struct thread_usage){ .usr_ns = 0 };
    snprintf(path, sizeof(path), "/proc/self/task/%d/stat", (int)tid);
    if (text_file_read("", path, text, sizeof(text)) < 0)
        return -ENOENT;
    const char *rest = strrchr(text, ')'); /* the name before it may hold anything */
    if (!rest || sscanf(rest, ") %*c %*d %*d %*d %*d %*d %*u %" SCNu64 " %*u %" SCNu64 " %*u %" SCNu64 " %" SCNu64, &minor,
                        &major, &usr, &sys) != 4)
        return -EINVAL;
    *usage = (struct thread_usage){ (double)usr * tick_ns, (double)sys * tick_ns, major, minor, switches_of(tid) };
    return 0;
}

int64_t thread_cpu_ns(pid_t tid)
{
    struct timespec ts;
    /* The kernel's number of the clock of a thread's CPU time, which pthread_getcpuclockid() would make from a pthread_t. */
    clockid_t clock = (clockid_t)(~(unsigned)tid << 3 | 6);

    return tid && clock_gettime(clock, &ts) == 0 ? ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec : 0;
}
