/* SPDX-License-Identifier: MIT */
#include "property.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cpu_list.h"
#include "errmsg.h"
#include "fatal.h"
#include "wait_batch.h"

#define WORKERS_MAX 65535
#define SQ_ENTRIES_MAX 32768
#define CQ_ENTRIES_MAX 65536
#define CPU_MAX 8191

/* What a person may add to a number, and what it means. */
struct suffix {
    const char *text;
    int64_t factor;
};

/* type, min, max, live, poll, choices, default, help */
static const struct lariat_property_info table[N_PROPERTIES] = {
    [PROPERTY_POLL_MAX_NS] = { "poll-max-ns", LARIAT_PROPERTY_DURATION, 0, INT64_MAX, true, true, NULL, "200000",
                               "longest time to spin before a sleep; 0: never spin (default but under auto: 32768)" },
    [PROPERTY_POLL_GROW] = { "poll-grow", LARIAT_PROPERTY_INTEGER, 0, INT64_MAX, true, true, NULL, "0",
                             "factor by which the window grows; 0: 2" },
    [PROPERTY_POLL_SHRINK] = { "poll-shrink", LARIAT_PROPERTY_INTEGER, 0, INT64_MAX, true, true, NULL, "0",
                               "divisor by which the window shrinks; 0: to zero (weighted: 2)" },
    [PROPERTY_POLL_WEIGHT] = { "poll-weight", LARIAT_PROPERTY_INTEGER, 0, 63, true, true, NULL, "0",
                               "weighted policy: how slowly the average follows, as a shift; 0: 3" },
    [PROPERTY_POLL_POLICY] = { "poll-policy", LARIAT_PROPERTY_CHOICE, 0, 0, true, true, "classic weighted auto", "auto",
                               "rule that moves the window" },
    [PROPERTY_POLL_PRICE] = { "poll-price", LARIAT_PROPERTY_INTEGER, 0, 10000, true, true, NULL, "25",
                              "auto policy: price of a ns spun, in percent of a ns of latency" },
    [PROPERTY_POLL_CPU_BUDGET] = { "poll-cpu-budget", LARIAT_PROPERTY_INTEGER, 0, 100, true, true, NULL, "0",
                                   "auto policy: percent of one CPU that may be spun away; 0: no limit" },
    [PROPERTY_WAIT_BATCH] = { "wait-batch", LARIAT_PROPERTY_INTEGER, 0, WAIT_BATCH_MAX, true, false, NULL, "0",
                              "completions of storage requests that a sleep waits for; 1: any; 0: any (auto: by what is in flight)" },
    [PROPERTY_WAIT_MIN_NS] = { "wait-min-ns", LARIAT_PROPERTY_DURATION, 0, WAIT_MIN_NS_MAX, true, false, NULL, "100000",
                               "longest wait for more than one completion; 0: wait-batch is off" },
    [PROPERTY_AIO_MAX_BATCH] = { "aio-max-batch", LARIAT_PROPERTY_INTEGER, 0, SQ_ENTRIES_MAX, true, false, NULL, "0",
                                 "most requests in one submission, at most sq-entries; 0: no limit" },
    [PROPERTY_IOWQ_MAX_BOUNDED] = { "iowq-max-bounded", LARIAT_PROPERTY_INTEGER, 0, WORKERS_MAX, true, false, NULL, "0",
                                    "most kernel workers for I/O on files; 0: the kernel's default" },
    [PROPERTY_IOWQ_MAX_UNBOUNDED] = { "iowq-max-unbounded", LARIAT_PROPERTY_INTEGER, 0, WORKERS_MAX, true, false, NULL, "0",
                                      "most kernel workers for other requests; 0: the kernel's default" },
    [PROPERTY_CPU_AFFINITY] = { "cpu-affinity", LARIAT_PROPERTY_CPUS, 0, 0, true, false, NULL, "",
                                "CPUs that the thread may run on; empty: those of the creating thread" },
    [PROPERTY_SCHED_POLICY] = { "sched-policy", LARIAT_PROPERTY_CHOICE, 0, 0, true, false,
                                "inherit other batch idle fifo rr", "inherit",
                                "scheduling policy of the thread; inherit: that of the creating thread" },
    [PROPERTY_SCHED_PRIORITY] = { "sched-priority", LARIAT_PROPERTY_INTEGER, 0, 99, true, false, NULL, "0",
                                  "priority under fifo and rr; 0: 1" },
    [PROPERTY_SQ_ENTRIES] = { "sq-entries", LARIAT_PROPERTY_INTEGER, 1, SQ_ENTRIES_MAX, false, false, NULL, "128",
                              "length of the submission queue, rounded up to a power of two" },
    [PROPERTY_CQ_ENTRIES] = { "cq-entries", LARIAT_PROPERTY_INTEGER, 0, CQ_ENTRIES_MAX, false, false, NULL, "0",
                              "length of the completion queue, at least sq-entries; 0: four times that" },
    [PROPERTY_SQPOLL] = { "sqpoll", LARIAT_PROPERTY_BOOL, 0, 1, false, false, NULL, "off",
                          "a kernel thread submits; wants a CPU of its own" },
    [PROPERTY_SQPOLL_CPU] = { "sqpoll-cpu", LARIAT_PROPERTY_INTEGER, -1, CPU_MAX, false, false, NULL, "-1",
                              "CPU that the kernel thread of sqpoll runs on; -1: any" },
};

const struct lariat_property_info *lariat_property_at(unsigned i)
{
    return i < N_PROPERTIES ? &table[i] : NULL;
}

int property_number(const char *name)
{
    for (int i = 0; i < N_PROPERTIES; i++)
        if (!strcmp(table[i].name, name))
            return i;
    return -1;
}

