/* SPDX-License-Identifier: MIT */
/* How the bytes of a client are cut into JSON texts. */
#include "monitor/splitter.h"

#include "support.h"

/* Feed bytes, at most `step` at once, and write down what comes: a text as <text>, and B, L, D for the errors. */
static void split(struct monitor_splitter *splitter, const char *bytes, size_t n, size_t step, struct monitor_buffer *out)
{
    static const char *const marks[] = {
        [MONITOR_SPLIT_BROKEN] = "B",
        [MONITOR_SPLIT_TOO_LONG] = "L",
        [MONITOR_SPLIT_TOO_DEEP] = "D",
        [MONITOR_SPLIT_NO_MEMORY] = "N",
    };
    while (n) {
        enum monitor_split what;
        size_t used = monitor_splitter_feed(splitter, bytes, n < step ? n : step, &what);
        bytes += used;
        n -= used;
        if (what == MONITOR_SPLIT_TEXT) {
            monitor_buffer_append(out, "<", 1);
            monitor_buffer_append(out, monitor_buffer_bytes(&splitter->text), monitor_buffer_len(&splitter->text));
            monitor_buffer_append(out, ">", 1);
        } else if (what != MONITOR_SPLIT_MORE) {
            monitor_buffer_append(out, marks[what], 1);
        }
    }
}

static void must_split(const char *bytes, size_t n, size_t step, const char *expected)
{
    struct monitor_splitter splitter = { 0 };
    struct monitor_buffer out = { 0 };

    split(&splitter, bytes, n, step, &out);
    monitor_buffer_append(&out, "", 1);
    ck_assert_msg(!strcmp(monitor_buffer_bytes(&out), expected), "steps of %zu: '%s', expected '%s'", step,
                  monitor_buffer_bytes(&out), expected);
    monitor_buffer_free(&out);
    monitor_splitter_free(&splitter);
}

#define INPUT(text) text, sizeof(text) - 1

static const struct {
    const char *bytes;
    size_t n;
    const char *expected;
} inputs[] = {
    { INPUT("{}"), "<{}>" },
    { INPUT("{}{}"), "<{}><{}>" },
    { INPUT(" \t\r\n{ }\r\n\r\n{\n}\n"), "<{ }><{\n}>" },
    { INPUT("[1,[2]]"), "<[1,[2]]>" },
    { INPUT("{\"a\":{\"b\":[{}]}} {}"), "<{\"a\":{\"b\":[{}]}}><{}>" },
    { INPUT("{\"}{\\\"}\"}{}"), "<{\"}{\\\"}\"}><{}>" }, /* braces and quotes in strings */
    { INPUT("{\"\\\\\"}{}"), "<{\"\\\\\"}><{}>" },       /* a backslash that is escaped itself */
    { INPUT("{bad}{}"), "<{bad}><{}>" },                 /* for the parser */
    { INPUT("hello\n{}"), "B<{}>" },
    { INPUT("hello{}"), "B<{}>" },
    { INPUT("1 2 3\n4\n{}"), "BB<{}>" },
    { INPUT("\"x\" \n{}"), "B<{}>" },
    { INPUT("}}]\n{}"), "B<{}>" },
    { INPUT("{]\n{}"), "B<{}>" },
    { INPUT("{\"a\":]}\n{}"), "B<{}>" },
    { INPUT("{\"abc\n{}"), "B<{}>" },            /* a string is never longer than a line */
    { INPUT("{\"a\tb\"}\n{}"), "B<{}>" },        /* nor does it hold control characters */
    { INPUT("{\"a\":1\n{}"), "B<{}>" },          /* a brace was forgotten */
    { INPUT("{\"a\":\n{\"b\":1\n{}"), "B<{}>" }, /* two */
    { INPUT("{\"a\":\n{}}"), "<{\"a\":\n{}}>" }, /* a brace may begin a line */
    { INPUT("[{},\n{}]"), "<[{},\n{}]>" },
    { INPUT("[\n{}]"), "<[\n{}]>" },
    { INPUT("{{}}"), "<{{}}>" },           /* nothing of it is executed */
    { INPUT("{\"a\":1 \xff{}"), "B<{}>" }, /* 0xFF always ends what was before it */
    { INPUT("{\"a\xff{}"), "B<{}>" },
    { INPUT("\xff{}"), "B<{}>" },
    { INPUT("x\xff{}"), "B<{}>" },
    { INPUT("\0{}"), "B<{}>" },
    { INPUT("{\"a\0b\"}\n{}"), "B<{}>" },
    { INPUT("\xef\xbb\xbf{}"), "B<{}>" },
    { INPUT("{\"\xc3\xa4\"}"), "<{\"\xc3\xa4\"}>" },
    { INPUT("{"), "" },
    { INPUT("{\"a"), "" },
};
enum { N_INPUTS = sizeof(inputs) / sizeof(inputs[0]) };

START_TEST(bytes_are_cut_into_texts_however_they_arrive)
{
    for (size_t step = 1; step <= inputs[_i].n; step++) {
        must_split(inputs[_i].bytes, inputs[_i].n, step, inputs[_i].expected);
    }
}
END_TEST

