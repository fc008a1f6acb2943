/* SPDX-License-Identifier: MIT */
/*
 * A program to look into: ctl-server PATH [PERIOD_US...]
 *
 * Makes an iothread for each period (200 and 1000 us if none is given), "io0" and so on, that has a timer of that period
 * which submits a few NOPs and wakes the next iothread. Serves a control socket on PATH, prints "ready", and runs until stdin
 * ends or SIGTERM comes. On SIGHUP it drops all clients, for a new socket. Exits 77 with the reason when this machine gives it
 * no ring.
 */
#include <errno.h>
#include <lariat/lariat.h>
#include <lariat/monitor.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define LOADS_MAX 64
#define BATCH 4

struct load {
    struct lariat_iothread *iothread;
    struct lariat_timer timer;
    struct lariat_op ops[BATCH];
    unsigned n_inflight;
    int64_t period_ns;
    struct load *next; /* whom it wakes */
};

static struct load loads[LOADS_MAX];
static unsigned n_loads;

static void nop_done(struct lariat_op *op, int res)
{
    struct load *load = op->opaque;

    (void)res;
    load->n_inflight--;
}

static void woken(void *opaque)
{
    (void)opaque;
}

static void submit(struct load *load)
{
    for (unsigned i = 0; i < BATCH; i++) {
        load->ops[i].fn = nop_done;
        load->ops[i].opaque = load;
        load->n_inflight++;
        lariat_nop(lariat_loop_current(), &load->ops[i]);
    }
}

/* On the iothread. While NOPs are under way there are no new ones. */
static void tick(void *opaque)
{
    struct load *load = opaque;

    if (load->n_inflight == 0)
        submit(load);
    (void)lariat_bh_schedule_oneshot(lariat_iothread_loop(load->next->iothread), woken, NULL);
    lariat_timer_set_ns(&load->timer, lariat_now_ns() + load->period_ns);
}

static void start(void *opaque)
{
    struct load *load = opaque;

    lariat_timer_init(&load->timer, lariat_loop_current(), tick, load);
    tick(load);
}

static void stop(void *opaque)
{
    struct load *load = opaque;

    lariat_timer_cancel(&load->timer);
}

static int make_iothread(const char *period_us)
{
    struct load *load = &loads[n_loads];
    char id[16];

    snprintf(id, sizeof(id), "io%u", n_loads);
    load->period_ns = atoll(period_us) * 1000;
    int rc = lariat_iothread_new(id, NULL, &load->iothread);
    if (rc < 0) {
        printf("SKIP: there is no ring: %s\n", lariat_explain_setup(rc));
        return 77;
    }
    n_loads++;
    return 0;
}

static int make_iothreads(int argc, char **argv)
{
    int rc = argc > 2 ? 0 : make_iothread("200");

    if (!rc && argc <= 2)
        rc = make_iothread("1000");
    for (int i = 2; i < argc && n_loads < LOADS_MAX && !rc; i++)
        rc = make_iothread(argv[i]);
    for (unsigned i = 0; i < n_loads; i++)
        loads[i].next = &loads[(i + 1) % n_loads];
    return rc;
}

/* True: SIGHUP came; else it is the end. Both signals are blocked, and so they are in all threads. */
static bool wait_for_a_signal(int signal_fd)
{
    struct pollfd pfds[] = { { .fd = STDIN_FILENO, .events = POLLIN }, { .fd = signal_fd, .events = POLLIN } };
    struct signalfd_siginfo info;
    char byte;

    for (;;) {
        if (poll(pfds, 2, -1) < 0 && errno != EINTR)
            return false;
        if (pfds[1].revents)
            return read(signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info) && info.ssi_signo == SIGHUP;
        if (pfds[0].revents && read(STDIN_FILENO, &byte, 1) <= 0)
            return false;
    }
}

static int serve(const char *path, int signal_fd)
{
    bool again = true;

    while (again) {
        struct lariat_monitor *monitor;
        char *errmsg = NULL;

        if (lariat_monitor_start(path, &monitor, &errmsg) < 0) {
            fprintf(stderr, "ctl-server: %s\n", errmsg ? errmsg : "no memory");
            free(errmsg);
            return EXIT_FAILURE;
        }
        puts("ready");
        fflush(stdout);
        again = wait_for_a_signal(signal_fd);
        lariat_monitor_stop(monitor);
    }
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    sigset_t end;
    int status;

    sigemptyset(&end);
    sigaddset(&end, SIGTERM);
    sigaddset(&end, SIGHUP);
    sigprocmask(SIG_BLOCK, &end, NULL);
    if (argc < 2)
        return 2;
    status = make_iothreads(argc, argv);
    for (unsigned i = 0; i < n_loads && !status; i++)
        lariat_loop_call(lariat_iothread_loop(loads[i].iothread), start, &loads[i]);
    if (!status)
        status = serve(argv[1], signalfd(-1, &end, SFD_CLOEXEC));
    /* All stop before the first goes: they wake each other. */
    for (unsigned i = 0; i < n_loads; i++)
        lariat_loop_call(lariat_iothread_loop(loads[i].iothread), stop, &loads[i]);
    for (unsigned i = 0; i < n_loads; i++)
        lariat_iothread_destroy(loads[i].iothread);
    return status;
}
