/* SPDX-License-Identifier: MIT */
#include "svg_chart.h"

#include <math.h>
#include <string.h>

#include "number_text.h"

#define LEFT 66.0
#define RIGHT 28.0
#define TOP 12.0
#define BOTTOM 40.0
#define TEXT_MAX 48
#define TICKS_MAX 12

/* ---- text ---- */

/* The length of a character of UTF-8 that XML allows; 0: it is none. */
static unsigned character(const unsigned char *s)
{
    unsigned n = s[0] >= 0xf0 && s[0] < 0xf5 ? 4 : s[0] >= 0xe0 && s[0] < 0xf0 ? 3 : s[0] >= 0xc2 && s[0] < 0xe0 ? 2 : 1;

    if (s[0] < 0x80)
        return s[0] >= 0x20 || s[0] == '\t' || s[0] == '\n';
    for (unsigned i = 1; i < n; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] >= 0xa0) || (s[0] == 0xf0 && s[1] < 0x90) ||
        (s[0] == 0xf4 && s[1] >= 0x90))
        return 0; /* too long, half of a pair, or beyond the last one */
    if (s[0] == 0xef && s[1] == 0xbf && s[2] >= 0xbe)
        return 0;
    return n > 1 ? n : 0;
}

void xml_text(FILE *out, const char *text)
{
    const unsigned char *s = (const unsigned char *)text;

    while (*s) {
        unsigned n = character(s);

        switch (n ? *s : '?') {
        case '&': fputs("&amp;", out); break;
        case '<': fputs("&lt;", out); break;
        case '>': fputs("&gt;", out); break;
        case '"': fputs("&quot;", out); break;
        default: fprintf(out, "%.*s", n ? (int)n : 1, n ? (const char *)s : "?");
        }
        s += n ? n : 1;
    }
}

static void ns_text(char text[TEXT_MAX], double ns)
{
    static const char *const units[] = { "ns", "us", "ms", "s" };
    unsigned i = 0;

    for (; i < 3 && ns >= 999.5; i++)
        ns /= 1000;
    snprintf(text, TEXT_MAX, "%.3g %s", ns, units[i]);
}

static void value_text(char text[TEXT_MAX], const struct axis *axis, double value)
{
    static const struct byte_style style = { 4, true, false };
    char buf[NUMBER_TEXT_MAX];

    switch (axis->unit) {
    case AXIS_COUNT: snprintf(text, TEXT_MAX, "%s", number_text(buf, value, 4, false, "")); break;
    case AXIS_RATE: snprintf(text, TEXT_MAX, "%s", rate_text(buf, value, &style, false)); break;
    case AXIS_NS: ns_text(text, value); break;
    case AXIS_SECONDS: snprintf(text, TEXT_MAX, "%.3g s", value); break;
    case AXIS_PERCENT: snprintf(text, TEXT_MAX, "%.3g%%", value); break;
    case AXIS_NINES: snprintf(text, TEXT_MAX, "%.10g%%", 100 * (1 - pow(10, -value))); break;
    }
}

/* ---- axes ---- */

/* The distance of some five ticks: 1, 2 or 5 times a power of ten, or for bytes of two. */
static double tick_step(const struct axis *axis)
{
    double range = axis->max - axis->min, base;

    if (axis->unit == AXIS_RATE && range > 4096)
        return pow(2, floor(log2(range / 3)));
    base = pow(10, floor(log10(range / 5)));
    return range / base >= 25 ? 5 * base : range / base >= 10 ? 2 * base : base;
}

void axis_round(struct axis *axis)
{
    double step;

    if (!(axis->max > axis->min))
        axis->max = axis->min + 1;
    axis->max = axis->min + (axis->max - axis->min) * 1.05;
    step = tick_step(axis);
    axis->max = axis->min + ceil((axis->max - axis->min) / step) * step;
}

static double share_of(const struct axis *axis, double value)
{
    double share;

    if (axis->log)
        share = (log10(value) - log10(axis->min)) / (log10(axis->max) - log10(axis->min));
    else
        share = (value - axis->min) / (axis->max - axis->min);
    return share < 0 || isnan(share) ? 0 : share > 1 ? 1 : share;
}

static double x_of(const struct chart *chart, double x)
{
    return LEFT + share_of(&chart->x, x) * (CHART_WIDTH - LEFT - RIGHT);
}

static double y_of(const struct chart *chart, double y)
{
    return CHART_HEIGHT - BOTTOM - share_of(&chart->y, y) * (CHART_HEIGHT - TOP - BOTTOM);
}

static unsigned linear_ticks(const struct axis *axis, double ticks[TICKS_MAX])
{
    double step = axis->unit == AXIS_NINES ? 1 : tick_step(axis);
    unsigned n = 0;

    for (double value = axis->min; n < TICKS_MAX && value <= axis->max + step / 1000; value += step)
        ticks[n++] = value;
    return n;
}

/* Powers of ten; of few of them twice and five times them, too. */
static unsigned log_ticks(const struct axis *axis, double ticks[TICKS_MAX])
{
    static const double factors[] = { 1, 2, 5 };
    double decades = log10(axis->max / axis->min);
    unsigned n = 0, per_decade = decades < 3 ? 3 : 1;

    for (double base = pow(10, floor(log10(axis->min))); base <= axis->max; base *= 10)
        for (unsigned i = 0; i < per_decade && n < TICKS_MAX; i++)
            if (base * factors[i] >= axis->min * 0.999 && base * factors[i] <= axis->max * 1.001)
                ticks[n++] = base * factors[i];
    return n;
}

