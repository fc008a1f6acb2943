/* SPDX-License-Identifier: MIT */
/* Why a ring was refused, in words: what the error can mean, narrowed down by what /proc tells of this machine. */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <lariat/loop.h>

/* What a ring of the default 128/512 entries is charged to RLIMIT_MEMLOCK, and the smallest that is tried, 32/128. */
#define RING_KIB_DEFAULT 20
#define RING_KIB_LEAST 8

static long read_number(const char *path, long otherwise)
{
    FILE *f = fopen(path, "re");
    long value;

    if (!f)
        return otherwise;
    if (fscanf(f, "%ld", &value) != 1)
        value = otherwise;
    fclose(f);
    return value;
}

static bool under_seccomp(void)
{
    FILE *f = fopen("/proc/self/status", "re");
    char line[256];
    int mode = 0;

    while (f && fgets(line, sizeof(line), f))
        if (sscanf(line, "Seccomp: %d", &mode) == 1)
            break;
    if (f)
        fclose(f);
    return mode == 2;
}

static char *say_refused(const char *error)
{
    long disabled = read_number("/proc/sys/kernel/io_uring_disabled", 0);
    char *text = NULL;
    int n;

    if (disabled)
        n = asprintf(&text, "io_uring is refused (%s): kernel.io_uring_disabled is %ld. Set it to 0 (sysctl -w "
                     "kernel.io_uring_disabled=0)%s.", error, disabled,
                     disabled == 1 ? ", or run with CAP_SYS_ADMIN or in the group named by kernel.io_uring_group" : "");
    else if (under_seccomp())
        n = asprintf(&text, "io_uring is refused (%s): a seccomp filter, as containers use, forbids it. "
                     "Allow io_uring_setup, io_uring_enter and io_uring_register in its profile.", error);
    else
        n = asprintf(&text, "io_uring is refused (%s): a security policy of this system forbids it.", error);
    return n < 0 ? NULL : text;
}

static char *say_missing(const char *error)
{
    struct utsname name;
    char *text = NULL;
    int n;

    if (under_seccomp())
        return say_refused(error);
    n = asprintf(&text, "this kernel (%s) has no io_uring (%s). Lariat needs Linux 5.6 or newer with CONFIG_IO_URING.",
                 uname(&name) == 0 ? name.release : "?", error);
    return n < 0 ? NULL : text;
}

static char *say_memory(void)
{
    struct rlimit limit = { 0, 0 };
    char *text = NULL;
    char now[32] = "unlimited";
    int n;

    getrlimit(RLIMIT_MEMLOCK, &limit);
    if (limit.rlim_cur != RLIM_INFINITY)
        snprintf(now, sizeof(now), "%llu KiB", (unsigned long long)limit.rlim_cur / 1024);
    n = asprintf(&text, "there is no memory for a ring: ring memory counts against RLIMIT_MEMLOCK, which is %s for all "
                 "processes of this user together. Each loop needs about %d KiB (at least %d KiB): raise it with "
                 "'ulimit -l' or LimitMEMLOCK= (a ring torn down gives its share back a little later).",
                 now, RING_KIB_DEFAULT, RING_KIB_LEAST);
    return n < 0 ? NULL : text;
}

static char *say_descriptors(int err)
{
    struct rlimit limit = { 0, 0 };
    char *text = NULL;
    int n;

    getrlimit(RLIMIT_NOFILE, &limit);
    if (err == ENFILE)
        n = asprintf(&text, "the system has no file descriptors left (fs.file-max).");
    else
        n = asprintf(&text, "no file descriptors are left: RLIMIT_NOFILE is %llu, and each loop takes two. Raise it with "
                     "'ulimit -n' or LimitNOFILE=.", (unsigned long long)limit.rlim_cur);
    return n < 0 ? NULL : text;
}

static char *say_other(int err)
{
    const char *hint = "";
    char *text = NULL;

    if (err == EINVAL)
        hint = ": an option is out of range, or this kernel is too old for a ring with a CQ size of its own (Linux 5.5)";
    else if (err == EOPNOTSUPP)
        hint = ": the option asked for is not built";
    else if (err == EAGAIN)
        hint = ": no more threads can be made (RLIMIT_NPROC, the pids cgroup, or memory)";
    if (asprintf(&text, "the loop could not be made (%s)%s.", strerror(err), hint) < 0)
        return NULL;
    return text;
}

char *lariat_explain_setup(int err)
{
    err = err < 0 && err > -INT_MAX ? -err : err;
    switch (err) {
    case EPERM:
    case EACCES:
        return say_refused(strerror(err));
    case ENOSYS:
        return say_missing(strerror(err));
    case ENOMEM:
        return say_memory();
    case EMFILE:
    case ENFILE:
        return say_descriptors(err);
    default:
        return say_other(err);
    }
}
