/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/io_uring.h>
#include <linux/magic.h>

#if defined(__has_include)
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#endif
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ADDRESS_SANITIZED_BY_CLANG 1
#endif
#if __has_feature(thread_sanitizer)
#define THREAD_SANITIZED_BY_CLANG 1
#endif
#endif
#endif

/* Suites */

static int run_suite(const char *name, void (*add)(Suite *suite))
{
    Suite *suite = suite_create(name);
    add(suite);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Asks the kernel and not the library, so that a broken library is not taken for a machine without io_uring. */
static int refusal_of_rings(void)
{
    struct io_uring_params params;
    memset(&params, 0, sizeof(params));
    params.flags = tests_run_with("sqpoll") ? IORING_SETUP_SQPOLL : 0;
    long fd = syscall(__NR_io_uring_setup, 32, &params);
    if (fd < 0) {
        return -errno;
    }
    close((int)fd);
    return 0;
}

int suite_main(const char *name, void (*add)(Suite *suite))
{
    const char *unknown = flag_sets_unknown_word();
    if (unknown != NULL) {
        printf("LARIAT_TEST_FLAGS: unknown word '%s'\n", unknown);
        return EXIT_FAILURE;
    }
    int err = refusal_of_rings();
    if (err < 0) {
        char *reason = lariat_explain_setup(err);
        printf("SKIP: io_uring is refused: %s\n", reason ? reason : strerror(-err));
        free(reason);
        return 77;
    }
    return run_suite(name, add);
}

int suite_main_without_ring(const char *name, void (*add)(Suite *suite))
{
    return run_suite(name, add);
}

TCase *case_of(Suite *suite, const char *name)
{
    TCase *tc = tcase_create(name);
    tcase_set_timeout(tc, 30);
    suite_add_tcase(suite, tc);
    return tc;
}

bool tests_are_forked(void)
{
    const char *mode = getenv("CK_FORK");
    return mode == NULL || strcmp(mode, "no") != 0;
}

void test_skip_line(const char *reason)
{
    printf("SKIP: %s\n", reason);
    fflush(stdout);
}

bool tests_run_under_valgrind(void)
{
#ifdef RUNNING_ON_VALGRIND
    return RUNNING_ON_VALGRIND != 0;
#else
    return false;
#endif
}

bool tests_run_under_sanitizer(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(ADDRESS_SANITIZED_BY_CLANG)
    return true;
#else
    return tests_run_under_tsan();
#endif
}

bool tests_run_under_tsan(void)
{
#if defined(__SANITIZE_THREAD__) || defined(THREAD_SANITIZED_BY_CLANG)
    return true;
#else
    return false;
#endif
}

bool tests_run_with_tools(void)
{
    return tests_run_under_valgrind() || tests_run_under_sanitizer();
}

bool tests_run_slowly(void)
{
    return tests_run_with_tools() || getenv("LARIAT_TEST_FLAGS") != NULL;
}

uint64_t test_seed(void)
{
    const char *text = getenv("LARIAT_TEST_SEED");
    return text != NULL ? strtoull(text, NULL, 0) : 1;
}

/* splitmix64 */
uint64_t test_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* Objects */

struct lariat_loop *loop_with_options_or_fail(const struct lariat_loop_options *opts)
{
    struct lariat_loop *loop = NULL;
    ck_assert_int_eq(lariat_loop_new(opts, &loop), 0);
    ck_assert_ptr_nonnull(loop);
    return loop;
}

struct lariat_loop *loop_or_fail(void)
{
    return loop_with_options_or_fail(NULL);
}

struct lariat_loop *loop_with_window_or_fail(int64_t max_ns)
{
    struct lariat_poll_params params = classic_params(max_ns);
    struct lariat_loop_options opts = LARIAT_LOOP_OPTIONS_INIT;
    opts.poll = &params;
    return loop_with_options_or_fail(&opts);
}

struct lariat_loop *loop_to_embed_or_fail(void)
{
    struct lariat_loop_options opts = LARIAT_LOOP_OPTIONS_INIT;
    opts.flags = LARIAT_LOOP_EMBED;
    return loop_with_options_or_fail(&opts);
}

void loop_done(struct lariat_loop *loop)
{
    ck_assert_int_eq(lariat_loop_close(loop), 0);
    lariat_loop_unref(loop);
}

struct lariat_iothread *iothread_with_options_or_fail(const char *id, const struct lariat_iothread_options *opts)
{
    struct lariat_iothread *iothread = NULL;
    ck_assert_int_eq(lariat_iothread_new(id, opts, &iothread), 0);
    ck_assert_ptr_nonnull(iothread);
    return iothread;
}

const char *numbered_id(const char *name, int i)
{
    static _Thread_local char text[64];
    snprintf(text, sizeof(text), "%s%d", name, i);
    return text;
}

struct lariat_iothread *iothread_or_fail(const char *id)
{
    return iothread_with_options_or_fail(id, NULL);
}

struct lariat_iothread *iothread_with_window_or_fail(const char *id, int64_t max_ns)
{
    struct lariat_poll_params params = classic_params(max_ns);
    struct lariat_loop_options loop_opts = LARIAT_LOOP_OPTIONS_INIT;
    loop_opts.poll = &params;
    struct lariat_iothread_options opts = LARIAT_IOTHREAD_OPTIONS_INIT;
    opts.loop = &loop_opts;
    return iothread_with_options_or_fail(id, &opts);
}

struct lariat_bh *bh_or_fail(struct lariat_loop *loop, void (*fn)(void *), void *opaque)
{
    struct lariat_bh *bh = NULL;
    ck_assert_int_eq(lariat_bh_new(loop, "test", fn, opaque, &bh), 0);
    ck_assert_ptr_nonnull(bh);
    return bh;
}

void call_or_fail(struct lariat_loop *loop, void (*fn)(void *), void *opaque)
{
    ck_assert_int_eq(lariat_loop_call(loop, fn, opaque), 0);
}

struct lariat_loop_stats stats_of(struct lariat_loop *loop)
{
    struct lariat_loop_stats stats = LARIAT_LOOP_STATS_INIT;
    lariat_loop_get_stats(loop, &stats);
    return stats;
}

struct lariat_poll_params classic_params(int64_t max_ns)
{
    struct lariat_poll_params params;
    lariat_poll_params_init(&params, LARIAT_POLL_CLASSIC);
    params.max_ns = max_ns;
    return params;
}

/* Descriptors */

unsigned char pattern_byte(size_t offset)
{
    return (unsigned char)((offset * 7 + (offset >> 9) * 13 + 1) & 0xff);
}

/* tmpfs has no O_DIRECT and no RWF_NOWAIT on older kernels, so it would hide half of what we test. */
static int unlinked_file_on_disk(void)
{
    const char *const folders[] = { getenv("TMPDIR"), ".", "/var/tmp", "/tmp" };
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        struct statfs fs;
        if (folders[i] == NULL || statfs(folders[i], &fs) < 0 || fs.f_type == TMPFS_MAGIC) {
            continue;
        }
        int fd = open(folders[i], O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
        if (fd >= 0) {
            return fd;
        }
    }
    return open("/tmp", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
}

int temp_file_or_fail(size_t bytes, int extra_oflags)
{
    int fd = unlinked_file_on_disk();
    ck_assert_int_ge(fd, 0);

    unsigned char block[65536];
    for (size_t done = 0; done < bytes;) {
        size_t n = bytes - done < sizeof(block) ? bytes - done : sizeof(block);
        for (size_t i = 0; i < n; i++) {
            block[i] = pattern_byte(done + i);
        }
        write_or_fail(fd, block, n);
        done += n;
    }
    ck_assert_int_eq(fdatasync(fd), 0);
    ck_assert_int_ge(lseek(fd, 0, SEEK_SET), 0);
    if (extra_oflags != 0) {
        ck_assert_int_eq(fcntl(fd, F_SETFL, extra_oflags), 0);
    }
    return fd;
}

void pipe_or_fail(int fds[2])
{
    ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
}

void socketpair_or_fail(int fds[2])
{
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), 0);
}

