/* SPDX-License-Identifier: MIT */
#include "observer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "logs.h"
#include "run.h"

#define INTERVAL_NS INT64_C(100000000) /* at first; see intervals_add() */
#define MANY_JOBS 64                   /* from here on looking at them all costs time that counts */

static void take_moments(struct observer *observer, int64_t now_ns, bool begin)
{
    const struct bench_run *run = observer->run;
    bool full = false;
    unsigned first = figures_next_entry(run, 0);

    for (unsigned i = 0; i < observer->n_entries; i++) {
        unsigned end = figures_next_entry(run, first + 1);

        moment_take(observer->moment, run, first, end - first, now_ns);
        if (begin)
            intervals_begin(&observer->intervals[i], observer->moment);
        else
            full |= intervals_add(&observer->intervals[i], observer->moment, run->begun_ns);
        first = end;
    }
    if (full)
        observer->interval_ns *= 2;
}

static int watch_steady_states(struct observer *observer)
{
    struct bench_run *run = observer->run;
    unsigned first = figures_next_entry(run, 0);
    int rc = 0;

    for (unsigned i = 0; i < observer->n_entries && !rc; i++) {
        unsigned end = figures_next_entry(run, first + 1);

        rc = steady_watch_init(&observer->steady[i], &run->jobs[first], end - first);
        first = end;
    }
    return rc;
}

int observer_begin(struct observer *observer, struct bench_run *run)
{
    memset(observer, 0, sizeof(*observer));
    observer->run = run;
    observer->n_entries = figures_count_entries(run);
    observer->intervals = calloc(observer->n_entries, sizeof(*observer->intervals));
    observer->steady = calloc(observer->n_entries, sizeof(*observer->steady));
    observer->moment = calloc(1, sizeof(*observer->moment));
    if (!observer->intervals || !observer->steady || !observer->moment || watch_steady_states(observer))
        return -ENOMEM;
    observer->interval_ns = run->n_jobs < MANY_JOBS ? INTERVAL_NS : 10 * INTERVAL_NS;
    observer->interval_due_ns = run->begun_ns + observer->interval_ns;
    for (unsigned i = 0; i < run->n_jobs; i++)
        run->jobs[i].iops_sampled_ns = run->jobs[i].bandwidth_sampled_ns = run->begun_ns;
    take_moments(observer, run->begun_ns, true);
    progress_init(&observer->progress, run);
    return status_begin(&observer->status, run);
}

static int64_t earlier(int64_t a_ns, int64_t b_ns)
{
    return a_ns < b_ns ? a_ns : b_ns;
}

int64_t observer_due_ns(const struct observer *observer)
{
    int64_t due_ns = observer->interval_due_ns;

    for (unsigned i = 0; i < observer->run->n_jobs; i++)
        due_ns = earlier(due_ns, job_sample_due_ns(&observer->run->jobs[i]));
    for (unsigned i = 0; i < observer->n_entries; i++)
        due_ns = earlier(due_ns, steady_watch_due_ns(&observer->steady[i]));
    due_ns = earlier(due_ns, logs_due_ns(observer->run));
    due_ns = earlier(due_ns, status_due_ns(&observer->status));
    return earlier(due_ns, progress_due_ns(&observer->progress));
}

static bool is_due(int64_t *due_ns, int64_t period_ns, int64_t now_ns)
{
    if (now_ns < *due_ns)
        return false;
    *due_ns += period_ns;
    if (*due_ns <= now_ns) /* we were held up: what was missed is not made up for */
        *due_ns = now_ns + period_ns;
    return true;
}

static void sample_all(struct bench_run *run, int64_t now_ns)
{
    for (unsigned i = 0; i < run->n_jobs; i++)
        if (!__atomic_load_n(&run->jobs[i].done, __ATOMIC_ACQUIRE))
            job_sample(&run->jobs[i], now_ns, false);
}

void observer_tick(struct observer *observer, int64_t now_ns)
{
    sample_all(observer->run, now_ns);
    for (unsigned i = 0; i < observer->n_entries; i++)
        steady_watch_tick(&observer->steady[i], now_ns);
    if (is_due(&observer->interval_due_ns, observer->interval_ns, now_ns))
        take_moments(observer, now_ns, false);
    if (now_ns >= logs_due_ns(observer->run))
        logs_write(observer->run, now_ns);
    status_write(&observer->status, now_ns);
    progress_show(&observer->progress, now_ns);
}

void observer_end(struct observer *observer, int64_t now_ns)
{
    take_moments(observer, now_ns, false);
    for (unsigned i = 0; i < observer->n_entries; i++)
        intervals_end(&observer->intervals[i], observer->interval_ns);
    progress_end(&observer->progress);
    status_end(&observer->status, now_ns);
}

void observer_free(struct observer *observer)
{
    for (unsigned i = 0; observer->intervals && i < observer->n_entries; i++)
        intervals_free(&observer->intervals[i]);
    for (unsigned i = 0; observer->steady && i < observer->n_entries; i++)
        steady_watch_free(&observer->steady[i]);
    free(observer->intervals);
    free(observer->steady);
    free(observer->moment);
    observer->intervals = NULL;
    observer->steady = NULL;
    observer->moment = NULL;
    observer->n_entries = 0;
}
