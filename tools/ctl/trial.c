/* SPDX-License-Identifier: MIT */
#include "trial.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "hints.h"
#include "interrupt.h"
#include "memory.h"
#include "query.h"

#define SETTLE_PART 4 /* 1 of so many parts of a slot is not measured: the window finds its length meanwhile */
#define LOOKS 64      /* at the number of ops in flight, in a slot */
#define LOOK_MIN_NS INT64_C(1000000)
#define RECONNECT_NS INT64_C(50000000) /* from one try to the next */

const char TRIAL_OPS[] = "ops";

/* What may stand for completions, where there are no ops: the first that there is. */
static const char *const countable[] = { TRIAL_OPS, "handlers-run", "pollers-run", "bhs-run" };
#define N_COUNTABLE (sizeof(countable) / sizeof(countable[0]))

/* ---- settings ---- */

json_t *trial_properties(const struct tune_config *config)
{
    return need_memory(json_pack("{s:s, s:I, s:I, s:I, s:I}", "poll-policy", tune_policy_name(config->policy), "poll-max-ns",
                                 (json_int_t)config->max_ns, "poll-grow", (json_int_t)config->grow, "poll-shrink",
                                 (json_int_t)config->shrink, "poll-weight", (json_int_t)config->weight));
}

/* False: it has a policy that this program does not know. */
static bool read_properties(const json_t *iothread, struct tune_config *config)
{
    const char *policy = json_string_value(json_object_get(iothread, "poll-policy")), *why;

    if (!policy || tune_config_parse(policy, strlen(policy), config, &why))
        return false;
    config->max_ns = json_integer_value(json_object_get(iothread, "poll-max-ns"));
    config->grow = json_integer_value(json_object_get(iothread, "poll-grow"));
    config->shrink = json_integer_value(json_object_get(iothread, "poll-shrink"));
    config->weight = json_integer_value(json_object_get(iothread, "poll-weight"));
    return true;
}

/* All five, also those that the policy does not look at. */
static bool equal(const struct tune_config *a, const struct tune_config *b)
{
    return a->policy == b->policy && a->max_ns == b->max_ns && a->grow == b->grow && a->shrink == b->shrink &&
           a->weight == b->weight;
}

/* thread_id 0: whatever it is; it is filled in. */
static enum client_status read_setting(struct client *client, const char *id, int64_t *thread_id, struct tune_config *config)
{
    json_t *iothreads, *entry, *found = NULL;
    enum client_status status = client_execute(client, "query-iothreads", NULL, &iothreads);
    size_t i;

    if (status)
        return status;
    json_array_foreach(iothreads, i, entry)
    {
        const char *its_id = json_string_value(json_object_get(entry, "id"));
        json_int_t its_thread = json_integer_value(json_object_get(entry, "thread-id"));

        if (its_id && strcmp(its_id, id) == 0 && (!*thread_id || *thread_id == its_thread)) {
            *thread_id = its_thread;
            found = entry;
        }
    }
    if (!found)
        status = client_fail(client, CLIENT_REFUSED, "there is no iothread '%s'", id);
    else if (!read_properties(found, config))
        status = client_fail(client, CLIENT_REFUSED, "iothread '%s' has a poll-policy that is not known here", id);
    json_decref(iothreads);
    return status;
}

enum client_status trial_begin(struct trial *trial, struct client *client, const char *id, uint64_t seed)
{
    *trial = (struct trial){ .client = client, .id = id, .counted = TRIAL_OPS };
    for (unsigned i = 0; i < 3; i++)
        trial->random[i] = (unsigned short)(seed >> (16 * i));
    enum client_status status = read_setting(client, id, &trial->thread_id, &trial->old);

    trial->set = trial->asked = trial->old;
    return hint_after(client, status, id, NULL, 0);
}

enum client_status trial_set(struct trial *trial, const struct tune_config *config)
{
    json_t *arguments = need_memory(json_pack("{s:s, s:o}", "id", trial->id, "properties", trial_properties(config)));

