/* SPDX-License-Identifier: MIT */
/*
 * Groups. All that is said of one is constant once it is made, so any thread may ask it.
 *
 * A group is made in three steps: its text is sorted into what is the group's and what goes to each iothread; the places are
 * worked out (how many, and the CPUs of each); the iothreads are made by lariat_iothread_new_from_string().
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lariat/group.h>

#include "cpu_list.h"
#include "errmsg.h"
#include "fatal.h"
#include "iothread.h"
#include "keyval.h"
#include "numa.h"
#include "registry.h"

#define IOTHREADS_MAX 1024
#define QUEUES_MAX CPU_SETSIZE /* their lists are parsed as lists of CPUs are */

struct lariat_group {
    unsigned n_iothreads; /* made so far */
    unsigned n_queues;    /* 0: no map */
    struct lariat_iothread *iothreads[IOTHREADS_MAX];
    unsigned short serves[QUEUES_MAX]; /* queue: place of the iothread; only valid below n_queues */
};

/* What the text says. */
struct group_text {
    char *id, *size, *cpus, *nodes, *queues; /* NULL: not given */
    bool pinned;                             /* cpu-affinity was given */
    char *properties;                        /* ",key=value,key=value" for each iothread; NULL: none */
};

/* ---- the text ---- */

static void text_free(struct group_text *text)
{
    free(text->properties);
    free(text->id);
    free(text->size);
    free(text->cpus);
    free(text->nodes);
    free(text->queues);
}

/* Append a pair, with each comma of the value written twice, as keyval.h reads it. *pairs NULL: nothing yet. 0 or -ENOMEM. */
static int append_pair(char **pairs, const char *key, const char *value)
{
    char *doubled = malloc(2 * strlen(value) + 1), *longer;
    size_t n = 0;
    int bytes;

    if (!doubled)
        return -ENOMEM;
    for (; *value; value++) {
        doubled[n++] = *value;
        if (*value == ',')
            doubled[n++] = ',';
    }
    doubled[n] = '\0';
    bytes = asprintf(&longer, "%s,%s=%s", *pairs ? *pairs : "", key, doubled);
    free(doubled);
    if (bytes < 0)
        return -ENOMEM;
    free(*pairs);
    *pairs = longer;
    return 0;
}

/* Keep what is the group's own; the value is taken over. */
static bool keep_own(struct group_text *text, struct keyval *pair)
{
    const struct {
        const char *key;
        char **value;
    } own[] = { { "id", &text->id },       { "size", &text->size },     { "cpus", &text->cpus },
                { "nodes", &text->nodes }, { "queues", &text->queues } };

    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        if (strcmp(own[i].key, pair->key) != 0)
            continue;
        free(*own[i].value);
        *own[i].value = pair->value;
        pair->value = NULL;
        return true;
    }
    return false;
}

static int sort_pair(struct group_text *text, struct keyval *pair, char **errmsg)
{
    if (!pair->value)
        return errmsg_set(errmsg, -EINVAL, "expected '=' behind '%s'", pair->key);
    if (keep_own(text, pair))
        return 0;
    text->pinned |= !strcmp(pair->key, "cpu-affinity");
    if (append_pair(&text->properties, pair->key, pair->value))
        return errmsg_set(errmsg, -ENOMEM, "no memory");
    return 0;
}

static int sort_text(struct group_text *text, const char *spec, char **errmsg)
{
    struct keyval pair;
    int ret;

    while ((ret = keyval_next(&spec, &pair, errmsg)) > 0) {
        int err = sort_pair(text, &pair, errmsg);

        keyval_free(&pair);
        if (err)
            return err;
    }
    if (!ret && !text->id)
        ret = errmsg_set(errmsg, -EINVAL, "id: is needed, as in id=data");
    return ret;
}

/* ---- places ---- */

/* How many iothreads, and of each the CPUs (NULL: where it is put), malloc'ed. */
struct places {
    unsigned n;
    char *cpus[IOTHREADS_MAX];
};

static void places_free(struct places *places)
{
    for (unsigned i = 0; i < places->n; i++)
        free(places->cpus[i]);
    free(places);
}

