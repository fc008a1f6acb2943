/* SPDX-License-Identifier: MIT */
/* A device in memory that completes the I/Os of a workload in any order and as badly as a test likes. */
#ifndef LARIAT_TESTS_BENCH_FAKE_H
#define LARIAT_TESTS_BENCH_FAKE_H

#include "support.h"

#include "careful.h"
#include "work.h"

#define BS 512
#define IO_MAX (8 * BS)
#define DEPTH_MAX 16
#define CHECKERS_MAX 4

struct fake {
    struct job_options options;
    struct target targets[2];
    struct target_set set;
    struct work work;
    struct bench_io ios[DEPTH_MAX];
    unsigned char buffers[DEPTH_MAX][IO_MAX];
    unsigned char spares[DEPTH_MAX + CHECKERS_MAX][IO_MAX];
    unsigned char *memory; /* of both targets */
    unsigned *reads, *writes, *trims;
    uint64_t first_block[2]; /* of each target, in memory */
    int fail_with;           /* each I/O fails with this error; 0: none does */
    unsigned syncs;
    uint64_t state;
};

/* A job of one target of so many blocks, whose options may be changed before it runs. */
struct fake *fake_or_fail(enum rw_mode rw, uint64_t n_blocks);
void fake_free(struct fake *fake);

/* Two targets in place of one. */
void split_targets(struct fake *fake, uint64_t first_blocks);

/* Do what an I/O says, and return its result. */
int carry_out(struct fake *fake, struct bench_io *io);

/* Run one phase with iodepth slots that complete in any order; after `limit` completions, work_stop(). */
void run_phase(struct fake *fake, uint64_t limit);

/* The first phase of a fresh job. */
void run_or_fail(struct fake *fake, uint64_t limit);

void each_block_must_have(const struct fake *fake, unsigned reads, unsigned writes);

#endif
