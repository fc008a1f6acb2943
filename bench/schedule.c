/* SPDX-License-Identifier: MIT */
#include "schedule.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "engine.h"
#include "open_jobs.h"

void schedule_init(struct bench_run *run)
{
    const struct job_options *before = NULL;
    unsigned wave = 0;

    for (unsigned i = 0; i < run->n_jobs; i++) {
        struct bench_job *job = &run->jobs[i];
        const struct time_range *delay = &job->options->startdelay;
        struct rng rng;

        if (before && job->options != before && job->options->stonewall)
            wave++;
        before = job->options;
        job->wave = wave;
        rng_init(&rng, job->options->randseed + i);
        job->delay_ns = delay->min_ns;
        if (delay->max_ns > delay->min_ns)
            job->delay_ns += (int64_t)rng_below(&rng, (uint64_t)(delay->max_ns - delay->min_ns) + 1);
    }
}

bool schedule_is_first(const struct bench_job *job)
{
    return job->wave == 0 && job->options->wait_for_job < 0;
}

static bool is_done(const struct bench_job *job)
{
    return __atomic_load_n(&job->done, __ATOMIC_ACQUIRE);
}

/* All jobs of earlier waves are done, and the one it waits for. */
static bool may_start(const struct bench_run *run, const struct bench_job *job)
{
    const struct job_options *awaited =
        job->options->wait_for_job < 0 ? NULL : &run->options->jobs[job->options->wait_for_job];

    for (unsigned i = 0; i < run->n_jobs; i++) {
        const struct bench_job *other = &run->jobs[i];

        if ((other->wave < job->wave || other->options == awaited) && !is_done(other))
            return false;
    }
    return true;
}

static void skip(struct bench_job *job, int error)
{
    job->state = JOB_ENDED;
    job->error = error;
    __atomic_store_n(&job->done, true, __ATOMIC_RELEASE);
}

static int execute(const struct bench_job *job, const char *command)
{
    return command ? command_run(job->options->name, command) : 0;
}

/* Open and make ready. 0 or -errno: told. */
static int make_ready(struct bench_run *run, struct bench_job *job)
{
    int rc = execute(job, job->options->exec_prerun);

    if (!rc && !schedule_is_first(job)) {
        rc = job_init(job, run->options);
        if (!rc) {
            run_add_disks(run, job);
            disks_begin(&run->disks, bench_now_ns());
        }
    }
    if (!rc && !job->options->create_only)
        rc = job->engine->prepare(job);
    if (rc == -ENOMEM)
        fprintf(stderr, "lariat-bench: job %s: out of memory\n", job->options->name);
    if (!rc)
        job->state = JOB_READY;
    return rc;
}

static void start(struct bench_job *job, int64_t now_ns)
{
    if (job->options->create_only) {
        skip(job, 0);
        return;
    }
    job->state = JOB_RUNNING;
    job->iops_sampled_ns = job->bandwidth_sampled_ns = now_ns;
    job->engine->go(job);
}

static void stop(struct bench_job *job)
{
    if (job->state == JOB_RUNNING)
        work_stop(&job->work);
    else if (job->state == JOB_WAITING || job->state == JOB_READY)
        skip(job, 0);
}

void schedule_stop(struct bench_run *run)
{
    for (unsigned i = 0; i < run->n_jobs; i++)
        stop(&run->jobs[i]);
}

/* exitall: does the end of `job` end `other`? */
static bool ends_with(const struct bench_job *job, const struct bench_job *other)
{
    if (job->options->exitall_on_error && job->error)
        return true;
    if (!job->options->exitall)
        return false;
    switch ((enum exit_what)job->options->exit_what) {
    case EXIT_ALL: return true;
    case EXIT_STONEWALL: return other->wave == job->wave;
    case EXIT_GROUP: break;
    }
    return other->options->group == job->options->group;
}

static void ended(struct bench_run *run, struct bench_job *job)
{
    job->state = JOB_ENDED;
    if (targets_end(&job->targets, job->options) && !job->error)
        job->error = EIO;
    if (execute(job, job->options->exec_postrun) && !job->error)
        job->error = ECHILD;
    for (unsigned i = 0; i < run->n_jobs; i++)
        if (&run->jobs[i] != job && ends_with(job, &run->jobs[i]))
            stop(&run->jobs[i]);
}

/* Those that a command prepares have to wait for it. */
static bool may_open(const struct bench_run *run, const struct bench_job *job)
{
    return job->state == JOB_WAITING && !job->opened && !job->options->exec_prerun && may_start(run, job);
}

/* Make all ready whose turn has come, so that they then start together. */
static void make_ready_all(struct bench_run *run)
{
    open_jobs(run, may_open);
    for (unsigned i = 0; i < run->n_jobs; i++) {
        struct bench_job *job = &run->jobs[i];

        if (job->state != JOB_WAITING || !may_start(run, job))
            continue;
        int rc = make_ready(run, job);

        if (rc == -EINTR) { /* the main thread will see to it */
            skip(job, 0);
            run->start_failed = rc;
            return;
        }
        if (rc) {
            skip(job, -rc);
            run->start_failed = run->start_failed ? run->start_failed : rc;
            for (unsigned j = 0; j < run->n_jobs; j++)
                if (job->options->exitall_on_error)
                    stop(&run->jobs[j]);
        }
    }
}

int schedule_prepare(struct bench_run *run)
{
    make_ready_all(run);
    return run->start_failed;
}

int64_t schedule_step(struct bench_run *run, int64_t now_ns)
{
    int64_t next_ns = INT64_MAX;

    for (unsigned i = 0; i < run->n_jobs; i++)
        if (run->jobs[i].state == JOB_RUNNING && is_done(&run->jobs[i]))
            ended(run, &run->jobs[i]);
    make_ready_all(run);
    for (unsigned i = 0; i < run->n_jobs; i++) {
        struct bench_job *job = &run->jobs[i];

        if (job->state != JOB_READY)
            continue;
        if (!job->start_ns)
            job->start_ns = now_ns + job->delay_ns;
        if (job->start_ns <= now_ns || !job->delay_ns)
            start(job, now_ns);
        else if (job->start_ns < next_ns)
            next_ns = job->start_ns;
    }
    return next_ns;
}

bool schedule_is_over(const struct bench_run *run)
{
    for (unsigned i = 0; i < run->n_jobs; i++)
        if (run->jobs[i].state != JOB_ENDED)
            return false;
    return true;
}

void schedule_finish(struct bench_run *run)
{
    for (unsigned i = 0; i < run->n_jobs; i++)
        if (run->jobs[i].engine_state)
            run->jobs[i].engine->finish(&run->jobs[i]);
}
