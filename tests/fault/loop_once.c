/* SPDX-License-Identifier: MIT */
/*
 * What the shell tests tests/sh/faults-*.sh run under strace, which makes system calls fail.
 *
 *   loop_once nothing    what a start without a loop takes
 *   loop_once loop       make a loop and end it
 *   loop_once iothread   make an iothread and end it
 *   loop_once work       a loop does some of everything, and each thing must be done exactly once
 *   loop_once wake       a thread schedules BHs one at a time and lets the loop fall asleep before each
 *   loop_once flood      more requests than the queue holds, before the loop is first polled: those for which the kernel makes
 *                        no room must end with EAGAIN, all others are done, each once
 *
 * Prints "new RESULT" and "leaked N descriptors, N threads", but for the first three also "done N of N, N wrong", for "wake"
 * "woken by N writes", for "flood" "N refused". Exits 0 if it came to its end, whatever the results: the script judges.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <liburing.h>

#include "fault_support.h"

enum { N_OPS = 1000, N_BHS = 50 };

static int n_wanted, n_done, n_wrong;
static int n_refused; /* of the other thread, until it is joined; of "flood": ops */

struct request {
    struct lariat_op op;
    int expected, n_done;
};

static void count_request(struct lariat_op *op, int res)
{
    struct request *request = op->opaque;
    n_done++;
    request->n_done++;
    if (res != request->expected || request->n_done != 1) {
        n_wrong++;
        printf("a result is %d instead of %d, its completion number %d\n", res, request->expected, request->n_done);
    }
}

static struct request *request_new(int i, int expected)
{
    static struct request requests[N_OPS];
    requests[i] = (struct request){ .op = { .fn = count_request, .opaque = &requests[i] }, .expected = expected };
    n_wanted++;
    return &requests[i];
}

static void count_run(void *opaque)
{
    (void)opaque;
    n_done++;
}

/* Schedules BHs from another thread, waiting now and then so that the loop falls asleep. */
static void *schedule_bhs(void *opaque)
{
    for (int i = 0; i < N_BHS; i++) {
        if (lariat_bh_schedule_oneshot(opaque, count_run, NULL) != 0)
            n_refused++;
        if (i % 10 == 0)
            usleep(1000); /* not synchronisation: variety */
    }
    return NULL;
}

/* Refused while it is prepared: without IORING_SETUP_SUBMIT_ALL the kernel then takes none of those behind it. */
static void submit_invalid(struct lariat_loop *loop, struct request *request)
{
    struct io_uring_sqe *sqe = lariat_sqe(loop, &request->op);
    sqe->opcode = 255;
    sqe->fd = -1;
}

static void submit_one(struct lariat_loop *loop, int i, int file, const int fds[2])
{
    static char byte[N_OPS];
    switch (i % 5) {
    case 0:
        if (i % 3 == 0)
            submit_invalid(loop, request_new(i, -EINVAL));
        else
            lariat_nop(loop, &request_new(i, 0)->op);
        break;
    case 1:
        lariat_read(loop, &request_new(i, 1)->op, file, &byte[i], 1, 0);
        break;
    case 2:
        lariat_read(loop, &request_new(i, -EBADF)->op, -1, &byte[i], 1, 0);
        break;
    case 3: /* waits for what the next one writes */
        lariat_read(loop, &request_new(i, 1)->op, fds[0], &byte[i], 1, -1);
        break;
    default:
        lariat_write(loop, &request_new(i, 1)->op, fds[1], "x", 1, -1);
        break;
    }
}

