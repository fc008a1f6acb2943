/* SPDX-License-Identifier: MIT */
/* The window arithmetic, which is pure: no loop, no clock. */
#include "support.h"

#include <errno.h>

#include "poll.h"

__extension__ typedef __int128 int128;

static struct lariat_poll_params params_of(int64_t max_ns, int64_t grow, int64_t shrink)
{
    struct lariat_poll_params params = classic_params(max_ns);
    params.grow = grow;
    params.shrink = shrink;
    return params;
}

/* Defaults and checks */

START_TEST(the_defaults_are_those_of_the_contract)
{
    const struct {
        enum lariat_poll_policy policy;
        int64_t max_ns;
    } expected[] = { { LARIAT_POLL_CLASSIC, 32768 }, { LARIAT_POLL_WEIGHTED, 32768 }, { LARIAT_POLL_AUTO, 200000 } };

    for (size_t i = 0; i < 3; i++) {
        struct lariat_poll_params params;
        memset(&params, 0xff, sizeof(params));
        lariat_poll_params_init(&params, expected[i].policy);
        ck_assert_int_eq(params.policy, expected[i].policy);
        ck_assert_int_eq(params.max_ns, expected[i].max_ns);
        ck_assert_int_eq(params.price, 25);
        ck_assert(params.grow == 0 && params.shrink == 0 && params.weight == 0 && params.cpu_budget == 0);
        for (int word = 0; word < 8; word++) {
            ck_assert_int_eq(params.reserved[word], 0);
        }
    }
}
END_TEST

START_TEST(all_legal_values_are_accepted)
{
    struct lariat_poll_params params = params_of(0, 0, 0);
    ck_assert_int_eq(poll_params_check(&params), 0);
    params = params_of(1, 1, 1);
    ck_assert_int_eq(poll_params_check(&params), 0);
    params = params_of(INT64_MAX, INT64_MAX, INT64_MAX);
    params.weight = 63;
    params.price = 10000;
    params.cpu_budget = 100;
    ck_assert_int_eq(poll_params_check(&params), 0);
}
END_TEST

START_TEST(each_value_out_of_range_is_refused)
{
    const size_t fields[] = {
        offsetof(struct lariat_poll_params, max_ns), offsetof(struct lariat_poll_params, grow),
        offsetof(struct lariat_poll_params, shrink), offsetof(struct lariat_poll_params, weight),
        offsetof(struct lariat_poll_params, price),  offsetof(struct lariat_poll_params, cpu_budget),
    };
    const int64_t above[] = { 0, 0, 0, 64, 10001, 101 }; /* 0: there is no value above */

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        const int64_t bad[] = { -1, INT64_MIN, above[i] };
        for (size_t j = 0; j < (above[i] != 0 ? 3u : 2u); j++) {
            struct lariat_poll_params params = classic_params(32768);
            memcpy((char *)&params + fields[i], &bad[j], sizeof(bad[j]));
            ck_assert_msg(poll_params_check(&params) == -ERANGE, "field %zu, value %lld", i, (long long)bad[j]);
        }
    }
}
END_TEST

START_TEST(each_reserved_word_must_be_zero)
{
    for (int word = 0; word < 8; word++) {
        struct lariat_poll_params params = classic_params(32768);
        params.reserved[word] = 1;
        ck_assert_int_eq(poll_params_check(&params), -EINVAL);
    }
}
END_TEST

START_TEST(the_defaults_of_every_policy_are_accepted)
{
    struct lariat_poll_params params;
    lariat_poll_params_init(&params, (enum lariat_poll_policy)_i);
    ck_assert_int_eq(poll_params_check(&params), 0);
}
END_TEST

START_TEST(a_policy_that_does_not_exist_is_invalid)
{
    struct lariat_poll_params params = classic_params(32768);
    const int no_policy = 3;
    memcpy(&params.policy, &no_policy, sizeof(no_policy));
    ck_assert_int_eq(poll_params_check(&params), -EINVAL);
}
END_TEST

/* The classic rule, case by case */

