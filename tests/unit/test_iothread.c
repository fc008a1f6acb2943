/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <lariat/file.h>

/* What is seen from inside an iothread. */
struct inside {
    struct lariat_iothread *iothread;
    struct lariat_loop *loop;
    pid_t tid;
    sigset_t signals;
    cpu_set_t cpus;
    char name[16];
};

static void look_around(void *opaque)
{
    struct inside *inside = opaque;
    inside->iothread = lariat_iothread_current();
    inside->loop = lariat_loop_current();
    inside->tid = (pid_t)syscall(SYS_gettid);
    pthread_sigmask(SIG_BLOCK, NULL, &inside->signals);
    pthread_getaffinity_np(pthread_self(), sizeof(inside->cpus), &inside->cpus);
    pthread_getname_np(pthread_self(), inside->name, sizeof(inside->name));
}

static struct inside seen_inside(struct lariat_iothread *iothread)
{
    struct inside inside;
    memset(&inside, 0, sizeof(inside));
    call_or_fail(lariat_iothread_loop(iothread), look_around, &inside);
    return inside;
}

static bool thread_exists(pid_t tid)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/self/task/%d", (int)tid);
    return access(path, F_OK) == 0;
}

/* Life */

START_TEST(five_iothreads_start_and_stop_and_leave_nothing)
{
    const int fds = count_fds();
    const int threads = count_threads();
    struct lariat_iothread *iothreads[5];
    for (int i = 0; i < 5; i++) {
        iothreads[i] = iothread_or_fail(numbered_id("five", i));
    }

    ck_assert(threads_become(threads + 5));
    for (int i = 0; i < 5; i++) {
        lariat_iothread_destroy(iothreads[i]);
    }
    ck_assert(threads_become(threads));
    ck_assert_int_eq(count_fds(), fds);
}
END_TEST

START_TEST(destroying_and_giving_back_null_is_ignored)
{
    lariat_iothread_destroy(NULL);
    lariat_iothread_unref(NULL);
}
END_TEST

START_TEST(after_creation_everything_about_it_is_known)
{
    struct lariat_iothread *iothread = iothread_or_fail("io0");

    ck_assert_str_eq(lariat_iothread_id(iothread), "io0");
    ck_assert_str_eq(lariat_loop_name(lariat_iothread_loop(iothread)), "io0");
    ck_assert(thread_exists(lariat_iothread_tid(iothread)));
    const struct inside inside = seen_inside(iothread);
    ck_assert_int_eq(inside.tid, lariat_iothread_tid(iothread));
    ck_assert_ptr_eq(inside.iothread, iothread);
    ck_assert_ptr_eq(inside.loop, lariat_iothread_loop(iothread));

    lariat_iothread_destroy(iothread);
}
END_TEST

START_TEST(the_main_thread_is_no_iothread)
{
    struct lariat_iothread *iothread = iothread_or_fail("other");

    ck_assert_ptr_null(lariat_iothread_current());
    ck_assert_ptr_null(lariat_loop_current());

    lariat_iothread_destroy(iothread);
}
END_TEST

START_TEST(the_loop_takes_its_options_and_the_id_is_copied)
{
    char id[] = "copied";
    char name[] = "named";
    struct lariat_poll_params params = classic_params(12345);
    struct lariat_loop_options loop_opts = LARIAT_LOOP_OPTIONS_INIT;
    struct lariat_iothread_options opts = LARIAT_IOTHREAD_OPTIONS_INIT;
    loop_opts.name = name;
    loop_opts.sq_entries = 32;
    loop_opts.poll = &params;
    opts.loop = &loop_opts;
    opts.internal = true;
    struct lariat_iothread *iothread = iothread_with_options_or_fail(id, &opts);

    memset(id, 'x', 3);
    memset(name, 'x', 3);
    memset(&params, 0xff, sizeof(params));
    lariat_loop_get_poll_params(lariat_iothread_loop(iothread), &params);
    ck_assert_str_eq(lariat_iothread_id(iothread), "copied");
    ck_assert_str_eq(lariat_loop_name(lariat_iothread_loop(iothread)), "named");
    ck_assert_int_eq(params.max_ns, 12345);
    ck_assert_uint_eq(stats_of(lariat_iothread_loop(iothread)).sq_entries, 32);

    lariat_iothread_destroy(iothread);
}
END_TEST

