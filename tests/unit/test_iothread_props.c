/* SPDX-License-Identifier: MIT */
/* Properties of running iothreads: set and read by name, from any thread, all or nothing, in force by the next iteration. */
#include <linux/io_uring.h>
#include <sys/syscall.h>

#include "iothread.h"
#include "iothread_support.h"
#include "loop.h"

static struct lariat_iothread *iothread;

static void open_iothread(void)
{
    iothread = from_text_or_fail("id=io0,poll-max-ns=50us,poll-grow=3");
}

static void close_iothread(void)
{
    lariat_iothread_destroy(iothread);
    iothread = NULL;
}

/* One value */

static const struct {
    const char *name, *value, *read;
} values[] = {
    { "poll-max-ns", "1ms", "1000000" },     { "poll-max-ns", "0", "0" },
    { "poll-max-ns", "9223372036854775807", "9223372036854775807" },
    { "poll-grow", "5", "5" },               { "poll-shrink", "1k", "1024" },
    { "poll-weight", "63", "63" },           { "poll-policy", "classic", "classic" },
    { "poll-price", "0", "0" },              { "poll-cpu-budget", "100", "100" },
    { "aio-max-batch", "128", "128" },       { "aio-max-batch", "1", "1" },
    { "cpu-affinity", "", "" },              { "sched-policy", "inherit", "inherit" },
    { "sched-policy", "batch", "batch" },    { "sched-priority", "99", "99" },
    { "iowq-max-bounded", "0", "0" },        { "iowq-max-unbounded", "0", "0" },
    { "wait-batch", "32768", "32768" },      { "wait-min-ns", "1s", "1000000000" },
};
enum { N_VALUES = sizeof(values) / sizeof(values[0]) };

START_TEST(a_live_property_is_set_and_read)
{
    char *errmsg = (char *)&errmsg; /* is emptied */
    ck_assert_int_eq(lariat_iothread_set(iothread, values[_i].name, values[_i].value, &errmsg), 0);
    ck_assert_ptr_null(errmsg);
    must_read(iothread, values[_i].name, values[_i].read);
    set_or_fail(iothread, values[_i].name, values[_i].read); /* what is read may be set */
    must_read(iothread, values[_i].name, values[_i].read);
}
END_TEST

START_TEST(what_is_not_live_is_ebusy_and_stays)
{
    const struct lariat_property_info *info = lariat_property_at((unsigned)_i);
    char *errmsg = NULL, *before = NULL;
    if (info->live)
        return;
    ck_assert_int_eq(lariat_iothread_get(iothread, info->name, &before), 0);
    ck_assert_int_eq(lariat_iothread_set(iothread, info->name, info->type == LARIAT_PROPERTY_BOOL ? "on" : "512", &errmsg), -EBUSY);
    ck_assert_msg(errmsg && strstr(errmsg, info->name) && strstr(errmsg, "made"), "%s", errmsg);
    must_read(iothread, info->name, before);
    ck_assert_int_eq(lariat_iothread_set(iothread, info->name, before, NULL), -EBUSY);
    free(errmsg);
    free(before);
}
END_TEST

static const struct {
    const char *name, *value;
    int err;
    const char *word;
} refused[] = {
    { "poll-max-ns", "-1", -ERANGE, "0 to 9223372036854775807 ns" },
    { "poll-max-ns", "", -EINVAL, "poll-max-ns: ''" },
    { "poll-grow", "x", -EINVAL, "poll-grow: 'x'" },
    { "poll-weight", "64", -ERANGE, "0 to 63" },
    { "poll-price", "10001", -ERANGE, "0 to 10000" },
    { "poll-cpu-budget", "101", -ERANGE, "0 to 100" },
    { "poll-policy", "eager", -EINVAL, "classic weighted auto" },
    { "aio-max-batch", "129", -ERANGE, "0 to 128" },
    { "iowq-max-bounded", "65536", -ERANGE, "0 to 65535" },
    { "wait-batch", "32769", -ERANGE, "0 to 32768" },
    { "wait-min-ns", "1001ms", -ERANGE, "0 to 1000000000 ns" },
    { "cpu-affinity", "0-", -EINVAL, "cpu-affinity: '0-'" },
    { "cpu-affinity", "1000", -ENODEV, "cpu-affinity: '1000'" },
    { "sched-policy", "deadline", -EINVAL, "fifo" },
    { "sched-priority", "100", -ERANGE, "0 to 99" },
    { "id", "io1", -ENOENT, "'id'" },
    { "polling", "1", -ENOENT, "'polling'" },
    { "", "1", -ENOENT, "''" },
};
enum { N_REFUSED = sizeof(refused) / sizeof(refused[0]) };

