/* SPDX-License-Identifier: MIT */
/* The command line of lariat-bench. */
#include "support.h"

#include <errno.h>

#include "option_table.h"
#include "options.h"

/* A command line, what parsing it gave, and what it said. */
struct parsed {
    struct bench_options options;
    int rc;
    char *said;
};

#define ARGS_MAX 16

static void parse(struct parsed *parsed, const char *const *args)
{
    char *argv[ARGS_MAX + 2] = { (char *)(uintptr_t) "lariat-bench" };
    int argc = 1;
    size_t size;
    FILE *err = open_memstream(&parsed->said, &size);

    ck_assert_ptr_nonnull(err);
    while (args[argc - 1]) {
        ck_assert_int_lt(argc, ARGS_MAX);
        argv[argc] = (char *)(uintptr_t)args[argc - 1];
        argc++;
    }
    parsed->rc = options_parse(&parsed->options, argc, argv, err);
    fclose(err);
}

static void parsed_free(struct parsed *parsed)
{
    options_free(&parsed->options);
    free(parsed->said);
}

#define ARGS(...) ((const char *const[]){ __VA_ARGS__, NULL })

START_TEST(options_before_the_first_name_are_defaults_for_all_jobs)
{
    struct parsed p;

    parse(&p, ARGS("--bs=8k", "--name=a", "--iodepth=4", "--name=b", "--bs=16k"));
    ck_assert_msg(p.rc == 0, "%s", p.said);
    ck_assert_uint_eq(p.options.n_jobs, 2);
    ck_assert_str_eq(p.options.jobs[0].name, "a");
    ck_assert_uint_eq(p.options.jobs[0].bs, 8192);
    ck_assert_uint_eq(p.options.jobs[0].iodepth, 4);
    ck_assert_uint_eq(p.options.jobs[1].bs, 16384);
    ck_assert_uint_eq(p.options.jobs[1].iodepth, 1);
    parsed_free(&p);
}
END_TEST

START_TEST(a_global_section_changes_the_jobs_below_it_only)
{
    struct parsed p;

    parse(&p, ARGS("--name=a", "--name=global", "--bs=8k", "--name=b"));
    ck_assert_msg(p.rc == 0, "%s", p.said);
    ck_assert_uint_eq(p.options.n_jobs, 2);
    ck_assert_uint_eq(p.options.jobs[0].bs, 4096);
    ck_assert_uint_eq(p.options.jobs[1].bs, 8192);
    parsed_free(&p);
}
END_TEST

START_TEST(dashes_and_underscores_are_the_same_and_values_may_stand_apart)
{
    struct parsed p;

    parse(&p,
          ARGS("--name", "a", "--poll-max-ns", "100us", "--poll_grow=3", "--time-based", "--runtime", "2", "--direct", "1"));
    ck_assert_msg(p.rc == 0, "%s", p.said);
    ck_assert_int_eq(p.options.jobs[0].poll_max_ns, 100000);
    ck_assert_uint_eq(p.options.jobs[0].poll_grow, 3);
    ck_assert(p.options.jobs[0].time_based && p.options.jobs[0].direct);
    ck_assert_int_eq(p.options.jobs[0].runtime_ns, INT64_C(2000000000));
    parsed_free(&p);
}
END_TEST

START_TEST(flags_are_bare_or_0_or_1_and_the_last_one_wins)
{
    struct parsed p;

    parse(&p, ARGS("--name=a", "--fixedbufs", "--registerfiles=1", "--norandommap=1", "--norandommap=0", "--thread"));
    ck_assert_msg(p.rc == 0, "%s", p.said);
    ck_assert(p.options.jobs[0].fixedbufs && p.options.jobs[0].registerfiles && !p.options.jobs[0].norandommap);
    parsed_free(&p);
}
END_TEST

START_TEST(the_defaults_are_fios_and_the_librarys)
{
    struct parsed p;

    parse(&p, ARGS("--name=a"));
    const struct job_options *job = &p.options.jobs[0];

    ck_assert_int_eq(p.rc, 0);
    ck_assert(job->bs == 4096 && job->iodepth == 1 && job->numjobs == 1 && job->rw == RW_READ && job->rwmixread == 50);
    ck_assert(job->ioengine == ENGINE_LARIAT && job->poll_max_ns == 32768 && job->randseed == 137 && job->invalidate);
    ck_assert_uint_eq(p.options.formats, FORMAT_NORMAL);
    parsed_free(&p);
}
END_TEST

