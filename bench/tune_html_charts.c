/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report_html.h"
#include "svg_chart.h"
#include "tune_html.h"
#include "units.h"

#define SERIES_MAX 6

/* ---- response curves ---- */

struct response {
    const struct tune *tune;
    unsigned config;
    unsigned scenarios[TUNE_LOADS]; /* by load, the least first */
    unsigned n;
    unsigned n_paced; /* the first ones; the last may be full load, whose latency is no response time */
};

/* The scenarios of a depth that have a load and were run with this setting. */
static void find_loads(struct response *r, const struct tune *tune, unsigned config, uint64_t depth)
{
    *r = (struct response){ .tune = tune, .config = config };
    for (unsigned i = tune->n_scenarios; i-- > 0;)
        if (tune->scenarios[i].depth == depth && tune->scenarios[i].percent && tune_cell(tune, config, i)->n) {
            r->scenarios[r->n++] = i;
            r->n_paced += tune->scenarios[i].percent < 100;
        }
}

static void response_point(void *opaque, unsigned i, double *x, double *y)
{
    const struct response *r = opaque;

    *x = TUNE_TYPICAL(r->tune, r->config, r->scenarios[i], iops);
    *y = TUNE_TYPICAL(r->tune, r->config, r->scenarios[i], latency_ns);
}

/* The interval of the mean latency, over the rounds of the last stage or, with none, over all. */
static struct interval_of_ratio latency_interval(const struct tune *tune, unsigned config, unsigned scenario)
{
    const struct tune_cell *cell = tune_cell(tune, config, scenario);
    double logs[TUNE_VALUES_MAX];
    unsigned n = 0;

    for (unsigned i = 0; i < cell->n && n < TUNE_VALUES_MAX; i++)
        if (isfinite(log(cell->samples[i].latency_ns)))
            logs[n++] = log(cell->samples[i].latency_ns);
    return tune_ratio_interval(logs, n, TUNE_CONFIDENCE);
}

static void response_dots(struct chart *chart, unsigned series, struct response *r)
{
    char title[TUNE_NAME_MAX + 120], name[TUNE_NAME_MAX], latency[UNIT_TEXT_MAX], iops[UNIT_TEXT_MAX];

    for (unsigned i = 0; i < r->n; i++) {
        struct interval_of_ratio interval = latency_interval(r->tune, r->config, r->scenarios[i]);
        double x, y, low = interval.n < 2 ? (double)NAN : interval.low;

        response_point(r, i, &x, &y);
        snprintf(title, sizeof(title), "%s: %s at %s I/Os per second%s",
                 tune_config_name(name, &r->tune->configs[r->config]), format_ns(latency, y), format_count(iops, x),
                 i < r->n_paced ? "" : ", full load");
        chart_dot(chart, series, x, y, low, interval.high, false, title);
    }
}

void tune_html_response(const struct tune_report *report, FILE *out, uint64_t depth)
{
    const struct tune *tune = report->tune;
    struct response responses[SERIES_MAX];
    char texts[SERIES_MAX][TUNE_NAME_MAX], title[64];
    const char *names[SERIES_MAX];
    struct chart chart = { .out = out, .x = { AXIS_COUNT, false, 0, 0, "IOPS" }, .y = { AXIS_NS, true, INFINITY, 0, "" } };
    unsigned n = 0;

    for (unsigned i = 0; i < tune->n_finalists && n < SERIES_MAX; i++) {
        find_loads(&responses[n], tune, tune->finalists[i], depth);
        if (!responses[n].n)
            continue;
        names[n] = tune_config_name(texts[n], &tune->configs[tune->finalists[i]]);
        for (unsigned j = 0; j < responses[n].n; j++) {
            double x, y;

            response_point(&responses[n], j, &x, &y);
            chart.x.max = fmax(chart.x.max, x);
            chart.y.max = fmax(chart.y.max, 1.3 * y);
            chart.y.min = fmin(chart.y.min, y / 1.3);
        }
        n++;
    }
    if (!n || !(chart.y.min > 0))
        return;
    axis_round(&chart.x);
    snprintf(title, sizeof(title), "Response at depth %" PRIu64, depth);
    chart_begin(
        &chart, title,
        "Mean latency, on a logarithmic axis, by I/Os per second, for each setting of the last stage, with 95 % intervals; the "
        "dots beside the lines are full load",
        names, n);
    for (unsigned i = 0; i < n; i++) {
        chart_line(&chart, i, responses[i].n_paced, false, response_point, &responses[i]);
        response_dots(&chart, i, &responses[i]);
    }
    chart_end(&chart);
}

