/* SPDX-License-Identifier: MIT */
#ifndef BENCH_LAYOUT_H
#define BENCH_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Make the regular file `path` want_bytes long; it has have_bytes now, or does not exist (-1). What is there stays as it is.
 * data: write incompressible data, and have it on disk before returning; else only allocate. A failure leaves the file as it
 * was. 0; -EINTR (interrupted(), checked now and then); -errno.
 */
int layout_file(const char *path, int64_t have_bytes, uint64_t want_bytes, bool data);

/* Free bytes on the file system where `path` is or would be made; UINT64_MAX if that cannot be told. */
uint64_t layout_free_bytes(const char *path);

#endif