START_TEST(a_refused_value_is_said_and_changes_nothing)
{
    const struct lariat_property_info *info = lariat_property_find(refused[_i].name);
    char *errmsg = NULL, *before = NULL;
    if (info)
        ck_assert_int_eq(lariat_iothread_get(iothread, info->name, &before), 0);
    ck_assert_int_eq(lariat_iothread_set(iothread, refused[_i].name, refused[_i].value, &errmsg), refused[_i].err);
    ck_assert_msg(errmsg && strstr(errmsg, refused[_i].word), "%s", errmsg ? errmsg : "no message");
    ck_assert_int_eq(lariat_iothread_set(iothread, refused[_i].name, refused[_i].value, NULL), refused[_i].err);
    if (info)
        must_read(iothread, info->name, before);
    free(errmsg);
    free(before);
}
END_TEST

START_TEST(reading_what_is_no_property_is_enoent)
{
    char *value = NULL;
    ck_assert_int_eq(lariat_iothread_get(iothread, "id", &value), -ENOENT);
    ck_assert_int_eq(lariat_iothread_get(iothread, "", &value), -ENOENT);
    ck_assert_ptr_null(value);
}
END_TEST

/* Several values */

static void must_be_as_made(void)
{
    struct lariat_poll_params poll;
    lariat_loop_get_poll_params(lariat_iothread_loop(iothread), &poll);
    ck_assert_int_eq(poll.max_ns, 50000);
    ck_assert_int_eq(poll.grow, 3);
    must_read(iothread, "poll-max-ns", "50000");
    must_read(iothread, "poll-grow", "3");
    must_read(iothread, "aio-max-batch", "0");
    must_read(iothread, "sched-policy", "inherit");
    ck_assert_int_eq(sched_getscheduler(lariat_iothread_tid(iothread)), sched_getscheduler(0));
}

START_TEST(several_are_set_at_once)
{
    ck_assert_int_eq(lariat_iothread_set_from_string(iothread, "poll-max-ns=1us,aio-max-batch=5,poll-grow=7,poll-grow=8,", NULL), 0);
    must_read(iothread, "poll-max-ns", "1000");
    must_read(iothread, "aio-max-batch", "5");
    must_read(iothread, "poll-grow", "8");
}
END_TEST

START_TEST(none_is_set_if_there_are_none)
{
    char *errmsg = (char *)&errmsg;
    ck_assert_int_eq(lariat_iothread_set_from_string(iothread, "", &errmsg), 0);
    ck_assert_ptr_null(errmsg);
    must_be_as_made();
}
END_TEST

static const struct {
    const char *pairs;
    int err;
    const char *word;
} bad_pairs[] = {
    { "poll-max-ns=1,poll-grow=2,aio-max-batch=3,sched-policy=batch,poll-weight=64", -ERANGE, "poll-weight" },
    { "poll-weight=64,poll-max-ns=1,sched-policy=batch", -ERANGE, "poll-weight" },
    { "poll-max-ns=1,poll-grow=x,sched-policy=batch", -EINVAL, "poll-grow" },
    { "poll-max-ns=1,aio-max-batch=129", -ERANGE, "0 to 128" },
    { "poll-max-ns=1,sq-entries=256", -EBUSY, "sq-entries" },
    { "poll-max-ns=1,sqpoll=off", -EBUSY, "sqpoll" },
    { "sched-policy=batch,cpu-affinity=1000", -ENODEV, "cpu-affinity" },
    { "poll-max-ns=1,id=io1", -ENOENT, "'id'" },
    { "poll-max-ns=1,polling=1", -ENOENT, "'polling'" },
    { "poll-max-ns=1,poll-grow", -EINVAL, "'='" },
    { "iothread,poll-max-ns=1", -EINVAL, "'='" },
    { "poll-max-ns=1,,poll-grow=1", -EINVAL, "poll-max-ns" }, /* one value: "1,poll-grow=1" */
    { "poll-max-ns=1,=2", -EINVAL, "key=value" },
};
enum { N_BAD_PAIRS = sizeof(bad_pairs) / sizeof(bad_pairs[0]) };

