/* SPDX-License-Identifier: MIT */
#include "tune_options.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "option_table.h"
#include "units.h"

#define BUDGET_NS (180 * NS_PER_SECOND)
#define REPEATS 5

static const char help[] =
    "usage: lariat-bench tune [OPTION...] WORKLOAD\n"
    "Finds out which polling suits a workload, which is given by the options of lariat-bench or by a job file. Its poll_...\n"
    "options, or else what the library does by default, are the default that others are compared with.\n"
    "  --objective=WHAT     latency, efficiency (CPU time per I/O), or balanced (default), which is both alike\n"
    "  --depths=N,...       I/Os in flight (default: the iodepth of the workload)\n"
    "  --loads=LIST         of idle, 10, 50, 80 (percent of what goes with polling off) and full; default: all\n"
    "  --p99=TIME           recommend nothing with a longer 99th percentile (us)\n"
    "  --cpu-budget=PCT     recommend nothing that takes more of a CPU, per job\n"
    "  --budget=TIME        how long it may take (seconds, or with a unit; default 3m)\n"
    "  --repeats=N          rounds of the last stage, at least (2 to 50; default 5)\n"
    "  --candidates=LIST    compare these and search no further: off, or POLICY[/MAX[/GROW[/SHRINK[/WEIGHT]]]], ...\n"
    "  --seed=N             of the order of the runs, and of offsets and arrivals (1)\n"
    "  --resume=FILE        write each block of runs there, and take from there what was run before\n"
    "  --output-format=LIST text (default), json, csv, html; with one of the latter, text goes to stderr\n"
    "  --report=FILE.html   write the page with pictures, too\n"
    "  --output=FILE, --eta=WHEN, --preflight=0, and all that makes a workload: see lariat-bench --help\n"
    "SIGINT: an early answer; twice: the end.\n"
    "Exit status: 0 success; 1 a run failed; 2 wrong options; 130 interrupted.\n";

void tune_options_help(FILE *out)
{
    fputs(help, out);
}

static int refuse(const char *name, const char *value, const char *why)
{
    fprintf(stderr, "lariat-bench tune: --%s%s%s: %s\n", name, value ? "=" : "", value ? value : "", why);
    return -EINVAL;
}

/* ---- lists ---- */

/* fn is given each word of a list; what it returns other than 0 ends it. */
static int each_word(struct tune_options *o, const char *text, int (*fn)(struct tune_options *o, const char *word, size_t n))
{
    for (;;) {
        size_t n = strcspn(text, ",");
        int rc = n ? fn(o, text, n) : -EINVAL;

        if (rc || !text[n])
            return rc;
        text += n + 1;
    }
}

/* Which of several words; -1: none. */
static int word_index(const char *const words[], int n_words, const char *word, size_t n)
{
    for (int i = 0; i < n_words; i++)
        if (strlen(words[i]) == n && !memcmp(words[i], word, n))
            return i;
    return -1;
}

static int add_depth(struct tune_options *o, const char *word, size_t n)
{
    char text[16], *end;
    unsigned long depth;

    if (n >= sizeof(text) || o->n_depths == TUNE_DEPTHS_MAX)
        return -EINVAL;
    memcpy(text, word, n);
    text[n] = '\0';
    depth = strtoul(text, &end, 10);
    if (*end || text[0] == '-' || depth < 1 || depth > 32768)
        return -EINVAL;
    for (unsigned i = 0; i < o->n_depths; i++)
        if (o->depths[i] == depth)
            return -EINVAL;
    o->depths[o->n_depths++] = depth;
    return 0;
}

static const char *const load_names[TUNE_LOADS] = { "full", "80", "50", "10", "idle" };
static const unsigned load_percents[TUNE_LOADS] = { 100, 80, 50, 10, 0 };

static int mark_load(struct tune_options *o, const char *word, size_t n)
{
    int i = word_index(load_names, TUNE_LOADS, word, n);

    if (i < 0)
        return -EINVAL;
    o->n_loads |= 1u << i; /* a set, until it is made a list */
    return 0;
}

static int read_loads(struct tune_options *o, const char *text)
{
    unsigned set;
    int rc;

    o->n_loads = 0;
    rc = each_word(o, text, mark_load);
    set = o->n_loads;
    o->n_loads = 0;
    for (unsigned i = 0; i < TUNE_LOADS; i++)
        if (set & 1u << i)
            o->loads[o->n_loads++] = load_percents[i];
    return rc;
}

static int add_format(struct tune_options *o, const char *word, size_t n)
{
    static const char *const names[] = { "text", "json", "csv", "html" };
    int i = word_index(names, 4, word, n);

    if (i < 0)
        return -EINVAL;
    o->formats |= 1u << i;
    return 0;
}