static int work(struct lariat_loop *loop)
{
    int fds[2], file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), rc = 0;
    struct lariat_timer timer;
    pthread_t thread;
    if (file < 0 || pipe2(fds, O_CLOEXEC) != 0 || pthread_create(&thread, NULL, schedule_bhs, loop) != 0)
        return 1;
    n_wanted += N_BHS + 1;
    lariat_timer_init(&timer, loop, count_run, NULL);
    lariat_timer_set_ns(&timer, lariat_now_ns() + 5000000);
    for (int i = 0; i < N_OPS && rc >= 0; i++) {
        submit_one(loop, i, file, fds);
        if (i % 5 == 4)
            rc = lariat_loop_poll(loop, i % 2 == 0);
    }
    while (rc >= 0 && n_done < n_wanted)
        rc = lariat_loop_poll(loop, true);
    pthread_join(thread, NULL);
    n_wrong += n_refused;
    lariat_timer_cancel(&timer);
    printf("done %d of %d, %d wrong\n", n_done, n_wanted, n_wrong);
    print_result("poll", rc < 0 ? rc : 0);
    close(file);
    close(fds[0]);
    close(fds[1]);
    return 0;
}

static void post(void *opaque)
{
    n_done++;
    sem_post(opaque);
}

struct waker {
    struct lariat_loop *loop;
    sem_t ran;
};

static void *wake_again_and_again(void *opaque)
{
    struct waker *waker = opaque;
    for (int i = 0; i < N_BHS; i++) {
        usleep(500); /* not synchronisation: most of the time the loop sleeps by then */
        if (lariat_bh_schedule_oneshot(waker->loop, post, &waker->ran) != 0)
            n_refused++;
        while (sem_wait(&waker->ran) != 0)
            ;
    }
    return NULL;
}

static int wake(struct lariat_loop *loop)
{
    struct waker waker = { .loop = loop };
    struct lariat_loop_stats stats = LARIAT_LOOP_STATS_INIT;
    pthread_t thread;
    int rc = 0;
    sem_init(&waker.ran, 0, 0);
    if (pthread_create(&thread, NULL, wake_again_and_again, &waker) != 0)
        return 1;
    n_wanted = N_BHS;
    while (rc >= 0 && n_done < n_wanted)
        rc = lariat_loop_poll(loop, true);
    pthread_join(thread, NULL);
    lariat_loop_get_stats(loop, &stats);
    printf("done %d of %d, %d wrong\nwoken by %llu writes\n", n_done, n_wanted, n_refused,
           (unsigned long long)stats.eventfd_writes);
    sem_destroy(&waker.ran);
    return 0;
}

static void count_nop(struct lariat_op *op, int res)
{
    struct request *request = op->opaque;
    n_refused += res == -EAGAIN;
    if (res == -EAGAIN)
        request->expected = -EAGAIN;
    count_request(op, res);
}

static int flood(struct lariat_loop *loop)
{
    int rc = 0, reserved = 0;
    for (int i = 0; i < N_OPS; i++) {
        struct request *request = request_new(i, 0);
        request->op.fn = count_nop;
        lariat_nop(loop, &request->op);
        if (reserved == 0)
            reserved = lariat_sqe_reserve(loop, 128);
    }
    n_wrong += reserved != 0 && reserved != -EAGAIN;
    while (rc >= 0 && n_done < n_wanted)
        rc = lariat_loop_poll(loop, true);
    printf("done %d of %d, %d wrong\n%d refused\n", n_done, n_wanted, n_wrong, n_refused);
    print_result("poll", rc < 0 ? rc : 0);
    return 0;
}

static int run(const char *what)
{
    struct lariat_iothread *iothread = NULL;
    struct lariat_loop *loop = NULL;
    if (strcmp(what, "nothing") == 0)
        return 0;
    if (strcmp(what, "iothread") == 0) {
        print_result("new", lariat_iothread_new("io0", NULL, &iothread));
        lariat_iothread_destroy(iothread);
        return 0;
    }
    if (print_new_loop(&loop) != 0)
        return 0;
    int rc = strcmp(what, "work") == 0 ? work(loop) : strcmp(what, "wake") == 0 ? wake(loop) :
             strcmp(what, "flood") == 0 ? flood(loop) : 0;
    print_close(loop);
    return rc;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: loop_once nothing|loop|iothread|work|wake|flood\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    int n_fds = count_entries("/proc/self/fd");
    int rc = run(argv[1]);
    print_leaks(n_fds);
    return rc;
}
