/* SPDX-License-Identifier: MIT */
/* lariat-bench: drives storage through Lariat, and reports what it costs. */
#include <errno.h>
#include <fcntl.h>
#include <lariat/monitor.h>
#include <lariat/version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "interrupt.h"
#include "options.h"
#include "report.h"
#include "run.h"
#include "simulate.h"
#include "tune_main.h"

#define EXIT_OK 0
#define EXIT_FAILED 1
#define EXIT_USAGE 2
#define EXIT_VERIFY 3
#define EXIT_MISSED 4 /* latency_target, max_latency or rate_min */

/*
 * One document goes to `out`: JSON, terse or a table, and if there is none of these the normal report. Beside a document the
 * normal report goes to stderr, so that standard output, or the file of --output, can always be read by a program.
 */
static FILE *normal_stream(const struct bench_options *options, FILE *out)
{
    if (!(options->formats & FORMAT_NORMAL))
        return NULL;
    return options->formats == FORMAT_NORMAL ? out : stderr;
}

static int write_reports(const struct bench_run *run, FILE *out, FILE *page)
{
    unsigned formats = (unsigned)run->options->formats;
    FILE *normal = normal_stream(run->options, out);
    struct report report;
    int rc = report_init(&report, run);

    if (!rc && (formats & (FORMAT_JSON | FORMAT_JSON_PLUS)))
        rc = report_json(&report, out);
    if (!rc && (formats & FORMAT_TSV))
        rc = report_tsv(&report, out);
    if (!rc && (formats & FORMAT_TERSE))
        rc = report_terse(&report, out);
    if (!rc && normal)
        rc = report_normal(&report, normal);
    if (!rc && page)
        rc = report_html(&report, page);
    report_free(&report);
    return rc;
}

/* Did all arrive? A full disk or a closed pipe shows only when all is flushed. rc: an error so far. */
static int flush_results(int rc, FILE *out, const char *name)
{
    errno = 0;
    if (!rc && out && (fflush(out) || ferror(out)))
        rc = errno ? -errno : -EIO;
    if (rc)
        fprintf(stderr, "lariat-bench: the results could not be written to %s: %s\n", name, strerror(-rc));
    return rc;
}

static int output_results(const struct bench_run *run, FILE *out, FILE *page)
{
    int rc =
        flush_results(write_reports(run, out, page), out, run->options->output ? run->options->output : "standard output");

    return rc ? rc : flush_results(0, page, run->options->report);
}

static int status_of(const struct bench_run *run)
{
    int status = EXIT_OK;

    for (unsigned i = 0; i < run->n_jobs; i++) {
        const struct bench_job *job = &run->jobs[i];

        if (job->error && !job->work.missed)
            return EXIT_FAILED;
        if (job->work.verify_errors)
            status = EXIT_VERIFY;
        else if (job->work.missed && status == EXIT_OK)
            status = EXIT_MISSED;
    }
    return status == EXIT_OK && run->was_interrupted ? EXIT_INTERRUPTED : status;
}

static int run_and_report(struct bench_run *run, FILE *out, FILE *page)
{
    run->preamble = normal_stream(run->options, out);
    int rc = run_all(run);

    if (rc)
        return rc == -EINTR ? EXIT_INTERRUPTED : EXIT_FAILED;
    for (unsigned i = 0; i < run->n_jobs; i++)
        job_tell_error(&run->jobs[i]);
    return output_results(run, out, page) || run->logs_failed ? EXIT_FAILED : status_of(run);
}

/* Opened before the run: its results would be lost. False: told. */
static bool open_output(const char *option, const char *path, FILE **file)
{
    if (path && !(*file = fopen(path, "we"))) {
        fprintf(stderr, "lariat-bench: --%s=%s: %s\n", option, path, strerror(errno));
        return false;
    }
    return true;
}

static int close_output(const char *option, const char *path, FILE *file, int status)
{
    if (!path || !file || !fclose(file) || status != EXIT_OK)
        return status;
    fprintf(stderr, "lariat-bench: --%s=%s: %s\n", option, path, strerror(errno));
    return EXIT_FAILED;
}

/* Before the jobs' iothreads are made, so that their creation can be watched. */
static int start_monitor(const struct bench_options *options, struct lariat_monitor **monitor)
{
    char *errmsg = NULL;
    int rc = options->monitor ? lariat_monitor_start(options->monitor, monitor, &errmsg) : 0;

    if (rc)
        fprintf(stderr, "lariat-bench: --monitor=%s: %s\n", options->monitor, errmsg ? errmsg : strerror(-rc));
    free(errmsg);
    return rc;
}

static int bench_into(const struct bench_options *options, FILE *out, FILE *page)
{
    struct lariat_monitor *monitor = NULL;
    struct bench_run run;
    int rc = run_init(&run, options);
    int status = rc == -EINTR ? EXIT_INTERRUPTED : rc == -EINVAL ? EXIT_USAGE : EXIT_FAILED;

    if (!rc) {
        status = start_monitor(options, &monitor) ? EXIT_FAILED : run_and_report(&run, out, page);
        lariat_monitor_stop(monitor);
        run_free(&run);
    }
    return status;
}

static int bench(const struct bench_options *options)
{
    FILE *out = stdout, *page = NULL;
    int status = EXIT_USAGE, rc = interrupt_init();

    if (rc) {
        fprintf(stderr, "lariat-bench: signals: %s\n", strerror(-rc));
        return EXIT_FAILED;
    }
    if (!open_output("output", options->output, &out))
        return EXIT_USAGE;
    if (open_output("report", options->report, &page))
        status = bench_into(options, out, page);
    status = close_output("report", options->report, page, status);
    return close_output("output", options->output, out, status);
}

/* Or a target could become what we print to. Those we open cannot be written to, which is told as any error of output. */
static void fill_standard_fds(void)
{
    int fd;

    do
        fd = open("/dev/null", O_RDONLY);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

int main(int argc, char **argv)
{
    struct bench_options options;

    fill_standard_fds();

    if (argc > 1 && !strcmp(argv[1], "simulate"))
        return simulate_main(argc - 1, argv + 1);
    if (argc > 1 && !strcmp(argv[1], "tune"))
        return tune_main(argc - 1, argv + 1);

    int rc = options_parse(&options, argc, argv, stderr);
    int status = EXIT_OK;

    if (rc) {
        if (rc == -ENOMEM)
            fputs("lariat-bench: out of memory\n", stderr);
        status = rc == -ENOMEM ? EXIT_FAILED : EXIT_USAGE;
    } else if (options.help) {
        options_print_help(stdout);
    } else if (options.version) {
        puts("lariat-bench " LARIAT_VERSION_STRING);
    } else if (options.cmdhelp) {
        status = options_print_cmdhelp(options.cmdhelp, stdout, stderr) ? EXIT_USAGE : EXIT_OK;
    } else if (options.enghelp) {
        status = options_print_enghelp(options.enghelp, stdout, stderr) ? EXIT_USAGE : EXIT_OK;
    } else if (options.showcmd) {
        fputs(options.commands, stdout);
    } else if (options.parse_only) {
        status = EXIT_OK;
    } else {
        status = bench(&options);
    }
    options_free(&options);
    if (!status && fflush(stdout))
        status = EXIT_FAILED;
    return status;
}
