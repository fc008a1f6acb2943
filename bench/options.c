/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <errno.h>
#include <lariat/poll.h>
#include <stdlib.h>
#include <string.h>

#include "option_parser.h"
#include "units.h"

#define PREFIX "lariat-bench: "
#define NAME_MAX_SHOWN 64

static void set_job_defaults(struct job_options *job)
{
    struct lariat_poll_params params;

    lariat_poll_params_init(&params, LARIAT_POLL_CLASSIC);
    *job = (struct job_options){
        .nrfiles = 1,
        .buffered = true,
        .invalidate = true,
        .allow_file_create = true,
        .create_serialize = true,
        .create_fsync = true,
        .bs_typed = { 4096, 4096, 4096 },
        .rwmixread = 50,
        .rwmixwrite = 50,
        .percentage_random = { 100, 100, 100 },
        .random_distribution = { .kind = DIST_RANDOM, .center = -1 },
        .randrepeat = true,
        .randseed = 137,
        .loops = 1,
        .scramble_buffers = true,
        .buffer_compress_chunk = 512,
        .rate_cycle_ns = NS_PER_SECOND,
        .thinktime_blocks = 1,
        .latency_percentile = 100,
        .ss_interval_ns = NS_PER_SECOND,
        .do_verify = true,
        .iodepth = 1,
        .iodepth_batch = 1,
        .iodepth_batch_complete_min = 1,
        .numjobs = 1,
        .sqthread_poll_cpu = -1,
        .nonvectored = -1,
        .poll_max_ns = params.max_ns,
        .poll_policy = LARIAT_POLL_CLASSIC,
        .prio = -1,
        .stats = true,
        .clat_percentiles = true,
        .lat_percentiles = true,
        .significant_figures = 4,
        .kb_base = 1024,
        .bwavgtime_ns = NS_PER_SECOND / 2,
        .iopsavgtime_ns = NS_PER_SECOND / 2,
        .disk_util = true,
        .per_job_logs = true,
        .log_entries = 1024,
        .wait_for_job = -1,
    };
}

static void set_defaults(struct bench_options *options)
{
    memset(options, 0, sizeof(*options));
    options->terse_version = 3;
    options->preflight = true;
    options->eta_interval_ns = NS_PER_SECOND;
    options->max_jobs = 4096;
    set_job_defaults(&options->global);
}

int parser_add_job(struct option_parser *parser, const char *name)
{
    struct bench_options *options = parser->options;
    struct job_options *jobs = reallocarray(options->jobs, options->n_jobs + 1, sizeof(*jobs));

    if (!jobs)
        return -ENOMEM;
    options->jobs = jobs;
    struct job_options *job = &jobs[options->n_jobs++];

    *job = options->global;
    for (size_t i = 0; i < OPTIONS_MAX; i++)
        job->given_globally[i] = job->given[i] != NULL;
    job->name = name;
    parser->section = job;
    return 0;
}

int parser_find(struct option_parser *parser, struct typed *typed)
{
    typed->row = option_find(typed->spelling, (size_t)typed->n_spelling);
    if (typed->row)
        return 0;
    const char *near = option_suggest(typed->spelling, (size_t)typed->n_spelling);
    struct typed shown = *typed;

    shown.value = NULL;
    if (shown.n_spelling > NAME_MAX_SHOWN)
        shown.n_spelling = NAME_MAX_SHOWN;
    typed_print(parser->err, &shown);
    fputs(": there is no such option", parser->err);
    if (near)
        fprintf(parser->err, "; did you mean %s%s?", typed->file ? "" : "--", near);
    fputs(" (--help lists them all)\n", parser->err);
    return -EINVAL;
}

/* Some options set others: the last one of each pair counts. */
static void set_coupled(struct job_options *job, const struct option_row *row)
{
    switch (row->offset) {
    case offsetof(struct job_options, direct): job->buffered = !job->direct; break;
    case offsetof(struct job_options, buffered): job->direct = !job->buffered; break;
    case offsetof(struct job_options, rwmixread): job->rwmixwrite = 100 - job->rwmixread; break;
    case offsetof(struct job_options, rwmixwrite): job->rwmixread = 100 - job->rwmixwrite; break;
    default: break;
    }
}

static int tell_unsuited(struct option_parser *parser, const struct typed *typed)
{
    bool ignored = typed->row->state == OPTION_IGNORED;
    struct typed shown = *typed;

    shown.value = NULL;
    if (ignored)
        parser->warned = true;
    typed_print(parser->err, &shown);
    fprintf(parser->err, ignored ? ": ignored: %s\n" : ": not supported: %s\n", typed->row->help);
    return ignored ? 0 : -EINVAL;
}