START_TEST(one_refused_value_refuses_all)
{
    char *errmsg = NULL;
    ck_assert_int_eq(lariat_iothread_set_from_string(iothread, bad_pairs[_i].pairs, &errmsg), bad_pairs[_i].err);
    ck_assert_msg(errmsg && strstr(errmsg, bad_pairs[_i].word), "%s", errmsg ? errmsg : "no message");
    ck_assert_int_eq(lariat_iothread_set_from_string(iothread, bad_pairs[_i].pairs, NULL), bad_pairs[_i].err);
    must_be_as_made();
    free(errmsg);
}
END_TEST

/* CPUs and scheduling */

START_TEST(another_affinity_moves_the_thread_and_an_empty_one_takes_it_back)
{
    const pid_t tid = lariat_iothread_tid(iothread);
    const int first = usable_cpu(0), second = usable_cpu(1);
    cpu_set_t before, after;
    if (second < 0)
        test_skip("there is one CPU");
    ck_assert_int_eq(sched_getaffinity(tid, sizeof(before), &before), 0);

    char cpu[16];
    snprintf(cpu, sizeof(cpu), "%d", first);
    set_or_fail(iothread, "cpu-affinity", cpu);
    ck_assert(is_pinned(tid, first));
    snprintf(cpu, sizeof(cpu), "%d", second);
    set_or_fail(iothread, "cpu-affinity", cpu);
    ck_assert(is_pinned(tid, second));
    set_or_fail(iothread, "cpu-affinity", "");
    ck_assert_int_eq(sched_getaffinity(tid, sizeof(after), &after), 0);
    ck_assert(CPU_EQUAL(&before, &after));
}
END_TEST

START_TEST(it_goes_back_to_the_cpus_that_its_creator_had_then)
{
    const int first = usable_cpu(0), second = usable_cpu(1);
    cpu_set_t all, one;
    char cpu[16];
    if (second < 0)
        test_skip("there is one CPU");
    CPU_ZERO(&one);
    CPU_SET((size_t)second, &one);
    ck_assert_int_eq(sched_getaffinity(0, sizeof(all), &all), 0);
    ck_assert_int_eq(sched_setaffinity(0, sizeof(one), &one), 0);
    struct lariat_iothread *heir = from_text_or_fail("id=heir");
    ck_assert_int_eq(sched_setaffinity(0, sizeof(all), &all), 0);

    ck_assert(is_pinned(lariat_iothread_tid(heir), second));
    snprintf(cpu, sizeof(cpu), "%d", first);
    set_or_fail(heir, "cpu-affinity", cpu);
    ck_assert(is_pinned(lariat_iothread_tid(heir), first));
    set_or_fail(heir, "cpu-affinity", "");
    ck_assert(is_pinned(lariat_iothread_tid(heir), second));
    lariat_iothread_destroy(heir);
}
END_TEST

static int policy_of(struct lariat_iothread *of)
{
    return sched_getscheduler(lariat_iothread_tid(of));
}

static int priority_of(struct lariat_iothread *of)
{
    struct sched_param param;
    return sched_getparam(lariat_iothread_tid(of), &param) ? -1 : param.sched_priority;
}

START_TEST(another_scheduling_policy_is_that_of_the_thread)
{
    set_or_fail(iothread, "sched-policy", "batch");
    ck_assert_int_eq(policy_of(iothread), SCHED_BATCH);
    set_or_fail(iothread, "sched-policy", "other");
    ck_assert_int_eq(policy_of(iothread), SCHED_OTHER);
    set_or_fail(iothread, "sched-policy", "batch");
    set_or_fail(iothread, "sched-policy", "inherit");
    ck_assert_int_eq(policy_of(iothread), sched_getscheduler(0));
    set_or_fail(iothread, "sched-policy", "idle");
    ck_assert_int_eq(policy_of(iothread), SCHED_IDLE);
    ck_assert_int_eq(sched_getscheduler(0), SCHED_OTHER);
}
END_TEST

