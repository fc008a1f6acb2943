/* SPDX-License-Identifier: MIT */
/* fio's JSON document: every key of a file of fio 3.33, with its type and unit, in its order; ours are in "lariat" in each job. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "disk_util.h"
#include "report.h"
#include "report_json.h"

static json_t *shares_json(struct builder *b, const char *const keys[], const uint64_t counts[], unsigned n, uint64_t total)
{
    json_t *object = build_object(b);

    for (unsigned i = 0; i < n; i++)
        build_real(b, object, keys[i], figures_share(counts[i], total, 0));
    return object;
}

static uint64_t sum(const uint64_t counts[], unsigned n)
{
    uint64_t total = 0;

    for (unsigned i = 0; i < n; i++)
        total += counts[i];
    return total;
}

static void set_depths(struct builder *b, json_t *object, const struct entry *entry)
{
    static const char *const levels[DEPTH_BUCKETS] = { "1", "2", "4", "8", "16", "32", ">=64" };
    static const char *const batches[DEPTH_BUCKETS] = { "0", "4", "8", "16", "32", "64", ">=64" };

    build_set(b, object, "iodepth_level",
              shares_json(b, levels, entry->depth_levels, DEPTH_BUCKETS, sum(entry->depth_levels, DEPTH_BUCKETS)));
    build_set(b, object, "iodepth_submit",
              shares_json(b, batches, entry->submit_sizes, DEPTH_BUCKETS, sum(entry->submit_sizes, DEPTH_BUCKETS)));
    build_set(b, object, "iodepth_complete",
              shares_json(b, batches, entry->complete_sizes, DEPTH_BUCKETS, sum(entry->complete_sizes, DEPTH_BUCKETS)));
}

static void set_latency_classes(struct builder *b, json_t *object, const struct entry *entry)
{
    static const char *const keys[] = { "2", "4", "10", "20", "50", "100", "250", "500", "750", "1000", "2000", ">=2000" };
    static const char *const names[3] = { "latency_ns", "latency_us", "latency_ms" };
    uint64_t counts[LATENCY_CLASSES], total;

    figures_latency_classes(entry, counts, &total);
    for (unsigned decade = 0; decade < 3; decade++)
        build_set(b, object, names[decade], shares_json(b, keys, counts + 10 * decade, decade < 2 ? 10 : 12, total));
}

struct echo {
    struct builder *b;
    json_t *object;
};

static void echo_option(void *opaque, const char *name, const char *value)
{
    struct echo *echo = opaque;

    build_text(echo->b, echo->object, name, value);
}

static json_t *options_json(struct builder *b, const struct job_options *options, bool global)
{
    struct echo echo = { b, build_object(b) };

    if (!global)
        build_text(b, echo.object, "name", options->name);
    options_echo(options, global, echo_option, &echo);
    return echo.object;
}

static void set_head(struct builder *b, json_t *object, const struct bench_run *run, const struct entry *entry,
                     int64_t now_ns)
{
    const struct job_options *options = entry->job->options;
    int64_t end_ns = entry->running ? now_ns : run->ended_ns;

    build_text(b, object, "jobname", options->name);
    build_int(b, object, "groupid", entry->groupid);
    build_int(b, object, "job_start", (uint64_t)run->begun.tv_sec * 1000 + (uint64_t)run->begun.tv_nsec / 1000000);
    build_int(b, object, "error", (uint64_t)entry->error);
    build_int(b, object, "eta", entry->running ? 0 : INT_MAX); /* fio's word for "over" */
    build_int(b, object, "elapsed", (uint64_t)(end_ns - run->begun_ns + 999999999) / 1000000000);
    build_set(b, object, "job options", options_json(b, options, false));
    if (options->description)
        build_text(b, object, "desc", options->description);
}

static void set_steady_data(struct builder *b, json_t *object, const struct steady *steady)
{
    const struct steady_sample mean = steady_mean(steady);
    bool by_latency = strcmp(steady_figure_name(steady->wanted), "lat") == 0;
    json_t *data = build_set(b, object, "data", build_object(b)), *iops, *bw, *lat = NULL;

    build_int(b, data, "bw_mean", (uint64_t)mean.bytes_per_second);
    build_int(b, data, "iops_mean", (uint64_t)mean.iops);
    if (by_latency) {
        build_int(b, data, "lat_mean", (uint64_t)mean.lat_ns);
        lat = build_set(b, data, "lat_ns", build_array(b));
    }
    iops = build_set(b, data, "iops", build_array(b));
    bw = build_set(b, data, "bw", build_array(b));
    for (unsigned i = 0; i < steady->n; i++) {
        const struct steady_sample *sample = steady_sample_at(steady, i);

        build_append(b, iops, json_integer((json_int_t)sample->iops));
        build_append(b, bw, json_integer((json_int_t)sample->bytes_per_second));
        if (lat)
            build_append(b, lat, json_integer((json_int_t)sample->lat_ns));
    }
}

static json_t *steady_json(struct builder *b, const struct steady *steady, const struct job_options *options)
{
    const struct steady_value *wanted = steady->wanted;
    const char *percent = wanted->in_percent ? "%" : "";
    json_t *object = build_object(b);
    char text[64];

    snprintf(text, sizeof(text), "%s%s:%f%s", steady_figure_name(wanted), steady_by_slope(wanted) ? "_slope" : "",
             wanted->limit, percent);
    build_text(b, object, "ss", text);
    build_int(b, object, "duration", (uint64_t)(options->ss_dur_ns + 999999999) / 1000000000);
    build_int(b, object, "attained", steady->attained);
    snprintf(text, sizeof(text), "%f%s", steady->criterion, percent);
    build_text(b, object, "criterion", text);
    build_real(b, object, "max_deviation", steady->max_deviation);
    build_real(b, object, "slope", steady->slope);
    set_steady_data(b, object, steady);
    return object;
}

