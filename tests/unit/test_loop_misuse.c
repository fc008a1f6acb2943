/* SPDX-License-Identifier: MIT */
/* Programming errors: each aborts with a line that names the function and the loop. */
#include "support.h"

#include <lariat/handler.h>

static struct lariat_loop *loop_named_misused(void)
{
    struct lariat_loop_options opts = LARIAT_LOOP_OPTIONS_INIT;
    opts.name = "misused";
    struct lariat_loop *loop = NULL;
    child_require(lariat_loop_new(&opts, &loop) == 0);
    return loop;
}

static void *unref_in_thread(void *opaque)
{
    lariat_loop_unref(opaque);
    return NULL;
}

static void unref_unclosed_elsewhere(void *opaque)
{
    (void)opaque;
    pthread_t thread;
    struct lariat_loop *loop = loop_named_misused();
    child_require(pthread_create(&thread, NULL, unref_in_thread, loop) == 0);
    pthread_join(thread, NULL);
}

static void unref_callback(void *opaque)
{
    lariat_loop_unref(opaque);
}

static void unref_unclosed_in_callback(void *opaque)
{
    (void)opaque;
    struct lariat_loop *loop = loop_named_misused();
    child_require(lariat_bh_schedule_oneshot(loop, unref_callback, loop) == 0);
    lariat_loop_poll(loop, false);
}

START_TEST(the_last_reference_of_an_unclosed_loop_aborts_elsewhere)
{
    must_abort(unref_unclosed_elsewhere, NULL, "lariat_loop_unref", "misused");
    must_abort(unref_unclosed_in_callback, NULL, "lariat_loop_unref", "misused");
}
END_TEST

/* Misuse: each call is made with NULL, and on a loop of another thread. */

static struct lariat_op misused_op;
static struct lariat_timer misused_timer;
static char misused_buf[8];

static void call_poll(struct lariat_loop *loop)
{
    lariat_loop_poll(loop, false);
}
static void call_close(struct lariat_loop *loop)
{
    lariat_loop_close(loop);
}
static void call_fd(struct lariat_loop *loop)
{
    lariat_loop_fd(loop);
}
static void call_prepare(struct lariat_loop *loop)
{
    int64_t ns;
    lariat_loop_prepare(loop, &ns);
}
static void call_check(struct lariat_loop *loop)
{
    lariat_loop_check(loop);
}
static void call_dispatch(struct lariat_loop *loop)
{
    lariat_loop_dispatch(loop);
}
static void call_timer_init(struct lariat_loop *loop)
{
    lariat_timer_init(&misused_timer, loop, do_nothing, NULL);
}
static void call_handler_set(struct lariat_loop *loop)
{
    lariat_handler_set(loop, 0, do_nothing, NULL, NULL);
}
static void call_nop(struct lariat_loop *loop)
{
    lariat_nop(loop, &misused_op);
}
static void call_read(struct lariat_loop *loop)
{
    lariat_read(loop, &misused_op, 0, misused_buf, sizeof(misused_buf), 0);
}
static void call_op_cancel(struct lariat_loop *loop)
{
    lariat_op_cancel(loop, &misused_op);
}
static void call_sqe(struct lariat_loop *loop)
{
    lariat_sqe(loop, &misused_op);
}
static void call_sqe_reserve(struct lariat_loop *loop)
{
    lariat_sqe_reserve(loop, 1);
}
static void call_register_files(struct lariat_loop *loop)
{
    lariat_register_files(loop, NULL, 0);
}
static void call_watch_waits(struct lariat_loop *loop)
{
    lariat_loop_watch_waits(loop, NULL, NULL);
}
static void call_ref(struct lariat_loop *loop)
{
    lariat_loop_ref(loop);
}
static void call_notify(struct lariat_loop *loop)
{
    lariat_loop_notify(loop);
}
static void call_call(struct lariat_loop *loop)
{
    lariat_loop_call(loop, do_nothing, NULL);
}
static void call_name(struct lariat_loop *loop)
{
    lariat_loop_name(loop);
}
static void call_get_stats(struct lariat_loop *loop)
{
    stats_of(loop);
}
static void call_get_params(struct lariat_loop *loop)
{
    struct lariat_poll_params params;
    lariat_loop_get_poll_params(loop, &params);
}