    trial->asked = *config;
    trial->own = trial->own || !equal(config, &trial->old);
    trial->touched = true;
    enum client_status status = client_execute(trial->client, "iothread-set", arguments, NULL);
    client_drop_events(trial->client);
    if (status) {
        if (status == CLIENT_REFUSED) {
            trial->asked = trial->set;
            trial->own = !equal(&trial->set, &trial->old);
        }
        return status;
    }
    trial->set = *config;
    trial->own = !equal(config, &trial->old);
    return CLIENT_OK;
}

/* Is the setting in force the one that was set last, or may have been? or_old: or is it the old one again? */
static enum client_status check_setting(struct trial *trial, bool or_old)
{
    struct tune_config now;
    int64_t thread_id = trial->thread_id;
    enum client_status status = read_setting(trial->client, trial->id, &thread_id, &now);

    if (status == CLIENT_REFUSED)
        trial->own = trial->touched = false;
    if (status || equal(&now, &trial->set) || equal(&now, &trial->asked) || (or_old && equal(&now, &trial->old)))
        return status;
    trial->own = trial->touched = false;
    return client_fail(trial->client, CLIENT_REFUSED,
                       "somebody else has changed the polling of iothread '%s': that is left as it is now", trial->id);
}

/* A program that makes its socket anew gets a moment for that. */
static enum client_status reconnect(struct trial *trial)
{
    int64_t end_ns = clock_now_ns() + CLOCK_SECOND_NS;
    enum client_status status = client_reconnect(trial->client);

    while (status && clock_now_ns() < end_ns) {
        clock_sleep_until(clock_now_ns() + RECONNECT_NS);
        status = client_reconnect(trial->client);
    }
    return status;
}

static enum client_status restore_anew(struct trial *trial)
{
    enum client_status status = reconnect(trial);

    if (!status)
        status = check_setting(trial, true);
    return status ? status : trial_set(trial, &trial->old);
}

enum client_status trial_restore(struct trial *trial, int after)
{
    const struct tune_config asked = trial->asked;
    enum client_status status = CLIENT_OK;

    if (trial->own && after != CLIENT_LOST)
        status = check_setting(trial, false);
    if (!trial->own)
        return status;
    /* By the old connection first: should the program be held up, it will read this behind what it has not read yet. */
    status = trial_set(trial, &trial->old);
    if (status == CLIENT_LOST) {
        trial->asked = asked; /* it may still be in force */
        status = restore_anew(trial);
    }
    return status;
}

/* ---- measuring ---- */

/* What query-iothread-stats says of the iothread. */
static enum client_status read_stats(struct trial *trial, json_t **entry)
{
    json_t *entries, *arguments = need_memory(json_pack("{s:s}", "id", trial->id));
    enum client_status status = client_execute(trial->client, "query-iothread-stats", arguments, &entries);

    *entry = NULL;
    if (status)
        return status;
    *entry = json_incref(query_find(entries, trial->id, trial->thread_id));
    json_decref(entries);
    return *entry ? status : client_fail(trial->client, CLIENT_REFUSED, "iothread '%s' is gone", trial->id);
}

static double stat_of(const json_t *entry, const char *name)
{
    return (double)json_integer_value(json_object_get(json_object_get(entry, "stats"), name));
}

static double completions(const json_t *before, const json_t *now, const char *counted)
{
    if (counted == TRIAL_OPS)
        return (double)query_counters(now).ops - (double)query_counters(before).ops;
    return stat_of(now, counted) - stat_of(before, counted);
}

/*
 * in_flight: ops, on average. By Little's law that is their rate times the mean time that they are under way, which so is known
 * though nobody measures it. Other completions have no beginning: what is left is the time from one to the next.
 */
static struct tuning_figures figures_of(const struct trial *trial, const json_t *before, const json_t *now, double in_flight)
{
    struct counters old = query_counters(before), later = query_counters(now);
    struct rates rates = rates_between(&old, &later);
    double n = completions(before, now, trial->counted);
    struct tuning_figures figures = { 0, NAN, NAN, rates.hit, NAN };

