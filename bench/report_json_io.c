/* SPDX-License-Identifier: MIT */
/* What fio's document says of the I/O of a job, by direction. */
#include <stdio.h>

#include "report_json.h"

static void set_percentiles(struct builder *b, json_t *object, const struct lariat_histogram *h,
                            const struct job_options *options)
{
    json_t *list = build_set(b, object, "percentile", build_object(b));
    unsigned n;
    const double *percentiles = figures_percentiles(options, &n);

    for (unsigned i = 0; i < n; i++) {
        char key[32];

        snprintf(key, sizeof(key), "%f", percentiles[i]);
        build_int(b, list, key, lariat_histogram_percentile(h, percentiles[i]));
    }
}

static void set_bins(struct builder *b, json_t *object, const struct lariat_histogram *h)
{
    json_t *list = build_set(b, object, "bins", build_object(b));

    for (unsigned i = 0; i < LARIAT_HISTOGRAM_BUCKETS; i++) {
        char key[32];

        if (!h->buckets[i])
            continue;
        snprintf(key, sizeof(key), "%llu", (unsigned long long)lariat_histogram_bucket_ns(i));
        build_int(b, list, key, h->buckets[i]);
    }
}

static void set_shape(struct builder *b, json_t *object, const struct lariat_histogram *h,
                      const struct job_options *percentiles_of, bool bins)
{
    if (!percentiles_of || !h->n)
        return;
    set_percentiles(b, object, h, percentiles_of);
    if (bins)
        set_bins(b, object, h);
}

json_t *json_latency(struct builder *b, const struct latency *latency, const struct job_options *percentiles_of, bool bins)
{
    const struct lariat_histogram *h = &latency->h;
    json_t *object = build_object(b);

    build_int(b, object, "min", h->min_ns);
    build_int(b, object, "max", h->max_ns);
    build_real(b, object, "mean", latency_mean_ns(latency));
    build_real(b, object, "stddev", latency_stddev_ns(latency));
    build_int(b, object, "N", h->n);
    set_shape(b, object, h, percentiles_of, bins);
    return object;
}

json_t *json_histogram(struct builder *b, const struct lariat_histogram *h, const struct job_options *percentiles_of,
                       bool bins)
{
    json_t *object = build_object(b);

    build_int(b, object, "min", h->min_ns);
    build_int(b, object, "max", h->max_ns);
    build_real(b, object, "mean", h->n ? (double)h->sum_ns / (double)h->n : 0);
    build_int(b, object, "N", h->n);
    set_shape(b, object, h, percentiles_of, bins);
    return object;
}

static void set_samples(struct builder *b, json_t *object, const struct direction_figures *d)
{
    const struct rate_samples *bw = &d->bw_samples, *iops = &d->iops_samples;

    build_int(b, object, "bw_min", (uint64_t)bw->min);
    build_int(b, object, "bw_max", (uint64_t)bw->max);
    build_real(b, object, "bw_agg", d->share);
    build_real(b, object, "bw_mean", bw->mean);
    build_real(b, object, "bw_dev", rate_stddev(bw));
    build_int(b, object, "bw_samples", bw->n);
    build_int(b, object, "iops_min", (uint64_t)iops->min);
    build_int(b, object, "iops_max", (uint64_t)iops->max);
    build_real(b, object, "iops_mean", iops->mean);
    build_real(b, object, "iops_stddev", rate_stddev(iops));
    build_int(b, object, "iops_samples", iops->n);
}

static json_t *direction_json(struct builder *b, const struct entry *entry, const struct iostat *stat,
                              const struct direction_figures *d, bool bins)
{
    const struct job_options *options = entry->job->options;
    json_t *object = build_object(b);

    build_int(b, object, "io_bytes", stat->bytes);
    build_int(b, object, "io_kbytes", stat->bytes / 1024);
    build_int(b, object, "bw_bytes", (uint64_t)d->bytes_per_second);
    build_int(b, object, "bw", (uint64_t)d->bytes_per_second / 1024);
    build_real(b, object, "iops", d->iops);
    build_int(b, object, "runtime", d->runtime_ms);
    build_int(b, object, "total_ios", stat->ios);
    build_int(b, object, "short_ios", stat->short_ios);
    build_int(b, object, "drop_ios", 0);
    build_set(b, object, "slat_ns", json_latency(b, &stat->slat, options->slat_percentiles ? options : NULL, bins));
    build_set(b, object, "clat_ns", json_latency(b, &stat->clat, options->clat_percentiles ? options : NULL, bins));
    build_set(b, object, "lat_ns", json_latency(b, &stat->lat, options->lat_percentiles ? options : NULL, bins));
    set_samples(b, object, d);
    return object;
}

void json_directions(struct builder *b, json_t *object, const struct entry *entry, bool bins)
{
    static const char *const names[IO_DIRECTIONS] = { "read", "write", "trim" };
    enum unified_kind unified = (enum unified_kind)entry->job->options->unified_rw_reporting;

    for (unsigned kind = 0; kind < IO_DIRECTIONS && unified != UNIFIED_MIXED; kind++)
        build_set(b, object, names[kind], direction_json(b, entry, &entry->stats[kind], &entry->direction[kind], bins));
    if (unified != UNIFIED_NONE)
        build_set(b, object, "mixed", direction_json(b, entry, &entry->mixed, &entry->mixed_figures, bins));
}
