/* SPDX-License-Identifier: MIT */
#include "top_screen.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"

#define ERASE_LINE "\033[K" /* before the text: behind it, in the last column, it would take the last letter */
#define ERASE_BELOW "\033[J"
#define HOME "\033[H"
#define NORMAL "\033[0m"
#define BOLD "\033[1m"
#define REVERSE "\033[7m"
#define RED "\033[31m"

#define MARK_WIDTH 2 /* "> " */
#define ID_WIDTH_MIN 6
#define ID_WIDTH_MAX 20
#define SPARK_WIDTH_MIN 8
#define SPARK_WIDTH_PLENTY 60
#define SPARK_FROM 40 /* columns: on a narrower screen it would push out too much */

enum column { ID, THREAD, POLICY, POLL_MAX, WINDOW, HIT, SPIN, ASLEEP, CALLBACKS, IOPS, BATCH, WAKEUPS, N_COLUMNS };

/* rank: which go first when there is no room, the highest first. */
static const struct {
    const char *title;
    int width; /* of the id: 0, it depends */
    bool right;
    int rank;
} columns[N_COLUMNS] = {
    [ID] = { "ID", 0, false, 0 },       [THREAD] = { "THREAD", 7, true, 11 }, [POLICY] = { "POLICY", 8, false, 10 },
    [POLL_MAX] = { "MAX", 7, true, 3 }, [WINDOW] = { "WINDOW", 7, true, 1 },  [HIT] = { "HIT", 5, true, 7 },
    [SPIN] = { "SPIN", 5, true, 4 },    [ASLEEP] = { "SLEEP", 5, true, 5 },   [CALLBACKS] = { "CALLB", 5, true, 6 },
    [IOPS] = { "IOPS", 5, true, 2 },    [BATCH] = { "BATCH", 5, true, 9 },    [WAKEUPS] = { "WAKE/S", 6, true, 8 },
};

/* Which columns there are, and how wide. */
struct layout {
    int widths[N_COLUMNS]; /* 0: left out */
    int spark;             /* 0: no sparkline */
};

static const char *cell(char buf[SAMPLE_ID_MAX], const struct top_row *row, enum column column)
{
    switch (column) {
    case ID: return row->now.id;
    case THREAD: snprintf(buf, SAMPLE_ID_MAX, "%lld", (long long)row->now.thread_id); return buf;
    case POLICY: return row->now.running ? row->now.policy : "stopped";
    case POLL_MAX: return format_ns(buf, (double)row->now.poll_max_ns);
    case WINDOW: return format_ns(buf, (double)row->now.window_ns);
    case HIT: return format_share(buf, row->rates.hit);
    case SPIN: return format_share(buf, row->rates.spinning);
    case ASLEEP: return format_share(buf, row->rates.asleep);
    case CALLBACKS: return format_share(buf, row->rates.callbacks);
    case IOPS: return format_rate(buf, row->rates.iops);
    case BATCH: return format_mean(buf, row->rates.batch);
    case WAKEUPS: return format_rate(buf, row->rates.wakeups);
    case N_COLUMNS: break;
    }
    abort();
}

/* Text in a cell of exactly that width; what is too long ends with a '~'. */
static void append_cell(char *line, size_t size, const char *text, int width, bool right)
{
    size_t n = strlen(line);
    bool cut = strlen(text) > (size_t)width;

    if (cut)
        snprintf(line + n, size - n, "%.*s~", width - 1, text);
    else
        snprintf(line + n, size - n, right ? "%*s" : "%-*s", width, text);
}

static int id_width(const struct top_model *model)
{
    size_t width = ID_WIDTH_MIN;

    for (size_t i = 0; i < model->n_rows; i++)
        if (strlen(model->rows[i].now.id) > width)
            width = strlen(model->rows[i].now.id);
    return width > ID_WIDTH_MAX ? ID_WIDTH_MAX : (int)width;
}

static int used(const struct layout *layout)
{
    int width = MARK_WIDTH - 1;

    for (int i = 0; i < N_COLUMNS; i++)
        width += layout->widths[i] ? layout->widths[i] + 1 : 0;
    return width;
}

static int least_wanted(const struct layout *layout)
{
    int worst = ID;

    for (int i = 0; i < N_COLUMNS; i++)
        if (layout->widths[i] && columns[i].rank > columns[worst].rank)
            worst = i;
    return worst;
}

