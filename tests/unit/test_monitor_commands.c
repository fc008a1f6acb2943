/* SPDX-License-Identifier: MIT */
/* The commands of the control socket: what each answers, and what each refuses. */
#include <lariat/version.h>

#include "monitor_support.h"

static struct server server;
static struct client client;
static struct lariat_iothread *io0;

static void set_up(void)
{
    server_or_fail(&server);
    io0 = iothread_or_fail("io0");
    client_or_fail(&client, &server);
}

static void tear_down(void)
{
    client_done(&client);
    server_done(&server);
    lariat_iothread_destroy(io0);
}

/* ---- the conversation ---- */

static void must_be_the_version(const json_t *version)
{
    const json_t *numbers = json_object_get(version, "lariat");
    ck_assert_int_eq(number_of(numbers, "major"), LARIAT_VERSION_MAJOR);
    ck_assert_int_eq(number_of(numbers, "minor"), LARIAT_VERSION_MINOR);
    ck_assert_int_eq(number_of(numbers, "micro"), LARIAT_VERSION_PATCH);
    ck_assert_str_eq(string_of(version, "package"), "lariat " LARIAT_VERSION_STRING);
}

START_TEST(the_greeting_tells_version_and_capabilities)
{
    struct client other;
    client_connect_or_fail(&other, &server);
    json_t *greeting = client_receive(&other), *inner = json_object_get(greeting, "QMP");

    must_be_the_version(json_object_get(inner, "version"));
    ck_assert(json_is_array(json_object_get(inner, "capabilities")));
    ck_assert_uint_eq(json_array_size(json_object_get(inner, "capabilities")), 0);
    json_decref(greeting);
    client_done(&other);
}
END_TEST

START_TEST(before_negotiation_nothing_else_is_executed)
{
    struct client other;
    client_connect_or_fail(&other, &server);
    json_decref(client_receive(&other));

    client_error(&other, "{'execute': 'query-version'}", "CommandNotFound", "qmp_capabilities");
    client_error(&other, "{'execute': 'no-such-thing'}", "CommandNotFound", "qmp_capabilities");
    client_error(&other, "{'execute': 'qmp_capabilities', 'arguments': {'enable': ['oob']}}", "GenericError",
                 "capabilities");
    client_error(&other, "{'execute': 'query-version'}", "CommandNotFound", "qmp_capabilities");
    client_executes(&other, "{'execute': 'qmp_capabilities', 'arguments': {'enable': []}}");
    client_executes(&other, "{'execute': 'query-version'}");
    client_error(&other, "{'execute': 'qmp_capabilities'}", "CommandNotFound", "already");
    client_done(&other);
}
END_TEST

START_TEST(an_id_of_any_kind_comes_back)
{
    static const char *const ids[] = {
        "1", "'abc'", "null", "true", "[1, {'a': []}]", "{'b': 2}", "1.5", "'\\u00e4\\u0001'", "-9223372036854775808"
    };
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        for (int bad = 0; bad < 2; bad++) {
            char request[100], id[50];
            snprintf(request, sizeof(request), "{'id': %s, 'execute': '%s'}", ids[i], bad ? "no" : "query-version");
            client_send(&client, request);
            json_t *reply = client_receive(&client);
            snprintf(id, sizeof(id), "%s", ids[i]);
            for (char *c = id; *c; c++) {
                *c = *c == '\'' ? '"' : *c;
            }
            json_t *expected = json_loads(id, JSON_DECODE_ANY, NULL);
            ck_assert_ptr_nonnull(json_object_get(reply, bad ? "error" : "return"));
            ck_assert_msg(json_equal(json_object_get(reply, "id"), expected), "%s", id);
            json_decref(expected);
            json_decref(reply);
        }
    }
    client_send(&client, "{'execute': 'query-version'}");
    json_t *reply = client_receive(&client);
    ck_assert_ptr_null(json_object_get(reply, "id"));
    json_decref(reply);
}
END_TEST

