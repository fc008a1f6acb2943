/* SPDX-License-Identifier: MIT */
/* All exports at one moment. It never changes: reading the exports anew makes another one. */
#ifndef NBD_EXPORT_SET_H
#define NBD_EXPORT_SET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "export.h"

struct export_set {
    struct export **exports;
    size_t n;
    atomic_uint refs;
};

/* Where exports are told of. Borrowed. */
struct export_source {
    char **specs; /* given on the command line */
    size_t n_specs;
    const char *file; /* or NULL: one a line; blank lines and those that begin with a # do not count */
    bool direct;      /* unless one says otherwise */
};

/*
 * Open all of them, or fail. Those that `old` (may be NULL) has in the same way and whose path still leads to the same file are
 * taken over, open as they are. 0, and *out has a reference; or -errno, and *errmsg says why.
 */
int export_set_load(const struct export_source *source, const struct export_set *old, struct export_set **out,
                    char **errmsg);

struct export_set *export_set_ref(struct export_set *set); /* any thread */
void export_set_unref(struct export_set *set);             /* any thread; NULL is ignored */

/* The export of that name, borrowed from the set, or NULL. Where none is named "", that is the first one. */
struct export *export_set_find(const struct export_set *set, const void *name, size_t n);

#endif