START_TEST(an_iothread_may_make_and_destroy_another)
{
    struct lariat_iothread *outer = iothread_or_fail("outer");
    struct inside inside = seen_inside(outer);
    ck_assert_ptr_eq(inside.iothread, outer);
    struct lariat_iothread *inner = iothread_or_fail("inner");

    inside = seen_inside(inner);
    ck_assert_ptr_eq(inside.iothread, inner);
    call_or_fail(lariat_iothread_loop(outer), (void (*)(void *))lariat_iothread_destroy, inner);
    ck_assert(thread_exists(lariat_iothread_tid(outer)));

    lariat_iothread_destroy(outer);
}
END_TEST

/* Names */

static const char *const bad_ids[] = { "",
                                       "0",
                                       "1io",
                                       "-io",
                                       ".io",
                                       "_io",
                                       "io 0",
                                       "io/0",
                                       "io,0",
                                       "io=0",
                                       "io\n",
                                       "\xc3\xa4",
                                       "a234567890123456789012345678901234567890123456789012345678901234" };
enum { N_BAD_IDS = sizeof(bad_ids) / sizeof(bad_ids[0]) };

START_TEST(a_bad_id_is_invalid)
{
    struct lariat_iothread *iothread = NULL;
    const int threads = count_threads();

    ck_assert_int_eq(lariat_iothread_new(bad_ids[_i], NULL, &iothread), -EINVAL);
    ck_assert_ptr_null(iothread);
    ck_assert(threads_become(threads));
}
END_TEST

static const struct {
    const char *id, *name;
} good_ids[] = {
    { "a", "IO a" },
    { "Z9-._", "IO Z9-._" },
    { "twelve-chars", "IO twelve-chars" },
    { "thirteen-char", "IO thirteen-cha" },
    { "a23456789012345678901234567890123456789012345678901234567890123", "IO a23456789012" },
};

START_TEST(the_thread_is_named_after_the_id)
{
    struct lariat_iothread *iothread = iothread_or_fail(good_ids[_i].id);

    ck_assert_str_eq(lariat_iothread_id(iothread), good_ids[_i].id);
    ck_assert_str_eq(seen_inside(iothread).name, good_ids[_i].name);

    lariat_iothread_destroy(iothread);
}
END_TEST

/* CPUs */

static struct lariat_iothread *iothread_on_cpus_or_fail(const char *cpus)
{
    struct lariat_iothread_options opts = LARIAT_IOTHREAD_OPTIONS_INIT;
    opts.cpu_affinity = cpus;
    return iothread_with_options_or_fail("pinned", &opts);
}

static int last_cpu_we_may_use(void)
{
    cpu_set_t cpus;
    int last = -1;
    ck_assert_int_eq(sched_getaffinity(0, sizeof(cpus), &cpus), 0);
    for (int i = 0; i < CPU_SETSIZE; i++) {
        last = CPU_ISSET((size_t)i, &cpus) ? i : last;
    }
    return last;
}

START_TEST(an_affinity_list_pins_the_thread)
{
    const int cpu = last_cpu_we_may_use();
    char list[32];
    snprintf(list, sizeof(list), _i == 0 ? "%d" : "%d-%d,%d", cpu, cpu, cpu);
    struct lariat_iothread *iothread = iothread_on_cpus_or_fail(list);

    const struct inside inside = seen_inside(iothread);
    ck_assert_int_eq(CPU_COUNT(&inside.cpus), 1);
    ck_assert(CPU_ISSET((size_t)cpu, &inside.cpus));

    lariat_iothread_destroy(iothread);
}
END_TEST