START_TEST(version_and_commands_can_be_asked_for)
{
    json_t *version = client_result(&client, "{'execute': 'query-version', 'arguments': {}}");
    must_be_the_version(version);
    json_decref(version);

    json_t *commands = client_result(&client, "{'execute': 'query-commands'}");
    ck_assert_uint_eq(json_array_size(commands), 12);
    ck_assert_str_eq(string_of(json_array_get(commands, 0), "name"), "qmp_capabilities");
    ck_assert_str_eq(string_of(json_array_get(commands, 11), "name"), "object-del");
    json_decref(commands);
}
END_TEST

/* ---- what is refused ---- */

static const struct {
    const char *request, *class, *word;
} refused[] = {
    /* requests */
    { "[]", "GenericError", "object" },
    { "{}", "GenericError", "execute" },
    { "{'execute': 1}", "GenericError", "execute" },
    { "{'execute': 'query-version', 'frobnicate': 1}", "GenericError", "frobnicate" },
    { "{'execute': 'query-version', 'arguments': []}", "GenericError", "arguments" },
    { "{'execute': 'query-version', 'execute': 'query-version'}", "GenericError", "duplicate" },
    { "{'execute': 'frobnicate'}", "CommandNotFound", "frobnicate" },
    { "{'execute': 'query-version',}", "GenericError", "JSON" },
    { "{'execute': '\xc3('}", "GenericError", "decode" },
    { "{'execute': '\\ud800'}", "GenericError", "JSON" },
    { "{'execute': 'a\\u0000b'}", "GenericError", "u0000" },
    { "{'execute': 'query-version', 'id': 9223372036854775808}", "GenericError", "integer" },
    { "{'execute': 'query-version', 'id': 1e999}", "GenericError", "real" },
    /* arguments */
    { "{'execute': 'query-version', 'arguments': {'x': 1}}", "GenericError", "'x' is unexpected" },
    { "{'execute': 'qom-get', 'arguments': {'path': 'io0'}}", "GenericError", "'property' is missing" },
    { "{'execute': 'qom-get', 'arguments': {'path': 1, 'property': 'type'}}", "GenericError", "'path', expected: string" },
    { "{'execute': 'iothread-set', 'arguments': {'id': 'io0', 'properties': 1}}", "GenericError", "expected: object" },
    { "{'execute': 'qom-set', 'arguments': {'path': 'io0', 'property': 'poll-grow', 'value': 1, 'x': 1}}", "GenericError",
      "'x' is unexpected" },
    /* iothreads and paths that are not there */
    { "{'execute': 'query-iothread-stats', 'arguments': {'id': 'io9'}}", "DeviceNotFound", "io9" },
    { "{'execute': 'iothread-set', 'arguments': {'id': 'io9', 'properties': {}}}", "DeviceNotFound", "io9" },
    { "{'execute': 'qom-list', 'arguments': {'path': '/objects/io9'}}", "DeviceNotFound", "io9" },
    { "{'execute': 'qom-list', 'arguments': {'path': '/machine'}}", "DeviceNotFound", "/machine" },
    { "{'execute': 'qom-list', 'arguments': {'path': ''}}", "DeviceNotFound", "''" },
    { "{'execute': 'qom-list', 'arguments': {'path': '/objects/'}}", "DeviceNotFound", "objects" },
    { "{'execute': 'qom-list', 'arguments': {'path': 'monitor'}}", "DeviceNotFound", "monitor" },
    { "{'execute': 'qom-get', 'arguments': {'path': '/objects', 'property': 'type'}}", "DeviceNotFound", "/objects" },
    { "{'execute': 'qom-set', 'arguments': {'path': 'io9', 'property': 'x', 'value': 1}}", "DeviceNotFound", "io9" },
    { "{'execute': 'object-del', 'arguments': {'id': 'io9'}}", "DeviceNotFound", "io9" },
    /* properties */
    { "{'execute': 'qom-get', 'arguments': {'path': 'io0', 'property': 'x'}}", "GenericError", "'x'" },
    { "{'execute': 'qom-set', 'arguments': {'path': 'io0', 'property': 'x', 'value': 1}}", "GenericError", "'x'" },
    { "{'execute': 'qom-set', 'arguments': {'path': 'io0', 'property': 'thread-id', 'value': 1}}", "GenericError", "set" },
    { "{'execute': 'qom-set', 'arguments': {'path': 'io0', 'property': 'poll-grow', 'value': -1}}", "GenericError",
      "poll-grow" },
    { "{'execute': 'qom-set', 'arguments': {'path': 'io0', 'property': 'poll-grow', 'value': 1.5}}", "GenericError",
      "'poll-grow', expected: integer" },
    { "{'execute': 'qom-set', 'arguments': {'path': 'io0', 'property': 'poll-grow', 'value': null}}", "GenericError",
      "'poll-grow', expected: integer" },
    { "{'execute': 'qom-set', 'arguments': {'path': 'io0', 'property': 'sqpoll', 'value': []}}", "GenericError",
      "'sqpoll', expected: boolean" },
    { "{'execute': 'qom-set', 'arguments': {'path': 'io0', 'property': 'poll-policy', 'value': {}}}", "GenericError",
      "'poll-policy', expected: string" },
    { "{'execute': 'qom-set', 'arguments': {'path': 'io0', 'property': 'poll-grow', 'value': true}}", "GenericError",
      "poll-grow" },
    { "{'execute': 'qom-set', 'arguments': {'path': 'io0', 'property': 'sq-entries', 'value': 64}}", "GenericError",
      "sq-entries" },
    { "{'execute': 'iothread-set', 'arguments': {'id': 'io0', 'properties': {'x': 1}}}", "GenericError",
      "'x' is unexpected" },
    { "{'execute': 'iothread-set', 'arguments': {'id': 'io0', 'properties': {'id': 'b'}}}", "GenericError", "unexpected" },
    { "{'execute': 'iothread-set', 'arguments': {'id': 'io0', 'properties': {'poll-grow': 'a,poll-shrink=2'}}}",
      "GenericError", "poll-grow" },
    { "{'execute': 'iothread-set', 'arguments': {'id': 'io0', 'properties': {'poll-grow=1,poll-shrink': 2}}}",
      "GenericError", "unexpected" },
    /* objects */
    { "{'execute': 'object-add', 'arguments': {'qom-type': 'iothread'}}", "GenericError", "'id' is missing" },
    { "{'execute': 'object-add', 'arguments': {'id': 'io1'}}", "GenericError", "'qom-type' is missing" },
    { "{'execute': 'object-add', 'arguments': {'qom-type': 'throttle', 'id': 'io1'}}", "GenericError", "throttle" },
    { "{'execute': 'object-add', 'arguments': {'qom-type': 'iothread', 'id': '1a'}}", "GenericError", "1a" },
    { "{'execute': 'object-add', 'arguments': {'qom-type': 'iothread', 'id': 'a,poll-grow=3'}}", "GenericError", "valid" },
    { "{'execute': 'object-add', 'arguments': {'qom-type': 'iothread', 'id': ''}}", "GenericError", "" },
    { "{'execute': 'object-add', 'arguments': {'qom-type': 'iothread', 'id': 'io0'}}", "GenericError", "io0" },
    { "{'execute': 'object-add', 'arguments': {'qom-type': 'iothread', 'id': 'io1', 'x': 1}}", "GenericError", "'x'" },
    { "{'execute': 'object-add', 'arguments': {'qom-type': 'iothread', 'id': 'io1', 'poll-grow': -1}}", "GenericError",
      "poll-grow" },
    { "{'execute': 'object-add', 'arguments': {'qom-type': 'iothread', 'id': 'io1', 'cpu-affinity': '1023'}}",
      "GenericError", "cpu-affinity" },
    { "{'execute': 'object-del', 'arguments': {'id': 'io0'}}", "GenericError", "iothread 'io0' is in use" },
};
enum { N_REFUSED = sizeof(refused) / sizeof(refused[0]) };

