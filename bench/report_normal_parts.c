/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "number_text.h"
#include "option_table.h"
#include "report_normal.h"

#define LATENCY_PLACES 6 /* fio's, whatever --significant_figures says */
#define LINE_WIDTH 80

void normal_latency(FILE *out, const char *name, const struct latency *latency)
{
    double min = (double)latency->h.min_ns, max = (double)latency->h.max_ns;
    double mean = latency_mean_ns(latency), stddev = latency_stddev_ns(latency);
    char min_text[NUMBER_TEXT_MAX], max_text[NUMBER_TEXT_MAX];

    if (!latency->h.n)
        return;
    const char *unit = latency_scale(&min, &max, &mean, &stddev);
    fprintf(out, "    %4s (%s): min=%s, max=%s, avg=%5.2f, stdev=%5.2f\n", name, unit,
            number_text(min_text, min, LATENCY_PLACES, false, ""), number_text(max_text, max, LATENCY_PLACES, false, ""),
            mean, stddev);
}

/* Two decimals, or as many as the list has. */
static int decimals_of(const double percentiles[], unsigned n)
{
    int decimals = 2;

    for (unsigned i = 0; i < n; i++)
        while (decimals < 6 && fabs(percentiles[i] * pow(10, decimals) - round(percentiles[i] * pow(10, decimals))) > 1e-4)
            decimals++;
    return decimals;
}

static int digits_of(uint64_t value)
{
    return snprintf(NULL, 0, "%" PRIu64, value);
}

void normal_percentiles(FILE *out, const char *name, const struct lariat_histogram *h, const struct job_options *options)
{
    unsigned n;
    const double *percentiles = figures_percentiles(options, &n);
    uint64_t least = lariat_histogram_percentile(h, percentiles[0]),
             most = lariat_histogram_percentile(h, percentiles[n - 1]);
    uint64_t by = least > 2000000 && most > 99999999 ? 1000000 : least > 2000 && most > 99999 ? 1000 : 1;
    int decimals = decimals_of(percentiles, n), width = digits_of(most / by) > 5 ? digits_of(most / by) : 5;
    unsigned per_line = (unsigned)((LINE_WIDTH - 7) / (decimals + 3 + 9 + (width - 5) + 3));

    fprintf(out, "    %s percentiles (%s):\n", name, by == 1 ? "nsec" : by == 1000 ? "usec" : "msec");
    for (unsigned i = 0; i < n; i++) {
        bool last = i + 1 == n || (i + 1) % per_line == 0;

        fprintf(out, "%s %*.*fth=[%*" PRIu64 "]%s", i % per_line == 0 ? "     |" : "", decimals + 3, decimals,
                percentiles[i], width, lariat_histogram_percentile(h, percentiles[i]) / by,
                i + 1 == n ? "\n"
                : last     ? ",\n"
                           : ",");
    }
}

void normal_latencies(FILE *out, const struct iostat *stat, const struct job_options *options)
{
    /* fio's default is not to show these; the JSON has them by our default. */
    size_t lat_row = option_index(option_find("lat_percentiles", strlen("lat_percentiles")));

    normal_latency(out, "slat", &stat->slat);
    normal_latency(out, "clat", &stat->clat);
    normal_latency(out, "lat", &stat->lat);
    if (options->slat_percentiles && stat->slat.h.n)
        normal_percentiles(out, "slat", &stat->slat.h, options);
    if (options->clat_percentiles && stat->clat.h.n)
        normal_percentiles(out, "clat", &stat->clat.h, options);
    if (options->lat_percentiles && stat->lat.h.n && options->given[lat_row])
        normal_percentiles(out, "lat", &stat->lat.h, options);
}

void normal_samples(FILE *out, const struct direction_figures *d, const struct job_options *options)
{
    const struct rate_samples *bw = &d->bw_samples, *iops = &d->iops_samples;
    bool binary = options->kb_base == 1024;
    double base = binary ? 1024 : 1000, by = bw->mean > base * base ? base : 1;
    const char *unit = by > 1 ? (binary ? "MiB" : "MB") : binary ? "KiB" : "kB";

    if (!bw->n || options->disable_bw)
        return;
    fprintf(out, "   bw (%5s/s): min=%5.0f, max=%5.0f, per=%3.2f%%, avg=%5.2f, stdev=%5.2f, samples=%" PRIu64 "\n", unit,
            floor(bw->min / by), floor(bw->max / by), d->share, bw->mean / by, rate_stddev(bw) / by, bw->n);
    fprintf(out, "   iops        : min=%5.0f, max=%5.0f, avg=%5.2f, stdev=%5.2f, samples=%" PRIu64 "\n", floor(iops->min),
            floor(iops->max), iops->mean, rate_stddev(iops), iops->n);
}

#define PER_LINE 5

static void print_classes(FILE *out, const char *unit, const uint64_t counts[], unsigned n, uint64_t total)
{
    static const char *const names[] = { "2", "4", "10", "20", "50", "100", "250", "500", "750", "1000", "2000", ">=2000" };
    unsigned shown = 0;

    for (unsigned i = 0; i < n; i++) {
        if (!counts[i])
            continue;
        if (shown % PER_LINE == 0)
            fprintf(out, "%s  lat (%s)   : ", shown ? "\n" : "", unit);
        fprintf(out, "%s%s=%3.2f%%", shown % PER_LINE ? ", " : "", names[i], figures_share(counts[i], total, 0.01));
        shown++;
    }
    if (shown)
        fputc('\n', out);
}

