/* SPDX-License-Identifier: MIT */
/*
 * fio's JSON document: every key of a file of fio 3.33, with its type and unit, in its order; ours are in "lariat" in each job.
 * json_object_set_new() fails only for lack of memory, which json_dumpf() then shows as a document that is not complete; so the
 * first failure is remembered and the document is not written at all.
 */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <lariat/version.h>
#include <string.h>

#include "engine.h"
#include "figures.h"
#include "report.h"

struct builder {
    bool failed;
};

static json_t *set(struct builder *b, json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, value))
        b->failed = true;
    return value;
}

static void set_int(struct builder *b, json_t *object, const char *key, uint64_t value)
{
    set(b, object, key, json_integer((json_int_t)value));
}

static void set_real(struct builder *b, json_t *object, const char *key, double value)
{
    set(b, object, key, json_real(value));
}

static json_t *new_object(struct builder *b)
{
    json_t *object = json_object();

    if (!object)
        b->failed = true;
    return object;
}

static json_t *latency_json(struct builder *b, const struct iostat *stat, bool percentiles)
{
    const struct lariat_histogram *h = &stat->latency;
    json_t *object = new_object(b);

    set_int(b, object, "min", h->min_ns);
    set_int(b, object, "max", h->max_ns);
    set_real(b, object, "mean", iostat_mean_ns(stat));
    set_real(b, object, "stddev", iostat_stddev_ns(stat));
    set_int(b, object, "N", h->n);
    if (percentiles && h->n) {
        json_t *list = set(b, object, "percentile", new_object(b));

        for (unsigned i = 0; i < REPORT_PERCENTILES; i++) {
            char key[32];

            snprintf(key, sizeof(key), "%f", report_percentiles[i]);
            set_int(b, list, key, lariat_histogram_percentile(h, report_percentiles[i]));
        }
    }
    return object;
}

static json_t *empty_latency(struct builder *b)
{
    static const struct iostat none;

    return latency_json(b, &none, false);
}

static void set_samples(struct builder *b, json_t *object, const struct bench_job *job, unsigned kind,
                        double bytes_per_second)
{
    static const struct rate_samples none;
    const struct rate_samples *bw = kind <= IO_WRITE ? &job->bandwidth[kind] : &none;
    const struct rate_samples *iops = kind <= IO_WRITE ? &job->iops[kind] : &none;
    double share = bytes_per_second > 0 ? bw->mean * 1024 / bytes_per_second * 100 : 0;

    set_int(b, object, "bw_min", (uint64_t)bw->min);
    set_int(b, object, "bw_max", (uint64_t)bw->max);
    set_real(b, object, "bw_agg", share > 100 ? 100 : share);
    set_real(b, object, "bw_mean", bw->mean);
    set_real(b, object, "bw_dev", rate_stddev(bw));
    set_int(b, object, "bw_samples", bw->n);
    set_int(b, object, "iops_min", (uint64_t)iops->min);
    set_int(b, object, "iops_max", (uint64_t)iops->max);
    set_real(b, object, "iops_mean", iops->mean);
    set_real(b, object, "iops_stddev", rate_stddev(iops));
    set_int(b, object, "iops_samples", iops->n);
}

/* kind: IO_READ, IO_WRITE, or IO_KINDS for "trim", which is there for the readers' sake. */
static json_t *direction_json(struct builder *b, const struct bench_job *job, const struct job_figures *f, unsigned kind)
{
    static const struct direction_figures none;
    static const struct iostat no_stat;
    const struct direction_figures *d = kind <= IO_WRITE ? &f->direction[kind] : &none;
    const struct iostat *stat = kind <= IO_WRITE ? &job->work.stats[kind] : &no_stat;
    json_t *object = new_object(b);

    set_int(b, object, "io_bytes", d->bytes);
    set_int(b, object, "io_kbytes", d->bytes / 1024);
    set_int(b, object, "bw_bytes", (uint64_t)d->bytes_per_second);
    set_int(b, object, "bw", (uint64_t)d->bytes_per_second / 1024);
    set_real(b, object, "iops", d->iops);
    set_int(b, object, "runtime", d->ios ? (uint64_t)f->runtime_ns / 1000000 : 0);
    set_int(b, object, "total_ios", d->ios);
    set_int(b, object, "short_ios", stat->short_ios);
    set_int(b, object, "drop_ios", 0);
    set(b, object, "slat_ns", empty_latency(b));
    set(b, object, "clat_ns", latency_json(b, stat, true));
    set(b, object, "lat_ns", latency_json(b, stat, true));
    set_samples(b, object, job, kind, d->bytes_per_second);
    return object;
}

static json_t *shares_json(struct builder *b, const char *const keys[], const uint64_t counts[], unsigned n)
{
    json_t *object = new_object(b);
    uint64_t total = 0;

    for (unsigned i = 0; i < n; i++)
        total += counts[i];
    for (unsigned i = 0; i < n; i++)
        set_real(b, object, keys[i], total ? 100.0 * (double)counts[i] / (double)total : 0);
    return object;
}

