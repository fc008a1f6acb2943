/* SPDX-License-Identifier: MIT */
/*
 * Charts as inline SVG, for a page whose style sheet has the classes grid, axis, label, line, bar, dot, ring, and s0, s1 ... for the series. All is
 * well-formed XML, and readable without a script.
 */
#ifndef BENCH_SVG_CHART_H
#define BENCH_SVG_CHART_H

#include <stdbool.h>
#include <stdio.h>

enum axis_unit { AXIS_COUNT, AXIS_RATE, AXIS_NS, AXIS_SECONDS, AXIS_PERCENT, AXIS_NINES };

struct axis {
    enum axis_unit unit; /* AXIS_NINES: values are -log10(1 - share), labels are percentiles */
    bool log;
    double min, max; /* log: more than 0 */
    const char *label;
};

struct chart {
    FILE *out;
    struct axis x, y;
};

#define CHART_WIDTH 640.0
#define CHART_HEIGHT 260.0

/* Frame, grid, and the labels of both axes. `about` says in words what is shown. names: of the series, if there are several. */
void chart_begin(struct chart *chart, const char *title, const char *about, const char *const names[], unsigned n_names);
/*
 * A line through points whose coordinates come from `point`, which is called for each index. A y that is NAN leaves a gap.
 * step: it keeps its height from point to point.
 */
void chart_line(struct chart *chart, unsigned series, unsigned n, bool step,
                void (*point)(void *opaque, unsigned i, double *x, double *y), void *opaque);
/* A bar from x0 to x1, with a title. */
void chart_bar(struct chart *chart, unsigned series, double x0, double x1, double y, const char *title);
/* A dot with a title. low to high: its interval, as a bar; NAN: none. ringed: to stand out. */
void chart_dot(struct chart *chart, unsigned series, double x, double y, double low, double high, bool ringed, const char *title);
void chart_end(struct chart *chart);

/* Make the upper end of an axis that begins at 0 a round number, a bit above what it has to show. */
void axis_round(struct axis *axis);

/* Text with what means something in XML written in another way; bytes that are not UTF-8 or not text become '?'. */
void xml_text(FILE *out, const char *text);

#endif
