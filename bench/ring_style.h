/* SPDX-License-Identifier: MIT */
/*
 * How a job wants its reads and writes put into SQEs, as fio's options for io_uring have it: with registered buffers and files,
 * vectors, flags, or sent to a worker of the kernel. For the job's thread.
 */
#ifndef BENCH_RING_STYLE_H
#define BENCH_RING_STYLE_H

#include <liburing.h>

#include "options.h"
#include "work.h"

struct ring_style {
    bool fixed_buffers, fixed_files;
    bool special; /* one of the following is wanted */
    int rw_flags;
    uint64_t force_async; /* every so many go to a worker; 0: none */
    uint64_t until_async;
    struct iovec *iovs; /* by slot; NULL: READ and WRITE do */
};

/* 0 or -ENOMEM. */
int ring_style_init(struct ring_style *style, const struct job_options *options);
void ring_style_free(struct ring_style *style);

/* The special part of a read or write. */
void ring_style_apply(struct ring_style *style, struct io_uring_sqe *sqe, const struct bench_io *io);

/* Put what is left of a read or write into a zeroed SQE. fd: of its file, registered or not. */
static inline void ring_style_prepare(struct ring_style *style, struct io_uring_sqe *sqe, const struct bench_io *io, int fd)
{
    char *buf = (char *)io->buf + io->moved;
    unsigned length = io->length - io->moved;
    uint64_t offset = io->offset + io->moved;

    if (io->kind == IO_READ && style->fixed_buffers)
        io_uring_prep_read_fixed(sqe, fd, buf, length, offset, 0);
    else if (io->kind == IO_READ)
        io_uring_prep_read(sqe, fd, buf, length, offset);
    else if (style->fixed_buffers)
        io_uring_prep_write_fixed(sqe, fd, buf, length, offset, 0);
    else
        io_uring_prep_write(sqe, fd, buf, length, offset);
    if (style->fixed_files)
        sqe->flags |= IOSQE_FIXED_FILE;
    if (__builtin_expect(style->special, 0))
        ring_style_apply(style, sqe, io);
}

#endif