START_TEST(what_is_wrong_is_named_and_changes_nothing)
{
    json_t *before = client_result(&client, "{'execute': 'query-iothreads'}");
    client_error(&client, refused[_i].request, refused[_i].class, refused[_i].word);
    json_t *after = client_result(&client, "{'execute': 'query-iothreads'}");

    json_object_del(json_array_get(before, 0), "window-ns");
    json_object_del(json_array_get(after, 0), "window-ns");
    ck_assert(json_equal(before, after));
    json_decref(before);
    json_decref(after);
}
END_TEST

/* ---- queries ---- */

START_TEST(without_iothreads_the_lists_are_empty)
{
    lariat_iothread_destroy(io0);
    io0 = NULL;
    static const char *const requests[] = { "{'execute': 'query-iothreads'}", "{'execute': 'query-iothread-stats'}",
                                            "{'execute': 'qom-list', 'arguments': {'path': '/objects'}}" };
    for (int i = 0; i < 3; i++) {
        json_t *list = client_result(&client, requests[i]);
        ck_assert_uint_eq(json_array_size(list), 0);
        ck_assert(json_is_array(list));
        json_decref(list);
    }
}
END_TEST

START_TEST(iothreads_are_listed_in_creation_order_with_the_names_of_qemu_first)
{
    static const char *const first[] = { "id",          "thread-id",   "poll-max-ns",  "poll-grow",
                                         "poll-shrink", "poll-weight", "aio-max-batch" };
    struct lariat_iothread *other = iothread_or_fail("a-later-one");
    json_t *list = client_result(&client, "{'execute': 'query-iothreads'}"), *value;
    const json_t *entry = json_array_get(list, 0);
    const char *name;
    size_t i = 0;

    ck_assert_uint_eq(json_array_size(list), 2);
    ck_assert_str_eq(string_of(entry, "id"), "io0");
    ck_assert_str_eq(string_of(json_array_get(list, 1), "id"), "a-later-one");
    json_object_foreach((json_t *)(size_t)entry, name, value)
    {
        if (i < sizeof(first) / sizeof(first[0])) {
            ck_assert_str_eq(name, first[i]);
        }
        i++;
    }
    ck_assert_int_eq(number_of(entry, "thread-id"), lariat_iothread_tid(io0));
    ck_assert_int_eq(number_of(entry, "poll-max-ns"), max_ns_of(io0));
    json_decref(list);
    lariat_iothread_destroy(other);
}
END_TEST

