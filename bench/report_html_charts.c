/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "engine.h"
#include "report_html.h"
#include "svg_chart.h"
#include "units.h"

static const char *const direction_names[IO_DIRECTIONS] = { "read", "write", "trim" };

/* ---- latency: percentiles ---- */

struct curve {
    const struct lariat_histogram *h;
    unsigned n;
    double x[LARIAT_HISTOGRAM_BUCKETS], y[LARIAT_HISTOGRAM_BUCKETS];
};

static void make_curve(struct curve *curve, const struct lariat_histogram *h)
{
    uint64_t below = 0;

    curve->h = h;
    curve->n = 0;
    for (unsigned i = 0; i < LARIAT_HISTOGRAM_BUCKETS; i++) {
        if (!h->buckets[i])
            continue;
        curve->x[curve->n] = -log10(1 - (double)below / (double)h->n); /* where this bucket begins */
        curve->y[curve->n++] = (double)(i ? lariat_histogram_bucket_ns(i) : 1);
        below += h->buckets[i];
    }
}

static void curve_point(void *opaque, unsigned i, double *x, double *y)
{
    const struct curve *curve = opaque;

    *x = curve->x[i];
    *y = curve->y[i];
}

/* Powers of ten around what there is. */
static void fit_log(struct axis *axis, double least, double most)
{
    axis->log = true;
    axis->min = pow(10, floor(log10(least > 1 ? least : 1)));
    axis->max = pow(10, ceil(log10(most > 10 ? most : 10)));
    if (axis->max <= axis->min)
        axis->max = axis->min * 10;
}

void html_latency_curves(FILE *out, const char *title, const char *about, const char *const names[],
                         const struct lariat_histogram *const list[], unsigned n)
{
    struct chart chart = { .out = out,
                           .x = { AXIS_NINES, false, 0, 1, "percentile" },
                           .y = { .unit = AXIS_NS, .label = "" } };
    double least = INFINITY, most = 0, samples = 1;
    struct curve curve;

    for (unsigned i = 0; i < n; i++) {
        least = fmin(least, (double)list[i]->min_ns);
        most = fmax(most, (double)list[i]->max_ns);
        samples = fmax(samples, (double)list[i]->n);
    }
    fit_log(&chart.y, least, most);
    chart.x.max = ceil(log10(samples) + 0.001);
    chart_begin(&chart, title, about, names, n);
    for (unsigned i = 0; i < n; i++) {
        make_curve(&curve, list[i]);
        chart_line(&chart, i, curve.n, true, curve_point, &curve);
    }
    chart_end(&chart);
}

static unsigned kinds_with(const struct entry *entry, unsigned kinds[IO_DIRECTIONS], const char *names[IO_DIRECTIONS])
{
    unsigned n = 0;

    for (unsigned kind = 0; kind < IO_DIRECTIONS; kind++)
        if (entry->stats[kind].ios) {
            names[n] = direction_names[kind];
            kinds[n++] = kind;
        }
    return n;
}

void html_percentiles(FILE *out, const struct entry *entry)
{
    const struct lariat_histogram *list[IO_DIRECTIONS];
    const char *names[IO_DIRECTIONS];
    unsigned n = 0;

    for (unsigned kind = 0; kind < IO_DIRECTIONS; kind++)
        if (entry->stats[kind].lat.h.n) {
            names[n] = direction_names[kind];
            list[n++] = &entry->stats[kind].lat.h;
        }
    if (n)
        html_latency_curves(out, "Latency by percentile", "Total latency by percentile, both axes logarithmic", names, list, n);
}

/* Of rated directions. */
void html_response(FILE *out, const struct entry *entry)
{
    const struct lariat_histogram *list[IO_DIRECTIONS];
    const char *names[IO_DIRECTIONS];
    unsigned n = 0;

    for (unsigned kind = 0; kind < IO_DIRECTIONS; kind++) {
        const struct lariat_histogram *h = &entry->response[kind];

        if (!h->n || !(entry->job->options->rate[kind] || entry->job->options->rate_iops[kind]))
            continue;
        names[n] = direction_names[kind];
        list[n++] = h;
    }
    if (n)
        html_latency_curves(out, "Response time by percentile",
                            "Time from intended to completed by percentile, both axes logarithmic", names, list, n);
}

/* ---- latency: histogram ---- */

#define BARS_PER_DECADE 20
#define BARS_MAX (12 * BARS_PER_DECADE)

