/* SPDX-License-Identifier: MIT */
#ifndef BENCH_LAYOUT_H
#define BENCH_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum layout_kind {
    LAYOUT_DATA,      /* incompressible data */
    LAYOUT_ALLOCATE,  /* only allocated; where the file system cannot, as LAYOUT_TRUNCATE */
    LAYOUT_POSIX,     /* by posix_fallocate(3), which writes where the file system cannot */
    LAYOUT_KEEP_SIZE, /* allocated beyond its end */
    LAYOUT_TRUNCATE,  /* a hole */
    LAYOUT_NONE       /* made, if it does not exist */
};

/*
 * Make the regular file `path` want_bytes long; it has have_bytes now, or does not exist (-1). What is there stays as it is.
 * sync: have it on disk before returning. A failure leaves the file as it was. 0; -EINTR (interrupted(), checked now and then);
 * -errno.
 */
int layout_file(const char *path, int64_t have_bytes, uint64_t want_bytes, enum layout_kind kind, bool sync);

/* Free bytes on the file system where `path` is or would be made; UINT64_MAX if that cannot be told. */
uint64_t layout_free_bytes(const char *path);

#endif
