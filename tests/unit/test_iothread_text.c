/* SPDX-License-Identifier: MIT */
/* Iothreads made from text: what is taken, what is refused and with which words, and that it is in force from the start. */
#include <dirent.h>
#include <linux/capability.h>
#include <linux/io_uring.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "iothread_support.h"
#include "loop.h"
#include "poll.h"

/* What is taken */

static const struct {
    const char *spec, *name, *value;
} given[] = {
    { "id=io0,poll-max-ns=64us", "poll-max-ns", "64000" },
    { "id=io0,poll-max-ns=0", "poll-max-ns", "0" },
    { "id=io0,poll-grow=4", "poll-grow", "4" },
    { "id=io0,poll-shrink=9223372036854775807", "poll-shrink", "9223372036854775807" },
    { "id=io0,poll-weight=63", "poll-weight", "63" },
    { "id=io0,poll-policy=classic", "poll-policy", "classic" },
    { "id=io0,poll-price=10000", "poll-price", "10000" },
    { "id=io0,poll-cpu-budget=100", "poll-cpu-budget", "100" },
    { "id=io0,aio-max-batch=8", "aio-max-batch", "8" },
    { "id=io0,wait-batch=8", "wait-batch", "8" },
    { "id=io0,wait-min-ns=50us", "wait-min-ns", "50000" },
    { "id=io0,sched-policy=inherit", "sched-policy", "inherit" },
    { "id=io0,sched-priority=7", "sched-priority", "7" }, /* stored under any policy */
    { "id=io0,sq-entries=48", "sq-entries", "48" },
    { "id=io0,sq-entries=32,cq-entries=1k", "cq-entries", "1024" },
    { "id=io0,sqpoll=no", "sqpoll", "off" },
    { "id=io0,sqpoll-cpu=0", "sqpoll-cpu", "0" }, /* kept without an SQ thread, too */
    { "id=io0,cpu-affinity=", "cpu-affinity", "" },
    { "poll-grow=4,id=io0", "poll-grow", "4" },
    { "iothread,id=io0,poll-grow=4", "poll-grow", "4" }, /* as behind QEMU's -object */
    { "id=io0,poll-grow=4,", "poll-grow", "4" },
    { "id=io0,poll-grow=4,poll-grow=5", "poll-grow", "5" },
    { "id=io9,poll-grow=4,id=io0", "poll-grow", "4" },
};
enum { N_GIVEN = sizeof(given) / sizeof(given[0]) };

START_TEST(each_property_may_be_given)
{
    struct lariat_iothread *iothread = from_text_or_fail(given[_i].spec);
    ck_assert_str_eq(lariat_iothread_id(iothread), "io0");
    must_read(iothread, given[_i].name, given[_i].value);
    lariat_iothread_destroy(iothread);
}
END_TEST

START_TEST(what_is_not_given_is_the_default)
{
    struct lariat_iothread *iothread = from_text_or_fail("id=io0");
    const bool other_window = tests_run_with("poll") || tests_run_with("nopoll");
    for (unsigned i = 0; lariat_property_at(i); i++)
        if (!other_window || !lariat_property_at(i)->poll)
            must_read(iothread, lariat_property_at(i)->name, lariat_property_at(i)->default_value);
    ck_assert_str_eq(lariat_loop_name(lariat_iothread_loop(iothread)), "io0");
    lariat_iothread_destroy(iothread);
}
END_TEST

START_TEST(what_the_options_say_is_read_as_properties)
{
    struct lariat_poll_params params = { LARIAT_POLL_CLASSIC, 1, 2, 3, 4, 5, 6, { 0 } };
    struct lariat_loop_options loop_opts = LARIAT_LOOP_OPTIONS_INIT;
    struct lariat_iothread_options opts = LARIAT_IOTHREAD_OPTIONS_INIT;
    char list[32];
    snprintf(list, sizeof(list), "%d", usable_cpu(0));
    loop_opts.sq_entries = 16;
    loop_opts.cq_entries = 64;
    loop_opts.poll = &params;
    opts.loop = &loop_opts;
    opts.cpu_affinity = list;
    struct lariat_iothread *iothread = iothread_with_options_or_fail("io0", &opts);
    must_read(iothread, "poll-max-ns", "1");
    must_read(iothread, "poll-grow", "2");
    must_read(iothread, "poll-cpu-budget", "6");
    must_read(iothread, "sq-entries", "16");
    must_read(iothread, "cq-entries", "64");
    must_read(iothread, "cpu-affinity", list);
    lariat_iothread_destroy(iothread);
}
END_TEST