START_TEST(real_time_priorities_are_set_live_where_there_is_the_right)
{
    const char *const names[] = { "fifo", "rr" };
    const int policies[] = { SCHED_FIFO, SCHED_RR };
    if (lariat_iothread_set(iothread, "sched-policy", names[_i], NULL) == -EPERM)
        test_skip("no right to real-time scheduling");
    ck_assert_int_eq(policy_of(iothread), policies[_i]);
    ck_assert_int_eq(priority_of(iothread), 1);
    set_or_fail(iothread, "sched-priority", "7");
    ck_assert_int_eq(priority_of(iothread), 7);
    set_or_fail(iothread, "sched-policy", "inherit");
    ck_assert_int_eq(policy_of(iothread), sched_getscheduler(0));
    ck_assert_int_eq(priority_of(iothread), 0);
    must_read(iothread, "sched-priority", "7");
}
END_TEST

/* The loop */

static void queue_seven(void *opaque)
{
    static struct counted_op ops[7];
    struct lariat_loop *loop = lariat_loop_current();
    const uint64_t before = stats_of(loop).sqes_submitted;
    for (int i = 0; i < 7; i++) {
        counted_op_init(&ops[i]);
        lariat_nop(loop, &ops[i].op);
    }
    *(uint64_t *)opaque = stats_of(loop).sqes_submitted - before;
}

static void read_wait_batch(void *opaque)
{
    *(struct wait_batch *)opaque = lariat_loop_current()->batch;
}

/* Under auto 0 leaves it to what is in flight, and the policy that is set with it, or later, is the one that counts. */
START_TEST(a_number_of_completions_to_wait_for_is_in_force_by_the_next_iteration)
{
    const struct {
        const char *pairs;
        unsigned n;
        int64_t min_ns;
    } steps[] = {
        { "poll-policy=classic,wait-batch=8,wait-min-ns=7us", 8, 7000 },
        { "wait-batch=0,wait-min-ns=1", 1, 1 }, { "poll-policy=auto", 0, 1 },
        { "wait-min-ns=0", 1, 0 },                   { "wait-min-ns=2", 0, 2 },              { "wait-batch=1", 1, 2 },
        { "poll-policy=weighted,wait-batch=0", 1, 2 },
    };
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        struct wait_batch batch;
        ck_assert_int_eq(lariat_iothread_set_from_string(iothread, steps[i].pairs, NULL), 0);
        settled_call_or_fail(iothread, read_wait_batch, &batch);
        ck_assert_uint_eq(batch.n, steps[i].n);
        ck_assert_int_eq(batch.min_ns, steps[i].min_ns);
    }
}
END_TEST

START_TEST(a_batch_set_is_in_force_by_the_next_iteration)
{
    uint64_t submitted = 0;
    if (tests_run_with("sqpoll") || tests_run_with("cq8"))
        test_skip("an SQ thread takes what it is shown, and a small queue is submitted when it is full");
    settled_call_or_fail(iothread, queue_seven, &submitted);
    ck_assert_uint_eq(submitted, 0);
    set_or_fail(iothread, "aio-max-batch", "2");
    settled_call_or_fail(iothread, queue_seven, &submitted);
    ck_assert_uint_eq(submitted, 6);
    set_or_fail(iothread, "aio-max-batch", "0");
    settled_call_or_fail(iothread, queue_seven, &submitted);
    ck_assert_uint_eq(submitted, 0);
}
END_TEST

struct limits {
    unsigned values[2];
    bool known;
};

/* Zeroes change nothing and are answered with the limits of the calling thread. */
static void ask_for_limits(void *opaque)
{
    struct limits *limits = opaque;
    limits->values[0] = limits->values[1] = 0;
    limits->known = syscall(SYS_io_uring_register, lariat_loop_current()->ring.fd, IORING_REGISTER_IOWQ_MAX_WORKERS,
                            limits->values, 2) == 0;
}

