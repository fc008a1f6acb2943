/* SPDX-License-Identifier: MIT */
/* The policy auto in a loop: what it measures, and when it puts spinning off. CPUs and switches are answered at the seam. */
#include <lariat/poller.h>

#include "support.h"

#include "loop.h"
#include "seam_real.h"

#define NS_PER_US INT64_C(1000)
#define NS_PER_MS INT64_C(1000000)

static struct seam *answers;
static _Thread_local bool is_other;
static int cpu_of_others, n_asked_for_cpu;
static int64_t n_switches, gap_ns;
static int reads_to_gap;

static int cpu_by_thread(void)
{
    __atomic_add_fetch(&n_asked_for_cpu, 1, __ATOMIC_RELAXED);
    return is_other ? cpu_of_others : 0;
}

static int64_t switches_so_far(void)
{
    return n_switches;
}

static unsigned no_cpus(void)
{
    return 0;
}

static unsigned many_cpus(void)
{
    return 1000;
}

/* At one read the clock has leapt, and stands still from there on: however long this machine takes to go on, it is no later. */
static int64_t leaping_clock(void)
{
    static int64_t stands_at;
    if (--reads_to_gap > 0)
        return seam_real.now_ns();
    if (reads_to_gap == 0)
        stands_at = seam_real.now_ns() + gap_ns;
    return stands_at;
}

static struct lariat_loop *auto_loop_or_fail(int64_t price, int64_t budget)
{
    struct lariat_loop *loop = loop_with_window_or_fail(0);
    struct lariat_poll_params params;
    lariat_poll_params_init(&params, LARIAT_POLL_AUTO);
    params.price = price;
    params.cpu_budget = budget;
    answers = seam_answers_anew();
    answers->current_cpu = cpu_by_thread;
    answers->involuntary_switches = switches_so_far;
    answers->cpu_share = many_cpus;
    ck_assert_int_eq(lariat_loop_set_poll_params(loop, &params), 0);
    poll_until_quiet(loop);
    return loop;
}

static void auto_loop_done(struct lariat_loop *loop)
{
    loop_done(loop);
    answers = seam_answers_anew();
}

static void wait_by_timer(struct lariat_loop *loop, int64_t ns)
{
    struct lariat_timer timer;
    int fired = 0;
    lariat_timer_init(&timer, loop, count_up, &fired);
    lariat_timer_set_ns(&timer, lariat_now_ns() + ns);
    poll_until(loop, &fired, 1);
}

struct sender {
    struct lariat_loop *loop;
    atomic_int received;
    int n;
};

/* Each message when the loop sleeps, and has for a while. */
static void *send_to_sleeper(void *opaque)
{
    struct sender *sender = opaque;
    is_other = true;
    for (int i = 1; i <= sender->n; i++) {
        const int64_t end_ns = seam_real.now_ns() + 2000 * NS_PER_MS;
        while (!(atomic_load(&sender->loop->notify.me) & NOTIFY_ASLEEP) && seam_real.now_ns() < end_ns)
            ;
        lariat_bh_schedule_oneshot(sender->loop, count_up_atomic, &sender->received);
        if (!waited_for(&sender->received, i))
            return NULL;
    }
    return NULL;
}

static void receive(struct lariat_loop *loop, int n)
{
    struct sender sender = { .loop = loop, .n = n };
    pthread_t thread = thread_or_fail(send_to_sleeper, &sender);
    while (atomic_load(&sender.received) < n) {
        ck_assert_int_ge(lariat_loop_poll(loop, true), 0);
    }
    join_or_fail(thread);
}

/* Measuring */

START_TEST(a_wake_up_by_another_thread_is_measured)
{
    struct lariat_loop *loop = auto_loop_or_fail(100, 0);
    cpu_of_others = 1;
    receive(loop, 40);
    const struct lariat_loop_stats stats = stats_of(loop);
    ck_assert_uint_gt(stats.wake_notify_ns, 0);
    ck_assert_uint_gt(stats.sleep_cpu_ns, 0);
    ck_assert_uint_eq(stats.wakes_same_cpu, 0);
    ck_assert_uint_gt(stats.penalty_ns, 0);
    ck_assert_uint_ne(stats.penalty_ns, 25000);
    auto_loop_done(loop);
}
END_TEST

