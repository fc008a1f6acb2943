/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cpu_list.h"
#include "errmsg.h"
#include "poll.h"

void config_init(struct config *config)
{
    memset(config, 0, sizeof(*config));
    for (int i = 0; i < N_PROPERTIES; i++)
        (void)property_parse((enum property)i, lariat_property_at((unsigned)i)->default_value, &config->numbers[i], NULL);
}

int config_copy(struct config *to, const struct config *from)
{
    *to = *from;
    if (!from->cpus)
        return 0;
    to->cpus = strdup(from->cpus);
    return to->cpus ? 0 : -ENOMEM;
}

void config_exit(struct config *config)
{
    free(config->cpus);
    config->cpus = NULL;
}

static int set_cpus(struct config *config, const char *text, char **errmsg)
{
    char *cpus = NULL;

    if (*text) {
        cpus = strdup(text);
        if (!cpus)
            return errmsg_set(errmsg, -ENOMEM, "no memory");
    }
    free(config->cpus);
    config->cpus = cpus;
    return 0;
}

int config_set(struct config *config, enum property property, const char *text, char **errmsg)
{
    struct lariat_poll_params defaults;
    int64_t number;
    int err = property_parse(property, text, &number, errmsg);

    if (!err && property == PROPERTY_CPU_AFFINITY)
        err = set_cpus(config, text, errmsg);
    if (err)
        return err;
    config->numbers[property] = number;
    if (property == PROPERTY_POLL_MAX_NS)
        config->max_ns_given = true;
    if (property == PROPERTY_POLL_POLICY && !config->max_ns_given) {
        lariat_poll_params_init(&defaults, (enum lariat_poll_policy)number);
        config->numbers[PROPERTY_POLL_MAX_NS] = defaults.max_ns;
    }
    return 0;
}

int config_check(const struct config *config, char **errmsg)
{
    int64_t sq = config->numbers[PROPERTY_SQ_ENTRIES], cq = config->numbers[PROPERTY_CQ_ENTRIES];
    int64_t batch = config->numbers[PROPERTY_AIO_MAX_BATCH], cpu = config->numbers[PROPERTY_SQPOLL_CPU];

    if (batch > sq)
        return errmsg_set(errmsg, -ERANGE, "aio-max-batch: '%" PRId64 "' is out of range: 0 to %" PRId64 " (sq-entries)", batch, sq);
    if (cq && cq < sq)
        return errmsg_set(errmsg, -ERANGE, "cq-entries: '%" PRId64 "' is out of range: 0, or %" PRId64 " (sq-entries) to %" PRId64,
                          cq, sq, lariat_property_at(PROPERTY_CQ_ENTRIES)->max);
    if (cpu >= 0 && !cpu_exists((size_t)cpu))
        return errmsg_set(errmsg, -ENODEV, "sqpoll-cpu: this machine has no CPU number %" PRId64, cpu);
    return 0;
}

char *config_text(const struct config *config, enum property property)
{
    if (property == PROPERTY_CPU_AFFINITY)
        return strdup(config->cpus ? config->cpus : "");
    return property_format(property, config->numbers[property]);
}

void config_get_poll(const struct config *config, struct lariat_poll_params *params)
{
    memset(params, 0, sizeof(*params));
    params->policy = (enum lariat_poll_policy)config->numbers[PROPERTY_POLL_POLICY];
    params->max_ns = config->numbers[PROPERTY_POLL_MAX_NS];
    params->grow = config->numbers[PROPERTY_POLL_GROW];
    params->shrink = config->numbers[PROPERTY_POLL_SHRINK];
    params->weight = config->numbers[PROPERTY_POLL_WEIGHT];
    params->price = config->numbers[PROPERTY_POLL_PRICE];
    params->cpu_budget = config->numbers[PROPERTY_POLL_CPU_BUDGET];
}

void config_put_poll(struct config *config, const struct lariat_poll_params *params)
{
    if (config->numbers[PROPERTY_POLL_MAX_NS] != params->max_ns)
        config->max_ns_given = true;
    config->numbers[PROPERTY_POLL_POLICY] = params->policy;
    config->numbers[PROPERTY_POLL_MAX_NS] = params->max_ns;
    config->numbers[PROPERTY_POLL_GROW] = params->grow;
    config->numbers[PROPERTY_POLL_SHRINK] = params->shrink;
    config->numbers[PROPERTY_POLL_WEIGHT] = params->weight;
    config->numbers[PROPERTY_POLL_PRICE] = params->price;
    config->numbers[PROPERTY_POLL_CPU_BUDGET] = params->cpu_budget;
}

void config_get_tuning(const struct config *config, struct loop_tuning *tuning)
{
    config_get_poll(config, &tuning->poll);
    tuning->batch_max = (unsigned)config->numbers[PROPERTY_AIO_MAX_BATCH];
    tuning->wait_batch = (unsigned)config->numbers[PROPERTY_WAIT_BATCH];
    tuning->wait_min_ns = config->numbers[PROPERTY_WAIT_MIN_NS];
    tuning->workers_max[0] = (unsigned)config->numbers[PROPERTY_IOWQ_MAX_BOUNDED];
    tuning->workers_max[1] = (unsigned)config->numbers[PROPERTY_IOWQ_MAX_UNBOUNDED];
}

static int64_t effective_poll(const struct config *config, enum property property)
{
    struct lariat_poll_params params, effective;

    config_get_poll(config, &params);
    poll_params_effective(&params, &effective);
    switch (property) {
    case PROPERTY_POLL_GROW:
        return effective.grow;
    case PROPERTY_POLL_SHRINK:
        return effective.shrink;
    case PROPERTY_POLL_WEIGHT:
        return effective.weight;
    default:
        return config->numbers[property];
    }
}

int64_t config_effective(const struct config *config, enum property property, const struct lariat_loop *loop)
{
    int64_t number = config->numbers[property];
    bool realtime = config->numbers[PROPERTY_SCHED_POLICY] >= SCHED_CHOICE_FIFO;

    switch (property) {
    case PROPERTY_AIO_MAX_BATCH:
        return number && number < loop->stats.sq_entries ? number : loop->stats.sq_entries; /* fewer than asked for, perhaps */
    case PROPERTY_WAIT_BATCH:
        return wait_batch_effective((unsigned)number, config->numbers[PROPERTY_WAIT_MIN_NS],
                                    (enum lariat_poll_policy)config->numbers[PROPERTY_POLL_POLICY]);
    case PROPERTY_IOWQ_MAX_BOUNDED:
        return number ? number : loop->ring.workers_default[0];
    case PROPERTY_IOWQ_MAX_UNBOUNDED:
        return number ? number : loop->ring.workers_default[1];
    case PROPERTY_SCHED_PRIORITY:
        return !realtime ? 0 : number ? number : 1;
    case PROPERTY_SQ_ENTRIES:
        return loop->stats.sq_entries;
    case PROPERTY_CQ_ENTRIES:
        return loop->stats.cq_entries;
    default:
        return effective_poll(config, property);
    }
}
