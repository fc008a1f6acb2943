/* SPDX-License-Identifier: MIT */
/* The memory that I/Os read into and write from, of each kind that mem= knows. */
#ifndef BENCH_IO_MEMORY_H
#define BENCH_IO_MEMORY_H

#include <stddef.h>

#include "options.h"

struct io_memory {
    char *start; /* NULL: none */
    enum mem_kind kind;
    void *mapping; /* start is in it; not of malloc */
    size_t mapping_bytes;
};

#define IO_MEMORY_WHY 192

/*
 * Get so many bytes, at a multiple of align (a power of two). part: of those that share a file, each gets bytes of its own.
 * 0; or -errno, with the reason in `why`, in words.
 */
int io_memory_get(struct io_memory *memory, const struct memory_value *value, size_t bytes, size_t align, unsigned part,
                  char why[IO_MEMORY_WHY]);
void io_memory_put(struct io_memory *memory);

#endif
