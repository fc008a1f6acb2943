/* SPDX-License-Identifier: MIT */
/* lariat-microbench: options, and the run over the measures. */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <lariat/lariat.h>

#include "microbench_loop.h"
#include "microbench_report.h"

enum { USAGE_ERROR = 2 };

/* Of the long options; beyond the characters, so that getopt's optopt tells them from a short one. */
enum option_code {
    OPTION_ONLY = 256,
    OPTION_ROUNDS,
    OPTION_SCALE,
    OPTION_CPUS,
    OPTION_JSON,
    OPTION_LIST,
    OPTION_HELP,
    OPTION_VERSION
};

/* Idle comes first: it needs a process that has had no threads yet. */
static const struct mb_group *const groups[] = {
    &mb_idle_group,  &mb_nop_group,     &mb_bh_group,   &mb_burst_group, &mb_pingpong_group,
    &mb_timer_group, &mb_handler_group, &mb_life_group,
};

struct options {
    struct mb_env env;
    unsigned rounds;
    bool json;
    char *only; /* NULL: all */
};

/* clang-format off */
static const char usage[] =
    "Usage: lariat-microbench [OPTION]...\n"
    "What Lariat's loop costs by itself, beside libuv, libev, GLib and hand-written code,\n"
    "alternated in one run. Prints medians, [min..max], and the ratio lariat/other.\n"
    "\n"
    "  --only=NAME[,NAME]  only these measures or groups of measures (see --list)\n"
    "  --list              list the measures and exit\n"
    "  --rounds=N          rounds that count, 1 to 1000 (default 7; one more warms up)\n"
    "  --scale=F           make each round F times as long, 0.001 to 100 (default 1)\n"
    "  --cpus=A,B          the two CPUs to use (default: the first two allowed)\n"
    "  --json              print one JSON document instead of the table\n"
    "  --help, --version\n"
    "\n"
    "Targets are the project's own; whether they are met does not change the exit status:\n"
    "0, 1 if something could not be measured, 2 for a bad option.\n";
/* clang-format on */

