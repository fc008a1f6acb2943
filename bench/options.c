/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <errno.h>
#include <inttypes.h>
#include <lariat/poll.h>
#include <stdlib.h>
#include <string.h>

#include "cpulist.h"
#include "option_table.h"
#include "units.h"
#include "verify.h"

/* One option as it stands on the command line. */
struct typed {
    const struct option_row *row;
    const char *spelling; /* as typed, without the dashes */
    int n_spelling;
    const char *value; /* NULL: none */
};

#define PREFIX "lariat-bench: "

static int refuse(FILE *err, const struct typed *typed, const char *why)
{
    const struct option_row *row = typed->row;

    fprintf(err, PREFIX "--%.*s=%s: %s", typed->n_spelling, typed->spelling, typed->value ? typed->value : "", why);
    switch (row->type) {
    case OPTION_NUMBER:
        fprintf(err, "; accepted: %" PRIu64 " to %" PRIu64 ", with k, m, g, t, p", row->min, row->max);
        break;
    case OPTION_SIZE:
        fprintf(err, "; accepted: %" PRIu64 " to %" PRIu64 ", with k, m, g, t, p, or 1%% to 100%%", row->min, row->max);
        break;
    case OPTION_SECONDS: fputs("; accepted: 1ns to 106751d; a bare number is seconds", err); break;
    case OPTION_NS: fprintf(err, "; accepted: 0 to %" PRIu64 ", in ns, or with us, ms, s, m, h, d", row->max); break;
    case OPTION_FLAG: fputs("; accepted: 0 and 1", err); break;
    case OPTION_CPUS: fputs("; accepted: CPU numbers and ranges, as in 0-3,6", err); break;
    case OPTION_CHOICE:
    case OPTION_CHOICES: {
        const char *separator = "; accepted: ";

        for (const struct option_choice *c = row->choices; c->name; c++)
            if (!c->later) {
                fprintf(err, "%s%s", separator, c->name);
                separator = ", ";
            }
        break;
    }
    case OPTION_TEXT:
    case OPTION_LATER: break;
    }
    return -EINVAL;
}

static int refuse_line(FILE *err, const struct typed *typed, const char *why)
{
    int rc = refuse(err, typed, why);

    fputc('\n', err);
    return rc;
}

static int parse_number(const struct typed *typed, uint64_t *out, FILE *err)
{
    const char *why = NULL;
    uint64_t value = 0;
    bool decimal;

    if (parse_size(typed->value, &value, &decimal, &why))
        return refuse_line(err, typed, why);
    if (value < typed->row->min)
        return refuse_line(err, typed, "it is too small");
    if (value > typed->row->max)
        return refuse_line(err, typed, "it is too large");
    if (decimal)
        fprintf(err,
                PREFIX "warning: --%s=%s means %" PRIu64
                       ": as in fio, \"ib\" counts in powers of 1000 and \"b\" in powers of 1024\n",
                typed->row->name, typed->value, value);
    *out = value;
    return 0;
}

static int parse_size_value(const struct typed *typed, struct size_value *out, FILE *err)
{
    const char *why = NULL;

    memset(out, 0, sizeof(*out));
    if (!strchr(typed->value, '%'))
        return parse_number(typed, &out->bytes, err);
    return parse_percent(typed->value, &out->percent, &why) ? refuse_line(err, typed, why) : 0;
}

static int parse_time(const struct typed *typed, int64_t *out, FILE *err)
{
    enum duration_unit bare = typed->row->type == OPTION_NS ? DURATION_NS : DURATION_SECONDS;
    const char *why = NULL;
    int64_t ns = 0;

    if (parse_duration(typed->value, bare, &ns, &why))
        return refuse_line(err, typed, why);
    if ((uint64_t)ns < typed->row->min)
        return refuse_line(err, typed, "it is too small");
    *out = ns;
    return 0;
}

static int parse_flag(const struct typed *typed, bool *out, FILE *err)
{
    if (!typed->value || strcmp(typed->value, "1") == 0)
        *out = true;
    else if (strcmp(typed->value, "0") == 0)
        *out = false;
    else
        return refuse_line(err, typed, "it is neither 0 nor 1");
    return 0;
}

