/* SPDX-License-Identifier: MIT */
/* Loops and iothreads across fork, exec and exit. */
#include "support.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <lariat/handler.h>

/* What the parent made, for the child to find. */
struct made {
    struct lariat_loop *loop;
    struct lariat_bh *idle_bh;
    struct lariat_bh *pending_bh;
    struct lariat_iothread *iothread;
    struct counted_op op;
    int runs;
};

static void make_all(struct made *made)
{
    struct lariat_loop_options opts = LARIAT_LOOP_OPTIONS_INIT;
    opts.name = "inherited";
    opts.flags = LARIAT_LOOP_EMBED;
    memset(made, 0, sizeof(*made));
    made->loop = loop_with_options_or_fail(&opts);
    made->idle_bh = bh_or_fail(made->loop, count_up, &made->runs);
    made->pending_bh = bh_or_fail(made->loop, count_up, &made->runs);
    made->iothread = iothread_or_fail("inherited");
    counted_op_init(&made->op);
}

static void unmake_all(struct made *made)
{
    lariat_bh_delete(made->idle_bh);
    lariat_bh_delete(made->pending_bh);
    lariat_iothread_destroy(made->iothread);
    loop_done(made->loop);
}

/* All of it still works. */
static void must_work(struct made *made)
{
    const int runs = made->runs;
    int called = 0;
    lariat_bh_schedule(made->idle_bh);
    poll_until(made->loop, &made->runs, runs + 1);
    lariat_nop(made->loop, &made->op.op);
    poll_until(made->loop, &made->op.done, made->op.done + 1);
    call_or_fail(lariat_iothread_loop(made->iothread), count_up, &called);
    ck_assert_int_eq(called, 1);
}

/* fork */

static int give_back_memory_only(void *opaque)
{
    struct made *made = opaque;
    lariat_bh_delete(made->idle_bh);
    lariat_bh_delete(made->pending_bh);
    lariat_iothread_destroy(made->iothread);
    lariat_loop_unref(made->loop);
    child_require(made->runs == 0); /* nothing ran here */
    return 0;
}

START_TEST(a_child_may_give_back_what_the_parent_made_and_the_parent_goes_on)
{
    struct made made;
    make_all(&made);
    ck_assert_int_eq(lariat_bh_schedule(made.pending_bh), 0);

    must_succeed_in_child(give_back_memory_only, &made);
    ck_assert_int_eq(lariat_loop_poll(made.loop, true), 1);
    ck_assert_int_eq(made.runs, 1);
    must_work(&made);

    unmake_all(&made);
}
END_TEST

struct timers_made {
    struct lariat_loop *loop;
    struct lariat_timer *timers; /* on a page of their own */
    size_t bytes;
};

static int give_back_timers_first(void *opaque)
{
    struct timers_made *made = opaque;
    child_require(munmap(made->timers, made->bytes) == 0);
    lariat_loop_unref(made->loop);
    return 0;
}