static int store(struct option_parser *parser, const struct typed *typed, char *base, const char *default_base)
{
    const struct option_row *row = typed->row;
    bool later = false;

    if (row->type == TYPE_NONE) {
        typed_print(parser->err, typed);
        fputs(": this option of fio's is not built yet\n", parser->err);
        parser->options->refused = true;
        return 0;
    }
    int rc = option_store(typed, (unsigned)parser->section->kb_base, base + row->offset, &parser->warned, parser->err);

    if (rc < 0)
        return rc;
    if (row->state == OPTION_LATER && !option_same(row, base + row->offset, default_base + row->offset)) {
        later = true;
        typed_print(parser->err, typed);
        fprintf(parser->err, ": %s is not built yet\n", strcmp(row->name, "hipri") == 0 ? "IOPOLL" : "this option of fio's");
    }
    if (rc > 0 || later)
        parser->options->refused = true;
    return 0;
}

int parser_set(struct option_parser *parser, const struct typed *typed)
{
    const struct option_row *row = typed->row;

    if (row->state == OPTION_IGNORED || row->state == OPTION_UNSUITED)
        return tell_unsuited(parser, typed);
    if (row->scope == SCOPE_PROGRAM)
        return store(parser, typed, (char *)parser->options, (const char *)parser->defaults);

    struct job_options *job = parser->section;
    int rc = store(parser, typed, (char *)job, (const char *)&parser->defaults->global);

    if (!rc) {
        size_t i = option_index(row);

        job->given[i] = typed->value ? typed->value : "1";
        job->given_globally[i] = false;
        set_coupled(job, row);
    }
    return rc;
}

/* --name: a job, or back to the defaults. */
static int begin_section(struct option_parser *parser, const struct typed *typed)
{
    const char *name = NULL;
    int rc = option_store(typed, 1024, &name, &parser->warned, parser->err);

    if (rc)
        return rc;
    if (strcmp(name, "global") != 0)
        return parser_add_job(parser, name);
    parser->section = &parser->options->global;
    return 0;
}

/* Find the row, and the value, which may be the next argument. *used: how many arguments that took. */
static int read_option(struct option_parser *parser, struct typed *typed, int argc, char **argv, int *used)
{
    const char *text = argv[0] + 2;
    const char *equals = strchr(text, '=');
    size_t n = equals ? (size_t)(equals - text) : strlen(text);

    *used = 1;
    *typed = (struct typed){ .spelling = text, .n_spelling = n > INT16_MAX ? INT16_MAX : (int)n };
    int rc = parser_find(parser, typed);
    if (rc)
        return rc;
    const struct option_row *row = typed->row;
    const char *next = argc > 1 ? argv[1] : NULL;
    bool flag = row->type == TYPE_FLAG;

    if (row->state == OPTION_UNSUITED) /* whether it has a value is not known, and does not matter */
        return 0;
    if (equals) {
        typed->value = equals + 1;
    } else if (row->type == TYPE_NONE) {
        /* One that is ignored may have a value behind it, or not. */
        if (next && strncmp(next, "--", 2) != 0) {
            typed->value = next;
            *used = 2;
        }
    } else if (!flag || (row->value && next && (strcmp(next, "0") == 0 || strcmp(next, "1") == 0))) {
        if (!next)
            return typed_refuse(parser->err, typed, "the value is missing");
        typed->value = next;
        *used = 2;
    }
    return 0;
}

static int parse_argument(struct option_parser *parser, int argc, char **argv, int *used)
{
    struct typed typed;

    *used = 1;
    if (strcmp(argv[0], "-h") == 0) {
        parser->options->help = true;
        return 0;
    }
    if (strncmp(argv[0], "--", 2) != 0 || !argv[0][2]) {
        fprintf(parser->err, PREFIX "%s: options begin with \"--\"; job files are not built yet\n", argv[0]);
        return -EINVAL;
    }
    int rc = read_option(parser, &typed, argc, argv, used);

    if (rc)
        return rc;
    if (typed.row->scope == SCOPE_JOB && strcmp(typed.row->name, "name") == 0)
        return begin_section(parser, &typed);
    return parser_set(parser, &typed);
}

int options_parse(struct bench_options *options, int argc, char **argv, FILE *err)
{
    struct bench_options *defaults = malloc(sizeof(*defaults));
    struct option_parser parser = { .options = options, .defaults = defaults, .section = &options->global, .err = err };
    int rc = 0, used;

    set_defaults(options);
    if (!defaults)
        return -ENOMEM;
    set_defaults(defaults);
    for (int i = 1; i < argc && !rc; i += used)
        rc = parse_argument(&parser, argc - i, argv + i, &used);
    if (!rc && !options->help && !options->version)
        rc = options_check(&parser);
    free(defaults);
    return rc;
}

void options_free(struct bench_options *options)
{
    free(options->jobs);
    options->jobs = NULL;
    options->n_jobs = 0;
}
