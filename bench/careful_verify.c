/* SPDX-License-Identifier: MIT */
/*
 * What was written where. Each cell has the sequence number of its last write; cells of one number, side by side, are what one
 * write left there, as long as no other one took a part of it: then the rest is forgotten, since its checksum is over all of it.
 * Cells that verify_backlog= had read back are marked, so that the verification at the end leaves them out, as fio's does.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "careful.h"
#include "checker.h"

#define VERIFY_MESSAGES_MAX 10
#define READ_BACK (1u << 31) /* the mark; sequence numbers are below it */

static const char *checksum_name(enum verify_kind kind)
{
    static const char *const names[] = {
        [VERIFY_CRC32C] = "crc32c",     [VERIFY_MD5] = "md5",           [VERIFY_CRC64] = "crc64",
        [VERIFY_CRC32] = "crc32",       [VERIFY_CRC16] = "crc16",       [VERIFY_CRC7] = "crc7",
        [VERIFY_XXHASH] = "xxhash",     [VERIFY_SHA1] = "sha1",         [VERIFY_SHA256] = "sha256",
        [VERIFY_SHA512] = "sha512",     [VERIFY_SHA3_224] = "sha3-224", [VERIFY_SHA3_256] = "sha3-256",
        [VERIFY_SHA3_384] = "sha3-384", [VERIFY_SHA3_512] = "sha3-512",
    };

    return kind < sizeof(names) / sizeof(names[0]) ? names[kind] : NULL;
}

static int complain(const struct work *work, const char *what)
{
    fprintf(stderr, "lariat-bench: job %s: %s\n", work->options->name, what);
    return -EINVAL;
}

static int set_format(struct work *work)
{
    const struct job_options *o = work->options;
    enum verify_kind kind = (enum verify_kind)o->verify;
    struct verify_format *format = &work->careful->format;
    const char *name = checksum_name(kind);
    char text[128];

    *format = (struct verify_format){ .header = kind != VERIFY_PATTERN,
                                      .interval = (uint32_t)o->verify_interval,
                                      .at = (uint32_t)o->verify_offset,
                                      .pattern = o->verify_pattern.n ? &o->verify_pattern : NULL };
    if (name)
        format->checksum = checksum_find(name);
    if (format->checksum && format->checksum->library) {
        snprintf(text, sizeof(text), "--verify=%s: this build was made without %s", name, format->checksum->library);
        return complain(work, text);
    }
    if ((kind == VERIFY_PATTERN || kind == VERIFY_PATTERN_HDR) && !format->pattern)
        return complain(work, "--verify: --verify_pattern must say which pattern");
    for (unsigned i = 0; i < IO_DIRECTIONS; i++) {
        uint64_t least = format->interval && format->interval < work->careful->cell ? format->interval : work->careful->cell;

        if (work->careful->used[i] && least < verify_size_min(format)) {
            snprintf(text, sizeof(text), "--verify: blocks (or --verify_interval) must be of %u bytes at least",
                     verify_size_min(format));
            return complain(work, text);
        }
    }
    return 0;
}

/* Counted in cells, of each file. */
static int make_cells(struct careful *c)
{
    for (unsigned i = 0; i < c->n_files; i++) {
        struct careful_file *file = &c->files[i];
        uint64_t n = file->bytes / c->cell + 1;
        int rc = c->overlap ? block_map_init(&file->busy, n) : 0;

        if (rc)
            return rc;
        if (c->track && !(file->sequences = calloc(n, sizeof(*file->sequences))))
            return -ENOMEM;
    }
    return 0;
}

static void cells_of(const struct careful *c, uint64_t offset, uint64_t length, uint64_t *first, uint64_t *end)
{
    *first = offset / c->cell;
    *end = (offset + length + c->cell - 1) / c->cell;
}

bool careful_busy(const struct careful *c, const struct choice *choice)
{
    uint64_t first, end;

    cells_of(c, choice->offset, choice->length, &first, &end);
    for (; first < end; first++)
        if (block_map_test(&c->files[choice->file].busy, first))
            return true;
    return false;
}

void careful_set_busy(struct careful *c, const struct choice *choice, bool busy)
{
    struct block_map *map = &c->files[choice->file].busy;
    uint64_t first, end;

    cells_of(c, choice->offset, choice->length, &first, &end);
    for (; first < end; first++) {
        if (busy)
            block_map_set(map, first);
        else
            block_map_clear(map, first);
    }
}

static void forget(struct careful_file *file, uint64_t cell, uint32_t sequence, int step)
{
    for (; file->sequences[cell] == sequence; cell = (uint64_t)((int64_t)cell + step)) {
        file->sequences[cell] = 0;
        if (!cell && step < 0)
            break;
    }
}