/* In force from the start */

START_TEST(poll_parameters_given_are_those_of_its_loop)
{
    struct lariat_iothread *iothread = from_text_or_fail("id=io0,poll-policy=weighted,poll-max-ns=1us,poll-grow=2,poll-shrink=3,poll-weight=4,"
                                                         "poll-price=5,poll-cpu-budget=6");
    struct lariat_poll_params read;
    lariat_loop_get_poll_params(lariat_iothread_loop(iothread), &read);
    ck_assert_int_eq(read.policy, LARIAT_POLL_WEIGHTED);
    ck_assert(read.max_ns == 1000 && read.grow == 2 && read.shrink == 3);
    ck_assert(read.weight == 4 && read.price == 5 && read.cpu_budget == 6);
    lariat_iothread_destroy(iothread);
}
END_TEST

START_TEST(queues_given_are_those_of_its_ring)
{
    struct lariat_iothread *iothread = from_text_or_fail("id=io0,sq-entries=20,cq-entries=100");
    const struct lariat_loop_stats stats = stats_of(lariat_iothread_loop(iothread));
    ck_assert_uint_eq(stats.sq_entries, 32);
    ck_assert_uint_eq(stats.cq_entries, 128);
    lariat_iothread_destroy(iothread);
}
END_TEST

START_TEST(an_sq_thread_is_had_on_demand)
{
    struct lariat_iothread *iothread = NULL;
    const int rc = lariat_iothread_new_from_string("id=io0,sqpoll=on", &iothread, NULL);
    if (rc == -EPERM)
        test_skip("this kernel gives SQ threads to root only");
    ck_assert_int_eq(rc, 0);
    must_read(iothread, "sqpoll", "on");
    ck_assert(stats_of(lariat_iothread_loop(iothread)).setup_flags & IORING_SETUP_SQPOLL);
    lariat_iothread_destroy(iothread);
}
END_TEST

/* The kernel's thread that submits for this one; -1: there is none. */
static pid_t sq_thread_of(pid_t tid)
{
    char path[64], name[32], wanted[32];
    pid_t found = -1;
    DIR *tasks = opendir("/proc/self/task");
    snprintf(wanted, sizeof(wanted), "iou-sqp-%d", tid);
    wanted[15] = '\0';
    for (struct dirent *entry; tasks != NULL && (entry = readdir(tasks)) != NULL;) {
        snprintf(path, sizeof(path), "/proc/self/task/%.20s/comm", entry->d_name);
        FILE *f = fopen(path, "re");
        if (f != NULL && fscanf(f, "%31s", name) == 1 && strcmp(name, wanted) == 0)
            found = atoi(entry->d_name);
        if (f != NULL)
            fclose(f);
    }
    closedir(tasks);
    return found;
}

struct taken {
    struct lariat_op op;
    atomic_int done;
};

static void was_taken(struct lariat_op *op, int res)
{
    (void)res;
    atomic_fetch_add(&((struct taken *)op)->done, 1);
}

static void submit_nop(void *opaque)
{
    struct taken *taken = opaque;
    taken->op.fn = was_taken;
    lariat_nop(lariat_loop_current(), &taken->op);
}

START_TEST(an_sq_thread_runs_on_the_cpu_given)
{
    const int cpu = usable_cpu(1) >= 0 ? usable_cpu(1) : usable_cpu(0);
    struct lariat_loop_options loop_opts = LARIAT_LOOP_OPTIONS_INIT;
    struct lariat_iothread_options opts = LARIAT_IOTHREAD_OPTIONS_INIT;
    struct lariat_iothread *iothread = NULL;
    static struct taken taken;
    char spec[64], text[16];
    snprintf(text, sizeof(text), "%d", cpu);
    snprintf(spec, sizeof(spec), "id=io0,sqpoll=on,sqpoll-cpu=%d", cpu);
    opts.loop = &loop_opts;
    loop_opts.flags = LARIAT_LOOP_SQPOLL | LARIAT_LOOP_SQPOLL_CPU;
    loop_opts.sqpoll_cpu = (unsigned)cpu;
    const int rc =
        _i == 0 ? lariat_iothread_new_from_string(spec, &iothread, NULL) : lariat_iothread_new("io0", &opts, &iothread);
    if (rc == -EPERM)
        test_skip("this kernel gives SQ threads to root only");
    ck_assert_int_eq(rc, 0);
    must_read(iothread, "sqpoll-cpu", text);
    call_or_fail(lariat_iothread_loop(iothread), submit_nop, &taken);
    wait_for(&taken.done, 1); /* it names and pins itself before it takes anything */
    ck_assert(is_pinned(sq_thread_of(lariat_iothread_tid(iothread)), cpu));
    lariat_iothread_destroy(iothread);
}
END_TEST

