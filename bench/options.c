/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <errno.h>
#include <inttypes.h>
#include <lariat/poll.h>
#include <stdlib.h>
#include <string.h>

#include "jobfile.h"
#include "option_parser.h"
#include "substitute.h"
#include "units.h"

#define PREFIX "lariat-bench: "
#define NAME_MAX_SHOWN 64

static void set_job_defaults(struct job_options *job)
{
    struct lariat_poll_params params;

    lariat_poll_params_init(&params, LARIAT_POLL_DEFAULT);
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
        .iodepth_batch_complete_min = 1,
        .numjobs = 1,
        .sqthread_poll_cpu = -1,
        .nonvectored = -1,
        .poll_max_ns = params.max_ns,
        .poll_policy = LARIAT_POLL_DEFAULT,
        .wait_min_ns = 100000,
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
        .pace_spin_ns = 60000,
    };
}

void options_set_defaults(struct bench_options *options)
{
    memset(options, 0, sizeof(*options));
    options->terse_version = 3;
    options->preflight = true;
    options->eta_interval_ns = NS_PER_SECOND;
    options->max_jobs = 4096;
    set_job_defaults(&options->global);
}

/* Room for one more in an array of n, which grows at powers of two. NULL: out of memory. */
static void *grown(void *array, size_t n, size_t size)
{
    return n & (n - 1) ? array : reallocarray(array, n ? 2 * n : 1, size);
}

int parser_add_job(struct option_parser *parser, const char *name)
{
    struct bench_options *options = parser->options;

    if (options->n_jobs >= options->max_jobs) {
        fprintf(parser->err, PREFIX "job %.64s: there are more jobs than --max_jobs=%" PRIu64 " allows\n", name,
                options->max_jobs);
        return -EINVAL;
    }
    struct job_options *jobs = grown(options->jobs, options->n_jobs, sizeof(*jobs));

    if (!jobs)
        return -ENOMEM;
    options->jobs = jobs;
    struct job_options *job = &jobs[options->n_jobs++];

    *job = options->global;
    for (size_t i = 0; i < OPTIONS_MAX; i++)
        job->given_globally[i] = job->given[i] != NULL;
    job->name = name;
    parser->section = job;
    showcmd_add_job(&parser->show, name);
    return 0;
}

void parser_begin_global(struct option_parser *parser)
{
    parser->section = &parser->options->global;
    showcmd_add_global(&parser->show);
}

/* Said of an option, or a part of its values, that waits to be built. */
static void refuse_later(struct option_parser *parser, const struct typed *typed, const char *what)
{
    if (parser->options->showcmd) /* nothing is going to run */
        return;
    parser->options->refused = true;
    typed_print(parser->err, typed);
    fprintf(parser->err, ": %s is not built yet\n", what);
}

void parser_add_barrier(struct option_parser *parser)
{
    const struct option_row *row = option_find("stonewall", strlen("stonewall"));
    const struct typed typed = { .row = row, .spelling = row->name, .n_spelling = (int)strlen(row->name) };

    parser->section->stonewall = true;
    if (row->state == OPTION_LATER && parser->options->n_jobs > 1)
        refuse_later(parser, &typed, "waiting between job files");
}

bool parser_wants(const struct option_parser *parser, const char *name)
{
    const struct bench_options *options = parser->options;

    for (size_t i = 0; i < options->n_sections; i++)
        if (strcmp(options->sections[i], name) == 0)
            return true;
    return !options->n_sections;
}

int parser_keep(struct option_parser *parser, char *text)
{
    struct bench_options *options = parser->options;
    char **texts = grown(options->texts, options->n_texts, sizeof(*texts));

    if (!texts) {
        free(text);
        return -ENOMEM;
    }
    options->texts = texts;
    texts[options->n_texts++] = text;
    return 0;
}

