/* SPDX-License-Identifier: MIT */
/* The command line of lariat-bench. */
#include "support.h"

#include <errno.h>

#include "bench_parse.h"
#include "option_table.h"

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
    ck_assert(job->ioengine == ENGINE_LARIAT && job->poll_max_ns == 200000 && job->randseed == 137 && job->invalidate);
    ck_assert_int_eq((int)job->poll_policy, LARIAT_POLL_AUTO);
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
    { "--rw=read:", "empty" },
    { "--rw=randread:0", "not 0" },
    { "--rw=randread:-1", "more than 0" },
    { "--rw=redd:8", "did you mean read?" },
    { "--iodepth=0", "1 to 32768" },
    { "--iodepth=32769", "1 to 32768" },
    { "--rwmixread=101", "0 to 100" },
    { "--bs=0", "too small" },
    { "--bs=1.5k", "fractions" },
    { "--bs=8k,32k,4k,2k", "three at most" },
    { "--bs=8kx", "something behind" },
    { "--bs=,", "empty" },
    { "--bs=", "empty" },
    { "--size=101%", "1% to 100%" },
    { "--size=4k%", "percentage" },
    { "--runtime=0", "too small" },
    { "--runtime=5x", "unit" },
    { "--poll-max-ns=-1", "negative" },
    { "--poll-policy=linear", "classic" },
    { "--ioengine=mmap", "does not have that engine" },
    { "--ioengine=sink", "did you mean sync?" },
    { "--cpus_allowed=3-1", "CPU list" },
    { "--direct=2", "0 and 1" },
    { "--time_based=yes", "0 and 1" },
    { "--output-format=json,xml", "normal" },
    { "--output-format=json,tsv", "not json, terse and tsv" },
    { "--hipri", "IOPOLL is not built yet" },
    { "--zonemode=strided", "not supported: zoned devices" },
    { "--bssplit=4k/50:8k/40", "100 percent" },
    { "--bsrange=0", "too small" },
    { "--bsrange=1k-2g", "too large" },
    { "--bsrange=8k-4k", "ends before it begins" },
    { "--nice=20", "-20 to 19" },
    { "--numa_mem_policy=prefer", "needs a list" },
    { "--numa_mem_policy=prefer:0-1", "one node" },
    { "--numa_mem_policy=local:0", "takes no nodes" },
    { "--numa_mem_policy=near", "accepted: default" },
    { "--cpumask=0", "1 to" },
    { "--prio=8", "0 to 7" },
    { "--mem=shm:/tmp/a", "takes no path" },
    { "--mem=mmap:", "needs a path" },
    { "--mem=mmaphug", "did you mean mmaphuge?" },
    { "--iomem_align=3k", "power of two" },
    { "--percentile_list=0:50", "out of range" },
    { "--random_distribution=zipf:0", "more than 0" },
    { "--max-jobs=0", "1 to" },
    { "--filename=", "empty" },
    { "--size", "missing" },
    { "no-such.fio", "No such file" },
    { "-x", "no such option" },
    { "-bs=1.5k", "fractions" },
    { "--section=b", "no job of that name" },
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
        ARGS("--name=a", "--ioengine=null"),
        ARGS("--name=a", "--ioengine=null", "--size=1m", "--verify=crc32c"),
        ARGS("--name=a/b"),
        ARGS("--readonly", "--name=a", "--rw=randrw"),
        ARGS("--name=a", "--bs=4KiB", "--warnings_fatal"),
        ARGS("--max_jobs=2", "--name=a", "--numjobs=3"),
        ARGS("--max_jobs=1", "--name=a", "--name=b"),
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
    ck_assert_str_eq(job, "name=a;rw=read;bs=4096;ioengine=lariat;iodepth=8;numjobs=1;fixedbufs=1;");
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
    const struct option_row *row;
    for (size_t i = 0; (row = option_at(i)); i++) {
        char flag[64], valued[64];

        snprintf(flag, sizeof(flag), "  --%s ", row->name);
        snprintf(valued, sizeof(valued), "  --%s=", row->name);
        ck_assert_msg((strstr(text, flag) || strstr(text, valued)) == (row->state == OPTION_BUILT), "%s", row->name);
    }
    free(text);
}
END_TEST

START_TEST(the_table_fits_and_no_name_stands_for_two_options)
{
    const struct option_row *row;
    size_t n = 0;

    for (; (row = option_at(n)); n++) {
        ck_assert_msg(option_find(row->name, strlen(row->name)) == row, "%s stands twice", row->name);
        if (row->alias)
            ck_assert_msg(option_find(row->alias, strlen(row->alias)) == row, "%s stands twice", row->alias);
        ck_assert_uint_eq(option_index(row), n);
        ck_assert_ptr_nonnull(row->help);
    }
    ck_assert_uint_le(n, OPTIONS_MAX);
}
END_TEST