START_TEST(a_cpu_given_is_the_one_that_the_thread_runs_on)
{
    const int cpu = usable_cpu(1) >= 0 ? usable_cpu(1) : usable_cpu(0);
    char spec[64], list[32];
    snprintf(spec, sizeof(spec), "id=io0,cpu-affinity=%d,,%d", cpu, cpu);
    snprintf(list, sizeof(list), "%d,%d", cpu, cpu);
    struct lariat_iothread *iothread = from_text_or_fail(spec);
    ck_assert(is_pinned(lariat_iothread_tid(iothread), cpu));
    must_read(iothread, "cpu-affinity", list);
    lariat_iothread_destroy(iothread);
}
END_TEST

START_TEST(a_scheduling_policy_given_is_that_of_the_thread)
{
    struct lariat_iothread *iothread = from_text_or_fail("id=io0,sched-policy=batch");
    ck_assert_int_eq(sched_getscheduler(lariat_iothread_tid(iothread)), SCHED_BATCH);
    ck_assert_int_eq(sched_getscheduler(0), SCHED_OTHER); /* the creator keeps its own */
    lariat_iothread_destroy(iothread);
}
END_TEST

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

START_TEST(a_batch_given_is_the_longest_submission)
{
    uint64_t submitted = 0;
    if (tests_run_with("sqpoll"))
        test_skip("an SQ thread takes what it is shown, in its own time");
    struct lariat_iothread *iothread = from_text_or_fail("id=io0,aio-max-batch=4");
    call_or_fail(lariat_iothread_loop(iothread), queue_seven, &submitted);
    ck_assert_uint_eq(submitted, 4);
    lariat_iothread_destroy(iothread);
}
END_TEST

/* Each of the two alone: what is given is what its loop begins with. */
START_TEST(completion_batching_given_is_that_of_its_loop)
{
    struct lariat_iothread *iothread = from_text_or_fail(_i ? "id=io0,wait-batch=4" : "id=io0,poll-policy=auto,wait-min-ns=3us");
    const struct lariat_loop *loop = lariat_iothread_loop(iothread);
    ck_assert_uint_eq(loop->batch.n, _i ? 4 : 0);
    ck_assert_int_eq(loop->batch.min_ns, _i ? 100000 : 3000);
    lariat_iothread_destroy(iothread);
}
END_TEST

/* What is refused */

