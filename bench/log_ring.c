/* SPDX-License-Identifier: MIT */
#include "log_ring.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

int log_ring_init(struct log_ring *ring, uint64_t n_entries)
{
    memset(ring, 0, sizeof(*ring));
    for (ring->size = LOG_RING_SIZE; ring->size < n_entries;)
        ring->size *= 2;
    /* Populated: a page fault would be time of an I/O. */
    void *memory = mmap(NULL, ring->size * sizeof(*ring->records), PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

    if (memory == MAP_FAILED)
        return -ENOMEM;
    ring->records = memory;
    return 0;
}

void log_ring_free(struct log_ring *ring)
{
    if (ring->records)
        munmap(ring->records, ring->size * sizeof(*ring->records));
    ring->records = NULL;
}
