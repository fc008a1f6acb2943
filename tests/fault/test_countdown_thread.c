/* SPDX-License-Identifier: MIT */
/*
 * Calls from other threads, and iothreads at work and at their end, under count-down injection (rows 40, 51 and 59 of the list
 * of faults). Other threads count, the main thread judges; which must not use libcheck while another has injection on, since
 * that allocates.
 */
#include "loop.h"

#include "countdown.h"

#define ENTER_BY_CHANCE (INJECT_ENTER | INJECT_BY_CHANCE) /* whether it comes up is for the scheduler to say */

/* ---- another thread, and the loop of the main thread ---- */

struct caller {
    struct lariat_loop *loop;
    struct lariat_bh *bh;
    int rc;
    atomic_int runs, returned;
};

static pthread_t start(void *(*fn)(void *), struct caller *caller)
{
    pthread_t thread;
    require_that(pthread_create(&thread, NULL, fn, caller) == 0);
    return thread;
}

static void join(pthread_t thread)
{
    require_that(pthread_join(thread, NULL) == 0);
}

/* Run fn on a thread of its own while the main thread polls. */
static int call_from_thread(struct stage *stage, struct caller *caller, void *(*fn)(void *))
{
    caller->loop = stage->own;
    const pthread_t thread = start(fn, caller);
    while (!atomic_load(&caller->returned))
        require_that(lariat_loop_poll(stage->own, false) >= 0);
    join(thread);
    while (lariat_loop_poll(stage->own, false) == 1)
        ;
    return caller->rc;
}

static void *schedule_bh(void *opaque)
{
    struct caller *caller = opaque;
    inject_on();
    caller->rc = lariat_bh_schedule(caller->bh);
    while (caller->rc == 0 && !atomic_load(&caller->runs))
        sched_yield();
    inject_off();
    atomic_store(&caller->returned, 1);
    return NULL;
}

static int schedule_bh_elsewhere(struct stage *stage)
{
    struct caller caller = { .bh = bh_or_fail(stage->own, count_up_atomic, &caller.runs) };
    const int rc = call_from_thread(stage, &caller, schedule_bh);
    require_that(atomic_load(&caller.runs) == 1);
    lariat_bh_delete(caller.bh);
    return rc;
}

static void *make_and_delete_bh(void *opaque)
{
    struct caller *caller = opaque;
    inject_on();
    caller->rc = lariat_bh_new(caller->loop, "elsewhere", count_up_atomic, &caller->runs, &caller->bh);
    lariat_bh_delete(caller->bh);
    inject_off();
    atomic_store(&caller->returned, 1);
    return NULL;
}

static int make_bh_elsewhere(struct stage *stage)
{
    struct caller caller = { .bh = NULL };
    const unsigned refs = atomic_load(&stage->own->refs);
    const int rc = call_from_thread(stage, &caller, make_and_delete_bh);
    require_that(atomic_load(&stage->own->refs) == refs && atomic_load(&caller.runs) == 0);
    return rc;
}

static void *call_loop(void *opaque)
{
    struct caller *caller = opaque;
    inject_on();
    caller->rc = lariat_loop_call(caller->loop, count_up_atomic, &caller->runs);
    inject_off();
    atomic_store(&caller->returned, 1);
    return NULL;
}

static int call_loop_from_elsewhere(struct stage *stage)
{
    struct caller caller = { .bh = NULL };
    const int rc = call_from_thread(stage, &caller, call_loop);
    require_that(atomic_load(&caller.runs) == 1);
    return rc;
}

static void *ask_and_set(void *opaque)
{
    struct caller *caller = opaque;
    struct lariat_loop_stats stats = LARIAT_LOOP_STATS_INIT;
    struct lariat_poll_params params = classic_params(100);
    inject_on();
    lariat_loop_get_stats(caller->loop, &stats);
    lariat_loop_get_poll_params(caller->loop, &params);
    caller->rc = lariat_loop_set_poll_params(caller->loop, &params);
    if (caller->rc == 0)
        caller->rc = lariat_loop_set_wait_batch(caller->loop, 3, 4);
    lariat_loop_notify(caller->loop);
    lariat_loop_unref(lariat_loop_ref(caller->loop));
    inject_off();
    atomic_store(&caller->returned, 1);
    return NULL;
}

static int ask_and_set_elsewhere(struct stage *stage)
{
    struct caller caller = { .bh = NULL };
    return call_from_thread(stage, &caller, ask_and_set);
}

/* ---- oneshots: row 40 ---- */

