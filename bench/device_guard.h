/* SPDX-License-Identifier: MIT */
#ifndef BENCH_DEVICE_GUARD_H
#define BENCH_DEVICE_GUARD_H

#include <lariat/file.h>
#include <stddef.h>

/*
 * Would writing to this block device destroy something? 0: nothing was found there. -EBUSY: yes, and `why` says what was found.
 * Another -errno: it cannot be told, and `why` says so.
 */
int device_guard(const char *path, const struct lariat_file_info *info, char *why, size_t why_size);

#endif