static struct layout layout_for(const struct top_model *model, int width)
{
    int spark = width >= SPARK_FROM ? SPARK_WIDTH_MIN + 1 : 0;
    struct layout layout = { .spark = 0 };

    for (int i = 0; i < N_COLUMNS; i++)
        layout.widths[i] = i == ID ? id_width(model) : columns[i].width;
    while (used(&layout) + spark > width && least_wanted(&layout) != ID)
        layout.widths[least_wanted(&layout)] = 0;
    if (spark)
        layout.spark = width - used(&layout) - 1;
    if (layout.spark > SPARK_WIDTH_PLENTY)
        layout.spark = SPARK_WIDTH_PLENTY;
    if (layout.spark < SPARK_WIDTH_MIN)
        layout.spark = 0;
    return layout;
}

/* row NULL: the titles. */
static void format_line(char *line, size_t size, const struct layout *layout, const struct top_row *row)
{
    char buf[SAMPLE_ID_MAX];
    bool first = true;

    for (int i = 0; i < N_COLUMNS; i++) {
        size_t n = strlen(line);

        if (!layout->widths[i])
            continue;
        if (!first)
            snprintf(line + n, size - n, " ");
        first = false;
        append_cell(line, size, row ? cell(buf, row, (enum column)i) : columns[i].title, layout->widths[i],
                    columns[i].right);
    }
}

/* The height of a full bar: the polling time in force, or the largest window if that was changed meanwhile. */
static uint64_t full_height(const struct top_row *row, const uint64_t *values, size_t n)
{
    uint64_t full = row->now.poll_max_ns > 0 ? (uint64_t)row->now.poll_max_ns : 1;

    for (size_t i = 0; i < n; i++)
        if (values[i] > full)
            full = values[i];
    return full;
}

static void draw_spark(const struct top_row *row, const struct layout *layout, bool utf8, FILE *out)
{
    char bars[3 * TOP_HISTORY + 1];
    size_t n = row->n_history < (size_t)layout->spark ? row->n_history : (size_t)layout->spark;
    const uint64_t *values = row->history + row->n_history - n;

    format_sparkline(bars, values, n, full_height(row, values, n), utf8);
    fprintf(out, " %*s%s", layout->spark - (int)n, "", bars);
}

/* Text cut to the width. It may come from elsewhere: what a terminal might obey becomes a '?', as does what it may not know. */
static void draw_text(const struct top_screen *screen, const char *text, FILE *out)
{
    for (int column = 0; *text && column < screen->columns; column++) {
        bool multibyte = (*text & 0x80) != 0;

        fputc(*text < ' ' || *text == 0x7f ? '?' : *text, out);
        text++;
        while (multibyte && (*text & 0xc0) == 0x80)
            text++;
    }
}

static void draw_line(const struct top_screen *screen, const char *style, const char *text, FILE *out)
{
    fprintf(out, ERASE_LINE "%s", screen->colour ? style : "");
    draw_text(screen, text, out);
    fputs(screen->colour ? NORMAL : "", out);
}

static void draw_row(const struct top_model *model, size_t i, const struct layout *layout, const struct top_screen *screen,
                     FILE *out)
{
    bool selected = i == model->selected;
    const struct top_row *row = &model->rows[i];
    char line[256];

    strcpy(line, selected ? "> " : "  ");
    format_line(line, sizeof(line), layout, row);
    fprintf(out, ERASE_LINE "%s%.*s", screen->colour && selected ? REVERSE : "", screen->columns, line);
    fputs(screen->colour && selected ? NORMAL : "", out);
    if (layout->spark)
        draw_spark(row, layout, screen->utf8, out);
}

static void draw_title(const struct top_model *model, size_t n_shown, const struct top_screen *screen, FILE *out)
{
    char line[512], which[64] = "", iops[FORMAT_MAX];

    if (n_shown < model->n_rows)
        snprintf(which, sizeof(which), "%zu-%zu of ", model->first_visible + 1, model->first_visible + n_shown);
    snprintf(line, sizeof(line), "lariat-ctl top  %s%zu iothread%s  %s IOPS  every %.4g s%s%s  %s", which, model->n_rows,
             model->n_rows == 1 ? "" : "s", format_rate(iops, top_model_iops(model)), model->interval_seconds,
             model->order == ORDER_CREATED ? "" : "  by ", model->order == ORDER_CREATED ? "" : top_order_name(model->order),
             model->paused ? "PAUSED" : model->path);
    draw_line(screen, BOLD, line, out);
}

