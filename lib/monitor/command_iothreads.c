/* SPDX-License-Identifier: MIT */
/* query-iothreads, query-iothread-stats, query-properties and iothread-set: only calls that never wait for an iothread. */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include <lariat/stats.h>
#include <lariat/timer.h>

#include "command.h"
#include "property_json.h"

/* The properties that QEMU's reply has too, in its order; they come first. */
static const char *const first_properties[] = {
    "poll-max-ns", "poll-grow", "poll-shrink", "poll-weight", "aio-max-batch",
};
enum { N_FIRST = sizeof(first_properties) / sizeof(first_properties[0]) };

/* By the number of their bit in IORING_SETUP_... */
static const char *const ring_flags[] = {
    "iopoll",     "sqpoll",       "sq-aff",       "cqsize", "clamp", "attach-wq",     "r-disabled",
    "submit-all", "coop-taskrun", "taskrun-flag", "sqe128", "cqe32", "single-issuer", "defer-taskrun",
};
enum { N_RING_FLAGS = sizeof(ring_flags) / sizeof(ring_flags[0]) };

static const struct {
    const char *name;
    size_t offset;
} counters[] = {
    { "iterations", offsetof(struct lariat_loop_stats, iterations) },
    { "enters", offsetof(struct lariat_loop_stats, enters) },
    { "sqes-submitted", offsetof(struct lariat_loop_stats, sqes_submitted) },
    { "cqes-reaped", offsetof(struct lariat_loop_stats, cqes_reaped) },
    { "batch-max", offsetof(struct lariat_loop_stats, batch_max) },
    { "cq-overflows", offsetof(struct lariat_loop_stats, cq_overflows) },
    { "cq-dropped", offsetof(struct lariat_loop_stats, cq_dropped) },
    { "spins", offsetof(struct lariat_loop_stats, spins) },
    { "spins-hit", offsetof(struct lariat_loop_stats, spins_hit) },
    { "spin-ns", offsetof(struct lariat_loop_stats, spin_ns) },
    { "spin-vain-ns", offsetof(struct lariat_loop_stats, spin_vain_ns) },
    { "sleeps", offsetof(struct lariat_loop_stats, sleeps) },
    { "sleep-ns", offsetof(struct lariat_loop_stats, sleep_ns) },
    { "window-ns", offsetof(struct lariat_loop_stats, window_ns) },
    { "window-grown", offsetof(struct lariat_loop_stats, window_grown) },
    { "window-shrunk", offsetof(struct lariat_loop_stats, window_shrunk) },
    { "eventfd-writes", offsetof(struct lariat_loop_stats, eventfd_writes) },
    { "notify-wakeups", offsetof(struct lariat_loop_stats, notify_wakeups) },
    { "bhs-run", offsetof(struct lariat_loop_stats, bhs_run) },
    { "timers-fired", offsetof(struct lariat_loop_stats, timers_fired) },
    { "handlers-run", offsetof(struct lariat_loop_stats, handlers_run) },
    { "ops-inline", offsetof(struct lariat_loop_stats, ops_inline) },
    { "op-errors", offsetof(struct lariat_loop_stats, op_errors) },
    { "penalty-ns", offsetof(struct lariat_loop_stats, penalty_ns) },
    { "wake-notify-ns", offsetof(struct lariat_loop_stats, wake_notify_ns) },
    { "wake-timer-ns", offsetof(struct lariat_loop_stats, wake_timer_ns) },
    { "wake-probe-ns", offsetof(struct lariat_loop_stats, wake_probe_ns) },
    { "sleep-cpu-ns", offsetof(struct lariat_loop_stats, sleep_cpu_ns) },
    { "wakes-same-cpu", offsetof(struct lariat_loop_stats, wakes_same_cpu) },
    { "spins-preempted", offsetof(struct lariat_loop_stats, spins_preempted) },
    { "spins-crowded", offsetof(struct lariat_loop_stats, spins_crowded) },
    { "spins-unpaid", offsetof(struct lariat_loop_stats, spins_unpaid) },
    { "pollers-run", offsetof(struct lariat_loop_stats, pollers_run) },
    { "waits-batched", offsetof(struct lariat_loop_stats, waits_batched) },
    { "cqes-batched", offsetof(struct lariat_loop_stats, cqes_batched) },
};
enum { N_COUNTERS = sizeof(counters) / sizeof(counters[0]) };

static const char *const op_kinds[] = {
    "read", "write", "sync", "allocate", "discard", "accept", "connect", "recv", "send", "close", "nop", "raw", "poll",
};
enum { N_OP_KINDS = sizeof(op_kinds) / sizeof(op_kinds[0]) };

