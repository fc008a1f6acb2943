/* SPDX-License-Identifier: MIT */
#include "interrupt.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t came;

static void remember(int signum)
{
    came = signum;
}

void interrupt_hold(void)
{
    static const int signals[] = { SIGINT, SIGQUIT, SIGTERM };
    struct sigaction action = { .sa_handler = remember }, old;

    /* Also where they are ignored, as SIGINT is in what a shell runs in the background: who sends one means it. */
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        sigaction(signals[i], &action, NULL);
    if (sigaction(SIGHUP, NULL, &old) == 0 && old.sa_handler != SIG_IGN) /* nohup(1) */
        sigaction(SIGHUP, &action, NULL);
    signal(SIGTSTP, SIG_IGN);
}

bool interrupt_came(void)
{
    return came != 0;
}

void interrupt_deliver(void)
{
    int signum = came;

    if (!signum)
        return;
    signal(signum, SIG_DFL);
    raise(signum);
}