static void draw_titles(const struct layout *layout, const struct top_screen *screen, FILE *out)
{
    char line[256] = "  ";

    format_line(line, sizeof(line), layout, NULL);
    if (layout->spark) {
        strcat(line, " ");
        append_cell(line, sizeof(line), "HISTORY", layout->spark, true);
    }
    draw_line(screen, BOLD, line, out);
}

static void draw_footer(const struct top_screen *screen, FILE *out)
{
    draw_line(screen, "", "q quit  up/down select  + - poll-max-ns  0 off  s sort  p pause", out);
}

/* Which lines there are beside those of the iothreads, of which there is one at least. */
struct frame {
    bool title, titles, message, footer;
    size_t n_rows;
};

static struct frame frame_for(int lines)
{
    struct frame frame = { .footer = lines >= 3, .titles = lines >= 4, .title = lines >= 5, .message = lines >= 7 };
    int rest = lines - frame.footer - frame.titles - frame.title - frame.message;

    frame.n_rows = rest > 1 ? (size_t)rest : 1;
    return frame;
}

/* Returns how many rows are shown. */
static size_t scroll(struct top_model *model, size_t page)
{
    size_t n = model->n_rows < page ? model->n_rows : page;

    if (model->selected < model->first_visible)
        model->first_visible = model->selected;
    if (model->selected >= model->first_visible + page)
        model->first_visible = model->selected - page + 1;
    if (model->first_visible + n > model->n_rows)
        model->first_visible = model->n_rows - n;
    return n;
}

static void draw_rows(const struct top_model *model, size_t n, const struct layout *layout, const struct top_screen *screen,
                      bool more_follows, FILE *out)
{
    if (model->n_rows == 0) {
        draw_line(screen, "", "  There is no iothread.", out);
        fputs(more_follows ? "\r\n" : "", out);
    }
    for (size_t i = 0; i < n; i++) {
        draw_row(model, model->first_visible + i, layout, screen, out);
        fputs(i + 1 < n || more_follows ? "\r\n" : "", out);
    }
}

size_t top_screen_draw(struct top_model *model, const struct top_screen *screen, FILE *out)
{
    struct layout layout = layout_for(model, screen->columns);
    struct frame frame = frame_for(screen->lines);
    size_t n = scroll(model, frame.n_rows);
    bool say_it_in_the_footer = model->message[0] && frame.footer && !frame.message;

    fputs(HOME, out);
    if (frame.title) {
        draw_title(model, n, screen, out);
        fputs("\r\n", out);
    }
    if (frame.titles) {
        draw_titles(&layout, screen, out);
        fputs("\r\n", out);
    }
    draw_rows(model, n, &layout, screen, frame.footer, out);
    if (frame.message) {
        draw_line(screen, model->message_is_bad ? RED : "", model->message, out);
        fputs("\r\n", out);
    }
    if (say_it_in_the_footer)
        draw_line(screen, model->message_is_bad ? RED : "", model->message, out);
    else if (frame.footer)
        draw_footer(screen, out);
    int n_lines = frame.title + frame.titles + (n ? (int)n : 1) + frame.message + frame.footer;
    if (n_lines < screen->lines)
        fprintf(out, "\033[%d;1H" ERASE_BELOW, n_lines + 1);
    return frame.n_rows;
}

static struct layout plain_layout(void)
{
    struct layout layout = { .widths = { [ID] = 12 } };

    for (int i = ID + 1; i < N_COLUMNS; i++)
        layout.widths[i] = columns[i].width;
    return layout;
}

void top_screen_plain_titles(const char *prefix, FILE *out)
{
    struct layout layout = plain_layout();
    char line[256] = "";

    format_line(line, sizeof(line), &layout, NULL);
    fprintf(out, "%s%s\n", prefix, line);
}

void top_screen_plain(const struct top_model *model, const char *prefix, FILE *out)
{
    struct layout layout = plain_layout();

    for (size_t i = 0; i < model->n_rows; i++) {
        char line[256] = "";

        format_line(line, sizeof(line), &layout, &model->rows[i]);
        fprintf(out, "%s%s\n", prefix, line);
    }
}