const struct lariat_property_info *lariat_property_find(const char *name)
{
    int i;

    require(name, __func__, "name");
    i = property_number(name);
    return i < 0 ? NULL : &table[i];
}

/* ---- numbers ---- */

static int out_of_range(const struct lariat_property_info *info, const char *text, char **errmsg)
{
    return errmsg_set(errmsg, -ERANGE, "%s: '%s' is out of range: %" PRId64 " to %" PRId64 "%s", info->name, text, info->min,
                      info->max, info->type == LARIAT_PROPERTY_DURATION ? " ns" : "");
}

static int not_a_number(const struct lariat_property_info *info, const char *text, char **errmsg)
{
    bool is_time = info->type == LARIAT_PROPERTY_DURATION;

    return errmsg_set(errmsg, -EINVAL, "%s: '%s' is not a whole number%s, %" PRId64 " to %" PRId64 "%s", info->name, text,
                      is_time ? " of ns, or one with ns, us, ms or s behind it" : "", info->min, info->max, is_time ? " ns" : "");
}

/* 0, -EINVAL, or -ERANGE beyond int64_t (*number is then undefined). */
static int parse_number(const char *text, const struct suffix *suffixes, int64_t *number)
{
    const char *digits = text + (*text == '-');
    char *end;

    if (!isdigit((unsigned char)*digits))
        return -EINVAL;
    errno = 0;
    *number = strtoll(text, &end, 10);
    if (errno)
        return -ERANGE;
    while (suffixes->text && strcmp(suffixes->text, end) != 0)
        suffixes++;
    if (!suffixes->text)
        return -EINVAL;
    return __builtin_mul_overflow(*number, suffixes->factor, number) ? -ERANGE : 0;
}

static int parse_in_range(const struct lariat_property_info *info, const char *text, int64_t *number, char **errmsg)
{
    static const struct suffix binary[] = { { "", 1 },         { "k", 1 << 10 },  { "K", 1 << 10 }, { "M", 1 << 20 },
                                            { "G", 1 << 30 },  { NULL, 0 } };
    static const struct suffix times[] = { { "", 1 },           { "ns", 1 },          { "us", 1000 },
                                           { "ms", 1000000 },   { "s", 1000000000 },  { NULL, 0 } };
    int64_t value;
    int err = parse_number(text, info->type == LARIAT_PROPERTY_DURATION ? times : binary, &value);

    if (err == -EINVAL)
        return not_a_number(info, text, errmsg);
    if (err || value < info->min || value > info->max)
        return out_of_range(info, text, errmsg);
    *number = value;
    return 0;
}

/* ---- the other types ---- */

static int parse_bool(const struct lariat_property_info *info, const char *text, int64_t *number, char **errmsg)
{
    static const char *const words[] = { "off", "on", "no", "yes", "false", "true", "n", "y" };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (!strcmp(words[i], text)) {
            *number = i % 2;
            return 0;
        }
    }
    return errmsg_set(errmsg, -EINVAL, "%s: '%s' is neither 'on' nor 'off'", info->name, text);
}

/* The n-th word; *bytes is 0 behind the last. */
static const char *choice_at(const char *choices, int64_t n, size_t *bytes)
{
    for (; n > 0 && *choices; n--) {
        choices += strcspn(choices, " ");
        choices += *choices == ' ';
    }
    *bytes = strcspn(choices, " ");
    return choices;
}

static int parse_choice(const struct lariat_property_info *info, const char *text, int64_t *number, char **errmsg)
{
    const char *word;
    size_t bytes;

    for (int64_t i = 0; word = choice_at(info->choices, i, &bytes), bytes; i++) {
        if (strlen(text) == bytes && !memcmp(word, text, bytes)) {
            *number = i;
            return 0;
        }
    }
    return errmsg_set(errmsg, -EINVAL, "%s: '%s' is none of: %s", info->name, text, info->choices);
}

static int parse_cpus(const struct lariat_property_info *info, const char *text, char **errmsg)
{
    cpu_set_t cpus;
    int err = *text ? cpu_list_parse(text, &cpus) : 0;

    if (err)
        return errmsg_set(errmsg, err, "%s: '%s' is not a list of CPUs and ranges such as 0-3,6", info->name, text);
    err = *text ? cpu_list_check(&cpus) : 0;
    if (err)
        return errmsg_set(errmsg, err, "%s: '%s' names a CPU that this machine does not have: 0 to %ld", info->name, text,
                          sysconf(_SC_NPROCESSORS_CONF) - 1);
    return 0;
}

int property_parse(enum property property, const char *text, int64_t *number, char **errmsg)
{
    const struct lariat_property_info *info = &table[property];

    switch (info->type) {
    case LARIAT_PROPERTY_INTEGER:
    case LARIAT_PROPERTY_DURATION:
        return parse_in_range(info, text, number, errmsg);
    case LARIAT_PROPERTY_BOOL:
        return parse_bool(info, text, number, errmsg);
    case LARIAT_PROPERTY_CHOICE:
        return parse_choice(info, text, number, errmsg);
    case LARIAT_PROPERTY_CPUS:
        *number = 0;
        return parse_cpus(info, text, errmsg);
    }
    return -EINVAL;
}

char *property_format(enum property property, int64_t number)
{
    const struct lariat_property_info *info = &table[property];
    const char *word;
    size_t bytes;
    char *text;

    if (info->type == LARIAT_PROPERTY_BOOL)
        return strdup(number ? "on" : "off");
    if (info->type == LARIAT_PROPERTY_CHOICE) {
        word = choice_at(info->choices, number, &bytes);
        return strndup(word, bytes);
    }
    return asprintf(&text, "%" PRId64, number) < 0 ? NULL : text;
}
