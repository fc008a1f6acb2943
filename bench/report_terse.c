/* SPDX-License-Identifier: MIT */
/*
 * fio's terse formats: a line per entry, fields separated by ';'. Version 3 has reads and writes, 4 trims too, 5 more of the
 * samples; 2 is 3 without the version of fio. Latencies are in microseconds, bandwidths in KiB/s.
 */
#include <inttypes.h>

#include "report.h"

static void print_latency(FILE *out, const struct latency *latency)
{
    fprintf(out, ";%" PRIu64 ";%" PRIu64 ";%f;%f", latency->h.min_ns / 1000, latency->h.max_ns / 1000,
            latency_mean_ns(latency) / 1000, latency_stddev_ns(latency) / 1000);
}

/* Always as many as a list may have. */
static void print_percentiles(FILE *out, const struct lariat_histogram *h, const struct job_options *options)
{
    unsigned n, i = 0;
    const double *percentiles = figures_percentiles(options, &n);

    for (; i < n; i++)
        fprintf(out, ";%f%%=%" PRIu64, percentiles[i], lariat_histogram_percentile(h, percentiles[i]) / 1000);
    for (; i < FLOATS_MAX; i++)
        fputs(";0%=0", out);
}

static void print_samples(FILE *out, const struct direction_figures *d, unsigned version)
{
    const struct rate_samples *bw = &d->bw_samples, *iops = &d->iops_samples;

    fprintf(out, ";%.0f;%.0f;%f%%;%f;%f", bw->min, bw->max, d->share, bw->mean, rate_stddev(bw));
    if (version >= 5)
        fprintf(out, ";%" PRIu64 ";%.0f;%.0f;%f;%f;%" PRIu64, bw->n, iops->min, iops->max, iops->mean, rate_stddev(iops),
                iops->n);
}

static void print_direction(FILE *out, const struct entry *entry, const struct iostat *stat,
                            const struct direction_figures *d, unsigned version)
{
    const struct job_options *options = entry->job->options;
    const struct lariat_histogram *h = options->clat_percentiles ? &stat->clat.h : &stat->lat.h;

    fprintf(out, ";%" PRIu64 ";%" PRIu64 ";%.0f;%" PRIu64, stat->bytes / 1024, (uint64_t)d->bytes_per_second / 1024, d->iops,
            d->runtime_ms);
    print_latency(out, &stat->slat);
    print_latency(out, &stat->clat);
    print_percentiles(out, h, options);
    print_latency(out, &stat->lat);
    print_samples(out, d, version);
}

static void print_shares(FILE *out, const struct entry *entry)
{
    uint64_t classes[LATENCY_CLASSES], total, n = 0;

    for (unsigned i = 0; i < DEPTH_BUCKETS; i++)
        n += entry->depth_levels[i];
    for (unsigned i = 0; i < DEPTH_BUCKETS; i++)
        fprintf(out, ";%3.1f%%", figures_share(entry->depth_levels[i], n, 0.1));
    figures_latency_classes(entry, classes, &total);
    for (unsigned i = 10; i < LATENCY_CLASSES; i++) { /* what is below a microsecond goes into the first of these */
        uint64_t count = classes[i];

        for (unsigned j = 0; i == 10 && j < 10; j++)
            count += classes[j];
        fprintf(out, ";%3.2f%%", figures_share(count, total, 0.01));
    }
}

static void print_disks(FILE *out, const struct disk_list *disks)
{
    for (unsigned i = 0; i < disks->n; i++) {
        const struct disk_counts *c = &disks->list[i].sum;

        fprintf(out, ";%s;%" PRIu64 ";%" PRIu64 ";%" PRIu64 ";%" PRIu64 ";%" PRIu64 ";%" PRIu64 ";%" PRIu64 ";%3.2f%%",
                disks->list[i].name, c->ios[0], c->ios[1], c->merges[0], c->merges[1], c->ticks_ms[0], c->ticks_ms[1],
                c->in_queue_ms, disks->list[i].util);
    }
}

static void print_entry(FILE *out, const struct entry *entry, const struct disk_list *disks, unsigned version)
{
    const struct job_options *options = entry->job->options;
    unsigned n = version == 3 ? IO_TRIM : IO_DIRECTIONS;

    fprintf(out, "%u%s;%s;%u;%d", version, version > 2 ? ";fio-3.33" : "", entry->job->options->name, entry->groupid,
            entry->error);
    for (unsigned kind = 0; kind < n; kind++)
        if (options->unified_rw_reporting == UNIFIED_NONE)
            print_direction(out, entry, &entry->stats[kind], &entry->direction[kind], version);
        else if (kind == 0)
            print_direction(out, entry, &entry->mixed, &entry->mixed_figures, version);
    fprintf(out, ";%f%%;%f%%;%" PRIu64 ";%" PRIu64 ";%" PRIu64, entry->usr_percent, entry->sys_percent,
            entry->context_switches, entry->major_faults, entry->minor_faults);
    print_shares(out, entry);
    if (version > 2)
        print_disks(out, disks);
    if (options->description)
        fprintf(out, ";%s", options->description);
    fputc('\n', out);
}

int report_terse(const struct report *report, FILE *out)
{
    for (unsigned i = 0; i < report->entries.n; i++)
        print_entry(out, &report->entries.list[i], &report->disks, (unsigned)report->run->options->terse_version);
    return 0;
}
