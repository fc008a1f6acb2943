/* SPDX-License-Identifier: MIT */
/* Pollers that come, change and go: inside callbacks, around the waits of another event loop, with their loop, by mistake. */
#include <errno.h>

#include "poller_support.h"

/* Changes inside callbacks */

static void delete_other(struct source *source)
{
    lariat_poller_delete(source->other->poller);
    source->other->poller = NULL;
}

/* The newest comes first, so that the one in the middle deletes one that has run, itself, or one whose turn would be next. */
START_TEST(a_poller_may_delete_itself_or_another_one)
{
    struct lariat_loop *loop = loop_or_fail();
    struct source sources[3];
    const int runs_of_deleted = _i > 0;
    for (int i = 0; i < 3; i++) {
        source_init(&sources[i], loop);
        sources[i].items = 2;
    }
    sources[1].in_ready = delete_other;
    sources[1].other = &sources[_i];

    ck_assert_int_eq(lariat_loop_poll(loop, false), 1);
    ck_assert_int_eq(sources[1].runs, 1);
    ck_assert_int_eq(sources[_i].runs, runs_of_deleted);
    sources[1].in_ready = NULL;
    ck_assert_int_eq(lariat_loop_poll(loop, false), 1);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(sources[i].runs, i == _i ? runs_of_deleted : 2);
        lariat_poller_delete(sources[i].poller);
    }

    loop_done(loop);
}
END_TEST

static void make_other(struct source *source)
{
    source_init(source->other, source->loop);
    source->other->items = 1;
    source->in_ready = NULL;
}

START_TEST(a_poller_made_inside_a_callback_has_its_turn_in_the_next_iteration)
{
    struct lariat_loop *loop = loop_or_fail();
    struct source source, other;
    source_init(&source, loop);
    source.in_ready = make_other;
    source.other = &other;
    source.items = 1;

    ck_assert_int_eq(lariat_loop_poll(loop, false), 1);
    ck_assert_int_eq(other.runs, 0);
    ck_assert_int_eq(lariat_loop_poll(loop, false), 1);
    ck_assert_int_eq(other.runs, 1);

    lariat_poller_delete(other.poller);
    done(&source);
}
END_TEST

static void close_loop(struct source *source)
{
    source->rc = lariat_loop_close(source->loop);
}

START_TEST(closing_and_polling_are_refused_inside_its_callback)
{
    struct lariat_loop *loop = loop_or_fail();
    struct source source;
    source_init(&source, loop);
    source.in_ready = close_loop;
    source.items = 1;

    ck_assert_int_eq(lariat_loop_poll(loop, true), 1);
    ck_assert_int_eq(source.rc, -EDEADLK);

    done(&source);
}
END_TEST

/* Inside another event loop */

START_TEST(prepare_tells_to_notify_and_looks_again)
{
    struct lariat_loop *loop = loop_to_embed_or_fail();
    struct source source;
    int64_t timeout_ns = 0;
    source_init(&source, loop);
    if (_i) {
        leave_idle(loop);
        source.before = 0;
    }

    ck_assert_int_eq(lariat_loop_prepare(loop, &timeout_ns), 0);
    ck_assert_int_eq(timeout_ns, -1);
    ck_assert_int_eq(source.before, !_i);
    ck_assert(!lariat_loop_check(loop));
    ck_assert_int_eq(source.after, !_i);
    source.items = _i;
    source.comes_at_before = !_i;
    ck_assert_int_eq(lariat_loop_prepare(loop, &timeout_ns), 0);
    ck_assert_int_eq(timeout_ns, 0);
    ck_assert(lariat_loop_check(loop));
    ck_assert_int_eq(lariat_loop_dispatch(loop), 1);
    ck_assert_int_eq(source.runs, 1);

    done(&source);
}
END_TEST

START_TEST(an_item_that_comes_during_the_outer_wait_is_work)
{
    struct lariat_loop *loop = loop_to_embed_or_fail();
    struct source source;
    int64_t timeout_ns;
    source_init(&source, loop);
    if (_i) {
        leave_idle(loop);
    }

    ck_assert_int_eq(lariat_loop_prepare(loop, &timeout_ns), 0);
    source.items = 1; /* and the outer loop was woken by a descriptor of its own */
    ck_assert(lariat_loop_check(loop));
    ck_assert_int_eq(lariat_loop_dispatch(loop), 1);
    ck_assert_int_eq(source.runs, 1);

    done(&source);
}
END_TEST

START_TEST(a_poller_made_or_changed_during_the_outer_wait_ends_it)
{
    struct lariat_loop *loop = loop_to_embed_or_fail();
    struct source source;
    int64_t timeout_ns;

    ck_assert_int_eq(lariat_loop_prepare(loop, &timeout_ns), 0);
    source_init(&source, loop);
    ck_assert(lariat_loop_check(loop));
    ck_assert_int_eq(lariat_loop_dispatch(loop), 0);
    ck_assert_int_eq(lariat_loop_prepare(loop, &timeout_ns), 0);
    ck_assert_int_eq(timeout_ns, -1);
    lariat_poller_set_sleep_callbacks(source.poller, NULL, source_after);
    ck_assert_int_eq(source.after, 1);
    ck_assert(lariat_loop_check(loop));

    done(&source);
}
END_TEST

