/* SPDX-License-Identifier: MIT */
#include "logs.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/ioprio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log_ring.h"
#include "run.h"
#include "wait_log.h"

#define DRAIN_NS INT64_C(20000000) /* how often the rings are emptied */
#define FILE_BUFFER (1u << 20)

enum log_kind { LOG_BW, LOG_IOPS, LOG_LAT, LOG_CLAT, LOG_SLAT, LOG_HIST };
#define LOG_KINDS 6

struct job_log {
    FILE *files[LOG_KINDS]; /* NULL: not wanted */
    bool owns_files;        /* not those of the clone before */
    bool each_io;
    int64_t average_ns, histogram_ns; /* lengths of the windows */
    int64_t average_due_ns, histogram_due_ns;
    int64_t average_from_ns;
    int64_t histogram_ms;                           /* of the last lines */
    struct iostat before[IO_DIRECTIONS];            /* when the window began */
    struct lariat_histogram counted[IO_DIRECTIONS]; /* clat, when the histogram was written last */
    struct log_ring ring;
};

/* ---- opening ---- */

static FILE *open_log(const char *prefix, const char *what, const struct bench_job *job)
{
    char path[PATH_MAX];
    int n = job->options->per_job_logs ? snprintf(path, sizeof(path), "%s_%s.%u.log", prefix, what, job->index + 1)
                                       : snprintf(path, sizeof(path), "%s_%s.log", prefix, what);
    FILE *file = n < (int)sizeof(path) ? fopen(path, "we") : NULL;

    if (!file)
        fprintf(stderr, "lariat-bench: job %s: log %s_%s: %s\n", job->options->name, prefix, what,
                strerror(n < (int)sizeof(path) ? errno : ENAMETOOLONG));
    else
        setvbuf(file, NULL, _IOFBF, FILE_BUFFER);
    return file;
}

static int open_files(struct job_log *log, const struct bench_job *job)
{
    const struct job_options *o = job->options;
    const struct {
        const char *prefix, *what;
    } wanted[LOG_KINDS] = {
        [LOG_BW] = { o->write_bw_log, "bw" },      [LOG_IOPS] = { o->write_iops_log, "iops" },
        [LOG_LAT] = { o->write_lat_log, "lat" },   [LOG_CLAT] = { o->write_lat_log, "clat" },
        [LOG_SLAT] = { o->write_lat_log, "slat" }, [LOG_HIST] = { o->write_hist_log, "clat_hist" },
    };

    log->owns_files = true;
    for (unsigned i = 0; i < LOG_KINDS; i++) {
        if (!wanted[i].prefix)
            continue;
        log->files[i] = open_log(*wanted[i].prefix ? wanted[i].prefix : job->options->name, wanted[i].what, job);
        if (!log->files[i])
            return -EIO;
    }
    return 0;
}

static int open_job(struct bench_run *run, struct bench_job *job)
{
    const struct job_options *o = job->options;
    struct job_log *log;

    if (!o->write_bw_log && !o->write_iops_log && !o->write_lat_log && !o->write_hist_log)
        return 0;
    log = job->log = aligned_alloc(_Alignof(struct job_log), sizeof(*log));
    if (!log)
        return -ENOMEM;
    memset(log, 0, sizeof(*log));
    if (job->clone && !o->per_job_logs)
        memcpy(log->files, run->jobs[job->index - 1].log->files, sizeof(log->files));
    else if (open_files(log, job))
        return -EIO;
    log->average_ns = o->log_avg_ns;
    log->histogram_ns = o->log_hist_ns;
    log->each_io = !log->average_ns && (o->write_bw_log || o->write_iops_log || o->write_lat_log);
    if (!log->each_io)
        return 0;
    job->work.log = &log->ring;
    return log_ring_init(&log->ring, o->log_entries);
}