int parser_substitute(struct option_parser *parser, struct typed *typed)
{
    const char *why = NULL;
    char *result;
    int rc = substitute(typed->value, &result, &why);

    if (rc == -ENOMEM)
        return rc;
    if (rc)
        return typed_refuse(parser->err, typed, why);
    if (!result)
        return 0;
    typed->value = result;
    return parser_keep(parser, result);
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
    case offsetof(struct job_options, cpus_allowed): job->cpumask = 0; break;
    case offsetof(struct job_options, cpumask): job->cpus_allowed = NULL; break;
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
    int rc = option_store(typed, (unsigned)parser->section->kb_base, base + row->offset, &parser->warned, parser->err);

    if (rc < 0)
        return rc;
    if (rc > 0)
        parser->options->refused = true;
    if (row->state == OPTION_LATER && !option_same(row, base + row->offset, default_base + row->offset))
        refuse_later(parser, typed, strcmp(row->name, "hipri") == 0 ? "IOPOLL" : "this option of fio's");
    return 0;
}

static int add_section(struct option_parser *parser, const struct typed *typed)
{
    struct bench_options *options = parser->options;
    const char **sections = grown(options->sections, options->n_sections, sizeof(*sections));

    if (!sections)
        return -ENOMEM;
    options->sections = sections;
    sections[options->n_sections++] = typed->value;
    return 0;
}

/* Whether this is the row of a member of struct bench_options. */
static bool is_of_program(const struct option_row *row, size_t offset)
{
    return row->scope == SCOPE_PROGRAM && row->offset == offset;
}

int parser_set(struct option_parser *parser, const struct typed *typed)
{
    const struct option_row *row = typed->row;

    if (row->state == OPTION_IGNORED || row->state == OPTION_UNSUITED)
        return tell_unsuited(parser, typed);
    if (is_of_program(row, offsetof(struct bench_options, sections)))
        return add_section(parser, typed);
    if (row->scope == SCOPE_PROGRAM)
        return store(parser, typed, (char *)parser->options, (const char *)parser->defaults);

    struct job_options *job = parser->section;
    int rc = store(parser, typed, (char *)job, (const char *)&parser->defaults->global);

    if (!rc) {
        size_t i = option_index(row);

        job->given[i] = typed->value ? typed->value : "1";
        job->given_globally[i] = false;
        set_coupled(job, row);
        showcmd_add_option(&parser->show, typed, job == &parser->options->global);
    }
    return rc;
}

/* --name: a job, or back to the defaults. */
static int begin_section(struct option_parser *parser, const struct typed *typed)
{
    const char *name = NULL;
    int rc = option_store(typed, 1024, &name, &parser->warned, parser->err);

    if (!rc && strcmp(name, "global") == 0) {
        parser_begin_global(parser);
    } else if (!rc) {
        rc = parser_add_job(parser, name);
        if (!rc)
            parser->section->given[option_index(typed->row)] = name;
    }
    return rc;
}

/* --cmdhelp and --enghelp do without a value, too. */
static bool value_is_optional(const struct option_row *row)
{
    return is_of_program(row, offsetof(struct bench_options, cmdhelp)) ||
           is_of_program(row, offsetof(struct bench_options, enghelp));
}

/* How the value stands behind the option, if it does not stand in it. */
static bool takes_next(const struct option_row *row, const char *next)
{
    if (row->type == TYPE_FLAG)
        return row->value && next && (strcmp(next, "0") == 0 || strcmp(next, "1") == 0);
    if (row->state == OPTION_IGNORED || value_is_optional(row))
        return next && next[0] != '-';
    return true;
}

/*
 * Find the row, and the value, which may be the next argument. *used: how many arguments that took. text: without the dashes, of
 * which fio takes one as well as two.
 */
static int read_option(struct option_parser *parser, struct typed *typed, const char *text, const char *next, int *used)
{
    const char *equals = strchr(text, '=');
    size_t n = equals ? (size_t)(equals - text) : strlen(text);

    *typed = (struct typed){ .spelling = text, .n_spelling = n > INT16_MAX ? INT16_MAX : (int)n };
    int rc = parser_find(parser, typed);

    if (rc || typed->row->state == OPTION_UNSUITED) /* whether that has a value is not known, and does not matter */
        return rc;
    if (equals) {
        typed->value = equals + 1;
    } else if (takes_next(typed->row, next)) {
        if (!next)
            return typed_refuse(parser->err, typed, "the value is missing");
        typed->value = next;
        *used = 2;
    } else if (value_is_optional(typed->row)) {
        typed->value = "all";
    }
    return typed->value ? parser_substitute(parser, typed) : 0;
}