static void set_depths(struct builder *b, json_t *object, const struct bench_job *job, const struct job_figures *f)
{
    static const char *const levels[DEPTH_BUCKETS] = { "1", "2", "4", "8", "16", "32", ">=64" };
    static const char *const batches[DEPTH_BUCKETS] = { "0", "4", "8", "16", "32", "64", ">=64" };
    uint64_t counts[DEPTH_BUCKETS] = { 0 };

    set(b, object, "iodepth_level", shares_json(b, levels, job->work.depth_levels, DEPTH_BUCKETS));
    if (f->ios) { /* engines do not tell batches one by one: all go where their mean is; these buckets round up */
        unsigned bucket = 1, limit = 4;

        while (bucket < DEPTH_BUCKETS - 1 && f->ios_per_enter > limit) {
            bucket++;
            limit *= 2;
        }
        counts[bucket] = 1;
    }
    set(b, object, "iodepth_submit", shares_json(b, batches, counts, DEPTH_BUCKETS));
    set(b, object, "iodepth_complete", shares_json(b, batches, counts, DEPTH_BUCKETS));
}

#define NS_BUCKETS 10
#define MS_BUCKETS 12

static const uint64_t latency_limits[NS_BUCKETS] = { 2, 4, 10, 20, 50, 100, 250, 500, 750, 1000 };

/* Which of fio's 32 latency classes a duration is in: ten of ns, ten of us, twelve of ms. */
static unsigned latency_class(uint64_t ns)
{
    uint64_t unit = 1;

    for (unsigned decade = 0; decade < 3; decade++, unit *= 1000)
        for (unsigned i = 0; i < NS_BUCKETS; i++)
            if (ns < latency_limits[i] * unit)
                return decade * NS_BUCKETS + i;
    return 3 * NS_BUCKETS + (ns >= UINT64_C(2000000000));
}

static void set_latency_classes(struct builder *b, json_t *object, const struct bench_job *job)
{
    static const char *const keys[MS_BUCKETS] = { "2",   "4",   "10",  "20",   "50",   "100",
                                                  "250", "500", "750", "1000", "2000", ">=2000" };
    static const char *const names[3] = { "latency_ns", "latency_us", "latency_ms" };
    uint64_t counts[2 * NS_BUCKETS + MS_BUCKETS] = { 0 }, total = 0;

    for (unsigned kind = IO_READ; kind <= IO_WRITE; kind++)
        for (unsigned i = 0; i < LARIAT_HISTOGRAM_BUCKETS; i++) {
            uint64_t n = job->work.stats[kind].latency.buckets[i];

            counts[latency_class(lariat_histogram_bucket_ns(i))] += n;
            total += n;
        }
    for (unsigned decade = 0; decade < 3; decade++) {
        json_t *list = set(b, object, names[decade], new_object(b));

        for (unsigned i = 0; i < (decade < 2 ? NS_BUCKETS : MS_BUCKETS); i++) {
            uint64_t n = counts[decade * NS_BUCKETS + i];

            set_real(b, list, keys[i], total ? 100.0 * (double)n / (double)total : 0);
        }
    }
}

static void set_ring(struct builder *b, json_t *object, const struct bench_job *job)
{
    json_t *ring = set(b, object, "ring", new_object(b));

    set_int(b, ring, "setup_flags", job->ring_flags);
    set_int(b, ring, "sq_entries", job->ring_sq_entries);
    set_int(b, ring, "cq_entries", job->ring_cq_entries);
    set(b, ring, "registered", json_boolean(job->ring_registered));
}

static void set_polling(struct builder *b, json_t *object, const struct bench_job *job, const struct engine_counts *c)
{
    set_int(b, object, "spins", c->spins);
    set_int(b, object, "spins_hit", c->spins_hit);
    set_real(b, object, "spin_hit_ratio", c->spins ? (double)c->spins_hit / (double)c->spins : 0);
    set_int(b, object, "spin_ns", c->spin_ns);
    set_int(b, object, "spin_vain_ns", c->spin_vain_ns);
    set_int(b, object, "sleeps", c->sleeps);
    set_int(b, object, "sleep_ns", c->sleep_ns);
    set_int(b, object, "window_ns", c->window_ns);
    set_int(b, object, "poll_max_ns", job->engine->has_loop ? (uint64_t)job->options->poll_max_ns : 0);
}

