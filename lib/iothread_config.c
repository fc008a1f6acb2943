/* SPDX-License-Identifier: MIT */
/*
 * Properties of an iothread: creation from text, setting and reading by name. Setting reads the whole configuration, changes
 * the copy, checks it as a whole, brings it into force and keeps it: so a refused value leaves all as it was. All under the
 * iothread's mutex, under which nobody waits for the iothread.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cpu_list.h"
#include "errmsg.h"
#include "fatal.h"
#include "iothread.h"
#include "keyval.h"
#include "loop.h"

/* ---- where the thread runs ---- */

static int place_on_cpus(pthread_t thread, const struct placement *inherited, const struct config *config)
{
    cpu_set_t cpus = inherited->cpus;

    if (config->cpus)
        (void)cpu_list_parse(config->cpus, &cpus); /* was parsed before */
    return -pthread_setaffinity_np(thread, sizeof(cpus), &cpus);
}

static int schedule_thread(pthread_t thread, const struct placement *inherited, const struct config *config)
{
    static const int policies[] = { [SCHED_CHOICE_INHERIT] = -1,        [SCHED_CHOICE_OTHER] = SCHED_OTHER,
                                    [SCHED_CHOICE_BATCH] = SCHED_BATCH, [SCHED_CHOICE_IDLE] = SCHED_IDLE,
                                    [SCHED_CHOICE_FIFO] = SCHED_FIFO,   [SCHED_CHOICE_RR] = SCHED_RR };
    int64_t choice = config->numbers[PROPERTY_SCHED_POLICY], priority = config->numbers[PROPERTY_SCHED_PRIORITY];
    struct sched_param param = { 0 };

    if (choice == SCHED_CHOICE_INHERIT)
        return -pthread_setschedparam(thread, inherited->sched_policy, &inherited->sched_param);
    if (choice >= SCHED_CHOICE_FIFO)
        param.sched_priority = priority ? (int)priority : 1;
    return -pthread_setschedparam(thread, policies[choice], &param);
}

/* Does anything but the default have to be brought into force? `before` NULL: in a new thread. */
static bool cpus_differ(const struct config *before, const struct config *config)
{
    const char *old = before && before->cpus ? before->cpus : "", *new = config->cpus ? config->cpus : "";

    return strcmp(old, new) != 0;
}

static bool scheduling_differs(const struct config *before, const struct config *config)
{
    if (!before)
        return config->numbers[PROPERTY_SCHED_POLICY] != SCHED_CHOICE_INHERIT;
    return before->numbers[PROPERTY_SCHED_POLICY] != config->numbers[PROPERTY_SCHED_POLICY] ||
           before->numbers[PROPERTY_SCHED_PRIORITY] != config->numbers[PROPERTY_SCHED_PRIORITY];
}

/* Both or none. */
static int place(pthread_t thread, const struct placement *inherited, const struct config *before, const struct config *config,
                 const char **failed)
{
    int err = cpus_differ(before, config) ? place_on_cpus(thread, inherited, config) : 0;

    if (err) {
        *failed = "cpu-affinity";
        return err;
    }
    err = scheduling_differs(before, config) ? schedule_thread(thread, inherited, config) : 0;
    if (err) {
        *failed = "sched-policy";
        if (before && cpus_differ(before, config))
            (void)place_on_cpus(thread, inherited, before);
    }
    return err;
}

int iothread_place(pthread_t thread, const struct placement *inherited, const struct config *config, const char **failed)
{
    return place(thread, inherited, NULL, config, failed);
}

/* Why a property that is fine in itself was refused. */
static int refused(const char *property, const struct config *config, int err, char **errmsg)
{
    enum property number = (enum property)property_number(property);
    char *text = config_text(config, number);
    const char *why = strerror(-err);

    if (number == PROPERTY_CPU_AFFINITY && err == -EINVAL)
        why = "this process may run on none of these CPUs";
    else if (number == PROPERTY_SCHED_POLICY && err == -EPERM)
        why = "this needs CAP_SYS_NICE, or a fitting RLIMIT_RTPRIO (fifo, rr) or RLIMIT_NICE (back from idle)";
    else if (err == -EOPNOTSUPP)
        why = "this kernel has no such limit (Linux 5.15 brought it)";
    errmsg_set(errmsg, err, "%s: '%s' was refused: %s", property, text ? text : "?", why);
    free(text);
    return err;
}

/* ---- text ---- */

