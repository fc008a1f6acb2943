/* SPDX-License-Identifier: MIT */
/* The flags of preadv2(2) and pwritev2(2) that a job asks for, whatever engine carries them out. */
#ifndef BENCH_RW_FLAGS_H
#define BENCH_RW_FLAGS_H

#include "options.h"

/* RWF_..., of its reads and writes. */
int rw_flags(const struct job_options *job);

/*
 * Does the kernel take them for this file, which is open for reading? It reads a byte to find out. NULL: yes; else the option that
 * is to blame.
 */
const char *rw_flags_refused(const struct job_options *job, int fd, uint64_t offset);

#endif