static void *schedule_oneshot(void *opaque)
{
    struct caller *caller = opaque;
    inject_on();
    caller->rc = lariat_bh_schedule_oneshot(caller->loop, count_up_atomic, &caller->runs);
    inject_off();
    atomic_store(&caller->returned, 1);
    return NULL;
}

/* Without memory nothing is left of it: not in the list, not a wake-up. With memory there again the next one runs. */
static int schedule_oneshot_elsewhere(struct stage *stage)
{
    struct caller caller = { .loop = stage->own };
    const struct lariat_loop_stats before = stats_of(stage->own);
    join(start(schedule_oneshot, &caller));
    require_that((atomic_load(&stage->own->bh_head) != NULL) == (caller.rc == 0));
    require_that(stats_of(stage->own).eventfd_writes == before.eventfd_writes);
    const int first_rc = caller.rc;
    join(start(schedule_oneshot, &caller));
    while (lariat_loop_poll(stage->own, false) == 1)
        ;
    require_that(atomic_load(&caller.runs) == (first_rc == 0) + (caller.rc == 0));
    return first_rc ? first_rc : caller.rc;
}

enum { N_ROUNDS = 3, N_PER_ROUND = 70 }; /* enough for the pool to hand BHs back */

/* A thread with a loop of its own, since the BHs that it keeps for later are given back when it ends. */
static void *use_the_pool(void *opaque)
{
    struct caller *caller = opaque;
    struct lariat_loop *own = NULL;
    int accepted = 0;
    if (lariat_loop_new(NULL, &own) != 0 || lariat_loop_poll(own, false) != 0)
        return NULL;
    inject_on();
    for (int i = 0; i < N_ROUNDS; i++) {
        for (int k = 0; k < N_PER_ROUND; k++) {
            const int rc = lariat_bh_schedule_oneshot(own, count_up_atomic, &caller->runs);
            accepted += rc == 0;
            caller->rc = rc ? rc : caller->rc;
        }
        while (lariat_loop_poll(own, false) == 1)
            ;
    }
    inject_off();
    if (lariat_loop_close(own) == 0 && atomic_load(&caller->runs) == accepted)
        atomic_store(&caller->returned, 1);
    lariat_loop_unref(own);
    return NULL;
}

static int use_the_pool_elsewhere(struct stage *stage)
{
    struct caller caller = { .bh = NULL };
    (void)stage;
    join(start(use_the_pool, &caller));
    require_that(atomic_load(&caller.returned) == 1);
    return caller.rc;
}

static const struct scenario calls[] = {
    { "bh_schedule", schedule_bh_elsewhere, STAGE_LOOP, 0, ENTER_BY_CHANCE, 0 },
    { "bh_new and delete", make_bh_elsewhere, STAGE_LOOP, INJECT_MEMORY, ENTER_BY_CHANCE, 0 },
    { "loop_call", call_loop_from_elsewhere, STAGE_LOOP, 0, ENTER_BY_CHANCE, 0 },
    { "get_stats, set_poll_params ...", ask_and_set_elsewhere, STAGE_LOOP, 0, ENTER_BY_CHANCE, 0 },
};
enum { N_CALLS = sizeof(calls) / sizeof(calls[0]) };

START_TEST(a_call_of_another_thread_says_why_or_does_its_work)
{
    countdown(&calls[_i]);
}
END_TEST

/* Row 40. */
static const struct scenario oneshots[] = {
    { "bh_schedule_oneshot", schedule_oneshot_elsewhere, STAGE_LOOP, INJECT_MEMORY, 0, 0 },
    { "bh_schedule_oneshot and the pool", use_the_pool_elsewhere, STAGE_EMPTY, INJECT_MEMORY, INJECT_MEMORY | ENTER_BY_CHANCE, 0 },
};
enum { N_ONESHOTS = sizeof(oneshots) / sizeof(oneshots[0]) };

START_TEST(a_oneshot_without_memory_is_enomem_and_leaves_no_trace)
{
    countdown(&oneshots[_i]);
}
END_TEST

/* ---- iothreads ---- */

struct work {
    atomic_int runs, ops_done, ops_wrong;
    struct lariat_op read, recv;
    struct stage *stage;
    unsigned char buf[64], received;
};

static void read_done(struct lariat_op *op, int res)
{
    struct work *work = op->opaque;
    atomic_fetch_add(&work->ops_wrong, res != (int)sizeof(work->buf));
    atomic_fetch_add(&work->ops_done, 1);
}

static void recv_done(struct lariat_op *op, int res)
{
    struct work *work = op->opaque;
    atomic_fetch_add(&work->ops_wrong, res != -ECANCELED);
    atomic_fetch_add(&work->ops_done, 1);
}