static const struct {
    const char *spec;
    int err;
    const char *word, *other_word;
} refused[] = {
    { "", -EINVAL, "id", "is needed" },
    { "iothread", -EINVAL, "id", "is needed" },
    { "poll-max-ns=1", -EINVAL, "id", "is needed" },
    { "id", -EINVAL, "'='", "'id'" },
    { "id=", -EINVAL, "id", "''" },
    { "id=1st", -EINVAL, "id", "'1st'" },
    { "id=.io", -EINVAL, "id", "'.io'" },
    { "id=a b", -EINVAL, "id", "'a b'" },
    { "id=a/b", -EINVAL, "id", "'a/b'" },
    { "id=a,,b", -EINVAL, "id", "'a,b'" },
    { "id=\xc3\xa9", -EINVAL, "id", "letters" },
    { "id=a23456789a123456789a123456789a123456789a123456789a123456789a1234", -EINVAL, "id", "63" },
    { "id=bad,", 0, NULL, NULL },
    { "io0", -EINVAL, "'='", "'io0'" },
    { "id=bad,iothread", -EINVAL, "'='", "'iothread'" },
    { "iothread=bad", -EINVAL, "property", "'iothread'" },
    { "iothread,iothread,id=bad", -EINVAL, "'='", "'iothread'" },
    { "id=bad,polling=1", -EINVAL, "property", "'polling'" },
    { "id=bad,POLL-GROW=1", -EINVAL, "property", "'POLL-GROW'" },
    { "id=bad, poll-grow=1", -EINVAL, "property", "' poll-grow'" },
    { "id=bad,poll-grow", -EINVAL, "'='", "'poll-grow'" },
    { "id=bad,poll-grow=", -EINVAL, "poll-grow", "''" },
    { "id=bad,=1", -EINVAL, "key=value", "'=1'" },
    { ",id=bad", -EINVAL, "key=value", "',id=bad'" },
    { "id=bad,poll-max-ns=1.5us", -EINVAL, "poll-max-ns", "'1.5us'" },
    { "id=bad,poll-max-ns=-1", -ERANGE, "poll-max-ns", "0 to 9223372036854775807 ns" },
    { "id=bad,poll-weight=64", -ERANGE, "poll-weight", "0 to 63" },
    { "id=bad,poll-weight=64,poll-weight=1", -ERANGE, "poll-weight", "'64'" },
    { "id=bad,aio-max-batch=129", -ERANGE, "aio-max-batch", "0 to 128" },
    { "id=bad,aio-max-batch=9,sq-entries=8", -ERANGE, "aio-max-batch", "0 to 8" },
    { "id=bad,cq-entries=64", -ERANGE, "cq-entries", "128" },
    { "id=bad,sq-entries=0", -ERANGE, "sq-entries", "1 to 32768" },
    { "id=bad,sqpoll=1", -EINVAL, "sqpoll", "'1'" },
    { "id=bad,sqpoll-cpu=-2", -ERANGE, "sqpoll-cpu", "-1 to 8191" },
    { "id=bad,sqpoll-cpu=8191", -ENODEV, "sqpoll-cpu", "8191" },
    { "id=bad,sched-policy=deadline", -EINVAL, "sched-policy", "fifo" },
    { "id=bad,poll-policy=eager", -EINVAL, "poll-policy", "classic" },
    { "id=bad,cpu-affinity=0,2", -EINVAL, "'='", "'2'" }, /* the comma is not doubled */
    { "id=bad,cpu-affinity=x", -EINVAL, "cpu-affinity", "'x'" },
    { "id=bad,cpu-affinity=0,,1000", -ENODEV, "cpu-affinity", "'0,1000'" },
};
enum { N_REFUSED = sizeof(refused) / sizeof(refused[0]) };

START_TEST(what_is_refused_is_said_and_leaves_nothing)
{
    struct lariat_iothread *iothread = NULL;
    char *errmsg = NULL;
    const int fds = count_fds();
    const int rc = lariat_iothread_new_from_string(refused[_i].spec, &iothread, &errmsg);
    ck_assert_msg(rc == refused[_i].err, "'%s': %d instead of %d", refused[_i].spec, rc, refused[_i].err);
    if (rc != 0) {
        ck_assert_msg(errmsg && strstr(errmsg, refused[_i].word) && strstr(errmsg, refused[_i].other_word), "'%s': '%s'",
                      refused[_i].spec, errmsg ? errmsg : "");
        ck_assert_int_eq(lariat_iothread_new_from_string(refused[_i].spec, &iothread, NULL), rc);
    }
    free(errmsg);
    ck_assert_int_eq(iothread != NULL, rc == 0);
    lariat_iothread_destroy(iothread);
    ck_assert_ptr_null(lariat_iothread_by_id("bad"));
    ck_assert_int_eq(count_fds(), fds);
    ck_assert(threads_become(1));
}
END_TEST

START_TEST(a_policy_that_is_not_built_is_refused_by_name)
{
    const char *const specs[] = { "id=io0,poll-policy=weighted", "id=io0,poll-policy=auto" };
    struct lariat_iothread *iothread = NULL;
    struct lariat_poll_params params;
    char *errmsg = NULL;
    lariat_poll_params_init(&params, _i ? LARIAT_POLL_AUTO : LARIAT_POLL_WEIGHTED);
    const int err = poll_params_check(&params);
    ck_assert_int_eq(lariat_iothread_new_from_string(specs[_i], &iothread, &errmsg), err);
    ck_assert(err ? strstr(errmsg, "poll-policy") && strstr(errmsg, strrchr(specs[_i], '=') + 1) : !errmsg);
    free(errmsg);
    lariat_iothread_destroy(iothread);
}
END_TEST