START_TEST(deleted_or_closed_during_the_outer_wait_the_other_side_is_told)
{
    struct lariat_loop *loop = loop_to_embed_or_fail();
    struct source source;
    int64_t timeout_ns;
    source_init(&source, loop);

    ck_assert_int_eq(lariat_loop_prepare(loop, &timeout_ns), 0);
    if (_i) {
        ck_assert_int_eq(lariat_loop_close(loop), 0);
        ck_assert_int_eq(source.after, 1);
    }
    lariat_poller_delete(source.poller);
    ck_assert_int_eq(source.before, 1);
    ck_assert_int_eq(source.after, 1);

    loop_done(loop);
}
END_TEST

/* The end */

static void *delete_poller(void *opaque)
{
    lariat_poller_delete(opaque);
    return NULL;
}

static void delete_in_thread_of_its_own(struct source *source)
{
    join_or_fail(thread_or_fail(delete_poller, source->poller));
}

START_TEST(after_close_it_is_never_called_and_any_thread_may_delete_it)
{
    struct lariat_loop *loop = loop_or_fail();
    struct source source;
    source_init(&source, loop);
    source.items = 1;

    ck_assert_int_eq(lariat_loop_close(loop), 0);
    ck_assert_int_eq(lariat_loop_poll(loop, false), -ESHUTDOWN);
    ck_assert_int_eq(source.polls + source.runs + source.before + source.after, 0);
    lariat_poller_set_sleep_callbacks(source.poller, source_before, source_after);
    struct lariat_poller *none = NULL;
    ck_assert_int_eq(lariat_poller_new(loop, source_poll, source_ready, &source, &none), -ESHUTDOWN);
    ck_assert_ptr_null(none);
    lariat_loop_unref(loop);
    delete_in_thread_of_its_own(&source);
}
END_TEST

START_TEST(null_may_be_deleted)
{
    lariat_poller_delete(NULL);
}
END_TEST

static int give_back_in_child(void *opaque)
{
    struct source *source = opaque;
    lariat_poller_delete(source->poller);
    child_require(source->after == 0);
    lariat_loop_unref(source->loop);
    lariat_poller_delete(source->other->poller); /* its loop is gone */
    return 0;
}

START_TEST(a_child_gives_back_memory_only)
{
    struct lariat_loop *loop = loop_to_embed_or_fail();
    struct source source, other;
    int64_t timeout_ns;
    source_init(&source, loop);
    source_init(&other, loop);
    source.other = &other;
    ck_assert_int_eq(lariat_loop_prepare(loop, &timeout_ns), 0);

    must_succeed_in_child(give_back_in_child, &source);
    lariat_loop_check(loop);
    ck_assert_int_eq(source.after, 1);

    lariat_poller_delete(other.poller);
    done(&source);
}
END_TEST

/* Misuse */

static bool poll_that_deletes(void *opaque)
{
    lariat_poller_delete(((struct source *)opaque)->poller);
    return false;
}

static void misuse(void *opaque)
{
    struct source source;
    struct lariat_loop *loop = loop_or_fail();
    int rc = 0;
    source_init(&source, loop);
    switch (*(int *)opaque) {
    case 0: rc = lariat_poller_new(NULL, source_poll, source_ready, NULL, &source.poller); break;
    case 1: rc = lariat_poller_new(loop, NULL, source_ready, NULL, &source.poller); break;
    case 2: rc = lariat_poller_new(loop, source_poll, NULL, NULL, &source.poller); break;
    case 3: rc = lariat_poller_new(loop, source_poll, source_ready, NULL, NULL); break;
    case 4: lariat_poller_set_sleep_callbacks(NULL, NULL, NULL); break;
    case 5: delete_in_thread_of_its_own(&source); break;
    default:
        rc = lariat_poller_new(loop, poll_that_deletes, source_ready, &source, &source.poller);
        lariat_loop_poll(loop, false);
    }
    child_require(rc == 0);
}

START_TEST(misuse_aborts_and_names_the_function)
{
    static const char *const words[][2] = {
        { "lariat_poller_new", "NULL" },
        { "lariat_poller_new", "poll and ready" },
        { "lariat_poller_new", "poll and ready" },
        { "lariat_poller_new", "out" },
        { "lariat_poller_set_sleep_callbacks", "NULL" },
        { "lariat_poller_delete", "thread" },
        { "lariat_poller_delete", "poll" },
    };
    must_abort(misuse, &_i, words[_i][0], words[_i][1]);
}
END_TEST

static void add(Suite *suite)
{
    TCase *tc = case_of(suite, "changes");
    tcase_add_loop_test(tc, a_poller_may_delete_itself_or_another_one, 0, 3);
    tcase_add_test(tc, a_poller_made_inside_a_callback_has_its_turn_in_the_next_iteration);
    tcase_add_test(tc, closing_and_polling_are_refused_inside_its_callback);
    tc = case_of(suite, "embedded");
    tcase_add_loop_test(tc, prepare_tells_to_notify_and_looks_again, 0, 2);
    tcase_add_loop_test(tc, an_item_that_comes_during_the_outer_wait_is_work, 0, 2);
    tcase_add_test(tc, a_poller_made_or_changed_during_the_outer_wait_ends_it);
    tcase_add_loop_test(tc, deleted_or_closed_during_the_outer_wait_the_other_side_is_told, 0, 2);
    tc = case_of(suite, "the end");
    tcase_add_test(tc, after_close_it_is_never_called_and_any_thread_may_delete_it);
    tcase_add_test(tc, null_may_be_deleted);
    tcase_add_test(tc, a_child_gives_back_memory_only);
    tc = case_of(suite, "misuse");
    tcase_add_loop_test(tc, misuse_aborts_and_names_the_function, 0, 7);
}

int main(void)
{
    return suite_main("poller: life", add);
}
