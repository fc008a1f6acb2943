/* SPDX-License-Identifier: MIT */
/* A file inside the library. Constant after lariat_file_open(), but for what is marked. */
#ifndef LARIAT_FILE_PRIVATE_H
#define LARIAT_FILE_PRIVATE_H

#include <lariat/file.h>

struct lariat_file {
    int fd;
    char *path;                    /* absolute or as given; for `mounted` */
    bool block_discard_cmd;        /* the kernel may have the block discard command; cleared for good when it says no */
    struct lariat_file_info info;  /* but for size_bytes and mounted */
    int64_t size_bytes;            /* atomic, as is the next: lariat_file_refresh() */
    bool mounted;
};

/* file_probe.c: fill in all of file->info but `size`. 0 or -errno. */
int file_probe(struct lariat_file *file, int oflags);

/* file_probe.c: size and `mounted` anew. 0 or -errno. */
int file_probe_size(struct lariat_file *file);

#endif
