/* SPDX-License-Identifier: MIT */
/* What the JSON document says beyond fio's: the object "lariat" of each job. */
#include <lariat/version.h>

#include "engine.h"
#include "report_json.h"

static void set_ring(struct builder *b, json_t *object, const struct bench_job *job)
{
    json_t *ring = build_set(b, object, "ring", build_object(b));

    build_int(b, ring, "setup_flags", job->ring_flags);
    build_int(b, ring, "sq_entries", job->ring_sq_entries);
    build_int(b, ring, "cq_entries", job->ring_cq_entries);
    build_bool(b, ring, "registered", job->ring_registered);
}

static void set_polling(struct builder *b, json_t *object, const struct entry *entry)
{
    const struct engine_counts *c = &entry->counts;

    build_int(b, object, "spins", c->spins);
    build_int(b, object, "spins_hit", c->spins_hit);
    build_real(b, object, "spin_hit_ratio", entry->spin_hit_ratio);
    build_int(b, object, "spin_ns", c->spin_ns);
    build_int(b, object, "spin_vain_ns", c->spin_vain_ns);
    build_int(b, object, "sleeps", c->sleeps);
    build_int(b, object, "sleep_ns", c->sleep_ns);
    build_int(b, object, "waits_batched", c->waits_batched);
    build_int(b, object, "cqes_batched", c->cqes_batched);
    build_int(b, object, "window_ns", c->window_ns);
    build_int(b, object, "poll_max_ns", entry->job->engine->has_loop ? (uint64_t)entry->job->options->poll_max_ns : 0);
}

static void set_costs(struct builder *b, json_t *object, const struct entry *entry)
{
    build_real(b, object, "cpu_ns_per_io", entry->cpu_ns_per_io);
    build_real(b, object, "cpu_usr_ns_per_io", entry->usr_ns_per_io);
    build_real(b, object, "cpu_sys_ns_per_io", entry->sys_ns_per_io);
    build_int(b, object, "syscalls", entry->counts.syscalls);
    build_real(b, object, "syscalls_per_io", entry->syscalls_per_io);
    build_real(b, object, "asleep", entry->asleep);
    build_int(b, object, "enters", entry->counts.enters);
    build_int(b, object, "eventfd_writes", entry->counts.eventfd_writes);
    build_real(b, object, "ios_per_enter", entry->ios_per_enter);
}

static json_t *reads_json(struct builder *b, const struct iostat *reads, const struct job_options *options, bool bins)
{
    json_t *object = build_object(b);

    build_int(b, object, "total_ios", reads->ios);
    build_int(b, object, "io_bytes", reads->bytes);
    build_set(b, object, "lat_ns", json_latency(b, &reads->lat, options->lat_percentiles ? options : NULL, bins));
    return object;
}

/* "read" of the job has the two kinds of reads together. */
static void set_verify(struct builder *b, json_t *object, const struct entry *entry, bool bins)
{
    const struct job_options *options = entry->job->options;
    json_t *verify = build_set(b, object, "verify", build_object(b));

    build_int(b, verify, "blocks", entry->verify_blocks);
    build_int(b, verify, "errors", entry->verify_errors);
    build_int(b, verify, "runtime_ms", (uint64_t)entry->verify_ns / 1000000);
    build_set(b, verify, "verify_reads", reads_json(b, &entry->checks, options, bins));
    build_set(b, verify, "run_reads", reads_json(b, &entry->run_reads, options, bins));
}

/* What was found of the machine and of this job. */
static void set_preflight(struct builder *b, json_t *object, const struct bench_run *run, const struct entry *entry)
{
    int job = (int)(entry->job->options - run->options->jobs);
    json_t *preflight = build_set(b, object, "preflight", build_object(b)), *list;

    build_text(b, preflight, "kernel", run->preflight.kernel);
    build_text(b, preflight, "cpu", run->preflight.cpu);
    list = build_set(b, preflight, "findings", build_array(b));
    for (unsigned i = 0; i < run->preflight.n; i++) {
        const struct preflight_finding *finding = &run->preflight.list[i];
        json_t *one;

        if (finding->job >= 0 && finding->job != job)
            continue;
        one = build_append(b, list, build_object(b));
        build_text(b, one, "check", finding->check);
        build_bool(b, one, "warning", finding->warning);
        build_text(b, one, "text", finding->text);
    }
}

