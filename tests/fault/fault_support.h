/* SPDX-License-Identifier: MIT */
/* What the programs of this folder share: they print what happened, one thing per line, and a shell script judges it. */
#ifndef FAULT_SUPPORT_H
#define FAULT_SUPPORT_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <lariat/lariat.h>

static inline int count_entries(const char *folder)
{
    DIR *dir = opendir(folder);
    int n = 0;
    while (dir != NULL && readdir(dir) != NULL)
        n++;
    if (dir != NULL)
        closedir(dir);
    return n;
}

/* Not counting the kernel's own, which old kernels keep for some seconds after the end of the ring. */
static inline int count_threads_once(void)
{
    DIR *dir = opendir("/proc/self/task");
    struct dirent *entry;
    int n = 0;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        char path[300], name[8] = "";
        snprintf(path, sizeof(path), "/proc/self/task/%s/comm", entry->d_name);
        FILE *f = entry->d_name[0] == '.' ? NULL : fopen(path, "re");
        if (f != NULL && fgets(name, sizeof(name), f) != NULL)
            n += strncmp(name, "iou-", 4) != 0;
        if (f != NULL)
            fclose(f);
    }
    if (dir != NULL)
        closedir(dir);
    return n;
}

/* A thread that was joined may be listed for a moment longer. */
static inline int count_other_threads(void)
{
    int n = 1;
#if defined(__SANITIZE_THREAD__)
    return 0; /* TSan has one of its own, made with the first of ours */
#endif
    for (int i = 0; i < 1000 && n > 0; i++) {
        n = count_threads_once() - 1;
        if (n > 0)
            usleep(1000);
    }
    return n;
}

/* The last line of each program. n_fds: descriptors at its beginning, by count_entries(). */
static inline void print_leaks(int n_fds)
{
    printf("leaked %d descriptors, %d threads\n", count_entries("/proc/self/fd") - n_fds, count_other_threads());
}

/* A count, or the name of an error. */
static inline const char *result_name(int res)
{
    static char number[16];
    if (res < 0)
        return strerrorname_np(-res);
    snprintf(number, sizeof(number), "%d", res);
    return number;
}

/* The result of a constructor or of the like, and its explanation. */
static inline void print_result(const char *what, int rc)
{
    char *reason = rc < 0 ? lariat_explain_setup(rc) : NULL;
    printf("%s %s\n", what, rc < 0 ? result_name(rc) : "0");
    if (reason != NULL)
        printf("%s\n", reason);
    free(reason);
}

static inline int print_new_loop(struct lariat_loop **loop)
{
    int rc = lariat_loop_new(NULL, loop);
    struct lariat_loop_stats stats = LARIAT_LOOP_STATS_INIT;
    print_result("new", rc);
    if (rc != 0)
        return rc;
    lariat_loop_get_stats(*loop, &stats);
    printf("sizes %u %u, registered %d\n", stats.sq_entries, stats.cq_entries, stats.registered_ring);
    return 0;
}

static inline void print_close(struct lariat_loop *loop)
{
    print_result("close", lariat_loop_close(loop));
    lariat_loop_unref(loop);
}

#endif
