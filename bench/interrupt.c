/* SPDX-License-Identifier: MIT */
#include "interrupt.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <unistd.h>

static int signal_fd = -1;
static unsigned n_signals;

int interrupt_init(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    /* A closed pipe shall be an error of write(2), told like others. */
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR || sigprocmask(SIG_BLOCK, &set, NULL))
        return -errno;
    signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    return signal_fd < 0 ? -errno : 0;
}

int interrupt_fd(void)
{
    return signal_fd;
}

bool interrupted(void)
{
    struct signalfd_siginfo info;

    while (read(signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        n_signals++;
        if (n_signals == 1)
            fputs("\nlariat-bench: interrupted: stopping; once more ends it at once\n", stderr);
        else
            _exit(EXIT_INTERRUPTED);
    }
    return n_signals > 0;
}