START_TEST(every_property_is_in_the_query_with_its_type)
{
    json_t *list = client_result(&client, "{'execute': 'query-iothreads'}");
    const json_t *entry = json_array_get(list, 0), *effective = json_object_get(entry, "effective");
    const struct lariat_property_info *info;

    for (unsigned i = 0; (info = lariat_property_at(i)); i++) {
        const json_t *value = json_object_get(entry, info->name);
        const bool number = info->type == LARIAT_PROPERTY_INTEGER || info->type == LARIAT_PROPERTY_DURATION;
        ck_assert_msg(number ? json_is_integer(value)
                             : (info->type == LARIAT_PROPERTY_BOOL ? json_is_boolean(value) : json_is_string(value)),
                      "%s", info->name);
        ck_assert_int_eq(json_is_integer(json_object_get(effective, info->name)), number && info->poll);
    }
    ck_assert_int_eq(number_of(effective, "poll-grow"), number_of(entry, "poll-grow") ? number_of(entry, "poll-grow") : 2);
    ck_assert(json_is_true(json_object_get(entry, "running")));
    ck_assert_int_ge(number_of(entry, "window-ns"), 0);
    json_decref(list);
}
END_TEST

START_TEST(the_query_tells_what_was_obtained_of_the_ring)
{
    const struct lariat_loop_stats stats = stats_of(lariat_iothread_loop(io0));
    json_t *list = client_result(&client, "{'execute': 'query-iothreads'}");
    const json_t *ring = json_object_get(json_array_get(list, 0), "ring");
    unsigned bits = 0;

    ck_assert_int_eq(number_of(ring, "sq-entries"), stats.sq_entries);
    ck_assert_int_eq(number_of(ring, "cq-entries"), stats.cq_entries);
    ck_assert_int_eq(json_is_true(json_object_get(ring, "registered-ring")), stats.registered_ring);
    ck_assert_int_eq(json_is_true(json_object_get(ring, "no-iowait")), stats.no_iowait);
    ck_assert_int_eq(json_is_true(json_object_get(ring, "abs-deadlines")), stats.abs_deadlines);
    for (unsigned flags = stats.setup_flags; flags; flags &= flags - 1) {
        bits++;
    }
    ck_assert_uint_eq(json_array_size(json_object_get(ring, "flags")), bits);
    json_decref(list);
}
END_TEST

