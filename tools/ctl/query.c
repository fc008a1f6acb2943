/* SPDX-License-Identifier: MIT */
#include "query.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

static int64_t number(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static uint64_t count(const json_t *object, const char *key)
{
    return (uint64_t)number(object, key);
}

static uint64_t sum_of_ops(const json_t *entry)
{
    json_t *ops = json_object_get(entry, "ops"), *value;
    const char *kind;
    uint64_t sum = 0;

    json_object_foreach(ops, kind, value) if (strcmp(kind, "poll") != 0) sum += (uint64_t)json_integer_value(value);
    return sum;
}

struct counters query_counters(const json_t *entry)
{
    json_t *stats = json_object_get(entry, "stats");

    return (struct counters){
        .time_ns = number(entry, "time-ns"),
        .cpu_ns = number(entry, "cpu-ns"),
        .iterations = count(stats, "iterations"),
        .cqes_reaped = count(stats, "cqes-reaped"),
        .spins = count(stats, "spins"),
        .spins_hit = count(stats, "spins-hit"),
        .spin_ns = count(stats, "spin-ns"),
        .sleep_ns = count(stats, "sleep-ns"),
        .notify_wakeups = count(stats, "notify-wakeups"),
        .ops = sum_of_ops(entry),
    };
}

json_t *query_find(const json_t *entries, const char *id, int64_t thread_id)
{
    json_t *entry;
    size_t i;

    json_array_foreach(entries, i, entry)
    {
        const char *its_id = json_string_value(json_object_get(entry, "id"));

        if (its_id && strcmp(its_id, id) == 0 && number(entry, "thread-id") == thread_id)
            return entry;
    }
    return NULL;
}

static void put_text(char *to, size_t size, const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    snprintf(to, size, "%s", text ? text : "-");
}

/* iothread: what query-iothreads says of the same, or NULL. */
static void fill(struct sample *sample, const json_t *entry, const json_t *iothread)
{
    json_t *in_force = json_object_get(json_object_get(iothread, "effective"), "poll-max-ns");

    put_text(sample->id, sizeof(sample->id), entry, "id");
    put_text(sample->policy, sizeof(sample->policy), iothread, "poll-policy");
    sample->thread_id = number(entry, "thread-id");
    sample->running = json_is_true(json_object_get(entry, "running"));
    sample->counters = query_counters(entry);
    sample->window_ns = count(json_object_get(entry, "stats"), "window-ns");
    sample->poll_max_ns = in_force ? json_integer_value(in_force) : number(iothread, "poll-max-ns");
}

enum client_status query_samples(struct client *client, struct sample **out, size_t *n)
{
    json_t *entries = NULL, *iothreads = NULL, *entry;
    enum client_status status = client_execute(client, "query-iothread-stats", NULL, &entries);
    size_t i;

    *out = NULL;
    *n = 0;
    if (!status)
        status = client_execute(client, "query-iothreads", NULL, &iothreads);
    if (!status) {
        *n = json_array_size(entries);
        *out = need_memory(calloc(*n + 1, sizeof(**out)));
        json_array_foreach(entries, i, entry)
        {
            const char *id = json_string_value(json_object_get(entry, "id"));

            fill(&(*out)[i], entry, query_find(iothreads, id ? id : "", number(entry, "thread-id")));
        }
    }
    json_decref(entries);
    json_decref(iothreads);
    return status;
}
