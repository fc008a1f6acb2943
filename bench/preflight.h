/* SPDX-License-Identifier: MIT */
/*
 * What would spoil the figures, found out before the run: of the machine, of the devices and of the targets. Each check looks
 * at a few small files below `root`, which is "" but in tests, or at what is known of a target, and adds a finding if there is
 * something to say. Nothing is changed, and nothing refused. For the main thread.
 */
#ifndef BENCH_PREFLIGHT_H
#define BENCH_PREFLIGHT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define PREFLIGHT_MAX 48
#define PREFLIGHT_TEXT_MAX 320

struct preflight_finding {
    const char *check; /* one word */
    bool warning;      /* it makes the figures worse or unsteady; otherwise it is only to be known */
    int job;           /* index in bench_options.jobs; -1: of all */
    char text[PREFLIGHT_TEXT_MAX];
};

struct preflight {
    struct preflight_finding list[PREFLIGHT_MAX];
    unsigned n;
    char kernel[128], cpu[128]; /* "" if unknown */
};

/* CPU time since boot, of all CPUs together, from the text of /proc/stat, in ticks. */
struct cpu_times {
    uint64_t busy, idle, steal;
};

/* The machine. */
void preflight_machine(struct preflight *p, const char *root); /* kernel and CPU: no finding */
void preflight_governor(struct preflight *p, const char *root);
void preflight_mitigations(struct preflight *p, const char *root);
void preflight_virtual(struct preflight *p, const char *root);
void preflight_load(struct preflight *p, const char *root);
bool preflight_cpu_times(const char *text, struct cpu_times *times);
void preflight_busy(struct preflight *p, const struct cpu_times *before, const struct cpu_times *after);

/* A device by its name in /sys/block, and the CPUs that its job may use (NULL: all). */
void preflight_disk(struct preflight *p, const char *root, const char *disk);
void preflight_numa(struct preflight *p, const char *root, const char *disk, const char *cpus, int job);

/* A target of a job. */
struct preflight_target {
    int job;
    const char *job_name, *path;
    bool direct, invalidates, reads, writes, ring; /* ring: by an engine with a ring */
    bool memory_backed, supports_nowait, supports_nowait_write;
    uint64_t bs;
    unsigned offset_align;
    uint64_t physical_block; /* of the device; 0: unknown */
};

void preflight_target(struct preflight *p, const struct preflight_target *target);

void preflight_print(const struct preflight *p, FILE *out);

struct bench_run;
/* All of them, for a run whose targets are open: takes 100 ms. */
void preflight_run(struct preflight *p, const struct bench_run *run, const char *root);

#endif