static int parse_choice(const struct typed *typed, const char *word, size_t n, uint64_t *out, FILE *err)
{
    const struct option_choice *c = typed->row->choices;

    for (; c->name; c++)
        if (strlen(c->name) == n && memcmp(c->name, word, n) == 0)
            break;
    if (c->name && !c->later) {
        *out = c->value;
        return 0;
    }
    if (c->name)
        return refuse_line(err, typed, c->later);

    const char *near = choice_suggest(typed->row->choices, word, n);
    int rc = refuse(err, typed, "there is no such value");
    if (near)
        fprintf(err, "; did you mean %s?", near);
    fputc('\n', err);
    return rc;
}

static int parse_choices(const struct typed *typed, uint64_t *out, FILE *err)
{
    const char *word = typed->value;
    uint64_t bits = 0;

    for (;;) {
        size_t n = strcspn(word, ",");
        uint64_t bit;
        int rc = parse_choice(typed, word, n, &bit, err);

        if (rc)
            return rc;
        bits |= bit;
        if (!word[n])
            break;
        word += n + 1;
    }
    *out = bits;
    return 0;
}

static int store(const struct typed *typed, void *member, FILE *err)
{
    switch (typed->row->type) {
    case OPTION_TEXT:
        if (!*typed->value)
            return refuse_line(err, typed, "it is empty");
        *(const char **)member = typed->value;
        return 0;
    case OPTION_NUMBER: return parse_number(typed, member, err);
    case OPTION_SIZE: return parse_size_value(typed, member, err);
    case OPTION_SECONDS:
    case OPTION_NS: return parse_time(typed, member, err);
    case OPTION_FLAG: return parse_flag(typed, member, err);
    case OPTION_CHOICE: return parse_choice(typed, typed->value, strlen(typed->value), member, err);
    case OPTION_CHOICES: return parse_choices(typed, member, err);
    case OPTION_CPUS: {
        cpu_set_t cpus;

        if (cpulist_parse(typed->value, &cpus))
            return refuse_line(err, typed, "it is not a CPU list");
        *(const char **)member = typed->value;
        return 0;
    }
    case OPTION_LATER: break;
    }
    return -EINVAL;
}

static void set_defaults(struct job_options *job)
{
    struct lariat_poll_params params;

    lariat_poll_params_init(&params, LARIAT_POLL_CLASSIC);
    *job = (struct job_options){
        .bs = 4096,
        .rwmixread = 50,
        .iodepth = 1,
        .numjobs = 1,
        .invalidate = true,
        .poll_max_ns = params.max_ns,
        .poll_policy = LARIAT_POLL_CLASSIC,
        .randseed = 137,
    };
}

/* A new job, with the defaults given so far. */
static int add_job(struct bench_options *options, const char *name)
{
    struct job_options *jobs = reallocarray(options->jobs, options->n_jobs + 1, sizeof(*jobs));

    if (!jobs)
        return -ENOMEM;
    options->jobs = jobs;
    struct job_options *job = &jobs[options->n_jobs++];

    *job = options->global;
    for (size_t i = 0; i < OPTIONS_MAX; i++)
        job->given_globally[i] = job->given[i] != NULL;
    job->name = name;
    return 0;
}

/* Find the row, and the value, which may be the next argument. *used: how many arguments that took. */
static int read_option(struct typed *typed, int argc, char **argv, int *used, FILE *err)
{
    const char *text = argv[0] + 2;
    const char *equals = strchr(text, '=');
    size_t n = equals ? (size_t)(equals - text) : strlen(text);

    *used = 1;
    *typed = (struct typed){ .row = option_find(text, n), .spelling = text, .n_spelling = n > 64 ? 64 : (int)n };
    if (!typed->row) {
        const char *near = option_suggest(text, n);

        fprintf(err, PREFIX "--%.*s: there is no such option", typed->n_spelling, text);
        if (near)
            fprintf(err, "; did you mean --%s?", near);
        fputs(" (--help lists them all)\n", err);
        return -EINVAL;
    }
    if (typed->row->type == OPTION_LATER) {
        fprintf(err, PREFIX "--%.*s: fio has this option, lariat-bench does not have it yet\n", typed->n_spelling, text);
        return -EINVAL;
    }
    const char *next = argc > 1 ? argv[1] : NULL;
    bool flag = typed->row->type == OPTION_FLAG;

    if (equals) {
        typed->value = equals + 1;
    } else if (!flag || (typed->row->value && next && (strcmp(next, "0") == 0 || strcmp(next, "1") == 0))) {
        if (!next)
            return refuse_line(err, typed, "the value is missing");
        typed->value = next;
        *used = 2;
    }
    return 0;
}