START_TEST(a_taken_id_is_refused_and_an_internal_one_takes_none)
{
    struct lariat_iothread_options opts = LARIAT_IOTHREAD_OPTIONS_INIT;
    struct lariat_iothread *again = NULL;
    char *errmsg = NULL;
    opts.internal = true;
    struct lariat_iothread *internal = iothread_with_options_or_fail("io0", &opts);
    struct lariat_iothread *iothread = from_text_or_fail("id=io0");
    ck_assert_int_eq(lariat_iothread_new_from_string("id=io0,poll-grow=3", &again, &errmsg), -EEXIST);
    ck_assert_msg(errmsg && strstr(errmsg, "'io0'") && strstr(errmsg, "already"), "%s", errmsg);
    ck_assert_ptr_null(again);
    free(errmsg);
    lariat_iothread_destroy(iothread);
    lariat_iothread_destroy(internal);
}
END_TEST

/* The rights and means of the process */

static int make_without_descriptors(void *opaque)
{
    (void)opaque;
    struct rlimit before, none;
    struct lariat_iothread *iothread = NULL;
    char *errmsg = NULL;
    child_require(getrlimit(RLIMIT_NOFILE, &before) == 0);
    none = before;
    none.rlim_cur = 3;
    child_require(setrlimit(RLIMIT_NOFILE, &none) == 0);
    child_require(lariat_iothread_new_from_string("id=io0", &iothread, &errmsg) == -EMFILE);
    child_require(errmsg && strstr(errmsg, "RLIMIT_NOFILE") && !iothread);
    free(errmsg);
    child_require(lariat_iothread_new_from_string("id=io0", &iothread, NULL) == -EMFILE);
    child_require(setrlimit(RLIMIT_NOFILE, &before) == 0);
    child_require(!lariat_iothread_by_id("io0") && threads_become(1));
    return 0;
}

START_TEST(a_refused_ring_is_explained)
{
    must_succeed_in_child(make_without_descriptors, NULL);
}
END_TEST

/* From here on this thread, and those that it makes, may raise no priority. */
static void give_up_the_right_to_schedule(void)
{
    struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct caps[2];
    const struct rlimit none = { 0, 0 };
    child_require(syscall(SYS_capget, &header, caps) == 0);
    caps[0].effective &= ~(1u << CAP_SYS_NICE);
    caps[0].permitted &= ~(1u << CAP_SYS_NICE);
    child_require(syscall(SYS_capset, &header, caps) == 0);
    child_require(setrlimit(RLIMIT_RTPRIO, &none) == 0 && setrlimit(RLIMIT_NICE, &none) == 0);
}

static int ask_for_real_time(void *opaque)
{
    (void)opaque;
    struct lariat_iothread *iothread = NULL;
    char *errmsg = NULL;
    give_up_the_right_to_schedule();
    child_require(lariat_iothread_new_from_string("id=io0,sched-policy=fifo,sched-priority=5", &iothread, &errmsg) == -EPERM);
    child_require(errmsg && strstr(errmsg, "sched-policy: 'fifo'") && strstr(errmsg, "CAP_SYS_NICE") && !iothread);
    free(errmsg);
    child_require(!lariat_iothread_by_id("io0") && threads_become(1));
    return 0;
}

START_TEST(real_time_scheduling_without_the_right_is_eperm_and_leaves_nothing)
{
    must_succeed_in_child(ask_for_real_time, NULL);
}
END_TEST

static int ask_for_real_time_later(void *opaque)
{
    (void)opaque;
    struct lariat_iothread *iothread = NULL;
    cpu_set_t before, after;
    char pairs[64], *errmsg = NULL;
    give_up_the_right_to_schedule();
    child_require(lariat_iothread_new_from_string("id=io0", &iothread, NULL) == 0);
    const pid_t tid = lariat_iothread_tid(iothread);
    child_require(sched_getaffinity(tid, sizeof(before), &before) == 0);
    snprintf(pairs, sizeof(pairs), "poll-grow=9,cpu-affinity=%d,sched-policy=rr", usable_cpu(0));
    child_require(lariat_iothread_set_from_string(iothread, pairs, &errmsg) == -EPERM);
    child_require(errmsg && strstr(errmsg, "sched-policy: 'rr'"));
    free(errmsg);
    child_require(sched_getaffinity(tid, sizeof(after), &after) == 0 && CPU_EQUAL(&before, &after));
    child_require(reads(iothread, "poll-grow", "0") && reads(iothread, "cpu-affinity", ""));
    child_require(reads(iothread, "sched-policy", "inherit"));
    lariat_iothread_destroy(iothread);
    return 0;
}