/* ---- Pareto ---- */

struct front {
    double x[TUNE_CONFIGS_MAX], y[TUNE_CONFIGS_MAX];
    unsigned n;
};

static void front_point(void *opaque, unsigned i, double *x, double *y)
{
    const struct front *front = opaque;

    *x = front->x[i];
    *y = front->y[i];
}

/* Put it where it belongs by x. */
static void front_add(struct front *front, double x, double y)
{
    unsigned at = front->n++;

    for (; at > 0 && front->x[at - 1] > x; at--) {
        front->x[at] = front->x[at - 1];
        front->y[at] = front->y[at - 1];
    }
    front->x[at] = x;
    front->y[at] = y;
}

void tune_html_pareto(const struct tune_report *report, FILE *out)
{
    static const char *const names[] = { "none has less of one without more of the other", "others" };
    const struct tune *tune = report->tune;
    unsigned picked = tune_main_pick(report)->config;
    struct chart chart = { .out = out, .x = { AXIS_NS, false, 0, 0, "CPU per I/O" }, .y = { AXIS_NS, false, 0, 0, "" } };
    struct front front = { .n = 0 };

    for (unsigned i = 0; i < tune->n_configs; i++) {
        chart.x.max = fmax(chart.x.max, TUNE_OVERALL(tune, i, cpu_ns_per_io));
        chart.y.max = fmax(chart.y.max, TUNE_OVERALL(tune, i, p99_ns));
        if (tune_on_front(tune, i))
            front_add(&front, TUNE_OVERALL(tune, i, cpu_ns_per_io), TUNE_OVERALL(tune, i, p99_ns));
    }
    if (!front.n)
        return;
    axis_round(&chart.x);
    axis_round(&chart.y);
    chart_begin(&chart, "99th percentile against CPU time per I/O",
                "Each setting by its 99th percentile of latency and its CPU time per I/O; what is recommended has a ring",
                names, 2);
    chart_line(&chart, 0, front.n, false, front_point, &front);
    for (unsigned i = 0; i < tune->n_configs; i++) {
        double x = TUNE_OVERALL(tune, i, cpu_ns_per_io), y = TUNE_OVERALL(tune, i, p99_ns);
        char title[TUNE_NAME_MAX + 100], name[TUNE_NAME_MAX], cpu[UNIT_TEXT_MAX], p99[UNIT_TEXT_MAX];

        if (isnan(x) || isnan(y))
            continue;
        snprintf(title, sizeof(title), "%s: 99 %% %s, CPU per I/O %s", tune_config_name(name, &tune->configs[i]),
                 format_ns(p99, y), format_ns(cpu, x));
        chart_dot(&chart, tune_on_front(tune, i) ? 0 : 1, x, y, (double)NAN, (double)NAN, i == picked, title);
    }
    chart_end(&chart);
}

/* ---- heat map ---- */

#define MAP_LEFT 96.0
#define MAP_TOP 30.0
#define MAP_ROW 26.0

/* The geometric mean over the loads of a depth; NAN: it was not run at each of them. */
static double value_at_depth(const struct tune *tune, unsigned config, uint64_t depth, size_t offset)
{
    double sum = 0;
    unsigned n = 0;

    for (unsigned i = 0; i < tune->n_scenarios; i++)
        if (tune->scenarios[i].depth == depth && tune->scenarios[i].percent) {
            sum += log(tune_typical(tune, config, i, offset));
            n++;
        }
    return n ? exp(sum / n) : (double)NAN;
}

/* Settings of the policy that differ in the longest window alone, by that. */
static unsigned find_rows(const struct tune *tune, enum lariat_poll_policy policy, unsigned rows[TUNE_CONFIGS_MAX])
{
    unsigned n = 0;

    for (unsigned i = 0; i < tune->n_configs; i++) {
        const struct tune_config *c = &tune->configs[i], plain = tune_config_of(policy, c->max_ns);
        unsigned at = n;

        if (!tune_config_same(c, &plain) || isnan(TUNE_OVERALL(tune, i, latency_ns)))
            continue;
        for (; at > 0 && tune->configs[rows[at - 1]].max_ns > c->max_ns; at--)
            rows[at] = rows[at - 1];
        rows[at] = i;
        n++;
    }
    return n;
}