int eventfd_or_fail(void)
{
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    ck_assert_int_ge(fd, 0);
    return fd;
}

void write_or_fail(int fd, const void *buf, size_t len)
{
    for (size_t done = 0; done < len;) {
        ssize_t n = write(fd, (const char *)buf + done, len - done);
        ck_assert_int_gt(n, 0);
        done += (size_t)n;
    }
}

void read_or_fail(int fd, void *buf, size_t len)
{
    for (size_t done = 0; done < len;) {
        ssize_t n = read(fd, (char *)buf + done, len - done);
        ck_assert_int_gt(n, 0);
        done += (size_t)n;
    }
}

static int count_entries(const char *folder, bool (*counts)(const char *name))
{
    DIR *dir = opendir(folder);
    if (dir == NULL) {
        return -1;
    }
    int n = 0;
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        n += entry->d_name[0] != '.' && counts(entry->d_name);
    }
    closedir(dir);
    return n;
}

static bool any_name(const char *name)
{
    return *name != '\0';
}

/* The kernel's own come and go as it likes; they are called iou-wrk-... and iou-sqp-... */
static bool is_thread_of_ours(const char *tid)
{
    char path[64], comm[5] = "";
    snprintf(path, sizeof(path), "/proc/self/task/%.20s/comm", tid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    ssize_t n = read(fd, comm, sizeof(comm) - 1);
    close(fd);
    return n > 0 && strcmp(comm, "iou-") != 0;
}

int count_fds(void)
{
    return count_entries("/proc/self/fd", any_name) - 1; /* without that of the scan itself */
}

int count_threads(void)
{
    return count_entries("/proc/self/task", is_thread_of_ours);
}

bool threads_become(int n)
{
    const int64_t end_ns = lariat_now_ns() + INT64_C(20000000000);
    /* TSan makes threads for itself, one or two, and tells of threads that were not joined. */
    while (!tests_run_under_tsan() && count_threads() != n) {
        if (lariat_now_ns() > end_ns) {
            return false;
        }
        sched_yield();
    }
    return true;
}

/* Threads */

pthread_t thread_or_fail(void *(*fn)(void *), void *opaque)
{
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, fn, opaque), 0);
    return thread;
}