/* An option, and how it is printed once it is understood; empty: as it stands. */
static const struct {
    const char *arg;
    const char *printed;
} understood[] = {
    { "bs=8k", "8192" },
    { "bs=8k,32k", "8192,32768,32768" },
    { "bs=,8k", "4096,8192,8192" },
    { "bsrange=1k-4k,8k-16k,", "1024-4096,8192-16384," },
    { "bssplit=4k/50:64k/", "4096/50:65536/50,4096/50:65536/50,4096/50:65536/50" },
    { "rw=randtrimwrite", "" },
    { "rw=randread:8", "" },
    { "rw=write:4k", "write:4096" },
    { "rw=readwrite", "rw" },
    { "size=50%", "" },
    { "size=1G", "1073741824" },
    { "filesize=4k-1m", "4096-1048576" },
    { "offset=10%", "" },
    { "randseed=0x89", "137" },
    { "percentage_random=10,20", "10,20,20" },
    { "random_distribution=zipf:1.2", "" },
    { "random_distribution=pareto:0.2:0.5", "" },
    { "random_distribution=zoned:60/10:40/90", "zoned:60/10:40/90,60/10:40/90,60/10:40/90" },
    { "sync_file_range=wait_before,write:32", "" },
    { "sync=1", "sync" },
    { "buffer_pattern=\"ab\"", "0x6162" },
    { "verify_pattern=0xff%o255", "0xff%o0xff" },
    { "runtime=1m", "60000000000ns" },
    { "startdelay=5-10", "5000000000ns-10000000000ns" },
    { "startdelay=5", "5000000000ns-5000000000ns" },
    { "rate=1m,512k", "1048576,524288,524288" },
    { "rate_iops=,1000", "0,1000,1000" },
    { "rate_cycle=500", "500000000ns" },
    { "thinktime=10", "10000ns" },
    { "thinktime=10ms", "10000000ns" },
    { "max_latency=10,20", "10000ns,20000ns,20000ns" },
    { "latency_percentile=99.5", "" },
    { "percentile_list=50:99.9", "" },
    { "steadystate=iops:0.3%", "" },
    { "ignore_error=EAGAIN,ENOSPC:122", "EAGAIN,ENOSPC:EDQUOT," },
    { "continue_on_error=io", "io" },
    { "nonvectored=-1", "" },
    { "nice=-5", "" },
    { "mem=mmaphuge", "" },
    { "iomem=mmap:/tmp/a:b", "mmap:/tmp/a:b" },
    { "cpus_allowed=0-3,6", "" },
    { "ioengine=libaio", "lariat" },
    { "log_max_value=1", "max" },
    { "ss_dur=5s", "5000000000ns" },
};

/* fn of options_echo_parsed(): the value of the option that stands first in the text. */
static void keep_one(void *opaque, const char *name, const char *value)
{
    char *text = opaque;
    size_t n = strlen(name);

    if (strncmp(text, name, n) == 0 && text[n] == '=')
        strcpy(text + n + 1, value);
}

/* Parse --OPTION=VALUE, and put what was understood in the place of the value. */
static void understand(char text[256])
{
    char arg[300], *equals = strchr(text, '=');
    const struct option_row *row = option_find(text, (size_t)(equals - text));
    struct parsed p;

    ck_assert_ptr_nonnull(row);
    snprintf(arg, sizeof(arg), "--%s", text);
    parse(&p, ARGS("--name=a", arg));
    ck_assert_msg(p.options.n_jobs == 1 && p.options.jobs[0].given[option_index(row)], "%s: %s", text, p.said);
    sprintf(arg, "%s=", row->name);
    options_echo_parsed(&p.options.jobs[0], keep_one, arg);
    strcpy(text, arg);
    parsed_free(&p);
}

START_TEST(values_are_understood_and_what_is_printed_means_the_same)
{
    char first[256], second[256];

    strcpy(first, understood[_i].arg);
    understand(first);
    const char *expected = *understood[_i].printed ? understood[_i].printed : strchr(understood[_i].arg, '=') + 1;
    ck_assert_str_eq(strchr(first, '=') + 1, expected);
    strcpy(second, first);
    understand(second);
    ck_assert_str_eq(first, second);
}
END_TEST