static struct limits limits_in_force(void)
{
    struct limits limits;
    settled_call_or_fail(iothread, ask_for_limits, &limits);
    return limits;
}

START_TEST(limits_of_workers_are_set_and_taken_back)
{
    const struct limits before = limits_in_force();
    if (!before.known)
        test_skip("this kernel takes no limits of workers");
    ck_assert_int_eq(lariat_iothread_set_from_string(iothread, "iowq-max-bounded=3,iowq-max-unbounded=5", NULL), 0);
    ck_assert_uint_eq(limits_in_force().values[0], 3);
    ck_assert_uint_eq(limits_in_force().values[1], 5);
    set_or_fail(iothread, "iowq-max-bounded", "0");
    ck_assert_uint_eq(limits_in_force().values[0], before.values[0]);
    ck_assert_uint_eq(limits_in_force().values[1], 5);
}
END_TEST

START_TEST(limits_of_workers_given_at_first_are_in_force)
{
    struct lariat_iothread *limited = NULL;
    struct limits limits;
    const int rc = lariat_iothread_new_from_string("id=limited,iowq-max-unbounded=2", &limited, NULL);
    if (rc == -EOPNOTSUPP)
        test_skip("this kernel takes no limits of workers");
    ck_assert_int_eq(rc, 0);
    call_or_fail(lariat_iothread_loop(limited), ask_for_limits, &limits);
    ck_assert_uint_eq(limits.values[1], 2);
    lariat_iothread_destroy(limited);
}
END_TEST

static void forget_limits(void *opaque)
{
    (void)opaque;
    lariat_loop_current()->ring.workers_default[0] = lariat_loop_current()->ring.workers_default[1] = 0;
}

START_TEST(where_the_kernel_takes_no_limits_of_workers_they_are_refused)
{
    char *errmsg = NULL;
    call_or_fail(lariat_iothread_loop(iothread), forget_limits, NULL);
    ck_assert_int_eq(lariat_iothread_set(iothread, "iowq-max-unbounded", "2", &errmsg), -EOPNOTSUPP);
    ck_assert_msg(errmsg && strstr(errmsg, "iowq-max-unbounded: '2'"), "%s", errmsg);
    ck_assert_int_eq(lariat_iothread_set_from_string(iothread, "poll-max-ns=1,iowq-max-bounded=2", NULL), -EOPNOTSUPP);
    must_be_as_made();
    must_read(iothread, "iowq-max-unbounded", "0");
    set_or_fail(iothread, "poll-grow", "4"); /* all else goes on */
    free(errmsg);
}
END_TEST

static void open_the_window(void *opaque)
{
    (void)opaque;
    lariat_loop_current()->window_ns = 1000000000;
}

static void read_the_window(void *window_ns)
{
    *(int64_t *)window_ns = lariat_loop_current()->window_ns;
}

START_TEST(the_window_begins_at_zero_again)
{
    int64_t window_ns = -1;
    ck_assert_int_eq(lariat_iothread_set_from_string(iothread, "poll-policy=classic,poll-max-ns=100s,poll-grow=1", NULL), 0);
    settled_call_or_fail(iothread, open_the_window, NULL);
    call_or_fail(lariat_iothread_loop(iothread), read_the_window, &window_ns);
    ck_assert_int_eq(window_ns, 1000000000);
    set_or_fail(iothread, "poll-shrink", "9");
    settled_call_or_fail(iothread, read_the_window, &window_ns);
    ck_assert_int_le(window_ns, 4000); /* the first step */
}
END_TEST

/* The loop's own calls */

