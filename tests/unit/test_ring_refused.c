/* SPDX-License-Identifier: MIT */
/* What happens when the kernel refuses a ring: the right error, nothing left behind, and the reason in words. */
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

#include "op_support.h"

static void require_explanation(int err, const char *word)
{
    for (int sign = -1; sign <= 1; sign += 2) {
        char *text = lariat_explain_setup(sign * err);
        ck_assert_ptr_nonnull(text);
        ck_assert_msg(strstr(text, word) != NULL, "'%s' is not in: %s", word, text);
        ck_assert_ptr_null(strchr(text, '\n'));
        free(text);
    }
}

START_TEST(each_refusal_is_explained_with_its_remedy)
{
    require_explanation(ENOMEM, "MEMLOCK");
    require_explanation(EMFILE, "NOFILE");
    require_explanation(ENOSYS, "kernel");
    require_explanation(EPERM, "io_uring");
    require_explanation(ENFILE, "");
    require_explanation(EINVAL, "");
    require_explanation(EXDEV, "");
    require_explanation(0, "");
}
END_TEST

/* Allow n descriptors more than there are, and see what a loop makes of it. Returns what lariat_loop_new() did. */
static int loop_with_descriptors(int n)
{
    struct rlimit before, limit;
    struct lariat_loop *own = NULL;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    limit = before;
    limit.rlim_cur = (rlim_t)(dup(0) + n);
    close((int)limit.rlim_cur - n);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    int rc = lariat_loop_new(NULL, &own);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    ck_assert((rc == 0) == (own != NULL));
    lariat_loop_unref(own);
    return rc;
}

START_TEST(a_loop_without_descriptors_to_spare_is_emfile_and_leaks_none)
{
    int n_fds = count_fds(), n_failed = 0, rc = -EMFILE;
    for (int n = 0; n < 10 && rc == -EMFILE; n++) {
        rc = loop_with_descriptors(n);
        n_failed += rc == -EMFILE;
        ck_assert_int_eq(count_fds(), n_fds);
    }
    ck_assert_int_eq(rc, 0);
    ck_assert_int_ge(n_failed, 2); /* the ring, and the eventfd */
}
END_TEST

static int refuse_system_call(unsigned number, unsigned err)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | err),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = { .len = 4, .filter = code };
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return -errno;
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0 ? 0 : -errno;
}

/* A thread that was joined may be listed for a moment longer. */
static bool only_one_thread_left(void)
{
    for (int i = 0; i < 1000000 && count_threads() != 1; i++)
        sched_yield();
    return count_threads() == 1;
}

static int new_under_seccomp(void *opaque)
{
    const int *err = opaque;
    struct lariat_loop *own = NULL;
    struct lariat_iothread *iothread = NULL;
    int n_fds = count_fds();
    if (refuse_system_call(__NR_io_uring_setup, (unsigned)*err) != 0)
        return 77;
    child_require(lariat_loop_new(NULL, &own) == -*err);
    child_require(own == NULL);
    child_require(lariat_iothread_new("io0", NULL, &iothread) == -*err);
    child_require(iothread == NULL);
    child_require(count_fds() == n_fds);
    child_require(tests_run_under_sanitizer() || only_one_thread_left()); /* TSan has one of its own */
    return 0;
}

START_TEST(a_ring_refused_by_seccomp_leaves_nothing_behind)
{
    static const int errors[] = { EPERM, ENOSYS, EACCES, ENFILE };
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        int err = errors[i];
        char *text = NULL;
        int status = status_and_stderr_in_child(new_under_seccomp, &err, &text);
        bool skipped = WIFEXITED(status) && WEXITSTATUS(status) == 77;
        ck_assert_msg(status == 0 || skipped, "status %#x: %s", (unsigned)status, text);
        free(text);
        if (skipped)
            test_skip("this kernel has no seccomp filters");
    }
}
END_TEST

static int new_as_a_user_without_memlock(void *opaque)
{
    const struct rlimit none = { 0, 0 };
    struct lariat_loop *own = NULL;
    int n_fds = count_fds();
    (void)opaque;
    if (setrlimit(RLIMIT_MEMLOCK, &none) != 0 || setgid(65534) != 0 || setuid(65534) != 0)
        return 77;
    int rc = lariat_loop_new(NULL, &own);
    child_require(rc == 0 || rc == -ENOMEM); /* kernels that do not charge rings to the limit grant it */
    child_require((own == NULL) == (rc != 0));
    lariat_loop_unref(own);
    child_require(count_fds() == n_fds);
    return rc == 0 ? 78 : 0;
}

START_TEST(a_user_without_locked_memory_gets_enomem)
{
    char *text = NULL;
    int status = status_and_stderr_in_child(new_as_a_user_without_memlock, NULL, &text);
    int exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    ck_assert_msg(exit_status == 0 || exit_status == 77 || exit_status == 78, "status %#x: %s", (unsigned)status, text);
    free(text);
    if (exit_status == 77)
        test_skip("only root can become another user");
    if (exit_status == 78)
        test_skip("this kernel does not charge rings to RLIMIT_MEMLOCK");
}
END_TEST

static void add(Suite *suite)
{
    TCase *tc = case_of(suite, "refused");
    tcase_add_test(tc, each_refusal_is_explained_with_its_remedy);
    tcase_add_test(tc, a_loop_without_descriptors_to_spare_is_emfile_and_leaks_none);
    if (tests_are_forked()) {
        tcase_add_test(tc, a_ring_refused_by_seccomp_leaves_nothing_behind);
        tcase_add_test(tc, a_user_without_locked_memory_gets_enomem);
    }
}

int main(void)
{
    return suite_main("ring_refused", add);
}
