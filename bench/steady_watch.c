/* SPDX-License-Identifier: MIT */
#include "steady_watch.h"

int steady_watch_init(struct steady_watch *watch, struct bench_job *jobs, unsigned n_jobs)
{
    const struct job_options *o = jobs->options;

    *watch = (struct steady_watch){ .jobs = jobs, .n_jobs = n_jobs };
    return o->ss_dur_ns ? steady_init(&watch->steady, &o->steadystate, (unsigned)(o->ss_dur_ns / o->ss_interval_ns)) : 0;
}

void steady_watch_free(struct steady_watch *watch)
{
    steady_free(&watch->steady);
}

/* When the first sample begins; INT64_MAX: not yet known, or the run of one of them is over, and the others alone are not judged. */
static int64_t begin_ns(const struct steady_watch *watch)
{
    int64_t begin_ns = 0;

    for (unsigned i = 0; i < watch->n_jobs; i++) {
        const struct bench_job *job = &watch->jobs[i];
        int64_t ready_ns = INT64_MAX;

        if (job->state != JOB_RUNNING || __atomic_load_n(&job->done, __ATOMIC_ACQUIRE) || work_is_verifying(&job->work) ||
            __builtin_add_overflow(job->start_ns, job->options->ramp_time_ns, &ready_ns) ||
            __builtin_add_overflow(ready_ns, job->options->ss_ramp_ns, &ready_ns))
            return INT64_MAX;
        if (ready_ns > begin_ns)
            begin_ns = ready_ns;
    }
    return begin_ns;
}

int64_t steady_watch_due_ns(const struct steady_watch *watch)
{
    int64_t first_ns = INT64_MAX;

    if (watch->steady.size && !watch->steady.attained)
        first_ns = begin_ns(watch);
    return watch->begun && first_ns != INT64_MAX ? watch->due_ns : first_ns;
}

static struct steady_counts count(const struct steady_watch *watch)
{
    struct steady_counts counts = { 0, 0, 0, 0 };

    for (unsigned i = 0; i < watch->n_jobs; i++)
        for (unsigned kind = 0; kind < IO_DIRECTIONS; kind++) {
            const struct iostat *stat = &watch->jobs[i].work.stats[kind];

            counts.ios += iostat_ios(stat);
            counts.bytes += iostat_bytes(stat);
            counts.n_latencies += counter_get(&stat->lat.h.n);
            counts.latency_sum_ns += counter_get(&stat->lat.h.sum_ns);
        }
    return counts;
}

static double ratio(uint64_t a, uint64_t b)
{
    return b ? (double)a / (double)b : 0;
}

void steady_watch_tick(struct steady_watch *watch, int64_t now_ns)
{
    const struct steady_counts counts = count(watch), *before = &watch->sampled;
    int64_t period_ns = watch->jobs->options->ss_interval_ns;

    if (now_ns < steady_watch_due_ns(watch))
        return;
    if (watch->begun) {
        double seconds = (double)(now_ns - watch->sampled_ns) / 1e9;
        const struct steady_sample sample = {
            .iops = (double)(counts.ios - before->ios) / seconds,
            .bytes_per_second = (double)(counts.bytes - before->bytes) / seconds,
            .lat_ns = ratio(counts.latency_sum_ns - before->latency_sum_ns, counts.n_latencies - before->n_latencies),
        };

        if (steady_add(&watch->steady, &sample))
            for (unsigned i = 0; i < watch->n_jobs; i++)
                work_stop(&watch->jobs[i].work);
    }
    watch->due_ns = watch->begun && watch->due_ns + period_ns > now_ns ? watch->due_ns + period_ns : now_ns + period_ns;
    watch->sampled_ns = now_ns;
    watch->sampled = counts;
    watch->begun = true;
}
