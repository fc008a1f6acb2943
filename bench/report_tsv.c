/* SPDX-License-Identifier: MIT */
/* One line per job, for scripts that want neither to parse prose nor JSON. */
#include <inttypes.h>

#include "engine.h"
#include "figures.h"
#include "report.h"

int report_tsv(const struct bench_run *run, FILE *out)
{
    fputs(
        "job\tclone\tengine\trw\tbs\tiodepth\tdirect\tpoll_max_ns\tiops\tbytes_per_second\tlat_mean_ns\tlat_p50_ns\tlat_p99_ns\t"
        "cpu_ns_per_io\tsyscalls_per_io\tspin_hit_ratio\tasleep\terror\n",
        out);
    for (unsigned i = 0; i < run->n_jobs; i++) {
        const struct bench_job *job = &run->jobs[i];
        const struct job_options *options = job->options;
        struct lariat_histogram latency = job->work.stats[IO_READ].latency;
        struct job_figures f;

        figures_of(job, &f);
        lariat_histogram_merge(&latency, &job->work.stats[IO_WRITE].latency);
        fprintf(out, "%s\t%u\t%s\t%s\t%" PRIu64 "\t%" PRIu64 "\t%d\t%" PRId64 "\t%.1f\t%.0f\t%.0f\t%" PRIu64 "\t%" PRIu64,
                options->name, job->clone, job->engine->name, options_rw_name((enum rw_mode)options->rw), options->bs,
                options->iodepth, options->direct, options->poll_max_ns, f.direction[0].iops + f.direction[1].iops,
                f.direction[0].bytes_per_second + f.direction[1].bytes_per_second,
                latency.n ? (double)latency.sum_ns / (double)latency.n : 0.0, lariat_histogram_percentile(&latency, 50),
                lariat_histogram_percentile(&latency, 99));
        fprintf(out, "\t%.1f\t%.4f\t%.4f\t%.4f\t%d\n", f.cpu_ns_per_io, f.syscalls_per_io, f.spin_hit_ratio, f.asleep,
                f.error);
    }
    return 0;
}
