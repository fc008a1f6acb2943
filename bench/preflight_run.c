/* SPDX-License-Identifier: MIT */
/* The checks of preflight.c, for the jobs of a run. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cpulist.h"
#include "engine.h"
#include "preflight.h"
#include "run.h"
#include "text_file.h"

#define BUSY_NS 100000000 /* how long to look at what others do */

static uint64_t physical_block(const char *root, const struct disks *disks)
{
    char path[160], text[64];

    if (!disks->n)
        return 0;
    snprintf(path, sizeof(path), "/sys/block/%s/queue/physical_block_size", disks->list[0].name);
    return text_file_read(root, path, text, sizeof(text)) > 0 ? strtoull(text, NULL, 10) : 0;
}

static void check_target(struct preflight *p, const char *root, const struct bench_run *run, const struct bench_job *job,
                         const struct target *target)
{
    struct lariat_file_info info = LARIAT_FILE_INFO_INIT;
    const struct job_options *options = job->options;

    if (!target->file)
        return;
    lariat_file_get_info(target->file, &info);
    preflight_target(p, &(struct preflight_target){
                            .job = (int)(options - run->options->jobs),
                            .job_name = options->name,
                            .path = target->path,
                            .direct = options->direct,
                            .invalidates = options->invalidate,
                            .reads = rw_reads((enum rw_mode)options->rw),
                            .writes = rw_writes((enum rw_mode)options->rw),
                            .ring = job->engine->batches,
                            .memory_backed = info.memory_backed,
                            .supports_nowait = info.supports_nowait,
                            .supports_nowait_write = info.supports_nowait_write,
                            .bs = options->bs,
                            .offset_align = target->offset_align,
                            .physical_block = physical_block(root, &run->disks),
                        });
}

static bool read_cpu_times(const char *root, struct cpu_times *times)
{
    char text[512];

    return text_file_read(root, "/proc/stat", text, sizeof(text)) > 0 && preflight_cpu_times(text, times);
}

static void check_busy(struct preflight *p, const char *root)
{
    struct cpu_times before, after;

    if (!read_cpu_times(root, &before))
        return;
    nanosleep(&(struct timespec){ .tv_nsec = BUSY_NS }, NULL);
    if (read_cpu_times(root, &after))
        preflight_busy(p, &before, &after);
}

void preflight_run(struct preflight *p, const struct bench_run *run, const char *root)
{
    memset(p, 0, sizeof(*p));
    preflight_machine(p, root);
    preflight_governor(p, root);
    preflight_mitigations(p, root);
    preflight_virtual(p, root);
    for (unsigned i = 0; i < run->disks.n; i++)
        preflight_disk(p, root, run->disks.list[i].name);
    for (unsigned i = 0; i < run->n_jobs; i++) {
        char cpus[CPULIST_TEXT_MAX];
        const struct bench_job *job = &run->jobs[i];

        for (unsigned j = 0; j < job->targets.n && job->clone == 0; j++)
            check_target(p, root, run, job, &job->targets.targets[j]);
        if (run->disks.n && job->targets.n && job->targets.targets[0].file)
            preflight_numa(p, root, run->disks.list[0].name,
                           job->placement.pinned_by ? cpulist_format(&job->placement.cpus, cpus) : NULL,
                           (int)(job->options - run->options->jobs));
    }
    preflight_load(p, root);
    check_busy(p, root);
}