/* sequence 0: nothing that can be checked is there now. */
static void set_sequence(struct careful *c, uint16_t index, uint64_t offset, uint64_t length, uint32_t sequence)
{
    struct careful_file *file = &c->files[index];
    uint64_t first, end;

    cells_of(c, offset, length, &first, &end);
    if (first && file->sequences[first] && file->sequences[first - 1] == file->sequences[first])
        forget(file, first - 1, file->sequences[first], -1);
    if (file->sequences[end - 1] && file->sequences[end] == file->sequences[end - 1])
        forget(file, end, file->sequences[end - 1], 1);
    for (uint64_t i = first; i < end; i++)
        file->sequences[i] = sequence;
}

void careful_forget_written(struct careful *c)
{
    for (unsigned i = 0; i < c->n_files; i++)
        if (c->files[i].sequences)
            memset(c->files[i].sequences, 0, (c->files[i].bytes / c->cell + 1) * sizeof(*c->files[i].sequences));
    c->backlog_n = c->backlog_now = 0;
}

/* The one write whose whole extent this is, or 0. The cell behind the last one of a file is never written. */
static uint32_t sequence_at(const struct careful *c, uint16_t index, uint64_t offset, uint64_t length)
{
    const uint32_t *sequences = c->files[index].sequences;
    uint64_t first, end;

    cells_of(c, offset, length, &first, &end);
    uint32_t sequence = sequences[first];

    if (!sequence || (first && sequences[first - 1] == sequence) || sequences[end] == sequence)
        return 0;
    for (uint64_t i = first; i < end; i++)
        if (sequences[i] != sequence)
            return 0;
    return sequence & ~READ_BACK;
}

static uint32_t next_sequence(struct careful *c)
{
    if (++c->last_sequence == READ_BACK)
        c->last_sequence = 1; /* 0 means "not written" */
    return c->last_sequence;
}

void careful_seal(struct work *work, struct bench_io *io)
{
    struct careful *c = work->careful;

    io->sequence = next_sequence(c);
    if (work->options->verify != VERIFY_NULL)
        verify_seal(&c->format, io->buf, io->length, io->offset, io->sequence);
}

/* Of the last verify_backlog writes, the oldest that still stands. */
static bool take_backlog(struct careful *c, struct choice *choice, uint32_t *sequence)
{
    while (c->backlog_now) {
        struct written *w = &c->backlog[c->backlog_first];

        c->backlog_first = (c->backlog_first + 1) % c->backlog_size;
        c->backlog_n--;
        c->backlog_now--;
        if (sequence_at(c, w->file, w->offset - w->offset % c->cell, w->length) != w->sequence)
            continue;
        set_sequence(c, w->file, w->offset, w->length, w->sequence | READ_BACK);
        *choice = (struct choice){ w->offset, w->length, w->file, IO_READ };
        *sequence = w->sequence;
        return true;
    }
    return false;
}

/* The next extent that was written, file by file; only this moves on while the verify phase lasts. */
static bool take_cells(struct careful *c, struct choice *choice, uint32_t *sequence)
{
    for (; c->verify_file < c->n_files; c->verify_file++, c->verify_cell = 0) {
        const uint32_t *sequences = c->files[c->verify_file].sequences;
        uint64_t n = c->files[c->verify_file].bytes / c->cell, first = c->verify_cell, end;

        while (first < n && (!sequences[first] || (sequences[first] & READ_BACK)))
            first++;
        if (first >= n)
            continue;
        for (end = first + 1; end < n && sequences[end] == sequences[first];)
            end++;
        c->verify_cell = end;
        *choice = (struct choice){ first * c->cell, (uint32_t)((end - first) * c->cell), (uint16_t)c->verify_file, IO_READ };
        *sequence = sequences[first];
        return true;
    }
    return false;
}

enum careful_step careful_next_verify(struct work *work, struct choice *choice, uint32_t *sequence)
{
    struct careful *c = work->careful;

    if (work->phase == PHASE_VERIFY)
        return take_cells(c, choice, sequence) ? STEP_IO : STEP_OVER;
    return take_backlog(c, choice, sequence) ? STEP_IO : STEP_OVER;
}

/* verify_dump: what was read, and what should have been where that is known, into files in the current directory. */
static void dump(const struct work *work, const struct bench_io *io, const char *what, const void *data)
{
    const char *path = work->targets->n ? work->targets->targets[io->file].path : "null", *slash = strrchr(path, '/');
    char name[256];

    snprintf(name, sizeof(name), "%.160s.%" PRIu64 ".%s", slash ? slash + 1 : path, io->offset, what);
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    bool good = fd >= 0 && write(fd, data, io->length) == (ssize_t)io->length;

    if (!good)
        fprintf(stderr, "lariat-bench: job %s: --verify_dump: %s: %s\n", work->options->name, name, strerror(errno));
    if (fd >= 0)
        close(fd);
}

static void dump_both(struct work *work, const struct bench_io *io)
{
    const struct careful *c = work->careful;
    void *expected = c->format.pattern ? malloc(io->length) : NULL;

    dump(work, io, "received", io->buf);
    if (!expected)
        return;
    verify_seal(&c->format, expected, io->length, io->offset, io->sequence);
    dump(work, io, "expected", expected);
    free(expected);
}

