/* SPDX-License-Identifier: MIT */
#include "status.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "json_build.h"
#include "run.h"

int status_begin(struct status *status, const struct bench_run *run)
{
    const struct bench_options *out = run->options;

    *status = (struct status){ .run = run, .due_ns = INT64_MAX };
    if (!out->status_interval_ns)
        return 0;
    status->n_entries = figures_count_entries(run);
    status->before = calloc(status->n_entries, sizeof(*status->before));
    status->now = calloc(1, sizeof(*status->now));
    if (!status->before || !status->now)
        return -ENOMEM;
    status->file = stderr;
    if (out->status_output && !(status->file = fopen(out->status_output, "we"))) {
        fprintf(stderr, "lariat-bench: --status-output=%s: %s\n", out->status_output, strerror(errno));
        return -EIO;
    }
    for (unsigned i = 0; i < status->n_entries; i++)
        status->before[i].ns = run->begun_ns;
    status->period_ns = out->status_interval_ns;
    status->due_ns = run->begun_ns + status->period_ns;
    return 0;
}

int64_t status_due_ns(const struct status *status)
{
    return status->due_ns;
}

static void set_direction(struct builder *b, json_t *entry, const char *name, const struct moment *now,
                          const struct interval *interval, unsigned kind)
{
    double seconds = (double)(interval->end_ns - interval->begin_ns) / 1e9;
    json_t *object = build_set(b, entry, name, build_object(b));

    build_int(b, object, "total_ios", now->ios[kind]);
    build_int(b, object, "io_bytes", now->bytes[kind]);
    build_real(b, object, "iops", (double)interval->ios[kind] / seconds);
    build_int(b, object, "bw_bytes", (uint64_t)((double)interval->bytes[kind] / seconds));
}

static void set_latency(struct builder *b, json_t *entry, const struct interval *interval)
{
    json_t *object = build_set(b, entry, "lat_ns", build_object(b));

    build_int(b, object, "p50", interval_percentile(interval, 50));
    build_int(b, object, "p99", interval_percentile(interval, 99));
    build_int(b, object, "p99.9", interval_percentile(interval, 99.9));
    build_int(b, object, "max", interval_percentile(interval, 100));
}

static json_t *entry_json(struct builder *b, const struct status *status, unsigned first, unsigned n_jobs,
                          const struct moment *before)
{
    static const char *const names[IO_DIRECTIONS] = { "read", "write", "trim" };
    const struct bench_job *job = &status->run->jobs[first];
    struct interval interval;
    unsigned running = 0;
    json_t *object = build_object(b);

    for (unsigned i = first; i < first + n_jobs; i++)
        running += !__atomic_load_n(&status->run->jobs[i].done, __ATOMIC_ACQUIRE);
    if (interval_between(&interval, before, status->now, status->run->begun_ns)) {
        b->failed = true;
        return object;
    }
    build_text(b, object, "jobname", job->options->name);
    build_int(b, object, "groupid", job->options->group);
    build_int(b, object, "n_jobs", n_jobs);
    build_int(b, object, "n_running", running);
    for (unsigned kind = 0; kind < IO_DIRECTIONS; kind++)
        set_direction(b, object, names[kind], status->now, &interval, kind);
    set_latency(b, object, &interval);
    build_real(b, object, "cpu_percent", 100 * (double)interval.cpu_ns / (double)(interval.end_ns - interval.begin_ns));
    build_int(b, object, "window_ns", interval.window_ns);
    interval_free(&interval);
    return object;
}

static void write_line(struct status *status, int64_t now_ns)
{
    const struct bench_run *run = status->run;
    struct builder b = { false };
    json_t *top = build_object(&b), *list;
    unsigned first = figures_next_entry(run, 0);

    build_int(&b, top, "elapsed_ms", (uint64_t)(now_ns - run->begun_ns) / 1000000);
    list = build_set(&b, top, "jobs", build_array(&b));
    for (unsigned i = 0; i < status->n_entries; i++) {
        unsigned end = figures_next_entry(run, first + 1);

        moment_take(status->now, run, first, end - first, now_ns);
        build_append(&b, list, entry_json(&b, status, first, end - first, &status->before[i]));
        status->before[i] = *status->now;
        first = end;
    }
    if (!b.failed) {
        json_dumpf(top, status->file, JSON_COMPACT | JSON_REAL_PRECISION(12));
        fputc('\n', status->file);
        fflush(status->file);
    }
    json_decref(top);
}

void status_write(struct status *status, int64_t now_ns)
{
    if (now_ns < status->due_ns)
        return;
    write_line(status, now_ns);
    status->due_ns += status->period_ns;
    if (status->due_ns <= now_ns)
        status->due_ns = now_ns + status->period_ns;
}

void status_end(struct status *status, int64_t now_ns)
{
    if (status->file && status->n_entries && now_ns > status->before[0].ns)
        write_line(status, now_ns);
    if (status->file && status->file != stderr)
        fclose(status->file);
    free(status->before);
    free(status->now);
    *status = (struct status){ .due_ns = INT64_MAX };
}