void join_or_fail(pthread_t thread)
{
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
}

bool waited_for(atomic_int *value, int target)
{
    const int64_t limit_ns = INT64_C(1000000000) * (tests_run_slowly() ? 200 : 20);
    const int64_t end_ns = lariat_now_ns() + limit_ns;
    while (atomic_load(value) < target) {
        if (lariat_now_ns() > end_ns) {
            return false;
        }
        sched_yield();
    }
    return true;
}

void wait_for(atomic_int *value, int target)
{
    if (!waited_for(value, target)) {
        ck_abort_msg("waited too long: %d instead of %d", atomic_load(value), target);
    }
}

/* Running a loop */

void poll_until(struct lariat_loop *loop, const int *value, int target)
{
    while (*value < target) {
        ck_assert_int_ge(lariat_loop_poll(loop, true), 0);
    }
}

int poll_once(struct lariat_loop *loop)
{
    const int rc = lariat_loop_poll(loop, false);
    if (rc < 0 || !loop_settles(loop)) {
        return rc;
    }
    const int rc_later = lariat_loop_poll(loop, false);
    return rc_later != 0 ? rc_later : rc;
}

void poll_until_quiet(struct lariat_loop *loop)
{
    int progress;
    do {
        progress = lariat_loop_poll(loop, false);
    } while (progress == 1 || (progress == 0 && loop_settles(loop)));
    ck_assert_int_eq(progress, 0);
}

void count_up(void *opaque)
{
    ++*(int *)opaque;
}

