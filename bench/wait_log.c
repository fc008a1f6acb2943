/* SPDX-License-Identifier: MIT */
#include "wait_log.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "iothread_pool.h"
#include "log_ring.h"
#include "run.h"

#define FILE_BUFFER (1u << 20)

struct wait_log {
    FILE *file;
    char path[PATH_MAX];
    char iothread[IOTHREAD_ID_MAX];
    struct log_ring ring;
};

static int refuse(const struct bench_job *job, const char *path, const char *why)
{
    fprintf(stderr, "lariat-bench: job %s: --write_wait_log=%s: %s\n", job->options->name, path, why);
    return -EINVAL;
}

/* No two threads may write to one file, and a loop tells one of its waits. */
static int check_others(const struct bench_run *run, const struct bench_job *job)
{
    for (unsigned i = 0; i < job->index; i++) {
        const struct wait_log *other = run->jobs[i].wait_log;

        if (other && !strcmp(other->path, job->wait_log->path))
            return refuse(job, other->path, "another job writes to it");
        if (other && !strcmp(other->iothread, job->wait_log->iothread))
            return refuse(job, job->wait_log->path, "another job logs the waits of its iothread");
    }
    return 0;
}

static int open_file(const struct bench_job *job)
{
    struct wait_log *log = job->wait_log;

    log->file = fopen(log->path, "we");
    if (!log->file)
        return refuse(job, log->path, strerror(errno));
    setvbuf(log->file, NULL, _IOFBF, FILE_BUFFER);
    fprintf(log->file, "# waits of %s, in ns; those that slept have what waking up took in them\n", log->iothread);
    return 0;
}

int wait_log_open(const struct bench_run *run, struct bench_job *job)
{
    const char *path = job->options->write_wait_log;
    struct wait_log *log;
    int n, rc;

    if (!path || job->options->ioengine != ENGINE_LARIAT)
        return 0;
    log = job->wait_log = aligned_alloc(_Alignof(struct wait_log), sizeof(*log));
    if (!log)
        return -ENOMEM;
    memset(log, 0, sizeof(*log));
    iothread_pool_id(job, log->iothread);
    n = job->clone ? snprintf(log->path, PATH_MAX, "%s.%u", path, job->clone + 1)
                   : snprintf(log->path, PATH_MAX, "%s", path);
    rc = n < PATH_MAX ? check_others(run, job) : refuse(job, path, strerror(ENAMETOOLONG));
    if (!rc)
        rc = open_file(job);
    return rc ? rc : log_ring_init(&log->ring, job->options->log_entries);
}

void wait_log_add(struct wait_log *log, int64_t wait_ns, bool slept)
{
    const struct log_record record = { .lat_ns = wait_ns, .kind = slept };

    log_ring_add(&log->ring, &record);
}

void wait_log_write(struct wait_log *log)
{
    struct log_record record;

    while (log_ring_take(&log->ring, &record))
        fprintf(log->file, "%" PRId64 "%s\n", record.lat_ns, record.kind ? " # slept" : "");
}

int wait_log_finish(const struct bench_job *job)
{
    struct wait_log *log = job->wait_log;

    wait_log_write(log);
    if (log->ring.lost)
        fprintf(stderr,
                "lariat-bench: job %s: %" PRIu64 " waits are missing in %s: they came faster than they could be written\n",
                job->options->name, log->ring.lost, log->path);
    errno = 0;
    if (!fflush(log->file) && !ferror(log->file))
        return 0;
    int rc = errno ? -errno : -EIO;
    fprintf(stderr, "lariat-bench: job %s: %s could not be written: %s\n", job->options->name, log->path, strerror(-rc));
    return rc;
}

void wait_log_close(struct bench_job *job)
{
    struct wait_log *log = job->wait_log;

    if (!log)
        return;
    if (log->file)
        fclose(log->file);
    log_ring_free(&log->ring);
    free(log);
    job->wait_log = NULL;
}
