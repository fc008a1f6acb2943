/* SPDX-License-Identifier: MIT */
#ifndef BENCH_TEXT_FILE_H
#define BENCH_TEXT_FILE_H

#include <stddef.h>
#include <sys/types.h>

/* Read ROOT/PATH, or as much as `size` leaves room for, as a string. The length, or -errno and "" in text. */
ssize_t text_file_read(const char *root, const char *path, char *text, size_t size);

#endif
