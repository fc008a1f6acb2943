/* SPDX-License-Identifier: MIT */
#include "ring_style.h"

#include <errno.h>
#include <stdlib.h>

#include "rw_flags.h"

int ring_style_init(struct ring_style *style, const struct job_options *options)
{
    *style = (struct ring_style){
        .fixed_buffers = options->fixedbufs,
        .fixed_files = options->registerfiles,
        .rw_flags = rw_flags(options),
        .force_async = options->force_async,
        .until_async = options->force_async,
    };
    bool vectors = options->nonvectored == 0 && !options->fixedbufs;

    style->special = style->rw_flags || style->force_async || vectors;
    if (!vectors)
        return 0;
    style->iovs = calloc(options->iodepth, sizeof(*style->iovs));
    return style->iovs ? 0 : -ENOMEM;
}

void ring_style_free(struct ring_style *style)
{
    free(style->iovs);
    style->iovs = NULL;
}

void ring_style_apply(struct ring_style *style, struct io_uring_sqe *sqe, const struct bench_io *io)
{
    sqe->rw_flags = style->rw_flags;
    if (style->iovs) {
        struct iovec *iov = &style->iovs[io->index];

        *iov = (struct iovec){ (char *)io->buf + io->moved, io->length - io->moved };
        sqe->opcode = io->kind == IO_READ ? IORING_OP_READV : IORING_OP_WRITEV;
        sqe->addr = (uint64_t)(uintptr_t)iov;
        sqe->len = 1;
    }
    if (style->force_async && !--style->until_async) {
        style->until_async = style->force_async;
        sqe->flags |= IOSQE_ASYNC;
    }
}