static int read_formats(struct tune_options *o, const char *text)
{
    unsigned documents;

    o->formats = 0;
    if (each_word(o, text, add_format))
        return refuse("output-format", text, "it is a list of text, json, csv and html");
    documents = o->formats & (TUNE_JSON | TUNE_CSV | TUNE_HTML);
    if (documents & (documents - 1))
        return refuse("output-format", text, "not json, csv and html together, each wants the output for itself");
    return 0;
}

static int add_candidate(struct tune_options *o, const char *word, size_t n)
{
    const char *why;
    char shown[TUNE_NAME_MAX];

    if (o->n_candidates == TUNE_CANDIDATES_MAX)
        return refuse("candidates", NULL, "there are more than 32");
    if (!tune_config_parse(word, n, &o->candidates[o->n_candidates++], &why))
        return 0;
    snprintf(shown, sizeof(shown), "%.*s", (int)(n < 64 ? n : 64), word);
    return refuse("candidates", shown, why);
}

/* ---- one option ---- */

static int read_time(const char *name, const char *text, int64_t unit_ns, int64_t *ns)
{
    const char *why = NULL;
    int rc = parse_duration(text, unit_ns, ns, &why);

    if (rc || *ns < 1)
        return refuse(name, text, rc && why ? why : "it is a time of more than 0");
    return 0;
}

static int read_number(const char *name, const char *text, uint64_t min, uint64_t max, uint64_t *value)
{
    char *end, why[80];

    errno = 0;
    *value = strtoull(text, &end, 10);
    if (text[0] >= '0' && text[0] <= '9' && !*end && !errno && *value >= min && *value <= max)
        return 0;
    snprintf(why, sizeof(why), "it is a whole number, %" PRIu64 " to %" PRIu64, min, max);
    return refuse(name, text, why);
}

static int read_objective(struct tune_options *o, const char *text)
{
    for (int i = 0; i < N_OBJECTIVES; i++)
        if (strcmp(text, tune_objective_name((enum tune_objective)i)) == 0) {
            o->objective = (enum tune_objective)i;
            return 0;
        }
    return refuse("objective", text, "it is latency, efficiency or balanced");
}

enum own_option {
    OWN_DEPTHS,
    OWN_LOADS,
    OWN_OBJECTIVE,
    OWN_P99,
    OWN_CPU,
    OWN_BUDGET,
    OWN_REPEATS,
    OWN_CANDIDATES,
    OWN_SEED,
    OWN_RESUME,
    OWN_FORMAT,
    N_OWN
};

static const char *const own_names[N_OWN] = { "depths",  "loads",      "objective", "p99",    "cpu-budget",   "budget",
                                              "repeats", "candidates", "seed",      "resume", "output-format" };

static int take(struct tune_options *o, enum own_option own, const char *text)
{
    const char *name = own_names[own];
    uint64_t number = 0;
    int rc = 0;

    switch (own) {
    case OWN_DEPTHS:
        o->n_depths = 0;
        return each_word(o, text, add_depth) ? refuse(name, text, "it is a list of up to 8 depths, 1 to 32768, each once")
                                             : 0;
    case OWN_LOADS: return read_loads(o, text) ? refuse(name, text, "it is a list of idle, 10, 50, 80 and full") : 0;
    case OWN_OBJECTIVE: return read_objective(o, text);
    case OWN_P99: return read_time(name, text, NS_PER_US, &o->p99_limit_ns);
    case OWN_CPU:
        rc = read_number(name, text, 1, 100, &number);
        o->cpu_limit_percent = (double)number;
        return rc;
    case OWN_BUDGET: return read_time(name, text, NS_PER_SECOND, &o->budget_ns);
    case OWN_REPEATS:
        rc = read_number(name, text, 2, 50, &number);
        o->repeats = (unsigned)number;
        return rc;
    case OWN_CANDIDATES:
        o->n_candidates = 0;
        rc = each_word(o, text, add_candidate);
        return rc && !*text ? refuse(name, text, "it is empty") : rc;
    case OWN_SEED: return read_number(name, text, 0, UINT64_MAX, &o->seed);
    case OWN_RESUME: o->resume = text; return 0;
    case OWN_FORMAT: return read_formats(o, text);
    case N_OWN: break;
    }
    return -EINVAL;
}

/* Which of tune's own options begins here; N_OWN: none. *value: behind its '=', or NULL. */
static enum own_option find_own(const char *text, const char **value)
{
    size_t n;

    if (text[0] != '-')
        return N_OWN;
    text += text[1] == '-' ? 2 : 1;
    n = strcspn(text, "=");
    *value = text[n] ? text + n + 1 : NULL;
    for (int i = 0; i < N_OWN; i++) {
        size_t j = 0;

        while (j < n && own_names[i][j] && (own_names[i][j] == text[j] || (own_names[i][j] == '-' && text[j] == '_')))
            j++;
        if (j == n && !own_names[i][j])
            return (enum own_option)i;
    }
    return N_OWN;
}

/* ---- the workload ---- */

