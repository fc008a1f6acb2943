/* SPDX-License-Identifier: MIT */
/* The command line. One table (arg_table.c) drives parsing and --help, and the tests hold manual and completion to it. */
#ifndef NBD_ARGS_H
#define NBD_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Values of an option that may be given again and again. Borrowed from argv. */
struct texts {
    char **items;
    size_t n;
};

struct nbd_args {
    struct texts sockets, listens, exports, iothreads;
    const char *export_file, *monitor, *pid_file;
    unsigned cache;       /* 0: writeback, 1: none */
    uint64_t n_iothreads; /* 0: not given */
    uint64_t max_connections, max_requests, max_memory;
    int64_t handshake_ns, idle_ns, shutdown_ns;
    unsigned tls; /* enum tls_mode */
    const char *tls_certificates, *tls_psk;
    bool tls_verify;
    bool quiet, help, version;
};

enum option_type {
    OPTION_TEXT,    /* const char * */
    OPTION_TEXTS,   /* struct texts */
    OPTION_FLAG,    /* bool; takes no value */
    OPTION_COUNT,   /* uint64_t, from 1 on */
    OPTION_BYTES,   /* uint64_t, from 1 on, with k, m, g behind it */
    OPTION_SECONDS, /* int64_t ns; seconds, or with ms, s, m, h behind it; 0: never */
    OPTION_CHOICE   /* unsigned: the place among the words of `value`, which has a | between each two */
};

struct option_row {
    const char *name;
    enum option_type type;
    size_t offset;     /* into struct nbd_args */
    const char *value; /* what stands for the value in --help */
    const char *help;
};

extern const struct option_row option_table[]; /* ended by a NULL name */

/*
 * Parse the command line. 0, or -EINVAL, -ENOMEM: what is wrong has been told in one line on `err`. Whether enough was said to
 * serve anything is not asked when help or version is.
 */
int args_parse(struct nbd_args *args, int argc, char **argv, FILE *err);
void args_free(struct nbd_args *args);

void help_print(FILE *out);

#endif
