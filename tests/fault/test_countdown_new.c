/* SPDX-License-Identifier: MIT */
/*
 * Constructors of loops, BHs and iothreads under count-down injection (rows 3, 51 and 59 of the list of faults): each step of
 * each of them fails, once and for ever. Either the step is not needed and the object works, or there is no object, and
 * nothing else either.
 */
#include <sched.h>

#include "countdown.h"
#include "fork.h"

#define LOOP_TOLD (INJECT_MEMORY | INJECT_EVENTFD | INJECT_RING_SETUP | INJECT_REGISTER | INJECT_DONTFORK)
#define LOOP_BORNE (INJECT_ENTER | INJECT_REGISTER_FD | INJECT_REGISTER) /* limits of workers are not needed */

static int make_loop(struct stage *stage, const struct lariat_loop_options *opts)
{
    inject_on();
    const int rc = lariat_loop_new(opts, &stage->own);
    inject_off();
    return rc;
}

static int make_default_loop(struct stage *stage)
{
    return make_loop(stage, NULL);
}

/* As in a process that never had one. */
static int make_first_loop(struct stage *stage)
{
    if (fork_generation_page)
        munmap(fork_generation_page, (size_t)sysconf(_SC_PAGESIZE));
    fork_generation_page = NULL;
    const int rc = make_loop(stage, NULL);
    if (!fork_generation_page) /* the next one is to find as much as this one found */
        (void)fork_generation();
    return rc;
}

static int make_loop_with_options(struct stage *stage)
{
    const struct lariat_poll_params params = classic_params(1000);
    struct lariat_loop_options opts = LARIAT_LOOP_OPTIONS_INIT;
    opts.name = "with options";
    opts.sq_entries = 4;
    opts.cq_entries = 64;
    opts.poll = &params;
    const int rc = make_loop(stage, &opts);
    require_that(rc != 0 || strcmp(lariat_loop_name(stage->own), opts.name) == 0);
    require_that(rc != 0 || stats_of(stage->own).cq_entries == 64);
    return rc;
}

static int make_loop_to_embed(struct stage *stage)
{
    struct lariat_loop_options opts = LARIAT_LOOP_OPTIONS_INIT;
    opts.flags = LARIAT_LOOP_EMBED;
    const int rc = make_loop(stage, &opts);
    require_that(rc != 0 || lariat_loop_fd(stage->own) >= 0);
    return rc;
}

static int make_sqpoll_loop(struct stage *stage)
{
    struct lariat_loop_options opts = LARIAT_LOOP_OPTIONS_INIT;
    opts.flags = LARIAT_LOOP_SQPOLL | LARIAT_LOOP_SQPOLL_CPU;
    opts.sq_entries = 8;
    return make_loop(stage, &opts);
}

static int make_bh(struct stage *stage)
{
    struct lariat_bh *bh = NULL;
    int runs = 0;
    inject_on();
    const int rc = lariat_bh_new(stage->own, "new", count_up, &runs, &bh);
    inject_off();
    require_that((rc == 0) == (bh != NULL));
    if (!bh)
        return rc;
    require_that(lariat_bh_schedule(bh) == 0);
    poll_for(stage->own, &runs, 1);
    lariat_bh_delete(bh);
    return rc;
}

static int make_iothread(struct stage *stage, const struct lariat_iothread_options *opts)
{
    inject_on();
    const int rc = lariat_iothread_new("io0", opts, &stage->iothread);
    inject_off();
    return rc;
}

static int make_default_iothread(struct stage *stage)
{
    return make_iothread(stage, NULL);
}

static int make_iothread_on_cpu(struct stage *stage)
{
    struct lariat_iothread_options opts = LARIAT_IOTHREAD_OPTIONS_INIT;
    char list[16];
    cpu_set_t cpus;
    int cpu = 0;
    require_that(sched_getaffinity(0, sizeof(cpus), &cpus) == 0);
    while (!CPU_ISSET((size_t)cpu, &cpus))
        cpu++;
    snprintf(list, sizeof(list), "%d", cpu);
    opts.cpu_affinity = list;
    return make_iothread(stage, &opts);
}

static int make_iothread_with_loop_options(struct stage *stage)
{
    struct lariat_loop_options loop_opts = LARIAT_LOOP_OPTIONS_INIT;
    struct lariat_iothread_options opts = LARIAT_IOTHREAD_OPTIONS_INIT;
    loop_opts.flags = LARIAT_LOOP_EMBED;
    loop_opts.sq_entries = 8;
    opts.loop = &loop_opts;
    return make_iothread(stage, &opts);
}