START_TEST(sizes_are_bytes_or_a_share)
{
    struct parsed p;

    parse(&p, ARGS("--name=a", "--size=64m", "--name=b", "--size=50%"));
    ck_assert_msg(p.rc == 0, "%s", p.said);
    ck_assert_uint_eq(p.options.jobs[0].size.bytes, 67108864);
    ck_assert_uint_eq(p.options.jobs[0].size.percent, 0);
    ck_assert_uint_eq(p.options.jobs[1].size.bytes, 0);
    ck_assert_uint_eq(p.options.jobs[1].size.percent, 50);
    parsed_free(&p);
}
END_TEST

START_TEST(engines_have_the_names_of_fio_as_aliases)
{
    const char *const lariat[] = { "--ioengine=lariat", "--ioengine=io_uring", "--ioengine=libaio" };

    for (size_t i = 0; i < 3; i++) {
        struct parsed p;

        parse(&p, ARGS("--name=a", lariat[i]));
        ck_assert_int_eq(p.rc, 0);
        ck_assert_uint_eq(p.options.jobs[0].ioengine, ENGINE_LARIAT);
        parsed_free(&p);
    }
    ck_assert_str_eq(options_engine_name(ENGINE_LARIAT), "lariat");
    ck_assert_str_eq(options_rw_name(RW_READWRITE), "rw");
}
END_TEST

START_TEST(a_warning_tells_what_kib_means)
{
    struct parsed p;

    parse(&p, ARGS("--name=a", "--bs=4KiB"));
    ck_assert_int_eq(p.rc, 0);
    ck_assert_uint_eq(p.options.jobs[0].bs, 4000);
    ck_assert_ptr_nonnull(strstr(p.said, "4000"));
    parsed_free(&p);
}
END_TEST

/* Each is one line on stderr that names the option and holds the word. */
static const struct {
    const char *arg;
    const char *word;
} bad[] = {
    { "--iodeth=3", "did you mean --iodepth?" },
    { "--random-seed=3", "no such option" },
    { "--poll-max=3", "did you mean --poll_max_ns?" },
    { "--rw=randred", "did you mean randread?" },
    { "--rw=trim", "not built" },
    { "--rw=read:8", "no such value" },
    { "--iodepth=0", "1 to 32768" },
    { "--iodepth=32769", "1 to 32768" },
    { "--rwmixread=101", "0 to 100" },
    { "--bs=0", "too small" },
    { "--bs=1.5k", "fractions" },
    { "--bs=8k,32k", "lists" },
    { "--bs=", "empty" },
    { "--size=101%", "1% to 100%" },
    { "--size=4k%", "percentage" },
    { "--runtime=0", "too small" },
    { "--runtime=5x", "unit" },
    { "--poll-max-ns=-1", "negative" },
    { "--poll-policy=auto", "not built" },
    { "--poll-policy=linear", "classic" },
    { "--ioengine=sync", "liburing" },
    { "--cpus_allowed=3-1", "CPU list" },
    { "--direct=2", "0 and 1" },
    { "--time_based=yes", "0 and 1" },
    { "--verify=md5", "crc32c" },
    { "--output-format=json,xml", "normal" },
    { "--output-format=json,tsv", "not json and tsv" },
    { "--group_reporting", "does not have it yet" },
    { "--filename=", "empty" },
    { "--size", "missing" },
    { "job.fio", "job files" },
    { "-x", "begin with" },
    { "--", "begin with" },
    { "--=3", "no such option" },
    { "--time_based", "--runtime" },
};

START_TEST(bad_options_are_refused_in_one_line_that_names_them)
{
    struct parsed p;
    char name[32];

    parse(&p, ARGS("--name=a", bad[_i].arg));
    snprintf(name, sizeof(name), "%.*s", (int)strcspn(bad[_i].arg, "="), bad[_i].arg);
    ck_assert_msg(p.rc == -EINVAL, "%s was accepted", bad[_i].arg);
    ck_assert_msg(strstr(p.said, name) != NULL, "%s: %s", bad[_i].arg, p.said);
    ck_assert_msg(strstr(p.said, bad[_i].word) != NULL, "%s: %s", bad[_i].arg, p.said);
    ck_assert_msg(strchr(p.said, '\n') == p.said + strlen(p.said) - 1, "%s: not one line: %s", bad[_i].arg, p.said);
    parsed_free(&p);
}
END_TEST

