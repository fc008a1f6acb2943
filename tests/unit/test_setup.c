/* SPDX-License-Identifier: MIT */
/* Faults of creation: each is told by its error and in words, and leaves nothing behind. All of it happens in children. */
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#include <liburing.h>

/* A user whose locked memory no other test, running at the same time, is charged to. */
static uid_t some_user(void)
{
    return (uid_t)(40000 + getpid() % 20000);
}

static void set_limit(int resource, rlim_t soft)
{
    struct rlimit limit;
    child_require(getrlimit((__rlimit_resource_t)resource, &limit) == 0);
    limit.rlim_cur = soft;
    child_require(setrlimit((__rlimit_resource_t)resource, &limit) == 0);
}

/* The lowest number that no descriptor has. */
static int first_free_fd(void)
{
    const int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    child_require(fd >= 0);
    close(fd);
    return fd;
}

/* Descriptors */

static int make_loops_with_0_to_n_descriptors(void *opaque)
{
    (void)opaque;
    const int fds = count_fds();
    const int first = first_free_fd();
    struct rlimit before;
    child_require(getrlimit(RLIMIT_NOFILE, &before) == 0);
    for (int room = 0; room < 16; room++) {
        struct lariat_loop *loop = NULL;
        set_limit(RLIMIT_NOFILE, (rlim_t)(first + room));
        const int rc = lariat_loop_new(NULL, &loop);
        set_limit(RLIMIT_NOFILE, before.rlim_cur);
        if (rc == 0) {
            child_require(room == 2); /* a ring and an eventfd, no more */
            child_require(lariat_loop_close(loop) == 0);
            lariat_loop_unref(loop);
            child_require(count_fds() == fds);
            return 0;
        }
        child_require(rc == -EMFILE && loop == NULL);
        child_require(count_fds() == fds);
    }
    return 1;
}

START_TEST(a_loop_needs_two_descriptors_and_with_fewer_says_emfile)
{
    must_succeed_in_child(make_loops_with_0_to_n_descriptors, NULL);
}
END_TEST

static int make_iothreads_with_0_to_n_descriptors(void *opaque)
{
    (void)opaque;
    const int fds = count_fds();
    const int first = first_free_fd();
    struct rlimit before;
    child_require(getrlimit(RLIMIT_NOFILE, &before) == 0);
    for (int room = 0; room < 16; room++) {
        struct lariat_iothread *iothread = NULL;
        set_limit(RLIMIT_NOFILE, (rlim_t)(first + room));
        const int rc = lariat_iothread_new("poor", NULL, &iothread);
        set_limit(RLIMIT_NOFILE, before.rlim_cur);
        if (rc == 0) {
            lariat_iothread_destroy(iothread);
            child_require(count_fds() == fds);
            return 0;
        }
        child_require(rc == -EMFILE && iothread == NULL);
        child_require(count_fds() == fds && threads_become(1));
    }
    return 1;
}

START_TEST(an_iothread_without_descriptors_says_emfile)
{
    must_succeed_in_child(make_iothreads_with_0_to_n_descriptors, NULL);
}
END_TEST

/* System calls refused by seccomp */

static void install(struct sock_filter *code, unsigned short n)
{
    const struct sock_fprog program = { n, code };
    child_require(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    child_require(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

/* From now on system call `number` fails with `err`. */
static void refuse_syscall(long number, int err)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)err),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    install(code, sizeof(code) / sizeof(code[0]));
}

/* From now on mmap of a descriptor at the offset of the submission queue's entries fails. */
static void refuse_mapping_of_sqes(void)
{
    const unsigned low = (unsigned)offsetof(struct seccomp_data, args[5]);
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mmap, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, low),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x10000000, 0, 1), /* IORING_OFF_SQES */
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOMEM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    install(code, sizeof(code) / sizeof(code[0]));
}

struct refusal {
    const char *what;
    long number; /* 0: the mapping of the SQEs */
    int err;
    int loop_rc;     /* what lariat_loop_new() must answer */
    int iothread_rc; /* what lariat_iothread_new() must answer */
};

