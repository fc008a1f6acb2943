/* SPDX-License-Identifier: MIT */
/*
 * The way of a loop to its sleep, and to its end, one machine instruction at a time: before each of them a BH is scheduled, in
 * one run of the way, by a signal handler or as another thread would. The loop must not sleep on it, nor end without having run
 * it. What needs luck elsewhere is certain here, because it is the CPU that interrupts after each instruction (the trap flag
 * of x86-64).
 */
#include <errno.h>

#include "loop.h"
#include "support.h"

#ifdef __x86_64__

#include <ucontext.h>

#define TRAP_FLAG 0x100

enum who { A_SIGNAL_HANDLER, ANOTHER_THREAD };

static struct {
    struct lariat_loop *loop;
    struct lariat_bh *bh;
    enum who who;
    int n_steps, wanted; /* so far, and before which one to schedule */
    bool scheduled, at_syscall;
    int rc; /* of the schedule */
} stepping;

/* Skips what a function may keep below the stack pointer. */
static inline void set_trap_flag(void)
{
    __asm__ volatile("leaq -128(%%rsp), %%rsp; pushfq; orq $0x100, (%%rsp); popfq; leaq 128(%%rsp), %%rsp" ::: "memory", "cc");
}

static inline void clear_trap_flag(void)
{
    __asm__ volatile("leaq -128(%%rsp), %%rsp; pushfq; andq $~0x100, (%%rsp); popfq; leaq 128(%%rsp), %%rsp" ::: "memory", "cc");
}

static void schedule_as_wanted(void)
{
    const uint64_t number = thread_number;
    if (stepping.who == ANOTHER_THREAD) {
        thread_number = UINT64_MAX;
    }
    stepping.rc = lariat_bh_schedule(stepping.bh);
    thread_number = number;
    stepping.scheduled = true;
}

static void before_an_instruction(int sig, siginfo_t *info, void *context)
{
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    const unsigned char *next = (const unsigned char *)(uintptr_t)registers[REG_RIP];
    (void)sig, (void)info;
    stepping.at_syscall = next[0] == 0x0f && next[1] == 0x05; /* the sleep: there is no later moment */
    if (++stepping.n_steps == stepping.wanted || stepping.at_syscall) {
        schedule_as_wanted();
        registers[REG_EFL] &= ~(greg_t)TRAP_FLAG;
    }
}

static void catch_traps(enum who who)
{
    struct sigaction action;
    memset(&action, 0, sizeof(action));
    action.sa_sigaction = before_an_instruction;
    action.sa_flags = SA_SIGINFO;
    ck_assert_int_eq(sigaction(SIGTRAP, &action, NULL), 0);
    stepping.who = who;
}

/* Call fn with the loop, and schedule before instruction `step` of it, or before its first system call. */
static int call_in_steps(int step, int (*fn)(struct lariat_loop *loop))
{
    stepping.n_steps = 0;
    stepping.wanted = step;
    stepping.scheduled = stepping.at_syscall = false;
    set_trap_flag();
    int ret = fn(stepping.loop);
    clear_trap_flag();
    return ret;
}

static int poll_and_sleep(struct lariat_loop *loop)
{
    return lariat_loop_poll(loop, true);
}

/* One way to sleep. Whether the BH ran before a timer that is far off. */
static bool wakes_if_scheduled_at(int step, int *ran)
{
    struct lariat_timer timer;
    int fired = 0;
    *ran = 0;
    lariat_timer_init(&timer, stepping.loop, count_up, &fired);
    lariat_timer_set_ns(&timer, lariat_now_ns() + INT64_C(5000000000));
    ck_assert_int_ge(call_in_steps(step, poll_and_sleep), 0);
    ck_assert(stepping.scheduled);
    ck_assert_int_eq(stepping.rc, 0);
    while (*ran == 0 && fired == 0) {
        ck_assert_int_ge(lariat_loop_poll(stepping.loop, true), 0);
    }
    lariat_timer_cancel(&timer);
    return fired == 0;
}

static bool can_step(void)
{
    return !tests_run_under_valgrind() && !tests_run_under_tsan();
}

START_TEST(a_bh_scheduled_before_any_instruction_of_the_way_to_sleep_runs)
{
    if (!can_step())
        test_skip("valgrind and TSan do not deliver a signal after each instruction");
    int ran, step = 0;
    stepping.loop = loop_with_window_or_fail(0);
    stepping.bh = bh_or_fail(stepping.loop, count_up, &ran);
    catch_traps((enum who)_i);
    do {
        poll_until_quiet(stepping.loop);
        step++;
        ck_assert_msg(wakes_if_scheduled_at(step, &ran), "slept on a BH scheduled before instruction %d", step);
    } while (!stepping.at_syscall);
    ck_assert_int_gt(step, 20);
    lariat_bh_delete(stepping.bh);
    loop_done(stepping.loop);
}
END_TEST

START_TEST(a_bh_scheduled_before_any_instruction_of_a_close_runs_or_is_refused)
{
    if (!can_step())
        test_skip("valgrind and TSan do not deliver a signal after each instruction");
    int step = 0, n_refused = 0, n_accepted = 0;
    catch_traps((enum who)_i);
    do {
        int ran = 0;
        stepping.loop = loop_with_window_or_fail(0);
        stepping.bh = bh_or_fail(stepping.loop, count_up, &ran);
        step++;
        ck_assert_int_eq(call_in_steps(step, lariat_loop_close), 0);
        ck_assert(stepping.scheduled);
        ck_assert_msg(stepping.rc == (ran ? 0 : -ESHUTDOWN), "instruction %d: %d, and it ran %d times", step, stepping.rc, ran);
        n_accepted += ran;
        n_refused += !ran;
        lariat_bh_delete(stepping.bh);
        lariat_loop_unref(stepping.loop);
    } while (!stepping.at_syscall);
    ck_assert_int_gt(n_accepted, 10);
    ck_assert_int_gt(n_refused, 10);
}
END_TEST

#else

START_TEST(a_bh_scheduled_before_any_instruction_of_the_way_to_sleep_runs)
{
    (void)_i;
    test_skip("only x86-64 has the trap flag");
}
END_TEST

START_TEST(a_bh_scheduled_before_any_instruction_of_a_close_runs_or_is_refused)
{
    (void)_i;
    test_skip("only x86-64 has the trap flag");
}
END_TEST

#endif

static void add(Suite *suite)
{
    TCase *tc = case_of(suite, "steps");
    tcase_add_loop_test(tc, a_bh_scheduled_before_any_instruction_of_the_way_to_sleep_runs, 0, 2);
    tcase_add_loop_test(tc, a_bh_scheduled_before_any_instruction_of_a_close_runs_or_is_refused, 0, 2);
}

int main(void)
{
    return suite_main("notify steps", add);
}
