/* SPDX-License-Identifier: MIT */
/* Counters as they are, or, with an interval, the differences per second. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "commands.h"
#include "format.h"
#include "hints.h"
#include "memory.h"
#include "output.h"
#include "query.h"
#include "rates.h"
#include "report.h"

static const struct report_column columns[] = { { "", false }, { "", true } };

/* These are states, not counts: their differences say nothing. */
static bool is_current(const char *name)
{
    return strcmp(name, "window-ns") == 0 || strcmp(name, "batch-max") == 0 || strcmp(name, "ops-inflight") == 0;
}

/* The length of the name without "-ns", or 0: it is no duration. */
static int duration_name(const char *name)
{
    size_t n = strlen(name);

    return n > 3 && strcmp(name + n - 3, "-ns") == 0 ? (int)n - 3 : 0;
}

/* seconds 0: the value as it is. */
static void add_counter(struct report *report, const char *prefix, const char *name, double value, double seconds)
{
    int duration = duration_name(name);
    bool current = seconds == 0 || is_current(name);
    char text[FORMAT_MAX];

    report_add(report, "  %s%.*s", prefix, duration ? duration : (int)strlen(name), name);
    if (current)
        duration ? report_add(report, "%s", format_ns(text, value)) : report_add(report, "%.0f", value);
    else if (duration)
        report_add(report, "%s", format_share(text, value / 1e9 / seconds));
    else
        report_add(report, "%s/s", format_rate(text, value / seconds));
}

static double difference(const json_t *before, const json_t *now, const char *name)
{
    json_int_t old = is_current(name) ? 0 : json_integer_value(json_object_get(before, name));

    return (double)(json_integer_value(json_object_get(now, name)) - old);
}

/* All counters of an entry, and the kinds of ops that there were. before NULL: since the beginning. */
static void add_counters(struct report *report, const json_t *before, const json_t *now, double seconds)
{
    json_t *ops = json_object_get(now, "ops"), *old_ops = json_object_get(before, "ops");
    json_t *stats = json_object_get(now, "stats"), *old_stats = json_object_get(before, "stats"), *value;
    const char *name;

    json_object_foreach(stats, name, value) if (json_is_integer(value))
        add_counter(report, "", name, difference(old_stats, stats, name), seconds);
    json_object_foreach(ops, name, value) if (json_integer_value(value) > 0)
        add_counter(report, "ops-", name, difference(old_ops, ops, name), seconds);
}

static void add_text(struct report *report, const char *name, const char *value)
{
    report_add(report, "  %s", name);
    report_add(report, "%s", value);
}

static void print_total(const json_t *entry)
{
    struct report *report = report_new(columns, 2);
    char text[FORMAT_MAX];

    printf("%s (thread %" JSON_INTEGER_FORMAT ", %s)\n", json_string_value(json_object_get(entry, "id")),
           json_integer_value(json_object_get(entry, "thread-id")),
           json_is_true(json_object_get(entry, "running")) ? "running" : "stopped");
    add_text(report, "cpu", format_ns(text, (double)json_integer_value(json_object_get(entry, "cpu-ns"))));
    add_counters(report, NULL, entry, 0);
    report_print(report, false, stdout);
}

static void print_rates(const json_t *before, const json_t *now, const struct rates *rates)
{
    struct report *report = report_new(columns, 2);
    char text[FORMAT_MAX];

    printf("%s (thread %" JSON_INTEGER_FORMAT "), over %.2f s\n", json_string_value(json_object_get(now, "id")),
           json_integer_value(json_object_get(now, "thread-id")), rates->seconds);
    add_text(report, "spinning", format_share(text, rates->spinning));
    add_text(report, "asleep", format_share(text, rates->asleep));
    add_text(report, "callbacks", format_share(text, rates->callbacks));
    add_text(report, "spin-hits", format_share(text, rates->hit));
    add_text(report, "batch", format_mean(text, rates->batch));
    add_counters(report, before, now, rates->seconds);
    report_print(report, false, stdout);
}