START_TEST(without_a_list_the_affinity_is_inherited)
{
    cpu_set_t before;
    cpu_set_t one;
    ck_assert_int_eq(sched_getaffinity(0, sizeof(before), &before), 0);
    CPU_ZERO(&one);
    CPU_SET((size_t)last_cpu_we_may_use(), &one);
    ck_assert_int_eq(sched_setaffinity(0, sizeof(one), &one), 0);

    struct lariat_iothread *iothread = iothread_or_fail("heir");
    const struct inside inside = seen_inside(iothread);
    ck_assert(CPU_EQUAL(&inside.cpus, &one));

    ck_assert_int_eq(sched_setaffinity(0, sizeof(before), &before), 0);
    lariat_iothread_destroy(iothread);
}
END_TEST

static const struct {
    const char *list;
    int err;
} bad_lists[] = {
    { "", -EINVAL },       { "x", -EINVAL },     { "-1", -EINVAL },     { "1-", -EINVAL },  { "0,", -EINVAL },
    { ",0", -EINVAL },     { "0,,0", -EINVAL },  { "0 ", -EINVAL },     { " 0", -EINVAL },  { "0x0", -EINVAL },
    { "1-0", -EINVAL },    { "0-0-0", -EINVAL }, { "+0", -EINVAL },     { "0;0", -EINVAL }, { "1000", -ENODEV },
    { "0,1000", -ENODEV }, { "1023", -ENODEV },  { "0-1000", -ENODEV },
};
enum { N_BAD_LISTS = sizeof(bad_lists) / sizeof(bad_lists[0]) };

START_TEST(a_bad_affinity_list_is_refused_and_leaves_nothing)
{
    struct lariat_iothread_options opts = LARIAT_IOTHREAD_OPTIONS_INIT;
    struct lariat_iothread *iothread = NULL;
    opts.cpu_affinity = bad_lists[_i].list;
    const int fds = count_fds();

    const int rc = lariat_iothread_new("pinned", &opts, &iothread);
    ck_assert_msg(rc == bad_lists[_i].err, "'%s': %d instead of %d", bad_lists[_i].list, rc, bad_lists[_i].err);
    ck_assert_int_eq(count_fds(), fds);
    ck_assert(threads_become(1));
}
END_TEST

START_TEST(an_enormous_cpu_number_is_refused)
{
    struct lariat_iothread_options opts = LARIAT_IOTHREAD_OPTIONS_INIT;
    struct lariat_iothread *iothread = NULL;

    opts.cpu_affinity = "99999999999999999999999";
    ck_assert_int_lt(lariat_iothread_new("pinned", &opts, &iothread), 0);
    opts.cpu_affinity = "0-18446744073709551615";
    ck_assert_int_lt(lariat_iothread_new("pinned", &opts, &iothread), 0);
    ck_assert_ptr_null(iothread);
}
END_TEST

/* Signals */

START_TEST(all_signals_but_faults_are_blocked_in_it_and_the_creator_keeps_its_mask)
{
    const int faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL };
    sigset_t before;
    sigset_t after;
    pthread_sigmask(SIG_BLOCK, NULL, &before);
    struct lariat_iothread *iothread = iothread_or_fail("signals");
    pthread_sigmask(SIG_BLOCK, NULL, &after);
    struct inside inside = seen_inside(iothread);

    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        ck_assert_int_eq(sigismember(&inside.signals, faults[i]), 0);
    }
    for (int number = 1; number <= SIGRTMAX; number++) {
        ck_assert_int_eq(sigismember(&before, number), sigismember(&after, number));
        const bool special = number == SIGKILL || number == SIGSTOP || number == SIGSEGV || number == SIGBUS ||
                             number == SIGFPE || number == SIGILL || number == SIGTRAP || number == SIGSYS;
        ck_assert_msg(special || (number > SIGSYS && number < SIGRTMIN) || sigismember(&inside.signals, number) == 1,
                      "signal %d is not blocked", number);
    }

    lariat_iothread_destroy(iothread);
}
END_TEST

