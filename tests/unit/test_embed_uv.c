/* SPDX-License-Identifier: MIT */
/* A loop inside libuv, as an application would put it there. */
#include "embed_work.h"

#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#ifdef HAVE_LIBUV

#include <uv.h>

enum { STUCK_MS = 10000 };

struct outer {
    uv_loop_t uv;
    uv_prepare_t prepare;
    uv_check_t check;
    uv_poll_t poll;
    uv_timer_t timer;
    uv_timer_t watchdog;
    struct lariat_loop *loop;
    const struct work *work;
    int failed_calls, turns;
    bool stuck;
};

static void do_nothing_on_event(uv_poll_t *poll, int status, int events)
{
    (void)poll;
    (void)status;
    (void)events;
}

static void do_nothing_on_time(uv_timer_t *timer)
{
    (void)timer;
}

static void give_up(uv_timer_t *timer)
{
    struct outer *outer = timer->data;
    outer->stuck = true;
    uv_stop(&outer->uv);
}

/* libuv asks for its timers after this, so a timer started here bounds the wait. */
static void before_the_wait(uv_prepare_t *prepare)
{
    struct outer *outer = prepare->data;
    int64_t timeout_ns = 0;
    outer->turns++;
    outer->failed_calls += lariat_loop_prepare(outer->loop, &timeout_ns) != 0;
    uv_timer_stop(&outer->timer);
    if (timeout_ns >= 0) {
        uv_update_time(&outer->uv);
        uv_timer_start(&outer->timer, do_nothing_on_time, (uint64_t)(timeout_ns + 999999) / 1000000, 0);
    }
}

static void after_the_wait(uv_check_t *check)
{
    struct outer *outer = check->data;
    if (lariat_loop_check(outer->loop)) {
        outer->failed_calls += lariat_loop_dispatch(outer->loop) < 0;
    }
    if (work_is_done(outer->work)) {
        uv_stop(&outer->uv);
    }
}

static void outer_init(struct outer *outer)
{
    memset(outer, 0, sizeof(*outer));
    outer->loop = loop_to_embed_or_fail();
    ck_assert_int_eq(uv_loop_init(&outer->uv), 0);
    uv_prepare_init(&outer->uv, &outer->prepare);
    uv_check_init(&outer->uv, &outer->check);
    uv_timer_init(&outer->uv, &outer->timer);
    uv_timer_init(&outer->uv, &outer->watchdog);
    ck_assert_int_eq(uv_poll_init(&outer->uv, &outer->poll, lariat_loop_fd(outer->loop)), 0);
    outer->prepare.data = outer->check.data = outer->watchdog.data = outer;
    uv_prepare_start(&outer->prepare, before_the_wait);
    uv_check_start(&outer->check, after_the_wait);
    uv_poll_start(&outer->poll, UV_READABLE, do_nothing_on_event);
    uv_timer_start(&outer->watchdog, give_up, tests_run_slowly() ? 10 * STUCK_MS : STUCK_MS, 0);
}

static void outer_done(struct outer *outer)
{
    uv_close((uv_handle_t *)&outer->prepare, NULL);
    uv_close((uv_handle_t *)&outer->check, NULL);
    uv_close((uv_handle_t *)&outer->poll, NULL);
    uv_close((uv_handle_t *)&outer->timer, NULL);
    uv_close((uv_handle_t *)&outer->watchdog, NULL);
    uv_run(&outer->uv, UV_RUN_DEFAULT);
    ck_assert_int_eq(uv_loop_close(&outer->uv), 0);
    loop_done(outer->loop);
}

START_TEST(every_kind_of_work_is_driven_to_its_end_by_libuv)
{
    static struct outer outer;
    static struct work work;
    outer_init(&outer);
    outer.work = &work;

    work_begin(&work, outer.loop, (enum work_kind)_i, tests_run_slowly() ? 50 : 200);
    uv_run(&outer.uv, UV_RUN_DEFAULT);
    ck_assert_msg(!outer.stuck, "stuck after %d turns", outer.turns);
    ck_assert_int_eq(outer.failed_calls, 0);
    ck_assert(work_is_done(&work));

    work_end(&work);
    outer_done(&outer);
}
END_TEST

static void add_tests(Suite *suite)
{
    tcase_add_loop_test(case_of(suite, "libuv"), every_kind_of_work_is_driven_to_its_end_by_libuv, 0, N_WORK_KINDS);
}

#else

START_TEST(libuv_is_missing)
{
    test_skip("this build has no libuv");
}
END_TEST

static void add_tests(Suite *suite)
{
    tcase_add_test(case_of(suite, "libuv"), libuv_is_missing);
}

#endif

int main(void)
{
    return suite_main("embed in libuv", add_tests);
}