static bool is_fatal(const struct work *work)
{
    return work->options->verify_fatal && !(work->options->continue_on_error & CONTINUE_VERIFY);
}

static void tell_wrong(struct work *work, const struct bench_io *io, uint32_t where, const char *wrong)
{
    work->verify_errors++;
    if (work->verify_errors <= VERIFY_MESSAGES_MAX)
        fprintf(stderr, "lariat-bench: job %s: verify: %s at offset %" PRIu64 ": %s\n", work->options->name,
                work->targets->targets[io->file].path, io->offset + where, wrong);
    if (work->verify_errors == VERIFY_MESSAGES_MAX)
        fprintf(stderr, "lariat-bench: job %s: verify: further messages are left out\n", work->options->name);
    if (work->options->verify_dump)
        dump_both(work, io);
    if (is_fatal(work))
        work_stop(work);
}

/* On the job's thread, or on one of those of verify_async. */
static void check_block(void *opaque, const struct bench_io *io, uint32_t sequence)
{
    struct work *work = opaque;
    uint32_t where;
    const char *wrong = verify_check(&work->careful->format, io->buf, io->length, io->offset, sequence, &where);

    if (!wrong)
        return;
    pthread_mutex_lock(&work->careful->telling);
    /* What threads find behind the first one was read ahead of its end. */
    if (!work->careful->checker || !work->verify_errors || !is_fatal(work))
        tell_wrong(work, io, where, wrong);
    pthread_mutex_unlock(&work->careful->telling);
}

static void check(struct work *work, struct bench_io *io, uint32_t sequence)
{
    struct careful *c = work->careful;

    work->verify_blocks++;
    if (!c->check_reads)
        return;
    if (c->checker)
        io->buf = checker_hand_over(c->checker, io, sequence);
    else
        check_block(work, io, sequence);
}

static void push_backlog(struct work *work, const struct bench_io *io)
{
    struct careful *c = work->careful;
    uint64_t batch =
        work->options->verify_backlog_batch ? work->options->verify_backlog_batch : work->options->verify_backlog;

    if (c->backlog_n == c->backlog_size) /* cannot be: what is in flight has its place */
        return;
    c->backlog[(c->backlog_first + c->backlog_n++) % c->backlog_size] =
        (struct written){ file_offset(work, io), io->length, io->sequence, io->file };
    if (!c->backlog_now && c->backlog_n >= work->options->verify_backlog)
        c->backlog_now = batch < c->backlog_n ? batch : c->backlog_n;
}

void careful_verify_done(struct work *work, struct bench_io *io)
{
    struct careful *c = work->careful;

    if (!c->verify)
        return;
    if (io->kind == IO_WRITE && c->track) {
        set_sequence(c, io->file, file_offset(work, io), io->length, io->sequence);
        if (c->backlog)
            push_backlog(work, io);
    } else if (io->kind == IO_TRIM && c->track) {
        set_sequence(c, io->file, file_offset(work, io), io->length, 0);
    } else if (io->kind == IO_READ && !c->track) {
        check(work, io, 0);
    } else if (io->kind == IO_READ) {
        uint32_t sequence = sequence_at(c, io->file, file_offset(work, io), io->length);

        if (sequence)
            check(work, io, sequence);
    }
}

int careful_verify_init(struct work *work)
{
    const struct job_options *o = work->options;
    struct careful *c = work->careful;
    int rc = 0;

    c->verify = o->verify != VERIFY_NONE;
    c->check_reads = c->verify && o->verify != VERIFY_NULL;
    c->track = c->verify && c->used[IO_WRITE];
    c->overlap = c->track || o->serialize_overlap || o->rw == RW_TRIMWRITE || o->rw == RW_RANDTRIMWRITE;
    if (c->verify)
        rc = set_format(work);
    if (!rc)
        rc = make_cells(c);
    if (!rc && c->track && o->verify_backlog) {
        c->backlog_size = o->verify_backlog + o->iodepth;
        c->backlog = calloc(c->backlog_size, sizeof(*c->backlog));
        rc = c->backlog ? 0 : -ENOMEM;
    }
    if (!rc && checker_buffers(o))
        rc = checker_new(&c->checker, o, check_block, work);
    return rc;
}

/* verify_only: go through the writes of the run without writing, to know what must be there. */
bool careful_rehearse(struct work *work)
{
    struct careful *c = work->careful;
    struct choice choice;

    while (c->bytes_left && c->ios_left) {
        enum io_kind kind = careful_mix(work);

        if (!careful_choose(work, kind, &choice))
            break;
        c->bytes_left -= choice.length < c->bytes_left ? choice.length : c->bytes_left;
        c->ios_left--;
        if (kind == IO_WRITE) {
            set_sequence(c, choice.file, choice.offset, choice.length, next_sequence(c));
        } else if (kind == IO_TRIM) {
            set_sequence(c, choice.file, choice.offset, choice.length, 0);
        }
    }
    return true;
}
