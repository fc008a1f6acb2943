/* SPDX-License-Identifier: MIT */
/* What the options of a job mean together: what follows from them, and what cannot be. */
#include <errno.h>
#include <inttypes.h>
#include <lariat/poll.h>
#include <stdlib.h>
#include <string.h>

#include "engine_options.h"
#include "numa_policy.h"
#include "option_parser.h"
#include "options.h"
#include "verify.h"

#define PREFIX "lariat-bench: "

static int refuse_job(const struct job_options *job, const char *why, FILE *err)
{
    fprintf(err, PREFIX "job %s: %s\n", job->name, why);
    return -EINVAL;
}

/* bssplit counts before bsrange, and that before bs. */
static void derive_block(struct job_options *job, unsigned direction)
{
    const struct size_split *split = &job->bssplit[direction];
    struct value_range *block = &job->block[direction];

    *block = (struct value_range){ job->bs_typed[direction], job->bs_typed[direction] };
    if (job->bsrange[direction].max)
        *block = job->bsrange[direction];
    if (!split->n)
        return;
    *block = (struct value_range){ UINT64_MAX, 0 };
    for (unsigned i = 0; i < split->n; i++) {
        if (split->entries[i].bytes < block->min)
            block->min = split->entries[i].bytes;
        if (split->entries[i].bytes > block->max)
            block->max = split->entries[i].bytes;
    }
}

static bool uses_direction(const struct job_options *job, unsigned direction)
{
    enum rw_mode rw = (enum rw_mode)job->rw;

    if (job->bs_is_seq_rand)
        return direction != DIR_TRIM;
    return direction == DIR_READ ? rw_reads(rw) : direction == DIR_WRITE ? rw_writes(rw) : rw_trims(rw);
}

static void derive_sizes(struct job_options *job)
{
    job->rw = job->rw_typed.mode;
    job->rw_sequence = job->rw_typed.sequence;
    job->bs = 0;
    for (unsigned i = 0; i < DIRECTIONS; i++) {
        derive_block(job, i);
        if (uses_direction(job, i) && job->block[i].max > job->bs)
            job->bs = job->block[i].max;
    }
}

/* What is waited for is also taken, as fio has it. */
static void derive_batches(struct job_options *job)
{
    uint64_t least = job->iodepth_batch_complete_min;

    if (least > 1 && job->iodepth_batch_complete_max < least)
        job->iodepth_batch_complete_max = least;
}

/* The longest window follows the policy, until somebody says how long it is. */
static void derive_polling(struct job_options *job)
{
    struct lariat_poll_params params;

    if (job->given[option_index(option_find("poll_max_ns", strlen("poll_max_ns")))])
        return;
    lariat_poll_params_init(&params, (enum lariat_poll_policy)job->poll_policy);
    job->poll_max_ns = params.max_ns;
}

/* Groups as fio counts them: a barrier or new_group begins one, unless the present one is empty. */
static void derive_groups(struct bench_options *options)
{
    unsigned group = 0;

    for (size_t i = 0; i < options->n_jobs; i++) {
        struct job_options *job = &options->jobs[i];

        if (i > 0 && (job->stonewall || job->new_group))
            group++;
        job->group = group;
    }
}

/* --wait_for names one job, and one further up. */
static int derive_wait(struct bench_options *options, size_t i, FILE *err)
{
    struct job_options *job = &options->jobs[i];
    unsigned n = 0;

    job->wait_for_job = -1;
    if (!job->wait_for)
        return 0;
    for (size_t j = 0; j < i; j++)
        if (strcmp(options->jobs[j].name, job->wait_for) == 0) {
            job->wait_for_job = (int)j;
            n++;
        }
    if (n == 1)
        return 0;
    fprintf(err, PREFIX "job %s: --wait_for=%s: %s\n", job->name, job->wait_for,
            n ? "several jobs have that name" : "no job further up has that name");
    return -EINVAL;
}

/*
 * What a job has from defaults is shown with the defaults, and not with the job; unless they were others when the job was read.
 */
