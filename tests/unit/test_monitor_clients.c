/* SPDX-License-Identifier: MIT */
/* How clients of the control socket behave: in pieces, in haste, too much, too slowly, or not at all any more. */
#include "monitor_support.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

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

static void must_reply_with_id(struct client *from, json_int_t id)
{
    json_t *reply = client_receive_reply(from);
    ck_assert_ptr_nonnull(json_object_get(reply, "return"));
    ck_assert_int_eq(number_of(reply, "id"), id);
    json_decref(reply);
}

/* ---- framing ---- */

START_TEST(a_command_may_come_byte_by_byte)
{
    static const char request[] = "{'execute': 'query-version', 'id': 7}";
    for (const char *c = request; *c; c++) {
        client_send(&client, (const char[]){ *c, 0 });
    }
    must_reply_with_id(&client, 7);
}
END_TEST

START_TEST(many_commands_in_one_packet_are_answered_in_order)
{
    enum { N = 2000 };
    char *all = calloc(N, 64);
    size_t n = 0;
    for (int i = 0; i < N; i++) {
        n += (size_t)sprintf(all + n, "{'execute': 'query-version', 'id': %d}%s", i, i % 3 ? "" : "\r\n");
    }
    client_send(&client, all);
    for (int i = 0; i < N; i++) {
        must_reply_with_id(&client, i);
    }
    free(all);
}
END_TEST

START_TEST(what_is_no_json_gets_one_error_and_the_next_object_counts)
{
    static const char *const bad[] = { "hello\n",           "}\n",        "{'execute': }", "{]\n", "{'a': 'b\n", "[1, 2]",
                                       "'just a string'\n", "{'x': 1 \n", "\x04\n",        "\xff", "{bad}" };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        client_send(&client, bad[i]);
        client_send(&client, "{'execute': 'query-version', 'id': 1}\n");
        client_receive_error(&client, "GenericError", "");
        must_reply_with_id(&client, 1);
    }
}
END_TEST

START_TEST(a_nul_is_no_json)
{
    static const char bytes[] = "{\"execute\": \"query-version\", \0 \"id\": 1}";
    ck_assert_int_eq(send(client.fd, bytes, sizeof(bytes) - 1, 0), sizeof(bytes) - 1);
    client_receive_error(&client, "GenericError", "JSON");
    client_send(&client, "{'execute': 'query-version', 'id': 1}");
    must_reply_with_id(&client, 1);
}
END_TEST

static char *request_of_length(size_t n)
{
    char *request = malloc(n + 1);
    int head = sprintf(request, "{'execute': 'query-version', 'id': '");
    memset(request + head, 'x', n - (size_t)head);
    strcpy(request + n - 2, "'}");
    return request;
}

START_TEST(a_request_of_1_mib_is_answered_and_a_longer_one_refused)
{
    for (size_t n = 1024 * 1024; n <= 1024 * 1024 + 1; n++) {
        char *request = request_of_length(n);
        client_send(&client, request);
        json_t *reply = client_receive_reply(&client);
        ck_assert_int_eq(json_object_get(reply, "error") != NULL, n > 1024 * 1024);
        json_decref(reply);
        free(request);
    }
    client_send(&client, "{'execute': 'query-version', 'id': 1}");
    must_reply_with_id(&client, 1);
}
END_TEST

START_TEST(a_line_without_an_end_gets_one_error_and_can_be_ended)
{
    char block[65537];
    memset(block, 'x', sizeof(block) - 1);
    block[sizeof(block) - 1] = 0;
    client_send(&client, "{'execute': '");
    for (int i = 0; i < 64; i++) { /* 4 MiB */
        client_send(&client, block);
    }
    client_receive_error(&client, "GenericError", "1048576");
    client_send(&client, "\n{'execute': 'query-version', 'id': 1}");
    must_reply_with_id(&client, 1);
}
END_TEST

START_TEST(deep_nesting_is_refused_without_harm)
{
    char request[4096];
    memset(request, '[', 2000);
    memset(request + 2000, ']', 2000);
    request[4000] = 0;
    client_error(&client, request, "GenericError", "1024");
    client_send(&client, "{'execute': 'query-version', 'id': 1}");
    must_reply_with_id(&client, 1);
}
END_TEST

/* ---- ends ---- */

START_TEST(a_client_that_sends_no_more_still_gets_its_replies)
{
    static const char *const requests =
        "{'execute': 'query-version', 'id': 1}"
        "{'execute': 'object-add', 'id': 2, 'arguments': {'qom-type': 'iothread', 'id': 'a'}}"
        "{'execute': 'object-del', 'id': 3, 'arguments': {'id': 'a'}}"
        "{'execute': 'query-version', 'id': 4}{'execute': 'cut off";
    client_send(&client, requests);
    ck_assert_int_eq(shutdown(client.fd, SHUT_WR), 0);
    for (int id = 1; id <= 4; id++) {
        must_reply_with_id(&client, id);
    }
    ck_assert_ptr_null(client_receive(&client));
}
END_TEST