static const struct {
    const char *why;
    int64_t max_ns, grow, shrink, window_ns, waited_ns, expected_ns;
} classic[] = {
    { "nothing waited, no window: keep", 32768, 0, 0, 0, 0, 0 },
    { "waited less than the window: keep", 32768, 0, 0, 8000, 7999, 8000 },
    { "waited the window: keep", 32768, 0, 0, 8000, 8000, 8000 },
    { "waited a ns more: grow", 32768, 0, 0, 8000, 8001, 16000 },
    { "first step", 32768, 0, 0, 0, 1, 4000 },
    { "first step, waited nearly max", 32768, 0, 0, 0, 32767, 4000 },
    { "waited max exactly: keep", 32768, 0, 0, 8000, 32768, 8000 },
    { "waited max exactly with no window: keep", 32768, 0, 0, 0, 32768, 0 },
    { "waited max exactly with the window at max: keep", 32768, 0, 0, 32768, 32768, 32768 },
    { "a ns above max: drop to zero", 32768, 0, 0, 8000, 32769, 0 },
    { "above max with no window: stays zero", 32768, 0, 0, 0, 32769, 0 },
    { "above max with the window at max: drop", 32768, 0, 0, 32768, 40000, 0 },
    { "shrink 2 halves", 32768, 0, 2, 8001, 40000, 4000 },
    { "shrink 1 never shrinks", 32768, 0, 1, 8000, 40000, 8000 },
    { "shrink larger than the window", 32768, 0, 8001, 8000, 40000, 0 },
    { "shrink by the largest divisor", 32768, 0, INT64_MAX, 32768, 40000, 0 },
    { "growing stops at max", 32768, 0, 0, 20000, 20001, 32768 },
    { "growing to max exactly", 32768, 0, 0, 16384, 16385, 32768 },
    { "at max: waited less, keep", 32768, 0, 0, 32768, 100, 32768 },
    { "grow 1 keeps the first step", 32768, 1, 0, 4000, 5000, 4000 },
    { "grow 1 from zero", 32768, 1, 0, 0, 5000, 4000 },
    { "grow 3", 100000, 3, 0, 4000, 5000, 12000 },
    { "max below the first step", 3999, 0, 0, 0, 10, 3999 },
    { "max 1, waited 1: keep", 1, 0, 0, 0, 1, 0 },
    { "max 2, waited 1: grow to max", 2, 0, 0, 0, 1, 2 },
    { "max 0, waited: zero", 0, 0, 0, 0, 1, 0 },
    { "max 0, waited nothing: zero", 0, 0, 0, 0, 0, 0 },
    { "largest grow does not overflow", INT64_MAX, INT64_MAX, 0, 4000, 4001, INT64_MAX },
    { "half of the largest window doubles", INT64_MAX, 2, 0, INT64_MAX / 2, INT64_MAX - 1, INT64_MAX - 1 },
    { "a little more than half is clamped", INT64_MAX, 2, 0, INT64_MAX / 2 + 1, INT64_MAX - 1, INT64_MAX },
    { "largest of everything, waited the largest: keep", INT64_MAX, INT64_MAX, INT64_MAX, 5, INT64_MAX, 5 },
};
enum { N_CLASSIC = sizeof(classic) / sizeof(classic[0]) };

START_TEST(the_classic_window_moves_as_the_table_says)
{
    const struct lariat_poll_params params = params_of(classic[_i].max_ns, classic[_i].grow, classic[_i].shrink);
    const int64_t window_ns = poll_classic(&params, classic[_i].window_ns, classic[_i].waited_ns);
    ck_assert_msg(window_ns == classic[_i].expected_ns, "%s: %lld instead of %lld", classic[_i].why, (long long)window_ns,
                  (long long)classic[_i].expected_ns);
}
END_TEST

START_TEST(short_waits_open_the_window_step_by_step_and_a_long_one_closes_it)
{
    const struct lariat_poll_params params = classic_params(32768);
    const int64_t steps[] = { 4000, 8000, 16000, 32000, 32768, 32768 };
    int64_t window_ns = 0;

    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        window_ns = poll_classic(&params, window_ns, 32767);
        ck_assert_int_eq(window_ns, steps[i]);
    }
    window_ns = poll_classic(&params, window_ns, 32769);
    ck_assert_int_eq(window_ns, 0);
}
END_TEST

/* The classic rule against another formulation of it, in 128 bits */

static int64_t reference(const struct lariat_poll_params *params, int64_t window_ns, int64_t waited_ns)
{
    const int128 max = params->max_ns;
    int128 next = window_ns;
    const bool too_long = waited_ns > params->max_ns;
    const bool within = waited_ns <= window_ns;

    if (!within && too_long && params->shrink == 0) {
        next = 0;
    } else if (!within && too_long) {
        next = next / params->shrink;
    } else if (!within && window_ns < params->max_ns && waited_ns != params->max_ns) {
        next = window_ns == 0 ? 4000 : next * (params->grow == 0 ? 2 : params->grow);
        next = next > max ? max : next;
    }
    return (int64_t)next;
}