int logs_open(struct bench_run *run)
{
    int rc = 0;

    for (unsigned i = 0; i < run->n_jobs && !rc; i++)
        rc = open_job(run, &run->jobs[i]);
    for (unsigned i = 0; i < run->n_jobs && !rc; i++)
        rc = wait_log_open(run, &run->jobs[i]);
    return rc;
}

/* ---- lines ---- */

static int64_t time_ms(const struct bench_run *run, const struct bench_job *job, int64_t ns)
{
    int64_t epoch_ms = (int64_t)run->begun.tv_sec * 1000 + run->begun.tv_nsec / 1000000;

    return (ns - run->begun_ns) / 1000000 + (job->options->log_unix_epoch ? epoch_ms : 0);
}

/* What stands for the priority, unless log_prio asks for all of it. */
static unsigned is_real_time(const struct bench_job *job)
{
    return IOPRIO_PRIO_CLASS(job->placement.ioprio) == IOPRIO_CLASS_RT;
}

/* max: the second value with log_window_value=both. io: the I/O that it is of; NULL: of many. */
static void put(FILE *file, const struct bench_job *job, int64_t ms, uint64_t value, const uint64_t *max, unsigned kind,
                const struct log_record *io)
{
    if (!file)
        return;
    fprintf(file, "%" PRId64 ", %" PRIu64, ms, value);
    if (max)
        fprintf(file, ", %" PRIu64, *max);
    fprintf(file, ", %u, %" PRIu32, kind, io ? io->bytes : 0);
    if (job->options->log_offset)
        fprintf(file, ", %" PRIu64, io ? io->offset : 0);
    fprintf(file, job->options->log_prio ? ", 0x%04x" : ", %u",
            job->options->log_prio ? (unsigned)job->placement.ioprio : is_real_time(job));
    if (job->options->log_issue_time)
        fprintf(file, ", %" PRId64, io ? io->end_ns - io->lat_ns - job->work.run_start_ns : 0);
    fputc('\n', file);
}

static void put_record(const struct bench_run *run, const struct bench_job *job, const struct log_record *r)
{
    FILE *const *files = job->log->files;
    int64_t ms = time_ms(run, job, r->end_ns), clat_ns = r->lat_ns - r->queued_ns;
    uint64_t rate = clat_ns > 0 ? (uint64_t)r->bytes * 1000000 / (uint64_t)clat_ns : 0;

    put(files[LOG_BW], job, ms, rate, NULL, r->kind, r);
    put(files[LOG_IOPS], job, ms, 1, NULL, r->kind, r);
    put(files[LOG_LAT], job, ms, (uint64_t)r->lat_ns, NULL, r->kind, r);
    put(files[LOG_CLAT], job, ms, clat_ns > 0 ? (uint64_t)clat_ns : 0, NULL, r->kind, r);
    if (job->work.batched)
        put(files[LOG_SLAT], job, ms, r->queued_ns, NULL, r->kind, r);
}

static void drain(const struct bench_run *run, struct bench_job *job)
{
    struct log_record record;

    while (log_ring_take(&job->log->ring, &record))
        put_record(run, job, &record);
}

/* The longest duration that came since, to what its bucket says of it. */
static uint64_t longest_since(const struct latency *before, const struct latency *now)
{
    for (unsigned i = LARIAT_HISTOGRAM_BUCKETS; i-- > 0;)
        if (now->h.buckets[i] > before->h.buckets[i])
            return lariat_histogram_bucket_ns(i);
    return 0;
}

static void put_latency(FILE *file, const struct bench_job *job, int64_t ms, const struct latency *before,
                        const struct latency *now, unsigned kind)
{
    enum log_window which = (enum log_window)job->options->log_window_value;
    uint64_t n = now->h.n - before->h.n, max = longest_since(before, now);

    if (!file || !n)
        return;
    uint64_t average = (now->h.sum_ns - before->h.sum_ns) / n;

    if (max < average) /* what a bucket stands for is its middle */
        max = average;
    put(file, job, ms, which == LOG_MAXIMUM ? max : average, which == LOG_BOTH ? &max : NULL, kind, NULL);
}