static void derive_echo(const struct bench_options *options, struct job_options *job)
{
    for (size_t i = 0; i < OPTIONS_MAX; i++) {
        const char *global = options->global.given[i];

        if (job->given_globally[i] && (!global || strcmp(global, job->given[i]) != 0))
            job->given_globally[i] = false;
    }
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static int check_memory_policy(const struct job_options *job, FILE *err)
{
    struct numa_policy policy;
    const char *why;
    int rc = numa_policy_parse(job->numa_mem_policy, &policy, &why);

    if (rc)
        fprintf(err, PREFIX "job %s: --numa_mem_policy=%s: %s\n", job->name, job->numa_mem_policy, why);
    return rc;
}

#define STEADY_SAMPLES_MAX 100000

/* steadystate and its times. NULL, or why not. */
static const char *check_steady(struct job_options *job, FILE *err)
{
    struct steady_value *wanted = &job->steadystate;

    if (!job->ss_dur_ns) {
        if (wanted->criterion)
            fprintf(err, PREFIX "warning: job %s: --steadystate has no effect without --steadystate_duration\n", job->name);
        return NULL;
    }
    if (!wanted->criterion)
        *wanted = (struct steady_value){ STEADY_IOPS_SLOPE, 0.01, true };
    if (job->ss_dur_ns < job->ss_interval_ns || job->ss_dur_ns / job->ss_interval_ns > STEADY_SAMPLES_MAX)
        return "--steadystate_duration: it must be of 1 to 100000 times --steadystate_check_interval";
    if ((wanted->criterion == STEADY_LAT || wanted->criterion == STEADY_LAT_SLOPE) && (job->disable_lat || job->gtod_reduce))
        return "--steadystate=lat: not with --disable_lat or --gtod_reduce";
    return NULL;
}

static int check_job(const struct bench_options *options, struct job_options *job, FILE *err)
{
    const char *why = NULL;

    qsort(job->percentile_list.values, job->percentile_list.n, sizeof(double), compare_doubles);
    if (options->readonly && (rw_writes((enum rw_mode)job->rw) || rw_trims((enum rw_mode)job->rw)))
        why = "--readonly: this job would write or trim";
    else if (job->time_based && !job->runtime_ns)
        why = "--time_based: it needs --runtime";
    else if (job->fsync && job->fdatasync)
        why = "--fdatasync: not together with --fsync";
    else if (job->verify && job->ioengine == ENGINE_NULL)
        why = "--verify: there is nothing to verify with --ioengine=null";
    else if (job->verify && !rw_writes((enum rw_mode)job->rw) && job->unlink_each_loop && job->loops > 1)
        why = "--unlink_each_loop: what --verify is to read would be gone after the first of --loops";
    else if (job->ioengine == ENGINE_NULL && !job->size.bytes)
        why = "--size: --ioengine=null needs one, in bytes";
    else if (job->numa_cpu_nodes && (job->cpus_allowed || job->cpumask))
        why = "--numa_cpu_nodes: not together with --cpus_allowed or --cpumask";
    else if (job->iomem_align & (job->iomem_align - 1))
        why = "--iomem_align: it must be a power of two";
    else if (!job->filename && strchr(job->name, '/'))
        why = "--name: without --filename it names the file and may hold no '/'";
    else
        why = check_steady(job, err);
    if (why)
        return refuse_job(job, why, err);
    if (check_memory_policy(job, err))
        return -EINVAL;
    if (job->ioengine == ENGINE_PSYNC && job->iodepth > 1) {
        fprintf(err, PREFIX "warning: job %s: psync has one I/O in flight, --iodepth=%" PRIu64 " is taken as 1\n", job->name,
                job->iodepth);
        job->iodepth = 1;
    }
    return engine_options_check(job, err);
}

/* Standard output, or the file of --output, is one document. */
static int check_formats(struct bench_options *options, FILE *err)
{
    bool json, tsv, terse;

    if (options->minimal)
        options->formats = FORMAT_TERSE;
    if (options->append_terse)
        options->formats |= FORMAT_NORMAL | FORMAT_TERSE;
    if (!options->formats)
        options->formats = FORMAT_NORMAL;
    json = options->formats & (FORMAT_JSON | FORMAT_JSON_PLUS);
    tsv = options->formats & FORMAT_TSV;
    terse = options->formats & FORMAT_TERSE;
    if (json + tsv + terse <= 1)
        return 0;
    fputs(PREFIX "--output-format: not json, terse and tsv together, each wants the output for itself\n", err);
    return -EINVAL;
}

static int check_program(struct bench_options *options, FILE *err)
{
    uint64_t n_clones = 0;

    if (check_formats(options, err))
        return -EINVAL;
    if (!options->n_jobs && (options->n_files || options->n_sections)) {
        fprintf(err, PREFIX "%s\n",
                options->n_sections ? "--section: there is no job of that name" : "there is no job in the job files");
        return -EINVAL;
    }
    if (!options->n_jobs) {
        fputs(PREFIX
              "--name: no job was given; for example: lariat-bench --name=a --filename=/tmp/a --size=64m --rw=randread\n",
              err);
        return -EINVAL;
    }
    for (size_t i = 0; i < options->n_jobs; i++)
        n_clones += options->jobs[i].numjobs;
    if (n_clones > options->max_jobs) {
        fprintf(err, PREFIX "--max_jobs: there are %" PRIu64 " jobs and clones, and no more than %" PRIu64 " are allowed\n",
                n_clones, options->max_jobs);
        return -EINVAL;
    }
    return 0;
}

int options_check(struct option_parser *parser)
{
    struct bench_options *options = parser->options;
    int rc = 0;

    derive_sizes(&options->global);
    derive_groups(options);
    for (size_t i = 0; i < options->n_jobs; i++) {
        derive_sizes(&options->jobs[i]);
        derive_batches(&options->jobs[i]);
        derive_polling(&options->jobs[i]);
        derive_echo(options, &options->jobs[i]);
    }
    if (options->refused)
        return -EINVAL;
    rc = check_program(options, parser->err);
    for (size_t i = 0; i < options->n_jobs && !rc; i++) {
        rc = derive_wait(options, i, parser->err);
        if (!rc)
            rc = check_job(options, &options->jobs[i], parser->err);
    }
    return rc;
}