void count_up_atomic(void *opaque)
{
    atomic_fetch_add((atomic_int *)opaque, 1);
}

void do_nothing(void *opaque)
{
    (void)opaque;
}

static void counted_op_done(struct lariat_op *op, int res)
{
    struct counted_op *counted = op->opaque;
    counted->done++;
    counted->res = res;
}

void counted_op_init(struct counted_op *counted)
{
    memset(counted, 0, sizeof(*counted));
    counted->op.fn = counted_op_done;
    counted->op.opaque = counted;
}

/* Child processes */

#ifdef LARIAT_COVERAGE
void __gcov_dump(void);

/* gcov writes what it counted at exit(), which neither _exit() nor abort() calls. */
static void save_coverage(int sig)
{
    (void)sig;
    __gcov_dump();
}
#else
static void save_coverage(int sig)
{
    (void)sig;
}
#endif

static _Noreturn void be_the_child(int (*fn)(void *), void *opaque, int stderr_fd)
{
#ifdef VALGRIND_CLO_CHANGE
    VALGRIND_CLO_CHANGE("--leak-check=no"); /* what the parent made and the child left alone is no leak */
#endif
    const struct rlimit no_core = { 0, 0 };
    setrlimit(RLIMIT_CORE, &no_core);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGALRM, SIG_DFL);
    alarm(tests_run_slowly() ? 250 : 60);
    if (stderr_fd >= 0) {
        dup2(stderr_fd, STDERR_FILENO);
        close(stderr_fd);
    }
#ifdef LARIAT_COVERAGE
    signal(SIGABRT, save_coverage);
#endif
    int status = fn(opaque);
    save_coverage(0);
    _exit(status);
}

int status_in_child(int (*fn)(void *), void *opaque)
{
    fflush(NULL);
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        be_the_child(fn, opaque, -1);
    }
    int status = -1;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return status;
}

/* The first 4 KiB; the rest is read and dropped. */
static char *text_from(int fd)
{
    char *text = calloc(1, 4096 + 1);
    ck_assert_ptr_nonnull(text);
    char rest[512];
    for (size_t len = 0;;) {
        bool full = len == 4096;
        ssize_t n = read(fd, full ? rest : text + len, full ? sizeof(rest) : 4096 - len);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return text;
        }
        len += full ? 0 : (size_t)n;
    }
}

int status_and_stderr_in_child(int (*fn)(void *), void *opaque, char **text)
{
    int fds[2];
    pipe_or_fail(fds);
    fflush(NULL);
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        close(fds[0]);
        be_the_child(fn, opaque, fds[1]);
    }
    close(fds[1]);
    *text = text_from(fds[0]);
    close(fds[0]);
    int status = -1;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return status;
}

struct aborter {
    void (*fn)(void *);
    void *opaque;
};

static int run_aborter(void *opaque)
{
    struct aborter *aborter = opaque;
    aborter->fn(aborter->opaque);
    return 0;
}

void must_abort(void (*fn)(void *), void *opaque, const char *word, const char *other_word)
{
    struct aborter aborter = { fn, opaque };
    char *text = NULL;
    int status = status_and_stderr_in_child(run_aborter, &aborter, &text);
    ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT, "wait status 0x%x instead of SIGABRT; it said: %s",
                  (unsigned)status, text);
    ck_assert_msg(strstr(text, word) != NULL, "'%s' is not in: %s", word, text);
    ck_assert_msg(strstr(text, other_word) != NULL, "'%s' is not in: %s", other_word, text);
    free(text);
}

void must_succeed_in_child(int (*fn)(void *), void *opaque)
{
    char *text = NULL;
    int status = status_and_stderr_in_child(fn, opaque, &text);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "wait status 0x%x; it said: %s", (unsigned)status, text);
    free(text);
}

_Noreturn void child_failed(const char *file, int line, const char *condition)
{
    dprintf(STDERR_FILENO, "%s:%d: child: %s does not hold\n", file, line, condition);
    _exit(99);
}