static const struct misuse {
    const char *function;
    void (*call)(struct lariat_loop *loop);
} misuses[] = {
    { "lariat_loop_poll", call_poll },
    { "lariat_loop_close", call_close },
    { "lariat_loop_fd", call_fd },
    { "lariat_loop_prepare", call_prepare },
    { "lariat_loop_check", call_check },
    { "lariat_loop_dispatch", call_dispatch },
    { "lariat_timer_init", call_timer_init },
    { "lariat_handler_set", call_handler_set },
    { "lariat_nop", call_nop },
    { "lariat_read", call_read },
    { "lariat_op_cancel", call_op_cancel },
    { "lariat_sqe", call_sqe },
    { "lariat_sqe_reserve", call_sqe_reserve },
    { "lariat_register_files", call_register_files },
    { "lariat_loop_watch_waits", call_watch_waits },
    /* those above are the owner's; those below are for any thread */
    { "lariat_loop_ref", call_ref },
    { "lariat_loop_notify", call_notify },
    { "lariat_loop_call", call_call },
    { "lariat_loop_name", call_name },
    { "lariat_loop_get_stats", call_get_stats },
    { "lariat_loop_get_poll_params", call_get_params },
};
enum { N_MISUSES = sizeof(misuses) / sizeof(misuses[0]), N_OWNER_ONLY = 15 };

static void misuse_with_null(void *opaque)
{
    const struct misuse *misuse = opaque;
    misuse->call(NULL);
}

struct foreign_misuse {
    const struct misuse *misuse;
    struct lariat_loop *loop;
};

static void *misuse_in_thread(void *opaque)
{
    struct foreign_misuse *foreign = opaque;
    foreign->misuse->call(foreign->loop);
    return NULL;
}

static void misuse_from_another_thread(void *opaque)
{
    struct foreign_misuse foreign = { opaque, loop_named_misused() };
    pthread_t thread;
    child_require(pthread_create(&thread, NULL, misuse_in_thread, &foreign) == 0);
    pthread_join(thread, NULL);
}

START_TEST(a_null_loop_aborts_and_names_the_function)
{
    struct misuse misuse = misuses[_i];
    must_abort(misuse_with_null, &misuse, misuse.function, "NULL");
}
END_TEST

START_TEST(a_call_from_a_wrong_thread_aborts_and_names_function_and_loop)
{
    struct misuse misuse = misuses[_i];
    must_abort(misuse_from_another_thread, &misuse, misuse.function, "misused");
}
END_TEST

/* Memory that is gone: AddressSanitizer tells, since the library says what the kernel will touch. */

static int read_into_freed_memory(void *opaque)
{
    (void)opaque;
    struct lariat_loop *loop = loop_named_misused();
    char *volatile freed = malloc(64);
    free(freed);
    lariat_read(loop, &misused_op, 0, freed, 64, -1);
    return 0;
}

static int write_more_than_there_is(void *opaque)
{
    (void)opaque;
    struct lariat_loop *loop = loop_named_misused();
    const struct iovec iov = { misused_buf, sizeof(misused_buf) + 1 };
    lariat_writev(loop, &misused_op, 1, &iov, 1, -1);
    return 0;
}

static int notify_after_the_last_reference(void *opaque)
{
    (void)opaque;
    struct lariat_loop *loop = loop_named_misused();
    child_require(lariat_loop_close(loop) == 0);
    lariat_loop_unref(loop);
    lariat_loop_notify(loop);
    return 0;
}

static int schedule_after_delete(void *opaque)
{
    (void)opaque;
    struct lariat_loop *loop = loop_named_misused();
    struct lariat_bh *bh = NULL;
    child_require(lariat_bh_new(loop, "deleted", do_nothing, NULL, &bh) == 0);
    lariat_bh_delete(bh);
    child_require(lariat_loop_close(loop) == 0);
    lariat_bh_schedule(bh);
    return 0;
}

static const struct {
    int (*fn)(void *opaque);
    const char *word;
} memory_errors[] = {
    { read_into_freed_memory, "heap-use-after-free" },
    { write_more_than_there_is, "global-buffer-overflow" },
    { notify_after_the_last_reference, "heap-use-after-free" },
    { schedule_after_delete, "heap-use-after-free" },
};
enum { N_MEMORY_ERRORS = sizeof(memory_errors) / sizeof(memory_errors[0]) };

START_TEST(memory_that_is_gone_is_reported)
{
    if (!tests_run_under_sanitizer() || tests_run_under_tsan()) {
        test_skip("only AddressSanitizer sees it");
    }
    char *text = NULL;
    const int status = status_and_stderr_in_child(memory_errors[_i].fn, NULL, &text);
    ck_assert_int_ne(status, 0);
    ck_assert_msg(strstr(text, memory_errors[_i].word) != NULL, "'%s' is not in: %s", memory_errors[_i].word, text);
    free(text);
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *tc = case_of(suite, "misuse");
    tcase_add_test(tc, the_last_reference_of_an_unclosed_loop_aborts_elsewhere);
    tcase_add_loop_test(tc, a_null_loop_aborts_and_names_the_function, 0, N_MISUSES);
    tcase_add_loop_test(tc, a_call_from_a_wrong_thread_aborts_and_names_function_and_loop, 0, N_OWNER_ONLY);
    tcase_add_loop_test(tc, memory_that_is_gone_is_reported, 0, N_MEMORY_ERRORS);
}

int main(void)
{
    return suite_main("loop misuse", add_tests);
}
