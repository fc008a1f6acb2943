/* SPDX-License-Identifier: MIT */
/* Which I/O comes next: direction, file, offset and length. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "careful.h"

static bool is_uniform(const struct distribution *distribution)
{
    return distribution->kind == DIST_RANDOM;
}

static int make_draws(struct work *work, struct careful_file *file, unsigned index)
{
    struct careful *c = work->careful;

    file->draws = calloc(IO_DIRECTIONS, sizeof(*file->draws));
    if (!file->draws)
        return -ENOMEM;
    for (unsigned i = 0; i < IO_DIRECTIONS; i++) {
        /* The same blocks are wanted by all jobs and in all runs: the seed is of the file alone. */
        int rc = block_draw_init(&file->draws[i], &work->options->random_distribution, (enum direction)i,
                                 file->bytes / c->align[i] ? file->bytes / c->align[i] : 1, c->align[i], index + 1);

        if (rc && c->used[i]) {
            fprintf(stderr, "lariat-bench: job %s: --random_distribution: a zone lies beyond the end of %s\n",
                    work->options->name, work->targets->targets[index].path);
            return rc;
        }
    }
    return 0;
}

static int file_init(struct work *work, unsigned index, uint64_t seed)
{
    struct careful *c = work->careful;
    struct careful_file *file = &c->files[index];
    uint64_t n;
    int rc = 0;

    file->bytes = work->targets->targets[index].bytes;
    n = file->bytes / c->map_unit;
    if (c->random && !is_uniform(&work->options->random_distribution))
        return make_draws(work, file, index);
    if (c->lfsr && !lfsr_init(&file->lfsr, n ? n : 1, seed + index)) {
        fprintf(stderr, "lariat-bench: job %s: --random_generator=lfsr: there are too many blocks\n", work->options->name);
        return -ERANGE;
    }
    if (c->mapped && !c->lfsr)
        rc = block_map_init(&file->map, n ? n : 1);
    if (rc && work->options->softrandommap) {
        c->mapped = false;
        fprintf(stderr, "lariat-bench: warning: job %s: no memory for the random map: blocks may repeat\n",
                work->options->name);
        rc = 0;
    }
    return rc;
}

static void set_units(struct work *work)
{
    const struct job_options *o = work->options;
    struct careful *c = work->careful;

    for (unsigned i = 0; i < IO_DIRECTIONS; i++) {
        struct value_range range = o->block[i];

        if (!range.min)
            range = (struct value_range){ o->bs, o->bs };
        block_sizes_init(&c->sizes[i], &range, &o->bssplit[i], o->bs_unaligned);
        c->align[i] = o->blockalign[i] ? o->blockalign[i] : o->bs_unaligned ? 1 : range.min;
        if (o->bs_is_seq_rand ? i == IO_TRIM : !c->used[i])
            continue;
        if (!c->map_unit || c->align[i] < c->map_unit)
            c->map_unit = c->align[i];
        c->cell = greatest_divisor(c->cell, greatest_divisor(block_sizes_divisor(&c->sizes[i]), c->align[i]));
    }
    for (unsigned i = 0; i < IO_DIRECTIONS; i++) /* a map of one unit needs one alignment */
        if (c->used[i] && c->align[i] % c->map_unit)
            c->mapped = false;
    if (c->cell < 512)
        c->cell = work->options->verify ? c->cell : 512;
}

int careful_choose_init(struct work *work, uint64_t seed)
{
    const struct job_options *o = work->options;
    struct careful *c = work->careful;
    int rc = 0;

    c->random = rw_is_random((enum rw_mode)o->rw);
    c->lfsr = c->random && o->random_generator == GENERATOR_LFSR && !o->norandommap && is_uniform(&o->random_distribution);
    c->mapped = c->random && !o->norandommap && !o->bs_unaligned && is_uniform(&o->random_distribution);
    set_units(work);
    for (unsigned i = 0; i < IO_DIRECTIONS; i++)
        c->lfsr = c->lfsr && (!c->used[i] || (c->sizes[i].min == c->sizes[i].max && c->align[i] == c->map_unit));
    rng_init(&c->rng, seed);
    for (unsigned i = 0; i < c->n_files && !rc; i++)
        rc = file_init(work, i, seed);
    return rc;
}

