/* SPDX-License-Identifier: MIT */
/* The live view, and its plain form for batches. With --json it prints what "stats --interval" does. */
#include <errno.h>
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "commands.h"
#include "format.h"
#include "keys.h"
#include "memory.h"
#include "output.h"
#include "query.h"
#include "terminal.h"
#include "top_model.h"
#include "top_screen.h"

#define DEFAULT_INTERVAL_NS CLOCK_SECOND_NS
#define LINES_PER_TITLE 20

static enum client_status update(struct client *client, struct top_model *model)
{
    struct sample *samples;
    size_t n;
    enum client_status status = query_samples(client, &samples, &n);

    /* While paused the connection is kept in use, so that its end is noticed. */
    if (!status && !model->paused)
        top_model_update(model, samples, n);
    free(samples);
    return status;
}

static void print_batch(const struct top_model *model)
{
    time_t now = time(NULL);
    struct tm local;
    char prefix[16];

    strftime(prefix, sizeof(prefix), "%H:%M:%S  ", localtime_r(&now, &local));
    top_screen_plain(model, prefix, stdout);
}

static enum client_status run_batch(struct client *client, const struct ctl_args *args, struct top_model *model,
                                    int64_t interval)
{
    int64_t next = clock_now_ns();
    enum client_status status = update(client, model);

    for (uint64_t n = 0; !status && (!args->count || n < args->count); n++) {
        clock_sleep_until(next += interval);
        status = update(client, model);
        if (status)
            break;
        if (n % LINES_PER_TITLE == 0)
            top_screen_plain_titles("TIME      ", stdout);
        print_batch(model);
        if (!output_flush())
            break;
    }
    return status;
}

/* Change poll-max-ns of the selected iothread. */
static enum client_status set_poll_max(struct client *client, struct top_model *model, int64_t ns)
{
    char text[FORMAT_MAX];

    if (model->n_rows == 0)
        return CLIENT_OK;
    struct sample *sample = &model->rows[model->selected].now;
    json_t *arguments = json_pack("{s:s, s:{s:I}}", "id", sample->id, "properties", "poll-max-ns", (json_int_t)ns);
    enum client_status status = client_execute(client, "iothread-set", need_memory(arguments), NULL);
    if (status == CLIENT_LOST)
        return status;
    model->message_is_bad = status == CLIENT_REFUSED;
    if (status == CLIENT_REFUSED) {
        snprintf(model->message, sizeof(model->message), "%s", client_error(client));
        return CLIENT_OK;
    }
    sample->poll_max_ns = ns;
    snprintf(model->message, sizeof(model->message), "%s: poll-max-ns is now %s", sample->id, format_ns(text, (double)ns));
    return CLIENT_OK;
}

static int64_t selected_poll_max(const struct top_model *model)
{
    return model->n_rows ? model->rows[model->selected].now.poll_max_ns : 0;
}

static enum client_status handle_key(struct client *client, struct top_model *model, enum key key, long page, bool *quit)
{
    switch (key) {
    case KEY_UP: top_model_move(model, -1); break;
    case KEY_DOWN: top_model_move(model, 1); break;
    case KEY_PAGE_UP: top_model_move(model, -page); break;
    case KEY_PAGE_DOWN: top_model_move(model, page); break;
    case KEY_FIRST: top_model_move(model, -(long)model->n_rows); break;
    case KEY_LAST: top_model_move(model, (long)model->n_rows); break;
    case KEY_RAISE: return set_poll_max(client, model, key_next_poll_max(selected_poll_max(model), 1));
    case KEY_LOWER: return set_poll_max(client, model, key_next_poll_max(selected_poll_max(model), -1));
    case KEY_OFF: return set_poll_max(client, model, 0);
    case KEY_SORT: top_model_next_order(model); break;
    case KEY_PAUSE: model->paused = !model->paused; break;
    case KEY_QUIT: *quit = true; break;
    case KEY_REDRAW: /* as after any key */
    case KEY_NONE: break;
    }
    return CLIENT_OK;
}

static enum client_status handle_keys(struct client *client, struct top_model *model, struct key_parser *parser, long page,
                                      bool *quit)
{
    enum client_status status = CLIENT_OK;
    char byte;

    while (!status && !*quit && terminal_read(&byte))
        status = handle_key(client, model, key_parse(parser, byte), page, quit);
    return status;
}

static size_t draw(struct top_model *model)
{
    struct top_screen screen = {
        .utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
        .colour = !getenv("NO_COLOR") || !*getenv("NO_COLOR"),
    };

    terminal_size(&screen.columns, &screen.lines);
    size_t page = top_screen_draw(model, &screen, stdout);
    fflush(stdout);
    return page;
}

static enum client_status run_live(struct client *client, struct top_model *model, int64_t interval)
{
    struct key_parser parser = { .n = 0 };
    enum client_status status = update(client, model);
    int64_t next = clock_now_ns() + interval;
    bool quit = false;

    if (!status && terminal_enter() < 0)
        return client_fail(client, CLIENT_REFUSED, "cannot use the terminal: %s", strerror(errno));
    while (!status && !quit) {
        long page = (long)draw(model);

        switch (terminal_wait(next)) {
        case TERMINAL_KEY: status = handle_keys(client, model, &parser, page, &quit); break;
        case TERMINAL_TIME:
            status = update(client, model);
            next = next + interval > clock_now_ns() ? next + interval : clock_now_ns() + interval;
            break;
        case TERMINAL_GONE: quit = true; break;
        case TERMINAL_CHANGED: break;
        }
    }
    terminal_leave();
    return status;
}

enum client_status command_top(struct client *client, const struct ctl_args *args)
{
    int64_t interval = args->interval_ns ? args->interval_ns : DEFAULT_INTERVAL_NS;
    struct top_model model = { .path = args->socket, .interval_seconds = (double)interval / 1e9 };
    struct ctl_args sampling = *args;
    enum client_status status;

    sampling.interval_ns = interval;
    if (args->json)
        return command_stats(client, &sampling);
    if (args->batch || args->count || !terminal_usable())
        status = run_batch(client, args, &model, interval);
    else
        status = run_live(client, &model, interval);
    top_model_free(&model);
    return status;
}