static int add_place(struct places *places, const char *cpus, char **errmsg)
{
    char *copy = strdup(cpus);

    if (!copy)
        return errmsg_set(errmsg, -ENOMEM, "no memory");
    places->cpus[places->n++] = copy;
    return 0;
}

static int place_by_size(struct places *places, const char *size, char **errmsg)
{
    char *end;
    unsigned long n = strtoul(size, &end, 10);

    if (*size < '0' || *size > '9' || *end)
        return errmsg_set(errmsg, -EINVAL, "size: '%s' is not a whole number", size);
    if (n < 1 || n > IOTHREADS_MAX)
        return errmsg_set(errmsg, -ERANGE, "size: '%s' is out of range: 1 to %d", size, IOTHREADS_MAX);
    places->n = (unsigned)n;
    return 0;
}

static int place_on_cpus(struct places *places, const char *list, char **errmsg)
{
    cpu_set_t cpus;
    char one[16];
    int err = cpu_list_parse(list, &cpus);

    if (err)
        return errmsg_set(errmsg, err, "cpus: '%s' is not a list of CPUs and ranges such as 0-3,,6", list);
    for (int i = 0; i < CPU_SETSIZE && !err; i++) {
        if (!CPU_ISSET((size_t)i, &cpus))
            continue;
        snprintf(one, sizeof(one), "%d", i);
        err = add_place(places, one, errmsg);
    }
    return err;
}

static int place_on_node(struct places *places, unsigned node, bool asked, char **errmsg)
{
    char list[NUMA_LIST_BYTES];
    int err = numa_node_cpus(node, list);

    if (err == -ENODEV && !asked)
        return 0; /* of all nodes, those with CPUs */
    if (err)
        return errmsg_set(errmsg, -ENODEV, "nodes: there is no NUMA node %u with CPUs", node);
    return add_place(places, list, errmsg);
}

static int place_on_nodes(struct places *places, const char *nodes, char **errmsg)
{
    bool all = !strcmp(nodes, "all");
    char online[NUMA_LIST_BYTES];
    cpu_set_t set; /* of nodes */
    int err = 0;

    if (all) {
        if (numa_nodes(online)) { /* no NUMA in this kernel: all CPUs are one node */
            places->n = 1;
            return 0;
        }
        nodes = online;
    }
    err = cpu_list_parse(nodes, &set);
    if (err)
        return errmsg_set(errmsg, err, "nodes: '%s' is neither 'all' nor a list of nodes and ranges such as 0-1", nodes);
    for (int i = 0; i < CPU_SETSIZE && !err; i++)
        if (CPU_ISSET((size_t)i, &set))
            err = place_on_node(places, (unsigned)i, !all, errmsg);
    if (!err && !places->n)
        err = errmsg_set(errmsg, -ENODEV, "nodes: no NUMA node has CPUs");
    return err;
}

static int find_places(struct places *places, const struct group_text *text, char **errmsg)
{
    int n_ways = (text->size != NULL) + (text->cpus != NULL) + (text->nodes != NULL);

    if (n_ways != 1)
        return errmsg_set(errmsg, -EINVAL, "a group needs one of size=, cpus= and nodes=");
    if (text->pinned && !text->size)
        return errmsg_set(errmsg, -EINVAL, "cpu-affinity: goes with size= only, since cpus= and nodes= pin the iothreads");
    if (text->size)
        return place_by_size(places, text->size, errmsg);
    if (text->cpus)
        return place_on_cpus(places, text->cpus, errmsg);
    return place_on_nodes(places, text->nodes, errmsg);
}

/* ---- queues ---- */

#define UNSERVED 0xffff

/* One list of the map. */
static int serve_queues(struct lariat_group *group, unsigned iothread, const char *list, char **errmsg)
{
    cpu_set_t queues;
    int err = cpu_list_parse(list, &queues);

    if (err)
        return errmsg_set(errmsg, err, "queues: '%s' is not a list of queues and ranges such as 0-3,,6", list);
    for (unsigned i = 0; i < QUEUES_MAX; i++) {
        if (!CPU_ISSET(i, &queues))
            continue;
        if (group->serves[i] != UNSERVED)
            return errmsg_set(errmsg, -EINVAL, "queues: queue %u is served twice", i);
        group->serves[i] = (unsigned short)iothread;
        if (group->n_queues <= i)
            group->n_queues = i + 1;
    }
    return 0;
}

