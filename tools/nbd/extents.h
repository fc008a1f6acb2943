/* SPDX-License-Identifier: MIT */
/* Where a file has data and where it has holes, for base:allocation. */
#ifndef NBD_EXTENTS_H
#define NBD_EXTENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EXTENTS_MAX 512u /* in one reply; the client asks again for the rest */

/*
 * Describe the range, from its beginning, in at most `max` extents of NBD_EXTENT_BYTES bytes each at `place`; it may end before
 * the range does, never behind it. All is data where the file system cannot say. Returns their number, at least 1.
 * Looks at metadata only, but may wait for the disk for these.
 */
unsigned extents_read(int fd, uint64_t offset, uint32_t length, unsigned max, uint8_t *place);

#endif