START_TEST(statistics_count_what_the_loop_did)
{
    int64_t before_ns = lariat_now_ns();
    for (int i = 0; i < 10; i++) {
        call_or_fail(lariat_iothread_loop(io0), do_nothing, NULL);
    }
    json_t *list = client_result(&client, "{'execute': 'query-iothread-stats', 'arguments': {'id': 'io0'}}");
    const json_t *entry = json_array_get(list, 0), *stats = json_object_get(entry, "stats");

    ck_assert_uint_eq(json_array_size(list), 1);
    ck_assert_str_eq(string_of(entry, "id"), "io0");
    ck_assert_int_eq(number_of(entry, "thread-id"), lariat_iothread_tid(io0));
    ck_assert(json_is_true(json_object_get(entry, "running")));
    ck_assert_int_ge(number_of(entry, "time-ns"), before_ns);
    ck_assert_int_le(number_of(entry, "time-ns"), lariat_now_ns());
    ck_assert_int_gt(number_of(entry, "cpu-ns"), 0);
    ck_assert_int_ge(number_of(stats, "bhs-run"), 9); /* the last is counted behind its callback */
    ck_assert_int_ge(number_of(stats, "iterations"), 1);
    ck_assert_uint_eq(json_object_size(stats), 36);
    ck_assert_uint_eq(json_object_size(json_object_get(entry, "ops")), 13);
    ck_assert_int_ge(number_of(json_object_get(entry, "ops"), "read"), 0);
    json_decref(list);
}
END_TEST

START_TEST(a_stopped_iothread_is_listed_as_such)
{
    ck_assert_int_eq(lariat_iothread_stop(io0), 0);
    json_t *list = client_result(&client, "{'execute': 'query-iothreads'}");
    json_t *stats = client_result(&client, "{'execute': 'query-iothread-stats'}");
    ck_assert(json_is_false(json_object_get(json_array_get(list, 0), "running")));
    ck_assert(json_is_false(json_object_get(json_array_get(stats, 0), "running")));
    json_decref(list);
    json_decref(stats);
    client_error(&client, "{'execute': 'qom-set', 'arguments': {'path': 'io0', 'property': 'poll-max-ns', 'value': 1}}",
                 "GenericError", "");
}
END_TEST

START_TEST(the_table_of_properties_can_be_read)
{
    json_t *list = client_result(&client, "{'execute': 'query-properties'}");
    const struct lariat_property_info *info;
    unsigned i;

    for (i = 0; (info = lariat_property_at(i)); i++) {
        const json_t *entry = json_array_get(list, i);
        const bool number = info->type == LARIAT_PROPERTY_INTEGER || info->type == LARIAT_PROPERTY_DURATION;
        ck_assert_str_eq(string_of(entry, "name"), info->name);
        ck_assert_str_eq(string_of(entry, "default"), info->default_value);
        ck_assert_str_eq(string_of(entry, "help"), info->help);
        ck_assert_int_eq(json_is_true(json_object_get(entry, "live")), info->live);
        ck_assert_int_eq(json_is_true(json_object_get(entry, "poll")), info->poll);
        ck_assert_int_eq(json_is_integer(json_object_get(entry, "min")), number);
        ck_assert_int_eq(json_is_integer(json_object_get(entry, "max")), number);
        ck_assert_int_eq(json_is_array(json_object_get(entry, "choices")), info->type == LARIAT_PROPERTY_CHOICE);
        if (!strcmp(info->name, "poll-policy")) {
            ck_assert_str_eq(json_string_value(json_array_get(json_object_get(entry, "choices"), 0)), "classic");
            ck_assert_uint_eq(json_array_size(json_object_get(entry, "choices")), 3);
        }
    }
    ck_assert_uint_eq(json_array_size(list), i);
    json_decref(list);
}
END_TEST

/* ---- paths ---- */