START_TEST(lateness_after_a_deadline_is_measured)
{
    struct lariat_loop *loop = auto_loop_or_fail(100, 0);
    for (int i = 0; i < 20; i++) {
        wait_by_timer(loop, NS_PER_MS);
    }
    ck_assert_uint_gt(stats_of(loop).wake_timer_ns, 0);
    ck_assert_uint_eq(stats_of(loop).wake_notify_ns, 0);
    auto_loop_done(loop);
}
END_TEST

START_TEST(a_wait_on_trial_sleeps_though_the_window_is_open)
{
    struct lariat_loop *loop = auto_loop_or_fail(25, 0);
    for (int i = 0; i < 40; i++) {
        loop->waits.trial_in_ns = i % 2 == 0 ? 1 : 0;
        const uint64_t sleeps = stats_of(loop).sleeps;
        wait_by_timer(loop, 20 * NS_PER_US);
        ck_assert(i % 2 == 0 || loop->waits.window_ns == 0 || stats_of(loop).sleeps > sleeps);
        ck_assert_int_gt(loop->waits.trial_in_ns, -20 * NS_PER_MS);
    }
    ck_assert_uint_gt(loop->waits.trial.n, 0);
    auto_loop_done(loop);
}
END_TEST

START_TEST(nobody_else_pays_for_the_measuring)
{
    struct lariat_loop *loop = auto_loop_or_fail(100, 0);
    const struct lariat_poll_params params = classic_params(32768);
    ck_assert_int_eq(lariat_loop_set_poll_params(loop, &params), 0);
    poll_until_quiet(loop);
    n_asked_for_cpu = 0;
    receive(loop, 10);
    ck_assert_int_eq(n_asked_for_cpu, 0);
    ck_assert_uint_eq(stats_of(loop).penalty_ns, 0);
    auto_loop_done(loop);
}
END_TEST

static bool ready_at_0(void *opaque)
{
    return --*(int *)opaque <= 0;
}

START_TEST(a_poller_that_is_ready_ends_a_spin)
{
    struct lariat_loop *loop = auto_loop_or_fail(25, 0);
    struct lariat_poller *poller;
    int looks = 20;
    ck_assert_int_eq(lariat_poller_new(loop, ready_at_0, do_nothing, &looks, &poller), 0);
    gap_ns = 0;
    reads_to_gap = 1; /* from there on it stands: no spin is over because this machine is slow */
    answers->now_ns = leaping_clock;
    ck_assert_int_eq(lariat_loop_poll(loop, true), 1);
    const struct lariat_loop_stats stats = stats_of(loop);
    ck_assert_uint_eq(stats.spins_hit, 1);
    ck_assert_uint_eq(stats.sleeps, 0);
    lariat_poller_delete(poller);
    auto_loop_done(loop);
}
END_TEST

/* Putting it off */

START_TEST(a_loop_woken_by_a_thread_on_its_cpu_does_not_spin)
{
    struct lariat_loop *loop = auto_loop_or_fail(25, 0);
    cpu_of_others = 0;
    receive(loop, 2);
    ck_assert_uint_ge(stats_of(loop).wakes_same_cpu, 1);
    loop->waits.hold_ns = 1000 * NS_PER_MS; /* so that a slow machine does not end it */
    loop->waits.hold_until_ns = lariat_now_ns() + loop->waits.hold_ns;
    const struct poll_auto learnt = loop->poll.automatic;
    const uint64_t spins = stats_of(loop).spins;
    loop->window_ns = 0;
    receive(loop, 40);
    ck_assert_uint_eq(stats_of(loop).spins, spins);
    ck_assert_uint_eq(stats_of(loop).window_ns, 0);
    ck_assert_mem_eq(&loop->poll.automatic, &learnt, sizeof(learnt));
    auto_loop_done(loop);
}
END_TEST