void html_histogram(FILE *out, const struct entry *entry)
{
    const struct lariat_histogram *h = &entry->mixed.lat.h;
    struct chart chart = { .out = out,
                           .x = { .unit = AXIS_NS, .label = "latency" },
                           .y = { AXIS_PERCENT, false, 0, 0, "" } };
    uint64_t bars[BARS_MAX] = { 0 }, most = 0;

    if (!h->n)
        return;
    for (unsigned i = 0; i < LARIAT_HISTOGRAM_BUCKETS; i++) {
        double ns = (double)lariat_histogram_bucket_ns(i);
        unsigned bar = ns < 1 ? 0 : (unsigned)(log10(ns) * BARS_PER_DECADE);

        bars[bar < BARS_MAX ? bar : BARS_MAX - 1] += h->buckets[i];
    }
    for (unsigned i = 0; i < BARS_MAX; i++)
        most = bars[i] > most ? bars[i] : most;
    fit_log(&chart.x, (double)h->min_ns, (double)h->max_ns);
    chart.y.max = 100 * (double)most / (double)h->n;
    axis_round(&chart.y);
    chart_begin(&chart, "Latency histogram", "Share of I/Os by latency, which is on a logarithmic axis", NULL, 0);
    for (unsigned i = 0; i < BARS_MAX; i++) {
        double from = pow(10, (double)i / BARS_PER_DECADE), to = pow(10, (double)(i + 1) / BARS_PER_DECADE);
        double share = 100 * (double)bars[i] / (double)h->n;
        char text[128], begin[UNIT_TEXT_MAX], end[UNIT_TEXT_MAX];

        if (!bars[i])
            continue;
        snprintf(text, sizeof(text), "%s to %s: %" PRIu64 " I/Os (%.3g%%)", format_ns(begin, from), format_ns(end, to),
                 bars[i], share);
        chart_bar(&chart, 0, from, to, share, text);
    }
    chart_end(&chart);
}

/* ---- over time ---- */

enum shown { SHOW_IOPS, SHOW_BANDWIDTH, SHOW_P50, SHOW_P99, SHOW_MAX, SHOW_WINDOW };

struct over_time {
    const struct interval *list;
    enum shown shown;
    unsigned kind;
};

static double value_of(const struct interval *interval, enum shown shown, unsigned kind)
{
    double seconds = (double)(interval->end_ns - interval->begin_ns) / 1e9;
    double ns = 0;

    if (shown >= SHOW_P50 && shown <= SHOW_MAX && !interval->n_bins)
        return NAN;
    switch (shown) {
    case SHOW_IOPS: return (double)interval->ios[kind] / seconds;
    case SHOW_BANDWIDTH: return (double)interval->bytes[kind] / seconds;
    case SHOW_P50: ns = (double)interval_percentile(interval, 50); break;
    case SHOW_P99: ns = (double)interval_percentile(interval, 99); break;
    case SHOW_MAX: ns = (double)interval_percentile(interval, 100); break;
    case SHOW_WINDOW: return (double)interval->window_ns;
    }
    return ns < 1 ? 1 : ns;
}

static void point_over_time(void *opaque, unsigned i, double *x, double *y)
{
    const struct over_time *t = opaque;

    *x = (double)t->list[i].end_ns / 1e9;
    *y = value_of(&t->list[i], t->shown, t->kind);
}

static struct chart time_chart(FILE *out, const struct intervals *intervals, enum axis_unit unit)
{
    struct chart chart = { .out = out, .x = { AXIS_SECONDS, false, 0, 0, "time" }, .y = { unit, false, 0, 0, "" } };

    chart.x.max = (double)intervals->list[intervals->n - 1].end_ns / 1e9;
    return chart;
}

static double most_of(const struct intervals *intervals, enum shown shown, unsigned kind)
{
    double most = 0;

    for (unsigned i = 0; i < intervals->n; i++)
        most = fmax(most, value_of(&intervals->list[i], shown, kind));
    return most;
}

