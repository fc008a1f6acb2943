/* SPDX-License-Identifier: MIT */
#include "report.h"

#include "clock.h"

int report_init(struct report *report, const struct bench_run *run)
{
    *report = (struct report){ .run = run, .now_ns = bench_now_ns() };
    int rc = figures_make(run, report->now_ns, &report->entries);

    if (!rc)
        disk_list_measure(&run->disks, report->now_ns, &report->disks);
    return rc;
}

const struct steady *report_steady(const struct report *report, unsigned index)
{
    const struct observer *observer = &report->run->observer;

    return index < observer->n_entries && observer->steady[index].steady.size ? &observer->steady[index].steady : NULL;
}

void report_free(struct report *report)
{
    figures_free(&report->entries);
}