static int create_under_refusal(void *opaque)
{
    const struct refusal *refusal = opaque;
    const int fds = count_fds();
    struct lariat_loop *loop = NULL;
    struct lariat_iothread *iothread = NULL;
    if (refusal->number != 0) {
        refuse_syscall(refusal->number, refusal->err);
    } else {
        refuse_mapping_of_sqes();
    }

    child_require(lariat_loop_new(NULL, &loop) == refusal->loop_rc);
    if (loop != NULL) {
        int runs = 0;
        child_require(lariat_bh_schedule_oneshot(loop, count_up, &runs) == 0);
        child_require(lariat_loop_poll(loop, true) == 1 && runs == 1);
        child_require(lariat_loop_close(loop) == 0);
        lariat_loop_unref(loop);
    }
    child_require(lariat_iothread_new("refused", NULL, &iothread) == refusal->iothread_rc);
    lariat_iothread_destroy(iothread);
    child_require(count_fds() == fds);
    child_require(threads_become(1));
    return 0;
}

static const struct refusal refusals[] = {
    { "io_uring_setup EPERM", SYS_io_uring_setup, EPERM, -EPERM, -EPERM },
    { "io_uring_setup ENOSYS", SYS_io_uring_setup, ENOSYS, -ENOSYS, -ENOSYS },
    { "io_uring_setup ENOMEM", SYS_io_uring_setup, ENOMEM, -ENOMEM, -ENOMEM },
    { "io_uring_setup ENFILE", SYS_io_uring_setup, ENFILE, -ENFILE, -ENFILE },
    { "io_uring_setup EINVAL, whatever the flags", SYS_io_uring_setup, EINVAL, -EINVAL, -EINVAL },
    { "eventfd2 EMFILE", SYS_eventfd2, EMFILE, -EMFILE, -EMFILE },
    { "mapping of the SQEs", 0, ENOMEM, -ENOMEM, -ENOMEM },
    { "io_uring_register EPERM", SYS_io_uring_register, EPERM, -EPERM, -EPERM },
    { "io_uring_register ENOSYS", SYS_io_uring_register, ENOSYS, -ENOSYS, -ENOSYS },
    { "io_uring_enter EPERM", SYS_io_uring_enter, EPERM, -EPERM, -EPERM },
    { "io_uring_enter EACCES", SYS_io_uring_enter, EACCES, -EACCES, -EACCES },
    { "io_uring_enter ENOSYS", SYS_io_uring_enter, ENOSYS, -ENOSYS, -ENOSYS },
    { "keeping the ring from children", SYS_madvise, ENOMEM, -ENOMEM, -ENOMEM },
    { "clone3 EAGAIN", SYS_clone3, EAGAIN, 0, -EAGAIN },
    /* What is only nice to have: */
    { "setting the thread's name", SYS_prctl, EPERM, 0, 0 },
};
enum { N_REFUSALS = sizeof(refusals) / sizeof(refusals[0]) };

START_TEST(a_refused_system_call_is_told_and_leaves_nothing)
{
    struct refusal refusal = refusals[_i];
    if (refusal.number == SYS_clone3 && tests_run_with_tools()) {
        test_skip("clone3 is not refused under valgrind and sanitizers: they make threads in their own way");
    }
    if (refusal.number == SYS_madvise && tests_run_under_valgrind()) {
        test_skip("under valgrind ring memory is not kept from children");
    }
    must_succeed_in_child(create_under_refusal, &refusal);
}
END_TEST

static int ask_why_under_seccomp(void *opaque)
{
    struct lariat_loop *loop = NULL;
    (void)opaque;
    refuse_syscall(SYS_io_uring_setup, EPERM);
    const int err = lariat_loop_new(NULL, &loop);
    char *text = lariat_explain_setup(err);
    child_require(text != NULL && strstr(text, "seccomp") != NULL && strstr(text, "io_uring_setup") != NULL);
    free(text);
    return 0;
}

START_TEST(a_seccomp_filter_is_named_as_the_cause)
{
    must_succeed_in_child(ask_why_under_seccomp, NULL);
}
END_TEST

/* Locked memory; root is exempt */

static void become_nobody_with_memlock(rlim_t bytes)
{
    const struct rlimit limit = { bytes, bytes };
    child_require(setrlimit(RLIMIT_MEMLOCK, &limit) == 0);
    if (geteuid() == 0) {
        child_require(setgroups(0, NULL) == 0);
        const uid_t user = some_user();
        child_require(setresgid(user, user, user) == 0);
        child_require(setresuid(user, user, user) == 0);
    }
}