/* The differences per second of the numbers in an object; of what is a state, the present value into `current`. */
static json_t *differences(const json_t *before, const json_t *now, double seconds, json_t *current)
{
    json_t *result = need_memory(json_object()), *value;
    const char *name;

    json_object_foreach((json_t *)now, name, value)
    {
        if (!json_is_integer(value))
            continue;
        if (is_current(name))
            json_object_set(current, name, value);
        else
            json_object_set_new(result, name, json_real(difference(before, now, name) / seconds));
    }
    return result;
}

/* NAN becomes null. */
static void set_real(json_t *object, const char *name, double value)
{
    json_object_set_new(object, name, isnan(value) ? json_null() : json_real(value));
}

static json_t *shares_of(const struct rates *rates)
{
    json_t *shares = need_memory(json_object());

    set_real(shares, "spinning", rates->spinning);
    set_real(shares, "asleep", rates->asleep);
    set_real(shares, "callbacks", rates->callbacks);
    set_real(shares, "spin-hits", rates->hit);
    return shares;
}

static json_t *rates_as_json(const json_t *before, const json_t *now, const struct rates *rates)
{
    static const char *const copied[] = { "id", "thread-id", "running", "time-ns" };
    json_t *old_stats = json_object_get(before, "stats"), *stats = json_object_get(now, "stats");
    json_t *entry = need_memory(json_object()), *current = need_memory(json_object());

    for (size_t i = 0; i < sizeof(copied) / sizeof(copied[0]); i++)
        json_object_set(entry, copied[i], json_object_get(now, copied[i]));
    json_object_set_new(entry, "seconds", json_real(rates->seconds));
    json_object_set_new(entry, "shares", shares_of(rates));
    set_real(entry, "iops", rates->iops);
    set_real(entry, "batch", rates->batch);
    json_object_set_new(entry, "per-second", differences(old_stats, stats, rates->seconds, current));
    json_object_set_new(entry, "ops-per-second",
                        differences(json_object_get(before, "ops"), json_object_get(now, "ops"), rates->seconds, current));
    json_object_set_new(entry, "current", current);
    return entry;
}

static void print_differences(const json_t *before, const json_t *now, bool json)
{
    json_t *document = need_memory(json_array()), *entry;
    size_t i;

    json_array_foreach(now, i, entry)
    {
        const char *id = json_string_value(json_object_get(entry, "id"));
        json_t *old = query_find(before, id ? id : "", json_integer_value(json_object_get(entry, "thread-id")));
        struct counters old_counters = query_counters(old), counters = query_counters(entry);
        struct rates rates = rates_between(old ? &old_counters : NULL, &counters);

        if (isnan(rates.iops)) /* it is new: the next time */
            continue;
        if (json)
            json_array_append_new(document, rates_as_json(old, entry, &rates));
        else
            print_rates(old, entry, &rates);
    }
    if (json)
        output_json(document);
    json_decref(document);
}

static void print_totals(const json_t *entries, bool json)
{
    json_t *entry;
    size_t i;

    if (json)
        output_json(entries);
    else
        json_array_foreach(entries, i, entry) print_total(entry);
}

static enum client_status query(struct client *client, const struct ctl_args *args, json_t **entries)
{
    const char *id = args->n_words ? args->words[0] : NULL;
    json_t *arguments = id ? need_memory(json_pack("{s:s}", "id", id)) : NULL;

    return hint_after(client, client_execute(client, "query-iothread-stats", arguments, entries), id, NULL, 0);
}

static enum client_status print_samples(struct client *client, const struct ctl_args *args, json_t *before)
{
    int64_t interval = args->interval_ns ? args->interval_ns : CLOCK_SECOND_NS, next = clock_now_ns();
    enum client_status status = CLIENT_OK;

    for (uint64_t n = 0; !status && (!args->count || n < args->count); n++) {
        json_t *now;

        clock_sleep_until(next += interval);
        status = query(client, args, &now);
        if (status)
            break;
        print_differences(before, now, args->json);
        json_decref(before);
        before = now;
        if (!output_flush())
            break;
    }
    json_decref(before);
    return status;
}

enum client_status command_stats(struct client *client, const struct ctl_args *args)
{
    json_t *entries;
    enum client_status status = query(client, args, &entries);

    if (status)
        return status;
    if (args->interval_ns || args->count)
        return print_samples(client, args, entries);
    print_totals(entries, args->json);
    json_decref(entries);
    return CLIENT_OK;
}