void normal_latency_classes(FILE *out, const struct entry *entry)
{
    uint64_t counts[LATENCY_CLASSES], total;

    figures_latency_classes(entry, counts, &total);
    print_classes(out, "nsec", counts, 10, total);
    print_classes(out, "usec", counts + 10, 10, total);
    print_classes(out, "msec", counts + 20, 12, total);
}

void normal_shares(FILE *out, const char *head, const char *const names[], const uint64_t counts[DEPTH_BUCKETS])
{
    uint64_t total = 0;

    for (unsigned i = 0; i < DEPTH_BUCKETS; i++)
        total += counts[i];
    fputs(head, out);
    for (unsigned i = 0; i < DEPTH_BUCKETS; i++)
        fprintf(out, "%s%s=%3.1f%%", i ? ", " : "", names[i], figures_share(counts[i], total, 0.1));
    fputc('\n', out);
}

/* ---- below the jobs ---- */

struct group {
    double bytes, rate, rate_min, rate_max;
    uint64_t ms_min, ms_max;
};

static void add_to_group(struct group *group, const struct iostat *stat, const struct direction_figures *d)
{
    if (!stat->ios)
        return;
    if (group->bytes <= 0 || d->bytes_per_second < group->rate_min)
        group->rate_min = d->bytes_per_second;
    if (d->bytes_per_second > group->rate_max)
        group->rate_max = d->bytes_per_second;
    if (group->bytes <= 0 || d->runtime_ms < group->ms_min)
        group->ms_min = d->runtime_ms;
    if (d->runtime_ms > group->ms_max)
        group->ms_max = d->runtime_ms;
    group->bytes += (double)stat->bytes;
}

static void print_group_line(FILE *out, const char *name, const struct group *group, const struct job_options *options)
{
    struct byte_style style = { (unsigned)options->significant_figures, options->kb_base == 1024, options->unit_base == 1 };
    double rate = group->ms_max ? group->bytes * 1000 / (double)group->ms_max : 0;
    char text[8][NUMBER_TEXT_MAX];

    if (group->bytes <= 0)
        return;
    fprintf(out, "%7s: bw=%s (%s), %s-%s (%s-%s), io=%s (%s), run=%" PRIu64 "-%" PRIu64 "msec\n", name,
            rate_text(text[0], rate, &style, false), rate_text(text[1], rate, &style, true),
            rate_text(text[2], group->rate_min, &style, false), rate_text(text[3], group->rate_max, &style, false),
            rate_text(text[4], group->rate_min, &style, true), rate_text(text[5], group->rate_max, &style, true),
            bytes_text(text[6], group->bytes, &style, false), bytes_text(text[7], group->bytes, &style, true), group->ms_min,
            group->ms_max);
}

void normal_group(FILE *out, const struct entries *entries, unsigned first)
{
    static const char *const names[IO_DIRECTIONS + 1] = { "READ", "WRITE", "TRIM", "MIXED" };
    struct group groups[IO_DIRECTIONS + 1];
    enum unified_kind unified = (enum unified_kind)entries->list[first].job->options->unified_rw_reporting;

    memset(groups, 0, sizeof(groups));
    for (unsigned i = first; i < entries->n && entries->list[i].groupid == entries->list[first].groupid; i++) {
        const struct entry *entry = &entries->list[i];

        for (unsigned kind = 0; kind < IO_DIRECTIONS && unified != UNIFIED_MIXED; kind++)
            add_to_group(&groups[kind], &entry->stats[kind], &entry->direction[kind]);
        if (unified != UNIFIED_NONE)
            add_to_group(&groups[IO_DIRECTIONS], &entry->mixed, &entry->mixed_figures);
    }
    fprintf(out, "\nRun status group %u (all jobs):\n", entries->list[first].groupid);
    for (unsigned i = 0; i <= IO_DIRECTIONS; i++)
        print_group_line(out, names[i], &groups[i], entries->list[first].job->options);
}

static void print_counts(FILE *out, const char *prefix, const struct disk_counts *c)
{
    fprintf(out,
            "%sios=%" PRIu64 "/%" PRIu64 ", %smerge=%" PRIu64 "/%" PRIu64 ", %sticks=%" PRIu64 "/%" PRIu64
            ", %sin_queue=%" PRIu64,
            prefix, c->ios[0], c->ios[1], prefix, c->merges[0], c->merges[1], prefix, c->ticks_ms[0], c->ticks_ms[1], prefix,
            c->in_queue_ms);
}

void normal_disks(FILE *out, const struct disk_list *disks)
{
    if (disks->n)
        fputs("\nDisk stats (read/write):\n", out);
    for (unsigned i = 0; i < disks->n; i++) {
        const struct disk_figures *disk = &disks->list[i];

        fprintf(out, "  %s: ", disk->name);
        print_counts(out, "", &disk->sum);
        fprintf(out, ", util=%3.2f%%", disk->util);
        if (disk->n_slaves) {
            fputs(", ", out);
            print_counts(out, "aggr", &disk->slaves);
            fprintf(out, ", aggrutil=%3.2f%%", disk->slaves_util);
        }
        fputc('\n', out);
    }
}