/* How it went over time. */
static json_t *interval_json(struct builder *b, const struct interval *interval)
{
    static const char *const names[IO_DIRECTIONS] = { "read", "write", "trim" };
    double seconds = (double)(interval->end_ns - interval->begin_ns) / 1e9;
    json_t *object = build_object(b), *lat;

    build_real(b, object, "begin_ms", (double)interval->begin_ns / 1e6);
    build_real(b, object, "end_ms", (double)interval->end_ns / 1e6);
    for (unsigned kind = 0; kind < IO_DIRECTIONS; kind++) {
        json_t *direction = build_set(b, object, names[kind], build_object(b));

        build_real(b, direction, "iops", (double)interval->ios[kind] / seconds);
        build_int(b, direction, "bw_bytes", (uint64_t)((double)interval->bytes[kind] / seconds));
    }
    lat = build_set(b, object, "lat_ns", build_object(b));
    build_int(b, lat, "p50", interval_percentile(interval, 50));
    build_int(b, lat, "p99", interval_percentile(interval, 99));
    build_int(b, lat, "p99.9", interval_percentile(interval, 99.9));
    build_int(b, lat, "max", interval_percentile(interval, 100));
    build_real(b, object, "cpu_percent", 100 * (double)interval->cpu_ns / (double)(interval->end_ns - interval->begin_ns));
    build_int(b, object, "window_ns", interval->window_ns);
    build_int(b, object, "spin_ns", interval->spin_ns);
    build_int(b, object, "sleep_ns", interval->sleep_ns);
    return object;
}

static void set_intervals(struct builder *b, json_t *object, const struct bench_run *run, unsigned index)
{
    json_t *list = build_set(b, object, "intervals", build_array(b));

    for (unsigned i = 0; index < run->observer.n_entries && i < run->observer.intervals[index].n; i++)
        build_append(b, list, interval_json(b, &run->observer.intervals[index].list[i]));
}

static bool rated(const struct job_options *options, unsigned kind)
{
    return options->rate[kind] || options->rate_iops[kind];
}

/* Less than 97 % of what was asked for: then what was measured is not what that rate would give. */
static bool overloaded(const struct entry *entry, unsigned kind)
{
    const struct job_options *options = entry->job->options;
    const struct direction_figures *d = &entry->direction[kind];
    double jobs = entry->n_jobs;

    return (options->rate_iops[kind] && d->iops < 0.97 * (double)options->rate_iops[kind] * jobs) ||
           (options->rate[kind] && d->bytes_per_second < 0.97 * (double)options->rate[kind] * jobs);
}

static json_t *schedule_json(struct builder *b, const struct entry *entry, unsigned kind)
{
    const struct schedule_stats *schedule = &entry->schedule[kind];
    json_t *object = build_object(b);

    build_int(b, object, "n", schedule->n);
    build_int(b, object, "n_late", schedule->n_late);
    build_real(b, object, "lag_mean_ns", schedule->n ? (double)schedule->lag_sum_ns / (double)schedule->n : 0);
    build_int(b, object, "lag_max_ns", (uint64_t)schedule->lag_max_ns);
    build_bool(b, object, "overloaded", overloaded(entry, kind));
    return object;
}

/* Rated directions: the times from intended to completed, and how well the schedule was kept. */
static void set_response(struct builder *b, json_t *object, const struct entry *entry, bool bins)
{
    static const char *const names[IO_DIRECTIONS] = { "read", "write", "trim" };
    const struct job_options *options = entry->job->options;
    json_t *response = NULL, *schedule = NULL;

    for (unsigned kind = 0; kind < IO_DIRECTIONS; kind++) {
        if (!rated(options, kind) || !entry->response[kind].n)
            continue;
        if (!response) {
            response = build_set(b, object, "response_ns", build_object(b));
            schedule = build_set(b, object, "schedule", build_object(b));
        }
        build_set(b, response, names[kind], json_histogram(b, &entry->response[kind], options, bins));
        build_set(b, schedule, names[kind], schedule_json(b, entry, kind));
    }
}

struct understood {
    struct builder *b;
    json_t *object;
};

static void echo_option(void *opaque, const char *name, const char *value)
{
    struct understood *understood = opaque;

    build_text(understood->b, understood->object, name, value);
}

/* "job options" and "global options" have the values as typed. */
static void set_options(struct builder *b, json_t *object, const struct bench_job *job)
{
    struct understood understood = { b, build_set(b, object, "options", build_object(b)) };

    options_echo_parsed(job->options, echo_option, &understood);
}

json_t *json_lariat(struct builder *b, const struct bench_run *run, const struct entry *entry, unsigned index, bool bins)
{
    const struct bench_job *job = entry->job;
    json_t *object = build_object(b);

    build_text(b, object, "version", LARIAT_VERSION_STRING);
    build_text(b, object, "engine", job->engine->name);
    build_int(b, object, "tid", (uint64_t)__atomic_load_n(&job->tid, __ATOMIC_ACQUIRE));
    build_int(b, object, "n_jobs", entry->n_jobs);
    build_bool(b, object, "running", entry->running);
    build_real(b, object, "depth_mean", entry->depth_mean);
    set_costs(b, object, entry);
    set_polling(b, object, entry);
    if (job->has_ring)
        set_ring(b, object, job);
    set_response(b, object, entry, bins);
    if (job->options->verify)
        set_verify(b, object, entry, bins);
    if (run->options->preflight)
        set_preflight(b, object, run, entry);
    set_options(b, object, job);
    set_intervals(b, object, run, index);
    return object;
}