/* `object` if nothing failed while it was filled. */
static json_t *filled(json_t *object, int err)
{
    if (object && !err)
        return object;
    json_decref(object);
    return NULL;
}

static int put_number(json_t *object, const char *name, uint64_t number)
{
    return json_object_set_new(object, name, json_integer((json_int_t)number));
}

/* ---- query-iothreads ---- */

static bool is_first(const char *name)
{
    for (size_t i = 0; i < N_FIRST; i++)
        if (!strcmp(first_properties[i], name))
            return true;
    return false;
}

static int put_property(json_t *object, const struct lariat_property_value *value)
{
    return json_object_set_new(object, value->info->name, monitor_property_value(value));
}

static int put_first_properties(json_t *object, const struct lariat_iothread_info *info)
{
    int err = 0;

    for (size_t i = 0; i < N_FIRST; i++)
        for (unsigned k = 0; k < info->n_properties; k++)
            if (!strcmp(info->properties[k].info->name, first_properties[i]))
                err |= put_property(object, &info->properties[k]);
    return err;
}

static int put_other_properties(json_t *object, const struct lariat_iothread_info *info)
{
    int err = 0;

    for (unsigned k = 0; k < info->n_properties; k++)
        if (!is_first(info->properties[k].info->name))
            err |= put_property(object, &info->properties[k]);
    return err;
}

static json_t *effective(const struct lariat_iothread_info *info)
{
    json_t *object = json_object();
    int err = 0;

    for (unsigned k = 0; k < info->n_properties; k++) {
        const struct lariat_property_value *value = &info->properties[k];

        if (value->info->poll && monitor_property_is_number(value->info))
            err |= json_object_set_new(object, value->info->name, json_integer(value->effective));
    }
    return filled(object, err);
}

static json_t *flag_names(unsigned flags)
{
    json_t *array = json_array();
    int err = 0;

    for (unsigned bit = 0; bit < N_RING_FLAGS; bit++)
        if (flags & 1u << bit)
            err |= json_array_append_new(array, json_string(ring_flags[bit]));
    return filled(array, err);
}

static json_t *ring(const struct lariat_loop_stats *stats)
{
    json_t *object = json_object();
    int err = 0;

    err |= put_number(object, "sq-entries", stats->sq_entries);
    err |= put_number(object, "cq-entries", stats->cq_entries);
    err |= json_object_set_new(object, "flags", flag_names(stats->setup_flags));
    err |= json_object_set_new(object, "registered-ring", json_boolean(stats->registered_ring));
    err |= json_object_set_new(object, "no-iowait", json_boolean(stats->no_iowait));
    err |= json_object_set_new(object, "abs-deadlines", json_boolean(stats->abs_deadlines));
    return filled(object, err);
}

static json_t *iothread(const struct lariat_iothread_info *info)
{
    json_t *object = json_object();
    int err = 0;

    err |= json_object_set_new(object, "id", json_string(info->id));
    err |= json_object_set_new(object, "thread-id", json_integer(info->thread_id));
    err |= put_first_properties(object, info);
    err |= put_other_properties(object, info);
    err |= json_object_set_new(object, "running", json_boolean(info->running));
    err |= put_number(object, "window-ns", info->stats->window_ns);
    err |= json_object_set_new(object, "effective", effective(info));
    err |= json_object_set_new(object, "ring", ring(info->stats));
    return filled(object, err);
}

void monitor_query_iothreads(struct monitor_request *request)
{
    struct lariat_iothread_info *head = NULL;
    json_t *array = json_array();
    int err = lariat_iothread_query(&head);

    for (struct lariat_iothread_info *info = head; info && !err; info = info->next)
        err = json_array_append_new(array, iothread(info));
    lariat_iothread_info_free(head);
    request->value = filled(array, err);
}

/* ---- query-iothread-stats ---- */

static json_t *ops(const struct lariat_loop_stats *stats)
{
    json_t *object = json_object();
    int err = 0;

    for (size_t i = 0; i < N_OP_KINDS; i++)
        err |= put_number(object, op_kinds[i], stats->ops[i]);
    return filled(object, err);
}

static json_t *all_counters(const struct lariat_loop_stats *stats)
{
    json_t *object = json_object();
    int err = 0;

    for (size_t i = 0; i < N_COUNTERS; i++) {
        uint64_t number;

        memcpy(&number, (const char *)stats + counters[i].offset, sizeof(number));
        err |= put_number(object, counters[i].name, number);
    }
    err |= put_number(object, "ops-inflight", stats->ops_inflight);
    return filled(object, err);
}