static const struct scenario constructors[] = {
    { "loop_new", make_default_loop, STAGE_EMPTY, LOOP_TOLD, LOOP_BORNE, 0 },
    { "loop_new, the first of a process", make_first_loop, STAGE_EMPTY, LOOP_TOLD, LOOP_BORNE, 0 },
    { "loop_new with options", make_loop_with_options, STAGE_EMPTY, LOOP_TOLD, LOOP_BORNE, 0 },
    { "loop_new, EMBED", make_loop_to_embed, STAGE_EMPTY, LOOP_TOLD, LOOP_BORNE, 0 },
    { "loop_new, SQPOLL", make_sqpoll_loop, STAGE_EMPTY, LOOP_TOLD, LOOP_BORNE, 0 },
    { "bh_new", make_bh, STAGE_LOOP, INJECT_MEMORY, 0, 0 },
    { "iothread_new", make_default_iothread, STAGE_EMPTY, LOOP_TOLD | INJECT_THREAD, LOOP_BORNE, 0 },
    { "iothread_new with affinity", make_iothread_on_cpu, STAGE_EMPTY, LOOP_TOLD | INJECT_THREAD, LOOP_BORNE, 0 },
    { "iothread_new with a loop's options", make_iothread_with_loop_options, STAGE_EMPTY, LOOP_TOLD | INJECT_THREAD,
      LOOP_BORNE, 0 },
};
enum { N_CONSTRUCTORS = sizeof(constructors) / sizeof(constructors[0]) };

START_TEST(a_constructor_whose_nth_step_fails_says_why_and_leaves_nothing)
{
    countdown(&constructors[_i]);
}
END_TEST

/* What else a ring can be refused with. Those for which smaller queues or fewer flags are tried only come back if they stay. */
static const struct inject_plan refusals[] = {
    { "ring: EPERM", INJECT_RING_SETUP, EPERM, false },
    { "ring: ENOSYS", INJECT_RING_SETUP, ENOSYS, false },
    { "eventfd: ENOMEM", INJECT_EVENTFD, ENOMEM, false },
    { "eventfd: ENODEV", INJECT_EVENTFD, ENODEV, false },
    { "registering: EPERM", INJECT_REGISTER, EPERM, false },
};
static const struct inject_plan tried_again[] = {
    { "ring: ENOMEM", INJECT_RING_SETUP, ENOMEM, false },
    { "ring: EINVAL", INJECT_RING_SETUP, EINVAL, false },
};
enum { N_REFUSALS = sizeof(refusals) / sizeof(refusals[0]), N_TRIED_AGAIN = sizeof(tried_again) / sizeof(tried_again[0]) };

START_TEST(each_refusal_of_the_kernel_comes_back_as_it_is)
{
    for (int i = 0; i < N_CONSTRUCTORS; i++)
        if (constructors[i].told & refusals[_i].sources)
            countdown_plan(&constructors[i], &refusals[_i]);
}
END_TEST

START_TEST(a_ring_that_is_refused_only_once_is_had_smaller_or_plainer)
{
    for (int i = 0; i < N_CONSTRUCTORS; i++) {
        struct scenario scenario = constructors[i];
        if (!(scenario.told & INJECT_RING_SETUP))
            continue;
        scenario.told &= ~INJECT_RING_SETUP;
        scenario.borne |= INJECT_RING_SETUP;
        countdown_once(&scenario, &tried_again[_i]);
        scenario.told |= INJECT_RING_SETUP; /* for ever, it comes back */
        countdown_plan(&scenario, &tried_again[_i]);
    }
}
END_TEST

/* The library waits for memory that is given back late, and tells when it gives up. */
START_TEST(a_ring_refused_for_ever_is_waited_for_no_longer_than_four_times)
{
    const struct inject_plan plan = { "ring: ENOMEM", INJECT_RING_SETUP, ENOMEM, true };
    struct lariat_loop *loop_refused = NULL;
    inject_install();
    inject_arm(&plan, 1);
    inject_on();
    ck_assert_int_eq(lariat_loop_new(NULL, &loop_refused), -ENOMEM);
    inject_off();
    ck_assert_int_eq(inject_sleeps(), 4);
    ck_assert_ptr_null(loop_refused);
}
END_TEST

static void add(Suite *suite)
{
    TCase *tc = case_of(suite, "constructors");
    tcase_add_loop_test(tc, a_constructor_whose_nth_step_fails_says_why_and_leaves_nothing, 0, N_CONSTRUCTORS);
    tcase_add_loop_test(tc, each_refusal_of_the_kernel_comes_back_as_it_is, 0, N_REFUSALS);
    tcase_add_loop_test(tc, a_ring_that_is_refused_only_once_is_had_smaller_or_plainer, 0, N_TRIED_AGAIN);
    tcase_add_test(tc, a_ring_refused_for_ever_is_waited_for_no_longer_than_four_times);
}

int main(void)
{
    return suite_main("countdown: constructors", add);
}
