/* SPDX-License-Identifier: MIT */
/*
 * What Lariat expects of the kernel's rings: set-up flags, deferred completions, ownership. Nothing of Lariat is called. A
 * kernel that answers otherwise breaks the library, and the test fails; only where the library has another way, it is a SKIP.
 */
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/wait.h>

#include "kernel_ring.h"
#include "support.h"

static int setup(unsigned entries, unsigned cq_entries, unsigned flags, struct io_uring_params *params)
{
    memset(params, 0, sizeof(*params));
    params->flags = flags;
    params->cq_entries = cq_entries;
    return io_uring_setup(entries, params);
}

static int try_setup(unsigned entries, unsigned cq_entries, unsigned flags)
{
    struct io_uring_params params;
    int fd = setup(entries, cq_entries, flags, &params);
    if (fd >= 0)
        close(fd);
    return fd < 0 ? fd : 0;
}

START_TEST(the_default_set_of_setup_flags_is_accepted)
{
    int rc = try_setup(128, 512, K_DEFER | IORING_SETUP_CQSIZE);
    if (rc == -EINVAL)
        test_skip("kernel without DEFER_TASKRUN: the library drops the flag");
    ck_assert_int_eq(rc, 0);
}
END_TEST

START_TEST(the_embeddable_set_of_setup_flags_is_accepted)
{
    int rc = try_setup(128, 512, K_COOP | IORING_SETUP_CQSIZE);
    if (rc == -EINVAL)
        test_skip("kernel without COOP_TASKRUN: the library drops the flag");
    ck_assert_int_eq(rc, 0);
}
END_TEST

START_TEST(setup_refuses_flags_that_it_does_not_know_or_that_exclude_each_other)
{
    static const unsigned refused[] = {
        1u << 30,
        IORING_SETUP_TASKRUN_FLAG,
        IORING_SETUP_DEFER_TASKRUN,
        IORING_SETUP_SQPOLL | IORING_SETUP_COOP_TASKRUN,
        IORING_SETUP_SQPOLL | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
        K_SETUP_HYBRID_IOPOLL,
    };
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
        ck_assert_msg(try_setup(8, 0, refused[i]) == -EINVAL, "flags %#x were not refused with EINVAL", refused[i]);
}
END_TEST

START_TEST(setup_accepts_sqpoll_alone)
{
    ck_assert_int_eq(try_setup(8, 0, IORING_SETUP_SQPOLL), 0);
}
END_TEST

START_TEST(queue_sizes_are_rounded_up_to_powers_of_two)
{
    struct io_uring_params params;
    int fd = setup(5, 33, IORING_SETUP_CQSIZE, &params);
    ck_assert_int_ge(fd, 0);
    ck_assert_uint_eq(params.sq_entries, 8);
    ck_assert_uint_eq(params.cq_entries, 64);
    close(fd);
}
END_TEST

START_TEST(queue_sizes_out_of_range_are_einval)
{
    ck_assert_int_eq(try_setup(0, 0, 0), -EINVAL);
    ck_assert_int_eq(try_setup(32769, 0, 0), -EINVAL);
    ck_assert_int_eq(try_setup(8, 0, IORING_SETUP_CQSIZE), -EINVAL);
    ck_assert_int_eq(try_setup(8, 4, IORING_SETUP_CQSIZE), -EINVAL);
    ck_assert_int_eq(try_setup(8, 65537, IORING_SETUP_CQSIZE), -EINVAL);
}
END_TEST

START_TEST(the_features_that_lariat_needs_are_there)
{
    struct io_uring_params params;
    int fd = setup(8, 0, 0, &params);
    ck_assert_int_ge(fd, 0);
    const unsigned needed = IORING_FEAT_NODROP | IORING_FEAT_SUBMIT_STABLE | IORING_FEAT_RW_CUR_POS | IORING_FEAT_FAST_POLL |
                            IORING_FEAT_EXT_ARG;
    ck_assert_uint_eq(params.features & needed, needed);
    close(fd);
}
END_TEST

