/* SPDX-License-Identifier: MIT */
/* Eight producers and one loop: no wake-up is lost, and every BH runs after the last thing that was wanted of it. */
#include "support.h"

#include <sched.h>

enum { N_PRODUCERS = 8, N_BHS = 64 };

static int rounds(void)
{
    const char *stress = getenv("LARIAT_STRESS");
    if (stress != NULL && strcmp(stress, "full") == 0) {
        return 1000000;
    }
    return tests_run_slowly() ? 2000 : 40000;
}

/* A BH that copies what is wanted of it: `seen` must end up as `wanted`. */
struct wish {
    struct lariat_bh *bh;
    atomic_uint wanted;
    atomic_uint seen;
    unsigned went_back;
};

struct producers {
    struct lariat_loop *loop;
    struct wish wishes[N_BHS];
    atomic_int refused;
    atomic_int oneshots_ran;
    atomic_uint next_seed;
    bool waits; /* let the loop fall asleep now and then */
};

static void fulfil(void *opaque)
{
    struct wish *wish = opaque;
    const unsigned wanted = atomic_load_explicit(&wish->wanted, memory_order_relaxed);
    wish->went_back += wanted < atomic_load_explicit(&wish->seen, memory_order_relaxed);
    atomic_store_explicit(&wish->seen, wanted, memory_order_relaxed);
}

/* Waits without adding a wake-up of its own: what was scheduled must arrive by itself. */
static bool arrives(struct wish *wish, unsigned wanted)
{
    const int64_t end_ns = lariat_now_ns() + INT64_C(20000000000);
    while (atomic_load(&wish->seen) < wanted) {
        if (lariat_now_ns() > end_ns) {
            return false;
        }
        sched_yield();
    }
    return true;
}

static void *produce(void *opaque)
{
    struct producers *producers = opaque;
    uint64_t random = test_seed() + atomic_fetch_add(&producers->next_seed, 1);
    const int n = rounds();
    for (int i = 0; i < n; i++) {
        struct wish *wish = &producers->wishes[test_random(&random) % N_BHS];
        const unsigned wanted = atomic_fetch_add_explicit(&wish->wanted, 1, memory_order_relaxed) + 1;
        bool failed = lariat_bh_schedule(wish->bh) != 0;
        if (producers->waits && test_random(&random) % 32 == 0) {
            failed |= !arrives(wish, wanted);
        }
        if (failed) {
            atomic_fetch_add(&producers->refused, 1);
            break;
        }
    }
    return NULL;
}

static void producers_init(struct producers *producers, struct lariat_loop *loop)
{
    memset(producers, 0, sizeof(*producers));
    producers->loop = loop;
    for (int i = 0; i < N_BHS; i++) {
        producers->wishes[i].bh = bh_or_fail(loop, fulfil, &producers->wishes[i]);
    }
}

static void all_wishes_must_come_true(struct producers *producers)
{
    for (int i = 0; i < N_BHS; i++) {
        struct wish *wish = &producers->wishes[i];
        ck_assert_msg(arrives(wish, atomic_load(&wish->wanted)), "BH %d: %u seen of %u wanted", i, atomic_load(&wish->seen),
                      atomic_load(&wish->wanted));
    }
}

static void run_producers(struct producers *producers, void *(*fn)(void *))
{
    pthread_t threads[N_PRODUCERS];
    for (int i = 0; i < N_PRODUCERS; i++) {
        threads[i] = thread_or_fail(fn, producers);
    }
    for (int i = 0; i < N_PRODUCERS; i++) {
        join_or_fail(threads[i]);
    }
}

static const struct {
    int64_t window_ns;
    bool waits;
} ways[] = { { 0, false }, { 0, true }, { 4000, true }, { 32768, false }, { 32768, true } };