static void map_cell(FILE *out, double x, double y, double width, double value, double least, double most)
{
    double share = most > least ? (log(value) - log(least)) / (log(most) - log(least)) : 0;
    char text[UNIT_TEXT_MAX];

    fprintf(out, "<rect class=\"bar s1\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill-opacity=\"%.2f\"/>", x, y,
            width - 2, MAP_ROW - 2, 0.06 + 0.6 * share);
    fprintf(out, "<text class=\"value\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%s</text>\n", x + width / 2,
            y + MAP_ROW / 2 + 3, format_ns(text, value));
}

static void print_map(const struct tune_report *report, FILE *out, const unsigned rows[], unsigned n_rows, size_t offset)
{
    const struct tune_options *o = report->options;
    double width = (CHART_WIDTH - MAP_LEFT) / o->n_depths;
    char text[UNIT_TEXT_MAX];

    for (unsigned d = 0; d < o->n_depths; d++) {
        double least = INFINITY, most = 0;

        for (unsigned i = 0; i < n_rows; i++) {
            double value = value_at_depth(report->tune, rows[i], o->depths[d], offset);

            least = fmin(least, value);
            most = fmax(most, value);
        }
        fprintf(out, "<text class=\"label\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">depth %" PRIu64 "</text>\n",
                MAP_LEFT + (d + 0.5) * width, MAP_TOP - 10, o->depths[d]);
        for (unsigned i = 0; i < n_rows; i++)
            map_cell(out, MAP_LEFT + d * width, MAP_TOP + i * MAP_ROW, width,
                     value_at_depth(report->tune, rows[i], o->depths[d], offset), least, most);
    }
    for (unsigned i = 0; i < n_rows; i++)
        fprintf(out, "<text class=\"label\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n", MAP_LEFT - 8,
                MAP_TOP + (i + 0.5) * MAP_ROW + 3, format_ns(text, (double)report->tune->configs[rows[i]].max_ns));
}

void tune_html_map(const struct tune_report *report, FILE *out, enum lariat_poll_policy policy, bool cpu)
{
    static const char *const policies[] = { "classic", "weighted", "auto" };
    unsigned rows[TUNE_CONFIGS_MAX], n = find_rows(report->tune, policy, rows);
    const char *what = cpu ? "CPU time per I/O" : "Latency";

    if (n < 2)
        return;
    fprintf(
        out,
        "<figure>\n<figcaption>%s by poll-max-ns and depth, %s</figcaption>\n"
        "<svg viewBox=\"0 0 %.0f %.0f\" role=\"img\" aria-label=\"%s of the policy %s for each longest window and depth; the "
        "darker the more\">\n",
        what, policies[policy], CHART_WIDTH, MAP_TOP + n * MAP_ROW + 4, what, policies[policy]);
    print_map(report, out, rows, n,
              cpu ? offsetof(struct tune_sample, cpu_ns_per_io) : offsetof(struct tune_sample, latency_ns));
    fputs("</svg>\n</figure>\n", out);
}

/* ---- percentiles ---- */

void tune_html_percentiles(const struct tune_report *report, FILE *out, unsigned scenario)
{
    const struct tune *tune = report->tune;
    const struct tune_pick *pick = tune_main_pick(report);
    unsigned after = pick->config != TUNE_DEFAULT ? pick->config : TUNE_OFF;
    const struct lariat_histogram *list[] = { tune_cell(tune, TUNE_DEFAULT, scenario)->latencies,
                                              tune_cell(tune, after, scenario)->latencies };
    char before[TUNE_NAME_MAX], name[TUNE_NAME_MAX], title[96], where[TUNE_SCENARIO_TEXT_MAX];
    const char *names[] = { tune_config_name(before, &tune->configs[TUNE_DEFAULT]),
                            tune_config_name(name, &tune->configs[after]) };

    if (!list[0] || !list[1] || !list[0]->n || !list[1]->n)
        return;
    snprintf(title, sizeof(title), "Latency by percentile, %s", tune_scenario_text(where, &tune->scenarios[scenario]));
    html_latency_curves(out, title, "Latency by percentile with the default and with another setting, both axes logarithmic",
                        names, list, 2);
}