static void put_window(const struct bench_run *run, struct bench_job *job, int64_t now_ns)
{
    struct job_log *log = job->log;
    struct iostat *now = aligned_alloc(_Alignof(struct iostat), sizeof(*now));
    double seconds = (double)(now_ns - log->average_from_ns) / 1e9;
    int64_t ms = time_ms(run, job, now_ns);

    for (unsigned kind = 0; now && kind < IO_DIRECTIONS; kind++) {
        struct iostat *before = &log->before[kind];

        iostat_snapshot(now, &job->work.stats[kind], job->work.measure);
        uint64_t ios = now->ios - before->ios, bytes = now->bytes - before->bytes;
        uint64_t iops = (uint64_t)((double)ios / seconds), rate = (uint64_t)((double)bytes / seconds / 1024);
        bool both = job->options->log_window_value == LOG_BOTH;

        if (ios) {
            put(log->files[LOG_BW], job, ms, rate, both ? &rate : NULL, kind, NULL);
            put(log->files[LOG_IOPS], job, ms, iops, both ? &iops : NULL, kind, NULL);
        }
        put_latency(log->files[LOG_LAT], job, ms, &before->lat, &now->lat, kind);
        put_latency(log->files[LOG_CLAT], job, ms, &before->clat, &now->clat, kind);
        put_latency(log->files[LOG_SLAT], job, ms, &before->slat, &now->slat, kind);
        *before = *now;
    }
    log->average_from_ns = now_ns;
    free(now);
}

static void put_histograms(const struct bench_run *run, struct bench_job *job, int64_t now_ns)
{
    struct job_log *log = job->log;
    FILE *file = log->files[LOG_HIST];
    unsigned stride = 1u << job->options->log_hist_coarseness;
    int64_t ms = time_ms(run, job, now_ns);

    if (ms <= log->histogram_ms) /* readers divide by what lies between two lines */
        ms = log->histogram_ms + 1;
    log->histogram_ms = ms;

    for (unsigned kind = 0; kind < IO_DIRECTIONS; kind++) {
        struct lariat_histogram *before = &log->counted[kind];
        const struct lariat_histogram *h = &job->work.stats[kind].clat.h;

        if (counter_get(&h->n) == before->n)
            continue;
        before->n = counter_get(&h->n);
        fprintf(file, "%" PRId64 ", %u, %" PRIu64, ms, kind, job->options->bs);
        for (unsigned i = 0; i < LARIAT_HISTOGRAM_BUCKETS; i += stride) {
            uint64_t sum = 0;

            for (unsigned j = i; j < i + stride && j < LARIAT_HISTOGRAM_BUCKETS; j++) {
                uint64_t count = counter_get(&h->buckets[j]);

                sum += count - before->buckets[j];
                before->buckets[j] = count;
            }
            fprintf(file, ", %" PRIu64, sum);
        }
        fputc('\n', file);
    }
}

/* ---- when ---- */

static bool averages(const struct job_log *log)
{
    return log->average_ns && (log->files[LOG_BW] || log->files[LOG_IOPS] || log->files[LOG_LAT]);
}

static int64_t earlier(int64_t a_ns, int64_t b_ns)
{
    return a_ns < b_ns ? a_ns : b_ns;
}

int64_t logs_due_ns(const struct bench_run *run)
{
    int64_t due_ns = INT64_MAX;

    for (unsigned i = 0; i < run->n_jobs; i++) {
        const struct job_log *log = run->jobs[i].log;

        if (run->jobs[i].wait_log)
            due_ns = earlier(due_ns, run->logs_drained_ns + DRAIN_NS);
        if (!log)
            continue;
        if (log->each_io)
            due_ns = earlier(due_ns, run->logs_drained_ns + DRAIN_NS);
        if (averages(log))
            due_ns = earlier(due_ns, log->average_due_ns ? log->average_due_ns : run->begun_ns + log->average_ns);
        if (log->files[LOG_HIST] && log->histogram_ns)
            due_ns = earlier(due_ns, log->histogram_due_ns ? log->histogram_due_ns : run->begun_ns + log->histogram_ns);
    }
    return due_ns;
}

