/* SPDX-License-Identifier: MIT */
/*
 * Iothreads as managed objects under count-down injection (rows 51 and 59 of the list of faults): made from text, found, listed,
 * set and read by name, watched and destroyed, while each step fails.
 */
#include "countdown.h"

#include <lariat/group.h>

#define ENTER_BY_CHANCE (INJECT_ENTER | INJECT_BY_CHANCE) /* of the iothread that is woken */
#define NEW_TOLD \
    (INJECT_MEMORY | INJECT_EVENTFD | INJECT_RING_SETUP | INJECT_REGISTER | INJECT_DONTFORK | INJECT_THREAD)
#define NEW_BORNE (INJECT_ENTER | INJECT_REGISTER_FD | INJECT_REGISTER)

static int make_from_text(struct stage *stage)
{
    char *errmsg = NULL;
    inject_on();
    const int rc = lariat_iothread_new_from_string("id=io0,poll-max-ns=5us,aio-max-batch=4,cpu-affinity=0", &stage->iothread,
                                                   &errmsg);
    inject_off();
    require_that(rc != 0 || !errmsg);
    free(errmsg);
    struct lariat_iothread *found = lariat_iothread_by_id("io0");
    require_that(found == stage->iothread);
    lariat_iothread_unref(found);
    return rc;
}

static bool has(struct lariat_iothread *iothread, const char *name, const char *expected)
{
    char *value = NULL;
    const bool equal = lariat_iothread_get(iothread, name, &value) == 0 && strcmp(value, expected) == 0;
    free(value);
    return equal;
}

static int set_one(struct stage *stage)
{
    char *errmsg = NULL;
    inject_on();
    const int rc = lariat_iothread_set(stage->iothread, "cpu-affinity", "0", &errmsg);
    inject_off();
    require_that(rc != 0 || !errmsg);
    require_that(has(stage->iothread, "cpu-affinity", rc == 0 ? "0" : ""));
    free(errmsg);
    return rc;
}

static int set_several(struct stage *stage)
{
    inject_on();
    const int rc = lariat_iothread_set_from_string(stage->iothread, "poll-max-ns=7,poll-grow=3,aio-max-batch=2", NULL);
    inject_off();
    require_that(has(stage->iothread, "poll-max-ns", rc == 0 ? "7" : "200000"));
    require_that(has(stage->iothread, "poll-grow", rc == 0 ? "3" : "0"));
    require_that(has(stage->iothread, "aio-max-batch", rc == 0 ? "2" : "0"));
    return rc;
}

static int get_one(struct stage *stage)
{
    char *value = NULL;
    inject_on();
    const int rc = lariat_iothread_get(stage->iothread, "sched-policy", &value);
    inject_off();
    require_that((rc == 0) == (value != NULL));
    require_that(rc != 0 || strcmp(value, "inherit") == 0);
    free(value);
    return rc;
}

static int query_all(struct stage *stage)
{
    struct lariat_iothread_info *head = NULL;
    inject_on();
    const int rc = lariat_iothread_query(&head);
    inject_off();
    require_that((rc == 0) == (head != NULL));
    require_that(rc != 0 || (!head->next && head->thread_id == lariat_iothread_tid(stage->iothread)));
    lariat_iothread_info_free(head);
    return rc;
}

static void count_event(const struct lariat_iothread_event *event, void *n_events)
{
    *(int *)n_events += event->kind == LARIAT_IOTHREAD_POLL_PARAMS_CHANGED;
}

static int watch(struct stage *stage)
{
    struct lariat_iothread_watch *made = NULL;
    int n_events = 0;
    inject_on();
    const int rc = lariat_iothread_watch_new(count_event, &n_events, &made);
    inject_off();
    require_that((rc == 0) == (made != NULL));
    require_that(lariat_iothread_set(stage->iothread, "poll-max-ns", "1", NULL) == 0);
    require_that(n_events == (rc == 0));
    lariat_iothread_watch_free(made);
    return rc;
}

/* These cannot fail. */
static int look_up(struct stage *stage)
{
    inject_on();
    struct lariat_iothread *found = lariat_iothread_by_id("stage");
    const struct lariat_property_info *info = lariat_property_find("poll-grow");
    require_that(info && info == lariat_property_at(1) && !lariat_property_at(1000));
    inject_off();
    require_that(found == stage->iothread);
    lariat_iothread_unref(found);
    return 0;
}

static int destroy_if_unused(struct stage *stage)
{
    lariat_iothread_ref(stage->iothread);
    inject_on();
    const int busy = lariat_iothread_destroy_unused(stage->iothread);
    lariat_iothread_unref(stage->iothread);
    const int rc = lariat_iothread_destroy_unused(stage->iothread);
    inject_off();
    require_that(busy == -EBUSY);
    stage->iothread = NULL;
    return rc;
}

/* Of one iothread: the injection looks at one ring at a time. */
static int make_group(struct stage *stage)
{
    struct lariat_group *group = NULL;
    struct lariat_iothread_info *left = NULL;
    (void)stage;
    inject_on();
    const int rc = lariat_group_new_from_string("id=g,size=1,cpu-affinity=0,,0,queues=0-1", &group, NULL);
    inject_off();
    require_that((rc == 0) == (group != NULL));
    if (group) {
        require_that(lariat_group_size(group) == 1 && lariat_group_loop_for(group, 1) &&
                     lariat_group_loop_for(group, 1) == lariat_iothread_loop(lariat_group_iothread(group, 0)));
        lariat_group_destroy(group);
    }
    require_that(lariat_iothread_query(&left) == 0 && !left);
    return rc;
}

static const struct scenario scenarios[] = {
    { "iothread_new_from_string", make_from_text, STAGE_EMPTY, NEW_TOLD, NEW_BORNE, 0 },
    { "group_new_from_string", make_group, STAGE_EMPTY, NEW_TOLD, NEW_BORNE, 0 },
    { "iothread_set", set_one, STAGE_IOTHREAD, INJECT_MEMORY, ENTER_BY_CHANCE, 0 },
    { "iothread_set_from_string", set_several, STAGE_IOTHREAD, INJECT_MEMORY, ENTER_BY_CHANCE, 0 },
    { "iothread_get", get_one, STAGE_IOTHREAD, INJECT_MEMORY, ENTER_BY_CHANCE, 0 },
    { "iothread_query", query_all, STAGE_IOTHREAD, INJECT_MEMORY, ENTER_BY_CHANCE, 0 },
    { "iothread_watch_new", watch, STAGE_IOTHREAD, INJECT_MEMORY, ENTER_BY_CHANCE, 0 },
    { "iothread_by_id, property_at ...", look_up, STAGE_IOTHREAD, 0, ENTER_BY_CHANCE, 0 },
    { "iothread_destroy_unused", destroy_if_unused, STAGE_IOTHREAD, 0, ENTER_BY_CHANCE, 0 },
};
enum { N_SCENARIOS = sizeof(scenarios) / sizeof(scenarios[0]) };

START_TEST(a_managed_iothread_is_as_it_was_or_as_it_was_asked_to_be)
{
    countdown(&scenarios[_i]);
}
END_TEST

static void add(Suite *suite)
{
    TCase *tc = case_of(suite, "managing");
    tcase_add_loop_test(tc, a_managed_iothread_is_as_it_was_or_as_it_was_asked_to_be, 0, N_SCENARIOS);
}

int main(void)
{
    return suite_main("countdown: managing", add);
}
