/* SPDX-License-Identifier: MIT */
/*
 * Requests while memory runs out: the nth allocation of a request fails, and then all others too, for each n. The reply is then
 * still one line of JSON, and nothing leaks (the sanitizers look). jansson allocates by the same functions.
 */
#include "monitor_support.h"

#include <stdarg.h>

#include "monitor/objects.h"
#include "monitor/request.h"

/* Of this thread: what fails in others would be another test. */
static _Thread_local bool armed;
static _Thread_local int countdown;

static bool fails(void)
{
    return armed && --countdown < 0;
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
char *__real_strdup(const char *text);
char *__wrap_strdup(const char *text);
int __real_vasprintf(char **out, const char *format, va_list args) __attribute__((format(printf, 2, 0)));
int __wrap_vasprintf(char **out, const char *format, va_list args) __attribute__((format(printf, 2, 0)));

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails() ? NULL : __real_calloc(n, size);
}

char *__wrap_strdup(const char *text)
{
    return fails() ? NULL : __real_strdup(text);
}

int __wrap_vasprintf(char **out, const char *format, va_list args)
{
    return fails() ? -1 : __real_vasprintf(out, format, args);
}

static const char *const requests[] = {
    "{\"execute\": \"query-version\", \"id\": [1, \"a\"]}",
    "{\"execute\": \"query-commands\"}",
    "{\"execute\": \"query-iothreads\"}",
    "{\"execute\": \"query-iothread-stats\", \"arguments\": {\"id\": \"io0\"}}",
    "{\"execute\": \"query-properties\"}",
    "{\"execute\": \"iothread-set\", \"arguments\": {\"id\": \"io0\", \"properties\": {\"poll-grow\": 3, \"poll-max-ns\": \"5us\"}}}",
    "{\"execute\": \"qom-list\", \"arguments\": {\"path\": \"/\"}}",
    "{\"execute\": \"qom-list\", \"arguments\": {\"path\": \"/objects\"}}",
    "{\"execute\": \"qom-list\", \"arguments\": {\"path\": \"io0\"}}",
    "{\"execute\": \"qom-get\", \"arguments\": {\"path\": \"io0\", \"property\": \"cpu-affinity\"}}",
    "{\"execute\": \"qom-set\", \"arguments\": {\"path\": \"io0\", \"property\": \"poll-grow\", \"value\": 4}}",
    "{\"execute\": \"object-add\", \"arguments\": {\"qom-type\": \"iothread\", \"id\": \"io1\", \"poll-grow\": 4}}",
    "{\"execute\": \"object-del\", \"arguments\": {\"id\": \"io0\"}}",
    "{\"execute\": \"frobnicate\"}",
    "{\"execute\": }",
    "nothing\n",
};
enum { N_REQUESTS = sizeof(requests) / sizeof(requests[0]) };

/* Feed, run and answer it; out is empty if there was no memory for any answer. */
static void answer(struct monitor_session *session, const char *text, struct monitor_buffer *out)
{
    struct monitor_request request;
    size_t used = 0;
    bool complete = false;

    while (!complete && used < strlen(text)) {
        used += monitor_session_feed(session, text + used, strlen(text) - used, &request, &complete);
    }
    monitor_request_run(&request);
    if (monitor_request_reply(&request, out)) {
        monitor_buffer_truncate(out, 0);
    }
    monitor_request_free(&request);
}

/* The class of the error, "" for a result, NULL if nothing was said. To be freed. */
static char *answer_class(struct monitor_objects *objects, const char *text)
{
    struct monitor_session session = { .negotiated = true, .objects = objects };
    struct monitor_buffer out = { 0 };
    char *class = NULL;

    answer(&session, text, &out);
    armed = false;
    size_t len = monitor_buffer_len(&out);
    if (len) {
        json_error_t error;
        json_t *json = json_loadb(monitor_buffer_bytes(&out), len, 0, &error);
        ck_assert_msg(json != NULL, "%s", error.text);
        const json_t *problem = json_object_get(json, "error");
        class = __real_strdup(problem ? string_of(problem, "class") : "");
        ck_assert_int_eq(monitor_buffer_bytes(&out)[len - 1], '\n');
        json_decref(json);
    }
    monitor_buffer_free(&out);
    monitor_session_free(&session);
    return class;
}

static bool same(const char *a, const char *b)
{
    return a && b && !strcmp(a, b);
}

START_TEST(a_request_whose_nth_allocation_fails_is_answered_or_not_but_never_wrongly)
{
    struct lariat_iothread *iothread = iothread_or_fail("io0");
    char *good = NULL;
    int n = 0;
    bool went_through;

    json_set_alloc_funcs(__wrap_malloc, free);
    do {
        struct monitor_objects objects;
        monitor_objects_init(&objects);
        countdown = n++;
        armed = true;
        char *class = answer_class(&objects, requests[_i]);
        went_through = countdown >= 0;
        if (went_through) {
            good = class;
        } else {
            ck_assert_msg(!class || strcmp(class, ""), "said nothing of it");
            free(class);
        }
        monitor_objects_free(&objects);
        ck_assert_ptr_null(lariat_iothread_by_id("io1"));
    } while (!went_through);
    ck_assert(same(good, _i < 12 ? "" : (_i == 13 ? "CommandNotFound" : "GenericError")));
    ck_assert_int_gt(n, 3);
    free(good);
    lariat_iothread_destroy(iothread);
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *tc = case_of(suite, "memory");
    tcase_add_loop_test(tc, a_request_whose_nth_allocation_fails_is_answered_or_not_but_never_wrongly, 0, N_REQUESTS);
}

int main(void)
{
    return suite_main("monitor_memory", add_tests);
}