/* References */

START_TEST(a_reference_keeps_the_memory_but_not_the_thread)
{
    struct lariat_iothread *iothread = iothread_or_fail("kept");
    const pid_t tid = lariat_iothread_tid(iothread);
    ck_assert_ptr_eq(lariat_iothread_ref(iothread), iothread);

    lariat_iothread_destroy(iothread);
    ck_assert(threads_become(1));
    ck_assert_str_eq(lariat_iothread_id(iothread), "kept");
    ck_assert_int_eq(lariat_iothread_tid(iothread), tid);
    ck_assert_int_eq(lariat_bh_schedule_oneshot(lariat_iothread_loop(iothread), do_nothing, NULL), -ESHUTDOWN);
    ck_assert_int_eq(lariat_iothread_stop(iothread), 0);

    lariat_iothread_unref(iothread);
}
END_TEST

START_TEST(its_loop_may_be_kept_longer)
{
    struct lariat_iothread *iothread = iothread_or_fail("gone");
    struct lariat_loop *loop = lariat_loop_ref(lariat_iothread_loop(iothread));
    call_or_fail(loop, do_nothing, NULL);

    lariat_iothread_destroy(iothread);
    ck_assert_uint_ge(stats_of(loop).iterations, 1);
    ck_assert_str_eq(lariat_loop_name(loop), "gone");
    ck_assert_int_eq(lariat_loop_call(loop, do_nothing, NULL), -ESHUTDOWN);

    lariat_loop_unref(loop);
}
END_TEST

/* Misuse */

static struct lariat_iothread *iothread_in_child(void)
{
    struct lariat_iothread *iothread = NULL;
    child_require(lariat_iothread_new("misused", NULL, &iothread) == 0);
    return iothread;
}

static void destroy_from_itself(void *opaque)
{
    (void)opaque;
    struct lariat_iothread *iothread = iothread_in_child();
    lariat_loop_call(lariat_iothread_loop(iothread), (void (*)(void *))lariat_iothread_destroy, iothread);
}

static void unref_without_stop(void *opaque)
{
    (void)opaque;
    lariat_iothread_unref(iothread_in_child());
}

static void poll_from_outside(void *opaque)
{
    (void)opaque;
    lariat_loop_poll(lariat_iothread_loop(iothread_in_child()), false);
}

static void close_from_outside(void *opaque)
{
    (void)opaque;
    lariat_loop_close(lariat_iothread_loop(iothread_in_child()));
}

static void end_the_thread(void *opaque)
{
    (void)opaque;
    pthread_exit(NULL);
}

static void destroy_after_a_callback_ended_it(void *opaque)
{
    (void)opaque;
    struct lariat_iothread *iothread = iothread_in_child();
    child_require(lariat_bh_schedule_oneshot(lariat_iothread_loop(iothread), end_the_thread, NULL) == 0);
    lariat_iothread_destroy(iothread);
}

static void stop_null(void *opaque)
{
    (void)opaque;
    lariat_iothread_stop(NULL);
}

static void ref_null(void *opaque)
{
    (void)opaque;
    lariat_iothread_ref(NULL);
}

static const struct {
    void (*fn)(void *opaque);
    const char *function, *object;
} misuses[] = {
    { destroy_from_itself, "lariat_iothread_destroy", "misused" },
    { unref_without_stop, "lariat_iothread_unref", "misused" },
    { poll_from_outside, "lariat_loop_poll", "misused" },
    { close_from_outside, "lariat_loop_close", "misused" },
    { destroy_after_a_callback_ended_it, "lariat_loop_unref", "misused" },
    { stop_null, "lariat_iothread_stop", "NULL" },
    { ref_null, "lariat_iothread_ref", "NULL" },
};
enum { N_MISUSES = sizeof(misuses) / sizeof(misuses[0]) };