/* "did you mean" is left to the programs that a person types to. */
static int find_property(const char *name, bool live, enum property *property, char **errmsg)
{
    int number = property_number(name);

    if (number < 0)
        return errmsg_set(errmsg, -ENOENT, "there is no property '%s'", name);
    if (live && !lariat_property_at((unsigned)number)->live)
        return errmsg_set(errmsg, -EBUSY, "%s: can only be given when the iothread is made", name);
    *property = (enum property)number;
    return 0;
}

/* Take over all pairs. id: NULL, or where that of a new iothread goes. */
static int set_pairs(struct config *config, const char *text, char **id, char **errmsg)
{
    bool first = true;
    struct keyval pair;
    int ret;

    while ((ret = keyval_next(&text, &pair, errmsg)) > 0) {
        bool is_type = id && first && !pair.value && !strcmp(pair.key, "iothread");
        enum property property;
        int err = 0;

        first = false;
        if (id && pair.value && !strcmp(pair.key, "id")) {
            free(*id);
            *id = pair.value;
            pair.value = NULL;
        } else if (!is_type) {
            if (!pair.value)
                err = errmsg_set(errmsg, -EINVAL, "expected '=' behind '%s'", pair.key);
            if (!err)
                err = find_property(pair.key, !id, &property, errmsg);
            if (!err)
                err = config_set(config, property, pair.value, errmsg);
        }
        keyval_free(&pair);
        if (err)
            return err;
    }
    return ret;
}

static int check_id(const char *id, char **errmsg)
{
    if (!id)
        return errmsg_set(errmsg, -EINVAL, "id: is needed, as in id=io0");
    if (iothread_id_is_valid(id))
        return 0;
    return errmsg_set(errmsg, -EINVAL,
                      "id: '%s' is not an id: letters, digits, '-', '.' and '_', beginning with a letter, at most %d", id,
                      IOTHREAD_ID_MAX);
}

static int explain_creation(const char *id, const char *failed, const struct config *config, int err, char **errmsg)
{
    if (!errmsg)
        return err;
    if (failed)
        return refused(failed, config, err, errmsg);
    if (err == -EEXIST)
        return errmsg_set(errmsg, err, "id: there is an iothread '%s' already", id);
    *errmsg = lariat_explain_setup(err);
    return err;
}

/* config is taken over, id is not. */
static int create(const char *id, struct config *config, struct lariat_iothread **out, char **errmsg)
{
    const struct lariat_loop_options defaults = LARIAT_LOOP_OPTIONS_INIT;
    struct config kept;
    const char *failed;
    int err = config_copy(&kept, config); /* to say what was refused */

    if (err) {
        config_exit(config);
        return errmsg_set(errmsg, err, "no memory");
    }
    err = iothread_create(id, false, &defaults, config, out, &failed);
    if (err)
        explain_creation(id, failed, &kept, err, errmsg);
    config_exit(&kept);
    return err;
}

int lariat_iothread_new_from_string(const char *spec, struct lariat_iothread **out, char **errmsg)
{
    struct config config;
    char *id = NULL;
    int err;

    require(spec, __func__, "spec");
    require(out, __func__, "out");
    if (errmsg)
        *errmsg = NULL;
    config_init(&config);
    err = set_pairs(&config, spec, &id, errmsg);
    if (err == -ENOENT)
        err = -EINVAL; /* it is the text that is wrong */
    if (!err)
        err = check_id(id, errmsg);
    if (!err)
        err = config_check(&config, errmsg);
    if (!err)
        err = create(id, &config, out, errmsg);
    else
        config_exit(&config);
    free(id);
    return err;
}

/* ---- setting ---- */

static bool polls_differ(const struct config *a, const struct config *b)
{
    struct lariat_poll_params x, y;

    config_get_poll(a, &x);
    config_get_poll(b, &y);
    return memcmp(&x, &y, sizeof(x)) != 0;
}

static bool tunings_differ(const struct config *a, const struct config *b)
{
    struct loop_tuning x, y;

    memset(&x, 0, sizeof(x));
    memset(&y, 0, sizeof(y));
    config_get_tuning(a, &x);
    config_get_tuning(b, &y);
    return memcmp(&x, &y, sizeof(x)) != 0;
}