static json_t *lariat_json(struct builder *b, const struct bench_job *job, const struct job_figures *f)
{
    const struct engine_counts *c = &f->counts;
    json_t *object = new_object(b);

    set(b, object, "version", json_string(LARIAT_VERSION_STRING));
    set(b, object, "engine", json_string(job->engine->name));
    set_int(b, object, "tid", (uint64_t)job->tid);
    set_real(b, object, "depth_mean", f->depth_mean);
    set_real(b, object, "cpu_ns_per_io", f->cpu_ns_per_io);
    set_real(b, object, "cpu_usr_ns_per_io", f->usr_ns_per_io);
    set_real(b, object, "cpu_sys_ns_per_io", f->sys_ns_per_io);
    set_int(b, object, "syscalls", c->syscalls);
    set_real(b, object, "syscalls_per_io", f->syscalls_per_io);
    set_real(b, object, "asleep", f->asleep);
    set_int(b, object, "enters", c->enters);
    set_int(b, object, "eventfd_writes", c->eventfd_writes);
    set_real(b, object, "ios_per_enter", f->ios_per_enter);
    set_polling(b, object, job, c);
    if (job->has_ring)
        set_ring(b, object, job);
    if (job->options->verify) {
        json_t *verify = set(b, object, "verify", new_object(b));

        set_int(b, verify, "blocks", job->work.verify_blocks);
        set_int(b, verify, "errors", job->work.verify_errors);
        set_int(b, verify, "runtime_ms", (uint64_t)job->work.verify_ns / 1000000);
    }
    return object;
}

struct echo {
    struct builder *b;
    json_t *object;
};

static void echo_option(void *opaque, const char *name, const char *value)
{
    struct echo *echo = opaque;

    /* Bytes that are not UTF-8 are legal in a file name, but not in JSON. */
    json_t *text = json_string(value);
    set(echo->b, echo->object, name, text ? text : json_string("(not UTF-8)"));
}

static json_t *options_json(struct builder *b, const struct job_options *options, bool global)
{
    struct echo echo = { b, new_object(b) };

    options_echo(options, global, echo_option, &echo);
    return echo.object;
}

static json_t *job_json(struct builder *b, const struct bench_run *run, const struct bench_job *job)
{
    struct job_figures f;
    json_t *object = new_object(b), *sync, *name = json_string(job->options->name);

    figures_of(job, &f);
    set(b, object, "jobname", name ? name : json_string("(not UTF-8)"));
    set_int(b, object, "groupid", 0);
    set_int(b, object, "job_start", (uint64_t)run->begun.tv_sec * 1000 + (uint64_t)run->begun.tv_nsec / 1000000);
    set_int(b, object, "error", (uint64_t)f.error);
    set_int(b, object, "eta", 0);
    set_int(b, object, "elapsed", (uint64_t)(run->ended_ns - run->begun_ns + 999999999) / 1000000000);
    set(b, object, "job options", options_json(b, job->options, false));
    set(b, object, "read", direction_json(b, job, &f, IO_READ));
    set(b, object, "write", direction_json(b, job, &f, IO_WRITE));
    set(b, object, "trim", direction_json(b, job, &f, IO_KINDS));
    sync = set(b, object, "sync", new_object(b));
    set_int(b, sync, "total_ios", job->work.stats[IO_SYNC].ios);
    set(b, sync, "lat_ns", latency_json(b, &job->work.stats[IO_SYNC], true));
    set_int(b, object, "job_runtime", (uint64_t)f.runtime_ns / 1000000);
    set_real(b, object, "usr_cpu", f.usr_percent);
    set_real(b, object, "sys_cpu", f.sys_percent);
    set_int(b, object, "ctx", (uint64_t)f.context_switches);
    set_int(b, object, "majf", (uint64_t)f.major_faults);
    set_int(b, object, "minf", (uint64_t)f.minor_faults);
    set_depths(b, object, job, &f);
    set_latency_classes(b, object, job);
    set_int(b, object, "latency_depth", job->options->iodepth);
    set_int(b, object, "latency_target", 0);
    set_real(b, object, "latency_percentile", 100);
    set_int(b, object, "latency_window", 0);
    set(b, object, "lariat", lariat_json(b, job, &f));
    return object;
}

static bool any_global(const struct job_options *global)
{
    for (size_t i = 0; i < OPTIONS_MAX; i++)
        if (global->given[i])
            return true;
    return false;
}

int report_json(const struct bench_run *run, FILE *out)
{
    struct builder b = { false };
    json_t *top = new_object(&b), *jobs;
    char text[32] = "";

    /* Readers look for "fio-" and a number; it names the format, and "lariat" in each job names us. */
    set(&b, top, "fio version", json_string("fio-3.33"));
    set_int(&b, top, "timestamp", (uint64_t)run->begun.tv_sec);
    set_int(&b, top, "timestamp_ms", (uint64_t)run->begun.tv_sec * 1000 + (uint64_t)run->begun.tv_nsec / 1000000);
    if (ctime_r(&run->begun.tv_sec, text))
        text[strcspn(text, "\n")] = '\0';
    set(&b, top, "time", json_string(text));
    if (any_global(&run->options->global))
        set(&b, top, "global options", options_json(&b, &run->options->global, true));
    jobs = set(&b, top, "jobs", json_array());
    for (unsigned i = 0; i < run->n_jobs; i++)
        if (json_array_append_new(jobs, job_json(&b, run, &run->jobs[i])))
            b.failed = true;
    set(&b, top, "disk_util", json_array());
    if (!b.failed) {
        json_dumpf(top, out, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
        fputc('\n', out);
    }
    json_decref(top);
    return b.failed ? -ENOMEM : 0;
}