static int create_without_memlock(void *opaque)
{
    (void)opaque;
    const int fds = count_fds();
    struct lariat_loop *loop = NULL;
    struct lariat_iothread *iothread = NULL;
    become_nobody_with_memlock(0);

    child_require(lariat_loop_new(NULL, &loop) == -ENOMEM && loop == NULL);
    child_require(lariat_iothread_new("locked", NULL, &iothread) == -ENOMEM && iothread == NULL);
    child_require(threads_become(1));
    char *text = lariat_explain_setup(-ENOMEM);
    child_require(text != NULL && strstr(text, "RLIMIT_MEMLOCK") != NULL && strstr(text, "0 KiB") != NULL);
    free(text);
    return geteuid() == 0 ? 0 : count_fds() != fds;
}

START_TEST(without_locked_memory_creation_fails_and_says_why)
{
    must_succeed_in_child(create_without_memlock, NULL);
}
END_TEST

/* As many loops as 128 KiB hold: the ladder makes the last ones smaller, all of them work. */
static int create_until_memlock_is_used_up(void *opaque)
{
    (void)opaque;
    static struct lariat_loop *loops[64];
    int n = 0;
    int rc = 0;
    bool smaller = false;
    become_nobody_with_memlock(128 << 10);

    while (n < 64 && (rc = lariat_loop_new(NULL, &loops[n])) == 0) {
        smaller |= stats_of(loops[n]).cq_entries < 512;
        n++;
    }
    child_require(n >= 2 && n < 64 && rc == -ENOMEM);
    child_require(smaller);
    for (int i = 0; i < n; i++) {
        int runs = 0;
        child_require(lariat_bh_schedule_oneshot(loops[i], count_up, &runs) == 0);
        child_require(lariat_loop_poll(loops[i], true) == 1 && runs == 1);
        child_require(lariat_loop_close(loops[i]) == 0);
        lariat_loop_unref(loops[i]);
    }
    return 0;
}

START_TEST(short_of_locked_memory_loops_get_smaller_and_still_work)
{
    must_succeed_in_child(create_until_memlock_is_used_up, NULL);
}
END_TEST

/* The kernel gives back the memory of a ring some time after it is gone. Creation waits for that, as the header says. */
static int create_again_and_again(void *opaque)
{
    (void)opaque;
    become_nobody_with_memlock(1 << 20);
    for (int i = 0; i < 200;) {
        struct lariat_loop *loop = NULL;
        const int64_t begin_ns = lariat_now_ns();
        const int rc = lariat_loop_new(NULL, &loop);
        if (rc != 0) { /* a busy machine may need longer still */
            child_require(rc == -ENOMEM && lariat_now_ns() - begin_ns > 50000000);
            continue;
        }
        child_require(lariat_loop_close(loop) == 0);
        lariat_loop_unref(loop);
        i++;
    }
    return 0;
}

START_TEST(creation_waits_for_memory_that_is_given_back_late)
{
    must_succeed_in_child(create_again_and_again, NULL);
}
END_TEST