/* Values crowd where it matters: near 0, near each other, near the ends. */
static int64_t random_value(uint64_t *state, int64_t near)
{
    const uint64_t r = test_random(state);
    const int64_t small = (int64_t)(r >> 8 & 0xf);
    switch (r & 7) {
    case 0: return small;
    case 1: return INT64_MAX - small;
    case 2: return near > small ? near - small : 0;
    case 3: return near < INT64_MAX - small ? near + small : INT64_MAX;
    case 4: return near / 2;
    default: return (int64_t)(test_random(state) >> (1 + (r >> 16) % 63));
    }
}

START_TEST(no_legal_values_overflow_or_leave_the_range)
{
    uint64_t state = test_seed();
    for (int i = 0; i < 300000; i++) {
        struct lariat_poll_params params = params_of(random_value(&state, 32768), random_value(&state, 2), 0);
        params.shrink = random_value(&state, 2);
        int64_t window_ns = random_value(&state, params.max_ns);
        window_ns = window_ns > params.max_ns ? params.max_ns : window_ns;
        const int64_t waited_ns = random_value(&state, i % 2 == 0 ? params.max_ns : window_ns);

        const int64_t next_ns = poll_classic(&params, window_ns, waited_ns);
        ck_assert_msg(next_ns == reference(&params, window_ns, waited_ns) && next_ns >= 0 && next_ns <= params.max_ns,
                      "max %lld grow %lld shrink %lld window %lld waited %lld: %lld", (long long)params.max_ns,
                      (long long)params.grow, (long long)params.shrink, (long long)window_ns, (long long)waited_ns,
                      (long long)next_ns);
    }
}
END_TEST

/* The weighted rule */

static const struct {
    const char *why;
    int64_t max_ns, grow, shrink, weight, average_ns, window_ns, waited_ns, expected_ns, expected_average_ns;
} weighted[] = {
    { "the first wait is the average", 32768, 0, 0, 0, -1, 0, 5000, 5000, 5000 },
    { "a first wait of nothing", 32768, 0, 0, 0, -1, 0, 0, 0, 0 },
    { "the average moves an eighth of the way", 32768, 0, 0, 0, 8000, 8000, 16000, 16000, 9000 },
    { "and down", 32768, 0, 0, 0, 8000, 8000, 0, 8000, 7000 },
    { "weight 1: half of the way", 32768, 0, 0, 1, 8000, 20000, 16000, 20000, 12000 },
    { "weight 63: never moves", 32768, 0, 0, 63, 8000, 8000, INT64_MAX, 8000, 8000 },
    { "the average is more than the window grown", 32768, 0, 0, 0, 20000, 4000, 20000, 20000, 20000 },
    { "the window grown is more than the average", 32768, 4, 0, 0, 8100, 8000, 8100, 32000, 8100 },
    { "grow stops at max", 32768, 0, 0, 0, 24000, 20000, 24000, 32768, 24000 },
    { "grow 1: the average itself", 32768, 1, 0, 0, 24000, 20000, 24000, 24000, 24000 },
    { "average equals the window: keep", 32768, 0, 0, 0, 8000, 8000, 8000, 8000, 8000 },
    { "average equals the window shrunk: keep", 32768, 0, 0, 0, 8000, 16000, 8000, 16000, 8000 },
    { "less than that: shrink", 32768, 0, 0, 0, 8000, 16002, 8000, 8001, 8000 },
    { "shrink 1 never shrinks", 32768, 0, 1, 0, 8000, 32768, 8000, 32768, 8000 },
    { "shrink by the largest divisor", 32768, 0, INT64_MAX, 0, 0, 32768, 0, 32768, 0 },
    { "an average of max counts as nothing", 32768, 0, 0, 0, 32768, 16000, 32768, 8000, 32768 },
    { "above max likewise", 32768, 0, 4, 0, 80000, 16000, 80000, 4000, 80000 },
    { "a ns below max counts", 32768, 0, 0, 0, 32760, 16000, 32760, 32760, 32760 },
    { "max 0, waited: zero", 0, 0, 0, 0, -1, 0, 1, 0, 1 },
    { "the largest of everything", INT64_MAX, INT64_MAX, INT64_MAX, 63, INT64_MAX - 1, 4000, INT64_MAX, INT64_MAX, INT64_MAX - 1 },
    { "the largest average does not overflow", INT64_MAX, 2, 2, 1, INT64_MAX, 5, INT64_MAX, 2, INT64_MAX },
};
enum { N_WEIGHTED = sizeof(weighted) / sizeof(weighted[0]) };