    if (!(n > 0) || !(rates.seconds > 0))
        return figures;
    figures.per_second = n / rates.seconds;
    figures.latency_ns = (trial->counted == TRIAL_OPS ? in_flight : 1) * 1e9 / figures.per_second;
    figures.cpu_ns = later.cpu_ns > 0 ? (double)(later.cpu_ns - old.cpu_ns) / n : (double)NAN;
    figures.sleeps = (stat_of(now, "sleeps") - stat_of(before, "sleeps")) / n;
    return figures;
}

/* False: a signal came. In pieces, since a signal that comes just before a sleep does not end it. */
static bool wait_until(int64_t until_ns)
{
    const int64_t piece_ns = CLOCK_SECOND_NS / 20;

    while (!interrupt_came() && clock_now_ns() < until_ns)
        clock_sleep_until(until_ns - clock_now_ns() > piece_ns ? clock_now_ns() + piece_ns : until_ns);
    return !interrupt_came();
}

/* Look at the ops in flight again and again, at random moments, lest they are those of a timer of the program. *now: the last look. */
static int sample_in_flight(struct trial *trial, int64_t until_ns, int64_t step_ns, double *in_flight, json_t **now)
{
    double sum = 0;
    unsigned n = 0;
    int status = CLIENT_OK;

    *now = NULL;
    do {
        int64_t next_ns = clock_now_ns() + step_ns / 2 + (int64_t)(erand48(trial->random) * (double)step_ns);

        json_decref(*now);
        *now = NULL;
        if (!wait_until(next_ns < until_ns ? next_ns : until_ns))
            return TRIAL_INTERRUPTED;
        status = (int)read_stats(trial, now);
        sum += status ? 0 : stat_of(*now, "ops-inflight");
        n++;
    } while (!status && clock_now_ns() < until_ns);
    *in_flight = fmax(sum, 0.5) / n; /* were there none at any look, the logarithm of it would be endless */
    return status;
}

int trial_look(struct trial *trial, int64_t length_ns)
{
    json_t *before, *now = NULL;
    int status = (int)read_stats(trial, &before);
    size_t i = 0;

    if (!status && !wait_until(clock_now_ns() + length_ns))
        status = TRIAL_INTERRUPTED;
    if (!status)
        status = (int)read_stats(trial, &now);
    while (!status && i < N_COUNTABLE && !(completions(before, now, countable[i]) > 0))
        i++;
    if (!status && i == N_COUNTABLE)
        status = (int)client_fail(trial->client, CLIENT_REFUSED,
                                  "iothread '%s' has completed nothing in %g s: there is nothing to tune by", trial->id,
                                  (double)length_ns / 1e9);
    if (!status) {
        trial->counted = countable[i];
        trial->has_cpu_time = query_counters(now).cpu_ns > 0;
    }
    json_decref(before);
    json_decref(now);
    return status;
}

int trial_run(struct trial *trial, const struct tune_config *config, int64_t length_ns, struct tuning_figures *figures)
{
    int64_t begin_ns = clock_now_ns(), step_ns = length_ns / LOOKS;
    json_t *before = NULL, *now = NULL;
    double in_flight = 0;
    int status = (int)trial_set(trial, config);

    if (!status && !wait_until(begin_ns + length_ns / SETTLE_PART))
        status = TRIAL_INTERRUPTED;
    if (!status)
        status = (int)read_stats(trial, &before);
    if (!status)
        status =
            sample_in_flight(trial, begin_ns + length_ns, step_ns < LOOK_MIN_NS ? LOOK_MIN_NS : step_ns, &in_flight, &now);
    if (!status)
        status = (int)check_setting(trial, false);
    if (!status)
        *figures = figures_of(trial, before, now, in_flight);
    json_decref(before);
    json_decref(now);
    return status;
}