/* Reads and writes, or trims and writes, in their shares. */
enum io_kind careful_mix(struct work *work)
{
    struct careful *c = work->careful;
    enum rw_mode rw = (enum rw_mode)work->options->rw;

    if (rw == RW_TRIMWRITE || rw == RW_RANDTRIMWRITE)
        return c->trimmed ? IO_WRITE : IO_TRIM;
    if (rw_trims(rw))
        return IO_TRIM;
    if (!rw_reads(rw))
        return IO_WRITE;
    if (!rw_writes(rw))
        return IO_READ;
    return (uint32_t)rng_next(&c->rng) < work->read_share ? IO_READ : IO_WRITE;
}

/* Mark what an I/O at `offset` uses, up to the next block that was used; returns how long it can be. */
static uint64_t mark(const struct careful *c, struct careful_file *file, uint64_t offset, uint64_t length)
{
    uint64_t unit = c->map_unit, first = offset / unit, end = (offset + length + unit - 1) / unit, block = first;

    for (; block < end && block < file->map.n_blocks && !block_map_test(&file->map, block); block++)
        block_map_set(&file->map, block);
    uint64_t free_bytes = (block - first) * unit;
    return free_bytes < length ? free_bytes : length;
}

/* A random place; false: this pass has had all. */
static bool random_place(struct careful *c, struct careful_file *file, enum io_kind kind, uint64_t *offset)
{
    uint64_t align = c->align[kind], n = file->bytes / align, block = 0;

    if (c->lfsr) {
        if (!lfsr_next(&file->lfsr, &block))
            return false;
        *offset = block * align;
        return true;
    }
    if (file->draws) {
        *offset = block_draw_next(&file->draws[kind], &c->rng) * align;
        return true;
    }
    block = rng_below(&c->rng, n ? n : 1);
    if (c->mapped) {
        uint64_t per = align / c->map_unit;

        if (block_map_full(&file->map))
            return false;
        block *= per;
        if (block_map_test(&file->map, block))
            block = block_map_find(&file->map, block);
        *offset = block * c->map_unit;
        return true;
    }
    *offset = block * align;
    return true;
}

/*
 * Over the end of the file is back to the beginning, and the other way round, as fio does it. A region that ends before the file
 * ends there.
 */
static bool wrap(const struct target *target, int64_t to, uint64_t length, uint64_t *at)
{
    if (to < 0)
        *at = target->bytes - length;
    else if ((uint64_t)to < target->bytes)
        *at = (uint64_t)to;
    else if (target->base + (uint64_t)to < target->file_bytes)
        return false;
    else
        *at = 0;
    return true;
}

/* Behind the last one, with the gap of --rw=read:N; false: the end was reached. */
static bool next_place(const struct work *work, unsigned index, enum io_kind kind, uint64_t length, uint64_t *offset)
{
    const struct careful *c = work->careful;
    const struct careful_file *file = &c->files[index];
    int64_t gap = c->random ? 0 : work->options->rw_sequence;
    uint64_t at = file->next[kind];

    if (at >= file->bytes && gap >= 0)
        return false;
    if (gap && file->begun[kind]) {
        if (!wrap(&work->targets->targets[index], (int64_t)at + gap, length, &at))
            return false;
    } else if (gap < 0) {
        at = file->bytes - length;
    }
    if (at + c->sizes[kind].min > file->bytes)
        return false;
    *offset = at;
    return true;
}

static bool wants_random(const struct work *work, enum io_kind kind)
{
    struct careful *c = work->careful;
    uint64_t percent = work->options->percentage_random[kind];

    if (!c->random)
        return false;
    if (work->options->rw_sequence > 1) {
        if (c->sequence_left[kind]) {
            c->sequence_left[kind]--;
            return false;
        }
        c->sequence_left[kind] = (uint64_t)work->options->rw_sequence - 1;
    }
    return percent >= 100 || rng_below(&c->rng, 100) < percent;
}

