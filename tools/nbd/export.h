/* SPDX-License-Identifier: MIT */
/*
 * An export: a file or block device under a name. Shared by all connections to it, on whatever loop they are, so that a flush by
 * one covers what all have written. Made by the main thread; all else is for any thread.
 */
#ifndef NBD_EXPORT_H
#define NBD_EXPORT_H

#include <lariat/file.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "export_spec.h"
#include "request.h"

enum export_counter {
    EXPORT_READS,
    EXPORT_WRITES,
    EXPORT_OTHERS, /* requests of other kinds */
    EXPORT_ERRORS,
    EXPORT_BYTES_READ,
    EXPORT_BYTES_WRITTEN,
    EXPORT_CONNECTIONS,
    EXPORT_N_COUNTERS
};

struct export {
    struct export_spec spec;
    struct lariat_file *file;
    unsigned align; /* of offsets and lengths in the file; 1: any */
    bool nowait;    /* reads need no worker thread of the kernel */
    dev_t dev;
    ino_t ino;
    struct range_lock *ranges; /* of exports with an align above 1 that may be written to, else NULL */
    atomic_uint_least64_t counters[EXPORT_N_COUNTERS];
    atomic_uint refs;
};

/* Open it. Takes over `spec`, which is empty afterwards, in any case. 0, or -errno, and *errmsg says why. */
int export_open(struct export_spec *spec, struct export **out, char **errmsg);

struct export *export_ref(struct export *export);
void export_unref(struct export *export); /* NULL is ignored; the last one closes the file */

/* Does its path still lead to the file that is open? */
bool export_is_current(const struct export *export);

/* What there is to agree on with a client, with the size that the file has now; not what the client has to ask for. 0, -errno. */
int export_agree(struct export *export, struct agreement *agreement);

#endif