static _Noreturn __attribute__((format(printf, 1, 2))) void usage_error(const char *format, ...)
{
    va_list args;

    fputs("lariat-microbench: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    exit(USAGE_ERROR);
}

/* ---- options ---- */

static bool wanted_by(const struct mb_group *group, const struct mb_measure *measure, const char *name, size_t length)
{
    return (strlen(group->name) == length && !strncmp(group->name, name, length)) ||
           (strlen(measure->name) == length && !strncmp(measure->name, name, length));
}

static bool is_wanted(const struct options *options, const struct mb_group *group, const struct mb_measure *measure)
{
    const char *name = options->only;

    if (!name)
        return true;
    for (;;) {
        size_t length = strcspn(name, ",");

        if (wanted_by(group, measure, name, length))
            return true;
        if (!name[length])
            return false;
        name += length + 1;
    }
}

static bool is_known(const char *name, size_t length)
{
    for (size_t g = 0; g < MB_COUNT(groups); g++)
        for (size_t i = 0; i < groups[g]->n_measures; i++)
            if (wanted_by(groups[g], &groups[g]->measures[i], name, length))
                return true;
    return false;
}

static void parse_only(struct options *options, char *value)
{
    const char *name = value;

    for (;;) {
        size_t length = strcspn(name, ",");

        if (!is_known(name, length))
            usage_error("--only: there is no measure '%.*s' (--list shows them)", (int)length, name);
        if (!name[length])
            break;
        name += length + 1;
    }
    options->only = value;
}

static void parse_rounds(struct options *options, const char *value)
{
    char *end;
    long rounds;

    errno = 0;
    rounds = strtol(value, &end, 10);
    if (errno || end == value || *end || rounds < 1 || rounds > 1000)
        usage_error("--rounds: '%s' is not a whole number from 1 to 1000", value);
    options->rounds = (unsigned)rounds;
}

static void parse_scale(struct options *options, const char *value)
{
    char *end;
    double scale = strtod(value, &end);

    if (end == value || *end || !(scale >= 0.001 && scale <= 100))
        usage_error("--scale: '%s' is not a number from 0.001 to 100", value);
    options->env.scale = scale;
}

static bool parse_cpu(const char *text, int stop, int *cpu)
{
    char *end;
    long value;

    errno = 0;
    value = strtol(text, &end, 10);
    if (errno || end == text || *end != stop || value < 0 || value >= CPU_SETSIZE)
        return false;
    *cpu = (int)value;
    return true;
}

static void parse_cpus(struct options *options, const char *value)
{
    int *cpu = options->env.cpu;
    const char *comma = strchr(value, ',');
    cpu_set_t set;

    if (!comma || !parse_cpu(value, ',', &cpu[0]) || !parse_cpu(comma + 1, '\0', &cpu[1]))
        usage_error("--cpus: '%s' is not two CPU numbers, as in 0,1", value);
    CPU_ZERO(&set);
    for (int i = 0; i < 2; i++) {
        if (!CPU_ISSET((unsigned)cpu[i], &options->env.cpus))
            usage_error("--cpus: CPU %d is not there, or not allowed to this process", cpu[i]);
        CPU_SET((unsigned)cpu[i], &set);
    }
    options->env.cpus = set;
}

static void list_measures(void)
{
    for (size_t g = 0; g < MB_COUNT(groups); g++)
        for (size_t i = 0; i < groups[g]->n_measures; i++)
            printf("%-10s %-22s %s\n", groups[g]->name, groups[g]->measures[i].name, groups[g]->measures[i].what);
}

/* The first two CPUs that we may use, or the only one twice. */
static void default_cpus(struct mb_env *env)
{
    int n = 0;

    if (sched_getaffinity(0, sizeof env->cpus, &env->cpus))
        CPU_ZERO(&env->cpus);
    for (int i = 0; i < CPU_SETSIZE && n < 2; i++)
        if (CPU_ISSET((unsigned)i, &env->cpus))
            env->cpu[n++] = i;
    if (n == 1)
        env->cpu[1] = env->cpu[0];
}

static void parse_option(struct options *options, int option, char *argument)
{
    switch (option) {
    case OPTION_ONLY: parse_only(options, argument); break;
    case OPTION_ROUNDS: parse_rounds(options, argument); break;
    case OPTION_SCALE: parse_scale(options, argument); break;
    case OPTION_CPUS: parse_cpus(options, argument); break;
    case OPTION_JSON: options->json = true; break;
    case OPTION_LIST: list_measures(); exit(EXIT_SUCCESS);
    case OPTION_HELP: fputs(usage, stdout); exit(EXIT_SUCCESS);
    case OPTION_VERSION: printf("lariat-microbench %s\n", LARIAT_VERSION_STRING); exit(EXIT_SUCCESS);
    default: break;
    }
}

static void parse_options(struct options *options, int argc, char **argv)
{
    static const struct option long_options[] = {
        { "only", required_argument, NULL, OPTION_ONLY },
        { "rounds", required_argument, NULL, OPTION_ROUNDS },
        { "scale", required_argument, NULL, OPTION_SCALE },
        { "cpus", required_argument, NULL, OPTION_CPUS },
        { "json", no_argument, NULL, OPTION_JSON },
        { "list", no_argument, NULL, OPTION_LIST },
        { "help", no_argument, NULL, OPTION_HELP },
        { "version", no_argument, NULL, OPTION_VERSION },
        { NULL, 0, NULL, 0 },
    };
    int option;

    opterr = 0; /* one line, and ours */
    while ((option = getopt_long(argc, argv, ":", long_options, NULL)) != -1) {
        if (option == ':')
            usage_error("%s: needs a value (--help tells more)", argv[optind - 1]);
        if (option == '?' && optopt > 0 && optopt < OPTION_ONLY)
            usage_error("-%c: no such option (--help lists them)", optopt);
        if (option == '?' && optopt)
            usage_error("%s: takes no value", argv[optind - 1]);
        if (option == '?')
            usage_error("%s: no such option (--help lists them)", argv[optind - 1]);
        parse_option(options, option, optarg);
    }
    if (optind < argc)
        usage_error("%s: not an option (--help lists them)", argv[optind]);
}

/* ---- the run ---- */

static bool has_error(const struct mb_result *result)
{
    bool error = false;

    for (size_t i = 0; i < result->measure->n_cases; i++) {
        if (!result->errors[i])
            continue;
        fprintf(stderr, "lariat-microbench: %s, %s: %s\n", result->measure->name, result->measure->cases[i].name,
                strerror(-result->errors[i]));
        error = true;
    }
    return error;
}

static int run_measure(const struct options *options, const struct mb_measure *measure, json_t *measures)
{
    struct mb_result result;
    int ret;

    if (measure->two_cpus && options->env.cpu[0] == options->env.cpu[1]) {
        fprintf(stderr, "lariat-microbench: %s: left out, it needs two CPUs\n", measure->name);
        return 0;
    }
    /* For each measure anew: a case may have moved the main thread, and what it starts inherits its CPU. */
    mb_pin(options->env.cpu[0]);
    ret = mb_result_measure(&result, measure, &options->env, options->rounds);
    if (ret) {
        fprintf(stderr, "lariat-microbench: %s: %s\n", measure->name, strerror(-ret));
        return ret;
    }
    if (options->json)
        json_array_append_new(measures, mb_json_measure(&result));
    else
        mb_table_measure(stdout, &result);
    if (has_error(&result))
        ret = -EIO;
    mb_result_free(&result);
    return ret;
}

static int run_all(const struct options *options)
{
    json_t *document = mb_json_head(&options->env, options->rounds);
    json_t *measures = json_array();
    int error = 0;

    mb_others_cpu_percent();
    if (!options->json)
        mb_table_head(stdout, &options->env, options->rounds);
    for (size_t g = 0; g < MB_COUNT(groups); g++)
        for (size_t i = 0; i < groups[g]->n_measures; i++)
            if (is_wanted(options, groups[g], &groups[g]->measures[i]))
                error |= run_measure(options, &groups[g]->measures[i], measures);
    json_object_set_new(document, "others_cpu_percent", json_real(mb_others_cpu_percent()));
    json_object_set_new(document, "measures", measures);
    if (options->json) {
        error |= json_dumpf(document, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
        putchar('\n');
    } else {
        mb_table_foot(stdout);
    }
    json_decref(document);
    if (fflush(stdout) || ferror(stdout)) {
        fprintf(stderr, "lariat-microbench: writing to stdout: %s\n", strerror(errno));
        error = -EIO;
    }
    return error;
}

/* Better one sentence that helps than a table full of failures. */
static void require_ring(void)
{
    struct lariat_loop *loop;
    int ret = lariat_loop_new(NULL, &loop);
    char *reason;

    if (!ret) {
        lariat_loop_unref(loop);
        return;
    }
    reason = lariat_explain_setup(ret);
    fprintf(stderr, "lariat-microbench: no ring: %s\n", reason ? reason : strerror(-ret));
    free(reason);
    exit(EXIT_FAILURE);
}

int main(int argc, char **argv)
{
    struct options options = { .env = { .scale = 1 }, .rounds = 7 };

    default_cpus(&options.env);
    parse_options(&options, argc, argv);
    require_ring();
    return run_all(&options) ? EXIT_FAILURE : EXIT_SUCCESS;
}
