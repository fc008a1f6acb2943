/* SPDX-License-Identifier: MIT */
#include "run.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "disk_below.h"
#include "engine.h"
#include "interrupt.h"
#include "iothread_pool.h"
#include "logs.h"
#include "open_jobs.h"
#include "report.h"
#include "schedule.h"

static int add_jobs(struct bench_run *run, const struct bench_options *options)
{
    size_t n = 0;

    for (size_t i = 0; i < options->n_jobs; i++)
        n += options->jobs[i].numjobs;
    run->jobs = aligned_alloc(_Alignof(struct bench_job), n * sizeof(*run->jobs));
    if (!run->jobs)
        return -ENOMEM;
    memset(run->jobs, 0, n * sizeof(*run->jobs));
    for (size_t i = 0; i < options->n_jobs; i++)
        for (unsigned clone = 0; clone < options->jobs[i].numjobs; clone++) {
            struct bench_job *job = &run->jobs[run->n_jobs];

            job->options = &options->jobs[i];
            job->engine = engine_of(job->options);
            job->index = run->n_jobs++;
            job->clone = clone;
            job->done_fd = run->done_fd;
            job->work.options = job->options;
        }
    return 0;
}

/* Where their threads are to be; told while nothing has been touched. */
static int place_jobs(struct bench_run *run)
{
    int rc = 0;

    for (unsigned i = 0; i < run->n_jobs && !rc; i++)
        rc = placement_init(&run->jobs[i].placement, run->jobs[i].options, i);
    return rc ? rc : iothread_pool_check(run->jobs, run->n_jobs);
}

static bool same_file(const struct target *a, const struct target *b)
{
    struct stat sa, sb;

    return a->fd >= 0 && b->fd >= 0 && fstat(a->fd, &sa) == 0 && fstat(b->fd, &sb) == 0 && sa.st_dev == sb.st_dev &&
           sa.st_ino == sb.st_ino;
}

static bool same_region(const struct target *a, const struct target *b)
{
    return same_file(a, b) && a->base < b->base + b->bytes && b->base < a->base + a->bytes;
}

/* Two jobs that write one region at a time would find each other's blocks when verifying. */
static int refuse_shared_verify(const struct bench_job *a, const struct bench_job *b)
{
    bool writes = rw_writes((enum rw_mode)a->options->rw) && rw_writes((enum rw_mode)b->options->rw);

    if (!writes || (!a->options->verify && !b->options->verify) || a->wave != b->wave)
        return 0;
    for (unsigned i = 0; i < a->targets.n; i++)
        for (unsigned j = 0; j < b->targets.n; j++)
            if (same_region(&a->targets.targets[i], &b->targets.targets[j])) {
                fprintf(stderr,
                        "lariat-bench: job %s: --verify: another job or clone writes %s too; give each a file of its own\n",
                        a->options->name, a->targets.targets[i].path);
                return -EINVAL;
            }
    return 0;
}

void run_add_disks(struct bench_run *run, const struct bench_job *job)
{
    for (unsigned i = 0; i < job->targets.n && job->options->disk_util; i++)
        if (job->targets.targets[i].fd >= 0)
            disks_add_file(&run->disks, job->targets.targets[i].fd);
}

static bool is_first(const struct bench_run *run, const struct bench_job *job)
{
    (void)run;
    return schedule_is_first(job);
}

int run_init(struct bench_run *run, const struct bench_options *options)
{
    int rc = 0;
    unsigned n_open = 0;

    memset(run, 0, sizeof(*run));
    run->options = options;
    run->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (run->done_fd < 0)
        rc = -errno;
    if (!rc)
        rc = add_jobs(run, options);
    if (rc)
        fprintf(stderr, "lariat-bench: %s\n", strerror(-rc));
    if (!rc)
        rc = place_jobs(run);
    if (!rc)
        schedule_init(run);
    if (!rc)
        open_jobs(run, is_first);
    for (; n_open < run->n_jobs && !rc; n_open++)
        if (schedule_is_first(&run->jobs[n_open]))
            rc = interrupted() ? -EINTR : job_init(&run->jobs[n_open], options);
    for (unsigned i = 0; i < run->n_jobs && !rc; i++)
        for (unsigned j = i + 1; j < run->n_jobs && !rc; j++)
            rc = refuse_shared_verify(&run->jobs[i], &run->jobs[j]);
    if (rc) {
        run_free(run);
        return rc;
    }
    disks_init(&run->disks, "");
    for (unsigned i = 0; i < run->n_jobs; i++)
        run_add_disks(run, &run->jobs[i]);
    rc = logs_open(run);
    if (rc) {
        run_free(run);
        return rc;
    }
    if (options->preflight) {
        preflight_run(&run->preflight, run, "");
        preflight_print(&run->preflight, stderr);
    }
    return 0;
}

void run_free(struct bench_run *run)
{
    observer_free(&run->observer);
    logs_close(run);
    for (unsigned i = 0; i < run->n_jobs; i++)
        job_free(&run->jobs[i]);
    free(run->jobs);
    run->jobs = NULL;
    run->n_jobs = 0;
    if (run->done_fd >= 0)
        close(run->done_fd);
    run->done_fd = -1;
}

/* Sleep until a job is done, a signal came, or `until`. */
static void wait_for_news(const struct bench_run *run, int64_t until_ns)
{
    struct pollfd fds[2] = { { run->done_fd, POLLIN, 0 }, { interrupt_fd(), POLLIN, 0 } };
    int64_t left_ns = until_ns - bench_now_ns();
    struct timespec timeout = { left_ns > 0 ? left_ns / 1000000000 : 0, left_ns > 0 ? left_ns % 1000000000 : 0 };
    uint64_t count;

    ppoll(fds, 2, &timeout, NULL);
    if (fds[0].revents)
        (void)!read(run->done_fd, &count, sizeof(count));
}

static void stop_all(struct bench_run *run)
{
    run->was_interrupted = true;
    schedule_stop(run);
}

/* The results so far, for SIGUSR1. */
static void dump(const struct bench_run *run)
{
    struct report report;

    if (report_init(&report, run) == 0)
        report_normal(&report, stderr);
    report_free(&report);
}

static void watch(struct bench_run *run)
{
    for (;;) {
        int64_t start_ns = schedule_step(run, bench_now_ns()), due_ns = observer_due_ns(&run->observer);

        if (schedule_is_over(run))
            break;
        wait_for_news(run, start_ns < due_ns ? start_ns : due_ns);
        if (interrupted() && !run->was_interrupted) /* the second one ends us */
            stop_all(run);
        if (dump_wanted())
            dump(run);
        observer_tick(&run->observer, bench_now_ns());
    }
    observer_end(&run->observer, bench_now_ns());
}

int run_all(struct bench_run *run)
{
    int rc = schedule_prepare(run);

    if (!rc) {
        clock_gettime(CLOCK_REALTIME, &run->begun);
        run->begun_ns = bench_now_ns();
        disks_begin(&run->disks, run->begun_ns);
        rc = observer_begin(&run->observer, run);
    }
    if (!rc) {
        if (run->preamble)
            report_preamble(run, run->preamble);
        watch(run);
        run->ended_ns = bench_now_ns();
        disks_end(&run->disks, run->ended_ns);
        run->logs_failed = logs_finish(run, run->ended_ns) != 0;
    }
    schedule_finish(run);
    if (rc)
        return rc;
    for (unsigned i = 0; i < run->n_jobs; i++)
        job_sample(&run->jobs[i], run->jobs[i].work.run_end_ns, true);
    return 0;
}