START_TEST(a_client_that_vanishes_with_replies_under_way_is_survived)
{
    for (int i = 0; i < 20; i++) {
        struct client gone;
        client_or_fail(&gone, &server);
        for (int k = 0; k < 100; k++) {
            client_send(&gone, "{'execute': 'query-properties'}");
        }
        client_send(&gone, "{'execute': 'object-add', 'arguments': {'qom-type': 'iothread', 'id': 'left'}}");
        client_done(&gone);
    }
    client_executes(&client, "{'execute': 'query-version'}");
}
END_TEST

START_TEST(a_client_that_vanishes_during_its_own_job_is_survived)
{
    for (int i = 0; i < 50; i++) {
        struct client gone;
        char request[120];
        client_or_fail(&gone, &server);
        snprintf(request, sizeof(request), "{'execute': 'object-add', 'arguments': {'qom-type': 'iothread', 'id': 'g%d'}}",
                 i);
        client_send(&gone, request);
        client_done(&gone);
    }
    client_executes(&client, "{'execute': 'query-version'}");
}
END_TEST

START_TEST(a_stop_in_the_middle_of_jobs_waits_for_them)
{
    struct client others[10];
    for (int i = 0; i < 10; i++) {
        char request[120];
        client_or_fail(&others[i], &server);
        snprintf(request, sizeof(request), "{'execute': 'object-add', 'arguments': {'qom-type': 'iothread', 'id': 'g%d'}}",
                 i);
        client_send(&others[i], request);
    }
    lariat_monitor_stop(server.monitor);
    server.monitor = NULL;
    for (int i = 0; i < 10; i++) {
        client_done(&others[i]);
    }
    struct lariat_iothread_info *head;
    ck_assert_int_eq(lariat_iothread_query(&head), 0);
    ck_assert_ptr_null(head);
}
END_TEST

/* ---- slow readers ---- */

/* Send the request, without reading, until the server takes no more. Returns how many were sent whole. */
static int send_until_full(struct client *slow, const char *request, int limit)
{
    const size_t n = strlen(request);
    int sent = 0;
    ck_assert_int_eq(fcntl(slow->fd, F_SETFL, O_NONBLOCK), 0);
    while (sent < limit) {
        ssize_t ret = send(slow->fd, request, n, MSG_NOSIGNAL);
        if (ret < 0) {
            ck_assert_int_eq(errno, EAGAIN);
            /* Full for the moment or for good? The server has looked at all that it wants to look at when it has
               answered somebody else. */
            client_executes(&client, "{'execute': 'query-version'}");
            ret = send(slow->fd, request, n, MSG_NOSIGNAL);
            if (ret < 0) {
                break;
            }
        }
        ck_assert_int_eq(ret, (ssize_t)n); /* short requests go whole or not at all, nearly always */
        sent++;
    }
    ck_assert_int_eq(fcntl(slow->fd, F_SETFL, 0), 0);
    return sent;
}

START_TEST(commands_of_a_client_that_does_not_read_wait_and_lose_nothing)
{
    enum { LIMIT = 200000 };
    struct client slow;
    client_or_fail(&slow, &server);

    int sent = send_until_full(&slow, "{\"execute\": \"query-properties\"}", LIMIT);
    ck_assert_int_lt(sent, LIMIT); /* it did not take them all, so it did not keep the replies either */
    for (int i = 0; i < sent; i++) {
        json_t *reply = client_receive_reply(&slow);
        ck_assert_ptr_nonnull(json_object_get(reply, "return"));
        json_decref(reply);
    }
    client_executes(&slow, "{'execute': 'query-version'}");
    client_done(&slow);
}
END_TEST

/* ---- jobs ---- */

static atomic_int entered, released;

static void hold(void *opaque)
{
    (void)opaque;
    atomic_fetch_add(&entered, 1);
    waited_for(&released, 1);
}

START_TEST(a_job_that_waits_holds_up_its_own_client_only)
{
    struct client waiting;
    atomic_store(&entered, 0);
    atomic_store(&released, 0);
    client_or_fail(&waiting, &server);
    client_executes(&waiting, "{'execute': 'object-add', 'arguments': {'qom-type': 'iothread', 'id': 'busy'}}");
    struct lariat_iothread *busy = lariat_iothread_by_id("busy");
    ck_assert_int_eq(lariat_bh_schedule_oneshot(lariat_iothread_loop(busy), hold, NULL), 0);
    wait_for(&entered, 1);
    lariat_iothread_unref(busy);

    client_send(&waiting, "{'execute': 'object-del', 'arguments': {'id': 'busy'}, 'id': 1}"
                          "{'execute': 'query-version', 'id': 2}");
    for (int i = 0; i < 10; i++) {
        client_executes(&client, "{'execute': 'query-iothreads'}");
    }
    client_executes(&client, "{'execute': 'object-add', 'arguments': {'qom-type': 'iothread', 'id': 'other'}}");
    client_executes(&client, "{'execute': 'object-del', 'arguments': {'id': 'other'}}");
    atomic_store(&released, 1);
    must_reply_with_id(&waiting, 1);
    must_reply_with_id(&waiting, 2);
    client_done(&waiting);
}
END_TEST

