/* SPDX-License-Identifier: MIT */
/* Ten thousand handlers, a storm of changes, and the memory that all of it takes. */
#include <malloc.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <lariat/handler.h>

#include "support.h"

enum { N_MOST = 10000, N_STORM = 500 };

struct slot {
    int fd;
    int n_called, n_expected;
    bool set;       /* is there a handler now? */
    int *n_strays;  /* calls of handlers that were not set */
};

static struct slot slots[N_MOST];

/* As many as the limit on descriptors allows, raised as far as it goes. */
static int how_many(int wanted)
{
    struct rlimit limit;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    if (tests_run_slowly())
        wanted /= 10;
    const rlim_t spare = 100;
    return limit.rlim_cur > (rlim_t)wanted + spare ? wanted : (int)(limit.rlim_cur - spare);
}

static void slots_init(int n, int *n_strays)
{
    for (int i = 0; i < n; i++)
        slots[i] = (struct slot){ .fd = eventfd_or_fail(), .n_strays = n_strays };
}

static void slots_close(int n)
{
    for (int i = 0; i < n; i++)
        close(slots[i].fd);
}

static void take_event(void *opaque)
{
    struct slot *slot = opaque;
    uint64_t n;
    if (!slot->set)
        ++*slot->n_strays;
    if (read(slot->fd, &n, sizeof(n)) == sizeof(n))
        slot->n_called++;
}

static void set_slot(struct lariat_loop *loop, struct slot *slot, bool set, bool edge)
{
    void (*readable)(void *) = set ? take_event : NULL;
    slot->set = set;
    ck_assert_int_eq((edge ? lariat_handler_set_edge : lariat_handler_set)(loop, slot->fd, readable, NULL, slot), 0);
}

static void signal_slot(struct slot *slot)
{
    uint64_t one = 1;
    write_or_fail(slot->fd, &one, sizeof(one));
    slot->n_expected++;
}

/* Random ones of many become readable; each event must arrive, and arrive once. */
static void events_must_arrive(struct lariat_loop *loop, int n, bool edge)
{
    uint64_t random = test_seed();
    for (int i = 0; i < n; i++)
        set_slot(loop, &slots[i], true, edge);
    for (int round = 0; round < 20; round++) {
        for (int i = 0; i < n; i++)
            if (test_random(&random) % 4 == 0)
                signal_slot(&slots[i]);
        for (int i = 0; i < n; i++)
            poll_until(loop, &slots[i].n_called, slots[i].n_expected);
    }
    for (int i = 0; i < n; i++)
        ck_assert_int_eq(slots[i].n_called, slots[i].n_expected);
}

START_TEST(each_of_ten_thousand_handlers_gets_its_events)
{
    int n_strays = 0, n = how_many(N_MOST);
    struct lariat_loop *loop = loop_with_window_or_fail(_i / 2 ? 32768 : 0);
    slots_init(n, &n_strays);
    events_must_arrive(loop, n, _i % 2);
    for (int i = 0; i < n; i++)
        set_slot(loop, &slots[i], false, false);
    poll_until_quiet(loop);
    loop_done(loop);
    slots_close(n);
    ck_assert_int_eq(n_strays, 0);
}
END_TEST

START_TEST(ten_thousand_armed_handlers_are_dropped_by_a_close)
{
    int n_strays = 0, n = how_many(N_MOST), n_fds = count_fds();
    struct lariat_loop *loop = loop_or_fail();
    slots_init(n, &n_strays);
    for (int i = 0; i < n; i++)
        set_slot(loop, &slots[i], true, i % 2);
    poll_until_quiet(loop);
    loop_done(loop);
    slots_close(n);
    ck_assert_int_eq(count_fds(), n_fds);
}
END_TEST

/* One random change: set, set edge-triggered, remove, or an event. */
static void change_something(struct lariat_loop *loop, uint64_t *random, int n)
{
    struct slot *slot = &slots[test_random(random) % (unsigned)n];
    switch (test_random(random) % 5) {
    case 0:
        set_slot(loop, slot, true, false);
        break;
    case 1:
        set_slot(loop, slot, true, true);
        break;
    case 2:
        set_slot(loop, slot, false, false);
        break;
    default:
        signal_slot(slot);
        break;
    }
}

static void storm(struct lariat_loop *loop, uint64_t *random, int n, int n_changes)
{
    for (int i = 0; i < n_changes; i++) {
        change_something(loop, random, n);
        if (test_random(random) % 8 == 0)
            ck_assert_int_ge(lariat_loop_poll(loop, false), 0);
    }
}

/* After the storm all are set, and whatever was signalled meanwhile is taken. */
static void settle(struct lariat_loop *loop, int n)
{
    for (int i = 0; i < n; i++) {
        int called = slots[i].n_called;
        set_slot(loop, &slots[i], true, false);
        signal_slot(&slots[i]);
        poll_until(loop, &slots[i].n_called, called + 1);
    }
    for (int i = 0; i < n; i++)
        set_slot(loop, &slots[i], false, false);
    poll_until_quiet(loop);
}

START_TEST(a_storm_of_changes_calls_no_removed_handler)
{
    int n_strays = 0, n = how_many(N_STORM);
    struct lariat_loop_options opts = LARIAT_LOOP_OPTIONS_INIT;
    uint64_t random = test_seed() + (unsigned)_i;
    opts.sq_entries = _i % 2 ? 8 : 128;
    opts.cq_entries = _i % 2 ? 8 : 0;
    struct lariat_loop *loop = loop_with_options_or_fail(&opts);
    slots_init(n, &n_strays);
    storm(loop, &random, n, tests_run_slowly() ? 10000 : 100000);
    settle(loop, n);
    loop_done(loop);
    slots_close(n);
    ck_assert_int_eq(n_strays, 0);
}
END_TEST

static size_t bytes_in_use(void)
{
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

START_TEST(a_handler_takes_little_memory_and_a_storm_takes_no_more)
{
    if (tests_run_with_tools())
        test_skip("the tools have an allocator of their own");
    const int n_changes = tests_run_slowly() ? 10000 : 100000;
    int n_strays = 0, n = how_many(N_MOST);
    uint64_t random = test_seed();
    struct lariat_loop *loop = loop_or_fail();
    slots_init(n, &n_strays);
    size_t before = bytes_in_use();
    for (int i = 0; i < n; i++)
        set_slot(loop, &slots[i], true, false);
    poll_until_quiet(loop);
    ck_assert_uint_le((bytes_in_use() - before) / (unsigned)n, 256);
    storm(loop, &random, n, n_changes);
    settle(loop, n);
    size_t after_one = bytes_in_use();
    for (int i = 0; i < 5; i++) {
        storm(loop, &random, n, n_changes);
        settle(loop, n);
    }
    ck_assert_uint_le(bytes_in_use(), after_one + 65536);
    loop_done(loop);
    ck_assert_uint_le(bytes_in_use(), before + 4096);
    slots_close(n);
    ck_assert_int_eq(n_strays, 0);
}
END_TEST

static void add(Suite *suite)
{
    TCase *tc = case_of(suite, "handlers");
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, each_of_ten_thousand_handlers_gets_its_events, 0, 4);
    tcase_add_test(tc, ten_thousand_armed_handlers_are_dropped_by_a_close);
    tcase_add_loop_test(tc, a_storm_of_changes_calls_no_removed_handler, 0, 4);
    tcase_add_test(tc, a_handler_takes_little_memory_and_a_storm_takes_no_more);
}

int main(void)
{
    return suite_main("stress_handlers", add);
}
