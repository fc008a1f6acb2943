/* SPDX-License-Identifier: MIT */
#include "progress.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "number_text.h"
#include "run.h"

void progress_init(struct progress *progress, const struct bench_run *run)
{
    const struct bench_options *out = run->options;
    bool terminal = isatty(STDERR_FILENO) == 1;

    *progress = (struct progress){
        .run = run,
        .out = stderr,
        .on = out->eta == ETA_ALWAYS || (out->eta == ETA_AUTO && terminal),
        .terminal = terminal,
        .period_ns = out->eta_interval_ns,
        .last_ns = run->begun_ns,
    };
    progress->due_ns = progress->on ? run->begun_ns + progress->period_ns : INT64_MAX;
    progress->newline_due_ns = out->eta_newline_ns ? run->begun_ns + out->eta_newline_ns : INT64_MAX;
}

int64_t progress_due_ns(const struct progress *progress)
{
    return progress->due_ns;
}

const char *progress_time(char buf[PROGRESS_TIME_MAX], int64_t seconds)
{
    long d = (long)(seconds / 86400), h = (long)(seconds / 3600 % 24), m = (long)(seconds / 60 % 60),
         s = (long)(seconds % 60);

    if (d)
        snprintf(buf, PROGRESS_TIME_MAX, "%ldd:%02ldh:%02ldm:%02lds", d, h, m, s);
    else if (h)
        snprintf(buf, PROGRESS_TIME_MAX, "%02ldh:%02ldm:%02lds", h, m, s);
    else
        snprintf(buf, PROGRESS_TIME_MAX, "%02ldm:%02lds", m, s);
    return buf;
}

/* fio's letter for what a job does. */
static char letter_of(const struct bench_job *job)
{
    enum rw_mode rw = (enum rw_mode)job->options->rw;
    bool random = rw_is_random(rw);

    if (__atomic_load_n(&job->done, __ATOMIC_ACQUIRE))
        return '_';
    if (job->state != JOB_RUNNING)
        return 'P';
    if ((rw_reads(rw) || rw_trims(rw)) && rw_writes(rw))
        return random ? 'm' : 'M';
    if (rw_trims(rw))
        return random ? 'd' : 'D';
    if (rw_reads(rw))
        return random ? 'r' : 'R';
    return random ? 'w' : 'W';
}

/* One letter for each run of jobs that do the same, with their number: "r(10),_(2)". */
static void print_letters(FILE *out, const struct bench_run *run)
{
    for (unsigned i = 0; i < run->n_jobs;) {
        char letter = letter_of(&run->jobs[i]);
        unsigned n = 0;

        while (i + n < run->n_jobs && letter_of(&run->jobs[i + n]) == letter)
            n++;
        n = n ? n : 1; /* it has changed meanwhile */
        fprintf(out, "%s%c(%u)", i ? "," : "", letter, n);
        i += n;
    }
}

/* How much of the job is done, 0 to 1, by the time or the amount that will end it; less than 0: that cannot be told. */
static double done_of(const struct bench_run *run, const struct bench_job *job, int64_t now_ns)
{
    double bytes = 0, total = (double)job->work.amount_bytes, share = -1;
    int64_t runtime_ns = job->options->runtime_ns, from_ns = job->start_ns > run->begun_ns ? job->start_ns : run->begun_ns;

    if (job->state == JOB_WAITING)
        return 0;
    if (__atomic_load_n(&job->done, __ATOMIC_ACQUIRE))
        return 1;
    for (unsigned kind = 0; kind < IO_DIRECTIONS; kind++)
        bytes += (double)iostat_bytes(&job->work.stats[kind]);
    if (!job->options->time_based && total > 0)
        share = bytes / total;
    if (runtime_ns && (double)(now_ns - from_ns) / (double)runtime_ns > share)
        share = (double)(now_ns - from_ns) / (double)runtime_ns;
    return share > 1 ? 1 : share;
}

static void print_share(FILE *out, const struct bench_run *run, int64_t now_ns)
{
    double least = 1;

    for (unsigned i = 0; i < run->n_jobs; i++) {
        double share = done_of(run, &run->jobs[i], now_ns);

        if (share < least)
            least = share;
    }
    if (least < 0)
        fputs("[-.-%]", out);
    else
        fprintf(out, "[%3.1f%%]", 100 * least);
}

/* Seconds until the last job will be done, if all goes on as until now; -1: that cannot be told. */
static int64_t seconds_left(const struct bench_run *run, int64_t now_ns)
{
    double most = -1, elapsed = (double)(now_ns - run->begun_ns) / 1e9;

    for (unsigned i = 0; i < run->n_jobs; i++) {
        double share = done_of(run, &run->jobs[i], now_ns);

        if (share <= 0)
            return -1;
        if (elapsed / share - elapsed > most)
            most = elapsed / share - elapsed;
    }
    return (int64_t)(most + 0.5);
}

