/* SPDX-License-Identifier: MIT */
/* lariat-bench tune: finds out which polling suits a workload. */
#include "tune_main.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "interrupt.h"
#include "progress.h"
#include "tune_report.h"
#include "tune_run.h"
#include "tune_state.h"
#include "units.h"

#define EXIT_OK 0
#define EXIT_FAILED 1
#define EXIT_USAGE 2

struct session {
    struct tune_options options;
    struct tune tune;
    struct tune_runs runs;
    struct preflight preflight;
    struct tune_state *state; /* NULL: without --resume */
    int64_t recalled_ns;      /* how much the clock is ahead, for the blocks that were recalled */
    int64_t begin_ns;
    bool shows_progress, has_terminal;
    int64_t shown_ns;
    FILE *out, *page;
};

/* ---- the runner ---- */

static int run(void *opaque, const struct tune *tune, const struct tune_block *block, struct tune_entry *entry)
{
    struct session *session = opaque;

    return tune_run_entry(&session->runs, tune, block, entry);
}

static int64_t now_ns(void *opaque)
{
    const struct session *session = opaque;

    return bench_now_ns() + session->recalled_ns;
}

static bool recall(void *opaque, const struct tune *tune, struct tune_block *block)
{
    struct session *session = opaque;

    if (!session->state || !tune_state_recall(session->state, tune, block))
        return false;
    session->recalled_ns += block->end_ns - (now_ns(session) - session->begin_ns);
    return true;
}

static int keep(void *opaque, const struct tune *tune, const struct tune_block *block)
{
    struct session *session = opaque;

    return session->state ? tune_state_keep(session->state, tune, block) : 0;
}

#define BAR_WIDTH 30

static void show_progress(void *opaque, enum tune_stage stage, double done)
{
    struct session *session = opaque;
    int64_t now = bench_now_ns(), period_ns = session->options.workload.eta_interval_ns;
    int full = (int)(done * BAR_WIDTH);
    char left[PROGRESS_TIME_MAX];

    if (!session->shows_progress || now - session->shown_ns < (session->has_terminal ? period_ns / 4 : period_ns))
        return;
    session->shown_ns = now;
    progress_time(left, (int64_t)((1 - done) * (double)session->options.budget_ns / 1e9));
    fprintf(stderr, "%stune: [%.*s%*s] %3.0f%% %-9s eta %s%s", session->has_terminal ? "\r" : "", full,
            "##############################", BAR_WIDTH - full, "", 100 * done, tune_stage_name(stage), left,
            session->has_terminal ? "\033[K" : "\n");
    fflush(stderr);
}

static void end_progress(const struct session *session)
{
    if (session->shown_ns && session->has_terminal)
        fputs("\r\033[K", stderr);
}

/* ---- reports ---- */

static int write_document(const struct session *session, const struct tune_report *report)
{
    unsigned formats = session->options.formats;
    int rc = 0;

    if (formats & TUNE_JSON)
        rc = tune_report_json(report, session->out);
    if (formats & TUNE_CSV)
        tune_report_csv(report, session->out);
    if (formats & TUNE_HTML)
        tune_report_html(report, session->out);
    if (formats & TUNE_TEXT) /* beside a document it would spoil that */
        tune_report_text(report, formats == TUNE_TEXT ? session->out : stderr);
    if (session->page)
        tune_report_html(report, session->page);
    return rc;
}

static int flushed(FILE *file, const char *name)
{
    int rc = 0;

    errno = 0;
    if (file && (fflush(file) || ferror(file)))
        rc = errno ? -errno : -EIO;
    if (rc)
        fprintf(stderr, "lariat-bench tune: the results could not be written to %s: %s\n", name, strerror(-rc));
    return rc;
}

static int report(struct session *session)
{
    const struct bench_options *w = &session->options.workload;
    struct tune_verdict verdict;
    struct tune_report all = { &session->tune, &session->options, &verdict, &session->preflight, 0 };
    int rc;

    tune_judge(&session->tune, &verdict);
    all.took_ns = now_ns(session) - session->begin_ns;
    rc = write_document(session, &all);
    if (rc)
        fputs("lariat-bench tune: out of memory\n", stderr);
    else
        rc = flushed(session->out, w->output ? w->output : "standard output");
    return rc ? rc : flushed(session->page, w->report);
}

/* ---- the session ---- */

