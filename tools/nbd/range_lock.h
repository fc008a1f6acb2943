/* SPDX-License-Identifier: MIT */
/*
 * Which ranges of an export are being changed. A write that does not fill its blocks reads, merges and writes whole blocks, and
 * would undo a write of somebody else to the rest of a block: such a write has its blocks for itself. Others share.
 * Taken and given back by the loops of all connections; nobody sleeps for it.
 */
#ifndef NBD_RANGE_LOCK_H
#define NBD_RANGE_LOCK_H

#include <stdbool.h>
#include <stdint.h>

struct range_lock;
struct lariat_bh;

/* Embedded in whatever changes the range; stays where it is from range_take() to range_give(). */
struct range {
    uint64_t begin, end; /* bytes, of whole blocks */
    bool alone;          /* nobody else may change any of it meanwhile */
    bool waiting;
    struct lariat_bh *granted; /* scheduled when the range is had after all */
    struct range *next, **link;
};

struct range_lock *range_lock_new(void);       /* NULL: no memory */
void range_lock_free(struct range_lock *lock); /* nobody holds a range; NULL is ignored */

/*
 * Take a range, of which begin, end, alone and granted are set. True: it is had. False: in its turn range->granted will be
 * scheduled, and the range is had then. First come, first served, where ranges exclude each other.
 */
bool range_take(struct range_lock *lock, struct range *range);

/* Give back a range that is had. */
void range_give(struct range_lock *lock, struct range *range);

#endif