START_TEST(a_time_put_off_ends_and_spinning_goes_on)
{
    struct lariat_loop *loop = auto_loop_or_fail(25, 0);
    loop->waits.hold_ns = 10 * NS_PER_MS;
    loop->waits.hold_until_ns = lariat_now_ns() + loop->waits.hold_ns;
    loop->window_ns = 0;
    const uint64_t spins = stats_of(loop).spins;
    wait_by_timer(loop, 50 * NS_PER_US);
    wait_by_timer(loop, 12 * NS_PER_MS);
    for (int i = 0; i < 100; i++) {
        wait_by_timer(loop, 50 * NS_PER_US);
    }
    ck_assert_uint_gt(stats_of(loop).spins, spins);
    auto_loop_done(loop);
}
END_TEST

START_TEST(where_more_spin_than_there_are_cpus_a_spin_is_given_up)
{
    struct lariat_loop *loop = auto_loop_or_fail(25, 0);
    answers->cpu_share = no_cpus;
    wait_by_timer(loop, 20 * NS_PER_MS); /* long enough to be waited for on a slow machine */
    const struct lariat_loop_stats stats = stats_of(loop);
    ck_assert_uint_eq(stats.spins_crowded, 1);
    ck_assert_int_ge(loop->waits.hold_ns, 10 * NS_PER_MS);
    auto_loop_done(loop);
}
END_TEST

/* A read of the clock from now on is 1 ms late, and somebody else ran then, or nobody did. */
static struct lariat_loop_stats spin_with_gap(struct lariat_loop *loop, bool switched)
{
    struct lariat_timer timer;
    int fired = 0;
    lariat_timer_init(&timer, loop, count_up, &fired);
    lariat_timer_set_ns(&timer, lariat_now_ns() + 5 * NS_PER_MS);
    gap_ns = NS_PER_MS;
    reads_to_gap = 8;
    n_switches += switched;
    answers->now_ns = leaping_clock;
    ck_assert_int_ge(lariat_loop_poll(loop, true), 0);
    const struct lariat_loop_stats stats = stats_of(loop);
    answers->now_ns = seam_real.now_ns;
    poll_until(loop, &fired, 1);
    return stats;
}

START_TEST(a_spin_cut_off_by_another_thread_puts_spinning_off)
{
    struct lariat_loop *loop = auto_loop_or_fail(25, 0);
    const struct lariat_loop_stats stats = spin_with_gap(loop, true);
    ck_assert_uint_ge(stats.spins_preempted, 1);
    ck_assert_uint_eq(stats.window_ns, 0);
    auto_loop_done(loop);
}
END_TEST

START_TEST(where_spins_gained_more_they_go_on)
{
    struct lariat_loop *loop = auto_loop_or_fail(25, 0);
    loop->waits.gained_ns = 3600 * 1000 * NS_PER_MS;
    const struct lariat_loop_stats stats = spin_with_gap(loop, true);
    ck_assert_uint_ge(stats.spins_preempted, 1);
    ck_assert_int_eq(loop->waits.hold_ns, 0);
    auto_loop_done(loop);
}
END_TEST

START_TEST(a_machine_that_stood_still_is_no_reason)
{
    struct lariat_loop *loop = auto_loop_or_fail(25, 0);
    const struct lariat_loop_stats stats = spin_with_gap(loop, false);
    ck_assert_uint_eq(stats.spins_preempted, 0);
    ck_assert_uint_ge(stats.spins, 1);
    auto_loop_done(loop);
}
END_TEST

