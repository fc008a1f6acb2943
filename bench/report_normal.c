/* SPDX-License-Identifier: MIT */
/* The report for people: laid out as fio's, with what Lariat adds in lines of its own. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "engine.h"
#include "figures.h"
#include "report.h"
#include "units.h"

static const char *const kind_names[IO_KINDS] = { "read", "write", "sync" };

static void print_percentiles(FILE *out, const struct lariat_histogram *h)
{
    fputs("    lat percentiles:\n", out);
    for (unsigned i = 6; i < REPORT_PERCENTILES; i++) { /* from the median on */
        char text[UNIT_TEXT_MAX];
        bool first = (i - 6) % 3 == 0, last = (i - 6) % 3 == 2 || i == REPORT_PERCENTILES - 1;

        fprintf(out, "%s%5.2fth=[%9s]%s", first ? "     | " : " ", report_percentiles[i],
                format_ns(text, (double)lariat_histogram_percentile(h, report_percentiles[i])), last ? "\n" : ",");
    }
}

static void print_latency(FILE *out, const struct iostat *stat)
{
    char min[UNIT_TEXT_MAX], max[UNIT_TEXT_MAX], mean[UNIT_TEXT_MAX], stddev[UNIT_TEXT_MAX];

    fprintf(out, "    lat: min=%s, max=%s, avg=%s, stdev=%s\n", format_ns(min, (double)stat->latency.min_ns),
            format_ns(max, (double)stat->latency.max_ns), format_ns(mean, iostat_mean_ns(stat)),
            format_ns(stddev, iostat_stddev_ns(stat)));
    print_percentiles(out, &stat->latency);
}

static void print_direction(FILE *out, const struct bench_job *job, const struct job_figures *f, enum io_kind kind)
{
    const struct direction_figures *d = &f->direction[kind];
    const struct iostat *stat = &job->work.stats[kind];
    const struct rate_samples *iops = &job->iops[kind];
    char rate[UNIT_TEXT_MAX], bw[UNIT_TEXT_MAX], bytes[UNIT_TEXT_MAX], min[UNIT_TEXT_MAX], max[UNIT_TEXT_MAX];

    if (!d->ios)
        return;
    fprintf(out, "  %s: IOPS=%s, BW=%s/s (%s/%" PRId64 "msec)\n", kind_names[kind], format_count(rate, d->iops),
            format_bytes(bw, d->bytes_per_second), format_bytes(bytes, (double)d->bytes), f->runtime_ns / 1000000);
    print_latency(out, stat);
    fprintf(out, "    iops: min=%s, max=%s, avg=%s, stdev=%.1f, samples=%" PRIu64 "\n", format_count(min, iops->min),
            format_count(max, iops->max), format_count(rate, iops->mean), rate_stddev(iops), iops->n);
    if (stat->short_ios)
        fprintf(out, "    short transfers: %" PRIu64 "\n", stat->short_ios);
}

static void print_polling(FILE *out, const struct bench_job *job, const struct job_figures *f)
{
    const struct engine_counts *c = &f->counts;
    char max[UNIT_TEXT_MAX], spent[UNIT_TEXT_MAX], vain[UNIT_TEXT_MAX];

    if (!job->engine->has_loop)
        return;
    if (!job->options->poll_max_ns) {
        fputs("  polling     : off\n", out);
        return;
    }
    fprintf(out, "  polling     : max=%s, spins=%" PRIu64 ", hit=%.1f%%, spun %s, of that in vain %s\n",
            format_ns(max, (double)job->options->poll_max_ns), c->spins, 100 * f->spin_hit_ratio,
            format_ns(spent, (double)c->spin_ns), format_ns(vain, (double)c->spin_vain_ns));
}