/* Options that would make a run of a cell something else than a stretch of the workload; tune decides about these. */
static const char *const unsuited[] = {
    "rate",         "rate_iops",     "rate_min",       "rate_iops_min",  "latency_target", "max_latency",
    "ramp_time",    "startdelay",    "stonewall",      "wait_for",       "create_only",    "exec_prerun",
    "exec_postrun", "verify",        "verify_only",    "number_ios",     "unlink",         "unlink_each_loop",
    "write_bw_log", "write_lat_log", "write_iops_log", "write_hist_log", "write_wait_log", "steadystate",
};

/* These are checked against the iodepth of the job. */
static const char *const bound_to_depth[] = { "iodepth_batch", "iodepth_batch_complete_min", "iodepth_batch_complete_max",
                                              "iodepth_low" };

static const char *first_given(const struct job_options *job, const char *const names[], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct option_row *row = option_find(names[i], strlen(names[i]));

        if (row && job->given[option_index(row)])
            return names[i];
    }
    return NULL;
}

static int check_job(const struct tune_options *o, const struct job_options *job)
{
    const char *given = first_given(job, unsuited, sizeof(unsuited) / sizeof(unsuited[0]));

    if (given)
        return refuse(given, NULL, "tune decides about that itself, or cannot do with it");
    given = first_given(job, bound_to_depth, sizeof(bound_to_depth) / sizeof(bound_to_depth[0]));
    if (given && o->n_depths)
        return refuse(given, NULL, "not together with --depths");
    if (job->stonewall)
        return refuse("stonewall", NULL, "jobs that tune runs are run together; give it one job file");
    if (job->rw == RW_TRIMWRITE || job->rw == RW_RANDTRIMWRITE)
        return refuse("rw", options_rw_name((enum rw_mode)job->rw), "tune can set no rate for it");
    if (job->ioengine != ENGINE_LARIAT && job->ioengine != ENGINE_NULL)
        return refuse("ioengine", options_engine_name((enum engine_kind)job->ioengine),
                      "polling means nothing there; it is lariat, or null to try tune out");
    return 0;
}

static bool polls_alike(const struct job_options *a, const struct job_options *b)
{
    return a->poll_policy == b->poll_policy && a->poll_max_ns == b->poll_max_ns && a->poll_grow == b->poll_grow &&
           a->poll_shrink == b->poll_shrink && a->poll_weight == b->poll_weight;
}

static int check_workload(struct tune_options *o)
{
    const struct bench_options *w = &o->workload;

    if (w->version || w->cmdhelp || w->enghelp || w->showcmd)
        return refuse("version, --cmdhelp, --enghelp, --showcmd", NULL, "ask lariat-bench without tune");
    if (w->minimal || w->append_terse || w->status_interval_ns || w->monitor)
        return refuse("minimal, --append_terse, --status_interval, --monitor", NULL, "they are of no use to tune");
    for (size_t i = 0; i < w->n_jobs; i++) {
        int rc = check_job(o, &w->jobs[i]);

        if (rc)
            return rc;
        if (!polls_alike(&w->jobs[i], &w->jobs[0]))
            return refuse("poll_...", NULL,
                          "it has to be the same for all jobs: it is the default that others are compared with");
        if (!o->n_depths && w->jobs[i].iodepth != w->jobs[0].iodepth)
            return refuse("depths", NULL, "it is needed, since the jobs have different ones");
    }
    if (!o->n_depths)
        o->depths[o->n_depths++] = w->jobs[0].iodepth;
    return 0;
}

static int split_arguments(struct tune_options *o, int argc, char **argv)
{
    int rc = 0;

    for (int i = 1; i < argc && !rc; i++) {
        const char *value = NULL;
        enum own_option own = find_own(argv[i], &value);

        if (own == N_OWN) {
            o->help |= strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0;
            o->rest[o->n_rest++] = argv[i];
        } else if (!value && i + 1 == argc) {
            rc = refuse(own_names[own], NULL, "the value is missing");
        } else {
            rc = take(o, own, value ? value : argv[++i]);
        }
    }
    return rc;
}

int tune_options_parse(struct tune_options *o, int argc, char **argv)
{
    int rc;

    *o = (struct tune_options){ .objective = OBJECTIVE_BALANCED,
                                .n_loads = TUNE_LOADS,
                                .budget_ns = BUDGET_NS,
                                .repeats = REPEATS,
                                .seed = 1,
                                .formats = TUNE_TEXT };
    memcpy(o->loads, load_percents, sizeof(o->loads));
    o->rest = calloc((size_t)argc + 1, sizeof(*o->rest));
    if (!o->rest)
        return -ENOMEM;
    o->rest[o->n_rest++] = argv[0];
    rc = split_arguments(o, argc, argv);
    if (rc || o->help)
        return rc;
    rc = options_parse(&o->workload, o->n_rest, o->rest, stderr);
    return rc ? rc : check_workload(o);
}

void tune_options_free(struct tune_options *o)
{
    options_free(&o->workload);
    free(o->rest);
}
