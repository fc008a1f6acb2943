/* SPDX-License-Identifier: MIT */
/* Job files of lariat-bench, and what is replaced in the values of options. */
#include "support.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench_parse.h"
#include "option_table.h"
#include "substitute.h"

/* A directory with job files. */
static char dir[] = "/tmp/lariat-jobfile-XXXXXX";

static void set_up(void)
{
    strcpy(dir, "/tmp/lariat-jobfile-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void tear_down(void)
{
    char command[64];

    snprintf(command, sizeof(command), "rm -r %s", dir);
    ck_assert_int_eq(system(command), 0);
}

/* Write a file of n bytes, and return its path, which is overwritten by the fourth one after it. */
static const char *file_of(const char *name, const char *text, size_t n)
{
    static char paths[4][128];
    static unsigned next;
    char *path = paths[next++ % 4];

    snprintf(path, sizeof(paths[0]), "%s/%s", dir, name);
    FILE *out = fopen(path, "w");
    ck_assert_ptr_nonnull(out);
    ck_assert_uint_eq(fwrite(text, 1, n, out), n);
    fclose(out);
    return path;
}

static const char *file(const char *name, const char *text)
{
    return file_of(name, text, strlen(text));
}

START_TEST(a_section_is_a_job_and_globals_change_those_below_them)
{
    struct parsed p;

    parse(&p, ARGS(file("a.fio", "[global]\nbs=8k\nsize=1m\n\n[a]\nrw=randread\n[global2]\nbs=16k\n[b]\n   iodepth=4\n")));
    ck_assert_msg(p.rc == 0, "%s", p.said);
    const struct job_options *jobs = p.options.jobs;

    ck_assert_uint_eq(p.options.n_jobs, 2);
    ck_assert_str_eq(jobs[0].name, "a");
    ck_assert(jobs[0].bs == 8192 && jobs[0].rw == RW_RANDREAD && jobs[0].iodepth == 1);
    ck_assert(jobs[1].bs == 16384 && jobs[1].size.bytes == 1 << 20 && jobs[1].iodepth == 4);
    parsed_free(&p);
}
END_TEST

START_TEST(comments_blanks_and_line_ends_do_not_matter)
{
    const char *const texts[] = {
        "; one\n# two\n[a] ; three\nbs=8k # four\niodepth=2;five\ntime_based\nruntime=1",
        "[a]\r\nbs=8k\r\niodepth=2\r\ntime_based\r\nruntime=1\r\n",
        "\n\n  [a]  \n\tbs = 8k \n iodepth\t=\t2\n  time_based\n\n\nruntime= 1",
        "[a]\nbs=4k\niodepth=2\nruntime=5\ntime_based=1\nruntime=1\nbs=8k\n",
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct parsed p;

        parse(&p, ARGS(file("a.fio", texts[i])));
        ck_assert_msg(p.rc == 0 && p.options.n_jobs == 1, "%zu: %s", i, p.said);
        const struct job_options *job = &p.options.jobs[0];
        ck_assert_str_eq(job->name, "a");
        ck_assert_msg(job->bs == 8192 && job->iodepth == 2 && job->time_based && job->runtime_ns == 1000000000, "%zu", i);
        parsed_free(&p);
    }
}
END_TEST

START_TEST(the_command_line_gives_defaults_that_files_override)
{
    struct parsed p;
    const char *one = file("1.fio", "[global]\niodepth=2\n[a]\n"), *two = file("2.fio", "[b]\nbs=16k\n");

    parse(&p, ARGS("--showcmd", one, "--bs=8k", two, "--name=cli", "--iodepth=3"));
    ck_assert_msg(p.rc == 0, "%s", p.said);
    const struct job_options *jobs = p.options.jobs;

    ck_assert_uint_eq(p.options.n_jobs, 3);
    ck_assert(jobs[0].bs_typed[0] == 8192 && jobs[0].iodepth == 3 && jobs[1].bs_typed[0] == 8192 && jobs[1].iodepth == 2);
    ck_assert(jobs[2].bs_typed[0] == 16384 && jobs[2].iodepth == 1 && jobs[2].stonewall && !jobs[1].stonewall);
    parsed_free(&p);
}
END_TEST

START_TEST(a_section_may_be_named_and_all_others_left_out)
{
    struct parsed p;
    const char *path = file("a.fio", "[global]\nbs=8k\n[a]\n[b]\nhipri\n[c]\n");

    parse(&p, ARGS(path, "--section=c", "--section=a", "--name=cli"));
    ck_assert_msg(p.rc == 0, "%s", p.said);
    ck_assert_uint_eq(p.options.n_jobs, 2);
    ck_assert_str_eq(p.options.jobs[1].name, "c");
    ck_assert_uint_eq(p.options.jobs[1].bs, 8192);
    parsed_free(&p);
}
END_TEST

START_TEST(includes_are_relative_to_the_file_they_stand_in)
{
    struct parsed p;
    char sub[64];

    snprintf(sub, sizeof(sub), "%s/sub", dir);
    ck_assert_int_eq(mkdir(sub, 0700), 0);
    file("sub/one", "include two\nbs=8k");
    file("sub/two", "iodepth=7\n");
    parse(&p, ARGS(file("a.fio", "[global]\ninclude sub/one\n[a]\nsize=1m\n[b]\ninclude sub/two\n")));
    ck_assert_msg(p.rc == 0, "%s", p.said);
    ck_assert(p.options.jobs[0].bs == 8192 && p.options.jobs[0].iodepth == 7 && p.options.jobs[0].size.bytes == 1 << 20);
    parsed_free(&p);
}
END_TEST

START_TEST(variables_and_words_are_replaced)
{
    struct parsed p;
    long n_cpus = sysconf(_SC_NPROCESSORS_ONLN);

    setenv("LARIAT_TEST_BS", "8k", 1);
    unsetenv("LARIAT_TEST_NONE");
    parse(&p, ARGS(file("a.fio", "[a]\nbs=${LARIAT_TEST_BS}\nfilename=/tmp/${LARIAT_TEST_NONE}x\niodepth=$ncpus*(2+1)\n"),
                   "--name=b", "--bs=${LARIAT_TEST_BS}", "--randseed=$ncpus+1"));
    ck_assert_msg(p.rc == 0, "%s", p.said);
    const struct job_options *b = &p.options.jobs[0], *a = &p.options.jobs[1];

    ck_assert(a->bs == 8192 && a->iodepth == (uint64_t)n_cpus * 3);
    ck_assert_str_eq(a->filename, "/tmp/x");
    ck_assert(b->bs == 8192 && b->randseed == (uint64_t)n_cpus + 1);
    parsed_free(&p);
}
END_TEST

START_TEST(only_what_is_a_calculation_is_calculated)
{
    const char *why;
    char *result, expected[64];

    ck_assert_int_eq(substitute("/tmp/$pagesize-a", &result, &why), 0);
    snprintf(expected, sizeof(expected), "/tmp/%ld-a", sysconf(_SC_PAGESIZE));
    ck_assert_str_eq(result, expected);
    free(result);
    ck_assert_int_eq(substitute("2*3", &result, &why), 0);
    ck_assert_ptr_null(result);
    ck_assert_int_eq(substitute("$pagesize/$pagesize + -(2 * 3)", &result, &why), 0);
    ck_assert_str_eq(result, "-5");
    free(result);
    const char *const bad[] = { "$ncpus/0", "$ncpus*9223372036854775807", "9223372036854775808+$ncpus", "${X", "$ncpus${" };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_msg(substitute(bad[i], &result, &why) < 0, "\"%s\" was accepted", bad[i]);
}
END_TEST

/* Option rows that were taken from the defaults or given, as fio counts them. */
START_TEST(groups_begin_at_barriers_as_fio_numbers_them)
{
    struct parsed p;

    parse(&p, ARGS(file("a.fio", "[a]\nstonewall\n[b]\n[c]\nnew_group\nnumjobs=2\n[d]\nstonewall\n[e]\n")));
    const unsigned groups[] = { 0, 0, 1, 2, 2 };

    ck_assert_uint_eq(p.options.n_jobs, 5);
    for (size_t i = 0; i < 5; i++)
        ck_assert_msg(p.options.jobs[i].group == groups[i], "job %zu is in group %u", i, p.options.jobs[i].group);
    parsed_free(&p);
}
END_TEST

START_TEST(the_base_of_k_counts_wherever_it_stands_in_the_section)
{
    struct parsed p;

    parse(&p, ARGS(file("a.fio", "[a]\nbs=8k\nkb_base=1000\n[b]\nbs=8k\n")));
    ck_assert_msg(p.rc == 0, "%s", p.said);
    ck_assert(p.options.jobs[0].bs == 8000 && p.options.jobs[1].bs == 8192);
    parsed_free(&p);
}
END_TEST

START_TEST(a_file_for_fios_engines_runs_unchanged)
{
    struct parsed p;

    parse(&p,
          ARGS(file("a.fio",
                    "[global]\nioengine=libaio\ndirect=1\nthread\nclocksource=cpu\nuserspace_reap\ngtod_cpu=1\n"
                    "[a]\nrw=randread\nbs=4k\niodepth=32\nsize=1g\n[b]\nioengine=io_uring\nfixedbufs\nregisterfiles\n")));
    ck_assert_msg(p.rc == 0, "%s", p.said);
    ck_assert(p.options.jobs[0].ioengine == ENGINE_LARIAT && p.options.jobs[0].iodepth == 32 && p.options.jobs[1].fixedbufs);
    ck_assert(strstr(p.said, ":5: clocksource: ignored") && strstr(p.said, ":6: userspace_reap: ignored"));
    parsed_free(&p);
}
END_TEST

static void keep(void *opaque, const char *name, const char *value)
{
    char *text = opaque;

    sprintf(text + strlen(text), "%s=%s;", name, value);
}

START_TEST(the_echo_tells_defaults_that_were_changed_later_with_the_job)
{
    struct parsed p;
    char a[256] = "", b[256] = "", global[256] = "";

    parse(&p, ARGS(file("a.fio", "[global]\nsize=1m\nbs=8k\n[a]\n[global]\nbs=16k\n[b]\nname=c\n")));
    ck_assert_msg(p.rc == 0, "%s", p.said);
    options_echo(&p.options.jobs[0], false, keep, a);
    options_echo(&p.options.jobs[1], false, keep, b);
    options_echo(&p.options.global, true, keep, global);
    ck_assert_str_eq(a, "rw=read;bs=8k;ioengine=lariat;iodepth=1;numjobs=1;");
    ck_assert_str_eq(b, "name=c;rw=read;bs=16k;ioengine=lariat;iodepth=1;numjobs=1;");
    ck_assert_str_eq(global, "size=1m;bs=16k;");
    ck_assert_str_eq(p.options.jobs[1].name, "c");
    parsed_free(&p);
}
END_TEST

START_TEST(showcmd_prints_a_command_line_for_each_file)
{
    struct parsed p;
    const char *one = file("1.fio", "[global]\nsize=1m\n[a b]\nbs=8k\nhipri\n[global]\nbs=1k\n[c]\nstonewall=1\n");
    const char *two = file("2.fio", "[d]\ndescription=it's me\n");

    parse(&p, ARGS("--randseed=7", "--showcmd", one, two));
    ck_assert_msg(p.rc == 0, "%s", p.said);
    ck_assert_str_eq(
        p.options.commands,
        "lariat-bench --randseed=7 --size=1m --name='a b' --bs=8k --hipri --name=global --bs=1k --name=c --stonewall=1\n"
        "lariat-bench --randseed=7 --name=d --description='it'\\''s me'\n");
    parsed_free(&p);
}
END_TEST

/* Each is refused in one line, with the file, the number of the line and the word. */
static const struct {
    const char *text;
    const char *line;
    const char *word;
} bad[] = {
    { "bs=4k\n", ":1: ", "outside of a section" },
    { "include x\n[a]\n", ":1: ", "outside of a section" },
    { "[a]\n\n# x\nbs=1.5k\n", ":4: bs=1.5k: ", "fractions" },
    { "[a]\nbogus=1\n", ":2: bogus: ", "no such option" },
    { "[a]\niodeth=1\n", ":2: iodeth: ", "did you mean iodepth?" },
    { "[a]\nsize\n", ":2: size: ", "the value is missing" },
    { "[a]\nsize=\n", ":2: size=: ", "empty" },
    { "[a]\n=3\n", ":2: ", "no such option" },
    { "[a\nbs=4k\n", ":1: ", "']' of the section is missing" },
    { "[a]b\nbs=4k\n", ":1: ", "']' of the section is missing" },
    { "[]\n", ":1: ", "no name" },
    { "[", ":1: ", "missing" },
    { "[a]\ninclude nosuch\n", ":2: ", "cannot be read" },
    { "[a]\ninclude self\n", "self:1: ", "include each other" },
    { "[a]\ninclude section\n", ":1: ", "no section in an included file" },
    { "[a]\ninclude .\n", ":2: ", "not a file" },
    { "[a]\ninclude /dev/null\n", ":2: ", "not a file" },
    { "[a]\ninclude twice\n", "twice:", "include each other" },
    { "[a]\noutput=x\n", ":2: output=x: ", "command line" },
    { "[a]\nbs=${X\n", ":2: bs=${X: ", "'}'" },
    { "[a]\nrw=randred\n", ":2: rw=randred: ", "did you mean randread?" },
    { "[a]\nzonemode=none\n", ":2: zonemode: ", "not supported" },
    { "[a]\nhipri\n", ":2: hipri: ", "IOPOLL is not built yet" },
};

START_TEST(bad_files_are_refused_in_one_line_that_tells_file_and_line)
{
    struct parsed p;

    file("self", "include self\n");
    file("section", "[b]\n");
    file("twice", "include once\ninclude once\n");
    file("once", "include twice\n");
    parse(&p, ARGS(file("bad.fio", bad[_i].text)));
    ck_assert_msg(p.rc == -EINVAL, "%s was accepted", bad[_i].text);
    ck_assert_msg(strstr(p.said, dir) != NULL, "%s", p.said);
    ck_assert_msg(strstr(p.said, bad[_i].line) != NULL, "%s", p.said);
    ck_assert_msg(strstr(p.said, bad[_i].word) != NULL, "%s", p.said);
    ck_assert_msg(strchr(p.said, '\n') == p.said + strlen(p.said) - 1, "not one line: %s", p.said);
    parsed_free(&p);
}
END_TEST

START_TEST(files_that_are_no_job_files_are_refused)
{
    struct parsed p;
    char name[600];

    parse(&p, ARGS(dir));
    ck_assert(p.rc == -EINVAL && strstr(p.said, "directory"));
    parsed_free(&p);
    parse(&p, ARGS(file_of("nul", "[a]\nbs=4\0k\n", 11)));
    ck_assert(p.rc == -EINVAL && strstr(p.said, ":2: there is a NUL byte"));
    parsed_free(&p);
    snprintf(name, sizeof(name), "[%0300d]\n", 0);
    parse(&p, ARGS(file("long", name)));
    ck_assert(p.rc == -EINVAL && strstr(p.said, "255"));
    parsed_free(&p);
    snprintf(name, sizeof(name), "[%0255d]\n", 0);
    parse(&p, ARGS(file("longest", name)));
    ck_assert_msg(p.rc == 0, "%s", p.said);
    parsed_free(&p);
    parse(&p, ARGS(file("empty", "")));
    ck_assert(p.rc == -EINVAL && strstr(p.said, "no job in the job files"));
    parsed_free(&p);
    parse(&p, ARGS(file("global", "[global]\nbs=4k\n")));
    ck_assert(p.rc == -EINVAL && strstr(p.said, "no job in the job files"));
    parsed_free(&p);
}
END_TEST

START_TEST(a_file_of_ever_more_jobs_is_refused)
{
    size_t n = 100000;
    char *text = malloc(4 * n + 1);
    struct parsed p;

    ck_assert_ptr_nonnull(text);
    for (size_t i = 0; i < n; i++)
        memcpy(text + 4 * i, "[a]\n", 4);
    parse(&p, ARGS(file_of("many", text, 4 * n)));
    ck_assert(p.rc == -EINVAL && strstr(p.said, "max_jobs"));
    parsed_free(&p);
    free(text);
}
END_TEST

static void add_cases(Suite *suite)
{
    TCase *good = case_of(suite, "accepted"), *refused = case_of(suite, "refused");

    tcase_add_checked_fixture(good, set_up, tear_down);
    tcase_add_checked_fixture(refused, set_up, tear_down);
    tcase_add_test(good, a_section_is_a_job_and_globals_change_those_below_them);
    tcase_add_test(good, comments_blanks_and_line_ends_do_not_matter);
    tcase_add_test(good, the_command_line_gives_defaults_that_files_override);
    tcase_add_test(good, a_section_may_be_named_and_all_others_left_out);
    tcase_add_test(good, includes_are_relative_to_the_file_they_stand_in);
    tcase_add_test(good, variables_and_words_are_replaced);
    tcase_add_test(good, only_what_is_a_calculation_is_calculated);
    tcase_add_test(good, groups_begin_at_barriers_as_fio_numbers_them);
    tcase_add_test(good, the_base_of_k_counts_wherever_it_stands_in_the_section);
    tcase_add_test(good, a_file_for_fios_engines_runs_unchanged);
    tcase_add_test(good, the_echo_tells_defaults_that_were_changed_later_with_the_job);
    tcase_add_test(good, showcmd_prints_a_command_line_for_each_file);
    tcase_add_loop_test(refused, bad_files_are_refused_in_one_line_that_tells_file_and_line, 0,
                        sizeof(bad) / sizeof(bad[0]));
    tcase_add_test(refused, files_that_are_no_job_files_are_refused);
    tcase_add_test(refused, a_file_of_ever_more_jobs_is_refused);
}

int main(void)
{
    return suite_main_without_ring("bench_jobfile", add_cases);
}