/* Under the mutex. -EAGAIN: the poll parameters of `before` were set in the loop meanwhile. */
static int bring_into_force(struct lariat_iothread *iothread, const struct config *before, unsigned version,
                            const struct config *config, char **errmsg)
{
    struct loop_tuning tuning;
    const char *failed;
    int err = 0;

    if (iothread->state != IOTHREAD_RUNNING)
        return errmsg_set(errmsg, -ESHUTDOWN, "iothread '%s' has been stopped", iothread->id);
    config_get_tuning(config, &tuning);
    if ((tuning.workers_max[0] || tuning.workers_max[1]) && !iothread->loop->ring.workers_default[0])
        return refused(tuning.workers_max[0] ? "iowq-max-bounded" : "iowq-max-unbounded", config, -EOPNOTSUPP, errmsg);
    err = place(iothread->thread, &iothread->inherited, before, config, &failed);
    if (err)
        return refused(failed, config, err, errmsg);
    if (tunings_differ(before, config))
        err = loop_replace_tuning(iothread->loop, version, &tuning);
    return err;
}

/* The configuration as it is now, and the version of what the loop has of it. Under the mutex. */
static int read_config(struct lariat_iothread *iothread, struct config *config, unsigned *version)
{
    struct loop_tuning tuning;
    int err = config_copy(config, &iothread->config);

    if (!err) {
        *version = loop_get_tuning(iothread->loop, &tuning);
        config_put_poll(config, &tuning.poll);
        config->numbers[PROPERTY_WAIT_BATCH] = tuning.wait_batch;
        config->numbers[PROPERTY_WAIT_MIN_NS] = tuning.wait_min_ns;
    }
    return err;
}

/* Under the mutex. */
static int set_locked(struct lariat_iothread *iothread, const char *name, const char *text, char **errmsg)
{
    struct config before, config;
    enum property property;
    unsigned version;
    int err = read_config(iothread, &before, &version);

    if (err)
        return errmsg_set(errmsg, err, "no memory");
    err = config_copy(&config, &before);
    if (err)
        errmsg_set(errmsg, err, "no memory");
    else if (!name)
        err = set_pairs(&config, text, NULL, errmsg);
    else if (!(err = find_property(name, true, &property, errmsg)))
        err = config_set(&config, property, text, errmsg);
    if (!err)
        err = config_check(&config, errmsg);
    if (!err)
        err = bring_into_force(iothread, &before, version, &config, errmsg);
    if (!err) {
        struct config old = iothread->config;

        iothread->config = config;
        config = old;
        if (polls_differ(&before, &iothread->config))
            iothread_tell(iothread, LARIAT_IOTHREAD_POLL_PARAMS_CHANGED);
    }
    config_exit(&config);
    config_exit(&before);
    return err;
}

static int set(struct lariat_iothread *iothread, const char *name, const char *text, char **errmsg)
{
    int err;

    if (errmsg)
        *errmsg = NULL;
    pthread_mutex_lock(&iothread->mutex);
    do
        err = set_locked(iothread, name, text, errmsg);
    while (err == -EAGAIN); /* else a call of lariat_loop_set_poll_params() in between would be undone */
    pthread_mutex_unlock(&iothread->mutex);
    return err;
}

int lariat_iothread_set(struct lariat_iothread *iothread, const char *name, const char *value, char **errmsg)
{
    assert_iothread(iothread, __func__);
    require(name, __func__, "name");
    require(value, __func__, "value");
    return set(iothread, name, value, errmsg);
}

int lariat_iothread_set_from_string(struct lariat_iothread *iothread, const char *pairs, char **errmsg)
{
    assert_iothread(iothread, __func__);
    require(pairs, __func__, "pairs");
    return set(iothread, NULL, pairs, errmsg);
}

/* ---- reading ---- */

int iothread_get_config(struct lariat_iothread *iothread, struct config *config, bool *running)
{
    unsigned version;
    int err;

    pthread_mutex_lock(&iothread->mutex);
    err = read_config(iothread, config, &version);
    *running = iothread->state == IOTHREAD_RUNNING;
    pthread_mutex_unlock(&iothread->mutex);
    return err;
}

int lariat_iothread_get(struct lariat_iothread *iothread, const char *name, char **value)
{
    struct config config;
    bool running;
    int number, err;

    assert_iothread(iothread, __func__);
    require(name, __func__, "name");
    require(value, __func__, "value");
    number = property_number(name);
    if (number < 0)
        return -ENOENT;
    err = iothread_get_config(iothread, &config, &running);
    if (err)
        return err;
    *value = config_text(&config, (enum property)number);
    config_exit(&config);
    return *value ? 0 : -ENOMEM;
}