START_TEST(of_options_that_are_not_built_those_without_an_effect_are_accepted)
{
    struct parsed p;

    parse(&p, ARGS("--name=a", "--loops=1", "--verify_fatal=0", "--gtod_reduce=0", "--rate_process=linear", "--do_verify=1",
                   "--random_distribution=random", "--sqthread_poll_cpu=-1", "--hipri=0", "--bs=4k,4k,4k"));
    ck_assert_msg(p.rc == 0, "%s", p.said);
    ck_assert_str_eq(p.said, "");
    parsed_free(&p);
}
END_TEST

/* IOPOLL will be the last one to come. */
START_TEST(each_option_that_is_not_built_is_told)
{
    struct parsed p;

    parse(&p, ARGS("--hipri", "--name=a", "--hipri=1", "--bs=8k"));
    ck_assert_int_eq(p.rc, -EINVAL);
    ck_assert(strstr(p.said, "--hipri: IOPOLL is not built yet\n") &&
              strstr(p.said, "--hipri=1: IOPOLL is not built yet\n"));
    ck_assert_uint_eq(p.options.jobs[0].bs, 8192);
    parsed_free(&p);
}
END_TEST

START_TEST(what_has_no_meaning_here_is_ignored_with_a_warning)
{
    struct parsed p;

    parse(&p, ARGS("--clocksource=cpu", "--name=a", "--gtod_cpu=1", "--error_dump", "--thread=1"));
    ck_assert_msg(p.rc == 0, "%s", p.said);
    ck_assert(strstr(p.said, "--clocksource: ignored: ") && strstr(p.said, "--error_dump: ignored: "));
    parsed_free(&p);
}
END_TEST

START_TEST(of_opposites_the_last_one_counts)
{
    struct parsed p;

    parse(&p,
          ARGS("--name=a", "--rwmixwrite=30", "--buffered=0", "--name=b", "--rwmixread=10", "--rwmixwrite=30", "--direct=1",
               "--buffered=1", "--cpus_allowed=0", "--cpumask=2", "--name=c", "--cpumask=2", "--cpus_allowed=0"));
    ck_assert_msg(p.rc == 0, "%s", p.said);
    ck_assert(!p.options.jobs[1].cpus_allowed && p.options.jobs[1].cpumask == 2);
    ck_assert(p.options.jobs[2].cpus_allowed && !p.options.jobs[2].cpumask);
    ck_assert(p.options.jobs[0].rwmixread == 70 && p.options.jobs[0].direct);
    ck_assert(p.options.jobs[1].rwmixread == 70 && !p.options.jobs[1].direct);
    parsed_free(&p);
}
END_TEST

START_TEST(the_size_of_blocks_is_that_of_the_split_or_the_range_or_bs)
{
    struct parsed p;

    parse(&p, ARGS("--name=a", "--rw=rw", "--bs=1k,2k", "--name=b", "--rw=read", "--bs=1k,2k", "--bsrange=4k-8k", "--name=c",
                   "--rw=write", "--bssplit=4k/50:512/50"));
    const struct job_options *jobs = p.options.jobs;

    ck_assert_uint_eq(p.options.n_jobs, 3);
    ck_assert(jobs[0].bs == 2048 && jobs[0].block[DIR_READ].max == 1024 && jobs[0].block[DIR_TRIM].min == 2048);
    ck_assert(jobs[1].bs == 8192 && jobs[1].block[DIR_READ].min == 4096);
    ck_assert(jobs[2].bs == 4096 && jobs[2].block[DIR_WRITE].min == 512 && jobs[2].block[DIR_WRITE].max == 4096);
    parsed_free(&p);
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
    tcase_add_test(good, the_table_fits_and_no_name_stands_for_two_options);
    tcase_add_loop_test(good, values_are_understood_and_what_is_printed_means_the_same, 0,
                        sizeof(understood) / sizeof(understood[0]));
    tcase_add_test(good, of_options_that_are_not_built_those_without_an_effect_are_accepted);
    tcase_add_test(refused, each_option_that_is_not_built_is_told);
    tcase_add_test(good, what_has_no_meaning_here_is_ignored_with_a_warning);
    tcase_add_test(good, of_opposites_the_last_one_counts);
    tcase_add_test(good, the_size_of_blocks_is_that_of_the_split_or_the_range_or_bs);
    tcase_add_loop_test(refused, bad_options_are_refused_in_one_line_that_names_them, 0, sizeof(bad) / sizeof(bad[0]));
    tcase_add_test(refused, combinations_that_make_no_sense_are_refused);
    tcase_add_test(refused, arguments_of_any_length_are_survived);
}

int main(void)
{
    return suite_main_without_ring("bench_options", add_cases);
}
