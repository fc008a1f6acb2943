/* SPDX-License-Identifier: MIT */
/* One line per entry, for scripts that want neither to parse prose nor JSON. */
#include <inttypes.h>

#include "engine.h"
#include "report.h"

int report_tsv(const struct report *report, FILE *out)
{
    fputs(
        "job\tclone\tengine\trw\tbs\tiodepth\tdirect\tpoll_max_ns\tiops\tbytes_per_second\tlat_mean_ns\tlat_p50_ns\tlat_p99_ns\t"
        "cpu_ns_per_io\tsyscalls_per_io\tspin_hit_ratio\tasleep\terror\n",
        out);
    for (unsigned i = 0; i < report->entries.n; i++) {
        const struct entry *entry = &report->entries.list[i];
        const struct job_options *options = entry->job->options;
        const struct latency *lat = &entry->mixed.lat;

        fprintf(out, "%s\t%u\t%s\t%s\t%" PRIu64 "\t%" PRIu64 "\t%d\t%" PRId64 "\t%.1f\t%.0f\t%.0f\t%" PRIu64 "\t%" PRIu64,
                options->name, entry->job->clone, entry->job->engine->name, options_rw_name((enum rw_mode)options->rw),
                options->bs, options->iodepth, options->direct, options->poll_max_ns, entry->mixed_figures.iops,
                entry->mixed_figures.bytes_per_second, latency_mean_ns(lat), lariat_histogram_percentile(&lat->h, 50),
                lariat_histogram_percentile(&lat->h, 99));
        fprintf(out, "\t%.1f\t%.4f\t%.4f\t%.4f\t%d\n", entry->cpu_ns_per_io, entry->syscalls_per_io, entry->spin_hit_ratio,
                entry->asleep, entry->error);
    }
    return 0;
}