static atomic_bool no_threads;

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *), void *opaque);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *), void *opaque);

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *), void *opaque)
{
    return atomic_load(&no_threads) ? EAGAIN : __real_pthread_create(thread, attr, fn, opaque);
}

START_TEST(a_job_without_a_thread_is_an_error_and_the_client_goes_on)
{
    atomic_store(&no_threads, true);
    client_error(&client, "{'execute': 'object-add', 'arguments': {'qom-type': 'iothread', 'id': 'a'}}", "GenericError",
                 strerror(EAGAIN));
    atomic_store(&no_threads, false);
    client_executes(&client, "{'execute': 'object-add', 'arguments': {'qom-type': 'iothread', 'id': 'a'}}");
}
END_TEST

/* ---- many threads ---- */

enum { N_MAKERS = 2, N_ASKERS = 3 };
static atomic_int finished;

static void *make_iothreads(void *opaque)
{
    const long number = (long)opaque, lives = tests_run_slowly() ? 30 : 200;
    char id[20];
    snprintf(id, sizeof(id), "made%ld", number);
    for (long i = 0; i < lives; i++) {
        struct lariat_iothread *iothread;
        if (lariat_iothread_new(id, NULL, &iothread) == 0) {
            lariat_iothread_destroy(iothread);
        }
    }
    atomic_fetch_add(&finished, 1);
    return NULL;
}

static const char *const storm[] = {
    "{'execute': 'query-iothreads'}",
    "{'execute': 'query-iothread-stats'}",
    "{'execute': 'qom-set', 'arguments': {'path': 'made0', 'property': 'poll-max-ns', 'value': 5}}",
    "{'execute': 'qom-get', 'arguments': {'path': 'made1', 'property': 'poll-max-ns'}}",
    "{'execute': 'iothread-set', 'arguments': {'id': 'made1', 'properties': {'poll-grow': 3, 'poll-max-ns': 7}}}",
    "{'execute': 'object-add', 'arguments': {'qom-type': 'iothread', 'id': 'x'}}",
    "{'execute': 'object-del', 'arguments': {'id': 'x'}}",
};

START_TEST(iothreads_may_come_and_go_while_clients_ask)
{
    struct client askers[N_ASKERS];
    pthread_t makers[N_MAKERS];

    atomic_store(&finished, 0);
    for (int i = 0; i < N_ASKERS; i++) {
        client_or_fail(&askers[i], &server);
    }
    for (long i = 0; i < N_MAKERS; i++) {
        makers[i] = thread_or_fail(make_iothreads, (void *)i);
    }
    do {
        for (int k = 0; k < (int)(sizeof(storm) / sizeof(storm[0])); k++) {
            for (int i = 0; i < N_ASKERS; i++) {
                client_send(&askers[i], storm[k]);
            }
            for (int i = 0; i < N_ASKERS; i++) {
                json_decref(client_receive_reply(&askers[i])); /* a result or an error: either may be */
            }
        }
    } while (atomic_load(&finished) < N_MAKERS);
    for (int i = 0; i < N_MAKERS; i++) {
        join_or_fail(makers[i]);
    }
    for (int i = 0; i < N_ASKERS; i++) {
        client_done(&askers[i]);
    }
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *tc = case_of(suite, "framing");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, a_command_may_come_byte_by_byte);
    tcase_add_test(tc, many_commands_in_one_packet_are_answered_in_order);
    tcase_add_test(tc, what_is_no_json_gets_one_error_and_the_next_object_counts);
    tcase_add_test(tc, a_nul_is_no_json);
    tcase_add_test(tc, a_request_of_1_mib_is_answered_and_a_longer_one_refused);
    tcase_add_test(tc, a_line_without_an_end_gets_one_error_and_can_be_ended);
    tcase_add_test(tc, deep_nesting_is_refused_without_harm);

    tc = case_of(suite, "ends");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, a_client_that_sends_no_more_still_gets_its_replies);
    tcase_add_test(tc, a_client_that_vanishes_with_replies_under_way_is_survived);
    tcase_add_test(tc, a_client_that_vanishes_during_its_own_job_is_survived);
    tcase_add_test(tc, a_stop_in_the_middle_of_jobs_waits_for_them);

    tc = case_of(suite, "slow");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, commands_of_a_client_that_does_not_read_wait_and_lose_nothing);

    tc = case_of(suite, "jobs");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, a_job_that_waits_holds_up_its_own_client_only);
    tcase_add_test(tc, a_job_without_a_thread_is_an_error_and_the_client_goes_on);

    tc = case_of(suite, "threads");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, iothreads_may_come_and_go_while_clients_ask);
}

int main(void)
{
    return suite_main("monitor_clients", add_tests);
}