START_TEST(refused_later_it_takes_back_the_affinity_set_with_it)
{
    if (tests_run_with("poll") || tests_run_with("nopoll"))
        test_skip("another poll-grow");
    must_succeed_in_child(ask_for_real_time_later, NULL);
}
END_TEST

static int come_back_from_idle(void *opaque)
{
    (void)opaque;
    struct lariat_iothread *iothread = NULL;
    char *errmsg = NULL;
    give_up_the_right_to_schedule();
    child_require(lariat_iothread_new_from_string("id=io0,sched-policy=idle", &iothread, NULL) == 0);
    const int rc = lariat_iothread_set(iothread, "sched-policy", "other", &errmsg);
    child_require(rc == 0 || (rc == -EPERM && strstr(errmsg, "RLIMIT_NICE") && reads(iothread, "sched-policy", "idle")));
    child_require(sched_getscheduler(lariat_iothread_tid(iothread)) == (rc == 0 ? SCHED_OTHER : SCHED_IDLE));
    free(errmsg);
    lariat_iothread_destroy(iothread);
    return 0;
}

START_TEST(there_is_no_way_back_from_idle_without_the_right)
{
    must_succeed_in_child(come_back_from_idle, NULL);
}
END_TEST

/* Misuse */

static void make_from_null(void *opaque)
{
    struct lariat_iothread *iothread;
    child_require(lariat_iothread_new_from_string(opaque, &iothread, NULL) == 0);
}

static void make_to_null(void *opaque)
{
    (void)opaque;
    child_require(lariat_iothread_new_from_string("id=io0", NULL, NULL) == 0);
}

START_TEST(null_aborts)
{
    must_abort(make_from_null, NULL, "lariat_iothread_new_from_string", "spec");
    must_abort(make_to_null, NULL, "lariat_iothread_new_from_string", "out");
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *tc = case_of(suite, "taken");
    tcase_add_loop_test(tc, each_property_may_be_given, 0, N_GIVEN);
    tcase_add_test(tc, what_is_not_given_is_the_default);
    tcase_add_test(tc, what_the_options_say_is_read_as_properties);

    tc = case_of(suite, "in force");
    tcase_add_test(tc, poll_parameters_given_are_those_of_its_loop);
    tcase_add_test(tc, queues_given_are_those_of_its_ring);
    tcase_add_test(tc, an_sq_thread_is_had_on_demand);
    tcase_add_loop_test(tc, an_sq_thread_runs_on_the_cpu_given, 0, 2);
    tcase_add_test(tc, a_cpu_given_is_the_one_that_the_thread_runs_on);
    tcase_add_test(tc, a_scheduling_policy_given_is_that_of_the_thread);
    tcase_add_test(tc, a_batch_given_is_the_longest_submission);
    tcase_add_loop_test(tc, completion_batching_given_is_that_of_its_loop, 0, 2);

    tc = case_of(suite, "refused");
    tcase_add_loop_test(tc, what_is_refused_is_said_and_leaves_nothing, 0, N_REFUSED);
    tcase_add_loop_test(tc, a_policy_that_is_not_built_is_refused_by_name, 0, 2);
    tcase_add_test(tc, a_taken_id_is_refused_and_an_internal_one_takes_none);

    tc = case_of(suite, "rights");
    tcase_add_test(tc, a_refused_ring_is_explained);
    tcase_add_test(tc, real_time_scheduling_without_the_right_is_eperm_and_leaves_nothing);
    tcase_add_test(tc, refused_later_it_takes_back_the_affinity_set_with_it);
    tcase_add_test(tc, there_is_no_way_back_from_idle_without_the_right);

    tc = case_of(suite, "misuse");
    tcase_add_test(tc, null_aborts);
}

int main(void)
{
    return suite_main("iothread_text", add_tests);
}
