/* SPDX-License-Identifier: MIT */
/* Loops and iothreads made and destroyed again and again: memory and descriptors stay as they are. */
#include "support.h"

#include <malloc.h>
#include <unistd.h>

enum { WARM_UP = 100, SLACK_BYTES = 64 << 10, SLACK_PAGES = 2048 };

static int cycles(int usual)
{
    const char *stress = getenv("LARIAT_STRESS");
    if (stress != NULL && strcmp(stress, "full") == 0) {
        return 100000;
    }
    return tests_run_with("sqpoll") ? usual / 30 : tests_run_slowly() ? usual / 10 : usual;
}

struct footprint {
    int fds, threads;
    size_t heap_bytes; /* in use; 0 where malloc is not glibc's */
    long rss_pages;
};

static struct footprint footprint_now(void)
{
    struct footprint now = { .fds = count_fds(), .threads = count_threads() };
    if (!tests_run_with_tools()) {
        now.heap_bytes = mallinfo2().uordblks;
    }
    FILE *statm = fopen("/proc/self/statm", "re");
    ck_assert_ptr_nonnull(statm);
    ck_assert_int_eq(fscanf(statm, "%*d %ld", &now.rss_pages), 1);
    fclose(statm);
    return now;
}

static void must_not_have_grown(const struct footprint *before)
{
    const struct footprint after = footprint_now();
    ck_assert_int_eq(after.fds, before->fds);
    ck_assert(threads_become(before->threads));
    ck_assert_uint_le(after.heap_bytes, before->heap_bytes + SLACK_BYTES);
    if (!tests_run_with_tools()) {
        ck_assert_int_le(after.rss_pages, before->rss_pages + SLACK_PAGES);
    }
}

static void cycle_loop(void)
{
    struct lariat_loop *loop = loop_or_fail();
    int runs = 0;
    struct lariat_bh *bh = bh_or_fail(loop, count_up, &runs);
    struct counted_op nop;
    counted_op_init(&nop);

    lariat_bh_schedule(bh);
    lariat_nop(loop, &nop.op);
    poll_until(loop, &nop.done, 1);
    lariat_bh_delete(bh);
    loop_done(loop);
    ck_assert_int_eq(runs, 1);
}

START_TEST(loops_come_and_go_and_leave_nothing)
{
    const int n = cycles(3000);
    for (int i = 0; i < WARM_UP; i++) {
        cycle_loop();
    }
    const struct footprint before = footprint_now();

    for (int i = 0; i < n; i++) {
        cycle_loop();
    }
    must_not_have_grown(&before);
}
END_TEST

static void cycle_iothread(void)
{
    struct lariat_iothread *iothread = iothread_or_fail("cycle");
    atomic_int runs = 0;
    struct lariat_bh *bh = bh_or_fail(lariat_iothread_loop(iothread), count_up_atomic, &runs);

    ck_assert_int_eq(lariat_bh_schedule(bh), 0);
    lariat_iothread_destroy(iothread);
    lariat_bh_delete(bh);
    ck_assert_int_eq(atomic_load(&runs), 1);
}

START_TEST(iothreads_come_and_go_and_leave_nothing)
{
    const int n = cycles(2000);
    for (int i = 0; i < WARM_UP; i++) {
        cycle_iothread();
    }
    ck_assert(threads_become(1));
    const struct footprint before = footprint_now();

    for (int i = 0; i < n; i++) {
        cycle_iothread();
    }
    must_not_have_grown(&before);
}
END_TEST

/* Many at once, and destroyed in another order than made. */
START_TEST(two_hundred_iothreads_live_side_by_side)
{
    enum { N = 200 };
    static struct lariat_iothread *iothreads[N];
    cycle_iothread();
    ck_assert(threads_become(1));
    const struct footprint before = footprint_now();
    atomic_int runs = 0;
    for (int i = 0; i < N; i++) {
        iothreads[i] = iothread_or_fail(numbered_id("crowd", i));
    }

    for (int i = 0; i < N; i++) {
        ck_assert_int_eq(lariat_bh_schedule_oneshot(lariat_iothread_loop(iothreads[i]), count_up_atomic, &runs), 0);
    }
    for (int i = 0; i < N; i++) {
        lariat_iothread_destroy(iothreads[i * 77 % N]);
    }
    ck_assert_int_eq(atomic_load(&runs), N);
    ck_assert_int_eq(count_fds(), before.fds);
    ck_assert(threads_become(before.threads));
}
END_TEST

/* Each of four threads has loops of its own at the same time. */
static void *cycle_loops(void *opaque)
{
    atomic_int *failed = opaque;
    for (int i = 0; i < cycles(500); i++) {
        struct lariat_loop *loop = NULL;
        int runs = 0;
        if (lariat_loop_new(NULL, &loop) != 0 || lariat_bh_schedule_oneshot(loop, count_up, &runs) != 0 ||
            lariat_loop_poll(loop, true) != 1 || runs != 1 || lariat_loop_close(loop) != 0) {
            atomic_fetch_add(failed, 1);
            return NULL;
        }
        lariat_loop_unref(loop);
    }
    return NULL;
}

START_TEST(loops_of_several_threads_do_not_disturb_each_other)
{
    pthread_t threads[4];
    atomic_int failed = 0;
    const int fds = count_fds();

    for (int i = 0; i < 4; i++) {
        threads[i] = thread_or_fail(cycle_loops, &failed);
    }
    for (int i = 0; i < 4; i++) {
        join_or_fail(threads[i]);
    }
    ck_assert_int_eq(atomic_load(&failed), 0);
    ck_assert_int_eq(count_fds(), fds);
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *tc = case_of(suite, "life cycle");
    tcase_set_timeout(tc, 300);
    tcase_add_test(tc, loops_come_and_go_and_leave_nothing);
    tcase_add_test(tc, iothreads_come_and_go_and_leave_nothing);
    tcase_add_test(tc, two_hundred_iothreads_live_side_by_side);
    tcase_add_test(tc, loops_of_several_threads_do_not_disturb_each_other);
}

int main(void)
{
    return suite_main("stress: life cycle", add_tests);
}
