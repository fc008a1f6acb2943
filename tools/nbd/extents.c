/* SPDX-License-Identifier: MIT */
#include "extents.h"

#include <errno.h>
#include <unistd.h>

#include "reply.h"

/* Where what is at `offset` ends, at most at `end`; *hole: what it is. */
static uint64_t next_change(int fd, uint64_t offset, uint64_t end, bool *hole)
{
    off_t data = lseek(fd, (off_t)offset, SEEK_DATA);

    *hole = data < 0 ? errno == ENXIO : (uint64_t)data > offset; /* ENXIO: a hole up to the end of the file */
    off_t next = data < 0 ? (off_t)-1 : *hole ? data : lseek(fd, (off_t)offset, SEEK_HOLE);
    return next < 0 || (uint64_t)next > end || (uint64_t)next <= offset ? end : (uint64_t)next;
}

unsigned extents_read(int fd, uint64_t offset, uint32_t length, unsigned max, uint8_t *place)
{
    uint64_t end = offset + length;
    unsigned n = 0;

    while (offset < end && n < max) {
        bool hole;
        uint64_t next = next_change(fd, offset, end, &hole);

        reply_extent(place + n * NBD_EXTENT_BYTES, (uint32_t)(next - offset), hole ? NBD_STATE_HOLE | NBD_STATE_ZERO : 0);
        offset = next;
        n++;
    }
    return n;
}