/* ", 0-1000 IOPS": the range of rates that rated jobs are to have, all together. */
static void print_rated(FILE *out, const struct bench_run *run)
{
    static const struct byte_style style = { 4, true, false };
    uint64_t iops[2] = { 0, 0 }, bytes[2] = { 0, 0 };
    char from[NUMBER_TEXT_MAX], to[NUMBER_TEXT_MAX];

    for (unsigned i = 0; i < run->n_jobs; i++)
        for (unsigned kind = 0; kind < IO_DIRECTIONS; kind++) {
            const struct job_options *o = run->jobs[i].options;

            iops[0] += o->rate_iops_min[kind];
            iops[1] += o->rate_iops[kind];
            bytes[0] += o->rate_min[kind];
            bytes[1] += o->rate[kind];
        }
    if (bytes[1])
        fprintf(out, ", %s-%s", rate_text(from, (double)bytes[0], &style, false),
                rate_text(to, (double)bytes[1], &style, false));
    if (iops[1])
        fprintf(out, ", %s-%s IOPS", number_text(from, (double)iops[0], 4, false, ""),
                number_text(to, (double)iops[1], 4, false, ""));
}

/* "[r=2002KiB/s,w=2002KiB/s][r=500,w=500 IOPS]": of the directions that there are. */
static void print_rates(struct progress *progress, const uint64_t ios[], const uint64_t bytes[], double seconds)
{
    static const struct byte_style style = { 4, true, false };
    static const char letters[] = "rwt";
    char text[NUMBER_TEXT_MAX];

    for (unsigned pass = 0; pass < 2; pass++) {
        const char *separator = "[";

        for (unsigned kind = 0; kind < IO_DIRECTIONS; kind++) {
            if (!ios[kind])
                continue;
            if (pass)
                number_text(text, (double)(ios[kind] - progress->last_ios[kind]) / seconds, 4, false, "");
            else
                rate_text(text, (double)(bytes[kind] - progress->last_bytes[kind]) / seconds, &style, false);
            fprintf(progress->out, "%s%c=%s", separator, letters[kind], text);
            separator = ",";
        }
        if (*separator == ',')
            fputs(pass ? " IOPS]" : "]", progress->out);
    }
}

static void print_line(struct progress *progress, int64_t now_ns)
{
    const struct bench_run *run = progress->run;
    uint64_t ios[IO_DIRECTIONS] = { 0 }, bytes[IO_DIRECTIONS] = { 0 };
    unsigned n_running = 0, n_files = 0;
    char eta[PROGRESS_TIME_MAX];
    int64_t left = seconds_left(run, now_ns);

    for (unsigned i = 0; i < run->n_jobs; i++) {
        const struct bench_job *job = &run->jobs[i];
        bool running = job->state == JOB_RUNNING && !__atomic_load_n(&job->done, __ATOMIC_ACQUIRE);

        n_running += running;
        n_files += running ? job->targets.n : 0;
        for (unsigned kind = 0; kind < IO_DIRECTIONS; kind++) {
            ios[kind] += iostat_ios(&job->work.stats[kind]);
            bytes[kind] += iostat_bytes(&job->work.stats[kind]);
        }
    }
    fprintf(progress->out, "%sJobs: %u (f=%u)", progress->terminal ? "\r" : "", n_running, n_files);
    print_rated(progress->out, run);
    fputs(": [", progress->out);
    print_letters(progress->out, run);
    fputc(']', progress->out);
    print_share(progress->out, run, now_ns);
    print_rates(progress, ios, bytes, (double)(now_ns - progress->last_ns) / 1e9);
    fprintf(progress->out, "[eta %s]%s", left < 0 ? "--" : progress_time(eta, left), progress->terminal ? "\033[K" : "\n");
    fflush(progress->out);
    progress->last_ns = now_ns;
    memcpy(progress->last_ios, ios, sizeof(ios));
    memcpy(progress->last_bytes, bytes, sizeof(bytes));
}

void progress_show(struct progress *progress, int64_t now_ns)
{
    if (now_ns < progress->due_ns || now_ns <= progress->last_ns)
        return;
    progress->due_ns = now_ns + progress->period_ns;
    progress->shown = true;
    print_line(progress, now_ns);
    if (progress->terminal && now_ns >= progress->newline_due_ns) { /* leave this one standing */
        fputc('\n', progress->out);
        progress->newline_due_ns = now_ns + progress->run->options->eta_newline_ns;
    }
}

void progress_end(struct progress *progress)
{
    if (progress->shown && progress->terminal)
        fputs("\r\033[K", progress->out);
}
