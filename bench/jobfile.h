/* SPDX-License-Identifier: MIT */
/*
 * Job files, in fio's grammar: sections, options, comments behind ';' and '#', and `include FILE`. A file begins with the
 * defaults of the command line; sections whose names begin with "global" change the defaults for the jobs below them.
 */
#ifndef BENCH_JOBFILE_H
#define BENCH_JOBFILE_H

#include "option_parser.h"

/* Read a file ("-": standard input) and add its jobs. barrier: its first job waits for those before. 0; -EINVAL: told; -ENOMEM. */
int jobfile_read(struct option_parser *parser, const char *path, bool barrier);

#endif