static unsigned ticks_of(const struct axis *axis, double ticks[TICKS_MAX])
{
    return axis->log ? log_ticks(axis, ticks) : linear_ticks(axis, ticks);
}

static void print_x_axis(const struct chart *chart)
{
    double ticks[TICKS_MAX], bottom = CHART_HEIGHT - BOTTOM;
    unsigned n = ticks_of(&chart->x, ticks);
    char text[TEXT_MAX];

    for (unsigned i = 0; i < n; i++) {
        double x = x_of(chart, ticks[i]);

        value_text(text, &chart->x, ticks[i]);
        fprintf(chart->out, "<line class=\"grid\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>", x, TOP, x, bottom);
        fprintf(chart->out, "<text class=\"label\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%s</text>\n", x, bottom + 15,
                text);
    }
    fprintf(chart->out, "<text class=\"label\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n", CHART_WIDTH - RIGHT,
            CHART_HEIGHT - 6, chart->x.label);
}

static void print_y_axis(const struct chart *chart)
{
    double ticks[TICKS_MAX];
    unsigned n = ticks_of(&chart->y, ticks);
    char text[TEXT_MAX];

    for (unsigned i = 0; i < n; i++) {
        double y = y_of(chart, ticks[i]);

        value_text(text, &chart->y, ticks[i]);
        fprintf(chart->out, "<line class=\"grid\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>", LEFT, y,
                CHART_WIDTH - RIGHT, y);
        fprintf(chart->out, "<text class=\"label\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n", LEFT - 6, y + 4,
                text);
    }
}

/* ---- the chart ---- */

void chart_begin(struct chart *chart, const char *title, const char *about, const char *const names[], unsigned n_names)
{
    fputs("<figure>\n<figcaption>", chart->out);
    xml_text(chart->out, title);
    for (unsigned i = 0; i < n_names && n_names > 1; i++) {
        fprintf(chart->out, " <span class=\"key k%u\">", i);
        xml_text(chart->out, names[i]);
        fputs("</span>", chart->out);
    }
    fprintf(chart->out, "</figcaption>\n<svg viewBox=\"0 0 %.0f %.0f\" role=\"img\" aria-label=\"", CHART_WIDTH,
            CHART_HEIGHT);
    xml_text(chart->out, about);
    fputs("\">\n", chart->out);
    print_x_axis(chart);
    print_y_axis(chart);
    fprintf(chart->out, "<path class=\"axis\" d=\"M%.1f %.1fV%.1fH%.1f\"/>\n", LEFT, TOP, CHART_HEIGHT - BOTTOM,
            CHART_WIDTH - RIGHT);
}

void chart_line(struct chart *chart, unsigned series, unsigned n, bool step,
                void (*point)(void *opaque, unsigned i, double *x, double *y), void *opaque)
{
    bool gap = true;

    if (!n)
        return;
    fprintf(chart->out, "<path class=\"line s%u\" d=\"", series);
    for (unsigned i = 0; i < n; i++) {
        double x, y;

        point(opaque, i, &x, &y);
        if (isnan(y)) {
            gap = true;
            continue;
        }
        if (!gap && step)
            fprintf(chart->out, "H%.1fV%.1f", x_of(chart, x), y_of(chart, y));
        else
            fprintf(chart->out, "%c%.1f %.1f", gap ? 'M' : 'L', x_of(chart, x), y_of(chart, y));
        gap = false;
    }
    fputs("\"/>\n", chart->out);
}

void chart_bar(struct chart *chart, unsigned series, double x0, double x1, double y, const char *title)
{
    double left = x_of(chart, x0), right = x_of(chart, x1), top = y_of(chart, y), bottom = CHART_HEIGHT - BOTTOM;

    if (bottom - top < 1 && y > chart->y.min) /* what there is shall be seen */
        top = bottom - 1;
    fprintf(chart->out, "<rect class=\"bar s%u\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"><title>", series, left,
            top, right - left > 1.5 ? right - left - 1 : 1, bottom - top);
    xml_text(chart->out, title);
    fputs("</title></rect>\n", chart->out);
}

void chart_dot(struct chart *chart, unsigned series, double x, double y, double low, double high, bool ringed, const char *title)
{
    double left = x_of(chart, x), top = y_of(chart, y);

    if (low < high)
        fprintf(chart->out, "<path class=\"line s%u\" d=\"M%.1f %.1fV%.1f\"/>\n", series, left, y_of(chart, low),
                y_of(chart, high));
    if (ringed)
        fprintf(chart->out, "<circle class=\"ring\" cx=\"%.1f\" cy=\"%.1f\" r=\"8\"/>\n", left, top);
    fprintf(chart->out, "<circle class=\"dot s%u\" cx=\"%.1f\" cy=\"%.1f\" r=\"4\"><title>", series, left, top);
    xml_text(chart->out, title);
    fputs("</title></circle>\n", chart->out);
}

void chart_end(struct chart *chart)
{
    fputs("</svg>\n</figure>\n", chart->out);
}
