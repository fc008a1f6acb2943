/* SPDX-License-Identifier: MIT */
/* The report for people: fio's lines, in fio's order; behind those of a job come "poll" and "loop", which are ours. */
#include <errno.h>
#include <inttypes.h>
#include <lariat/version.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "number_text.h"
#include "report.h"
#include "report_normal.h"
#include "units.h"

static struct byte_style style_of(const struct job_options *options)
{
    return (struct byte_style){ .places = (unsigned)options->significant_figures,
                                .binary = options->kb_base == 1024,
                                .bits = options->unit_base == 1 };
}

static void print_direction(FILE *out, const struct entry *entry, const char *name, const struct iostat *stat,
                            const struct direction_figures *d)
{
    const struct job_options *options = entry->job->options;
    struct byte_style style = style_of(options);
    char iops[NUMBER_TEXT_MAX], bw[NUMBER_TEXT_MAX], other[NUMBER_TEXT_MAX], bytes[NUMBER_TEXT_MAX];

    if (!stat->ios)
        return;
    fprintf(out, "  %s: IOPS=%s, BW=%s (%s)(%s/%" PRIu64 "msec)%s\n", name,
            number_text(iops, d->iops, style.places, false, ""), rate_text(bw, d->bytes_per_second, &style, false),
            rate_text(other, d->bytes_per_second, &style, true), bytes_text(bytes, (double)stat->bytes, &style, false),
            d->runtime_ms, strcmp(name, "write") == 0 ? "; 0 zone resets" : "");
    normal_latencies(out, stat, options);
    normal_samples(out, d, options);
}

static void print_sync(FILE *out, const struct entry *entry)
{
    const struct latency *lat = &entry->stats[IO_SYNC].lat;

    if (!lat->h.n)
        return;
    fputs("  fsync/fdatasync/sync_file_range:\n", out);
    normal_latency(out, "sync", lat);
    normal_percentiles(out, "sync", &lat->h, entry->job->options);
}

static void print_depths(FILE *out, const struct entry *entry)
{
    static const char *const levels[DEPTH_BUCKETS] = { "1", "2", "4", "8", "16", "32", ">=64" };
    static const char *const batches[DEPTH_BUCKETS] = { "0", "4", "8", "16", "32", "64", ">=64" };

    normal_shares(out, "  IO depths    : ", levels, entry->depth_levels);
    normal_shares(out, "     submit    : ", batches, entry->submit_sizes);
    normal_shares(out, "     complete  : ", batches, entry->complete_sizes);
}

static void print_issued(FILE *out, const struct entry *entry)
{
    const struct iostat *s = entry->stats;
    const struct job_options *o = entry->job->options;

    fprintf(out,
            "     issued rwts: total=%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 " short=%" PRIu64 ",%" PRIu64 ",%" PRIu64
            ",0 dropped=0,0,0,0\n",
            s[IO_READ].ios, s[IO_WRITE].ios, s[IO_TRIM].ios, s[IO_SYNC].ios, s[IO_READ].short_ios, s[IO_WRITE].short_ios,
            s[IO_TRIM].short_ios);
    fprintf(out, "     latency   : target=%" PRId64 ", window=%" PRId64 ", percentile=%3.2f%%, depth=%" PRIu64 "\n",
            o->latency_target_ns, o->latency_window_ns / 1000, o->latency_percentile,
            entry->found_depth ? entry->found_depth : o->iodepth);
    if (entry->total_errors)
        fprintf(out, "     errors    : total=%" PRIu64 ", first_error=%d/<%s>\n", entry->total_errors, entry->first_error,
                strerror(entry->first_error));
}

/* fio's line: "iops mean dev=0.050%", "bw slope=-12.000". */
static void print_steady(FILE *out, const struct entry *entry, const struct steady *steady)
{
    const struct job_options *options = entry->job->options;
    struct byte_style style = style_of(options);
    const struct steady_sample mean = steady_mean(steady);
    char iops[NUMBER_TEXT_MAX], bw[NUMBER_TEXT_MAX], other[NUMBER_TEXT_MAX];

    fprintf(out, "  steadystate  : attained=%s, bw=%s (%s), iops=%s, %s %s=%.3f%s\n", steady->attained ? "yes" : "no",
            rate_text(bw, mean.bytes_per_second, &style, false), rate_text(other, mean.bytes_per_second, &style, true),
            number_text(iops, mean.iops, style.places, false, ""), steady_figure_name(steady->wanted),
            steady_by_slope(steady->wanted) ? "slope" : "mean dev", steady->criterion,
            steady->wanted->in_percent ? "%" : "");
}

static void print_poll(FILE *out, const struct entry *entry)
{
    const struct engine_counts *c = &entry->counts;
    int64_t max_ns = entry->job->options->poll_max_ns;
    char max[UNIT_TEXT_MAX], window[UNIT_TEXT_MAX], spent[UNIT_TEXT_MAX], vain[UNIT_TEXT_MAX];

    if (!entry->job->engine->has_loop || !max_ns) {
        fprintf(out, "  poll         : %s\n", max_ns ? "none, the engine has no loop" : "off");
        return;
    }
    fprintf(out, "  poll         : max=%s, window=%s, spins=%" PRIu64 ", hit=%.1f%%, spun=%s, in vain=%s\n",
            format_ns(max, (double)max_ns), format_ns(window, (double)c->window_ns), c->spins, 100 * entry->spin_hit_ratio,
            format_ns(spent, (double)c->spin_ns), format_ns(vain, (double)c->spin_vain_ns));
}