START_TEST(a_nul_outside_strings_is_left_to_the_parser)
{
    struct monitor_splitter splitter = { 0 };
    enum monitor_split what;

    ck_assert_uint_eq(monitor_splitter_feed(&splitter, "{\0}{}", 5, &what), 3);
    ck_assert_int_eq(what, MONITOR_SPLIT_TEXT);
    ck_assert_uint_eq(monitor_buffer_len(&splitter.text), 3);
    monitor_splitter_free(&splitter);
}
END_TEST

/* A text of n bytes: an object with one long string. */
static char *long_text(size_t n)
{
    char *text = malloc(n);
    ck_assert_ptr_nonnull(text);
    memset(text, 'x', n);
    memcpy(text, "{\"", 2);
    memcpy(text + n - 2, "\"}", 2);
    return text;
}

START_TEST(a_text_of_1_mib_passes_and_a_longer_one_gets_one_error)
{
    struct monitor_splitter splitter = { 0 };
    struct monitor_buffer out = { 0 };

    for (size_t n = MONITOR_TEXT_MAX - 1; n <= MONITOR_TEXT_MAX + 2; n++) {
        char *text = long_text(n);
        split(&splitter, text, n, 4096, &out);
        free(text);
        split(&splitter, "{}", 2, 4096, &out);
        const size_t len = n <= MONITOR_TEXT_MAX ? n + 2 + strlen("<{}>") : strlen("L<{}>");
        ck_assert_uint_eq(monitor_buffer_len(&out), len);
        ck_assert_uint_le(splitter.text.size, 16384);
        monitor_buffer_truncate(&out, 0);
    }
    monitor_buffer_free(&out);
    monitor_splitter_free(&splitter);
}
END_TEST

START_TEST(an_endless_text_takes_no_memory_after_its_error)
{
    struct monitor_splitter splitter = { 0 };
    struct monitor_buffer out = { 0 };
    char block[4096];

    memset(block, '[', sizeof(block));
    for (int i = 0; i < 1000; i++) {
        split(&splitter, block, sizeof(block), sizeof(block), &out);
    }
    ck_assert_uint_le(splitter.text.size, 16384);
    split(&splitter, "\xff{}", 3, 3, &out);
    ck_assert_uint_eq(monitor_buffer_len(&out), strlen("D<{}>"));
    ck_assert_int_eq(memcmp(monitor_buffer_bytes(&out), "D<{}>", 5), 0);
    monitor_buffer_free(&out);
    monitor_splitter_free(&splitter);
}
END_TEST

START_TEST(a_text_may_be_1024_levels_deep)
{
    for (size_t depth = MONITOR_DEPTH_MAX; depth <= MONITOR_DEPTH_MAX + 1; depth++) {
        struct monitor_splitter splitter = { 0 };
        struct monitor_buffer out = { 0 };
        char text[2 * (MONITOR_DEPTH_MAX + 1)];

        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        split(&splitter, text, 2 * depth, 100, &out);
        split(&splitter, "{}", 2, 2, &out);
        ck_assert_uint_eq(monitor_buffer_len(&out), (depth > MONITOR_DEPTH_MAX ? 1 : 2 * depth + 2) + strlen("<{}>"));
        monitor_buffer_free(&out);
        monitor_splitter_free(&splitter);
    }
}
END_TEST

/* Whatever the bytes are, the way they are cut does not matter, and a line with 0xFF before it is understood. */
START_TEST(random_bytes_give_the_same_in_one_piece_and_in_many)
{
    static const char alphabet[] = "{}[]\"\\:,a1 \n\t\xff\xc3";
    uint64_t seed = test_seed();

    for (int round = 0; round < 2000; round++) {
        char bytes[64];
        struct monitor_splitter one = { 0 }, many = { 0 };
        struct monitor_buffer out_one = { 0 }, out_many = { 0 };
        for (size_t i = 0; i < sizeof(bytes); i++) {
            bytes[i] = alphabet[test_random(&seed) % sizeof(alphabet)];
        }
        memcpy(bytes + sizeof(bytes) - 3, "\xff{}", 3);
        split(&one, bytes, sizeof(bytes), sizeof(bytes), &out_one);
        split(&many, bytes, sizeof(bytes), 1 + test_random(&seed) % 7, &out_many);
        size_t len = monitor_buffer_len(&out_one);
        ck_assert_uint_eq(len, monitor_buffer_len(&out_many));
        ck_assert_int_eq(memcmp(monitor_buffer_bytes(&out_one), monitor_buffer_bytes(&out_many), len), 0);
        ck_assert_int_eq(memcmp(monitor_buffer_bytes(&out_one) + len - 4, "<{}>", 4), 0);
        monitor_buffer_free(&out_one);
        monitor_buffer_free(&out_many);
        monitor_splitter_free(&one);
        monitor_splitter_free(&many);
    }
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *tc = case_of(suite, "splitter");
    tcase_add_loop_test(tc, bytes_are_cut_into_texts_however_they_arrive, 0, N_INPUTS);
    tcase_add_test(tc, a_nul_outside_strings_is_left_to_the_parser);
    tcase_add_test(tc, a_text_of_1_mib_passes_and_a_longer_one_gets_one_error);
    tcase_add_test(tc, an_endless_text_takes_no_memory_after_its_error);
    tcase_add_test(tc, a_text_may_be_1024_levels_deep);
    tcase_add_test(tc, random_bytes_give_the_same_in_one_piece_and_in_many);
}

int main(void)
{
    return suite_main_without_ring("monitor_splitter", add_tests);
}