START_TEST(what_is_set_in_the_loop_is_read_here_and_kept)
{
    struct lariat_poll_params params = classic_params(77);
    params.shrink = 6;
    ck_assert_int_eq(lariat_loop_set_poll_params(lariat_iothread_loop(iothread), &params), 0);
    must_read(iothread, "poll-max-ns", "77");
    must_read(iothread, "poll-shrink", "6");
    set_or_fail(iothread, "poll-grow", "4");
    set_or_fail(iothread, "aio-max-batch", "4");
    lariat_loop_get_poll_params(lariat_iothread_loop(iothread), &params);
    ck_assert(params.max_ns == 77 && params.shrink == 6 && params.grow == 4);

    unsigned n_wait;
    int64_t min_ns;
    ck_assert_int_eq(lariat_loop_set_wait_batch(lariat_iothread_loop(iothread), 5, 6), 0);
    must_read(iothread, "wait-batch", "5");
    must_read(iothread, "wait-min-ns", "6");
    set_or_fail(iothread, "poll-grow", "5");
    lariat_loop_get_wait_batch(lariat_iothread_loop(iothread), &n_wait, &min_ns);
    ck_assert(n_wait == 5 && min_ns == 6);
}
END_TEST

/* Misuse */

static void set_of_null(void *opaque)
{
    lariat_iothread_set(opaque, "poll-grow", "1", NULL);
}

static void get_of_null(void *opaque)
{
    char *value;
    lariat_iothread_get(opaque, "poll-grow", &value);
}

static void set_null(void *opaque)
{
    (void)opaque;
    lariat_iothread_set(from_text_or_fail("id=misused"), "poll-grow", NULL, NULL);
}

static void set_no_pairs(void *opaque)
{
    (void)opaque;
    lariat_iothread_set_from_string(from_text_or_fail("id=misused"), NULL, NULL);
}

START_TEST(null_aborts)
{
    must_abort(set_of_null, NULL, "lariat_iothread_set", "NULL");
    must_abort(get_of_null, NULL, "lariat_iothread_get", "NULL");
    must_abort(set_null, NULL, "lariat_iothread_set", "value");
    must_abort(set_no_pairs, NULL, "lariat_iothread_set_from_string", "pairs");
}
END_TEST

static TCase *case_with_iothread(Suite *suite, const char *name)
{
    TCase *tc = case_of(suite, name);
    tcase_add_checked_fixture(tc, open_iothread, close_iothread);
    return tc;
}

static void add_tests(Suite *suite)
{
    TCase *tc = case_with_iothread(suite, "values");
    tcase_add_loop_test(tc, a_live_property_is_set_and_read, 0, N_VALUES);
    tcase_add_loop_test(tc, what_is_not_live_is_ebusy_and_stays, 0, N_PROPERTIES);
    tcase_add_loop_test(tc, a_refused_value_is_said_and_changes_nothing, 0, N_REFUSED);
    tcase_add_test(tc, reading_what_is_no_property_is_enoent);
    tcase_add_test(tc, several_are_set_at_once);
    tcase_add_test(tc, none_is_set_if_there_are_none);
    tcase_add_loop_test(tc, one_refused_value_refuses_all, 0, N_BAD_PAIRS);

    tc = case_with_iothread(suite, "threads");
    tcase_add_test(tc, another_affinity_moves_the_thread_and_an_empty_one_takes_it_back);
    tcase_add_test(tc, it_goes_back_to_the_cpus_that_its_creator_had_then);
    tcase_add_test(tc, another_scheduling_policy_is_that_of_the_thread);
    tcase_add_loop_test(tc, real_time_priorities_are_set_live_where_there_is_the_right, 0, 2);

    tc = case_with_iothread(suite, "loop");
    tcase_add_test(tc, a_batch_set_is_in_force_by_the_next_iteration);
    tcase_add_test(tc, a_number_of_completions_to_wait_for_is_in_force_by_the_next_iteration);
    tcase_add_test(tc, limits_of_workers_are_set_and_taken_back);
    tcase_add_test(tc, limits_of_workers_given_at_first_are_in_force);
    tcase_add_test(tc, where_the_kernel_takes_no_limits_of_workers_they_are_refused);
    tcase_add_test(tc, the_window_begins_at_zero_again);
    tcase_add_test(tc, what_is_set_in_the_loop_is_read_here_and_kept);

    tc = case_of(suite, "misuse");
    tcase_add_test(tc, null_aborts);
}

int main(void)
{
    return suite_main("iothread_props", add_tests);
}