START_TEST(a_ring_descriptor_is_close_on_exec)
{
    struct io_uring_params params;
    int fd = setup(8, 0, 0, &params);
    ck_assert_int_eq(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    close(fd);
}
END_TEST

START_TEST(a_registered_ring_descriptor_takes_the_place_of_the_real_one)
{
    struct io_uring ring;
    k_ring_init(&ring, 8, 16, K_DEFER);
    int rc = io_uring_register_ring_fd(&ring);
    ck_assert_int_eq(rc, 1);
    k_sqe(&ring, 1, IORING_OP_NOP, -1);
    ck_assert_int_eq(io_uring_submit(&ring), 1);
    ck_assert_int_eq(k_take(&ring).res, 0);
    io_uring_queue_exit(&ring);
}
END_TEST

/* liburing 2.3 has io_uring_enable_rings() in its header, but does not export it. */
static int enable(const struct io_uring *ring)
{
    return io_uring_register((unsigned)ring->ring_fd, IORING_REGISTER_ENABLE_RINGS, NULL, 0);
}

START_TEST(a_disabled_ring_takes_nothing_until_it_is_enabled)
{
    struct io_uring ring;
    k_ring_init(&ring, 8, 16, K_DEFER | IORING_SETUP_R_DISABLED);
    ck_assert_int_eq(io_uring_enter((unsigned)ring.ring_fd, 1, 0, 0, NULL), -EBADFD);
    ck_assert_int_eq(enable(&ring), 0);
    k_sqe(&ring, 1, IORING_OP_NOP, -1);
    k_submit(&ring, 1);
    io_uring_queue_exit(&ring);
}
END_TEST

START_TEST(deferred_completions_are_invisible_until_an_enter)
{
    struct io_uring ring;
    k_ring_init(&ring, 8, 16, K_DEFER);
    int fd = k_make_polls_ready(&ring, 1);
    ck_assert_uint_eq(io_uring_cq_ready(&ring), 0);
    ck_assert_uint_ne(k_ring_flags(&ring) & IORING_SQ_TASKRUN, 0);
    ck_assert_uint_eq(k_look(&ring), 1);
    ck_assert_uint_eq(k_ring_flags(&ring) & IORING_SQ_TASKRUN, 0);
    io_uring_queue_exit(&ring);
    close(fd);
}
END_TEST

START_TEST(one_enter_runs_at_most_twenty_deferred_items)
{
    struct io_uring ring;
    k_ring_init(&ring, 128, 256, K_DEFER);
    int fd = k_make_polls_ready(&ring, 100);
    unsigned first = k_look(&ring);
    unsigned second = k_look(&ring);
    bool flag_stays = (k_ring_flags(&ring) & IORING_SQ_TASKRUN) != 0;
    for (unsigned i = 0; i < 3; i++)
        k_look(&ring);
    ck_assert_uint_eq(io_uring_cq_ready(&ring), 100);
    io_uring_queue_exit(&ring);
    close(fd);
    if (first == 100)
        test_skip("this kernel has no cap on deferred work: the library needs none");
    ck_assert_uint_eq(first, 20);
    ck_assert_uint_eq(second, 40);
    ck_assert(flag_stays);
}
END_TEST

START_TEST(a_wait_for_a_hundred_runs_a_hundred_deferred_items)
{
    struct io_uring ring;
    k_ring_init(&ring, 128, 256, K_DEFER);
    int fd = k_make_polls_ready(&ring, 100);
    ck_assert_int_ge(k_wait(&ring, 100), 0);
    ck_assert_uint_eq(io_uring_cq_ready(&ring), 100);
    io_uring_queue_exit(&ring);
    close(fd);
}
END_TEST

START_TEST(what_completes_inside_the_submit_is_visible_at_once)
{
    struct io_uring ring;
    k_ring_init(&ring, 8, 16, K_DEFER);
    k_sqe(&ring, 1, IORING_OP_NOP, -1);
    k_submit(&ring, 1);
    ck_assert_uint_eq(io_uring_cq_ready(&ring), 1);
    io_uring_queue_exit(&ring);
}
END_TEST

struct late_write {
    pid_t sleeper;
    int fd;
};

/* Write to the eventfd as soon as the thread `sleeper` sleeps. */
static void *write_when_asleep(void *opaque)
{
    const struct late_write *late = opaque;
    char path[64], stat[256] = "";
    snprintf(path, sizeof(path), "/proc/self/task/%d/stat", late->sleeper);
    for (const char *state = ""; strncmp(state, ") S", 3) != 0; state = strrchr(stat, ')')) {
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t n = read(fd, stat, sizeof(stat) - 1);
        stat[n > 0 ? n : 0] = '\0';
        close(fd);
        if (strrchr(stat, ')') == NULL)
            return NULL;
    }
    uint64_t one = 1;
    return write(late->fd, &one, sizeof(one)) == sizeof(one) ? opaque : NULL;
}

/* Wait by wait_on(ring_fd, timeout_ms) while a polled eventfd becomes readable. Returns how long that took. */
static int64_t wait_on_ring_fd(unsigned flags, void (*wait_on)(int ring_fd, int timeout_ms), int timeout_ms)
{
    struct io_uring ring;
    struct late_write late = { .sleeper = gettid(), .fd = k_eventfd() };
    pthread_t thread;
    void *written;
    k_ring_init(&ring, 8, 16, flags);
    k_poll_add(&ring, 1, late.fd, POLLIN, 0);
    k_submit(&ring, 1);
    ck_assert_int_eq(pthread_create(&thread, NULL, write_when_asleep, &late), 0);
    int64_t start = k_now_ns();
    wait_on(ring.ring_fd, timeout_ms);
    int64_t waited = k_now_ns() - start;
    ck_assert_int_eq(pthread_join(thread, &written), 0);
    ck_assert_ptr_nonnull(written);
    ck_assert_uint_eq(k_look(&ring), 1);
    io_uring_queue_exit(&ring);
    close(late.fd);
    return waited;
}

static void wait_by_poll(int ring_fd, int timeout_ms)
{
    struct pollfd watch = { .fd = ring_fd, .events = POLLIN };
    int n = poll(&watch, 1, timeout_ms);
    ck_assert_msg(n == 1, "poll gave %d", n); /* after a time-out, too, poll looks once more */
}

static void wait_by_epoll(int ring_fd, int timeout_ms)
{
    int epfd = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = { .events = EPOLLIN };
    ck_assert_int_eq(epoll_ctl(epfd, EPOLL_CTL_ADD, ring_fd, &event), 0);
    int n = epoll_wait(epfd, &event, 1, timeout_ms);
    ck_assert_msg(n == 1 || (n == -1 && errno == EINTR), "epoll_wait gave %d", n);
    close(epfd);
}

/* The time-out is not synchronisation here, it is the result. */
START_TEST(poll_sleeps_through_deferred_work)
{
    if (!tests_are_forked())
        test_skip("the ends of the rings of other tests interrupt a poll, and make it look again");
    if (wait_on_ring_fd(K_DEFER, wait_by_poll, 100) < 100000000)
        test_skip("this kernel wakes pollers of a DEFER_TASKRUN ring: LARIAT_LOOP_EMBED could use one");
}
END_TEST

START_TEST(poll_wakes_for_a_cooperative_ring)
{
    ck_assert_int_lt(wait_on_ring_fd(K_COOP, wait_by_poll, 20000), 10000000000);
}
END_TEST

START_TEST(epoll_wakes_for_a_cooperative_ring_if_only_with_eintr)
{
    ck_assert_int_lt(wait_on_ring_fd(K_COOP, wait_by_epoll, 20000), 10000000000);
}
END_TEST

static void *enter_from_here(void *opaque)
{
    const struct io_uring *ring = opaque;
    return (void *)(intptr_t)io_uring_enter((unsigned)ring->ring_fd, 0, 0, IORING_ENTER_GETEVENTS, NULL);
}

START_TEST(another_thread_may_not_enter_a_single_issuer_ring)
{
    struct io_uring ring;
    pthread_t thread;
    void *rc;
    k_ring_init(&ring, 8, 16, K_DEFER);
    ck_assert_int_eq(pthread_create(&thread, NULL, enter_from_here, &ring), 0);
    ck_assert_int_eq(pthread_join(thread, &rc), 0);
    ck_assert_int_eq((intptr_t)rc, -EEXIST);
    io_uring_queue_exit(&ring);
}
END_TEST

START_TEST(a_child_may_not_enter_a_ring_of_its_parent)
{
    struct io_uring ring;
    k_ring_init(&ring, 8, 16, K_DEFER);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0)
        _exit(enter_from_here(&ring) == (void *)(intptr_t)-EEXIST ? 0 : 1);
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    io_uring_queue_exit(&ring);
}
END_TEST