static int make_tune(struct session *session)
{
    const struct tune_options *o = &session->options;
    struct tune_config current = tune_workload_config(&o->workload);
    int rc = tune_init(&session->tune, &current);

    if (rc)
        return rc;
    for (unsigned i = 0; i < o->n_depths; i++)
        for (unsigned j = 0; j < o->n_loads; j++)
            if (o->loads[j] || !i) /* idle at one depth is idle at each */
                tune_add_scenario(&session->tune, o->depths[i], o->loads[j]);
    session->tune.p99_limit_ns = (double)o->p99_limit_ns;
    session->tune.cpu_limit_percent = o->cpu_limit_percent;
    return 0;
}

static int search(struct session *session)
{
    const struct tune_options *o = &session->options;
    const struct tune_plan plan = { .objective = o->objective,
                                    .budget_ns = o->budget_ns,
                                    .repeats = o->repeats,
                                    .seed = o->seed,
                                    .candidates = o->candidates,
                                    .n_candidates = o->n_candidates };
    const struct tune_runner runner = { session, run, recall, keep, now_ns, show_progress };
    int rc;

    session->begin_ns = bench_now_ns();
    rc = tune_search(&session->tune, &plan, &runner);
    end_progress(session);
    if (rc)
        fprintf(stderr, "lariat-bench tune: %s\n",
                rc == -ENODATA ? "the workload did no I/O" : "a run failed; there is no result");
    return rc;
}

static int status_of(int rc)
{
    return rc == -EINTR ? EXIT_INTERRUPTED : rc == -EINVAL ? EXIT_USAGE : rc ? EXIT_FAILED : EXIT_OK;
}

static int run_session(struct session *session)
{
    const struct bench_options *w = &session->options.workload;
    int rc = tune_rehearse(&session->runs), closed;

    if (!rc && session->options.resume)
        rc = tune_state_open(session->options.resume, w, session->options.seed, &session->state);
    if (!rc)
        rc = make_tune(session);
    if (!rc) {
        session->has_terminal = isatty(STDERR_FILENO) == 1;
        session->shows_progress = w->eta == ETA_ALWAYS || (w->eta == ETA_AUTO && session->has_terminal);
        rc = search(session) || report(session) ? -EIO : session->tune.interrupted ? -EINTR : 0;
        tune_free(&session->tune);
    }
    closed = tune_state_close(session->state);
    return status_of(rc ? rc : closed);
}

/* Opened before the runs: their results would be lost. */
static bool open_file(const char *option, const char *path, FILE **file)
{
    if (path && !(*file = fopen(path, "we"))) {
        fprintf(stderr, "lariat-bench tune: --%s=%s: %s\n", option, path, strerror(errno));
        return false;
    }
    return true;
}

static int close_file(const char *option, const char *path, FILE *file, int status)
{
    if (!path || !file || !fclose(file) || status != EXIT_OK)
        return status;
    fprintf(stderr, "lariat-bench tune: --%s=%s: %s\n", option, path, strerror(errno));
    return EXIT_FAILED;
}

static int run_into_files(struct session *session)
{
    const struct bench_options *w = &session->options.workload;
    int status = EXIT_USAGE, rc = interrupt_init();

    if (rc) {
        fprintf(stderr, "lariat-bench tune: signals: %s\n", strerror(-rc));
        return EXIT_FAILED;
    }
    session->out = stdout;
    session->runs = (struct tune_runs){ w, &session->preflight };
    if (!open_file("output", w->output, &session->out))
        return EXIT_USAGE;
    if (open_file("report", w->report, &session->page))
        status = run_session(session);
    status = close_file("report", w->report, session->page, status);
    return close_file("output", w->output, session->out, status);
}

int tune_main(int argc, char **argv)
{
    struct session *session = calloc(1, sizeof(*session));
    int rc = session ? tune_options_parse(&session->options, argc, argv) : -ENOMEM;
    int status = EXIT_OK;

    if (rc == -ENOMEM)
        fputs("lariat-bench tune: out of memory\n", stderr);
    if (rc)
        status = status_of(rc);
    else if (session->options.help)
        tune_options_help(stdout);
    else if (!session->options.workload.parse_only)
        status = run_into_files(session);
    if (!status && fflush(stdout))
        status = EXIT_FAILED;
    if (session)
        tune_options_free(&session->options);
    free(session);
    return status;
}