static int parse_one(struct bench_options *options, struct job_options **section, const struct typed *typed, FILE *err)
{
    const struct option_row *row = typed->row;

    if (row->offset == offsetof(struct job_options, name) && row->scope == SCOPE_JOB) {
        const char *name;
        int rc = store(typed, &name, err);

        if (rc)
            return rc;
        if (strcmp(name, "global") == 0) {
            *section = &options->global;
            return 0;
        }
        rc = add_job(options, name);
        if (!rc)
            *section = &options->jobs[options->n_jobs - 1];
        return rc;
    }
    char *base = row->scope == SCOPE_JOB ? (char *)*section : (char *)options;
    int rc = store(typed, base + row->offset, err);

    if (!rc && row->scope == SCOPE_JOB) {
        size_t i = (size_t)(row - option_table);

        (*section)->given[i] = typed->value ? typed->value : "1";
        (*section)->given_globally[i] = false;
    }
    return rc;
}

static bool given_here(const struct job_options *job, const char *name)
{
    size_t i = (size_t)(option_find(name, strlen(name)) - option_table);

    return job->given[i] && !job->given_globally[i];
}

static int check_job(struct job_options *job, FILE *err)
{
    const char *why = NULL;

    if (job->time_based && !job->runtime_ns)
        why = "--time_based: it needs --runtime";
    else if (job->fsync && job->fdatasync)
        why = "--fdatasync: not together with --fsync";
    else if (job->verify && job->ioengine == ENGINE_NULL)
        why = "--verify: there is nothing to verify with --ioengine=null";
    else if (job->verify && job->bs < VERIFY_HEADER_SIZE)
        why = "--verify: it needs a --bs of 32 or more";
    else if (job->ioengine == ENGINE_NULL && !job->size.bytes)
        why = "--size: --ioengine=null needs one, in bytes";
    else if (!job->filename && strchr(job->name, '/'))
        why = "--name: without --filename it names the file and may hold no '/'";
    if (why) {
        fprintf(err, PREFIX "job %s: %s\n", job->name, why);
        return -EINVAL;
    }
    if (job->ioengine != ENGINE_LARIAT && given_here(job, "poll_max_ns"))
        fprintf(err, PREFIX "warning: job %s: --poll_max_ns has no meaning for --ioengine=%s\n", job->name,
                options_engine_name((enum engine_kind)job->ioengine));
    if (job->ioengine == ENGINE_PSYNC && job->iodepth > 1) {
        fprintf(err, PREFIX "warning: job %s: psync has one I/O in flight, --iodepth=%" PRIu64 " is taken as 1\n", job->name,
                job->iodepth);
        job->iodepth = 1;
    }
    return 0;
}

static int check_all(struct bench_options *options, FILE *err)
{
    if (!options->formats)
        options->formats = FORMAT_NORMAL;
    if ((options->formats & FORMAT_JSON) && (options->formats & FORMAT_TSV)) {
        fputs(PREFIX "--output-format: not json and tsv together, each wants the output for itself\n", err);
        return -EINVAL;
    }
    if (!options->n_jobs) {
        fputs(PREFIX
              "--name: no job was given; for example: lariat-bench --name=a --filename=/tmp/a --size=64m --rw=randread\n",
              err);
        return -EINVAL;
    }
    for (size_t i = 0; i < options->n_jobs; i++) {
        int rc = check_job(&options->jobs[i], err);

        if (rc)
            return rc;
    }
    return 0;
}

int options_parse(struct bench_options *options, int argc, char **argv, FILE *err)
{
    struct job_options *section = &options->global;
    int used;

    memset(options, 0, sizeof(*options));
    set_defaults(&options->global);
    for (int i = 1; i < argc; i += used) {
        struct typed typed;

        if (strcmp(argv[i], "-h") == 0) {
            options->help = true;
            used = 1;
            continue;
        }
        if (strncmp(argv[i], "--", 2) != 0 || !argv[i][2]) {
            fprintf(err, PREFIX "%s: options begin with \"--\"; job files are not built yet\n", argv[i]);
            return -EINVAL;
        }
        int rc = read_option(&typed, argc - i, argv + i, &used, err);
        if (!rc)
            rc = parse_one(options, &section, &typed, err);
        if (rc)
            return rc;
    }
    return options->help || options->version ? 0 : check_all(options, err);
}

void options_free(struct bench_options *options)
{
    free(options->jobs);
    options->jobs = NULL;
    options->n_jobs = 0;
}