START_TEST(misuse_aborts_and_names_function_and_iothread)
{
    must_abort(misuses[_i].fn, NULL, misuses[_i].function, misuses[_i].object);
}
END_TEST

/* Failures of creation */

START_TEST(errors_of_the_loop_reach_the_creator_and_leave_nothing)
{
    const struct {
        unsigned sq_entries, flags;
        int err;
    } bad[] = { { 40000, 0, -EINVAL }, { 0, 1u << 31, -EINVAL }, { 0, LARIAT_LOOP_IOPOLL, -EOPNOTSUPP } };
    const int fds = count_fds();

    for (int i = 0; i < 3; i++) {
        struct lariat_loop_options loop_opts = LARIAT_LOOP_OPTIONS_INIT;
        struct lariat_iothread_options opts = LARIAT_IOTHREAD_OPTIONS_INIT;
        struct lariat_iothread *iothread = NULL;
        loop_opts.sq_entries = bad[i].sq_entries;
        loop_opts.flags = bad[i].flags;
        opts.loop = &loop_opts;
        ck_assert_int_eq(lariat_iothread_new("bad", &opts, &iothread), bad[i].err);
        ck_assert_ptr_null(iothread);
    }
    ck_assert_int_eq(count_fds(), fds);
    ck_assert(threads_become(1));
}
END_TEST

START_TEST(options_of_size_0_are_invalid)
{
    struct lariat_iothread_options opts = { .size = 0 };
    struct lariat_loop_options loop_opts = { .size = 0 };
    struct lariat_iothread *iothread = NULL;

    ck_assert_int_eq(lariat_iothread_new("sized", &opts, &iothread), -EINVAL);
    opts.size = sizeof(opts);
    opts.loop = &loop_opts;
    ck_assert_int_eq(lariat_iothread_new("sized", &opts, &iothread), -EINVAL);
    ck_assert_ptr_null(iothread);
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *tc = case_of(suite, "life");
    tcase_add_test(tc, five_iothreads_start_and_stop_and_leave_nothing);
    tcase_add_test(tc, destroying_and_giving_back_null_is_ignored);
    tcase_add_test(tc, after_creation_everything_about_it_is_known);
    tcase_add_test(tc, the_main_thread_is_no_iothread);
    tcase_add_test(tc, the_loop_takes_its_options_and_the_id_is_copied);
    tcase_add_test(tc, an_iothread_may_make_and_destroy_another);

    tc = case_of(suite, "names");
    tcase_add_loop_test(tc, a_bad_id_is_invalid, 0, N_BAD_IDS);
    tcase_add_loop_test(tc, the_thread_is_named_after_the_id, 0, 5);

    tc = case_of(suite, "cpus");
    tcase_add_loop_test(tc, an_affinity_list_pins_the_thread, 0, 2);
    tcase_add_test(tc, without_a_list_the_affinity_is_inherited);
    tcase_add_loop_test(tc, a_bad_affinity_list_is_refused_and_leaves_nothing, 0, N_BAD_LISTS);
    tcase_add_test(tc, an_enormous_cpu_number_is_refused);

    tc = case_of(suite, "signals");
    tcase_add_test(tc, all_signals_but_faults_are_blocked_in_it_and_the_creator_keeps_its_mask);

    tc = case_of(suite, "references");
    tcase_add_test(tc, a_reference_keeps_the_memory_but_not_the_thread);
    tcase_add_test(tc, its_loop_may_be_kept_longer);

    tc = case_of(suite, "misuse");
    tcase_add_loop_test(tc, misuse_aborts_and_names_function_and_iothread, 0, N_MISUSES);

    tc = case_of(suite, "failures");
    tcase_add_test(tc, errors_of_the_loop_reach_the_creator_and_leave_nothing);
    tcase_add_test(tc, options_of_size_0_are_invalid);
}

int main(void)
{
    return suite_main("iothread", add_tests);
}