START_TEST(no_more_is_spun_than_the_budget_allows)
{
    struct lariat_loop *loop = auto_loop_or_fail(25, 2);
    const int64_t begin_ns = lariat_now_ns();
    while (lariat_now_ns() < begin_ns + 400 * NS_PER_MS) {
        wait_by_timer(loop, 60 * NS_PER_US);
    }
    const struct lariat_loop_stats stats = stats_of(loop);
    const uint64_t passed_ns = (uint64_t)(lariat_now_ns() - begin_ns);
    ck_assert_uint_gt(stats.spins_unpaid, 0);
    ck_assert_uint_gt(stats.spin_ns, 0);
    /* 2 percent, and one spin too long, which a preemption may make longer still */
    ck_assert_uint_le(stats.spin_ns, passed_ns / 50 + (uint64_t)(20 * NS_PER_MS));
    auto_loop_done(loop);
}
END_TEST

/* A clock that goes back an hour does not put spinning off for that long. */
START_TEST(a_clock_that_went_back_does_not_put_it_off_for_ever)
{
    struct lariat_loop *loop = auto_loop_or_fail(25, 0);
    loop->waits.hold_ns = 10 * NS_PER_MS;
    loop->waits.hold_until_ns = lariat_now_ns() + 3600 * 1000 * NS_PER_MS;
    wait_by_timer(loop, 20 * NS_PER_MS);
    ck_assert_int_le(loop->waits.hold_until_ns, lariat_now_ns());
    auto_loop_done(loop);
}
END_TEST

/* What the process may keep busy */

static const struct {
    const char *text;
    bool known;
    unsigned cpus;
} quotas[] = {
    { "max 100000", false, 0 },  { "-1 100000", false, 0 }, { "", false, 0 },          { " ", false, 0 },
    { "200000 0", false, 0 },    { "50000 100000", true, 0 }, { "100000 100000", true, 1 }, { "350000 100000", true, 3 },
    { "9223372036854775807 1", true, INT32_MAX },
};

START_TEST(quotas_are_read_as_whole_cpus)
{
    unsigned cpus = 77;
    ck_assert_int_eq(cpu_share_parse(quotas[_i].text, &cpus), quotas[_i].known);
    if (quotas[_i].known)
        ck_assert_uint_eq(cpus, quotas[_i].cpus);
}
END_TEST

START_TEST(a_group_is_bound_by_those_above_it)
{
    char path[] = "/a/bc";
    ck_assert(cpu_share_up(path));
    ck_assert_str_eq(path, "/a");
    ck_assert(cpu_share_up(path));
    ck_assert_str_eq(path, "/");
    ck_assert(!cpu_share_up(path));
    ck_assert_uint_le(cpu_share(), (unsigned)sysconf(_SC_NPROCESSORS_CONF));
    ck_assert_uint_eq(cpu_share(), cpu_share());
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *tc = case_of(suite, "measuring");
    tcase_add_test(tc, a_wake_up_by_another_thread_is_measured);
    tcase_add_test(tc, lateness_after_a_deadline_is_measured);
    tcase_add_test(tc, a_wait_on_trial_sleeps_though_the_window_is_open);
    tcase_add_test(tc, nobody_else_pays_for_the_measuring);
    tcase_add_test(tc, a_poller_that_is_ready_ends_a_spin);

    tc = case_of(suite, "putting it off");
    tcase_add_test(tc, a_loop_woken_by_a_thread_on_its_cpu_does_not_spin);
    tcase_add_test(tc, a_time_put_off_ends_and_spinning_goes_on);
    tcase_add_test(tc, where_more_spin_than_there_are_cpus_a_spin_is_given_up);
    tcase_add_test(tc, a_spin_cut_off_by_another_thread_puts_spinning_off);
    tcase_add_test(tc, where_spins_gained_more_they_go_on);
    tcase_add_test(tc, a_machine_that_stood_still_is_no_reason);
    tcase_add_test(tc, no_more_is_spun_than_the_budget_allows);
    tcase_add_test(tc, a_clock_that_went_back_does_not_put_it_off_for_ever);

    tc = case_of(suite, "CPUs");
    tcase_add_loop_test(tc, quotas_are_read_as_whole_cpus, 0, (int)(sizeof(quotas) / sizeof(quotas[0])));
    tcase_add_test(tc, a_group_is_bound_by_those_above_it);
}

int main(void)
{
    return suite_main("wait_auto", add_tests);
}