START_TEST(every_bh_runs_after_its_last_schedule)
{
    struct lariat_iothread *iothread = iothread_with_window_or_fail("consumer", ways[_i].window_ns);
    static struct producers producers;
    producers_init(&producers, lariat_iothread_loop(iothread));
    producers.waits = ways[_i].waits;

    run_producers(&producers, produce);
    all_wishes_must_come_true(&producers);
    ck_assert_int_eq(atomic_load(&producers.refused), 0);
    const struct lariat_loop_stats stats = stats_of(producers.loop);
    ck_assert_uint_le(stats.eventfd_writes, stats.sleeps + 1); /* at most one for each time it raised its bit */

    lariat_iothread_destroy(iothread);
    for (int i = 0; i < N_BHS; i++) {
        ck_assert_uint_eq(producers.wishes[i].went_back, 0);
        lariat_bh_delete(producers.wishes[i].bh);
    }
}
END_TEST

static void *produce_oneshots(void *opaque)
{
    struct producers *producers = opaque;
    const int n = rounds() / 2;
    for (int i = 0; i < n; i++) {
        if (lariat_bh_schedule_oneshot(producers->loop, count_up_atomic, &producers->oneshots_ran) != 0) {
            atomic_fetch_add(&producers->refused, 1);
        }
    }
    return NULL;
}

START_TEST(every_oneshot_runs_once)
{
    struct lariat_iothread *iothread = iothread_with_window_or_fail("consumer", ways[_i].window_ns);
    static struct producers producers;
    memset(&producers, 0, sizeof(producers));
    producers.loop = lariat_iothread_loop(iothread);

    run_producers(&producers, produce_oneshots);
    wait_for(&producers.oneshots_ran, N_PRODUCERS * (rounds() / 2));
    ck_assert_int_eq(atomic_load(&producers.refused), 0);
    lariat_iothread_destroy(iothread);
    ck_assert_int_eq(atomic_load(&producers.oneshots_ran), N_PRODUCERS * (rounds() / 2));
}
END_TEST

/* Random hops between five loops, and then proof that each can still be woken. */
enum { N_LOOPS = 5 };

struct hopper {
    struct lariat_loop *loops[N_LOOPS];
    uint64_t random;
    int left;
    atomic_int *done;
};

static void hop(void *opaque)
{
    struct hopper *hopper = opaque;
    if (--hopper->left <= 0) {
        atomic_fetch_add(hopper->done, 1);
    } else if (lariat_bh_schedule_oneshot(hopper->loops[test_random(&hopper->random) % N_LOOPS], hop, hopper) != 0) {
        atomic_fetch_add(hopper->done, 1000);
    }
}

START_TEST(work_that_hops_between_five_loops_arrives)
{
    struct lariat_iothread *iothreads[N_LOOPS];
    static struct hopper hoppers[3];
    atomic_int done = 0;
    for (int i = 0; i < N_LOOPS; i++) {
        iothreads[i] = iothread_with_window_or_fail(numbered_id("hop", i), i % 2 == 0 ? 0 : 32768);
    }

    for (int i = 0; i < 3; i++) {
        hoppers[i] = (struct hopper){ .random = test_seed() + (uint64_t)i, .left = rounds() / 8, .done = &done };
        for (int j = 0; j < N_LOOPS; j++) {
            hoppers[i].loops[j] = lariat_iothread_loop(iothreads[j]);
        }
        ck_assert_int_eq(lariat_bh_schedule_oneshot(hoppers[i].loops[i], hop, &hoppers[i]), 0);
    }
    wait_for(&done, 3);
    ck_assert_int_eq(atomic_load(&done), 3);
    for (int i = 0; i < N_LOOPS; i++) {
        int called = 0;
        call_or_fail(lariat_iothread_loop(iothreads[i]), count_up, &called);
        ck_assert_int_eq(called, 1);
        lariat_iothread_destroy(iothreads[i]);
    }
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *tc = case_of(suite, "bh");
    tcase_set_timeout(tc, 300);
    tcase_add_loop_test(tc, every_bh_runs_after_its_last_schedule, 0, 5);
    tcase_add_loop_test(tc, every_oneshot_runs_once, 0, 2);
    tcase_add_test(tc, work_that_hops_between_five_loops_arrives);
}

int main(void)
{
    return suite_main("stress: bh", add_tests);
}
