/* SPDX-License-Identifier: MIT */
/* lariat-ctl's command line: what is taken, and what is said of what is not. */
#include "support.h"

#include <errno.h>

#include "arg_table.h"
#include "nearest.h"

#define WORDS_MAX 8

static struct ctl_args args;
static char said[512];

/* Parse "lariat-ctl" and a line of words with single blanks between them. */
static int parse(const char *line)
{
    static char copy[256], *argv[WORDS_MAX + 1];
    int argc = 0;

    snprintf(copy, sizeof(copy), "lariat-ctl %s", line);
    for (char *word = strtok(copy, " "); word && argc < WORDS_MAX; word = strtok(NULL, " "))
        argv[argc++] = word;
    FILE *err = fmemopen(said, sizeof(said), "w");
    ck_assert_ptr_nonnull(err);
    int rc = args_parse(&args, argc, argv, err);
    fclose(err);
    return rc;
}

static void parse_or_fail(const char *line)
{
    said[0] = '\0';
    ck_assert_msg(parse(line) == 0, "%s: %s", line, said);
}

static void refused(const char *line, const char *words)
{
    said[0] = '\0';
    ck_assert_msg(parse(line) == -EINVAL, "\"%s\" was taken", line);
    ck_assert_msg(strstr(said, words), "\"%s\" is not in: %s", words, said);
    ck_assert_msg(strchr(said, '\n') == said + strlen(said) - 1, "not one line: %s", said);
}

START_TEST(options_stand_before_and_behind_the_command)
{
    parse_or_fail("--socket=/a get --json io0 poll-max-ns");
    ck_assert_int_eq(args.command, CTL_GET);
    ck_assert_str_eq(args.socket, "/a");
    ck_assert(args.json);
    ck_assert_int_eq(args.n_words, 2);
    ck_assert_str_eq(args.words[0], "io0");
    ck_assert_str_eq(args.words[1], "poll-max-ns");
    parse_or_fail("list");
    ck_assert(!args.json && !args.socket && args.n_words == 0);
    ck_assert_int_eq(args.timeout_ns, INT64_C(5000000000));
}
END_TEST

START_TEST(values_are_joined_or_follow)
{
    parse_or_fail("-s /a stats -n5 -i 0.5");
    ck_assert_str_eq(args.socket, "/a");
    ck_assert_uint_eq(args.count, 5);
    ck_assert_int_eq(args.interval_ns, 500000000);
    parse_or_fail("top -bjn 3 --interval 200ms --timeout=2m");
    ck_assert(args.batch && args.json);
    ck_assert_uint_eq(args.count, 3);
    ck_assert_int_eq(args.interval_ns, 200000000);
    ck_assert_int_eq(args.timeout_ns, INT64_C(120000000000));
}
END_TEST

START_TEST(behind_two_dashes_are_only_words)
{
    parse_or_fail("get -- --json");
    ck_assert(!args.json);
    ck_assert_int_eq(args.n_words, 1);
    ck_assert_str_eq(args.words[0], "--json");
}
END_TEST

START_TEST(what_was_meant_is_suggested)
{
    refused("lsit", "did you mean list?");
    refused("wach-events", "did you mean watch-events?");
    refused("list --jsno", "did you mean --json?");
    refused("--socekt=/a list", "did you mean --socket?");
    refused("frobnicate", "--help lists them");
    refused("list --frobnicate", "--help lists them");
    refused("list -x", "no option -x");
}
END_TEST

START_TEST(bad_values_are_refused)
{
    refused("stats --interval=0", "number of seconds");
    refused("stats --interval=-1", "number of seconds");
    refused("stats --interval=nan", "number of seconds");
    refused("stats --interval=1h", "number of seconds");
    refused("stats --interval=1e9", "number of seconds");
    refused("stats --count=0", "1 or more");
    refused("stats --count=1.5", "1 or more");
    refused("stats --count=-1", "1 or more");
    refused("stats --count=99999999999999999999", "1 or more");
    refused("list --json=1", "takes no value");
    refused("stats -n", "needs a value");
    refused("list --socket", "needs a value");
}
END_TEST

START_TEST(each_command_has_its_own_options_and_words)
{
    refused("", "no command");
    refused("list --count=1", "does not go with 'list'");
    refused("--batch stats", "does not go with 'stats'");
    refused("list io0", "too many words");
    refused("get", "too few words; the form is 'lariat-ctl get ID [PROPERTY]'");
    refused("set io0", "too few words");
    refused("set io0 poll-max-ns", "PROPERTY=VALUE");
    refused("add io0 =5", "PROPERTY=VALUE");
    parse_or_fail("add io0");
    parse_or_fail("set io0 a=1 b=2 c=3");
    ck_assert_int_eq(args.n_words, 4);
}
END_TEST

START_TEST(help_needs_nothing_else)
{
    parse_or_fail("--help");
    ck_assert(args.help);
    parse_or_fail("set --help");
    ck_assert(args.help && args.command == CTL_SET);
    parse_or_fail("--version");
    ck_assert(args.version);
}
END_TEST

static const char *help_text(enum ctl_command command)
{
    static char text[16384];
    FILE *out = fmemopen(text, sizeof(text), "w");

    ck_assert_ptr_nonnull(out);
    help_print(command, out);
    fclose(out);
    return text;
}

START_TEST(help_tells_every_option_and_command)
{
    const char *all = help_text(CTL_NO_COMMAND);

    for (const struct option_row *row = option_table; row->name; row++)
        ck_assert_msg(strstr(all, row->name) && row->letter, "--%s is not in it", row->name);
    for (const struct command_row *row = command_table; row->name; row++)
        ck_assert_msg(strstr(all, row->summary), "%s is not in it", row->name);
    ck_assert_ptr_nonnull(strstr(help_text(CTL_TOP), "--batch"));
    ck_assert_ptr_null(strstr(help_text(CTL_LIST), "--batch"));
}
END_TEST

START_TEST(names_are_near_when_a_letter_is_wrong)
{
    struct nearest nearest;

    nearest_init(&nearest, "pol_max_ns", 10);
    nearest_offer(&nearest, "poll-shrink");
    nearest_offer(&nearest, "poll-max-ns");
    nearest_offer(&nearest, "poll-grow");
    ck_assert_str_eq(nearest.word, "poll-max-ns");
    ck_assert_uint_eq(nearest.distance, 1);
    nearest_init(&nearest, "i0o", 3);
    nearest_offer(&nearest, "job0");
    ck_assert_ptr_null(nearest.word);
    nearest_offer(&nearest, "io0");
    ck_assert_str_eq(nearest.word, "io0");
    nearest_init(&nearest, "x", 1);
    nearest_offer(&nearest, "y");
    nearest_offer(&nearest, "");
    ck_assert_ptr_null(nearest.word);
}
END_TEST

static void add_cases(Suite *suite)
{
    TCase *line = case_of(suite, "command line");

    tcase_add_test(line, options_stand_before_and_behind_the_command);
    tcase_add_test(line, values_are_joined_or_follow);
    tcase_add_test(line, behind_two_dashes_are_only_words);
    tcase_add_test(line, what_was_meant_is_suggested);
    tcase_add_test(line, bad_values_are_refused);
    tcase_add_test(line, each_command_has_its_own_options_and_words);
    tcase_add_test(line, help_needs_nothing_else);
    tcase_add_test(line, help_tells_every_option_and_command);
    tcase_add_test(line, names_are_near_when_a_letter_is_wrong);
}

int main(void)
{
    return suite_main_without_ring("ctl_args", add_cases);
}
