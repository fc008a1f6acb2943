/* SPDX-License-Identifier: MIT */
/* Many timers: what fired is compared with a sorted list. */
#include "loop.h"
#include "support.h"

enum { MANY = 5000 };

struct numbered {
    struct lariat_timer timer;
    int64_t due_ns;
    int serial; /* of the last setting; 0: not armed */
};

static struct numbered numbered[MANY];
static const struct numbered *fired_in_order[MANY];
static int n_fired;

static void note_firing(void *opaque)
{
    fired_in_order[n_fired++] = opaque;
}

static void numbered_init(struct lariat_loop *loop)
{
    n_fired = 0;
    for (int i = 0; i < MANY; i++) {
        numbered[i] = (struct numbered){ .serial = 0 };
        lariat_timer_init(&numbered[i].timer, loop, note_firing, &numbered[i]);
    }
}

static void numbered_set(struct numbered *one, int64_t due_ns, int serial)
{
    one->due_ns = due_ns;
    one->serial = serial;
    lariat_timer_set_ns(&one->timer, due_ns);
}

static int by_due_time_then_serial(const void *a, const void *b)
{
    const struct numbered *x = *(const struct numbered *const *)a;
    const struct numbered *y = *(const struct numbered *const *)b;
    if (x->due_ns != y->due_ns) {
        return x->due_ns < y->due_ns ? -1 : 1;
    }
    return x->serial < y->serial ? -1 : 1;
}

static void must_have_fired_in_order(void)
{
    static const struct numbered *expected[MANY];
    int n = 0;
    for (int i = 0; i < MANY; i++) {
        if (numbered[i].serial != 0) {
            expected[n++] = &numbered[i];
        }
    }
    qsort(expected, (size_t)n, sizeof(expected[0]), by_due_time_then_serial);
    ck_assert_int_eq(n_fired, n);
    for (int i = 0; i < n; i++) {
        ck_assert_msg(fired_in_order[i] == expected[i], "place %d: due %lld, serial %d instead of due %lld, serial %d", i,
                      (long long)fired_in_order[i]->due_ns, fired_in_order[i]->serial, (long long)expected[i]->due_ns,
                      expected[i]->serial);
    }
}

START_TEST(timers_of_equal_expiry_run_in_the_order_they_were_set)
{
    struct lariat_loop *loop = loop_or_fail();
    numbered_init(loop);

    for (int i = 0; i < MANY; i++) {
        numbered_set(&numbered[i], 1000, i + 1);
    }
    poll_until_quiet(loop);
    must_have_fired_in_order();

    loop_done(loop);
}
END_TEST

START_TEST(timers_run_in_order_of_expiry)
{
    struct lariat_loop *loop = loop_or_fail();
    numbered_init(loop);
    uint64_t state = test_seed();

    for (int i = 0; i < MANY; i++) {
        numbered_set(&numbered[i], (int64_t)(test_random(&state) % 2000), i + 1);
    }
    poll_until_quiet(loop);
    must_have_fired_in_order();

    loop_done(loop);
}
END_TEST

START_TEST(sets_moves_and_cancels_at_random_keep_the_order)
{
    struct lariat_loop *loop = loop_or_fail();
    numbered_init(loop);
    uint64_t state = test_seed();

    for (int serial = 1; serial <= 8 * MANY; serial++) {
        struct numbered *one = &numbered[test_random(&state) % MANY];
        if (test_random(&state) % 4 == 0) {
            lariat_timer_cancel(&one->timer);
            one->serial = 0;
        } else {
            numbered_set(one, (int64_t)(test_random(&state) % 1000), serial);
        }
    }
    poll_until_quiet(loop);
    must_have_fired_in_order();

    loop_done(loop);
}
END_TEST

/* Timers whose callbacks cancel and set others, while hundreds are due at once. */
enum { N_MEDDLERS = 400 };

static struct {
    uint64_t random;
    int64_t now_ns, last_ns; /* due time of the one that ran last in this iteration */
    int serial, serial_before; /* the latest, and that at the beginning of this iteration */
    int n_left, n_wrong;
} meddling;

static void meddle(void *opaque)
{
    struct numbered *one = opaque, *other = &numbered[test_random(&meddling.random) % N_MEDDLERS];
    meddling.n_wrong += one->serial == 0 || one->serial > meddling.serial_before || one->due_ns < meddling.last_ns;
    meddling.last_ns = one->due_ns;
    one->serial = 0;
    if (test_random(&meddling.random) % 2 == 0) {
        lariat_timer_cancel(&other->timer);
        other->serial = 0;
    } else if (meddling.n_left-- > 0) {
        const bool due = test_random(&meddling.random) % 2 == 0;
        numbered_set(other, due ? meddling.now_ns - 1 : INT64_MAX - 1, ++meddling.serial);
    }
}

START_TEST(hundreds_that_are_due_may_cancel_and_set_each_other)
{
    struct lariat_loop *loop = loop_or_fail();
    meddling.random = test_seed();
    meddling.now_ns = lariat_now_ns();
    meddling.n_left = 2000;
    for (int i = 0; i < N_MEDDLERS; i++) {
        const int64_t due_ns = i % 3 == 0 ? INT64_MAX - i : meddling.now_ns - (int64_t)(test_random(&meddling.random) % 100);
        numbered[i] = (struct numbered){ .serial = 0 };
        lariat_timer_init(&numbered[i].timer, loop, meddle, &numbered[i]);
        numbered_set(&numbered[i], due_ns, ++meddling.serial);
    }

    do {
        meddling.last_ns = 0;
        meddling.serial_before = meddling.serial;
    } while (lariat_loop_poll(loop, false) == 1);
    ck_assert_int_eq(meddling.n_wrong, 0);
    for (int i = 0; i < N_MEDDLERS; i++) {
        ck_assert(numbered[i].serial == 0 || numbered[i].due_ns > meddling.now_ns);
        lariat_timer_cancel(&numbered[i].timer);
    }
    ck_assert_uint_eq(loop->timers.n, 0);
    loop_done(loop);
}
END_TEST

START_TEST(a_hundred_thousand_timers_are_set_cancelled_and_fired)
{
    enum { N = 100000 };
    struct lariat_loop *loop = loop_or_fail();
    int fired = 0;
    struct lariat_timer *timers = calloc(N, sizeof(*timers));
    ck_assert_ptr_nonnull(timers);
    uint64_t state = test_seed();
    const int64_t now_ns = lariat_now_ns();
    for (int i = 0; i < N; i++) {
        lariat_timer_init(&timers[i], loop, count_up, &fired);
        lariat_timer_set_ns(&timers[i], now_ns - (int64_t)(test_random(&state) % 1000000));
    }

    for (int i = 0; i < N; i += 2) {
        lariat_timer_cancel(&timers[i]);
    }
    poll_until_quiet(loop);
    ck_assert_int_eq(fired, N / 2);
    ck_assert_uint_eq(stats_of(loop).timers_fired, N / 2);

    free(timers);
    loop_done(loop);
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *tc = case_of(suite, "many");
    tcase_add_test(tc, timers_of_equal_expiry_run_in_the_order_they_were_set);
    tcase_add_test(tc, timers_run_in_order_of_expiry);
    tcase_add_test(tc, sets_moves_and_cancels_at_random_keep_the_order);
    tcase_add_test(tc, hundreds_that_are_due_may_cancel_and_set_each_other);
    tcase_add_test(tc, a_hundred_thousand_timers_are_set_cancelled_and_fired);
}

int main(void)
{
    return suite_main("timer order", add_tests);
}
