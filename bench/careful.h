/* SPDX-License-Identifier: MIT */
/*
 * The workload of jobs that ask for more than plain ones: several files, sizes, distributions, trims, rates, verify and so on.
 * struct work points to it, and hands each I/O through careful_next() and careful_done() then; plain jobs pay nothing for it.
 *
 * An I/O that may not be issued now (its time has not come, or another I/O works on its blocks) is parked: its slot goes on a
 * stack, and work_due() gives it back. For the job's thread alone.
 */
#ifndef BENCH_CAREFUL_H
#define BENCH_CAREFUL_H

#include <pthread.h>

#include "block_sizes.h"
#include "buffers.h"
#include "depth_search.h"
#include "distribution.h"
#include "lfsr.h"
#include "rate.h"
#include "verify.h"
#include "work.h"

struct careful_file {
    uint64_t bytes;               /* of its region */
    uint64_t next[IO_DIRECTIONS]; /* where a sequential I/O goes, in the region */
    bool begun[IO_DIRECTIONS];    /* next[] is behind an earlier I/O */
    struct block_map map;         /* blocks of map_unit used in this pass */
    struct lfsr lfsr;
    struct block_draw *draws; /* by direction; NULL: all blocks alike */
    struct block_map busy;    /* cells in flight */
    uint32_t *sequences;      /* verify: by cell, that of its last write; 0: none in this run */
    bool over;                /* sequential: its end was reached */
};

/* A write that verify_backlog= is to check soon. */
struct written {
    uint64_t offset;
    uint32_t length, sequence;
    uint16_t file;
};

/* Some I/O, before it has a slot. */
struct choice {
    uint64_t offset; /* in the region of its file */
    uint32_t length;
    uint16_t file;
    enum io_kind kind;
};

enum careful_step { STEP_IO, STEP_WAIT, STEP_OVER };

struct careful {
    struct careful_file *files;
    unsigned n_files;
    struct bench_io **parked;
    bool *chosen;   /* by slot: it holds an I/O that waits for another one's blocks */
    bool idle_slot; /* careful_next() is called for one that was parked */
    bool draining;  /* --iodepth was reached: nothing is issued until no more than resume_depth are in flight */
    uint32_t resume_depth;

    /* Which I/O. */
    bool used[IO_DIRECTIONS];
    struct block_sizes sizes[IO_DIRECTIONS];
    uint64_t align[IO_DIRECTIONS];
    uint64_t map_unit, cell;
    bool random, mapped, lfsr, overlap; /* overlap: blocks in flight are left alone */
    uint64_t bytes_left, ios_left;
    uint64_t loops_left;
    unsigned file;                         /* the current one */
    uint64_t turn;                         /* its number among those that take turns */
    uint64_t sequence_left[IO_DIRECTIONS]; /* of --rw=randread:N */
    uint64_t again[IO_DIRECTIONS];         /* rw_sequencer=identical: the offset to repeat */
    bool trimmed;                          /* trimwrite: what was trimmed comes to be written */
    struct choice last_trim;
    uint64_t until_range_sync;
    uint64_t range_begin, range_end;
    struct rng rng;
    struct buffer_maker buffers;

    /* When. */
    bool rated;
    struct rate rates[IO_DIRECTIONS];
    int64_t resume_ns, spin_end_ns; /* thinktime: not before resume_ns; until spin_end_ns, burn CPU */
    uint64_t think_left;
    int64_t think_from_ns;
    int64_t ramp_end_ns;
    int64_t limit_seen_ns; /* with rates: when the end of the runtime was noticed; INT64_MIN: not yet */
    bool latency_search;
    struct depth_search depth;
    int64_t window_end_ns;
    int64_t rate_check_ns;
    uint64_t checked_ios[IO_DIRECTIONS], checked_bytes[IO_DIRECTIONS];

    /* verify */
    bool verify, track, check_reads;
    struct verify_format format;
    struct checker *checker; /* verify_async; NULL: the job's thread checks */
    pthread_mutex_t telling; /* of wrong blocks, which may be found by several threads */
    uint32_t last_sequence;
    uint64_t verify_file, verify_cell;                            /* where the verify phase is */
    struct written *backlog;                                      /* a ring */
    uint64_t backlog_size, backlog_first, backlog_n, backlog_now; /* backlog_now: to be verified before writing goes on */
};

/* Does this job need it? */
bool careful_wanted(const struct job_options *options, const struct target_set *targets);

/* 0, -ENOMEM, -ERANGE (told). */
int careful_init(struct work *work, uint64_t seed);
void careful_free(struct work *work);

/* Of struct work, for jobs that have one. */
void careful_begin(struct work *work, int64_t now_ns);
bool careful_next(struct work *work, struct bench_io *io, int64_t now_ns);
/* It failed: it is over, but was not done. */
void careful_failed(struct work *work, const struct bench_io *io);
void careful_done(struct work *work, struct bench_io *io, int64_t now_ns);
/* Has the run more to come, in another loop? */
bool careful_next_loop(struct work *work);

/* careful_choose.c: which I/O. */
int careful_choose_init(struct work *work, uint64_t seed);
bool careful_choose(struct work *work, enum io_kind kind, struct choice *choice);
enum io_kind careful_mix(struct work *work);
void careful_restart(struct careful *c);
bool careful_file_ended(const struct careful *c);

/* careful_time.c: when. Both may say STEP_WAIT with work->wake_ns set. */
void careful_time_begin(struct work *work, int64_t now_ns);
enum careful_step careful_may_issue(struct work *work, int64_t now_ns);
enum careful_step careful_pick_kind(struct work *work, int64_t now_ns, enum io_kind *kind, int64_t *due_ns);
void careful_issued(struct work *work, struct bench_io *io, int64_t now_ns, bool was_late);
void careful_time_done(struct work *work, const struct bench_io *io, int64_t now_ns);

/* careful_verify.c: what was written where. */
int careful_verify_init(struct work *work);
void careful_seal(struct work *work, struct bench_io *io);
enum careful_step careful_next_verify(struct work *work, struct choice *choice, uint32_t *sequence);
bool careful_busy(const struct careful *c, const struct choice *choice);
void careful_set_busy(struct careful *c, const struct choice *choice, bool busy);
void careful_verify_done(struct work *work, struct bench_io *io);
bool careful_rehearse(struct work *work);
/* The files are new. */
void careful_forget_written(struct careful *c);

static inline uint64_t file_offset(const struct work *work, const struct bench_io *io)
{
    return io->offset - work->targets->targets[io->file].base;
}

#endif