static json_t *iothread_stats(const struct lariat_iothread_info *info, int64_t now_ns)
{
    json_t *object = json_object();
    int err = 0;

    err |= json_object_set_new(object, "id", json_string(info->id));
    err |= json_object_set_new(object, "thread-id", json_integer(info->thread_id));
    err |= json_object_set_new(object, "running", json_boolean(info->running));
    err |= json_object_set_new(object, "time-ns", json_integer(now_ns));
    err |= json_object_set_new(object, "cpu-ns", json_integer(info->cpu_ns));
    err |= json_object_set_new(object, "stats", all_counters(info->stats));
    err |= json_object_set_new(object, "ops", ops(info->stats));
    return filled(object, err);
}

void monitor_query_iothread_stats(struct monitor_request *request)
{
    const char *id = monitor_command_string(request, "id");
    struct lariat_iothread_info *head = NULL;
    json_t *array = json_array();
    int err = lariat_iothread_query(&head);
    int64_t now_ns = lariat_now_ns();

    for (struct lariat_iothread_info *info = head; info && !err; info = info->next)
        if (!id || !strcmp(id, info->id))
            err = json_array_append_new(array, iothread_stats(info, now_ns));
    lariat_iothread_info_free(head);
    request->value = filled(array, err);
    if (id && request->value && !json_array_size(request->value))
        monitor_request_fail_not_found(request, id);
}

/* ---- query-properties ---- */

static const char *type_name(enum lariat_property_type type)
{
    switch (type) {
    case LARIAT_PROPERTY_INTEGER: return "integer";
    case LARIAT_PROPERTY_DURATION: return "duration";
    case LARIAT_PROPERTY_BOOL: return "bool";
    case LARIAT_PROPERTY_CHOICE: return "choice";
    case LARIAT_PROPERTY_CPUS: break;
    }
    return "cpus";
}

/* The words of a choice, which have blanks between them. */
static json_t *words(const char *text)
{
    json_t *array = json_array();
    int err = 0;

    while (*text) {
        size_t n = strcspn(text, " ");

        err |= json_array_append_new(array, json_stringn(text, n));
        text += n;
        text += strspn(text, " ");
    }
    return filled(array, err);
}

static json_t *property(const struct lariat_property_info *info)
{
    json_t *object = json_object();
    int err = 0;

    err |= json_object_set_new(object, "name", json_string(info->name));
    err |= json_object_set_new(object, "type", json_string(type_name(info->type)));
    if (monitor_property_is_number(info)) {
        err |= json_object_set_new(object, "min", json_integer(info->min));
        err |= json_object_set_new(object, "max", json_integer(info->max));
    }
    err |= json_object_set_new(object, "live", json_boolean(info->live));
    err |= json_object_set_new(object, "poll", json_boolean(info->poll));
    if (info->type == LARIAT_PROPERTY_CHOICE)
        err |= json_object_set_new(object, "choices", words(info->choices));
    err |= json_object_set_new(object, "default", json_string(info->default_value));
    err |= json_object_set_new(object, "help", json_string(info->help));
    return filled(object, err);
}

void monitor_query_properties(struct monitor_request *request)
{
    const struct lariat_property_info *info;
    json_t *array = json_array();
    int err = 0;

    for (unsigned i = 0; (info = lariat_property_at(i)); i++)
        err |= json_array_append_new(array, property(info));
    request->value = filled(array, err);
}

/* ---- iothread-set ---- */

/* "name=value,name=value"; an empty text for no pairs. False: the request has failed. */
static bool append_pairs(struct monitor_request *request, struct monitor_buffer *pairs)
{
    json_t *properties = json_object_get(request->args, "properties"), *value;
    const char *name;

    json_object_foreach(properties, name, value)
    {
        if (!monitor_property_append_pair(request, pairs, name, value))
            return false;
    }
    if (monitor_buffer_append(pairs, "", 1)) { /* the final NUL */
        monitor_request_fail_errno(request, -ENOMEM, NULL);
        return false;
    }
    return true;
}

static void set_pairs(struct monitor_request *request, struct lariat_iothread *target, const char *pairs)
{
    char *errmsg = NULL;
    int err = *pairs ? lariat_iothread_set_from_string(target, pairs + 1, &errmsg) : 0; /* behind the first comma */

    if (err)
        monitor_request_fail_errno(request, err, errmsg);
    else
        request->value = json_object();
}

void monitor_iothread_set(struct monitor_request *request)
{
    const char *id = monitor_command_string(request, "id");
    struct lariat_iothread *target = lariat_iothread_by_id(id);
    struct monitor_buffer pairs = { 0 };

    if (!target)
        monitor_request_fail_not_found(request, id);
    else if (append_pairs(request, &pairs))
        set_pairs(request, target, monitor_buffer_bytes(&pairs));
    monitor_buffer_free(&pairs);
    lariat_iothread_unref(target);
}