static void print_loop(FILE *out, const struct entry *entry)
{
    char cpu[UNIT_TEXT_MAX], usr[UNIT_TEXT_MAX], sys[UNIT_TEXT_MAX];

    fprintf(out,
            "  loop         : cpu/IO=%s (usr %s, sys %s), syscalls/IO=%.3f, IOs/enter=%.1f, depth=%.1f, asleep=%.1f%%\n",
            format_ns(cpu, entry->cpu_ns_per_io), format_ns(usr, entry->usr_ns_per_io), format_ns(sys, entry->sys_ns_per_io),
            entry->syscalls_per_io, entry->ios_per_enter, entry->depth_mean, 100 * entry->asleep);
}

/* Of rated directions: what a client that kept to the schedule would have seen. */
static void print_response(FILE *out, const struct entry *entry)
{
    static const char *const names[IO_DIRECTIONS] = { "read", "write", "trim" };
    char p50[UNIT_TEXT_MAX], p99[UNIT_TEXT_MAX], max[UNIT_TEXT_MAX], lag[UNIT_TEXT_MAX];

    for (unsigned kind = 0; kind < IO_DIRECTIONS; kind++) {
        const struct lariat_histogram *h = &entry->response[kind];

        if (h->n && (entry->job->options->rate[kind] || entry->job->options->rate_iops[kind]))
            fprintf(out, "  response     : %s: 50%%=%s, 99%%=%s, max=%s, late=%" PRIu64 ", longest lag=%s\n", names[kind],
                    format_ns(p50, (double)lariat_histogram_percentile(h, 50)),
                    format_ns(p99, (double)lariat_histogram_percentile(h, 99)), format_ns(max, (double)h->max_ns),
                    entry->schedule[kind].n_late, format_ns(lag, (double)entry->schedule[kind].lag_max_ns));
    }
}

static void print_head(FILE *out, const struct entry *entry)
{
    const struct job_options *options = entry->job->options;
    char when[32] = "", why[128];
    time_t now = time(NULL);

    if (!ctime_r(&now, when))
        when[0] = '\0';
    snprintf(why, sizeof(why), entry->error ? "err=%2d (error=%s)" : "err=%2d", entry->error,
             entry->error == EILSEQ ? "verification failed" : strerror(entry->error));
    fprintf(out, "%s: (groupid=%u, jobs=%u): %s: pid=%d: %s%s", options->name, entry->groupid, entry->n_jobs, why,
            (int)__atomic_load_n(&entry->job->tid, __ATOMIC_ACQUIRE), when, when[0] ? "" : "\n");
    if (options->description)
        fprintf(out, "  Description  : [%s]\n", options->description);
}

static void print_entry(FILE *out, const struct entry *entry, const struct steady *steady)
{
    static const char *const names[IO_DIRECTIONS] = { "read", "write", "trim" };
    enum unified_kind unified = (enum unified_kind)entry->job->options->unified_rw_reporting;

    print_head(out, entry);
    for (unsigned kind = 0; kind < IO_DIRECTIONS && unified != UNIFIED_MIXED; kind++)
        print_direction(out, entry, names[kind], &entry->stats[kind], &entry->direction[kind]);
    if (unified != UNIFIED_NONE)
        print_direction(out, entry, "mixed", &entry->mixed, &entry->mixed_figures);
    normal_latency_classes(out, entry);
    print_sync(out, entry);
    fprintf(out, "  cpu          : usr=%.2f%%, sys=%.2f%%, ctx=%" PRIu64 ", majf=%" PRIu64 ", minf=%" PRIu64 "\n",
            entry->usr_percent, entry->sys_percent, entry->context_switches, entry->major_faults, entry->minor_faults);
    print_depths(out, entry);
    print_issued(out, entry);
    if (steady)
        print_steady(out, entry, steady);
    print_poll(out, entry);
    print_loop(out, entry);
    print_response(out, entry);
    if (entry->job->options->verify)
        fprintf(out, "  verify: %" PRIu64 " blocks checked, %" PRIu64 " wrong\n", entry->verify_blocks,
                entry->verify_errors);
}

/* ---- before the run ---- */

static void print_block_sizes(FILE *out, const struct job_options *options)
{
    static const char names[] = "RWT";
    struct byte_style style = style_of(options);

    for (unsigned i = 0; i < 3; i++) {
        char min[NUMBER_TEXT_MAX], max[NUMBER_TEXT_MAX];

        fprintf(out, "%s(%c) %s-%s", i ? ", " : "", names[i], bytes_text(min, (double)options->block[i].min, &style, false),
                bytes_text(max, (double)options->block[i].max, &style, false));
    }
}

void report_preamble(const struct bench_run *run, FILE *out)
{
    for (unsigned i = 0; i < run->n_jobs; i++) {
        const struct bench_job *job = &run->jobs[i];
        const struct job_options *options = job->options;

        if (job->clone == 1)
            fputs("...\n", out);
        if (job->clone)
            continue;
        fprintf(out, "%s: (g=%u): rw=%s, bs=", options->name, options->group, options_rw_name((enum rw_mode)options->rw));
        print_block_sizes(out, options);
        fprintf(out, ", ioengine=%s, iodepth=%" PRIu64 "\n", job->engine->name, options->iodepth);
    }
    fprintf(out, "lariat-bench-%s\nStarting %u thread%s\n", LARIAT_VERSION_STRING, run->n_jobs, run->n_jobs == 1 ? "" : "s");
    fflush(out);
}

/* ---- all ---- */

int report_normal(const struct report *report, FILE *out)
{
    const struct entries *entries = &report->entries;

    fputc('\n', out);
    for (unsigned i = 0; i < entries->n; i++)
        print_entry(out, &entries->list[i], report_steady(report, i));
    for (unsigned i = 0; i < entries->n; i++)
        if (i == 0 || entries->list[i].groupid != entries->list[i - 1].groupid)
            normal_group(out, entries, i);
    normal_disks(out, &report->disks);
    return 0;
}
