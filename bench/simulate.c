/* SPDX-License-Identifier: MIT */
/*
 * Everything here is arithmetic on rows of waits, so results depend on the options alone, --seed among them.
 */
#include "simulate.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "simulation.h"
#include "units.h"

#define EXIT_FAILED 1
#define EXIT_USAGE 2
#define PENALTY_NS 25000
#define WAKE_COST_NS 23500
#define N_POLICIES 3
#define WAITS 50000
#define WAITS_MAX 100000000
#define AUTO LARIAT_POLL_AUTO

enum input { INPUT_NONE, INPUT_TRACE, INPUT_ADVERSARY, INPUT_GENERATE };

struct options {
    enum input input;
    const char *source; /* file or kind */
    bool policies[N_POLICIES];
    int64_t seed, wake_cost_ns, penalty_ns, price, n_waits;
    int64_t max_ns, grow, shrink, weight; /* -1: the policy's default */
    bool json;
};

struct result {
    struct simulation run;
    double clairvoyant_ns, best_fixed_ns;
    int64_t best_window_ns;
};

static const char *const policy_names[N_POLICIES] = { "classic", "weighted", "auto" };

static const char help[] =
    "usage: lariat-bench simulate --trace=FILE | --adversary [OPTION...]\n"
    "       lariat-bench simulate --generate=KIND [--waits=N] [--seed=N]\n"
    "What the polling policies of the library would have cost, beside what could have been had by knowing the waits before.\n"
    "  --trace=FILE         one wait per line, in ns; - is standard input\n"
    "  --adversary          waits one ns longer than the window, each time\n"
    "  --generate=KIND      print a trace instead: constant, exponential, bimodal, lognormal, pareto, bursts, phases,\n"
    "                       shifting-phases, drift, adversarial (against auto with the options given) or same-cpu\n"
    "  --waits=N            how many waits --adversary and --generate make (50000)\n"
    "  --policy=NAME,...    classic, weighted, auto (all)\n"
    "  --seed=N             of what is random (1)\n"
    "  --penalty-ns=N       what a sleep costs, in ns of latency (25000)\n"
    "  --wake-cost-ns=N     how much longer a sleep makes a wait look, on the average (23500)\n"
    "  --poll-price=PCT     what a ns spun costs, in percent of a ns of latency (25)\n"
    "  --poll-max-ns=N, --poll-grow=N, --poll-shrink=N, --poll-weight=N\n"
    "                       parameters of the policies (each policy's default)\n"
    "  --json               print a JSON document\n"
    "Cost of a wait: ns spun * price / 100, and the penalty if it slept. A window catches waits no longer than itself.\n";

/* ---- options ---- */

enum {
    OPT_TRACE = 256,
    OPT_ADVERSARY,
    OPT_GENERATE,
    OPT_POLICY,
    OPT_JSON,
    OPT_HELP,
    OPT_NUMBER, /* and on: the numbers */
};

static const struct number {
    const char *name;
    int64_t min, max;
    size_t offset;
    bool is_time;
} numbers[] = {
    { "seed", 0, INT64_MAX, offsetof(struct options, seed), false },
    { "waits", 1, WAITS_MAX, offsetof(struct options, n_waits), false },
    { "penalty-ns", 1, INT64_C(1) << 30, offsetof(struct options, penalty_ns), true },
    { "wake-cost-ns", 0, INT64_MAX, offsetof(struct options, wake_cost_ns), true },
    { "poll-price", 0, 10000, offsetof(struct options, price), false },
    { "poll-max-ns", 0, INT64_MAX, offsetof(struct options, max_ns), true },
    { "poll-grow", 0, INT64_MAX, offsetof(struct options, grow), false },
    { "poll-shrink", 0, INT64_MAX, offsetof(struct options, shrink), false },
    { "poll-weight", 0, 63, offsetof(struct options, weight), false },
};
#define N_NUMBERS (sizeof(numbers) / sizeof(numbers[0]))

static int usage(const char *what, const char *value, const char *why)
{
    fprintf(stderr, "lariat-bench simulate: %s%s%s: %s\n", what, value ? "=" : "", value ? value : "", why);
    return EXIT_USAGE;
}