static void print_costs(FILE *out, const struct bench_job *job, const struct job_figures *f)
{
    char cpu[UNIT_TEXT_MAX], usr[UNIT_TEXT_MAX], sys[UNIT_TEXT_MAX];

    fprintf(out, "  cpu         : usr=%.2f%%, sys=%.2f%%, ctx=%ld, majf=%ld, minf=%ld\n", f->usr_percent, f->sys_percent,
            f->context_switches, f->major_faults, f->minor_faults);
    fprintf(out, "  per I/O     : cpu=%s (user %s, system %s), syscalls=%.3f", format_ns(cpu, f->cpu_ns_per_io),
            format_ns(usr, f->usr_ns_per_io), format_ns(sys, f->sys_ns_per_io), f->syscalls_per_io);
    if (f->counts.enters)
        fprintf(out, ", I/Os per enter=%.1f", f->ios_per_enter);
    fprintf(out, "\n  asleep      : %.1f%% of the time\n", 100 * f->asleep);
    print_polling(out, job, f);
}

static void print_depths(FILE *out, const struct bench_job *job, const struct job_figures *f)
{
    static const char *const names[DEPTH_BUCKETS] = { "1", "2", "4", "8", "16", "32", ">=64" };

    fprintf(out, "  IO depths   : mean=%.1f", f->depth_mean);
    for (unsigned i = 0; i < DEPTH_BUCKETS; i++)
        fprintf(out, ", %s=%.1f%%", names[i], f->ios ? 100 * (double)job->work.depth_levels[i] / (double)f->ios : 0.0);
    fputc('\n', out);
}

static void print_job(FILE *out, const struct bench_job *job, const struct job_figures *f)
{
    const struct iostat *sync = &job->work.stats[IO_SYNC];
    const struct job_options *o = job->options;

    fprintf(out,
            "%s: (groupid=0, jobs=1): err=%2d: tid=%d: rw=%s, bs=%" PRIu64 "B, ioengine=%s, iodepth=%" PRIu64
            ", direct=%d\n",
            o->name, f->error, (int)job->tid, options_rw_name((enum rw_mode)o->rw), o->bs, job->engine->name, o->iodepth,
            o->direct);
    print_direction(out, job, f, IO_READ);
    print_direction(out, job, f, IO_WRITE);
    if (sync->ios) {
        fprintf(out, "  fsync/fdatasync: %" PRIu64 "\n", sync->ios);
        print_latency(out, sync);
    }
    if (job->options->verify)
        fprintf(out, "  verify: %" PRIu64 " blocks checked, %" PRIu64 " wrong\n", job->work.verify_blocks,
                job->work.verify_errors);
    print_costs(out, job, f);
    print_depths(out, job, f);
}

/* What all jobs moved together. */
static void print_summary(const struct bench_run *run, FILE *out, const struct job_figures *all)
{
    fputs("\nRun status group 0 (all jobs):\n", out);
    for (unsigned kind = IO_READ; kind <= IO_WRITE; kind++) {
        char bw[UNIT_TEXT_MAX], bytes[UNIT_TEXT_MAX], iops[UNIT_TEXT_MAX];
        double total = 0, rate = 0, moved = 0;

        for (unsigned i = 0; i < run->n_jobs; i++) {
            rate += all[i].direction[kind].bytes_per_second;
            total += all[i].direction[kind].iops;
            moved += (double)all[i].direction[kind].bytes;
        }
        if (moved > 0)
            fprintf(out, "  %5s: bw=%s/s, iops=%s, io=%s\n", kind == IO_READ ? "READ" : "WRITE", format_bytes(bw, rate),
                    format_count(iops, total), format_bytes(bytes, moved));
    }
}

int report_normal(const struct bench_run *run, FILE *out)
{
    struct job_figures *all = calloc(run->n_jobs, sizeof(*all));

    if (!all)
        return -ENOMEM;
    for (unsigned i = 0; i < run->n_jobs; i++) {
        figures_of(&run->jobs[i], &all[i]);
        print_job(out, &run->jobs[i], &all[i]);
    }
    print_summary(run, out, all);
    free(all);
    return 0;
}