/* files: names of job files, which are read when the command line is known. */
static int parse_argument(struct option_parser *parser, int argc, char **argv, int *used, const char **files,
                          size_t *n_files)
{
    const char *text = argv[0];
    struct typed typed;

    *used = 1;
    if (strcmp(text, "-h") == 0) {
        parser->options->help = true;
        return 0;
    }
    if (text[0] != '-' || !text[1]) {
        files[(*n_files)++] = text;
        return 0;
    }
    text += text[1] == '-' ? 2 : 1;
    if (!*text) {
        fputs(PREFIX "--: options begin with \"--\" and a name\n", parser->err);
        return -EINVAL;
    }
    int rc = read_option(parser, &typed, text, argc > 1 ? argv[1] : NULL, used);

    if (rc)
        return rc;
    if (strcmp(typed.row->name, "name") == 0)
        return begin_section(parser, &typed);
    return parser_set(parser, &typed);
}

/* --section may stand behind the jobs that it leaves out. */
static void drop_unwanted(struct option_parser *parser)
{
    struct bench_options *options = parser->options;
    size_t n = 0;

    for (size_t i = 0; i < options->n_jobs; i++)
        if (parser_wants(parser, options->jobs[i].name))
            options->jobs[n++] = options->jobs[i];
    options->n_jobs = n;
}

/* Each file begins with the defaults of the command line, and the first job of each but the first one waits for those before. */
static int read_files(struct option_parser *parser, const char *const *files, size_t n_files)
{
    struct job_options *defaults = malloc(sizeof(*defaults));
    int rc = defaults ? 0 : -ENOMEM;

    if (defaults)
        *defaults = parser->options->global;
    for (size_t i = 0; i < n_files && !rc; i++) {
        parser->options->global = *defaults;
        showcmd_begin_file(&parser->show);
        rc = jobfile_read(parser, files[i], i > 0);
        showcmd_end_file(&parser->show);
    }
    free(defaults);
    return rc;
}

static bool only_asks(const struct bench_options *options)
{
    return options->help || options->version || options->cmdhelp || options->enghelp;
}

static int parse_all(struct option_parser *parser, int argc, char **argv, const char **files)
{
    struct bench_options *options = parser->options;
    size_t n_files = 0;
    int rc = showcmd_begin(&parser->show), used;

    for (int i = 1; i < argc && !rc; i += used)
        rc = parse_argument(parser, argc - i, argv + i, &used, files, &n_files);
    if (rc || only_asks(options))
        return rc;
    drop_unwanted(parser);
    rc = read_files(parser, files, n_files);
    options->n_files = n_files;
    if (rc || options->showcmd)
        return rc;
    rc = options_check(parser);
    if (!rc && options->warnings_fatal && parser->warned) {
        fputs(PREFIX "--warnings_fatal: there were warnings\n", parser->err);
        rc = -EINVAL;
    }
    return rc;
}

int options_parse(struct bench_options *options, int argc, char **argv, FILE *err)
{
    struct bench_options *defaults = malloc(sizeof(*defaults));
    const char **files = calloc((size_t)argc + 1, sizeof(*files));
    struct option_parser parser = { .options = options, .defaults = defaults, .section = &options->global, .err = err };
    int rc = -ENOMEM;

    options_set_defaults(options);
    if (defaults && files) {
        options_set_defaults(defaults);
        rc = parse_all(&parser, argc, argv, files);
        options->commands = showcmd_end(&parser.show);
        if (!rc && !options->commands)
            rc = -ENOMEM;
    }
    free(files);
    free(defaults);
    return rc;
}

void options_free(struct bench_options *options)
{
    for (size_t i = 0; i < options->n_texts; i++)
        free(options->texts[i]);
    free(options->texts);
    free(options->sections);
    free(options->commands);
    free(options->jobs);
    memset(options, 0, sizeof(*options));
}
