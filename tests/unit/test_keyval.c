/* SPDX-License-Identifier: MIT */
/* "key=value,key=value" taken apart. */
#include "keyval.h"

#include <errno.h>

#include "support.h"

/* The pairs that were taken, as "[key|value]"; "[key]" where there was no '='. The last result of keyval_next() behind them. */
static int take_all(const char *text, char *taken, size_t bytes, char **errmsg)
{
    struct keyval pair;
    size_t n = 0;
    int rc;
    taken[0] = '\0';
    while ((rc = keyval_next(&text, &pair, errmsg)) > 0) {
        ck_assert_int_eq(rc, 1);
        n += (size_t)snprintf(taken + n, bytes - n, pair.value ? "[%s|%s]" : "[%s]", pair.key, pair.value);
        keyval_free(&pair);
    }
    ck_assert_ptr_null(pair.key);
    ck_assert_ptr_null(pair.value);
    return rc;
}

static const struct {
    const char *text, *pairs;
} good[] = {
    { "", "" },
    { "a=1", "[a|1]" },
    { "a=1,b=2", "[a|1][b|2]" },
    { "a=1,b=2,", "[a|1][b|2]" }, /* a comma at the end is nothing */
    { "a=1,a=2", "[a|1][a|2]" },  /* what counts is for the caller to say */
    { "a", "[a]" },
    { "a,", "[a]" },
    { "a,b=2", "[a][b|2]" },
    { "a=", "[a|]" },
    { "a=,b=2", "[a|][b|2]" },
    { "a=x=y", "[a|x=y]" },
    { "a==", "[a|=]" },
    { "a=0,,2", "[a|0,2]" },
    { "a=,,", "[a|,]" },
    { "a=,,,,", "[a|,,]" },
    { "a=1,,", "[a|1,]" },
    { "a=1,,,b=2", "[a|1,][b|2]" },
    { "a=1,,,,b=2", "[a|1,,b=2]" },
    { "a= 1 ", "[a| 1 ]" }, /* blanks are characters like others */
    { " a=1, b=2", "[ a|1][ b|2]" },
    { "a=\xc3\xa9\n", "[a|\xc3\xa9\n]" },
};
enum { N_GOOD = sizeof(good) / sizeof(good[0]) };

START_TEST(pairs_are_taken_one_by_one)
{
    char taken[200], *errmsg = NULL;
    ck_assert_int_eq(take_all(good[_i].text, taken, sizeof(taken), &errmsg), 0);
    ck_assert_str_eq(taken, good[_i].pairs);
    ck_assert_ptr_null(errmsg);
}
END_TEST

static const struct {
    const char *text, *before, *message;
} bad[] = {
    { "=", "", "'='" },
    { "=x", "", "'=x'" },
    { ",", "", "','" },
    { ",,", "", "',,'" },
    { ",a=1", "", "',a=1'" },
    { "a=1,=x", "[a|1]", "'=x'" },
    { "a,,b=1", "[a]", "',b=1'" },
    { "a=1,b,,c", "[a|1][b]", "',c'" },
};
enum { N_BAD = sizeof(bad) / sizeof(bad[0]) };

START_TEST(an_empty_key_is_invalid_and_the_message_shows_where)
{
    char taken[200], *errmsg = NULL;
    ck_assert_int_eq(take_all(bad[_i].text, taken, sizeof(taken), &errmsg), -EINVAL);
    ck_assert_str_eq(taken, bad[_i].before);
    ck_assert_ptr_nonnull(errmsg);
    ck_assert_msg(strstr(errmsg, bad[_i].message) && strstr(errmsg, "key=value"), "%s", errmsg);
    free(errmsg);
    ck_assert_int_eq(take_all(bad[_i].text, taken, sizeof(taken), NULL), -EINVAL);
}
END_TEST

START_TEST(a_long_value_is_taken_whole)
{
    enum { N = 100000 };
    char *text = malloc(2 * N + 3);
    const char *rest = text;
    struct keyval pair;
    ck_assert_ptr_nonnull(text);
    memset(text, ',', 2 * N + 2);
    memcpy(text, "a=", 2);
    text[2 * N + 2] = '\0';

    ck_assert_int_eq(keyval_next(&rest, &pair, NULL), 1);
    ck_assert_uint_eq(strlen(pair.value), N);
    ck_assert_uint_eq(strspn(pair.value, ","), N);
    ck_assert_int_eq(*rest, '\0');
    keyval_free(&pair);
    free(text);
}
END_TEST

/* For a fuzzer's sake: whatever the bytes, it ends and what it says fits. */
START_TEST(any_text_of_these_characters_comes_to_its_end)
{
    uint64_t state = test_seed();
    for (int i = 0; i < 20000; i++) {
        char text[12], taken[200], *errmsg = NULL;
        const size_t n = test_random(&state) % sizeof(text);
        for (size_t at = 0; at < n; at++)
            text[at] = "a=,,"[test_random(&state) % 4];
        text[n] = '\0';
        const int rc = take_all(text, taken, sizeof(taken), &errmsg);
        if (!((rc == 0 && !errmsg) || (rc == -EINVAL && errmsg)))
            ck_abort_msg("'%s': %d %s", text, rc, errmsg ? errmsg : "");
        free(errmsg);
    }
}
END_TEST

START_TEST(freeing_twice_is_fine)
{
    const char *text = "a=1";
    struct keyval pair;
    ck_assert_int_eq(keyval_next(&text, &pair, NULL), 1);
    keyval_free(&pair);
    keyval_free(&pair);
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *tc = case_of(suite, "keyval");
    tcase_add_loop_test(tc, pairs_are_taken_one_by_one, 0, N_GOOD);
    tcase_add_loop_test(tc, an_empty_key_is_invalid_and_the_message_shows_where, 0, N_BAD);
    tcase_add_test(tc, a_long_value_is_taken_whole);
    tcase_add_test(tc, any_text_of_these_characters_comes_to_its_end);
    tcase_add_test(tc, freeing_twice_is_fine);
}

int main(void)
{
    return suite_main_without_ring("keyval", add_tests);
}