static int read_number(struct options *options, const struct number *number, const char *text)
{
    const char *why = NULL;
    char range[96];
    int64_t value = 0;
    uint64_t plain;
    bool decimal;
    int rc = number->is_time ? parse_duration(text, 1, &value, &why) : parse_size(text, 1024, &plain, &decimal, &why);

    if (!rc && !number->is_time && plain > INT64_MAX)
        rc = -ERANGE;
    else if (!rc && !number->is_time)
        value = (int64_t)plain;
    if (!rc && value >= number->min && value <= number->max) {
        memcpy((char *)options + number->offset, &value, sizeof(value));
        return 0;
    }
    snprintf(range, sizeof(range), "%s, %" PRId64 " to %" PRId64, rc && why ? why : "out of range", number->min, number->max);
    return usage(number->name, text, range);
}

static int read_policies(struct options *options, const char *text)
{
    memset(options->policies, 0, sizeof(options->policies));
    for (const char *word = text;; word++) {
        size_t length = strcspn(word, ",");
        int found = -1;

        for (int i = 0; i < N_POLICIES; i++)
            if (strlen(policy_names[i]) == length && !memcmp(policy_names[i], word, length))
                found = i;
        if (found < 0)
            return usage("--policy", text, "the policies are classic, weighted and auto");
        options->policies[found] = true;
        word += length;
        if (!*word)
            return 0;
    }
}

static int take_input(struct options *options, enum input input, const char *source)
{
    if (options->input != INPUT_NONE)
        return usage("--trace, --adversary, --generate", NULL, "give one of them, once");
    options->input = input;
    options->source = source;
    return 0;
}

static int take_option(struct options *options, int option, const char *text)
{
    switch (option) {
    case OPT_TRACE: return take_input(options, INPUT_TRACE, text);
    case OPT_ADVERSARY: return take_input(options, INPUT_ADVERSARY, NULL);
    case OPT_GENERATE: return take_input(options, INPUT_GENERATE, text);
    case OPT_POLICY: return read_policies(options, text);
    case OPT_JSON: options->json = true; return 0;
    default: return read_number(options, &numbers[option - OPT_NUMBER], text);
    }
}

/* 0, or the exit status. Anything that begins with -- may also be spelt with underscores, as the other options are. */
static int read_options(struct options *options, int argc, char **argv, bool *wants_help)
{
    struct option known[7 + N_NUMBERS] = {
        { "trace", required_argument, NULL, OPT_TRACE },   { "adversary", no_argument, NULL, OPT_ADVERSARY },
        { "generate", required_argument, NULL, OPT_GENERATE }, { "policy", required_argument, NULL, OPT_POLICY },
        { "json", no_argument, NULL, OPT_JSON },           { "help", no_argument, NULL, OPT_HELP },
    };
    int option, rc = 0;

    for (size_t i = 0; i < N_NUMBERS; i++)
        known[6 + i] = (struct option){ numbers[i].name, required_argument, NULL, OPT_NUMBER + (int)i };
    for (int i = 1; i < argc; i++)
        for (char *c = argv[i]; !strncmp(argv[i], "--", 2) && *c && *c != '='; c++)
            *c = *c == '_' ? '-' : *c;
    optind = 0;
    opterr = 0;
    while (!rc && (option = getopt_long(argc, argv, "+:h", known, NULL)) != -1) {
        if (option == 'h' || option == OPT_HELP)
            *wants_help = true;
        else if (option == ':')
            return usage(argv[optind - 1], NULL, "needs a value");
        else if (option == '?')
            return usage(argv[optind - 1], NULL, "no such option, or not with a value (--help tells them all)");
        else
            rc = take_option(options, option, optarg);
    }
    if (!rc && optind < argc)
        return usage(argv[optind], NULL, "is no option");
    return rc;
}

/* ---- running ---- */

static struct lariat_poll_params params_of(const struct options *options, enum lariat_poll_policy policy)
{
    struct lariat_poll_params params;

    lariat_poll_params_init(&params, policy);
    params.price = options->price;
    if (options->max_ns >= 0)
        params.max_ns = options->max_ns;
    if (options->grow >= 0)
        params.grow = options->grow;
    if (options->shrink >= 0)
        params.shrink = options->shrink;
    if (options->weight >= 0)
        params.weight = options->weight;
    return params;
}