START_TEST(paths_lead_from_the_root_to_the_properties)
{
    json_t *root = client_result(&client, "{'execute': 'qom-list', 'arguments': {'path': '/'}}");
    ck_assert_uint_eq(json_array_size(root), 1);
    ck_assert_str_eq(string_of(json_array_get(root, 0), "name"), "objects");
    ck_assert_str_eq(string_of(json_array_get(root, 0), "type"), "child<container>");
    json_decref(root);

    json_t *objects = client_result(&client, "{'execute': 'qom-list', 'arguments': {'path': '/objects'}}");
    ck_assert_uint_eq(json_array_size(objects), 1);
    ck_assert_str_eq(string_of(json_array_get(objects, 0), "name"), "io0");
    ck_assert_str_eq(string_of(json_array_get(objects, 0), "type"), "child<iothread>");
    json_decref(objects);
}
END_TEST

START_TEST(all_that_is_listed_below_an_iothread_can_be_got)
{
    static const char *const paths[] = { "/objects/io0", "io0" };
    char request[200];

    for (int i = 0; i < 2; i++) {
        snprintf(request, sizeof(request), "{'execute': 'qom-list', 'arguments': {'path': '%s'}}", paths[i]);
        json_t *list = client_result(&client, request), *entry;
        size_t k;
        ck_assert_str_eq(string_of(json_array_get(list, 0), "name"), "type");
        json_array_foreach(list, k, entry)
        {
            const char *type = string_of(entry, "type");
            snprintf(request, sizeof(request), "{'execute': 'qom-get', 'arguments': {'path': '%s', 'property': '%s'}}",
                     paths[i], string_of(entry, "name"));
            json_t *value = client_result(&client, request);
            ck_assert_msg(!strcmp(type, "int") ? json_is_integer(value)
                                               : (!strcmp(type, "bool") ? json_is_boolean(value) : json_is_string(value)),
                          "%s", request);
            json_decref(value);
        }
        json_decref(list);
    }
}
END_TEST

static void must_get(const char *property, const char *expected)
{
    char request[200];
    snprintf(request, sizeof(request), "{'execute': 'qom-get', 'arguments': {'path': 'io0', 'property': '%s'}}", property);
    json_t *value = client_result(&client, request);
    char *text = json_dumps(value, JSON_ENCODE_ANY);
    ck_assert_str_eq(text, expected);
    free(text);
    json_decref(value);
}

START_TEST(a_value_that_was_set_is_in_force_and_can_be_got)
{
    client_executes(
        &client, "{'execute': 'qom-set', 'arguments': {'path': '/objects/io0', 'property': 'poll-max-ns', 'value': 12345}}");
    ck_assert_int_eq(max_ns_of(io0), 12345);
    must_get("poll-max-ns", "12345");
    client_executes(&client,
                    "{'execute': 'qom-set', 'arguments': {'path': 'io0', 'property': 'poll-max-ns', 'value': '100us'}}");
    ck_assert_int_eq(max_ns_of(io0), 100000);
    must_get("poll-max-ns", "100000");
    client_executes(&client,
                    "{'execute': 'qom-set', 'arguments': {'path': 'io0', 'property': 'cpu-affinity', 'value': '0'}}");
    must_get("cpu-affinity", "\"0\"");
    must_get("type", "\"iothread\"");
    must_get("sqpoll", "false");
}
END_TEST

START_TEST(several_properties_are_set_all_or_none)
{
    client_executes(&client, "{'execute': 'iothread-set', 'arguments': {'id': 'io0', 'properties': "
                             "{'poll-max-ns': '50us', 'poll-grow': 3, 'poll-shrink': '4', 'cpu-affinity': '0,0'}}}");
    must_get("poll-max-ns", "50000");
    must_get("poll-grow", "3");
    must_get("poll-shrink", "4");
    client_error(&client,
                 "{'execute': 'iothread-set', 'arguments': {'id': 'io0', 'properties': "
                 "{'poll-max-ns': 1, 'poll-grow': 5, 'poll-weight': 64}}}",
                 "GenericError", "poll-weight");
    must_get("poll-max-ns", "50000");
    must_get("poll-grow", "3");
    client_executes(&client, "{'execute': 'iothread-set', 'arguments': {'id': 'io0', 'properties': {}}}");
    must_get("poll-max-ns", "50000");
}
END_TEST