START_TEST(combinations_that_make_no_sense_are_refused)
{
    const char *const *const lines[] = {
        ARGS("--bs=4k"),
        ARGS("--name=a", "--fsync=1", "--fdatasync=1"),
        ARGS("--name=a", "--verify=crc32c", "--bs=16"),
        ARGS("--name=a", "--ioengine=null"),
        ARGS("--name=a", "--ioengine=null", "--size=1m", "--verify=crc32c"),
        ARGS("--name=a/b"),
    };

    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        struct parsed p;

        parse(&p, lines[i]);
        ck_assert_msg(p.rc == -EINVAL && *p.said, "line %zu was accepted", i);
        parsed_free(&p);
    }
}
END_TEST

START_TEST(arguments_of_any_length_are_survived)
{
    size_t n = 1 << 20;
    char *name = malloc(n + 1), *value = malloc(n + 1);

    ck_assert(name && value);
    memset(name, 'a', n);
    memcpy(name, "--", 2);
    name[n] = '\0';
    memset(value, '9', n);
    memcpy(value, "--bs=", 5);
    value[n] = '\0';
    struct parsed p;

    parse(&p, ARGS("--name=a", name));
    ck_assert_int_eq(p.rc, -EINVAL);
    parsed_free(&p);
    parse(&p, ARGS("--name=a", value));
    ck_assert_int_eq(p.rc, -EINVAL);
    parsed_free(&p);
    free(name);
    free(value);
}
END_TEST

static void keep(void *opaque, const char *name, const char *value)
{
    char *text = opaque;

    sprintf(text + strlen(text), "%s=%s;", name, value);
}

START_TEST(the_echo_holds_what_was_given_and_what_readers_rely_on)
{
    struct parsed p;
    char job[512] = "", global[512] = "";

    parse(&p, ARGS("--size=1m", "--time_based", "--runtime=1", "--name=a", "--iodepth=8", "--fixedbufs"));
    ck_assert_msg(p.rc == 0, "%s", p.said);
    options_echo(&p.options.jobs[0], false, keep, job);
    options_echo(&p.options.global, true, keep, global);
    ck_assert_str_eq(job, "bs=4096;rw=read;iodepth=8;numjobs=1;fixedbufs=1;ioengine=lariat;");
    ck_assert_str_eq(global, "size=1m;runtime=1;time_based=1;");
    parsed_free(&p);
}
END_TEST

START_TEST(help_names_every_option)
{
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    ck_assert_ptr_nonnull(out);
    options_print_help(out);
    fclose(out);
    for (const struct option_row *row = option_table; row->name; row++) {
        char name[64];

        snprintf(name, sizeof(name), "  --%s", row->name);
        ck_assert_msg((strstr(text, name) != NULL) == (row->type != OPTION_LATER), "%s", row->name);
    }
    free(text);
}
END_TEST

static void add_cases(Suite *suite)
{
    TCase *good = case_of(suite, "accepted"), *refused = case_of(suite, "refused");

    tcase_add_test(good, options_before_the_first_name_are_defaults_for_all_jobs);
    tcase_add_test(good, a_global_section_changes_the_jobs_below_it_only);
    tcase_add_test(good, dashes_and_underscores_are_the_same_and_values_may_stand_apart);
    tcase_add_test(good, flags_are_bare_or_0_or_1_and_the_last_one_wins);
    tcase_add_test(good, the_defaults_are_fios_and_the_librarys);
    tcase_add_test(good, sizes_are_bytes_or_a_share);
    tcase_add_test(good, engines_have_the_names_of_fio_as_aliases);
    tcase_add_test(good, a_warning_tells_what_kib_means);
    tcase_add_test(good, the_echo_holds_what_was_given_and_what_readers_rely_on);
    tcase_add_test(good, help_names_every_option);
    tcase_add_loop_test(refused, bad_options_are_refused_in_one_line_that_names_them, 0, sizeof(bad) / sizeof(bad[0]));
    tcase_add_test(refused, combinations_that_make_no_sense_are_refused);
    tcase_add_test(refused, arguments_of_any_length_are_survived);
}

int main(void)
{
    return suite_main_without_ring("bench_options", add_cases);
}