static int no_memory(void)
{
    fputs("lariat-bench simulate: out of memory\n", stderr);
    return EXIT_FAILED;
}

static void begin(const struct options *options, enum lariat_poll_policy policy, struct simulation *s)
{
    struct simulation_world world = { options->penalty_ns, options->wake_cost_ns, (uint64_t)options->seed };
    struct lariat_poll_params params = params_of(options, policy);

    simulation_begin(s, &params, &world);
}

/* Looks at the window, and makes the wait a ns longer. */
static int run_adversary(struct simulation *s, int64_t n_waits, struct trace *trace)
{
    for (int64_t i = 0; i < n_waits; i++) {
        int64_t wait_ns = s->window_ns < INT64_MAX ? s->window_ns + 1 : INT64_MAX;

        if (trace_add(trace, wait_ns))
            return -ENOMEM;
        simulation_wait(s, wait_ns);
    }
    return 0;
}

static int simulate(const struct options *options, enum lariat_poll_policy policy, const struct trace *file, struct result *r)
{
    struct trace adversary = { NULL, 0, 0 };
    const struct trace *trace = file;
    int rc = 0;

    begin(options, policy, &r->run);
    if (options->input == INPUT_ADVERSARY) {
        rc = run_adversary(&r->run, options->n_waits, &adversary);
        trace = &adversary;
    } else {
        simulation_run(&r->run, trace);
    }
    r->clairvoyant_ns = simulation_clairvoyant(trace, &r->run.params, options->penalty_ns);
    if (!rc)
        rc = simulation_best_fixed(trace, &r->run.params, options->penalty_ns, &r->best_fixed_ns, &r->best_window_ns);
    trace_free(&adversary);
    return rc;
}

static int open_trace(const struct options *options, struct trace *trace)
{
    bool is_stdin = !strcmp(options->source, "-");
    FILE *in = is_stdin ? stdin : fopen(options->source, "re");
    char why[96];
    size_t line = 0;
    int rc = in ? trace_read(trace, in, &line) : -errno;

    if (in && !is_stdin)
        fclose(in);
    if (!rc)
        return 0;
    if (rc == -ENOMEM)
        return no_memory();
    if (rc == -EINVAL)
        snprintf(why, sizeof(why), "line %zu is not a number of ns, 0 to %" PRId64, line, INT64_MAX);
    else
        snprintf(why, sizeof(why), "%s", rc == -ENODATA ? "holds no waits" : strerror(-rc));
    return usage("--trace", options->source, why);
}

/* ---- reports ---- */

/* Something against nothing is infinite. */
static double ratio(double cost, double least)
{
    return least > 0 ? cost / least : cost > 0 ? (double)INFINITY : 1;
}

static void print_ratio(const char *key, double cost, double least)
{
    double r = ratio(cost, least);

    if (isfinite(r))
        printf("\"%s\": %.6f", key, r);
    else
        printf("\"%s\": null", key);
}

static void print_json(const struct options *options, const struct result *results)
{
    const char *separator = "";

    printf("{\"seed\": %" PRId64 ", \"penalty_ns\": %" PRId64 ", \"wake_cost_ns\": %" PRId64 ", \"poll_price\": %" PRId64
           ",\n \"policies\": [", options->seed, options->penalty_ns, options->wake_cost_ns, options->price);
    for (int i = 0; i < N_POLICIES; i++) {
        const struct result *r = &results[i];
        const struct simulation *s = &r->run;

        if (!options->policies[i])
            continue;
        printf("%s\n  {\"policy\": \"%s\", \"poll_max_ns\": %" PRId64 ", \"waits\": %" PRIu64 ", \"cost_ns\": %.0f, \"spun_ns\": %" PRIu64
               ", \"caught\": %" PRIu64 ", \"caught_share\": %.6f, \"added_latency_ns\": %" PRIu64
               ",\n   \"clairvoyant_ns\": %.0f, \"best_fixed_ns\": %.0f, \"best_fixed_window_ns\": %" PRId64 ", ", separator,
               policy_names[i], s->params.max_ns, s->n_waits, s->cost_ns, s->spun_ns, s->n_caught,
               s->n_waits ? (double)s->n_caught / (double)s->n_waits : 0, s->latency_ns, r->clairvoyant_ns, r->best_fixed_ns,
               r->best_window_ns);
        print_ratio("ratio_clairvoyant", s->cost_ns, r->clairvoyant_ns);
        printf(", ");
        print_ratio("ratio_best_fixed", s->cost_ns, r->best_fixed_ns);
        printf("}");
        separator = ",";
    }
    printf("\n ]}\n");
}

