/* SPDX-License-Identifier: MIT */
#include "interrupt.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <unistd.h>

static int signal_fd = -1;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* files may be laid out on several threads */
static unsigned n_signals, n_dumps;

/* A signal that is ignored, perhaps because our parent ignored it, would never reach the descriptor, blocked or not. */
static int stop_ignoring(int signum)
{
    struct sigaction action = { .sa_handler = SIG_DFL };

    return sigaction(signum, &action, NULL);
}

int interrupt_init(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGUSR1);
    /* A closed pipe shall be an error of write(2), told like others. */
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR || sigprocmask(SIG_BLOCK, &set, NULL))
        return -errno;
    if (stop_ignoring(SIGINT) || stop_ignoring(SIGTERM) || stop_ignoring(SIGUSR1))
        return -errno;
    signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    return signal_fd < 0 ? -errno : 0;
}

int interrupt_fd(void)
{
    return signal_fd;
}

static void read_signals(void)
{
    struct signalfd_siginfo info;

    while (read(signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        if (info.ssi_signo == SIGUSR1) {
            n_dumps++;
            continue;
        }
        n_signals++;
        if (n_signals == 1)
            fputs("\nlariat-bench: interrupted: stopping; once more ends it at once\n", stderr);
        else
            _exit(EXIT_INTERRUPTED);
    }
}

bool interrupted(void)
{
    bool any;

    pthread_mutex_lock(&lock);
    read_signals();
    any = n_signals > 0;
    pthread_mutex_unlock(&lock);
    return any;
}

bool dump_wanted(void)
{
    bool wanted;

    pthread_mutex_lock(&lock);
    read_signals();
    wanted = n_dumps > 0;
    n_dumps = 0;
    pthread_mutex_unlock(&lock);
    return wanted;
}
