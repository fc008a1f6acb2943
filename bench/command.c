/* SPDX-License-Identifier: MIT */
#include "command.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "interrupt.h"

static int start(const char *command, pid_t *pid)
{
    char shell[] = "sh", option[] = "-c", *argv[] = { shell, option, strdupa(command), NULL };
    posix_spawnattr_t attributes;
    sigset_t none, defaults;
    int rc = posix_spawnattr_init(&attributes);

    if (rc)
        return rc;
    sigemptyset(&none);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    rc = posix_spawn(pid, "/bin/sh", NULL, &attributes, argv, environ);
    posix_spawnattr_destroy(&attributes);
    return rc;
}

#define LOOK_MS 10 /* where there are no descriptors of processes */

/* Its status; *ended: by us. */
static int wait_for(pid_t pid, bool *ended)
{
    int fd = (int)syscall(SYS_pidfd_open, pid, 0), status = -1;
    bool before = interrupted();
    struct pollfd fds[2] = { { fd, POLLIN, 0 }, { before ? -1 : interrupt_fd(), POLLIN, 0 } };

    while (waitpid(pid, &status, WNOHANG) == 0) {
        poll(fds, 2, fd < 0 ? LOOK_MS : -1);
        if (*ended || before || !interrupted())
            continue;
        kill(pid, SIGTERM);
        *ended = true;
    }
    if (fd >= 0)
        close(fd);
    return status;
}

int command_run(const char *job, const char *command)
{
    bool ended = false;
    pid_t pid;
    int rc = start(command, &pid), status = rc ? 0 : wait_for(pid, &ended);

    if (ended)
        return -EINTR;
    if (!rc && !status)
        return 0;
    fprintf(stderr, "lariat-bench: job %s: \"%s\": ", job, command);
    if (rc)
        fprintf(stderr, "%s\n", strerror(rc));
    else if (WIFSIGNALED(status))
        fprintf(stderr, "signal %d ended it\n", WTERMSIG(status));
    else
        fprintf(stderr, "it exited with status %d\n", WEXITSTATUS(status));
    return -ECHILD;
}