static void submit_work(void *opaque)
{
    struct work *work = opaque;
    work->read = (struct lariat_op){ .fn = read_done, .opaque = work };
    work->recv = (struct lariat_op){ .fn = recv_done, .opaque = work };
    lariat_read(lariat_loop_current(), &work->read, work->stage->data, work->buf, sizeof(work->buf), 0);
    lariat_recv(lariat_loop_current(), &work->recv, work->stage->pair[0], &work->received, 1, 0);
}

static int ask_an_iothread(struct stage *stage)
{
    inject_on();
    lariat_iothread_unref(lariat_iothread_ref(stage->iothread));
    require_that(strcmp(lariat_iothread_id(stage->iothread), "stage") == 0);
    require_that(lariat_iothread_tid(stage->iothread) > 0 && lariat_iothread_current() == NULL);
    require_that(lariat_iothread_loop(stage->iothread) != NULL);
    inject_off();
    return 0;
}

static int call_an_iothread(struct stage *stage)
{
    struct lariat_loop *theirs = lariat_iothread_loop(stage->iothread);
    atomic_int runs = 0;
    int rc = 0, accepted = 0;
    inject_on();
    for (int i = 0; i < 10; i++) {
        const int err = lariat_bh_schedule_oneshot(theirs, count_up_atomic, &runs);
        accepted += err == 0;
        rc = rc ? rc : err;
        require_that(lariat_loop_call(theirs, do_nothing, NULL) == 0);
    }
    inject_off();
    require_that(atomic_load(&runs) == accepted);
    return rc;
}

static int stop_an_iothread(struct stage *stage)
{
    inject_on();
    const int rc = lariat_iothread_stop(stage->iothread);
    require_that(lariat_iothread_stop(stage->iothread) == 0);
    lariat_iothread_destroy(stage->iothread);
    inject_off();
    stage->iothread = NULL;
    return rc;
}

static int stop_an_iothread_at_work(struct stage *stage)
{
    static struct work work;
    struct lariat_loop *theirs = lariat_loop_ref(lariat_iothread_loop(stage->iothread));
    memset(&work, 0, sizeof(work));
    work.stage = stage;
    require_that(lariat_loop_call(theirs, submit_work, &work) == 0);
    require_that(lariat_bh_schedule_oneshot(theirs, count_up_atomic, &work.runs) == 0);
    inject_on();
    const int rc = lariat_iothread_stop(stage->iothread);
    inject_off();
    require_that(atomic_load(&work.ops_done) == 2 && atomic_load(&work.ops_wrong) == 0 && atomic_load(&work.runs) == 1);
    require_that(lariat_loop_call(theirs, do_nothing, NULL) == -ESHUTDOWN);
    require_that(lariat_bh_schedule_oneshot(theirs, count_up_atomic, &work.runs) == -ESHUTDOWN);
    lariat_iothread_destroy(stage->iothread);
    lariat_loop_unref(theirs);
    stage->iothread = NULL;
    return rc;
}

static const struct scenario iothreads[] = {
    { "iothread_ref, id ...", ask_an_iothread, STAGE_IOTHREAD, 0, ENTER_BY_CHANCE, 0 },
    { "calls to an iothread", call_an_iothread, STAGE_IOTHREAD, INJECT_MEMORY, INJECT_MEMORY | ENTER_BY_CHANCE, 0 },
    { "iothread_stop", stop_an_iothread, STAGE_IOTHREAD, 0, ENTER_BY_CHANCE, 0 },
    { "iothread_stop at work", stop_an_iothread_at_work, STAGE_IOTHREAD, 0, INJECT_MEMORY | ENTER_BY_CHANCE, 0 },
};
enum { N_IOTHREADS = sizeof(iothreads) / sizeof(iothreads[0]) };

START_TEST(an_iothread_goes_on_and_comes_to_its_end_whatever_fails)
{
    countdown(&iothreads[_i]);
}
END_TEST

static void add(Suite *suite)
{
    TCase *tc = case_of(suite, "threads");
    tcase_add_loop_test(tc, a_call_of_another_thread_says_why_or_does_its_work, 0, N_CALLS);
    tcase_add_loop_test(tc, a_oneshot_without_memory_is_enomem_and_leaves_no_trace, 0, N_ONESHOTS);
    tcase_add_loop_test(tc, an_iothread_goes_on_and_comes_to_its_end_whatever_fails, 0, N_IOTHREADS);
}

int main(void)
{
    return suite_main("countdown: threads", add);
}