static int register_more_than_memlock(void *opaque)
{
    (void)opaque;
    enum { MANY = 4 << 20, FEW = 4096 };
    struct lariat_loop *loop = NULL;
    int runs = 0;
    char *mem = mmap(NULL, MANY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    const struct iovec much = { mem, MANY }, little = { mem, FEW };
    become_nobody_with_memlock(1 << 20);
    child_require(mem != MAP_FAILED && lariat_loop_new(NULL, &loop) == 0);

    child_require(lariat_register_buffers(loop, &much, 1) == -ENOMEM);
    child_require(lariat_register_buffers(loop, NULL, 0) == -ENXIO); /* nothing was registered */
    child_require(lariat_register_buffers(loop, &little, 1) == 0);
    child_require(lariat_bh_schedule_oneshot(loop, count_up, &runs) == 0);
    child_require(lariat_loop_poll(loop, true) == 1 && runs == 1);
    child_require(lariat_loop_close(loop) == 0);
    lariat_loop_unref(loop);
    return 0;
}

START_TEST(buffers_beyond_the_limit_of_locked_memory_are_enomem)
{
    must_succeed_in_child(register_more_than_memlock, NULL);
}
END_TEST

/* Rights */

static int result_of_openat(struct lariat_loop *loop, const char *path, unsigned sqe_flags)
{
    struct counted_op op;
    counted_op_init(&op);
    struct io_uring_sqe *sqe = lariat_sqe(loop, &op.op);
    sqe->opcode = IORING_OP_OPENAT;
    sqe->flags = (uint8_t)sqe_flags;
    sqe->fd = AT_FDCWD;
    sqe->addr = (uintptr_t)path;
    sqe->open_flags = O_RDONLY | O_CLOEXEC;
    while (op.done == 0) {
        child_require(lariat_loop_poll(loop, true) >= 0);
    }
    return op.res;
}

/* Also in the kernel's worker thread, which was made while the rights were those of root. */
static int give_up_rights(void *opaque)
{
    const char *path = opaque;
    struct lariat_loop *loop = NULL;
    child_require(lariat_loop_new(NULL, &loop) == 0);
    child_require(result_of_openat(loop, path, 0) >= 0);
    child_require(result_of_openat(loop, path, IOSQE_ASYNC) >= 0);

    become_nobody_with_memlock(1 << 20);
    const bool refused = result_of_openat(loop, path, 0) == -EACCES;
    const bool refused_to_worker = result_of_openat(loop, path, IOSQE_ASYNC) == -EACCES;
    /* An SQ thread keeps the rights of the loop's maker, as the header says. */
    child_require(refused == !tests_run_with("sqpoll"));
    child_require(refused_to_worker == !tests_run_with("sqpoll"));
    child_require(lariat_loop_close(loop) == 0);
    lariat_loop_unref(loop);
    return 0;
}

START_TEST(rights_given_up_are_given_up_by_the_loop_too)
{
    char path[] = "/tmp/lariat-test-XXXXXX";
    if (geteuid() != 0) {
        test_skip("only root can give up rights");
    }
    const int fd = mkostemp(path, O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    char *text = NULL;
    const int status = status_and_stderr_in_child(give_up_rights, path, &text);
    unlink(path);
    close(fd);
    ck_assert_msg(status == 0, "wait status %#x: %s", (unsigned)status, text);
    free(text);
}
END_TEST

/* Explanations */

static const struct {
    int err;
    const char *word;
} explanations[] = {
    { -ENOSYS, "kernel" },    { -ENOMEM, "RLIMIT_MEMLOCK" }, { -ENOMEM, "ulimit -l" },     { -EMFILE, "RLIMIT_NOFILE" },
    { -EMFILE, "ulimit -n" }, { -ENFILE, "fs.file-max" },    { -EPERM, "io_uring" },       { -EACCES, "io_uring" },
    { -EAGAIN, "threads" },   { -EINVAL, "range" },          { -EOPNOTSUPP, "not built" },
};
enum { N_EXPLANATIONS = sizeof(explanations) / sizeof(explanations[0]) };

START_TEST(an_explanation_names_cause_and_remedy)
{
    char *text = lariat_explain_setup(explanations[_i].err);
    char *same = lariat_explain_setup(-explanations[_i].err);

    ck_assert_ptr_nonnull(text);
    ck_assert_msg(strstr(text, explanations[_i].word) != NULL, "'%s' is not in: %s", explanations[_i].word, text);
    ck_assert_str_eq(text, same);

    free(text);
    free(same);
}
END_TEST

START_TEST(every_number_gets_one_line_of_text)
{
    const int far[] = { INT_MIN, INT_MIN + 1, -100000, INT_MAX };
    for (int err = -140; err <= 4; err++) {
        char *text = lariat_explain_setup(err < 1 ? err : far[err - 1]);
        ck_assert_ptr_nonnull(text);
        ck_assert_uint_gt(strlen(text), 10);
        ck_assert_ptr_null(strchr(text, '\n'));
        free(text);
    }
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *tc = case_of(suite, "descriptors");
    tcase_add_test(tc, a_loop_needs_two_descriptors_and_with_fewer_says_emfile);
    tcase_add_test(tc, an_iothread_without_descriptors_says_emfile);

    tc = case_of(suite, "system calls");
    tcase_add_loop_test(tc, a_refused_system_call_is_told_and_leaves_nothing, 0, N_REFUSALS);
    tcase_add_test(tc, a_seccomp_filter_is_named_as_the_cause);

    tc = case_of(suite, "locked memory");
    tcase_add_test(tc, without_locked_memory_creation_fails_and_says_why);
    tcase_add_test(tc, short_of_locked_memory_loops_get_smaller_and_still_work);
    tcase_add_test(tc, creation_waits_for_memory_that_is_given_back_late);
    tcase_add_test(tc, buffers_beyond_the_limit_of_locked_memory_are_enomem);

    tc = case_of(suite, "rights");
    tcase_add_test(tc, rights_given_up_are_given_up_by_the_loop_too);

    tc = case_of(suite, "explanations");
    tcase_add_loop_test(tc, an_explanation_names_cause_and_remedy, 0, N_EXPLANATIONS);
    tcase_add_test(tc, every_number_gets_one_line_of_text);
}

int main(void)
{
    return suite_main("setup", add_tests);
}