static int map_queues(struct lariat_group *group, char *map, unsigned n_iothreads, char **errmsg)
{
    unsigned n = 0;
    int err = 0;

    memset(group->serves, 0xff, sizeof(group->serves));
    for (char *list = map; list && !err; n++) {
        char *end = strchr(list, '/');

        if (end)
            *end++ = '\0';
        err = serve_queues(group, n, list, errmsg);
        list = end;
    }
    if (!err && n != n_iothreads)
        err = errmsg_set(errmsg, -EINVAL, "queues: there are %u lists for %u iothreads", n, n_iothreads);
    for (unsigned i = 0; i < group->n_queues && !err; i++)
        if (group->serves[i] == UNSERVED)
            err = errmsg_set(errmsg, -EINVAL, "queues: queue %u is served by none", i);
    return err;
}

/* ---- the group ---- */

static int make_iothread(struct lariat_group *group, const struct group_text *text, const char *cpus, char **errmsg)
{
    char *spec = NULL, *placed = NULL;
    int err = cpus ? append_pair(&placed, "cpu-affinity", cpus) : 0;

    if (!err && asprintf(&spec, "id=%s%u%s%s", text->id, group->n_iothreads, text->properties ? text->properties : "",
                         placed ? placed : "") < 0) {
        spec = NULL;
        err = -ENOMEM;
    }
    free(placed);
    if (err)
        return errmsg_set(errmsg, err, "no memory");
    err = lariat_iothread_new_from_string(spec, &group->iothreads[group->n_iothreads], errmsg);
    free(spec);
    if (!err)
        group->n_iothreads++;
    return err;
}

static int group_make(struct lariat_group *group, struct group_text *text, const char *spec, char **errmsg)
{
    struct places *places = calloc(1, sizeof(*places));
    int err;

    if (!places)
        return errmsg_set(errmsg, -ENOMEM, "no memory");
    err = sort_text(text, spec, errmsg);
    if (!err)
        err = find_places(places, text, errmsg);
    if (!err && text->queues)
        err = map_queues(group, text->queues, places->n, errmsg);
    for (unsigned i = 0; i < places->n && !err; i++)
        err = make_iothread(group, text, places->cpus[i], errmsg);
    places_free(places);
    return err;
}

int lariat_group_new_from_string(const char *spec, struct lariat_group **out, char **errmsg)
{
    struct group_text text = { .id = NULL };
    struct lariat_group *group;
    int err;

    require(spec, __func__, "spec");
    require(out, __func__, "out");
    if (errmsg)
        *errmsg = NULL;
    group = calloc(1, sizeof(*group));
    if (!group)
        return errmsg_set(errmsg, -ENOMEM, "no memory");
    err = group_make(group, &text, spec, errmsg);
    text_free(&text);
    if (err) {
        lariat_group_destroy(group);
        return err;
    }
    *out = group;
    return 0;
}

struct lariat_loop *lariat_group_loop_for(const struct lariat_group *group, unsigned queue)
{
    require(group, __func__, "group");
    if (!group->n_queues)
        return lariat_iothread_loop(group->iothreads[queue % group->n_iothreads]);
    return queue < group->n_queues ? lariat_iothread_loop(group->iothreads[group->serves[queue]]) : NULL;
}

unsigned lariat_group_size(const struct lariat_group *group)
{
    require(group, __func__, "group");
    return group->n_iothreads;
}

struct lariat_iothread *lariat_group_iothread(const struct lariat_group *group, unsigned i)
{
    require(group, __func__, "group");
    return i < group->n_iothreads ? group->iothreads[i] : NULL;
}

void lariat_group_destroy(struct lariat_group *group)
{
    if (!group)
        return;
    for (unsigned i = 0; i < group->n_iothreads; i++)
        iothread_begin_end(group->iothreads[i]);
    for (unsigned i = 0; i < group->n_iothreads; i++)
        lariat_iothread_destroy(group->iothreads[i]);
    free(group);
}