/* Where in the file. False: it has no place for such an I/O in this pass. */
static bool place(struct work *work, struct choice *choice)
{
    struct careful *c = work->careful;
    struct careful_file *file = &c->files[choice->file];
    enum io_kind kind = choice->kind;
    bool again = work->options->rw_sequencer == SEQUENCER_IDENTICAL && c->sequence_left[kind];
    bool random = wants_random(work, kind);
    /* bs_is_seq_rand: the first size is for sequential ones, the second for random ones */
    const struct block_sizes *sizes = &c->sizes[work->options->bs_is_seq_rand ? (enum io_kind)random : kind];
    uint64_t length = block_sizes_draw(sizes, &c->rng), offset = 0;

    if (length > file->bytes)
        length = file->bytes;
    if (!random) {
        if (again)
            offset = c->again[kind];
        else if (!next_place(work, choice->file, kind, length, &offset)) {
            if (!c->random)
                return false;
            offset = 0; /* the sequential part of a random job goes on from the beginning */
        }
    } else if (!random_place(c, file, kind, &offset)) {
        return false;
    }
    if (offset + length > file->bytes)
        length = file->bytes - offset - (file->bytes - offset) % sizes->step;
    if (c->mapped && !c->lfsr && !again) {
        uint64_t marked = mark(c, file, offset, length);

        length = marked ? marked : length; /* a sequential part may come across used ones */
    }
    if (!length)
        return false;
    file->next[kind] = offset + length;
    file->begun[kind] = true;
    c->again[kind] = offset;
    choice->offset = offset;
    choice->length = (uint32_t)length;
    return true;
}

/* Number k of the files that are not over, from the first one on; openfiles= of them take turns. */
static unsigned file_in_use(const struct careful *c, uint64_t k)
{
    unsigned i = 0, found = 0;

    for (; i < c->n_files; i++)
        if (!c->files[i].over) {
            found = i;
            if (!k--)
                break;
        }
    return found;
}

static void next_file(struct work *work)
{
    struct careful *c = work->careful;
    uint64_t open =
        work->options->openfiles && work->options->openfiles < c->n_files ? work->options->openfiles : c->n_files;

    if (work->options->file_service_type == SERVICE_SEQUENTIAL)
        return;
    if (work->options->file_service_type == SERVICE_RANDOM)
        c->turn = rng_below(&c->rng, open);
    else
        c->turn = (c->turn + 1) % open;
    c->file = open < c->n_files ? file_in_use(c, c->turn) : (unsigned)c->turn;
}

static void restart_file(struct careful_file *file)
{
    memset(file->next, 0, sizeof(file->next));
    memset(file->begun, 0, sizeof(file->begun));
    if (file->map.n_levels)
        block_map_reset(&file->map);
    if (file->lfsr.n)
        lfsr_reset(&file->lfsr);
    file->over = false;
}

void careful_restart(struct careful *c)
{
    for (unsigned i = 0; i < c->n_files; i++)
        restart_file(&c->files[i]);
    c->file = 0;
    c->turn = 0;
}

/* All files were gone through. May they be gone through again, to reach the amount? */
static bool another_pass(struct work *work)
{
    struct careful *c = work->careful;

    if (!c->random && !work->options->time_based && !work->options->io_size.bytes && !work->options->io_size.percent &&
        !work->options->number_ios)
        return false;
    careful_restart(c);
    return true;
}

bool careful_choose(struct work *work, enum io_kind kind, struct choice *choice)
{
    struct careful *c = work->careful;

    if (c->trimmed && kind == IO_WRITE) {
        *choice = c->last_trim;
        choice->kind = IO_WRITE;
        c->trimmed = false;
        return true;
    }
    choice->kind = kind;
    for (unsigned pass = 0; pass < 2; pass++) {
        for (unsigned tries = 0; tries < c->n_files; tries++) {
            struct careful_file *file = &c->files[c->file];

            choice->file = (uint16_t)c->file;
            if (!file->over && place(work, choice)) {
                if (c->n_files > 1)
                    next_file(work);
                if (kind == IO_TRIM && rw_writes((enum rw_mode)work->options->rw)) {
                    c->last_trim = *choice;
                    c->trimmed = true;
                }
                return true;
            }
            file->over = true;
            c->file = file_in_use(c, 0);
        }
        if (pass || !another_pass(work))
            return false;
    }
    return false;
}