static void *enable_from_here(void *opaque)
{
    return (void *)(intptr_t)enable(opaque);
}

START_TEST(the_thread_that_enables_a_ring_owns_it)
{
    struct io_uring ring;
    pthread_t thread;
    void *rc;
    k_ring_init(&ring, 8, 16, K_DEFER | IORING_SETUP_R_DISABLED);
    ck_assert_int_eq(pthread_create(&thread, NULL, enable_from_here, &ring), 0);
    ck_assert_int_eq(pthread_join(thread, &rc), 0);
    ck_assert_int_eq((intptr_t)rc, 0);
    ck_assert_ptr_eq(enter_from_here(&ring), (void *)(intptr_t)-EEXIST);
    io_uring_queue_exit(&ring);
}
END_TEST

static void add_setup(Suite *suite)
{
    TCase *tc = case_of(suite, "setup");
    tcase_add_test(tc, the_default_set_of_setup_flags_is_accepted);
    tcase_add_test(tc, the_embeddable_set_of_setup_flags_is_accepted);
    tcase_add_test(tc, setup_refuses_flags_that_it_does_not_know_or_that_exclude_each_other);
    tcase_add_test(tc, setup_accepts_sqpoll_alone);
    tcase_add_test(tc, queue_sizes_are_rounded_up_to_powers_of_two);
    tcase_add_test(tc, queue_sizes_out_of_range_are_einval);
    tcase_add_test(tc, the_features_that_lariat_needs_are_there);
    tcase_add_test(tc, a_ring_descriptor_is_close_on_exec);
    tcase_add_test(tc, a_registered_ring_descriptor_takes_the_place_of_the_real_one);
    tcase_add_test(tc, a_disabled_ring_takes_nothing_until_it_is_enabled);
}

static void add_deferred(Suite *suite)
{
    TCase *tc = case_of(suite, "deferred");
    tcase_add_test(tc, deferred_completions_are_invisible_until_an_enter);
    tcase_add_test(tc, one_enter_runs_at_most_twenty_deferred_items);
    tcase_add_test(tc, a_wait_for_a_hundred_runs_a_hundred_deferred_items);
    tcase_add_test(tc, what_completes_inside_the_submit_is_visible_at_once);
    tcase_add_test(tc, poll_sleeps_through_deferred_work);
    tcase_add_test(tc, poll_wakes_for_a_cooperative_ring);
    tcase_add_test(tc, epoll_wakes_for_a_cooperative_ring_if_only_with_eintr);
    tcase_add_test(tc, another_thread_may_not_enter_a_single_issuer_ring);
    tcase_add_test(tc, a_child_may_not_enter_a_ring_of_its_parent);
    tcase_add_test(tc, the_thread_that_enables_a_ring_owns_it);
}

static void add(Suite *suite)
{
    add_setup(suite);
    add_deferred(suite);
}

int main(void)
{
    if (tests_run_under_valgrind())
        return k_skip_under_valgrind();
    return suite_main("kernel", add);
}