/* In a child timers cannot be cancelled, so their memory may be gone while they are still armed. */
START_TEST(a_child_may_free_armed_timers_before_their_loop)
{
    struct timers_made made = { .loop = loop_or_fail(), .bytes = 1 << 16 };
    int fired = 0;
    made.timers = mmap(NULL, made.bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(made.timers, MAP_FAILED);
    for (int i = 0; i < 100; i++) {
        lariat_timer_init(&made.timers[i], made.loop, count_up, &fired);
        lariat_timer_set_ns(&made.timers[i], lariat_now_ns() + 1000000);
    }

    must_succeed_in_child(give_back_timers_first, &made);
    poll_until(made.loop, &fired, 100);

    loop_done(made.loop);
    munmap(made.timers, made.bytes);
}
END_TEST

static int do_nothing_in_child(void *opaque)
{
    (void)opaque;
    return 0;
}

START_TEST(a_child_that_does_nothing_disturbs_nothing)
{
    struct made made;
    make_all(&made);

    for (int i = 0; i < 10; i++) {
        must_succeed_in_child(do_nothing_in_child, NULL);
        must_work(&made);
    }

    unmake_all(&made);
}
END_TEST

static void use_poll(void *opaque)
{
    lariat_loop_poll(((struct made *)opaque)->loop, false);
}
static void use_close(void *opaque)
{
    lariat_loop_close(((struct made *)opaque)->loop);
}
static void use_ref(void *opaque)
{
    lariat_loop_ref(((struct made *)opaque)->loop);
}
static void use_notify(void *opaque)
{
    lariat_loop_notify(((struct made *)opaque)->loop);
}
static void use_call(void *opaque)
{
    lariat_loop_call(((struct made *)opaque)->loop, do_nothing, NULL);
}
static void use_fd(void *opaque)
{
    lariat_loop_fd(((struct made *)opaque)->loop);
}
static void use_schedule(void *opaque)
{
    lariat_bh_schedule(((struct made *)opaque)->idle_bh);
}
static void use_cancel(void *opaque)
{
    lariat_bh_cancel(((struct made *)opaque)->idle_bh);
}
static void use_stats(void *opaque)
{
    stats_of(((struct made *)opaque)->loop);
}
static void use_iothread(void *opaque)
{
    lariat_iothread_stop(((struct made *)opaque)->iothread);
}
static void use_iothread_loop(void *opaque)
{
    lariat_iothread_loop(((struct made *)opaque)->iothread);
}
static void use_handler(void *opaque)
{
    lariat_handler_set(((struct made *)opaque)->loop, 0, do_nothing, NULL, NULL);
}
static void use_op(void *opaque)
{
    struct made *made = opaque;
    lariat_nop(made->loop, &made->op.op);
}

static const struct {
    void (*use)(void *opaque);
    const char *function;
} uses[] = {
    { use_poll, "lariat_loop_poll" },
    { use_close, "lariat_loop_close" },
    { use_ref, "lariat_loop_ref" },
    { use_notify, "lariat_loop_notify" },
    { use_call, "lariat_loop_call" },
    { use_fd, "lariat_loop_fd" },
    { use_schedule, "lariat_bh_schedule" },
    { use_cancel, "lariat_bh_cancel" },
    { use_stats, "lariat_loop_get_stats" },
    { use_iothread, "lariat_iothread_stop" },
    { use_iothread_loop, "lariat_iothread_loop" },
    { use_handler, "lariat_handler_set" },
    { use_op, "lariat_nop" },
};
enum { N_USES = sizeof(uses) / sizeof(uses[0]) };

START_TEST(any_other_use_in_a_child_aborts_and_says_so)
{
    struct made made;
    make_all(&made);

    must_abort(uses[_i].use, &made, uses[_i].function, "inherited");
    must_abort(uses[_i].use, &made, uses[_i].function, "fork");

    unmake_all(&made);
}
END_TEST

static int make_and_use_own(void *opaque)
{
    (void)opaque;
    struct lariat_loop *loop = NULL;
    struct lariat_iothread *iothread = NULL;
    int runs = 0;
    child_require(lariat_loop_new(NULL, &loop) == 0);
    child_require(lariat_bh_schedule_oneshot(loop, count_up, &runs) == 0);
    child_require(lariat_loop_poll(loop, true) == 1 && runs == 1);
    child_require(lariat_loop_close(loop) == 0);
    lariat_loop_unref(loop);
    if (tests_run_under_tsan()) {
        return 0; /* it lets no child of a process with threads make threads */
    }
    child_require(lariat_iothread_new("of-the-child", NULL, &iothread) == 0);
    child_require(lariat_loop_call(lariat_iothread_loop(iothread), count_up, &runs) == 0 && runs == 2);
    lariat_iothread_destroy(iothread);
    return 0;
}

START_TEST(a_child_may_make_loops_of_its_own)
{
    struct made made;
    make_all(&made);

    must_succeed_in_child(make_and_use_own, NULL);
    must_work(&made);

    unmake_all(&made);
}
END_TEST

static int use_both(void *opaque)
{
    struct made *made = opaque;
    make_and_use_own(NULL);
    lariat_loop_notify(made->loop); /* must still be recognised as the parent's */
    return 0;
}

START_TEST(a_loop_of_the_parent_is_recognised_after_the_child_made_its_own)
{
    struct made made;
    char *text = NULL;
    make_all(&made);

    const int status = status_and_stderr_in_child(use_both, &made, &text);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    ck_assert_ptr_nonnull(strstr(text, "lariat_loop_notify"));
    free(text);

    unmake_all(&made);
}
END_TEST

/* A child of a child: neither may mistake the other's loops for its own. */
static int make_and_fork_again(void *opaque)
{
    (void)opaque;
    struct lariat_loop *loop = NULL;
    child_require(lariat_loop_new(NULL, &loop) == 0);
    const pid_t pid = fork();
    child_require(pid >= 0);
    if (pid == 0) {
        struct lariat_loop *own = NULL;
        const int rc = lariat_loop_new(NULL, &own);
        lariat_loop_unref(loop);
        _exit(rc == 0 && lariat_loop_close(own) == 0 ? 0 : 1);
    }
    int status = -1;
    child_require(waitpid(pid, &status, 0) == pid && status == 0);
    child_require(lariat_loop_close(loop) == 0);
    lariat_loop_unref(loop);
    return 0;
}

START_TEST(a_grandchild_may_give_back_and_make_loops_too)
{
    struct lariat_loop *loop = loop_or_fail();

    must_succeed_in_child(make_and_fork_again, NULL);
    ck_assert_int_eq(lariat_loop_poll(loop, false), 0);

    loop_done(loop);
}
END_TEST

static int look_for_ring_memory(void *opaque)
{
    (void)opaque;
    FILE *maps = fopen("/proc/self/maps", "re");
    char line[512];
    child_require(maps != NULL);
    while (fgets(line, sizeof(line), maps) != NULL) {
        child_require(strstr(line, "io_uring") == NULL);
    }
    fclose(maps);
    return 0;
}

START_TEST(ring_memory_is_not_inherited)
{
    struct made made;
    if (tests_run_under_valgrind()) {
        test_skip("under valgrind ring memory is inherited: valgrind does not know of mappings that are not");
    }
    make_all(&made);

    must_succeed_in_child(look_for_ring_memory, NULL);

    unmake_all(&made);
}
END_TEST

struct forker {
    struct lariat_loop *loop;
    atomic_int stop;
    atomic_int ran;
    int refused;
};

static void *schedule_until_told(void *opaque)
{
    struct forker *forker = opaque;
    while (atomic_load(&forker->stop) == 0) {
        forker->refused += lariat_bh_schedule_oneshot(forker->loop, count_up_atomic, &forker->ran) != 0;
        usleep(100);
    }
    return NULL;
}

START_TEST(forking_while_an_iothread_works_disturbs_it_not)
{
    struct lariat_iothread *iothread = iothread_or_fail("working");
    struct forker forker = { .loop = lariat_iothread_loop(iothread) };
    pthread_t thread = thread_or_fail(schedule_until_told, &forker);

    for (int i = 0; i < 20; i++) {
        must_succeed_in_child(do_nothing_in_child, NULL);
        wait_for(&forker.ran, atomic_load(&forker.ran) + 1);
    }
    atomic_store(&forker.stop, 1);
    join_or_fail(thread);
    ck_assert_int_eq(forker.refused, 0);

    lariat_iothread_destroy(iothread);
}
END_TEST

/* exec */

START_TEST(every_descriptor_is_closed_on_exec)
{
    bool had[1024];
    for (int fd = 0; fd < 1024; fd++) {
        had[fd] = fcntl(fd, F_GETFD) >= 0;
    }
    struct made made;
    make_all(&made);

    int n_new = 0;
    for (int fd = 0; fd < 1024; fd++) {
        const int flags = fcntl(fd, F_GETFD);
        if (flags >= 0 && !had[fd]) {
            n_new++;
            ck_assert_msg((flags & FD_CLOEXEC) != 0, "descriptor %d survives exec", fd);
        }
    }
    ck_assert_int_ge(n_new, 4); /* two loops, each with a ring and an eventfd */

    unmake_all(&made);
}
END_TEST

static int exec_a_shell_that_looks(void *opaque)
{
    (void)opaque;
    execl("/bin/sh", "sh", "-c",
          "for f in /proc/$$/fd/*; do readlink $f; done | grep -e io_uring -e eventfd >&2 && exit 1; exit 0", (char *)NULL);
    return 2;
}

START_TEST(a_program_executed_sees_neither_ring_nor_eventfd)
{
    struct made made;
    make_all(&made);

    must_succeed_in_child(exec_a_shell_that_looks, NULL);
    must_work(&made);

    unmake_all(&made);
}
END_TEST

/* exit */

static struct lariat_iothread *left_running[3];
static struct lariat_bh *left_scheduled[3];

static void reschedule_left(void *opaque)
{
    lariat_bh_schedule(left_scheduled[*(const int *)opaque]);
}

static int exit_while_they_run(void *opaque)
{
    static const int numbers[3] = { 0, 1, 2 };
    (void)opaque;
    for (int i = 0; i < 3; i++) {
        child_require(lariat_iothread_new(numbered_id("left", i), NULL, &left_running[i]) == 0);
        struct lariat_loop *loop = lariat_iothread_loop(left_running[i]);
        child_require(lariat_bh_new(loop, "left", reschedule_left, (void *)(uintptr_t)&numbers[i], &left_scheduled[i]) == 0);
        child_require(lariat_bh_schedule(left_scheduled[i]) == 0);
    }
    exit(0);
}

START_TEST(a_process_may_exit_while_iothreads_run)
{
    for (int i = 0; i < 10; i++) {
        must_succeed_in_child(exit_while_they_run, NULL);
    }
}
END_TEST

static int exit_with_a_loop_and_ops(void *opaque)
{
    (void)opaque;
    static struct lariat_loop *loop;
    static struct counted_op op;
    static char buf[16];
    int fds[2];
    child_require(pipe(fds) == 0 && lariat_loop_new(NULL, &loop) == 0);
    memset(&op, 0, sizeof(op));
    op.op.fn = NULL; /* never called: nothing is written to the pipe */
    lariat_read(loop, &op.op, fds[0], buf, sizeof(buf), -1);
    child_require(lariat_loop_poll(loop, false) == 0);
    exit(0);
}

START_TEST(a_process_may_exit_with_ops_in_flight)
{
    must_succeed_in_child(exit_with_a_loop_and_ops, NULL);
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *tc = case_of(suite, "fork");
    tcase_add_test(tc, a_child_may_give_back_what_the_parent_made_and_the_parent_goes_on);
    tcase_add_test(tc, a_child_may_free_armed_timers_before_their_loop);
    tcase_add_test(tc, a_child_that_does_nothing_disturbs_nothing);
    tcase_add_loop_test(tc, any_other_use_in_a_child_aborts_and_says_so, 0, N_USES);
    tcase_add_test(tc, a_child_may_make_loops_of_its_own);
    tcase_add_test(tc, a_loop_of_the_parent_is_recognised_after_the_child_made_its_own);
    tcase_add_test(tc, a_grandchild_may_give_back_and_make_loops_too);
    tcase_add_test(tc, ring_memory_is_not_inherited);
    tcase_add_test(tc, forking_while_an_iothread_works_disturbs_it_not);

    tc = case_of(suite, "exec");
    tcase_add_test(tc, every_descriptor_is_closed_on_exec);
    tcase_add_test(tc, a_program_executed_sees_neither_ring_nor_eventfd);

    tc = case_of(suite, "exit");
    tcase_add_test(tc, a_process_may_exit_while_iothreads_run);
    tcase_add_test(tc, a_process_may_exit_with_ops_in_flight);
}

int main(void)
{
    return suite_main("fork", add_tests);
}