/* Is it time? Then on to the next multiple of the period. */
static bool is_due(int64_t *due_ns, int64_t period_ns, int64_t begun_ns, int64_t now_ns)
{
    if (!*due_ns)
        *due_ns = begun_ns + period_ns;
    if (now_ns < *due_ns)
        return false;
    while (*due_ns <= now_ns)
        *due_ns += period_ns;
    return true;
}

static void write_job(struct bench_run *run, struct bench_job *job, int64_t now_ns)
{
    struct job_log *log = job->log;

    if (!log->average_from_ns)
        log->average_from_ns = run->begun_ns;
    if (log->each_io)
        drain(run, job);
    if (averages(log) && is_due(&log->average_due_ns, log->average_ns, run->begun_ns, now_ns))
        put_window(run, job, now_ns);
    if (log->files[LOG_HIST] && log->histogram_ns &&
        is_due(&log->histogram_due_ns, log->histogram_ns, run->begun_ns, now_ns))
        put_histograms(run, job, now_ns);
}

void logs_write(struct bench_run *run, int64_t now_ns)
{
    run->logs_drained_ns = now_ns;
    for (unsigned i = 0; i < run->n_jobs; i++) {
        if (run->jobs[i].log)
            write_job(run, &run->jobs[i], now_ns);
        if (run->jobs[i].wait_log)
            wait_log_write(run->jobs[i].wait_log);
    }
}

/* ---- the end ---- */

/* What came since the last window and the last histogram: fio leaves it out, and with it a short run as a whole. */
static void finish_job(struct bench_run *run, struct bench_job *job, int64_t now_ns)
{
    struct job_log *log = job->log;

    write_job(run, job, now_ns);
    if (averages(log) && now_ns > log->average_from_ns)
        put_window(run, job, now_ns);
    if (log->files[LOG_HIST])
        put_histograms(run, job, now_ns);
    if (log->ring.lost)
        fprintf(stderr,
                "lariat-bench: job %s: %" PRIu64 " I/Os are missing in its logs: they came faster than they could be"
                " written; --log_avg_msec needs less\n",
                job->options->name, log->ring.lost);
}

static int flush_job(const struct bench_job *job)
{
    for (unsigned i = 0; i < LOG_KINDS; i++) {
        FILE *file = job->log->files[i];

        errno = 0;
        if (!file || !(fflush(file) || ferror(file)))
            continue;
        int rc = errno ? -errno : -EIO;
        fprintf(stderr, "lariat-bench: job %s: its logs could not be written: %s\n", job->options->name, strerror(-rc));
        return rc;
    }
    return 0;
}

int logs_finish(struct bench_run *run, int64_t now_ns)
{
    int rc = 0;

    for (unsigned i = 0; i < run->n_jobs; i++)
        if (run->jobs[i].log)
            finish_job(run, &run->jobs[i], now_ns);
    for (unsigned i = 0; i < run->n_jobs && !rc; i++)
        if (run->jobs[i].log)
            rc = flush_job(&run->jobs[i]);
    for (unsigned i = 0; i < run->n_jobs && !rc; i++)
        if (run->jobs[i].wait_log)
            rc = wait_log_finish(&run->jobs[i]);
    return rc;
}

void logs_close(struct bench_run *run)
{
    for (unsigned i = 0; i < run->n_jobs; i++) {
        struct job_log *log = run->jobs[i].log;

        wait_log_close(&run->jobs[i]);
        if (!log)
            continue;
        for (unsigned k = 0; k < LOG_KINDS; k++)
            if (log->owns_files && log->files[k])
                fclose(log->files[k]);
        log_ring_free(&log->ring);
        free(log);
        run->jobs[i].log = NULL;
    }
}