START_TEST(the_weighted_window_moves_as_the_table_says)
{
    struct lariat_poll_params params = params_of(weighted[_i].max_ns, weighted[_i].grow, weighted[_i].shrink);
    struct poll_state state = { .average_ns = weighted[_i].average_ns };
    params.weight = weighted[_i].weight;
    const int64_t window_ns = poll_weighted(&state, &params, weighted[_i].window_ns, weighted[_i].waited_ns);
    ck_assert_msg(window_ns == weighted[_i].expected_ns, "%s: window %lld", weighted[_i].why, (long long)window_ns);
    ck_assert_msg(state.average_ns == weighted[_i].expected_average_ns, "%s: average %lld", weighted[_i].why,
                  (long long)state.average_ns);
}
END_TEST

START_TEST(no_legal_values_lead_weighted_out_of_the_range)
{
    uint64_t random = test_seed();
    for (int i = 0; i < 300000; i++) {
        struct lariat_poll_params params = params_of(random_value(&random, 32768), random_value(&random, 2), 0);
        struct poll_state state = { .average_ns = random_value(&random, params.max_ns) };
        params.shrink = random_value(&random, 2);
        params.weight = (int64_t)(test_random(&random) & 63);
        int64_t window_ns = random_value(&random, params.max_ns);
        window_ns = window_ns > params.max_ns ? params.max_ns : window_ns;
        const int64_t waited_ns = random_value(&random, i % 2 == 0 ? params.max_ns : window_ns);

        const int64_t next_ns = poll_weighted(&state, &params, window_ns, waited_ns);
        ck_assert(next_ns >= 0 && next_ns <= params.max_ns && state.average_ns >= 0);
        ck_assert(next_ns <= window_ns || next_ns >= state.average_ns);
    }
}
END_TEST

/* The common door */

START_TEST(each_policy_answers_for_itself_and_forgets_at_a_reset)
{
    const struct poll_costs costs = { .penalty_ns = 10000, .wake_ns = 7500 };
    const struct poll_wait wait = { .window_ns = 0, .waited_ns = 9000, .slept = true };
    const int64_t first[] = { 0, 0, 40000 }, then[] = { 4000, 9000, 40000 };
    struct lariat_poll_params params;
    struct poll_state state;
    lariat_poll_params_init(&params, (enum lariat_poll_policy)_i);
    params.max_ns = 100000;

    for (int round = 0; round < 2; round++) {
        ck_assert_int_eq(poll_reset(&state, &params, &costs), first[_i]);
        ck_assert_int_eq(poll_observe(&state, &params, &wait), then[_i]);
    }
}
END_TEST

/* Misuse */

static void init_null(void *opaque)
{
    (void)opaque;
    lariat_poll_params_init(NULL, LARIAT_POLL_CLASSIC);
}

START_TEST(null_parameters_abort_and_name_the_function)
{
    must_abort(init_null, NULL, "lariat_poll_params_init", "NULL");
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *tc = case_of(suite, "parameters");
    tcase_add_test(tc, the_defaults_are_those_of_the_contract);
    tcase_add_test(tc, all_legal_values_are_accepted);
    tcase_add_test(tc, each_value_out_of_range_is_refused);
    tcase_add_test(tc, each_reserved_word_must_be_zero);
    tcase_add_loop_test(tc, the_defaults_of_every_policy_are_accepted, 0, 3);
    tcase_add_test(tc, a_policy_that_does_not_exist_is_invalid);
    tcase_add_test(tc, null_parameters_abort_and_name_the_function);

    tc = case_of(suite, "classic");
    tcase_add_loop_test(tc, the_classic_window_moves_as_the_table_says, 0, N_CLASSIC);
    tcase_add_test(tc, short_waits_open_the_window_step_by_step_and_a_long_one_closes_it);
    tcase_add_test(tc, no_legal_values_overflow_or_leave_the_range);

    tc = case_of(suite, "weighted");
    tcase_add_loop_test(tc, the_weighted_window_moves_as_the_table_says, 0, N_WEIGHTED);
    tcase_add_test(tc, no_legal_values_lead_weighted_out_of_the_range);

    tc = case_of(suite, "policies");
    tcase_add_loop_test(tc, each_policy_answers_for_itself_and_forgets_at_a_reset, 0, 3);
}

int main(void)
{
    return suite_main_without_ring("poll", add_tests);
}