void html_rates(FILE *out, const struct entry *entry, const struct intervals *intervals, bool bandwidth)
{
    enum shown shown = bandwidth ? SHOW_BANDWIDTH : SHOW_IOPS;
    unsigned kinds[IO_DIRECTIONS], n = 0;
    const char *names[IO_DIRECTIONS];
    struct chart chart;

    if (intervals->n < 2)
        return;
    chart = time_chart(out, intervals, bandwidth ? AXIS_RATE : AXIS_COUNT);
    n = kinds_with(entry, kinds, names);
    for (unsigned i = 0; i < n; i++)
        chart.y.max = fmax(chart.y.max, most_of(intervals, shown, kinds[i]));
    axis_round(&chart.y);
    chart_begin(&chart, bandwidth ? "Bandwidth" : "IOPS", bandwidth ? "Bandwidth over time" : "I/Os per second over time",
                names, n);
    for (unsigned i = 0; i < n; i++)
        chart_line(&chart, kinds[i], intervals->n, false, point_over_time,
                   &(struct over_time){ intervals->list, shown, kinds[i] });
    chart_end(&chart);
}

void html_latency_over_time(FILE *out, const struct intervals *intervals)
{
    static const char *const names[] = { "median", "99 %", "longest" };
    static const enum shown shown[] = { SHOW_P50, SHOW_P99, SHOW_MAX };
    double least = INFINITY, most = 0;
    struct chart chart;

    if (intervals->n < 2)
        return;
    chart = time_chart(out, intervals, AXIS_NS);
    for (unsigned i = 0; i < intervals->n; i++) {
        least = fmin(least, value_of(&intervals->list[i], SHOW_P50, 0));
        most = fmax(most, value_of(&intervals->list[i], SHOW_MAX, 0));
    }
    if (!(most > 0)) /* none was measured */
        return;
    fit_log(&chart.y, least, most);
    chart_begin(&chart, "Latency over time", "Median, 99th percentile and longest latency of each interval", names, 3);
    for (unsigned i = 0; i < 3; i++)
        chart_line(&chart, i, intervals->n, false, point_over_time, &(struct over_time){ intervals->list, shown[i], 0 });
    chart_end(&chart);
}

void html_window(FILE *out, const struct entry *entry, const struct intervals *intervals)
{
    struct chart chart;

    if (intervals->n < 2 || !entry->job->engine->has_loop || !entry->job->options->poll_max_ns)
        return;
    chart = time_chart(out, intervals, AXIS_NS);
    chart.y.max = most_of(intervals, SHOW_WINDOW, 0);
    axis_round(&chart.y);
    chart_begin(&chart, "Poll window", "How long the loop was ready to spin, sampled over time", NULL, 0);
    chart_line(&chart, 0, intervals->n, true, point_over_time, &(struct over_time){ intervals->list, SHOW_WINDOW, 0 });
    chart_end(&chart);
}

/* ---- CPU ---- */

static double print_part(FILE *out, unsigned series, const char *name, double left, double percent)
{
    double x = left * CHART_WIDTH / 100, width = percent * CHART_WIDTH / 100;

    fprintf(out,
            "<rect class=\"bar s%u\" x=\"%.1f\" y=\"4\" width=\"%.1f\" height=\"24\"><title>%s: %.1f%%</title></rect>\n",
            series, x, width > 2 ? width - 2 : width, name, percent);
    return left + percent;
}

/* One bar: where the time of the jobs' threads went. Spinning is user time, too, and is taken from it. */
void html_cpu(FILE *out, const struct entry *entry)
{
    static const char *const names[] = { "user", "system", "spinning", "off the CPU" };
    double spin = entry->runtime_ns > 0 ? 100 * (double)entry->counts.spin_ns / entry->runtime_ns : 0;
    double usr = fmin(entry->usr_percent, 100), sys = fmin(entry->sys_percent, 100 - usr), left = 0;

    if (entry->runtime_ns <= 0)
        return;
    spin = fmin(spin, usr);
    const double parts[] = { usr - spin, sys, spin, 100 - usr - sys };
    fputs("<figure>\n<figcaption>CPU", out);
    for (unsigned i = 0; i < 4; i++)
        fprintf(out, " <span class=\"key k%u\">%s %.1f%%</span>", i == 3 ? 9 : i, names[i], parts[i]);
    fprintf(out,
            "</figcaption>\n<svg viewBox=\"0 0 %.0f 32\" role=\"img\" aria-label=\"Where the time of the threads went\">\n",
            CHART_WIDTH);
    for (unsigned i = 0; i < 4; i++)
        left = print_part(out, i == 3 ? 9 : i, names[i], left, parts[i]);
    fputs("</svg>\n</figure>\n", out);
}