/* ---- objects ---- */

START_TEST(an_iothread_is_added_with_its_properties_and_deleted)
{
    client_executes(&client, "{'execute': 'object-add', 'arguments': {'qom-type': 'iothread', 'id': 'io1', "
                             "'poll-max-ns': '7us', 'poll-grow': 3, 'sqpoll': false, 'cpu-affinity': '0,0'}}");
    struct lariat_iothread *io1 = lariat_iothread_by_id("io1");
    ck_assert_ptr_nonnull(io1);
    ck_assert_int_eq(max_ns_of(io1), 7000);
    call_or_fail(lariat_iothread_loop(io1), do_nothing, NULL);
    lariat_iothread_unref(io1);

    client_executes(&client, "{'execute': 'object-del', 'arguments': {'id': 'io1'}}");
    ck_assert_ptr_null(lariat_iothread_by_id("io1"));
    client_error(&client, "{'execute': 'object-del', 'arguments': {'id': 'io1'}}", "DeviceNotFound", "io1");
}
END_TEST

START_TEST(an_iothread_that_somebody_holds_is_not_deleted)
{
    client_executes(&client, "{'execute': 'object-add', 'arguments': {'qom-type': 'iothread', 'id': 'io1'}}");
    struct lariat_iothread *io1 = lariat_iothread_by_id("io1");
    client_error(&client, "{'execute': 'object-del', 'arguments': {'id': 'io1'}}", "GenericError",
                 "iothread 'io1' is in use");
    call_or_fail(lariat_iothread_loop(io1), do_nothing, NULL);
    lariat_iothread_unref(io1);
    client_executes(&client, "{'execute': 'object-del', 'arguments': {'id': 'io1'}}");
}
END_TEST

START_TEST(what_one_socket_made_another_does_not_delete)
{
    struct server other;
    struct client its_client;
    server_or_fail(&other);
    client_or_fail(&its_client, &other);

    client_executes(&its_client, "{'execute': 'object-add', 'arguments': {'qom-type': 'iothread', 'id': 'io1'}}");
    client_error(&client, "{'execute': 'object-del', 'arguments': {'id': 'io1'}}", "GenericError", "in use");
    client_done(&its_client);
    client_or_fail(&its_client, &other);
    client_executes(&its_client, "{'execute': 'object-del', 'arguments': {'id': 'io1'}}");

    client_done(&its_client);
    server_done(&other);
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *tc = case_of(suite, "conversation");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, the_greeting_tells_version_and_capabilities);
    tcase_add_test(tc, before_negotiation_nothing_else_is_executed);
    tcase_add_test(tc, an_id_of_any_kind_comes_back);
    tcase_add_test(tc, version_and_commands_can_be_asked_for);
    tcase_add_loop_test(tc, what_is_wrong_is_named_and_changes_nothing, 0, N_REFUSED);

    tc = case_of(suite, "queries");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, without_iothreads_the_lists_are_empty);
    tcase_add_test(tc, iothreads_are_listed_in_creation_order_with_the_names_of_qemu_first);
    tcase_add_test(tc, every_property_is_in_the_query_with_its_type);
    tcase_add_test(tc, the_query_tells_what_was_obtained_of_the_ring);
    tcase_add_test(tc, statistics_count_what_the_loop_did);
    tcase_add_test(tc, a_stopped_iothread_is_listed_as_such);
    tcase_add_test(tc, the_table_of_properties_can_be_read);

    tc = case_of(suite, "paths");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, paths_lead_from_the_root_to_the_properties);
    tcase_add_test(tc, all_that_is_listed_below_an_iothread_can_be_got);
    tcase_add_test(tc, a_value_that_was_set_is_in_force_and_can_be_got);
    tcase_add_test(tc, several_properties_are_set_all_or_none);

    tc = case_of(suite, "objects");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, an_iothread_is_added_with_its_properties_and_deleted);
    tcase_add_test(tc, an_iothread_that_somebody_holds_is_not_deleted);
    tcase_add_test(tc, what_one_socket_made_another_does_not_delete);
}

int main(void)
{
    return suite_main("monitor_commands", add_tests);
}