static void print_table(const struct options *options, const struct result *results)
{
    printf("%-9s %10s %12s %12s %8s %14s %11s %11s %12s\n", "policy", "waits", "cost/wait", "spun/wait", "caught", "latency/wait",
           "clairvoyant", "best fixed", "best window");
    for (int i = 0; i < N_POLICIES; i++) {
        const struct result *r = &results[i];
        const struct simulation *s = &r->run;
        char cost[UNIT_TEXT_MAX], spun[UNIT_TEXT_MAX], latency[UNIT_TEXT_MAX], window[UNIT_TEXT_MAX];
        double n = s->n_waits ? (double)s->n_waits : 1;

        if (options->policies[i])
            printf("%-9s %10" PRIu64 " %12s %12s %7.2f%% %14s %11.3f %11.3f %12s\n", policy_names[i], s->n_waits,
                   format_ns(cost, s->cost_ns / n), format_ns(spun, (double)s->spun_ns / n), 100 * (double)s->n_caught / n,
                   format_ns(latency, (double)s->latency_ns / n), ratio(s->cost_ns, r->clairvoyant_ns),
                   ratio(s->cost_ns, r->best_fixed_ns), format_ns(window, (double)r->best_window_ns));
    }
}

/* ---- the subcommand ---- */

static int generate(const struct options *options)
{
    bool adversarial = !strcmp(options->source, "adversarial");
    const struct trace_spec *spec = trace_spec_named(options->source);
    struct trace trace = { NULL, 0, 0 };
    struct simulation s;
    int rc;

    if (!spec && !adversarial)
        return usage("--generate", options->source, trace_names());
    begin(options, AUTO, &s);
    if (adversarial)
        rc = run_adversary(&s, options->n_waits, &trace);
    else
        rc = trace_generate(&trace, spec, (size_t)options->n_waits, (uint64_t)options->seed);
    if (!rc)
        rc = trace_write(&trace, stdout);
    trace_free(&trace);
    if (rc == -ENOMEM)
        return no_memory();
    return rc ? EXIT_FAILED : 0;
}

static int run_all_policies(const struct options *options)
{
    struct result results[N_POLICIES] = { 0 };
    struct trace trace = { NULL, 0, 0 };
    int rc = options->input == INPUT_TRACE ? open_trace(options, &trace) : 0;

    for (int i = 0; i < N_POLICIES && !rc; i++)
        if (options->policies[i] && simulate(options, (enum lariat_poll_policy)i, &trace, &results[i]))
            rc = no_memory();
    trace_free(&trace);
    if (rc)
        return rc;
    if (options->json)
        print_json(options, results);
    else
        print_table(options, results);
    return 0;
}

int simulate_main(int argc, char **argv)
{
    struct options options = { .policies = { true, true, true }, .seed = 1, .wake_cost_ns = WAKE_COST_NS,
                               .penalty_ns = PENALTY_NS, .price = 25, .n_waits = WAITS,
                               .max_ns = -1, .grow = -1, .shrink = -1, .weight = -1 };
    bool wants_help = false;
    int rc = read_options(&options, argc, argv, &wants_help);

    if (rc)
        return rc;
    if (wants_help)
        fputs(help, stdout);
    else if (options.input == INPUT_NONE)
        return usage("--trace, --adversary, --generate", NULL, "one of them is needed");
    else
        rc = options.input == INPUT_GENERATE ? generate(&options) : run_all_policies(&options);
    if (!rc && (fflush(stdout) || ferror(stdout)))
        rc = EXIT_FAILED;
    return rc;
}