static json_t *entry_json(struct builder *b, const struct report *report, const struct entry *entry, bool bins)
{
    unsigned index = (unsigned)(entry - report->entries.list);
    const struct steady *steady = report_steady(report, index);
    const struct bench_run *run = report->run;
    const struct job_options *options = entry->job->options;
    json_t *object = build_object(b), *sync;

    set_head(b, object, run, entry, report->now_ns);
    json_directions(b, object, entry, bins);
    sync = build_set(b, object, "sync", build_object(b));
    build_int(b, sync, "total_ios", entry->stats[IO_SYNC].ios);
    build_set(b, sync, "lat_ns", json_latency(b, &entry->stats[IO_SYNC].lat, options, bins));
    build_int(b, object, "job_runtime", (uint64_t)(entry->runtime_ns / 1e6));
    build_real(b, object, "usr_cpu", entry->usr_percent);
    build_real(b, object, "sys_cpu", entry->sys_percent);
    build_int(b, object, "ctx", entry->context_switches);
    build_int(b, object, "majf", entry->major_faults);
    build_int(b, object, "minf", entry->minor_faults);
    set_depths(b, object, entry);
    set_latency_classes(b, object, entry);
    if (options->continue_on_error) {
        build_int(b, object, "total_err", entry->total_errors);
        build_int(b, object, "first_error", (uint64_t)entry->first_error);
    }
    build_int(b, object, "latency_depth", entry->found_depth ? entry->found_depth : options->iodepth);
    build_int(b, object, "latency_target", (uint64_t)options->latency_target_ns);
    build_real(b, object, "latency_percentile", options->latency_percentile);
    build_int(b, object, "latency_window", (uint64_t)options->latency_window_ns / 1000);
    if (steady)
        build_set(b, object, "steadystate", steady_json(b, steady, options));
    build_set(b, object, "lariat", json_lariat(b, run, entry, index, bins));
    return object;
}

static json_t *disk_json(struct builder *b, const struct disk_figures *disk)
{
    json_t *object = build_object(b);

    build_text(b, object, "name", disk->name);
    build_int(b, object, "read_ios", disk->sum.ios[0]);
    build_int(b, object, "write_ios", disk->sum.ios[1]);
    build_int(b, object, "read_sectors", disk->sum.sectors[0]);
    build_int(b, object, "write_sectors", disk->sum.sectors[1]);
    build_int(b, object, "read_merges", disk->sum.merges[0]);
    build_int(b, object, "write_merges", disk->sum.merges[1]);
    build_int(b, object, "read_ticks", disk->sum.ticks_ms[0]);
    build_int(b, object, "write_ticks", disk->sum.ticks_ms[1]);
    build_int(b, object, "in_queue", disk->sum.in_queue_ms);
    build_real(b, object, "util", disk->util);
    if (!disk->n_slaves)
        return object;
    build_int(b, object, "aggr_read_ios", disk->slaves.ios[0]);
    build_int(b, object, "aggr_write_ios", disk->slaves.ios[1]);
    build_int(b, object, "aggr_read_merges", disk->slaves.merges[0]);
    build_int(b, object, "aggr_write_merge", disk->slaves.merges[1]); /* fio spells it so */
    build_int(b, object, "aggr_read_ticks", disk->slaves.ticks_ms[0]);
    build_int(b, object, "aggr_write_ticks", disk->slaves.ticks_ms[1]);
    build_int(b, object, "aggr_in_queue", disk->slaves.in_queue_ms);
    build_real(b, object, "aggr_util", disk->slaves_util);
    return object;
}

static bool any_global(const struct job_options *global)
{
    for (size_t i = 0; i < OPTIONS_MAX; i++)
        if (global->given[i])
            return true;
    return false;
}

/* Readers look for "fio-" and a number; it names the format, and "lariat" in each job names us. */
static void set_top(struct builder *b, json_t *top, const struct bench_run *run)
{
    struct timespec now;
    char text[32] = "";

    clock_gettime(CLOCK_REALTIME, &now);
    build_text(b, top, "fio version", "fio-3.33");
    build_int(b, top, "timestamp", (uint64_t)now.tv_sec);
    build_int(b, top, "timestamp_ms", (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000);
    if (ctime_r(&now.tv_sec, text))
        text[strcspn(text, "\n")] = '\0';
    build_text(b, top, "time", text);
    if (any_global(&run->options->global))
        build_set(b, top, "global options", options_json(b, &run->options->global, true));
}

int report_json(const struct report *report, FILE *out)
{
    const struct bench_run *run = report->run;
    bool bins = (run->options->formats & FORMAT_JSON_PLUS) != 0;
    struct builder b = { false };
    json_t *top = build_object(&b), *jobs, *disks;

    set_top(&b, top, run);
    jobs = build_set(&b, top, "jobs", build_array(&b));
    for (unsigned i = 0; i < report->entries.n; i++)
        build_append(&b, jobs, entry_json(&b, report, &report->entries.list[i], bins));
    disks = build_set(&b, top, "disk_util", build_array(&b));
    for (unsigned i = 0; i < report->disks.n; i++)
        build_append(&b, disks, disk_json(&b, &report->disks.list[i]));
    if (!b.failed) {
        json_dumpf(top, out, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
        fputc('\n', out);
    }
    json_decref(top);
    return b.failed ? -ENOMEM : 0;
}
