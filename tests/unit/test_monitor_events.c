/* SPDX-License-Identifier: MIT */
/* Events on the control socket: what they say, who gets them, and what becomes of those that nobody reads. */
#include "monitor_support.h"

#include <time.h>
#include <unistd.h>

#include "monitor/client.h"

static struct server server;
static struct client client;

static void set_up(void)
{
    server_or_fail(&server);
    client_or_fail(&client, &server);
}

static void tear_down(void)
{
    client_done(&client);
    server_done(&server);
}

static void must_be_recent(const json_t *event)
{
    const json_t *stamp = json_object_get(event, "timestamp");
    const json_int_t microseconds = number_of(stamp, "microseconds");
    ck_assert_int_le(number_of(stamp, "seconds"), time(NULL) + 1);
    ck_assert_int_ge(number_of(stamp, "seconds"), time(NULL) - 300);
    ck_assert(microseconds >= 0 && microseconds < 1000000);
}

START_TEST(creation_and_end_of_an_iothread_are_told)
{
    static const char *const names[] = { "IOTHREAD_CREATED", "IOTHREAD_STOPPED" };
    struct lariat_iothread *iothread = iothread_or_fail("io0");
    const pid_t tid = lariat_iothread_tid(iothread);
    lariat_iothread_destroy(iothread);

    for (int i = 0; i < 2; i++) {
        json_t *event = client_receive(&client);
        ck_assert_str_eq(string_of(event, "event"), names[i]);
        ck_assert_str_eq(string_of(json_object_get(event, "data"), "id"), "io0");
        ck_assert_int_eq(number_of(json_object_get(event, "data"), "thread-id"), tid);
        must_be_recent(event);
        json_decref(event);
    }
}
END_TEST

START_TEST(changed_poll_parameters_are_told_with_their_values)
{
    struct lariat_iothread *iothread = iothread_or_fail("io0");
    ck_assert_int_eq(
        lariat_iothread_set_from_string(iothread, "poll-policy=classic,poll-max-ns=9us,poll-grow=3,poll-shrink=0,poll-weight=5", NULL),
        0);
    json_t *event = client_receive_event(&client, "POLL_PARAMS_CHANGED");
    const json_t *data = json_object_get(event, "data");

    ck_assert_str_eq(string_of(data, "id"), "io0");
    ck_assert_str_eq(string_of(data, "poll-policy"), "classic");
    ck_assert_int_eq(number_of(data, "poll-max-ns"), 9000);
    ck_assert_int_eq(number_of(data, "poll-grow"), 3);
    ck_assert_int_eq(number_of(data, "poll-shrink"), 0);
    ck_assert_int_eq(number_of(data, "poll-weight"), 5);
    ck_assert_int_eq(number_of(data, "poll-price"), 25);
    ck_assert_int_eq(number_of(data, "poll-cpu-budget"), 0);
    must_be_recent(event);
    json_decref(event);
    lariat_iothread_destroy(iothread);
}
END_TEST

START_TEST(what_clients_do_is_told_to_all_of_them)
{
    struct client other;
    client_or_fail(&other, &server);
    client_executes(&other, "{'execute': 'object-add', 'arguments': {'qom-type': 'iothread', 'id': 'io1'}}");
    client_executes(&other, "{'execute': 'qom-set', 'arguments': {'path': 'io1', 'property': 'poll-max-ns', 'value': 5}}");
    client_executes(&other, "{'execute': 'object-del', 'arguments': {'id': 'io1'}}");
    json_decref(client_receive_event(&client, "IOTHREAD_CREATED"));
    json_decref(client_receive_event(&client, "POLL_PARAMS_CHANGED"));
    json_decref(client_receive_event(&client, "IOTHREAD_STOPPED"));
    client_done(&other);
}
END_TEST

START_TEST(before_negotiation_there_are_no_events)
{
    struct client other;
    client_connect_or_fail(&other, &server);
    json_decref(client_receive(&other));
    lariat_iothread_destroy(iothread_or_fail("io0"));
    json_decref(client_receive_event(&client, "IOTHREAD_STOPPED")); /* so they have been sent */

    client_send(&other, "{'execute': 'qmp_capabilities'}");
    json_t *reply = client_receive(&other);
    ck_assert_ptr_nonnull(json_object_get(reply, "return"));
    json_decref(reply);
    client_done(&other);
}
END_TEST

/* Change a parameter so often that the events fill a client's limit several times. */
static int make_events(struct lariat_iothread *iothread)
{
    enum { N = 4 * MONITOR_EVENTS_MAX / 256 };
    for (int i = 0; i < N; i++) {
        ck_assert_int_eq(lariat_iothread_set(iothread, "poll-max-ns", i % 2 ? "1000" : "2000", NULL), 0);
        if (i % 64 == 0) { /* in step with the server: its own queue is not to overflow */
            client_executes(&client, "{'execute': 'query-version'}");
        }
    }
    return N;
}

START_TEST(events_that_a_client_does_not_read_are_dropped_and_counted)
{
    struct client slow;
    client_or_fail(&slow, &server);
    struct lariat_iothread *iothread = iothread_or_fail("io0");
    const int sent = make_events(iothread);
    int got = 0;

    for (;;) {
        json_t *event = client_receive(&slow);
        const char *name = string_of(event, "event");
        if (!strcmp(name, "EVENTS_LOST")) {
            got += (int)number_of(json_object_get(event, "data"), "count");
            json_decref(event);
            break;
        }
        got += !strcmp(name, "POLL_PARAMS_CHANGED");
        json_decref(event);
    }
    ck_assert_int_le(got, sent);
    ck_assert_int_ge(got, sent / 2); /* it is told before all that is old has been read */
    client_executes(&slow, "{'execute': 'query-version'}");
    lariat_iothread_destroy(iothread);
    json_decref(client_receive_event(&slow, "IOTHREAD_STOPPED"));
    client_done(&slow);
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *tc = case_of(suite, "events");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, creation_and_end_of_an_iothread_are_told);
    tcase_add_test(tc, changed_poll_parameters_are_told_with_their_values);
    tcase_add_test(tc, what_clients_do_is_told_to_all_of_them);
    tcase_add_test(tc, before_negotiation_there_are_no_events);
    tcase_add_test(tc, events_that_a_client_does_not_read_are_dropped_and_counted);
}

int main(void)
{
    return suite_main("monitor_events", add_tests);
}
